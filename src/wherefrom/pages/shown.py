"""What a reader sees of a term: its name, where it leads, who states it, and whether it is inferred."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rdflib import DCTERMS, RDFS, SKOS, Literal, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import kind_of
from wherefrom.query import rows
from wherefrom.store import Store
from wherefrom.vocabulary import BORROWED, EV, ONTOLOGY, SCHEMES, shorten

LABELS: Mapping[Identifier, int] = {SKOS.prefLabel: 0, RDFS.label: 1, DCTERMS.title: 2}  # the first of them that a thing has names it
LINES = (EV.startLine, EV.endLine)


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
    open: bool = False  # the source, in what was read of it, does not tell


class Names:
    """Labels of things and properties, read together when first needed."""

    def __init__(self, store: Store, base: str) -> None:
        self.store, self.base = store, base
        self.known: dict[str, str] = {}

    def learn(self, things: Iterable[Identifier]) -> None:
        """Read the labels of those things that are not known yet."""
        wanted = sorted({thing for thing in things if isinstance(thing, URIRef) and str(thing) not in self.known}, key=str)
        if not wanted:
            return
        labels: dict[str, tuple[int, str]] = {}
        lines: dict[str, dict[Identifier, int]] = {}
        for row in rows(self.store, "descriptions", {"thing": wanted}):
            iri, prop, value = str(row["thing"]), row["property"], row["value"]
            if prop in LABELS:
                labels[iri] = min(labels.get(iri, (len(LABELS), "")), (LABELS[prop], str(value)))
            elif prop in LINES:
                lines.setdefault(iri, {})[prop] = int(value)
        self.known |= {str(thing): shorten(str(thing), self.base) for thing in wanted} | {iri: label for iri, (_, label) in labels.items()}
        self.known |= {iri: _of_passage(iri, told) for iri, told in lines.items() if kind_of(iri, self.base) == "passage"}

    def of(self, thing: object) -> str:
        """Return the label of a thing that was learnt, or its short name."""
        return self.known.get(str(thing)) or shorten(str(thing), self.base)


def _of_passage(iri: str, lines: Mapping[Identifier, int]) -> str:
    """Return what a passage is called: its lines and characters."""
    first, last = lines.get(EV.startLine, 0), lines.get(EV.endLine, 0)
    start, _, end = iri.rsplit("/", 1)[-1].partition("-")
    told = f"line {first}" if first == last else f"lines {first} to {last}"
    return f"{told}, characters {start} to {end}"


def shown(value: Identifier, graphs: Sequence[Identifier], names: Names, curated: Collection[Identifier]) -> Shown:
    """Return a value as a reader sees it; it is inferred where only graphs of curation state it. Its names were learnt."""
    inferred = all(graph in curated for graph in graphs)
    places = tuple((names.of(graph), address(str(graph), names.base)) for graph in sorted(set(graphs)))
    if isinstance(value, Literal):
        datatype = str(value.datatype or "").rsplit("#", 1)[-1]
        note = value.language or ("" if datatype in ("", "string") else datatype)
        return Shown(str(value), "", places, inferred, "" if note == "en" else note)
    return Shown(names.of(value), address(str(value), names.base), places, inferred)


def address(iri: str, base: str) -> str:
    """Return where a page leads for an IRI: a path of this service for what is ours, else the IRI if it is of the web."""
    if iri.startswith(f"{base}id/"):
        return f"/{iri[len(base) + 3 :]}"
    if iri.startswith(f"{ONTOLOGY}#") or iri == str(ONTOLOGY) or iri == str(BORROWED):
        return f"/ontology{iri[len(str(ONTOLOGY)) :]}" if iri != str(BORROWED) else "/ontology"
    if iri == str(SCHEMES) or iri.startswith(f"{SCHEMES}/"):
        return f"/scheme{iri[len(str(SCHEMES)) :]}"
    return iri if re.match(r"https?://[^\s<>\"]+$", iri) else ""
