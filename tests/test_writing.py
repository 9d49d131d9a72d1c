"""Writing over HTTP: who may, what it does, what it refuses, and that it is whole or not at all."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from pyshacl import validate
from rdflib import PROV, RDF, SH, Graph, Literal, URIRef

from conftest import built_at
from wherefrom import starter, tokens
from wherefrom.build import canonical_nquads, current
from wherefrom.journal import last_id
from wherefrom.load import read_knowledge_base, with_union
from wherefrom.problems import BadParameter, NotAuthorized
from wherefrom.settings import Settings
from wherefrom.tokens import BadTokenFile, UnknownToken, make_token, owner, read_tokens
from writing_servers import GRAPH, THING, Served, serving

MORE = "https://example.org/id/graph/more"
RESULT = "https://example.org/id/result/reading-together-words-others"
TTL = {"Content-Type": "text/turtle"}
RUNAWAY = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a = ?i)"
NOTE = "http://www.w3.org/2004/02/skos/core#editorialNote"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "base"
    starter.create(folder)
    built_at(read_knowledge_base(folder), folder / ".wherefrom" / "store")
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    log = folder.parent / "log"
    with serving(folder, log) as found:
        yield found
        check_build(folder)
    assert "Traceback" not in log.read_text("utf-8")


@pytest.fixture(autouse=True)
def nothing_is_served_that_was_not_kept(served: Served, folder: Path) -> Iterator[None]:
    """After each test: what is served is the current build, and it holds the whole journal."""
    yield
    now = current(folder / ".wherefrom" / "store")
    assert now is not None
    assert served.digest() == now.digest
    assert now.head == last_id(folder, now.entries)


def check_build(folder: Path) -> None:
    """Check that the current build is what files and journal give when they are built anew."""
    now = current(folder / ".wherefrom" / "store")
    assert now is not None
    base = read_knowledge_base(folder)
    assert (now.fingerprint, now.entries) == (base.fingerprint, len(base.journal))
    assert now.nquads.read_bytes() == canonical_nquads(base.quads())
    assert set(ox.Store.read_only(str(now.store))) == set(_kept(with_union(base.quads())))
    assert now.graphs == {name: count for name, count in _counts(base.quads()).items() if count}


def _kept(quads: Iterator[ox.Quad]) -> ox.Store:
    store = ox.Store()
    store.extend(quads)
    return store


def _counts(quads: Iterator[ox.Quad]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for quad in set(quads):
        counts[quad.graph_name.value] = counts.get(quad.graph_name.value, 0) + 1  # type: ignore[union-attr]
    return dict(sorted(counts.items()))


def graph(served: Served, name: str = MORE) -> httpx.Response:
    return served.client.get("/graphs", params={"graph": name}, headers={"Accept": "application/n-triples"})


### Who may


@pytest.mark.parametrize(("method", "path"), [("POST", "/update"), *((m, f"/graphs?graph={MORE}") for m in ("PUT", "POST", "DELETE"))])
@pytest.mark.parametrize("shown", ["", "Basic YTpi", "Bearer", "Bearer wrong", "Bearer é"])
def test_who_shows_no_token_or_a_wrong_one_is_told_how(served: Served, method: str, path: str, shown: str) -> None:
    headers = {"Authorization": shown.encode()} if shown else {}
    answer = served.client.request(method, path, headers=headers, content=b"CLEAR NAMED")  # type: ignore[arg-type]
    assert answer.status_code == 401
    told = answer.headers["www-authenticate"]
    assert told.startswith('Bearer realm="')
    assert ('error="invalid_token"' in told) == shown.startswith("Bearer "), "one that shows no token is told no error (RFC 6750, 3.1)"


def test_a_token_is_kept_as_a_digest_and_belongs_to_one(tmp_path: Path) -> None:
    token, line = make_token("ada")
    other, second = make_token("bo@example.org")
    path = tmp_path / "tokens"
    path.write_text(f"# two\n{line}\n\n{second}\n", "utf-8")
    known = read_tokens(path)
    assert token not in path.read_text("utf-8")
    assert (owner(known, f"Bearer {token}"), owner(known, f"bearer  {other} ")) == ("ada", "bo@example.org")
    with pytest.raises(UnknownToken):
        owner(known, f"Bearer {token[:-1]}")
    with pytest.raises(NotAuthorized, match="no bearer token"):
        owner(known, token)


def test_every_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(tokens.hmac, "compare_digest", compare)
    made = [make_token(name) for name in "abc"]
    known = {line.split(":")[1]: line.split(":")[0] for _, line in made}
    assert owner(known, f"Bearer {made[0][0]}") == "a"
    assert len(compared) == 3


@pytest.mark.parametrize("content", ["ada", "ada:123", "a b:" + "0" * 64, "ada:" + "0" * 63 + "g", "\x00"])
def test_a_token_file_that_cannot_be_used_is_told_by_its_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokens").write_text(f"# first\n{content}\n", "utf-8")
    with pytest.raises(BadTokenFile, match="tokens:2"):
        read_tokens(tmp_path / "tokens")
    with pytest.raises(BadTokenFile, match="cannot be read"):
        read_tokens(tmp_path / "none")


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\n"])
def test_a_name_that_no_line_can_hold_is_refused(name: str) -> None:
    with pytest.raises(BadParameter):
        make_token(name)


def test_who_loses_his_line_may_not_write_any_more(served: Served, folder: Path) -> None:
    path = folder.parent / "tokens"
    kept = path.read_text("utf-8")
    path.write_text("", "utf-8")
    assert served.note("lost").status_code == 401
    path.write_text(kept, "utf-8")


### Updates


def rows(served: Served) -> set[tuple[str, str]]:
    return {(row["s"].rsplit("/", 1)[-1], row["o"]) for row in served.rows(f"SELECT ?s ?o {{ GRAPH <{MORE}> {{ ?s <{NOTE}> ?o }} }}")}


OTHER = THING.replace("words", "happier")
STEPS = [  # an update, and the notes in the graph afterwards
    (f'INSERT DATA {{ GRAPH <{MORE}> {{ <{THING}> skos:editorialNote "one"@en, "two"@en }} }}', {("words", "one"), ("words", "two")}),
    (f'DELETE DATA {{ GRAPH <{MORE}> {{ <{THING}> skos:editorialNote "two"@en }} }}', {("words", "one")}),
    (f"WITH <{MORE}> DELETE {{ ?s ?p ?o }} INSERT {{ <{OTHER}> ?p ?o }} WHERE {{ ?s ?p ?o }}", {("happier", "one")}),
    (
        f"COPY <{MORE}> TO <{MORE}2> ; MOVE <{MORE}2> TO <{MORE}3> ; CLEAR GRAPH <{MORE}> ;"
        f"ADD <{MORE}3> TO <{MORE}> ; DROP GRAPH <{MORE}3>",
        {("happier", "one")},
    ),
    (
        f'INSERT DATA {{ GRAPH <{MORE}> {{ <{THING}> skos:editorialNote "one"@en }} }} ;'
        f'INSERT {{ GRAPH <{MORE}> {{ ?s skos:editorialNote "both"@en }} }} WHERE {{ ?s skos:editorialNote "one"@en }}',
        {("happier", "one"), ("words", "one"), ("happier", "both"), ("words", "both")},
    ),
    (f'DELETE WHERE {{ GRAPH ?g {{ <{THING}> skos:editorialNote ?note }} }}', {("happier", "one"), ("happier", "both")}),
    (f"DROP SILENT GRAPH <{MORE}>", set()),
]  # fmt: skip


def test_operations_follow_one_another_and_each_is_told(served: Served, folder: Path) -> None:
    for text, expected in STEPS:
        before = served.digest()
        answer = served.update(text)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert rows(served) == {(f"reading-together-{name}", note) for name, note in expected}
        assert told["changed"] == (served.digest() != before)
        if told["changed"]:
            assert told["digest"] == served.digest()
            assert told["graphs"] == [MORE]
            assert told["number"] == len(read_knowledge_base(folder).journal)
            check_build(folder)


def test_a_form_is_taken_too_and_nothing_changed_is_no_entry(served: Served, folder: Path) -> None:
    entries = len(read_knowledge_base(folder).journal)
    answer = served.client.post("/update", data={"update": f"DELETE WHERE {{ GRAPH ?g {{ <{MORE}> ?p ?o }} }}"}, headers=served.may)
    assert (answer.status_code, answer.json()) == (200, {"changed": False})
    assert len(read_knowledge_base(folder).journal) == entries


REFUSED = [
    ("INSERT DATA { <x:a> <x:b> <x:c> }", 400, "default graph"),
    ("CLEAR ALL", 400, "default graph"),
    ("INSERT DATA { ?s ?p ?o }", 400, "error at"),
    ("CLEAR NAMED", 403, "not under"),
    ("INSERT DATA { GRAPH <https://w3id.org/wherefrom/ontology> { <x:a> <x:b> 1 } }", 403, "not under"),
    (f"LOAD <http://127.0.0.1:1/x> INTO GRAPH <{MORE}>", 403, "limits.service_hosts"),
    (f"LOAD SILENT <file:///etc/passwd> INTO GRAPH <{MORE}>", 403, "limits.service_hosts"),
    ("LOAD <http://127.0.0.1:1/x>", 400, "default graph"),
    ("INSERT { GRAPH <x:g> { ?s ?p ?o } } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 403, "limits.service_hosts"),
    ("INSERT DATA { GRAPH <x:g> { ", 400, "error at 1:"),
    ("DROP GRAPH <https://example.org/id/graph/none>", 400, "does not exist"),
    ("SELECT * { ?s ?p ?o }", 400, "error at"),
    (" ", 400, "empty"),
    (f"INSERT DATA {{ GRAPH <{MORE}> {{ <{THING}> skos:editorialNote [] }} }}", 422, "violation"),
    (f'INSERT DATA {{ GRAPH <{MORE}> {{ _:b skos:editorialNote "of nothing that has a name"@en }} }}', 422, "violation"),
    (f"INSERT DATA {{ GRAPH <{MORE}> {{ <{THING}> ev:about <https://example.org/id/intervention/none> }} }}", 422, "violation"),
    (f"INSERT DATA {{ GRAPH <{MORE}> {{ <{THING}> ev:abuot <https://example.org/id/intervention/reading-together> }} }}", 422, "violation"),
    (f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <{RESULT}> ev:value 46.0 }} }}", 422, "violation"),
    ("DELETE WHERE { GRAPH ?g { <https://example.org/id/arm/no-programme> ?p ?o } }", 422, "violation"),
    (
        f'INSERT DATA {{ GRAPH <{MORE}> {{ <{THING}> skos:editorialNote "fine"@en }} }} ;'
        f'INSERT DATA {{ GRAPH <{MORE}> {{ <{THING}> ev:about "x" }} }}',
        422,
        "violation",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "status", "told"), REFUSED, ids=[text[:40] for text, _, _ in REFUSED])
def test_what_is_refused_changes_nothing(served: Served, folder: Path, text: str, status: int, told: str) -> None:
    before, entries = served.digest(), len(read_knowledge_base(folder).journal)
    answer = served.update(text)
    assert answer.status_code == status, answer.text
    assert told in answer.json()["detail"]
    assert served.digest() == before
    assert len(read_knowledge_base(folder).journal) == entries
    assert not list((folder / ".wherefrom" / "store").glob("building-*"))


def test_422_has_the_report_of_shacl(served: Served) -> None:
    text = f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <{RESULT}> ev:value 46.0 }} }}"
    told = served.update(text).json()
    assert (told["type"], told["status"], told["report"]["conforms"]) == ("/problems/would-not-conform", 422, False)
    assert "arm-result-has-value" in {result["code"] for result in told["report"]["results"]}
    answer = served.update(text, {"Accept": "text/turtle"})
    assert answer.status_code == 422
    report = Graph().parse(data=answer.text, format="turtle")
    [node] = report.subjects(RDF.type, SH.ValidationReport)
    assert report.value(node, SH.conforms) == Literal(False)
    found = {(report.value(result, SH.focusNode), report.value(result, SH.sourceShape)) for result in report.objects(node, SH.result)}
    assert (URIRef(RESULT), URIRef("https://w3id.org/wherefrom/shapes#arm-result-has-value")) in found
    assert validate(report, shacl_graph=Graph())[0]


@pytest.mark.parametrize(
    ("headers", "path", "content", "status"),
    [
        ({"Content-Type": "text/plain"}, "/update", "CLEAR NAMED", 415),
        ({"Content-Type": ""}, "/update", "CLEAR NAMED", 415),
        ({"Content-Type": "application/sparql-query"}, "/update", "ASK {}", 415),
        ({"Content-Type": "application/sparql-update"}, f"/update?using-graph-uri={GRAPH}", "CLEAR NAMED", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "/update", "update=CLEAR+NAMED&update=CLEAR+NAMED", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "/update", f"update=CLEAR+NAMED&using-named-graph-uri={GRAPH}", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "/update", "query=ASK+{}", 400),
        ({"Content-Type": "application/sparql-update"}, "/update", b"\xff", 400),
        ({"Content-Type": "application/sparql-update"}, "/update", " " * 10_000_001, 413),
    ],
)
def test_requests_that_are_no_updates(served: Served, headers: dict[str, str], path: str, content: str, status: int) -> None:
    before = served.digest()
    assert served.client.post(path, content=content, headers={**served.may, **headers}).status_code == status
    assert served.digest() == before


@pytest.mark.parametrize(("method", "path"), [("POST", "/update"), ("PUT", f"/graphs?graph={MORE}")])
def test_a_write_that_is_too_large_is_refused(served: Served, method: str, path: str) -> None:
    headers = {"Content-Type": "application/sparql-update" if path == "/update" else "text/turtle", **served.may}
    answer = served.client.request(method, path, content=b" " * (Settings().write_bytes + 1), headers=headers)
    assert answer.status_code == 413
    assert "limits.write_bytes" in answer.json()["detail"]


def test_figures_keep_the_form_they_are_written_in(served: Served, folder: Path) -> None:
    """The store writes 45.0 as 45; the data, the downloads and the journal do not."""
    for figure in ("46.50", "45.0"):
        old, new = f"GRAPH ?g {{ <{RESULT}> ev:value ?v }}", f"GRAPH ?g {{ <{RESULT}> ev:value {figure} }}"
        assert served.update(f"DELETE {{ {old} }} INSERT {{ {new} }} WHERE {{ {old} }}").status_code == 200
        assert f'"{figure}"^^' in served.client.get("/dump/all.nq").text
        assert f'"{figure}"^^' in read_knowledge_base(folder).journal[-1].written().decode().split("\nA ")[1]
    assert '"46.50"^^' in read_knowledge_base(folder).journal[-1].written().decode().split("\nA ")[0]


def test_a_runaway_update_is_stopped(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "base"))
    settings = copy / "wherefrom.toml"
    settings.write_text(settings.read_text("utf-8").replace("[limits]", "[limits]\nwrite_seconds = 5.0"), "utf-8")
    with serving(copy, tmp_path / "log") as served:
        before = served.digest()
        answer = served.update(f'INSERT {{ GRAPH <{MORE}> {{ <{THING}> skos:editorialNote "x"@en }} }} WHERE {{ {RUNAWAY} }}')
        assert (answer.status_code, served.digest()) == (503, before)
        assert "limits.write_seconds" in answer.json()["detail"]
        assert served.note("after it").status_code == 200


### The Graph Store Protocol


def test_a_graph_is_put_extended_and_deleted(served: Served, folder: Path) -> None:
    named = {"graph": MORE}
    turtle = f'<{THING}> <{NOTE}> "one"@en .'
    assert graph(served).status_code == 404
    for content, status in ((turtle, 201), (turtle.replace("one", "two"), 200)):
        assert served.client.put("/graphs", params=named, content=content, headers={**TTL, **served.may}).status_code == status
    assert graph(served).text.strip() == f'<{THING}> <{NOTE}> "two"@en .'
    more = f'{{"@id": "{THING}", "{NOTE}": {{"@value": "three", "@language": "en"}}}}'
    answer = served.client.post(
        "/graphs", params=named, content=more, headers={"Content-Type": "application/ld+json; charset=utf-8", **served.may}
    )
    assert (answer.status_code, answer.json()["added"], answer.json()["removed"]) == (200, 1, 0)
    assert len(graph(served).text.splitlines()) == 2
    assert f'"three"@en <{MORE}>' in served.client.get("/dump/all.nq").text
    assert served.client.delete("/graphs", params=named, headers=served.may).status_code == 200
    assert graph(served).status_code == 404
    assert served.client.delete("/graphs", params=named, headers=served.may).status_code == 404
    assert read_knowledge_base(folder).journal[-1].operation == "delete"


def test_35_reading_graphs_is_open_to_all(served: Served) -> None:
    got = graph(served, GRAPH)
    assert got.status_code == 200
    assert got.headers["content-type"] == "application/n-triples"
    expected = {line.rsplit(" <", 1)[0] for line in served.client.get("/dump/all.nq").text.splitlines() if line.endswith(f"<{GRAPH}> .")}
    assert {line.removesuffix(" .") for line in got.text.splitlines()} == expected
    head = served.client.head("/graphs", params={"graph": GRAPH}, headers={"Accept": "application/n-triples"})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", got.headers["etag"])
    union = served.client.get("/graphs?default", headers={"Accept": "application/n-triples"})
    count = served.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[0]["n"]
    assert len(union.text.splitlines()) == int(count)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/graphs", 400),
        ("GET", "/graphs?default&graph=urn:x", 400),
        ("GET", "/graphs?graph=relative", 400),
        ("GET", "/graphs?graph=not%20an:iri", 400),
        ("GET", "/graphs?graph=urn:none", 404),
        ("PUT", "/graphs?default", 405),
        ("POST", "/graphs?default", 405),
        ("DELETE", "/graphs?default", 405),
        ("PUT", "/graphs", 400),
        ("PUT", "/graphs?graph=https://w3id.org/wherefrom/ontology", 403),
        ("DELETE", "/graphs?graph=https://w3id.org/wherefrom/scheme", 403),
        ("PUT", "/graphs?graph=urn:outside", 403),
        ("DELETE", f"/graphs?graph={GRAPH}", 422),
        ("PATCH", f"/graphs?graph={GRAPH}", 405),
    ],
)
def test_35_requests_of_graphs_that_are_refused(served: Served, method: str, path: str, status: int) -> None:
    before = served.digest()
    answer = served.client.request(method, path, content=f'<{THING}> <{NOTE}> "x"@en .', headers={**TTL, **served.may})
    assert answer.status_code == status, answer.text
    assert status != 405 or "GET" in answer.headers["allow"]
    assert served.digest() == before


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [
        ("text/plain", "<x:a> <x:b> <x:c> .", 415),
        ("application/n-quads", f"<{THING}> <{NOTE}> <x:c> <x:g> .", 415),
        ("", "", 415),
        ("text/turtle", "<x:a> <x:b> ", 400),
        ("text/turtle", b"\xff", 400),
        ("application/rdf+xml", "<a>", 400),
        ("text/turtle", f'<{THING}> <{NOTE}> "x"@en--ltr .', 400),
        ("text/turtle", f'<{THING}> <{NOTE}> _:b .', 422),
        ("text/turtle", f'[] <{NOTE}> "of nothing that has a name"@en .', 422),
    ],
)  # fmt: skip
def test_35_contents_that_are_refused(served: Served, content_type: str, content: str, status: int) -> None:
    before = served.digest()
    headers = {"Content-Type": content_type, **served.may}
    assert served.client.put("/graphs", params={"graph": MORE}, content=content, headers=headers).status_code == status
    assert served.digest() == before


def test_09_options_tell_the_methods(served: Served) -> None:
    answer = served.client.options("/graphs")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, PUT, POST, DELETE, OPTIONS")


def test_35_without_tokens_nothing_is_written(small: httpx.Client) -> None:
    for method in ("PUT", "POST", "DELETE"):
        answer = small.request(method, f"/graphs?graph={GRAPH}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert small.post("/update", content="CLEAR ALL", headers={"Authorization": "Bearer x"}).status_code == 403
    assert small.get("/graphs", params={"graph": GRAPH}).status_code == 200


### What it leaves behind


def test_pages_tags_and_downloads_follow(served: Served) -> None:
    path = "/claim/reading-together-words.ttl"
    before = served.client.get(path)
    dump = served.client.get("/dump/all.nq").headers["etag"]
    assert served.note("seen on the page").status_code == 200
    tags = {"If-None-Match": before.headers["etag"], "If-Modified-Since": before.headers["last-modified"]}
    after = served.client.get(path, headers=tags)
    assert after.status_code == 200
    assert served.client.get(path, headers={"If-Modified-Since": "Fri, 01 Jan 2027 00:00:00 GMT"}).status_code == 304
    assert "seen on the page" in after.text
    assert after.headers["etag"] != before.headers["etag"]
    assert served.client.get("/dump/all.nq").headers["etag"] != dump


def test_who_wrote_what_is_told(served: Served, folder: Path) -> None:
    assert served.note("told of").status_code == 200
    last = read_knowledge_base(folder).journal[-1]
    told = served.client.get("/changes.json").json()["changes"][-1]
    assert told == {
        "number": last.number, "by": "ada", "at": last.at, "operation": "update", "graphs": [GRAPH], "removed": 0, "added": 1,
        "before": last.before, "after": served.digest(),
    }  # fmt: skip
    graph = Graph().parse(data=served.client.get("/changes", headers={"Accept": "text/turtle"}).text, format="turtle")
    activity = URIRef(last.id)
    assert (activity, RDF.type, PROV.Activity) in graph
    assert (URIRef(f"urn:sha256:{last.after}"), PROV.wasGeneratedBy, activity) in graph
    page = served.client.get("/changes", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert re.search(rf"<td>{last.number}</td><td>{re.escape(last.at)}</td><td>ada</td>", page.text)


def test_a_secluded_process_makes_no_connection() -> None:
    code = "import socket; from wherefrom.web.seclusion import seclude; print(seclude()); open('/dev/null').close(); socket.socket()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout in ("True\n", "False\n")
    assert ("PermissionError" in ended.stderr) == (ended.stdout == "True\n")
