"""Public queries: which may run, where and how long, and what becomes of a query that does not end.

Every query starts in the fast lane. What is answered there, whole and soon, is most of what is asked. What is not moves
on to the slow lane with the worker it runs in, so that nothing runs twice and its place is free for the next; there it
may wait, stopped, for one of few places, and yields the processor to all others.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Hashable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from wherefrom import problems
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.problems import BadQuery, NotAcceptable, Problem, QueryLost, QueryTimeout, StoreUnusable, TooManyQueries
from wherefrom.settings import Settings
from wherefrom.sparql_text import is_volatile
from wherefrom.web.admission import check
from wherefrom.web.cache import Cache
from wherefrom.web.negotiation import choose
from wherefrom.web.nursery import Nursery, Worker
from wherefrom.web.outside import Outside
from wherefrom.web.worker import CHUNK, DATA, END, HEADER, Work

HELD = 16 * CHUNK  # bytes of an answer that are held back while it may still turn out whole, or fail: its status must be honest
HELD_SECONDS = 0.05  # ... and how long in the slow lane, from the first byte on
QUEUE = 1_000  # queries that may wait for the fast lane, where places get free all the time
STEP = 0.02  # seconds between two looks at a query in the fast lane
PROMPT_SECONDS = 0.02  # of a processor, after which a query yields to all others; a look-up takes a tenth
LENIENCE = 10  # times as long by the clock, for queries that got no processor
CROWDED_SECONDS = 0.05  # of a processor, which is all that a query has in the fast lane while it is crowded
SPARE = 2  # places that are kept free for those who come next, where it can be helped


@dataclass(frozen=True)
class Request:
    """A query with the media types that its sender takes and the dataset that the protocol names, if any."""

    query: str
    accept: str | None = None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    @property
    def key(self) -> Hashable:
        """What two requests have in common that have the same answer."""
        return (self.query, self.default_graphs, self.named_graphs, *_wanted(self.accept))

    @property
    def message(self) -> dict[str, object]:
        """The request as a worker reads it."""
        return {"query": self.query, "accept": self.accept, "defaultGraphs": self.default_graphs, "namedGraphs": self.named_graphs}


@lru_cache
def _wanted(accept: str | None) -> list[str]:
    """Return the media type of rows and that of graphs that a header prefers, empty where it takes none."""
    wanted = []
    for formats in (ROWS, GRAPHS):
        try:
            wanted.append(choose(accept, [form.media_type for form in formats.values()]))
        except NotAcceptable:
            wanted.append("")
    return wanted


class Lane:
    """So many places; so many may wait for one, and so long."""

    def __init__(self, places: int, waiting: int, seconds: float, full: str) -> None:
        self.places, self.most, self.seconds, self.full = places, waiting, seconds, full
        self.free = asyncio.Semaphore(places)
        self.busy = self.waiting = 0

    @property
    def crowded(self) -> bool:
        """Whether those who come next may find no place."""
        return self.busy + self.waiting > self.places - SPARE

    async def enter(self) -> None:
        """Take a place; raises `TooManyQueries`."""
        if not self.free.locked():
            await self.free.acquire()
            self.busy += 1
            return
        if self.waiting >= self.most:
            raise TooManyQueries(self.full)
        self.waiting += 1
        try:
            async with asyncio.timeout(self.seconds):
                await self.free.acquire()
        except TimeoutError:
            raise TooManyQueries(f"No place got free within {self.seconds:g} seconds. {self.full}") from None
        finally:
            self.waiting -= 1
        self.busy += 1

    def leave(self) -> None:
        """Give the place back."""
        self.busy -= 1
        self.free.release()


class Run:
    """One query on its way: the place it has in a lane, its worker, its time, and what has come of the answer."""

    def __init__(self, pool: Pool, request: Request, key: Hashable) -> None:
        self.pool, self.request, self.key = pool, request, key
        self.lane: Lane | None = None
        self.worker: Worker | None = None
        self.media_type = ""
        self.held: list[bytes] = []  # what came and was not given away
        self.kept: list[bytes] = []  # what will be put into the cache
        self.size = 0  # bytes that came
        self.whole = self.expired = False
        self.name = "fast"
        self._left = pool.settings.query_seconds
        self._time = f"{self._left:g} seconds (limits.query_seconds)"
        self._clock: asyncio.TimerHandle | None = None
        self._since = self._first = 0.0  # when the clock was started, and when the first byte came

    async def begin(self) -> None:
        """Run until the answer is whole, or its beginning may be given away; raises the `Problem` that befell the query."""
        await self._enter(self.pool.fast)
        self.worker = await self.pool.take()
        self._start_clock()
        self.worker.send(self.request.message)
        await self._be_prompt()
        if not self.whole:
            await self._move_on()
            with suppress(TimeoutError):
                while self.undecided:
                    async with asyncio.timeout_at(self._first + HELD_SECONDS if self.size else None):
                        await self._read()
        if not self.whole:
            self._begin_to_send()

    @property
    def undecided(self) -> bool:
        """Whether the answer may still turn out whole, or fail, before anything of it is given away."""
        return not self.whole and self.size <= HELD

    async def _be_prompt(self) -> None:
        """Read until the answer is whole or large, or the time in the fast lane is over.

        That is time of a processor, by the clock `LENIENCE` times as much: on a busy machine a look-up must not be taken
        for a long query.
        """
        worker = self._running()
        before = worker.processor()
        while self.undecided:
            with suppress(TimeoutError):
                async with asyncio.timeout(STEP):
                    while self.undecided:
                        await self._read()
                return
            used = max(worker.processor() - before, (_now() - self._since) / LENIENCE)
            if used > PROMPT_SECONDS:
                worker.yield_to_others()
            if used > self.pool.stay():
                return

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the answer as it comes; raises the `Problem` that befell the query."""
        try:
            while True:
                while self.held:
                    yield self.held.pop(0)
                if self.whole:
                    return
                await self._read()
        finally:
            self.close()

    def close(self) -> None:
        """Give back what the query has; a worker that is still busy with it is killed. May be called again."""
        self._stop_clock()
        self.pool.runs.discard(self)
        worker, self.worker = self.worker, None
        lane, self.lane = self.lane, None
        if lane is not None:
            lane.leave()
        if worker is not None:
            worker.kill()
            self.pool.fill()

    async def _enter(self, lane: Lane) -> None:
        await lane.enter()
        self.lane = lane

    async def _move_on(self) -> None:
        """Go over to the slow lane; while there is no place, the worker stands still, and so does the clock of the query."""
        self._running().pause()
        self._stop_clock()
        self.pool.fast.leave()
        self.lane, self.name = None, "slow"
        self.pool.fill()
        await self._enter(self.pool.slow)
        self._running().yield_to_others()
        self._running().go_on()
        self._start_clock()

    def _running(self) -> Worker:
        """Return the worker; raises `QueryTimeout` or `QueryLost` where it was taken away."""
        if self.worker is not None:
            return self.worker
        if self.expired:
            raise QueryTimeout(f"The query was stopped after {self._time}.")
        raise QueryLost("The query was given up, since the service stops.")

    async def _read(self) -> None:
        """Take one frame."""
        try:
            kind, content = await self._running().frame()
        except QueryLost:
            self.close()
            if self.expired:
                self._running()
            raise
        if kind == HEADER:
            self.media_type = content.decode()
        elif kind == DATA:
            self._take(content)
        else:
            problem = None if kind == END else _problem(json.loads(content))
            self._end(problem)
            if problem is not None:
                raise problem

    def _take(self, content: bytes) -> None:
        self._first = self._first or _now()
        self.size += len(content)
        self.held.append(content)
        if self.size <= self.pool.cache.largest:
            self.kept.append(content)
        else:
            self.kept.clear()

    def _end(self, problem: Problem | None) -> None:
        """Give the worker back, ready for the next query; where memory ran out it ends."""
        self.whole = problem is None
        if self.whole and self.key is not None:
            self.pool.cache.put(self.key, (self.media_type, b"".join(self.kept)), self.size + len(self.request.query))
        if self.worker is not None and not isinstance(problem, QueryLost):
            worker, self.worker = self.worker, None
            self.pool.give_back(worker)
        self.close()

    def _start_clock(self) -> None:
        self._since = _now()
        self._clock = asyncio.get_running_loop().call_later(self._left, self._expire)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._left -= _now() - self._since
            self._clock = None

    def _begin_to_send(self) -> None:
        """From here on the time counts that the answer takes to be sent."""
        self._running()
        self._stop_clock()
        self._left = self.pool.settings.response_seconds
        self._time = f"its answer was sent for {self._left:g} seconds (limits.response_seconds)"
        self._start_clock()

    def _expire(self) -> None:
        """End the query, wherever its sender is: one that does not read must not keep a place."""
        self.expired = True
        self.close()


@dataclass(frozen=True)
class Answer:
    """Its media type, the lane it comes from (`fast`, `slow`, or `cache`), and its content: whole, or of a run that goes on."""

    media_type: str
    lane: str
    whole: bytes | None
    run: Run | None = None

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the content; raises the `Problem` that befell the query."""
        if self.whole is not None:
            yield self.whole
        elif self.run is not None:
            async with aclosing(self.run.chunks()) as chunks:
                async for chunk in chunks:
                    yield chunk

    def close(self) -> None:
        """Stop the query if it still runs; of an answer that is not read to its end this must be called."""
        if self.run is not None:
            self.run.close()


class Pool:
    """The workers of one store and two lanes for them; no process outlives `stop`. Answers are kept in `cache`, by query.

    Where there are several web processes, `settings` are the share of this one. With `nquads`, a file of the same
    statements, workers come from a nursery that has them in memory, as soon as it has, and as long as it lives.
    """

    def __init__(
        self, store: Path | str, settings: Settings, prefixes: dict[str, str], cache: Cache[tuple[str, bytes]], outside: Outside,
        processes: int = 1, nquads: Path | None = None,
    ) -> None:  # fmt: skip
        self.settings, self.cache, self.outside = settings, cache, outside
        work = Work(str(store), prefixes, settings.base, settings.query_megabytes, settings.query_rows, settings.response_bytes)
        self.on_disk = self.nursery = Nursery(work)
        self.in_memory = Nursery(replace(work, nquads=str(nquads))) if nquads is not None else None
        seconds, slow, waiting = settings.query_seconds, settings.query_workers, settings.query_waiting
        full = f"{slow} long queries are answered at once (limits.query_workers), and {waiting} may wait (limits.query_waiting)."
        if processes > 1:
            full += f" This is the share of one of {processes} web processes."
        self.slow = Lane(slow, waiting, seconds, full)
        self.fast = Lane(settings.query_fast_workers, QUEUE, seconds, f"{QUEUE:,} queries wait to begin (limits.query_fast_workers).")
        self.idle: deque[Worker] = deque()  # the one that was used last at the end: what it has read stays at hand
        self.runs: set[Run] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming = 0  # workers that will be idle

    @property
    def is_in_memory(self) -> bool:
        """Whether new workers have the statements in memory."""
        return self.nursery is self.in_memory

    async def start(self) -> None:
        """Start a worker for each place of the fast lane; raises `StoreUnusable`."""
        self.idle.extend(await asyncio.gather(*(self.nursery.worker() for _ in range(self.fast.places))))
        if self.in_memory is not None:
            self._soon(self._move_into_memory(self.in_memory))

    async def stop(self, patience: float = 0.0) -> None:
        """Wait so many seconds for the queries that run to end, then end all that is left."""
        until = _now() + patience
        while self.runs and _now() < until:
            await asyncio.sleep(0.05)
        for run in list(self.runs):
            run.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for nursery in filter(None, (self.on_disk, self.in_memory)):
            await nursery.stop()

    async def answer(self, request: Request) -> Answer:
        """Return the answer, whole where it soon is; raises the `Problem` that befell the query.

        Where it is not whole, what befalls it later its chunks raise: then the connection must be cut, so that nobody
        takes the beginning for the whole.
        """
        check(request.query, self.settings)
        key = None if is_volatile(request.query) else request.key
        kept = self.cache.get(key) if key else None
        if kept is not None:
            return Answer(kept[0], "cache", kept[1])
        query = await self.outside.answered(request.query)
        run = Run(self, replace(request, query=query), key)
        self.runs.add(run)
        try:
            await run.begin()
        except BaseException:
            run.close()
            raise
        return Answer(run.media_type, run.name, b"".join(run.held) if run.whole else None, run)

    def stay(self) -> float:
        """Return how many seconds of a processor a query has in the fast lane."""
        seconds = self.settings.query_fast_seconds
        return min(seconds, CROWDED_SECONDS) if self.fast.crowded else seconds

    async def take(self) -> Worker:
        """Return a worker without a query; raises `StoreUnusable`."""
        while self.idle:
            worker = self.idle.pop()
            if worker.alive:
                return worker
            worker.kill()
        return await self.nursery.worker()

    def give_back(self, worker: Worker) -> None:
        """Keep a worker whose query has ended for the next one, if it is of the present nursery."""
        if worker.origin is not self.nursery:
            worker.kill()
            self.fill()
        elif worker.yields:
            self._coming += 1
            self._soon(self._renew(worker))
        else:
            self._keep(worker)

    def fill(self) -> None:
        """Start workers in place of those that have left the fast lane or ended."""
        for _ in range(self.fast.places - self.fast.busy - len(self.idle) - self._coming):
            self._coming += 1
            self._soon(self._add())

    def _keep(self, worker: Worker) -> None:
        self.idle.append(worker)
        while len(self.idle) > self.fast.places:
            self.idle.popleft().kill()

    async def _add(self) -> None:
        try:
            self._keep(await self.nursery.worker())
        except StoreUnusable:
            pass  # told to the next query that finds none
        finally:
            self._coming -= 1

    async def _renew(self, worker: Worker) -> None:
        try:
            await worker.renew()
            self._keep(worker)
        except QueryLost:
            worker.kill()
        finally:
            self._coming -= 1

    async def _move_into_memory(self, nursery: Nursery) -> None:
        """Take workers from a nursery once it has loaded, and from that on disk where it is lost; until it cannot be started any more."""
        while True:
            try:
                worker = await nursery.worker()
            except StoreUnusable:
                print("The statements could not be loaded into memory; queries are evaluated on disk.", file=sys.stderr, flush=True)
                return
            self._let_go()
            self.nursery = nursery
            self._keep(worker)
            self.fill()
            await nursery.ended()
            self.nursery = self.on_disk

    def _let_go(self) -> None:
        while self.idle:
            self.idle.pop().kill()

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _problem(told: dict[str, str]) -> Problem:
    if told["type"] == "NotAcceptable":
        return NotAcceptable(told["detail"].split("Offered: ", 1)[-1].rstrip("."))
    kind = getattr(problems, told["type"], BadQuery)
    problem: Problem = kind(told["detail"])
    return problem
