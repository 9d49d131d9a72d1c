"""Places in source documents: found by line or text, written as positions and digests, checked against the documents.

A position is a range of Unicode code points, the end exclusive, as the Web Annotation text position selector has it.
The text itself is never stored; its SHA-256 (as UTF-8) stands for it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from rdflib import Graph, Namespace, URIRef

from wherefrom.load import KnowledgeBase
from wherefrom.positions import Positions
from wherefrom.problems import PassageNotFound, UnknownDocument
from wherefrom.report import Report, Result, Severity, make_report
from wherefrom.vocabulary import EV, shorten

OA = Namespace("http://www.w3.org/ns/oa#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
SHORT = 16  # hexadecimal digits of a digest that name a snapshot and stand for a passage


@dataclass(frozen=True)
class Document:
    """The text of a source document as it was read, with its SHA-256."""

    name: str
    text: str
    sha256: str

    @cached_property
    def starts(self) -> list[int]:
        """The code point at which each line begins."""
        return [0, *(n + 1 for n, character in enumerate(self.text) if character == "\n")]

    def line_of(self, position: int) -> int:
        """Return the line of a code point, counted from 1."""
        return bisect_right(self.starts, position)


@dataclass(frozen=True)
class Place:
    """A range of code points of a document, `end` exclusive."""

    document: Document
    start: int
    end: int

    @property
    def digest(self) -> str:
        """`sha256:` and the first 16 hexadecimal digits of the passage's SHA-256."""
        return digest(self.document.text[self.start : self.end])[: len("sha256:") + SHORT]

    def turtle(self) -> str:
        """Return the passage and its selector as Turtle with relative IRIs, to be pasted into a data file."""
        snapshot = self.document.sha256[:SHORT]
        name = f"id/passage/{snapshot}/{self.start}-{self.end}"
        first, last = self.document.line_of(self.start), self.document.line_of(self.end - 1)
        return (
            f"<{name}> a ev:Passage ; oa:hasSource <id/snapshot/{snapshot}> ; oa:hasSelector <{name}/selector> ; "
            f'ev:passageDigest "{self.digest}" ; ev:startLine {first} ; ev:endLine {last} .\n'
            f"<{name}/selector> a oa:TextPositionSelector ; oa:start {self.start} ; oa:end {self.end} .\n"
        )


def digest(text: str) -> str:
    """Return `sha256:` and the SHA-256 of a text as UTF-8."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_document(path: Path) -> Document:
    """Read a document; raises `UnknownDocument` where it is missing or not UTF-8."""
    try:
        content = path.read_bytes()
        return Document(path.name, content.decode("utf-8"), hashlib.sha256(content).hexdigest())
    except OSError as error:
        raise UnknownDocument(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnknownDocument(f"{path.name} is not UTF-8 text.") from error


def at_hand(folder: Path, sha256: str) -> Document | None:
    """Return the document of a folder with this digest, whatever it is called; None where it is not there, or is no text.

    It is read anew each time: what is kept is only which file had which digest.
    """
    for path in sorted(folder.glob("*.txt")):
        try:
            told = path.stat()
            if _digest_of(path, told.st_mtime_ns, told.st_size) == sha256.lower():
                document = read_document(path)
                return document if document.sha256 == sha256.lower() else None
        except (OSError, UnknownDocument):  # a file that went away, or is no text, is not at hand
            continue
    return None


def state(folder: Path) -> str:
    """Return what tells whether the documents of a folder are still those that they were: names, times and sizes, as a digest."""
    told = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.glob("*.txt")) if path.is_file()]
    return hashlib.sha256(repr(told).encode()).hexdigest()


@lru_cache(maxsize=4_096)
def _digest_of(path: Path, modified: int, size: int) -> str:
    """Return the SHA-256 of a file, calculated again when its time or size is another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def locate(document: Document, wanted: str) -> Place:
    """Return the passage at a line (`160`), lines (`152-164`), or where a piece of text stands.

    Raises `PassageNotFound` where there is no such line, or the text occurs never or more than once.
    """
    first, _, last = wanted.partition("-")
    if first.isdecimal() and (not last or last.isdecimal()):
        return _lines(document, int(first), int(last or first))
    start = document.text.find(wanted) if wanted else -1
    if start < 0:
        raise PassageNotFound(f"The text does not occur in {document.name}.")
    if document.text.find(wanted, start + 1) >= 0:
        raise PassageNotFound(f"The text occurs more than once in {document.name}.")
    return Place(document, start, start + len(wanted))


def _lines(document: Document, first: int, last: int) -> Place:
    starts = [*document.starts, len(document.text) + 1]
    if not 1 <= first <= last < len(starts):
        raise PassageNotFound(f"{document.name} has {len(starts) - 1} lines, not {first} to {last}.")
    start, end = starts[first - 1], starts[last] - 1
    text = document.text[start:end]
    start, end = start + len(text) - len(text.lstrip(" \t\n\u00a0•")), end - (len(text) - len(text.rstrip()))
    if start >= end:
        raise PassageNotFound(f"{document.name}:{first}: there is no text on this line.")
    return Place(document, start, end)


def verify(base: KnowledgeBase, documents: Path) -> tuple[Report, int]:
    """Check every passage against the documents in a folder; return the report and the number of passages checked.

    A snapshot is known by its digest, whatever the file is called. Raises `UnknownDocument` for a folder without text.
    """
    if not documents.is_dir():
        raise UnknownDocument(f"{documents.name} is not a folder.")
    texts = [read_document(path) for path in sorted(documents.glob("*.txt"))]
    if not texts:
        raise UnknownDocument(f"{documents.name} holds no .txt file.")
    graph = base.union()
    by_digest = {document.sha256: document for document in texts}
    snapshots: dict[object, Document] = {}
    for snapshot, checksum in graph.subject_objects(SPDX.checksum):
        document = by_digest.get(str(graph.value(checksum, SPDX.checksumValue)).lower())
        if document is not None:
            snapshots[snapshot] = document
    passages = sorted(set(graph.subjects(EV.passageDigest)), key=str)
    positions = Positions(base)
    slips = [
        Result(*positions.of_statement(str(passage)), Severity.VIOLATION, code, str(passage), message)
        for passage in passages
        for code, message in _slips(graph, URIRef(str(passage)), snapshots, base.settings.base)
    ]
    return make_report(slips), len(passages)


def _slips(graph: Graph, passage: URIRef, snapshots: dict[object, Document], base: str) -> Iterator[tuple[str, str]]:
    name = shorten(passage, base)
    document = snapshots.get(graph.value(passage, OA.hasSource))
    if document is None:
        yield "snapshot-missing", f"{name}: no document has the digest of its snapshot"
        return
    selector = graph.value(passage, OA.hasSelector)
    start, end = (_number(graph.value(selector, p)) for p in (OA.start, OA.end))
    if not 0 <= start < end <= len(document.text):
        yield "passage-outside", f"{name}: {start} to {end} is not within the {len(document.text)} code points of {document.name}"
        return
    stated = str(graph.value(passage, EV.passageDigest))
    if len(stated) < len("sha256:") + SHORT or not digest(document.text[start:end]).startswith(stated):
        yield "passage-digest", f"{name}: the text at {start} to {end} of {document.name} has another digest"
    for term, at in ((EV.startLine, start), (EV.endLine, end - 1)):
        line = graph.value(passage, term)
        if line is not None and _number(line) != document.line_of(at):
            yield "passage-line", f"{name}: {shorten(term, base)} is {document.line_of(at)} in {document.name}, not {line}"


def _number(value: object) -> int:
    """Return a position or line as it is written; -1, which is within no document, for none and for no number."""
    return int(str(value)) if str(value).isdecimal() else -1
