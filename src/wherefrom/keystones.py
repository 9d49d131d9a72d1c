"""What most hangs on: every publication or trial, ranked by what would fall if it alone were withdrawn.

One pass over the whole base: in the graph turned round, from a common end of all evidence up to the claims, a thing falls with a
paper if and only if the paper dominates it (every way from the end to the thing leads through the paper).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import networkx as nx
from rdflib import URIRef

from wherefrom.lineage import POLICIES, Lineage, Policy, coarse, curation_graphs, mark, publications, sharing, steps_of, studies, support
from wherefrom.problems import BadParameter
from wherefrom.query import rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV

Unit = Literal["publication", "study"]
UNITS: tuple[str, ...] = get_args(Unit)
END = "end of all evidence"


@dataclass(frozen=True)
class Keystone:
    """A publication, or a trial (studies that share their sample), and the claims, findings and ratings that rest on nothing else."""

    members: tuple[URIRef, ...]
    claims: tuple[URIRef, ...]
    findings: tuple[URIRef, ...]
    ratings: tuple[URIRef, ...]


def keystones(store: Store, unit: Unit = "publication", policy: Policy = "stated") -> list[Keystone]:
    """Return all publications or trials that a claim, finding or rating rests on alone, those that carry most claims first.

    For trials, a publication leads to the trials it reports, so that a page that rests on a list of papers rests on their
    trials; a finding rests on its trial, whatever paper prints it. Raises `BadParameter` for an unknown unit or policy.
    """
    if unit not in UNITS or policy not in POLICIES:
        raise BadParameter(f"unit is one of {', '.join(UNITS)}, policy one of {', '.join(POLICIES)}.")
    graph = whole(store, policy)
    if unit == "publication":
        ends: dict[Any, tuple[URIRef, ...]] = {paper: (paper,) for paper in publications(graph)}
        resting: nx.DiGraph[Any] = support(graph)
    else:
        resting, ends = _by_trial(store, graph, policy)
    kinds = _kinds(store)
    found = [
        Keystone(
            members, *(tuple(sorted(thing for thing in fallen if kinds.get(thing) == kind)) for kind in (EV.Claim, EV.Finding, EV.Rating))
        )
        for end, fallen in dominated(resting, ends).items()
        if fallen and (members := ends[end])
    ]
    carrying = (stone for stone in found if stone.claims or stone.findings or stone.ratings)  # not only references
    return sorted(carrying, key=lambda stone: (-len(stone.claims), -len(stone.findings), stone.members))


def whole(store: Store, policy: Policy) -> Lineage:
    """Return everything that rests on anything, as one lineage graph."""
    curated = curation_graphs(store)
    graph: Lineage = nx.DiGraph(policy=policy, things=(), truncated=False)
    for row in rows(store, "grounds"):
        if policy == "inferred" or row["graph"] not in curated:
            thing, ground = URIRef(row["thing"]), URIRef(row["ground"])
            graph.add_edge(thing, ground)
            basis = "inferred" if row["graph"] in curated else "stated"
            graph.edges[thing, ground].setdefault("statements", []).append((row["step"], row["graph"], basis))
    return mark(store, graph)


def dominated(graph: nx.DiGraph[Any], ends: Iterable[Any]) -> dict[Any, set[Any]]:
    """Return, for each end, what reaches some end, and none without it (the end itself left out).

    Edges point from what rests to what it rests on. Dominators by Cooper, Harvey and Kennedy 2001, as networkx has them.

    >>> graph = nx.DiGraph([("a", "p"), ("b", "p"), ("b", "q")])
    >>> dominated(graph, ["p", "q"])
    {'p': {'a'}, 'q': set()}
    """
    turned: nx.DiGraph[Any] = nx.DiGraph((b, a) for a, b in graph.edges)
    turned.add_edges_from((END, end) for end in ends)
    if END not in turned:
        return {}
    above = {node: parent for node, parent in nx.immediate_dominators(turned, END).items() if node != END}
    below: nx.DiGraph[Any] = nx.DiGraph((parent, node) for node, parent in above.items())
    return {end: set(nx.descendants(below, end)) for end in ends}


def _by_trial(store: Store, graph: Lineage, policy: Policy) -> tuple[nx.DiGraph[Any], dict[Any, tuple[URIRef, ...]]]:
    """Return the graph whose ends are trials, and the studies of each trial."""
    components = nx.connected_components(sharing(store, studies(graph), policy))
    trials = {f"trial {min(found)}": tuple(sorted(found)) for found in components}
    trial_of = {study: name for name, found in trials.items() for study in found}
    resting: nx.DiGraph[Any] = nx.DiGraph()
    unneeded = set(coarse(graph))
    for thing, ground in graph.edges:
        if (thing, ground) in unneeded:
            continue
        taken = steps_of(graph, thing, ground)
        if EV.reportedIn in taken:
            resting.add_edge(ground, trial_of[thing])
        if taken - {EV.reportedIn, EV.publishedIn}:
            resting.add_edge(trial_of.get(thing, thing), trial_of.get(ground, ground))
    resting.remove_nodes_from([paper for paper in publications(graph) & set(resting) if not resting.out_degree(paper)])
    return resting, trials


def _kinds(store: Store) -> Mapping[URIRef, URIRef]:
    """Return what is a claim, a finding or a rating; what is of a subclass counts as its superclass."""
    counted = (EV.Claim, EV.Finding, EV.Rating)
    return {URIRef(row["thing"]): URIRef(row["class"]) for row in rows(store, "kinds_and_above", {"class": list(counted)})}
