"""Manifests of the W3C: in Turtle with `mf:entries` and `mf:include`, or in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.term import Node

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
SPARQL_BASE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
SHACL_BASE = "http://www.w3.org/ns/shacl-test-suite/"


@dataclass(frozen=True)
class Case:
    """One entry of a manifest: a name that is its own within the suite, its kind, and the folder that its files are in."""

    name: str
    kind: str
    folder: Path


@dataclass(frozen=True)
class TurtleCase(Case):
    """An entry as a node of a graph; IRIs that start with `base` are files under `folder`."""

    graph: Graph
    node: Node
    base: str

    def one(self, *steps: URIRef) -> Any:
        """Return what a chain of properties leads to from the entry, or None."""
        node: Node | None = self.node
        for step in steps:
            node = self.graph.value(node, step)
        return node

    def file(self, iri: Node) -> Path:
        """Return the file that an IRI stands for."""
        return self.folder / str(iri).removeprefix(self.base)


@dataclass(frozen=True)
class JsonCase(Case):
    """An entry as the members of a JSON object."""

    members: Mapping[str, Any]


def from_turtle(manifest: Path, base: str, folder: Path) -> Iterator[TurtleCase]:
    """Yield the cases of a manifest and of those it includes; a name is the folder and the fragment: `bind/bind01`."""
    here = URIRef(base + manifest.relative_to(folder).as_posix())
    graph = Graph().parse(manifest, format="turtle", publicID=here)
    for included in _members(graph, here, MF.include):
        yield from from_turtle(folder / str(included).removeprefix(base), base, folder)
    for node in _members(graph, here, MF.entries):
        group = manifest.parent.relative_to(folder).as_posix()
        name = str(node).rsplit("#" if "#" in str(node) else "/", 1)[1]
        kind = graph.value(node, RDF.type)
        yield TurtleCase(f"{group}/{name}", str(kind).rsplit("#", 1)[1], folder, graph, node, base)


def _members(graph: Graph, manifest: URIRef, listing: URIRef) -> Iterator[Node]:
    """Yield what a manifest lists, whether as one list or as many values."""
    for listed in graph.objects(manifest, listing):
        if listed == RDF.nil or (listed, RDF.first, None) in graph:
            yield from graph.items(listed)
        else:
            yield listed


def from_json(manifest: Path, listing: str) -> Iterator[JsonCase]:
    """Yield the cases of a JSON manifest; a name is the fragment of its identifier."""
    for entry in json.loads(manifest.read_text("utf-8"))[listing]:
        identifier, kinds = entry.get("@id") or entry["id"], entry.get("@type") or entry["type"]
        kind = kinds if isinstance(kinds, str) else kinds[0]
        yield JsonCase(identifier.lstrip("#"), kind.split(":", 1)[1], manifest.parent, entry)
