"""Public queries: which may run, where and how long, and what becomes of a query that does not end.

Every query starts in the fast lane. What is answered there, whole and soon, is most of what is asked. What is not moves
on to the slow lane with the worker it runs in, so that nothing runs twice and its place is free for the next; there it
may wait, stopped, for one of few places, and yields the processor to all others.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from wherefrom import problems
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.problems import BadQuery, NotAcceptable, Problem, QueryLost, QueryTimeout, StoreUnusable, TooManyQueries
from wherefrom.settings import Settings
from wherefrom.sparql_text import is_volatile
from wherefrom.web.admission import check
from wherefrom.web.cache import Cache
from wherefrom.web.negotiation import choose
from wherefrom.web.outside import Outside
from wherefrom.web.worker import CHUNK, DATA, END, FRAME, HEADER, PROBLEM

HELD = 16 * CHUNK  # bytes of an answer that are held back while it may still turn out whole, or fail: its status must be honest
HELD_SECONDS = 0.05  # ... and how long in the slow lane, from the first byte on
QUEUE = 1_000  # queries that may wait for the fast lane, where places get free all the time
STEP = 0.02  # seconds between two looks at a query in the fast lane
PROMPT_SECONDS = 0.02  # of a processor, after which a query yields to all others; a look-up takes a tenth
LENIENCE = 10  # times as long by the clock, for queries that got no processor
CROWDED_SECONDS = 0.05  # of a processor, which is all that a query has in the fast lane while it is crowded
SPARE = 2  # places that are kept free for those who come next, where it can be helped
LAST = 10  # niceness: a tenth of the processor where others want it, and not so little that it starves
CPU_CLOCK = 2  # of a process: clock_getcpuclockid(3) in Linux


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
        wanted = []
        for formats in (ROWS, GRAPHS):
            try:
                wanted.append(choose(self.accept, [form.media_type for form in formats.values()]))
            except NotAcceptable:
                wanted.append("")
        return (self.query, self.default_graphs, self.named_graphs, *wanted)


class Worker:
    """One process. It evaluates one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.pid = 0
        self._handle = -1  # of the process, which its number is not: that is given to another when it has ended
        self.last = False  # whether it yields to others; no process can take that back, so its query is its last
        self._head: tuple[bytes, int] | None = None  # of a frame whose content is still awaited

    async def ready(self) -> None:
        """Wait until the store is open; raises `QueryLost` where the process has ended instead."""
        _, told = await self.frame()
        self.pid = int(told)
        self._handle = os.pidfd_open(self.pid)

    async def frame(self) -> tuple[bytes, bytes]:
        """Return the next frame; raises `QueryLost` where the process has ended. May be cancelled and called again."""
        try:
            if self._head is None:
                self._head = FRAME.unpack(await self.reader.readexactly(FRAME.size))
            kind, length = self._head
            content = await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise QueryLost(
                "The query ended its process: it needed more memory (limits.query_megabytes) or depth than it may take."
            ) from None
        self._head = None
        return kind, content

    def send(self, request: dict[str, object]) -> None:
        """Hand over one request."""
        self.writer.write(json.dumps(request).encode() + b"\n")

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return not self.reader.at_eof()

    def pause(self) -> None:
        """Let the process stand still."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the process run on."""
        self._signal(signal.SIGCONT)

    def processor(self) -> float:
        """Return the seconds of a processor that the process has had."""
        with suppress(OSError):  # it has ended
            return time.clock_gettime(~self.pid << 3 | CPU_CLOCK)
        return 0.0

    def yield_to_others(self) -> None:
        """Give the process what others leave of the processor."""
        self.last = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, LAST)

    def kill(self) -> None:
        """End the process at once."""
        self.writer.transport.abort()
        if self._handle >= 0:
            self._signal(signal.SIGKILL)
            os.close(self._handle)
            self._handle = -1

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)


class Nursery:
    """The process that workers are forked from; started anew where it was lost."""

    def __init__(self, store: Path | str, megabytes: int) -> None:
        self.store, self.megabytes = store, megabytes
        self.process: asyncio.subprocess.Process | None = None
        self.control: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._stopped = False

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "wherefrom.web.worker", str(self.store), str(self.megabytes),
                stdin=theirs.fileno(), stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        self.control = ours

    async def stop(self) -> None:
        """End the process, and all workers with it, for good."""
        self._stopped = True
        await self._end()

    async def _end(self) -> None:
        if self.process is not None and self.control is not None:
            self.control.close()
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self.process = None

    async def worker(self) -> Worker:
        """Return a new worker; raises `StoreUnusable`."""
        async with self._starting:
            if self._stopped:
                raise StoreUnusable("The service stops.")
            if self.process is None or self.process.returncode is not None:
                await self._end()
                await self._start()
        assert self.control is not None
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"w"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise StoreUnusable("No query worker could be started.") from None
        worker = Worker(*await asyncio.open_connection(sock=ours, limit=4 * CHUNK))
        try:
            await worker.ready()
        except QueryLost:
            worker.kill()
            raise StoreUnusable("A query worker did not start.") from None
        except BaseException:
            worker.kill()
            raise
        return worker


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
        if self.free.locked() and self.waiting >= self.most:
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
        self.worker.send(self.pool.message(self.request))
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
        if worker is not None:
            worker.kill()
            if lane is self.pool.fast:
                self.pool.replace()
        if lane is not None:
            lane.leave()

    async def _enter(self, lane: Lane) -> None:
        await lane.enter()
        self.lane = lane

    async def _move_on(self) -> None:
        """Go over to the slow lane; while there is no place, the worker stands still, and so does the clock of the query."""
        self._running().pause()
        self._stop_clock()
        self.pool.fast.leave()
        self.lane, self.name = None, "slow"
        self.pool.replace()
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
            self.media_type = json.loads(content)["mediaType"]
        elif kind == DATA:
            self._take(content)
        else:
            self._end(whole=kind == END)
            if kind == PROBLEM:
                raise _problem(json.loads(content))

    def _take(self, content: bytes) -> None:
        self._first = self._first or _now()
        self.size += len(content)
        self.held.append(content)
        if self.size <= self.pool.cache.largest:
            self.kept.append(content)
        else:
            self.kept.clear()

    def _end(self, *, whole: bool) -> None:
        """Give a worker that was prompt back, ready for the next query; others end, and are replaced."""
        self.whole = whole
        if whole and self.key is not None:
            self.pool.cache.put(self.key, (self.media_type, b"".join(self.kept)), self.size + len(self.request.query))
        if self.worker is not None and self.lane is self.pool.fast and not self.worker.last:
            self.pool.idle.put_nowait(self.worker)
            self.worker = None
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

    Where there are several web processes, `settings` are the share of this one.
    """

    def __init__(
        self, store: Path | str, settings: Settings, prefixes: dict[str, str], cache: Cache[tuple[str, bytes]], outside: Outside,
        processes: int = 1,
    ) -> None:  # fmt: skip
        self.settings, self.prefixes, self.cache, self.outside = settings, prefixes, cache, outside
        self.nursery = Nursery(store, settings.query_megabytes)
        seconds, slow, waiting = settings.query_seconds, settings.query_workers, settings.query_waiting
        full = f"{slow} long queries are answered at once (limits.query_workers), and {waiting} may wait (limits.query_waiting)."
        if processes > 1:
            full += f" This is the share of one of {processes} web processes."
        self.slow = Lane(slow, waiting, seconds, full)
        self.fast = Lane(settings.query_fast_workers, QUEUE, seconds, f"{QUEUE:,} queries wait to begin (limits.query_fast_workers).")
        self.idle: asyncio.LifoQueue[Worker | None] = asyncio.LifoQueue()  # one for each free place of the fast lane; None: to be started
        self.runs: set[Run] = set()
        self._starting: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start a worker for each place of the fast lane; raises `StoreUnusable`."""
        for worker in await asyncio.gather(*(self.nursery.worker() for _ in range(self.fast.places))):
            self.idle.put_nowait(worker)

    async def stop(self, patience: float = 0.0) -> None:
        """Wait so many seconds for the queries that run to end, then end all that is left."""
        until = _now() + patience
        while self.runs and _now() < until:
            await asyncio.sleep(0.05)
        for run in list(self.runs):
            run.close()
        for task in self._starting:
            task.cancel()
        while not self.idle.empty():
            if worker := self.idle.get_nowait():
                worker.kill()
        await self.nursery.stop()

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

    def message(self, request: Request) -> dict[str, object]:
        """Return a request as a worker reads it."""
        return {
            "query": request.query,
            "accept": request.accept,
            "defaultGraphs": request.default_graphs,
            "namedGraphs": request.named_graphs,
            "prefixes": self.prefixes,
            "base": self.settings.base,
            "rows": self.settings.query_rows,
            "bytes": self.settings.response_bytes,
        }

    def stay(self) -> float:
        """Return how many seconds of a processor a query has in the fast lane."""
        seconds = self.settings.query_fast_seconds
        return min(seconds, CROWDED_SECONDS) if self.fast.crowded else seconds

    async def take(self) -> Worker:
        """Return a worker without a query; raises `StoreUnusable`."""
        worker = await self.idle.get()
        if worker is not None:
            if worker.alive:
                return worker
            worker.kill()
        try:
            return await self.nursery.worker()
        except BaseException:
            self.idle.put_nowait(None)
            raise

    def replace(self) -> None:
        """Start a worker in place of one that has left the fast lane."""
        task = asyncio.get_running_loop().create_task(self._add())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _add(self) -> None:
        worker = None
        with suppress(StoreUnusable):  # told to the next query that finds none
            worker = await self.nursery.worker()
        self.idle.put_nowait(worker)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _problem(told: dict[str, str]) -> Problem:
    if told["type"] == "NotAcceptable":
        return NotAcceptable(told["detail"].split("Offered: ", 1)[-1].rstrip("."))
    kind = getattr(problems, told["type"], BadQuery)
    problem: Problem = kind(told["detail"])
    return problem
