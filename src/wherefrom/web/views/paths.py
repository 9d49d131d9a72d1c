"""The page of ways: how one thing rests on another, over which things, and in how many ways."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json, see_other
from wherefrom.web.site import Site
from wherefrom.web.views.asking import FormRoute, at, labels, meant
from wherefrom.web.views.view import show, table

PATH = "/paths"


def routes(site: Site) -> APIRouter:
    """Return the routes of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route(PATH, methods=READ, include_in_schema=False)
    @router.api_route(f"{PATH}.{{suffix}}", methods=READ, include_in_schema=False)
    def paths(
        request: Request,
        start: Annotated[str, Query(alias="from")] = "",
        end: Annotated[str, Query(alias="to")] = "",
        policy: str = "stated",
        show_: Annotated[int, Query(alias="show")] = 10,
        suffix: str = "",
    ) -> Response:
        names = meant(site, start), meant(site, end)
        if names != (start, end):
            return see_other(at(request.url.path, [("from", names[0]), ("to", names[1]), ("policy", policy)]))
        fields = {"fields": names, "chosen_policy": policy}
        if not all(names):
            return show(site, request, PATH, suffix, lambda **shared: site.page("paths.html", answer=None, **fields, **shared), {})
        asking = asked.paths(*names, policy, show_)

        def page(**shared: Any) -> bytes:
            answer = asking(site)
            ways = (*answer["shortest"], *answer["circles"])
            called = labels(site, [answer["from"], answer["to"], *(thing for way in ways for thing in way)])
            return site.page("paths.html", answer=answer, called=called, **fields, **shared)

        return show(site, request, PATH, suffix, page, {"json": lambda: as_json(asking(site)), "csv": lambda: _csv(asking(site))})

    return router


def _csv(answer: Answer) -> bytes:
    """Return a row for each thing on each of the ways that are listed."""
    found = [(number, place, thing) for number, way in enumerate(answer["shortest"], 1) for place, thing in enumerate(way, 1)]
    return table(("way", "place", "id"), found)
