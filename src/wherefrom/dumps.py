"""The downloads of one version of the data. Each is written once, when it is first asked for, and can be read while it grows."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import weakref
import zlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from wherefrom.export import Output, write
from wherefrom.problems import UnknownResource
from wherefrom.snapshot import Snapshot

CHUNK = 64 * 1024  # bytes that are told of, and read, at once
GZIP = 16 + zlib.MAX_WBITS  # what makes zlib write the header of gzip, in which it leaves name and time out


class Dump:
    """A file without a name: one thread writes it, from its first reader on, and any number read it meanwhile."""

    def __init__(self, fill: Callable[[Output], None]) -> None:
        self._fill = fill
        self._grown = threading.Condition()
        self._file: BinaryIO | None = None
        self._written = self._told = 0
        self._error: BaseException | None = None
        self.whole = False

    @classmethod
    def of(cls, path: Path) -> Dump:
        """Return a file that is there already; it can be read after its name is gone."""
        made = cls(lambda _: None)
        made._file = path.open("rb")
        weakref.finalize(made, made._file.close)
        made._told, made.whole = os.fstat(made._file.fileno()).st_size, True
        return made

    @property
    def size(self) -> int:
        """Its bytes; waits until it is whole, and raises what went wrong."""
        self._start()
        return self._beyond(sys.maxsize)

    @cached_property
    def sha256(self) -> str:
        """The digest of its bytes; waits until it is whole."""
        digest = hashlib.sha256()
        for chunk in self.read():
            digest.update(chunk)
        return digest.hexdigest()

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `stop`, as soon as they are written."""
        file = self._start()
        while stop is None or start < stop:
            told = self._beyond(start)
            chunk = os.pread(file.fileno(), min(CHUNK, (told if stop is None else min(stop, told)) - start), start)
            if not chunk:
                return
            yield chunk
            start += len(chunk)

    def _beyond(self, place: int) -> int:
        """Return how many bytes are written, once they are more than `place` or all; raises what went wrong."""
        with self._grown:
            self._grown.wait_for(lambda: self._told > place or self.whole)
        if self._error:
            raise self._error
        return self._told

    def write(self, data: bytes, /) -> int:
        """Take some bytes of the one who fills it."""
        assert self._file is not None
        self._file.write(data)
        self._written += len(data)
        if self._written - self._told >= CHUNK:
            self._tell()
        return len(data)

    def flush(self) -> None:
        """Do nothing: bytes are told of when there are enough."""

    def _tell(self, *, whole: bool = False) -> None:
        assert self._file is not None
        self._file.flush()
        with self._grown:
            self._told, self.whole = self._written, whole
            self._grown.notify_all()

    def _start(self) -> BinaryIO:
        with self._grown:
            if self._file is None:
                self._file = TemporaryFile()  # noqa: SIM115 - it lives as long as this object
                weakref.finalize(self, self._file.close)
                threading.Thread(target=self._run, daemon=True).start()
            return self._file

    def _run(self) -> None:
        try:
            self._fill(self)
        except BaseException as error:  # told to whoever reads
            self._error = error
        self._tell(whole=True)


class Dumps:
    """All downloads of one version of the data."""

    def __init__(self, data: Snapshot, base: str) -> None:
        self.data, self.base = data, base
        self._known: dict[tuple[str, str, bool], Dump] = {}
        self._lock = threading.Lock()

    def get(self, name: str, form: str, *, zipped: bool = False) -> Dump:
        """Return the whole base (`all`) or one graph in a format of `export`; raises `UnknownResource`."""
        graphs = self._graphs(name)
        with self._lock:
            plain = self._known.get((name, form, False))
            if plain is None:
                as_it_is = self.data.nquads if form == "nquads" and not graphs else None
                plain = Dump.of(as_it_is) if as_it_is else Dump(lambda output: write(self.data.lines(graphs), form, self.base, output))
                self._known[name, form, False] = plain
            return self._known.setdefault((name, form, True), Dump(lambda output: _zip(plain, output))) if zipped else plain

    def _graphs(self, name: str) -> frozenset[str]:
        """Return the graphs called by their IRI, `edition/x` or the last part of one; none for `all`."""
        if name == "all":
            return frozenset()
        found = {graph for graph in self.data.graphs if name in (graph, graph.removeprefix(f"{self.base}id/"), graph.rsplit("/", 1)[-1])}
        if not found:
            raise UnknownResource(f"a graph {name!r}")
        return frozenset(found)


def _zip(plain: Dump, output: Output) -> None:
    zipper = zlib.compressobj(wbits=GZIP)
    for chunk in plain.read():
        output.write(zipper.compress(chunk))
    output.write(zipper.flush())
