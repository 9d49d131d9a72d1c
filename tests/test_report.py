"""The ways to write a report down: each is well-formed, whatever stands in it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import pyoxigraph as ox
import pytest
from rdflib import RDF, SH, Graph, Literal, URIRef

from wherefrom.report import Report, Result, Severity, make_report, render

HOSTILE = 'a "quoted" <b>\n::error::100% \\ é \N{GRINNING FACE} , :'
RESULTS = [
    Result("data/b.ttl", 7, Severity.WARNING, "some-rule", "https://example.org/id/claim/x", "it is odd", "look again", "<x> a <y> ."),
    Result("data/a b, c.ttl", 2, Severity.VIOLATION, "other-rule", "https://example.org/id/claim/y", HOSTILE, HOSTILE),
    Result("data/b.ttl", 3, Severity.INFO, "some-rule", "n1234", "a blank node"),
    Result("", 0, Severity.VIOLATION, "syntax", "", "nowhere"),
]
REPORT = make_report(RESULTS)
FORMATS = ("text", "json", "turtle", "sarif", "github")


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_written_of_nothing_found(form: str) -> None:
    written = render(Report(()), form)
    assert {"text": "", "github": ""}.get(form, written) == written
    assert not re.search("rule", written.replace('"rules": []', ""))


def test_results_are_sorted_and_told_once() -> None:
    assert [result.file for result in REPORT.results] == ["", "data/a b, c.ttl", "data/b.ttl", "data/b.ttl"]
    assert make_report([*RESULTS, *RESULTS]) == REPORT
    assert REPORT.summary() == "2 violations, 1 warning, 1 note"
    assert not REPORT.conforms
    assert make_report([RESULTS[0], RESULTS[2]]).conforms


def test_text_has_file_line_severity_message_code_source_and_hint() -> None:
    lines = {"data/b.ttl": ["one"] * 6 + ["  <x> a <y> ."]}
    assert render(make_report(RESULTS[:1], lines), "text").split("\n") == [
        "data/b.ttl:7: warning: it is odd [some-rule]",
        "    <x> a <y> .",
        "    hint: look again",
    ]


def test_json_has_every_field() -> None:
    read = json.loads(render(REPORT, "json"))
    assert read["conforms"] is False
    assert read["results"] == [{**asdict(result), "severity": result.severity.word} for result in REPORT.results]


def test_turtle_is_a_shacl_report() -> None:
    written = render(REPORT, "turtle")
    assert list(ox.parse(written.encode(), ox.RdfFormat.TURTLE)), "without a base: nothing in it is relative"
    graph = Graph().parse(data=written, format="turtle")
    results = set(graph.objects(graph.value(predicate=RDF.type, object=SH.ValidationReport), SH.result))
    assert len(results) == len(REPORT.results)
    assert {str(graph.value(result, SH.resultMessage)) for result in results} == {result.message for result in RESULTS}
    assert {graph.value(result, SH.resultSeverity) for result in results} == {SH.Violation, SH.Warning, SH.Info}


def test_turtle_tells_what_shacl_tells_as_often_as_it_was_found() -> None:
    told = f'<{SH}focusNode> "a text" ; <{SH}resultPath> ( <urn:a> [ <{SH}inversePath> <urn:b> ] ) ; <{SH}resultSeverity> <urn:own>'
    result = Result("data/b.ttl", 7, Severity.VIOLATION, "some-rule", "a text", "a text: it is odd", shacl=told)
    graph = Graph().parse(data=render(make_report([result, result]), "turtle"), format="turtle")
    nodes = list(graph.objects(None, SH.result))
    assert len(nodes) == 2
    for node in nodes:
        assert graph.value(node, SH.focusNode) == Literal("a text")
        assert graph.value(node, SH.resultSeverity) == URIRef("urn:own")
        first, second = graph.items(graph.value(node, SH.resultPath))
        assert (first, graph.value(second, SH.inversePath)) == (URIRef("urn:a"), URIRef("urn:b"))


def test_a_report_with_a_mere_note_does_not_conform_to_shacl() -> None:
    """SHACL, section 3.6.1; a knowledge base may be built all the same, which is what `conforms` says of a report."""
    note = make_report([RESULTS[2]])
    assert note.conforms
    for report, conforms in ((note, False), (Report(()), True)):
        graph = Graph().parse(data=render(report, "turtle"), format="turtle")
        assert [value.toPython() for value in graph.objects(None, SH.conforms)] == [conforms]


def test_sarif_has_a_rule_and_a_place_for_each_result() -> None:
    (run,) = json.loads(render(REPORT, "sarif"))["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert rules == {result.code for result in RESULTS}
    assert [result["level"] for result in run["results"]] == ["error", "error", "note", "warning"]
    places = [result["locations"] for result in run["results"]]
    assert places[0] == []
    assert places[1][0]["physicalLocation"] == {"artifactLocation": {"uri": "data/a%20b%2C%20c.ttl"}, "region": {"startLine": 2}}


def test_github_has_one_line_for_each_result() -> None:
    lines = render(REPORT, "github").split("\n")
    assert lines[0] == "::error::nowhere [syntax]"
    assert lines[1].startswith('::error file=data/a b%2C c.ttl,line=2::a "quoted" <b>%0A::error::100%25 ')
    assert lines[2:] == [
        "::notice file=data/b.ttl,line=3::a blank node [some-rule]",
        "::warning file=data/b.ttl,line=7::it is odd [some-rule]",
    ]
