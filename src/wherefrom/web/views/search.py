"""The page of search: what has the words, by kind, with the words marked where they stand."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom.search import LONGEST, pieces
from wherefrom.web import asked
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Site
from wherefrom.web.views.view import show


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data. The field for words is in the head of every page."""
    router = APIRouter()

    @router.api_route("/search", methods=READ, include_in_schema=False)
    @router.api_route("/search.{suffix}", methods=READ, include_in_schema=False)
    def search(request: Request, q: str = "", type: str = "", page: int = 1, suffix: str = "") -> Response:
        answer = asked.search(q, type, page)

        def at(kind: str = "", page: int = 1) -> str:
            """Return the address of these words, of a kind, on a page."""
            given = {"q": q, "type": kind, "page": page if page > 1 else ""}
            return f"/search?{urlencode({name: value for name, value in given.items() if value})}"

        def content(**shared: object) -> bytes:
            return site.page("search.html", answer=answer(site), types=site.index.types, pieces=pieces, at=at, longest=LONGEST, **shared)

        return show(site, request, "/search", suffix, content, {"json": lambda: as_json(answer(site))})

    return router
