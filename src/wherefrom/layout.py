"""A directed graph in columns -> where each box stands and how each line runs. Geometry only: nothing of evidence, nothing of SVG.

Layered drawing by Sugiyama, Tagawa and Toda 1981: columns, bends where a line passes a column between its ends, an order in each
column by barycentres, then heights. The columns are not layers of the graph but kinds of things, in the order of the graph of kinds.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import accumulate, pairwise
from math import inf
from statistics import fmean
from typing import NamedTuple, TypeAlias

import networkx as nx

SWEEPS = 12  # over all columns, to and fro; pictures rarely gain after eight
LAYERS = 8  # columns that things of one group of kinds may take when they lead to each other
BEAM = 200  # arrangements of kinds that are kept at each step: exact for the dozen kinds of a usual picture
TALL = 1_200  # height of columns that are seen whole on a screen
PASSING = 14.0  # height that a passing line takes in a column


class Bend(NamedTuple):
    """Where a line passes a column. Lines of one style that begin (`leaves`) or end at one box share it, and run together."""

    box: str
    leaves: bool
    style: str
    column: int


Edge: TypeAlias = tuple[str, str]
Slot: TypeAlias = "str | Bend"
Segment: TypeAlias = tuple[Slot, Slot]  # between neighbouring columns, from left to right


@dataclass(frozen=True)
class Layout:
    """The boxes of each column from top to bottom, the middle of each box, and where a line passes the columns between its ends."""

    columns: tuple[tuple[str, ...], ...]
    middles: dict[str, float]
    bends: dict[Edge, tuple[float, ...]]


def columns(kinds: Mapping[str, str], edges: Iterable[Edge], known: Sequence[str] = ()) -> list[list[str]]:
    """Return the things (thing -> kind) in columns, so that edges lead from left to right.

    A column holds things of one kind. The kinds are ordered by the edges between them, with as few columns as can be between
    the ends of edges; where that leaves a choice, as in `known`, then by name. Kinds that lead to each other, or to themselves,
    take several columns: each thing stands left of what it leads to, but for what runs in a circle.

    >>> columns({"a": "claim", "p": "paper", "t": "trial"}, [("a", "t"), ("t", "p")])
    [['a'], ['t'], ['p']]
    """
    edges = list(edges)
    between: nx.DiGraph[str] = nx.DiGraph()
    between.add_nodes_from(sorted(set(kinds.values())))
    between.add_edges_from(sorted({(kinds[a], kinds[b]) for a, b in edges}))
    group = {kind: min(members) for members in nx.strongly_connected_components(between) for kind in members}
    named = sorted(set(group.values()), key=lambda kind: (known.index(kind) if kind in known else len(known), kind))
    places = {name: place for place, name in enumerate(_arranged({(group[a], group[b]) for a, b in between.edges}, named))}
    within = [(a, b) for a, b in edges if group[kinds[a]] == group[kinds[b]]]
    steps = _heights(kinds, within)
    found: dict[tuple[int, int, str], list[str]] = {}
    for thing, kind in kinds.items():
        found.setdefault((places[group[kind]], -min(steps[thing], LAYERS - 1), kind), []).append(thing)
    return [found[key] for key in sorted(found)]


def _arranged(edges: set[Edge], names: Sequence[str]) -> list[str]:
    """Return the names so that no edge leads back and all edges together are shortest; of equals, with the starts to the left.

    The length of all edges is the sum, over the gaps between neighbours, of the edges that pass the gap.
    """
    graph: nx.DiGraph[str] = nx.DiGraph((a, b) for a, b in edges if a != b)
    graph.add_nodes_from(names)
    depth: dict[str, int] = {}
    for name in nx.topological_sort(graph):
        depth[name] = max((depth[before] + 1 for before in graph.predecessors(name)), default=0)
    found = {frozenset[str](): _Arrangement()}
    for _ in names:
        longer: dict[frozenset[str], _Arrangement] = {}
        for placed, before in found.items():
            for rank, name in enumerate(names):
                if name not in placed and placed.issuperset(graph.predecessors(name)):
                    passing = before.passing + graph.out_degree(name) - graph.in_degree(name)
                    grown = _Arrangement(before.length + passing, (*before.depths, depth[name]), (*before.ranks, rank), passing)
                    longer[placed | {name}] = min(longer.get(placed | {name}, grown), grown)
        found = dict(nsmallest(BEAM, longer.items(), key=lambda item: item[1]))
    return [names[rank] for rank in min(found.values()).ranks]


class _Arrangement(NamedTuple):
    """Names in a row: the length of their edges so far, how deep each is, which each is, and how many edges lead on."""

    length: int = 0
    depths: tuple[int, ...] = ()
    ranks: tuple[int, ...] = ()
    passing: int = 0


def _heights(things: Iterable[str], edges: Iterable[Edge]) -> dict[str, int]:
    """Return how many steps each thing is at most from an end; things in a circle are at one height."""
    edges = list(edges)
    if not edges:
        return dict.fromkeys(things, 0)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(things)
    graph.add_edges_from(edges)
    circles = nx.condensation(graph)
    height: dict[int, int] = {}
    for circle in reversed(list(nx.topological_sort(circles))):
        height[circle] = max((height[after] + 1 for after in circles.successors(circle)), default=0)
    return {thing: height[circle] for thing, circle in circles.graph["mapping"].items()}


def lay_out(boxes: Sequence[Sequence[str]], edges: Mapping[Edge, str], heights: Mapping[str, float]) -> Layout:
    """Return the layout of `boxes` (in columns, each with its height, margin included) and `edges` (each with its style)."""
    column = {box: number for number, members in enumerate(boxes) for box in members}
    runs = _runs(edges, column)
    slots: list[list[Slot]] = [list(members) for members in boxes]
    for bend in sorted({slot for run in runs.values() for slot in run if isinstance(slot, Bend)}):
        slots[bend.column].append(bend)
    segments = {
        (a, b) if column[edge[0]] < column[edge[1]] else (b, a)
        for edge, run in runs.items() for a, b in pairwise(run)
    }  # fmt: skip
    order = ordered(slots, segments)
    tall: dict[Slot, float] = {slot: PASSING if isinstance(slot, Bend) else heights[slot] for members in order for slot in members}
    middles = _middles(order, segments, tall)
    return Layout(
        tuple(tuple(slot for slot in members if isinstance(slot, str)) for members in order),
        {slot: middle for slot, middle in middles.items() if isinstance(slot, str)},
        {edge: tuple(middles[slot] for slot in run[1:-1]) for edge, run in runs.items()},
    )


def _runs(edges: Mapping[Edge, str], column: Mapping[str, int]) -> dict[Edge, tuple[Slot, ...]]:
    """Return the slots that each edge between different columns runs through; it shares bends at the end where more edges meet."""
    long = [(a, b, style) for (a, b), style in edges.items() if abs(column[a] - column[b]) > 1]
    leaving, arriving = Counter((a, style) for a, _, style in long), Counter((b, style) for _, b, style in long)
    found: dict[Edge, tuple[Slot, ...]] = {}
    for (start, end), style in edges.items():
        first, last = column[start], column[end]
        if first != last:
            leaves = leaving[start, style] > arriving[end, style]
            passed = range(first + 1, last) if first < last else range(first - 1, last, -1)
            found[start, end] = (start, *(Bend(start if leaves else end, leaves, style, number) for number in passed), end)
    return found


def crossings(slots: Sequence[Sequence[Slot]], segments: Iterable[Segment]) -> int:
    """Return how many pairs of segments cross when each column stands in this order.

    >>> crossings([["a", "b"], ["x", "y"]], [("a", "y"), ("b", "x")])
    1
    """
    place = {slot: (number, position) for number, members in enumerate(slots) for position, slot in enumerate(members)}
    passed: dict[int, list[int]] = {}
    count = 0
    for (gap, _), (_, right) in sorted((place[a], place[b]) for a, b in segments):
        above = passed.setdefault(gap, [])
        count += len(above) - bisect_right(above, right)
        insort(above, right)
    return count


def ordered(slots: Sequence[Sequence[Slot]], segments: Iterable[Segment]) -> list[list[Slot]]:
    """Return the columns in an order with no more crossings than the one given: barycentres, over sweeps to and fro."""
    segments = sorted(segments, key=str)
    sides = _sides(segments)
    order = [list(members) for members in slots]
    best, fewest = order, crossings(order, segments)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        order = [list(members) for members in order]
        rightwards = sweep % 2 == 0
        numbers = range(1, len(order)) if rightwards else range(len(order) - 2, -1, -1)
        for number in numbers:
            before = {slot: place for place, slot in enumerate(order[number - 1 if rightwards else number + 1])}
            centre = {
                slot: fmean(before[other] for other in others) if (others := sides[rightwards].get(slot)) else place
                for place, slot in enumerate(order[number])
            }
            order[number].sort(key=centre.__getitem__)
        count = crossings(order, segments)
        if count < fewest:
            best, fewest = order, count
    return best


def _sides(segments: Iterable[Segment]) -> tuple[dict[Slot, list[Slot]], dict[Slot, list[Slot]]]:
    """Return what each slot is joined to on its right, and on its left."""
    right: dict[Slot, list[Slot]] = {}
    left: dict[Slot, list[Slot]] = {}
    for a, b in segments:
        right.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    return right, left


def _middles(order: Sequence[Sequence[Slot]], segments: Iterable[Segment], heights: Mapping[Slot, float]) -> dict[Slot, float]:
    """Return the middle of each slot, in this order and without overlap, from 0 downwards.

    Slots stand amid what they are joined to. Where the columns are taller than a screen, they stand as high as the first thing
    that they are joined to in the tallest column, so that who begins at the top finds there where lines lead.
    """
    sides = _sides(sorted(segments, key=str))
    tall = [[heights[slot] for slot in members] for members in order]
    longest = max(range(len(order)), key=lambda number: sum(tall[number]), default=0)
    middles: dict[Slot, float] = {}
    if order and sum(tall[longest]) > TALL:
        for number in [*range(longest, len(order)), *reversed(range(longest))]:
            joined = sides[number >= longest]
            wanted = [min((middles.get(other, inf) for other in joined.get(slot, ())), default=inf) for slot in order[number]]
            middles.update(zip(order[number], hang(wanted, tall[number]), strict=True))
        return middles
    for number, members in enumerate(order):
        middles.update(zip(members, settle([0.0] * len(members), tall[number]), strict=True))
    settled = 0  # sweeps on end that moved nothing
    for sweep in range(SWEEPS):
        before = dict(middles)
        for number in range(len(order)) if sweep % 2 else reversed(range(len(order))):
            wanted = [fmean(middles[other] for other in sides[sweep % 2].get(slot, [slot])) for slot in order[number]]
            middles.update(zip(order[number], settle(wanted, tall[number]), strict=True))
        settled = settled + 1 if middles == before else 0
        if settled == 2:  # to and fro: nor will any other
            break
    least = min((middle - heights[slot] / 2 for slot, middle in middles.items()), default=0.0)
    return {slot: middle - least for slot, middle in middles.items()}


def hang(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return middles in this order, none overlapping and none above 0, each as high as wanted by it or by any that follows.

    What wants nothing (`inf`) stands right below what is before it.

    >>> hang([60, 10, inf, 200], [20, 20, 20, 20])
    [10.0, 30.0, 50.0, 200]
    """
    middles: list[float] = []
    end = 0.0
    highest = reversed(list(accumulate(reversed(wanted), min)))
    for own, following, height in zip(wanted, highest, heights, strict=True):
        middles.append(max(end + height / 2, following if own < inf else 0.0))
        end = middles[-1] + height / 2
    return middles


def settle(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return middles in this order, none overlapping, with the least sum of squared distances from those wanted.

    Pool adjacent violators (Ayer et al. 1955), on the middles less the heights that stand above them.

    >>> settle([10, 10, 50], [20, 20, 20])
    [0.0, 20.0, 50.0]
    """
    above = [end - height / 2 for end, height in zip(accumulate(heights), heights, strict=True)]
    pools: list[tuple[float, int]] = []  # mean and number of members
    for middle, offset in zip(wanted, above, strict=True):
        mean, number = middle - offset, 1
        while pools and pools[-1][0] > mean:
            other, members = pools.pop()
            mean, number = (mean * number + other * members) / (number + members), number + members
        pools.append((mean, number))
    pooled = [mean for mean, number in pools for _ in range(number)]
    return [mean + offset for mean, offset in zip(pooled, above, strict=True)]
