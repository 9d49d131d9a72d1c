"""Directed graphs as arrays, for questions over a whole base: neighbours, closures, components, single ends.

Nodes are whole numbers from 0. Every function goes forward in whole fronts, so that a step costs a few calls, not one for each node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wherefrom.names import Numbers

Mask: TypeAlias = NDArray[np.bool_]

NO_END, SEVERAL = -1, -2  # in what `sole_ends` returns


@dataclass(frozen=True)
class Adjacency:
    """A directed graph as compressed sparse rows: node n leads to `ends[first[n]:first[n + 1]]`."""

    first: Numbers
    ends: Numbers

    @classmethod
    def of(cls, nodes: int, edges: Numbers) -> Adjacency:
        """Return the graph of so many nodes with these edges, of shape (edges, 2), from the first column to the second."""
        starts, ends = edges[:, 0], edges[:, 1]
        first = np.concatenate(([0], np.cumsum(np.bincount(starts, minlength=nodes))))
        return cls(first, ends[np.argsort(starts, kind="stable")])

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.first) - 1

    def turned(self) -> Adjacency:
        """Return the graph with every edge the other way round."""
        starts = np.repeat(np.arange(len(self)), np.diff(self.first))
        return Adjacency.of(len(self), np.column_stack((self.ends, starts)))

    def ending_in(self, kept: Mask) -> Adjacency:
        """Return the graph without the edges whose end is not kept."""
        there = kept[self.ends]
        return Adjacency(np.concatenate(([0], np.cumsum(there)))[self.first], self.ends[there])

    def of_node(self, node: int) -> Numbers:
        """Return the nodes to which a node leads."""
        return self.ends[self.first[node] : self.first[node + 1]]

    def following(self, nodes: Numbers) -> tuple[Numbers, Numbers]:
        """Return each edge that leaves one of `nodes`: the place of its start in `nodes`, and its end."""
        first = self.first[nodes]
        sizes = self.first[nodes + 1] - first
        which = np.repeat(np.arange(len(nodes)), sizes)
        before = np.cumsum(sizes) - sizes
        return which, self.ends[np.arange(len(which)) + (first - before)[which]]

    def closure(self, start: int) -> Numbers:
        """Return the nodes that can be reached from a node, without itself, in ascending order."""
        seen = np.zeros(len(self), bool)
        front, at = np.array([start]), np.empty(len(self), np.int64)
        while len(front):
            _, ends = self.following(front)
            fresh = ends[~seen[ends]]
            at[fresh] = places = np.arange(len(fresh))
            front = fresh[at[fresh] == places]  # each once: where it was written last
            seen[front] = True
        seen[start] = False
        return np.flatnonzero(seen)


def distinct(values: Numbers) -> Numbers:
    """Return values once each, in ascending order (faster than `numpy.unique`, which goes by a hash table)."""
    ranked = np.sort(values)
    fresh = np.ones(len(ranked), bool)
    fresh[1:] = ranked[1:] != ranked[:-1]
    return ranked[fresh]


def distinct_pairs(pairs: Numbers, width: int) -> Numbers:
    """Return pairs of shape (pairs, 2) once each, in ascending order; the second of a pair is below `width`."""
    keys = distinct(pairs[:, 0] * width + pairs[:, 1])
    return np.column_stack((keys // width, keys % width))


def among(values: Numbers, ranked: Numbers) -> Mask:
    """Return which values are among others, which ascend."""
    if not len(ranked):
        return np.zeros(len(values), bool)
    near = ranked[np.minimum(np.searchsorted(ranked, values), len(ranked) - 1)]
    return np.equal(near, values)


def reached(graph: Adjacency, marked: Numbers) -> Numbers:
    """Return which mark reaches which node, where each goes on from its nodes; pairs (mark, node), ascending, those given included."""
    width = len(graph)
    seen = front = distinct(marked[:, 0] * width + marked[:, 1])
    while len(front):
        which, ends = graph.following(front % width)
        keys = distinct((front // width)[which] * width + ends)
        front = keys[~among(keys, seen)]
        seen = np.sort(np.concatenate((seen, front)), kind="stable")  # which takes two ascending parts as they are
    return np.column_stack((seen // width, seen % width))


def sole_ends(turned: Adjacency, ends: Numbers) -> Numbers:
    """Return for each node the one end without which it reaches none: `NO_END` where it reaches none, `SEVERAL` where another is left.

    `turned` leads from what is reached to what reaches it. A way is over at the first end on it: without that end the way
    is lost, so a node falls with an end exactly if that is the only one at which its ways are over. An end has itself.
    Each node changes at most twice, from none to one to several.
    """
    found = np.full(len(turned), NO_END)
    found[ends] = ends
    final = found != NO_END
    front = distinct(ends)
    while len(front):
        which, nodes = turned.following(front)
        given = found[front][which]
        news = np.flatnonzero(~final[nodes] & (found[nodes] != given) & (found[nodes] != SEVERAL))
        order = news[np.argsort(nodes[news])]
        front = distinct(nodes[news])
        at = np.searchsorted(nodes[order], front)
        low, high = (least.reduceat(given[order], at) for least in (np.minimum, np.maximum))
        found[front] = np.where((found[front] == NO_END) & (low == high), low, SEVERAL)
    return found


def components(nodes: int, edges: Numbers) -> Numbers:
    """Return for each node the least node of its component; edges, of shape (edges, 2), hold both ways."""
    least = np.arange(nodes)
    while True:
        lower = np.minimum(least[edges[:, 0]], least[edges[:, 1]])
        before = least.copy()
        for column in (0, 1):
            np.minimum.at(least, least[edges[:, column]], lower)
            np.minimum.at(least, edges[:, column], lower)
        least = least[least]
        if np.array_equal(least, before):
            return least
