"""Whether two sets of rows, triples or quads are the same up to the names of blank nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

import networkx as nx
from rdflib import XSD, BNode, Dataset, Graph, Literal, URIRef
from rdflib.term import Node

INTEGERS = (XSD.integer, XSD.negativeInteger, XSD.nonNegativeInteger, XSD.positiveInteger, XSD.nonPositiveInteger, XSD.int, XSD.long)
Row = Mapping[str, Node]  # column -> value; of a triple or quad the columns are subject, predicate, object, graph


def term(text: str, datatype: str | None = None, language: str | None = None) -> Literal:
    """Return a literal with its lexical form as it is; that a plain text is an xsd:string is not written.

    A language tag is in lower case, which RDF allows and in which its value is (RDF 1.1 Concepts, section 3.3).
    """
    plain = language or datatype in (None, str(XSD.string))
    return Literal(text, lang=(language or "").lower() or None, datatype=None if plain else URIRef(str(datatype)), normalize=False)


def by_value(value: Node) -> Node:
    """Return a number or truth value in the one form of its value, an integer of a derived type as an xsd:integer; all else as it is.

    >>> by_value(term("1.50", str(XSD.decimal))) == by_value(term("1.5", str(XSD.decimal)))
    True
    """
    if not isinstance(value, Literal):
        return value
    if value.datatype in INTEGERS:
        return term(str(int(str(value))), str(XSD.integer))
    if value.datatype == XSD.decimal:
        return term(str(Decimal(str(value)).normalize()), str(XSD.decimal))
    if value.datatype in (XSD.double, XSD.float):
        return term(str(float(str(value))), str(value.datatype))
    if value.datatype == XSD.boolean:
        return term({"0": "false", "1": "true"}.get(str(value), str(value)), str(XSD.boolean))
    return value


def same(one: Iterable[Row], other: Iterable[Row]) -> bool:
    """Return whether two bags of rows can be made equal by renaming blank nodes, one to one.

    >>> a, b, c = BNode("a"), BNode("b"), BNode("c")
    >>> same([{"x": a, "y": a}], [{"x": b, "y": b}]), same([{"x": a, "y": a}], [{"x": b, "y": c}])
    (True, False)
    """
    first, second = [_plain(row) for row in one], [_plain(row) for row in other]
    if Counter(map(_masked, first)) != Counter(map(_masked, second)):
        return False
    if not any(isinstance(value, BNode) for row in first for value in row.values()):
        return True
    return bool(nx.vf2pp_is_isomorphic(_drawn(first), _drawn(second), node_label="label"))


def _plain(row: Row) -> Row:
    return {name: term(str(v), v.datatype, v.language) if isinstance(v, Literal) else v for name, v in row.items()}


def _masked(row: Row) -> frozenset[tuple[str, str]]:
    """Return a row without the names of its blank nodes."""
    return frozenset((name, "_:" if isinstance(value, BNode) else value.n3()) for name, value in row.items())


def _drawn(rows: Iterable[Row]) -> nx.Graph[object]:
    """Return rows as a graph with labels: each row hangs on its cells, each cell on its blank node."""
    graph: nx.Graph[object] = nx.Graph()
    for number, row in enumerate(rows):
        graph.add_node(number, label=_masked(row))
        for name, value in row.items():
            if isinstance(value, BNode):
                graph.add_node((number, name), label=name)
                graph.add_node(value, label="_:")
                graph.add_edges_from([(number, (number, name)), ((number, name), value)])
    return graph


def triples(graph: Graph) -> list[Row]:
    """Return a graph as rows."""
    return [{"s": s, "p": p, "o": o} for s, p, o in graph]


def quads(nquads: str) -> list[Row]:
    """Return N-Quads as rows, as rdflib reads them."""
    dataset = Dataset()
    dataset.parse(data=nquads, format="nquads")
    found = []
    for s, p, o, g in dataset.quads((None, None, None, None)):
        found.append({"s": s, "p": p, "o": o, **({"g": g} if g else {})})
    return found
