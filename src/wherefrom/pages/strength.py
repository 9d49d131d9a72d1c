"""What a claim rests on, in words: the engine's counts, first as sources state it, then with what curators inferred."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import networkx as nx
from rdflib import URIRef

from wherefrom.lineage import Lineage, Policy, publications, reporting, sharing, steps_of, studies_reached, support
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Shown
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV


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


def strength(store: Store, said: Said, thing: URIRef, graph: Lineage) -> Strength:
    """Return the strength of a thing from what it rests on; a list of which curators found the part that counts is none."""
    used, policy = support(graph), graph.graph["policy"]
    below = nx.descendants(used, thing)
    including = [(a, b) for a, b in used.edges(below) if EV.includesReference in steps_of(graph, a, b)]
    papers = below & publications(graph)
    return Strength(
        trials=_trials(store, said, sorted(studies_reached(store, graph, [thing], policy, used)), policy),
        papers=tuple(said.all_named(papers)),
        companions=tuple(said.all_named(reporting(graph) - papers)),
        lists=tuple(said.all_named(a for a, _ in including)),
        listed=len({b for _, b in including}),
        bare=not graph.edges,
        truncated=graph.graph["truncated"],
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
    found = said.read(as_iri(row["thing"]) for row in rows(said.store, "statements", {"value": [thing], "property": [EV.rates]}))
    theirs = (one for one in found if not sources or set(sources) & set(said.things(one, EV.ratedBy)))
    return sorted((_rating(said, rating) for rating in theirs), key=lambda one: one.text)


def _rating(said: Said, rating: URIRef) -> Shown:
    level = said.text(rating, EV.printedAs) or said.text(rating, EV.ratingValue)
    return Shown(f"{level} by {said.text(rating, EV.ratedBy)}", said.name(rating).href)
