"""The page of the vocabulary: classes, properties and codes in words."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom.pages import vocabulary
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.view import show, table

ENTRY = Entry("/vocabulary", "Vocabulary", "foot")
COLUMNS = ("name", "kind", "label", "definition", "example", "status", "domain", "range", "above", "uses")


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter()

    @router.api_route("/vocabulary", methods=READ, include_in_schema=False)
    @router.api_route("/vocabulary.{suffix}", methods=READ, include_in_schema=False)
    def terms(request: Request, suffix: str = "") -> Response:
        def page(**shared: object) -> bytes:
            return site.page("vocabulary.html", vocabulary=vocabulary(site.store), **shared)

        def rows() -> bytes:
            found = (asdict(term) for term in vocabulary(site.store).terms)
            return table(COLUMNS, ([" ".join(row[c]) if isinstance(row[c], list) else row[c] for c in COLUMNS] for row in found))

        data = {"json": lambda: as_json(asdict(vocabulary(site.store))), "csv": rows}
        return show(site, request, "/vocabulary", suffix, page, data)

    return router
