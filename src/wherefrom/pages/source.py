"""The own part of the page of a source: its documents, the scales by which it rates, what it claims and cites, and what it searched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rdflib import DCTERMS, SKOS, URIRef

from wherefrom.pages.asking import Asking
from wherefrom.pages.counts import Claims, Count, listed
from wherefrom.pages.editions import editions
from wherefrom.pages.said import CITO, Said, Table, table
from wherefrom.pages.shown import Group, Shown
from wherefrom.pages.side_by_side import value
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV

CITATIONS = 100  # rows of the table of references at most
EVIDENCE = "evidence"  # the note of items by which a source tells how it searched and what it found
SAYING = (EV.claimedBy, EV.ratedBy, EV.statedBy)


@dataclass(frozen=True)
class Scale:
    """A scale of the source, its levels in the order of their rank, each with what it means and what the source gives it to."""

    scheme: Shown
    means: str
    levels: Table | None


@dataclass(frozen=True)
class Kind:
    """So many claims of a kind, listed at `href`."""

    kind: Shown
    claims: int
    href: str


@dataclass(frozen=True)
class Source:
    """What is particular to a source."""

    facts: tuple[Group, ...]
    documents: Table | None
    whole: Count
    more: int
    truncated: bool
    kinds: tuple[Kind, ...]
    scales: tuple[Scale, ...]
    searched: Table | None
    citations: Table | None
    citations_more: int
    discrepancies: tuple[Shown, ...]


def source(asking: Asking) -> Source:
    """Return the own part of the page of a source."""
    thing, store, said = asking.thing, asking.store, Said(asking.store, asking.base, [asking.thing])
    naming: dict[URIRef, dict[URIRef, set[URIRef]]] = {}
    for row in rows(store, "statements", {"value": [thing], "property": [*SAYING, DCTERMS.publisher]}):
        naming.setdefault(as_iri(row["property"]), {}).setdefault(as_iri(row["thing"]), set()).add(as_iri(row["graph"]))
    claimed, rated, stated, published = (naming.get(prop, {}) for prop in (*SAYING, DCTERMS.publisher))
    claims = Claims(asking, claimed, EV.claimKind)
    graphs = {graph for found in (claimed, rated, stated) for where in found.values() for graph in where} - said.curated
    citing = _citing(store, graphs)
    kinds = [
        Kind(said.name(kind), len(ones), listed(asking.base, {EV.claimedBy: thing, EV.claimKind: kind}))
        for (kind,), ones in claims.by(EV.claimKind).items()
    ]
    return Source(
        facts=tuple(said.facts(thing, EV.sourceKind)),
        documents=editions(said, graphs),
        whole=claims.count(claims.claims),
        more=claims.more,
        truncated=claims.truncated,
        kinds=tuple(sorted(kinds, key=lambda one: (-one.claims, one.kind.text))),
        scales=tuple(_scales(said, said.read(rated), said.read(published))),
        searched=_searched(said, stated),
        citations=_citations(said, citing[:CITATIONS]),
        citations_more=len(citing[CITATIONS:]),
        discrepancies=tuple(
            said.all_named(as_iri(row["discrepancy"]) for row in rows(store, "discrepancies_in", {"edition": sorted(graphs)}))
        ),
    )


def _scales(said: Said, ratings: Iterable[URIRef], published: Iterable[URIRef]) -> list[Scale]:
    """Return the scales that the source publishes, and those of which it gives levels."""
    given: dict[URIRef, list[URIRef]] = {}
    for rating in ratings:
        for level in said.things(rating, EV.ratingValue):
            given.setdefault(level, []).append(rating)
    said.read(given)
    schemes = {one for one in published if EV.RatingScheme in said.classes(one)}
    schemes = said.read(schemes.union(*(said.things(level, SKOS.inScheme) for level in given)))
    levels: dict[URIRef, set[URIRef]] = {}
    for row in rows(said.store, "statements", {"value": sorted(schemes), "property": [SKOS.inScheme]}):
        levels.setdefault(as_iri(row["value"]), set()).add(as_iri(row["thing"]))
    said.read(level for found in levels.values() for level in found)
    made = [Scale(said.name(one), said.text(one, SKOS.definition), _levels(said, levels.get(one, set()), given)) for one in schemes]
    return sorted(made, key=lambda one: one.scheme.text)


def _levels(said: Said, levels: Iterable[URIRef], given: dict[URIRef, list[URIRef]]) -> Table | None:
    found = sorted(levels, key=lambda level: (int(said.text(level, EV.rank) or 0), said.names.of(level)))
    return table(
        "Levels, in the order of the scale where it has one",
        [
            ("level", [[said.name(level)] for level in found]),
            (said.called(SKOS.definition), [said.shown(level, SKOS.definition) for level in found]),
            ("given to", [[_rated(said, rating) for rating in given.get(level, ())] for level in found]),
        ],
    )


def _rated(said: Said, rating: URIRef) -> Shown:
    """Return what a rating rates, with the way to the rating."""
    return replace(said.name(rating), text=said.text(rating, EV.rates))


def _searched(said: Said, stated: Iterable[URIRef]) -> Table | None:
    """Return the figures that the source states of its search for evidence and what came of it."""
    store = said.store
    items: dict[URIRef, URIRef] = {}
    for row in rows(store, "statements", {"thing": sorted(stated), "property": [EV.item]}):
        items[as_iri(row["thing"])] = as_iri(row["value"])
    noted = rows(store, "statements", {"thing": sorted(set(items.values())), "property": [SKOS.note]})
    evidence = {as_iri(row["thing"]) for row in noted if str(row["value"]) == EVIDENCE}
    said.read(one for one, item in items.items() if item in evidence)
    found = [one for one, item in items.items() if item in evidence and said.text(one, EV.value)]
    found.sort(key=lambda one: (said.text(one, EV.characteristicOf), said.text(one, EV.item)))
    return table(
        "Counts of studies, as stated",
        [
            (said.called(EV.item), [said.shown(one, EV.item) for one in found]),
            (said.called(EV.value), [[replace(shown, href=said.name(one).href) for shown in value(said, one)] for one in found]),
            (said.called(EV.characteristicOf), [said.shown(one, EV.characteristicOf) for one in found]),
        ],
    )


def _citing(store: Store, graphs: Iterable[URIRef]) -> list[URIRef]:
    """Return the citations that editions make."""
    found = rows(store, "statements", {"value": sorted(graphs), "property": [CITO.hasCitingEntity]})
    return sorted({as_iri(row["thing"]) for row in found})


def _citations(said: Said, citations: Iterable[URIRef]) -> Table | None:
    """Return what it cites, under which heading and with what intent."""
    found = sorted(said.read(citations), key=lambda one: (said.text(one, EV.citationSection), said.text(one, CITO.hasCitedEntity), one))
    how = (EV.citationSection, CITO.hasCitationCharacterization, EV.listedUnder, EV.misfiledUnder)
    return table(
        "References, and how each is used",
        [
            (said.called(EV.Publication), [said.shown(one, CITO.hasCitedEntity) for one in found]),
            *((said.called(prop), [said.shown(one, prop) for one in found]) for prop in how),
            (said.called(CITO.Citation), [[said.name(one)] for one in found]),
        ],
    )
