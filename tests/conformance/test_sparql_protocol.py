"""SPARQL 1.1 Protocol: the requests of the suite as they are written, over a socket, and what the suite wants of the answers."""

from __future__ import annotations

import re

import httpx
import pytest
from rdflib import Graph, Namespace
from rdflib.term import Node

from conformance.manifests import MF, TurtleCase
from conformance.results import READERS
from conformance.suites import PROTOCOL

HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
ROW_TYPES = {"application/sparql-results+json": "json", "application/sparql-results+xml": "xml", "text/csv": "csv"}
GRAPH_TYPES = {"text/turtle": "turtle", "application/rdf+xml": "xml", "application/n-triples": "nt"}


@pytest.mark.suite(PROTOCOL)
def test_a_request_is_answered_as_the_suite_says(case: TurtleCase, suite_server: httpx.Client) -> None:
    for request in case.graph.items(case.one(MF.action, HT.requests)):
        check(case.graph, case.graph.value(request, HT.resp), sent(case.graph, request, suite_server))


def sent(graph: Graph, request: Node, client: httpx.Client) -> httpx.Response:
    """Send a request with the headers and the body that the suite gives it, and no others that could help."""
    headers = {}
    if listed := graph.value(request, HT.headers):
        for header in graph.items(listed):
            headers[str(graph.value(header, HT.fieldName))] = str(graph.value(header, HT.fieldValue))
    body = graph.value(request, HT.body)
    content = str(graph.value(body, CNT.chars)).encode(str(graph.value(body, CNT.characterEncoding))) if body else None
    path = str(graph.value(request, HT.absolutePath)).replace("/sparql/", "/sparql", 1)  # as the manifest says to
    return client.request(str(graph.value(request, HT.methodName)), path, content=content, headers=headers)


def check(graph: Graph, expected: Node | None, answer: httpx.Response) -> None:
    wanted = [str(status).rsplit("StatusCode", 1)[1] for status in graph.objects(expected, MF.expectedStatus)]
    assert any(re.fullmatch(status.replace("x", r"\d"), str(answer.status_code)) for status in wanted), answer.text
    kind = answer.headers["content-type"].split(";")[0]
    form = str(graph.value(expected, MF.expectedFormat))
    if form == "RDF":
        assert kind in GRAPH_TYPES
        Graph().parse(data=answer.content, format=GRAPH_TYPES[kind])
    elif form != "None":
        found = READERS[ROW_TYPES[kind]](answer.content)
        assert isinstance(found, bool) == (form == "boolean")
        boolean = graph.value(expected, MF.expectedBoolean)
        assert boolean is None or found is boolean.toPython()  # type: ignore[attr-defined]
