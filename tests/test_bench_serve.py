"""What `make bench-serve` asks and how it reads answers: `bench/serve.py`, without measuring anything."""

from __future__ import annotations

import json
from contextlib import closing

import httpx
import pyoxigraph as ox
import pytest

from connection import Connection
from serve import HEADING, QUERIES, Asker, accept, digest, together
from serve_tables import Times
from wherefrom.formats import ROWS
from wherefrom.store import EmbeddedStore


@pytest.mark.parametrize("label", QUERIES)
def test_each_query_has_an_answer_and_another_text_each_time(label: str, made: EmbeddedStore) -> None:
    asker = Asker(10_000)
    queries = {asker.draw(label) for _ in range(60)}
    assert len(queries) == 60
    assert any(len(list(made.store.query(query))) for query in queries)  # type: ignore[arg-type]


def test_what_servers_write_differently_is_the_same_answer() -> None:
    def answer(*values: dict[str, str]) -> bytes:
        return json.dumps({"results": {"bindings": [{"x": value} for value in values]}}).encode()

    xsd = "http://www.w3.org/2001/XMLSchema#"
    plain = {"type": "literal", "value": "a"}
    one = {"type": "literal", "value": "1", "datatype": f"{xsd}integer"}
    other = {"type": "uri", "value": "a"}
    query = "SELECT ?x {}"
    told = digest("text", query, answer(plain, one))
    assert told == digest("text", query, answer({**one, "type": "typed-literal"}, {**plain, "datatype": f"{xsd}string"}))
    assert told != digest("text", query, answer(other, one))
    assert told != digest("text", query, answer(plain, one, one))
    assert told != digest("text", query, answer({**plain, "xml:lang": "en"}, one))


def test_a_graph_is_the_same_in_any_order() -> None:
    lines = [b'<x:a> <x:b> "1" .\n', b"<x:a> <x:b> <x:c> .\n"]
    query = "CONSTRUCT WHERE { ?s ?p ?o }"
    assert digest("", query, b"".join(lines)) == digest("", query, b"".join(reversed(lines * 2)))
    assert digest("", query, b"".join(lines)) != digest("", query, lines[0])


def test_only_times_of_the_same_draw_are_compared() -> None:
    times = Times()
    for turn, ours, theirs in ((0, 9.0, 1.0), (1, 2.0, 1.0), (2, 6.0, 2.0)):
        times.add("text", "ours", (turn, 0), ours)
        times.add("text", "theirs", (turn, 0), theirs)
    times.add("text", "ours", (3, 0), 1000.0)
    times.add("text", "theirs", (3, 1), 1.0)
    assert times.ratio("text", "ours", "theirs") == 3.0


def test_whose_answer_is_another_is_told() -> None:
    times = Times()
    times.digests["text", (0, 0)] = {"ours": "a", "theirs": "a", "third": "b"}
    times.digests["text", (1, 0)] = {"ours": "c", "theirs": "c", "third": "c"}
    times.digests["map", (0, 0)] = {"ours": "b", "theirs": "a", "third": "a"}
    assert [times.differing(label) for label in ("text", "map", "falls")] == ["third", "ours", ""]


def test_a_size_rewrites_its_own_part() -> None:
    parts = {size: f"## {size:,} statements\n\nfirst\n" for size in (1_000_000, 100_000)}
    page = ""
    for size, part in parts.items():
        page = together(page, size, part)
    assert page == f"{HEADING}\n{parts[100_000]}\n{parts[1_000_000]}"
    assert together(page, 100_000, parts[100_000].replace("first", "second")) == page.replace("first", "second", 1)


@pytest.mark.parametrize("limit", [1, 40_000])
def test_an_answer_is_read_whole_whether_its_length_is_told_or_not(small: httpx.Client, limit: int) -> None:
    query = f"SELECT * {{ ?a ?b ?c . ?d ?e ?f }} LIMIT {limit}"
    with closing(Connection(f"{str(small.base_url).rstrip('/')}/sparql")) as connection:
        for _ in range(2):
            answer = connection.ask(query, accept(query))
            assert answer.status == 200
            assert ("content-length" in answer.headers) == (limit == 1)
            assert answer.first <= answer.whole
            found = ox.parse_query_results(answer.content, ROWS["json"].engine)
            assert isinstance(found, ox.QuerySolutions)
            assert sum(1 for _ in found) == limit
        tag = connection.get("/", {}).headers["etag"]
        assert connection.get("/", {"If-None-Match": tag}).status == 304
