"""The cases that write, as a knowledge base can take them: each in a place of its own, and what has no name given one.

A knowledge base has things and graphs under its base only, blank nodes nowhere, and a default graph that is the union of
the others. So the hosts of a case's IRIs are moved under the base, in all of its texts, data and results alike, which
changes nothing that it tests. A case that writes to the default graph or writes blank nodes fails as it is written; it is
put once more with these named (`Suite.right_when_named`), so that this failure hides no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from rdflib import RDFS
from rdflib.term import Node

from conformance.manifests import MF, UT, TurtleCase

BASE = "https://suites.example/"
_HOST = re.compile(r"http(://|%3A%2F%2F)((?:www\.)?(?:example|kasei)(?:\.\w+)?)(?=[/>%]|$)")
_PROLOGUE = re.compile(r"(?:\s+|BASE\s*<[^>]*>|PREFIX\s+\w*:\s*<[^>]*>|#[^\n]*(?:\n|$))*", re.IGNORECASE)
_OF_TRIPLES = re.compile(r"(?:INSERT\s+DATA|DELETE\s+DATA|DELETE\s+WHERE)\s*(?=\{)", re.IGNORECASE)
_ALWAYS_THERE = re.compile(r"(?:CLEAR|DROP)\s+DEFAULT", re.IGNORECASE)


class WrongWhenNamedError(Exception):
    """A case that is wrong beyond its known failure, which is that something in it has no name."""


class Place:
    """Where the IRIs of a case are, and the graph that stands for its default graph."""

    def __init__(self, case: TurtleCase) -> None:
        self.case = case
        self.iri = f"{BASE}id/{case.name}/"
        self.default, self.blank = f"{self.iri}default", f"{self.iri}blank/"

    def moved(self, text: str) -> str:
        """Return a text or an address with its example hosts in this place."""
        return _HOST.sub(rf"{self.iri}\2", text)

    def update(self, request: Node) -> str:
        """Return the text of an update."""
        return f"BASE <{self.iri}>\n{self.moved(self.case.file(request).read_text('utf-8'))}"

    def before(self) -> list[ox.Quad]:
        """Return what is there before the case, blank nodes named."""
        return list(self._quads(self.case.one(MF.action)))

    def after(self) -> list[ox.Quad]:
        """Return what should be there after the case, blank nodes named."""
        return list(self._quads(self.case.one(MF.result)))

    def _quads(self, described: Node) -> Iterator[ox.Quad]:
        graph = self.case.graph
        files = [(file, self.default) for file in graph.objects(described, UT.data)]
        files += [(graph.value(g, UT.graph), str(graph.value(g, RDFS.label))) for g in graph.objects(described, UT.graphData)]
        for file, name in files:
            yield from self.read(self.case.file(file).read_text("utf-8"), name)  # type: ignore[arg-type]

    def read(self, turtle: str, name: str) -> Iterator[ox.Quad]:
        """Yield the statements of a graph, moved to this place, blank nodes named."""
        for triple in ox.parse(self.moved(turtle), ox.RdfFormat.TURTLE, base_iri=self.iri, rename_blank_nodes=False):
            subject, value = (self._name(node) for node in (triple.subject, triple.object))
            yield ox.Quad(subject, triple.predicate, value, ox.NamedNode(self.moved(name)))  # type: ignore[arg-type]

    def _name(self, node: object) -> object:
        return ox.NamedNode(f"{self.blank}{node.value}") if isinstance(node, ox.BlankNode) else node


def with_default_named(update: str, name: str) -> str:
    """Return an update that does to a named graph what the given one does to the default graph.

    WITH says so for templates and patterns, GRAPH around triples, and GRAPH in place of DEFAULT.

    >>> print(with_default_named("PREFIX : <x> INSERT DATA { :s :p :o } ; DELETE { ?s :p :o } WHERE { ?s :q :o }; ADD DEFAULT TO :g", "d"))
    PREFIX : <x> INSERT DATA { GRAPH <d> { :s :p :o } } ; WITH <d> DELETE { ?s :p :o } WHERE { ?s :q :o }; ADD GRAPH <d> TO :g
    """
    return ";".join(_with_default_named(operation, name) for operation in update.split(";"))  # none of them has one within


def _with_default_named(operation: str, name: str) -> str:
    prologue = _PROLOGUE.match(operation)
    start = prologue.end() if prologue else 0
    before, text = operation[:start], operation[start:]
    if found := _OF_TRIPLES.match(text):
        group, end = text[found.end() :].rsplit("}", 1)
        return f"{before}{found[0]}{text[found.end() :]}" if "GRAPH" in group else f"{before}{found[0]}{{ GRAPH <{name}> {group}}} }}{end}"
    if text[:6].upper() in ("INSERT", "DELETE"):
        return f"{before}WITH <{name}> {text}"
    silent = "SILENT " if _ALWAYS_THERE.match(text) else ""
    return before + re.sub(r"\bDEFAULT\b", f"{silent}GRAPH <{name}>", text)


def names(quads: Iterable[ox.Quad]) -> set[str]:
    """Return every IRI that some statements are made of."""
    parts = (node for quad in quads for node in (quad.subject, quad.predicate, quad.object))
    return {node.value for node in parts if isinstance(node, ox.NamedNode)}


def written_names(text: str) -> set[str]:
    """Return every IRI that stands in a text in full, or would with the prefixes that it declares."""
    prefixes = dict(re.findall(r"prefix\s+(\w*):\s*<([^<>]*)>", text, re.IGNORECASE))
    shortened = {prefixes[name] + local for name, local in re.findall(r"(?<![\w<])(\w*):([\w-]+)", text) if name in prefixes}
    return shortened | {iri for iri in re.findall(r"<([^<>\s]+)>", text) if ":" in iri}
