"""What most hangs on: every publication or trial, ranked by what would fall if it alone were withdrawn.

One pass over the whole base, from the ends of all evidence up to the claims: a thing falls with a paper if and only if all its
ways are over at that paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from rdflib import URIRef

from wherefrom.adjacency import NO_END, Adjacency, Mask, sole_ends
from wherefrom.arrays import Arrays, Evidence, Found
from wherefrom.lineage import Policy, check_word
from wherefrom.names import Numbers
from wherefrom.vocabulary import EV

Unit = Literal["publication", "study"]
UNITS: tuple[str, ...] = get_args(Unit)
COUNTED = (EV.Claim, EV.Finding, EV.Rating)


@dataclass(frozen=True)
class Keystone:
    """A publication, or a trial (studies that share their sample), and the claims, findings and ratings that rest on nothing else."""

    members: tuple[URIRef, ...]
    claims: Found[URIRef]
    findings: Found[URIRef]
    ratings: Found[URIRef]


def keystones(arrays: Arrays, unit: Unit = "publication", policy: Policy = "stated") -> Found[Keystone]:
    """Return all publications or trials that a claim, finding or rating rests on alone, those that carry most claims first.

    For trials, a publication leads to the trials it reports, so that a page that rests on a list of papers rests on their
    trials; a finding rests on its trial, whatever paper prints it. Raises `BadParameter` for an unknown unit or policy.
    """
    check_word("unit", unit, UNITS)
    evidence = arrays.under(policy)
    graph, members = _by_publication(evidence) if unit == "publication" else _by_trial(evidence)
    ends = np.flatnonzero(np.diff(members.first))
    sole = sole_ends(graph.turned(), ends)
    sole[ends] = NO_END  # an end does not rest on itself
    carried = [_carried(sole, arrays.kinds[kind]) for kind in COUNTED]
    claims, findings, ratings = [np.diff(fallen.first) for fallen in carried]
    carrying = np.flatnonzero(claims + findings + ratings)
    order = carrying[np.lexsort((-findings[carrying], -claims[carrying]))]  # others in the order of IRIs, as they come

    def keystone(place: int) -> Keystone:
        fallen = (Found.iris(arrays.names, part.of_node(order[place])) for part in carried)
        return Keystone(arrays.names.iris(members.of_node(order[place])), *fallen)

    return Found(len(order), keystone)


def _by_publication(evidence: Evidence) -> tuple[Adjacency, Adjacency]:
    """Return the graph whose ends are publications, and each of them with itself."""
    papers = np.flatnonzero(evidence.publications)
    return evidence.supporting, Adjacency.of(evidence.things, np.column_stack((papers, papers)))


def _by_trial(evidence: Evidence) -> tuple[Adjacency, Adjacency]:
    """Return the graph whose ends are trials, and the studies of each trial."""
    trials, edges = evidence.trials, evidence.edges
    reporting = evidence.by(EV.reportedIn) & ~evidence.coarse
    others = evidence.by_other_than(EV.reportedIn, EV.publishedIn) & ~evidence.coarse
    turned = np.column_stack((edges[reporting, 1], trials[edges[reporting, 0]]))
    return Adjacency.of(evidence.things, np.concatenate((turned, trials[edges[others]]))), evidence.studies_of_trials


def _carried(sole: Numbers, counted: Mask) -> Adjacency:
    """Return the graph from ends to the things of a kind that rest on that end alone."""
    things = np.flatnonzero(counted & (sole >= 0))
    return Adjacency.of(len(sole), np.column_stack((sole[things], things)))
