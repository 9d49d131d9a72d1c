"""Route of the files that pages load: style, scripts, the editor."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom.problems import UnknownResource
from wherefrom.web.assets import assets
from wherefrom.web.respond import CACHED, FOREVER, READ, respond
from wherefrom.web.site import Site


def routes(site: Site) -> APIRouter:
    """Return the route of all files under `static`, with or without the digest of their content in the address."""
    router = APIRouter()

    @router.api_route("/static/{name:path}", methods=READ, include_in_schema=False)
    def asset(request: Request, name: str) -> Response:
        digest, _, rest = name.partition("/")
        fixed = rest in assets() and digest == assets()[rest].digest
        found = assets().get(rest if fixed else name)
        if found is None:
            raise UnknownResource(f"the file {request.url.path}")
        return respond(site, request, found.media_type, lambda: found.content, cached=FOREVER if fixed else CACHED)

    return router
