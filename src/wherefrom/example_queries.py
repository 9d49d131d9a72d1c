"""The named questions as RDF, in the form in which the SIB describes example queries (github.com/sib-swiss/sparql-examples)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rdflib import RDF, RDFS, SDO, SH, XSD, Graph, Literal, URIRef

from wherefrom.query import Question

PLACE = ".well-known/sparql-examples/"


def example_queries(asked: Iterable[Question], base: str, prefixes: Mapping[str, str]) -> Graph:
    """Return each question as a `sh:SPARQLExecutable` with its text; the prefixes it does without are declared beside it."""
    graph = Graph()
    root = f"{base}{PLACE}"
    declared = URIRef(f"{root}#prefixes")
    for question in asked:
        node = URIRef(f"{root}{question.name}")
        graph.add((node, RDF.type, SH.SPARQLExecutable))
        graph.add((node, RDF.type, SH.SPARQLSelectExecutable))
        graph.add((node, RDFS.comment, Literal(question.title, lang="en")))
        graph.add((node, SH.select, Literal(question.text)))
        graph.add((node, SH.prefixes, declared))
        graph.add((node, SDO.target, URIRef(f"{base}sparql")))
    for prefix, space in prefixes.items():
        node = URIRef(f"{root}#prefix-{prefix}")
        graph.add((declared, SH.declare, node))
        graph.add((node, SH.prefix, Literal(prefix)))
        graph.add((node, SH.namespace, Literal(space, datatype=XSD.anyURI)))
    return graph
