"""The first page: what is here, in six numbers, and the questions that the other pages answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom import schema_org
from wherefrom.journal import read as read_journal
from wherefrom.query import questions
from wherefrom.web.respond import HTML, LINKSET, READ, Link, respond
from wherefrom.web.site import Site

LAST = 5  # writes that are told


def routes(site: Site) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.api_route("/", methods=READ, include_in_schema=False)
    def home(request: Request) -> Response:
        links = [
            Link("describedby", "/.well-known/void", "text/turtle"),
            Link("describedby", "/downloads.ttl", "text/turtle"),
            Link("api-catalog", "/.well-known/api-catalog", LINKSET),
            Link("license", site.settings.licence_iri),
        ]

        def content() -> bytes:
            return site.page(
                "home.html",
                numbers=numbers(site),
                counts=[(kind, len(things)) for kind, things in site.things.items()],
                questions=questions().values(),
                changes=read_journal(site.folder)[: site.build.entries][: -LAST - 1 : -1],
                links=links,
                described=schema_org.dataset(site.settings, site.version, site.last_curation),
            )

        return respond(site, request, HTML, content, links=links)

    return router


def numbers(site: Site) -> list[dict[str, object]]:
    """Return what there is of the main things: how many, what they are, and where they are listed; none is told of what is not here."""
    found = [
        {"number": len(site.things.get("source", ())), "words": "sources", "href": "/source"},
        {"number": len(site.things.get("claim", ())), "words": "claims", "href": "/claim"},
        {"number": site.tallies["trials"], "words": "independent trials behind them", "href": "/study"},
        {"number": len(site.things.get("publication", ())), "words": "papers", "href": "/publication"},
        {"number": site.tallies["bare"], "words": "claims that cite nothing", "href": site.entry("/unsupported")},
        {"number": len(site.things.get("discrepancy", ())), "words": "places where records disagree", "href": site.entry("/discrepancies")},
    ]
    return [one for one in found if one["number"]]
