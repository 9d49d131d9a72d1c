"""The own part of the page of a discrepancy: the records side by side, each with where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import DCTERMS, URIRef

from wherefrom.pages.asking import Asking
from wherefrom.pages.excerpts import Excerpt, stated_at
from wherefrom.pages.figures import figures
from wherefrom.pages.said import Cell, Said
from wherefrom.pages.shown import Group, Shown
from wherefrom.pages.side_by_side import value
from wherefrom.vocabulary import EV


@dataclass(frozen=True)
class Side:
    """A record that takes part: what it says, in which editions, and where."""

    record: Shown
    says: Cell
    editions: tuple[Shown, ...]
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True)
class Discrepancy:
    """What is particular to a discrepancy."""

    facts: tuple[Group, ...]
    sides: tuple[Side, ...]


def discrepancy(asking: Asking) -> Discrepancy:
    """Return the own part of the page of a discrepancy."""
    said = Said(asking.store, asking.base, [asking.thing])
    records = said.things(asking.thing, EV.between)
    said.read(records)
    facts = said.facts(asking.thing, DCTERMS.description, EV.discrepancyKind, EV.resolution)
    return Discrepancy(tuple(facts), tuple(_side(asking, said, record) for record in records))


def _side(asking: Asking, said: Said, record: URIRef) -> Side:
    results = said.things(record, EV.hasArmResult)
    said.read(results)
    says = figures(said, record) if said.things(record, EV.findingOf) else value(said, record)
    return Side(said.name(record), says, tuple(said.editions(record)), tuple(stated_at(asking, said, record)))
