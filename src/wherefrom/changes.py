"""Who wrote what when: the journal as provenance (PROV-O), without blank nodes. It is about the dataset, and no part of it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from rdflib import DCTERMS, PROV, RDF, RDFS, XSD, Graph, Literal, URIRef

from wherefrom.journal import Entry


def summary(entry: Entry) -> dict[str, object]:
    """Return one write as plain data: by whom, when, the graphs it touched, how much it changed, the digests before and after."""
    return {
        "number": entry.number, "by": entry.by, "at": entry.at, "operation": entry.operation, "graphs": entry.graphs,
        "removed": len(entry.removed), "added": len(entry.added), "before": entry.before, "after": entry.after,
    }  # fmt: skip


def provenance(entries: Iterable[Entry], base: str) -> Graph:
    """Return writes as activities, each of which used one version of the data and generated the next one."""
    graph = Graph()
    for entry in entries:
        activity = URIRef(entry.id)
        agent = URIRef(f"{base}changes#by-{quote(entry.by, safe='')}")
        used, made = (URIRef(f"urn:sha256:{digest}") for digest in (entry.before, entry.after))
        told = summary(entry)
        graph.add((activity, RDF.type, PROV.Activity))
        graph.add((activity, RDFS.label, Literal(f"Write {entry.number}: {entry.operation}", lang="en")))
        graph.add((activity, DCTERMS.description, Literal(f"{told['removed']} statements removed, {told['added']} added.", lang="en")))
        graph.add((activity, PROV.wasAssociatedWith, agent))
        for when in (PROV.startedAtTime, PROV.endedAtTime):
            graph.add((activity, when, Literal(entry.at, datatype=XSD.dateTime)))
        graph.add((activity, PROV.used, used))
        for name in entry.graphs:
            graph.add((activity, PROV.influenced, URIRef(name)))
        graph.add((made, PROV.wasGeneratedBy, activity))
        graph.add((made, PROV.wasRevisionOf, used))
        graph.add((agent, RDF.type, PROV.Agent))
        graph.add((agent, RDFS.label, Literal(entry.by)))
        for version in (used, made):
            graph.add((version, RDF.type, PROV.Entity))
            graph.add((version, DCTERMS.identifier, Literal(version.removeprefix("urn:"))))
    return graph
