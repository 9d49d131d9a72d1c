"""Lines of canonical N-Quads: sorted, found in a file and rewritten without reading all of it into memory as statements."""

from __future__ import annotations

import hashlib
import heapq
import io
import mmap
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import pyoxigraph as ox

CHUNK = 1 << 20  # bytes that are copied at a time
RUN = 250_000  # lines sorted in memory at once, some 60 MB
WITH_OTHER_FORMS = "http://www.w3.org/2001/XMLSchema#"  # literals of these datatypes have forms that a store does not keep


def line(quad: ox.Quad) -> bytes:
    """Return a statement as one line of canonical N-Quads."""
    written = ox.serialize([quad], format=ox.RdfFormat.N_QUADS)
    assert written is not None
    return written


def graph_name(line: bytes) -> bytes:
    """Return the graph of a line of N-Quads as it is written there; nothing for the default graph.

    >>> graph_name(b'<urn:s> <urn:p> "a b"@en <urn:g> .'), graph_name(b"<urn:s> <urn:p> <urn:o> .")
    (b'<urn:g>', b'')
    """
    value = line.split(b" ", 2)[2]
    parts = value[max(value.rfind(b'"'), 0) :].split(b" ")  # of a literal, what follows its text, which may have blanks
    return parts[1] if len(parts) > 2 else b""


def in_order(lines: Iterable[bytes], key: Callable[[bytes], bytes] = bytes) -> Iterator[bytes]:
    """Yield lines in the order of a key, those of the same key in the order they have; more than `RUN` are sorted in files."""
    left = iter(lines)
    runs: list[Iterable[bytes]] = []
    with ExitStack() as files:
        while run := sorted(islice(left, RUN), key=key):
            if len(run) == RUN:
                kept = files.enter_context(TemporaryFile())
                kept.writelines(run)
                kept.seek(0)
                runs.append(kept)
            else:
                runs.append(run)
        yield from heapq.merge(*runs, key=key)


class Lines:
    """The lines of a file of N-Quads, all or those of some graphs; each iteration reads the file from its start."""

    def __init__(self, path: Path, graphs: frozenset[str] = frozenset()) -> None:
        self.path, self.graphs = path, frozenset(f"<{graph}>".encode() for graph in graphs)

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            for line in file:
                if not self.graphs or graph_name(line) in self.graphs:
                    yield line


class Triples(io.RawIOBase):
    """The lines of a file of canonical N-Quads without the names of their graphs, which makes them N-Triples.

    A statement without a graph, of which a build has none, comes out as what no parser takes.
    """

    def __init__(self, nquads: BinaryIO) -> None:
        self.nquads = nquads
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; see `io.RawIOBase`."""
        if not self._left:
            lines = (self.nquads.read(CHUNK) + self.nquads.readline()).splitlines()
            self._left = memoryview(b"".join([line[: line.rfind(b" <")] + b" .\n" for line in lines]))
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def in_memory(path: Path) -> ox.Store:
    """Return a store in memory with the union of all graphs of a file as its default graph, and nothing else."""
    store = ox.Store()
    with path.open("rb") as file:
        store.bulk_load(io.BufferedReader(Triples(file), CHUNK), ox.RdfFormat.N_TRIPLES)
    return store


def canonical(literal: ox.Literal) -> ox.Literal:
    """Return a literal as a store keeps it: of the same value, in the form that the store writes it in.

    >>> canonical(ox.Literal("60.0", datatype=ox.NamedNode(WITH_OTHER_FORMS + "decimal"))).value
    '60'
    """
    if not literal.datatype.value.startswith(WITH_OTHER_FORMS) or literal.datatype.value.endswith("#string"):
        return literal
    store, node = ox.Store(), ox.NamedNode("urn:x")
    store.add(ox.Quad(node, node, literal))
    kept = next(iter(store)).object
    assert isinstance(kept, ox.Literal)
    return kept


def as_kept(quad: ox.Quad) -> ox.Quad:
    """Return a statement as a store keeps it."""
    if not isinstance(quad.object, ox.Literal):
        return quad
    return ox.Quad(quad.subject, quad.predicate, canonical(quad.object), quad.graph_name)


class SortedQuads:
    """The statements of a sorted file, literals in the form they were written in."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            empty = path.stat().st_size == 0
            self._content: mmap.mmap | bytes = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._known: dict[ox.NamedNode | ox.BlankNode, tuple[ox.Quad, ...]] = {}

    def about(self, subject: ox.NamedNode | ox.BlankNode) -> tuple[ox.Quad, ...]:
        """Return the statements about a subject, in all graphs."""
        if subject not in self._known:
            start = self._place(f"{subject} ".encode())
            end = self._place(f"{subject}!".encode())  # the byte after a space
            self._known[subject] = tuple(ox.parse(bytes(self._content[start:end]), ox.RdfFormat.N_QUADS))
        return self._known[subject]

    def forms(self, kept: ox.Quad) -> tuple[ox.Quad, ...]:
        """Return the statements of the file that a store keeps as this one: usually one, none where there is none."""
        if not isinstance(kept.subject, ox.NamedNode | ox.BlankNode):
            return ()
        of_it = (q for q in self.about(kept.subject) if q.predicate == kept.predicate and q.graph_name == kept.graph_name)
        return tuple(quad for quad in of_it if quad.object == kept.object or as_kept(quad) == kept)

    def _place(self, wanted: bytes) -> int:
        """Return where the first line that is not before `wanted` begins."""
        low, high = 0, len(self._content)
        while low < high:
            middle = (low + high) // 2
            start = self._content.rfind(b"\n", low, middle) + 1 or low
            end = self._content.find(b"\n", middle) + 1
            if bytes(self._content[start:end]) < wanted:
                low = end
            else:
                high = start
        return low

    def rewrite(self, target: Path, removed: Iterable[ox.Quad], added: Iterable[ox.Quad]) -> str:
        """Write the file anew without `removed` and with `added`, sorted; return its SHA-256. All removed are in it."""
        gone, new = {line(quad) for quad in removed}, {line(quad) for quad in added}
        digest, at = hashlib.sha256(), 0
        with target.open("wb") as out:

            def copy(content: mmap.mmap | bytes, start: int, end: int) -> None:
                for place in range(start, end, CHUNK):
                    piece = content[place : min(place + CHUNK, end)]
                    out.write(piece)
                    digest.update(piece)

            for change in sorted(gone | new):
                place = self._place(change)
                copy(self._content, at, place)
                at = place + len(change) if change in gone else place
                if change in new:
                    copy(change, 0, len(change))
            copy(self._content, at, len(self._content))
        return digest.hexdigest()
