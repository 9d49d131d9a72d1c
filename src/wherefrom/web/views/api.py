"""The page of the API: every call with its parameters and an example that answers, made from the OpenAPI description."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from rdflib import URIRef
from starlette.responses import Response

from wherefrom.evidence_map import evidence_map
from wherefrom.keystones import keystones
from wherefrom.vocabulary import shorten
from wherefrom.web.respond import HTML, READ, Link, respond
from wherefrom.web.site import Entry, Site

ENTRY = Entry("/api", "API", "foot")


def routes(site: Site) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.api_route("/api", methods=READ, include_in_schema=False)
    def api(request: Request) -> Response:
        links = [Link("canonical", "/api"), Link("service-desc", "/openapi.json", "application/json")]

        def content() -> bytes:
            return site.page("api.html", calls=calls(request.app.openapi(), examples(site), site.base), base=site.base, links=links)

        return respond(site, request, HTML, content, links=links)

    return router


def examples(site: Site) -> dict[str, Any]:
    """Return a value for each parameter without which a call has no answer, from what the base has; none where it has nothing."""
    stones = keystones(site.arrays, "publication", "stated")
    cells = evidence_map(site.arrays, "intervention", "outcome", "stated")
    found: dict[str, URIRef] = {}
    if stones and stones[0].claims:
        found = {"thing": stones[0].claims[0], "withdraw": stones[0].members[0], "from": stones[0].claims[0], "to": stones[0].members[0]}
    elif site.things.get("claim"):
        found = {"thing": URIRef(site.things["claim"][0])}
    if cells:
        best = max(cells, key=lambda cell: (cell.lines, cell.claims))
        found |= {"intervention": best.row, "outcome": best.column}
    return {"q": "attachment", **{name: shorten(thing, site.base) for name, thing in found.items()}}


def calls(description: Mapping[str, Any], examples: Mapping[str, Any], base: str) -> list[dict[str, Any]]:
    """Return the calls by GET under /api: address, summary, parameters, and an example as address, curl and Python."""
    found = []
    for path, methods in sorted(description["paths"].items()):
        if not path.startswith("/api/") or "get" not in methods:
            continue
        parameters = methods["get"].get("parameters", [])
        needed = [one["name"] for one in parameters if one["required"]] or (["thing"] if path == "/api/independence" else [])
        query = urlencode([(name, examples[name]) for name in needed if name in examples], safe="/")
        href = f"{path}?{query}" if query else path
        address = f"{base.rstrip('/')}{href}"
        defaults = {one["name"]: one["schema"].get("default") for one in parameters}
        found.append({
            "path": path,
            "summary": methods["get"]["summary"],
            "parameters": [{"name": one["name"], "required": one["required"], "default": defaults[one["name"]]} for one in parameters],
            "example": href if all(name in examples for name in needed) else "",
            "curl": f"curl {shlex.quote(address)}",
            "python": f"httpx.get({address!r}).json()",
        })  # fmt: skip
    return found
