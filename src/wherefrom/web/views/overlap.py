"""The page of overlap: how far documents, or sources, cite the same trials or papers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.web import asked
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import ACROSS, part
from wherefrom.web.views.view import show, table

PAIRS = 200  # of pages that are shown: those that share most, where they are more
ENTRY = Entry("/overlap", "Overlap", "head", "Do several pages rest on the same few trials?")


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter()

    @router.api_route("/overlap", methods=READ, include_in_schema=False)
    @router.api_route("/overlap.{suffix}", methods=READ, include_in_schema=False)
    def overlap(request: Request, answer: Annotated[asked.Asked, Depends(asked.overlap)], suffix: str = "") -> Response:
        def page(**shared: object) -> bytes:
            found = answer(site)
            documents, units = part(request, found["documents"]), part(request, found["units"], "across", ACROSS)
            named = {one["id"]: one for one in found["documents"]}
            shown = {"documents": documents, "units": units, "pairs": _shown(found["pairs"])}
            return site.page("overlap.html", answer=found, named=named, **shown, **shared)

        data = {"json": lambda: as_json(answer(site)), "csv": lambda: _csv(answer(site))}
        return show(site, request, "/overlap", suffix, page, data)

    return router


def _shown(pairs: list[Answer]) -> list[Answer]:
    return pairs if len(pairs) <= PAIRS else sorted(pairs, key=lambda pair: -len(pair["shared"]))[:PAIRS]


def _csv(answer: Answer) -> bytes:
    """Return the table of documents and units: 1 where a document cites a unit, else 0."""
    columns = ["document", *(unit["id"] for unit in answer["units"])]
    marks = {(document, unit["id"]) for unit in answer["units"] for document in unit["countedBy"]}
    found = ([one["id"], *(int((one["id"], unit) in marks) for unit in columns[1:])] for one in answer["documents"])
    return table(columns, found)
