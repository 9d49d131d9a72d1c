"""One version of the data as it is served: of a build, or of what an endpoint held when it was last looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol


class Snapshot(Protocol):
    """What the web pages need beside the store: `Build` has it of a build, `Held` of an endpoint."""

    @property
    def store(self) -> Path | str:
        """Where the statements are asked: the folder of a store, or the address of an endpoint; see `store.opened`."""
        ...

    @property
    def folder(self) -> Path:
        """A folder of this version alone, in which what was computed from it may be kept."""
        ...

    @property
    def digest(self) -> str:
        """What is another one when the data are others."""
        ...

    @property
    def version(self) -> str:
        """The first digits of the digest."""
        ...

    @property
    def graphs(self) -> Mapping[str, int]:
        """The graphs by their IRIs, in order, with the number of their statements."""
        ...

    @property
    def built(self) -> str:
        """When it was made; of what an endpoint holds, when that was last curated (xsd:dateTime)."""
        ...

    @property
    def entries(self) -> int:
        """How many writes over HTTP are in it."""
        ...

    @property
    def fingerprint(self) -> str:
        """What it was built from; empty where it was not."""
        ...

    @property
    def shapes(self) -> Path:
        """The shapes, as sorted N-Triples."""
        ...

    @property
    def report(self) -> Path:
        """Where the report on it is, if there is one; see `build.read_report`."""
        ...

    @property
    def nquads(self) -> Path | None:
        """All statements as sorted canonical N-Quads, where there is such a file already."""
        ...

    def lines(self, graphs: frozenset[str] = frozenset()) -> Iterable[bytes]:
        """Return the statements of these graphs, or all, as the sorted lines of canonical N-Quads; they can be read again.

        Those of an endpoint are fetched first.
        """
        ...
