"""Things of one kind -> a list, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from rdflib import URIRef

from wherefrom.lineage import kind_of
from wherefrom.pages.shown import Names, Shown, address
from wherefrom.query import rows
from wherefrom.store import Store
from wherefrom.vocabulary import place, shorten


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
