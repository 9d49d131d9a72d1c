"""What is counted over the whole base: claims without a ground, trials that several sources count, what is cited most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rdflib import URIRef

from wherefrom.adjacency import Adjacency, distinct_pairs
from wherefrom.arrays import Arrays, Found
from wherefrom.lineage import Policy, check_word
from wherefrom.problems import UnknownResource
from wherefrom.vocabulary import EV

WAYS = ("cited", "citing")


@dataclass(frozen=True)
class Counted:
    """A trial (studies that share their sample), with the claims that rest on it and the sources whose claims these are."""

    studies: tuple[URIRef, ...]
    sources: tuple[URIRef, ...]
    claims: Found[URIRef]


@dataclass(frozen=True)
class Cited:
    """A publication, or whatever else is cited, and how many others cite it."""

    thing: URIRef
    citing: int


def unsupported(arrays: Arrays, policy: Policy = "stated") -> dict[URIRef, Found[URIRef]]:
    """Return the claims that rest on nothing, by the source that makes them, sources in the order of texts."""
    bare = arrays.claims_of.ending_in(arrays.kinds[EV.Claim] & ~arrays.under(policy).grounded)
    sources = np.flatnonzero(np.diff(bare.first)).tolist()
    return {arrays.names.iri(source): Found.iris(arrays.names, bare.of_node(source)) for source in sources}


def trials(arrays: Arrays, policy: Policy = "stated") -> int:
    """Return how many independent trials there are: studies that share their sample at any remove are one."""
    evidence = arrays.under(policy)
    return len(np.unique(evidence.trials[evidence.studies]))


def double_counted(arrays: Arrays, policy: Policy = "stated") -> Found[Counted]:
    """Return the trials on which claims of more than one source rest, those that most sources count first."""
    evidence = arrays.under(policy)
    width = len(arrays.names)
    claims = np.flatnonzero(arrays.kinds[EV.Claim])
    which, studies = evidence.studies_behind.following(claims)
    resting = distinct_pairs(np.column_stack((evidence.trials[studies], claims[which])), width)
    at, sources = Adjacency.of(width, arrays.values[EV.claimedBy]).following(resting[:, 1])
    counted = Adjacency.of(width, distinct_pairs(np.column_stack((resting[at, 0], sources)), width))
    claimed = Adjacency.of(width, resting)
    trials = np.flatnonzero(np.diff(counted.first) > 1)
    order = trials[np.lexsort((-np.diff(claimed.first)[trials], -np.diff(counted.first)[trials]))]

    def record(place: int) -> Counted:
        members, sources = (arrays.names.iris(part.of_node(order[place])) for part in (evidence.studies_of_trials, counted))
        return Counted(members, sources, Found.iris(arrays.names, claimed.of_node(order[place])))

    return Found(len(order), record)


def most_cited(arrays: Arrays, first: int = 100) -> list[Cited]:
    """Return what most others cite, that first, and no more than `first` of them; two that are cited alike in the order of texts."""
    counts = np.diff(arrays.cited_by.first)
    cited = np.flatnonzero(counts)
    if 0 < first < len(cited):
        cited = cited[counts[cited] >= -np.partition(-counts[cited], first - 1)[first - 1]]
    order = cited[np.argsort(-counts[cited], kind="stable")][:first]
    return [Cited(arrays.names.iri(number), int(counts[number])) for number in order.tolist()]


def citation_closure(arrays: Arrays, thing: URIRef, way: str = "cited") -> Found[URIRef]:
    """Return what a publication cites, at any remove (`cited`), or what cites it (`citing`).

    Raises `UnknownResource` for a thing of which nothing is known here, `BadParameter` for another way.
    """
    check_word("way", way, WAYS)
    number = arrays.names.number(thing)
    if number is None:
        raise UnknownResource(f"<{thing}>")
    return Found.iris(arrays.names, (arrays.cites if way == "cited" else arrays.cited_by).closure(number))
