"""Who made the evidence: authors of publications, developers of interventions, and whether the two have anybody in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rdflib import URIRef

from wherefrom.lineage import Policy, curation_graphs, reports
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV


class Developer(NamedTuple):
    """Who developed which intervention, and whether a source states it or a curator inferred it."""

    person: URIRef
    intervention: URIRef
    basis: str


@dataclass(frozen=True)
class Team:
    """The authors of the papers of some studies, beside the developers of the interventions that they evaluate.

    `independent` is None where it cannot be told: no author, or no developer, is known.
    """

    authors: tuple[URIRef, ...]
    developers: tuple[Developer, ...]

    @property
    def shared(self) -> tuple[Developer, ...]:
        """The developers who are among the authors."""
        return tuple(developer for developer in self.developers if developer.person in self.authors)

    @property
    def independent(self) -> bool | None:
        """Whether no developer is among the authors; None where it cannot be told."""
        return not self.shared if self.authors and self.developers else None


def team(store: Store, studies: Collection[URIRef], policy: Policy, interventions: Iterable[URIRef] = ()) -> Team:
    """Return who made `studies`: the authors of all their reports, and the developers of what they evaluate and of `interventions`."""
    papers = {paper for _, paper in reports(store, "thing", studies, policy)}
    evaluated = {*interventions, *(value for _, value, _ in _said(store, studies, EV.evaluates, policy))}
    people = set().union(*authors(store, papers).values())
    developed = {Developer(person, intervention, basis) for intervention, person, basis in _said(store, evaluated, EV.developedBy, policy)}
    return Team(tuple(sorted(people)), tuple(sorted(developed)))


def authors(store: Store, papers: Collection[URIRef]) -> dict[URIRef, set[URIRef]]:
    """Return the authors of each publication that has any."""
    found: dict[URIRef, set[URIRef]] = {}
    for row in rows(store, "authors", {"publication": sorted(papers)}):
        found.setdefault(as_iri(row["publication"]), set()).add(as_iri(row["author"]))
    return found


def written_by(store: Store, people: Collection[URIRef]) -> set[URIRef]:
    """Return the publications that have one of `people` among their authors."""
    return {as_iri(row["publication"]) for row in rows(store, "authors", {"author": sorted(people)})}


def _said(store: Store, things: Collection[URIRef], prop: URIRef, policy: Policy) -> Iterator[tuple[URIRef, URIRef, str]]:
    """Yield (thing, value, basis) for each value of a property that the policy takes."""
    curated = curation_graphs(store)
    for row in rows(store, "statements", {"thing": sorted(things), "property": [prop]}):
        basis = "inferred" if row["graph"] in curated else "stated"
        if basis == "stated" or policy == "inferred":
            yield as_iri(row["thing"]), as_iri(row["value"]), basis
