"""The page of findings: their figures as a forest plot, and all that is printed of them as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from wherefrom import forest
from wherefrom.answers import Answer
from wherefrom.findings import apart_told, interval_told, shown
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import PAGE, FormRoute, part
from wherefrom.web.views.view import show, table

ENTRY = Entry("/findings", "Findings", "head", "What did the trials find, in figures?")
CHOICES = 500  # studies, outcomes or sources that a form lists; of more one is named
THINGS = ("studies", "sources", "outcomes", "treatmentArms", "comparatorArms", "timepoints", "measures", "analysisSets")
COLUMNS = (
    "finding", "label", "study", "source", "outcome", "treatment arm", "comparator arm", "time point", "measure", "analysis set",
    "unit", "statistic", "value", "printed", "basis", "formula", "low", "high", "level", "interval", "improvement index",
    "direction", "significance", "paper", "not stated",
)  # fmt: skip


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route("/findings", methods=READ, include_in_schema=False)
    @router.api_route("/findings.{suffix}", methods=READ, include_in_schema=False)
    def findings(request: Request, answer: Annotated[asked.Asked, Depends(asked.findings)], suffix: str = "", start: str = "") -> Response:
        def page(**shared: object) -> bytes:
            found = answer(site)
            rows = part(request, _in_order(found))
            apart = {one["id"]: one for one in found["discrepancies"]}
            told = [_apart(site, group, apart) for panel in found["panels"] for group in panel["groups"] if group["apart"]]
            return site.page(
                "findings.html",
                answer=found,
                rows=rows,
                plots=_plots(found) if found["panels"] and not rows.start else [],
                apart=told[:PAGE],
                apart_more=len(told[PAGE:]),
                tables=_tables(found, rows.entries),
                listed=CHOICES,
                interval_told=interval_told,
                number=shown,
                **shared,
            )

        data = {
            "json": lambda: as_json(answer(site)),
            "csv": lambda: table(COLUMNS, map(_line, answer(site)["findings"])),
            "svg": lambda: forest.svg(answer(site)).encode(),
        }
        return show(site, request, "/findings", suffix, page, data)

    return router


def _plots(found: Answer) -> list[tuple[str, Markup]]:
    """Return the forest plot for a desk and for a telephone; it is made of elements, so that all text in it is escaped."""
    return [(name, Markup(forest.svg(found, layout))) for name, layout in (("desk", forest.WIDE), ("telephone", forest.NARROW))]


def _in_order(found: Answer) -> list[Answer]:
    """Return the findings with a figure, then those in words only."""
    bare = set(found["withoutFigure"])
    return sorted(found["findings"], key=lambda row: row["id"] in bare)


def _tables(found: Answer, rows: Sequence[Answer]) -> list[tuple[str, list[Answer], int]]:
    """Return the rows of a page with a figure, and those in words only, each with its heading and how many there are in all."""
    bare = set(found["withoutFigure"])
    parts = [("With a figure", [row for row in rows if row["id"] not in bare], found["count"] - len(bare))]
    parts += [("Direction only: in words, without a figure that can be drawn", [row for row in rows if row["id"] in bare], len(bare))]
    return [one for one in parts if one[1]]


def _apart(site: Site, group: Answer, apart: dict[str, Answer]) -> dict[str, Any]:
    """Return what is told of figures of one trial that differ: where, by how much, and where that is told in full."""
    curated = sorted({name for one in group["apart"] for name in apart[one]["curated"]})
    return {
        "where": f"{group['title']}, {group['trial']}",
        "sentence": apart_told(group, apart),
        "found": group["apart"],
        "curated": [site.address(site.iri(name)) for name in curated],
    }


def _line(row: Answer) -> list[Any]:
    figure = row["figure"] or {}
    names = [" ".join(thing["id"] for thing in row[part]) for part in THINGS]
    coded = [figure[part]["id"] if figure.get(part) else None for part in ("unit", "statistic")]
    drawn = [figure.get(part) for part in ("value", "printed", "basis", "formula", "low", "high", "level", "interval")]
    said = [" ".join(thing["id"] for thing in row[part]) for part in ("direction", "significance", "papers", "notStated")]
    return [row["id"], row["label"], *names, *coded, *drawn, row["improvementIndex"], *said]
