"""Doors to references: their formats at each address, and what reference managers and search engines find in pages."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
import rispy
from pyld import jsonld
from rdflib import RDF, SDO, Graph, URIRef

from conftest import Serving, built_at
from wherefrom import starter
from wherefrom.bibliography import FORMS, Form, Record, coins, highwire, publications_of, records, whole_bibliography, words
from wherefrom.bibliography.records import one_line
from wherefrom.cli import main
from wherefrom.load import read_knowledge_base
from wherefrom.opening import open as open_base
from wherefrom.query import rows
from wherefrom.store import EmbeddedStore

BASE = "https://w3id.org/wherefrom/"
PAPER = "/publication/cicchetti-2006"
LED = ["/claim/foundations-ipp-secure", "/study/rochester-maltreated-infants", "/intervention/ipp", "/source/foundations"]
WITHOUT = ["/person/toth-sheree-l", "/measure", "/ontology", "/claim"]
DATA = Path(__file__).parent / "data" / "references"

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))


def iri(path: str) -> URIRef:
    return URIRef(f"{BASE}id{path}")


class Page(HTMLParser):
    """What a program reads in a page: its metas, links, identifiers for unAPI, ContextObjects, scripts, and the links of its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.metas: list[tuple[str, str]] = []
        self.links: list[dict[str, str]] = []
        self.unapi: list[str] = []
        self.coins: list[str] = []
        self.scripts: list[dict[str, str]] = []
        self.anchors: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if tag == "meta" and ("name" in told or "property" in told):
            self.metas.append((told.get("name") or told["property"], told["content"]))
        elif tag == "link":
            self.links.append(told)
        elif told.get("class") == "unapi-id":
            self.unapi.append(told["title"])
        elif told.get("class") == "Z3988":
            self.coins.append(told["title"])
        elif tag == "script":
            self.scripts.append(told)
        elif tag == "a":
            self.anchors.append(told.get("href", ""))

    def of(self, name: str) -> list[str]:
        return [content for one, content in self.metas if one == name]


def page(service: httpx.Client, path: str) -> Page:
    answer = service.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def link_header(answer: httpx.Response, rel: str) -> dict[str, str]:
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?', answer.headers["link"])
    return {href: media_type for href, name, media_type in found if name == rel}


def record(store: EmbeddedStore, path: str) -> Record:
    return records(store, [iri(path)], BASE)[0]


### Formats


@each_form
@pytest.mark.parametrize("path", [PAPER, *LED])
def test_a_thing_is_sent_as_references_by_suffix_and_by_header(service: httpx.Client, store: EmbeddedStore, path: str, form: Form) -> None:
    by_suffix = service.get(f"{path}.{form.ending}")
    assert by_suffix.status_code == 200
    assert by_suffix.headers["content-type"].split(";")[0] == form.media_type
    assert by_suffix.text == form.write(publications_of(store, [iri(path)], BASE))
    by_header = service.get(path, headers={"Accept": f"{form.media_type}, text/html;q=0.5"})
    assert by_header.content == by_suffix.content
    assert by_header.headers["content-location"] == f"{path}.{form.ending}"
    for answer in (by_suffix, by_header):
        assert answer.headers["vary"] == "Accept, Accept-Profile, Accept-Encoding"
        assert list(link_header(answer, "canonical")) == [path]
        assert list(link_header(answer, "describes")) == ([path] if path == PAPER else [])
    assert service.head(f"{path}.{form.ending}").headers["etag"] == by_suffix.headers["etag"]
    assert service.get(f"{path}.{form.ending}", headers={"If-None-Match": by_suffix.headers["etag"]}).status_code == 304
    named = service.get(f"/id{path}.{form.ending}")
    assert (named.status_code, named.headers["location"]) == (303, f"{path}.{form.ending}")


def test_each_format_has_a_tag_of_its_own(service: httpx.Client) -> None:
    suffixes = ["html", "ttl", *(form.ending for form in FORMS.values())]
    assert len({service.get(f"{PAPER}.{suffix}").headers["etag"] for suffix in suffixes}) == len(suffixes)


@each_form
def test_the_list_of_publications_is_the_whole_bibliography(service: httpx.Client, store: EmbeddedStore, form: Form) -> None:
    text = form.write(whole_bibliography(store, BASE))
    by_suffix = service.get(f"/publication.{form.ending}")
    by_header = service.get("/publication", headers={"Accept": form.media_type})
    assert by_suffix.text == by_header.text == text
    assert by_header.headers["content-location"] == f"/publication.{form.ending}"
    assert link_header(service.get("/publication"), "alternate")[f"/publication.{form.ending}"] == form.media_type


@each_form
@pytest.mark.parametrize("path", WITHOUT)
def test_what_has_no_literature_has_no_format_of_references(service: httpx.Client, path: str, form: Form) -> None:
    assert service.get(f"{path}.{form.ending}").status_code == 404
    assert service.get(path, headers={"Accept": form.media_type}).status_code == 406


@pytest.mark.parametrize("path", ["/publication/none.bib", "/publication.xyz", "/publication.ttl", "/claim/none.csl.json"])
def test_what_is_not_there_is_not_found(service: httpx.Client, path: str) -> None:
    assert service.get(path).status_code == 404


def test_a_browser_still_gets_the_page(service: httpx.Client) -> None:
    for accept in ("*/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"):
        assert service.get(PAPER, headers={"Accept": accept}).headers["content-type"] == "text/html; charset=utf-8"
        assert service.get("/publication", headers={"Accept": accept}).headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", [PAPER, *LED])
def test_a_page_links_its_formats_and_each_answers_as_it_is_told(service: httpx.Client, path: str) -> None:
    answer = service.get(path, headers={"Accept": "text/html"})
    media_types = {f"{path}.{form.ending}": form.media_type for form in FORMS.values()}
    alternates = link_header(answer, "alternate")
    assert media_types.items() <= alternates.items()
    assert (media_types.items() <= link_header(answer, "describedby").items()) is (path == PAPER)
    for href, media_type in alternates.items():
        assert service.get(href).headers["content-type"].split(";")[0] == media_type
    read = Page(answer.text)
    for rel in ("alternate", "describedby", "canonical"):
        assert {link["href"] for link in read.links if link["rel"] == rel} == set(link_header(answer, rel))
    assert media_types.keys() <= set(read.anchors)
    linkset = service.get(f"{path}.linkset").json()["linkset"]
    assert {f"{BASE[:-1]}{href}" for href in media_types} <= {entry["href"] for entry in linkset[0]["alternate"]}
    for context in linkset[1:]:
        back = service.get(context["anchor"].removeprefix(BASE[:-1]))
        assert list(link_header(back, "describes")) == [path]


def test_a_claim_that_cites_nothing_has_no_references(service: httpx.Client) -> None:
    path = "/" + service.get("/api/unsupported").json()["claims"][0]["id"]
    assert (service.get(f"{path}.bib").text, service.get(f"{path}.ris").text, service.get(f"{path}.csl.json").json()) == ("", "", [])


### In the head of pages


def test_the_tags_of_a_publication_are_what_the_data_say(service: httpx.Client, store: EmbeddedStore) -> None:
    query = """SELECT ?title ?year ?journal ?volume ?issue ?first ?last ?doi {
      publication:cicchetti-2006 dct:title ?title ; fabio:hasPublicationYear ?year ; frbr:partOf/skos:prefLabel ?journal ;
        prism:volume ?volume ; prism:issueIdentifier ?issue ; prism:startingPage ?first ; prism:endingPage ?last ; prism:doi ?doi }"""
    [row] = service.post("/sparql", data={"query": query}).json()["results"]["bindings"]
    read = page(service, PAPER)
    names = {
        "title": "title", "year": "publication_date", "journal": "journal_title", "volume": "volume", "issue": "issue",
        "first": "firstpage", "last": "lastpage", "doi": "doi",
    }  # fmt: skip
    assert {column: read.of(f"citation_{name}") for column, name in names.items()} == {name: [row[name]["value"]] for name in names}
    assert read.of("citation_author") == ["Cicchetti, Dante", "Rogosch, Fred A.", "Toth, Sheree L."]
    for one in whole_bibliography(store, BASE):
        metas = page(service, f"/publication/{one.key}").metas
        assert [meta for meta in metas if meta[0].startswith("citation_")] == highwire(one)


def test_what_is_no_publication_has_no_tags_of_one(service: httpx.Client) -> None:
    for path in (*LED, "/publication", "/"):
        assert not [name for name, _ in page(service, path).metas if name.startswith("citation_")]


@pytest.mark.parametrize("path", ["/", "/claim", "/publication", "/overlap", "/ontology", "/sparql", "/downloads", PAPER, *LED])
def test_every_page_tells_what_it_is_to_those_who_link_it(service: httpx.Client, path: str) -> None:
    read = page(service, path)
    for name in ("description", "og:title", "og:type", "og:description", "og:site_name"):
        assert [bool(content.strip()) for content in read.of(name)] == [True], name
    assert "wherefrom" not in read.of("og:site_name")[0]
    canonical = [link["href"] for link in read.links if link["rel"] == "canonical"]
    assert read.of("og:url") == [f"{BASE[:-1]}{href}" for href in canonical]
    assert read.of("og:image") == []
    assert [link for link in read.links if link["rel"] in ("stylesheet", "icon", "preload") and "//" in link["href"]] == []


def test_a_page_about_a_thing_is_described_by_its_words(service: httpx.Client, store: EmbeddedStore) -> None:
    assert page(service, PAPER).of("og:description") == [str(words(record(store, PAPER)))]
    assert page(service, PAPER).of("og:url") == [f"{BASE}publication/cicchetti-2006"]
    claim = page(service, LED[0])
    assert claim.of("description") == ["Claim: IPP raises secure attachment by 40.9 percentage points"]
    assert claim.of("og:title")[0].startswith("IPP raises secure attachment by 40.9 percentage points")


def no_network(url: str, _: object) -> None:
    raise AssertionError(f"{url} would be fetched")


def test_search_engines_read_an_article_with_all_that_is_known(service: httpx.Client, store: EmbeddedStore) -> None:
    text = service.get(PAPER, headers={"Accept": "text/html"}).text
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    told = json.loads(block)["mainEntity"]
    one = record(store, PAPER)
    assert [(author["familyName"], author["givenName"]) for author in told["author"]] == [(n.family, n.given) for n in one.authors]
    graph = Graph().parse(
        data=jsonld.to_rdf(json.loads(block), {"format": "application/n-quads", "documentLoader": no_network}), format="nt"
    )
    paper = one.iri
    assert (paper, RDF.type, SDO.ScholarlyArticle) in graph
    assert (paper, SDO.sameAs, URIRef(one.address)) in graph
    issue = graph.value(paper, SDO.isPartOf)
    volume = graph.value(issue, SDO.isPartOf)
    journal = graph.value(volume, SDO.isPartOf)
    values = [str(graph.value(*pair)) for pair in ((issue, SDO.issueNumber), (volume, SDO.volumeNumber), (journal, SDO.name))]
    assert values == [one.issue, one.volume, one.container]
    assert journal == one.container_iri
    assert {str(value) for value in graph.objects(paper, SDO.identifier)} == {f"doi:{one.doi}"}
    assert not [node for node in graph.all_nodes() if node.__class__.__name__ == "BNode"], "the same data give the same bytes"


def test_the_list_and_the_page_carry_identifiers_and_context_objects(service: httpx.Client, store: EmbeddedStore) -> None:
    everything = whole_bibliography(store, BASE)
    listed = page(service, "/publication")
    assert listed.unapi == [str(one.iri) for one in everything]
    assert listed.coins == [coins(one) for one in everything]
    assert {f"/publication/{one.key}" for one in everything} <= set(listed.anchors)
    for one in everything:
        read = page(service, f"/publication/{one.key}")
        assert str(one.iri) in read.unapi
        assert coins(one) in read.coins
    told = parse_qs(page(service, PAPER).coins[0], strict_parsing=True)
    assert told["ctx_ver"] == ["Z39.88-2004"]
    assert told["rft_val_fmt"] == ["info:ofi/fmt:kev:mtx:journal"]
    assert told["rft_id"] == ["info:doi/10.1017/S0954579406060329", f"{BASE}id{PAPER}"]
    assert told["rft.au"] == ["Cicchetti, Dante", "Rogosch, Fred A.", "Toth, Sheree L."]
    assert (told["rft.spage"], told["rft.epage"], told["rft.date"]) == (["623"], ["649"], ["2006"])


def test_the_sitemap_has_every_publication_with_the_day_of_the_last_curation(service: httpx.Client, store: EmbeddedStore) -> None:
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = {
        url.findtext("s:loc", "", space): url.findtext("s:lastmod", "", space)
        for url in ET.fromstring(service.get("/sitemap.xml").text).iterfind("s:url", space)
    }
    day = max(str(row["when"]) for row in rows(store, "last_curation"))[:10]
    assert {found.get(f"{BASE}publication/{one.key}") for one in whole_bibliography(store, BASE)} == {day}


### unAPI, version 1


def unapi_formats(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/xml"
    root = ET.fromstring(answer.text)
    assert root.tag == "formats"
    return {one.attrib["name"]: one.attrib["type"] for one in root.iterfind("format")}


def test_a_program_that_knows_only_a_page_gets_every_format_of_what_it_names(service: httpx.Client) -> None:
    """The way of a client: the link of the page, the identifiers in it, the formats of each, and each of these."""
    read = page(service, "/publication")
    [server] = [link for link in read.links if link["rel"] == "unapi-server"]
    assert (server["type"], server["title"]) == ("application/xml", "unAPI")
    everything = service.get(server["href"])
    assert everything.status_code == 200
    assert unapi_formats(everything).keys() == {"bibtex", "ris", "csl", "rdf"}
    assert len(read.unapi) == 12
    for identifier in read.unapi:
        offered = service.get(server["href"], params={"id": identifier})
        assert offered.status_code == 300
        assert ET.fromstring(offered.text).attrib == {"id": identifier}
        assert unapi_formats(offered) == unapi_formats(everything)
        for name, media_type in unapi_formats(offered).items():
            led = service.get(server["href"], params={"id": identifier, "format": name})
            assert led.status_code == 302
            given = service.get(led.headers["location"])
            assert (given.status_code, given.headers["content-type"].split(";")[0]) == (200, media_type)
            assert identifier in given.text or identifier.rsplit("/", 1)[1] in given.text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"id": f"{BASE}id/publication/none"}, 404),
        ({"id": f"{BASE}id/publication/none", "format": "ris"}, 404),
        ({"id": "no identifier at all <>"}, 404),
        ({"id": f"{BASE}id{LED[0]}"}, 404),  # known, and no publication
        ({"id": f"{BASE}id{PAPER}", "format": "mods"}, 406),
        ({"format": "ris"}, 400),
    ],
)
def test_unapi_refuses_as_its_specification_says(service: httpx.Client, asked: dict[str, str], status: int) -> None:
    answer = service.get("/unapi", params=asked)
    assert answer.status_code == status
    assert answer.json()["remedy"]


def test_unapi_is_kept_in_caches(service: httpx.Client) -> None:
    answer = service.get("/unapi", params={"id": f"{BASE}id{PAPER}"})
    asked_again = service.get(str(answer.url), headers={"If-None-Match": answer.headers["etag"]})
    assert (asked_again.status_code, asked_again.headers["etag"]) == (304, answer.headers["etag"])
    assert service.head("/unapi", params={"id": f"{BASE}id{PAPER}"}).status_code == 300


### Hostile names


@pytest.fixture(scope="module")
def hostile_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "base"
    starter.create(folder)
    shutil.copy(DATA / "hostile.trig", folder / "data")
    built_at(read_knowledge_base(folder), folder / "store")
    return folder


@pytest.fixture(scope="module")
def hostile(serving: Serving, hostile_base: Path) -> Iterator[httpx.Client]:
    with serving(hostile_base, hostile_base / "store") as client:
        yield client


def test_hostile_names_are_neither_markup_nor_fields(hostile: httpx.Client, hostile_base: Path) -> None:
    kb = open_base(hostile_base)
    [one] = records(kb.store, [kb.iri("publication/hostile")], kb.settings.base)
    for path in ("/publication/hostile", "/publication"):
        read = page(hostile, path)
        assert read.tags & {"img", "b", "i"} == set()
        assert all(script.get("type") == "application/ld+json" or script["src"].startswith("/static/") for script in read.scripts)
        assert coins(one) in read.coins
        assert all(href.startswith(("/", "#", "?", "https://", "http://")) for href in read.anchors)
    read = page(hostile, "/publication/hostile")
    assert [meta for meta in read.metas if meta[0].startswith("citation_")] == highwire(one)
    assert read.of("og:description") == [str(words(one))]
    [told] = rispy.loads(hostile.get("/publication/hostile.ris").text)
    assert told["title"] == one_line(one.title)
    assert told["urls"] == ["https://doi.org/10.1002/(SICI)1097-0258(19980815)17:15%3C1661::AID-SIM968%3E3.0.CO%3B2-2"]
    assert hostile.get("/publication/hostile.csl.json").json()[0]["DOI"] == one.doi
    assert "\\input" not in hostile.get("/publication/hostile.bib").text


def test_a_name_beyond_ascii_is_found_by_every_door(hostile: httpx.Client) -> None:
    [name] = [one for one in page(hostile, "/publication").unapi if "größe" in one]
    led = hostile.get("/unapi", params={"id": name, "format": "bibtex"})
    assert led.status_code == 302
    assert hostile.get(led.headers["location"]).text.startswith("@article{gr.f6..df.e-.8bfb..4e66.,\n  title = {Größe 读书},")


### On the terminal


def exported(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> str:
    assert main(["export", *arguments]) == 0
    return capfdbinary.readouterr().out.decode()


@pytest.mark.parametrize("form", FORMS)
def test_export_writes_references(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, repository: Path, store: EmbeddedStore, form: str
) -> None:
    monkeypatch.chdir(repository)
    assert exported(capfdbinary, "--format", form) == FORMS[form].write(whole_bibliography(store, BASE))
    things = ["study/rochester-maltreated-infants", "publication/toth-2002"]
    some = exported(capfdbinary, "--format", form, *things)
    assert some == FORMS[form].write(publications_of(store, [URIRef(f"{BASE}id/{thing}") for thing in things], BASE))
    assert some.count("2002") > 0


def test_export_of_a_graph_is_not_one_of_references(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    monkeypatch.chdir(repository)
    assert main(["export", "--format", "ris", "--graph", "bibliography"]) == 2
    assert "--graph goes with the formats of graphs, not with ris" in capsys.readouterr().err
