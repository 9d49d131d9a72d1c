"""Dataset + shapes -> report. pyshacl is the reference engine; it always runs on rdflib's own memory graphs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pyshacl
from rdflib import SH, BNode, Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.query import Result as QueryResult
from rdflib.term import Identifier, Node

from wherefrom.lint import lint, source_lines
from wherefrom.load import KnowledgeBase, SyntaxProblem, as_graph
from wherefrom.positions import Positions
from wherefrom.report import Report, Result, Severity, make_report
from wherefrom.vocabulary import shorten

SEVERITIES = {SH.Violation: Severity.VIOLATION, SH.Warning: Severity.WARNING, SH.Info: Severity.INFO}


class _Checked(Graph):
    """A graph that parses each query once: rdflib would parse a SPARQL rule anew for each of its focus nodes."""

    _prepared = staticmethod(cache(prepareQuery))

    def query(self, query_object: Any, *args: Any, **kwargs: Any) -> QueryResult:
        return super().query(self._prepared(query_object), *args, **kwargs)


def validate(base: KnowledgeBase) -> Report:
    """Return what lint and shapes find in a knowledge base, with the file and line of each."""
    positions = Positions(base)
    found = list(lint(base, positions).results)
    shapes = base.shapes_graph(Graph("SimpleMemory", bind_namespaces="none"))  # small and read often: the plain store is quicker
    data = as_graph(base.quads(), _Checked(bind_namespaces="none"))
    found.extend(_placed(result, shapes, positions, base.settings.base) for result in shacl_results(data, shapes))
    return make_report(found, source_lines(base))


def syntax_report(problem: SyntaxProblem) -> Report:
    """Return the report on a file that does not parse."""
    message = f"{problem.reason} (column {problem.column})"
    result = Result(problem.file, problem.line, Severity.VIOLATION, "syntax", "", message, problem.remedy, problem.source_line)
    return Report((result,))


def shacl_results(data: Graph, shapes: Graph) -> Iterator[dict[URIRef, Identifier]]:
    """Yield each SHACL result as a mapping from property (sh:focusNode ...) to value.

    `data` holds the class hierarchy too; no inference is made beyond rdfs:subClassOf in class checks.
    """
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False, allow_warnings=True, allow_infos=True)
    if not isinstance(report, Graph):
        raise RuntimeError(f"pyshacl gave no report graph: {report!r}")
    for node in report.objects(predicate=SH.result):
        yield {p: o for p, o in report.predicate_objects(node) if isinstance(p, URIRef) and isinstance(o, Identifier)}


def code_of(result: dict[URIRef, Identifier]) -> str:
    """Return the code of the rule that a SHACL result broke: the local name of its shape."""
    shape = result.get(SH.sourceShape)
    return shape.fragment if isinstance(shape, URIRef) else "unnamed"


def _placed(result: dict[URIRef, Identifier], shapes: Graph, positions: Positions, base: str) -> Result:
    path, value = result.get(SH.resultPath), result.get(SH.value)
    focus = result[SH.focusNode]
    if path is None and isinstance(value, URIRef) and value.startswith(f"{base}id/"):
        focus = value  # a rule that looks from elsewhere names the offender as its value
    shape: Node = result.get(SH.sourceShape) or BNode()
    hint = shapes.value(shape, SH.description)
    file, line = positions.of_statement(str(focus), str(path) if isinstance(path, URIRef) else "", str(value) if value is not None else "")
    severity = SEVERITIES.get(URIRef(str(result.get(SH.resultSeverity))), Severity.VIOLATION)
    message = f"{shorten(str(focus), base)}: {result.get(SH.resultMessage, 'does not conform')}"
    return Result(file, line, severity, code_of(result), str(focus), message, str(hint or ""))
