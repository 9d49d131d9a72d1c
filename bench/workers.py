"""Requests a second with one web process and with two, in turns, on the same data.

    python bench/workers.py [SECONDS] [ROUNDS]

Needs `wrk` (Debian has it), which takes little of the processors that it shares with the server. The figures of a round
are taken one after the other, since the machine may be shared: read the median of the ratios. Beside them stands what the
server's processes took of a processor for a request, and how evenly the web processes shared the work. At the end: how long
a write takes until it is acknowledged, and how long reading takes at most meanwhile.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from wherefrom.resources import example
from wherefrom.tokens import make_token

CLIENTS = 8
WRITES = 10
GRAPH = "https://w3id.org/wherefrom/id/graph/catalogue"
CLAIM = "https://w3id.org/wherefrom/id/claim/foundations-ipp-secure"
ASKED = {
    "page, Turtle": ("/claim/foundations-ipp-secure.ttl", ""),
    "page, HTML": ("/claim/foundations-ipp-secure.html", ""),
    "look-up in SPARQL, answered before": (f"/sparql?query=SELECT%20*%20%7B%20%3C{CLAIM}%3E%20%3Fp%20%3Fo%20%7D", ""),
    "look-up in SPARQL, each another": (f"/sparql?query=SELECT%20*%20%7B%20%3C{CLAIM}%3E%20%3Fp%20%3Fo%20%7D%23", "each"),
}
EACH = "local n = {start}\nrequest = function() n = n + 1; return wrk.format('GET', '{path}' .. n) end\n"


def children(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*") for child in (task / "children").read_text("ascii").split()]


def family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        found += children(one)
    return found


def seconds_of(pid: int) -> float:
    cells = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """The example, served by so many web processes."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.token, line = make_token("bench")
        tokens = folder.with_name(f"tokens-{workers}")
        tokens.write_text(f"{line}\n", "utf-8")
        command = [sys.executable, "-m", "wherefrom", "--kb", str(folder), "serve", "--port", "0", "--token-file", str(tokens)]
        command += ["--workers", str(workers)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().rsplit(" at ", 1)[1].strip()
        self.web = [self.process.pid] if workers == 1 else children(self.process.pid)
        self.asked = 0

    def rate(self, kind: str, seconds: float, scripts: Path) -> tuple[float, float, float]:
        """Return requests a second, milliseconds of a processor for each, and the smallest part that a web process had."""
        path, each = ASKED[kind]
        script = scripts / "each.lua"
        self.asked += 10_000_000
        script.write_text(EACH.format(start=self.asked, path=path))
        asked = ["-s", str(script), self.url] if each else [self.url + path]
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds:g}s", *asked]
        before, web = sum(map(seconds_of, family(self.process.pid))), [seconds_of(pid) for pid in self.web]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = sum(map(seconds_of, family(self.process.pid))) - before
        parts = [seconds_of(pid) - former for pid, former in zip(self.web, web, strict=True)]
        assert "Non-2xx" not in told, told
        found, number = re.search(r"Requests/sec:\s+([\d.]+)", told), re.search(r"(\d+) requests in", told)
        assert found is not None
        assert number is not None
        return float(found[1]), 1000 * used / (int(number[1]) or 1), min(parts) / (sum(parts) or 1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def write(self, number: int) -> tuple[float, float]:
        """Return the seconds that a write takes, and the longest that reading a page takes meanwhile, a new connection each."""
        note = f'INSERT DATA {{ GRAPH <{GRAPH}> {{ <{CLAIM}> skos:editorialNote "{number}"@en }} }}'.encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/sparql-update"}
        longest, done = 0.0, threading.Event()

        def read() -> None:
            nonlocal longest
            while not done.is_set():
                start = time.perf_counter()
                urllib.request.urlopen(f"{self.url}/claim/foundations-ipp-secure.ttl").read()
                longest = max(longest, time.perf_counter() - start)
                time.sleep(0.01)

        reader = threading.Thread(target=read)
        reader.start()
        start = time.perf_counter()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/update", note, headers)).read()
        took = time.perf_counter() - start
        done.set()
        reader.join()
        return took, longest


def compare(folder: Path, seconds: float, rounds: int) -> None:
    servers = [Server(folder, 1), Server(folder, 2)]
    found: dict[str, list[list[tuple[float, float, float]]]] = {kind: [] for kind in ASKED}
    try:
        for kind in ASKED:
            for server in servers:
                server.rate(kind, 3, folder.parent)  # what is made when it is first asked for
        for number in range(rounds):
            for kind in ASKED:
                turns = servers if number % 2 else servers[::-1]
                rates = {server: server.rate(kind, seconds, folder.parent) for server in turns}
                found[kind].append([rates[server] for server in servers])
    finally:
        for server in servers:
            server.stop()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {CLIENTS} clients, {rounds} rounds of {seconds:g} s")
    print("| asked | one | two | two / one | ms of a processor: one | two | smaller part |\n|---|---|---|---|---|---|---|")
    for kind, rows in found.items():
        one, two = (statistics.median(row[n][0] for row in rows) for n in (0, 1))
        cost_of_one, cost_of_two = (statistics.median(row[n][1] for row in rows) for n in (0, 1))
        part = statistics.median(row[1][2] for row in rows)
        ratios = sorted(row[1][0] / row[0][0] for row in rows)
        times = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        print(f"| {kind} | {one:.0f} | {two:.0f} | {times} | {cost_of_one:.2f} | {cost_of_two:.2f} | {part:.0%} |")


def writes(folder: Path) -> None:
    for workers in (1, 2, 2, 1):  # each writes to a copy of its own
        server = Server(Path(shutil.copytree(folder, folder.with_name(f"base-{time.monotonic_ns()}"))), workers)
        try:
            times = [server.write(number) for number in range(WRITES)]
        finally:
            server.stop()
        took, longest = (1000 * statistics.median(one[n] for one in times) for n in (0, 1))
        print(f"{workers} web processes: a write {took:.0f} ms, reading meanwhile at most {longest:.0f} ms (medians of {WRITES})")


def main(seconds: float = 4.0, rounds: int = 5) -> None:
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "base")
        shutil.copytree(example(), folder, ignore=shutil.ignore_patterns(".*", "src", "tests", "docs", "bench"))
        compare(folder, seconds, rounds)
        writes(folder)


if __name__ == "__main__":
    main(*(float(text) for text in sys.argv[1:2]), *(int(text) for text in sys.argv[2:3]))
