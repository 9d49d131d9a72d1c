"""Services of others, so to say: HTTP servers of this machine that count who asks them for what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pyoxigraph as ox

ROWS = "application/sparql-results+json"


@dataclass(frozen=True)
class Asked:
    """A request that came: its method and path, the query in its form or body, its headers."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


@dataclass
class Answer:
    """What is sent back: in parts, before each of which something may be awaited."""

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class OtherService:
    """A running server: its host with the port, and all that it was asked, in order."""

    host: str
    asked: list[Asked]


@contextmanager
def other_service(answer: Callable[[Asked], Answer]) -> Iterator[OtherService]:
    """Serve at 127.0.0.1 what `answer` gives."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0))).decode()
            query = body if headers.get("content-type") == "application/sparql-query" else parse_qs(body).get("query", [""])[0]
            one = Asked(self.command, self.path, query, headers)
            asked.append(one)
            given = answer(one)
            self.send_response(given.status)
            length = {"Content-Length": str(len(given.body))} if isinstance(given.body, bytes) else {}
            for name, value in {"Content-Type": ROWS, "Connection": "close", **length, **given.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for part in [given.body] if isinstance(given.body, bytes) else given.body:
                    self.wfile.write(part)
            except OSError:  # whoever asked has left
                pass

        do_GET = do_POST = handle_any  # noqa: N815 - as the server looks for them

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield OtherService(f"127.0.0.1:{server.server_port}", asked)
        finally:
            server.shutdown()
            thread.join()


def evaluated(store: ox.Store, query: str) -> Answer:
    """Return what a SPARQL endpoint with these data answers."""
    return Answer(store.query(query).serialize(format=ox.QueryResultsFormat.JSON) or b"")  # type: ignore[union-attr, call-overload]
