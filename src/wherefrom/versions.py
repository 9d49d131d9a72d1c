"""One version of all statements, and the change from one to the next: what a check of a change looks things up in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from wherefrom.nquads import SortedQuads
from wherefrom.reach import Property, Term


class Version:
    """All statements: a store to find them in, and the sorted file that has them in the form they were written in."""

    def __init__(self, store: ox.Store, nquads: Path) -> None:
        self.store, self.quads = store, SortedQuads(nquads)

    def about(self, subject: Term) -> tuple[ox.Quad, ...]:
        """Return the statements about a node, with their graphs."""
        return self.quads.about(subject) if isinstance(subject, ox.NamedNode) else ()

    def referring(self, node: ox.NamedNode) -> Iterator[ox.Quad]:
        """Yield the statements that have a node as their object or property, with their graphs."""
        for pattern in ((None, None, node), (None, node, None)):
            yield from self._written(q for q in self.store.quads_for_pattern(*pattern) if isinstance(q.graph_name, ox.NamedNode))

    def describes(self, subject: ox.NamedNode) -> bool:
        """Whether anything is said about a node."""
        return bool(self.about(subject))

    def has_graph(self, name: ox.NamedNode) -> bool:
        """Whether anything is said in a graph."""
        return next(self.store.quads_for_pattern(None, None, None, name), None) is not None

    def graphs(self) -> list[ox.NamedNode]:
        """Return the names of all graphs that say something."""
        return [name for name in self.store.named_graphs() if isinstance(name, ox.NamedNode) and self.has_graph(name)]

    def graph(self, name: ox.NamedNode) -> Iterator[ox.Quad]:
        """Yield what a graph says."""
        yield from self._written(self.store.quads_for_pattern(None, None, None, name))

    def subjects(self) -> set[str]:
        """Return all nodes that something is said about."""
        found = self.store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        return {quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)}

    def asks(self, query: str) -> bool:
        """Return the answer to an ASK query."""
        return bool(self.store.query(query))

    ### What `reach.View` asks for

    def forward(self, node: Term, along: Property) -> Iterator[ox.Triple]:
        """See `reach.View`."""
        return (quad.triple for quad in self.about(node) if along is None or quad.predicate == along)

    def backward(self, node: Term, along: Property) -> Iterator[ox.Triple]:
        """See `reach.View`."""
        if isinstance(node, ox.Triple):
            return
        for quad in self.store.quads_for_pattern(None, along, node, ox.DefaultGraph()):
            if isinstance(node, ox.NamedNode):
                yield quad.triple
            else:
                yield from (t for t in self.forward(quad.subject, quad.predicate) if t.object == node)

    def having(self, along: Property) -> Iterator[ox.Triple]:
        """See `reach.View`."""
        found = self.store.quads_for_pattern(None, along, None, ox.DefaultGraph())
        for subject in {quad.subject for quad in found}:
            yield from self.forward(subject, along)

    def _written(self, kept: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        """Yield statements of the store in the form they were written in."""
        for quad in kept:
            yield from self.quads.forms(quad) if isinstance(quad.object, ox.Literal) else (quad,)


@dataclass(frozen=True)
class Change:
    """What was written: two versions of all statements, and the statements in which they differ, as they are written."""

    before: Version
    after: Version
    removed: tuple[ox.Quad, ...]
    added: tuple[ox.Quad, ...]

    @property
    def quads(self) -> tuple[ox.Quad, ...]:
        """All statements that were removed or added."""
        return (*self.removed, *self.added)


class Both:
    """Two versions as one view: what was and what is."""

    def __init__(self, change: Change) -> None:
        self.versions = (change.before, change.after)

    def forward(self, node: Term, along: Property) -> Iterator[ox.Triple]:
        """See `reach.View`."""
        for version in self.versions:
            yield from version.forward(node, along)

    def backward(self, node: Term, along: Property) -> Iterator[ox.Triple]:
        """See `reach.View`."""
        for version in self.versions:
            yield from version.backward(node, along)

    def having(self, along: Property) -> Iterator[ox.Triple]:
        """See `reach.View`."""
        for version in self.versions:
            yield from version.having(along)
