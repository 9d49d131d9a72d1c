"""Routes of the lineage API: thin, the answers are made in `wherefrom.answers`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from wherefrom import answers, drawing, lineage, withdrawal
from wherefrom import independence as lines
from wherefrom.checks import checks, checks_answer
from wherefrom.citations import citations_answer
from wherefrom.evidence_map import evidence_map
from wherefrom.export import export
from wherefrom.keystones import keystones
from wherefrom.narrowing import trace
from wherefrom.overlap import overlap
from wherefrom.problems import BadParameter
from wherefrom.web.respond import JSON, as_json, context_link, respond
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
    "svg": "image/svg+xml",
}


def routes(site: Site) -> APIRouter:
    """Return the routes under /api."""
    router = APIRouter(prefix="/api", dependencies=[Depends(_known_parameters)])

    def send(request: Request, make: object) -> Response:
        return respond(site, request, JSON, lambda: as_json(make()), links=[context_link(site)])  # type: ignore[operator]

    @router.api_route("/lineage", methods=["GET", "HEAD"], summary="What a thing rests on, and what rests on it")
    def lineage_of(
        request: Request,
        thing: str,
        direction: str = "both",
        policy: str = "stated",
        as_of: int | None = None,
        depth: int | None = None,
        follow: Annotated[list[str] | None, Query()] = None,
        kind: Annotated[list[str] | None, Query()] = None,
        source: Annotated[list[str] | None, Query()] = None,
        design: Annotated[list[str] | None, Query()] = None,
        stance: Annotated[list[str] | None, Query()] = None,
        format: str = "json",
    ) -> Response:
        if format not in FORMATS:
            raise BadParameter(f"format is one of {', '.join(FORMATS)}, not {format!r}.")

        def graph() -> lineage.Lineage:
            return trace(
                site.store,
                [site.iri(thing)],
                direction,  # type: ignore[arg-type]
                policy,  # type: ignore[arg-type]
                nodes=site.settings.lineage_nodes,
                depth=depth,
                follow=follow or lineage.SHOWN,
                year=as_of,
                sources=[site.iri(_source(name)) for name in source or ()],
                designs=design or (),
                stances=stance or (),
            )

        def content() -> bytes:
            if format in ("jsonld", "turtle"):
                return export(answers.lineage_quads(site.store, graph(), site.base, kind or ()), format, site.base)
            answer = answers.lineage_answer(site.store, graph(), site.base, kind or ())
            return as_json(answer) if format == "json" else drawing.DRAWINGS[format](answer).encode()

        return respond(site, request, FORMATS[format], content, links=[context_link(site)] if format == "json" else [])

    @router.api_route("/impact", methods=["GET", "HEAD"], summary="What falls when publications or studies are withdrawn")
    def impact(request: Request, withdraw: Annotated[list[str], Query()], policy: str = "stated", reading: str = "one") -> Response:
        _check(policy)
        things = [site.iri(thing) for thing in withdraw]

        def make() -> answers.Answer:
            found = withdrawal.impact(site.store, things, policy, site.settings.lineage_nodes, reading)  # type: ignore[arg-type]
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
                found = lines.independence(site.store, site.iri(asked), policy, limit)  # type: ignore[arg-type]
            else:
                found = lines.independence_on(site.store, site.iri(asked), site.iri(outcome), policy, limit)  # type: ignore[arg-type]
            return answers.independence_answer(found, site.base)

        return send(request, make)

    @router.api_route("/unsupported", methods=["GET", "HEAD"], summary="The claims that cite nothing")
    def unsupported(request: Request, source: str | None = None) -> Response:
        wanted = site.iri(_source(source)) if source else None
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

    @router.api_route("/checks", methods=["GET", "HEAD"], summary="Which printed figures follow from which others, and which do not")
    def checks_of(request: Request, finding: str | None = None, study: str | None = None, policy: str = "stated") -> Response:
        _check(policy)
        things = tuple(site.iri(thing) for thing in (finding, study) if thing)

        def make() -> answers.Answer:
            found = checks(site.store, policy, things)  # type: ignore[arg-type]
            return checks_answer(site.store, found, policy, site.base)  # type: ignore[arg-type]

        return send(request, make)

    @router.api_route("/keystones", methods=["GET", "HEAD"], summary="Papers or trials, by what would fall with each alone")
    def keystones_of(request: Request, unit: str = "publication", policy: str = "stated") -> Response:
        def make() -> answers.Answer:
            found = keystones(site.arrays, unit, policy)  # type: ignore[arg-type]
            return answers.keystones_answer(site.store, found, unit, policy, site.base)

        return send(request, make)

    @router.api_route("/map", methods=["GET", "HEAD"], summary="Claims and independent lines of evidence, by intervention and outcome")
    def map_of(request: Request, rows: str = "intervention", cols: str = "outcome", policy: str = "stated") -> Response:
        def make() -> answers.Answer:
            cells = evidence_map(site.arrays, rows, cols, policy)  # type: ignore[arg-type]
            return answers.map_answer(site.store, cells, rows, cols, policy, site.base)

        return send(request, make)

    @router.api_route("/citations", methods=["GET", "HEAD"], summary="Who cites whom about a thing: paths, amplification, bias, dead ends")
    def citations(request: Request, thing: str | None = None, policy: str = "stated", stance: str = "supporting") -> Response:
        asked = site.iri(thing) if thing is not None else None
        limit = site.settings.lineage_nodes
        return send(request, lambda: citations_answer(site.store, site.base, asked, policy, stance, limit))  # type: ignore[arg-type]

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
            graph = trace(site.store, [site.iri(start)], "grounds", policy, nodes=limit)  # type: ignore[arg-type]
            return answers.paths_answer(graph, site.iri(start), site.iri(end), show, site.base)

        return send(request, make)

    return router


def _known_parameters(request: Request) -> None:
    """Refuse a parameter that the route does not have: it would be ignored, and the answer be one to another question."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    unknown = set(request.query_params) - known
    if unknown:
        raise BadParameter(f"{', '.join(sorted(unknown))} is no parameter here; there are {', '.join(sorted(known)) or 'none'}.")


def _source(name: str) -> str:
    """Return the name of a source as type/slug, however it was given."""
    return name if "/" in name else f"source/{name}"


def _check(policy: str) -> None:
    if policy not in lineage.POLICIES:
        raise BadParameter(f"policy is one of {', '.join(lineage.POLICIES)}, not {policy!r}.")
