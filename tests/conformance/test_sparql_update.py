"""SPARQL 1.1 Update, put to a server that holds what all cases start from.

Each case is in a place of its own (moving.py), so that none has to be undone before the next.
"""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from conformance.comparing import quads, same
from conformance.manifests import MF, UT, TurtleCase
from conformance.moving import Place, WrongWhenNamedError, with_default_named
from conformance.results import Rows, from_json
from conformance.suites import UPDATE
from other_services import OtherService
from writing_servers import Served

UNDERSTOOD = {"names-no-graph", "protected-graph", "would-not-conform"}  # refused for what it says


@pytest.mark.suite(UPDATE)
def test_update(case: TurtleCase, writing_server: Served, endpoints: OtherService) -> None:
    if "SyntaxTest" in case.kind:
        check_syntax(case, writing_server, endpoints.host)
        return
    place = Place(case)
    text = place.update(case.one(MF.action, UT.request))
    if case.name in UPDATE.right_when_named:
        answer = writing_server.update(with_default_named(text, place.default))
        if answer.status_code != 200 or not as_expected(place, writing_server):
            raise WrongWhenNamedError(answer.text)
    answer = writing_server.update(text)
    assert answer.status_code == 200, answer.text
    assert as_expected(place, writing_server), answer.text


def check_syntax(case: TurtleCase, server: Served, elsewhere: str) -> None:
    """Check whether an update is taken for one, also where it is refused for what it would do; `elsewhere` has what it loads."""
    text = Place(case).update(case.one(MF.action))
    answer = server.update(re.sub(r"(?<=LOAD )<\S*>", f"<http://{elsewhere}/>", text))
    told = answer.json()
    if case.kind.startswith("Positive"):
        absent = "does not exist" in told.get("detail", "")  # a graph that it would drop
        assert answer.status_code == 200 or told["type"].removeprefix("/problems/") in UNDERSTOOD or absent, answer.text
    else:
        assert (answer.status_code, told["type"]) == (400, "/problems/bad-query"), answer.text


def as_expected(place: Place, server: Served) -> bool:
    """Return whether the graphs in a place say what they should."""
    query = f'SELECT * {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), "{place.iri}")) }}'
    answer = server.client.post("/sparql", data={"query": query}, headers={"Accept": "application/sparql-results+json"})
    found = from_json(answer.content)
    assert isinstance(found, Rows)
    expected = ox.serialize(place.after(), format=ox.RdfFormat.N_QUADS) or b""
    return same(found.rows, quads(expected.decode()))
