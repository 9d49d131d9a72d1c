"""How long the first things take: start, build, pages, answers. Medians of several runs; run it on a quiet machine.

    make bench

Each figure is taken on the repository's own knowledge base through the real command or a real server on this machine. Answers are
asked for again and again, and none is kept, but for what the store told of single things.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "wherefrom", "--kb"]
PAGES = {
    "page of a claim, HTML": ("/claim/foundations-ipp-secure", "text/html"),
    "page of the busiest study, HTML": ("/study/rochester-maltreated-infants", "text/html"),
    "claim as Turtle": ("/claim/foundations-ipp-secure", "text/turtle"),
    "lineage of a claim": ("/api/lineage?thing=claim/foundations-ipp-secure&direction=grounds", "application/json"),
    "lineage of the busiest study, both ways": ("/api/lineage?thing=study/rochester-maltreated-infants", "application/json"),
    "impact of a paper": ("/api/impact?withdraw=publication/lieberman-1991", "application/json"),
    "SPARQL look-up": ("/sparql?query=SELECT * { claim:foundations-ipp-secure ?p ?o }", "application/sparql-results+json"),
}


def seconds(run: Callable[[], object], times: int = 5) -> float:
    """Return the median duration of `run`."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


@contextmanager
def service(base: Path, stores: Path) -> Iterator[tuple[str, float]]:
    """Run a server; yield its address and the seconds from the command to its answer."""
    start = time.perf_counter()
    process = subprocess.Popen([*COMMAND, str(base), "serve", "--port", "0", "--store", str(stores)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.rsplit(" ", 1)[-1].strip(), time.perf_counter() - start
    finally:
        process.terminate()
        process.wait()


def without_cache(folder: Path) -> Path:
    """Return a copy of the knowledge base that keeps no answers."""
    shutil.copytree(REPOSITORY / "data", folder / "data")
    text = (REPOSITORY / "wherefrom.toml").read_text("utf-8")
    assert "[limits]\n" in text
    (folder / "wherefrom.toml").write_text(text.replace("[limits]\n", "[limits]\ncache_megabytes = 0\n"), "utf-8")
    return folder


def main() -> None:
    """Print the figures as a table."""
    rows: list[tuple[str, str]] = []
    rows.append(
        ("`wherefrom --help`", f"{seconds(lambda: subprocess.run([*COMMAND, '.', '--help'], check=True, capture_output=True)):.2f} s")
    )
    with tempfile.TemporaryDirectory() as folder:
        base, stores = without_cache(Path(folder) / "base"), Path(folder) / "store"

        def build() -> None:
            shutil.rmtree(stores, ignore_errors=True)
            subprocess.run([*COMMAND, str(base), "build", "--store", str(stores)], check=True, capture_output=True)

        rows.append(("full `build` with pyshacl", f"{seconds(build, 3):.1f} s"))
        starts = []
        for _ in range(5):
            with service(base, stores) as (_, ready):
                starts.append(ready)
        rows.append(("`serve` to its first answer, data validated before", f"{statistics.median(starts):.2f} s"))
        with service(base, stores) as (address, _), httpx.Client(base_url=address) as client:
            for name, (path, accept) in PAGES.items():
                client.get(path, headers={"Accept": accept}).raise_for_status()
                took = seconds(lambda path=path, accept=accept: client.get(path, headers={"Accept": accept}), 50)  # type: ignore[misc]
                rows.append((name, f"{took * 1000:.1f} ms"))
    for name, figure in rows:
        print(f"| {name} | {figure} |")


if __name__ == "__main__":
    main()
