"""The page of claims that cite nothing, by source."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.vocabulary import SCHEMES
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import FormRoute, labels, sources
from wherefrom.web.views.view import show, table

ENTRY = Entry("/unsupported", "Cites nothing", "head", "Which claims cite nothing?")
PATH = ENTRY.path


def routes(site: Site) -> APIRouter:
    """Return the routes of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route(PATH, methods=READ, include_in_schema=False)
    @router.api_route(f"{PATH}.{{suffix}}", methods=READ, include_in_schema=False)
    def unsupported(
        request: Request, answer: Annotated[asked.Asked, Depends(asked.unsupported)], source: str = "", suffix: str = ""
    ) -> Response:
        def page(**shared: Any) -> bytes:
            chosen = asked.source_name(source) if source else ""
            return site.page("unsupported.html", chosen=chosen, choices=sources(site), **_told(site, answer(site)), **shared)

        data = {"json": lambda: as_json(answer(site)), "csv": lambda: _csv(answer(site))}
        return show(site, request, PATH, suffix, page, data)

    return router


def _told(site: Site, answer: Answer) -> dict[str, Any]:
    """Return the claims of each source, and what sources and kinds of claims are called."""
    kinds = {kind: f"{SCHEMES}/claim-kind/{kind}" for claim in answer["claims"] for kind in claim["kinds"]}
    called = labels(site, [*answer["bySource"], *kinds.values()])
    by_source = {name: [claim for claim in answer["claims"] if claim["source"] == name] for name in answer["bySource"]}
    return {"answer": answer, "by_source": by_source, "called": called, "kind_words": {kind: called[iri] for kind, iri in kinds.items()}}


def _csv(answer: Answer) -> bytes:
    """Return the claims with their sources and kinds."""
    found = ((claim["id"], claim["label"], claim["source"], " ".join(claim["kinds"]), claim["iri"]) for claim in answer["claims"])
    return table(("claim", "label", "source", "kinds", "iri"), found)
