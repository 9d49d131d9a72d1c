"""What is no request, or one with a head that no client needs: refused before any route sees it, in the form of every problem."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from contextlib import suppress

import httpx
import pytest

from wherefrom.web.protocol import LARGEST_HEAD, LONGEST_ADDRESS

END = b"Host: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ASK = b"POST /sparql HTTP/1.1\r\nContent-Type: application/sparql-query\r\n"
PART = b"a" * 9_000


def answers(service: httpx.Client, parts: Sequence[bytes]) -> list[bytes]:
    """Return what comes back to bytes that are sent part by part, until the server closes the connection: one for each status line."""
    received = b""
    with socket.create_connection((service.base_url.host, service.base_url.port or 80), timeout=20) as connection:
        with suppress(OSError):  # the server no longer listens
            for part in parts:
                connection.sendall(part)
        with suppress(ConnectionResetError):  # it has not read all that was sent
            while part := connection.recv(65_536):
                received += part
    return [b"HTTP/1.1 " + one for one in received.split(b"HTTP/1.1 ")[1:]]


REFUSED = {
    "no method that there is": (400, "unknown-method", [b"BREW /health HTTP/1.1\r\n" + END]),
    "no request": (400, "unknown-method", [b"garbage\r\n\r\n"]),
    "another version": (400, "not-http", [b"GET /health HTTP/9.9\r\n" + END]),
    "HTTP/2 without having agreed": (400, "not-http", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]),
    "a connection to elsewhere": (400, "not-http", [b"CONNECT example.org:80 HTTP/1.1\r\n" + END]),
    "bytes that no path has": (400, "not-http", [b"GET /\xff\xfe HTTP/1.1\r\n" + END]),
    "two lengths, which two servers may read differently": (400, "not-http", [ASK + CHUNKED + b"Content-Length: 6\r\n" + END]),
    "a long address": (414, "address-too-long", [b"GET /" + b"a" * LONGEST_ADDRESS + b" HTTP/1.1\r\n" + END]),
    "one large header at once": (431, "head-too-large", [b"GET /health HTTP/1.1\r\nX: " + b"a" * (LARGEST_HEAD + 1) + b"\r\n" + END]),
    "a header that does not end": (431, "head-too-large", [b"GET /health HTTP/1.1\r\nX: ", *[PART] * 100]),
    "headers that do not end": (431, "head-too-large", [b"GET /health HTTP/1.1\r\n", *[b"X: %s\r\n" % PART] * 100]),
    "a path that does not end": (431, "head-too-large", [b"GET /", *[PART] * 100]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_as_a_problem(service: httpx.Client, kind: str) -> None:
    status, slug, sent = REFUSED[kind]
    (answer,) = answers(service, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/problem+json" in head
    told = json.loads(body)
    assert (told["type"], told["status"]) == (f"/problems/{slug}", status)
    assert told["detail"]
    assert service.get(told["type"], headers={"Accept": "text/html"}).status_code == 200


TAKEN = {
    "HTTP/1.0": [b"GET /health HTTP/1.0\r\n\r\n"],
    "an address in full": [b"GET http://example.org/health HTTP/1.1\r\n" + END],
    "an address as long as one may be": [b"GET /health?" + b"a" * (LONGEST_ADDRESS - 12) + b" HTTP/1.1\r\n" + END],
    "large headers": [b"GET /health HTTP/1.1\r\nX: " + b"a" * (LARGEST_HEAD - 200) + b"\r\n" + END],
    "a head in small parts": [b"GET /health HTTP/1.1\r\n", *[bytes([one]) for one in END]],
    "a wish to change over, which is passed over": [b"GET /health HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" + END],
    "a body": [ASK + b"Content-Length: 6\r\n" + END + b"ASK {}"],
    "a body in chunks": [ASK + CHUNKED + END + b"3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n"],
    "a large body after a small head": [ASK + b"Content-Length: %d\r\n" % (LARGEST_HEAD + 6) + END + b" " * LARGEST_HEAD, b"ASK {}"],
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_it_is_answered(service: httpx.Client, kind: str) -> None:
    (answer,) = answers(service, TAKEN[kind])
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 413 ") if "large body" in kind else b"HTTP/1.1 200 ")


def test_requests_that_are_sent_at_once_are_answered_in_turn(service: httpx.Client) -> None:
    first, second = answers(service, [b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /robots.txt HTTP/1.1\r\n" + END])
    assert b'"status": "ok"' in first
    assert b"User-agent" in second
