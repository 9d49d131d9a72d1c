"""A source, its documents and their editions."""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import DCTERMS, Namespace, URIRef

from wherefrom.lineage import Policy, curation_graphs
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import PREFIXES

FRBR = Namespace(PREFIXES["frbr"])


def editions_of(store: Store, documents: Iterable[URIRef]) -> dict[URIRef, set[URIRef]]:
    """Return document -> its editions; one without any has none."""
    found: dict[URIRef, set[URIRef]] = {document: set() for document in documents}
    for row in rows(store, "statements", {"thing": sorted(found), "property": [FRBR.realization]}):
        found[as_iri(row["thing"])].add(as_iri(row["value"]))
    return found


def documents_of(store: Store, sources: Iterable[URIRef], policy: Policy) -> dict[URIRef, set[URIRef]]:
    """Return source -> its documents: those that it publishes, as the policy has it, and those in an edition of which it speaks.

    A page that names no publisher has claims all the same, and they are those of its source.
    """
    found: dict[URIRef, set[URIRef]] = {source: set() for source in sources}
    speaking: dict[URIRef, set[URIRef]] = {}
    for row in rows(store, "speakers", {"thing": sorted(found)}):
        speaking.setdefault(as_iri(row["ground"]), set()).add(as_iri(row["thing"]))
    for row in rows(store, "statements", {"value": sorted(speaking), "property": [FRBR.realization]}):
        for source in speaking[as_iri(row["value"])]:
            found[source].add(as_iri(row["thing"]))
    curated = curation_graphs(store) if policy == "stated" else frozenset()
    published = list(rows(store, "statements", {"value": sorted(found), "property": [DCTERMS.publisher]}))
    realized = editions_of(store, {as_iri(row["thing"]) for row in published if row["graph"] not in curated})
    for row in published:  # schemes of ratings have a publisher, too, and no edition
        if realized.get(as_iri(row["thing"])):
            found[as_iri(row["value"])].add(as_iri(row["thing"]))
    return found
