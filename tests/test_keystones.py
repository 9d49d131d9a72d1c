"""Keystones: what dominators say is what withdrawing one thing after the other says."""

from __future__ import annotations

import networkx as nx
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, Namespace, URIRef

from wherefrom.keystones import END, UNITS, Keystone, Unit, dominated, keystones
from wherefrom.lineage import POLICIES, Policy, falls_without, impact
from wherefrom.load import engine_term
from wherefrom.problems import BadParameter
from wherefrom.store import EmbeddedStore, Store
from wherefrom.vocabulary import EV, ONTOLOGY, steps

ID = Namespace("https://example.org/id/")
GRAPH = ID["edition/page"]
law = settings(max_examples=60, deadline=None, database=None)


@st.composite
def graphs(draw: st.DrawFn) -> nx.DiGraph[int]:
    """Graphs of up to nine nodes, circles included, whose ends are 7, 8 and 9."""
    pairs = st.tuples(st.integers(1, 6), st.integers(1, 9)).filter(lambda pair: pair[0] != pair[1])
    return nx.DiGraph(list(draw(st.sets(pairs, min_size=1))))


@law
@given(graphs())
def test_what_an_end_dominates_falls_without_it(graph: nx.DiGraph[int]) -> None:
    ends = {7, 8, 9} & set(graph)
    for end, fallen in dominated(graph, ends).items():
        assert fallen == falls_without(graph, {end}, ends)[0]


def store_of(edges: set[tuple[str, URIRef, str]]) -> EmbeddedStore:
    triples = [(step, RDFS.subPropertyOf, EV.restsOn, ONTOLOGY) for step in steps() - {EV.restsOn}]
    triples += [(kind, RDFS.subClassOf, kind, ONTOLOGY) for kind in (EV.Claim, EV.Finding, EV.Rating)]
    triples += [(ID[thing], step, ID[ground], GRAPH) for thing, step, ground in edges]
    kinds = {"claim": EV.Claim, "finding": EV.Finding, "study": EV.Study, "publication": EV.Publication}
    names = {end for thing, _, ground in edges for end in (thing, ground)}
    triples += [(ID[name], RDF.type, kinds[name.split("/")[0]], GRAPH) for name in names]
    return EmbeddedStore.of(ox.Quad(*map(engine_term, quad)) for quad in triples)


@st.composite
def bases(draw: st.DrawFn) -> set[tuple[str, URIRef, str]]:
    """Claims rest on findings, trials and papers; findings are of one trial and may name a paper of it; trials have papers."""
    edges: set[tuple[str, URIRef, str]] = set()
    papers = {study: draw(st.sets(st.integers(0, 3), min_size=1, max_size=2)) for study in range(3)}
    edges |= {(f"study/{study}", EV.reportedIn, f"publication/{paper}") for study, found in papers.items() for paper in found}
    for finding in range(4):
        study = draw(st.integers(0, 2))
        edges.add((f"finding/{finding}", EV.findingOf, f"study/{study}"))
        if draw(st.booleans()):
            edges.add((f"finding/{finding}", EV.publishedIn, f"publication/{draw(st.sampled_from(sorted(papers[study])))}"))
    grounds = sorted({end for thing, _, ground in edges for end in (thing, ground)})
    for claim in range(4):
        edges |= {(f"claim/{claim}", EV.restsOn, ground) for ground in draw(st.sets(st.sampled_from(grounds), max_size=2))}
    return edges


@law
@given(bases())
def test_a_keystone_carries_what_falls_without_it(edges: set[tuple[str, URIRef, str]]) -> None:
    store = store_of(edges)
    carried = {stone.members: {*stone.claims, *stone.findings} for stone in keystones(store, "publication")}
    assert all(carried.values())
    for paper in {ID[ground] for _, _, ground in edges if ground.startswith("publication/")}:
        fallen = impact(store, [paper]).falls
        assert carried.get((paper,), set()) == {thing for thing in fallen if "/claim/" in thing or "/finding/" in thing}


@pytest.mark.parametrize(("unit", "policy"), [(unit, policy) for unit in UNITS for policy in POLICIES])
def test_on_the_data_each_agrees_with_its_withdrawal(store: Store, unit: Unit, policy: Policy) -> None:
    found = keystones(store, unit, policy)
    assert len(found) == len({stone.members for stone in found}) > 1
    for stone in found:
        assert stone.claims or stone.findings or stone.ratings, stone.members
        fallen = impact(store, stone.members, policy).falls
        assert set(stone.claims) == {thing for thing in fallen if "/claim/" in thing}, stone.members


@pytest.mark.parametrize(
    ("unit", "policy", "name", "claims"),
    [
        ("publication", "stated", "cicchetti-2006", 25),
        ("publication", "inferred", "cicchetti-2006", 31),
        ("study", "stated", "rochester-maltreated-infants", 35),
    ],
)
def test_what_most_hangs_on_in_the_five_documents(store: Store, unit: Unit, policy: Policy, name: str, claims: int) -> None:
    first: Keystone = keystones(store, unit, policy)[0]
    assert [member.rsplit("/", 1)[-1] for member in first.members] == [name]
    assert len(first.claims) == claims


def test_an_empty_graph_has_no_keystone_and_a_wrong_word_is_refused(store: Store) -> None:
    assert dominated(nx.DiGraph(), []) == {}
    assert END not in dominated(nx.DiGraph([("a", "p")]), ["p"])["p"]
    with pytest.raises(BadParameter, match="unit is one of"):
        keystones(store, "paper")  # type: ignore[arg-type]
