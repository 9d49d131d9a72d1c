"""Independent lines of evidence: which trials stand behind claims, who made them, and how often each is only told again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import networkx as nx
from rdflib import URIRef

from wherefrom.hierarchy import narrower, of_classes
from wherefrom.lineage import (
    NODES,
    POLICIES,
    SAID_BY,
    Lineage,
    Policy,
    check_known,
    check_word,
    lineage,
    named,
    reports,
    sharing,
    studies_reached,
    support,
)
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Bindings, Store
from wherefrom.teams import Team, team
from wherefrom.vocabulary import EV

RESTING = (EV.Claim, EV.Finding, EV.Rating)
SPOKEN_OF = (EV.Proposition, EV.Intervention, EV.Outcome)


@dataclass(frozen=True)
class Line:
    """One independent line of evidence: studies that share their sample, their papers, and the claims that rest on it.

    `only` are the claims that rest on no other line: all but the first say again what it shows.
    """

    studies: tuple[URIRef, ...]
    publications: tuple[URIRef, ...]
    companions: tuple[URIRef, ...]
    claims: tuple[URIRef, ...]
    only: tuple[URIRef, ...]
    sources: tuple[URIRef, ...]
    team: Team


@dataclass(frozen=True)
class Independence:
    """The independent lines behind claims; `without_finding` are studies that claims name and no finding shows.

    `spoken_of` tells that the claims are those that speak of the thing asked about; otherwise `claims` is that thing itself.
    """

    claims: tuple[URIRef, ...]
    lines: tuple[Line, ...]
    unsupported: tuple[URIRef, ...]
    without_finding: tuple[URIRef, ...]
    policy: Policy
    names: Lineage
    spoken_of: bool
    truncated: bool = False

    @property
    def echo(self) -> Fraction | None:
        """How many sources tell each line, on average: the marks of the table of sources and lines by its lines (N / r).

        None where the thing is no claim and none speaks of it.
        """
        return (
            None if not self.spoken_of else Fraction(sum(len(line.sources) for line in self.lines), len(self.lines)) if self.lines else None
        )


def independence(store: Store, thing: URIRef, policy: Policy = "stated", nodes: int = NODES) -> Independence:
    """Return the independent lines behind a claim, finding or rating, or behind the claims that speak of a thing.

    A proposition, an intervention or an outcome is spoken of. For an outcome, narrower ones are taken with it, and only
    studies with a finding on it count; a study that a claim names without one is told apart.
    Raises `UnknownResource`, or `BadParameter` for a thing of another kind.
    """
    check_word("policy", policy, POLICIES)
    kinds = _kinds(store, thing)
    if not kinds & {*RESTING, *SPOKEN_OF}:
        raise BadParameter(f"<{thing}> is no claim, finding or rating, and nothing that claims speak of.")
    if EV.Outcome in kinds:
        return _on_outcome(store, {}, thing, policy, nodes)
    speaking = sorted({as_iri(row["claim"]) for row in rows(store, "claims_of", {"thing": [thing]})})
    return _lines(store, speaking or [thing], policy, None, nodes, spoken_of=bool(speaking))


def independence_on(store: Store, intervention: URIRef, outcome: URIRef, policy: Policy = "stated", nodes: int = NODES) -> Independence:
    """Return the independent lines behind the claims that speak of that intervention and that outcome (or a narrower one).

    Only studies with a finding on the outcome count; a study that a claim names without one is told apart.
    """
    check_word("policy", policy, POLICIES)
    for thing, kind, word in ((intervention, EV.Intervention, "intervention"), (outcome, EV.Outcome, "outcome")):
        if kind not in _kinds(store, thing):
            raise BadParameter(f"<{thing}> is no {word}.")
    return _on_outcome(store, {"intervention": [intervention]}, outcome, policy, nodes)


def _kinds(store: Store, thing: URIRef) -> set[URIRef]:
    check_known(store, [thing])
    return {kind for _, kind in of_classes(store, [thing], [*RESTING, *SPOKEN_OF])}


def _on_outcome(store: Store, bindings: Bindings, outcome: URIRef, policy: Policy, nodes: int) -> Independence:
    parts = {"outcome": sorted(narrower(store, [outcome])[outcome])}
    claims = sorted({as_iri(row["claim"]) for row in rows(store, "claims_on", {**parts, **bindings})})
    shown = {as_iri(row["study"]) for row in rows(store, "studies_with_findings", parts)}
    return _lines(store, claims, policy, shown, nodes, spoken_of=True)


def _lines(
    store: Store, claims: Sequence[URIRef], policy: Policy, shown: set[URIRef] | None, nodes: int, *, spoken_of: bool
) -> Independence:
    """Group the studies behind `claims` into lines: components under shared samples (Cochrane Handbook 7.2.1)."""
    graph = lineage(store, claims, "grounds", policy, nodes)
    reached = studies_reached(store, graph, claims, policy)
    counted = set(reached) if shown is None else reached.keys() & shown
    supported = support(graph)
    of_study: dict[URIRef, set[URIRef]] = {}
    for study, paper in reports(store, "thing", counted, policy):
        of_study.setdefault(study, set()).add(paper)
    trials = [component & counted for component in nx.connected_components(sharing(store, counted, policy))]
    resting = [set().union(*(reached[study] for study in trial)) for trial in trials]
    times = Counter(claim for found in resting for claim in found)
    said, about = _values(store, times, SAID_BY), _values(store, times, (EV.about, EV.rates))
    lines = []
    for trial, found in zip(trials, resting, strict=True):
        papers = set().union(*(of_study.get(study, set()) for study in trial))
        used = {paper for claim in found for paper in nx.descendants(supported, claim)} & papers
        line = Line(
            studies=tuple(sorted(trial)),
            publications=tuple(sorted(used)),
            companions=tuple(sorted(papers - used)),
            claims=tuple(sorted(found)),
            only=tuple(sorted(claim for claim in found if times[claim] == 1)),
            sources=tuple(sorted(set().union(*(said.get(claim, set()) for claim in found)))),
            team=team(store, trial, policy, set().union(*(about.get(claim, set()) for claim in found))),
        )
        lines.append(line)
    lines.sort(key=lambda line: (-len(line.claims), line.studies))
    bare = tuple(claim for claim in claims if not nx.descendants(graph, claim))
    without = tuple(sorted(reached.keys() - counted))
    beside = (
        thing for line in lines for thing in (*line.companions, *line.team.authors, *(d for one in line.team.developers for d in one[:2]))
    )
    mentioned = [*claims, *graph, *reached, *beside]
    return Independence(
        tuple(claims), tuple(lines), bare, without, policy, named(store, mentioned), spoken_of, truncated=graph.graph["truncated"]
    )


def _values(store: Store, things: Iterable[URIRef], properties: Sequence[URIRef]) -> dict[URIRef, set[URIRef]]:
    found: dict[URIRef, set[URIRef]] = {}
    for row in rows(store, "statements", {"thing": sorted(things), "property": properties}):
        found.setdefault(as_iri(row["thing"]), set()).add(as_iri(row["value"]))
    return found
