"""Numbers of paths: equal to enumeration where that can be done, exact where it cannot."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom.paths import count_paths, cycles, shortest, ways_from


@st.composite
def acyclic(draw: st.DrawFn) -> nx.DiGraph[int]:
    """Acyclic graphs of up to eight nodes: edges go from smaller to larger numbers."""
    edges = draw(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda edge: edge[0] < edge[1])))
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(8))
    graph.add_edges_from(edges)
    return graph


@given(acyclic(), st.sets(st.integers(1, 7)))
def test_counts_equal_enumeration(graph: nx.DiGraph[int], ends: set[int]) -> None:
    enumerated = {end: sum(1 for _ in nx.all_simple_paths(graph, 0, end)) for end in ends}
    assert count_paths(graph, 0, ends) == {end: number for end, number in sorted(enumerated.items()) if number}


@given(acyclic(), st.sets(st.integers(0, 7)))
def test_ways_from_each_node_equal_enumeration(graph: nx.DiGraph[int], ends: set[int]) -> None:
    number = {(one, end): sum(1 for _ in nx.all_simple_paths(graph, one, end)) for one in graph for end in graph if one != end}
    assert ways_from(graph, ends) == {one: sum(number[one, end] for end in ends if end != one) for one in graph}
    assert ways_from(graph) == {one: sum(number[one, end] for end in graph if end != one) for one in graph}
    assert ways_from(graph.reverse()) == {one: sum(number[other, one] for other in graph if other != one) for one in graph}


@given(acyclic(), st.integers(0, 6), st.integers(1, 7), st.sets(st.integers(0, 7)))
def test_another_edge_lowers_no_number_of_ways(graph: nx.DiGraph[int], start: int, step: int, ends: set[int]) -> None:
    before = ways_from(graph, ends)
    graph.add_edge(start, min(start + step, 7))
    after = ways_from(graph, ends)
    assert all((before[node] or 0) <= (after[node] or 0) for node in graph)


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5))), st.sets(st.integers(0, 5)))
def test_ways_are_unbounded_where_a_circle_lies_between(edges: set[tuple[int, int]], ends: set[int]) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(6))
    graph.add_edges_from(edges)
    turning = {node for circle in cycles(graph) for node in circle}
    below = {node: nx.descendants(graph, node) | {node} for node in graph}
    for node, number in ways_from(graph, ends).items():
        assert (number is None) == any(below[circular] & ends for circular in below[node] & turning)
        if number is not None:  # no circle on any way: every way is simple
            assert number == sum(len(list(nx.all_simple_paths(graph, node, end))) for end in ends - {node})


def test_numbers_beyond_enumeration_are_exact() -> None:
    layers: nx.DiGraph[tuple[int, int]] = nx.DiGraph()
    for layer in range(100):
        layers.add_edges_from(((layer, a), (layer + 1, b)) for a in range(3) for b in range(3))
    assert count_paths(layers, (0, 0), {(100, 0)}) == {(100, 0): 3**99}


def test_a_cycle_is_reported_and_not_walked() -> None:
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("c", "b"), ("d", "d")])
    assert cycles(graph) == [["b", "c"], ["d"]]
    with pytest.raises(nx.NetworkXUnfeasible):
        count_paths(graph, "a", {"c"})


def test_a_cycle_elsewhere_is_no_hindrance() -> None:
    graph = nx.DiGraph([("a", "b"), ("x", "y"), ("y", "x")])
    assert count_paths(graph, "a", {"b", "x"}) == {"b": 1}


def test_shortest_ways_come_first_and_no_more_than_asked() -> None:
    graph = nx.DiGraph([("a", "d"), ("a", "b"), ("b", "d"), ("b", "c"), ("c", "d")])
    assert shortest(graph, "a", "d", 2) == [["a", "d"], ["a", "b", "d"]]
    assert shortest(graph, "d", "a", 2) == []
    assert shortest(graph, "a", "elsewhere", 2) == []
