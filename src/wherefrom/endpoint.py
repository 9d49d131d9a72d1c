"""What a SPARQL endpoint holds, as it was when it was looked at, so that it can be served as a build is."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from rdflib import URIRef

from wherefrom.build import canonical_shapes
from wherefrom.load import Source
from wherefrom.nquads import Lines, in_order, line
from wherefrom.problems import EndpointUnusable
from wherefrom.query import rows
from wherefrom.store import RemoteStore, Store


@dataclass(frozen=True)
class Held:
    """One version of what an endpoint holds: a `Snapshot`. What is fetched of it for downloads is kept in `folder`."""

    store: str
    digest: str
    graphs: dict[str, int]
    built: str
    folder: Path
    entries: int = 0
    fingerprint: str = ""
    nquads: None = None
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def version(self) -> str:
        """The first digits of the digest."""
        return self.digest[:12]

    @property
    def shapes(self) -> Path:
        """The shapes of the program and of the local folder, as sorted N-Triples."""
        return self.folder / "shapes.nt"

    @property
    def report(self) -> Path:
        """Where a report would be: nothing here validates what an endpoint holds."""
        return self.folder / "validated.json"

    def lines(self, graphs: frozenset[str] = frozenset()) -> Lines:
        """Return the statements of these graphs, or all, as sorted lines; numbers have the form that the endpoint gives them.

        Raises `EndpointUnusable` where it does not answer, or holds something else by now.
        """
        wanted = sorted(graphs or self.graphs)
        path = self.folder / f"{hashlib.sha256(' '.join(wanted).encode()).hexdigest()[:16]}.nq"
        with self._turn:
            if not path.exists():
                self._fetch(wanted, path)
        return Lines(path)

    def _fetch(self, graphs: list[str], path: Path) -> None:
        store, counts = RemoteStore(self.store), Counter[str]()
        draft = path.with_suffix(".draft")

        def every() -> Iterator[bytes]:
            for graph in graphs:
                for quad in store.statements(URIRef(graph)):
                    counts[graph] += 1
                    yield line(quad)

        try:
            with draft.open("wb") as out:
                out.writelines(in_order(every()))
        finally:
            store.close()
        if dict(counts) != {graph: self.graphs[graph] for graph in graphs}:
            raise EndpointUnusable("The data at the endpoint changed since they were last looked at.")
        draft.replace(path)


class Told(NamedTuple):
    """What an endpoint tells of what it holds: a digest that is another one when the data are others, graphs with their sizes, a date."""

    digest: str
    graphs: dict[str, int]
    curated: str


def look(store: Store, since: str, *, thorough: bool) -> Told:
    """Ask what the endpoint holds now; `since` is the date where the data tell none.

    Counted are the statements of each graph, and when anything was last curated; `thorough` counts them in 256 parts by their
    MD5, so that a statement that took the place of another shows in 255 of 256 cases. That reads every statement, some
    15 microseconds each; without it two. Raises `EndpointUnusable`, or `BadQuery` where the endpoint cannot count so.
    """
    question = "parts" if thorough else "graph_counts"
    found = sorted((str(row["graph"]), str(row.get("part", "")), int(row["count"])) for row in rows(store, question))
    curated = next((str(row["when"]) for row in rows(store, "last_curation") if "when" in row), since)
    graphs = Counter[str]()
    for graph, _, count in found:
        graphs[graph] += count
    return Told(hashlib.sha256(repr((found, curated)).encode()).hexdigest(), dict(sorted(graphs.items())), curated)


def held(address: str, told: Told, shapes: Iterable[Source], folder: Path) -> Held:
    """Return what an endpoint told as a version that can be served; `folder` is its own, and empty."""
    made = Held(address, told.digest, told.graphs, told.curated, folder)
    made.shapes.write_bytes(canonical_shapes(shapes))
    return made
