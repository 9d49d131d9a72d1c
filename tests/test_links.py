"""The pages as a crawler sees them: every link answers, every page is well formed, and no label becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import pytest

from wherefrom.pages import TRACED
from wherefrom.web.views import MENU

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
OTHERS = {"/sparql", "/ontology", "/shapes", "/downloads", "/changes", "/unapi", *(entry.path for entry in MENU)}  # no lists of things
EACH_KIND = 3  # things of each kind whose pages are read


class Page(HTMLParser):
    """Reads a page and keeps what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.mistakes: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.ids: list[str] = []
        self.title = ""
        assert text.lstrip().lower().startswith("<!doctype html>")
        self.feed(text)
        self.close()
        self.mistakes += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if len(values) != len(attrs):
            self.mistakes.append(f"<{tag}> has an attribute twice")
        self.tags.append((tag, values))
        if "id" in values:
            self.ids.append(values["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(f"</{tag}> closes what is not open, at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.title += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [values for name, values in self.tags if name == tag]

    @property
    def links(self) -> set[str]:
        return {values["href"] for tag, values in self.tags if tag in ("a", "link") and "href" in values}


def read(service: httpx.Client, path: str) -> Page:
    answer = service.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def sample(service: httpx.Client) -> Iterator[str]:
    """Yield the home page, each list, and the first, middle and last things of each kind."""
    yield "/"
    kinds = sorted(link for link in read(service, "/").links if re.fullmatch(r"/[a-z-]+", link) and link not in OTHERS)
    lists = {kind: [link for link in sorted(read(service, kind).links) if link.startswith(f"{kind}/")] for kind in kinds}
    for kind, things in lists.items():
        yield kind
        yield from dict.fromkeys(things[n * (len(things) - 1) // (EACH_KIND - 1)] for n in range(EACH_KIND) if things)
    yield from (entry.path for entry in MENU)
    yield from ("/scheme", "/scheme/design", "/scheme/design/rct", "/problems/bad-query", "/sparql?name=reports-of-a-study")


@pytest.fixture(scope="module")
def pages(service: httpx.Client) -> dict[str, Page]:
    return {path: read(service, path) for path in dict.fromkeys(sample(service))}


def test_the_sample_has_things_of_every_kind(pages: dict[str, Page], service: httpx.Client) -> None:
    kinds = {path.split("/")[1] for path in pages if path.count("/") > 1}
    assert {"claim", "study", "publication", "finding", "intervention", "document", "edition", "rating", "passage"} <= kinds
    assert len(pages) > 60


def test_every_page_is_well_formed(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        assert page.mistakes == [], path
        assert len(page.ids) == len(set(page.ids)), path
        assert page.title.strip(), path
        assert [values.get("lang") for values in page.all("html")] == ["en"], path
        assert len(page.all("h1")) == 1, path
        assert len(page.all("main")) == 1, path
        assert all(values.get("href") for values in page.all("a")), path


def test_every_page_begins_with_a_way_to_its_content(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        first = page.all("a")[0]
        assert first["href"].startswith("#"), path
        assert first["href"][1:] in page.ids, path


def test_no_page_loads_anything_from_elsewhere(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        for tag, values in page.tags:
            loaded = [values[name] for name in ("src", "srcset", "data", "poster") if name in values]
            if tag == "link" and values["rel"] in ("stylesheet", "icon", "preload", "modulepreload", "manifest"):
                loaded.append(values["href"])
            assert all(re.match(r"/(?!/)", address) for address in loaded), path
            assert not any(name.startswith("on") or name == "style" for name in values), path
            assert tag not in ("iframe", "object", "embed", "base"), path
        scripts = [values for values in page.all("script") if values.get("type") != "application/ld+json"]
        assert all("src" in values for values in scripts), path


def test_every_link_leads_somewhere(pages: dict[str, Page], service: httpx.Client) -> None:
    """A link of ours answers; one with a fragment leads to a page that has it."""
    wanted: dict[str, set[str]] = {}
    for path, page in pages.items():
        for link in page.links:
            address = urlsplit(urljoin(path, link))
            if not address.netloc:
                asked = address.path + (f"?{address.query}" if address.query else "")
                wanted.setdefault(asked, set()).add(unquote(address.fragment))
            else:
                assert address.scheme in ("http", "https"), (path, link)
    assert len(wanted) > 300
    broken = []
    for asked, fragments in wanted.items():
        answer = service.get(asked, headers={"Accept": "text/html, */*;q=0.1"})
        if answer.status_code not in (200, 303, 308):
            broken.append(f"{asked}: {answer.status_code}")
        elif fragments - {""} and not fragments - {""} <= set(Page(answer.text).ids):
            broken.append(f"{asked} has no {fragments - set(Page(answer.text).ids) - {''}}")
    assert broken == []


def test_parts_of_things_are_not_counted_and_have_pages(service: httpx.Client) -> None:
    """The selector of a passage and the checksum of a snapshot are no passage and no snapshot."""
    for kind, part in (("snapshot", "checksum"), ("passage", "selector")):
        things = [link for link in read(service, f"/{kind}").links if link.startswith(f"/{kind}/")]
        assert things
        assert not any(link.endswith(f"/{part}") for link in things)
        read(service, f"{things[0]}/{part}")
    asked = "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?p a ev:Passage }"
    counted = service.get("/sparql", params={"query": asked}, headers={"Accept": "application/sparql-results+json"}).json()
    assert f"{counted['results']['bindings'][0]['n']['value']} in all" in service.get("/passage", headers={"Accept": "text/html"}).text


def test_only_what_lineage_speaks_of_leads_to_it(pages: dict[str, Page]) -> None:
    traced = {
        path.split("/")[1]
        for path, page in pages.items()
        if path.count("/") > 1 and any(link.startswith("/lineage?") for link in page.links)
    }
    assert traced == TRACED


def test_a_list_says_where_it_has_nothing(service: httpx.Client) -> None:
    answer = service.get("/claim?start=100000", headers={"Accept": "text/html"})
    assert "there is nothing from 100001 on" in answer.text
    page = Page(answer.text)
    assert page.mistakes == []
    assert {values["href"] for values in page.all("a")} >= {"/claim"}
    assert not any("rel" in values and values["rel"] in ("prev", "next") for values in page.all("a"))


def test_pages_of_another_base_link_only_to_what_it_has(small: httpx.Client) -> None:
    for path in ("/", "/claim/reading-together-words", "/intervention/old-reading", "/sparql", "/nothing"):
        page = Page(small.get(path, headers={"Accept": "text/html"}).text)
        for link in page.links:
            if link.startswith("/"):
                assert small.get(link).status_code in (200, 303, 308, 410), (path, link)


### Hostile labels

HOSTILE = ["/intervention/script", "/intervention/quotes", "/intervention"]
SHOWN_BY_QUERY = "/sparql?query=SELECT%20*%20%7B%20intervention:script%20?p%20?o%20%7D"
ECHOED = [
    "/sparql?query=%3C/textarea%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/sparql?query=SELECT%20(%22%3Cscript%3Ealert(1)%3C/script%3E%22%20AS%20?x)%20%7B%7D",
    "/sparql?query=SELECT%20(%3Cjavascript:alert(1)%3E%20AS%20?x)%20%7B%7D",
    "/sparql?query=CONSTRUCT%20%7B%3Cx:a%3E%20%3Cx:b%3E%20%22%3C/pre%3E%3Cscript%3E%22%7D%20%7B%7D",
    "/claim/%3Cscript%3Ealert(1)%3C/script%3E",
    "/%3Cscript%3Ealert(1)%3C/script%3E",
    "/api/lineage?thing=%3Cscript%3Ealert(1)%3C/script%3E",
    "/intervention?start=%3Cscript%3E",
]


@pytest.mark.parametrize("path", [*HOSTILE, SHOWN_BY_QUERY, *ECHOED])
def test_no_label_and_no_input_becomes_markup(small: httpx.Client, path: str) -> None:
    answer = small.get(path, headers={"Accept": "text/html"})
    page = Page(answer.text)
    assert page.mistakes == []
    assert all(values == {"type": "application/ld+json"} or values["src"].startswith("/static/") for values in page.all("script"))
    assert page.all("img") == []
    assert page.all("b") == []
    for _, values in page.tags:
        assert not any(name.startswith("on") for name in values)
        for name in ("href", "src", "action"):
            assert not re.match(r"\s*(javascript|data|vbscript):", values.get(name, ""), re.IGNORECASE)


def test_hostile_values_are_still_shown(small: httpx.Client) -> None:
    page = small.get("/intervention/script", headers={"Accept": "text/html"}).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "javascript:alert(3)" in page


def test_hostile_labels_come_whole_through_the_data_formats(small: httpx.Client) -> None:
    asked = "SELECT ?label { intervention:script skos:prefLabel ?label }"
    found = small.get("/sparql", params={"query": asked}, headers={"Accept": "application/sparql-results+json"}).json()
    assert found["results"]["bindings"][0]["label"]["value"] == "<script>alert(1)</script>"
