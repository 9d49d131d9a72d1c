"""The page of the evidence map: what is claimed about what, and how many independent trials stand behind it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from rdflib import SKOS, URIRef
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.evidence_map import AXES
from wherefrom.query import rows as rows_of
from wherefrom.store import Store
from wherefrom.vocabulary import shorten
from wherefrom.web import asked
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import ACROSS, part
from wherefrom.web.views.view import show, table

ENTRY = Entry("/map", "Evidence map", "head", "On which outcomes is there evidence, and where are the gaps?")
COLUMNS = ("row", "column", "state", "trials", "claims", "claims that cite nothing", "sources")


def routes(site: Site) -> APIRouter:
    """Return the route of the page and its data; people read outcomes downwards unless they ask otherwise."""
    router = APIRouter()

    @router.api_route("/map", methods=READ, include_in_schema=False)
    @router.api_route("/map.{suffix}", methods=READ, include_in_schema=False)
    def evidence(request: Request, suffix: str = "", rows: str = "outcome", cols: str = "intervention", policy: str = "stated") -> Response:
        answer = asked.evidence(rows, cols, policy)

        def page(**shared: object) -> bytes:
            found = answer(site)
            shown = grid(found, levels(site.store, found, site.base))
            down, across = part(request, shown["rows"]), part(request, shown["columns"], "across", ACROSS)
            return site.page("map.html", answer=found, pairs=[(axis, axis) for axis in AXES], rows=down, columns=across, **shared)

        data = {"json": lambda: as_json(answer(site)), "csv": lambda: table(COLUMNS, map(_row, cells(answer(site)).items()))}
        return show(site, request, "/map", suffix, page, data)

    return router


def cells(answer: Answer) -> dict[tuple[str, str], dict[str, Any]]:
    """Return (row, column) -> what stands there, with its state.

    `tried`: an independent trial has a finding on it; `cited`: claims cite something, and no trial has a finding on it;
    `bare`: claimed, and nothing is cited; `measured`: a trial has a finding, and nobody makes a claim. The rest are gaps.
    """
    found = {}
    for cell in answer["cells"]:
        state = "tried" if cell["independentLines"] else "bare" if cell["unsupported"] == cell["claims"] else "cited"
        found[cell["row"], cell["col"]] = {**cell, "state": state}
    for one in answer["measuredOnly"]:
        key = tuple(one[axis]["id"] for axis in answer["axes"].values())
        nothing = {"claims": 0, "unsupported": 0, "sources": 0}
        found[key] = {"row": key[0], "col": key[1], "independentLines": one["trials"], "state": "measured", **nothing}
    return found


def grid(answer: Answer, order: list[tuple[str, int]]) -> dict[str, Any]:
    """Return the map as lines of cells: each row's node and level, then what stands under each column, nothing for a gap."""
    nodes = {node["id"]: node for node in (*answer["rows"], *answer["cols"])}
    for one in answer["measuredOnly"]:
        nodes |= {one[axis]["id"]: one[axis] for axis in ("intervention", "outcome")}
    found = cells(answer)
    columns = sorted({key[1] for key in found}, key=lambda name: nodes[name]["label"])
    return {
        "columns": [nodes[name] for name in columns],
        "rows": [(nodes[name], level, [found.get((name, column)) for column in columns]) for name, level in order],
    }


def levels(store: Store, answer: Answer, base: str) -> list[tuple[str, int]]:
    """Return the rows with how deep each stands: a narrower one below the broader one, by label otherwise."""
    nodes = {node["id"]: node for node in answer["rows"]}
    kind = answer["axes"]["rows"]
    nodes |= {one[kind]["id"]: one[kind] for one in answer["measuredOnly"]}
    above: dict[str, str] = {}
    things = [URIRef(node["iri"]) for node in nodes.values()]
    for row in rows_of(store, "statements", {"thing": things, "property": [SKOS.broader]}) if things else ():
        name, broader = (shorten(str(row[column]), base) for column in ("thing", "value"))
        if broader in nodes and broader != name:
            above[name] = min(broader, above.get(name, broader))
    return sorted(((name, len(_way(name, above)) - 1) for name in nodes), key=lambda one: [nodes[n]["label"] for n in _way(one[0], above)])


def _way(name: str, above: dict[str, str]) -> list[str]:
    """Return the names from the broadest one down to this one; a circle is cut where it closes."""
    way = [name]
    while (broader := above.get(way[0])) and broader not in way:
        way.insert(0, broader)
    return way


def _row(found: tuple[tuple[str, str], dict[str, Any]]) -> list[Any]:
    (row, column), cell = found
    return [row, column, cell["state"], cell["independentLines"], cell["claims"], cell["unsupported"], cell["sources"]]
