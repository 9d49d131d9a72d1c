"""Queries in memory: the same answers as from disk, wherever they are about, and what becomes of it when memory is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from pools import until, with_pool
from wherefrom.build import Build, current
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.nquads import in_memory
from wherefrom.problems import BadSettings
from wherefrom.query import questions
from wherefrom.settings import Settings, read_settings
from wherefrom.sparql_text import query_form
from wherefrom.web.memory import STATEMENT, available, held_in_memory
from wherefrom.web.pool import Pool, Request

SCAN = "SELECT (COUNT(*) AS ?n) { { SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 300000 } FILTER(STRLEN(STR(?c)) > 0) }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
GRAPH = "https://example.org/id/edition/reading-together-2026"


@pytest.fixture(scope="module")
def built(awkward: Path) -> Build:
    found = current(awkward / "store")
    assert found is not None
    return found


def asked(query: str, **named: tuple[str, ...]) -> Request:
    form = ROWS["tsv"] if query_form(query) == "SELECT" else ROWS["json"] if query_form(query).startswith("ASK") else GRAPHS["ntriples"]
    return Request(query, form.media_type, **named)


async def lines(pool: Pool, request: Request) -> list[bytes]:
    """Return the lines of an answer in an order of their own: neither store has promised one."""
    answer = await pool.answer(request)
    return sorted(b"".join([chunk async for chunk in answer.chunks()]).splitlines())


REQUESTS = [
    *(asked(question.text) for question in questions().values()),
    asked(COUNT),
    asked("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"),
    asked(f"ASKFROM<{GRAPH}>{{ ?s ?p ?o }}"),  # which the engine takes
    asked(f"SELECT (COUNT(*) AS ?n) FROM <{GRAPH}> {{ ?s ?p ?o }}"),
    asked(f"SELECT (COUNT(*) AS ?n) FROM NAMED <{GRAPH}> {{ graph ?g {{ ?s ?p ?o }} }}"),
    asked(COUNT, default_graphs=(GRAPH,)),
    asked("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", named_graphs=(GRAPH,)),
    asked("CONSTRUCT WHERE { ?s ?p ?o }"),
    asked("DESCRIBE <https://example.org/id/claim/reading-together-words>"),
    asked("ASK { GRAPH ?g { ?s ?p ?o } }"),
    asked("SELECT * { ?s <https://example.org/graph/from> ?o }"),
]


def test_answers_are_those_from_disk(built: Build) -> None:
    async def all_lines(pool: Pool) -> list[list[bytes]]:
        await until(lambda: pool.is_in_memory == (pool.in_memory is not None))
        return [await lines(pool, request) for request in REQUESTS]

    on_disk = with_pool(built.store, all_lines, nquads=None)
    assert with_pool(built.store, all_lines, nquads=built.nquads) == on_disk
    assert all(on_disk[:-1])
    everything, of_one_graph = (on_disk[REQUESTS.index(asked(COUNT, default_graphs=graphs))] for graphs in ((), (GRAPH,)))
    assert everything != of_one_graph


def test_memory_holds_the_union_alone(built: Build) -> None:
    union = in_memory(built.nquads)
    assert not list(union.named_graphs())
    on_disk = ox.Store.read_only(str(built.store))
    assert set(union) == set(on_disk.quads_for_pattern(None, None, None, ox.DefaultGraph()))


def test_a_statement_without_a_graph_is_not_lost_in_silence(tmp_path: Path) -> None:
    for value in (b"<urn:o>", b'"a <b> c"', b'"a"@en', b'"1"^^<urn:d>'):
        (tmp_path / "data.nq").write_bytes(b"<urn:s> <urn:p> " + value + b" .\n")
        with pytest.raises(SyntaxError):
            in_memory(tmp_path / "data.nq")


def test_queries_are_answered_from_disk_until_memory_is_full_and_when_it_is_lost(built: Build) -> None:
    async def work(pool: Pool) -> None:
        assert not pool.is_in_memory
        assert await lines(pool, asked(COUNT))
        await until(lambda: pool.is_in_memory)
        first = await lines(pool, asked(COUNT))
        assert pool.in_memory is not None
        assert pool.in_memory.process is not None
        os.kill(pool.in_memory.process.pid, signal.SIGKILL)
        await until(lambda: not pool.is_in_memory)
        await asyncio.sleep(0.1)  # to be told of the workers that ended with it
        assert await lines(pool, asked(COUNT)) == first
        await until(lambda: pool.is_in_memory)
        assert await lines(pool, asked(COUNT)) == first

    with_pool(built.store, work, nquads=built.nquads)


@pytest.mark.parametrize("content", [None, b"<urn:s> <urn:p> .\n"])
def test_what_cannot_be_loaded_is_answered_from_disk(
    built: Build, tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "data.nq").write_bytes(content)

    async def work(pool: Pool) -> None:
        await until(lambda: not pool._tasks)
        assert not pool.is_in_memory
        assert await lines(pool, asked(COUNT))

    with_pool(built.store, work, nquads=tmp_path / "data.nq")
    told = capfd.readouterr().err
    assert "could not be loaded into memory; queries are evaluated on disk" in told
    assert str(tmp_path) not in told


@pytest.mark.parametrize("memory", [True, False])
def test_a_worker_survives_a_long_query_and_no_longer_yields(built: Build, *, memory: bool) -> None:
    async def work(pool: Pool) -> None:
        await until(lambda: pool.is_in_memory == memory)
        await until(lambda: len(pool.idle) == pool.fast.places)
        before = {worker.pid for worker in pool.idle}
        assert (await pool.answer(asked(SCAN))).lane == "slow"
        await until(lambda: len(pool.idle) == pool.fast.places and not pool._tasks - loading)
        worker = pool.idle[-1]
        assert worker.pid in before
        assert os.getpriority(os.PRIO_PROCESS, worker.thread) == os.getpriority(os.PRIO_PROCESS, 0)
        answer = await pool.answer(asked(COUNT))
        assert answer.lane == "fast"
        assert pool.idle[-1] is worker

    loading: set[Any] = set()

    async def noting(pool: Pool) -> None:
        loading.update(pool._tasks)  # the one that waits for its memory to be lost
        await work(pool)

    with_pool(built.store, noting, nquads=built.nquads if memory else None, query_fast_seconds=0.05, query_fast_workers=3)


def test_a_worker_whose_memory_ran_out_is_not_used_again(built: Build) -> None:
    hungry = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?a ?c ?d ?f ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"

    async def work(pool: Pool) -> None:
        await until(lambda: pool.is_in_memory)
        await until(lambda: len(pool.idle) == pool.fast.places)
        worker = pool.idle[-1]
        with pytest.raises(Exception, match="memory"):
            await pool.answer(asked(hungry))
        assert worker not in pool.idle
        assert await lines(pool, asked(COUNT))

    with_pool(built.store, work, nquads=built.nquads, query_megabytes=40, query_seconds=60.0)


### Where there is room


@dataclass(frozen=True)
class OfSize:
    """A version of the data of so many statements."""

    statements: int
    nquads: Path | None = Path("data.nq")

    @property
    def graphs(self) -> dict[str, int]:
        return {"a": self.statements - 1, "b": 1}


def test_memory_is_used_where_there_is_room_or_as_the_settings_say() -> None:
    settings = Settings(query_fast_workers=5, query_workers=2)
    room = available() // (2 * 8 * STATEMENT)  # half of it, for eight copies
    fits, too_many = OfSize(room - 1), OfSize(room + 1)
    assert held_in_memory(fits, settings) == Path("data.nq")  # type: ignore[arg-type]
    assert held_in_memory(too_many, settings) is None  # type: ignore[arg-type]
    assert held_in_memory(fits, settings, processes=2) is None  # type: ignore[arg-type]
    assert held_in_memory(too_many, replace(settings, queries_in="memory")) == Path("data.nq")  # type: ignore[arg-type]
    assert held_in_memory(fits, replace(settings, queries_in="disk")) is None  # type: ignore[arg-type]
    assert held_in_memory(OfSize(1, None), replace(settings, queries_in="memory")) is None  # type: ignore[arg-type]


def test_a_limit_of_the_control_group_or_one_around_it_counts(tmp_path: Path) -> None:
    own = tmp_path / "groups" / "system.slice" / "wherefrom.service"
    own.mkdir(parents=True)
    (tmp_path / "memory.max").write_text("1\n")  # of none of them
    without = available(tmp_path / "groups", "/system.slice/wherefrom.service")
    assert without > 1
    (own / "memory.max").write_text("max\n")
    assert available(tmp_path / "groups", "/system.slice/wherefrom.service") == without
    (own.parent / "memory.max").write_text("2000000\n")
    assert available(tmp_path / "groups", "/system.slice/wherefrom.service") == 2_000_000
    (own / "memory.max").write_text("1000000\n")
    assert available(tmp_path / "groups", "/system.slice/wherefrom.service") == 1_000_000
    assert available(tmp_path / "groups", "/") == without


def test_another_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wherefrom.toml").write_text('title = "x"\nqueries_in = "ram"\n', "utf-8")
    with pytest.raises(BadSettings, match=r"wherefrom\.toml:2: queries_in is one of auto, memory, disk, not 'ram'"):
        read_settings(tmp_path)
