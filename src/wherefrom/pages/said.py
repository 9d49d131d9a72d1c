"""What is said of some things, read together: each value as a reader sees it, and tables of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rdflib import RDF, Literal, Namespace, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import curation_graphs
from wherefrom.pages.shown import Group, Names, Shown, address, shown
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, PREFIXES

CITO, FABIO, PRISM = (Namespace(PREFIXES[prefix]) for prefix in ("cito", "fabio", "prism"))
UNTOLD = "/not-stated"  # how the IRI of a code ends that says that nothing is said
Cell = Sequence[Shown]


@dataclass(frozen=True)
class Table:
    """A table of values: each row begins with what it is about. Columns in which nothing stands are left out."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Said:
    """What is said of things, read a batch at a time; labels are those of ontology and data."""

    def __init__(self, store: Store, base: str, things: Iterable[URIRef] = ()) -> None:
        self.store, self.base = store, base
        self.names = Names(store, base)
        self.curated = curation_graphs(store)
        self._found: dict[URIRef, dict[URIRef, dict[Identifier, list[Identifier]]]] = {}
        self.read(things)

    def read(self, things: Iterable[URIRef]) -> set[URIRef]:
        """Read what is said of things that are not known yet, and what all of that but the passages is called; return the things."""
        wanted = set(things)
        fresh = sorted(wanted - self._found.keys(), key=str)
        terms: set[Identifier] = set(fresh)
        for row in rows(self.store, "statements", {"thing": fresh}):
            values = self._found.setdefault(as_iri(row["thing"]), {}).setdefault(as_iri(row["property"]), {})
            values.setdefault(row["value"], []).append(row["graph"])
            terms |= {row["property"], row["graph"]} | ({row["value"]} if row["property"] != EV.statedAt else set())
        self.names.learn(terms)
        return wanted

    def values(self, thing: URIRef, *properties: URIRef, stated: bool = False) -> Iterator[tuple[Identifier, list[Identifier]]]:
        """Yield what a thing has by one of the properties, each with its graphs; `stated` leaves out what only curators say."""
        said = self._found.get(thing, {})
        for prop in properties:
            for value, graphs in said.get(prop, {}).items():
                if not stated or set(graphs) - self.curated:
                    yield value, graphs

    def things(self, thing: URIRef, *properties: URIRef, stated: bool = False) -> list[URIRef]:
        """Return the things that a thing has by one of the properties, in the order of their names."""
        found = {value for value, _ in self.values(thing, *properties, stated=stated) if isinstance(value, URIRef)}
        return sorted(found, key=lambda value: (self.names.of(value), value))

    def classes(self, thing: URIRef) -> set[Identifier]:
        """Return of which classes a thing is."""
        return {value for value, _ in self.values(thing, RDF.type)}

    def shown(self, thing: URIRef, *properties: URIRef, stated: bool = False) -> list[Shown]:
        """Return what a thing has by one of the properties as a reader sees it: what is stated first, in the order of the words.

        The datatype of a figure or date is left to the table of all that is said.
        """
        found = [
            replace(one, note="") if isinstance(value, Literal) and not value.language else one
            for value, graphs in self.values(thing, *properties, stated=stated)
            for one in (shown(value, graphs, self.names, self.curated),)
        ]
        return sorted(found, key=lambda one: (one.inferred, one.text))

    def text(self, thing: URIRef, *properties: URIRef) -> str:
        """Return the first of what a thing has by the properties, in words; nothing where there is none."""
        return next((one.text for one in self.shown(thing, *properties)), "")

    def called(self, thing: Identifier) -> str:
        """Return the label of a thing or property, read now where it was not."""
        if str(thing) not in self.names.known:
            self.names.learn([thing])
        return self.names.of(thing)

    def name(self, thing: Identifier, note: str = "", *, inferred: bool = False) -> Shown:
        """Return a thing by its name, with the way to its page."""
        return Shown(self.called(thing), address(str(thing), self.base), inferred=inferred, note=note)

    def all_named(self, things: Iterable[URIRef]) -> list[Shown]:
        """Return things by their names, in the order of these."""
        found = set(things)
        self.names.learn(found)
        return sorted((self.name(thing) for thing in found), key=lambda one: (one.text, one.href))

    def editions(self, thing: URIRef) -> list[Shown]:
        """Return where a thing is described: the editions, or other graphs, that say of what class it is."""
        graphs = {graph for _, found in self.values(thing, RDF.type) for graph in found}
        return [self.name(graph) for graph in sorted(graphs)]

    def facts(self, thing: URIRef, *properties: URIRef) -> list[Group]:
        """Return what a thing has by each property, and which of them its source leaves open."""
        said, untold = self._found.get(thing, {}), self.things(thing, EV.notStated)
        return [fact for prop in properties if prop in said or prop in untold if (fact := self._fact(thing, prop)).values or fact.open]

    def _fact(self, thing: URIRef, prop: URIRef) -> Group:
        told = self.shown(thing, prop)
        untold = {shown.text for shown in told if shown.href.endswith(UNTOLD)}
        values = [one for one in told if one.text not in untold]
        left_open = bool(untold) or prop in self.things(thing, EV.notStated)
        return Group(self.called(prop), address(str(prop), self.base), values, open=left_open)


def table(caption: str, columns: Sequence[tuple[str, Sequence[Cell]]]) -> Table | None:
    """Return a table of columns (heading, cells); the first stays, of the others those in which something stands. None without rows."""
    (first, things), *others = columns
    kept = [(head, cells) for head, cells in others if any(cells)]
    if not things:
        return None
    return Table(caption, (first, *(head for head, _ in kept)), tuple(zip(things, *(cells for _, cells in kept), strict=True)))
