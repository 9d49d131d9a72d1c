"""SPARQL 1.1 Protocol: the requests of the suite as they are written, over a socket, and what the suite wants of the answers."""

from __future__ import annotations

import re

import httpx
import pytest
from rdflib import Graph
from rdflib.term import Node

from conformance.manifests import MF, TurtleCase
from conformance.moving import Place
from conformance.requests import moved, requests
from conformance.results import READERS
from conformance.suites import PROTOCOL
from writing_servers import Served

ROW_TYPES = {"application/sparql-results+json": "json", "application/sparql-results+xml": "xml", "text/csv": "csv"}
GRAPH_TYPES = {"text/turtle": "turtle", "application/rdf+xml": "xml", "application/n-triples": "nt"}


@pytest.mark.suite(PROTOCOL)
def test_a_request_is_answered_as_the_suite_says(case: TurtleCase, suite_server: httpx.Client, writing_server: Served) -> None:
    writes = "update" in case.name
    for request in requests(case):
        if writes:
            path = "/sparql" if "query" in request.headers.get("content-type", "") else "/update"
            answer = moved(request, Place(case)).sent(writing_server.client, path, writing_server.may)
        else:
            answer = request.sent(suite_server, "/sparql")
        check(case.graph, request.expected, answer)


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
