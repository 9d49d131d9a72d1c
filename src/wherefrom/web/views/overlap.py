"""The page of overlap: how far documents, or sources, cite the same trials or papers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.web import asked
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.view import show, table

ENTRY = Entry("/overlap", "Overlap", "head", "Do several pages rest on the same few trials?")


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter()

    @router.api_route("/overlap", methods=READ, include_in_schema=False)
    @router.api_route("/overlap.{suffix}", methods=READ, include_in_schema=False)
    def overlap(request: Request, answer: Annotated[asked.Asked, Depends(asked.overlap)], suffix: str = "") -> Response:
        def page(**shared: object) -> bytes:
            found = answer(site)
            return site.page("overlap.html", answer=found, named={one["id"]: one for one in found["documents"]}, **shared)

        data = {"json": lambda: as_json(answer(site)), "csv": lambda: _csv(answer(site))}
        return show(site, request, "/overlap", suffix, page, data)

    return router


def _csv(answer: Answer) -> bytes:
    """Return the table of documents and units: 1 where a document cites a unit, else 0."""
    columns = ["document", *(unit["id"] for unit in answer["units"])]
    found = ([document["id"], *(int(document["id"] in unit["countedBy"]) for unit in answer["units"])] for document in answer["documents"])
    return table(columns, found)
