"""What sources say of one thing, side by side: an item of description a row, a source a column. Which is right is not said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rdflib import URIRef

from wherefrom.discrepancies import Difference, discrepancies_of_descriptions
from wherefrom.pages.figures import figure
from wherefrom.pages.said import Cell, Said
from wherefrom.pages.shown import Shown
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV

VALUES = (EV.valueConcept, EV.valueText, EV.condition)
DESCRIBED = 400  # characteristics that are compared on one page; how many more there are is told


@dataclass(frozen=True)
class Line:
    """What sources say by one item, a cell for each source; `differs` tells in words that they, or one of them, say different things."""

    item: Shown
    cells: tuple[Cell, ...]
    differs: str = ""


@dataclass(frozen=True)
class Alone:
    """What one source says by an item on which no other one says anything; `differs` tells that it says different things."""

    item: Shown
    source: Shown
    cell: Cell
    differs: str = ""


@dataclass(frozen=True)
class SideBySide:
    """Items on which several sources say something, in columns of `sources`, and items of one source alone; `more` are left out."""

    sources: tuple[Shown, ...]
    shared: tuple[Line, ...]
    alone: tuple[Alone, ...]
    more: int


def value(said: Said, thing: URIRef) -> Cell:
    """Return the value of a characteristic: as printed with its unit, as a code, in words of the curator, or why there is none."""
    ends = [said.text(thing, prop) for prop in (EV.minValue, EV.maxValue)]
    printed = figure(said, thing) or said.text(thing, EV.printedAs) or " to ".join(filter(None, ends))
    return [*([Shown(printed)] if printed else []), *said.shown(thing, *VALUES), *said.shown(thing, EV.absence)]


def described(store: Store, thing: URIRef) -> list[URIRef]:
    """Return the characteristics of a thing."""
    return sorted({as_iri(row["thing"]) for row in rows(store, "statements", {"value": [thing], "property": [EV.characteristicOf]})})


def side_by_side(said: Said, characteristics: Sequence[URIRef], sources: Sequence[URIRef]) -> SideBySide:
    """Return characteristics of a thing by item and source; items on which several sources say something, and differ, come first."""
    kept = list(characteristics[:DESCRIBED])
    said.read(kept)
    found: dict[URIRef, dict[URIRef, list[URIRef]]] = {}
    for one in kept:
        for item in said.things(one, EV.item):
            for source in said.things(one, EV.statedBy):
                found.setdefault(item, {}).setdefault(source, []).append(one)
    with_value = [one for one in kept if not said.things(one, EV.absence)]
    differing = _differing(discrepancies_of_descriptions(said.store, with_value, found))
    said.names.learn([*sources, *found])
    named = tuple(said.name(source) for source in sources)
    telling = {item: sum(any(not said.things(one, EV.absence) for one in ones) for ones in by.values()) for item, by in found.items()}
    order = sorted(found, key=lambda item: (-telling[item], item not in differing, -len(found[item]), said.called(item)))
    lines = {item: _line(said, item, found[item], sources, differing.get(item, "")) for item in order}
    return SideBySide(
        sources=named,
        shared=tuple(lines[item] for item in order if len(found[item]) > 1),
        alone=tuple(_alone(lines[item], named) for item in order if len(found[item]) == 1 and any(lines[item].cells)),
        more=len(characteristics) - len(kept),
    )


def _line(said: Said, item: URIRef, by: Mapping[URIRef, Collection[URIRef]], columns: Iterable[URIRef], differs: str) -> Line:
    cells = tuple(sorted((_told(said, one) for one in by.get(source, ())), key=lambda one: one.text) for source in columns)
    return Line(said.name(item), cells, differs)


def _alone(line: Line, sources: Iterable[Shown]) -> Alone:
    ((source, cell),) = ((source, cell) for source, cell in zip(sources, line.cells, strict=True) if cell)
    return Alone(line.item, source, cell, line.differs)


def _told(said: Said, thing: URIRef) -> Shown:
    """Return what a characteristic says, with the way to it, and of what: as offered, or as evaluated."""
    words = "; ".join(dict.fromkeys(one.text for one in value(said, thing))) or said.called(thing)
    return Shown(words, said.name(thing).href, note=said.text(thing, EV.scope).lower())


def _differing(differences: Iterable[Difference]) -> dict[URIRef, str]:
    """Return by item whether sources say different things of it, or one of them does within its own text."""
    found: dict[URIRef, str] = {}
    for one in differences:
        graphs = {statement.graph for side in one.values for statement in side.statements}
        found[URIRef(one.subject[-1])] = "differs" if len(graphs) > 1 else found.get(URIRef(one.subject[-1]), "differs within one source")
    return found
