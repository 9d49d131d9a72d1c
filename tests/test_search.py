"""Search: what is found by which words, in which order, and that nothing anybody types can break it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherefrom import cli, search, starter
from wherefrom.arrays import Arrays
from wherefrom.build import Build
from wherefrom.load import read_knowledge_base
from wherefrom.pages import kinds_of_things
from wherefrom.problems import BadParameter, SearchUnavailable
from wherefrom.search import EACH, LONGEST, Index, fold, snippet, words_of
from wherefrom.settings import Settings
from wherefrom.store import EmbeddedStore
from wherefrom.web.site import Site
from writing_servers import GRAPH, serving

BASE = Settings().base
PAPER = "publication/cicchetti-2006"
DOI = "10.1017/S0954579406060329"
law = settings(max_examples=100, deadline=None, database=None)


@pytest.fixture(scope="module")
def index(store: EmbeddedStore) -> Index:
    return Index(store, BASE, kinds_of_things(store, BASE))


@pytest.fixture(scope="module")
def small_index(awkward: Path) -> Index:
    base = read_knowledge_base(awkward)
    store = EmbeddedStore.of(base.quads())
    return Index(store, base.settings.base, kinds_of_things(store, base.settings.base))


def ids(answer: Any) -> list[str]:
    return [hit["id"] for found in answer["types"] for hit in found["hits"]]


def suggested(index: Index, text: str) -> list[str]:
    return [hit["id"] for hit in index.suggest(text)["suggestions"]]


### What a thing is found by


@pytest.mark.parametrize(
    ("words", "thing", "property"),
    [
        ("Cicchetti et al. 2006", PAPER, "name"),
        ("fostering secure attachment maltreating", PAPER, "title"),
        (DOI, PAPER, "DOI"),
        (f"https://doi.org/{DOI}", PAPER, "DOI"),
        (f"http://dx.doi.org/{DOI.lower()}", PAPER, "DOI"),
        (f"doi: {DOI}.", PAPER, "DOI"),
        ("16865033", "publication/lieberman-2006", "PubMed number"),
        ("PMID: 16865033", "publication/lieberman-2006", "PubMed number"),
        ("IPP", "intervention/ipp", "other name"),
        ("Dante Cicchetti 2006", PAPER, "author"),
        ("Sheree Toth cortisol", "publication/cicchetti-2011", "author"),
        ("GB", "evs:country/uk", "notation"),
    ],
)
def test_a_thing_is_found_by(index: Index, words: str, thing: str, property: str) -> None:
    hits = {hit["id"]: hit for found in index.search(words)["types"] for hit in found["hits"]}
    assert thing in hits
    assert hits[thing]["matched"] is None or hits[thing]["matched"]["property"] == property


def test_a_paper_is_found_by_what_a_source_misprints(index: Index) -> None:
    answer = index.search("Development and Psychotherapy", "publication")
    assert ids(answer)[:2] == ["publication/stronach-2013", PAPER]  # whose journal is Development and Psychopathology
    matched = answer["types"][0]["hits"][1]["matched"]
    assert (matched["property"], matched["text"]) == ("printed journal", "Development and Psychotherapy")
    assert matched["reference"]["id"] == "reference/continuum-cpp-cicchetti-2006"


@pytest.mark.parametrize("name", [PAPER, "publication:cicchetti-2006", "cicchetti-2006", f"{BASE}id/{PAPER}", f"<{BASE}id/{PAPER}>"])
def test_a_thing_is_found_by_any_way_of_writing_its_name(index: Index, name: str) -> None:
    assert ids(index.search(name))[0] == suggested(index, name)[0] == PAPER


def test_every_thing_is_found_by_its_own_label(index: Index) -> None:
    things = index._ask("SELECT iri, kind, label FROM thing WHERE folded <> ''")
    assert len(things) > 1_000
    for iri, kind, label in things:
        answer = index.search(label[:LONGEST], index.kinds[kind])
        same = [one for one, of, called in things if of == kind and called == label]
        assert iri in [hit["iri"] for hit in answer["types"][0]["hits"][: len(same)]], label


def test_every_identifier_comes_first(index: Index) -> None:
    said = index._ask("SELECT iri, text FROM said WHERE field = 0 AND property <> ?", (str(search.SKOS.notation),))
    assert len(said) > 15
    for iri, text in said:
        same = {one for one, other in said if other.casefold() == text.casefold()}
        assert index.search(text)["types"][0]["hits"][0]["iri"] in same
        assert iri in {hit["iri"] for hit in index.suggest(text)["suggestions"]}


def test_words_may_be_written_otherwise(small_index: Index) -> None:
    for words in ("Größe 读书", "GROSSE", "größe", "groÿße"[:3], "读书"):
        assert "intervention/größe-读书" in ids(small_index.search(words)), words


def test_hyphens_dashes_and_quotes_make_no_difference(index: Index) -> None:
    found = ids(index.search("infant parent psychotherapy"))
    assert found
    for words in (
        "Infant-Parent Psychotherapy",
        "infant–parent psychotherapy",
        '"infant parent" psychotherapy',
        "INFANT/PARENT, psychotherapy",
    ):
        assert ids(index.search(words)) == found


def test_what_was_withdrawn_is_not_found(small_index: Index) -> None:
    assert "intervention/reading-together" in ids(small_index.search("Reading Together"))
    assert "intervention/old-reading" not in ids(small_index.search("Reading Together first version", "intervention"))


def test_which_texts_are_searched_is_the_ontologys_to_say(index: Index, store: EmbeddedStore) -> None:
    """A property below one of the roots is searched, whatever it is; one that is below none is not."""
    fields = search._fields(store)
    under = {property: field for property, field in fields.items() if str(property).startswith(str(search.EV))}
    assert under[search.EV.printedTitle] == "printed"
    assert under[search.EV.printedName] == "name"  # below a name too, which is stronger
    assert under[search.EV.condition] == "note"
    assert search.EV.passageDigest not in fields
    assert set(fields.values()) == set(search.FIELDS) - {"publication"}


### Order and pages


def test_what_is_named_so_comes_first_then_what_begins_so(index: Index) -> None:
    assert ids(index.search("attachment security"))[0] == "outcome/attachment-security"
    labels = [hit["label"] for hit in index.search("attachment", "outcome")["types"][0]["hits"]]
    begins = [fold(label).startswith("attachment") for label in labels]
    assert begins == sorted(begins, reverse=True)
    assert True in begins
    assert False in begins


def test_kinds_that_are_met_alike_come_in_the_order_of_the_ontology(index: Index) -> None:
    found = [one["type"] for one in index.search("hormone OR cortisol maltreated")["types"]]
    assert found == sorted(found, key=index.kinds.index)
    assert len(found) > 2


def test_pages_hold_every_hit_once(index: Index) -> None:
    for words, kind in (("ipp", None), ("i", "claim")):
        first = index.search(words, kind)
        assert first["pages"] > 1
        pages = [index.search(words, kind, page) for page in range(1, first["pages"] + 1)]
        told = [one for page in pages for one in ids(page)]
        assert len(told) == len(set(told)) == first["total"]
        assert {page["total"] for page in pages} == {first["total"]}
    assert ids(index.search("ipp", None, first["pages"] + 100)) == []
    assert all(len(found["hits"]) <= EACH for found in index.search("ipp")["types"])


def test_a_suggestion_is_what_begins_with_what_was_typed(index: Index) -> None:
    for typed in ("att", "attach", "attachment sec"):
        assert "outcome/attachment-security" in suggested(index, typed)
    assert suggested(index, "10.1017/s09")[0] == PAPER
    assert suggested(index, "claim/foundations-ipp-sec")[0] == "claim/foundations-ipp-secure"
    assert suggested(index, "") == suggested(index, "...") == []
    assert len(suggested(index, "i")) == search.MOST


### Marks


def test_marks_are_where_the_words_are(index: Index) -> None:
    asked = "ipp secure attachment"
    hits = [hit for found in index.search(asked)["types"] for hit in found["hits"]]
    assert hits
    for hit in hits:
        text = hit["matched"]["text"]
        assert hit["matched"]["marks"]
        for start, end in hit["matched"]["marks"]:
            assert fold(text[start:end]).startswith(tuple(words_of(asked)))


@law
@given(st.text(max_size=400), st.data())
def test_a_snippet_is_a_piece_of_the_text_with_its_marks(text: str, data: st.DataObject) -> None:
    spans = [match.span() for match in re.finditer(r"\w{1,12}", text)]
    if not spans:
        return
    chosen = sorted(data.draw(st.lists(st.sampled_from(spans), min_size=1, unique=True)))
    cut, marks = snippet(text, chosen)
    assert marks
    assert cut.removeprefix("… ").removesuffix(" …") in text or cut == text
    assert {cut[a:b] for a, b in marks} <= {text[a:b] for a, b in chosen}


### Slips of typing


@pytest.mark.parametrize(
    ("typed", "meant", "thing"),
    [
        ("cichetti", "cicchetti", "person/cicchetti-dante"),
        ("atachment securty", "attachment security", "outcome/attachment-security"),
        ("Liebermann 1991", "lieberman 1991", "publication/lieberman-1991"),
        ("psichotherapy infant", "psychotherapy infant", "intervention/ipp"),
    ],
)
def test_a_misspelt_word_is_taken_for_the_one_it_is_like(index: Index, typed: str, meant: str, thing: str) -> None:
    answer = index.search(typed)
    assert answer["corrected"] == meant
    assert thing in ids(answer)
    assert thing in suggested(index, typed)


def test_words_that_are_there_are_never_changed(index: Index) -> None:
    for typed in ("attachmen", "secure trial", "10.1017", "qqqqqqqq", "ipp"):
        assert index.search(typed)["corrected"] is None


def test_some_of_the_words_are_enough_where_nothing_has_all(index: Index) -> None:
    answer = index.search("does IPP improve attachment")
    assert answer["words"] == "some"
    assert "outcome/attachment-security" in ids(answer)
    assert index.search("secure attachment")["words"] == "all"
    assert index.search("qqqqqqqq wwwwwwww")["total"] == 0


### Whatever is typed

SYNTAX = (
    "AND", "OR NOT", "NEAR(a b, 2)", '"', '""', '"a', 'a" OR "b', "*", "a*", "^a", "name:ipp", "{name} : ipp", "-ipp", "(", ")", "((a)",
    "a + b", "'; DROP TABLE said; --", "%", "_", "\\", "\x00", "a\x00b", "\ud800", "\u202e", "\ufffd", "\U0001f469\u200d\u2695", "½", "ﬁ",
    "İ", "ß", "e\u0301", "\u093e", "\U0001d538", "a" * LONGEST, "a " * (LONGEST // 2), "ab " * (LONGEST // 3), "10.", "10.1/", "/", "://",
    "<>", "?x", "ev:", ":", "0",
)  # fmt: skip


@pytest.mark.parametrize("text", SYNTAX, ids=ascii)
def test_signs_mean_nothing(index: Index, text: str) -> None:
    before = index._ask("SELECT count(*) FROM said")
    for page in (1, 2):
        index.search(text, None, page)
    index.search(text, "claim")
    index.suggest(text)
    assert index._ask("SELECT count(*) FROM said") == before


@law
@given(st.text(st.characters(), max_size=LONGEST))
def test_no_text_breaks_a_search(index: Index, text: str) -> None:
    answer = index.search(text)
    assert answer["total"] >= len(ids(answer))
    assert len(index.suggest(text)["suggestions"]) <= search.MOST


@law
@given(
    st.lists(
        st.sampled_from(["ipp", "trial", '"', "*", "(", ")", "AND", "OR", "NOT", "NEAR", ":", "{", "}", "-", "^", "+", ","]), max_size=20
    )
)
def test_no_mixture_of_words_and_signs_of_the_engine_breaks_a_search(index: Index, parts: list[str]) -> None:
    for text in (" ".join(parts), "".join(parts)):
        index.search(text[:LONGEST])
        index.suggest(text[:LONGEST])


def test_what_cannot_be_asked_is_refused(index: Index) -> None:
    for refused in (
        lambda: index.search("a" * (LONGEST + 1)),
        lambda: index.suggest("a" * (LONGEST + 1)),
        lambda: index.search("a", "nonsense"),
    ):
        with pytest.raises(BadParameter):
            refused()
    for page in (0, -1, 10**30):
        with pytest.raises(BadParameter, match="page"):
            index.search("a", None, page)


def test_a_python_that_cannot_search_is_told(monkeypatch: pytest.MonkeyPatch, awkward: Path) -> None:
    monkeypatch.setattr(search, "TABLES", search.TABLES.replace("fts5 (", "fts0 ("))
    with pytest.raises(SearchUnavailable, match="fts0"):
        search.check_engine()
    with pytest.raises(SearchUnavailable):
        Index(EmbeddedStore.of(()), BASE, ())


def test_a_base_without_anything_has_nothing() -> None:
    index = Index(EmbeddedStore.of(()), BASE, ())
    assert index.search("anything at all")["total"] == 0
    assert index.compact()["things"] == []


### Versions and threads


def test_the_index_of_a_site_is_made_once_and_asked_by_many(built: Build) -> None:
    site = Site(built, Settings(), built.folder)
    with ThreadPoolExecutor(8) as threads:
        made = {id(one) for one in threads.map(lambda _: site.index, range(16))}
        wanted = site.index.search("attachment")
        found = list(threads.map(lambda _: site.index.search("attachment"), range(64)))
    assert len(made) == 1
    assert found == [wanted] * 64


def test_what_was_written_is_found_at_once(tmp_path: Path) -> None:
    starter.create(tmp_path / "base")
    with serving(tmp_path / "base", tmp_path / "log") as served:
        thing = "<https://example.org/id/intervention/singing-together>"
        assert served.client.get("/api/search", params={"q": "singing together"}).json()["words"] == "some"
        made = f'INSERT DATA {{ GRAPH <{GRAPH}> {{ {thing} a ev:Intervention ; skos:prefLabel "Singing Together"@en }} }}'
        assert served.update(made).is_success
        answer = served.client.get("/api/search", params={"q": "singing together"}).json()
        assert ids(answer) == ["intervention/singing-together"]


### The API


def get(service: httpx.Client, path: str, **asked: object) -> httpx.Response:
    return service.get(f"/api/{path}", params=asked)  # type: ignore[arg-type]


def test_the_api_tells_hits_by_kind_and_where_the_next_are(service: httpx.Client) -> None:
    answer = get(service, "search", q="ipp").json()
    told = ids(answer)
    while answer["next"]:
        answer = service.get(answer["next"]).json()
        told += ids(answer)
    assert len(told) == len(set(told)) == answer["total"]
    claims = get(service, "search", q="ipp", type="claim").json()
    assert {hit["kind"] for found in claims["types"] for hit in found["hits"]} == {"claim"}
    assert set(claims["types"][0]["hits"][0]) == {"id", "iri", "kind", "label", "page", "matched"}


def test_every_page_that_the_api_names_is_there(service: httpx.Client) -> None:
    found = [one for words in ("ipp", "attachment", "publication") for one in get(service, "search", q=words).json()["types"]]
    pages = {hit["page"].split("#")[0] for one in found for hit in one["hits"]}
    assert len(pages) > 30
    for page in pages:
        assert service.get(page, headers={"Accept": "text/html"}).status_code == 200, page


def test_the_api_suggests(service: httpx.Client) -> None:
    answer = get(service, "suggest", q="cichett").json()
    assert answer["corrected"] == "cicchetti"
    assert answer["suggestions"][0]["label"].startswith("Cicchetti")
    assert get(service, "suggest", q="").json()["suggestions"] == []


@pytest.mark.parametrize(
    ("path", "asked", "named"),
    [
        ("search", {}, "q"),
        ("suggest", {}, "q"),
        ("search", {"q": "a", "type": "nonsense"}, "type"),
        ("search", {"q": "a", "page": 0}, "page"),
        ("search", {"q": "a", "page": "two"}, "page"),
        ("search", {"q": "a" * 300}, "q"),
        ("search", {"q": "a", "kind": "claim"}, "kind"),
        ("suggest", {"q": "a", "page": 1}, "page"),
    ],
)
def test_the_api_refuses_and_names_the_parameter(service: httpx.Client, path: str, asked: dict[str, object], named: str) -> None:
    answer = get(service, path, **asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/bad-parameter"
    assert re.search(rf"\b{named}\b", answer.json()["detail"])


def test_the_api_is_described(service: httpx.Client) -> None:
    paths = service.get("/openapi.json").json()["paths"]
    assert {one["name"] for one in paths["/api/search"]["get"]["parameters"]} == {"q", "type", "page"}
    assert {one["name"] for one in paths["/api/suggest"]["get"]["parameters"]} == {"q"}


### The page


def page(client: httpx.Client, **asked: object) -> str:
    answer = client.get("/search", params=asked, headers={"Accept": "text/html"})  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.text


def test_the_page_shows_what_the_api_tells(service: httpx.Client) -> None:
    told = get(service, "search", q="secure attachment").json()
    shown = page(service, q="secure attachment")
    headings = re.findall(r"<h2>([\w ]+) <small>([\d,]+)</small></h2>", shown)
    assert [int(number.replace(",", "")) for _, number in headings] == [one["total"] for one in told["types"]]
    assert f"{told['total']} results" in shown
    for hit in (hit for one in told["types"] for hit in one["hits"]):
        assert f'<a href="{hit["page"]}">' in shown
    assert "<mark>secure</mark> <mark>attachment</mark>" in shown
    assert 'value="secure attachment"' in shown


def test_the_page_leads_to_all_of_a_kind_and_on(service: httpx.Client) -> None:
    links = re.findall(r'href="(/search\?[^"]+)">All', page(service, q="i"))
    assert links
    path = next(link for link in links if "type=claim" in link).replace("&amp;", "&")
    seen: list[str] = []
    while path:
        shown = service.get(path, headers={"Accept": "text/html"}).text
        seen += re.findall(r'<li><a href="(/claim/[^"]+)">', shown)
        following = re.search(r'href="([^"]+)" rel="next"', shown)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == get(service, "search", q="i", type="claim").json()["total"]


def test_the_page_says_what_to_do(service: httpx.Client) -> None:
    assert "Words of a name, title or note" in page(service)
    nothing = page(service, q="qqqqqqqq", type="claim")
    assert "Nothing among claims has “qqqqqqqq”" in nothing
    assert '<a href="/search?q=qqqqqqqq">Search everything</a>' in nothing
    assert "This is what has “cicchetti”" in page(service, q="cichetti")
    assert "This is what has some of them" in page(service, q="does IPP improve attachment")


def test_the_page_is_data_at_the_same_address(service: httpx.Client) -> None:
    told = service.get("/search.json", params={"q": "ipp", "type": "claim"}).json()
    assert told == get(service, "search", q="ipp", type="claim").json()
    assert service.get("/search", params={"q": "ipp", "type": "claim"}, headers={"Accept": "application/json"}).json() == told


class Tags(HTMLParser):
    """The tags of a page and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.scripts = set[str](), set[str](), set[str | None]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.scripts |= {dict(attrs).get("src") for _ in [tag] if tag == "script"}


def test_what_is_typed_or_found_is_never_markup(small: httpx.Client) -> None:
    plain = Tags(page(small, q="reading"))
    assert "&lt;<mark>script</mark>&gt;" in page(small, q="<script>alert(1)</script>")
    for words in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "onclick alert", "bold onerror", "javascript alert"):
        shown = Tags(page(small, q=words))
        assert shown.tags - plain.tags <= {"ul", "li", "br", "small", "mark", "a"}, words
        assert shown.attributes <= plain.attributes, words
        assert shown.scripts == plain.scripts, words


def test_the_page_refuses_in_words(service: httpx.Client) -> None:
    answer = service.get("/search", params={"q": "a", "type": "nonsense"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "type is one of" in answer.text


def test_every_page_has_the_field(service: httpx.Client) -> None:
    for path in ("/", "/claim", "/claim/foundations-ipp-secure", "/problems/bad-query"):
        assert (
            '<form class="search" role="search" method="get" action="/search">' in service.get(path, headers={"Accept": "text/html"}).text
        )


### The terminal


def found(capsys: pytest.CaptureFixture[str], repository: Path, *arguments: str) -> str:
    assert cli.main(["--kb", str(repository), "find", *arguments]) == cli.DONE
    return capsys.readouterr().out


def test_the_terminal_finds(capsys: pytest.CaptureFixture[str], repository: Path) -> None:
    assert "Outcomes (1)\n  Attachment security  [outcome/attachment-security]" in found(capsys, repository, "attachment", "security")
    told = found(capsys, repository, "Development and Psychotherapy", "--type", "publication")
    assert "printed journal (reference/continuum-cpp-cicchetti-2006): Development and Psychotherapy" in told
    assert "Nothing has 'cichetti'" in found(capsys, repository, "cichetti")
    assert "Nothing has all of these words" in found(capsys, repository, "does IPP improve attachment")
    assert found(capsys, repository, "qqqqqqqq").startswith("Nothing has 'qqqqqqqq' in a name")
    assert "More: --type KIND for all of a kind, or --page 2" in found(capsys, repository, "ipp")


def test_a_name_that_is_not_known_leads_to_the_search(capsys: pytest.CaptureFixture[str], repository: Path) -> None:
    assert cli.main(["--kb", str(repository), "lineage", "claim/nothing"]) == 2
    assert "wherefrom find" in capsys.readouterr().err


### At size


def test_a_made_up_base_is_searched(made: EmbeddedStore) -> None:
    base = "https://example.org/"
    index = Index(made, base, kinds_of_things(made, base))
    studies = int(Arrays.of(made).kinds[search.EV.Study].sum())
    assert index.search("study", "study")["total"] == studies
    assert ids(index.search("study 17", "study"))[0] == "study/study-17"
