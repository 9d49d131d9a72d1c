"""Reads SPARQL results as the standards write them: JSON, XML, CSV, TSV, and the RDF of the older tests. Not the product's readers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from rdflib import RDF, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from conformance.comparing import Row, by_value, same, term

RS = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
XML = "{http://www.w3.org/2005/sparql-results#}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NUMBERS = {
    r"[+-]?\d+": XSD.integer,
    r"[+-]?\d*\.\d+": XSD.decimal,
    r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+": XSD.double,
    "true|false": XSD.boolean,
}
ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Rows:
    """The answer to a SELECT query: the columns, and the rows without what is not bound."""

    columns: tuple[str, ...]
    rows: Sequence[Row]

    def agrees(self, other: Rows, *, ordered: bool) -> bool:
        """Return whether two answers are the same up to the names of blank nodes; `ordered` minds the order of the rows."""
        if set(self.columns) != set(other.columns) or (ordered and _shown(self) != _shown(other)):
            return False
        return same(self.rows, other.rows)

    def by_value(self) -> Rows:
        """Return the rows with each number in the one form of its value."""
        return Rows(self.columns, [{name: by_value(value) for name, value in row.items()} for row in self.rows])

    def as_text(self) -> Rows:
        """Return the rows as CSV has them, which tells no kinds: all but a blank node is text, and what is not bound is empty."""
        blank = {name: term("") for name in self.columns}
        rows = [{n: v if isinstance(v, BNode) else term(str(v)) for n, v in {**blank, **row}.items()} for row in self.rows]
        return Rows(self.columns, rows)


def _shown(answer: Rows) -> list[dict[str, str]]:
    return [{name: "_:" if isinstance(value, BNode) else value.n3() for name, value in row.items()} for row in answer.rows]


def from_json(content: bytes) -> Rows | bool:
    told = json.loads(content)
    if "boolean" in told:
        return bool(told["boolean"])
    rows = [{name: _from_json(value) for name, value in row.items()} for row in told["results"]["bindings"]]
    return Rows(tuple(told["head"].get("vars", [])), rows)


def _from_json(value: Mapping[str, str]) -> Node:
    if value["type"] == "uri":
        return URIRef(value["value"])
    if value["type"] == "bnode":
        return BNode(value["value"])
    return term(value["value"], value.get("datatype"), value.get("xml:lang"))


def from_xml(content: bytes) -> Rows | bool:
    root = ElementTree.fromstring(content)
    boolean = root.find(f"{XML}boolean")
    if boolean is not None:
        return str(boolean.text).strip() == "true"
    columns = tuple(variable.attrib["name"] for variable in root.iter(f"{XML}variable"))
    rows = [{cell.attrib["name"]: _from_xml(cell[0]) for cell in row.iter(f"{XML}binding")} for row in root.iter(f"{XML}result")]
    return Rows(columns, rows)


def _from_xml(element: ElementTree.Element) -> Node:
    text = element.text or ""
    if element.tag == f"{XML}uri":
        return URIRef(text.strip())
    if element.tag == f"{XML}bnode":
        return BNode(text.strip())
    return term(text, element.get("datatype"), element.get(XML_LANG))


def from_csv(content: bytes) -> Rows:
    """Return the rows of CSV, in which everything is text (SPARQL 1.1 results in CSV and TSV, section 3)."""
    columns, *lines = csv.reader(io.StringIO(content.decode(), newline=""))
    whole = [line or [""] * len(columns) for line in lines]  # a line of one empty value is an empty line
    rows = [{n: BNode(text[2:]) if text.startswith("_:") else term(text) for n, text in zip(columns, line, strict=True)} for line in whole]
    return Rows(tuple(columns), rows)


def from_tsv(content: bytes) -> Rows:
    columns, *lines = (line.split("\t") for line in content.decode().removesuffix("\n").split("\n"))
    names = tuple(column.removeprefix("?") for column in columns if column)
    return Rows(names, [{name: _from_tsv(text) for name, text in zip(names, line, strict=False) if text} for line in lines])


def _from_tsv(text: str) -> Node:
    if text.startswith("<"):
        return URIRef(text[1:-1])
    if text.startswith("_:"):
        return BNode(text[2:])
    if quoted := re.fullmatch(r'"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<(.*)>)?', text):
        return term(re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), quoted[1]), quoted[3], quoted[2])
    [datatype] = [datatype for pattern, datatype in NUMBERS.items() if re.fullmatch(pattern, text)]
    return term(text, datatype)


def from_graph(graph: Graph) -> Rows | None:
    """Return the rows that a graph tells in the vocabulary of result sets, or None where it is a graph and no more."""
    told = graph.value(predicate=RDF.type, object=RS.ResultSet)
    if told is None:
        return None
    columns = tuple(str(name) for name in graph.objects(told, RS.resultVariable))
    solutions = sorted(graph.objects(told, RS.solution), key=lambda node: int(str(graph.value(node, RS.index) or 0)))
    rows: list[Row] = []
    for solution in solutions:
        bindings = graph.objects(solution, RS.binding)
        rows.append({str(graph.value(binding, RS.variable)): _value(graph, binding) for binding in bindings})
    return Rows(columns, rows)


def _value(graph: Graph, binding: Node) -> Node:
    value = graph.value(binding, RS.value)
    assert value is not None
    return term(str(value), value.datatype, value.language) if isinstance(value, Literal) else value


READERS: dict[str, Callable[[bytes], Rows | bool]] = {"json": from_json, "xml": from_xml, "csv": from_csv, "tsv": from_tsv}
