"""Routes of the SPARQL 1.1 Protocol. Queries go to the worker pool; updates are refused."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from rdflib import URIRef
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from wherefrom import pages, void
from wherefrom.answering import GRAPHS, ROWS
from wherefrom.problems import BadQuery, Problem, QueryTooLarge, UnsupportedMediaType, UpdateRefused
from wherefrom.query import question, questions
from wherefrom.web.negotiation import choose
from wherefrom.web.pool import Pool
from wherefrom.web.pool import Request as Asked
from wherefrom.web.respond import HTML, VARY, Link, accepted, content_type, respond
from wherefrom.web.site import Site

FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
ANSWERS = [media_type for _, media_type in (*ROWS.values(), *GRAPHS.values())]
EXAMPLE = "SELECT ?claim ?label WHERE {\n  ?claim a ev:Claim ; skos:prefLabel ?label .\n}\nLIMIT 20\n"
SHOWN = 500  # rows on an HTML page
PAGE = 4_000_000  # bytes of an answer that an HTML page takes in; the data formats give all of it


def routes(site: Site, pool: Pool) -> APIRouter:
    """Return the routes /sparql and /update."""
    router = APIRouter()

    @router.api_route("/sparql", methods=["GET", "HEAD"], summary="SPARQL query, or the service description without one")
    async def ask(request: Request) -> Response:
        parameters = _fields(request.url.query)
        names = {name for name, _ in parameters}
        if "update" in names:
            raise UpdateRefused("An update was sent by GET.")
        if "name" in names and "query" not in names:
            asked = question(dict(parameters)["name"])
            parameters = [("query", asked.text)]
            names = {"query"}
        if "query" not in names:
            return await _describe(site, request)
        return await _answer(site, pool, request, _asked(request, parameters))

    @router.post("/sparql", summary="SPARQL query by form or as the body")
    async def ask_by_post(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
        body = await _body(request, site.settings.query_bytes)
        if any(name == "update" for name, _ in _fields(request.url.query)):
            raise UpdateRefused("An update was sent to the query address.")
        if media_type == FORM:
            parameters = _fields(_utf8(body))
            if any(name == "update" for name, _ in parameters):
                raise UpdateRefused("An update was sent to the query address.")
        elif media_type == QUERY:
            parameters = [("query", _utf8(body)), *_fields(request.url.query)]
        elif media_type == UPDATE:
            raise UpdateRefused("An update was sent to the query address.")
        else:
            raise UnsupportedMediaType(f"Content-Type {media_type or '(none)'} is not taken at this address.")
        return await _answer(site, pool, request, _asked(request, parameters))

    @router.post("/update", include_in_schema=False)
    async def update() -> Response:
        raise UpdateRefused("Updates are off.")

    return router


async def _body(request: Request, limit: int) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > 3 * limit + 10_000:  # a form triples a query at most
            raise QueryTooLarge(f"The request is longer than a query of {limit:,} bytes can be (limits.query_bytes).")
    return body


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadQuery("The query is not UTF-8.") from error


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise BadQuery("The query is not UTF-8.") from error


def _asked(request: Request, parameters: Sequence[tuple[str, str]]) -> Asked:
    queries = [value for name, value in parameters if name == "query"]
    if len(queries) != 1 or not queries[0].strip():
        raise BadQuery("A request has one query; this one has " + (f"{len(queries)}." if len(queries) != 1 else "an empty one."))
    default = tuple(value for name, value in parameters if name == "default-graph-uri")
    named = tuple(value for name, value in parameters if name == "named-graph-uri")
    return Asked(queries[0], accepted(request), default, named)


async def _answer(site: Site, pool: Pool, request: Request, asked: Asked) -> Response:
    accept = accepted(request)
    if accept and choose(f"{accept}, */*;q=0.0001", [*ANSWERS, HTML]) == HTML:
        return await _answer_page(site, pool, asked)
    media_type, chunks = await pool.answer(asked)
    headers = {"Vary": VARY, "Cache-Control": "public, max-age=60"}
    return StreamingResponse(chunks, headers=headers, media_type=content_type(media_type))


async def _answer_page(site: Site, pool: Pool, asked: Asked) -> Response:
    json_type, turtle = ROWS["json"][1], GRAPHS["turtle"][1]
    values: dict[str, object] = {"query": asked.query}
    status, headers = 200, {"Vary": VARY, "Cache-Control": "public, max-age=60"}
    try:
        kind, chunks = await pool.answer(Asked(asked.query, f"{json_type}, {turtle}", asked.default_graphs, asked.named_graphs))
        content, whole = await _beginning(chunks)
        if kind == turtle:
            values |= {"graph": content.decode("utf-8", "ignore"), "whole": whole}
        else:
            values |= await run_in_threadpool(_table, site, content.decode("utf-8", "ignore"), whole)
    except Problem as problem:
        values["problem"], status = problem.as_json(), problem.status
        headers |= {"Cache-Control": "no-store", **problem.headers}
    return Response(_page(site, **values), status, headers, content_type(HTML))


async def _beginning(chunks: AsyncGenerator[bytes]) -> tuple[bytes, bool]:
    """Return the first `PAGE` bytes of an answer, and whether they are all of it; the rest is not waited for."""
    content = b""
    async with aclosing(chunks):
        async for chunk in chunks:
            content += chunk
            if len(content) > PAGE:
                return content, False
    return content, True


def _read(text: str, *, whole: bool) -> dict[str, Any]:
    """Return SPARQL JSON results; of those that were cut, the rows that are whole."""
    if whole:
        found: dict[str, Any] = json.loads(text)
        return found
    marker = '"results":{"bindings":['
    head, _, rest = text.partition(marker)
    decoder, at = json.JSONDecoder(), 0
    rows: list[object] = []
    while len(rows) < SHOWN:
        try:
            row, at = decoder.raw_decode(rest, at)
        except ValueError:
            break
        rows.append(row)
        at += 1  # the comma
    return {**json.loads(f"{head.rstrip(',')}}}"), "results": {"bindings": rows}}


def _table(site: Site, text: str, whole: bool) -> dict[str, object]:
    found = _read(text, whole=whole)
    if "boolean" in found:
        return {"boolean": found["boolean"]}
    columns: list[str] = found["head"]["vars"]
    rows: list[dict[str, dict[str, str]]] = found["results"]["bindings"]
    names = pages.Names(site.store, site.base)
    uris = {value["value"] for row in rows[:SHOWN] for value in row.values() if value["type"] == "uri"}
    names.learn(URIRef(uri) for uri in uris)
    shown = [[_cell(row.get(column), names) for column in columns] for row in rows[:SHOWN]]
    return {"columns": columns, "rows": shown, "count": len(rows), "whole": whole}


def _cell(value: dict[str, str] | None, names: pages.Names) -> pages.Shown:
    if value is None:
        return pages.Shown("")
    if value["type"] == "uri":
        return pages.Shown(names.of(value["value"]), pages.address(value["value"], names.base))
    return pages.Shown(value["value"])


def _page(site: Site, **values: object) -> bytes:
    empty: dict[str, object] = {"query": EXAMPLE, "problem": None, "boolean": None, "graph": ""}
    empty |= {"columns": [], "rows": [], "count": 0, "whole": True}
    return site.page("sparql.html", links=[], questions=questions().values(), **{**empty, **values})


async def _describe(site: Site, request: Request) -> Response:
    """Return the service description, or the form to readers."""
    media_type = choose(accepted(request), [*void.FORMATS, HTML])
    if media_type == HTML:
        return respond(site, request, HTML, lambda: _page(site))
    described = Link("describedby", "/.well-known/void", "text/turtle")
    return respond(site, request, media_type, lambda: void.service(site.settings, site.build, media_type), links=[described])
