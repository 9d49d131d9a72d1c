"""One thing -> what a reader sees: what is said of it, by whom and where, and what links here. Templates only show it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jinja2
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Literal, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import curation_graphs, kind_of
from wherefrom.problems import UnknownResource
from wherefrom.query import rows
from wherefrom.resources import template_folder
from wherefrom.store import Row, Store
from wherefrom.vocabulary import BORROWED, EV, ONTOLOGY, SCHEMES, place, shorten

FIRST = (RDF.type, SKOS.prefLabel, RDFS.label, SKOS.definition)
TRACED = frozenset({"claim", "finding", "study", "publication", "rating", "reference", "reference-list"})
WITHDRAWABLE = frozenset({"finding", "person", "publication", "study"})
SHOWN = 200  # values of one property, or links of one kind, on one page; the rest is counted


@dataclass(frozen=True)
class Shown:
    """A value as a reader sees it: its text, where it leads, the graphs that state it, and whether it is inferred."""

    text: str
    href: str = ""
    graphs: tuple[tuple[str, str], ...] = ()
    inferred: bool = False
    note: str = ""


@dataclass(frozen=True)
class Group:
    """The values of one property, or what links here by one property."""

    label: str
    href: str
    values: list[Shown] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True)
class Page:
    """Everything on the page of a thing."""

    iri: str
    label: str
    kind: str
    classes: list[Shown]
    groups: list[Group]
    mentions: list[Group]
    statements: list[Row]
    deprecated: bool

    @property
    def traced(self) -> bool:
        """Whether a thing of this kind rests on something, or something on it, so that lineage and impact have an answer."""
        return self.kind in TRACED

    @property
    def withdrawable(self) -> bool:
        """Whether a thing of this kind can be withdrawn, so that impact has an answer."""
        return self.kind in WITHDRAWABLE


class Names:
    """Labels of things and properties, read together when first needed."""

    def __init__(self, store: Store, base: str) -> None:
        self.store, self.base = store, base
        self.known: dict[str, str] = {}

    def learn(self, things: Iterable[Identifier]) -> None:
        """Read the labels of those things that are not known yet."""
        wanted = sorted({thing for thing in things if isinstance(thing, URIRef) and str(thing) not in self.known})
        best: dict[str, tuple[int, str]] = {}
        order = {SKOS.prefLabel: 0, RDFS.label: 1, DCTERMS.title: 2}
        for row in rows(self.store, "labels", {"thing": wanted}) if wanted else ():
            candidate = (order[URIRef(row["property"])], str(row["label"]))
            best[str(row["thing"])] = min(best.get(str(row["thing"]), candidate), candidate)
        for thing in wanted:
            self.known[str(thing)] = best[str(thing)][1] if str(thing) in best else shorten(str(thing), self.base)
        self._name_passages([thing for thing in wanted if kind_of(thing, self.base) == "passage"])

    def _name_passages(self, places: list[URIRef]) -> None:
        """Call passages by their lines."""
        lines: dict[str, dict[Identifier, int]] = {}
        for row in rows(self.store, "descriptions", {"thing": places}) if places else ():
            if row["property"] in (EV.startLine, EV.endLine):
                lines.setdefault(str(row["thing"]), {})[row["property"]] = int(row["value"])
        for iri, found in lines.items():
            first, last = found.get(EV.startLine, 0), found.get(EV.endLine, 0)
            start, _, end = iri.rsplit("/", 1)[-1].partition("-")
            told = f"line {first}" if first == last else f"lines {first} to {last}"
            self.known[iri] = f"{told}, characters {start} to {end}"

    def of(self, thing: object) -> str:
        """Return the label of a thing that was learnt, or its short name."""
        return self.known.get(str(thing)) or shorten(str(thing), self.base)


def address(iri: str, base: str) -> str:
    """Return where a page leads for an IRI: a path of this service for what is ours, else the IRI if it is of the web."""
    if iri.startswith(f"{base}id/"):
        return f"/{iri[len(base) + 3 :]}"
    if iri.startswith(f"{ONTOLOGY}#") or iri == str(ONTOLOGY) or iri == str(BORROWED):
        return f"/ontology{iri[len(str(ONTOLOGY)) :]}" if iri != str(BORROWED) else "/ontology"
    if iri == str(SCHEMES) or iri.startswith(f"{SCHEMES}/"):
        return f"/scheme{iri[len(str(SCHEMES)) :]}"
    return iri if re.match(r"https?://[^\s<>\"]+$", iri) else ""


def describe(store: Store, iri: URIRef, base: str) -> list[Row]:
    """Return the statements (property, value, graph) about a thing; raises `UnknownResource` where there are none."""
    found = list(rows(store, "statements", {"thing": [iri]}))
    if not found:
        raise UnknownResource(f"<{iri}>")
    return found


def page(store: Store, iri: URIRef, base: str) -> Page:
    """Return the page of a thing; raises `UnknownResource`."""
    statements = describe(store, iri, base)
    mentions = list(rows(store, "mentions", {"thing": [iri]}))
    names = Names(store, base)
    terms = [term for row in statements for term in (row["property"], row["value"], row["graph"])]
    names.learn([iri, *terms, *(term for row in mentions for term in (row["property"], row["subject"], row["graph"]))])
    curated = curation_graphs(store)
    classes = sorted({row["value"] for row in statements if row["property"] == RDF.type})
    return Page(
        iri=str(iri),
        label=names.of(iri),
        kind=kind_of(iri, base),
        classes=[Shown(names.of(one), address(str(one), base)) for one in classes],
        groups=_groups([row for row in statements if row["property"] != RDF.type], "value", names, curated),
        mentions=_groups(mentions, "subject", names, curated),
        statements=statements,
        deprecated=any(row["property"] == OWL.deprecated and str(row["value"]) == "true" for row in statements),
    )


def _groups(found: list[Row], column: str, names: Names, curated: frozenset[Identifier]) -> list[Group]:
    values: dict[Identifier, dict[Identifier, list[Identifier]]] = {}
    for row in found:
        values.setdefault(row["property"], {}).setdefault(row[column], []).append(row["graph"])
    groups = []
    for prop in sorted(values, key=lambda p: (p not in FIRST, place(str(p)), names.of(p))):
        shown = [_shown(value, graphs, names, curated) for value, graphs in values[prop].items()]
        shown.sort(key=lambda one: one.text)
        label = names.of(prop)
        groups.append(Group(label, address(str(prop), names.base), shown[:SHOWN], max(0, len(shown) - SHOWN)))
    return groups


def _shown(value: Identifier, graphs: list[Identifier], names: Names, curated: frozenset[Identifier]) -> Shown:
    inferred = all(graph in curated for graph in graphs)
    places = tuple((names.of(graph), address(str(graph), names.base)) for graph in sorted(set(graphs)))
    if isinstance(value, Literal):
        datatype = str(value.datatype or "").rsplit("#", 1)[-1]
        note = value.language or ("" if datatype in ("", "string") else datatype)
        return Shown(str(value), "", places, inferred, "" if note == "en" else note)
    return Shown(names.of(value), address(str(value), names.base), places, inferred)


@dataclass(frozen=True)
class Listing:
    """A page of a list of things of one kind."""

    kind: str
    total: int
    start: int
    things: list[Shown]


def kinds_of_things(store: Store, base: str) -> Mapping[str, list[str]]:
    """Return the things under the base by kind (first part of the path), kinds in the order of the ontology.

    Parts are left out: things whose IRI is that of another thing and `/...`, as the selector of a passage.
    """
    found: dict[str, set[str]] = {}
    places: dict[str, int] = {}
    for row in rows(store, "kinds"):
        kind = kind_of(str(row["thing"]), base)
        if kind:
            found.setdefault(kind, set()).add(str(row["thing"]))
            places[kind] = min(place(str(row["class"])), places.get(kind, place("")))
    kinds = sorted(found, key=lambda kind: (places[kind], kind))
    return {kind: sorted(thing for thing in found[kind] if not _is_part(thing, found[kind])) for kind in kinds}


def _is_part(thing: str, known: Container[str]) -> bool:
    """Return whether the IRI begins with that of a known thing and `/`."""
    return any(thing[: slash.start()] in known for slash in re.finditer("/", thing))


def listing(store: Store, things: list[str], kind: str, base: str, start: int, size: int = 100) -> Listing:
    """Return `size` things of a kind from `start` on, with their labels."""
    names = Names(store, base)
    part = [URIRef(thing) for thing in things[start : start + size]]
    names.learn(part)
    return Listing(kind, len(things), start, [Shown(names.of(thing), address(thing, base), note=shorten(thing, base)) for thing in part])


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(template_folder())
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values: Any) -> str:
    """Return a template filled in; every value is escaped."""
    return _environment().get_template(template).render(**values)
