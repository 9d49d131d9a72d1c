"""The web processes that serve one knowledge base together, and how they ask each other.

Each listens at a socket of its own, in a folder that only their user may enter. A question is a word and a line break,
the answer is JSON and the end of the connection. Who does not listen has not started, and will start with what is current.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wherefrom.problems import Problem

CREDENTIALS = struct.Struct("3i")  # of who listens at a Unix socket: process, user, group (unix(7), SO_PEERCRED)
Answer = Callable[[], Awaitable[object]]


@dataclass
class Peers:
    """One of `count` processes, numbered from 0, and its way to the others. One alone has none, and asks nobody."""

    number: int = 0
    count: int = 1
    folder: Path | None = None
    answers: dict[str, Answer] = field(default_factory=dict)  # by question
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Answer the others from now on."""
        if self.folder is not None:
            self._server = await asyncio.start_unix_server(self._answer, self._place(self.number))

    def stop(self) -> None:
        """Answer no longer."""
        if self._server is not None:
            self._server.close()

    async def ask(self, question: str, seconds: float, *, firmly: bool = False) -> list[Any]:
        """Return what the others answer within so many seconds.

        Asked `firmly`, one that listens and does not answer is ended: what takes its place starts with what is current.
        """
        others = (number for number in range(self.count) if number != self.number)
        found = await asyncio.gather(*(self._ask(number, question, seconds, firmly) for number in others))
        return [answer for answer in found if answer is not None]

    async def _ask(self, number: int, question: str, seconds: float, firmly: bool) -> Any:
        try:
            reader, writer = await asyncio.open_unix_connection(self._place(number))
        except OSError:
            return None
        try:
            async with asyncio.timeout(seconds):
                writer.write(f"{question}\n".encode())
                return json.loads(await reader.read())
        except (OSError, TimeoutError, ValueError):
            if firmly:
                print(f"Web process {number + 1} does not follow, and is ended.", file=sys.stderr, flush=True)
                _end(writer.get_extra_info("socket"))
            return None
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            question = (await reader.readline()).decode().strip()
            writer.write(json.dumps(await self.answers[question]()).encode())
            await writer.drain()
        except Problem as problem:  # no answer is one
            print(f"Web process {self.number + 1}: {problem.detail}", file=sys.stderr, flush=True)
        except (ConnectionError, asyncio.CancelledError):  # who asked has gone, or this process goes
            pass
        finally:
            writer.close()

    def _place(self, number: int) -> str:
        assert self.folder is not None
        return str(self.folder / f"{number}.sock")


def _end(connection: socket.socket) -> None:
    pid, _, _ = CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
