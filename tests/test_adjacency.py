"""Graphs as arrays: what networkx says of the same graph."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oracle import dominated
from wherefrom.adjacency import NO_END, SEVERAL, Adjacency, among, components, distinct, reached, sole_ends
from wherefrom.names import Numbers
from wherefrom.withdrawal import falls_without

NODES = 9
edges = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=25)
numbers = st.lists(st.integers(-5, 40), max_size=12)
Edges = list[tuple[int, int]]


def pairs(found: Edges) -> Numbers:
    return np.array(found, np.int64).reshape(-1, 2)


def directed(found: Edges) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph(found)
    graph.add_nodes_from(range(NODES))
    return graph


@given(edges)
def test_a_graph_leads_where_its_edges_do(found: Edges) -> None:
    graph = Adjacency.of(NODES, pairs(found))
    assert [graph.of_node(node).tolist() for node in range(NODES)] == [[b for a, b in found if a == node] for node in range(NODES)]
    which, ends = graph.following(np.array([3, 1, 3]))
    assert sorted(zip(which.tolist(), ends.tolist(), strict=True)) == sorted(
        (place, b) for place, node in enumerate((3, 1, 3)) for a, b in found if a == node
    )
    kept = graph.ending_in(np.arange(NODES) % 2 == 0)
    assert [kept.of_node(node).tolist() for node in range(NODES)] == [
        [b for a, b in found if a == node and b % 2 == 0] for node in range(NODES)
    ]
    turned = graph.turned()
    assert sorted((a, b) for b in range(NODES) for a in turned.of_node(b).tolist()) == sorted(found)


@given(edges, st.integers(0, NODES - 1))
def test_a_closure_is_what_can_be_reached(found: Edges, start: int) -> None:
    assert set(Adjacency.of(NODES, pairs(found)).closure(start).tolist()) == nx.descendants(directed(found), start)


@given(edges, edges)
def test_marks_reach_what_their_nodes_reach(found: Edges, marked: Edges) -> None:
    graph = directed(found)
    wanted = {(mark, end) for mark, node in marked for end in {node} | nx.descendants(graph, node)}
    assert list(map(tuple, reached(Adjacency.of(NODES, pairs(found)), pairs(marked)).tolist())) == sorted(wanted)


@given(edges)
def test_a_component_is_named_by_its_least_node(found: Edges) -> None:
    least = {node: min(part) for part in nx.connected_components(directed(found).to_undirected()) for node in part}
    assert components(NODES, pairs(found)).tolist() == [least[node] for node in range(NODES)]


@given(edges, st.sets(st.integers(0, NODES - 1)))
def test_a_node_with_one_end_is_dominated_by_it_and_falls_without_it(found: Edges, ends: set[int]) -> None:
    graph = directed(found)
    sole = sole_ends(Adjacency.of(NODES, pairs(found)).turned(), np.array(sorted(ends), np.int64))
    fallen = {end: {node for node in set(graph) - ends if sole[node] == end} for end in ends}
    assert fallen == {end: things - ends for end, things in dominated(graph, ends).items()}
    assert all(things == falls_without(graph, {end}, ends)[0] - ends for end, things in fallen.items())
    reaching = {node for node in graph if ({node} | nx.descendants(graph, node)) & ends}
    assert {node for node in graph if sole[node] == NO_END} == set(graph) - reaching
    assert {node for node in graph if sole[node] == SEVERAL} == reaching - ends - set().union(*fallen.values())


@given(numbers, numbers)
def test_distinct_and_among_are_those_of_sets(values: list[int], others: list[int]) -> None:
    ranked = distinct(np.array(others, np.int64))
    assert ranked.tolist() == sorted(set(others))
    assert among(np.array(values, np.int64), ranked).tolist() == [value in others for value in values]
