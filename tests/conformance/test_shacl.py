"""SHACL: the report of the validation as its Turtle form tells it, against the report of the suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import RDF, SH, BNode, Graph, Namespace
from rdflib.term import Node

from conformance.comparing import same, triples
from conformance.manifests import MF, TurtleCase
from conformance.suites import SHACL_CORE, SHACL_SPARQL
from wherefrom.load import KnowledgeBase, Source, parse_file
from wherefrom.problems import UnusableShapes
from wherefrom.report import render
from wherefrom.settings import Settings
from wherefrom.validate import validate

SHT = Namespace("http://www.w3.org/ns/shacl-test#")
COMPARED = (SH.focusNode, SH.resultPath, SH.value, SH.resultSeverity, SH.sourceConstraintComponent, SH.sourceShape)


def source(path: Path, base: str) -> Source:
    content = path.read_bytes()
    return Source(path.name, content, tuple(parse_file(path.name, content, base, None)))


def told(graph: Graph, report: Node, *, messages: bool = True) -> Graph:
    """Return the results of a report that a shape gave, with the properties that are compared; a nameless shape is any."""
    found = Graph()
    for result in graph.objects(report, SH.result):
        if (result, SH.sourceConstraintComponent, None) not in graph:
            continue  # what the lint says is no part of SHACL
        for name in (*COMPARED, *([SH.resultMessage] if messages else [])):
            for value in graph.objects(result, name):
                if name == SH.sourceShape and isinstance(value, BNode):
                    continue
                found.add((result, name, value))
                if name == SH.resultPath:
                    copy(graph, value, found)
    return found


def copy(graph: Graph, node: Node, to: Graph) -> None:
    for predicate, value in graph.predicate_objects(node):
        if isinstance(node, BNode):
            to.add((node, predicate, value))
            copy(graph, value, to)


@pytest.mark.suite(SHACL_CORE)
def test_core(case: TurtleCase) -> None:
    check(case)


@pytest.mark.suite(SHACL_SPARQL)
def test_sparql(case: TurtleCase) -> None:
    check(case)


def check(case: TurtleCase) -> None:
    data, shapes = (case.one(MF.action, part) for part in (SHT.dataGraph, SHT.shapesGraph))
    base = KnowledgeBase(case.folder, Settings(), (source(case.file(data), data),), (source(case.file(shapes), shapes),))
    expected = case.one(MF.result)
    if expected == SHT.Failure:
        with pytest.raises(UnusableShapes):
            validate(base)
        return
    try:
        report = Graph().parse(data=render(validate(base), "turtle"), format="turtle")
    except UnusableShapes as problem:
        pytest.fail(problem.detail)
    wanted = told(case.graph, expected)
    messages = (None, SH.resultMessage, None) in wanted  # compared where the suite gives them
    found = told(report, report.value(predicate=RDF.type, object=SH.ValidationReport), messages=messages)
    assert (len(found) == 0) == case.graph.value(expected, SH.conforms).toPython()
    assert same(triples(found), triples(wanted))
