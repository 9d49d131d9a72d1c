"""What a client may keep, for how long, and when it need not fetch it again. The number in each name is the rule's, as in test_http.py."""

from __future__ import annotations

import gzip
import re
import zlib
from email.utils import parsedate_to_datetime

import httpx
import pytest

CLAIM = "/claim/foundations-ipp-secure"
KEPT = ["/", CLAIM, f"{CLAIM}.ttl", "/claim", "/ontology.ttl", "/shapes.ttl", "/context.jsonld", "/dump/all.nq", "/.well-known/void",
        "/sitemap.xml", f"/api/lineage?thing={CLAIM}"]  # fmt: skip


@pytest.mark.parametrize("path", KEPT)
def test_13_an_answer_is_as_old_as_the_last_curation(service: httpx.Client, path: str) -> None:
    asked = "SELECT (MAX(?time) AS ?when) { ?activity a ev:CurationActivity ; prov:endedAtTime ?time }"
    [curated] = service.get("/sparql", params={"query": asked}).json()["results"]["bindings"]
    told = service.get(path).headers["last-modified"]
    assert told.endswith(" GMT")
    assert parsedate_to_datetime(told).isoformat()[:19] == curated["when"]["value"][:19]


@pytest.mark.parametrize("path", KEPT)
def test_13_what_has_not_changed_since_is_not_sent_again(service: httpx.Client, path: str) -> None:
    whole = service.get(path)
    same = service.get(path, headers={"If-Modified-Since": whole.headers["last-modified"]})
    assert (same.status_code, same.content) == (304, b"")
    for name in ("etag", "last-modified", "vary", "cache-control"):
        assert same.headers[name] == whole.headers[name]
    for since in ("Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "0", ""):
        assert service.get(path, headers={"If-Modified-Since": since}).content == whole.content


def test_13_a_tag_goes_before_a_date(service: httpx.Client) -> None:
    """RFC 9110, section 13.2.2: a date is looked at only where there is no tag."""
    whole = service.get(CLAIM)
    since = {"If-Modified-Since": whole.headers["last-modified"]}
    assert service.get(CLAIM, headers={**since, "If-None-Match": '"other"'}).status_code == 200
    assert service.get(CLAIM, headers={"If-Modified-Since": "yesterday", "If-None-Match": whole.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/claim/none", "/claim/none.ttl", "/dump/none.ttl", "/api/lineage?thing=claim/none"])
def test_13_a_date_does_not_hide_that_there_is_nothing(service: httpx.Client, path: str) -> None:
    assert service.get(path, headers={"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}).status_code == 404


@pytest.mark.parametrize("path", [*KEPT, f"/id{CLAIM}", "/sparql?query=ASK{}"])
def test_14_anyone_may_keep_an_answer_for_a_while(service: httpx.Client, path: str) -> None:
    assert re.fullmatch(r"public, max-age=[1-9]\d*", service.get(path).headers["cache-control"])


@pytest.mark.parametrize("path", ["/claim/none", "/sparql?query=ASK{", "/api/lineage?thing=claim/none", "/nothing.at.all"])
def test_14_nobody_keeps_an_error(service: httpx.Client, path: str) -> None:
    assert service.get(path).headers["cache-control"] == "no-store"


def test_16_a_compressed_download_is_told_apart(service: httpx.Client) -> None:
    plain, zipped = service.get("/dump/all.nq"), service.get("/dump/all.nq.gz")
    assert gzip.decompress(zipped.content) == plain.content
    assert zipped.headers["content-type"] == "application/gzip"
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert "content-encoding" not in zipped.headers, "the client asked for a file, not for a way of sending it"
    assert service.get("/dump/all.nq.gz", headers={"If-None-Match": plain.headers["etag"]}).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "identity", "gzip;q=1.0, *;q=0"])
def test_16_a_tag_names_the_bytes_that_are_sent(service: httpx.Client, coding: str) -> None:
    with service.stream("GET", f"{CLAIM}.ttl", headers={"Accept-Encoding": coding}) as answer:
        sent = (answer.headers.get("content-encoding", "identity"), answer.headers["etag"], b"".join(answer.iter_raw()))
    with service.stream("GET", f"{CLAIM}.ttl", headers={"Accept-Encoding": "identity"}) as plain:
        other = (plain.headers.get("content-encoding", "identity"), plain.headers["etag"], b"".join(plain.iter_raw()))
    assert (sent[1] == other[1]) == (sent[2] == other[2]) == (sent[0] == other[0])


@pytest.mark.parametrize(
    "path", [*[path for path in KEPT if path != "/context.jsonld"], "/sparql?query=SELECT * { ?s a ev:Claim }", "/downloads"]
)
def test_16_a_text_is_compressed_for_who_takes_it(service: httpx.Client, path: str) -> None:
    plain, zipped = fetch(service, path, "identity"), fetch(service, path, "gzip")
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.content) == plain.content
    assert len(zipped.content) < len(plain.content) / 2
    for one in (plain, zipped):
        assert "accept-encoding" in one.headers["vary"].lower()
        assert one.headers["content-type"] == plain.headers["content-type"]
    weak = path.startswith("/sparql")
    assert (zipped.headers["etag"] == plain.headers["etag"]) == weak
    assert zipped.headers["etag"].startswith("W/") == weak


@pytest.mark.parametrize("coding", ["gzip;q=0", "*;q=0", "br", "deflate, identity", "gzip;q=0.000, *"])
def test_16_who_does_not_take_gzip_gets_none(service: httpx.Client, coding: str) -> None:
    assert "content-encoding" not in fetch(service, CLAIM, coding).headers


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "*", "br, gzip;q=0.1", "deflate;q=1, gzip ; q=0.5"])
def test_16_who_takes_gzip_gets_it(service: httpx.Client, coding: str) -> None:
    assert fetch(service, CLAIM, coding).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/health", "/robots.txt", "/sparql?query=ASK{}", "/dump/all.nq.gz"])
def test_16_what_is_small_or_compressed_is_sent_as_it_is(service: httpx.Client, path: str) -> None:
    assert "content-encoding" not in fetch(service, path, "gzip").headers


@pytest.mark.parametrize("path", [CLAIM, f"{CLAIM}.ttl", "/dump/all.ttl", "/dump/graph/bibliography.jsonld"])
def test_16_a_cache_checks_the_very_form_it_has(service: httpx.Client, path: str) -> None:
    tags = {coding: fetch(service, path, coding).headers["etag"] for coding in ("identity", "gzip")}
    for coding, tag in tags.items():
        for other in tags:
            again = fetch(service, path, other, if_none_match=tag)
            assert (again.status_code == 304) == (coding == other)
            assert again.headers["etag"] == tags[other]


def fetch(service: httpx.Client, path: str, coding: str, **headers: str) -> httpx.Response:
    """Return an answer with the bytes that were sent as its content."""
    sent = {"Accept-Encoding": coding, **{name.replace("_", "-"): value for name, value in headers.items()}}
    with service.stream("GET", path, headers=sent) as answer:
        raw = b"".join(answer.iter_raw())
    answer._content = raw
    return answer


def test_16_a_long_answer_is_compressed_while_it_is_made(service: httpx.Client) -> None:
    query = "SELECT * { ?s ?p ?o . ?t a ev:Claim } LIMIT 60000"
    with service.stream("GET", "/sparql", params={"query": query}, headers={"Accept": "text/csv", "Accept-Encoding": "gzip"}) as answer:
        assert "content-length" not in answer.headers
        chunks = list(answer.iter_raw())
    assert len(chunks) > 5
    unzip = zlib.decompressobj(wbits=31)
    assert unzip.decompress(chunks[0]), "the first part can be read without the rest"
    whole = zlib.decompress(b"".join(chunks), wbits=31)
    assert whole.count(b"\n") == 60_001


### Conditions


def test_12_the_answer_to_a_query_is_not_made_again(service: httpx.Client) -> None:
    whole = service.get("/sparql?query=SELECT * { ?s a ev:Claim }")
    again = service.get("/sparql?query=SELECT * { ?s a ev:Claim }", headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", whole.headers["etag"])
    for other in ({"Accept": "text/csv"}, {"Accept": "text/html"}):
        assert service.get(whole.url, headers={**other, "If-None-Match": whole.headers["etag"]}).status_code == 200
    assert service.get("/sparql?query=SELECT * { ?s a ev:Study }", headers={"If-None-Match": whole.headers["etag"]}).status_code == 200


@pytest.mark.parametrize("function", ["NOW()", "RAND ()", "STRUUID()", "uuid()"])
def test_12_an_answer_that_changes_each_time_has_no_tag(service: httpx.Client, function: str) -> None:
    answer = service.get("/sparql", params={"query": f"SELECT ({function} AS ?x) {{}}"})
    assert answer.status_code == 200
    assert "etag" not in answer.headers
    assert "etag" in service.get("/sparql", params={"query": 'SELECT ("NOW()" AS ?x) {}'}).headers


CONDITIONAL = [CLAIM, f"{CLAIM}.ttl", "/dump/all.nq", "/dump/all.nq.gz", "/api/unsupported"]


@pytest.mark.parametrize("path", CONDITIONAL)
def test_12_who_wants_another_version_is_told_that_it_is_gone(service: httpx.Client, path: str) -> None:
    """RFC 9110, sections 13.1.1 and 13.1.4."""
    whole = service.get(path)
    for name, value in (("If-Match", '"other"'), ("If-Match", f"W/{whole.headers['etag']}"),
                        ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")):  # fmt: skip
        answer = service.get(path, headers={name: value})
        assert (answer.status_code, answer.json()["type"]) == (412, "/problems/precondition-failed")
    for name, value in (("If-Match", whole.headers["etag"]), ("If-Match", "*"), ("If-Match", f'"other", {whole.headers["etag"]}'),
                        ("If-Unmodified-Since", whole.headers["last-modified"]), ("If-Unmodified-Since", "yesterday")):  # fmt: skip
        assert service.get(path, headers={name: value}).content == whole.content


### Parts of downloads (RFC 9110, section 14)

PARTS = ["/dump/all.nq", "/dump/all.ttl.gz", "/dump/edition/foundations-ipp-2025-04.trig"]
each_part = pytest.mark.parametrize("path", PARTS)


@each_part
@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("0-99", 0, 100), ("100-", 100, None), ("-100", -100, None), ("5-5", 5, 6), ("10-99999999999", 10, None),
     ("-99999999999", 0, None)],
)  # fmt: skip
def test_49_a_part_of_a_download_is_sent(service: httpx.Client, path: str, asked: str, start: int, stop: int | None) -> None:
    whole = fetch(service, path, "identity")
    assert whole.headers["accept-ranges"] == "bytes"
    answer = service.get(path, headers={"Range": f"bytes={asked}"})
    size = len(whole.content)
    expected = whole.content[start:stop]
    first = start if start >= 0 else size + start
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/{size}"
    assert int(answer.headers["content-length"]) == len(expected)
    assert "content-encoding" not in answer.headers, "a range is one of the file itself"
    assert answer.headers["etag"] == whole.headers["etag"]


@each_part
@pytest.mark.parametrize("asked", ["bytes=99999999999-", "bytes=-0"])
def test_49_a_part_beyond_the_end_is_refused_with_the_length(service: httpx.Client, path: str, asked: str) -> None:
    answer = service.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.json()["type"]) == (416, "/problems/range-not-satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(fetch(service, path, 'identity').content)}"


@each_part
@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=a-b", "bytes=-", "lines=0-1", "bytes=0-1,5-6", "", "bytes"])
def test_49_what_is_no_single_range_gives_all(service: httpx.Client, path: str, asked: str) -> None:
    answer = service.get(path, headers={"Range": asked, "Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, fetch(service, path, "identity").content)


@each_part
def test_49_a_part_is_only_of_the_version_one_has(service: httpx.Client, path: str) -> None:
    whole = fetch(service, path, "identity")
    part = {"Range": "bytes=7-9"}
    for same in (whole.headers["etag"], whole.headers["last-modified"]):
        assert service.get(path, headers={**part, "If-Range": same}).content == whole.content[7:10]
    for other in ('"other"', f"W/{whole.headers['etag']}", "Thu, 01 Jan 1970 00:00:00 GMT"):
        answer = service.get(path, headers={**part, "If-Range": other, "Accept-Encoding": "identity"})
        assert (answer.status_code, answer.content) == (200, whole.content)


@each_part
def test_08_the_head_of_a_download_tells_its_length(service: httpx.Client, path: str) -> None:
    whole = fetch(service, path, "identity")
    for part, status, length in (({}, 200, len(whole.content)), ({"Range": "bytes=0-9"}, 206, 10)):
        head = service.head(path, headers={"Accept-Encoding": "identity", **part})
        assert (head.status_code, int(head.headers["content-length"]), head.content) == (status, length, b"")


def test_14_what_has_its_digest_in_its_name_never_changes(service: httpx.Client) -> None:
    version = service.get("/health").json()["data"][:12]
    fixed = service.get(f"/dump/{version}/all.nq")
    assert fixed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert fixed.content == service.get("/dump/all.nq").content
    assert service.get(f"/dump/{version}/edition/foundations-ipp-2025-04.ttl").status_code == 200
    assert "immutable" not in service.get("/dump/all.nq").headers["cache-control"]
    assert service.get("/dump/000000000000/all.nq").status_code == 404


### What is given again

AGAIN = [*KEPT, "/sparql?query=SELECT+*+%7B+%3Fs+a+ev%3AClaim+%7D", "/claim?q=secure", "/api/search?q=secure"]


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/turtle", "application/json"])
@pytest.mark.parametrize("path", AGAIN)
def test_what_is_given_again_is_what_was_given(service: httpx.Client, path: str, accept: str) -> None:
    """The first answer may have been kept by another test; one that is not asked for by these headers alone is made anew."""
    asked = {"Accept": accept, "Accept-Encoding": "identity"}
    anew = service.get(path, headers={**asked, "If-Unmodified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"})
    told = {name: value for name, value in anew.headers.items() if name not in ("date", "transfer-encoding")}
    for answer in (service.get(path, headers=asked), service.get(path, headers=asked)):
        assert answer.status_code == anew.status_code
        assert answer.content == anew.content
        assert {name: value for name, value in answer.headers.items() if name not in ("date", "transfer-encoding")} == told
    head = service.head(path, headers=asked)
    assert (head.status_code, head.content) == (anew.status_code, b"")
    if anew.status_code == 200 and "content-length" in told:
        assert {name: value for name, value in head.headers.items() if name != "date"} == told
        for tag in (told["etag"], f'"x", {told["etag"]}', "*"):
            same = service.get(path, headers={**asked, "If-None-Match": tag})
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["etag"] == told["etag"]
            assert "content-type" not in same.headers
        assert service.get(path, headers={**asked, "If-None-Match": '"x"'}).content == anew.content


def test_each_way_to_ask_has_an_answer_of_its_own(service: httpx.Client) -> None:
    for _ in range(2):
        for accept, found in (("text/turtle", "text/turtle; charset=utf-8"), ("text/html", "text/html; charset=utf-8")):
            for coding in ("gzip", "identity"):
                answer = service.get(CLAIM, headers={"Accept": accept, "Accept-Encoding": coding})
                assert answer.headers["content-type"] == found
                assert answer.headers.get("content-encoding", "identity") == coding


def test_what_was_asked_by_address_is_told_as_from_the_cache(service: httpx.Client) -> None:
    def counted() -> float:
        (line,) = re.findall(r'^wherefrom_queries_total\{end="answered",lane="cache"\} (.*)$', service.get("/metrics").text, re.MULTILINE)
        return float(line)

    def routes() -> set[str]:
        return set(
            re.findall(
                r'^wherefrom_requests_total\{method="GET",route="([^"]*)",status="200"\}', service.get("/metrics").text, re.MULTILINE
            )
        )

    query = {"query": "SELECT * { ?s a ev:Claim } # asked again"}
    for _ in range(2):
        service.get("/sparql", params=query)
    before = counted()
    for _ in range(3):
        service.get("/sparql", params=query)
    assert counted() == before + 3
    assert "/sparql" in routes()
