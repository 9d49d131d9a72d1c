"""The page of discrepancies: where records disagree, who says what side by side, and what would settle it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from rdflib import SKOS, URIRef
from starlette.responses import Response

from wherefrom.answers import KINDS, Answer
from wherefrom.findings import shown
from wherefrom.lineage import Passage, passages
from wherefrom.pages import Names
from wherefrom.problems import UnknownResource
from wherefrom.query import rows
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import FormRoute, part
from wherefrom.web.views.view import show, table

ENTRY = Entry("/discrepancies", "Discrepancies", "head", "Where do sources disagree, by how much, and who says what?")
COLUMNS = (
    "discrepancy", "kind", "subject", "value", "low", "high", "printed", "derived", "formula", "graph", "records", "by how much", "unit",
    "cause", "settled by", "curated",
)  # fmt: skip


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route("/discrepancies", methods=READ, include_in_schema=False)
    @router.api_route("/discrepancies.{suffix}", methods=READ, include_in_schema=False)
    def discrepancies(
        request: Request,
        answer: Annotated[asked.Asked, Depends(asked.discrepancies)],
        kind: str = "",
        suffix: str = "",
        id: str = "",
        start: str = "",
    ) -> Response:
        def page(**shared: object) -> bytes:
            found = answer(site)
            ordered = sorted(found["discrepancies"], key=_weight)
            here = part(request, ordered, holding=_place(ordered, id))
            names = _names(site, {**found, "discrepancies": here.entries})
            kinds = [(code.rsplit("/", 1)[-1], names.of(code)) for code in names.known if code.startswith(f"{KINDS}/")]

            def called(name: str) -> str:
                return names.of(site.iri(name))

            return site.page(
                "discrepancies.html",
                answer=found,
                found=here,
                kind=kind,
                offered=sorted(kinds, key=lambda one: one[1]),
                called=called,
                at=lambda name: site.address(site.iri(name)),
                number=shown,
                places=_places(site, here.entries),
                told=value_told,
                **shared,
            )

        data = {
            "json": lambda: as_json(answer(site)),
            "csv": lambda: table(COLUMNS, (line for one in answer(site)["discrepancies"] for line in _lines(one))),
        }
        return show(site, request, "/discrepancies", suffix, page, data)

    return router


def _place(found: Sequence[Answer], name: str) -> int | None:
    """Return the place of a discrepancy, if one is named; raises `UnknownResource` for one that is not found now."""
    place = next((number for number, one in enumerate(found) if one["id"] == name), None)
    if name and place is None:
        raise UnknownResource(f"the discrepancy {name!r}")
    return place


def _names(site: Site, found: Answer) -> Names:
    """Return the names of the graphs and the curated discrepancies that an answer names, and of the kinds that there are."""
    names = Names(site.store, site.base)
    kinds = [URIRef(row["thing"]) for row in rows(site.store, "statements", {"value": [KINDS], "property": [SKOS.inScheme]})]
    curated = {name for one in found["discrepancies"] for name in one["curated"]} | set(found["curatedOnly"])
    graphs = {said["graph"] for one in found["discrepancies"] for value in one["values"] for said in value["statedBy"]}
    sized = {sizes["graph"] for one in found["discrepancies"] for sizes in one["groupSizes"]}
    names.learn([*kinds, *map(site.iri, curated | graphs | sized)])
    return names


def _weight(one: Answer) -> tuple[bool, bool, float]:
    """Return the place of a discrepancy on the page: numbers that lie apart first, slips of transcription last."""
    return one["cause"] == "transcription", one["byHowMuch"] is None, -(one["byHowMuch"] or 0)


def _places(site: Site, found: Sequence[Answer]) -> Callable[[Answer], list[dict[str, str]]]:
    """Return what gives the passages of a statement: where its records are stated in its graph, by their lines."""
    said = {record["id"]: site.iri(record["id"]) for one in found for record in one["records"]}
    stated = passages(site.store, sorted(said.values())) if said else {}

    def places(statement: Answer) -> list[dict[str, str]]:
        here = site.iri(statement["graph"])
        found = [place for record in statement["records"] for place in stated.get(said[record["id"]], {}).get(here, ())]
        by_lines = {_lines_told(place): str(place.iri) for place in reversed(found)}  # the first of several on a line
        return [{"id": iri, "label": label} for label, iri in reversed(by_lines.items())]

    return places


def _lines_told(place: Passage) -> str:
    if not place.first_line:
        return "passage"
    return f"line {place.first_line}" if place.first_line == place.last_line else f"lines {place.first_line} to {place.last_line}"


def value_told(value: Answer) -> str:
    """Return one of the values that differ in words: as printed, else what it is in the data.

    >>> value_told({"formula": None, "codes": [], "words": "a b", "statedBy": [{"printed": "A b"}, {"printed": "A b"}]})
    'A b'
    """
    if value["formula"] is not None:
        return str(value["formula"])
    printed = list(dict.fromkeys(said["printed"] for said in value["statedBy"] if said["printed"]))
    codes = [code["label"] for code in value["codes"]]
    return "; ".join(printed or codes or [value["words"] or ""])


def _lines(one: Answer) -> Iterator[list[Any]]:
    """Yield one line for each statement of each value."""
    subject = " ".join(thing["id"] for thing in one["subject"])
    unit = one["unit"]["id"] if one["unit"] else None
    for value in one["values"]:
        for said in value["statedBy"]:
            printed = said["printed"] or "; ".join(code["label"] for code in value["codes"])
            records = " ".join(record["id"] for record in said["records"])
            yield [
                one["id"], one["kind"]["id"], subject, value_told(value), value["low"], value["high"], printed, int(value["derived"]),
                value["formula"], said["graph"], records, one["byHowMuch"], unit, one["cause"], one["settledBy"], " ".join(one["curated"]),
            ]  # fmt: skip
