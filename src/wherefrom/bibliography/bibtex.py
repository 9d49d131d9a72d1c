"""Records -> BibTeX, in UTF-8, with what TeX would take for a command written as one (btxdoc; The LaTeX Companion, 13.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wherefrom.bibliography.kinds import kind_of
from wherefrom.bibliography.records import Name, Record, one_line

TEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", **{c: f"\\{c}" for c in "#$%&_"},
}  # fmt: skip
SPECIAL = re.compile("[" + re.escape("".join(TEX)) + "]")
LIGATURES = re.compile("(?<=-)(?=-)|(?<=')(?=')|(?<=`)(?=`)|(?<=,)(?=,)|(?<=[?!])(?=`)")  # what TeX prints as dashes, quotes, ¿ and ¡
VERBATIM = {"{": "%7B", "}": "%7D", "\\": "%5C"}  # in addresses nothing is a command, and braces must still be in pairs


def bibtex(records: Iterable[Record]) -> str:
    """Return records as a BibTeX file."""
    return "\n".join(_entry(record) for record in records)


def _entry(record: Record) -> str:
    lines = [f"  {name} = {{{value}}},\n" for name, value in _fields(record) if value]
    return f"@{kind_of(record).bibtex}{{{record.key},\n{''.join(lines)}}}\n"


def _fields(record: Record) -> Iterator[tuple[str, str]]:
    kind = kind_of(record)
    yield "author", " and ".join(_name(name) for name in record.authors)
    yield "title", _title(record.title)
    yield kind.within, escape(record.container)
    yield "year", escape(record.year)
    yield "date", escape(record.date)
    yield "volume", escape(record.volume)
    yield "number", escape(record.issue)
    yield "pages", "--".join(escape(page) for page in (record.first_page, record.last_page) if page)
    yield kind.by, escape(record.publisher)
    yield "doi", _verbatim(record.doi)
    yield "url", _verbatim(record.address)
    yield "pmid", escape(record.pubmed)
    yield "keywords", ", ".join(record.how)
    yield "annote", escape(record.iri)


def escape(text: str) -> str:
    r"""Return a text as TeX prints it.

    >>> escape("Profit & loss: 5 % of {a_b}")
    'Profit \\& loss: 5 \\% of \\textbraceleft{}a\\_b\\textbraceright{}'
    """
    return SPECIAL.sub(lambda found: TEX[found[0]], LIGATURES.sub("\0", one_line(text))).replace("\0", "{}")


def _verbatim(text: str) -> str:
    return "".join(VERBATIM.get(character, character) for character in one_line(text))


def _title(title: str) -> str:
    """Return a title whose capitals stay: styles write titles in small letters, and take for names what stands in braces.

    The first capital of the title stays without them.
    """
    first, *others = one_line(title).split(" ")
    return " ".join([_kept(first) if first[1:] != first[1:].lower() else escape(first), *map(_kept, others)])


def _kept(word: str) -> str:
    return f"{{{escape(word)}}}" if word != word.lower() else escape(word)


def _name(name: Name) -> str:
    """Return a name in the form `Family, Given`; in braces is what BibTeX would take apart at a comma or an "and"."""
    if not name.family:
        return f"{{{escape(name.whole)}}}"
    return ", ".join(_part(part) for part in (name.family, name.given) if part)


def _part(part: str) -> str:
    written = escape(part)
    return f"{{{written}}}" if "," in part or re.search(r"(?i)\band\b", written) else written
