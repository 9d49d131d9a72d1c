"""What is told of each request when it has ended: to the access log, and to whoever counts."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class QueryNote:
    """What is told of a query: which it was, the lane that answered it (`cache`, `fast`, `slow`), and the problem that befell it."""

    digest: str
    lane: str = ""
    problem: str = ""

    @classmethod
    def of(cls, query: str) -> QueryNote:
        """Return the note of a query, by the first 16 digits of its SHA-256."""
        return cls(hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()[:16])


@dataclass(frozen=True)
class Ended:
    """One request that has ended. The path is as it was sent, without the query string; `route` is its pattern, if it has one."""

    method: str
    path: str
    route: str
    status: int
    size: int
    seconds: float
    whole: bool
    query: QueryNote | None

    def line(self, when: datetime) -> str:
        """Return one line of JSON. Nothing tells who asked: no address, no header, no query string."""
        told: dict[str, object] = {
            "time": when.isoformat(timespec="milliseconds"),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "bytes": self.size,
            "seconds": round(self.seconds, 4),
        }
        if not self.whole:
            told["cut"] = True
        if self.query is not None:
            told |= {"query": self.query.digest, "lane": self.query.lane or None}
            if self.query.problem:
                told["problem"] = self.query.problem
        return json.dumps(told)


def write_line(ended: Ended) -> None:
    """Write one request to standard error: at once, since others write there too."""
    sys.stderr.write(f"{ended.line(datetime.now(UTC))}\n")
    sys.stderr.flush()


class Observer:
    """Tells of each request when it has ended, however it ended."""

    def __init__(self, app: ASGIApp, listeners: Sequence[Callable[[Ended], object]]) -> None:
        self.app, self.listeners = app, listeners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, size, whole = 0, 0, False
        start = time.perf_counter()

        async def counted(message: Message) -> None:
            nonlocal status, size, whole
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
                whole = not message.get("more_body", False)
            await send(message)

        state = scope.setdefault("state", {})
        try:
            await self.app(scope, receive, counted)
        finally:
            route = getattr(scope.get("route"), "path", "")
            seconds = time.perf_counter() - start
            ended = Ended(scope["method"], scope["path"], route, status, size, seconds, whole, state.get("query"))
            for listener in self.listeners:
                listener(ended)
