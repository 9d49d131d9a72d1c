"""How many claims, trials and papers stand behind parts of a set of claims: their lineage is read once, and each part is counted in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import networkx as nx
from rdflib import URIRef
from rdflib.term import Identifier

from wherefrom.lineage import Lineage, Policy, as_stated, lineage, publications, sharing, studies_reached, support
from wherefrom.pages.asking import Asking
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import shorten

COUNTED = 500  # claims, in the order of their names, whose lineage one page follows; how many more there are is told


@dataclass(frozen=True)
class Count:
    """Claims, those of them that cite nothing, and the independent trials and the papers that the others rest on, as stated.

    `inferred` are the trials with what curators inferred.
    """

    claims: int
    bare: int
    trials: int
    inferred: int
    papers: int


class Claims:
    """Claims with what is said of them by some properties, and the lineage of each; `more` of them are left out."""

    def __init__(self, asking: Asking, claims: Iterable[URIRef], *properties: URIRef) -> None:
        store, found = asking.store, sorted(claims, key=str)
        self.more, self.claims = max(0, len(found) - COUNTED), found[:COUNTED]
        self.said: dict[URIRef, dict[URIRef, list[URIRef]]] = {one: {} for one in self.claims}
        self.graphs: dict[URIRef, set[Identifier]] = {}  # what they have -> where that is said
        for row in rows(store, "statements", {"thing": self.claims, "property": properties}):
            values = self.said[as_iri(row["thing"])].setdefault(as_iri(row["property"]), [])
            if as_iri(row["value"]) not in values:
                values.append(as_iri(row["value"]))
            self.graphs.setdefault(as_iri(row["value"]), set()).add(row["graph"])
        graph = lineage(store, self.claims, "grounds", "inferred", asking.settings.lineage_nodes)
        self.truncated: bool = graph.graph["truncated"]
        self._inferred = _Behind(store, graph, self.claims, "inferred")
        stated = as_stated(graph)
        self._stated = _Behind(store, stated, self.claims, "stated")
        used, papers = support(stated), publications(stated)
        self._papers = {claim: nx.descendants(used, claim) & papers for claim in self.claims if stated[claim]}

    def by(self, *properties: URIRef) -> dict[tuple[URIRef, ...], list[URIRef]]:
        """Return the claims by what they have by each of the properties; those that lack one of them are left out."""
        found: dict[tuple[URIRef, ...], list[URIRef]] = {}
        for claim, values in self.said.items():
            keys: list[tuple[URIRef, ...]] = [()]
            for prop in properties:
                keys = [(*key, value) for key in keys for value in values.get(prop, ())]
            for key in keys:
                found.setdefault(key, []).append(claim)
        return found

    def count(self, claims: Collection[URIRef], shown: Collection[URIRef] | None = None) -> Count:
        """Return the count of some of the claims; `shown` are the studies that count, where not all do."""
        return Count(
            claims=len(claims),
            bare=sum(claim not in self._papers for claim in claims),
            trials=self._stated.trials(claims, shown),
            inferred=self._inferred.trials(claims, shown),
            papers=len(set().union(*(self._papers.get(claim, set()) for claim in claims))),
        )


class _Behind:
    """The studies that claims rest on under a policy, by trial."""

    def __init__(self, store: Store, graph: Lineage, claims: Iterable[URIRef], policy: Policy) -> None:
        resting = [claim for claim in claims if graph[claim]]
        self.reached = studies_reached(store, graph, resting, policy)
        trials = enumerate(nx.connected_components(sharing(store, self.reached, policy)))
        self.trial: Mapping[URIRef, int] = {study: number for number, trial in trials for study in trial}

    def trials(self, claims: Collection[URIRef], shown: Collection[URIRef] | None) -> int:
        """Return how many trials claims rest on: studies that share their sample are one (Cochrane Handbook 7.2.1)."""
        behind = {study for study, resting in self.reached.items() if not resting.isdisjoint(claims)}
        return len({self.trial[study] for study in (behind if shown is None else behind & set(shown))})


def studies_on(store: Store, parts: Mapping[URIRef, Collection[URIRef]]) -> dict[URIRef, set[URIRef]]:
    """Return for each outcome the studies with a finding on one of its `parts`: itself and the narrower ones."""
    found: dict[URIRef, set[URIRef]] = {}
    for row in rows(store, "studies_with_findings", {"outcome": sorted(set().union(*parts.values()))}):
        found.setdefault(as_iri(row["outcome"]), set()).add(as_iri(row["study"]))
    return {outcome: set().union(*(found.get(part, set()) for part in within)) for outcome, within in parts.items()}


def listed(base: str, having: Mapping[URIRef, URIRef]) -> str:
    """Return where the claims are listed that have these values by these properties."""
    return f"/claim?{urlencode({shorten(prop, base): shorten(value, base) for prop, value in having.items()}, safe=':/')}"
