"""The SPARQL 1.1 Protocol, and what the service does when a query is wrong, too large, too slow or unkind."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest
from pyld import jsonld
from rdflib import Dataset, Graph

from wherefrom.answering import GRAPHS, ROWS
from wherefrom.load import KnowledgeBase
from wherefrom.query import Question, questions
from wherefrom.vocabulary import PREFIXES, shorten

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # its TriG parser uses what it deprecates

BASE = "https://w3id.org/wherefrom/"
BIBLIOGRAPHY, CATALOGUE = f"{BASE}id/graph/bibliography", f"{BASE}id/graph/catalogue"
FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
LABELS = "SELECT ?s ?label ?year { ?s a ev:Publication ; skos:prefLabel ?label OPTIONAL { ?s fabio:hasPublicationYear ?year } } ORDER BY ?s"
RESULTS = "{http://www.w3.org/2005/sparql-results#}"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"  # runs for hours
HUNGRY = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?a ?c ?d ?f ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"  # keeps every row in memory
STREAMED = 16 * 64 * 1024  # bytes of an answer that are held back until its status is known


def ask(service: httpx.Client, query: str, accept: str = ROWS["json"][1], **parameters: str | list[str]) -> httpx.Response:
    return service.get("/sparql", params={"query": query, **parameters}, headers={"Accept": accept})


def bindings(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return [{name: value["value"] for name, value in row.items()} for row in answer.json()["results"]["bindings"]]


def post(service: httpx.Client, content: str | bytes, content_type: str, accept: str = "*/*", path: str = "/sparql") -> httpx.Response:
    return service.post(path, content=content, headers={"Content-Type": content_type, "Accept": accept})


def still_answers(service: httpx.Client) -> bool:
    return ask(service, "ASK { ?s a ev:Claim }").json()["boolean"] is True


### Three ways to ask, every format


def test_the_three_ways_to_ask_give_the_same_answer(service: httpx.Client) -> None:
    by_get = ask(service, LABELS)
    by_form = service.post("/sparql", data={"query": LABELS}, headers={"Accept": ROWS["json"][1]})
    directly = post(service, LABELS, f"{QUERY}; charset=UTF-8", ROWS["json"][1])
    assert len(bindings(by_get)) > 5
    assert by_get.json() == by_form.json() == directly.json()


def from_xml(content: bytes) -> list[dict[str, str]]:
    rows = ElementTree.fromstring(content).iter(f"{RESULTS}result")
    return [{cell.attrib["name"]: cell[0].text or "" for cell in row.iter(f"{RESULTS}binding")} for row in rows]


def from_csv(content: bytes) -> list[dict[str, str]]:
    return [{name: value for name, value in row.items() if value} for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]


def from_tsv(content: bytes) -> list[dict[str, str]]:
    names, *rows = (line.split("\t") for line in content.decode().splitlines())

    def value(term: str) -> str:
        [(_, _, found)] = Graph().parse(data=f"<x:s> <x:p> {term} .", format="turtle")
        return str(found)

    return [{name.removeprefix("?"): value(term) for name, term in zip(names, row, strict=True) if term} for row in rows]


@pytest.mark.parametrize(("form", "read"), [("xml", from_xml), ("csv", from_csv), ("tsv", from_tsv)])
def test_rows_are_the_same_in_every_format(service: httpx.Client, form: str, read: Any) -> None:
    answer = ask(service, LABELS, ROWS[form][1])
    assert answer.headers["content-type"].split(";")[0] == ROWS[form][1]
    found = read(answer.content)
    expected = bindings(ask(service, LABELS))
    assert len(found) == len(expected)
    assert found == expected


def test_awkward_values_come_whole_through_every_format(service: httpx.Client) -> None:
    query = 'SELECT ?s ?label { VALUES (?s ?label) { (<urn:a> "tab\\t, \\"quote\\", line\\nbreak, <b> & é 读") (<urn:b> "") } }'
    expected = bindings(ask(service, query))
    assert expected[0]["label"] == 'tab\t, "quote", line\nbreak, <b> & é 读'
    assert from_xml(ask(service, query, ROWS["xml"][1]).content) == expected
    assert from_csv(ask(service, query, ROWS["csv"][1]).content) == [expected[0], {"s": "urn:b"}]
    assert from_tsv(ask(service, query, ROWS["tsv"][1]).content) == expected


@pytest.mark.parametrize("form", ROWS)
def test_a_yes_or_no_is_told_in_every_format(service: httpx.Client, form: str) -> None:
    for query, expected in (("ASK { ?s a ev:Claim }", "true"), ("ASK { ?s a ev:Nothing }", "false")):
        answer = ask(service, query, ROWS[form][1])
        assert answer.headers["content-type"].split(";")[0] == ROWS[form][1]
        if form == "json":
            assert answer.json()["boolean"] is (expected == "true")
        elif form == "xml":
            assert ElementTree.fromstring(answer.content).findtext(f"{RESULTS}boolean") == expected
        else:
            assert answer.text.strip() == expected


def read_graph(content: bytes, form: str) -> set[tuple[str, ...]]:
    """Return the triples as a parser that is not the service's own reads them."""
    if form == "jsonld":
        content, form = jsonld.to_rdf(json.loads(content), {"format": "application/n-quads"}).encode(), "nquads"
    names = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml", "trig": "trig", "nquads": "nquads"}
    dataset = Dataset(default_union=True)
    dataset.parse(data=content, format=names[form])
    return {tuple(term.n3() for term in triple) for triple in dataset.triples((None, None, None))}


@pytest.mark.parametrize(
    "query", ["CONSTRUCT WHERE { ?s a ev:Publication ; skos:prefLabel ?label }", "DESCRIBE claim:foundations-ipp-secure"]
)
@pytest.mark.parametrize("form", GRAPHS)
def test_graphs_are_the_same_in_every_format(service: httpx.Client, kb: KnowledgeBase, form: str, query: str) -> None:
    answer = ask(service, query, GRAPHS[form][1])
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == GRAPHS[form][1]
    found = read_graph(answer.content, form)
    assert len(found) > 5
    assert found == read_graph(ask(service, query, GRAPHS["ntriples"][1]).content, "ntriples")
    told = {str(quad.triple.subject) + str(quad.triple.predicate) for quad in kb.quads()}
    assert {f"{subject}{predicate}" for subject, predicate, _ in found} <= told


def test_a_format_of_another_kind_of_answer_is_refused(service: httpx.Client) -> None:
    assert ask(service, "ASK {}", "text/turtle").status_code == 406
    assert ask(service, "CONSTRUCT WHERE { ?s a ev:Claim }", ROWS["json"][1]).status_code == 406
    assert ask(service, "ASK {}", "text/turtle, */*;q=0.1").json()["boolean"] is True


def test_readers_get_a_page(service: httpx.Client) -> None:
    page = ask(service, LABELS, "text/html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/publication/' in page.text
    refused = ask(service, "SELECT * { ?s ?p", "text/html")
    assert refused.status_code == 400
    assert "The query cannot be evaluated" in refused.text
    assert "SELECT * { ?s ?p" in refused.text


def test_a_page_shows_the_beginning_of_a_large_answer(service: httpx.Client) -> None:
    for query in ("SELECT * { ?s ?p ?o . ?x a ev:Claim }", "CONSTRUCT { ?s ?p ?x } { ?s ?p ?o . ?x a ev:Claim }"):
        page = ask(service, query, "text/html")
        assert page.status_code == 200
        assert "More than" in page.text or "The answer goes on" in page.text
        assert len(page.content) < 10_000_000
    assert still_answers(service)


def test_a_named_question_is_asked_by_its_name(service: httpx.Client) -> None:
    answer = service.get("/sparql?name=reports-of-a-study", headers={"Accept": ROWS["json"][1]})
    assert bindings(answer)
    assert service.get("/sparql?name=no-such-question").status_code == 404


### The page

REPORTS = "reports-of-a-study"
GRAPH = "DESCRIBE <https://w3id.org/wherefrom/id/source/cebc>"


def page_of(service: httpx.Client, query: str) -> str:
    return ask(service, query, "text/html").text


def text_of(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).split())


def elsewhere(page: str) -> dict[str, str]:
    """Return what the page calls each format of its answer, with its address."""
    (line,) = re.findall(r'<p class="formats"><a href="[^"]+">Share.*', page)
    return {name: html.unescape(href) for href, name in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', line)}


@pytest.mark.parametrize(
    ("query", "types"),
    [
        (LABELS, {"CSV": "csv", "TSV": "tsv", "JSON": "json", "XML": "xml"}),
        ("ASK { ?s a ev:Claim }", {"CSV": "csv", "TSV": "tsv", "JSON": "json", "XML": "xml"}),
        (GRAPH, {"Turtle": "turtle", "JSON-LD": "jsonld", "N-Triples": "ntriples", "RDF/XML": "rdfxml"}),
    ],
)
def test_a_page_links_to_the_same_answer_as_data(service: httpx.Client, query: str, types: dict[str, str]) -> None:
    links = elsewhere(page_of(service, query))
    assert links.keys() == {"Share this query", *types}
    for title, name in types.items():
        expected = {**ROWS, **GRAPHS}[name][1]
        answer = service.get(links[title], headers={"Accept": "text/html"})  # as a browser follows it
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == expected
        assert answer.content == ask(service, query, expected).content


def test_the_address_to_share_gives_the_page_again(service: httpx.Client) -> None:
    page = service.post("/sparql", data={"query": LABELS}, headers={"Accept": "text/html"}).text
    again = service.get(elsewhere(page)["Share this query"], headers={"Accept": "text/html"}).text
    assert again == page
    assert '<link rel="canonical" href="/sparql?query=SELECT' in page


def test_the_address_keeps_the_dataset(service: httpx.Client) -> None:
    page = ask(service, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "text/html", **{"default-graph-uri": CATALOGUE}).text
    counted = service.get(elsewhere(page)["CSV"]).text
    assert counted == ask(service, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "text/csv", **{"default-graph-uri": CATALOGUE}).text
    assert counted != ask(service, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "text/csv").text


def test_a_query_that_fits_no_address_has_none_to_share(service: httpx.Client) -> None:
    page = post(service, urlencode({"query": f"ASK {{}} # {'é' * 20_000}"}), FORM, "text/html").text
    assert "The answer is <strong>yes" in page
    assert "Share this query" not in page


@pytest.mark.parametrize("asked", questions().values(), ids=lambda asked: asked.name)
def test_a_named_question_fills_the_form_and_is_answered(service: httpx.Client, asked: Question) -> None:
    page = service.get(f"/sparql?name={asked.name}", headers={"Accept": "text/html"}).text
    (written,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert html.unescape(written) == asked.text
    assert f'<p class="lead">{asked.title}</p>' in html.unescape(page)
    count = len(bindings(ask(service, asked.text)))
    assert re.search(rf"<caption>{count:,} rows?\b", page)
    assert re.findall(r'<th scope="col">(\w+)</th>', page.split("<h2>Answer</h2>")[1]) == list(asked.columns)


def test_the_page_lists_the_named_questions_with_their_columns(service: httpx.Client) -> None:
    text = text_of(service.get("/sparql", headers={"Accept": "text/html"}).text)
    for asked in questions().values():
        assert f"{asked.title}Columns: {', '.join(asked.columns)}" in text.replace(" Columns", "Columns")
        assert asked.remark.rstrip(".") in text


def test_a_form_that_sends_other_ends_of_lines_asks_the_same_question(service: httpx.Client) -> None:
    text = questions()[REPORTS].text.replace("\n", "\r\n")
    page = page_of(service, text)
    assert f'<p class="lead">{questions()[REPORTS].title}</p>' in page
    assert elsewhere(page)["Share this query"] == f"/sparql?name={REPORTS}"


def test_a_mistake_is_shown_in_its_line_and_the_form_keeps_the_query(service: httpx.Client) -> None:
    page = page_of(service, "SELECT * {\n  ?s nope ?o }")
    (alert,) = re.findall(r'<div role="alert".*?</div>', page, re.DOTALL)
    assert "Line 2, column 11:" in alert
    assert "<pre>  ?s nope <mark>?o }</mark></pre>" in alert
    assert ">\nSELECT * {\n  ?s nope ?o }</textarea>" in page  # a browser leaves out the first end of line
    assert 'aria-invalid="true" aria-describedby="mistake"' in page
    cut = page_of(service, "SELECT * {\n  ?s ?p ?o")
    assert re.search(r"Line 2, column \d+, after what stands there:", text_of(cut))
    elsewhere_wrong = page_of(service, "ASK { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")
    assert 'role="alert"' in elsewhere_wrong
    assert "Line " not in elsewhere_wrong


def test_the_text_of_a_mistake_stays_text(service: httpx.Client) -> None:
    page = page_of(service, "SELECT * {\n  ?s <b>nope</b> <script>alert(1)</script> }")
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_nothing_found_is_said(service: httpx.Client) -> None:
    assert "<caption>0 rows</caption>" in page_of(service, "SELECT ?s { ?s a <x:none> }")
    assert "<p>No statements.</p>" in page_of(service, "DESCRIBE <x:none>")


def test_the_page_tells_limits_and_prefixes(service: httpx.Client) -> None:
    text = text_of(service.get("/sparql", headers={"Accept": "text/html"}).text)
    assert "A query may take 10 seconds until its answer begins, and give 2,000,000 rows; this page shows the first 500" in text
    for prefix, space in PREFIXES.items():
        assert f"{prefix}: {space}" in text.replace(f"{prefix}:{space}", f"{prefix}: {space}")


def test_names_to_choose_are_those_of_the_ontology_and_the_data(service: httpx.Client) -> None:
    found = {one["name"]: one["label"] for one in service.get("/sparql/names.json").json()}
    assert found["ev:restsOn"] == "rests on"
    assert found["ev:Claim"] == "claim"
    assert found["skos:"] == PREFIXES["skos"]
    assert found["claim:"] == f"{BASE}id/claim/"
    used = bindings(ask(service, "SELECT DISTINCT ?name { { [] ?name [] } UNION { [] a ?name } }"))
    known = tuple(PREFIXES.values())
    assert {shorten(row["name"], BASE) for row in used if row["name"].startswith(known)} <= found.keys()
    terms = [name for name in found if not name.endswith(":")]
    assert len(bindings(ask(service, f"SELECT ?x {{ VALUES ?x {{ {' '.join(terms)} }} }}"))) == len(terms)


### What is no query


@pytest.mark.parametrize(
    ("query", "spot"),
    [
        ("SELECT * {\n  ?s ?p ?o\n", r"\b3:1\b"),
        ("SELECT * {\n ?s nope ?o }", r"\b2:\d+"),
        ("nonsense", r"\b1:\d+"),
        ("ASK { ?s nope:x ?o }", r"\b1:\d+"),
    ],
)
def test_a_mistake_is_told_with_line_and_column(service: httpx.Client, query: str, spot: str) -> None:
    answer = ask(service, query, "*/*")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/bad-query"
    assert re.search(spot, answer.json()["detail"])
    assert "[" not in answer.json()["detail"]  # classes of characters help nobody


def test_a_request_has_exactly_one_query(service: httpx.Client) -> None:
    assert service.get("/sparql?query=").status_code == 400
    assert service.get("/sparql?query=%20%0A").status_code == 400
    assert service.get("/sparql", params=[("query", "ASK {}"), ("query", "ASK {}")]).status_code == 400
    assert post(service, "", FORM).status_code == 400
    assert post(service, "query=", FORM).status_code == 400
    assert post(service, "query=ASK%7B%7D&query=ASK%7B%7D", FORM).status_code == 400
    assert post(service, "", QUERY).status_code == 400
    assert post(service, "ASK {}", QUERY, path="/sparql?query=ASK%7B%7D").status_code == 400


def test_a_query_is_utf_8(service: httpx.Client) -> None:
    broken = 'ASK { ?s ?p "é" }'.encode("latin-1")
    assert post(service, broken, QUERY).status_code == 400
    assert post(service, b"query=" + broken, FORM).status_code == 400
    assert post(service, "query=ASK%20%7B%20%3Fs%20%3Fp%20%22%E9%22%7D", FORM).status_code == 400
    replaced = "SELECT (STRLEN('\ufffd') AS ?n) {}"
    assert bindings(ask(service, replaced)) == [{"n": "1"}]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", "", "application/sparql-query-2"]
)
def test_a_body_of_another_type_is_refused(service: httpx.Client, content_type: str) -> None:
    answer = post(service, "ASK {}", content_type)
    assert answer.status_code == 415
    assert "application/sparql-query" in answer.json()["remedy"]


### Updates


def test_updates_are_refused_whichever_way_they_come(service: httpx.Client) -> None:
    update = "DELETE WHERE { ?s ?p ?o }"
    before = bindings(ask(service, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))
    refused = [
        service.get("/sparql", params={"update": update}),
        service.get("/sparql", params={"query": update}),
        service.get("/sparql", params={"query": "ASK {}", "update": update}),
        service.post("/sparql", data={"update": update}),
        service.post("/sparql", data={"query": update}),
        service.post("/sparql", data={"query": "ASK {}", "update": update}),
        service.post("/update", data={"update": update}),
        service.get("/update", params={"update": update}),
        post(service, update, UPDATE),
        post(service, update, QUERY),
        post(service, update, UPDATE, path="/update"),
        post(service, "ASK {}", QUERY, path="/sparql?update=CLEAR%20ALL"),
        service.request("PUT", "/sparql", content=update),
        service.request("DELETE", "/sparql"),
        *(
            ask(service, f"{word}", "*/*")
            for word in ("LOAD <file:///etc/passwd>", "CLEAR ALL", "DROP ALL", "INSERT DATA { <x:a> <x:b> 1 }")
        ),
    ]
    assert {answer.status_code for answer in refused} <= {400, 403, 405}
    assert [answer.status_code for answer in refused[:1] + refused[3:4] + refused[6:7] + refused[8:9]] == [403] * 4
    assert bindings(ask(service, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")) == before


### The dataset


def count(answer: httpx.Response) -> int:
    return int(bindings(answer)[0]["n"])


ALL = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
NAMED = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


def test_the_default_graph_is_the_union_of_all_graphs(service: httpx.Client, kb: KnowledgeBase) -> None:
    assert count(ask(service, "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }")) == len(
        {quad.triple for quad in kb.quads()}
    )
    assert count(ask(service, NAMED)) == len(set(kb.quads()))


def test_what_several_graphs_state_is_one_triple_of_the_union(service: httpx.Client, kb: KnowledgeBase) -> None:
    assert count(ask(service, ALL)) == len({quad.triple for quad in kb.quads()})


def test_the_protocol_names_the_dataset(service: httpx.Client, kb: KnowledgeBase) -> None:
    sizes = {name: len({q.triple for q in kb.quads() if q.graph_name.value == name}) for name in (BIBLIOGRAPHY, CATALOGUE)}  # type: ignore[union-attr]
    assert all(sizes.values())
    assert count(ask(service, ALL, **{"default-graph-uri": BIBLIOGRAPHY})) == sizes[BIBLIOGRAPHY]
    assert count(ask(service, NAMED, **{"default-graph-uri": BIBLIOGRAPHY})) == 0
    assert count(ask(service, NAMED, **{"named-graph-uri": CATALOGUE})) == sizes[CATALOGUE]
    assert count(ask(service, ALL, **{"named-graph-uri": CATALOGUE})) == 0
    assert count(ask(service, ALL, **{"default-graph-uri": [BIBLIOGRAPHY, CATALOGUE]})) == sum(sizes.values())
    by_form = service.post("/sparql", data={"query": ALL, "default-graph-uri": BIBLIOGRAPHY}, headers={"Accept": ROWS["json"][1]})
    assert count(by_form) == sizes[BIBLIOGRAPHY]
    directly = service.post(
        "/sparql", params={"default-graph-uri": BIBLIOGRAPHY}, content=ALL, headers={"Content-Type": QUERY, "Accept": ROWS["json"][1]}
    )
    assert count(directly) == sizes[BIBLIOGRAPHY]
    assert ask(service, ALL, **{"default-graph-uri": "not an iri"}).status_code == 400


def test_the_protocol_overrides_the_query(service: httpx.Client) -> None:
    query = f"SELECT (COUNT(*) AS ?n) FROM <{CATALOGUE}> {{ ?s ?p ?o }}"
    assert count(ask(service, query, **{"default-graph-uri": BIBLIOGRAPHY})) == count(
        ask(service, ALL, **{"default-graph-uri": BIBLIOGRAPHY})
    )


@pytest.mark.parametrize(
    "written",
    ["FROM <{0}>", "from <{0}>", "FROM\n# where\n<{0}>", "FROM <{0}> FROM NAMED <{1}>",
     "FROM<{0}>"],
)  # fmt: skip
def test_the_query_names_the_dataset(service: httpx.Client, written: str) -> None:
    expected = count(ask(service, ALL, **{"default-graph-uri": BIBLIOGRAPHY}))
    clause = written.format(BIBLIOGRAPHY, CATALOGUE)
    assert count(ask(service, f"SELECT (COUNT(*) AS ?n) {clause} {{ ?s ?p ?o }}")) == expected


@pytest.mark.parametrize("harmless", ["?from", "'FROM <x:y>'", "<x:FROM/a>", '"""FROM NAMED <x:y>"""'])
def test_the_word_from_elsewhere_names_no_dataset(service: httpx.Client, harmless: str) -> None:
    assert count(ask(service, f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o OPTIONAL {{ ?s ?p {harmless} }} }}")) >= count(ask(service, ALL)) > 0


def test_iris_are_relative_to_the_base_of_the_knowledge_base(service: httpx.Client) -> None:
    """As in the files of its data; a query's own BASE goes before (SPARQL 1.1 Query, section 4.1.1.2)."""
    assert ask(service, "ASK { <id/claim/foundations-ipp-secure> a ev:Claim }").json()["boolean"] is True
    assert ask(service, "BASE <https://example.org/> ASK { <id/claim/foundations-ipp-secure> a ev:Claim }").json()["boolean"] is False
    assert bindings(ask(service, "SELECT (IRI('x') AS ?iri) {}")) == [{"iri": f"{BASE}x"}]


def test_prefixes_are_known_and_can_be_declared_anew(service: httpx.Client) -> None:
    assert ask(
        service, "ASK { claim:foundations-ipp-secure a ev:Claim ; skos:prefLabel ?label ; ev:claimedBy source:foundations }"
    ).is_success
    anew = ask(service, "PREFIX ev: <urn:x:> SELECT (STR(ev:a) AS ?iri) {}")
    assert bindings(anew) == [{"iri": "urn:x:a"}]


### Nothing is asked of others


@pytest.fixture
def listening() -> Iterator[tuple[int, list[str]]]:
    """A server of another host, so to say: its port, and a list that grows with each connection."""
    hits: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                hits.append("hit")
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1], hits
        ended.set()
        thread.join()


def test_the_listening_server_counts(listening: tuple[int, list[str]]) -> None:
    port, hits = listening
    socket.create_connection(("127.0.0.1", port)).close()
    time.sleep(0.3)
    assert hits == ["hit"]


def test_no_query_makes_a_request(service: httpx.Client, listening: tuple[int, list[str]]) -> None:
    port, hits = listening
    for address in (f"http://127.0.0.1:{port}/x", f"http://localhost:{port}/x", f"https://127.0.0.1:{port}/x"):
        answers = [
            ask(service, f"SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}"),
            ask(service, f"SELECT * {{ VALUES ?where {{ <{address}> }} SERVICE ?where {{ ?s ?p ?o }} }}"),
            ask(service, f"SELECT * {{ SERVICE SILENT <{address}> {{ ?s ?p ?o }} }}"),
            ask(service, f"SELECT * FROM <{address}> {{ ?s ?p ?o }}"),
            ask(service, f"SELECT * FROM NAMED <{address}> {{ GRAPH ?g {{ ?s ?p ?o }} }}"),
            ask(service, f"SELECT * {{ GRAPH <{address}> {{ ?s ?p ?o }} }}"),
            ask(service, f"DESCRIBE <{address}>", "text/turtle"),
            ask(service, "SELECT * { ?s ?p ?o }", **{"default-graph-uri": address}),
            ask(service, "SELECT * { GRAPH ?g { ?s ?p ?o } }", **{"named-graph-uri": address}),
        ]
        assert [answer.status_code for answer in answers] == [403, 400, 403, 200, 200, 200, 200, 200, 200]
        for answer in answers[:3]:
            assert "SERVICE" in answer.json()["detail"]
        assert not any(bindings(answer) for answer in (*answers[3:6], *answers[7:]))
    time.sleep(0.3)
    assert hits == []


def test_no_query_reads_a_file(service: httpx.Client) -> None:
    for query in ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", "SELECT * FROM NAMED <file:///etc/passwd> { GRAPH ?g { ?s ?p ?o } }"):
        assert bindings(ask(service, query)) == []
    refused = ask(service, "SELECT * { SERVICE <file:///etc/passwd> { ?s ?p ?o } }")
    assert refused.status_code == 403
    assert "root" not in refused.text


def test_the_word_service_elsewhere_calls_nobody(service: httpx.Client) -> None:
    values = '"SERVICE <x:y>" <x:SERVICE> service:a ev:service'
    query = f"PREFIX service: <urn:x:> SELECT ?service {{ VALUES ?service {{ {values} }} }} # SERVICE <x>"
    assert len(bindings(ask(service, query))) == 4


### Limits


@pytest.fixture(scope="module")
def narrow(serving: Any, awkward: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server with tight limits: a second, 200 MB, two long queries at once and two that wait, 20,000 bytes."""
    folder = tmp_path_factory.mktemp("narrow") / "base"
    shutil.copytree(awkward, folder, ignore=shutil.ignore_patterns("store"))
    settings = folder / "wherefrom.toml"
    limits = "query_seconds = 1.0\nresponse_seconds = 1.0\nquery_megabytes = 200\n"
    limits += "query_waiting = 2\nquery_fast_seconds = 0.05\nquery_bytes = 20_000"
    settings.write_text(settings.read_text("utf-8").replace("query_seconds = 10.0", limits), "utf-8")
    with serving(folder, awkward / "store", loud=True) as client:
        yield client


def test_a_query_that_takes_too_long_is_stopped(narrow: httpx.Client) -> None:
    start = time.monotonic()
    answer = ask(narrow, CROSS)
    assert time.monotonic() - start < 2
    assert answer.status_code == 503
    assert "limits.query_seconds" in answer.json()["detail"]
    assert answer.headers["retry-after"]
    assert still_answers(narrow)


def test_look_ups_go_on_beside_queries_that_take_too_long(narrow: httpx.Client) -> None:
    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(ask, narrow, CROSS) for _ in range(2)]
        time.sleep(0.2)
        longest = 0.0
        looked_up = 0
        while not all(one.done() for one in running):
            start = time.monotonic()
            assert narrow.get("/intervention/reading-together.ttl").status_code == 200
            assert narrow.get("/api/lineage?thing=claim/reading-together-words").status_code == 200
            longest = max(longest, time.monotonic() - start)
            looked_up += 1
        assert [one.result().status_code for one in running] == [503, 503]
    assert looked_up > 5
    assert longest < 0.8
    assert still_answers(narrow)


def test_a_query_that_takes_too_much_memory_is_stopped(serving: Any, awkward: Path, tmp_path: Path) -> None:
    folder = tmp_path / "base"
    shutil.copytree(awkward, folder, ignore=shutil.ignore_patterns("store"))
    settings = folder / "wherefrom.toml"
    settings.write_text(settings.read_text("utf-8").replace("query_seconds = 10.0", "query_seconds = 30.0\nquery_megabytes = 60"), "utf-8")
    with serving(folder, awkward / "store", loud=True) as service:
        answer = ask(service, HUNGRY)
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/query-lost"
        assert "memory" in answer.json()["detail"]
        assert answer.headers["retry-after"]
        assert still_answers(service)


@pytest.mark.parametrize("brackets", ["{}", "()", "[]"])
def test_a_query_nested_too_deeply_is_refused(service: httpx.Client, brackets: str) -> None:
    opening, closing = brackets
    inner = {"{}": "SELECT * {{ {} }}", "()": "SELECT * {{ FILTER({}1) }}", "[]": "SELECT * {{ ?s ?p {} }}"}[brackets]
    nested = opening * 3_000 + ("1" if brackets == "()" else "") + closing * 3_000
    answer = post(service, inner.format(nested).replace(")1)", "))"), QUERY)
    assert answer.status_code == 413
    assert "limits.query_nesting" in answer.json()["detail"]
    assert still_answers(service)


def test_a_query_nested_almost_too_deeply_is_answered(service: httpx.Client) -> None:
    assert bindings(ask(service, f"SELECT * {{ {'{' * 190} ?s a ev:Claim {'}' * 190} }} LIMIT 1"))
    assert bindings(ask(service, f"SELECT * {{ FILTER({'(' * 190}true{')' * 190}) }}")) == [{}]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { # ' \" <\n" + "{" * 3_000 + "}" * 3_000 + "}",
        "SELECT * { ?s ?p '''{''' ." + "{" * 3_000 + "}" * 3_000 + "}",
        "SELECT * { " + "\\u007B" * 3_000 + "\\u007D" * 3_000 + "}",
        "SELECT * { ?s ?p ?o FILTER(" + "!" * 5_000 + "true) }",
        "SELECT * { ?s " + "/".join(["ev:restsOn"] * 3_000) + " ?o }",
        "SELECT * { ?s ?p ?o FILTER(1" + "+1" * 5_000 + " > 0) }",
        "SELECT * {" + " UNION ".join(["{ ?s a ev:Claim }"] * 2_000) + "}",
    ],
)
def test_no_query_takes_the_service_with_it(service: httpx.Client, query: str) -> None:
    answer = post(service, query, QUERY, ROWS["json"][1])
    assert answer.status_code in (400, 413, 503)
    assert answer.json()["remedy"]
    assert still_answers(service)


def test_a_query_that_is_too_long_is_refused(narrow: httpx.Client) -> None:
    fitting, too_long = (f"ASK {{}} #{'x' * (20_000 - 8 + more)}" for more in (0, 1))
    assert post(narrow, fitting, QUERY).status_code == 200
    for answer in (post(narrow, too_long, QUERY), narrow.post("/sparql", data={"query": too_long}), ask(narrow, too_long)):
        assert answer.status_code == 413
        assert "limits.query_bytes" in answer.json()["detail"]


def test_too_many_at_once_are_turned_away(narrow: httpx.Client) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = [one.result() for one in [threads.submit(ask, narrow, CROSS) for _ in range(20)]]
    assert {answer.status_code for answer in answers} == {503}
    turned_away = [answer for answer in answers if answer.json()["type"] == "/problems/too-many-queries"]
    assert len(turned_away) >= 4  # 2 are evaluated and 2 wait for a second, then as many others
    assert all(int(answer.headers["retry-after"]) > 0 for answer in turned_away)
    assert still_answers(narrow)


### Large answers


def test_a_large_answer_is_whole(service: httpx.Client) -> None:
    answer = ask(service, "SELECT * { GRAPH ?g { ?s ?p ?o } }")
    assert len(answer.content) > 2 * STREAMED
    assert answer.headers["transfer-encoding"] == "chunked"
    assert len(bindings(answer)) == count(ask(service, NAMED))


def test_an_answer_is_sent_while_it_is_made(service: httpx.Client) -> None:
    query = "SELECT * { ?s ?p ?o . ?x a ev:Claim } LIMIT 200000"
    start = time.monotonic()
    with service.stream(
        "POST", "/sparql", data={"query": query}, headers={"Accept": ROWS["csv"][1], "Accept-Encoding": "identity"}
    ) as answer:
        parts = answer.iter_raw()
        size = len(next(parts))
        first = time.monotonic() - start
        size += sum(len(part) for part in parts)
        last = time.monotonic() - start
    assert size > 16 * STREAMED
    assert first < last / 2


def test_an_answer_that_is_cut_cannot_be_taken_for_whole(narrow: httpx.Client) -> None:
    """The status was sent before the time was up: the connection must end without the last chunk."""
    with pytest.raises(httpx.RemoteProtocolError):
        ask(narrow, "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    assert still_answers(narrow)


def test_clients_that_leave_early_do_not_use_up_the_pool(service: httpx.Client) -> None:
    for _ in range(6):
        with (
            httpx.Client(base_url=service.base_url, timeout=20) as leaving,
            leaving.stream(
                "GET", "/sparql", params={"query": "SELECT * { ?a ?b ?c . ?d ?e ?f }"}, headers={"Accept": ROWS["csv"][1]}
            ) as answer,
        ):
            next(answer.iter_raw())
    start = time.monotonic()
    assert all(still_answers(service) for _ in range(4))
    assert time.monotonic() - start < 5
