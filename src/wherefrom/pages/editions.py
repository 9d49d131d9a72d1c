"""The documents of sources by their editions: of what date, and which bytes were read; and the pages of a document and an edition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import DCTERMS, Namespace, URIRef

from wherefrom.pages.asking import Asking
from wherefrom.pages.said import Said, Table, table
from wherefrom.pages.shown import Shown
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV, PREFIXES

FRBR, SPDX = (Namespace(PREFIXES[prefix]) for prefix in ("frbr", "spdx"))


@dataclass(frozen=True)
class Editions:
    """What is particular to a document, or to one edition of it: the editions, and the curated discrepancies between records in them."""

    editions: Table | None
    discrepancies: tuple[Shown, ...]


def document(asking: Asking) -> Editions:
    """Return the own part of the page of a document."""
    said = Said(asking.store, asking.base, [asking.thing])
    return _part(said, said.things(asking.thing, FRBR.realization))


def edition(asking: Asking) -> Editions:
    """Return the own part of the page of an edition."""
    return _part(Said(asking.store, asking.base), [asking.thing])


def _part(said: Said, found: list[URIRef]) -> Editions:
    between = rows(said.store, "discrepancies_in", {"edition": found})
    return Editions(editions(said, found), tuple(said.all_named(as_iri(row["discrepancy"]) for row in between)))


def editions(said: Said, found: Iterable[URIRef]) -> Table | None:
    """Return a table of editions: the document, its dates, and the digest of the bytes that were read."""
    of: dict[URIRef, list[Shown]] = {}
    in_order = sorted(said.read(found))
    for row in rows(said.store, "statements", {"value": in_order, "property": [FRBR.realization]}):
        of.setdefault(as_iri(row["value"]), []).append(said.name(row["thing"]))
    snapshots = {one: said.things(one, FRBR.embodiment) for one in in_order}
    said.read(snapshot for ones in snapshots.values() for snapshot in ones)
    checksums = {one: [sum_ for snapshot in ones for sum_ in said.things(snapshot, SPDX.checksum)] for one, ones in snapshots.items()}
    said.read(sum_ for ones in checksums.values() for sum_ in ones)
    return table(
        "Editions that were read",
        [
            (said.called(EV.SourceEdition), [[said.name(one)] for one in in_order]),
            (said.called(EV.SourceDocument), [list(dict.fromkeys(of.get(one, ()))) for one in in_order]),
            *((said.called(prop), [said.shown(one, prop) for one in in_order]) for prop in (DCTERMS.issued, EV.lastReviewed)),
            (said.called(EV.codePoints), [[n for s in snapshots[one] for n in said.shown(s, EV.codePoints)] for one in in_order]),
            (said.called(SPDX.checksum), [[n for s in checksums[one] for n in said.shown(s, SPDX.checksumValue)] for one in in_order]),
        ],
    )
