"""The servers of `serve.py`, each started on the same statements and ended with its context."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyoxigraph as ox

from generator import ID, made_up
from scale import ontology
from servers import free_port, load_into_virtuoso, program, running, virtuoso_settings
from stores import seconds, space, write_store
from wherefrom.build import Build

OURS, ON_DISK = "wherefrom", "wherefrom, on disk"  # with queries in memory, and without
TWO = "wherefrom, two web processes"
THEIRS, VIRTUOSO, RDFLIB = "oxigraph server", "Virtuoso 7", "rdflib-endpoint"
RDFLIB_ENDPOINT = Path(".venv-peers/bin/rdflib-endpoint")  # `make bench-serve` puts it there: it asks for other versions than we do
RDFLIB_WAIT = 1_800.0  # seconds that it may read
DIGEST = "0" * 64


@dataclass
class Data:
    """One made-up base: a folder with its statements as N-Quads, and as a set of triples."""

    size: int
    folder: Path
    statements: int = 0

    @property
    def nquads(self) -> Path:
        return self.folder / "data.nq"

    @property
    def triples(self) -> Path:
        return self.folder / "data.nt"

    def write(self) -> None:
        """Write both files; the second is what the servers of others load, which have no graphs to tell apart then."""
        with self.nquads.open("wb") as file:
            ox.serialize(made_up(self.size, ontology()), file, ox.RdfFormat.N_QUADS)
        with self.nquads.open("rb") as file, self.triples.open("wb") as bare:
            for line in file:
                self.statements += 1
                bare.write(re.sub(rb" <[^<>]*> \.\n$", b" .\n", line))


@dataclass
class Peer:
    """A running server: where it answers queries, its process, the seconds it took to load and to answer, and its space on disk."""

    name: str
    endpoint: str
    process: int
    loading: float
    starting: float
    space: float
    root: str = ""  # where its pages are, if it has any
    filling: float = 0.0  # seconds after the start at which queries were evaluated in memory

    def processes(self) -> list[int]:
        found = [self.process]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):  # it has ended meanwhile
                    found += map(int, children.read_text().split())
        return found

    def memory(self) -> float:
        """Return the megabytes that all its processes take, shared pages once."""
        found = 0
        for pid in self.processes():
            with suppress(OSError):
                shares = re.findall(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())
                found += sum(map(int, shares))
        return found / 1000


def built(data: Data, folder: Path) -> None:
    """Write a build of made-up statements, which nobody validates, and the seconds that its store took."""
    made = Build(folder / "store" / "made", "", DIGEST, {f"{ID}graph/made-up": data.statements}, "2026-01-01T00:00:00+00:00")
    made.folder.mkdir(parents=True)
    made.nquads.hardlink_to(data.nquads)
    made.shapes.write_bytes(b"")
    (folder / "seconds").write_text(f"{seconds(lambda: write_store(made)):.1f}")
    made.write_description()
    (folder / "store" / "current").write_text(made.folder.name)


LAUNCH = """
import sys
from pathlib import Path
from wherefrom.web.process import Service
from wherefrom.web.server import serve
folder = Path(sys.argv[1])
serve(Service(folder, folder / "store"), "127.0.0.1", int(sys.argv[2]), int(sys.argv[3]))
"""


@contextmanager
def wherefrom(data: Data, folder: Path, name: str = OURS, **limits: float) -> Iterator[Peer]:
    """Serve a build, without reading files again as the command `serve` does. What was built in the folder before is served again."""
    if not folder.exists():
        built(data, folder)
    loading = float((folder / "seconds").read_text())
    processes, place = 2 if name == TWO else 1, "disk" if name == ON_DISK else "memory"
    lines = ['title = "Made up"', f'base = "{ID.removesuffix("id/")}"', f'queries_in = "{place}"', "[limits]"]
    lines += [f"{limit} = {value}" for limit, value in limits.items()]
    (folder / "wherefrom.toml").write_text("\n".join(lines), "utf-8")
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    start = time.perf_counter()
    command = [sys.executable, "-c", LAUNCH, str(folder), str(port), str(processes)]
    with running(command, folder, f"{root}/sparql", RDFLIB_WAIT) as server:
        starting = time.perf_counter() - start
        while place == "memory" and f"wherefrom_queries_in_memory {processes:.1f}" not in httpx.get(f"{root}/metrics").text:
            time.sleep(0.1)
        filling = time.perf_counter() - start if place == "memory" else 0.0
        files = space(folder / "store" / "made" / "store")
        yield Peer(name, server.endpoint, server.process, loading, starting, files, root, filling)


@contextmanager
def oxigraph(data: Data, folder: Path) -> Iterator[Peer]:
    """Load with its own command, optimise as it recommends, serve read-only."""
    command, store = program("oxigraph"), folder / "oxigraph"
    loading = seconds(
        lambda: [
            subprocess.run([command, *part, "--location", str(store)], check=True, capture_output=True)
            for part in (["load", "--file", str(data.triples)], ["optimize"])
        ]
    )
    port = free_port()
    start = time.perf_counter()
    arguments = [command, "serve-read-only", "--location", str(store), "--bind", f"127.0.0.1:{port}"]
    with running(arguments, folder, f"http://127.0.0.1:{port}/query") as server:
        yield Peer(THEIRS, server.endpoint, server.process, loading, time.perf_counter() - start, space(store))


@contextmanager
def virtuoso(data: Data, folder: Path) -> Iterator[Peer]:
    """Load in bulk into a new Virtuoso with 2.7 GB for its buffers, as its manual gives to a machine of 4 GB."""
    sql, http = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(virtuoso_settings(sql, http, buffers=340_000), "utf-8")
    (folder / "data.nt").hardlink_to(data.triples)
    start = time.perf_counter()
    arguments = [program("virtuoso-t"), "-f", "+configfile", "virtuoso.ini"]
    with running(arguments, folder, f"http://127.0.0.1:{http}/sparql") as server:
        starting = time.perf_counter() - start
        loading = seconds(lambda: load_into_virtuoso(folder, sql, "data.nt"))
        (folder / "data.nt").unlink()
        yield Peer(VIRTUOSO, server.endpoint, server.process, loading, starting, space(folder))


@contextmanager
def rdflib_endpoint(data: Data, folder: Path) -> Iterator[Peer]:
    """Serve a file, which is read at each start."""
    port = free_port()
    start = time.perf_counter()
    arguments = [str(RDFLIB_ENDPOINT.absolute()), "serve", "--host", "127.0.0.1", "--port", str(port), str(data.triples)]
    with running(arguments, folder, f"http://127.0.0.1:{port}/", RDFLIB_WAIT) as server:
        yield Peer(RDFLIB, server.endpoint, server.process, time.perf_counter() - start, 0.0, 0.0)


OTHERS: dict[str, Callable[[Data, Path], AbstractContextManager[Peer]]] = {
    THEIRS: oxigraph,
    VIRTUOSO: virtuoso,
    RDFLIB: rdflib_endpoint,
}


def missing() -> list[str]:
    """Return the servers that are not installed."""
    there = {VIRTUOSO: shutil.which("virtuoso-t"), RDFLIB: RDFLIB_ENDPOINT.exists()}
    return [name for name, found in there.items() if not found]
