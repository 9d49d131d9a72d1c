"""Dataset + shapes -> report. pyshacl is the reference engine; it always runs on rdflib's own memory graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pyshacl
from pyshacl.graph_abstraction import DataGraph
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shapes_graph import ShapesGraph
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.query import Result as QueryResult
from rdflib.term import Identifier, Node

from wherefrom.lint import lint, lint_change, source_lines
from wherefrom.load import KnowledgeBase, SyntaxProblem, as_graph, term
from wherefrom.positions import Positions
from wherefrom.problems import UnusableShapes
from wherefrom.reach import Reach, Unforeseeable
from wherefrom.report import Report, Result, Severity, make_report
from wherefrom.settings import Settings
from wherefrom.versions import Both, Change, Version
from wherefrom.vocabulary import shorten

SEVERITIES = {SH.Violation: Severity.VIOLATION, SH.Warning: Severity.WARNING, SH.Info: Severity.INFO}
TOLD = (  # SHACL, section 3.6.2
    SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent, SH.sourceShape, SH.resultSeverity, SH.resultMessage,
)  # fmt: skip


class _Checked(Graph):
    """A graph that parses each query once: rdflib would parse a SPARQL rule anew for each of its focus nodes."""

    _prepared = staticmethod(cache(prepareQuery))

    def query(self, query_object: Any, *args: Any, **kwargs: Any) -> QueryResult:
        try:
            prepared = self._prepared(query_object)
        except Exception as error:  # rdflib raises no narrower class for a prefix that is not declared
            raise UnusableShapes(f"A SPARQL rule does not parse: {error}.") from error
        return super().query(prepared, *args, **kwargs)


def validate(base: KnowledgeBase) -> Report:
    """Return what lint and shapes find in a knowledge base, with the file and line of each."""
    positions = Positions(base)
    found = list(lint(base, positions).results)
    shapes = base.shapes_graph(Graph("SimpleMemory", bind_namespaces="none"))  # small and read often: the plain store is quicker
    data = as_graph(base.quads(), _Checked(bind_namespaces="none"))
    report = shacl_report(data, shapes)
    found.extend(_placed(report, node, shapes, positions, base.settings.base) for node in report.objects(predicate=SH.result))
    return make_report(found, source_lines(base))


class Rules:
    """The shapes of a knowledge base, made ready to check one change after another."""

    def __init__(self, shapes: Iterable[ox.Quad], base: str) -> None:
        self.base = base
        self.graph = as_graph(shapes, Graph("SimpleMemory", bind_namespaces="none"))
        self.shapes = ShapesGraph(self.graph)
        self.by_node = {shape.node: shape for shape in self.shapes.shapes}
        try:
            self.reach: Reach | None = Reach(self.graph)
        except Unforeseeable:
            self.reach = None

    def check(self, change: Change, version: Version | None = None) -> Report:
        """Return what lint and shapes find in the things that a change concerns, in the version after it (or `version`).

        Where the version before has no violation, the violations found are all those of the version after. Of warnings
        and notes, those of other things are left out; see docs/decisions/0007-writing.md for the way things are found.
        """
        version = version or change.after
        found = list(lint_change(change, self.base, version).results)
        report = self._shacl(change, version)
        nowhere = Positions(KnowledgeBase(Path(), Settings(base=self.base), (), ()))
        found.extend(_placed(report, node, self.graph, nowhere, self.base) for node in report.objects(predicate=SH.result))
        return make_report(found)

    def _shacl(self, change: Change, version: Version) -> Graph:
        if self.reach is None:
            return shacl_report(_triples(version.having(None)), self.graph)
        changed = [quad.triple for quad in change.quads]
        concerned = self.reach.concerned(changed, Both(change))
        targeted = {shape: self.reach.focus_nodes(shape, nodes, version) for shape, nodes in concerned.items()}
        graph = DataGraph.from_rdflib(
            _triples(triple for shape, nodes in targeted.items() for triple in self.reach.looked_at(shape, nodes, changed, version))
        )
        executor, results = SHACLExecutor(allow_infos=True, allow_warnings=True), []
        for shape, nodes in targeted.items():
            if nodes:
                results += self.by_node[shape].validate(executor, graph, focus=[term(node) for node in nodes])[1]
        report: Graph = pyshacl.Validator.create_validation_report(self.shapes, not results, results)[0]
        return report


def _triples(triples: Iterable[ox.Triple]) -> Graph:
    graph = _Checked(bind_namespaces="none")
    seen: dict[object, Identifier] = {}
    for triple in triples:
        graph.add((term(triple.subject, seen), term(triple.predicate, seen), term(triple.object, seen)))
    return graph


def syntax_report(problem: SyntaxProblem) -> Report:
    """Return the report on a file that does not parse."""
    message = f"{problem.reason} (column {problem.column})"
    result = Result(problem.file, problem.line, Severity.VIOLATION, "syntax", "", message, problem.remedy, problem.source_line)
    return Report((result,))


def shacl_report(data: Graph, shapes: Graph) -> Graph:
    """Return the SHACL validation report (SHACL, section 3.6) as a graph.

    `data` holds the class hierarchy too; no inference is made beyond rdfs:subClassOf in class checks.
    Raises `UnusableShapes` where the shapes are ill-formed, or use what pre-binding forbids in SPARQL.
    """
    try:
        _, report, text = pyshacl.validate(
            data, shacl_graph=shapes, inference="none", advanced=False, allow_warnings=True, allow_infos=True
        )
    except (pyshacl.errors.ReportableRuntimeError, NotImplementedError) as error:
        raise UnusableShapes(str(error)) from error
    if not isinstance(report, Graph):
        raise UnusableShapes(str(text))
    return report


def shacl_results(data: Graph, shapes: Graph) -> Iterator[dict[URIRef, Identifier]]:
    """Yield each SHACL result as a mapping from property (sh:focusNode ...) to value; see `shacl_report`."""
    report = shacl_report(data, shapes)
    for node in report.objects(predicate=SH.result):
        yield _values(report, node)


def code_of(result: dict[URIRef, Identifier]) -> str:
    """Return the code of the rule that a SHACL result broke: the local name of its shape."""
    shape = result.get(SH.sourceShape)
    return shape.fragment if isinstance(shape, URIRef) else "unnamed"


def _values(report: Graph, node: Node) -> dict[URIRef, Identifier]:
    return {p: o for p, o in report.predicate_objects(node) if isinstance(p, URIRef) and isinstance(o, Identifier)}


def _placed(report: Graph, node: Node, shapes: Graph, positions: Positions, base: str) -> Result:
    result = _values(report, node)
    path, value = result.get(SH.resultPath), result.get(SH.value)
    focus = result[SH.focusNode]
    if path is None and isinstance(value, URIRef) and value.startswith(f"{base}id/"):
        focus = value  # a rule that looks from elsewhere names the offender as its value
    shape: Node = result.get(SH.sourceShape) or BNode()
    hint = shapes.value(shape, SH.description)
    file, line = positions.of_statement(str(focus), str(path) if isinstance(path, URIRef) else "", str(value) if value is not None else "")
    severity = SEVERITIES.get(URIRef(str(result.get(SH.resultSeverity))), Severity.VIOLATION)
    message = f"{shorten(str(focus), base)}: {result.get(SH.resultMessage, 'does not conform')}"
    return Result(file, line, severity, code_of(result), str(focus), message, str(hint or ""), shacl=_turtle(report, node))


def _turtle(report: Graph, node: Node) -> str:
    """Return what a SHACL result tells as Turtle: property and value, again and again."""
    told = ((name, value) for name in TOLD for value in sorted(report.objects(node, name), key=str))
    return " ; ".join(f"{name.n3()} {_turtle_path(report, value) if name == SH.resultPath else value.n3()}" for name, value in told)


def _turtle_path(graph: Graph, path: Node) -> str:
    """Return a property path (SHACL, section 2.3.1) as Turtle.

    >>> path = '<urn:s> <urn:p> ( <urn:a> [ <http://www.w3.org/ns/shacl#inversePath> <urn:b> ] ) .'
    >>> graph = Graph().parse(data=path, format="turtle")
    >>> _turtle_path(graph, graph.value(URIRef("urn:s"), URIRef("urn:p")))
    '( <urn:a> [ <http://www.w3.org/ns/shacl#inversePath> <urn:b> ] )'
    """
    if isinstance(path, URIRef):
        return path.n3()
    if (path, RDF.first, None) in graph:
        return f"( {' '.join(_turtle_path(graph, step) for step in graph.items(path))} )"
    [(operator, operand)] = graph.predicate_objects(path)
    return f"[ <{operator}> {_turtle_path(graph, operand)} ]"
