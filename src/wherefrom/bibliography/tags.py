"""Records -> what search engines read in a page: the tags of Highwire Press, and an article in the words of schema.org."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdflib import URIRef

from wherefrom.bibliography.kinds import kind_of
from wherefrom.bibliography.records import Name, Record, one_line


def highwire(record: Record) -> list[tuple[str, str]]:
    """Return names and contents of the tags by which indexes and reference managers know an article (Google Scholar: Inclusion)."""
    return [(f"citation_{name}", one_line(value)) for name, value in _tags(record) if one_line(value)]


def _tags(record: Record) -> Iterator[tuple[str, str]]:
    yield "title", record.title
    for name in record.authors:
        yield "author", name.inverted
    yield "publication_date", (record.date or record.year).replace("-", "/")
    yield "journal_title", record.container
    yield "volume", record.volume
    yield "issue", record.issue
    yield "firstpage", record.first_page
    yield "lastpage", record.last_page
    yield "doi", record.doi
    yield "pmid", record.pubmed
    yield "publisher", record.publisher


def article(record: Record) -> dict[str, Any]:
    """Return a record in the words of schema.org, for a node whose context has that as its vocabulary."""
    told = {
        "@type": kind_of(record).schema,
        "headline": record.title,
        "author": [_person(name) for name in record.authors],
        "datePublished": record.date or record.year,
        "isPartOf": _container(record),
        "pageStart": record.first_page,
        "pageEnd": record.last_page,
        "identifier": [f"{name}:{value}" for name, value in (("doi", record.doi), ("pmid", record.pubmed)) if value],
        "sameAs": {"@id": record.address} if record.address else {},
    }
    return {name: value for name, value in told.items() if value}


def _container(record: Record) -> dict[str, Any]:
    """Return what it appeared in, as far as it is known: the issue in its volume in its journal. The data have an IRI for the last only."""
    within: dict[str, Any] = {}
    if record.container:
        kind = "Periodical" if kind_of(record).within == "journal" else "CreativeWork"
        within = {**_identified(record.container_iri), "@type": kind, "name": record.container}
    for part, value in (("volume", record.volume), ("issue", record.issue)):
        if value:
            whole = {"isPartOf": within} if within else {}
            within = {"@id": f"{record.iri}#{part}", "@type": f"Publication{part.capitalize()}", f"{part}Number": value, **whole}
    return within


def _person(name: Name) -> dict[str, Any]:
    told = {**_identified(name.iri), "@type": "Person" if name.family else "Organization", "name": name.whole or name.inverted}
    return {**told, **{part: value for part, value in (("familyName", name.family), ("givenName", name.given)) if value}}


def _identified(iri: URIRef | None) -> dict[str, str]:
    return {} if iri is None else {"@id": str(iri)}
