"""One connection over which a bench asks: as little work as can be, since it shares the machine with what it measures."""

from __future__ import annotations

import socket
import time
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

LONG = 1_200.0  # seconds that an answer may take
BLOCK = 1 << 20
LAST_CHUNK = b"\r\n0\r\n\r\n"
IDLE = 1.0  # seconds after which a server may have closed a connection


class Response(NamedTuple):
    """The status, headers and content of an answer, and the seconds to its first byte and to its last."""

    status: int
    headers: dict[str, str]
    content: bytes
    first: float
    whole: float


class Connection:
    """A connection to one address that is kept while it is used."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.path = parts.path or "/"
        self.host = parts.netloc
        self.address = (parts.hostname or "", parts.port or 80)
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=LONG)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.used = time.monotonic()

    def close(self) -> None:
        self.socket.close()

    def ask(self, query: str, accept: str) -> Response:
        """Send a query by GET."""
        return self.get(f"{self.path}?{urlencode({'query': query})}", {"Accept": accept})

    def get(self, path: str, headers: dict[str, str]) -> Response:
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if time.monotonic() > self.used + IDLE:
            self.socket.close()
            self._connect()
        start = time.perf_counter()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n{told}\r\n".encode())
        received = self._more(b"")
        first = time.perf_counter() - start
        while b"\r\n\r\n" not in received:
            received = self._more(received)
        head, _, rest = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        content = self._content(found, rest, int(status.split(" ")[1]))
        whole = time.perf_counter() - start
        self.used = time.monotonic()
        return Response(int(status.split(" ")[1]), found, content, first, whole)

    def _content(self, headers: dict[str, str], rest: bytes, status: int) -> bytes:
        if status == 304:
            return b""
        length = int(headers["content-length"]) if "content-length" in headers else None
        parts, size, end = [rest], len(rest), rest[-len(LAST_CHUNK) :]
        while end not in (LAST_CHUNK, LAST_CHUNK[2:]) if length is None else size < length:
            parts.append(self._more(b""))
            size += len(parts[-1])
            end = (end + parts[-1])[-len(LAST_CHUNK) :]
        content = b"".join(parts)
        return content if length is not None else _joined(content)

    def _more(self, received: bytes) -> bytes:
        part = self.socket.recv(BLOCK)
        if not part:
            raise ConnectionError("the server closed the connection")
        return received + part


def _joined(chunked: bytes) -> bytes:
    """Return the content of what was sent in chunks (RFC 9112, section 7.1)."""
    parts, at = [], 0
    while True:
        end = chunked.index(b"\r\n", at)
        size = int(chunked[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(chunked[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
