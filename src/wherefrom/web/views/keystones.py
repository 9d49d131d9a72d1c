"""The page of keystones: what most hangs on, paper by paper or trial by trial."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import FormRoute
from wherefrom.web.views.view import show, table

ENTRY = Entry("/keystones", "Keystones", "foot", "What hangs on a single paper or trial?")
COLUMNS = ("rank", "members", "claims", "findings", "ratings")


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route("/keystones", methods=READ, include_in_schema=False)
    @router.api_route("/keystones.{suffix}", methods=READ, include_in_schema=False)
    def keystones(request: Request, answer: Annotated[asked.Asked, Depends(asked.keystones)], suffix: str = "") -> Response:
        def page(**shared: object) -> bytes:
            return site.page("keystones.html", answer=answer(site), **shared)

        data = {"json": lambda: as_json(answer(site)), "csv": lambda: table(COLUMNS, _lines(answer(site)))}
        return show(site, request, "/keystones", suffix, page, data)

    return router


def _lines(answer: Answer) -> list[list[Any]]:
    return [
        [rank, " ".join(member["id"] for member in stone["members"]), *(stone["falls"][part] for part in COLUMNS[2:])]
        for rank, stone in enumerate(answer["keystones"], 1)
    ]
