"""Routes of the lineage API: thin, the answers are made in `wherefrom.answers`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from wherefrom import answers, drawing, lineage
from wherefrom.export import export
from wherefrom.keystones import keystones
from wherefrom.overlap import overlap
from wherefrom.problems import BadParameter
from wherefrom.web.respond import json_response, respond
from wherefrom.web.site import Site

SHOWN = 100  # ways listed at most; all are counted
FORMATS = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "turtle": "text/turtle",
    "dot": "text/vnd.graphviz",
    "graphml": "application/graphml+xml",
    "gexf": "application/gexf+xml",
    "csv": "text/csv",
}


def routes(site: Site) -> APIRouter:
    """Return the routes under /api."""
    router = APIRouter(prefix="/api", dependencies=[Depends(_known_parameters)])

    def send(request: Request, make: object) -> Response:
        return respond(site, request, FORMATS["json"], lambda: bytes(json_response(make()).body))  # type: ignore[operator]

    @router.api_route("/lineage", methods=["GET", "HEAD"], summary="What a thing rests on, and what rests on it")
    def lineage_of(
        request: Request,
        thing: str,
        direction: str = "both",
        policy: str = "stated",
        as_of: int | None = None,
        depth: int | None = None,
        format: str = "json",
    ) -> Response:
        if format not in FORMATS:
            raise BadParameter(f"format is one of {', '.join(FORMATS)}, not {format!r}.")

        def graph() -> lineage.Lineage:
            limit = site.settings.lineage_nodes
            found = lineage.lineage(site.store, [site.iri(thing)], direction, policy, limit, depth)  # type: ignore[arg-type]
            return found if as_of is None else lineage.as_of(site.store, found, as_of)

        def content() -> bytes:
            if format in ("jsonld", "turtle"):
                return export(answers.lineage_quads(site.store, graph()), format, site.base)
            answer = answers.lineage_answer(site.store, graph(), site.base)
            return bytes(json_response(answer).body) if format == "json" else drawing.DRAWINGS[format](answer).encode()

        return respond(site, request, FORMATS[format], content)

    @router.api_route("/impact", methods=["GET", "HEAD"], summary="What falls when publications or studies are withdrawn")
    def impact(request: Request, withdraw: Annotated[list[str], Query()], policy: str = "stated") -> Response:
        _check(policy)
        things = [site.iri(thing) for thing in withdraw]

        def make() -> answers.Answer:
            found = lineage.impact(site.store, things, policy, site.settings.lineage_nodes)  # type: ignore[arg-type]
            return answers.impact_answer(found, site.base)

        return send(request, make)

    @router.api_route("/independence", methods=["GET", "HEAD"], summary="The independent lines of evidence behind claims")
    def independence(
        request: Request, thing: str | None = None, intervention: str | None = None, outcome: str | None = None, policy: str = "stated"
    ) -> Response:
        _check(policy)
        asked = thing or intervention
        if asked is None or (thing and intervention) or (intervention and not outcome):
            raise BadParameter("Give thing, or intervention and outcome.")
        limit = site.settings.lineage_nodes

        def make() -> answers.Answer:
            if outcome is None:
                found = lineage.independence(site.store, site.iri(asked), policy, limit)  # type: ignore[arg-type]
            else:
                found = lineage.independence_on(site.store, site.iri(asked), site.iri(outcome), policy, limit)  # type: ignore[arg-type]
            return answers.independence_answer(found, site.base)

        return send(request, make)

    @router.api_route("/unsupported", methods=["GET", "HEAD"], summary="The claims that cite nothing")
    def unsupported(request: Request, source: str | None = None) -> Response:
        wanted = site.iri(source if "/" in source else f"source/{source}") if source else None
        return send(request, lambda: answers.unsupported_answer(site.store, site.base, wanted))

    @router.api_route("/overlap", methods=["GET", "HEAD"], summary="How far documents cite the same trials or publications")
    def overlap_of(
        request: Request, unit: str = "study", policy: str = "stated", sources: Annotated[list[str] | None, Query()] = None
    ) -> Response:
        documents = frozenset(site.iri(document) for document in sources) if sources else None

        def make() -> answers.Answer:
            found = overlap(site.store, unit, policy, documents)  # type: ignore[arg-type]
            return answers.overlap_answer(site.store, found, site.base)

        return send(request, make)

    @router.api_route("/discrepancies", methods=["GET", "HEAD"], summary="Where records disagree, by how much, and why if it can be shown")
    def discrepancies(request: Request, kind: str | None = None, policy: str = "stated") -> Response:
        _check(policy)
        return send(request, lambda: answers.discrepancies_answer(site.store, policy, kind, site.base))  # type: ignore[arg-type]

    @router.api_route("/keystones", methods=["GET", "HEAD"], summary="Papers or trials, by what would fall with each alone")
    def keystones_of(request: Request, unit: str = "publication", policy: str = "stated") -> Response:
        def make() -> answers.Answer:
            found = keystones(site.store, unit, policy)  # type: ignore[arg-type]
            return answers.keystones_answer(site.store, found, unit, policy, site.base)

        return send(request, make)

    @router.api_route("/paths", methods=["GET", "HEAD"], summary="The ways from one thing down to another, and how many there are")
    def paths(
        request: Request,
        start: Annotated[str, Query(alias="from")],
        end: Annotated[str, Query(alias="to")],
        policy: str = "stated",
        show: int = 10,
    ) -> Response:
        if not 0 <= show <= SHOWN:
            raise BadParameter(f"show is the number of ways to list, 0 to {SHOWN}.")

        def make() -> answers.Answer:
            lineage.check_known(site.store, [site.iri(end)])
            limit = site.settings.lineage_nodes
            graph = lineage.lineage(site.store, [site.iri(start)], "grounds", policy, limit)  # type: ignore[arg-type]
            return answers.paths_answer(graph, site.iri(start), site.iri(end), show, site.base)

        return send(request, make)

    return router


def _known_parameters(request: Request) -> None:
    """Refuse a parameter that the route does not have: it would be ignored, and the answer be one to another question."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    unknown = set(request.query_params) - known
    if unknown:
        raise BadParameter(f"{', '.join(sorted(unknown))} is no parameter here; there are {', '.join(sorted(known)) or 'none'}.")


def _check(policy: str) -> None:
    if policy not in lineage.POLICIES:
        raise BadParameter(f"policy is one of {', '.join(lineage.POLICIES)}, not {policy!r}.")
