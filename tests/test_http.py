"""What a publisher of linked data answers, asked over HTTP of a running server. The number in each name is the rule's."""

from __future__ import annotations

import http.client
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import httpx
import pytest
from pyld import jsonld
from rdflib import DCTERMS, OWL, RDF, VOID, Dataset, Graph, Literal, Namespace, URIRef

from wherefrom.answering import GRAPHS, ROWS
from wherefrom.bibliography import FORMS
from wherefrom.build import Build
from wherefrom.load import KnowledgeBase
from wherefrom.settings import Settings
from wherefrom.web.dataset import sitemap_content
from wherefrom.web.site import Site

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # its TriG parser uses what it deprecates

BASE = "https://w3id.org/wherefrom/"
CLAIM = "/claim/foundations-ipp-secure"
LISTED = "/claim"
FORMATS = {
    "html": "text/html",
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "trig": "application/trig",
}
PARSERS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "trig": "trig", "nq": "nquads"}
RDF_FORMATS = [suffix for suffix in FORMATS if suffix != "html"]
NEGOTIATED = {"accept", "accept-profile", "accept-encoding"}
ABOUT_PAGE = "https://schema.org/AboutPage"
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMAT = Namespace("http://www.w3.org/ns/formats/")
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def links(answer: httpx.Response) -> list[dict[str, str]]:
    """Return the web links in the headers (RFC 8288): each with `href` and its parameters."""
    found = re.findall(r'<([^>]*)>((?:;\s*\w+="[^"]*")*)', answer.headers.get("link", ""))
    return [{"href": href, **dict(re.findall(r'(\w+)="([^"]*)"', rest))} for href, rest in found]


def hrefs(answer: httpx.Response, rel: str) -> list[str]:
    return [link["href"] for link in links(answer) if link["rel"] == rel]


def vary(answer: httpx.Response) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get("vary", "").split(",")}


def here(iri: str) -> str:
    """Return where this service answers for an IRI under its base."""
    return "/" + iri.removeprefix(BASE)


def media_type(answer: httpx.Response) -> str:
    return answer.headers["content-type"].split(";")[0]


def get(service: httpx.Client, path: str, accept: str) -> httpx.Response:
    return service.get(path, headers={"Accept": accept})


def graph_of(content: bytes, suffix: str) -> Graph:
    """Return what a parser that is not the service's own reads: the union of all graphs."""
    if suffix == "jsonld":
        content, suffix = jsonld.to_rdf(json.loads(content), {"format": "application/n-quads"}).encode(), "nq"
    dataset = Dataset(default_union=True)
    dataset.parse(data=content, format=PARSERS[suffix])
    union = Graph()
    for triple in dataset.triples((None, None, None)):
        union.add(triple)
    return union


def asked_raw(service: httpx.Client, path: str, headers: dict[str, str] = {}, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a request whose address is sent exactly as it is written."""
    connection = http.client.HTTPConnection(service.base_url.host, service.base_url.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


each_format = pytest.mark.parametrize("suffix", FORMATS)
each_rdf = pytest.mark.parametrize("suffix", RDF_FORMATS)


### Things and their descriptions


def test_01_a_thing_leads_to_its_page_with_303(service: httpx.Client) -> None:
    answer = service.get(f"/id{CLAIM}")
    assert answer.status_code == 303
    assert answer.headers["location"] == CLAIM
    assert "accept" in vary(answer)
    assert 0 < len(answer.content) < 200
    assert service.get(f"/id{CLAIM}.ttl").headers["location"] == f"{CLAIM}.ttl"


@each_format
def test_02_a_page_comes_in_the_format_asked_for(service: httpx.Client, suffix: str) -> None:
    answer = get(service, CLAIM, FORMATS[suffix])
    assert answer.status_code == 200
    assert media_type(answer) == FORMATS[suffix]


@each_rdf
def test_02_every_format_says_the_same(service: httpx.Client, suffix: str) -> None:
    reference = graph_of(service.get(f"{CLAIM}.nt").content, "nt")
    assert len(reference) > 5
    assert set(graph_of(service.get(f"{CLAIM}.{suffix}").content, suffix)) == set(reference)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/*;q=0.3, application/ld+json", "application/ld+json"),
        ("text/turtle;q=0.2, application/n-triples;q=0.3", "application/n-triples"),
        ("text/html;q=0, */*", "text/turtle"),
        ("text/html;q=0, text/*", "text/turtle"),
        ("application/*", "application/ld+json"),
        ("TEXT/TURTLE", "text/turtle"),
        ("text/turtle; charset=utf-8", "text/turtle"),
        ("image/png, text/turtle;q=0.1", "text/turtle"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
    ],
)
def test_03_weights_and_wildcards_are_obeyed(service: httpx.Client, accept: str, expected: str) -> None:
    assert media_type(get(service, CLAIM, accept)) == expected


def test_03_without_accept_the_default_is_html(service: httpx.Client) -> None:
    status, headers, _ = asked_raw(service, CLAIM)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_03_several_accept_headers_are_one_list(service: httpx.Client) -> None:
    answer = service.get(CLAIM, headers=[("Accept", "text/html;q=0.1"), ("Accept", "text/turtle")])
    assert media_type(answer) == "text/turtle"


@pytest.mark.parametrize("path", [CLAIM, "/ontology", "/scheme/design/rct", "/shapes", "/.well-known/void", "/sparql"])
def test_04_what_is_not_offered_gives_406_with_what_is(service: httpx.Client, path: str) -> None:
    answer = get(service, path, "image/png")
    assert answer.status_code == 406
    assert "text/turtle" in answer.json()["detail"]
    assert "accept" in vary(answer)


@each_format
def test_05_a_suffix_decides_whatever_is_accepted(service: httpx.Client, suffix: str) -> None:
    answer = get(service, f"{CLAIM}.{suffix}", "image/png")
    assert answer.status_code == 200
    assert media_type(answer) == FORMATS[suffix]
    assert "content-location" not in answer.headers


@each_format
def test_05_a_negotiated_answer_names_its_own_address(service: httpx.Client, suffix: str) -> None:
    answer = get(service, CLAIM, FORMATS[suffix])
    place = answer.headers["content-location"]
    assert place == f"{CLAIM}.{suffix}"
    assert service.get(place).content == answer.content


def test_06_answers_vary_by_what_was_negotiated(service: httpx.Client) -> None:
    answer = service.get(CLAIM)
    again = service.get(CLAIM, headers={"If-None-Match": answer.headers["etag"]})
    refused = get(service, CLAIM, "image/png")
    led = service.get(f"/id{CLAIM}")
    assert [one.status_code for one in (answer, again, refused, led)] == [200, 304, 406, 303]
    for one in (answer, again, refused, led, service.get("/sparql?query=ASK{}")):
        assert vary(one) == NEGOTIATED


@each_format
def test_07_only_text_types_tell_their_charset(service: httpx.Client, suffix: str) -> None:
    expected = "; charset=utf-8" if FORMATS[suffix].startswith("text/") else ""
    assert service.get(f"{CLAIM}.{suffix}").headers["content-type"] == FORMATS[suffix] + expected


@pytest.mark.parametrize(
    "path",
    ["/", LISTED, CLAIM, f"{CLAIM}.ttl", f"/id{CLAIM}", "/claim/none", "/ontology", "/shapes", "/.well-known/void", "/sitemap.xml",
     "/robots.txt", "/health", "/openapi.json", "/context.jsonld", "/dump/all.nq.gz", "/static/style.css", "/sparql",
     "/sparql?query=ASK{}", f"/api/lineage?thing={CLAIM}", "/problems/bad-query"],
)  # fmt: skip
def test_08_head_is_get_without_the_body(service: httpx.Client, path: str) -> None:
    got, head = service.get(path), service.head(path)
    assert head.content == b""
    assert head.status_code == got.status_code
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (CLAIM, {"GET", "HEAD", "OPTIONS"}),
        ("/", {"GET", "HEAD", "OPTIONS"}),
        ("/sparql", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/update", {"POST", "OPTIONS"}),
    ],
)
def test_09_options_tell_the_methods_and_others_are_refused(service: httpx.Client, path: str, methods: set[str]) -> None:
    answer = service.options(path)
    assert answer.status_code == 204
    assert answer.content == b""
    assert set(answer.headers["allow"].split(", ")) == methods
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} - methods:
        refused = service.request(method, path)
        assert refused.status_code == 405
        assert set(refused.headers["allow"].split(", ")) == methods


@pytest.mark.parametrize(
    "path", ["/id/claim/none", "/claim/none", "/claim/none.ttl", "/nothing", "/id/x", "/a/b/c", "/scheme/none", "/static/none"]
)
def test_10_the_unknown_gives_404(service: httpx.Client, path: str) -> None:
    answer = service.get(path)
    assert answer.status_code == 404
    assert answer.json()["remedy"]


@each_rdf
def test_10_the_withdrawn_gives_410_with_a_tombstone(small: httpx.Client, suffix: str) -> None:
    led = small.get("/id/intervention/old-reading")
    assert (led.status_code, led.headers["location"]) == (303, "/intervention/old-reading")
    answer = get(small, led.headers["location"], FORMATS[suffix])
    assert answer.status_code == 410
    thing, successor = (URIRef(f"https://example.org/id/intervention/{name}") for name in ("old-reading", "reading-together"))
    told = graph_of(answer.content, suffix)
    assert (thing, OWL.deprecated, Literal(True)) in told
    assert (thing, DCTERMS.isReplacedBy, successor) in told
    assert small.get(f"/intervention/old-reading.{suffix}").status_code == 410


def test_10_the_page_of_the_withdrawn_leads_to_what_replaces_it(small: httpx.Client) -> None:
    answer = get(small, "/intervention/old-reading", "text/html")
    assert answer.status_code == 410
    assert 'href="/intervention/reading-together"' in answer.text


### Caching


def test_11_each_representation_has_its_own_strong_tag(service: httpx.Client) -> None:
    tags = [service.get(f"{CLAIM}.{suffix}").headers["etag"] for suffix in FORMATS]
    assert all(re.fullmatch(r'"[^"]+"', tag) for tag in tags)
    assert len(set(tags)) == len(tags)
    assert service.get(f"{CLAIM}.ttl").headers["etag"] == get(service, CLAIM, "text/turtle").headers["etag"]
    assert service.get("/study").headers["etag"] != service.get("/study?start=10").headers["etag"]


def test_11_the_same_data_have_the_same_tags_after_a_restart(serving: Any, awkward: Path, small: httpx.Client) -> None:
    paths = ["/", "/claim", "/sparql", "/.well-known/void", "/ontology.ttl", "/shapes", "/context.jsonld", "/sitemap.xml", "/robots.txt"]
    paths += [f"/intervention/reading-together.{suffix}" for suffix in FORMATS]
    paths += [f"/dump/all.{suffix}" for suffix in ("ttl", "trig", "nt", "nq", "jsonld", "rdf", "nq.gz")]
    paths += ["/api/lineage?thing=claim/reading-together-words", "/api/unsupported"]

    def answers(client: httpx.Client) -> dict[str, tuple[str, bytes]]:
        got = {f"{path} {accept}": get(client, path, accept) for path in paths for accept in ("*/*", "application/ld+json, */*;q=0.1")}
        return {name: (answer.headers["etag"], answer.content) for name, answer in got.items()}

    before = answers(small)
    assert answers(small) == before
    with serving(awkward, awkward / "store") as restarted:
        assert answers(restarted) == before


@pytest.mark.parametrize(
    "path", ["/", CLAIM, f"{CLAIM}.jsonld", "/ontology.ttl", "/dump/all.nq", "/sitemap.xml", f"/api/lineage?thing={CLAIM}"]
)
def test_12_what_the_client_has_is_not_sent_again(service: httpx.Client, path: str) -> None:
    whole = service.get(path)
    for known in (whole.headers["etag"], f"W/{whole.headers['etag']}", f'"other", {whole.headers["etag"]}', "*"):
        answer = service.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        for name in ("etag", "vary", "cache-control"):
            assert answer.headers[name] == whole.headers[name]
    assert service.get(path, headers={"If-None-Match": '"other"'}).content == whole.content


@pytest.mark.parametrize("path", ["/claim/none", "/api/lineage?thing=claim/none", "/dump/none.ttl"])
def test_12_having_anything_does_not_hide_that_there_is_nothing(service: httpx.Client, path: str) -> None:
    assert service.get(path, headers={"If-None-Match": "*"}).status_code == 404


@pytest.mark.parametrize(
    "path", [CLAIM, "/claim/none", "/sparql?query=ASK{}", "/sparql?query=ASK{", "/api/unsupported", "/static/style.css"]
)
def test_15_any_site_may_read_the_answers(service: httpx.Client, path: str) -> None:
    answer = service.get(path, headers={"Origin": "https://example.net"})
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"Link", "ETag", "Content-Location", "Location"} <= exposed
    assert "access-control-allow-credentials" not in answer.headers


def test_15_a_preflight_is_answered(service: httpx.Client) -> None:
    asked = {"Origin": "https://example.net", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = service.options("/sparql", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()


### Links (FAIR Signposting)


def test_17_a_page_is_cited_by_the_iri_that_leads_back_to_it(service: httpx.Client) -> None:
    [cited] = hrefs(get(service, CLAIM, "text/html"), "cite-as")
    assert cited == f"{BASE}id{CLAIM}"
    assert service.get(here(cited)).headers["location"] == CLAIM


def test_18_each_description_is_named_with_its_type(service: httpx.Client) -> None:
    found = {link["type"]: link["href"] for link in links(get(service, CLAIM, "text/html")) if link["rel"] == "describedby"}
    assert found.keys() == {FORMATS[suffix] for suffix in RDF_FORMATS}
    for wanted, href in found.items():
        assert media_type(service.get(href)) == wanted


def test_19_the_types_of_page_and_thing_are_named(service: httpx.Client) -> None:
    types = hrefs(get(service, CLAIM, "text/html"), "type")
    assert ABOUT_PAGE in types
    assert f"{BASE}ontology#Claim" in types


def test_20_the_licence_is_the_iri_of_spdx(service: httpx.Client) -> None:
    for suffix in FORMATS:
        assert hrefs(service.get(f"{CLAIM}.{suffix}"), "license") == ["https://spdx.org/licenses/CC-BY-4.0"]


@each_rdf
def test_21_a_description_leads_back_to_the_page(service: httpx.Client, suffix: str) -> None:
    [link] = [link for link in links(service.get(f"{CLAIM}.{suffix}")) if link["rel"] == "describes"]
    assert (link["href"], link["type"]) == (CLAIM, "text/html")


def test_22_the_linkset_holds_the_links_of_the_page(service: httpx.Client) -> None:
    page = get(service, CLAIM, "text/html")
    [link] = [link for link in links(page) if link["rel"] == "linkset"]
    assert link["type"] == "application/linkset+json"
    answer = service.get(link["href"])
    assert media_type(answer) == "application/linkset+json"
    told = {
        context["anchor"]: {rel: targets for rel, targets in context.items() if rel != "anchor"} for context in answer.json()["linkset"]
    }
    everywhere = [*told, *(target["href"] for relations in told.values() for targets in relations.values() for target in targets)]
    assert all(urlsplit(iri).scheme == "https" for iri in everywhere)
    own = told[f"{BASE}{CLAIM[1:]}"]
    in_headers = {
        (link["rel"], link["href"] if link["href"].startswith("https:") else f"{BASE}{link['href'][1:]}")
        for link in links(page)
        if link["rel"] != "linkset"
    }
    assert {(rel, target["href"]) for rel, targets in own.items() for target in targets} == in_headers
    for suffix in RDF_FORMATS:
        assert told[f"{BASE}{CLAIM[1:]}.{suffix}"]["describes"] == [{"href": f"{BASE}{CLAIM[1:]}", "type": "text/html"}]


class Head(HTMLParser):
    """Collects the `<link>` elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "link":
            self.links.append({name: value or "" for name, value in attrs})


def test_23_the_head_of_the_page_has_the_same_links(service: httpx.Client) -> None:
    page = get(service, CLAIM, "text/html")
    only_for_pages = ("stylesheet", "unapi-server")
    in_head = [link for link in Head(page.text).links if link["rel"] not in only_for_pages]
    assert sorted(map(str, (sorted(link.items()) for link in in_head))) == sorted(map(str, (sorted(link.items()) for link in links(page))))


def test_24_alternates_and_the_canonical_address_are_named(service: httpx.Client) -> None:
    for suffix in FORMATS:
        assert [urljoin("/", href) for href in hrefs(service.get(f"{CLAIM}.{suffix}"), "canonical")] == [CLAIM]
    page = get(service, CLAIM, "text/html")
    found = {link["type"]: link["href"] for link in links(page) if link["rel"] == "alternate"}
    references = {form.media_type: f"{CLAIM}.{form.ending}" for form in FORMS.values()}
    assert found == {FORMATS[suffix]: f"{CLAIM}.{suffix}" for suffix in RDF_FORMATS} | references


def test_24_links_hold_only_what_a_header_may_hold(small: httpx.Client) -> None:
    page = get(small, "/intervention/größe-读书", "text/html")
    assert page.status_code == 200
    assert hrefs(page, "cite-as") == ["https://example.org/id/intervention/gr%C3%B6%C3%9Fe-%E8%AF%BB%E4%B9%A6"]
    for href in hrefs(page, "alternate"):
        assert asked_raw(small, href)[0] == 200


### The dataset and its service


def test_26_the_description_of_the_dataset_is_where_it_is_looked_for(service: httpx.Client) -> None:
    answer = service.get("/.well-known/void")
    assert answer.status_code == 200
    assert media_type(answer) == "text/turtle"


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples"])
def test_26_it_comes_in_the_format_asked_for(service: httpx.Client, accept: str) -> None:
    answer = get(service, "/.well-known/void", accept)
    assert media_type(answer) == accept
    graph = graph_of(answer.content, {media: suffix for suffix, media in FORMATS.items()}[accept])
    assert len(list(graph.subjects(RDF.type, VOID.Dataset))) == 1


def count(service: httpx.Client, pattern: str) -> int:
    answer = service.post("/sparql", data={"query": f"SELECT (COUNT(DISTINCT *) AS ?n) {{ SELECT DISTINCT {pattern} }}"})
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def test_27_the_figures_of_the_dataset_are_what_a_query_counts(service: httpx.Client) -> None:
    graph = Graph().parse(data=service.get("/.well-known/void").content, format="turtle")
    [dataset] = graph.subjects(RDF.type, VOID.Dataset)
    counted = {
        VOID.triples: count(service, "?s ?p ?o { ?s ?p ?o }"),
        VOID.entities: count(service, "?s { ?s ?p ?o FILTER isIRI(?s) }"),
        VOID.classes: count(service, "?class { ?s a ?class }"),
        VOID.properties: count(service, "?p { ?s ?p ?o }"),
    }
    assert {term: int(str(graph.value(dataset, term))) for term in counted} == counted
    assert graph.value(dataset, VOID.sparqlEndpoint) == URIRef(f"{BASE}sparql")
    assert str(graph.value(dataset, VOID.uriSpace)) == f"{BASE}id/"
    assert URIRef(f"{BASE}ontology#") in set(graph.objects(dataset, VOID.vocabulary))
    assert str(graph.value(dataset, DCTERMS.license)) == "https://spdx.org/licenses/CC-BY-4.0"


def test_27_dumps_and_the_example_exist(service: httpx.Client) -> None:
    graph = Graph().parse(data=service.get("/.well-known/void").content, format="turtle")
    dumps = [str(dump) for dump in graph.objects(None, VOID.dataDump)]
    assert len(dumps) == 6
    for dump in dumps:
        assert service.get(here(dump)).status_code == 200
    for example in graph.objects(None, VOID.exampleResource):
        assert service.get(here(str(example)), follow_redirects=True).status_code == 200


def test_27_the_dump_is_the_data(service: httpx.Client, kb: KnowledgeBase) -> None:
    lines = service.get("/dump/all.nq").text.splitlines()
    assert len(lines) == len(set(kb.quads()))


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples"])
def test_29_without_a_query_the_endpoint_describes_itself(service: httpx.Client, accept: str) -> None:
    answer = get(service, "/sparql", accept)
    assert media_type(answer) == accept
    graph = graph_of(answer.content, {media: suffix for suffix, media in FORMATS.items()}[accept])
    assert (None, RDF.type, SD.Service) in graph


def test_29_readers_get_a_form(service: httpx.Client) -> None:
    answer = get(service, "/sparql", "text/html,*/*;q=0.1")
    assert media_type(answer) == "text/html"
    assert 'name="query"' in answer.text


def test_30_the_service_description_is_true(service: httpx.Client, built: Build) -> None:
    graph = Graph().parse(data=service.get("/sparql").content, format="turtle")
    [described] = graph.subjects(RDF.type, SD.Service)
    assert graph.value(described, SD.endpoint) == URIRef(f"{BASE}sparql")
    assert (described, SD.supportedLanguage, SD.SPARQL11Query) in graph
    assert (described, SD.feature, SD.UnionDefaultGraph) in graph
    formats = set(graph.objects(described, SD.resultFormat))
    assert len(formats) == len(ROWS) + len(GRAPHS)
    assert {FORMAT["SPARQL_Results_JSON"], FORMAT["Turtle"], FORMAT["N-Quads"]} <= formats
    counted = service.post("/sparql", data={"query": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"}).json()
    told = {}
    for entry in graph.objects(None, SD.namedGraph):
        told[str(graph.value(entry, SD.name))] = int(str(graph.value(graph.value(entry, SD.graph), VOID.triples)))
    assert told == {row["g"]["value"]: int(row["n"]["value"]) for row in counted["results"]["bindings"]}
    assert told == built.graphs


def test_30_the_limits_are_told(service: httpx.Client) -> None:
    told = service.get("/sparql").text
    defaults = Settings()
    for limit in (defaults.query_bytes, defaults.query_megabytes, defaults.query_workers):
        assert f"{limit:,}" in told


@pytest.mark.parametrize("form", ROWS)
def test_31_rows_come_in_every_format(service: httpx.Client, form: str) -> None:
    answer = get(service, "/sparql?query=SELECT ?s { ?s a ev:Claim } LIMIT 1", ROWS[form][1])
    assert (answer.status_code, media_type(answer)) == (200, ROWS[form][1])


@pytest.mark.parametrize("form", GRAPHS)
def test_31_graphs_come_in_every_format(service: httpx.Client, form: str) -> None:
    answer = get(service, "/sparql?query=CONSTRUCT WHERE { ?s a ev:Claim } LIMIT 1", GRAPHS[form][1])
    assert (answer.status_code, media_type(answer)) == (200, GRAPHS[form][1])


@pytest.mark.parametrize(
    ("path", "status"), [("?query=", 400), ("?query=ASK{}&query=ASK{}", 400), ("?query=ASK{", 400), ("?query=%FF", 400)]
)
def test_32_a_request_that_is_no_query_is_refused(service: httpx.Client, path: str, status: int) -> None:
    assert asked_raw(service, f"/sparql{path}")[0] == status


def test_32_a_body_of_another_type_is_refused(service: httpx.Client) -> None:
    assert service.post("/sparql", content=b"ASK {}", headers={"Content-Type": "text/plain"}).status_code == 415


def test_33_the_dataset_that_the_protocol_names_is_honoured(service: httpx.Client) -> None:
    asked = {"query": "ASK { ?s a ev:Claim }", "default-graph-uri": f"{BASE}id/graph/bibliography"}
    assert service.get("/sparql", params=asked).json()["boolean"] is False


def test_34_updates_are_refused(service: httpx.Client) -> None:
    for answer in (
        service.get("/sparql", params={"update": "CLEAR ALL"}),
        service.post("/sparql", data={"update": "CLEAR ALL"}),
        service.post("/update", data={"update": "CLEAR ALL"}),
    ):
        assert answer.status_code == 403
    assert service.get("/sparql?query=ASK { ?s a ev:Claim }").json()["boolean"] is True


### The vocabulary, crawlers, errors, addresses


class Anchors(HTMLParser):
    """Collects the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value or "" for name, value in attrs if name == "id"}


def test_40_each_term_of_the_ontology_has_an_anchor(service: httpx.Client) -> None:
    page = get(service, "/ontology", "text/html")
    turtle = get(service, "/ontology", "text/turtle")
    graph = Graph().parse(data=turtle.content, format="turtle")
    terms = {str(term) for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty) for term in graph.subjects(RDF.type, kind)}
    own = {term.removeprefix(f"{BASE}ontology#") for term in terms if term.startswith(f"{BASE}ontology#")}
    assert len(own) > 50
    assert own <= Anchors(page.text).found


@pytest.mark.parametrize("path", ["/scheme/design", "/scheme/design/rct"])
def test_40_schemes_and_concepts_have_a_page_and_a_description(service: httpx.Client, path: str) -> None:
    assert get(service, path, "text/html").status_code == 200
    graph = Graph().parse(data=get(service, path, "text/turtle").content, format="turtle")
    assert (URIRef(f"{BASE}{path[1:]}"), RDF.type, None) in graph


def test_41_crawlers_are_led_to_the_pages_and_away_from_queries(service: httpx.Client) -> None:
    lines = service.get("/robots.txt").text.splitlines()
    assert f"Sitemap: {BASE}sitemap.xml" in lines
    assert {"User-agent: *", "Disallow: /sparql", "Disallow: /api/"} <= set(lines)


def test_42_the_sitemap_lists_each_page_once_with_a_true_date(service: httpx.Client) -> None:
    tree = ElementTree.fromstring(service.get("/sitemap.xml").content)
    pages = [str(place.text) for place in tree.iter(f"{SITEMAP}loc")]
    assert 1_000 < len(pages) == len(set(pages)) <= 50_000
    assert {BASE, f"{BASE}{CLAIM[1:]}", f"{BASE}scheme/design/rct"} <= set(pages)
    for page in pages[:: len(pages) // 40]:
        assert service.get(here(page)).status_code == 200
    asked = "SELECT (MAX(?time) AS ?when) { ?activity a ev:CurationActivity ; prov:endedAtTime ?time }"
    curated = service.get("/sparql", params={"query": asked}).json()["results"]["bindings"][0]["when"]["value"]
    assert {place.text for place in tree.iter(f"{SITEMAP}lastmod")} == {curated[:10]}


def test_42_what_is_withdrawn_is_not_listed(small: httpx.Client) -> None:
    listed = small.get("/sitemap.xml").text
    assert "old-reading" not in listed
    assert "https://example.org/intervention/gr%C3%B6%C3%9Fe-%E8%AF%BB%E4%B9%A6" in listed


def test_42_more_pages_than_a_file_may_list_get_an_index(built: Build) -> None:
    site = Site(built, Settings(), built.folder)
    index = ElementTree.fromstring(sitemap_content(site, None, most=700))
    assert index.tag == f"{SITEMAP}sitemapindex"
    parts = [str(place.text) for place in index.iter(f"{SITEMAP}loc")]
    assert parts[0] == f"{BASE}sitemap-1.xml"
    found = [
        place.text
        for n in range(1, len(parts) + 1)
        for place in ElementTree.fromstring(sitemap_content(site, n, most=700)).iter(f"{SITEMAP}loc")
    ]
    whole = [place.text for place in ElementTree.fromstring(sitemap_content(site, None)).iter(f"{SITEMAP}loc")]
    assert found == whole


@pytest.mark.parametrize(
    "path", ["/claim/none", "/sparql?query=nonsense", "/api/lineage?thing=claim/none", "/api/lineage", "/nothing.at.all"]
)
def test_43_errors_are_problems_in_the_form_asked_for(service: httpx.Client, path: str) -> None:
    answer = service.get(path)
    told = answer.json()
    assert media_type(answer) == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "remedy"} <= told.keys()
    assert told["status"] == answer.status_code
    page = get(service, path, "text/html")
    assert (page.status_code, media_type(page)) == (answer.status_code, "text/html")
    turtle = get(service, path, "text/turtle")
    assert (turtle.status_code, media_type(turtle)) == (answer.status_code, "text/turtle")
    graph = Graph().parse(data=turtle.content, format="turtle")
    assert (None, DCTERMS.title, Literal(told["title"], lang="en")) in graph
    assert service.get(told["type"]).status_code == 200


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (f"{CLAIM}/", CLAIM),
        (CLAIM.upper(), CLAIM),
        (f"{CLAIM.title()}.TTL", f"{CLAIM}.ttl"),
        (CLAIM.replace("claim", "%63laim", 1), CLAIM),
        (CLAIM.replace("-", "%2D"), CLAIM),
        (f"/{CLAIM}", CLAIM),
        (CLAIM.replace("claim/", "claim//"), CLAIM),
        ("/claim/", "/claim"),
        ("/Claim", "/claim"),
        ("/claim/?start=10", "/claim?start=10"),
        ("/sparql/?query=ASK%7B%7D", "/sparql?query=ASK%7B%7D"),
        ("/ontology/", "/ontology"),
        ("/scheme/design/RCT", "/scheme/design/rct"),
        ("/scheme/design/", "/scheme/design"),
    ],
)
def test_44_an_address_has_one_way_to_be_written(service: httpx.Client, written: str, canonical: str) -> None:
    status, headers, _ = asked_raw(service, written)
    assert (status, headers["location"]) == (308, canonical)
    assert asked_raw(service, canonical)[0] == 200


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("gr%C3%B6%C3%9Fe-%E8%AF%BB%E4%B9%A6", "gr%C3%B6%C3%9Fe-%E8%AF%BB%E4%B9%A6"),
        ("gr%c3%b6%c3%9fe-%e8%af%bb%e4%b9%a6", "gr%C3%B6%C3%9Fe-%E8%AF%BB%E4%B9%A6"),
        ("Upper-Case", "Upper-Case"),
        ("half%2Fhalf", "half%2Fhalf"),
        ("half%252Fhalf", "half%2Fhalf"),
        ("Reading-Together", "reading-together"),
    ],
)
def test_44_a_name_beyond_ascii_or_with_capitals_is_found(small: httpx.Client, name: str, canonical: str) -> None:
    status, headers, _ = asked_raw(small, f"/intervention/{name}")
    assert (status, headers.get("location")) == ((200, None) if name == canonical else (308, f"/intervention/{canonical}"))
    status, headers, _ = asked_raw(small, f"/id/intervention/{name}")
    assert (status, headers["location"]) == (303, f"/intervention/{canonical}")


@pytest.mark.parametrize(
    "path",
    ["/claim/a%20b", "/claim/%3Cx%3E", "/claim/%22%7D", "/claim/%FF", "/claim/%00", "/claim/a%0Ab", "/id/claim/%7Bx%7D", "/claim/%5C",
     "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "/static/../../../etc/passwd", "/static/%2e%2e/app.py", "/claim/%EF%BF%BD",
     "/api/lineage?thing=a%20b", "/api/lineage?thing=%3C%3E", "/api/impact?withdraw=%22", "/dump/%2e%2e.ttl", "/dump/..%2fx.ttl.gz"],
)  # fmt: skip
def test_44_an_address_that_no_name_has_is_unknown(service: httpx.Client, path: str) -> None:
    assert asked_raw(service, path)[0] == 404


@pytest.mark.parametrize(
    "forged",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example/x?y="},
        {"Host": "[::1"},
        {"Host": "a b"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "X-Forwarded-Prefix": "/evil"},
        {"Forwarded": "host=evil.example;proto=gopher"},
        {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil"},
    ],
)
def test_45_nothing_is_taken_from_what_a_client_says_of_the_host(service: httpx.Client, forged: dict[str, str]) -> None:
    for path in (CLAIM, f"{CLAIM}.ttl", f"{CLAIM}.linkset", f"/id{CLAIM}", "/Claim", "/claim/none", "/.well-known/void", "/sparql",
                 "/robots.txt", "/sitemap.xml", f"/api/lineage?thing={CLAIM}", "/openapi.json"):  # fmt: skip
        told, honest = asked_raw(service, path, forged), asked_raw(service, path)
        assert {**told[1], "date": ""} == {**honest[1], "date": ""}
        assert (told[0], told[2]) == (honest[0], honest[2])


@pytest.mark.parametrize(
    "path", ["/", CLAIM, "/claim/none", "/sparql?query=ASK{", "/api/unsupported", "/static/style.css", "/openapi.json"]
)
def test_50_answers_keep_browsers_from_harm(service: httpx.Client, path: str) -> None:
    for headers in (service.get(path).headers, get(service, path, "text/html").headers):
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "server" not in headers


def test_50_an_address_too_long_is_refused(service: httpx.Client) -> None:
    assert asked_raw(service, f"/claim/{'x' * 75_000}")[0] == 414


def test_50_a_body_too_long_is_refused_before_it_is_whole(service: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(1_000):
            yield b"x" * 10_000

    try:
        answer = service.post("/sparql", content=endless(), headers={"Content-Type": "application/sparql-query"})
    except httpx.WriteError:
        return  # the server closed the connection while the client went on sending
    assert answer.status_code == 413


def test_50_other_endpoints_are_never_asked(service: httpx.Client) -> None:
    answer = service.get("/sparql", params={"query": "SELECT * { SERVICE <http://127.0.0.1:8080/sparql> { ?s ?p ?o } }"})
    assert answer.status_code == 403
    assert "SERVICE" in answer.json()["detail"]


def test_the_openapi_description_is_valid_json(service: httpx.Client) -> None:
    told = json.loads(service.get("/openapi.json").content)
    assert {"/sparql", "/api/lineage", "/api/impact"} <= told["paths"].keys()


def test_a_graph_that_nothing_is_said_of_leads_to_its_statements(small: httpx.Client) -> None:
    assert small.get("/id/graph/awkward").headers["location"] == "/graph/awkward"
    led = get(small, "/graph/awkward", "application/n-triples")
    assert (led.status_code, led.headers["location"]) == (303, "/dump/graph/awkward.nt")
    assert small.get(led.headers["location"]).text.count("\n") > 5
    assert small.get("/graph/none").status_code == 404
