"""Whatever a client sends, the service answers, never with 500, and tells nothing of the machine it runs on."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from wherefrom.query import questions

TELLING = re.compile(r"Traceback|File \"|/home/|/root/|/tmp/|/usr/|site-packages|\.py\b|0x[0-9a-f]{8}")
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
WORDS = [
    "SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "WHERE", "{", "}", "(", ")", "[", "]", "*", "?s", "?p", "?o", "$x", "a", ".", ";", ",", "|",
    "/", "^",
    "+", "!", "=", "<", ">", "<x:y>", "<http://[/>", "ev:Claim", "nope:x", '"a"', "'b'@en", '"c"^^xsd:integer', "1.5e3", "true", "FILTER",
    "OPTIONAL",
    "UNION", "MINUS", "GRAPH", "BIND", "AS", "VALUES", "UNDEF", "SERVICE", "SILENT", "FROM", "NAMED", "<file:///etc/passwd>", "PREFIX",
    "BASE",
    "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "10", "-1", "COUNT", "SUM", "GROUP_CONCAT", "REGEX", "(a{1,9}){1,9}", "NOW()",
    "IRI", "LOAD",
    "INSERT DATA", "DELETE", "<<", ">>", "<<(", ")>>", "_:b", "#", "\n", "\\u0000", "\\uD800", "'''", '"""', "\0", "\ud800", "é", "𝒳",
]  # fmt: skip
QUERIES = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    st.builds(
        lambda text, start, length, new: text[:start] + new + text[start + length :],
        st.sampled_from([question.text for question in questions().values()]), st.integers(0, 600), st.integers(0, 20),
        st.sampled_from(WORDS),
    ),
)  # fmt: skip
ACCEPTS = st.one_of(
    st.sampled_from(["*/*", "text/html", "text/turtle", "application/sparql-results+xml", "text/csv", ";q=1", "a/b;q=nan", "*/*;q=-1,,,"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip),
)


def check(status: int, text: str) -> None:
    """An answer is no fault of ours, or the one kind that is nobody's: too much at once, or too long."""
    assert status in range(200, 500) or (status == 503 and "limits." in text), (status, text[:500])
    if status >= 400:
        assert not TELLING.search(text), text[:500]


@pytest.fixture(scope="module")
def api(small: httpx.Client) -> Any:
    return schemathesis.openapi.from_dict(small.get("/openapi.json").json())


@pytest.mark.parametrize("mode", GenerationMode)
@given(data=st.data())
@FEW
def test_every_operation_answers_what_its_description_allows_and_what_it_does_not(
    small: httpx.Client, api: Any, mode: GenerationMode, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from([found.ok() for found in api.get_all_operations()]), label="operation")
    case = data.draw(operation.as_strategy(generation_mode=mode))
    answer = case.call(base_url=str(small.base_url))
    check(answer.status_code, answer.text)


@given(QUERIES, ACCEPTS, st.sampled_from(["GET", "form", "body"]))
@FEW
def test_any_text_may_be_sent_as_a_query(small: httpx.Client, query: str, accept: str, way: str) -> None:
    content = query.encode("utf-8", "surrogatepass")
    if way == "GET":
        answer = small.get(f"/sparql?query={quote(content)}", headers={"Accept": accept})
    else:
        kind = "application/x-www-form-urlencoded" if way == "form" else "application/sparql-query"
        content = b"query=" + quote(content).encode() if way == "form" else content
        answer = small.post("/sparql", content=content, headers={"Accept": accept, "Content-Type": kind})
    check(answer.status_code, answer.text)


@given(
    st.lists(
        st.tuples(st.sampled_from(["query", "default-graph-uri", "named-graph-uri", "update", "name", "x"]), st.text(max_size=20)),
        max_size=5,
    )
)
@FEW
def test_any_fields_may_be_sent_with_a_query(small: httpx.Client, fields: list[tuple[str, str]]) -> None:
    sent = "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in [("query", "ASK {}"), *fields])
    for answer in (
        small.get(f"/sparql?{sent}"),
        small.post("/sparql", content=sent, headers={"Content-Type": "application/x-www-form-urlencoded"}),
    ):
        check(answer.status_code, answer.text)


@given(
    st.sampled_from(["/", "/id/", "/claim/", "/graph/", "/dump/", "/scheme/", "/static/", "/api/", "/problems/", "/.well-known/",
    "/context/", "/sitemap-"]),
    st.one_of(st.text(max_size=30), st.binary(max_size=20), st.sampled_from(["..", "%2e%2e/", "\\", "a:b", "http://x", "//", "?", "\r\n",
    "x" * 9_000])),
    st.sampled_from(["", ".ttl", ".html", ".csv", ".ttl.gz", ".", "/"]),
    ACCEPTS,
)  # fmt: skip
@FEW
def test_any_address_may_be_asked(small: httpx.Client, start: str, name: str | bytes, end: str, accept: str) -> None:
    content = name.encode("utf-8", "surrogatepass") if isinstance(name, str) else name
    answer = small.get(f"{start}{quote(content)}{end}", headers={"Accept": accept})
    check(answer.status_code, answer.text)


@given(
    st.sampled_from(["thing", "withdraw", "from", "to", "intervention", "outcome", "source", "as_of", "depth", "follow", "format"]),
    st.text(max_size=30),
)
@FEW
def test_any_value_may_be_given_to_the_lineage_api(small: httpx.Client, name: str, value: str) -> None:
    sent = {
        "thing": "claim/reading-together-words",
        "withdraw": "publication/example-2020",
        "from": "claim/x",
        "to": "claim/y",
        "intervention": "i/x",
    }
    for path in (
        "lineage",
        "impact",
        "independence",
        "paths",
        "unsupported",
        "keystones",
        "overlap",
        "findings",
        "discrepancies",
        "map",
        "checks",
        "citations",
    ):
        check((answer := small.get(f"/api/{path}", params={**sent, name: value})).status_code, answer.text)
        check((answer := small.get(f"/api/{path}", params={name: value})).status_code, answer.text)


def raw(service: httpx.Client, request: bytes) -> bytes:
    address = service.base_url
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65_536):
            received += part
    return received


TOKENS = st.sampled_from([
    b"Accept", b"Content-Type", b"Content-Length", b"Transfer-Encoding", b"If-None-Match", b"If-Modified-Since", b"If-Match", b"Range",
    b"If-Range",
    b"Accept-Encoding", b"Accept-Profile", b"Expect", b"Upgrade", b"Connection", b"Authorization", b"Origin", b"Host", b"X-Forwarded-For",
])  # fmt: skip
VALUES = st.one_of(
    st.sampled_from([b"*", b'W/"x"', b"bytes=0-", b"bytes=9-1", b"bytes=-0", b"chunked", b"-1", b"99999999999", b"100-continue",
    b"websocket", b"q=0",
                     b"Mon, 99 Foo 2026 99:99:99 GMT", b"\xff\xfe", b"", b"Bearer", b"[::1", b"gzip;q=nan, *;q=0"]),
    st.binary(max_size=20).map(lambda value: re.sub(rb"[\r\n\0]", b"", value)),
)  # fmt: skip


@given(
    st.sampled_from([b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH", b"get", b"X"]),
    st.sampled_from([b"/", b"/sparql", b"/sparql?query=ASK%7B%7D", b"/update", b"/graphs", b"/claim/reading-together-words",
    b"/dump/all.nt", b"*", b"http://x/",
                     b"/health", b"/ready", b"/metrics", b"/\xff", b"//", b"/?%"]),
    st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b""]),
    st.lists(st.tuples(TOKENS, VALUES), max_size=6),
    st.binary(max_size=30),
)  # fmt: skip
@FEW
def test_any_bytes_may_be_sent(
    small: httpx.Client, method: bytes, path: bytes, version: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    lines = [
        b"%s %s %s" % (method, path, version),
        b"Host: x",
        *(b"%s: %s" % header for header in headers),
        b"Connection: close",
        b"",
        body,
    ]
    received = raw(small, b"\r\n".join(lines))
    for status in re.findall(rb"^HTTP/1\.1 (\d+)", received, re.MULTILINE):
        assert not 500 <= int(status) < 600, received[:500]
    assert not TELLING.search(received.decode("latin-1")) or b"200 OK" in received


@pytest.fixture(scope="module", autouse=True)
def _still_there_afterwards(small: httpx.Client) -> Iterator[None]:
    yield
    assert small.get("/sparql", params={"query": "ASK {}"}).json()["boolean"] is True
    assert small.get("/ready").status_code == 200
