"""The own parts of pages: what they say against the data and the engine, passages in place, hostile words, and what they ask."""

from __future__ import annotations

import hashlib
import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from rdflib import URIRef

from conftest import Serving, built_at
from made_up import ID, Edge, store_of
from test_links import Page
from wherefrom import pages, starter
from wherefrom.answers import independence_answer, lineage_answer, unsupported_answer
from wherefrom.independence import independence
from wherefrom.lineage import curation_graphs, kind_of, lineage
from wherefrom.load import KnowledgeBase, read_knowledge_base
from wherefrom.pages.kinds import OWN
from wherefrom.passages import at_hand, state
from wherefrom.resources import template_folder
from wherefrom.settings import Settings
from wherefrom.store import Bindings, EmbeddedStore, Row
from wherefrom.vocabulary import EV, expand
from wherefrom.withdrawal import impact

BASE = "https://w3id.org/wherefrom/"
MOST_ASKED = 60  # questions of the page of a claim to a store that was asked nothing before; else about ten


def thing(name: str) -> URIRef:
    return expand(name, BASE)


def words(html: str) -> str:
    """Return the words of the own part of a page, before all that is said of it."""
    own = html[html.index("<h1>") : html.index("<h2>All that is said of it")]
    return re.sub(r"\s+([.,;:)])", r"\1", " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<svg.*?</svg>", " ", own))).split()))


@pytest.fixture(scope="module")
def part(store: EmbeddedStore, repository: Path) -> Callable[[str], Any]:
    """Return a function that gives the own part of the page of a thing of the repository."""

    def made(name: str) -> Any:
        found = pages.page(store, thing(name), BASE)
        return pages.own(pages.Asking(store, found, Settings(), repository))[1]

    return made


@pytest.fixture(scope="module")
def read(service: httpx.Client) -> Callable[[str], str]:
    """Return a function that gives the words of the own part of the page of a thing."""

    def words_of(name: str) -> str:
        answer = service.get(f"/{name}", headers={"Accept": "text/html"})
        assert answer.status_code == 200, name
        return words(answer.text)

    return words_of


@pytest.fixture(scope="module")
def names(store: EmbeddedStore) -> Mapping[str, Sequence[str]]:
    """The names of all things of the repository by kind."""
    found = pages.kinds_of_things(store, BASE)
    return {kind: [iri.removeprefix(f"{BASE}id/") for iri in things] for kind, things in found.items()}


### Claims: the strength line


def test_a_claim_cites_nothing_where_the_engine_says_so(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore
) -> None:
    bare = {claim["id"] for claim in unsupported_answer(store, BASE)["claims"]}
    assert bare == {name for name in names["claim"] if part(name).stated.bare}
    assert len(bare) > 100


def test_a_claim_is_as_strong_as_the_engine_says(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore
) -> None:
    for name in names["claim"]:
        own = part(name)
        for policy, found in (("stated", own.stated), ("inferred", own.inferred or own.stated)):
            told = independence_answer(independence(store, thing(name), policy), BASE)  # type: ignore[arg-type]
            assert len(found.trials) == told["independentLines"], name
            papers = {paper["label"] for line in told["lines"] for paper in line["publications"]}
            assert papers <= {paper.text for paper in found.papers}, name


def test_the_strength_line_comes_first_and_tells_stated_and_inferred_apart(read: Callable[[str], str]) -> None:
    found = read("claim/foundations-ipp-secure")
    line = "Rests on 1 trial and 3 papers. 1 other source says it from the same trial: CrimeSolutions."
    told = "inferred With what curators concluded: Rests on 1 trial and 1 paper. 2 more papers report the same trials"
    assert found.index(line) < found.index(told) < found.index("What it says")
    assert found.index(line) == len("IPP raises secure attachment by 40.9 percentage points ")
    assert "Randomised controlled trial, rated 3 by Foundations" in found
    assert "Infant-Parent Psychotherapy is rated 3+ by Foundations" in found
    assert "issued 2025-04, last reviewed 2016-07" in found


def test_a_claim_that_cites_nothing_says_so(read: Callable[[str], str]) -> None:
    found = read("claim/clinic-002-sensitivity")
    assert "Cites nothing. The source names no study and no paper for it." in found
    assert "2 other sources say it and cite nothing: Clinic of page 004, Foundations." in found
    assert "How it comes from the evidence" not in found


def test_a_claim_on_a_list_says_so_and_what_curators_found_finer(read: Callable[[str], str]) -> None:
    found = read("claim/continuum-cpp-effect-attachment-one-year")
    assert "Rests on 8 trials and 9 papers; it cites a list of 9 references as a whole and does not tell which" in found
    assert "With what curators concluded: Rests on 1 trial and 1 paper." in found


def test_the_steps_are_those_of_the_picture(part: Callable[[str], Any], store: EmbeddedStore) -> None:
    found = part("claim/foundations-ipp-secure").trace
    answer = lineage_answer(store, lineage(store, [thing("claim/foundations-ipp-secure")], "grounds", "inferred"), BASE)
    assert len(found.steps) == len(answer["edges"])
    assert {step.basis for step in found.steps} == {"stated", "inferred"}
    assert all(step.why for step in found.steps if step.basis == "inferred")
    for node in answer["nodes"]:
        assert f'id="{node["id"]}"' in found.picture


def test_who_else_says_it_is_told_with_what_it_rests_on(part: Callable[[str], Any]) -> None:
    (agreement,) = part("claim/foundations-ipp-attachment").agreements
    told = {saying.claim.href.rsplit("/", 1)[-1]: saying.stated for saying in agreement.sayings}
    assert told["clinic-004-healthy-attachments"] == "cites nothing"
    assert told["foundations-ipp-toc-insecure-attachment"] == "cites nothing"
    assert told["crimesolutions-ipp-overall-cs"] == "1 trial, the same"


def test_the_picture_keeps_its_style_in_the_page(service: httpx.Client) -> None:
    """The policy of the page names the digest of the very text that stands in the style of the picture."""
    answer = service.get("/claim/foundations-ipp-secure", headers={"Accept": "text/html"})
    (style,) = re.findall(r"(?s)<style>(.*?)</style>", answer.text)
    told = b64encode(hashlib.sha256(unescape(style).encode()).digest()).decode()
    assert f"'sha256-{told}'" in answer.headers["content-security-policy"]


### Findings


def test_printed_and_calculated_are_told_apart(read: Callable[[str], str]) -> None:
    found = read("finding/foundations-ipp-secure")
    assert "Printed: 40.9 percentage points (difference of proportions), improvement index 50." in found
    assert "Comparator arm not stated by the source; Community standard arm, trial with maltreated infants inferred" in found
    assert "60.7 - 1.9 = 58.8 (derived here)" in found
    assert "17.9 percentage points apart" in found
    assert "percentage points: 58.7 to 58.9 calculated here 40.9 percentage points does not reproduce" in found
    assert "group sizes: 44, 88, 127, 132 calculated here" in found
    assert "No source states these figures." in found


def test_the_figures_of_arms_are_printed_ones(part: Callable[[str], Any]) -> None:
    table = part("finding/crimesolutions-ipp-secure").arms
    assert [[cell[0].text for cell in row] for row in table.rows] == [
        ["Community standard arm, trial with maltreated infants", "Before the intervention", "0 percent"],
        ["IPP arm, trial with maltreated infants", "Before the intervention", "3.1 percent"],
        ["Community standard arm, trial with maltreated infants", "Follow-up, month not stated (CrimeSolutions)", "1.9 percent"],
        ["IPP arm, trial with maltreated infants", "Follow-up, month not stated (CrimeSolutions)", "60.7 percent"],
    ]


def test_what_is_not_stated_is_said_in_words(part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore) -> None:
    for name in names["finding"]:
        told = {fact.label for fact in part(name).facts if fact.open}
        rows = store.select("SELECT ?f ?p { ?f ev:notStated ?p }", {"f": [thing(name)]})
        missing = {row["p"] for row in rows}
        labels = {str(row["l"]) for row in store.select("SELECT ?p ?l { ?p rdfs:label ?l }", {"p": sorted(missing)})}
        assert len(labels) == len(missing)
        assert labels <= told, name


def test_a_finding_of_two_arms_begins_with_both(read: Callable[[str], str]) -> None:
    told = (
        "Printed: 60.7 percent: IPP arm, trial with maltreated infants, 1.9 percent: Community standard arm, trial with maltreated infants;"
    )
    assert f"{told} the source prints no figure of the difference." in read("finding/crimesolutions-ipp-secure")
    assert "No figure is printed." in read("finding/foundations-ipp-study-2-anger")


### Studies


def test_a_study_is_told_as_each_source_tells_it(read: Callable[[str], str]) -> None:
    found = read("study/rochester-maltreated-infants")
    assert "1 study, 3 papers: they are one piece of evidence, not 3." in found
    assert "3 sources count it as evidence." in found
    assert "Randomised controlled trial Foundations page on IPP, April 2025" in found
    assert "Quasi-experimental study inferred What curators concluded" in found
    assert "137 mothers who maltreat, with an infant of 12 months" in found


def test_a_study_names_what_shares_its_sample_whoever_says_it(part: Callable[[str], Any]) -> None:
    for one, other in (("security", "cognition"), ("cognition", "security")):
        sharing = part(f"study/depressed-mothers-{one}").sharing
        assert f"/study/depressed-mothers-{other}" in {study.href for study in sharing}
        assert all(study.inferred for study in sharing)


def test_who_counts_a_study_is_who_rests_on_it(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore
) -> None:
    """Every claim and rating whose lines, by the engine, have the study, and no other; those that only curators lead there are marked."""
    lines: dict[str, dict[str, set[str]]] = {"stated": {}, "inferred": {}}
    for policy, of_policy in lines.items():
        for name in (*names["claim"], *names["rating"]):
            for line in independence(store, thing(name), policy).lines:  # type: ignore[arg-type]
                for study in line.studies:
                    of_policy.setdefault(study.removeprefix(f"{BASE}id/"), set()).add(f"/{name}")
    for name in names["study"]:
        shown = [one for counting in part(name).counting for one in (*counting.claims, *counting.ratings)]
        assert {one.href for one in shown} == lines["stated"].get(name, set()) | lines["inferred"].get(name, set()), name
        assert {one.href for one in shown if not one.inferred} == lines["stated"].get(name, set()), name


### Publications


def test_a_publication_shows_who_prints_it_how(read: Callable[[str], str]) -> None:
    found = read("publication/stronach-2013")
    for printed in ("Developmental Psychopathology", "Development and Psychotherapy", "Development and Psychopathology"):
        assert printed in found
    assert "Used for placement" in found
    assert "https://doi.org/10.1017/S0954579413000278" in found
    assert "Not used for placement" in read("publication/weiner-2009")
    assert "Trial with Spanish-speaking mothers and infants inferred" in read("publication/peltz-2015")  # misfiled under it


def test_what_would_fall_is_counted_by_the_engine(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore
) -> None:
    for name in names["publication"]:
        found, own = impact(store, [thing(name)]), part(name).withdrawn
        assert (own.falls, own.weakened, own.suspect) == (len(found.falls), len(found.weakened), len(found.suspect))
        assert len(own.ratings) == len(found.ratings)


def test_a_retracted_publication_says_so(tmp_path: Path) -> None:
    notice = """<id/graph/notices> { <id/publication/notice-2021> a ev:Publication, fabio:JournalArticle ; skos:prefLabel "Notice 2021"@en ;
        dct:title "Retraction"@en ; dct:issued "2021"^^xsd:gYear ; cito:retracts publication:example-2020 ;
        ev:noticeType <https://w3id.org/wherefrom/scheme/notice-type/retraction> . }"""
    store = EmbeddedStore.of(base_of(tmp_path, more=notice).quads())
    found = pages.page(store, URIRef("https://example.org/id/publication/example-2020"), "https://example.org/")
    _, own = pages.own(pages.Asking(store, found, Settings(base="https://example.org/"), tmp_path))
    assert [one.text for one in own.notices] == ["Notice 2021"]  # type: ignore[attr-defined]


### Others


def test_every_kind_with_a_part_has_its_template() -> None:
    assert {path.stem for path in (template_folder() / "thing").glob("*.html")} == set(OWN)


def test_the_others_say_what_they_are_for(read: Callable[[str], str]) -> None:
    assert "met by 2 of 2" in read("rating/foundations-ipp")
    assert "Developmental Psychopathology" in read("reference/foundations-ipp-1b")
    assert "is misfiled under" in read("citation/foundations-ipp--peltz-2015").lower()
    assert "Said by 5 claims, which together rest on 1 trial" in read("proposition/ipp-raises-secure-attachment")
    assert "No claim here cites a study for it." in read("proposition/ipp-raises-parental-sensitivity")
    assert "60.7 percent: IPP arm" in read("discrepancy/secure-attachment-points")
    assert "Age in the description of the model: 12 months 12-month Foundations page" in read("discrepancy/age")
    assert "Findings measured with it" in read("measure/strange-situation")
    assert "IPP raises secure attachment by 40.9 percentage points" in read("passage/b7f9a05b160b4898/6501-6732")


def test_without_documents_a_passage_is_its_place_and_digest(service: httpx.Client) -> None:
    answer = service.get("/claim/foundations-ipp-secure", headers={"Accept": "text/html"})
    assert "lines 152 to 164, characters 6501 to 6732" in answer.text
    assert "sha256:70d3fe921945bab8" in answer.text
    assert "<mark>" not in answer.text


### What a page asks of the store


class Watched(EmbeddedStore):
    """A store that keeps which questions were asked without naming anything, and counts all of them and their rows."""

    def __init__(self, store: EmbeddedStore) -> None:
        super().__init__(store.store)
        self.open: list[str] = []
        self.asks = self.rows = 0

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        self.asks += 1
        if not bindings:
            self.open.append(query.splitlines()[0])
        for row in super().select(query, bindings):
            self.rows += 1
            yield row


def test_no_page_asks_about_the_whole_base(store: EmbeddedStore, names: Mapping[str, Sequence[str]], repository: Path) -> None:
    watched = Watched(store)
    curation_graphs(watched)
    watched.open.clear()
    for kind in OWN:
        for name in names[kind][:3]:
            found = pages.page(watched, thing(name), BASE)
            pages.own(pages.Asking(watched, found, Settings(), repository))
            assert watched.open == [], name


def asked_for(store: EmbeddedStore, name: URIRef, base: str) -> tuple[int, int]:
    """Return how many questions the page of a thing asks of a store that was never asked before, and how many rows it reads."""
    watched = Watched(store)
    curation_graphs(watched)
    pages.own(pages.Asking(watched, pages.page(watched, name, base), Settings(base=base), Path()))
    return watched.asks, watched.rows


def test_the_page_of_a_claim_asks_few_questions(store: EmbeddedStore, names: Mapping[str, Sequence[str]]) -> None:
    asked = [asked_for(store, thing(name), BASE)[0] for name in names["claim"][::10]]
    assert max(asked) <= MOST_ASKED
    first = Watched(store)
    for _ in range(2):
        before = first.asks
        pages.own(pages.Asking(first, pages.page(first, thing(names["claim"][0]), BASE), Settings(), Path()))
    assert first.asks == before  # all is known then


def test_the_page_of_a_claim_reads_as_much_whatever_the_size_of_the_base() -> None:
    read = [asked_for(store_of(told_again(times)), ID["claim/7"], EXAMPLE) for times in (20, 2_000)]
    assert read[0] == read[1]


def told_again(times: int) -> Iterator[Edge]:
    """Yield claims of as many sources that rest on one trial, and print the paper of it."""
    yield ID["study/one"], EV.reportedIn, ID["publication/one"], ID["graph/bibliography"]
    for n in range(times):
        edition = ID[f"edition/{n}"]
        yield ID[f"claim/{n}"], EV.claimedBy, ID[f"source/{n}"], edition
        yield ID[f"claim/{n}"], EV.restsOn, ID[f"finding/{n}"], edition
        yield ID[f"finding/{n}"], EV.findingOf, ID["study/one"], edition
        yield ID[f"reference/{n}"], EV.refersTo, ID["publication/one"], edition


def test_parts_are_of_their_kind_only(store: EmbeddedStore, names: Mapping[str, Sequence[str]], repository: Path) -> None:
    for kind in names:
        found = pages.page(store, thing(names[kind][0]), BASE)
        template, own = pages.own(pages.Asking(store, found, Settings(), repository))
        assert (template, own is None) == ((f"thing/{kind}.html", False) if kind in OWN else ("thing.html", True))
        assert kind_of(found.iri, BASE) == kind


### Passages in place: the worked example, whose document is ours

DOCUMENT = "reading-together.txt"
FINDING = "In a randomised trial with 80 families"
EXAMPLE = "https://example.org/"


def base_of(folder: Path, text: Callable[[str], str] = str, data: Callable[[str], str] = str, more: str = "") -> KnowledgeBase:
    """Return the worked example with another text, whose digests are calculated again, and other data."""
    starter.create(folder / "base")
    document, written = folder / "base" / "sources" / DOCUMENT, folder / "base" / "data" / "reading-together.trig"
    was, said = document.read_bytes().decode(), written.read_text("utf-8")
    now = text(was)
    document.write_bytes(now.encode())
    digests = [hashlib.sha256(one.encode()).hexdigest() for one in (was, now)]
    said = (
        said.replace(*digests).replace(digests[0][:16], digests[1][:16]).replace(f"ev:codePoints {len(was)}", f"ev:codePoints {len(now)}")
    )
    for start, end in re.findall(r"p:(\d+)-(\d+) a ev:Passage", said):
        before, after = (hashlib.sha256(one[int(start) : int(end)].encode()).hexdigest()[:16] for one in (was, now))
        said = said.replace(before, after)
    written.write_text(data(said) + more, "utf-8")
    return read_knowledge_base(folder / "base")


def html_of(base: KnowledgeBase, name: str) -> str:
    """Return the page of a thing, without the frame of a site."""
    store = EmbeddedStore.of(base.quads())
    found = pages.page(store, URIRef(f"{EXAMPLE}id/{name}"), EXAMPLE)
    template, own = pages.own(pages.Asking(store, found, base.settings, base.folder))
    shared: dict[str, Any] = {"site": base.settings, "version": "", "built": "", "kinds": [], "menu": [], "links": [], "formats": []}
    more = {"asset": str, "address": lambda iri: pages.address(iri, EXAMPLE), "described": None, "absolute": str, "record": None}
    return pages.render(template, page=found, own=own, name=name, **shared, **more)


@pytest.mark.parametrize("name", ["finding/reading-together-words", "claim/reading-together-words", "passage/80d9795af71ffa68/84-244"])
def test_a_passage_is_shown_in_place(small: httpx.Client, name: str) -> None:
    page = small.get(f"/{name}", headers={"Accept": "text/html"}).text
    assert f"<mark>{FINDING}" in page
    (shown,) = re.findall(r"(?s)<blockquote>(.*?)</blockquote>", page)
    before, marked, after = re.split("</?mark>", unescape(shown))
    assert before == "Reading Together is a weekly programme for parents and toddlers.\n"
    assert marked.endswith("knew the test words.")
    assert after == "\nResearch shows that it makes families happier."
    assert Page(page).mistakes == []


def test_the_text_of_a_source_is_on_pages_only(small: httpx.Client) -> None:
    """Neither a description in any format, nor a profile, nor the data within the page, nor a download has it."""
    name = "/finding/reading-together-words"
    for suffix in ("ttl", "jsonld", "nt", "rdf", "trig", "linkset", "jsonld?_profile=schema"):
        answer = small.get(f"{name}.{suffix}")
        assert answer.status_code == 200, suffix
        assert "80 families" not in answer.text, suffix
    page = small.get(name, headers={"Accept": "text/html"}).text
    assert page.count("80 families") == 1
    assert all("80 families" not in told for told in re.findall(r"(?s)<script.*?</script>", page))
    assert "80 families" not in small.get("/dump/all.nq").text


def test_a_document_that_is_another_is_not_shown(tmp_path: Path) -> None:
    base = base_of(tmp_path)
    document = base.folder / "sources" / DOCUMENT
    text = document.read_bytes()
    assert FINDING in html_of(base, "finding/reading-together-words")
    document.write_bytes(text + b"\n")
    gone = html_of(base, "finding/reading-together-words")
    assert FINDING not in gone
    assert "The document that was read is not at hand here." in gone
    (base.folder / "sources" / "renamed.txt").write_bytes(text)  # it is known by its digest, whatever it is called
    assert FINDING in html_of(base, "finding/reading-together-words")
    shutil.rmtree(base.folder / "sources")
    assert "line 5, characters 84 to 244" in html_of(base, "finding/reading-together-words")


def test_a_passage_with_another_digest_is_not_shown(tmp_path: Path) -> None:
    base = base_of(tmp_path, data=lambda said: said.replace("sha256:6a77c47d42e8d667", "sha256:6a77c47d42e8d668"))
    found = html_of(base, "finding/reading-together-words")
    assert FINDING not in found
    assert "has other words at this place" in found


def test_documents_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "b.txt").mkdir()
    (tmp_path / "c.txt").write_text("words")
    assert at_hand(tmp_path, hashlib.sha256(b"\xff\xfe").hexdigest()) is None
    found = at_hand(tmp_path, hashlib.sha256(b"words").hexdigest().upper())
    assert found is not None
    assert found.name == "c.txt"
    before = state(tmp_path)
    (tmp_path / "c.txt").unlink()
    assert state(tmp_path) != before


def test_a_page_has_another_tag_when_a_document_goes(serving: Serving, tmp_path: Path) -> None:
    base = base_of(tmp_path)
    built_at(base, base.folder / "store")
    with serving(base.folder, base.folder / "store") as client:
        name = "/finding/reading-together-words"
        shown, data = client.get(name, headers={"Accept": "text/html"}), client.get(f"{name}.ttl")
        assert FINDING in shown.text
        (base.folder / "sources" / DOCUMENT).unlink()
        again = client.get(name, headers={"Accept": "text/html", "If-None-Match": shown.headers["etag"]})
        assert again.status_code == 200
        assert FINDING not in again.text
        assert client.get(f"{name}.ttl").headers["etag"] == data.headers["etag"]


### Hostile words

BAD = '<script>alert(1)</script></title> " onmouseover="alert(2) <img src=x onerror=alert(3)> {{ 7 * 7 }}'


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The worked example with hostile labels, printed words and text."""
    escaped = BAD.replace('"', r"\"")

    def bad(said: str) -> str:
        said = re.sub(r'(skos:prefLabel|dct:title|ev:printedAuthors) "', lambda found: f"{found[0]}{escaped} ", said)
        return said.replace('ev:printedAs "60"', f'ev:printedAs "60 {escaped}"')

    return base_of(tmp_path_factory.mktemp("hostile"), lambda was: was.replace("Research", "<script>") + f"\n\n{BAD}", bad)


@pytest.mark.parametrize("kind", sorted(OWN))
def test_no_words_of_data_or_documents_become_markup(hostile: KnowledgeBase, kind: str) -> None:
    base = hostile
    found = pages.kinds_of_things(EmbeddedStore.of(base.quads()), EXAMPLE)
    for iri in found.get(kind, []):
        html = html_of(base, iri.removeprefix(f"{EXAMPLE}id/"))
        page = Page(html)
        assert page.mistakes == [], iri
        assert all(re.fullmatch(r"\w+\.js", values.get("src", "")) for values in page.all("script")), iri
        assert page.all("img") == [], iri
        assert len(page.all("h1")) == 1
        assert len(page.ids) == len(set(page.ids)), iri
        assert not any(name.startswith("on") for _, values in page.tags for name in values), iri
        assert "{{ 7 * 7 }}" in html, iri
    assert found.get(kind) or kind in {"discrepancy", "measure", "proposition", "rating"}  # of which the example has none


def test_the_hostile_text_of_a_document_is_shown_as_text(hostile: KnowledgeBase) -> None:
    found = html_of(hostile, "claim/reading-together-happier")
    assert "<mark>&lt;script&gt; shows that it makes families happier.</mark>" in found


### A new property needs no new code


def test_a_property_added_to_the_ontology_is_on_the_page(tmp_path: Path) -> None:
    base = base_of(
        tmp_path,
        data=lambda said: said.replace(
            "claim:reading-together-words a ev:Claim ;",
            'claim:reading-together-words a ev:Claim ; <https://example.org/o#shelf> "Aisle 9" ;',
        ),
    )
    (base.folder / "ontology").mkdir()
    (base.folder / "ontology" / "own.ttl").write_text(
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        '<https://example.org/o#shelf> a owl:DatatypeProperty ; rdfs:label "stands on the shelf"@en .\n'
    )
    html = html_of(read_knowledge_base(base.folder), "claim/reading-together-words")
    row = html[html.index("stands on the shelf") :]
    assert row.index("Aisle 9") < row.index("</tr>")


def test_labels_of_the_ontology_are_the_words_of_the_page(store: EmbeddedStore, part: Callable[[str], Any]) -> None:
    labels = {
        str(row["l"]) for row in store.select("SELECT ?p ?l { ?p rdfs:label ?l }", {"p": [EV.aboutOutcome, EV.concerns, EV.expresses]})
    }
    assert len(labels) == 3
    assert labels <= {fact.label for fact in part("claim/foundations-ipp-secure").facts}
