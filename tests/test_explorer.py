"""The pages that trace: what they tell is what the API answers, their pictures and tables say the same, and their forms what was asked."""

from __future__ import annotations

import csv
import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from wherefrom.boxes import BOXES, BRIEF

STUDY, CLAIM, PAPER, SOURCE = (
    "study/rochester-maltreated-infants",
    "claim/foundations-ipp-secure",
    "publication/cicchetti-2006",
    "source/foundations",
)
THINGS = [
    STUDY,
    CLAIM,
    PAPER,
    SOURCE,
    "source/clinic-002",
    "rating/foundations-ipp",
    "proposition/ipp-raises-secure-attachment",
    "intervention/cpp",
]
MAIN = {"source", "rating", "claim", "finding", "study", "publication"}
PAGES = [
    "/lineage",
    f"/lineage?thing={STUDY}",
    "/impact",
    f"/impact?withdraw={PAPER}",
    "/unsupported",
    f"/independence?thing={CLAIM}",
    "/independence",
]
PAGES += [f"/paths?from={CLAIM}&to={PAPER}", "/paths"]


class Seen(HTMLParser):
    """Reads a page: where its links lead by where they stand (`svg`, `table`, ...), its fields with their values, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: dict[str, set[str]] = {}
        self.given: list[tuple[str, str]] = []
        self.words = ""
        self._select = ""
        self.feed(text)
        self.words = re.sub(r"\s+", " ", self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.open.append(tag)
        if tag == "a":
            for place in set(self.open):
                self.links.setdefault(place, set()).add(found.get("href", ""))
        elif tag == "input" and ("checked" in found if found.get("type") == "checkbox" else found.get("value")):
            self.given.append((found["name"], found["value"]))
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and "selected" in found:
            self.given.append((self._select, found["value"]))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.words += data


def read(client: httpx.Client, address: str, status: int = 200) -> Seen:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text
    return Seen(answer.text)


def data(client: httpx.Client, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json()


# The same as the API


@pytest.mark.parametrize("thing", THINGS)
def test_everything_is_what_the_api_answers(service: httpx.Client, thing: str) -> None:
    assert data(service, f"/lineage.json?thing={thing}&detail=full") == data(service, f"/api/lineage?thing={thing}")


@pytest.mark.parametrize("thing", [STUDY, CLAIM, PAPER, SOURCE])
def test_at_a_glance_is_the_same_lineage_with_its_main_kinds(service: httpx.Client, thing: str) -> None:
    brief, full = data(service, f"/lineage.json?thing={thing}"), data(service, f"/api/lineage?thing={thing}")
    assert {node["id"] for node in brief["nodes"]} == {node["id"] for node in full["nodes"] if node["kind"] in MAIN}
    for number in ("independentStudies", "studies", "companions", "singlePoints"):
        assert brief[number] == full[number]
    ways = "&".join(f"follow={way}" for way in brief["follow"])
    kinds = "&".join(f"kind={kind}" for kind in sorted({node["kind"] for node in brief["nodes"]}))
    assert brief == data(service, f"/api/lineage?thing={thing}&{ways}&{kinds}")


@pytest.mark.parametrize("thing", [STUDY, CLAIM, PAPER, SOURCE])
def test_the_numbers_of_the_answer_are_told_in_words(service: httpx.Client, thing: str) -> None:
    found, words = data(service, f"/lineage.json?thing={thing}"), read(service, f"/lineage?thing={thing}").words
    number = found["independentStudies"]
    assert f"{number} independent stud{'y' if number == 1 else 'ies'} behind it (only what sources state)" in words
    assert f"{len(found['nodes'])} things" in words
    assert f"{len(found['edges'])} steps" in words


def test_single_points_lead_to_their_withdrawal_and_what_is_not_credited_is_named(service: httpx.Client) -> None:
    found = data(service, f"/lineage.json?thing={CLAIM}&policy=inferred")
    seen = read(service, f"/lineage?thing={CLAIM}&policy=inferred")
    assert found["singlePoints"]
    assert {f"/impact?withdraw={point}" for point in found["singlePoints"]} <= seen.links["main"]
    assert found["companions"] == ["publication/cicchetti-2011", "publication/stronach-2013"]
    assert "Not credited" in seen.words


def test_what_was_cut_is_said(service: httpx.Client) -> None:
    assert "More steps follow than were asked for" in read(service, f"/lineage?thing={CLAIM}&depth=1").words
    assert "As it was at the end of 2009; kept without a date" in read(service, f"/lineage?thing={CLAIM}&as_of=2009").words


# Picture and table


def picture(service: httpx.Client, address: str) -> ElementTree.Element:
    return ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", service.get(address).text, count=1))


@pytest.mark.parametrize("query", ["", "&detail=full", "&direction=grounds", "&kind=", "&follow=support&follow=citations"])
@pytest.mark.parametrize("thing", THINGS[:-1])
def test_picture_and_table_have_the_same_links_and_lines(service: httpx.Client, thing: str, query: str) -> None:
    if query == "&kind=":  # the first and the last kind that there are
        kinds = [node["kind"] for node in data(service, f"/api/lineage?thing={thing}")["nodes"]]
        query = f"&kind={kinds[0]}&kind={kinds[-1]}"
    seen = read(service, f"/lineage?thing={thing}{query}")
    if "svg" not in seen.links:
        assert not data(service, f"/lineage.json?thing={thing}{query}")["edges"]
        return
    alone = seen.links["ul"]
    assert seen.links["svg"] - alone == seen.links["table"] - alone
    assert seen.links["table"] <= seen.links["svg"]
    root = picture(service, f"/lineage.svg?thing={thing}{query}")
    assert {link.get("href") for link in root.iter("a")} == seen.links["svg"]
    lines = [line for line in root.iter("g") if line.get("data-from")]
    page = service.get(f"/lineage?thing={thing}{query}", headers={"Accept": "text/html"}).text
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>.*?<td>.*?</td>.*?<td>(.*?)</td>", page, re.DOTALL)
    names = {box.get("id"): str(box.get("href")) for box in root.iter("a")}
    drawn = {frozenset((names[str(line.get("data-from"))], names[str(line.get("data-to"))])) for line in lines}
    told = {frozenset(unescape(re.findall(r'href="(.*?)"', cell)[0]) for cell in row) for row in rows}
    assert told == drawn


@pytest.mark.parametrize("thing", [STUDY, PAPER, SOURCE])
def test_a_glance_is_few_boxes_in_columns_of_one_kind_that_lead_to_the_right(service: httpx.Client, thing: str) -> None:
    root = picture(service, f"/lineage.svg?thing={thing}")
    boxes = [box for box in root.iter("a") if "box" in box.get("class", "")]
    assert len(boxes) <= BRIEF
    columns = [{box.get("data-kind") for box in column.iter("a")} for column in root.iter("g") if column.get("role") == "list"]
    assert all(len(kinds) == 1 for kinds in columns)
    order = [kind for kinds in columns for kind in kinds]
    assert order == [kind for kind in ("source", "rating", "claim", "finding", "study", "publication") if kind in order]


def test_a_folded_box_is_opened_and_closed_by_links(service: httpx.Client) -> None:
    root = picture(service, f"/lineage.svg?thing={STUDY}")
    folded = {str(box.get("aria-label")): str(box.get("href")) for box in root.iter("a") if "folded" in box.get("class", "")}
    (name,) = [name for name in folded if name.startswith("28 claims by CrimeSolutions")]
    opened = read(service, folded[name])
    assert dict(parse_qsl(urlsplit(folded[name]).query))["thing"] == STUDY
    claims = {link for link in opened.links["svg"] if link.startswith("/claim/crimesolutions")}
    assert len(claims) == 28
    assert f"/lineage?thing={STUDY}" in opened.links["figcaption"]  # closes it
    assert any("open=" in link for link in opened.links["svg"])  # the findings are folded still
    everything = read(service, f"/lineage?thing={STUDY}&detail=full")
    assert not any("open=" in link for link in everything.links["svg"])


def test_claims_that_cite_nothing_are_told_apart(service: httpx.Client) -> None:
    found = data(service, "/api/unsupported")["bySource"]["source/foundations"]
    assert f"{found} claims by Foundations they name nothing to rest on" in read(service, f"/lineage?thing={SOURCE}").words


def test_sources_and_editions_are_called_by_their_names(service: httpx.Client) -> None:
    words = read(service, f"/lineage?thing={CLAIM}&direction=grounds").words
    assert "by Foundations" in words
    assert "Foundations page on IPP, April 2025, lines" in words
    assert "foundations-ipp-2025" not in words


def test_a_thing_that_only_claims_speak_of_leads_to_these(service: httpx.Client) -> None:
    seen = read(service, "/lineage?thing=intervention/cpp")
    claims = {link for link in seen.links["main"] if link.startswith("/lineage?thing=claim/")}
    number = data(service, "/api/independence?thing=intervention/cpp")["claims"]
    assert len(claims) == number
    assert f"{number} claims that speak of it" in seen.words


# Forms and addresses

ASKED = [
    ("thing", CLAIM), ("direction", "grounds"), ("detail", "full"), ("policy", "inferred"), ("source", "source/foundations"),
    ("design", "rct"), ("kind", "claim"), ("kind", "publication"), ("follow", "support"), ("stance", "supporting"),
    ("as_of", "2020"), ("depth", "6"),
]  # fmt: skip


def test_the_form_says_what_was_asked(service: httpx.Client) -> None:
    address = str(httpx.URL("/lineage", params=ASKED))
    assert Counter(read(service, address).given) == Counter(ASKED)
    assert Counter(read(service, address.replace("source%2Ffoundations", "foundations")).given) == Counter(ASKED)


def test_the_form_of_a_withdrawal_says_what_was_asked(service: httpx.Client) -> None:
    given = [("withdraw", PAPER), ("withdraw", "study/spanish-speaking-dyads"), ("reading", "all"), ("policy", "inferred")]
    assert Counter(read(service, str(httpx.URL("/impact", params=given))).given) == Counter(given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (f"/lineage?thing={CLAIM}&as_of=&source=&depth=", f"/lineage?thing={CLAIM}"),
        (f"/lineage?focus={CLAIM}", f"/lineage?thing={CLAIM}"),
        ("/lineage?thing=IPP+raises+secure+attachment+by+40.9+percentage+points", f"/lineage?thing={CLAIM}"),
        ("/lineage.svg?direction=grounds&thing=Cicchetti+et+al.+2006", f"/lineage.svg?thing={PAPER}&direction=grounds"),
        (f"/impact?withdraw=Cicchetti+et+al.+2006&withdraw=&withdraw={PAPER}", f"/impact?withdraw={PAPER}"),
        ("/independence?thing=Infant-Parent+Psychotherapy&intervention=", "/independence?thing=intervention/ipp&policy=stated"),
        (f"/paths?from={CLAIM}&to=Cicchetti+et+al.+2006", f"/paths?from={CLAIM}&to={PAPER}&policy=stated"),
        ("/unsupported?source=", "/unsupported"),
    ],
)
def test_what_is_asked_otherwise_leads_to_one_address(service: httpx.Client, given: str, meant: str) -> None:
    for _ in range(3):
        answer = service.get(given)
        if answer.status_code == 200:
            break
        assert answer.status_code == 303, given
        given = answer.headers["location"]
    assert given == meant


@pytest.mark.parametrize(
    ("address", "named", "status"),
    [
        (f"/lineage?thing={CLAIM}&direction=sideways", "direction", 400),
        (f"/lineage?thing={CLAIM}&policy=guessed", "policy", 400),
        (f"/lineage?thing={CLAIM}&as_of=lately", "as_of", 400),
        (f"/lineage?thing={CLAIM}&depth=-1", "depth", 400),
        (f"/lineage?thing={CLAIM}&detail=huge", "detail", 400),
        (f"/lineage?thing={CLAIM}&kind=planet", "planet", 400),
        (f"/lineage?thing={CLAIM}&source={CLAIM}", "no source", 400),
        (f"/lineage?thing={CLAIM}&design=oracle", "oracle", 400),
        (f"/lineage?thing={CLAIM}&stance=angry", "angry", 400),
        (f"/lineage?thing={CLAIM}&sources=foundations", "sources is no parameter", 400),
        ("/lineage?thing=claim/none", "claim/none", 404),
        ("/lineage?thing=No+such+label", "No such label", 404),
        (f"/lineage.png?thing={CLAIM}", ".png", 404),
        ("/lineage.svg", ".svg", 404),
        (f"/impact?withdraw={CLAIM}", "cannot be withdrawn", 400),
        (f"/impact?withdraw={PAPER}&reading=some", "reading", 400),
        (f"/impact?withdraw={PAPER}&policy=guessed", "policy", 400),
        ("/unsupported?source=claim/x", "claim/x", 404),
        (f"/unsupported?source={CLAIM}", "no source", 400),
        ("/independence?intervention=intervention/ipp", "outcome", 400),
        (f"/paths?from={CLAIM}&to={CLAIM}", "one thing", 400),
    ],
)
def test_what_cannot_be_asked_is_a_page_that_names_it(service: httpx.Client, address: str, named: str, status: int) -> None:
    assert named in read(service, address, status).words


def test_a_label_of_several_things_is_not_guessed(service: httpx.Client) -> None:
    asked = "SELECT ?label (COUNT(DISTINCT ?t) AS ?n) { ?t skos:prefLabel ?label } GROUP BY ?label HAVING (COUNT(DISTINCT ?t) > 1) LIMIT 1"
    found = service.get("/sparql", params={"query": asked}, headers={"Accept": "application/sparql-results+json"}).json()
    label = found["results"]["bindings"][0]["label"]["value"]
    seen = read(service, str(httpx.URL("/lineage", params={"thing": label})), 400)
    assert "is what several things are called" in seen.words


# Every view is data

TYPES = {
    "svg": "image/svg+xml", "dot": "text/vnd.graphviz; charset=utf-8", "graphml": "application/graphml+xml", "gexf": "application/gexf+xml",
    "json": "application/json", "csv": "text/csv; charset=utf-8", "ttl": "text/turtle; charset=utf-8", "jsonld": "application/ld+json",
}  # fmt: skip


@pytest.mark.parametrize("suffix", TYPES)
def test_a_lineage_is_data_at_the_same_address(service: httpx.Client, suffix: str) -> None:
    answer = service.get(f"/lineage.{suffix}?thing={CLAIM}&detail=full")
    assert answer.headers["content-type"] == TYPES[suffix]
    form = {"ttl": "turtle"}.get(suffix, suffix)
    same = service.get(f"/api/lineage?thing={CLAIM}&format={form}")
    assert answer.content == same.content
    media_type = TYPES[suffix].split(";")[0]
    asked = service.get(f"/lineage?thing={CLAIM}&detail=full", headers={"Accept": media_type})
    assert (asked.content, asked.headers["content-location"]) == (answer.content, f"/lineage.{suffix}?thing={CLAIM}&detail=full")
    assert f"/lineage.{suffix}?thing={CLAIM}" in read(service, f"/lineage?thing={CLAIM}").links["footer"]


def rows(client: httpx.Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(client.get(address).text)))


def test_a_withdrawal_is_told_as_the_api_has_it(service: httpx.Client) -> None:
    address = f"withdraw={PAPER}&withdraw=study/spanish-speaking-dyads"
    found = data(service, f"/api/impact?{address}")
    assert data(service, f"/impact.json?{address}") == found
    table = rows(service, f"/impact.csv?{address}")
    seen = read(service, f"/impact?{address}")
    for group, title in (("falls", "Falls"), ("weakened", "Weakened"), ("suspect", "Suspect")):
        assert {row["id"] for row in table if row["group"] == group} == {thing["id"] for thing in found[group]}
        assert {f"/{thing['id']}" for thing in found[group]} <= seen.links["main"]
        kinds = Counter(thing["kind"] for thing in found[group])
        if kinds["claim"]:
            assert f"{title}: {kinds['claim']} claim" in seen.words
    assert found["ratings"]
    for rating in found["ratings"]:
        assert f"/{rating['id']}" in seen.links["main"]
        for held in rating["conditions"]:
            assert held["words"] in seen.words
            assert f"{held['verdict']}: met by {len(held['before'])} before, by {len(held['after'])} now" in seen.words


def test_without_a_thing_the_pages_begin_with_what_carries_most(service: httpx.Client) -> None:
    stones = data(service, "/api/keystones")["keystones"] + data(service, "/api/keystones?unit=study")["keystones"]
    members = [[one["id"] for one in stone["members"]] for stone in stones]
    assert {f"/impact?{'&'.join(f'withdraw={name}' for name in names)}" for names in members} <= read(service, "/impact").links["main"]
    assert {f"/lineage?thing={name}" for names in members for name in names} <= read(service, "/lineage").links["main"]


def test_what_cites_nothing_is_told_as_the_api_has_it(service: httpx.Client) -> None:
    for query in ("", "?source=clinic-004"):
        found = data(service, f"/api/unsupported{query}")
        assert data(service, f"/unsupported.json{query}") == found
        assert [row["claim"] for row in rows(service, f"/unsupported.csv{query}")] == [claim["id"] for claim in found["claims"]]
        seen = read(service, f"/unsupported{query}")
        assert {link for link in seen.links["main"] if link.startswith("/claim/")} == {f"/{claim['id']}" for claim in found["claims"]}
        assert f"{found['count']} claims of {len(found['bySource'])} source" in seen.words


def test_independent_lines_are_told_as_the_api_has_them(service: httpx.Client) -> None:
    for query in (f"thing={CLAIM}", "thing=intervention/ipp", "intervention=intervention/ipp&outcome=outcome/attachment-security"):
        found = data(service, f"/api/independence?{query}")
        assert data(service, f"/independence.json?{query}") == found
        seen = read(service, f"/independence?{query}")
        number = found["independentLines"]
        assert f"{number} independent stud{'y' if number == 1 else 'ies'} behind" in seen.words
        assert {f"/{study['id']}" for line in found["lines"] for study in line["studies"]} <= seen.links["main"]
        table = rows(service, f"/independence.csv?{query}")
        assert {row["id"] for row in table if row["part"] == "claims"} == {
            claim["id"] for line in found["lines"] for claim in line["claims"]
        }


def test_ways_are_told_as_the_api_has_them(service: httpx.Client) -> None:
    query = f"from={SOURCE}&to={PAPER}&show=3"
    found = data(service, f"/api/paths?{query}")
    assert data(service, f"/paths.json?{query}") == found
    seen = read(service, f"/paths?{query}")
    assert f"{found['ways']} ways (only what sources state), the shortest {len(found['shortest'])} shown" in seen.words
    assert {f"/{thing}" for way in found["shortest"] for thing in way} <= seen.links["ol"]
    assert len({row["way"] for row in rows(service, f"/paths.csv?{query}")}) == len(found["shortest"])


# What pages must bear


@pytest.mark.parametrize("thing", ["intervention/script", "intervention/quotes"])
def test_hostile_labels_are_text(small: httpx.Client, thing: str) -> None:
    answer = small.get("/lineage", params={"thing": thing}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert 'onclick="alert' not in answer.text
    assert ("<script>alert(1)</script>" if thing.endswith("script") else '" onclick="alert(7)') in Seen(answer.text).words


@pytest.mark.parametrize(
    "address", ["/lineage?thing=", "/impact?withdraw=", "/independence?thing=", "/paths?to=claim/x&from=", "/unsupported?source="]
)
def test_what_was_asked_is_never_markup(service: httpx.Client, address: str) -> None:
    for hostile in ('"><script>alert(1)</script>', "javascript:alert(1)", "</title><b>"):
        answer = service.get(address + str(httpx.QueryParams({"x": hostile}))[2:], headers={"Accept": "text/html"})
        while answer.status_code == 303:
            assert answer.headers["location"].startswith("/")
            answer = service.get(answer.headers["location"], headers={"Accept": "text/html"})
        assert answer.status_code in (400, 404)
        assert "<script>alert" not in answer.text
        assert "<b>" not in answer.text


def test_a_base_without_studies_has_these_pages_too(small: httpx.Client) -> None:
    for page in ("/lineage", "/impact", "/unsupported", "/independence", "/paths", "/lineage?thing=claim/reading-together-words"):
        read(small, page)


def test_no_picture_has_more_boxes_than_can_be_read(service: httpx.Client) -> None:
    for query in ("detail=full", f"open={CLAIM}", "detail=full&follow=support&follow=citations&follow=sources"):
        root = picture(service, f"/lineage.svg?thing={PAPER}&{query}")
        assert len([box for box in root.iter() if box.get("class", "").split()[:1] == ["box"]]) <= BOXES
