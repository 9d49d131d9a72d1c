"""Two to five things of one kind, side by side: what differs first, then what is the same; what is not stated is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rdflib import RDF, SKOS, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import check_known, curation_graphs, kind_of
from wherefrom.pages.shown import Names, Shown, address, shown
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, place, shorten

FEWEST, MOST = 2, 5
DESCRIBED = (EV.characteristicOf, EV.statedBy)  # what a description is of, and who gives it: both are compared by its items
LEFT_OUT = {RDF.type, SKOS.prefLabel, EV.statedAt, EV.notStated}  # the same for all, the heading, where it stands, told in its place
SAYS = (EV.value, EV.minValue, EV.maxValue, EV.unit, EV.currency, EV.valueConcept, EV.valueText)  # that tell values apart
State = Literal["differs", "partly", "alike"]
STATES: tuple[State, ...] = ("differs", "partly", "alike")
Said = dict[URIRef, dict[URIRef, dict[Identifier, list[Identifier]]]]  # thing -> property -> value -> graphs


@dataclass(frozen=True)
class Cell:
    """What is said of one thing: its values, and whether its source leaves it open; without either nothing is said of it."""

    values: tuple[Shown, ...] = ()
    left_open: bool = False


@dataclass(frozen=True)
class Compared:
    """One property, or one item of descriptions: what it is called, where it leads, and a cell for each thing.

    It `differs` where what is said of two things differs, is `partly` told where nothing is said of some, and is `alike` otherwise.
    """

    label: str
    href: str
    state: State
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Comparison:
    """Things of one kind and what is said of them: what differs, what is told of some only, what is alike."""

    kind: str
    things: tuple[Shown, ...]
    rows: tuple[Compared, ...] = field(default_factory=tuple)

    def of(self, state: State) -> list[Compared]:
        """Return the rows of one state."""
        return [row for row in self.rows if row.state == state]


def comparison(store: Store, base: str, things: Sequence[URIRef]) -> Comparison:
    """Return the comparison of things; what is named twice stands once.

    Raises `BadParameter` for less than two or more than five things, or things of several kinds, `UnknownResource` for unknown ones.
    """
    asked = list(dict.fromkeys(things))
    if not FEWEST <= len(asked) <= MOST:
        raise BadParameter(f"{len(asked)} different things are named; {FEWEST} to {MOST} can be compared.")
    check_known(store, asked)
    kinds = {kind_of(thing, base) or str(thing) for thing in asked}
    if len(kinds) > 1:
        raise BadParameter(f"Things of one kind can be compared, and these are several: {', '.join(sorted(kinds))}.")
    reading = _Reading(store, base, asked)
    found = [*reading.properties(), *reading.items()]
    named = tuple(Shown(reading.names.of(thing), address(thing, base), note=shorten(thing, base)) for thing in asked)
    return Comparison(kinds.pop(), named, tuple(sorted(found, key=lambda row: STATES.index(row.state))))


class _Reading:
    """What is said of the things, and of the descriptions of or by them."""

    def __init__(self, store: Store, base: str, things: Sequence[URIRef]) -> None:
        self.store, self.base, self.things = store, base, things
        self.names, self.curated = Names(store, base), curation_graphs(store)
        self.said = self._read(things)
        self.records: dict[URIRef, list[URIRef]] = {thing: [] for thing in things}
        found = rows(store, "statements", {"value": list(things), "property": list(DESCRIBED)})
        for record, thing in sorted({(as_iri(row["thing"]), as_iri(row["value"])) for row in found}):
            self.records[thing].append(record)
        self.described = self._read(sorted({record for records in self.records.values() for record in records}))

    def _read(self, things: Sequence[URIRef]) -> Said:
        said: Said = {}
        terms: set[Identifier] = set(things)
        for row in rows(self.store, "statements", {"thing": list(things)}) if things else ():
            values = said.setdefault(as_iri(row["thing"]), {}).setdefault(as_iri(row["property"]), {})
            values.setdefault(row["value"], []).append(row["graph"])
            terms |= {row["property"], row["graph"]} | ({row["value"]} if row["property"] != EV.statedAt else set())
        self.names.learn(terms)
        return said

    def properties(self) -> Iterable[Compared]:
        """Yield what is said of the things themselves, by property."""
        open_of = [set(self.said.get(thing, {}).get(EV.notStated, ())) for thing in self.things]
        found = set().union(*(self.said.get(thing, {}) for thing in self.things), *open_of) - LEFT_OUT
        for prop in sorted(found, key=lambda one: (place(str(one)), str(one))):
            values = [self.said.get(thing, {}).get(URIRef(prop), {}) for thing in self.things]
            cells = [Cell(self._shown(told), prop in left) for told, left in zip(values, open_of, strict=True)]
            yield self._row(URIRef(prop), cells, [frozenset(told) for told in values])

    def _shown(self, told: Mapping[Identifier, list[Identifier]]) -> tuple[Shown, ...]:
        found = [shown(value, graphs, self.names, self.curated) for value, graphs in told.items()]
        return tuple(sorted(found, key=lambda one: (one.inferred, one.text)))

    def _places(self, graphs: Iterable[Identifier]) -> tuple[tuple[str, str], ...]:
        return tuple((self.names.of(graph), address(str(graph), self.base)) for graph in sorted(set(graphs)))

    def items(self) -> Iterable[Compared]:
        """Yield what descriptions say, by item; the records of one source stand together."""
        by_item: dict[URIRef, dict[URIRef, list[URIRef]]] = {}
        for thing, records in self.records.items():
            for record in records:
                for item in self.described.get(record, {}).get(EV.item, {}):
                    by_item.setdefault(URIRef(item), {}).setdefault(thing, []).append(record)
        for item in sorted(by_item, key=lambda one: (self.names.of(one).lower(), one)):
            records_of = [by_item[item].get(thing, []) for thing in self.things]
            cells = [self._described(thing, records) for thing, records in zip(self.things, records_of, strict=True)]
            yield self._row(item, cells, [frozenset(map(self._says, self._told(records))) for records in records_of])

    def _described(self, thing: URIRef, records: Sequence[URIRef]) -> Cell:
        found = [
            Shown(self.names.of(record), address(record, self.base), self._places(self._graphs(record)), note=self._note(thing, record))
            for record in self._told(records)
        ]
        left_open = any(EV.absence in self.described[record] for record in records)
        return Cell(tuple(sorted(found, key=lambda one: (one.graphs, one.text))), left_open)

    def _told(self, records: Iterable[URIRef]) -> list[URIRef]:
        """Return the descriptions that have a value; the others say that there is none."""
        return [record for record in records if EV.absence not in self.described[record]]

    def _graphs(self, record: URIRef) -> set[Identifier]:
        return {graph for graphs in self.described[record].get(EV.item, {}).values() for graph in graphs}

    def _note(self, thing: URIRef, record: URIRef) -> str:
        """Return what a description is meant for: as offered or as evaluated, and of what where that is not the heading."""
        said = self.described[record]
        parts = [self.names.of(value).lower() for value in said.get(EV.scope, ())]
        parts += [
            self.names.of(value) for value in said.get(EV.characteristicOf, ()) if value != thing and thing not in said[EV.characteristicOf]
        ]
        return ", ".join(sorted(parts))

    def _says(self, record: URIRef) -> frozenset[tuple[URIRef, Identifier]]:
        """Return what a description says, whoever says it and in whichever words it is printed."""
        said = self.described[record]
        return frozenset((prop, value) for prop in SAYS for value in said.get(prop, ()))

    def _row(self, term: URIRef, cells: Sequence[Cell], values: Sequence[frozenset[object]]) -> Compared:
        told = {value for value in values if value}
        silent = {(bool(value), cell.left_open) for value, cell in zip(values, cells, strict=True)}
        state: State = "differs" if len(told) > 1 else "alike" if len(silent) == 1 else "partly"
        return Compared(self.names.of(term), address(str(term), self.base), state, tuple(cells))
