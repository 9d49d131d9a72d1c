"""What holds a query back: time, memory, rows, bytes, places; and what is given back when it is stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools import until, with_pool
from processes import alive, descendants, state
from wherefrom.build import current
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.problems import AnswerTooLarge, BadSettings, Problem, QueryLost, QueryTimeout, QueryTooLarge, TooManyQueries
from wherefrom.settings import LIMITS, Settings, read_settings
from wherefrom.sparql_text import is_volatile
from wherefrom.web.admission import check, measure
from wherefrom.web.cache import SHARE, Cache
from wherefrom.web.pool import HELD, Answer, Pool, Request
from wherefrom.web.worker import Rows

CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
RUNAWAYS = {
    "cross product": CROSS,
    "deep path": "SELECT (COUNT(*) AS ?n) { ?a (!<x:1>|^!<x:2>)* ?b . ?b (!<x:1>|^!<x:2>)* ?c }",
    "huge ORDER BY": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f LIMIT 10",
    "huge GROUP_CONCAT": "SELECT (GROUP_CONCAT(CONCAT(STR(?c), STR(?f))) AS ?x) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "regular expression": (
        'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(REGEX(CONCAT(STR(?c), STR(?f)), "(.*a.*b.*|(.+)+c)+z$", "i")) }'
    ),
    "planner": "SELECT * { ?s ?p (" + "1 " * 450 + ") }",
}
LOOK_UP = "SELECT * { <https://example.org/id/claim/reading-together-words> ?p ?o }"
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 100000"


def a_while(parts: int) -> str:
    """A query that takes about a tenth of a second for each hundred thousand rows it goes through, and ends."""
    rows = f"SELECT * {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} LIMIT {parts * 100_000}"
    return f"SELECT (COUNT(*) AS ?n) {{ {{ {rows} }} FILTER(STRLEN(STR(?c)) > 0) }}"


@pytest.fixture(scope="module")
def folder(awkward: Path) -> Path:
    """The folder of a small store."""
    found = current(awkward / "store")
    assert found is not None
    return found.store


async def whole(answer: Answer) -> bytes:
    return b"".join([chunk async for chunk in answer.chunks()])


def rows_of(content: bytes) -> int:
    return len(json.loads(content)["results"]["bindings"])


### Rows and bytes


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
            | st.sampled_from([',{"', "},{", '"', "\r\n", "<result>", "\\"]),
            st.booleans(),
        )
    ),
    st.integers(1, 20),
    st.sampled_from(sorted(ROWS)),
)
def test_rows_are_counted_wherever_the_blocks_end(values: list[tuple[str, bool]], size: int, form: str) -> None:
    """The oracle is the list that was written."""
    written = " ".join(f"({ox.Literal(text)} {ox.Literal(text) if both else 'UNDEF'})" for text, both in values)
    solutions = ox.Store().query(f"SELECT * {{ VALUES (?a ?b) {{ {written} }} }}")
    assert isinstance(solutions, ox.QuerySolutions)
    content = solutions.serialize(format=ROWS[form].engine) or b""
    counter = Rows(form)
    for start in range(0, len(content), size):
        counter.add(content[start : start + size])
    assert counter.count == (max(len(values), 1) if form == "json" else len(values))


@pytest.mark.parametrize("form", [*ROWS, *GRAPHS])
def test_an_answer_has_no_more_rows_than_the_limit(folder: Path, form: str) -> None:
    what = "SELECT *" if form in ROWS else "CONSTRUCT { ?s ?p ?o }"
    accept = {**ROWS, **GRAPHS}[form].media_type

    async def work(pool: Pool) -> None:
        assert await whole(await pool.answer(Request(f"{what} {{ ?s ?p ?o }} LIMIT 20", accept)))
        with pytest.raises(AnswerTooLarge, match=r"limits\.query_rows") as refused:
            await pool.answer(Request(f"{what} {{ ?s ?p ?o }} LIMIT 21", accept))
        assert refused.value.status == 413
        assert await whole(await pool.answer(Request("ASK {}")))

    with_pool(folder, work, query_rows=20)


def test_an_answer_has_no_more_bytes_than_the_limit(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        with pytest.raises(AnswerTooLarge, match=r"limits\.response_bytes") as refused:
            await pool.answer(Request("SELECT * { ?s ?p ?o } LIMIT 100", "text/csv"))
        assert refused.value.status == 413
        assert (await pool.answer(Request("SELECT ?o { ?s ?p ?o } LIMIT 1", "text/csv"))).whole

    with_pool(folder, work, response_bytes=1_000)


def test_a_large_answer_is_cut_where_its_rows_are_too_many(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        answer = await pool.answer(Request(LARGE, "text/csv"))
        assert answer.whole is None
        with pytest.raises(AnswerTooLarge):
            await whole(answer)
        assert pool.slow.busy == 0

    with_pool(folder, work, query_rows=50_000)


### Time


@pytest.mark.parametrize("kind", RUNAWAYS)
def test_a_runaway_query_is_stopped_and_its_process_ends(folder: Path, kind: str) -> None:
    async def work(pool: Pool) -> None:
        task = asyncio.create_task(pool.answer(Request(RUNAWAYS[kind], "*/*")))
        await until(lambda: bool(pool.runs) and next(iter(pool.runs)).worker is not None)
        worker = next(iter(pool.runs)).worker
        assert worker is not None
        start = time.monotonic()
        with pytest.raises((QueryTimeout, QueryLost), match=r"limits\.query_seconds|memory") as stopped:
            await task
        assert time.monotonic() - start < 2
        assert stopped.value.status == 503
        assert stopped.value.headers["Retry-After"]
        await until(lambda: not alive(worker.pid))
        assert (await pool.answer(Request(LOOK_UP))).lane == "fast"
        assert (pool.slow.busy, pool.fast.busy) == (0, 0)
        await until(lambda: len(pool.idle) == pool.fast.places)

    with_pool(folder, work, query_seconds=0.8, query_fast_seconds=0.1)


def test_an_answer_that_is_not_read_keeps_no_place(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        answer = await pool.answer(Request("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "text/csv"))
        assert pool.slow.busy == 1
        await until(lambda: pool.slow.busy == 0)
        with pytest.raises(QueryTimeout, match=r"limits\.response_seconds"):
            await whole(answer)

    with_pool(folder, work, response_seconds=0.5)


### Lanes


def test_a_long_query_moves_on_with_its_worker_and_is_answered(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        task = asyncio.create_task(pool.answer(Request(a_while(10), ROWS["json"].media_type)))
        await until(lambda: pool.fast.busy == 1)
        run = next(iter(pool.runs))
        await until(lambda: run.worker is not None)
        worker = run.worker
        await until(lambda: pool.slow.busy == 1)
        assert run.worker is worker
        assert (await pool.answer(Request(LOOK_UP))).lane == "fast"
        answer = await task
        assert answer.lane == "slow"
        assert json.loads(await whole(answer))["results"]["bindings"][0]["n"]["value"] == "1000000"

    with_pool(folder, work, query_fast_seconds=0.05, query_fast_workers=4, query_seconds=30.0)


def test_a_query_that_waits_stands_still_and_is_then_answered(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        first = asyncio.create_task(pool.answer(Request(CROSS)))
        await until(lambda: pool.slow.busy == 1)
        second = asyncio.create_task(pool.answer(Request(a_while(5), ROWS["json"].media_type)))
        await until(lambda: pool.slow.waiting == 1)
        (waiting,) = (run for run in pool.runs if run.lane is None)
        assert waiting.worker is not None
        pid = waiting.worker.pid
        await until(lambda: state(pid) == "T")
        with pytest.raises(TooManyQueries, match=r"limits\.query_workers.*limits\.query_waiting") as full:
            await pool.answer(Request(CROSS + "# third"))
        assert full.value.status == 503
        assert int(full.value.headers["Retry-After"]) > 0
        first.cancel()
        await until(lambda: pool.slow.waiting == 0)
        assert rows_of(await whole(await second)) == 1

    with_pool(folder, work, query_fast_seconds=0.05, query_workers=1, query_waiting=1, query_seconds=30.0)


def test_who_waits_in_vain_is_told_so(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        found = await asyncio.gather(*(pool.answer(Request(f"{CROSS} # {n}")) for n in range(4)), return_exceptions=True)
        assert {type(one) for one in found} <= {QueryTimeout, TooManyQueries}
        assert any(isinstance(one, TooManyQueries) and "No place got free" in one.detail for one in found)

    with_pool(folder, work, query_fast_seconds=0.02, query_workers=1, query_waiting=8, query_seconds=0.6)


def test_a_look_up_on_a_busy_machine_is_no_long_query(folder: Path) -> None:
    """The worker gets no processor for longer than the fast lane gives."""

    async def work(pool: Pool) -> None:
        task = asyncio.create_task(pool.answer(Request(LOOK_UP)))
        await asyncio.sleep(0)
        await until(lambda: bool(pool.runs) and next(iter(pool.runs)).worker is not None)
        worker = next(iter(pool.runs)).worker
        assert worker is not None
        os.kill(worker.pid, signal.SIGSTOP)
        await asyncio.sleep(0.3)
        assert pool.slow.busy == 0
        os.kill(worker.pid, signal.SIGCONT)
        assert (await task).lane == "fast"

    with_pool(folder, work, query_fast_seconds=0.1)


def test_twelve_runaways_leave_room_for_look_ups(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        over = False

        async def again(number: int) -> None:
            count = 0
            while not over:
                count += 1
                query = list(RUNAWAYS.values())[number % 5]
                with pytest.raises(Problem):
                    await pool.answer(Request(f"{query} # {number} {count}"))

        tasks = [asyncio.create_task(again(number)) for number in range(12)]
        await until(lambda: pool.slow.busy == 2)
        for number in range(100):
            assert (await pool.answer(Request(f"{LOOK_UP} # {number}"))).lane == "fast"
        over = True
        await asyncio.gather(*tasks)
        await until(lambda: len(pool.idle) == pool.fast.places)

    with_pool(folder, work, query_seconds=1.0)


def test_who_leaves_takes_the_query_along(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        tasks = [asyncio.create_task(pool.answer(Request(f"{CROSS} # {n}"))) for n in range(5)]
        await until(lambda: pool.slow.busy == 2 and pool.slow.waiting > 0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (pool.fast.busy, pool.slow.busy, pool.slow.waiting, len(pool.runs)) == (0, 0, 0, 0)
        await until(lambda: len(pool.idle) == pool.fast.places)

    with_pool(folder, work, query_fast_seconds=0.02)


### Processes


def test_lost_processes_are_replaced(folder: Path) -> None:
    others = set(descendants(os.getpid()))  # servers of other tests stay

    async def work(pool: Pool) -> None:
        lost = [pid for pid in descendants(os.getpid()) if pid not in others]
        assert lost
        for pid in lost:
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not any(alive(pid) for pid in lost))
        await until(lambda: pool.nursery.process is not None and pool.nursery.process.returncode is not None)
        await asyncio.sleep(0.1)  # to be told of all
        for number in range(pool.fast.places + 2):
            assert (await pool.answer(Request(f"{LOOK_UP} # {number}"))).whole

    with_pool(folder, work, query_fast_workers=3)


def test_a_query_that_eats_memory_ends_alone(folder: Path) -> None:
    hungry = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?a ?c ?d ?f ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"

    async def work(pool: Pool) -> None:
        with pytest.raises(QueryLost, match="memory"):
            await pool.answer(Request(hungry))
        assert (await pool.answer(Request(LOOK_UP))).whole

    with_pool(folder, work, query_megabytes=40, query_seconds=60.0)


### What is refused before


@pytest.mark.parametrize(
    ("query", "patterns"),
    [
        ("?s ?p ?o", 1),
        ("?s ?p ?o . ?o ?q 1.5 ; ex:a.b 'a.b;c' , <x:.;,>", 4),
        ("FILTER(?x IN (1, 2, 3, 4))", 1),
        ("BIND(COALESCE(?a, ?b) AS ?c) ?s ?p [ ?q ?r ; ?t [] ]", 4),
        ("{ ?s ?p ?o } UNION { ?s ?p ?o }", 3),
    ],
)
def test_patterns_are_counted(query: str, patterns: int) -> None:
    from wherefrom.sparql_text import skeleton

    assert measure(skeleton(f"SELECT * {{ {query} }}")) == (measure(skeleton(f"{{ {query} }}"))[0], patterns)


def test_too_many_patterns_are_refused_and_a_long_list_is_not() -> None:
    check("SELECT * { VALUES ?x { " + "<x:a> " * 5_000 + "} FILTER(?x IN (" + ", ".join(["<x:a>"] * 2_000) + ")) }", Settings())
    with pytest.raises(QueryTooLarge, match=r"limits\.query_patterns"):
        check("SELECT * { " + "?s ?p ?o . " * 501 + "}", Settings())


@given(st.text(max_size=200))
def test_any_text_can_be_measured(text: str) -> None:
    nesting, patterns = measure(text)
    assert 0 <= nesting <= len(text)
    assert 0 <= patterns <= len(text)


### The cache


@given(st.integers(1, 3), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 200_000))))
def test_a_cache_is_bounded_and_forgets_what_was_not_asked_for_longest(megabytes: int, steps: list[tuple[int, int]]) -> None:
    """The oracle is a list in the order of use."""
    cache: Cache[int] = Cache(megabytes)
    kept: OrderedDict[int, int] = OrderedDict()
    for number, (key, size) in enumerate(steps):
        found = cache.get(key)
        assert (found is not None) == (key in kept)
        if found is not None:
            kept.move_to_end(key)
            continue
        cache.put(key, number, size)
        if size <= megabytes * 1_000_000 // SHARE:
            kept[key] = size
            while sum(kept.values()) > megabytes * 1_000_000:
                kept.popitem(last=False)
        assert cache.size == sum(kept.values()) <= megabytes * 1_000_000
        assert len(cache) == len(kept)
    assert cache.hits + cache.misses == len(steps)


def test_a_query_is_answered_from_what_is_kept(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        asked = Request(LOOK_UP, "text/csv")
        first, second = await pool.answer(asked), await pool.answer(asked)
        assert (first.lane, second.lane) == ("fast", "cache")
        assert (first.whole, first.media_type) == (second.whole, second.media_type)
        others = [
            Request(LOOK_UP, "application/json"),
            Request(LOOK_UP, "text/csv", ("urn:x",)),
            Request(LOOK_UP, "text/csv", (), ("urn:x",)),
            Request(f"{LOOK_UP} ", "text/csv"),
        ]
        for other in others[1:]:
            assert (await pool.answer(other)).lane == "fast"
        large = Request("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 8000", "text/tab-separated-values")
        answer = await pool.answer(large)
        assert answer.whole is None
        content = await whole(answer)
        assert await whole(await pool.answer(large)) == content
        assert (await pool.answer(large)).lane == "cache"

    with_pool(folder, work)


def test_what_is_new_each_time_is_not_kept(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        for function in ("RAND()", "UUID()", "struuid()", "NOW ()", "BNODE()"):
            asked = Request(f"SELECT ({function} AS ?x) {{}}", "text/csv")
            assert is_volatile(asked.query)
            assert [(await pool.answer(asked)).lane for _ in range(2)] == ["fast", "fast"]
        one, other = [(await pool.answer(Request("SELECT (UUID() AS ?x) {}"))).whole for _ in range(2)]
        assert one != other
        assert not is_volatile("SELECT ?now { ?now <x:RAND()> 'UUID()' } # BNODE()")

    with_pool(folder, work)


def test_without_a_cache_nothing_is_kept(folder: Path) -> None:
    async def work(pool: Pool) -> None:
        assert [(await pool.answer(Request(LOOK_UP))).lane for _ in range(2)] == ["fast", "fast"]

    with_pool(folder, work, cache_megabytes=0)


def test_only_two_limits_may_be_zero(tmp_path: Path) -> None:
    def limit(name: str, value: str) -> Settings:
        (tmp_path / "wherefrom.toml").write_text(f"[limits]\n{name} = {value}\n")
        return read_settings(tmp_path)

    assert limit("cache_megabytes", "0").cache_megabytes == 0
    assert limit("query_waiting", "0").query_waiting == 0
    for name, value in (
        ("query_workers", "0"),
        ("query_rows", "0"),
        ("response_bytes", "-1"),
        ("query_fast_seconds", "0.0"),
        ("cache_megabytes", "-1"),
    ):
        with pytest.raises(BadSettings, match=name):
            limit(name, value)


### Over HTTP


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    client: httpx.Client
    log: Path

    def busy(self, lane: str) -> int:
        found = re.search(rf'^wherefrom_lane_busy{{lane="{lane}"}} (\d+)', self.client.get("/metrics").text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    def wait(self, lane: str, busy: int) -> None:
        end = time.monotonic() + 10
        while self.busy(lane) != busy:
            assert time.monotonic() < end
            time.sleep(0.02)


@contextmanager
def served(awkward: Path, folder: Path, **limits: Any) -> Iterator[Server]:
    shutil.copytree(awkward, folder, ignore=shutil.ignore_patterns("store"))
    settings = folder / "wherefrom.toml"
    text = settings.read_text("utf-8").partition("[limits]")[0]
    settings.write_text(text + "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in limits.items()), "utf-8")
    command = [sys.executable, "-m", "wherefrom", "--kb", str(folder), "serve", "--port", "0", "--store", str(awkward / "store")]
    log = folder / "log"
    with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split(" at ")[-1].strip()
        try:
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
                yield Server(process, client, log)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server(awkward: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(
        awkward, tmp_path_factory.mktemp("limits") / "base", query_seconds=3.0, response_seconds=3.0, query_fast_seconds=0.05
    ) as server:
        yield server


HUNGRY = "".join(f"BIND(CONCAT({', '.join([f'?x{n}'] * 10)}) AS ?x{n + 1}) " for n in range(9))  # ten thousand million letters
REFUSALS = {  # limit -> its value here, a query that needs more, the status
    "query_seconds": (3.0, CROSS, 503),
    "query_bytes": (3_000, f"ASK {{}} #{'x' * 3_000}", 413),
    "query_nesting": (20, f"SELECT * {{ {'{' * 20} ?s ?p ?o {'}' * 20} }}", 413),
    "query_operators": (100, f"SELECT (1{'+1' * 101} AS ?n) {{}}", 413),
    "query_patterns": (50, f"SELECT * {{ {'?s ?p ?o . ' * 51} }}", 413),
    "query_megabytes": (100, f'SELECT (STRLEN(?x9) AS ?n) {{ BIND("xxxxxxxxxx" AS ?x0) {HUNGRY}}}', 503),
    "query_rows": (1_000, "SELECT ?s { ?s ?p ?o . ?x ?y ?z } LIMIT 1001", 413),
    "response_bytes": (100_000, "SELECT * { ?s ?p ?o . ?x ?y ?z } LIMIT 1000", 413),
}
ELSEWHERE = {  # limit -> where it is tested that its error names it, or what happens instead
    "query_workers": "test_who_comes_when_all_is_taken_is_told_when_to_come_again",
    "query_waiting": "test_who_comes_when_all_is_taken_is_told_when_to_come_again",
    "query_fast_seconds": "a query goes over to the slow lane",
    "query_fast_workers": "a query waits for a place",
    "response_seconds": "test_an_answer_that_is_not_read_keeps_no_place",
    "cache_megabytes": "what was not asked for longest is forgotten",
    "write_seconds": "test_writing.py: test_a_runaway_update_is_stopped",
    "write_bytes": "test_writing.py: test_a_write_that_is_too_large_is_refused",
    "service_hosts": "test_outside.py: test_no_other_host_is_asked",
    "service_seconds": "test_outside.py: test_a_service_that_fails_is_told_and_silent_does_without",
    "service_bytes": "test_outside.py: test_a_service_that_fails_is_told_and_silent_does_without",
    "service_calls": "test_outside.py: test_who_asks_too_much_at_once_waits_and_is_turned_away",
    "lineage_nodes": "the lineage is cut, and says so",
}


@pytest.fixture(scope="module")
def narrow(awkward: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {name: value for name, (value, _, _) in REFUSALS.items()}
    with served(
        awkward, tmp_path_factory.mktemp("narrow") / "base", **limits, query_workers=1, query_waiting=0, query_fast_seconds=0.05
    ) as server:
        yield server


def asked(server: Server, query: str) -> httpx.Response:
    return server.client.post("/sparql", data={"query": query}, headers={"Accept": ROWS["json"].media_type})


@pytest.mark.parametrize("limit", REFUSALS)
def test_each_limit_is_named_in_its_error(narrow: Server, limit: str) -> None:
    _, query, status = REFUSALS[limit]
    answer = asked(narrow, query)
    assert answer.status_code == status, answer.text[:300]
    assert f"limits.{limit}" in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert (int(answer.headers.get("retry-after", 0)) > 0) == (status == 503)
    assert asked(narrow, LOOK_UP).status_code == 200


def test_no_limit_is_left_out() -> None:
    assert sorted([*REFUSALS, *ELSEWHERE]) == sorted(LIMITS)
    for test in ELSEWHERE.values():
        file, name = test.split(": ") if ": " in test else (Path(__file__).name, test)
        assert not name.startswith("test_") or f"def {name}(" in (Path(__file__).parent / file).read_text("utf-8")


def test_who_comes_when_all_is_taken_is_told_when_to_come_again(narrow: Server) -> None:
    with ThreadPoolExecutor(3) as threads:
        answers = [one.result() for one in [threads.submit(asked, narrow, CROSS) for _ in range(3)]]
    turned_away = [answer for answer in answers if answer.json()["type"] == "/problems/too-many-queries"]
    assert turned_away
    for answer in turned_away:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert {"limits.query_workers", "limits.query_waiting"} <= set(re.findall(r"limits\.\w+", answer.json()["detail"]))


def test_a_client_that_leaves_takes_its_query_along(server: Server) -> None:
    for method in ("GET", "POST"):
        address = server.client.base_url
        with socket.create_connection((address.host, address.port or 80)) as leaving:
            if method == "GET":
                leaving.sendall(
                    b"GET /sparql?query=%s HTTP/1.1\r\nHost: x\r\n\r\n" % re.sub(rb"[ ?{}]", lambda m: b"%%%02X" % m[0][0], CROSS.encode())
                )
            else:
                head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n"
                leaving.sendall(head % len(CROSS) + CROSS.encode())
            server.wait("slow", 1)
        start = time.monotonic()
        server.wait("slow", 0)
        assert time.monotonic() - start < 1.5
    assert "Traceback" not in server.log.read_text()


def test_a_client_that_does_not_read_keeps_no_place(server: Server) -> None:
    address = server.client.base_url
    with socket.create_connection((address.host, address.port or 80)) as idle:
        query = b"SELECT%20*%20%7B%20?a%20?b%20?c%20.%20?d%20?e%20?f%20.%20?g%20?h%20?i%20%7D"
        idle.sendall(b"GET /sparql?query=%s HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n" % query)
        server.wait("slow", 1)
        start = time.monotonic()
        server.wait("slow", 0)
        assert time.monotonic() - start < 4


def test_a_long_answer_comes_at_once_and_takes_no_memory(awkward: Path, tmp_path: Path) -> None:
    with served(awkward, tmp_path / "base", response_seconds=120.0) as server:

        def memory() -> int:
            found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
            assert found is not None
            return int(found[1]) // 1000

        query = "SELECT ?a { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 1000000"
        before, start = memory(), time.monotonic()
        with server.client.stream(
            "POST", "/sparql", data={"query": query}, headers={"Accept": "text/csv", "Accept-Encoding": "identity"}
        ) as answer:
            parts = answer.iter_raw()
            size = len(next(parts))
            first = time.monotonic() - start
            most = memory()
            for part in parts:
                size += len(part)
                most = max(most, memory())
        assert size > 10 * HELD
        assert first < 0.5 * (time.monotonic() - start)
        assert most < before + 16


def test_a_cut_answer_is_told_in_the_log_without_a_trace(server: Server) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        server.client.post("/sparql", data={"query": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}, headers={"Accept": "text/csv"})
    assert server.client.get("/health").json()["status"] == "ok"
    assert "Traceback" not in server.log.read_text()


def test_the_description_tells_the_limits(server: Server) -> None:
    described = server.client.get("/sparql", headers={"Accept": "text/turtle"}).text
    for told in ("3 seconds", "500 patterns", "2,000,000 rows", "500,000,000 bytes", "2 long queries", "8 may wait"):
        assert told in described


def refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_server_that_is_stopped_answers_what_it_has_begun_and_refuses_the_rest(awkward: Path, tmp_path: Path) -> None:
    with served(awkward, tmp_path / "base", query_seconds=30.0, query_fast_seconds=0.05) as server:
        below = descendants(server.process.pid)
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(server.client.post("/sparql", data={"query": a_while(20)}, headers={"Accept": "text/csv"}))
        )
        with httpx.Client(base_url=server.client.base_url, trust_env=False) as other:
            asking.start()
            looking = Server(server.process, other, server.log)
            looking.wait("slow", 1)
        server.process.terminate()
        address = (server.client.base_url.host, server.client.base_url.port or 0)
        asyncio.run(until(lambda: refused(address), 5))
        assert answers == [], "the refusal came before the answer"
        asking.join(timeout=40)
        assert [(answer.status_code, answer.text.split()) for answer in answers] == [(200, ["n", "2000000"])]
        assert server.process.wait(10) in (0, -signal.SIGTERM)
        asyncio.run(until(lambda: not any(alive(pid) for pid in below)))
        assert "Traceback" not in server.log.read_text()
