"""What is said of things under a policy, read once for all comparisons."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import networkx as nx
from rdflib import SKOS, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import Policy, curation_graphs, reports, sharing
from wherefrom.query import as_iri, rows
from wherefrom.store import Row, Store
from wherefrom.vocabulary import EV

UNTOLD = ("/not-stated", "/not-applicable")  # codes that say nothing


@dataclass(frozen=True)
class Record:
    """A thing and what is said of it under the policy; `graph` is where a source says it."""

    iri: URIRef
    graph: URIRef
    said: Mapping[URIRef, tuple[Identifier, ...]]

    def all(self, prop: URIRef) -> tuple[URIRef, ...]:
        """Return the things that a property names; codes that say nothing are left out."""
        return tuple(as_iri(value) for value in self.said.get(prop, ()) if not value.endswith(UNTOLD))

    def one(self, prop: URIRef) -> URIRef | None:
        """Return the first of the things that a property names."""
        return next(iter(self.all(prop)), None)

    def text(self, prop: URIRef) -> str | None:
        """Return what a property says, as written."""
        return next((str(value) for value in self.said.get(prop, ())), None)

    def number(self, prop: URIRef) -> Fraction | None:
        """Return the number that a property says."""
        written = self.text(prop)
        return None if written is None else Fraction(written)


Within = Mapping[URIRef, Collection[URIRef]]  # class -> the things of it that are read


@dataclass
class Base:
    """The store under a policy, with what several comparisons need; `within` narrows the classes it names (see `around`)."""

    store: Store
    policy: Policy
    within: Within = field(default_factory=dict)
    curated: frozenset[Identifier] = field(init=False)
    _called: dict[URIRef, str | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.curated = curation_graphs(self.store)

    def left_out(self, graph: Identifier) -> bool:
        """Return whether the policy leaves a graph out."""
        return self.policy == "stated" and graph in self.curated

    def records(self, kind: URIRef, *properties: URIRef) -> dict[URIRef, Record]:
        """Return the things of a class with these properties, in the order of their names."""
        said: dict[URIRef, dict[URIRef, set[Identifier]]] = {}
        graphs: dict[URIRef, set[Identifier]] = {}
        for row in self._rows(kind, properties):
            if not self.left_out(row["graph"]):
                thing = as_iri(row["thing"])
                said.setdefault(thing, {}).setdefault(as_iri(row["property"]), set()).add(row["value"])
                graphs.setdefault(thing, set()).add(row["graph"])
        return {thing: Record(thing, self._home(graphs[thing]), _ordered(said[thing])) for thing in sorted(said)}

    def _rows(self, kind: URIRef, properties: Collection[URIRef]) -> Iterable[Row]:
        if kind not in self.within:
            return rows(self.store, "records", {"class": [kind], "property": list(properties)})
        found = rows(self.store, "records", {"thing": sorted(self.within[kind]), "class": [kind]})
        return (row for row in found if row["property"] in properties)

    def reports(self, studies: Iterable[URIRef]) -> set[URIRef]:
        """Return the publications that report one of the studies."""
        return {paper for _, paper in reports(self.store, "thing", studies, self.policy)}

    def _home(self, graphs: set[Identifier]) -> URIRef:
        return URIRef(min(graphs - self.curated or graphs))

    def labels(self, things: Iterable[URIRef]) -> str:
        """Return what things are called, in one line; each is asked for once."""
        things = set(things)
        if missing := things - self._called.keys():
            self._called |= dict.fromkeys(missing) | labels(self.store, missing)
        return ", ".join(sorted({self._called[thing] or str(thing) for thing in things}))

    def trials(self, studies: Iterable[URIRef]) -> dict[URIRef, URIRef]:
        """Return study -> trial: the first of the studies that share its sample (Cochrane Handbook 7.2.1)."""
        return first_of_each(sharing(self.store, studies, self.policy))


def around(store: Store, things: Iterable[URIRef], policy: Policy) -> Within:
    """Return what the trials of studies or findings consist of: their findings, and the results, arms, outcomes, samples of these.

    A `Base` within it tells of these trials what one of the whole store tells, at the cost of what they are large.
    """
    of_finding = rows(store, "statements", {"thing": sorted(things), "property": [EV.findingOf]})
    trials = set(sharing(store, {*things, *(as_iri(row["value"]) for row in of_finding)}, policy))
    findings = _linked(store, "value", trials, EV.findingOf)
    results = _linked(store, "thing", findings, EV.hasArmResult)
    return {
        EV.Finding: findings,
        EV.ArmResult: results,
        EV.Arm: _linked(store, "thing", findings, EV.treatmentArm, EV.comparatorArm) | _linked(store, "thing", results, EV.arm),
        EV.Outcome: _linked(store, "thing", findings, EV.outcome),
        EV.Timepoint: _occasions(store, _linked(store, "thing", findings | results, EV.atTimepoint)),
        EV.Population: _linked(store, "value", trials, EV.populationOf),
    }


def _linked(store: Store, column: str, known: Iterable[URIRef], *properties: URIRef) -> set[URIRef]:
    """Return what is at the other end of properties of things (`column` is `thing`), or of those that name them (`value`)."""
    other = {"thing": "value", "value": "thing"}[column]
    return {as_iri(row[other]) for row in rows(store, "statements", {column: sorted(known), "property": properties})}


def _occasions(store: Store, timepoints: set[URIRef]) -> set[URIRef]:
    """Return time points with those that are the same occasion, at any remove."""
    found, front = set(timepoints), set(timepoints)
    while front:
        front = (_linked(store, "thing", front, EV.sameOccasionAs) | _linked(store, "value", front, EV.sameOccasionAs)) - found
        found |= front
    return found


def _ordered(said: Mapping[URIRef, set[Identifier]]) -> dict[URIRef, tuple[Identifier, ...]]:
    return {prop: tuple(sorted(values, key=str)) for prop, values in said.items()}


def first_of_each(graph: nx.Graph[URIRef]) -> dict[URIRef, URIRef]:
    """Return for each node the first of those that it is connected with."""
    return {member: min(found) for found in nx.connected_components(graph) for member in found}


def labels(store: Store, things: Iterable[URIRef]) -> dict[URIRef, str]:
    """Return what things are called, where anything calls them: the preferred label, else another label or the title."""
    wanted = sorted(set(things))
    found: dict[URIRef, tuple[bool, str]] = {}
    for row in rows(store, "labels", {"thing": wanted}) if wanted else ():
        thing, called = as_iri(row["thing"]), (row["property"] != SKOS.prefLabel, str(row["label"]))
        found[thing] = min(found.get(thing, called), called)
    return {thing: called for thing, (_, called) in found.items()}


def written(value: Fraction) -> str:
    """Return a number as one would print it."""
    return f"{float(value):.10g}"


def plain(text: str) -> str:
    """Return a printed text without what printing adds: case, kinds of dashes and quotes, spaces.

    >>> plain("Child–Parent  Psychotherapy"), plain("34 – 66")
    ('child-parent psychotherapy', '34-66')
    """
    text = text.casefold().translate(str.maketrans("‐‑‒–—−‘’“”", "------''\"\""))
    return re.sub(r"\s+", " ", re.sub(r"(?<=\d)\s*-\s*(?=\d)", "-", text)).strip()
