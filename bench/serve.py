"""The service beside others on the same data and queries over HTTP, in one run.

    python bench/serve.py [--rounds ROUNDS] [--without SERVER,...] [STATEMENTS ...]

Made-up bases (`generator.py`) are loaded into our service and into the servers of `peers.py`. Each
query of `serving/` and some of `questions/` goes to one server after the other, in an order drawn anew each time, with another
thing to ask about or another comment, so that no cache has it; then the same text again and again. What is compared is the
median of the ratios of times that were taken one after the other: the machine may be shared. Answers are compared too.
Each size rewrites its own part of `docs/bench-serve.md`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
from rdflib import XSD

from connection import Connection, Response
from generator import Generator, name
from peers import ON_DISK, OTHERS, OURS, RDFLIB, THEIRS, TWO, Data, Peer, missing, wherefrom
from serve_tables import (
    Draw,
    Times,
    told_of_export,
    told_of_loading,
    told_of_pages,
    told_of_queries,
    told_of_rates,
    told_of_repeats,
    told_of_runaway,
)
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.sparql_text import query_form
from wherefrom.vocabulary import PREFIXES

HERE = Path(__file__).parent
RESULT = HERE.parent / "docs" / "bench-serve.md"
SIZES = ("100000", "1000000", "10000000")
QUERIES = {
    "one thing": "serving/one_thing",
    "neighbourhood (CONSTRUCT)": "serving/neighbourhood",
    "claims of an intervention, studies, papers": "serving/claims_of_intervention",
    "cites+ to claims": "serving/citing_claims",
    "what falls": "serving/falls",
    "claims without support": "questions/unsupported",
    "independent studies per intervention x outcome": "questions/map",
    "most cited": "questions/most_cited",
    "text": "serving/text",
    "100,000 rows as JSON": "serving/rows",
    "double counting": "questions/double_counting",
    "ORDER BY LIMIT paging": "serving/paging",
}
ANY_ROWS = "100,000 rows as JSON"  # which rows is left to the server: only their number is compared
RDFLIB_UP_TO = 100_000  # statements: ten times as many take it minutes to read, and most of a minute for each round
TWO_UP_TO = 1_000_000  # statements: each web process has all of them in memory
ROUNDS = 15
PROMPT, PROMPT_DRAWS = 0.03, 10  # seconds: queries that take less are drawn so many times in a round
PATIENCE = 40.0  # seconds that one server may spend on one query; it sits out the further rounds (a quarter, for one asked again)
CLIENTS, SLICE, SLICES = 8, 3.0, 5  # look-ups: clients at once, seconds without a break, and how often each server has its turn
QUERY_SECONDS, RUNAWAY_SECONDS = 120.0, 10.0  # that our service gives a query here, and one that never ends
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
HEADING = """# Serving, beside others

Written by `make bench-serve`: do not edit. What it means stands in [figures.md](figures.md).
"""
CITED = 5_000  # papers that are asked about: the older ones, which are cited


class Asker:
    """Draws queries about a base: always another thing, or another comment."""

    def __init__(self, size: int) -> None:
        self.base, self.chance = Generator(size), random.Random(11)
        self.texts = {label: (HERE / f"{file}.rq").read_text("utf-8") for label, file in QUERIES.items()}

    def draw(self, label: str) -> str:
        return self._filled(self.texts[label])

    def look_up(self) -> str:
        return self.draw("one thing")

    def claim(self) -> int:
        return self.chance.randrange(4 * self.base.trials)

    def _filled(self, text: str) -> str:
        trials = self.base.trials
        things = {
            "CLAIM": name("claim", self.claim()),
            "STUDY": name("study", self.chance.randrange(trials)),
            "INTERVENTION": name("intervention", self.chance.randrange(self.base.interventions)),
            "PAPER": name("publication", self.chance.randrange(min(4 * trials, CITED))),
        }
        for place, thing in things.items():
            text = text.replace(f"<{place}>", f"<{thing}>")
        used = (f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items() if re.search(rf"\b{prefix}:", text))
        return f"{''.join(used)}{text}# {self.chance.random()}\n"


def accept(query: str) -> str:
    return GRAPHS["ntriples"].media_type if query_form(query) == "CONSTRUCT" else ROWS["json"].media_type


def asked(connection: Connection, query: str) -> Response:
    answer = connection.ask(query, accept(query))
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.content[:500].decode(errors='replace')}\n{query}")
    return answer


def digest(label: str, query: str, content: bytes) -> str:
    """Return what two answers have in common that are the same: their rows or triples, in any order."""
    if query_form(query) == "CONSTRUCT":
        lines = sorted({str(quad.triple) for quad in ox.parse(content, ox.RdfFormat.N_TRIPLES)})
    else:
        rows = json.loads(content)["results"]["bindings"]
        if label == ANY_ROWS:
            return f"{len(rows)} rows"
        lines = sorted(json.dumps({name: _plain(value) for name, value in row.items()}, sort_keys=True) for row in rows)
    return f"{len(lines)} rows, {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:12]}"


def _plain(value: dict[str, str]) -> list[str]:
    """Return a term without what servers write differently: `typed-literal`, and the type of plain texts."""
    datatype = value.get("datatype", str(XSD.string))
    kind = "uri" if value["type"] == "uri" else "literal"
    return [kind, value["value"], value.get("xml:lang", ""), str(XSD.integer) if datatype == str(XSD.int) else datatype]


def measure(servers: Sequence[Peer], asker: Asker, rounds: int) -> Times:
    """Ask all servers all queries, in turn."""
    times, connections = Times(), {server.name: Connection(server.endpoint) for server in servers}
    for turn in range(rounds):
        for label in QUERIES:
            prompt = turn > 0 and all(statistics.median(times.of(label, server.name) or [PROMPT]) < PROMPT for server in servers)
            for number in range(PROMPT_DRAWS if prompt else 1):
                in_turn(servers, connections, times, label, asker.draw(label), (turn, number))
        say(f"round {turn + 1} of {rounds}")
    return times


def in_turn(servers: Sequence[Peer], connections: dict[str, Connection], times: Times, label: str, query: str, draw: Draw) -> None:
    """Ask all servers one query, in an order of its own, but not those that have spent too long on its like."""
    for server in random.Random(query).sample(servers, len(servers)):
        if sum(times.of(label, server.name)) > PATIENCE:
            continue
        answer = connections[server.name].ask(query, accept(query))
        if answer.status != 200:
            times.fail(label, server.name, f"{answer.status}, {answer.content[:200].decode(errors='replace').splitlines()[0]}")
            continue
        times.add(label, server.name, draw, answer.whole)
        if draw[0] < 2 and not draw[1]:
            times.digests.setdefault((label, draw), {})[server.name] = digest(label, query, answer.content)


def repeated(servers: Sequence[Peer], asker: Asker) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of a query that was asked before, by query and server."""
    found: dict[str, dict[str, float]] = {}
    for label in QUERIES:
        query = asker.draw(label)
        taken: dict[str, list[float]] = {server.name: [] for server in servers}
        connections = {server.name: Connection(server.endpoint) for server in servers}
        for turn in range(6):
            for server in servers:
                if sum(taken[server.name]) < PATIENCE / 4:
                    seconds = asked(connections[server.name], query).whole
                    taken[server.name] += [seconds] if turn else []
        found[label] = {server: 1000 * statistics.median(times) for server, times in taken.items()}
    return found


def rate(server: Peer, ask: Callable[[Connection, random.Random], object], seconds: float = SLICE) -> float:
    """Return the answers per second that so many clients get."""
    counts, until = [0] * CLIENTS, time.monotonic() + seconds

    def client(number: int) -> None:
        connection, chance = Connection(server.endpoint), random.Random()
        while time.monotonic() < until:
            ask(connection, chance)
            counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def look_ups(servers: Sequence[Peer], asker: Asker) -> dict[str, list[float]]:
    """Return the rates of look-ups of one thing, by server, one turn after the other."""
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(SLICES):
        for server in servers:
            rates[server.name].append(rate(server, lambda connection, _: asked(connection, asker.look_up())))
    return rates


def pages(server: Peer, asker: Asker) -> dict[str, list[float]]:
    """Return the rates of pages of ours: never asked for before, and known to the client, in turns."""
    ways = {
        "Turtle": (".ttl", {}),
        "HTML": (".html", {}),
        "HTML, one page again and again (200)": (".html", {}),
        "the same, known to the client (304)": (".html", {"If-None-Match": "?"}),
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    root = Connection(server.root)
    one = f"/claim/claim-{asker.claim()}.html"
    tag = root.get(one, {}).headers["etag"]
    for _ in range(SLICES):
        for way, (suffix, headers) in ways.items():
            known = {"If-None-Match": tag} if headers else {}

            def ask(
                connection: Connection, chance: random.Random, way: str = way, suffix: str = suffix, known: dict[str, str] = known
            ) -> None:
                path = one if "again" in way or known else f"/claim/claim-{chance.randrange(4 * asker.base.trials)}{suffix}"
                status = connection.get(path, known).status
                assert status == (304 if known else 200), status

            rates[way].append(rate(server, ask))
    return rates


def export(server: Peer, asker: Asker) -> tuple[float, float, float, float]:
    """Return the median milliseconds to the first byte of 100,000 rows and to the last, and the memory before and at most, in MB."""
    connection = Connection(server.endpoint)
    answers = [asked(connection, asker.draw(ANY_ROWS)) for _ in range(7)]
    first, whole = (1000 * statistics.median(getattr(answer, part) for answer in answers) for part in ("first", "whole"))
    before, most = server.memory(), 0.0
    asking = threading.Thread(target=lambda: asked(Connection(server.endpoint), asker.draw(ANY_ROWS)))
    asking.start()
    while asking.is_alive():
        most = max(most, server.memory())
    return first, whole, before, most


def beside_a_runaway(server: Peer, asker: Asker) -> tuple[list[float], list[float], float, int]:
    """Return the milliseconds of look-ups alone and beside a cross product, and the seconds and status of that."""
    connection = Connection(server.endpoint)

    def look(until: Callable[[], bool]) -> list[float]:
        found = []
        while not until():
            found.append(1000 * asked(connection, asker.look_up()).whole)
        return found

    end = time.monotonic() + 3
    alone = look(lambda: time.monotonic() > end)
    answers: list[Response] = []
    running = threading.Thread(target=lambda: answers.append(Connection(server.endpoint).ask(RUNAWAY, ROWS["json"].media_type)))
    running.start()
    beside = look(lambda: not running.is_alive())
    return alone, beside, answers[0].whole, answers[0].status


def loaded_in_memory(data: Data) -> tuple[float, float]:
    """Return the seconds and the megabytes that a process needs to have all statements in memory."""
    program = (
        "import sys, time, pathlib; from wherefrom.nquads import in_memory; start = time.perf_counter();"
        "store = in_memory(pathlib.Path(sys.argv[1])); print(time.perf_counter() - start);"
        "print(int(pathlib.Path('/proc/self/statm').read_text().split()[1]) * 4096 / 1e6)"
    )
    said = subprocess.run([sys.executable, "-c", program, str(data.nquads)], capture_output=True, text=True, check=True).stdout
    took, memory = map(float, said.split())
    return took, memory


def started(stack: ExitStack, data: Data, without: Sequence[str]) -> list[Peer]:
    """Return our service, first, also with queries on disk, and the other servers, each with the data loaded."""
    servers = [stack.enter_context(ours(data)), stack.enter_context(ours(data, name=ON_DISK))]
    for label, server in OTHERS.items():
        if label not in without and not (label == RDFLIB and data.size > RDFLIB_UP_TO):
            folder = data.folder / label.replace(" ", "-")
            folder.mkdir()
            servers.append(stack.enter_context(server(data, folder)))
            say(f"{label}: loaded in {servers[-1].loading:.0f} s")
    return servers


def ours(data: Data, seconds: float = QUERY_SECONDS, name: str = OURS) -> AbstractContextManager[Peer]:
    return wherefrom(data, data.folder / "own", name, query_seconds=seconds)


def one_size(size: int, rounds: int, without: Sequence[str]) -> str:
    """Return what is told of one base."""
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        data, load = Data(size, Path(scratch)), os.getloadavg()[0]
        data.write()
        say(f"{data.statements:,} statements written")
        servers = started(stack, data, without)
        parts = []
        for part in measured(servers, data, Asker(size), rounds):
            say(part)
            parts.append(part)
    when = f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} processors, load average {load:.1f} before"
    return f"## {size:,} statements\n\n{data.statements:,} statements; {when}.\n\n" + "\n".join(parts)


def measured(servers: Sequence[Peer], data: Data, asker: Asker, rounds: int) -> Iterator[str]:
    """Yield a table of each kind of figures, as soon as it is there. The first server is ours."""
    mine = servers[0]
    fast = [server for server in servers if server.name in (OURS, ON_DISK, THEIRS)]
    at_first = {server.name: server.memory() for server in servers}
    times = measure(servers, asker, rounds)
    yield told_of_loading(servers, at_first, loaded_in_memory(data))
    yield told_of_queries(servers, times, mine.name)
    yield told_of_repeats(repeated(fast, asker), times, mine.name)
    with ExitStack() as stack:
        several = [stack.enter_context(ours(data, name=TWO))] if data.size <= TWO_UP_TO else []
        yield told_of_rates(look_ups([*several, *(server for server in servers if server.name != RDFLIB)], asker))
    yield told_of_pages(pages(mine, asker))
    yield told_of_export({server.name: export(server, asker) for server in fast})
    with ours(data, RUNAWAY_SECONDS) as limited:
        yield told_of_runaway(*beside_a_runaway(limited, asker), RUNAWAY_SECONDS)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def together(page: str, size: int, text: str) -> str:
    """Return the page of results with what is told of one size in its place."""
    _, *parts = re.split(r"^(?=## )", page, flags=re.MULTILINE) if page else [""]
    by_size = {int(re.sub(r"\D", "", part.split("\n")[0])): part for part in parts} | {size: text}
    return "\n".join([HEADING, *(by_size[found].rstrip() + "\n" for found in sorted(by_size))])


def main() -> None:
    """Measure each size in a process of its own, so that no size finds what another left."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sizes", nargs="*", default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--without", default="", help="names of servers that are left out, with commas between")
    options = parser.parse_args()
    without = [name.strip() for name in options.without.split(",") if name.strip()]
    for absent in set(missing()) - set(without):
        parser.error(f"{absent} is not installed; leave it out with --without '{absent}'")
    if len(options.sizes) > 1:
        for size in options.sizes:
            subprocess.run([sys.executable, __file__, size, "--rounds", str(options.rounds), "--without", options.without], check=True)
        return
    size = int(options.sizes[0])
    told = one_size(size, options.rounds, without)
    RESULT.write_text(together(RESULT.read_text("utf-8") if RESULT.exists() else "", size, told), "utf-8")


if __name__ == "__main__":
    main()
