"""Workers for public queries: each has one query at a time, a deadline and a bounded memory; a killed one is replaced."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wherefrom import problems
from wherefrom.problems import BadQuery, Problem, QueryLost, QueryTimeout, QueryTooLarge, TooManyQueries
from wherefrom.settings import Settings
from wherefrom.sparql_text import refuse_service, skeleton
from wherefrom.web.worker import CHUNK, DATA, END, FRAME, HEADER, PROBLEM

HELD = 16 * CHUNK  # an answer up to this size is read whole before its status is sent, so that the status is honest


@dataclass(frozen=True)
class Request:
    """A query with the media types that its sender takes and the dataset that the protocol names, if any."""

    query: str
    accept: str | None = None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


class Worker:
    """One process. `run` is never called while another call of it goes on."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, store: Path, megabytes: int) -> Worker:
        """Start a process and wait until its store is open."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wherefrom.web.worker", str(store), str(megabytes),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=4 * CHUNK,
        )  # fmt: skip
        worker = cls(process)
        kind, _ = await worker.frame()
        if kind != END:
            raise problems.StoreUnusable("A query worker did not start.")
        return worker

    async def frame(self) -> tuple[bytes, bytes]:
        """Return the next frame; raises `QueryLost` where the process has ended."""
        assert self.process.stdout is not None
        try:
            kind, length = FRAME.unpack(await self.process.stdout.readexactly(FRAME.size))
            return kind, await self.process.stdout.readexactly(length)
        except asyncio.IncompleteReadError:
            raise QueryLost("The query ended its process: it needed more memory or depth than a query may take.") from None

    async def send(self, request: dict[str, Any]) -> None:
        """Hand over one request."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        await self.process.stdin.drain()

    def kill(self) -> None:
        """End the process at once."""
        if self.process.returncode is None:
            self.process.kill()


class Pool:
    """As many workers as `query_workers` says; as many queries again may wait, the next is turned away with 503."""

    def __init__(self, store: Path, settings: Settings, prefixes: dict[str, str]) -> None:
        self.store, self.settings, self.prefixes = store, settings, prefixes
        self.free: asyncio.Queue[Worker | None] = asyncio.Queue()
        self.waiting = 0
        self.workers: set[Worker] = set()

    async def start(self) -> None:
        """Start the workers; later ones start when one was lost."""
        for worker in await asyncio.gather(*(self._new() for _ in range(self.settings.query_workers))):
            self.free.put_nowait(worker)

    async def stop(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.kill()
        await asyncio.gather(*(worker.process.wait() for worker in self.workers))

    async def _new(self) -> Worker:
        worker = await Worker.start(self.store, self.settings.query_megabytes)
        self.workers.add(worker)
        return worker

    async def answer(self, request: Request) -> tuple[str, AsyncGenerator[bytes]]:
        """Return the media type of the answer and its bytes.

        Raises the `Problem` that befell the query as long as nothing of the answer was given away (`HELD` bytes);
        after that the iterator raises it, and the connection must be cut.
        """
        check(request.query, self.settings)
        if self.free.empty() and self.waiting >= self.settings.query_workers:
            raise TooManyQueries(f"{self.settings.query_workers} queries are being answered and as many wait (limits.query_workers).")
        self.waiting += 1
        try:
            worker = await asyncio.wait_for(self.free.get(), self.settings.query_seconds)
        except TimeoutError:
            raise TooManyQueries("No worker became free in time (limits.query_seconds).") from None
        finally:
            self.waiting -= 1
        frames = self._frames(worker, request)
        try:
            _, content = await anext(frames)
            held = []
            size = 0
            async for _, chunk in frames:
                held.append(chunk)
                size += len(chunk)
                if size > HELD:
                    break
        except BaseException:
            await frames.aclose()
            raise
        return json.loads(content)["mediaType"], _joined(held, frames)

    async def _frames(self, worker: Worker | None, request: Request) -> AsyncGenerator[tuple[bytes, bytes]]:
        """Yield header and data frames; give the worker back when the answer is whole, replace it otherwise."""
        whole = False
        try:
            worker = worker or await self._new()
            deadline = asyncio.get_running_loop().time() + self.settings.query_seconds
            await worker.send(
                {
                    "query": request.query,
                    "accept": request.accept,
                    "defaultGraphs": request.default_graphs,
                    "namedGraphs": request.named_graphs,
                    "prefixes": self.prefixes,
                }
            )
            while True:
                async with asyncio.timeout_at(deadline):
                    kind, content = await worker.frame()
                if kind == PROBLEM:
                    whole = True
                    raise _problem(json.loads(content))
                if kind == END:
                    whole = True
                    return
                assert kind in (HEADER, DATA)
                yield kind, content
        except TimeoutError:
            raise QueryTimeout(f"The query was stopped after {self.settings.query_seconds:g} seconds (limits.query_seconds).") from None
        except (ConnectionError, BrokenPipeError):
            raise QueryLost("The worker of the query ended.") from None
        finally:
            self._give_back(worker, whole)

    def _give_back(self, worker: Worker | None, whole: bool) -> None:
        if whole:
            self.free.put_nowait(worker)
            return
        if worker is not None:
            worker.kill()
            self.workers.discard(worker)
        self.free.put_nowait(None)  # a new one is started when it is needed


async def _joined(held: list[bytes], frames: AsyncGenerator[tuple[bytes, bytes]]) -> AsyncGenerator[bytes]:
    try:
        for chunk in held:
            yield chunk
        async for _, chunk in frames:
            yield chunk
    finally:
        await frames.aclose()


def _problem(told: dict[str, str]) -> Problem:
    if told["type"] == "NotAcceptable":
        return problems.NotAcceptable(told["detail"].split("Offered: ", 1)[-1].rstrip("."))
    kind = getattr(problems, told["type"], BadQuery)
    problem: Problem = kind(told["detail"])
    return problem


def check(query: str, settings: Settings) -> None:
    """Refuse what would end the parser's process or keep its planner busy for a minute, and calls of other endpoints.

    Raises `QueryTooLarge` or `BadQuery`. A worker could not call out anyway; the engine's attempt may end its process.
    """
    if len(query.encode()) > settings.query_bytes:
        raise QueryTooLarge(f"The query is longer than {settings.query_bytes:,} bytes (limits.query_bytes).")
    bare = skeleton(query)
    refuse_service(query)
    depth = deepest = 0
    for character in bare:
        if character in "({[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")}]":
            depth -= 1
    if deepest > settings.query_nesting:
        raise QueryTooLarge(f"Brackets are nested deeper than {settings.query_nesting} (limits.query_nesting).")
    operators = len(re.findall(r"[/|^*+!&=-]|\bUNION\b|\bOPTIONAL\b|\bMINUS\b", bare, re.IGNORECASE))
    if operators > settings.query_operators:
        raise QueryTooLarge(f"The query has more than {settings.query_operators:,} operators (limits.query_operators).")
