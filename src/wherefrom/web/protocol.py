"""HTTP/1.1 as it comes in. It is read by llhttp, which takes a fraction of the time of a parser in Python, and has no limits."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wherefrom.problems import Problem

LONGEST_ADDRESS = 65_000  # bytes of path and query; what reads them counts in 16 bits
LARGEST_HEAD = 80_000  # bytes of a request line with its headers: of the longest address, and what browsers send beside it


class NotHTTP(Problem):
    """What is no request, so that no route can answer it."""

    slug, title, status = "not-http", "This is no request of HTTP/1.1", 400
    remedy = "Send a request line and headers as RFC 9112 has them."


class HeadTooLarge(Problem):
    """A head that no client needs to send (RFC 6585, section 5)."""

    slug, title, status = "head-too-large", "The request line and headers are too large", 431
    remedy = "Send fewer or shorter headers, and a long query by POST."


class AddressTooLong(Problem):
    """A request line that no query needs."""

    slug, title, status = "address-too-long", "The address is too long", 414
    remedy = "Send the query by POST."


class UnknownMethod(Problem):
    """A method that no standard has, and so no address; which it was, the parser does not tell."""

    slug, title = "unknown-method", "There is no such method"
    remedy = "Ask with OPTIONS which methods an address takes."


class Protocol(HttpToolsProtocol):
    """One connection. A head that is too large is refused at the latest some reads after it has become so."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.within_head = False
        self.come = 0  # bytes of a head that has not ended, in reads after that in which it began

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        begun = self.within_head
        super().data_received(data)
        self.come = self.come + len(data) if begun and self.within_head else 0
        if self.come > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(_too_large())

    def on_message_begin(self) -> None:
        """Begin a head."""
        self.within_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer; raises `AddressTooLong` or `HeadTooLarge`, after which the parser stops."""
        self.within_head = False
        if len(self.url) > LONGEST_ADDRESS:
            raise AddressTooLong(f"It is longer than {LONGEST_ADDRESS:,} bytes.")
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > LARGEST_HEAD:
            raise _too_large()
        super().on_headers_complete()

    def send_400_response(self, _: str) -> None:
        """Refuse what the parser has refused just now."""
        error = sys.exception()
        if isinstance(error, httptools.HttpParserInvalidMethodError):
            self._refuse(UnknownMethod("The request begins with no method of HTTP."))
        elif error is not None and isinstance(error.__context__, Problem):
            self._refuse(error.__context__)
        else:
            self._refuse(NotHTTP("What came cannot be read as a request."))

    def _refuse(self, problem: Problem) -> None:
        body = json.dumps(problem.as_json()).encode()
        lines = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}", "Content-Type: application/problem+json",
            f"Content-Length: {len(body)}", "Cache-Control: no-store", "Connection: close", "", "",
        )  # fmt: skip
        self.transport.write("\r\n".join(lines).encode() + body)
        self.transport.close()


def _too_large() -> HeadTooLarge:
    return HeadTooLarge(f"They are longer than {LARGEST_HEAD:,} bytes.")
