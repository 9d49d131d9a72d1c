"""How many ways lead from a thing to what it rests on: counted exactly, never enumerated.

Numbers of paths grow beyond all bounds with the depth of a graph; they are whole numbers of any size here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import networkx as nx


def cycles(graph: nx.DiGraph[Any]) -> list[list[Any]]:
    """Return the groups of nodes that rest on each other in a circle, each group sorted; none in a sound evidence graph."""
    found = [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]
    return sorted(found + [[node] for node in nx.nodes_with_selfloops(graph)])


def count_paths(graph: nx.DiGraph[Any], start: Any, ends: Collection[Any]) -> dict[Any, int]:
    """Return, for each end that can be reached, the number of distinct paths from `start` to it.

    Edges point from what rests to what it rests on. Dynamic programming in topological order: the cost grows with the edges
    below `start`, not with the number of paths. A path ends at the first end only if nothing follows; ends may follow ends.
    Raises `networkx.NetworkXUnfeasible` where there is a cycle below `start`: then the number of walks is unbounded.

    >>> graph = nx.DiGraph([("claim", "a"), ("claim", "b"), ("a", "paper"), ("b", "paper")])
    >>> count_paths(graph, "claim", {"paper"})
    {'paper': 2}
    """
    below = graph.subgraph(nx.descendants(graph, start) | {start})
    ways: dict[Any, int] = {start: 1}
    for node in nx.topological_sort(below):
        for following in below.successors(node):
            ways[following] = ways.get(following, 0) + ways[node]
    return {end: ways[end] for end in sorted(ends) if end in ways and end != start}


def ways_from(graph: nx.DiGraph[Any], ends: Collection[Any] | None = None) -> dict[Any, int | None]:
    """Return for each node the number of distinct paths of one step or more that begin there and end at one of `ends`.

    Without `ends`, a path may end anywhere; a path over an end to another end is another path. None where a circle lies on
    the way: then the number of walks is unbounded. One pass over the condensation, ends first: ways(v) = sum over each edge
    from v to w of ways(w) + (1 if w is an end). The graph turned round gives the paths that arrive at a node.

    >>> ways_from(nx.DiGraph([("review", "paper"), ("review", "trial"), ("paper", "trial")]), {"trial"})
    {'trial': 0, 'paper': 1, 'review': 2}
    """
    wanted = set(graph) if ends is None else set(ends)
    groups = nx.condensation(graph)
    ways: dict[Any, int | None] = {}
    for group in reversed(list(nx.topological_sort(groups))):
        members = groups.nodes[group]["members"]
        following = [after for node in members for after in graph[node]]
        if any(after in members for after in following):  # a circle, or a node that leads to itself
            leads = any(after in wanted or ways[after] != 0 for after in following if after not in members)
            ways |= dict.fromkeys(members, None if leads or members & wanted else 0)
        else:
            (node,) = members
            numbers = [ways[after] for after in following]
            known = [number for number in numbers if number is not None]
            ways[node] = sum(known, sum(after in wanted for after in following)) if len(known) == len(numbers) else None
    return ways


def shortest(graph: nx.DiGraph[Any], start: Any, end: Any, limit: int) -> list[list[Any]]:
    """Return at most `limit` paths from `start` to `end`, shortest first; none where there is no way."""
    if start not in graph or end not in graph or not nx.has_path(graph, start, end):
        return []
    found = []
    for path in nx.shortest_simple_paths(graph, start, end):
        found.append(path)
        if len(found) == limit:
            break
    return found
