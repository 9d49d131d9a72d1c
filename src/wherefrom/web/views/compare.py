"""The page of a comparison: two to five things of one kind, what differs first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from wherefrom.pages import Comparison, comparison
from wherefrom.pages.comparison import FEWEST, MOST
from wherefrom.problems import BadParameter
from wherefrom.vocabulary import shorten
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import FormRoute, labels
from wherefrom.web.views.view import show, table

ENTRY = Entry("/compare", "Compare", "foot", "How do two programmes, sources or trials differ?")
KINDS = ("intervention", "source", "study", "outcome", "publication", "rating")  # that the form offers, where a choice is not too long
CHOICES = 60  # things of a kind that a form lists; others are compared by their names in the address


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route("/compare", methods=READ, include_in_schema=False)
    @router.api_route("/compare.{suffix}", methods=READ, include_in_schema=False)
    def compare(request: Request, i: Annotated[list[str] | None, Query()] = None, suffix: str = "") -> Response:
        names = [name for name in i or () if name.strip()]

        def found() -> Comparison:
            if not names:
                raise BadParameter(f"Name {FEWEST} to {MOST} things of one kind, as in /compare?i=source/a&i=source/b.")
            return comparison(site.store, site.base, [site.iri(name) for name in names])

        def page(**shared: object) -> bytes:
            compared = found() if names else None
            chosen = [shorten(str(site.iri(name)), site.base) for name in names]
            return site.page("compare.html", compared=compared, choices=_choices(site), chosen=chosen, fewest=FEWEST, most=MOST, **shared)

        data = {
            "json": lambda: as_json(asdict(found())),
            "csv": lambda: table(("property", "state", "thing", "value", "note", "inferred", "stated in"), _lines(found())),
        }
        return show(site, request, "/compare", suffix, page, data if names or suffix else {})

    return router


def _choices(site: Site) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the kinds that the form offers, each with its things as (name, label), by label."""
    offered = {kind: site.things[kind] for kind in KINDS if FEWEST <= len(site.things.get(kind, ())) <= CHOICES}
    called = labels(site, [shorten(thing, site.base) for things in offered.values() for thing in things])
    named = {kind: [(shorten(thing, site.base), called[shorten(thing, site.base)]) for thing in things] for kind, things in offered.items()}
    return [(kind, sorted(things, key=lambda one: one[1].lower())) for kind, things in named.items()]


def _lines(compared: Comparison) -> Iterator[list[Any]]:
    """Yield a line for each value; one without a value where nothing is said, or the source leaves it open."""
    for row in compared.rows:
        for thing, cell in zip(compared.things, row.cells, strict=True):
            for value in cell.values:
                yield [
                    row.label,
                    row.state,
                    thing.note,
                    value.text,
                    value.note,
                    int(value.inferred),
                    "; ".join(n for n, _ in value.graphs),
                ]
            if cell.left_open or not cell.values:
                yield [row.label, row.state, thing.note, None, "not stated" if cell.left_open else "nothing is said", None, None]
