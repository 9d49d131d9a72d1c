"""SPARQL 1.1 queries of the suites, asked over HTTP of a server that holds the data of all of them.

Each file of data is a named graph of one knowledge base; a test's dataset is what `default-graph-uri` and
`named-graph-uri` name, so that nothing but the protocol stands between the suite and the answer. Every answer is
fetched in each format that its kind of query has, and each is compared.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyld import jsonld
from rdflib import Graph

from conformance.comparing import same, triples
from conformance.manifests import MF, QT, TurtleCase
from conformance.results import READERS, Rows, from_graph
from conformance.suites import ENTAILMENT, FEDERATION, NOBODY, QUERY, RESULTS
from other_services import OtherService
from wherefrom.answering import GRAPHS, ROWS
from wherefrom.sparql_text import skeleton

NOTHING = "urn:example:no-such-graph"
ENDINGS = {".srj": "json", ".srx": "xml", ".csv": "csv", ".tsv": "tsv"}
READ_AS = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml", "trig": "turtle", "nquads": "nt"}  # one graph without a name


def asked(suite_server: httpx.Client, case: TurtleCase, query: Any, accept: str, elsewhere: str = "") -> httpx.Response:
    """Ask a query as its test means it: IRIs relative to its file, the dataset named by the protocol unless the query does.

    `elsewhere` is the host at which services of others are.
    """
    text = case.file(query).read_text("utf-8")
    if elsewhere:
        text = text.replace("http://invalid.endpoint.org/", f"http://{NOBODY}/")
        text = re.sub(r"http://(example\d?\.org/sparql)", rf"http://{elsewhere}/{case.name}/\1", text)
    parameters: dict[str, Any] = {"query": f"BASE <{f'http://{elsewhere}/' if elsewhere else query}>\n{text}"}
    if not re.search(r"\bFROM\b", skeleton(text), re.IGNORECASE):
        default, named = (list(case.graph.objects(case.one(MF.action), part)) for part in (QT.data, QT.graphData))
        parameters["default-graph-uri"] = default or [NOTHING]
        parameters["named-graph-uri"] = named
    return suite_server.post("/sparql", data=parameters, headers={"Accept": accept})


def answered(response: httpx.Response) -> bytes:
    assert response.status_code == 200, response.text
    return response.content


class WrongValueError(Exception):
    """An answer that is wrong beyond the known failure of its case, which is the writing of numbers."""


@pytest.mark.suite(QUERY)
def test_query(case: TurtleCase, suite_server: httpx.Client) -> None:
    check(case, suite_server, QUERY.right_by_value)


@pytest.mark.suite(RESULTS)
def test_results_format(case: TurtleCase, suite_server: httpx.Client) -> None:
    check(case, suite_server, RESULTS.right_by_value)


@pytest.mark.suite(FEDERATION)
def test_federated_query(case: TurtleCase, suite_server: httpx.Client, endpoints: OtherService) -> None:
    endpoints.asked.clear()
    check(case, suite_server, elsewhere=endpoints.host)
    assert endpoints.asked or case.name == "service/service7", "nobody was asked"


@pytest.mark.suite(ENTAILMENT)
def test_entailment(case: TurtleCase, suite_server: httpx.Client) -> None:
    check(case, suite_server)


def check(case: TurtleCase, suite_server: httpx.Client, right_by_value: frozenset[str] = frozenset(), elsewhere: str = "") -> None:
    if "SyntaxTest" in case.kind:
        answer = asked(suite_server, case, case.one(MF.action), "*/*", elsewhere)
        assert answer.status_code == (200 if case.kind.startswith("Positive") else 400), answer.text
        return
    query, result = case.one(MF.action, QT.query), case.one(MF.result)
    expected = read_expected(case.file(result), str(result))
    if isinstance(expected, Graph):
        for form in GRAPHS:
            graph = read_graph(answered(asked(suite_server, case, query, GRAPHS[form][1])), form)
            assert same(triples(graph), triples(expected)), form
        return
    forms = ("json", "xml") if isinstance(expected, bool) else tuple(ROWS)
    answers = {form: READERS[form](answered(asked(suite_server, case, query, ROWS[form][1], elsewhere))) for form in forms}
    if isinstance(expected, bool):
        assert set(answers.values()) == {expected}
        return
    text = result.endswith(".csv")
    ordered = by_order(case.file(query).read_text("utf-8"))
    for form, found in answers.items():
        assert isinstance(found, Rows)
        if case.name in right_by_value and form != "csv" and not text and not found.by_value().agrees(expected.by_value(), ordered=ordered):
            raise WrongValueError(form)
    for form, found in answers.items():
        one, other = (found.as_text(), expected.as_text()) if text or form == "csv" else (found, expected)
        assert one.agrees(other, ordered=ordered), form


def read_expected(path: Path, iri: str) -> Rows | bool | Graph:
    if path.suffix in ENDINGS:
        return READERS[ENDINGS[path.suffix]](path.read_bytes())
    graph = Graph().parse(path, format="turtle", publicID=iri)
    return from_graph(graph) or graph


def read_graph(content: bytes, form: str) -> Graph:
    if form == "jsonld":
        content, form = jsonld.to_rdf(json.loads(content), {"format": "application/n-quads"}).encode(), "nquads"
    return Graph().parse(data=content, format=READ_AS[form])


def by_order(query: str) -> bool:
    """Return whether a query as a whole, not a part of it, says in which order its rows come."""
    outside, depth = "", 0
    for character in skeleton(query):
        depth += {"{": 1, "}": -1}.get(character, 0)
        outside += character if depth == 0 else ""
    return bool(re.search(r"\bORDER\s+BY\b", outside, re.IGNORECASE))
