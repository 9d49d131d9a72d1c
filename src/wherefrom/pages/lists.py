"""Things of one kind -> a list, a page at a time, narrowed by what is said of them.

What can be chosen follows from the data: every property by which the things lead to a few other things or codes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from rdflib import RDFS, SKOS, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import kind_of
from wherefrom.pages.shown import Names, Shown, address
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, lines, rows
from wherefrom.store import Store
from wherefrom.vocabulary import expand, place, shorten

PAGE = 100  # things on one page
CHOOSABLE = 5_000  # things of a kind up to which a list can be narrowed and is in the order of labels; more are for search and SPARQL
VALUES = 60  # of one property from which a reader can choose

Said = dict[URIRef, dict[Identifier, set[URIRef]]]  # property -> value -> the things that have it


@dataclass(frozen=True)
class Choice:
    """A value that a property may have: its short name, its label, and how many of the things left have it."""

    value: str
    label: str
    number: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A property by which a list can be narrowed: its short name, which is that of the parameter, its label, and the values."""

    name: str
    label: str
    choices: list[Choice]


@dataclass(frozen=True)
class Listing:
    """A page of a list of things of one kind: `total` after narrowing, of `all` that there are; `iris` are those of `things`."""

    kind: str
    total: int
    start: int
    things: list[Shown]
    iris: list[URIRef]
    all: int
    facets: list[Facet]
    words: str = ""


def kinds_of_things(store: Store, base: str) -> Mapping[str, list[str]]:
    """Return the things under the base by kind (first part of the path), kinds in the order of the ontology.

    Parts are left out: things whose IRI is that of another thing and `/...`, as the selector of a passage.
    """
    found: dict[str, set[str]] = {}
    classes: dict[str, set[str]] = {}
    for line in lines(store, "kinds").decode().split("\n"):  # as text: a large base has millions of them
        thing, _, named = line.partition("\t")
        if kind := kind_of(thing[1:-1], base):
            found.setdefault(kind, set()).add(thing[1:-1])
            classes.setdefault(kind, set()).add(named[1:-1])
    kinds = sorted(found, key=lambda kind: (min(map(place, classes[kind])), kind))
    return {kind: sorted(thing for thing in found[kind] if not _is_part(thing, len(f"{base}id/{kind}/"), found[kind])) for kind in kinds}


def _is_part(thing: str, start: int, known: Container[str]) -> bool:
    """Return whether the IRI begins with that of a known thing and `/`; names begin at `start`."""
    return "/" in thing[start:] and any(thing[: slash.start()] in known for slash in re.finditer("/", thing))


def listing(
    store: Store, things: list[str], kind: str, base: str, start: int, chosen: Mapping[str, str] = {}, words: str = "", size: int = PAGE
) -> Listing:
    """Return `size` things of a kind from `start` on, in the order of their labels, of those that have all that was `chosen`.

    `chosen` maps the short name of a property to that of a value, `words` are looked for in labels. More than `CHOOSABLE`
    things that have all that was chosen are in the order of IRIs and cannot be narrowed further: raises `BadParameter` for
    words then, for as many without a choice, and for a property that none of the things has.
    """
    names, chosen = Names(store, base), {name: value for name, value in chosen.items() if value}
    found = [URIRef(thing) for thing in things]
    if len(found) > CHOOSABLE and chosen:
        found = _having(store, things, chosen, base)
    if len(found) > CHOOSABLE:
        if chosen or words:
            raise BadParameter(f"There are more than {CHOOSABLE:,} things of this kind; search, or ask in SPARQL.")
        part = found[start : start + size]
        names.learn(part)
        return Listing(kind, len(found), start, [_line(thing, names) for thing in part], part, len(found), [])
    said = _said(store, found, chosen, base)
    names.learn([*found, *said, *(value for values in said.values() for value in values)])
    wanted = {_property(name, said, base): expand(value, base) for name, value in chosen.items()}
    left = [thing for thing in found if words.casefold() in names.of(thing).casefold()]
    having = {prop: said[prop].get(value, set()) for prop, value in wanted.items()}
    kept = sorted((thing for thing in left if all(thing in those for those in having.values())), key=lambda one: (names.of(one), one))
    facets = [_facet(prop, said[prop], left, wanted, having, names) for prop in sorted(said, key=lambda prop: (place(str(prop)), prop))]
    part = kept[start : start + size]
    return Listing(kind, len(kept), start, [_line(thing, names) for thing in part], part, len(found), facets, words)


def _line(thing: URIRef, names: Names) -> Shown:
    return Shown(names.of(thing), address(thing, names.base), note=shorten(thing, names.base))


def _having(store: Store, things: Iterable[str], chosen: Mapping[str, str], base: str) -> list[URIRef]:
    """Return those of many things that have all that was chosen, asked of the store a choice at a time."""
    having = [
        {as_iri(row["thing"]) for row in rows(store, "statements", {"value": [expand(value, base)], "property": [expand(name, base)]})}
        for name, value in chosen.items()
    ]
    known = set(things)
    return sorted(thing for thing in set.intersection(*having) if str(thing) in known)


def _said(store: Store, things: list[URIRef], chosen: Mapping[str, str], base: str) -> Said:
    """Return what leads from the things to a few others: neither to one alone, nor to nearly as many as there are things.

    A value that was chosen and that a thing has is there in any case, alone where the others are too many to choose from.
    """
    said: Said = {}
    for row in rows(store, "statements", {"thing": things}) if things else ():
        if isinstance(row["value"], URIRef) and row["property"] not in (RDFS.isDefinedBy, SKOS.inScheme):
            said.setdefault(as_iri(row["property"]), {}).setdefault(row["value"], set()).add(as_iri(row["thing"]))
    few = {
        prop: values for prop, values in said.items() if 1 < len(values) <= VALUES and 2 * len(values) <= len(set().union(*values.values()))
    }
    others = {prop: expand(chosen[name], base) for prop in said.keys() - few.keys() if (name := shorten(prop, base)) in chosen}
    return few | {prop: {value: said[prop][value]} for prop, value in others.items() if value in said[prop]}


def _property(name: str, said: Said, base: str) -> URIRef:
    for prop in said:
        if shorten(prop, base) == name:
            return prop
    raise BadParameter(
        f"A list of this kind is narrowed by {', '.join(shorten(prop, base) for prop in said) or 'nothing'}, not by {name!r}."
    )


def _facet(
    prop: URIRef, values: dict[Identifier, set[URIRef]], left: list[URIRef], wanted: Mapping[URIRef, URIRef],
    having: Mapping[URIRef, set[URIRef]], names: Names,
) -> Facet:  # fmt: skip
    """Return a property with its values, each with how many things have it of those that all other choices leave."""
    others = [those for other, those in having.items() if other != prop]
    open_ = {thing for thing in left if all(thing in those for those in others)}
    choices = [
        Choice(shorten(str(value), names.base), names.of(value), len(those & open_), wanted.get(prop) == value)
        for value, those in values.items()
    ]
    choices = [choice for choice in choices if choice.number or choice.chosen]
    return Facet(shorten(prop, names.base), names.of(prop), sorted(choices, key=lambda choice: (choice.label, choice.value)))
