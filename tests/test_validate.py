"""The whole check of a knowledge base: lint and shapes together, each result at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import SH, Graph

from wherefrom import starter
from wherefrom.load import KnowledgeBase, Source, SyntaxProblem, as_graph, parse_file, read_knowledge_base
from wherefrom.problems import UnusableShapes
from wherefrom.report import Report, Severity, render
from wherefrom.settings import Settings
from wherefrom.validate import shacl_results, syntax_report, validate
from wherefrom.vocabulary import EV


@pytest.fixture(scope="module")
def report(kb: KnowledgeBase) -> Report:
    return validate(kb)


def test_the_repository_has_no_violation(report: Report) -> None:
    assert [result.text() for result in report.results if result.severity is Severity.VIOLATION] == []
    assert report.conforms


def test_each_result_on_the_repository_has_its_place_and_its_rule(report: Report, kb: KnowledgeBase, repository: Path) -> None:
    rules = {str(shape).rsplit("#", 1)[-1] for shape in kb.shapes_graph().subjects()}
    for result in report.results:
        lines = (repository / result.file).read_text("utf-8").split("\n")
        assert lines[result.line - 1] == result.source_line
        assert result.code in rules, "a result of the lint is a violation, and there is none"


CHANGES = {
    "claim-has-basis": ("ev:supportBasis support-basis:none-given ;", ""),
    "claim-has-source": ("ev:claimedBy source:example-press ;", ""),
    "finding-has-direction": ("ev:direction direction:favours-treatment ;", ""),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[KnowledgeBase, Report]:
    """The worked example with a slip of each kind that only a shape sees, and one that only the lint sees."""
    folder = tmp_path_factory.mktemp("broken") / "base"
    starter.create(folder)
    path = folder / "data" / "reading-together.trig"
    text = path.read_text("utf-8")
    for found, instead in CHANGES.values():
        assert found in text
        text = text.replace(found, instead, 1)
    path.write_text(text.replace("a ev:Intervention", "a ev:Interventoin", 1), "utf-8")
    base = read_knowledge_base(folder)
    return base, validate(base)


@pytest.mark.parametrize("code", [*CHANGES, "unknown-term"])
def test_a_slip_is_told_with_its_place_and_a_hint(broken: tuple[KnowledgeBase, Report], code: str) -> None:
    base, report = broken
    found = [result for result in report.results if result.code == code]
    assert found
    for result in found:
        lines = (base.folder / result.file).read_text("utf-8").split("\n")
        slug = result.focus.rsplit("/", 1)[-1]
        assert slug in "\n".join(lines[max(0, result.line - 4) : result.line]), "the line is one of the thing's first"
        assert result.source_line == lines[result.line - 1]
        assert result.hint
        assert result.message
    assert not report.conforms


def test_results_are_in_the_order_of_file_and_line(broken: tuple[KnowledgeBase, Report]) -> None:
    places = [(result.file, result.line) for result in broken[1].results]
    assert places == sorted(places)


def test_the_worked_example_conforms(tmp_path: Path) -> None:
    starter.create(tmp_path / "base")
    assert validate(read_knowledge_base(tmp_path / "base")).conforms


def test_a_file_that_does_not_parse_is_a_result_too(tmp_path: Path) -> None:
    starter.create(tmp_path / "base")
    (tmp_path / "base" / "data" / "x.ttl").write_text("# fine\n<a> <b> .\n", "utf-8")
    with pytest.raises(SyntaxProblem) as raised:
        read_knowledge_base(tmp_path / "base")
    (result,) = syntax_report(raised.value).results
    assert (result.file, result.line, result.code, result.severity) == ("data/x.ttl", 2, "syntax", Severity.VIOLATION)
    assert result.source_line == "<a> <b> ."
    assert result.message.endswith("(column 9)")


def test_a_literal_that_is_not_what_its_datatype_says_is_seen_as_written() -> None:
    shapes = Graph().parse(
        data="""@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <https://example.org/shape> a sh:NodeShape ; sh:targetSubjectsOf <https://example.org/p> ;
          sh:property [ sh:path <https://example.org/p> ; sh:datatype xsd:boolean ] .""",
        format="turtle",
    )
    text = '<a> <p> "yes"^^<http://www.w3.org/2001/XMLSchema#boolean> . <b> <p> true .'
    data = as_graph(parse_file("x.ttl", text.encode(), "https://example.org/", None))
    before = set(data)
    (found,) = shacl_results(data, shapes)
    assert str(found[SH.focusNode]) == "https://example.org/a"
    assert set(data) == before, "the data are not changed by looking at them"


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("sh:property [ sh:minCount 1 ]", "well-formed SHACL PropertyShape"),
        ("sh:sparql [ sh:select 'SELECT $this { $this nowhere:p ?value }' ]", "nowhere"),
        ("sh:sparql [ sh:select 'SELECT $this { GRAPH $shapesGraph { $this ?p ?o } }' ]", "shapesGraph"),
        ("sh:sparql [ sh:select 'SELECT $this { $this ?p ?o MINUS { $this ?p 1 } }' ]", "MINUS"),
    ],
)
def test_shapes_that_cannot_be_used_are_named(shape: str, words: str) -> None:
    def source(name: str, text: str) -> Source:
        return Source(name, text.encode(), tuple(parse_file(name, text.encode(), "https://example.org/", None)))

    prefix = "@prefix sh: <http://www.w3.org/ns/shacl#> ."
    shapes = source("shapes.ttl", f"{prefix} <shape> a sh:NodeShape ; sh:targetNode <a> ; {shape} .")
    with pytest.raises(UnusableShapes) as raised:
        validate(KnowledgeBase(Path(), Settings(), (source("data.ttl", "<a> <p> 1 ."),), (shapes,)))
    assert words in raised.value.detail


def test_each_result_of_a_shape_tells_what_shacl_tells(broken: tuple[KnowledgeBase, Report]) -> None:
    graph = Graph().parse(data=render(broken[1], "turtle"), format="turtle")
    results = set(graph.subjects(SH.sourceConstraintComponent))
    assert len(results) == sum(bool(result.shacl) for result in broken[1].results) > 0
    for result in results:
        shape = graph.value(result, SH.sourceShape)
        assert (shape, None, None) in broken[0].shapes_graph()
        assert graph.value(result, SH.resultSeverity) in (SH.Violation, SH.Warning, SH.Info)
        assert graph.value(result, SH.focusNode)
    assert set(graph.objects(None, SH.resultPath)) >= {EV.supportBasis, EV.claimedBy, EV.direction}
