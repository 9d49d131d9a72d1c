"""Answers that are given again as they were: to the same address, asked for with the same headers of those that answers vary by.

It is what a shared cache in front of the service would do (RFC 9111), without leaving a version of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wherefrom.web.cache import Cache
from wherefrom.web.log import QueryNote
from wherefrom.web.respond import VARY

VARIES = frozenset(name.strip().lower().encode() for name in VARY.split(","))
ELSEWHERE = frozenset(
    (b"range", b"if-range", b"if-match", b"if-modified-since", b"if-unmodified-since", b"authorization", b"transfer-encoding")
)
OF_CONTENT = frozenset((b"content-length", b"content-type", b"content-encoding"))  # which an answer without content does not tell
Headers = list[tuple[bytes, bytes]]


class Kept(NamedTuple):
    """An answer, its entity tag for weak comparison, and what is told of the request when it has ended."""

    tag: bytes
    headers: Headers
    body: bytes
    route: Any
    query: str  # the digest of the query, if there was one


class KeepsAnswers:
    """Gives whole answers with an entity tag again, also as 304. `state` tells what else they depend on than the data."""

    def __init__(self, app: ASGIApp, cache: Cache[Any], state: Callable[[], Hashable]) -> None:
        self.app, self.cache, self.state = app, cache, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        key = self._key(scope) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if key is None:
            await self.app(scope, receive, send)
            return
        kept: Kept | None = self.cache.get(key)
        if kept is None:
            await self.app(scope, receive, send if scope["method"] == "HEAD" else self._keeping(scope, key, send))
            return
        if kept.route is not None:
            scope["route"] = kept.route
        if kept.query:
            scope.setdefault("state", {})["query"] = QueryNote(kept.query, "cache")
        same = kept.tag in _known(scope) or b"*" in _known(scope)
        headers = [header for header in kept.headers if header[0] not in OF_CONTENT] if same else list(kept.headers)
        await send({"type": "http.response.start", "status": 304 if same else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if same else kept.body})

    def _key(self, scope: Scope) -> Hashable:
        """Return what requests have in common that have the same answer; None for one that an answer alone does not settle."""
        varying = []
        for header in scope["headers"]:
            if header[0] in VARIES:
                varying.append(header)
            elif header[0] in ELSEWHERE:
                return None
        return (scope["raw_path"], scope["query_string"], *varying, self.state())

    def _keeping(self, scope: Scope, key: Hashable, send: Send) -> Send:
        """Return what sends on an answer, and keeps it where it is whole in one piece, has a tag and may be kept."""
        begun: Headers = []

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == 200:
                    begun.extend(message["headers"])
            elif begun and not message.get("more_body", False):
                told = dict(begun)
                if b"etag" in told and b"content-length" in told and b"no-store" not in told.get(b"cache-control", b""):
                    self._keep(scope, key, begun, bytes(message.get("body", b"")))
            else:
                begun.clear()
            await send(message)

        return sent

    def _keep(self, scope: Scope, key: Hashable, headers: Headers, body: bytes) -> None:
        query = scope.get("state", {}).get("query")
        kept = Kept(_weak(dict(headers)[b"etag"]), list(headers), body, scope.get("route"), query.digest if query else "")
        size = len(body) + sum(len(name) + len(value) for name, value in (*headers, *scope["headers"]))
        self.cache.put(key, kept, size + len(scope["raw_path"]) + len(scope["query_string"]))


def _known(scope: Scope) -> set[bytes]:
    """Return the entity tags that a client says it has, for weak comparison (RFC 9110, section 8.8.3.2)."""
    return {_weak(tag.strip()) for name, value in scope["headers"] if name == b"if-none-match" for tag in value.split(b",")}


def _weak(tag: bytes) -> bytes:
    return tag.removeprefix(b"W/")
