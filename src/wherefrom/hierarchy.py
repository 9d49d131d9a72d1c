"""What lies under what: classes and properties in the ontology of a store, and concepts in its schemes.

They are asked for level by level, and no question has a path of any length in it: joined with other patterns, Virtuoso 7
loses rows of such a path in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import networkx as nx
from rdflib import RDFS, SKOS, URIRef

from wherefrom.query import as_iri, once, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, ONTOLOGY


def below(store: Store, tops: Iterable[URIRef], relation: URIRef, graph: URIRef | None = None) -> dict[URIRef, set[URIRef]]:
    """Return for each of `tops` itself and what is under it at any depth; `relation` leads from what is under to what is above.

    Only what `graph` states counts, where it is given.
    """
    under: nx.DiGraph[URIRef] = nx.DiGraph()
    under.add_nodes_from(tops)
    front = sorted(under)
    while front:
        known = set(under)
        for row in rows(store, "statements", {"value": front, "property": [relation]}):
            if graph in (None, row["graph"]):
                under.add_edge(as_iri(row["value"]), as_iri(row["thing"]))
        front = sorted(set(under) - known)
    return {top: nx.descendants(under, top) | {top} for top in tops}


@once
def steps(store: Store) -> frozenset[URIRef]:
    """Return the steps of a lineage: ev:restsOn and the properties under it."""
    return frozenset(below(store, [EV.restsOn], RDFS.subPropertyOf, ONTOLOGY)[EV.restsOn])


def classes(store: Store, tops: Sequence[URIRef]) -> dict[URIRef, set[URIRef]]:
    """Return each of these classes with those under it, itself included."""
    return below(store, tops, RDFS.subClassOf, ONTOLOGY)


def narrower(store: Store, concepts: Iterable[URIRef]) -> dict[URIRef, set[URIRef]]:
    """Return each concept with the narrower ones, itself included."""
    return below(store, list(concepts), SKOS.broader)


def of_classes(store: Store, things: Iterable[URIRef] | None, tops: Sequence[URIRef]) -> Iterator[tuple[URIRef, URIRef]]:
    """Yield (thing, class) for each of `things`, or of all, that is of one of the classes `tops` or of one under it."""
    under = classes(store, tops)
    known = {} if things is None else {"thing": sorted(things)}
    for row in rows(store, "kinds", {**known, "class": sorted(set().union(*under.values()))}):
        for top in tops:
            if row["class"] in under[top]:
                yield as_iri(row["thing"]), top
