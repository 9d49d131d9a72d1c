"""The page of checks: which printed figures follow from which others, which do not, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.findings import shown
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import FormRoute
from wherefrom.web.views.view import show, table

ENTRY = Entry("/checks", "Checks", "foot", "Do the printed figures follow from each other?")
COLUMNS = ("finding", "check", "verdict", "figure", "record", "from", "calculated", "why", "not stated", "formula", "source")
VERDICTS = {  # in the order in which people ask for them: what several are said to be, the heading above them
    "does not reproduce": ("do not follow", "Does not follow"),
    "cannot be checked": ("cannot be checked", "Cannot be checked"),
    "reproduces": ("follow", "Follows, within rounding"),
    "calculated": ("are calculated here", "Calculated here, with nothing printed to hold it against"),
}


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route("/checks", methods=READ, include_in_schema=False)
    @router.api_route("/checks.{suffix}", methods=READ, include_in_schema=False)
    def checks(request: Request, answer: Annotated[asked.Asked, Depends(asked.checks)], suffix: str = "") -> Response:
        def page(**shared: object) -> bytes:
            found = answer(site)
            by_verdict = [(*words, [one for one in found["checks"] if one["verdict"] == verdict]) for verdict, words in VERDICTS.items()]
            rules = {one["name"]: one["formula"] for one in found["checks"]}
            return site.page(
                "checks.html",
                answer=found,
                by_verdict=by_verdict,
                rules=sorted(rules.items()),
                at=lambda name: site.address(site.iri(name)),
                calculated=calculated_told,
                **shared,
            )

        data = {"json": lambda: as_json(answer(site)), "csv": lambda: table(COLUMNS, _lines(answer(site)))}
        return show(site, request, "/checks", suffix, page, data)

    return router


def calculated_told(found: Answer) -> str:
    """Return in words what was calculated: a number where its ends are one to three places, else a range, or whole numbers.

    >>> calculated_told({"what": "percentage points", "low": 58.7, "high": 58.9, "numbers": []})
    'percentage points 58.7 to 58.9'
    >>> calculated_told({"what": "effect size", "low": 2.575829, "high": None, "numbers": []})
    'effect size 2.576 or more'
    """
    if found["numbers"]:
        first = ", ".join(map(str, found["numbers"][:8]))
        return f"{found['what']} {first}" + (f" and {len(found['numbers']) - 8} more" if len(found["numbers"]) > 8 else "")
    low, high = (None if end is None else shown(round(end, 3)) for end in (found["low"], found["high"]))
    if low is None and high is None:
        return f"{found['what']}: none"
    if low is None or high is None:
        return f"{found['what']} {high or low} or {'less' if low is None else 'more'}"
    return f"{found['what']} {low}" + ("" if low == high else f" to {high}")


def _lines(answer: Answer) -> Iterator[list[Any]]:
    for one in answer["checks"]:
        figure = one["figure"]
        yield [
            one["finding"]["id"], one["name"], one["verdict"],
            None if figure is None else figure["printed"], None if figure is None else figure["record"]["id"],
            "; ".join(f"{printed['printed']} ({printed['record']['id']})" for printed in one["inputs"]),
            "; ".join(map(calculated_told, one["calculated"])), one["why"], " ".join(prop["id"] for prop in one["notStated"]),
            one["formula"]["symbols"], one["formula"]["source"],
        ]  # fmt: skip
