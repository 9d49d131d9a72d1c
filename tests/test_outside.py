"""Asking other hosts: none but those that the operator names, within limits, and what comes of it stands in the answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from conftest import built_at
from other_services import Answer, Asked, OtherService, evaluated, other_service
from wherefrom import starter
from wherefrom.federation import calls
from wherefrom.load import read_knowledge_base
from wherefrom.problems import BadQuery, BadSettings, NamesNoGraph, ServiceFailed
from wherefrom.settings import Settings, read_settings
from wherefrom.vocabulary import PREFIXES
from wherefrom.web.outside import _resolved
from writing_servers import THING, Served, serving

MORE = "https://example.org/id/graph/more"
NOTE = "http://www.w3.org/2004/02/skos/core#editorialNote"
KNOWN = f"""
    <{THING}> <urn:elsewhere:seen> 3 ; <urn:elsewhere:from> _:somewhere .
    <urn:elsewhere:other> <urn:elsewhere:seen> 4 .
"""
ENDLESS = threading.Event()  # set when the tests are over


def answer(asked: Asked) -> Answer:
    """What the other service says at each of its paths."""
    match asked.path:
        case "/sparql":
            store = ox.Store()
            store.load(KNOWN, ox.RdfFormat.TURTLE)
            return evaluated(store, asked.query)
        case "/notes.ttl":
            return Answer(f'<{THING}> <{NOTE}> "from elsewhere"@en .'.encode(), headers={"Content-Type": "text/turtle; charset=utf-8"})
        case "/page":
            return Answer(b"<html>", headers={"Content-Type": "text/html"})
        case "/wrong.ttl":
            return Answer(b"<a> <b>", headers={"Content-Type": "text/turtle"})
        case "/fails":
            return Answer(b"no", 500)
        case "/nonsense":
            return Answer(b'{"head": {}, "results"')
        case "/yes":
            return Answer(b'{"head": {}, "boolean": true}')
        case "/large":
            return Answer(b'{"head": {"vars": ["s"]}, "results": {"bindings": [' + b" " * 3000 + b"]}}")
        case "/endless":
            return Answer(dribble())
        case "/packed":
            return Answer(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    raise AssertionError(asked.path)


def dribble() -> Iterator[bytes]:
    while not ENDLESS.wait(0.1):
        yield b" "


@pytest.fixture(scope="module")
def strangers() -> Iterator[OtherService]:
    """A service that is not allowed."""
    with other_service(lambda asked: Answer(b'{"head": {"vars": []}, "results": {"bindings": [{}]}}')) as service:
        yield service


@pytest.fixture(scope="module")
def friends(strangers: OtherService) -> Iterator[OtherService]:
    """A service that is allowed; at one of its paths it sends people on to one that is not."""

    def said(asked: Asked) -> Answer:
        moved = {"Location": f"http://{strangers.host}/sparql"}
        return Answer(b"", 307, moved) if asked.path == "/moved" else answer(asked)

    with other_service(said) as service:
        yield service
        ENDLESS.set()


@pytest.fixture(scope="module")
def served(friends: OtherService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("asking") / "base"
    starter.create(folder)
    closed = "127.0.0.1:1"
    limits = f'service_hosts = ["{friends.host}", "{closed}"]\nservice_seconds = 2.0\nservice_bytes = 2_000\nservice_calls = 1\n'
    settings = folder / "wherefrom.toml"
    settings.write_text(settings.read_text("utf-8").replace("[limits]\n", f"[limits]\n{limits}"), "utf-8")
    built_at(read_knowledge_base(folder), folder / ".wherefrom" / "store")
    log = folder.parent / "log"
    with serving(folder, log) as found:
        yield found
    assert "Traceback" not in log.read_text("utf-8")


@pytest.fixture(autouse=True)
def no_stranger_is_asked(strangers: OtherService, friends: OtherService) -> Iterator[None]:
    friends.asked.clear()
    yield
    assert strangers.asked == []


def ask(served: Served, query: str) -> httpx.Response:
    return served.client.post("/sparql", data={"query": query}, headers={"Accept": "application/sparql-results+json"})


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].removeprefix("/problems/")


### Who is asked, and for what


def test_the_answer_of_a_service_is_joined_with_our_data(served: Served, friends: OtherService) -> None:
    elsewhere = f"SERVICE <http://{friends.host}/sparql> {{ ?claim far:seen ?n FILTER(?n < 4) }}"
    query = f"PREFIX far: <urn:elsewhere:> SELECT * {{ ?claim a ev:Claim . {elsewhere} }}"
    assert served.rows(query) == [{"claim": THING, "n": "3"}]
    [asked] = friends.asked
    assert (asked.method, asked.path, asked.headers["host"]) == ("POST", "/sparql", friends.host)
    assert asked.query.endswith("SELECT * WHERE { ?claim far:seen ?n FILTER(?n < 4) }")
    assert asked.headers["user-agent"].startswith("wherefrom/")
    assert not {"authorization", "cookie", "referer"} & asked.headers.keys()


def test_a_service_is_asked_anew_each_time_and_nobody_keeps_its_answer(served: Served, friends: OtherService) -> None:
    query = f"SELECT * {{ SERVICE <http://{friends.host}/sparql> {{ ?s <urn:elsewhere:seen> ?n }} }}"
    answers = [served.client.get("/sparql", params={"query": query}) for _ in range(2)]
    assert len(friends.asked) == 2
    assert {(answer.headers["cache-control"], answer.headers.get("etag")) for answer in answers} == {("no-store", None)}


def test_what_has_no_name_gets_one(served: Served, friends: OtherService) -> None:
    [row] = served.rows(f"SELECT * {{ SERVICE <http://{friends.host}/sparql> {{ ?s <urn:elsewhere:from> ?where }} }}")
    assert row["where"].startswith("https://example.org/.well-known/genid/0-")


def test_an_update_asks_a_service_in_its_pattern(served: Served, friends: OtherService) -> None:
    pattern = f"SERVICE <http://{friends.host}/sparql> {{ ?s <urn:elsewhere:seen> ?n }} ?s a ev:Claim"
    done = served.update(
        f'INSERT {{ GRAPH <{MORE}> {{ ?s skos:editorialNote ?text }} }} WHERE {{ {pattern} BIND(STRLANG(STR(?n), "en") AS ?text) }}'
    )
    assert done.json()["added"] == 1, done.text
    assert "3" in served.notes()


def test_a_document_is_loaded_into_a_graph(served: Served, friends: OtherService) -> None:
    done = served.update(f"LOAD <http://{friends.host}/notes.ttl> INTO GRAPH <{MORE}>; CLEAR SILENT GRAPH <{MORE}none>")
    assert (done.json()["added"], done.json()["graphs"]) == (1, [MORE]), done.text
    assert "from elsewhere" in served.notes()
    [asked] = friends.asked
    assert (asked.method, asked.path) == ("GET", "/notes.ttl")
    assert "text/turtle" in asked.headers["accept"]


def test_nothing_is_loaded_into_the_union(served: Served, friends: OtherService) -> None:
    assert problem(served.update(f"LOAD <http://{friends.host}/notes.ttl>")) == (400, "names-no-graph")
    assert friends.asked == []


def test_only_who_shows_a_token_has_a_document_loaded(served: Served, friends: OtherService) -> None:
    text = f"LOAD <http://{friends.host}/notes.ttl> INTO GRAPH <{MORE}>"
    assert problem(served.update(text, {"Authorization": "Bearer wrong"}))[0] == 401
    assert friends.asked == []


### Who is not


def refused_addresses(friends: OtherService, strangers: OtherService) -> list[str]:
    port = friends.host.rsplit(":", 1)[1]
    return [
        f"http://{strangers.host}/sparql",
        f"http://localhost:{port}/sparql",
        f"http://127.0.0.1.:{port}/sparql",
        f"http://127.1:{port}/sparql",
        f"http://[::1]:{port}/sparql",
        f"http://me@{friends.host}/sparql",
        f"http://{friends.host}@{strangers.host}/sparql",
        f"http://{strangers.host}/sparql?{friends.host}",
        "http://127.0.0.1/sparql",
        f"ftp://{friends.host}/sparql",
        "file:///etc/passwd",
        "urn:x",
    ]


@pytest.mark.parametrize("silent", ["", "SILENT "])
def test_no_other_host_is_asked(served: Served, friends: OtherService, strangers: OtherService, silent: str) -> None:
    for address in refused_addresses(friends, strangers):
        told = ask(served, f"SELECT * {{ SERVICE {silent}<{address}> {{ ?s ?p ?o }} }}")
        assert problem(told) == (403, "host-not-allowed"), address
        assert "limits.service_hosts" in told.json()["detail"]
        assert problem(served.update(f"LOAD {silent}<{address}> INTO GRAPH <{MORE}>")) == (403, "host-not-allowed"), address
    assert friends.asked == []


def test_nobody_is_asked_where_one_is_refused(served: Served, friends: OtherService, strangers: OtherService) -> None:
    both = f"SERVICE <http://{friends.host}/sparql> {{ ?s ?p ?o }} SERVICE <http://{strangers.host}/sparql> {{ ?s ?p ?o }}"
    assert problem(ask(served, f"SELECT * {{ {both} }}")) == (403, "host-not-allowed")
    assert friends.asked == []


def test_from_names_graphs_of_the_dataset_only(served: Served, friends: OtherService) -> None:
    address = f"http://{friends.host}/notes.ttl"
    for query in (f"SELECT * FROM <{address}> {{ ?s ?p ?o }}", f"SELECT * FROM NAMED <{address}> {{ GRAPH ?g {{ ?s ?p ?o }} }}"):
        assert served.rows(query) == []
    told = served.client.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }", "default-graph-uri": address})
    assert told.status_code == 200
    using = f"INSERT {{ GRAPH <{MORE}> {{ ?s ?p ?o }} }} USING <{address}> WHERE {{ ?s ?p ?o }}"
    assert served.update(using).json()["changed"] is False
    assert friends.asked == []


def test_a_service_that_a_variable_stands_for_is_not_asked(served: Served, friends: OtherService) -> None:
    query = f"SELECT * {{ VALUES ?who {{ <http://{friends.host}/sparql> }} SERVICE ?who {{ ?s ?p ?o }} }}"
    assert problem(ask(served, query)) == (400, "bad-query")
    assert friends.asked == []


@pytest.mark.parametrize("hidden", ["SERV\\u0049CE", "S\\u0045RVICE"])
def test_an_escape_hides_no_call(served: Served, strangers: OtherService, friends: OtherService, hidden: str) -> None:
    for host in (strangers.host, friends.host):
        assert ask(served, f"SELECT * {{ {hidden} <http://{host}/sparql> {{ ?s ?p ?o }} }}").status_code == 400
    assert friends.asked == []


### What goes wrong elsewhere


FAILING = [
    ("/fails", "answered 500"),
    ("/moved", "answered 307. Redirections are not followed"),
    ("/nonsense", "no answer in SPARQL JSON"),
    ("/yes", "no answer in SPARQL JSON"),
    ("/large", "more than 2,000 bytes (limits.service_bytes)"),
    ("/packed", "a coding that it was not asked for"),
    ("/endless", "longer than 2 seconds (limits.service_seconds)"),
]


@pytest.mark.parametrize(("path", "told"), FAILING)
def test_a_service_that_fails_is_told_and_silent_does_without(served: Served, friends: OtherService, path: str, told: str) -> None:
    failed = ask(served, f"SELECT * {{ SERVICE <http://{friends.host}{path}> {{ ?s ?p ?o }} }}")
    assert problem(failed) == (502, "service-failed")
    assert told in failed.json()["detail"]
    silent = f"SELECT * {{ VALUES ?claim {{ <{THING}> }} SERVICE SILENT <http://{friends.host}{path}> {{ ?s ?p ?o }} }}"
    assert served.rows(silent) == [{"claim": THING}]


def test_who_cannot_be_reached_is_told(served: Served) -> None:
    failed = ask(served, "SELECT * { SERVICE <http://127.0.0.1:1/sparql> { ?s ?p ?o } }")
    assert problem(failed) == (502, "service-failed")
    assert failed.json()["detail"] == "127.0.0.1 cannot be asked: ConnectError."


@pytest.mark.parametrize(("path", "told"), [("/page", "text/html"), ("/wrong.ttl", "does not parse"), ("/fails", "500"), ("/moved", "307")])
def test_what_cannot_be_loaded_changes_nothing(served: Served, friends: OtherService, path: str, told: str) -> None:
    before = served.digest()
    failed = served.update(f"LOAD <http://{friends.host}{path}> INTO GRAPH <{MORE}>")
    assert problem(failed) == (502, "service-failed")
    assert told in failed.json()["detail"]
    assert served.update(f"LOAD SILENT <http://{friends.host}{path}> INTO GRAPH <{MORE}>").json() == {"changed": False}
    assert served.digest() == before


def test_who_asks_too_much_at_once_waits_and_is_turned_away(served: Served, friends: OtherService) -> None:
    slow = f"SELECT * {{ SERVICE <http://{friends.host}/endless> {{ ?s ?p ?o }} }}"
    with ExitStack() as stack:
        told: list[httpx.Response] = []
        for _ in range(3):
            thread = threading.Thread(target=lambda: told.append(ask(served, slow)))
            thread.start()
            stack.callback(thread.join)
        assert served.rows(f"SELECT ?kind {{ <{THING}> a ?kind }}")
        assert len(told) < 3, "others go on meanwhile"
    kinds = [problem(response) for response in told]
    assert (503, "too-many-queries") in kinds
    turned_away = next(response for response in told if response.status_code == 503)
    assert "limits.service_calls" in turned_away.json()["detail"]
    assert turned_away.headers["retry-after"]


def test_the_description_tells_who_may_be_asked(served: Served, friends: OtherService) -> None:
    assert friends.host in served.client.get("/sparql", headers={"Accept": "text/turtle"}).text


### Names


@pytest.mark.parametrize(("host", "ip", "refused"), [
    ("far.example.org", "93.184.216.34", False), ("far.example.org", "127.0.0.1", True), ("far.example.org", "10.1.2.3", True),
    ("far.example.org", "169.254.169.254", True), ("far.example.org", "::ffff:127.0.0.1", True), ("localhost", "127.0.0.1", False),
    ("store", "172.18.0.3", False), ("127.0.0.1", "127.0.0.1", False),
])  # fmt: skip
def test_a_name_of_others_leads_to_no_address_of_this_house(monkeypatch: pytest.MonkeyPatch, host: str, ip: str, refused: bool) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80))])
    address = httpx.URL(f"http://{host}/sparql")
    if refused:
        with pytest.raises(ServiceFailed, match="not public"):
            asyncio.run(_resolved(address))
    else:
        assert asyncio.run(_resolved(address)) == ip


@pytest.mark.parametrize(
    "hosts",
    ['"example.org"', '["http://example.org"]', '["example.org/sparql"]', '["*.example.org"]', "[80]", '[""]', '["a b"]', '["me@a"]'],
)
def test_what_is_no_host_is_told_with_its_line(tmp_path: Path, hosts: str) -> None:
    (tmp_path / "wherefrom.toml").write_text(f"[limits]\nservice_hosts = {hosts}\n")
    with pytest.raises(BadSettings, match=r"wherefrom.toml:2: .*(list of host names|no name of a host)"):
        read_settings(tmp_path)


def test_hosts_are_read_in_small_letters(tmp_path: Path) -> None:
    (tmp_path / "wherefrom.toml").write_text('[limits]\nservice_hosts = ["SPARQL.Example.org", "localhost:7878", "[::1]:80"]\n')
    assert read_settings(tmp_path).service_hosts == ("sparql.example.org", "localhost:7878", "[::1]:80")
    assert Settings().service_hosts == ()


### The calls in a text


def found(text: str) -> list[tuple[str, str, bool]]:
    return [(text[call.start : call.end], call.address, call.silent) for call in calls(text, PREFIXES, "urn:b:", update=True)]


@pytest.mark.parametrize(("text", "expected"), [
    ("SELECT * { SERVICE <urn:a> { ?s ?p '}' } ?x ?y ?z }", [("SERVICE <urn:a> { ?s ?p '}' }", "urn:a", False)]),
    ("PREFIX e: <urn:e:> ASK { service silent e:a{SERVICE <urn:b>{}} }", [("service silent e:a{SERVICE <urn:b>{}}", "urn:e:a", True)]),
    ("LOAD <urn:a> INTO GRAPH <urn:g> ; LOAD SILENT <urn:b> INTO GRAPH <urn:h>",
     [("LOAD <urn:a> INTO GRAPH <urn:g>", "urn:a", False), ("LOAD SILENT <urn:b> INTO GRAPH <urn:h>", "urn:b", True)]),
    ("PREFIX e: <urn:1> CLEAR NAMED ; PREFIX e: <urn:2> LOAD e:a INTO GRAPH e:g", [("LOAD e:a INTO GRAPH e:g", "urn:2a", False)]),
    ("SELECT ?service { ?service service:load 'SERVICE <urn:a> {}' } # SERVICE <urn:a> {}", []),
    ("SELECT * { SERVICE", []), ("SELECT * { SERVICE <urn:a>", []),
    ("SELECT * { SERVICE <urn:a> {", []),
    ("LOAD", []), ("PREFIX SERVICE", []),
])  # fmt: skip
def test_calls_are_found_where_they_are(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert found(text) == expected


def test_what_cannot_be_done_is_told() -> None:
    with pytest.raises(BadQuery, match="a variable stands for"):
        found("SELECT * { SERVICE ?x { } }")
    with pytest.raises(NamesNoGraph):
        found("LOAD <urn:a>")
