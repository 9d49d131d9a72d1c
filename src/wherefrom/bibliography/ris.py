"""Records -> RIS, as reference managers read it: one field a line, `TAG  - value`, lines ended by CR LF, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wherefrom.bibliography.kinds import kind_of
from wherefrom.bibliography.records import Record, one_line


def ris(records: Iterable[Record]) -> str:
    """Return records as a RIS file."""
    return "".join(_reference(record) for record in records)


def _reference(record: Record) -> str:
    lines = [f"{tag}  - {value}\r\n" for tag, told in _fields(record) if (value := one_line(told))]
    return f"{''.join(lines)}ER  - \r\n"


def _fields(record: Record) -> Iterator[tuple[str, str]]:
    yield "TY", kind_of(record).ris
    yield "ID", record.key
    for name in record.authors:
        yield "AU", name.inverted
    yield "TI", record.title
    yield "T2", record.container
    yield "PY", record.year
    yield "DA", record.date.replace("-", "/")
    yield "VL", record.volume
    yield "IS", record.issue
    yield "SP", record.first_page
    yield "EP", record.last_page
    yield "PB", record.publisher
    yield "DO", record.doi
    yield "UR", record.address
    yield "AN", record.pubmed
    yield "DB", "PubMed" if record.pubmed else ""  # whose number it is
    for word in record.how:
        yield "KW", word
    yield "N1", record.iri
