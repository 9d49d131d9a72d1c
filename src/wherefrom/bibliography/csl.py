"""Records -> CSL-JSON, what citation processors take (CSL 1.0.2, csl-data.json)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from wherefrom.bibliography.kinds import kind_of
from wherefrom.bibliography.records import Name, Record, one_line


def csl(records: Iterable[Record]) -> str:
    """Return records as a CSL-JSON file: an array, also of one."""
    return json.dumps([item(record) for record in records], ensure_ascii=False, indent=2) + "\n"


def item(record: Record) -> dict[str, Any]:
    """Return a record as an item of CSL-JSON."""
    told = {
        "id": record.key,
        "type": kind_of(record).csl,
        "title": record.title,
        "author": [_name(name) for name in record.authors],
        "issued": {"date-parts": [[int(part) for part in (record.date or record.year).split("-")]]} if record.year else {},
        "container-title": record.container,
        "volume": record.volume,
        "issue": record.issue,
        "page": "-".join(page for page in (record.first_page, record.last_page) if page),
        "publisher": record.publisher,
        "DOI": record.doi,
        "URL": record.address,
        "PMID": record.pubmed,
        "keyword": ", ".join(record.how),
        "custom": {"iri": str(record.iri)},
    }
    return {name: one_line(value) if isinstance(value, str) else value for name, value in told.items() if value}


def _name(name: Name) -> dict[str, str]:
    if not name.family:
        return {"literal": one_line(name.whole)}
    return {part: one_line(told) for part, told in (("family", name.family), ("given", name.given)) if told}
