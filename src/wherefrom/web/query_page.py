"""The page of /sparql for people: a form, the answer as a table or a graph, where it is to be had as data, and the named questions."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import urlencode

from rdflib import URIRef

from wherefrom import pages
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.query import Question, questions
from wherefrom.vocabulary import PREFIXES, TERMS, called, shorten
from wherefrom.web.pool import Request as Asked
from wherefrom.web.protocol import LONGEST_ADDRESS
from wherefrom.web.respond import Link
from wherefrom.web.site import Site

EXAMPLE = "SELECT ?claim ?label WHERE {\n  ?claim a ev:Claim ; skos:prefLabel ?label .\n}\nLIMIT 20\n"
SHOWN = 500  # rows on a page
ROWS_AS = {ROWS[name].media_type: name.upper() for name in ("csv", "tsv", "json", "xml")}
GRAPHS_AS = {GRAPHS[name].media_type: GRAPHS[name].title for name in ("turtle", "jsonld", "ntriples", "rdfxml")}


class Format(NamedTuple):
    """The same answer as data: what people call the format, where it is, and its media type."""

    name: str
    href: str
    type: str


class Place(NamedTuple):
    """Where a query is wrong: line and column (from 1), and what stands in that line before it and from there on."""

    line: int
    column: int
    before: str
    after: str


def page(site: Site, asked: Asked | None = None, **answer: object) -> bytes:
    """Return the page with what was `asked`, if anything, and its answer: `rows` and `columns`, `boolean`, `graph` or `problem`."""
    empty: dict[str, object] = {"problem": None, "boolean": None, "graph": None, "columns": [], "rows": None, "count": 0, "whole": True}
    problem = answer.get("problem")
    return site.page(
        "sparql.html",
        query=asked.query if asked else EXAMPLE,
        named=_named(asked.query) if asked else None,
        links=[Link("canonical", address)] if asked and (address := _address(asked)) else [],
        address_of_query=_address(asked) if asked else "",
        answer_formats=_formats(asked, GRAPHS_AS if "graph" in answer else ROWS_AS) if asked else [],
        place=_place(asked.query, str(problem["detail"])) if asked and isinstance(problem, dict) else None,
        questions=questions().values(),
        prefixes=site.prefixes,
        most_shown=SHOWN,
        **{**empty, **answer},
    )


def _named(query: str) -> Question | None:
    """Return the named question that a query is; a form sends lines that end in CR LF."""
    text = query.replace("\r\n", "\n").strip()
    return next((question for question in questions().values() if question.text.strip() == text), None)


def _address(asked: Asked, **more: str) -> str:
    """Return where a query and its answer are, by its name if it has one; empty where that would be longer than an address may be."""
    named = _named(asked.query)
    parts = [("name", named.name) if named else ("query", asked.query)]
    parts += [("default-graph-uri", graph) for graph in asked.default_graphs]
    parts += [("named-graph-uri", graph) for graph in asked.named_graphs]
    address = f"/sparql?{urlencode([*parts, *more.items()])}"
    return address if len(address) <= LONGEST_ADDRESS else ""


def _formats(asked: Asked, titles: dict[str, str]) -> list[Format]:
    found = (Format(title, _address(asked, _mediatype=media_type), media_type) for media_type, title in titles.items())
    return [form for form in found if form.href]


def _place(query: str, detail: str) -> Place | None:
    r"""Return the place that the parser names as `error at line:column`, if it names one that the query has.

    >>> _place("SELECT * {\n  ?s nope ?o }", "error at 2:11: expected OPTIONAL")
    Place(line=2, column=11, before='  ?s nope ', after='?o }')
    """
    told = re.match(r"error at (\d+):(\d+)\b", detail)
    if not told:
        return None
    line, column = int(told[1]), int(told[2])
    lines = query.split("\n")
    if not (0 < line <= len(lines) and column > 0):
        return None
    text = lines[line - 1].rstrip("\r")
    return Place(line, column, text[: column - 1], text[column - 1 :])


def table(site: Site, text: str, *, whole: bool) -> dict[str, object]:
    """Return what the page shows of SPARQL JSON results, which may have been cut: `boolean`, or `columns`, `rows` and their `count`."""
    found = _read(text, whole=whole)
    if "boolean" in found:
        return {"boolean": found["boolean"]}
    columns: list[str] = found["head"]["vars"]
    rows: list[dict[str, dict[str, str]]] = found["results"]["bindings"]
    names = pages.Names(site.store, site.base)
    names.learn(URIRef(uri) for uri in {value["value"] for row in rows[:SHOWN] for value in row.values() if value["type"] == "uri"})
    shown = [[_cell(row.get(column), names) for column in columns] for row in rows[:SHOWN]]
    return {"columns": columns, "rows": shown, "count": len(rows), "whole": whole}


def _read(text: str, *, whole: bool) -> dict[str, Any]:
    """Return SPARQL JSON results; of those that were cut, the rows that are whole."""
    if whole:
        found: dict[str, Any] = json.loads(text)
        return found
    marker = '"results":{"bindings":['
    head, _, rest = text.partition(marker)
    decoder, at = json.JSONDecoder(), 0
    rows: list[object] = []
    while len(rows) < SHOWN:
        try:
            row, at = decoder.raw_decode(rest, at)
        except ValueError:
            break
        rows.append(row)
        at += 1  # the comma
    return {**json.loads(f"{head.rstrip(',')}}}"), "results": {"bindings": rows}}


def _cell(value: dict[str, str] | None, names: pages.Names) -> pages.Shown:
    if value is None:
        return pages.Shown("")
    if value["type"] == "uri":
        return pages.Shown(names.of(value["value"]), pages.address(value["value"], names.base))
    return pages.Shown(value["value"])


def names(site: Site) -> list[dict[str, str]]:
    """Return what an editor may complete, as `name` and `label`.

    Prefixes are called by their namespaces; classes and properties are those of the ontology and those in use.
    """
    used = {*TERMS, *site.figures.by_class, *site.figures.by_property}
    terms = [name for name in sorted(shorten(term, site.base) for term in used) if name.partition(":")[0] in PREFIXES]
    called_by = {**{f"{prefix}:": space for prefix, space in site.prefixes.items()}, **{name: called(name) for name in terms}}
    return [{"name": name, "label": label} for name, label in called_by.items()]
