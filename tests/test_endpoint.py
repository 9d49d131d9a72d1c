"""`serve --store URL`: what an endpoint holds is served as a build is. Here the endpoint is our own; `make test-stores` has others."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from rdflib import XSD, Literal

from behind import DUPLICATES
from conftest import EndpointOf, Serving, built_at
from made_up import ID, store_of
from wherefrom import starter
from wherefrom.build import Build
from wherefrom.cli import main
from wherefrom.endpoint import Held, held, look
from wherefrom.load import KnowledgeBase, read_knowledge_base
from wherefrom.nquads import as_kept
from wherefrom.problems import EndpointUnusable
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV
from wherefrom.web import watching
from wherefrom.web.app import application
from wherefrom.web.metrics import Metrics
from wherefrom.web.watching import Watcher
from writing_servers import THING
from writing_servers import serving as serving_writer

PLACES = ("service",)
JSON = {"Accept": "application/sparql-results+json"}
SAME = [
    "/",
    "/claim",
    "/scheme",
    "/ontology",
    "/ontology.ttl",
    "/shapes.ttl",
    "/vocabulary",
    "/intervention/ipp",
    "/outcome/attachment-security",
    "/source/foundations",
    "/study/rochester-maltreated-infants",
    "/publication/cicchetti-2006",
    "/claim/foundations-ipp-secure.ttl",
    "/claim/foundations-ipp-secure.trig",
    "/claim/foundations-ipp-secure.jsonld",
    "/claim/foundations-ipp-secure.rdf",
    "/map",
    "/sitemap.xml",
    "/context.jsonld",
    "/.well-known/api-catalog",
    "/graphs?graph=https://w3id.org/wherefrom/id/graph/curation",
    "/dump/graph/curation.nt",
    "/api/lineage?thing=claim/foundations-ipp-secure",
    "/api/lineage?thing=study/rochester-maltreated-infants&format=turtle",
    "/api/impact?withdraw=publication/lieberman-1991",
    "/api/independence?thing=outcome/attachment-security",
    "/api/overlap",
    "/api/discrepancies",
    "/api/unsupported",
    "/api/keystones",
    "/api/map",
    "/api/citations",
    "/api/checks",
    "/api/paths?from=claim/foundations-ipp-secure&to=publication/cicchetti-2006",
    "/sparql?name=who-can-deliver",
    "/nothing",
]


KNOWN = {  # how often a property is used
    ("virtuoso", "/ontology"): DUPLICATES,
    ("virtuoso", "/vocabulary"): DUPLICATES,
}


@pytest.fixture(scope="session")
def plain(serving: Serving, repository: Path, built: Build) -> Iterator[httpx.Client]:
    with serving(repository, built.folder.parent) as client:
        yield client


@pytest.fixture(scope="session")
def behind(
    place: str, plain: httpx.Client, serving: Serving, repository: Path, built: Build, endpoint_of: EndpointOf
) -> Iterator[httpx.Client]:
    endpoint = str(plain.base_url.join("/sparql")) if place == "service" else endpoint_of(place, built)
    with serving(repository, endpoint, loud=True) as client:
        yield client


def comparable(answer: httpx.Response, version: str) -> str:
    """Return an answer without the version of the data and the date in the footer, which are of the build or of the endpoint."""
    return re.sub(r"built \d{4}-\d\d-\d\d", "built", answer.text.replace(version, "DIGEST").replace(version[:12], "VERSION"))


@pytest.mark.parametrize("path", SAME)
def test_a_page_or_answer_is_the_same_from_a_build_and_behind_an_endpoint(
    plain: httpx.Client, behind: httpx.Client, path: str, place: str, request: pytest.FixtureRequest
) -> None:
    if (place, path) in KNOWN:
        request.applymarker(pytest.mark.xfail(reason=KNOWN[place, path], strict=True))
    accept = {"Accept": "text/html"} if "." not in path and not path.startswith(("/api/", "/graphs")) else {}
    found, wanted = (
        (answer.status_code, answer.headers.get("content-type"), comparable(answer, client.get("/health").json()["data"]))
        for client in (behind, plain)
        for answer in [client.get(path, headers=accept)]
    )
    assert found == wanted
    assert found[0] == (404 if path == "/nothing" else 200)


def test_a_download_has_every_statement_with_numbers_as_the_endpoint_has_them(behind: httpx.Client, kb: KnowledgeBase, place: str) -> None:
    found = set(ox.parse(behind.get("/dump/all.nq").content, ox.RdfFormat.N_QUADS))
    if place == "virtuoso":  # other forms of its own: 1.50 for 1.5, and the like
        assert len(found) == len(set(kb.quads()))
    else:
        assert found == {as_kept(quad) for quad in kb.quads()}
    lines = behind.get("/dump/all.nq").content.splitlines()
    assert lines == sorted(set(lines))
    one = behind.get("/dump/graph/curation.nq").content.splitlines()
    assert set(one) < set(lines)


def test_a_query_is_answered_in_every_format(plain: httpx.Client, behind: httpx.Client) -> None:
    for query, formats in (
        (
            "SELECT ?s ?label { ?s a ev:Intervention ; skos:prefLabel ?label } ORDER BY ?label",
            ("json", "xml", "csv", "tab-separated-values"),
        ),
        ("ASK { <id/intervention/ipp> a ev:Intervention }", ("json", "xml")),
        ("CONSTRUCT { ?s a ev:Study } WHERE { ?s a ev:Study }", ("turtle", "n-triples", "rdf+xml", "ld+json")),
        ("DESCRIBE <https://w3id.org/wherefrom/scheme/design/rct>", ("n-triples",)),
    ):
        for form in formats:
            name = f"sparql-results+{form}" if form in ("json", "xml") else form
            kind = "text" if form in ("csv", "tab-separated-values", "turtle") else "application"
            answers = [client.get("/sparql", params={"query": query}, headers={"Accept": f"{kind}/{name}"}) for client in (behind, plain)]
            assert {answer.status_code for answer in answers} == {200}
            if not query.startswith("DESCRIBE"):  # engines describe as they like
                found, wanted = (sorted(answer.text.split("\n")) for answer in answers)
                assert found == wanted or form in ("turtle", "rdf+xml", "ld+json")
            assert answers[0].headers["content-type"] == answers[1].headers["content-type"]
            assert len(answers[0].content) > 10


def ask(client: httpx.Client, query: str, **more: object) -> httpx.Response:
    return client.get("/sparql", params={"query": query, **more}, headers=JSON)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * { SERVICE <%s> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * FROM <%s> { ?s ?p ?o }", "no graph of this dataset"),
        ("PREFIX x: <%s/> SELECT * FROM NAMED x:g { GRAPH ?g { ?s ?p ?o } }", "no graph of this dataset"),
        ("PREFIX NAMED: <%s/> PREFIX : <https://w3id.org/wherefrom/id/graph/> SELECT * FROM NAMED:curation { ?s ?p ?o }", "no graph"),
        ("SELECT * FROM# <\n<%s> { ?s ?p ?o }", "no graph of this dataset"),
        ("SELECT (<bif:http_get>('%s') AS ?x) {}", "not supported"),
        ("PREFIX b: <bif:> SELECT (b:http_get('%s') AS ?x) {}", "not supported"),
        ("SELECT (<\\u0062if:http_get>('%s') AS ?x) {}", "not supported"),
        ("define get:soft 'soft' SELECT * FROM <%s> { ?s ?p ?o }", "expected"),
        ("LOAD <%s>", "expected"),
        ("SELECT (bif:http_get('%s') AS ?x) {}", "expected"),
    ],
)
def test_nothing_is_sent_on_that_would_make_a_request(behind: httpx.Client, query: str, told: str) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.1)
        answer = ask(behind, query.replace("%s", f"http://127.0.0.1:{listening.getsockname()[1]}/x"))
        assert answer.status_code == (403 if told == "SERVICE" else 400)
        assert told in answer.json()["detail"]
        with pytest.raises(TimeoutError):
            listening.accept()


def test_graphs_that_the_endpoint_holds_may_be_named(behind: httpx.Client, kb: KnowledgeBase) -> None:
    graph = "https://w3id.org/wherefrom/id/graph/curation"
    wanted = len({quad for quad in kb.quads() if quad.graph_name == ox.NamedNode(graph)})
    count = "SELECT (COUNT(*) AS ?n)"
    for answer in (
        ask(behind, f"{count} FROM <{graph}> {{ ?s ?p ?o }}"),
        ask(behind, f"PREFIX g: <https://w3id.org/wherefrom/id/graph/> {count} FROM g:curation {{ ?s ?p ?o }}"),
        ask(behind, f"{count} FROM NAMED <{graph}> {{ GRAPH ?g {{ ?s ?p ?o }} }}"),
        ask(behind, f"{count} {{ ?s ?p ?o }}", **{"default-graph-uri": graph}),
    ):
        assert answer.json()["results"]["bindings"][0]["n"]["value"] == str(wanted)
    refused = ask(behind, f"{count} {{ ?s ?p ?o }}", **{"default-graph-uri": "https://example.org/elsewhere"})
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/bad-query")


def test_what_needs_a_build_says_so(behind: httpx.Client) -> None:
    written = behind.post("/update", content="CLEAR ALL", headers={"Content-Type": "application/sparql-update"})
    assert (written.status_code, "written there" in written.json()["detail"]) == (403, True)
    report = behind.get("/validation.json")
    assert (report.status_code, "SPARQL endpoint" in report.json()["detail"]) == (404, True)
    assert behind.get("/validation", headers={"Accept": "text/html"}).status_code == 200
    assert behind.get("/changes.json").json() == {"changes": []}
    assert behind.get("/ready").status_code == 200


def test_limits_and_tags_are_as_ever(behind: httpx.Client) -> None:
    first = behind.get("/claim/foundations-ipp-secure.ttl")
    assert behind.get("/claim/foundations-ipp-secure.ttl", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert ask(behind, f"SELECT * {{ FILTER ({'(' * 300}1{')' * 300}) }}").status_code == 413
    assert ask(behind, "SELECT * {").status_code == 400


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--token-file", "tokens"), 2, "--token-file is for a store that is built here"),
        (("--reload",), 2, "--reload is for a store that is built here"),
    ],
)
def test_what_an_endpoint_cannot_do_is_refused(
    plain: httpx.Client, repository: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], code: int, told: str
) -> None:
    assert main(["--kb", str(repository), "serve", "--store", str(plain.base_url.join("/sparql")), *options]) == code
    assert told in capsys.readouterr().err


def test_an_endpoint_with_other_things_or_none_at_all_is_refused(
    plain: httpx.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    starter.create(tmp_path / "base")
    assert main(["--kb", str(tmp_path / "base"), "serve", "--store", str(plain.base_url.join("/sparql"))]) == 3
    assert "the data at the endpoint begin with https://w3id.org/wherefrom/" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert main(["--kb", str(tmp_path / "base"), "serve", "--store", f"http://127.0.0.1:{taken.getsockname()[1]}/"]) == 3
    assert "does not answer" in capsys.readouterr().err


class Tampering:
    """A server between us and the endpoint, as one meets them: it passes on until it is told to be slow, or to break off."""

    def __init__(self, endpoint: str) -> None:
        self.mode = "pass"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name: self.headers[name] for name in ("content-type", "accept")}
                answer = httpx.post(endpoint, content=body, headers=headers, timeout=60)
                content = answer.content
                if b"marked" in body and outer.mode == "slow":
                    time.sleep(30)
                if b"marked" in body and outer.mode == "break":
                    content = content[: len(content) // 2]
                if b"marked" in body and outer.mode == "page":
                    content = b"<html>"
                self.send_response(500 if b"marked" in body and outer.mode == "fail" else answer.status_code)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/sparql"


@pytest.fixture(scope="module")
def tampering(small: httpx.Client) -> Iterator[Tampering]:
    made = Tampering(str(small.base_url.join("/sparql")))
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def impatient(serving: Serving, awkward: Path, tampering: Tampering, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("impatient") / "base"
    shutil.copytree(awkward, folder, ignore=shutil.ignore_patterns("store"))
    settings = folder / "wherefrom.toml"
    settings.write_text(settings.read_text("utf-8").replace("query_seconds = 10.0", "query_seconds = 3.0"), "utf-8")
    with serving(folder, tampering.address) as client:
        yield client


MARKED = "SELECT ?marked ?p ?o { ?marked ?p ?o }"


@pytest.mark.parametrize(
    ("mode", "status", "slug"),
    [
        ("pass", 200, ""),
        ("slow", 503, "query-timeout"),
        ("break", 502, "endpoint-unusable"),
        ("page", 502, "endpoint-unusable"),
        ("fail", 502, "endpoint-unusable"),
    ],
)
def test_an_endpoint_that_fails_or_does_not_end_is_told(
    impatient: httpx.Client, tampering: Tampering, mode: str, status: int, slug: str
) -> None:
    tampering.mode = mode
    begun = time.monotonic()
    answer = ask(impatient, f"{MARKED} # {mode}")
    assert time.monotonic() - begun < 15
    assert answer.status_code == status
    if slug:
        assert answer.json()["type"] == f"/problems/{slug}"
        assert answer.headers["retry-after"]
        assert tampering.address not in answer.text
    tampering.mode = "pass"
    assert ask(impatient, f"{MARKED} LIMIT 1").status_code == 200


def test_more_rows_than_allowed_are_refused(serving: Serving, small: httpx.Client, awkward: Path, tmp_path: Path) -> None:
    shutil.copytree(awkward, tmp_path / "base", ignore=shutil.ignore_patterns("store"))
    settings = tmp_path / "base" / "wherefrom.toml"
    settings.write_text(settings.read_text("utf-8").replace("[limits]", "[limits]\nquery_rows = 20"), "utf-8")
    with serving(tmp_path / "base", small.base_url.join("/sparql")) as client:
        refused = ask(client, "SELECT * { ?s ?p ?o }")
        assert (refused.status_code, "limits.query_rows" in refused.json()["detail"]) == (413, True)
        graph = client.get("/sparql", params={"query": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"}, headers={"Accept": "text/turtle"})
        assert graph.status_code == 413


### What tells that the data are others


def of(*values: Literal) -> EmbeddedStore:
    quads = [ox.Quad(ox.NamedNode(ID["a"]), ox.NamedNode(EV.value), ox.Literal(str(value)), ox.NamedNode(ID["g"])) for value in values]
    return EmbeddedStore.of(quads)


def test_another_statement_shows_in_the_digest_and_the_same_ones_do_not() -> None:
    one, other = of(Literal("40.9")), of(Literal("41.9"))
    assert look(one, "now", thorough=True) == look(of(Literal("40.9")), "now", thorough=True)
    assert look(one, "now", thorough=True).graphs == {str(ID["g"]): 1}
    assert look(one, "now", thorough=True).digest != look(other, "now", thorough=True).digest
    assert look(one, "now", thorough=False) == look(other, "now", thorough=False), "what counting alone does not see"
    assert look(one, "now", thorough=False) != look(of(Literal("1"), Literal("2")), "now", thorough=False)


def test_the_date_of_the_last_curation_is_told() -> None:
    when = Literal("2026-01-02T03:04:05Z", datatype=XSD.dateTime, normalize=False)
    said = f"<{ID['c']}> a <{EV.CurationActivity}> ; <http://www.w3.org/ns/prov#endedAtTime> {when.n3()} ."
    store = EmbeddedStore.of(ox.Quad(*quad.triple, ox.NamedNode(ID["g"])) for quad in ox.parse(said, ox.RdfFormat.TURTLE))
    assert look(store, "now", thorough=False).curated == str(when)
    assert look(store_of([]), "now", thorough=False).curated == "now"


def test_what_changed_meanwhile_is_not_sent_as_one_version(plain: httpx.Client, kb: KnowledgeBase, tmp_path: Path) -> None:
    endpoint = str(plain.base_url.join("/sparql"))
    made: Held = held(
        endpoint,
        look(EmbeddedStore.of(kb.quads()), "now", thorough=False),
        kb.shapes,
        tmp_path,
    )
    graph = "https://w3id.org/wherefrom/id/graph/curation"
    assert len(list(made.lines(frozenset([graph])))) == made.graphs[graph]
    wrong = Held(endpoint, "", {graph: made.graphs[graph] + 1}, "", tmp_path / "other")
    wrong.folder.mkdir()
    with pytest.raises(EndpointUnusable, match="changed"):
        wrong.lines()
    assert made.nquads is None


def test_a_change_at_the_endpoint_is_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PAUSE", 0.2)
    folder = tmp_path / "base"
    starter.create(folder)
    built_at(read_knowledge_base(folder), folder / ".wherefrom" / "store")
    with serving_writer(folder, tmp_path / "log") as writer:
        address = str(writer.client.base_url.join("/sparql"))
        asyncio.run(
            _watch(
                Watcher(folder, Path(), partial(application, figures=Metrics()), watch=True, endpoint=address), lambda: writer.note("new")
            )
        )


async def _watch(watcher: Watcher, change: Callable[[], httpx.Response]) -> None:
    await watcher.start()
    transport = httpx.ASGITransport(app=watcher)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
        page = THING.replace("https://example.org/id", "") + ".ttl"
        first = await client.get(page)
        assert (await asyncio.to_thread(change)).status_code == 200
        until = time.monotonic() + 60
        while (then := await client.get(page, headers={"If-None-Match": first.headers["etag"]})).status_code == 304:
            assert time.monotonic() < until, "the change was not seen"
            await asyncio.sleep(0.1)
        assert "new" in then.text
        assert "new" not in first.text
        settings = watcher.folder / "wherefrom.toml"
        settings.write_text(settings.read_text("utf-8").replace("title = ", 'title = "Renamed" # '), "utf-8")
        signal.raise_signal(signal.SIGHUP)
        while (await client.get(page)).headers["etag"] == then.headers["etag"]:
            assert time.monotonic() < until, "SIGHUP did not have the settings read"
            await asyncio.sleep(0.1)
    await watcher.stop()
