"""Who wrote what when: the journal as provenance (PROV-O), without blank nodes. It is about the dataset, and no part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from rdflib import DCTERMS, PROV, RDF, RDFS, XSD, Graph, Literal, URIRef

from wherefrom.journal import Entry


def summary(entry: Entry) -> dict[str, object]:
    """Return one write as plain data: by whom, when, the graphs it touched, how much it changed, the digests before and after."""
    return {
        "number": entry.number, "by": entry.by, "at": entry.at, "operation": entry.operation, "graphs": entry.graphs,
        "removed": len(entry.removed), "added": len(entry.added), "before": entry.before, "after": entry.after,
    }  # fmt: skip


ATOM = "http://www.w3.org/2005/Atom"


def atom(entries: Sequence[Entry], base: str, title: str, publisher: str, built: str) -> bytes:
    """Return writes as an Atom feed (RFC 4287), the last one first; without any, it was updated when the data were built."""
    feed = Element("feed", xmlns=ATOM)
    updated = max((entry.at for entry in entries), default=built)
    for name, text in (("id", f"{base}changes"), ("title", f"Changes: {title}"), ("updated", updated)):
        SubElement(feed, name).text = text
    SubElement(SubElement(feed, "author"), "name").text = publisher or title
    SubElement(feed, "link", rel="self", href=f"{base}changes.atom")
    SubElement(feed, "link", rel="alternate", href=f"{base}changes")
    for entry in reversed(entries):
        told = summary(entry)
        one = SubElement(feed, "entry")
        for name, text in (("id", entry.id), ("title", f"Write {entry.number}: {entry.operation}"), ("updated", entry.at)):
            SubElement(one, name).text = text
        SubElement(SubElement(one, "author"), "name").text = entry.by
        SubElement(one, "link", rel="alternate", href=f"{base}changes")
        graphs = ", ".join(entry.graphs)
        SubElement(one, "summary").text = f"{told['removed']} statements removed, {told['added']} added, in {graphs or 'no graph'}."
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


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
