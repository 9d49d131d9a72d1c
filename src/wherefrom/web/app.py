"""The application: everything is wired here, and only here."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wherefrom import forest, picture
from wherefrom.problems import BadParameter, Problem, UnknownResource
from wherefrom.settings import Settings
from wherefrom.snapshot import Snapshot
from wherefrom.version import __version__
from wherefrom.web import api, dataset, downloads, metrics, sparql, things, unapi, views, writing
from wherefrom.web.cache import Cache
from wherefrom.web.kept import KeepsAnswers
from wherefrom.web.memory import held_in_memory
from wherefrom.web.metrics import Metrics
from wherefrom.web.outside import Outside
from wherefrom.web.pool import Pool
from wherefrom.web.publishing import Publisher
from wherefrom.web.respond import problem_response
from wherefrom.web.site import Site

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, ETag, Content-Location, Location, Accept-Ranges, Content-Range, Content-Profile",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        f"default-src 'self'; style-src 'self' {picture.STYLE_SOURCE} {forest.STYLE_SOURCE}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
}
ON_ALL = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
READING = ("GET", "HEAD", "OPTIONS")
METHODS = {"/sparql": ("GET", "HEAD", "POST", "OPTIONS"), "/update": ("POST", "OPTIONS")}  # elsewhere: `READING`
WRITING = {"/graphs": ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS")}  # where writes are taken


class WrongMethod(Problem):
    """A method that an address does not take."""

    slug, title, status = "wrong-method", "This address does not take this method", 405
    remedy = "Use one of the methods in the Allow header."


class OurFault(Problem):
    """Something that must not happen. The log of the server has it; the answer does not."""

    slug, title, status, exit_code = "our-fault", "The service failed", 500, 4
    remedy = "Ask again; if it fails again, tell the operator what you asked."


class Application(FastAPI):
    """FastAPI takes a route for GET and HEAD for two operations of one name, and warns of it."""

    def openapi(self) -> dict[str, Any]:
        """Return the description of the API."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Duplicate Operation ID")
            return super().openapi()


def application(build: Snapshot, settings: Settings, publisher: Publisher, figures: Metrics) -> FastAPI:
    """Return the application that serves one build; `publisher` takes writes and exchanges it for that of the next one.

    `figures` are of all that are served one after the other.
    """
    peers = publisher.peers
    share = settings.share(peers.number, peers.count)
    site = Site(build, settings, publisher.folder, views.MENU, Cache(share.cache_megabytes))
    outside = Outside(share, site.prefixes)
    nquads = held_in_memory(build, settings, peers.count)
    pool = Pool(build.store, share, site.prefixes, site.cache, outside, peers.count, nquads)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.start()
        yield
        await pool.stop()
        await outside.close()

    app = Application(
        title=settings.title,
        version=__version__,
        description=settings.description,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    fixed, open_ended = things.routes(site)
    for router in (
        sparql.routes(site, pool),  # what is asked most and has least to do comes first
        fixed,
        api.routes(site),
        dataset.routes(site),
        downloads.routes(site),
        unapi.routes(site),
        writing.routes(site, publisher, outside),
        metrics.routes(figures, pool, peers),
        *(view.routes(site) for view in views.VIEWS),
    ):
        app.router.routes.extend(router.routes)  # in one list: routers within routers are gone through twice for each request
    app.state.now = metrics.Now(pool, site.version)
    app.router.routes.extend(open_ended.routes)
    app.state.site = site
    _handle_problems(app, site)
    app.add_middleware(KeepsAnswers, cache=site.cache, state=lambda: site.documents)
    app.add_middleware(Guard, site=site, methods=METHODS | (WRITING if publisher.tokens else {}))
    return app


def _handle_problems(app: FastAPI, site: Site) -> None:
    @app.exception_handler(Problem)
    async def known(request: Request, problem: Problem) -> Response:
        return problem_response(site, request, problem)

    @app.exception_handler(RequestValidationError)
    async def parameters(request: Request, error: RequestValidationError) -> Response:
        told = "; ".join(f"{entry['loc'][-1]}: {entry['msg']}" for entry in error.errors())
        return problem_response(site, request, BadParameter(f"{told}."))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return problem_response(site, request, UnknownResource(f"the address {request.url.path}"), error.headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, _: Exception) -> Response:
        told = {**HEADERS, "Connection": "close"}  # as the server does, when the error has passed through to its log
        return problem_response(site, request, OurFault("An error that should not happen happened."), told)


class Guard:
    """Adds the headers every answer has, answers OPTIONS, and refuses requests that no client needs to send."""

    def __init__(self, app: ASGIApp, site: Site, methods: Mapping[str, tuple[str, ...]]) -> None:
        self.app, self.site, self.methods = app, site, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = list(message["headers"])
                given = {name for name, _ in headers}
                headers += [header for header in ON_ALL if header[0] not in given]
            await send(message)

        allowed = self.methods.get(scope["path"], READING)
        if scope["method"] == "OPTIONS":
            await _options(allowed)(scope, receive, send_with_headers)
        elif scope["method"] not in allowed:
            problem = WrongMethod(f"{scope['method']} is not taken here.")
            told = {"Allow": ", ".join(allowed)}
            await problem_response(self.site, Request(scope), problem, told)(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)


def _options(methods: tuple[str, ...]) -> Response:
    allowed = ", ".join(methods)
    headers = {
        "Allow": allowed,
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": "Accept, Accept-Profile, Authorization, Content-Type, If-Match, If-None-Match, If-Range, Range",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=headers)
