"""Routes of the lineage API: thin, parameters are read in `wherefrom.web.asked`, the answers made in `wherefrom.answers`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.dependencies.models import Dependant
from starlette.responses import Response

from wherefrom import answers, drawing, lineage
from wherefrom.export import export
from wherefrom.problems import BadParameter
from wherefrom.web import asked
from wherefrom.web.respond import JSON, READ, as_json, context_link, respond
from wherefrom.web.site import Site

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
QUESTIONS: tuple[tuple[str, Callable[..., asked.Asked], str], ...] = (
    ("impact", asked.impact, "What falls when publications or studies are withdrawn"),
    ("independence", asked.independence, "The independent lines of evidence behind claims"),
    ("unsupported", asked.unsupported, "The claims that cite nothing"),
    ("overlap", asked.overlap, "How far documents cite the same trials or publications"),
    ("findings", asked.findings, "Figures of findings side by side, with intervals, and how many trials they are"),
    ("discrepancies", asked.discrepancies, "Where records disagree, by how much, and why if it can be shown"),
    ("checks", asked.checks, "Which printed figures follow from which others, and which do not"),
    ("keystones", asked.keystones, "Papers or trials, by what would fall with each alone"),
    ("map", asked.evidence, "Claims and independent lines of evidence, by intervention and outcome"),
    ("citations", asked.citations, "Who cites whom about a thing: paths, amplification, bias, dead ends"),
    ("paths", asked.paths, "The ways from one thing down to another, and how many there are"),
    ("search", asked.search, "What has words in its names, titles, identifiers, printed references or notes, by kind"),
    ("suggest", asked.suggest, "Up to ten things by what was typed of a name or identifier"),
)


def routes(site: Site) -> APIRouter:
    """Return the routes under /api."""
    router = APIRouter(prefix="/api", dependencies=[Depends(known_parameters)])

    @router.api_route("/lineage", methods=READ, summary="What a thing rests on, and what rests on it")
    def lineage_of(
        request: Request,
        graph: Annotated[Callable[[Site], lineage.Lineage], Depends(asked.traced)],
        kind: Annotated[list[str] | None, Query()] = None,
        format: str = "json",
    ) -> Response:
        if format not in FORMATS:
            raise BadParameter(f"format is one of {', '.join(FORMATS)}, not {format!r}.")
        links = [context_link(site)] if format == "json" else []
        return respond(site, request, FORMATS[format], lambda: lineage_content(site, graph(site), format, kind or ()), links=links)

    for name, question, summary in QUESTIONS:
        router.add_api_route(f"/{name}", _answering(site, question), methods=READ, summary=summary, operation_id=f"{name}_api_{name}")
    return router


def _answering(site: Site, question: Callable[..., asked.Asked]) -> Callable[..., Response]:
    """Return a route that answers one question as JSON."""

    def answered(request: Request, answer: asked.Asked = Depends(question)) -> Response:  # noqa: B008 - FastAPI's way of declaring it
        return respond(site, request, JSON, lambda: as_json(answer(site)), links=[context_link(site)])

    return answered


def lineage_content(site: Site, graph: lineage.Lineage, form: str, kinds: Any = ()) -> bytes:
    """Return a lineage in one of `FORMATS`."""
    if form in ("jsonld", "turtle"):
        return export(answers.lineage_quads(site.store, graph, site.base, kinds), form, site.base)
    answer = answers.lineage_answer(site.store, graph, site.base, kinds)
    return as_json(answer) if form == "json" else drawing.DRAWINGS[form](answer).encode()


def known_parameters(request: Request) -> None:
    """Refuse a parameter that the route does not have: it would be ignored, and the answer be one to another question."""
    known = parameters(request.scope["route"].dependant)
    unknown = set(request.query_params) - known
    if unknown:
        raise BadParameter(f"{', '.join(sorted(unknown))} is no parameter here; there are {', '.join(sorted(known)) or 'none'}.")


def parameters(dependant: Dependant) -> set[str]:
    """Return the names of the query parameters of a route, those of what it depends on among them."""
    return {one.alias for one in dependant.query_params}.union(*map(parameters, dependant.dependencies))
