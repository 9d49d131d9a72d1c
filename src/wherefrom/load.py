"""The files of a knowledge base -> its statements, each with the file it came from. Nothing is repaired."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from pathlib import Path

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Identifier

from wherefrom import journal
from wherefrom.formats import GRAPHS
from wherefrom.journal import Entry
from wherefrom.problems import UnreadableInput
from wherefrom.resources import shipped_folder
from wherefrom.settings import FILE, Settings, read_settings
from wherefrom.version import __version__
from wherefrom.vocabulary import BORROWED, ONTOLOGY, SCHEMES

FORMATS = {f".{form.ending}": form.engine for name, form in GRAPHS.items() if name != "rdfxml"}
STORE_FORMAT = 2  # changes when a build of the same files is written differently: 2 has the union as the default graph
APART = "alignments.ttl"  # matches between classes make them concepts: never part of the dataset


class SyntaxProblem(UnreadableInput):
    """A file that does not parse: told with its line and column."""

    slug, title = "syntax", "A file does not parse"
    remedy = "Mend the line named; nothing of the knowledge base was loaded."

    def __init__(self, file: str, line: int, column: int, reason: str, source_line: str = "") -> None:
        super().__init__(f"{file}:{line}:{column}: {reason}")
        self.file, self.line, self.column, self.reason, self.source_line = file, line, column, reason, source_line


@dataclass(frozen=True)
class Source:
    """One file: its name relative to the knowledge base, its bytes and the statements in it."""

    name: str
    content: bytes
    quads: tuple[ox.Quad, ...]


@dataclass(frozen=True)
class KnowledgeBase:
    """A folder that was read: the settings, the files of data and ontology, those of the shapes, and what was written over HTTP.

    The entries of the journal are sources too, with the statements they added; what they removed is in no source.
    """

    folder: Path
    settings: Settings
    sources: tuple[Source, ...]
    shapes: tuple[Source, ...]
    journal: tuple[Entry, ...] = ()

    def quads(self) -> Iterator[ox.Quad]:
        """Yield every statement of data, ontology and concept schemes (not of the shapes)."""
        for source in self.sources:
            yield from source.quads

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that decides what is built: program, base, names and bytes of all files, the journal."""
        digest = hashlib.sha256(f"{__version__} {STORE_FORMAT} {self.settings.base}".encode())
        entries = {entry.name for entry in self.journal}
        for source in (*self.sources, *self.shapes):
            if source.name not in entries:
                digest.update(f"\n{source.name} ".encode() + hashlib.sha256(source.content).digest())
        return reduce(fingerprint_after, self.journal, digest.hexdigest())

    def union(self) -> Graph:
        """Return all statements as one rdflib graph, literals as they were written."""
        return as_graph(self.quads())

    def shapes_graph(self, graph: Graph | None = None) -> Graph:
        """Return the shapes as one rdflib graph (`graph`, where given)."""
        return as_graph((quad for source in self.shapes for quad in source.quads), graph)


def read_knowledge_base(folder: Path) -> KnowledgeBase:
    """Read the knowledge base in `folder`: its data, the journal, the ontology and shapes that come with the program and its own.

    Raises `NotAKnowledgeBase`, `BadSettings`, `UnreadableInput`, `SyntaxProblem` for the first file that does not parse,
    or `BrokenJournal`.
    """
    settings = read_settings(folder)
    if not (folder / "data").is_dir():
        raise UnreadableInput(f"There is no folder data/ beside {FILE}.")
    ontology = [path for path in _folder(folder, "ontology") if path.name != APART]
    sources = [_read(path, folder, settings.base) for path in (*ontology, *_files(folder / "data"))]
    shapes = read_shapes(folder, settings.base)
    entries = journal.read(folder)
    return KnowledgeBase(folder, settings, tuple(_replayed(sources, entries)), shapes, entries)


def read_shapes(folder: Path, base: str) -> tuple[Source, ...]:
    """Read the shapes that come with the program, and those of the knowledge base in `folder`."""
    return tuple(_read(path, folder, base) for path in _folder(folder, "shapes"))


def fingerprint_after(fingerprint: str, entry: Entry) -> str:
    """Return the fingerprint of a knowledge base after one more entry of its journal."""
    return hashlib.sha256(f"{fingerprint} {entry.digest}".encode()).hexdigest()


def _replayed(sources: list[Source], entries: tuple[Entry, ...]) -> list[Source]:
    """Return the files without what the journal removed, and the entries of the journal with what they added and still stands."""
    if not entries:
        return sources
    standing, added = journal.replay((quad for source in sources for quad in source.quads), entries)
    files = [replace(source, quads=tuple(quad for quad in source.quads if quad in standing)) for source in sources]
    by_entry: dict[str, list[ox.Quad]] = {entry.name: [] for entry in entries}
    for quad, entry in added.items():
        by_entry[entry.name].append(quad)
    return files + [Source(entry.name, entry.written(), tuple(by_entry[entry.name])) for entry in entries]


def parse_file(name: str, content: bytes, base: str, graph: ox.NamedNode | None) -> Iterator[ox.Quad]:
    """Yield the statements of one file; those in no graph go to `graph`, or stay where `graph` is None.

    Raises `SyntaxProblem`, also for what only RDF 1.2 has.
    """
    form = FORMATS.get(Path(name).suffix)
    if form is None:
        raise UnreadableInput(f"{name} has none of the endings {', '.join(FORMATS)}.")
    try:
        for quad in ox.parse(content, form, base_iri=base):
            if isinstance(quad.object, ox.Triple) or (isinstance(quad.object, ox.Literal) and quad.object.direction):
                raise SyntaxError(f"{quad.object} is RDF 1.2, which is not taken here")
            if graph is not None and isinstance(quad.graph_name, ox.DefaultGraph):
                quad = ox.Quad(quad.subject, quad.predicate, quad.object, graph)
            yield quad
    except SyntaxError as error:
        line = error.lineno or 1
        there = content.splitlines()[line - 1 : line]
        raise SyntaxProblem(name, line, error.offset or 1, _reason(error), b"".join(there).decode("utf-8", "replace")) from error


def as_graph(quads: Iterable[ox.Quad], graph: Graph | None = None) -> Graph:
    """Return statements as one rdflib graph (`graph`, where given), whatever graph they stand in; lexical forms are kept."""
    graph = Graph() if graph is None else graph
    seen: dict[object, Identifier] = {}
    for quad in quads:
        graph.add((term(quad.subject, seen), term(quad.predicate, seen), term(quad.object, seen)))
    return graph


def with_union(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield each statement in its graph and in the default graph, so that a store's default graph is the union, as a set.

    An engine that joins its graphs when it is asked gives a triple once for each graph that states it.
    """
    for quad in quads:
        yield quad
        yield ox.Quad(quad.subject, quad.predicate, quad.object)


def term(value: object, seen: dict[object, Identifier] | None = None) -> Identifier:
    """Return a pyoxigraph term as an rdflib term, with the lexical form as it is."""
    if seen is not None and value in seen:
        return seen[value]
    made: Identifier
    if isinstance(value, ox.NamedNode):
        made = URIRef(value.value)
    elif isinstance(value, ox.Literal):
        datatype = None if value.language or value.datatype.value.endswith("#string") else URIRef(value.datatype.value)
        made = Literal(value.value, lang=value.language, datatype=datatype, normalize=False)
    elif isinstance(value, ox.BlankNode):
        made = BNode(value.value)
    else:
        raise TypeError(f"{value!r} is no RDF 1.1 term")
    if seen is not None:
        seen[value] = made
    return made


def _folder(folder: Path, name: str) -> list[Path]:
    """Return the files that ship and those of the folder's own; an own file stands for a shipped one of the same name."""
    own, shipped = folder / name, shipped_folder(name)
    found = {path.relative_to(shipped): path for path in _files(shipped)}
    if own.is_dir():
        found |= {path.relative_to(own): path for path in _files(own)}
    return [found[relative] for relative in sorted(found)]


def _files(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise UnreadableInput(f"{folder.name}/ cannot be read: {error.strerror}.") from error

    found = (Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names)
    return sorted(path for path in found if path.suffix in FORMATS and path.is_file())


def _read(path: Path, folder: Path, base: str) -> Source:
    name = str(path.relative_to(folder)) if path.is_relative_to(folder) else f"{path.parent.name}/{path.name}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{name} cannot be read: {error.strerror}.") from error
    return Source(name, content, tuple(parse_file(name, content, base, _graph_of(name, base))))


def _graph_of(name: str, base: str) -> ox.NamedNode:
    path = Path(name)
    if path.parts[0] == "ontology":
        return ox.NamedNode(str({"evidence": ONTOLOGY, "borrowed": BORROWED}.get(path.stem, SCHEMES)))
    return ox.NamedNode(f"{base}id/graph/{path.stem}")


def _reason(error: SyntaxError) -> str:
    message = error.msg
    return message.split(": ", 1)[1] if message.startswith("Parser error") and ": " in message else message


def engine_term(value: Identifier) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """Return an rdflib term as a pyoxigraph term: the way back from `term`."""
    if isinstance(value, URIRef):
        return ox.NamedNode(str(value))
    if isinstance(value, BNode):
        return ox.BlankNode(str(value))
    if not isinstance(value, Literal):
        raise TypeError(f"{value!r} is no RDF 1.1 term")
    if value.language:
        return ox.Literal(str(value), language=value.language)
    return ox.Literal(str(value), datatype=ox.NamedNode(str(value.datatype)) if value.datatype else None)
