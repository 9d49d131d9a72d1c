"""Printed references, against each other and against the publication that they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rdflib import DCTERMS, Namespace, URIRef

from wherefrom.discrepancies.differences import KIND, Cause, Difference, Statement, Value, differences_among
from wherefrom.discrepancies.reading import Base, Record, labels, plain
from wherefrom.vocabulary import EV, PREFIXES

BIRO, FABIO, FRBR, PRISM = (Namespace(PREFIXES[prefix]) for prefix in ("biro", "fabio", "frbr", "prism"))
FIELDS = {  # what a reference prints -> what the publication has
    EV.printedYear: FABIO.hasPublicationYear,
    EV.printedVolume: PRISM.volume,
    EV.printedJournal: FRBR.partOf,
    EV.printedTitle: DCTERMS.title,
}
PAGES = (PRISM.startingPage, PRISM.endingPage)


def of_references(base: Base) -> Iterator[Difference]:
    """Yield the fields in which printed references differ from each other or from the publication that they mean."""
    printed = base.records(BIRO.BibliographicReference, EV.refersTo, EV.printedPages, *FIELDS)
    known = base.records(EV.Publication, *PAGES, *FIELDS.values())
    journals = labels(base.store, (journal for record in known.values() for journal in record.all(FRBR.partOf)))
    fields: dict[tuple[URIRef, URIRef], list[Value]] = {}
    for reference in printed.values():
        for publication in reference.all(EV.refersTo):
            for name, text in _printed_fields(reference):
                fields.setdefault((publication, name), []).append(_worded(reference, text))
    for record in known.values():
        for name, text in _own_fields(record, journals):
            if (record.iri, name) in fields:
                fields[record.iri, name].append(_worded(record, text))
    for subject, found in sorted(fields.items()):
        spelt = {_folded(value.words or "") for value in found}
        cause: Cause | None = "transcription" if len(spelt) == 1 else None
        settled = f"the title page of {base.labels(subject[:1])}"
        yield from differences_among(KIND["bibliography"], subject, found, settled, base.policy, cause)


def _worded(record: Record, text: str) -> Value:
    return Value(words=plain(text), statements=(Statement((record.iri,), record.graph, text),))


def _printed_fields(reference: Record) -> Iterator[tuple[URIRef, str]]:
    for name in FIELDS:
        if text := reference.text(name):
            yield name, text
    first, _, last = plain(reference.text(EV.printedPages) or "").partition("-")
    if first:
        yield PRISM.startingPage, first
    if last:  # 623-49 is short for 623-649
        yield PRISM.endingPage, first[: max(0, len(first) - len(last))] + last if (first + last).isdigit() else last


def _own_fields(publication: Record, journals: Mapping[URIRef, str]) -> Iterator[tuple[URIRef, str]]:
    for name, own in (*FIELDS.items(), *((page, page) for page in PAGES)):
        text = publication.text(own)
        if own == FRBR.partOf:
            text = journals.get(URIRef(text or ""))
        if text:
            yield name, text[:4] if own == FABIO.hasPublicationYear else text


def _folded(text: str) -> str:
    """Return a text without what spelling may vary: marks, "and" or "&", "-ise" or "-ize".

    >>> _folded("Families, Systems, & Health") == _folded("Families, Systems and Health")
    True
    """
    return re.sub(r"[^\w]|_", "", text.casefold().replace("&", "and")).replace("z", "s")
