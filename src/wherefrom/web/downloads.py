"""Routes of the downloads: whole or in part, compressed or not, the same bytes for the same data."""

from __future__ import annotations

from email.utils import format_datetime

from fastapi import APIRouter, Request
from rdflib import Graph
from starlette.responses import Response, StreamingResponse

from wherefrom import void
from wherefrom.dumps import Dump
from wherefrom.formats import BY_ENDING, GRAPHS
from wherefrom.problems import UnknownResource
from wherefrom.web.conditions import Conditions, RangeNotSatisfiable, modified
from wherefrom.web.respond import (
    CACHED,
    FOREVER,
    HTML,
    RDF,
    READ,
    VARY,
    WORTH,
    coded,
    content_type,
    problem_response,
    respond_rdf,
    takes_gzip,
)  # fmt: skip
from wherefrom.web.site import Site

SMALL = 8_000_000  # bytes of N-Quads up to which a download is written whole before its first byte is sent, so that its length is told
OFFERED = {"html": HTML, **RDF}
WHOLE = ("rdfxml",)  # formats that cannot hold everything: whether they can is known at the end


def routes(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.api_route("/dump/{name:path}.{suffix}", methods=READ, include_in_schema=False)
    def dump(request: Request, name: str, suffix: str) -> Response:
        bare, _, ending = f"{name}.{suffix}".removesuffix(".gz").rpartition(".")
        if ending not in BY_ENDING:
            raise UnknownResource(f"the dump format .{suffix}")
        version, slash, rest = bare.partition("/")
        fixed = bool(slash) and version == site.version
        return _send(site, request, rest if fixed else bare, BY_ENDING[ending], zipped=suffix == "gz", cached=FOREVER if fixed else CACHED)

    @router.api_route("/downloads", methods=READ, include_in_schema=False)
    @router.api_route("/downloads.{suffix}", methods=READ, include_in_schema=False)
    def downloads(request: Request, suffix: str = "") -> Response:
        def page() -> bytes:
            found = [(form, site.dumps.get("all", name), site.dumps.get("all", name, zipped=True)) for name, form in GRAPHS.items()]
            return site.page("downloads.html", links=[], dumps=found, graphs=site.build.graphs)

        return respond_rdf(site, request, "/downloads", suffix, lambda: _catalogue(site), offered=OFFERED, page=page)

    return router


def _catalogue(site: Site) -> Graph:
    def dump(name: str, zipped: bool) -> Dump:
        return site.dumps.get("all", name, zipped=zipped)

    return void.catalogue(site.settings, site.build, site.last_curation, dump)


def _send(site: Site, request: Request, name: str, form: str, *, zipped: bool, cached: str) -> Response:
    """Return a download: 304 where the client has it, a part where it asks for one, compressed where it takes that.

    A file that is zipped is not compressed again, and a range is one of the bytes of the file itself.
    """
    found = site.dumps.get(name, form, zipped=zipped)
    large = site.dumps.get("all", "nquads").size > SMALL
    coding = not zipped and "range" not in request.headers and takes_gzip(request) and (large or found.size >= WORTH)
    media_type = "application/gzip" if zipped else GRAPHS[form].media_type
    tag = site.etag(form, name, "zipped" if zipped else "")
    if coding:
        found, tag = site.dumps.get(name, form, zipped=True), coded(tag)
    asked = Conditions(request, modified(site))
    headers = {"ETag": tag, "Last-Modified": format_datetime(asked.modified, usegmt=True), "Vary": VARY, "Cache-Control": cached}
    asked.check(tag)
    if asked.unchanged(tag):
        return Response(status_code=304, headers=headers)
    headers |= {"Accept-Ranges": "bytes", "Content-Type": content_type(media_type)} | ({"Content-Encoding": "gzip"} if coding else {})
    if large and not found.whole and form not in WHOLE and "range" not in request.headers:
        return StreamingResponse(found.read() if request.method == "GET" else iter(()), 200, headers)
    start, stop, status = 0, found.size, 200
    try:
        if part := asked.range(tag, found.size):
            (start, stop), status = part, 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    except RangeNotSatisfiable as problem:
        return problem_response(site, request, problem, {"Content-Range": f"bytes */{found.size}"})
    headers["Content-Length"] = str(stop - start)
    return StreamingResponse(found.read(start, stop) if request.method == "GET" else iter(()), status, headers)
