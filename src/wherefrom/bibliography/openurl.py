"""Records -> COinS: a ContextObject of OpenURL (ANSI/NISO Z39.88-2004) for the title of a span, which link resolvers read in pages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from wherefrom.bibliography.kinds import kind_of
from wherefrom.bibliography.records import Record, one_line

FORMATS = {"article": "journal", "proceeding": "journal", "book": "book", "bookitem": "book", "report": "book"}  # genre -> format


def coins(record: Record) -> str:
    """Return the ContextObject of a record, as key and value pairs."""
    return urlencode([(name, one_line(value)) for name, value in _pairs(record) if one_line(value)], quote_via=quote)


def _pairs(record: Record) -> Iterator[tuple[str, str]]:
    genre = kind_of(record).genre
    form = FORMATS.get(genre, "dc")
    yield "ctx_ver", "Z39.88-2004"
    yield "rft_val_fmt", f"info:ofi/fmt:kev:mtx:{form}"
    yield "rft_id", f"info:doi/{record.doi}" if record.doi else ""
    yield "rft_id", f"info:pmid/{record.pubmed}" if record.pubmed else ""
    yield "rft_id", record.iri
    yield from _plain(record) if form == "dc" else _fields(record, genre, form)


def _plain(record: Record) -> Iterator[tuple[str, str]]:
    """Yield what Dublin Core tells of something of no particular format."""
    yield "rft.title", record.title
    for name in record.authors:
        yield "rft.creator", name.inverted
    yield "rft.date", record.date or record.year
    yield "rft.source", record.container
    yield "rft.publisher", record.publisher


def _fields(record: Record, genre: str, form: str) -> Iterator[tuple[str, str]]:
    part, whole = ("rft.atitle", "rft.jtitle") if form == "journal" else ("rft.atitle", "rft.btitle")
    yield "rft.genre", genre
    yield part if record.container or form == "journal" else whole, record.title
    yield whole, record.container
    yield "rft.date", record.date or record.year
    yield "rft.volume", record.volume
    yield "rft.issue", record.issue
    yield "rft.spage", record.first_page
    yield "rft.epage", record.last_page
    yield "rft.pub", record.publisher if form == "book" else ""
    for first in record.authors[:1]:
        yield "rft.aulast", first.family
        yield "rft.aufirst", first.given
    for name in record.authors:
        yield "rft.au", name.inverted
