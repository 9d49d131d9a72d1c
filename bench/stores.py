"""What each store costs: time to load, memory, space, and our questions on it, on made-up bases.

    python bench/stores.py [STATEMENTS ...]

Each base (see `generator.py`) is written as `wherefrom build` writes one, and asked in memory, on disk, and behind the servers
of `servers.py` that are installed. About one thing: the median of 20 drawn at random, the same on every store. A page is the
description of a claim with the names of everything on it. Virtuoso is given a fifth of a gigabyte for its buffers.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pyoxigraph as ox
from rdflib import URIRef

from generator import Generator, made_up, name
from scale import ontology
from servers import SERVERS
from wherefrom import independence, lineage, pages, withdrawal
from wherefrom.arrays import Arrays
from wherefrom.build import Build
from wherefrom.load import with_union
from wherefrom.query import rows
from wherefrom.store import EmbeddedStore, RemoteStore, Store
from wherefrom.vocabulary import EV

SIZES = (100_000, 1_000_000)
THINGS = 20
BASE = "https://example.org/"


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def megabytes(process: int | str = "self") -> float:
    """Return the memory of a process now."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 1e6


def space(folder: Path) -> float:
    """Return the megabytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def written(size: int, folder: Path) -> Build:
    """Return a build of a made-up base: its statements as N-Quads, and its store."""
    build = Build(folder, "", "", {}, "")
    with build.nquads.open("wb") as file:
        ox.serialize(made_up(size, ontology()), file, ox.RdfFormat.N_QUADS)
    return build


def write_store(build: Build) -> None:
    store = ox.Store(str(build.store))
    store.bulk_extend(with_union(ox.parse(path=str(build.nquads), format=ox.RdfFormat.N_QUADS)))
    store.flush()
    store.optimize()


def figures(store: Store, size: int) -> list[str]:
    """Return the milliseconds of each question, as the cells of a row."""
    trials = Generator(size).trials
    chance = random.Random(1)
    claims = [name("claim", number) for number in chance.sample(range(4 * trials), THINGS)]
    studies = [name("study", trial) for trial in chance.sample(range(trials), THINGS)]
    papers = sorted({URIRef(row["value"]) for row in rows(store, "statements", {"thing": studies, "property": [EV.reportedIn]})})
    of_one: list[tuple[Callable[[URIRef], object], Sequence[URIRef]]] = [
        (lambda one: pages.page(store, one, BASE), claims),
        (lambda one: lineage.describe(store, lineage.lineage(store, [one], "grounds")), claims),
        (lambda one: withdrawal.impact(store, [one]), papers[:THINGS]),
        (lambda one: independence.independence(store, one), claims),
    ]
    taken = [statistics.median(seconds(partial(ask, one)) for one in things) for ask, things in of_one]
    taken += [seconds(lambda: list(rows(store, "class_counts"))), seconds(lambda: Arrays.of(store))]
    return [f"{1000 * found:,.1f}" if found < 0.1 else f"{1000 * found:,.0f}" for found in taken]


def told(label: str, loading: float, memory: float, on_disk: float, cells: Sequence[str]) -> None:
    print(f"| {' | '.join([label, f'{loading:.1f}', f'{memory:,.0f}', f'{on_disk:,.0f}', *cells])} |", flush=True)


def one_size(size: int) -> None:
    """Print the table of one base."""
    print(
        f"\n### {size:,} statements asked for\n\n| store | load, s | memory, MB | files, MB | page of a claim, ms | lineage of a claim | ",
        end="",
    )
    print("impact of a paper | independence of a claim | counts by class | arrays |\n|---|---|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        build = written(size, Path(folder))
        loading = seconds(lambda: write_store(build))
        on_disk, before = EmbeddedStore.at(build.store), megabytes()
        cells = figures(on_disk, size)
        told("embedded, on disk", loading, megabytes() - before, space(build.store), cells)
        for label, server in SERVERS.items():
            with tempfile.TemporaryDirectory() as own:
                started = time.perf_counter()
                with server(build, Path(own)) as running:
                    loading = time.perf_counter() - started
                    cells = figures(RemoteStore(running.endpoint, 600, fixed=True), size)
                    told(label, loading, megabytes(running.process), space(Path(own)), cells)
        before, made = megabytes(), []
        quads = ox.parse(path=str(build.nquads), format=ox.RdfFormat.N_QUADS)
        loading = seconds(lambda: made.append(EmbeddedStore.of(quads)))
        cells = figures(made[0], size)
        told("embedded, in memory", loading, megabytes() - before, 0, cells)


def main(arguments: Sequence[str]) -> None:
    """Print a table for each size."""
    for size in map(int, arguments or map(str, SIZES)):
        one_size(size)


if __name__ == "__main__":
    main(sys.argv[1:])
