"""The page of independent lines: which trials stand behind a thing, who made them, and how often each is told again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json, see_other
from wherefrom.web.site import Site
from wherefrom.web.views.asking import FormRoute, at, labels, meant
from wherefrom.web.views.view import show, table

PATH = "/independence"


def routes(site: Site) -> APIRouter:
    """Return the routes of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route(PATH, methods=READ, include_in_schema=False)
    @router.api_route(f"{PATH}.{{suffix}}", methods=READ, include_in_schema=False)
    def independence(
        request: Request, thing: str = "", intervention: str = "", outcome: str = "", policy: str = "stated", suffix: str = ""
    ) -> Response:
        given = {"thing": thing, "intervention": intervention, "outcome": outcome}
        names = {parameter: meant(site, text) for parameter, text in given.items() if text}
        if any(given[parameter] != name for parameter, name in names.items()):
            return see_other(at(request.url.path, [*names.items(), ("policy", policy)]))
        fields = {"fields": given, "chosen_policy": policy}
        if not names:
            return show(site, request, PATH, suffix, lambda **shared: site.page("independence.html", answer=None, **fields, **shared), {})
        asking = asked.independence(**names, policy=policy)

        def page(**shared: Any) -> bytes:
            answer = asking(site)
            called = labels(site, [*names.values(), *(source for line in answer["lines"] for source in line["sources"])])
            about = " and ".join(called[name] for name in names.values())
            return site.page("independence.html", answer=answer, called=called, about=about, traced=thing, **fields, **shared)

        return show(site, request, PATH, suffix, page, {"json": lambda: as_json(asking(site)), "csv": lambda: _csv(asking(site))})

    return router


def _csv(answer: Answer) -> bytes:
    """Return a row for each study, paper, companion report and claim of each line."""
    found = [
        (number, part, thing["id"], thing["label"])
        for number, line in enumerate(answer["lines"], 1)
        for part in ("studies", "publications", "companions", "claims")
        for thing in line[part]
    ]
    return table(("line", "part", "id", "label"), found)
