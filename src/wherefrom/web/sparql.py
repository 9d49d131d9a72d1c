"""Routes of the SPARQL 1.1 Protocol for queries, which go to the worker pool; updates are refused here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wherefrom import void
from wherefrom.formats import ANSWERS, GRAPHS, ROWS
from wherefrom.problems import BadQuery, Problem, QueryTooLarge, UnsupportedMediaType, UpdateRefused
from wherefrom.query import question
from wherefrom.sparql_text import is_volatile
from wherefrom.web import query_page
from wherefrom.web.conditions import Conditions, modified
from wherefrom.web.log import QueryNote
from wherefrom.web.negotiation import choose
from wherefrom.web.pool import Answer, Pool
from wherefrom.web.pool import Request as Asked
from wherefrom.web.respond import HTML, JSON, LINKSET, RDF, READ, VARY, Link, accepted, as_json, respond, respond_rdf, send, stream
from wherefrom.web.site import Site

FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
MEDIA_TYPES = [form.media_type for form in ANSWERS]
DESCRIBED = {**RDF, "html": HTML}
MOST_FIELDS = 1_000  # of a form or an address; a dataset may be named by as many graphs
CLIENT_GONE = 499  # what servers write into their log for it
SMALL = 16_000  # bytes of an answer that are compressed sooner than a thread is found for it
CALM = 0.05  # seconds before anyone looks whether the client is still there
PAGE = 4_000_000  # bytes of an answer that an HTML page takes in; the data formats give all of it

Result = TypeVar("Result")


class Direct(APIRoute):
    """A route whose function takes the request and returns the response: nothing is read from it or checked on the way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function; see `fastapi.routing.APIRoute`."""
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


def routes(site: Site, pool: Pool) -> APIRouter:
    """Return the routes of /sparql."""
    router = APIRouter(route_class=Direct)

    @router.api_route("/sparql", methods=["GET", "HEAD"], summary="SPARQL query, or the service description without one")
    async def ask(request: Request) -> Response:
        parameters = _fields(request.scope["query_string"].decode("ascii", "replace"))
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

    @router.api_route("/sparql/names.json", methods=READ, include_in_schema=False)
    async def names(request: Request) -> Response:
        return await run_in_threadpool(respond, site, request, JSON, lambda: as_json(query_page.names(site)))

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
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise BadQuery("The query is not UTF-8.") from error
    except ValueError as error:
        raise QueryTooLarge(f"The request has more than {MOST_FIELDS:,} fields.") from error


def _asked(request: Request, parameters: Sequence[tuple[str, str]]) -> Asked:
    queries = [value for name, value in parameters if name == "query"]
    if len(queries) != 1 or not queries[0].strip():
        raise BadQuery("A request has one query; this one has " + (f"{len(queries)}." if len(queries) != 1 else "an empty one."))
    default = tuple(value for name, value in parameters if name == "default-graph-uri")
    named = tuple(value for name, value in parameters if name == "named-graph-uri")
    return Asked(queries[0], accepted(request), default, named)


async def _answer(site: Site, pool: Pool, request: Request, asked: Asked) -> Response:
    accept = accepted(request)
    headers = {"Vary": VARY, "Cache-Control": "public, max-age=60"}
    if is_volatile(asked.query):
        headers["Cache-Control"] = "no-store"
    elif request.method != "POST":
        tag = site.etag("sparql", asked.query, accept or "", *asked.default_graphs, "", *asked.named_graphs)
        headers["ETag"] = f"W/{tag}"  # the same rows, in an order that an engine may change
        if Conditions(request, modified(site)).has(tag):
            return Response(status_code=304, headers=headers)
    request.state.query = note = QueryNote.of(asked.query)
    try:
        if accept and choose(f"{accept}, */*;q=0.0001", [*MEDIA_TYPES, HTML]) == HTML:
            return await _answer_page(site, pool, request, asked, headers)
        answer = await _while_connected(request, pool.answer(asked))
    except ClientGoneError:
        return Response(status_code=CLIENT_GONE)  # nobody reads it
    except Problem as problem:
        note.problem = problem.slug
        raise
    note.lane = answer.lane
    if answer.whole is not None:
        sent = (request, answer.media_type, answer.whole, 200, headers)
        return send(*sent) if len(answer.whole) <= SMALL else await run_in_threadpool(send, *sent)

    def end(problem: Problem | None) -> None:
        answer.close()
        note.problem = problem.slug if problem else ""

    return await stream(request, answer.media_type, answer.chunks(), headers, end)


class ClientGoneError(Exception):
    """The client has closed the connection."""


async def _while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what `work` returns; where the client leaves before, cancel it and raise `ClientGoneError`."""
    asking, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert asking is not None
    leaving: list[asyncio.Task[None]] = []
    gone = False

    async def leave() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        asking.cancel()

    looking = loop.call_later(CALM, lambda: leaving.append(loop.create_task(leave())))
    try:
        return await work
    except asyncio.CancelledError:
        if gone and not asking.uncancel():
            raise ClientGoneError from None
        raise
    finally:
        looking.cancel()
        for task in leaving:
            task.cancel()


async def _answer_page(site: Site, pool: Pool, request: Request, asked: Asked, headers: dict[str, str]) -> Response:
    json_type, turtle = ROWS["json"].media_type, GRAPHS["turtle"].media_type
    values: dict[str, object] = {}
    status = 200
    note: QueryNote = request.state.query
    try:
        shown = Asked(asked.query, f"{json_type}, {turtle}", asked.default_graphs, asked.named_graphs)
        answer = await _while_connected(request, pool.answer(shown))
        note.lane = answer.lane
        content, whole = await _while_connected(request, _beginning(answer))
        if answer.media_type == turtle:
            values |= {"graph": content.decode("utf-8", "ignore"), "whole": whole}
        else:
            values |= await run_in_threadpool(query_page.table, site, content.decode("utf-8", "ignore"), whole=whole)
    except Problem as problem:
        note.problem = problem.slug
        values["problem"], status = problem.as_json(), problem.status
        headers = {"Vary": VARY, "Cache-Control": "no-store", **problem.headers}
    return send(request, HTML, query_page.page(site, asked, **values), status, headers)


async def _beginning(answer: Answer) -> tuple[bytes, bool]:
    """Return the first `PAGE` bytes of an answer, and whether they are all of it; the rest is not waited for."""
    content = b""
    async with aclosing(answer.chunks()) as chunks:
        async for chunk in chunks:
            content += chunk
            if len(content) > PAGE:
                return content, False
    return content, True


async def _describe(site: Site, request: Request) -> Response:
    """Return the service description, or the form to readers."""
    links = [Link("describedby", "/.well-known/void", "text/turtle"), Link("api-catalog", "/.well-known/api-catalog", LINKSET)]
    return respond_rdf(
        site,
        request,
        "",
        "",
        lambda: void.service(site.settings, site.build),
        offered=DESCRIBED,
        page=lambda: query_page.page(site),
        links=links,
    )
