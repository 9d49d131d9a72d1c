"""The processes that evaluate queries, as the web process has them: workers, and the nursery that they are forked from."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from typing import cast

from wherefrom.problems import QueryLost, StoreUnusable
from wherefrom.web.worker import CHUNK, FRAME, RENEW, Work

LAST = 10  # niceness: a tenth of the processor where others want it, and not so little that it starves
CPU_CLOCK = 2  # of a process: clock_getcpuclockid(3) in Linux
MOST = 4 * CHUNK  # bytes of frames that nobody has taken, after which the worker has to wait


class Worker(asyncio.Protocol):
    """One process, at the other end of a connection. It evaluates one request at a time, in a thread of its own."""

    def __init__(self, origin: Nursery) -> None:
        self.origin = origin
        self.pid = self.thread = 0
        self.yields = False  # whether the thread leaves the processor to others; no thread can take that back
        self.alive = True
        self._handle = -1  # of the process, which its number is not: that is given to another when it has ended
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._come = bytearray()  # of a frame that is not whole
        self._waiting = 0  # bytes in whole frames
        self._paused = False
        self._awaited: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)
        self.origin.workers.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Notice that the process has ended, or was let go."""
        self.alive = False
        self.origin.workers.discard(self)
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Take what came of frames."""
        self._come += data
        while len(self._come) >= FRAME.size:
            kind, length = FRAME.unpack_from(self._come)
            end = FRAME.size + length
            if len(self._come) < end:
                break
            self._frames.append((kind, bytes(self._come[FRAME.size : end])))
            self._waiting += end
            del self._come[:end]
        if self._waiting > MOST and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        if self._frames:
            self._wake()

    def _wake(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    async def frame(self) -> tuple[bytes, bytes]:
        """Return the next frame; raises `QueryLost` where the process has ended. May be cancelled and called again."""
        while not self._frames:
            if not self.alive:
                raise QueryLost("The query ended its process: it needed more memory (limits.query_megabytes) or depth than it may take.")
            self._awaited = asyncio.get_running_loop().create_future()
            await self._awaited
        kind, content = self._frames.popleft()
        self._waiting -= FRAME.size + len(content)
        if self._paused and self._waiting < MOST and self.alive:
            self._paused = False
            self.transport.resume_reading()
        return kind, content

    async def ready(self) -> None:
        """Wait until a thread stands ready; raises `QueryLost` where the process has ended instead."""
        _, told = await self.frame()
        self.pid, self.thread = map(int, told.split())
        if self._handle < 0:
            self._handle = os.pidfd_open(self.pid)
        self.yields = False

    def send(self, request: dict[str, object]) -> None:
        """Hand over one request."""
        self.transport.write(json.dumps(request).encode() + b"\n")

    async def renew(self) -> None:
        """Have a new thread take the place of one that yields; raises `QueryLost`."""
        self.transport.write(RENEW)
        await self.ready()

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
        """Give the thread what others leave of the processor."""
        self.yields = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.thread, LAST)  # Linux has a niceness for each thread

    def kill(self) -> None:
        """End the process at once."""
        self.alive = False
        self.transport.abort()
        if self._handle >= 0:
            self._signal(signal.SIGKILL)
            os.close(self._handle)
            self._handle = -1

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)


class Nursery:
    """The process that workers are forked from; started anew where it was lost."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.process: asyncio.subprocess.Process | None = None
        self.control: socket.socket | None = None
        self.workers: set[Worker] = set()  # those whose connection is open
        self._starting = asyncio.Lock()
        self._stopped = False

    @property
    def lost(self) -> bool:
        """Whether there is no process now; the next worker has it started."""
        return self.process is None or self.process.returncode is not None

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        work = json.dumps(asdict(self.work))
        with theirs:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "wherefrom.web.worker", work,
                stdin=theirs.fileno(), stdout=asyncio.subprocess.DEVNULL,
                env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # each further one takes 64 MB of the address space that a worker has
            )  # fmt: skip
        self.control = ours

    async def stop(self) -> None:
        """End the process, and all workers with it, for good."""
        self._stopped = True
        for worker in list(self.workers):
            worker.kill()
        await self._end()

    async def _end(self) -> None:
        if self.process is not None and self.control is not None:
            self.control.close()
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self.process = None

    async def ended(self) -> None:
        """Wait until the process ends."""
        if self.process is not None:
            await self.process.wait()

    async def worker(self) -> Worker:
        """Return a new worker; raises `StoreUnusable`."""
        async with self._starting:
            if self._stopped:
                raise StoreUnusable("The service stops.")
            if self.lost:
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
        try:
            _, worker = await asyncio.get_running_loop().create_connection(lambda: Worker(self), sock=ours)
        except BaseException:  # who waits was cancelled: nobody else will close it
            ours.close()
            raise
        try:
            await worker.ready()
        except QueryLost:
            worker.kill()
            raise StoreUnusable("A query worker did not start.") from None
        except BaseException:  # likewise: nobody else has it
            worker.kill()
            raise
        return worker
