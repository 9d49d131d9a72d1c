"""Several web processes at one address: started, kept alive, and stopped together.

Each listens at a socket of its own and the kernel deals connections out among them (SO_REUSEPORT, socket(7)). At one socket
for all it is the process that runs first that takes what has come: on a busy machine one takes all, the others nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress

from wherefrom.problems import StoreUnusable
from wherefrom.settings import read_settings
from wherefrom.web.process import Service, patience

LONGEST_PAUSE = 30.0  # seconds before a web process that does not start is started again; the first pause is one
TO_CLOSE = 5.0  # seconds that a web process has to end its own processes, when its last request has been answered


class Supervisor:
    """Starts web processes at the address of a socket, which only keeps it, and others in place of those that end.

    SIGTERM and SIGINT stop all of them, once their requests have been answered; SIGHUP has one of them build anew. It
    calls `started` when all answer for the first time.
    """

    def __init__(self, service: Service, address: socket.socket, count: int, started: Callable[[], object]) -> None:
        self.service, self.address, self.count, self.started = service, address, count, started
        self.running: dict[int, Process] = {}  # by number
        self.ready: set[int] = set()
        self.patience = patience(read_settings(service.folder)) + TO_CLOSE

    async def run(self) -> None:
        """Serve until stopped; raises `StoreUnusable` where a web process cannot start at first."""
        with tempfile.TemporaryDirectory(prefix="wherefrom-") as shared:
            serving = asyncio.ensure_future(self._serve(shared))
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, serving.cancel)
            loop.add_signal_handler(signal.SIGHUP, self._build_anew)
            try:
                with suppress(asyncio.CancelledError):
                    await serving
            finally:
                await asyncio.gather(*(self._stop(process) for process in self.running.values()))

    async def _serve(self, shared: str) -> None:
        await asyncio.gather(*(self._start(number, shared) for number in range(self.count)))
        if len(self.ready) < self.count:
            raise StoreUnusable("A web process did not start; it has said why.")
        self.started()
        await asyncio.gather(*(self._keep(number, shared) for number in range(self.count)))

    async def _start(self, number: int, shared: str) -> None:
        """Start a web process, and return when it answers, or has ended."""
        service, (host, port) = self.service, self.address.getsockname()[:2]
        told = {
            "parent": os.getpid(), "host": host, "port": port, "number": number, "count": self.count, "shared": shared,
            "folder": str(service.folder), "stores": str(service.stores), "tokens": str(service.token_file or ""),
            "watch": service.watch and number == 0, "log": service.access_log,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wherefrom.web.process", json.dumps(told), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": shared},
            process_group=0,  # what is typed at a terminal is told to the supervisor alone
        )  # fmt: skip
        self.running[number] = process
        assert process.stdout is not None
        if await process.stdout.readline():
            self.ready.add(number)

    async def _keep(self, number: int, shared: str) -> None:
        """Start a web process anew whenever it has ended."""
        pause = 1.0
        while True:
            await self.running[number].wait()
            self.ready.discard(number)
            print(f"Web process {number + 1} ended ({_how(self.running[number])}); another is started.", file=sys.stderr, flush=True)
            await self._start(number, shared)
            if number in self.ready:
                pause = 1.0
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _build_anew(self) -> None:
        for number in sorted(self.ready):
            with suppress(ProcessLookupError):
                self.running[number].send_signal(signal.SIGHUP)
                return

    async def _stop(self, process: Process) -> None:
        """Let a web process answer what it has begun, and end it."""
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self.patience):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _how(process: Process) -> str:
    code = process.returncode or 0
    return signal.Signals(-code).name if code < 0 else f"status {code}"
