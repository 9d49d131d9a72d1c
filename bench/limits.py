"""What queries that never end do to those that do, and what an answer costs that was given before.

    python bench/limits.py [SECONDS]

Serves the example knowledge base in a process of its own and asks it over HTTP: look-ups of one thing, alone and beside
twelve clients that send queries without end of five kinds, again as soon as each is stopped, never the same text twice;
then memory, processors and processes when they have gone; how long after its time a query is stopped; the first byte
and the memory of a million rows; a query again, and the lineage API. The machine is shared: read ratios, in one run.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from wherefrom.resources import example

RUNAWAYS = {
    "cross product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "deep path": "SELECT (COUNT(*) AS ?n) { ?a (!<x:1>|^!<x:2>)* ?b . ?b (!<x:1>|^!<x:2>)* ?c }",
    "huge ORDER BY": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f LIMIT 10",
    "huge GROUP_CONCAT": "SELECT (GROUP_CONCAT(CONCAT(STR(?c), STR(?f))) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    "regex": 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(REGEX(CONCAT(STR(?c), STR(?f)), "(.*a.*b.*|(.+)+c)+z$", "i")) }',
}
CLIENTS = 12
MILLION = "SELECT ?s ?p ?o { ?s ?p ?o . ?x a ev:Claim } LIMIT 1000000"
REPEATED = {
    "counts by class": "SELECT ?type (COUNT(*) AS ?n) { ?s a ?type } GROUP BY ?type ORDER BY DESC(?n)",
    "pairs of a source": "SELECT (COUNT(*) AS ?n) { ?a ev:claimedBy ?s ; ev:about ?i . ?b ev:claimedBy ?s ; ev:about ?i }",
}
ANSWERS = ("/api/lineage?thing=claim/foundations-ipp-secure", "/api/overlap", "/api/discrepancies", "/api/keystones?unit=study")


class Service:
    """A server of a copy of the example, with limits of its own."""

    def __init__(self, folder: Path, **limits: float) -> None:
        if not folder.exists():
            shutil.copytree(example(), folder, ignore=shutil.ignore_patterns(".*", "src", "tests", "docs", "bench"))
        settings = folder / "wherefrom.toml"
        text = settings.read_text("utf-8").partition("[limits]")[0]
        settings.write_text(text + "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in limits.items()), "utf-8")
        command = [sys.executable, "-m", "wherefrom", "--kb", str(folder), "serve", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        found = re.search(r":(\d+)$", self.process.stdout.readline().strip())
        assert found is not None
        self.port = int(found[1])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def processes(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            found += [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
        return found

    def memory(self) -> float:
        """Return what all its processes take, shared pages once, in megabytes."""
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.processes()]
        return sum(int(found[1]) for text in texts if (found := re.search(r"Pss:\s+(\d+)", text))) / 1000

    def processor(self) -> float:
        """Return the seconds of processor that its processes that live have used."""
        stats = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self.processes()]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / 100


@contextmanager
def serving(folder: Path, **limits: float) -> Iterator[Service]:
    service = Service(folder, **limits)
    try:
        yield service
    finally:
        service.stop()


class Client:
    """One connection that is kept."""

    def __init__(self, service: Service) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)

    def get(self, path: str, accept: str = "*/*") -> tuple[int, bytes]:
        self.connection.request("GET", path, headers={"Accept": accept})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def ask(self, query: str) -> tuple[int, bytes]:
        return self.get("/sparql?" + urlencode({"query": query}), "application/sparql-results+json")


def percentiles(times: list[float]) -> tuple[float, float, float]:
    cut = statistics.quantiles(times, n=100)
    return cut[49] * 1000, cut[94] * 1000, cut[98] * 1000


def look_ups(service: Service, seconds: float) -> dict[str, list[float]]:
    """Return the seconds that look-ups took: by SPARQL, and of a page's Turtle."""
    client = Client(service)
    _, content = client.ask("SELECT ?claim { ?claim a ev:Claim }")
    claims = [row["claim"]["value"] for row in json.loads(content)["results"]["bindings"]]
    times: dict[str, list[float]] = {"SPARQL": [], "page": []}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        claim = random.choice(claims)
        for kind in times:
            start = time.perf_counter()
            if kind == "SPARQL":
                status, content = client.ask(f"SELECT * {{ <{claim}> ?p ?o }}")
            else:
                status, content = client.get(f"/claim/{claim.rsplit('/', 1)[1]}.ttl")
            times[kind].append(time.perf_counter() - start)
            assert status == 200, content
    return times


def beside_runaways(service: Service, seconds: float) -> tuple[dict[str, list[float]], Counter[tuple[str, str]]]:
    ended: Counter[tuple[str, str]] = Counter()
    over = threading.Event()

    def run(kind: str) -> None:
        client = Client(service)
        number = 0
        while not over.is_set():
            number += 1
            status, content = client.ask(f"{RUNAWAYS[kind]} # {threading.get_ident()} {number}")
            ended[kind, json.loads(content).get("type", "?").rsplit("/", 1)[1] if status != 200 else "answered"] += 1

    kinds = [list(RUNAWAYS)[n % len(RUNAWAYS)] for n in range(CLIENTS)]
    threads = [threading.Thread(target=run, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    time.sleep(1)
    times = look_ups(service, seconds)
    over.set()
    for thread in threads:
        thread.join()
    return times, ended


def show(name: str, times: dict[str, list[float]]) -> dict[str, float]:
    for kind, found in times.items():
        p50, p95, p99 = percentiles(found)[:3]
        print(f"{name}, {kind}: n {len(found)}, p50 {p50:.1f} ms, p95 {p95:.1f}, p99 {p99:.1f}")
    return {kind: percentiles(found)[1] for kind, found in times.items()}


def runaways(folder: Path, seconds: float) -> None:
    with serving(folder, query_seconds=5.0, cache_megabytes=0) as service:
        look_ups(service, 2)
        idle, before = show("alone", look_ups(service, seconds)), service.memory()
        times, ended = beside_runaways(service, seconds)
        loaded = show(f"beside {CLIENTS} runaways", times)
        print("p95 beside / alone:", ", ".join(f"{kind} {loaded[kind] / idle[kind]:.1f}" for kind in idle))
        print("how they ended:", ", ".join(f"{kind}: {how} {n}" for (kind, how), n in sorted(ended.items())))
        time.sleep(1)
        used = service.processor()
        time.sleep(2)
        print(f"processor afterwards: {(service.processor() - used) / 2:.2f}; {len(service.processes())} processes")
        print(f"memory: {before:.0f} MB before, {service.memory():.0f} MB after")
        late = []
        for number in range(5):
            for query in RUNAWAYS.values():
                start = time.perf_counter()
                status, _ = Client(service).ask(f"{query} # late {number}")
                late.append(time.perf_counter() - start - 5.0)
                assert status == 503
                if number:
                    break
        print(f"stopped after its time: median {statistics.median(late) * 1000:.0f} ms, worst {max(late) * 1000:.0f} ms")
        show("alone again", look_ups(service, seconds / 2))


def million(folder: Path) -> None:
    with serving(folder) as service:
        look_ups(service, 1)
        before = service.memory()
        client = Client(service)
        start = time.perf_counter()
        client.connection.request("GET", "/sparql?" + urlencode({"query": MILLION}), headers={"Accept": "text/csv"})
        answer = client.connection.getresponse()
        answer.read(1)
        first, most, size = time.perf_counter() - start, 0.0, 1
        while content := answer.read(1_000_000):
            size += len(content)
            most = max(most, service.memory()) if size // 10_000_000 != (size - len(content)) // 10_000_000 else most
        print(
            f"a million rows: first byte after {first * 1000:.0f} ms, all {size / 1e6:.0f} MB after {time.perf_counter() - start:.1f} s, ",
            end="",
        )
        print(f"memory {before:.0f} MB before, at most {most:.0f} MB meanwhile")


def again(folder: Path) -> None:
    medians: dict[str, list[float]] = {}
    for megabytes in (0, 64):
        with serving(folder, cache_megabytes=megabytes) as service:
            client = Client(service)
            for name, path in [
                *((name, "/sparql?" + urlencode({"query": query})) for name, query in REPEATED.items()),
                *((a, a) for a in ANSWERS),
            ]:
                times = []
                for _ in range(60):
                    start = time.perf_counter()
                    status, content = client.get(path)
                    times.append(time.perf_counter() - start)
                    assert status == 200, content
                medians.setdefault(name, []).append(statistics.median(times[5:]) * 1000)
    for name, (without, with_) in medians.items():
        print(f"again, {name}: {without:.1f} ms without a cache, {with_:.1f} with: {without / with_:.0f} times")


if __name__ == "__main__":
    length = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch) / "base"
        runaways(base, length)
        million(base)
        again(base)
