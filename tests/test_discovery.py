"""How programs find what is here: descriptions, catalogues, profiles, example queries. The number in each name is the rule's."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
import yaml
from pyld import jsonld
from rdflib import DCTERMS, RDF, RDFS, SDO, SH, VOID, Graph, Literal, Namespace, URIRef

from wherefrom.formats import ANSWERS, GRAPHS, ROWS
from wherefrom.problems import NotAcceptable
from wherefrom.query import questions
from wherefrom.void import CAN, DCAT, MEDIA_TYPES, SD, SPDX
from wherefrom.web.profiles import PROFILES

BASE = "https://w3id.org/wherefrom/"
CLAIM = "/claim/foundations-ipp-secure"
JSON_LD = "http://www.w3.org/ns/json-ld#"
ALTR = Namespace("http://www.w3.org/ns/dx/connegp/altr#")
DESCRIBED = [CLAIM, "/ontology", "/shapes", "/.well-known/void", "/downloads", "/sparql", "/.well-known/sparql-examples/"]


def get(service: httpx.Client, path: str, accept: str, **headers: str) -> httpx.Response:
    return service.get(path, headers={"Accept": accept, **{name.replace("_", "-"): value for name, value in headers.items()}})


def turtle(service: httpx.Client, path: str, **headers: str) -> Graph:
    answer = get(service, path, "text/turtle", **headers)
    assert answer.status_code == 200, answer.text
    return Graph().parse(data=answer.content, format="turtle")


def here(iri: object) -> str:
    """Return where this service answers for an IRI under its base."""
    assert str(iri).startswith(BASE), iri
    return "/" + str(iri).removeprefix(BASE)


def links(answer: httpx.Response, rel: str) -> list[tuple[str, str]]:
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?', answer.headers.get("link", ""))
    return [(href, media_type) for href, name, media_type in found if name == rel]


def no_network(url: str, _: Any) -> Any:
    raise AssertionError(f"{url} would be fetched")


OFFLINE = {"documentLoader": no_network}


### Services (RFC 9727)


def test_25_the_catalogue_of_services_names_what_each_is_described_by(service: httpx.Client) -> None:
    answer = service.get("/.well-known/api-catalog")
    assert answer.headers["content-type"] == 'application/linkset+json;profile="https://www.rfc-editor.org/info/rfc9727"'
    told = {context.pop("anchor"): context for context in answer.json()["linkset"]}
    items = [item["href"] for item in told[f"{BASE}.well-known/api-catalog"]["item"]]
    assert {f"{BASE}sparql", f"{BASE}dump/all.nq.gz"} < set(items)
    assert told.keys() == {f"{BASE}.well-known/api-catalog", *items}
    for item in items:
        assert {"service-desc", "service-meta"} <= told[item].keys()
        for relation, targets in told[item].items():
            assert relation in ("service-desc", "service-doc", "service-meta")
            for target in targets:
                described = get(service, here(target["href"]), target["type"])
                assert described.status_code == 200
                assert described.headers["content-type"].split(";")[0] == target["type"]


@pytest.mark.parametrize("path", ["/", "/sparql", "/.well-known/api-catalog"])
def test_25_the_catalogue_is_led_to(service: httpx.Client, path: str) -> None:
    assert [href for href, _ in links(service.head(path), "api-catalog")] == ["/.well-known/api-catalog"]


def test_25_the_first_page_leads_to_the_descriptions_of_the_dataset(service: httpx.Client) -> None:
    for href, media_type in links(service.get("/"), "describedby"):
        assert service.get(href).headers["content-type"].split(";")[0] == media_type


### The dataset (VoID, DCAT 3)


def counted(service: httpx.Client, query: str) -> dict[str, int]:
    rows = service.post("/sparql", data={"query": query}).json()["results"]["bindings"]
    return {row["of"]["value"]: int(row["n"]["value"]) for row in rows}


@pytest.mark.parametrize(
    ("part", "of", "number", "query"),
    [
        (VOID.classPartition, VOID["class"], VOID.entities, "SELECT ?of (COUNT(DISTINCT ?s) AS ?n) { ?s a ?of } GROUP BY ?of"),
        (VOID.propertyPartition, VOID.property, VOID.triples, "SELECT ?of (COUNT(*) AS ?n) { ?s ?of ?o } GROUP BY ?of"),
    ],
)
def test_27_the_parts_of_the_dataset_are_what_a_query_counts(
    service: httpx.Client, part: URIRef, of: URIRef, number: URIRef, query: str
) -> None:
    graph = turtle(service, "/.well-known/void")
    told = {str(graph.value(one, of)): int(str(graph.value(one, number))) for one in graph.objects(None, part)}
    assert len(told) > 20
    assert told == counted(service, query)


def test_27_the_vocabularies_are_those_of_the_classes_and_properties(service: httpx.Client) -> None:
    graph = turtle(service, "/.well-known/void")
    spaces = {str(space) for space in graph.objects(None, VOID.vocabulary)}
    terms = {str(term) for of in (VOID["class"], VOID.property) for term in graph.objects(None, of)}
    assert {space for space in spaces if not any(term.startswith(space) for term in terms)} == set()
    assert {term for term in terms if not term.startswith(tuple(spaces))} == set()


def test_27_the_formats_told_are_those_of_the_downloads(service: httpx.Client) -> None:
    graph = turtle(service, "/.well-known/void")
    assert set(graph.objects(None, VOID.feature)) == {URIRef(form.iri) for form in GRAPHS.values()}
    assert {str(dump).rsplit(".", 1)[1] for dump in graph.objects(None, VOID.dataDump)} == {form.ending for form in GRAPHS.values()}


def test_28_each_download_has_the_size_the_digest_and_the_type_that_are_told(service: httpx.Client) -> None:
    graph = turtle(service, "/downloads")
    found = list(graph.subjects(RDF.type, DCAT.Distribution))
    assert len(found) == 2 * len(GRAPHS) + 2
    for one in found:
        address = graph.value(one, DCAT.downloadURL)
        got = service.get(here(address), headers={"Accept-Encoding": "identity"})
        assert got.status_code == 200
        assert len(got.content) == int(str(graph.value(one, DCAT.byteSize)))
        checksum = graph.value(one, SPDX.checksum)
        assert graph.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
        assert str(graph.value(checksum, SPDX.checksumValue)) == hashlib.sha256(got.content).hexdigest()
        told = graph.value(one, DCAT.compressFormat) or graph.value(one, DCAT.mediaType)
        assert str(told) == MEDIA_TYPES + got.headers["content-type"].split(";")[0]
        assert graph.value(one, DCTERMS.license) == URIRef("https://spdx.org/licenses/CC-BY-4.0")


def test_28_the_version_that_is_served_is_named_by_its_digest(service: httpx.Client) -> None:
    graph = turtle(service, "/downloads")
    [catalogue] = graph.subjects(RDF.type, DCAT.Catalog)
    dataset = graph.value(catalogue, DCAT.dataset)
    version = graph.value(dataset, DCAT.hasCurrentVersion)
    digest = service.get("/health").json()["data"]
    assert graph.value(version, DCAT.isVersionOf) == dataset
    assert str(graph.value(version, DCAT.version)) == str(graph.value(dataset, DCAT.version)) == digest[:12]
    canonical = [one for one in graph.objects(version, DCAT.distribution) if (one, DCTERMS.conformsTo, None) in graph]
    assert [str(graph.value(graph.value(one, SPDX.checksum), SPDX.checksumValue)) for one in canonical] == [digest]
    assert (dataset, RDF.type, VOID.Dataset) in turtle(service, "/.well-known/void"), "both describe the same thing"


def test_28_the_services_are_told_with_their_addresses(service: httpx.Client) -> None:
    graph = turtle(service, "/downloads")
    services = list(graph.subjects(RDF.type, DCAT.DataService))
    assert {str(graph.value(one, DCAT.endpointURL)) for one in services} == {f"{BASE}sparql", f"{BASE}api/"}
    for one in services:
        assert service.get(here(graph.value(one, DCAT.endpointDescription))).status_code == 200
        assert (one, DCAT.servesDataset, URIRef(f"{BASE}.well-known/void#dataset")) in graph
    [described] = turtle(service, "/sparql").subjects(RDF.type, SD.Service)
    assert described in services


def test_28_people_get_a_page_with_the_same_digests(service: httpx.Client) -> None:
    page = get(service, "/downloads", "text/html").text
    told = {str(value) for value in turtle(service, "/downloads").objects(None, SPDX.checksumValue)}
    assert told == set(re.findall(r"<code>([0-9a-f]{64})</code>", page))


### What the endpoint can do


def test_30_each_format_that_is_told_is_given(service: httpx.Client) -> None:
    told = {str(form) for form in turtle(service, "/sparql").objects(None, SD.resultFormat)}
    assert told == {form.iri for form in ANSWERS}
    for forms, query in ((ROWS, "SELECT * { ?s a ev:Claim } LIMIT 1"), (GRAPHS, "CONSTRUCT WHERE { ?s a ev:Claim } LIMIT 1")):
        for form in forms.values():
            answer = service.get("/sparql", params={"query": query}, headers={"Accept": form.media_type})
            assert answer.headers["content-type"].split(";")[0] == form.media_type


def test_30_each_ability_that_is_told_is_there(service: httpx.Client) -> None:
    graph = turtle(service, "/sparql")
    told = {(predicate, ability) for _, predicate, ability in graph if predicate in (SD.supportedLanguage, SD.languageExtension)}
    assert (SD.supportedLanguage, SD.SPARQL11Query) in told
    for ability, query in CAN.items():
        answer = service.get("/sparql", params={"query": query})
        assert (ability in told) == (answer.status_code == 200 and bool(answer.json()["results"]["bindings"]))
    assert told <= CAN.keys()


def test_30_the_default_graph_is_the_union_of_the_graphs(service: httpx.Client) -> None:
    assert (None, SD.feature, SD.UnionDefaultGraph) in turtle(service, "/sparql")
    for pattern in ("?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } }", "GRAPH ?g { ?s ?p ?o } FILTER NOT EXISTS { ?s ?p ?o }"):
        assert service.get("/sparql", params={"query": f"ASK {{ {pattern} }}"}).json()["boolean"] is False


### JSON-LD


@pytest.mark.parametrize("path", ["/api/unsupported", f"/api/lineage?thing={CLAIM}"])
def test_36_plain_json_names_the_context_that_gives_it_meaning(service: httpx.Client, path: str) -> None:
    [(href, media_type)] = links(service.get(path), "http://www.w3.org/ns/json-ld#context")
    context = service.get(href)
    assert context.headers["content-type"] == media_type == "application/ld+json"
    assert context.json()["@context"]["@version"] == 1.1
    assert context.content == service.get("/context.jsonld").content
    assert context.headers["access-control-allow-origin"] == "*"


def test_36_a_version_of_the_context_never_changes(service: httpx.Client) -> None:
    [(href, _)] = links(service.get("/api/unsupported"), "http://www.w3.org/ns/json-ld#context")
    fixed = service.get(href)
    assert hashlib.sha256(fixed.content).hexdigest().startswith(href.split("/")[-1].split(".")[0])
    assert fixed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in service.get("/context.jsonld").headers["cache-control"]
    assert service.get("/context/000000000000.jsonld").status_code == 404


def by_name(nodes: Any) -> Any:
    """Return JSON-LD with everything in one order."""
    if isinstance(nodes, list):
        return sorted(map(by_name, nodes), key=lambda one: json.dumps(one, sort_keys=True))
    return {key: by_name(value) for key, value in nodes.items()} if isinstance(nodes, dict) else nodes


each_described = pytest.mark.parametrize("path", DESCRIBED)


@each_described
@pytest.mark.parametrize("profile", ["compacted", "expanded", "flattened", "flattened compacted"])
def test_37_json_ld_comes_in_the_form_that_the_profile_asks_for(service: httpx.Client, path: str, profile: str) -> None:
    asked = " ".join(JSON_LD + name for name in profile.split())
    answer = get(service, path, f'application/ld+json;profile="{asked}", text/html;q=0.1')
    assert answer.status_code == 200
    told = re.fullmatch(r'application/ld\+json;profile="([^"]*)"', answer.headers["content-type"])
    assert told is not None
    assert set(told[1].split()) == set(asked.split())
    document = answer.json()
    plain = get(service, path, "application/ld+json").json()
    meant = set(jsonld.to_rdf(plain, {"format": "application/n-quads", **OFFLINE}).splitlines())
    assert set(jsonld.to_rdf(document, {"format": "application/n-quads", **OFFLINE}).splitlines()) == meant
    if "compacted" in profile:
        assert document == plain
        assert "@context" in document
    else:
        assert by_name(jsonld.expand(document, OFFLINE)) == by_name(document)
        names = [node["@id"] for node in document]
        assert len(names) == len(set(names))


@each_described
def test_37_what_no_profile_of_json_ld_is_changes_nothing(service: httpx.Client, path: str) -> None:
    plain = get(service, path, "application/ld+json")
    assert plain.headers["content-type"] == "application/ld+json"
    for accept in ('application/ld+json;profile="urn:example:unknown"', "application/ld+json;profile=x", "application/ld+json; q=0.5"):
        answer = get(service, path, accept)
        assert (answer.content, answer.headers["etag"]) == (plain.content, plain.headers["etag"])


def test_37_forms_are_told_apart_in_caches(service: httpx.Client) -> None:
    tags = {get(service, CLAIM, f'application/ld+json;profile="{JSON_LD}{form}"').headers["etag"] for form in ("expanded", "compacted")}
    assert len(tags | {get(service, CLAIM, "application/ld+json").headers["etag"]}) == 3


class Scripts(HTMLParser):
    """Collects the data blocks of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inside = False
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = (tag, attrs) == ("script", [("type", "application/ld+json")])

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found.append(data)
            self.inside = False


def embedded(service: httpx.Client, path: str) -> Graph:
    """Return what a page says in schema.org, read without asking any other host."""
    [block] = Scripts(get(service, path, "text/html").text).found
    return Graph().parse(data=jsonld.to_rdf(json.loads(block), {"format": "application/n-quads", **OFFLINE}), format="nt")


@pytest.mark.parametrize(
    ("path", "kind"),
    [(CLAIM, SDO.Claim), ("/study/rochester-maltreated-infants", SDO.MedicalStudy), ("/rating/foundations-ipp", SDO.Rating)],
)
def test_38_a_page_tells_search_engines_what_it_is_about(service: httpx.Client, path: str, kind: URIRef) -> None:
    told = embedded(service, path)
    page, thing = URIRef(f"{BASE}{path[1:]}"), URIRef(f"{BASE}id{path}")
    assert (page, RDF.type, SDO.WebPage) in told
    assert (page, SDO.mainEntity, thing) in told
    assert (thing, RDF.type, kind) in told
    assert (page, SDO.license, URIRef("https://spdx.org/licenses/CC-BY-4.0")) in told
    described = turtle(service, path)
    assert set(told.objects(thing, SDO.additionalType)) == set(described.objects(thing, RDF.type))
    for file in told.objects(page, SDO.encoding):
        answer = service.get(here(told.value(file, SDO.contentUrl)))
        assert answer.headers["content-type"].split(";")[0] == str(told.value(file, SDO.encodingFormat))


def test_38_the_first_page_tells_of_the_dataset_and_its_downloads(service: httpx.Client) -> None:
    told = embedded(service, "/")
    [dataset] = told.subjects(RDF.type, SDO.Dataset)
    assert (dataset, RDF.type, VOID.Dataset) in turtle(service, "/.well-known/void")
    assert {SDO.name, SDO.description, SDO.license, SDO.version, SDO.dateModified, SDO.url} <= set(told.predicates(dataset))
    downloads = {str(told.value(one, SDO.contentUrl)) for one in told.objects(dataset, SDO.distribution)}
    assert downloads == {f"{BASE}dump/all.{form.ending}" for form in GRAPHS.values()}


def test_38_a_hostile_label_ends_no_block_of_data(small: httpx.Client) -> None:
    page = small.get("/intervention/script", headers={"Accept": "text/html"}).text
    [block] = Scripts(page).found
    assert "<" not in block
    assert json.loads(block)["name"] == "<script>alert(1)</script>"


### Profiles (a draft: experimental)


@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"])
@pytest.mark.parametrize("token", PROFILES)
def test_39_a_description_comes_in_the_profile_asked_for(service: httpx.Client, token: str, media_type: str) -> None:
    by_header = get(service, CLAIM, media_type, Accept_Profile=f"<{PROFILES[token]}>")
    by_address = service.get(CLAIM, params={"_profile": token, "_mediatype": media_type}, headers={"Accept": "text/html"})
    assert by_address.content == by_header.content
    for answer in (by_header, by_address):
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == media_type
        assert answer.headers["content-profile"] == f"<{PROFILES[token]}>"
        assert links(answer, "profile") == [(PROFILES[token], "")]
        assert "accept-profile" in answer.headers["vary"].lower()
        assert service.get(answer.headers["content-location"]).content == answer.content


def test_39_the_profiles_say_different_things(service: httpx.Client) -> None:
    found = {token: turtle(service, CLAIM, Accept_Profile=f"<{iri}>") for token, iri in PROFILES.items()}
    thing, page = URIRef(f"{BASE}id{CLAIM}"), URIRef(f"{BASE}{CLAIM[1:]}")
    assert set(found["ev"]) == set(turtle(service, CLAIM))
    assert (page, SDO.mainEntity, thing) in found["schema"]
    representations = {
        (str(found["alt"].value(one, DCTERMS.conformsTo)), str(found["alt"].value(one, DCTERMS["format"])))
        for predicate in (ALTR.hasRepresentation, ALTR.hasDefaultRepresentation)
        for one in found["alt"].objects(thing, predicate)
    }
    assert {profile for profile, _ in representations} == set(PROFILES.values())
    assert len(list(found["alt"].objects(thing, ALTR.hasDefaultRepresentation))) == 1
    for profile, media_type in representations:
        answer = get(service, CLAIM, media_type, Accept_Profile=f"<{profile}>")
        assert answer.headers["content-profile"] == f"<{profile}>"
        assert answer.headers["content-type"].split(";")[0] == media_type


def test_39_weights_of_profiles_are_obeyed(service: httpx.Client) -> None:
    asked = f"<{PROFILES['schema']}>;q=0.4, <urn:example:unknown>, <{PROFILES['ev']}>;q=0.3"
    assert get(service, CLAIM, "text/turtle", Accept_Profile=asked).headers["content-profile"] == f"<{PROFILES['schema']}>"


@pytest.mark.parametrize("asked", [{"headers": {"Accept-Profile": "<urn:example:unknown>"}}, {"params": {"_profile": "unknown"}}])
def test_39_an_unknown_profile_is_refused_with_those_there_are(service: httpx.Client, asked: dict[str, Any]) -> None:
    answer = service.get(CLAIM, **asked)
    assert answer.status_code == NotAcceptable.status
    assert all(iri in answer.json()["detail"] for iri in PROFILES.values())


def test_39_without_a_profile_none_is_told(service: httpx.Client) -> None:
    answer = service.get(CLAIM)
    assert "content-profile" not in answer.headers
    assert links(answer, "profile") == []


### Example queries


@pytest.fixture(scope="module")
def examples(service: httpx.Client) -> Graph:
    return turtle(service, "/.well-known/sparql-examples/")


def each_example(graph: Graph) -> Iterator[tuple[URIRef, str, str]]:
    for one in sorted(graph.subjects(RDF.type, SH.SPARQLExecutable)):
        assert isinstance(one, URIRef)
        yield one, str(graph.value(one, RDFS.comment)), str(graph.value(one, SH.select))


def test_47_every_named_question_is_an_example(examples: Graph) -> None:
    assert {here(one).rsplit("/", 1)[1]: told for one, told, _ in each_example(examples)} == {
        name: question.title for name, question in questions().items()
    }
    for one, _, _ in each_example(examples):
        assert (one, RDF.type, SH.SPARQLSelectExecutable) in examples
        assert (one, SDO.target, URIRef(f"{BASE}sparql")) in examples


@pytest.mark.parametrize("name", questions())
def test_47_an_example_runs_and_has_rows(service: httpx.Client, examples: Graph, name: str) -> None:
    """As a client does that knows no prefix of ours: with those that are declared beside the query."""
    one = URIRef(f"{BASE}.well-known/sparql-examples/{name}")
    declared = {
        str(examples.value(node, SH.prefix)): str(examples.value(node, SH.namespace))
        for group in examples.objects(one, SH.prefixes)
        for node in examples.objects(group, SH.declare)
    }
    prefixes = "".join(f"PREFIX {prefix}: <{space}>\n" for prefix, space in declared.items())
    query = prefixes + str(examples.value(one, SH.select))
    rows = Graph().query(query)  # parses without any prefix of ours
    assert rows.vars
    answer = service.post("/sparql", data={"query": query})
    assert answer.status_code == 200
    assert answer.json()["results"]["bindings"]
    assert set(turtle(service, here(one)).objects(one, SH.select)) == {Literal(questions()[name].text)}


@pytest.mark.parametrize("name", questions())
def test_48_a_question_is_told_in_the_words_of_grlc(service: httpx.Client, name: str) -> None:
    answer = service.get(f"/.well-known/sparql-examples/{name}.rq")
    assert answer.headers["content-type"] == "application/sparql-query"
    decorators = yaml.safe_load("\n".join(line[2:].strip() for line in answer.text.splitlines() if line.startswith("#+")))
    assert decorators == {"summary": questions()[name].title, "method": "GET", "pagination": 100}


@pytest.mark.parametrize("path", ["/.well-known/sparql-examples/none", "/.well-known/sparql-examples/none.rq"])
def test_47_an_unknown_example_is_unknown(service: httpx.Client, path: str) -> None:
    assert service.get(path).status_code == 404
