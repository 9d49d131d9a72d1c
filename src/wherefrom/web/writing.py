"""Routes that write: SPARQL 1.1 Update at /update, the Graph Store Protocol at /graphs; and /changes, which tells who wrote what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import pyoxigraph as ox
from fastapi import APIRouter, Request
from rdflib import Graph
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wherefrom import changes, journal, tokens
from wherefrom.load import as_graph
from wherefrom.problems import BadParameter, BadQuery, Problem, QueryTooLarge, UnknownResource, UnsupportedMediaType, UpdateRefused
from wherefrom.report import render
from wherefrom.web.negotiation import choose
from wherefrom.web.outside import Outside
from wherefrom.web.publishing import Publisher, now
from wherefrom.web.respond import HTML, JSON, PROBLEM, RDF, READ, Link, accepted, as_json, content_type, json_response, respond, respond_rdf
from wherefrom.web.site import Site
from wherefrom.writing import ONE_GRAPH, Order, WouldNotConform

FORM, UPDATE = "application/x-www-form-urlencoded", "application/sparql-update"
WRITE = ["PUT", "POST", "DELETE"]
FEEDS = {"atom": "application/atom+xml", "json": JSON}  # of what was written, beside its provenance in RDF
CHANGES = [
    {"name": name, "href": f"/changes.{ending}"}
    for ending, name in (("atom", "Atom"), ("json", "JSON"), ("ttl", "Turtle"), ("jsonld", "JSON-LD"))
]
PAGE = 100  # writes on the page for people; the data formats give all


class NoUnionWrite(Problem):
    """A write to the default graph."""

    slug, title, status = "no-union-write", "The default graph is the union of all graphs", 405
    remedy = "Name one graph with ?graph=IRI; the union follows by itself."
    headers: ClassVar[Mapping[str, str]] = {"Allow": "GET, HEAD, OPTIONS"}


def routes(site: Site, publisher: Publisher, outside: Outside) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.post("/update", summary="SPARQL update by form or as the body; needs a token")
    async def update(request: Request) -> Response:
        by = _owner(publisher, request)
        media_type = _media_type(request)
        if media_type not in (FORM, UPDATE):
            raise UnsupportedMediaType(f"Content-Type {media_type or '(none)'} is not taken at this address; {UPDATE} and {FORM} are.")
        body = await _body(request, site.settings.write_bytes)
        fields = _fields(body if media_type == FORM else "") + _fields(request.url.query)
        updates = [value for name, value in fields if name == "update"] if media_type == FORM else [body]
        if len(updates) != 1 or not updates[0].strip():
            raise BadQuery(f"A request has one update; this one has {len(updates) if len(updates) != 1 else 'an empty one'}.")
        if any(name in ("using-graph-uri", "using-named-graph-uri") for name, _ in fields):
            raise BadQuery("using-graph-uri and using-named-graph-uri are not taken here: write USING in the update.")
        text = await outside.answered(updates[0], update=True)
        return await _written(site, publisher, request, Order("update", by, now(), text))

    @router.api_route("/graphs", methods=READ, summary="One graph (?graph=IRI), or the union of all (?default)")
    def graph(request: Request) -> Response:
        name = _graph(request)

        def content() -> Graph:
            lines = site.build.lines(frozenset([name] if name else []))
            return as_graph(ox.parse(b"".join(lines), ox.RdfFormat.N_QUADS))

        if name and name not in site.build.graphs:
            raise UnknownResource(f"the graph <{name}>")
        return respond_rdf(site, request, "", "", content)

    @router.api_route("/graphs", methods=WRITE, include_in_schema=False)
    async def put(request: Request) -> Response:
        by = _owner(publisher, request)
        name = _graph(request)
        if not name:
            raise NoUnionWrite(f"{request.method} is not taken for the default graph.")
        operation, content, media_type = request.method.lower(), "", ""
        if operation != "delete":
            media_type = _media_type(request)
            if media_type not in ONE_GRAPH:
                problem = UnsupportedMediaType(f"Content-Type {media_type or '(none)'} is not taken at this address.")
                problem.remedy = f"Send one of {', '.join(ONE_GRAPH)}."
                raise problem
            content = await _body(request, site.settings.write_bytes)
        elif name not in publisher.served.build.graphs:
            raise UnknownResource(f"the graph <{name}>")
        created = operation != "delete" and name not in publisher.served.build.graphs
        order = Order(operation, by, now(), content, media_type, name)
        return await _written(site, publisher, request, order, created=created)

    @router.api_route("/changes", methods=READ, include_in_schema=False)
    @router.api_route("/changes.{suffix}", methods=READ, include_in_schema=False)
    def told(request: Request, suffix: str = "") -> Response:
        def entries() -> tuple[journal.Entry, ...]:
            return journal.read(publisher.folder)[: site.build.entries]

        links = [Link("alternate", f"/changes.{ending}", media_type) for ending, media_type in FEEDS.items()]

        def page() -> bytes:
            return site.page("changes.html", links=links, formats=CHANGES, entries=entries()[: -PAGE - 1 : -1], count=site.build.entries)

        if suffix == "json":
            return respond(site, request, JSON, lambda: as_json({"changes": [changes.summary(entry) for entry in entries()]}))

        def feed() -> bytes:
            return changes.atom(entries()[-PAGE:], site.base, site.settings.title, site.settings.publisher, site.build.built)

        if suffix == "atom":
            return respond(site, request, FEEDS["atom"], feed)

        def provenance() -> Graph:
            return changes.provenance(entries(), site.base)

        return respond_rdf(site, request, "/changes", suffix, provenance, offered={**RDF, "html": HTML}, page=page)

    return router


def _owner(publisher: Publisher, request: Request) -> str:
    if publisher.tokens is None:
        raise UpdateRefused(publisher.refusal)
    return tokens.owner(tokens.read_tokens(publisher.tokens), request.headers.get("authorization", ""))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


async def _body(request: Request, limit: int) -> str:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise QueryTooLarge(f"The request is longer than {limit:,} bytes (limits.write_bytes).")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadQuery("The request is not UTF-8.") from error


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise BadQuery("The request is not UTF-8.") from error


def _graph(request: Request) -> str:
    """Return the graph that a request names (Graph Store Protocol, section 4.2), empty for the union of all."""
    fields = _fields(request.url.query)
    names = [value for name, value in fields if name == "graph"]
    default = [value for name, value in fields if name == "default"]
    if len(names) + len(default) != 1:
        raise BadParameter("Name one graph: ?graph=IRI, or ?default for the union of all.")
    if default:
        return ""
    try:
        absolute = bool(urlsplit(names[0]).scheme)
        ox.NamedNode(names[0])
    except ValueError:
        absolute = False
    if not absolute:
        raise BadParameter(f"{names[0]!r} is no absolute IRI.")
    return names[0]


async def _written(site: Site, publisher: Publisher, request: Request, order: Order, *, created: bool = False) -> Response:
    """Have a write done, and answer what it did; where the data would not conform, 422 with the SHACL report."""
    try:
        done: dict[str, Any] = await publisher.write(order)
    except WouldNotConform as problem:
        wanted = choose(f"{accepted(request) or '*/*'}, */*;q=0.001", [PROBLEM, "text/turtle"])
        if wanted == PROBLEM:
            report = json.loads(render(problem.report, "json"))
            content = as_json({**problem.as_json(), "instance": request.url.path, "report": report})
        else:
            content = (await run_in_threadpool(render, problem.report, "turtle")).encode()
        return Response(content, problem.status, {"Cache-Control": "no-store"}, content_type(wanted))
    return json_response(done, status=201 if created and done["changed"] else 200)
