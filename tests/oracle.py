"""What networkx and the lineage of one thing say about a whole base: slow and plain, for the arrays to be held to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import networkx as nx
from hypothesis import strategies as st
from rdflib import RDF, RDFS, URIRef

from made_up import CURATED, ID, STATED, Edge
from wherefrom.lineage import Lineage, Policy, coarse, curation_graphs, mark, publications, sharing, steps_of, studies, support
from wherefrom.store import Store
from wherefrom.vocabulary import EV, ONTOLOGY

GROUNDS = f"""SELECT DISTINCT ?thing ?ground ?step ?graph {{
  GRAPH {ONTOLOGY.n3()} {{ ?step rdfs:subPropertyOf* ev:restsOn }} GRAPH ?graph {{ ?thing ?step ?ground }} }}"""
OF_CLASS = f"SELECT ?thing ?class {{ GRAPH {ONTOLOGY.n3()} {{ ?kind rdfs:subClassOf* ?class }} ?thing a ?kind }}"
END = "end of all evidence"
Fallen = dict[tuple[URIRef, ...], tuple[set[URIRef], ...]]  # an end -> the claims, findings and ratings that fall with it
KINDS = {"claim": EV.Claim, "finding": EV.Finding, "study": EV.Study, "publication": EV.Publication, "list": EV.ReferenceList}


def whole(store: Store, policy: Policy) -> Lineage:
    """Return everything that rests on anything, as one lineage graph."""
    curated = curation_graphs(store)
    graph: Lineage = nx.DiGraph(policy=policy, things=(), truncated=False)
    for row in store.select(GROUNDS):
        if policy == "inferred" or row["graph"] not in curated:
            thing, ground = URIRef(row["thing"]), URIRef(row["ground"])
            graph.add_edge(thing, ground)
            basis = "inferred" if row["graph"] in curated else "stated"
            graph.edges[thing, ground].setdefault("statements", []).append((row["step"], row["graph"], basis))
    return mark(store, graph)


def dominated(graph: nx.DiGraph[Any], ends: Iterable[Any]) -> dict[Any, set[Any]]:
    """Return, for each end, what reaches some end, and none without it (the end itself left out).

    Dominators by Cooper, Harvey and Kennedy 2001, in the graph turned round from a common end of all evidence.
    """
    turned: nx.DiGraph[Any] = nx.DiGraph((b, a) for a, b in graph.edges)
    turned.add_edges_from((END, end) for end in ends)
    if END not in turned:
        return {}
    above = {node: parent for node, parent in nx.immediate_dominators(turned, END).items() if node != END}
    below: nx.DiGraph[Any] = nx.DiGraph((parent, node) for node, parent in above.items())
    return {end: set(nx.descendants(below, end)) for end in ends}


def keystones(store: Store, unit: str, policy: Policy) -> Fallen:
    """Return what falls with each publication or trial alone."""
    graph = whole(store, policy)
    if unit == "publication":
        ends: dict[Any, tuple[URIRef, ...]] = {paper: (paper,) for paper in publications(graph)}
        resting: nx.DiGraph[Any] = support(graph)
    else:
        resting, ends = _by_trial(store, graph, policy)
    found = {}
    for end, fallen in dominated(resting, ends).items():
        kinds = tuple({thing for thing in fallen if thing in of_kind} for of_kind in _kinds(store))
        if any(kinds):
            found[ends[end]] = kinds
    return found


def _by_trial(store: Store, graph: Lineage, policy: Policy) -> tuple[nx.DiGraph[Any], dict[Any, tuple[URIRef, ...]]]:
    known = studies(graph) | {URIRef(row["thing"]) for row in store.select("SELECT DISTINCT ?thing { ?thing a ev:Study }")}
    components = nx.connected_components(sharing(store, known, policy))
    trials = {f"trial {min(found)}": tuple(sorted(found)) for found in components}
    trial_of = {study: name for name, found in trials.items() for study in found}
    resting: nx.DiGraph[Any] = nx.DiGraph()
    unneeded = set(coarse(graph))
    for thing, ground in set(graph.edges) - unneeded:
        taken = steps_of(graph, thing, ground)
        if EV.reportedIn in taken:
            resting.add_edge(ground, trial_of[thing])
        if taken - {EV.reportedIn, EV.publishedIn}:
            resting.add_edge(trial_of.get(thing, thing), trial_of.get(ground, ground))
    return resting, trials


def _kinds(store: Store) -> list[set[URIRef]]:
    return [{URIRef(row["thing"]) for row in store.select(OF_CLASS, {"class": [kind]})} for kind in (EV.Claim, EV.Finding, EV.Rating)]


@st.composite
def whole_bases(draw: st.DrawFn) -> list[Edge]:
    """Bases with everything that decides about support: lists, findings with and without paper, curators, circles of claims.

    Of a study and a paper only the steps may tell what they are, or nothing.
    """
    graphs = st.lists(st.sampled_from([STATED, STATED, CURATED, ID["edition/other"]]), min_size=1, max_size=2)
    unclassed = {kind: draw(st.integers(0, 1)) if kind in ("study", "publication") else 0 for kind in KINDS}
    named = {
        kind: [ID[f"unclassed/{kind}" if number < unclassed[kind] else f"{kind}/{number}"] for number in range(size)]
        for kind, size in zip(KINDS, (4, 3, 3, 4, 2), strict=True)
    }
    edges: set[Edge] = {(kind, RDFS.subClassOf, kind, ONTOLOGY) for kind in KINDS.values()}
    classed = ((kind, thing) for kind, things in named.items() for thing in things[unclassed[kind] :])
    edges |= {(thing, RDF.type, KINDS[kind], STATED) for kind, thing in classed}

    def say(thing: URIRef, step: URIRef, grounds: list[URIRef], most: int) -> None:
        for ground in draw(st.sets(st.sampled_from(grounds), max_size=most)) - {thing}:
            edges.update((thing, step, ground, graph) for graph in draw(graphs))

    for study in named["study"]:
        say(study, EV.reportedIn, named["publication"], 2)
        say(study, EV.sharesSampleWith, [*named["study"], ID["study/without-class"]], 1)
    for finding in named["finding"]:
        say(finding, EV.findingOf, named["study"], 1)
        say(finding, EV.restsOn, named["study"], 1)
        say(finding, EV.publishedIn, named["publication"], 1)
    for number, listed in enumerate(named["list"]):
        edges.add((listed, EV.includesReference, ID[f"reference/{number}"], STATED))
        say(ID[f"reference/{number}"], EV.refersTo, named["publication"], 1)
    for claim in named["claim"]:
        say(claim, EV.restsOn, [thing for things in named.values() for thing in things], 3)
    return sorted(edges)
