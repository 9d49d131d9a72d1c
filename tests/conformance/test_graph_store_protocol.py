"""SPARQL 1.1 Graph Store Protocol: the requests of the suite at /graphs, each case in a place of its own (moving.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import httpx
import pyoxigraph as ox
import pytest
from rdflib import BNode, Graph, URIRef

from conformance.comparing import same, triples
from conformance.manifests import MF, TurtleCase
from conformance.moving import Place, WrongWhenNamedError
from conformance.requests import CNT, HT, Request, headers_of, moved, requests
from conformance.suites import GRAPHS, GRAPHS_2012
from writing_servers import Served

CODES = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}


@pytest.mark.suite(GRAPHS)
def test_graph_store_protocol(case: TurtleCase, writing_server: Served) -> None:
    place = Place(case)
    asked = [moved(request, place) for request in requests(case)]
    if case.name in GRAPHS.right_when_named:
        try:
            check_all(place, (named(request, place) for request in asked), writing_server)
        except AssertionError as error:
            raise WrongWhenNamedError(case.name) from error
    check_all(place, asked, writing_server)


@pytest.mark.suite(GRAPHS_2012)
def test_graph_store_protocol_of_2012(case: TurtleCase) -> None:
    pytest.fail("nothing runs this case")


def named(request: Request, place: Place) -> Request:
    """Return a request with the default graph, and the blank nodes of its body, named."""
    address = request.address.replace("?default", f"?graph={place.default}")
    if request.text is None:
        return replace(request, address=address)
    triples = (quad.triple for quad in place.read(request.text, place.default))
    content = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    return replace(request, address=address, text=content.decode())


def check_all(place: Place, asked: Iterable[Request], server: Served) -> None:
    for request in asked:
        check(place, request, request.sent(server.client, "/graphs", server.may))


def check(place: Place, request: Request, answer: httpx.Response) -> None:
    graph = place.case.graph
    wanted = [CODES[str(status).rsplit("#", 1)[1]] for status in graph.objects(request.expected, MF.expectedStatus)]
    assert answer.status_code in wanted, answer.text
    if kind := headers_of(graph, request.expected).get("content-type"):
        assert answer.headers["content-type"].split(";")[0] == kind.split(";")[0]
    if body := graph.value(request.expected, HT.body):
        expected = Graph().parse(data=place.moved(str(graph.value(body, CNT.chars))), format="turtle")
        found = Graph().parse(data=answer.content, format="turtle")
        assert same(triples(with_blanks(found, place)), triples(expected))


def with_blanks(graph: Graph, place: Place) -> Graph:
    """Return a graph with the names that were given to blank nodes taken away again."""
    found = Graph()
    for triple in graph:
        found.add(tuple(BNode(part) if isinstance(part, URIRef) and part.startswith(place.blank) else part for part in triple))  # type: ignore[arg-type]
    return found
