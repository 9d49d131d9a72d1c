"""Where in a file each statement stands. Only asked when there is something to report: it parses the file once more."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from rdflib import Graph
from rdflib.plugins.parsers.notation3 import BadSyntax, RDFSink, SinkParser
from rdflib.plugins.parsers.trig import TrigSinkParser

from wherefrom import journal
from wherefrom.load import KnowledgeBase, Source

Key = tuple[str, str, str]
BLANK = re.compile(r"(?:\s|#[^\n]*)*")


class Positions:
    """The lines of the statements of a knowledge base, file by file, read when first asked for."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._lines: dict[str, dict[Key, int]] = {}
        self._subjects: dict[str, list[Source]] = {}
        for source in base.sources:
            for subject in {quad.subject for quad in source.quads}:
                self._subjects.setdefault(str(getattr(subject, "value", subject)), []).append(source)

    def of_statement(self, subject: str, predicate: str = "", value: str = "") -> tuple[str, int]:
        """Return file and line of the first statement with that subject, the nearest to predicate and value.

        A statement that is not there has the line of its subject; an unknown subject has no file and line 0.
        """
        for wanted in ((subject, predicate, value), (subject, predicate, ""), (subject, "", "")):
            for source in self._subjects.get(subject, []):
                line = self._index(source).get(wanted)
                if line:
                    return source.name, line
        files = self._subjects.get(subject)
        return (files[0].name, 1) if files else ("", 0)

    def _index(self, source: Source) -> dict[Key, int]:
        if source.name not in self._lines:
            self._lines[source.name] = statement_lines(source, self._base.settings.base)
        return self._lines[source.name]


def statement_lines(source: Source, base: str) -> dict[Key, int]:
    """Return the line of each statement, under (s, p, o), and the first one under (s, p, "") and (s, "", "")."""
    suffix = Path(source.name).suffix
    if suffix in (".ttl", ".trig"):
        return _turtle_lines(source, base, trig=suffix == ".trig")
    if suffix in (".nt", ".nq", journal.SUFFIX):
        return _line_by_line(source)
    return {}


def _note(found: dict[Key, int], s: str, p: str, o: str, line: int) -> None:
    for key in ((s, p, o), (s, p, ""), (s, "", "")):
        found.setdefault(key, line)


def _line_by_line(source: Source) -> dict[Key, int]:
    """Return the lines of N-Triples, N-Quads and entries of the journal, of which some statements may not stand any more."""
    found: dict[Key, int] = {}
    rows = [(n, row.removeprefix(b"A ").strip()) for n, row in enumerate(source.content.splitlines(), 1)]
    told = [(n, row) for n, row in rows if row.startswith((b"<", b"_:"))]
    quads = ox.parse(b"\n".join(row for _, row in told), ox.RdfFormat.N_QUADS)
    for quad, (line, _) in zip(quads, told, strict=False):
        _note(found, _text(quad.subject), _text(quad.predicate), _text(quad.object), line)
    return found


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))


def _turtle_lines(source: Source, base: str, *, trig: bool) -> dict[Key, int]:
    found: dict[Key, int] = {}
    parser_class: type[SinkParser] = TrigSinkParser if trig else SinkParser
    parser = _counting(parser_class, found)(RDFSink(Graph()), baseURI=base, turtle=True)
    with suppress(BadSyntax):  # a form that the store's parser knows and this one does not: what was read before it has its lines
        parser.loadBuf(source.content)
    return found


def _counting(parser_class: type[SinkParser], found: dict[Key, int]) -> Callable[..., Any]:
    """Return a parser that keeps no statement, and notes the line at which the object of each begins.

    The parser's own count of lines runs ahead: it counts a line feed before a literal twice.
    """

    class Counting(parser_class):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.objects: dict[int, tuple[Any, int]] = {}  # by identity; kept, so that no identity is used again
            self.at = (0, 1)  # a place in the text and its line, the last one asked for
            super().__init__(*arguments, **options)

        def object(self, argstr: str, i: int, res: list[Any]) -> int:
            before = len(res)
            end: int = super().object(argstr, i, res)
            if end >= 0:
                start = BLANK.match(argstr, i)
                line = self.line_of(argstr, start.end() if start else i)
                self.objects.update((id(value), (value, line)) for value in res[before:])
            return end

        def line_of(self, text: str, place: int) -> int:
            known, line = self.at if self.at[0] <= place else (0, 1)
            self.at = (place, line + text.count("\n", known, place))
            return self.at[1]

        def makeStatement(self, quadruple: tuple[Any, Any, Any, Any]) -> None:  # noqa: N802 - the name is rdflib's
            _, predicate, subject, value = quadruple
            _note(found, str(subject), str(predicate), str(value), self.objects.get(id(value), (None, self.at[1]))[1])

    return Counting
