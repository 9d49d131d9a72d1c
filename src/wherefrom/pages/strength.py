"""What a claim rests on, in words: the engine's counts, first as sources state it, then with what curators inferred."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import networkx as nx
from rdflib import URIRef

from wherefrom.answers import Answer, lineage_answer
from wherefrom.lineage import Lineage, Policy, lineage, sharing, steps_of, support, supporting
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Shown
from wherefrom.query import rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, expand


@dataclass(frozen=True)
class Trial:
    """Studies that share their sample: their designs as sources call them, and how sources rate them."""

    studies: tuple[Shown, ...]
    designs: tuple[Shown, ...]
    ratings: tuple[Shown, ...]


@dataclass(frozen=True)
class Strength:
    """What a thing rests on under a policy: trials, the papers that it rests on, and others that only report the same trials.

    `lists` are references that are cited as a whole (`listed` of them); `bare` tells that nothing is cited at all.
    """

    trials: tuple[Trial, ...]
    papers: tuple[Shown, ...]
    companions: tuple[Shown, ...]
    lists: tuple[Shown, ...]
    listed: int
    bare: bool
    truncated: bool


class Grounds(NamedTuple):
    """What a thing rests on, as a graph and as plain data."""

    graph: Lineage
    answer: Answer


def grounds(store: Store, thing: URIRef, policy: Policy, base: str, nodes: int) -> Grounds:
    """Return what a thing rests on under a policy."""
    graph = lineage(store, [thing], "grounds", policy, nodes)
    return Grounds(graph, lineage_answer(store, graph, base))


def strength(store: Store, said: Said, thing: URIRef, found: Grounds) -> Strength:
    """Return the strength of a thing from what it rests on; a list of which curators found the part that counts is none."""
    graph, answer = found
    used = support(graph)
    including = [(a, b) for a, b in used.edges if a in nx.descendants(used, thing) and EV.includesReference in steps_of(graph, a, b)]
    return Strength(
        trials=_trials(store, said, [expand(name, said.base) for name in answer["studies"]], answer["policy"]),
        papers=tuple(said.all_named(supporting(graph, thing))),
        companions=tuple(said.all_named(expand(name, said.base) for name in answer["companions"])),
        lists=tuple(said.all_named(a for a, _ in including)),
        listed=len({b for _, b in including}),
        bare=not graph.edges,
        truncated=answer["truncated"],
    )


def _trials(store: Store, said: Said, studies: list[URIRef], policy: Policy) -> tuple[Trial, ...]:
    groups = [group & set(studies) for group in nx.connected_components(sharing(store, studies, policy))]
    said.read(studies)
    trials = [_trial(said, sorted(group), policy) for group in groups]
    return tuple(sorted(trials, key=lambda trial: (not trial.ratings, not trial.designs, trial.studies[0].text)))


def _trial(said: Said, studies: list[URIRef], policy: Policy) -> Trial:
    designs = [one for study in studies for one in said.shown(study, EV.design, stated=policy == "stated")]
    return Trial(
        tuple(said.all_named(studies)),
        tuple({(one.text, one.inferred): one for one in designs}.values()),
        tuple(one for study in studies for one in ratings(said, study)),
    )


def ratings(said: Said, thing: URIRef, sources: Collection[URIRef] = ()) -> list[Shown]:
    """Return how sources, or those given, rate a thing: as `3+ by Foundations`, each with the way to the rating."""
    found = said.read(URIRef(row["thing"]) for row in rows(said.store, "statements", {"value": [thing], "property": [EV.rates]}))
    theirs = (one for one in found if not sources or set(sources) & set(said.things(one, EV.ratedBy)))
    return sorted((_rating(said, rating) for rating in theirs), key=lambda one: one.text)


def _rating(said: Said, rating: URIRef) -> Shown:
    level = said.text(rating, EV.printedAs) or said.text(rating, EV.ratingValue)
    return Shown(f"{level} by {said.text(rating, EV.ratedBy)}", said.name(rating).href)
