"""Pages that are not about one thing: what they show is what the data and the program say."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree

import httpx
import pyoxigraph as ox
import pytest

from wherefrom.build import Build, read_report
from wherefrom.changes import ATOM, atom
from wherefrom.journal import FIRST, Entry
from wherefrom.vocabulary import TERMS
from wherefrom.web.views import MENU
from wherefrom.web.views import map as view_map
from wherefrom.web.views.api import calls

HTML = {"Accept": "text/html"}


def page(service: httpx.Client, path: str) -> str:
    answer = service.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.path)
def test_a_page_of_the_menu_is_reached_from_every_page(service: httpx.Client, entry: object) -> None:
    assert f'href="{entry.path}"' in page(service, "/claim")  # type: ignore[attr-defined]


def counted(service: httpx.Client, pattern: str) -> int:
    """Return how many different things a pattern with ?x finds."""
    asked = f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {pattern} }}"
    answer = service.get("/sparql", params={"query": asked}, headers={"Accept": "application/sparql-results+json"}).json()
    return int(answer["results"]["bindings"][0]["n"]["value"])


def test_the_first_page_counts_what_there_is(service: httpx.Client) -> None:
    shown = re.findall(r'<span class="number">([\d,]+)</span> ([a-z ]+)<', page(service, "/"))
    assert {words: int(number.replace(",", "")) for number, words in shown} == {
        "sources": counted(service, "?x a ev:SourcePublisher"),
        "claims": counted(service, "?x a/rdfs:subClassOf* ev:Claim"),
        "independent trials behind them": len(service.get("/api/overlap").json()["units"]),  # no study shares its sample, as stated
        "papers": counted(service, "?x a ev:Publication"),
        "claims that cite nothing": service.get("/api/unsupported").json()["count"],
        "places where records disagree": counted(service, "?x a ev:Discrepancy"),
    }


def test_the_vocabulary_leaves_no_term_out(service: httpx.Client) -> None:
    found = list(csv.DictReader(io.StringIO(service.get("/vocabulary.csv").text)))
    assert {row["name"] for row in found} == {term.split("#")[1] for term in TERMS}
    assert all(row["label"] and row["definition"] and row["example"] for row in found)
    uses = {row["name"]: int(row["uses"]) for row in found}
    assert uses["Finding"] == counted(service, "?x a ev:Finding") > 0


def test_each_rule_has_a_page_and_the_numbers_add_up(service: httpx.Client, built: Build) -> None:
    report = read_report(built.report, built.fingerprint)
    assert report is not None
    text = page(service, "/validation")
    assert report.summary().split(",")[1].strip() in text  # so many warnings
    codes = re.findall(r'href="/validation/([^"]+)"', text)
    assert {result.code for result in report.results} <= set(codes)
    assert len(codes) == len(set(codes)) > 200
    told = json.loads(service.get("/validation.json").content)
    assert len(told) == len(report.results)
    one = json.loads(service.get("/validation/publication-without-doi.json").content)
    assert one == [row for row in told if row["code"] == "publication-without-doi"] != []
    assert "sh:ValidationReport" in service.get("/validation.ttl").text


def test_a_rule_that_there_is_not(service: httpx.Client) -> None:
    answer = service.get("/validation/none")
    assert (answer.status_code, "the rule" in answer.json()["detail"]) == (404, True)


def test_every_call_of_the_api_is_told_with_an_example_that_answers(service: httpx.Client) -> None:
    text = page(service, "/api")
    described = {path for path in service.get("/openapi.json").json()["paths"] if path.startswith("/api/")}
    assert set(re.findall(r"<code>(/api/[a-z]+)</code>", text)) == described
    tried = [link.replace("&amp;", "&") for link in re.findall(r'Try it: <a href="([^"]+)"', text)]
    assert {link.split("?")[0] for link in tried} == described
    assert {link: service.get(link).status_code for link in tried} == dict.fromkeys(tried, 200)


def test_a_call_without_an_example_is_told_all_the_same() -> None:
    parameters = [{"name": "thing", "required": True, "schema": {"type": "string"}}]
    told = calls({"paths": {"/api/x": {"get": {"summary": "X", "parameters": parameters}}}}, {}, "https://example.org/")
    assert [(call["path"], call["example"]) for call in told] == [("/api/x", "")]


def test_the_feed_of_changes_is_atom(service: httpx.Client) -> None:
    answer = service.get("/changes.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = ElementTree.fromstring(answer.content)
    assert {child.tag for child in feed} >= {f"{{{ATOM}}}{name}" for name in ("id", "title", "updated", "author", "link")}


def test_the_feed_has_the_last_write_first() -> None:
    graph = ox.NamedNode("https://example.org/g")
    added = (ox.Quad(graph, graph, graph, graph),)
    entries = [Entry(n, f"urn:uuid:{n}", FIRST, "ada <b>", f"2026-01-0{n}T00:00:00Z", "update", "a", "b", (), added) for n in (1, 2)]
    feed = ElementTree.fromstring(atom(entries, "https://example.org/", "T", "", "2025-01-01T00:00:00+00:00"))
    assert [one.findtext(f"{{{ATOM}}}title") for one in feed.findall(f"{{{ATOM}}}entry")] == ["Write 2: update", "Write 1: update"]
    assert feed.findtext(f"{{{ATOM}}}updated") == entries[1].at
    assert feed.find(f"{{{ATOM}}}entry/{{{ATOM}}}author/{{{ATOM}}}name").text == "ada <b>"  # type: ignore[union-attr]


@pytest.mark.parametrize(("suffix", "media_type"), [("json", "application/json"), ("csv", "text/csv; charset=utf-8")])
def test_a_page_is_data_at_the_same_address(service: httpx.Client, suffix: str, media_type: str) -> None:
    by_suffix = service.get(f"/overlap.{suffix}?unit=publication")
    by_header = service.get("/overlap?unit=publication", headers={"Accept": media_type.split(";")[0]})
    assert by_suffix.headers["content-type"] == by_header.headers["content-type"] == media_type
    assert by_suffix.content == by_header.content
    assert by_header.headers["content-location"] == f"/overlap.{suffix}?unit=publication"
    assert f"/overlap.{suffix}?unit=publication" in page(service, "/overlap?unit=publication")


def test_overlap_shows_what_the_api_answers(service: httpx.Client) -> None:
    answer = service.get("/api/overlap?unit=publication").json()
    assert json.loads(service.get("/overlap.json?unit=publication").content) == answer
    text = page(service, "/overlap?unit=publication")
    assert f"{100 * answer['correctedCoveredArea']:.1f} %" in text
    assert text.count('<td class="yes">') == answer["marks"]


@pytest.mark.parametrize("path", ["/overlap.none", "/vocabulary.svg", "/validation.xlsx", "/overlap?unit=none"])
def test_what_a_page_does_not_have(service: httpx.Client, path: str) -> None:
    answer = service.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_pages_load_is_kept_for_good_under_its_digest(service: httpx.Client) -> None:
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page(service, "/"))
    answer = service.get(style)
    assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
    bare = service.get("/static/style.css")
    assert bare.content == answer.content
    assert "immutable" not in bare.headers["cache-control"]
    assert service.get(f"/static/{'0' * 12}/style.css").status_code == 404


def test_the_map_shows_each_cell_of_the_api_in_words(service: httpx.Client) -> None:
    answer = service.get("/api/map").json()
    text = page(service, "/map")
    tried = sum(1 for cell in answer["cells"] if cell["independentLines"])
    assert text.count('<td class="tried">') == tried > 10
    bare = sum(1 for cell in answer["cells"] if cell["claims"] == cell["unsupported"])
    assert text.count("<strong>claimed, nothing cited</strong>") == bare > 10
    assert text.count("<strong>measured, not claimed</strong>") == len(answer["measuredOnly"]) > 10
    assert text.count('<td class="gap">') == 41 * 3 - len(answer["cells"]) - len(answer["measuredOnly"])
    rows = list(csv.DictReader(io.StringIO(service.get("/map.csv?rows=intervention&cols=outcome").text)))
    assert {(row["row"], row["column"]): int(row["trials"]) for row in rows if row["state"] != "measured"} == {
        (cell["row"], cell["col"]): cell["independentLines"] for cell in answer["cells"]
    }


def test_narrower_outcomes_stand_below_the_broader_one(service: httpx.Client) -> None:
    rows = re.findall(r'<th scope="row" class="level-(\d)">\s*<a href="/outcome/([^"]+)"', page(service, "/map"))
    at = [name for _, name in rows].index("attachment-security")
    assert rows[at][0] == "0"
    assert ("1", "secure-attachment") in rows[at + 1 : at + 8]
    assert all(level != "0" for level, _ in rows[at + 1 : at + 4])


def test_a_circle_of_broader_outcomes_is_cut() -> None:
    assert view_map._way("a", {"a": "b", "b": "c", "c": "a"}) == ["c", "b", "a"]


# Findings, discrepancies, keystones, checks


def test_the_page_of_findings_shows_what_the_api_answers(service: httpx.Client) -> None:
    asked = "outcome=outcome/secure-attachment"
    answer = service.get(f"/api/findings?{asked}").json()
    assert json.loads(service.get(f"/findings.json?{asked}").content) == answer
    text = page(service, f"/findings?{asked}")
    shown = re.findall(r'<tr><th scope="row">\s*<a href="/(finding/[^"]+)"', text)
    assert sorted(shown) == sorted(row["id"] for row in answer["findings"])
    assert all(f"<strong>{row['figure']['value']:.10g}" in text for row in answer["findings"] if row["figure"])
    assert text.count(answer["panels"][0]["average"]["why"]) >= 2  # in words and in the picture
    assert set(re.findall(r'href="/discrepancies[^"]*#([^"]+)"', text)) == {one["id"] for one in answer["discrepancies"]}
    lines = list(csv.DictReader(io.StringIO(service.get(f"/findings.csv?{asked}").text)))
    assert {line["finding"]: float(line["value"]) for line in lines if line["value"]} == {
        row["id"]: row["figure"]["value"] for row in answer["findings"] if row["figure"]
    }


def test_the_picture_stands_in_the_page_of_findings_for_wide_and_narrow_screens(service: httpx.Client) -> None:
    text = page(service, "/findings")
    pictures = [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]
    assert [picture.attrib["role"] for picture in pictures] == ["img", "img"]
    assert len({picture.attrib["aria-labelledby"] for picture in pictures}) == 2  # no name stands twice
    assert "<svg" not in page(service, "/findings?study=study/spanish-speaking-dyads")


def test_every_discrepancy_is_told_with_all_who_say_something(service: httpx.Client) -> None:
    answer = service.get("/api/discrepancies").json()
    assert json.loads(service.get("/discrepancies.json").content) == answer
    text = page(service, "/discrepancies")
    blocks = dict(re.findall(r'<section class="side" id="([^"]+)"(.*?)</section>', text, re.DOTALL))
    assert blocks.keys() == {one["id"] for one in answer["discrepancies"]}
    for one in answer["discrepancies"]:
        block = blocks[one["id"]]
        statements = [said for value in one["values"] for said in value["statedBy"]]
        assert block.count('<tr><th scope="row">') == len(statements)
        assert {record["id"] for said in statements for record in said["records"]} <= set(re.findall(r'href="/([^"]+)"', block))
        assert all(f'href="/{name}"' in block for name in one["curated"])
        assert ("calculated here</em> <small>printed is" in block) == any(value["derived"] for value in one["values"])
    assert all(f'href="/{name}"' in text for name in answer["curatedOnly"])
    lines = list(csv.DictReader(io.StringIO(service.get("/discrepancies.csv").text)))
    assert len(lines) == sum(len(value["statedBy"]) for one in answer["discrepancies"] for value in one["values"])


def test_figures_that_lie_apart_come_first_and_slips_last(service: httpx.Client) -> None:
    answer = {one["id"]: one for one in service.get("/api/discrepancies").json()["discrepancies"]}
    order = [answer[name] for name in re.findall(r'<section class="side" id="([^"]+)"', page(service, "/discrepancies"))]
    apart = [one["byHowMuch"] for one in order if one["byHowMuch"] is not None]
    assert [one["byHowMuch"] for one in order[: len(apart)]] == sorted(apart, reverse=True) != []
    assert [one["cause"] for one in order].index("transcription") >= len(order) - sum(one["cause"] == "transcription" for one in order)


def test_discrepancies_of_a_kind(service: httpx.Client) -> None:
    text = page(service, "/discrepancies?kind=bibliography")
    answer = service.get("/api/discrepancies?kind=bibliography").json()
    assert text.count('<section class="side"') == answer["count"] > 0
    assert '<option value="bibliography" selected>' in text
    assert page(service, "/discrepancies?kind=rating").count('<section class="side"') == 0


def test_keystones_are_told_as_the_api_has_them(service: httpx.Client) -> None:
    answer = service.get("/api/keystones?unit=study").json()
    assert json.loads(service.get("/keystones.json?unit=study").content) == answer
    shown = re.findall(r'data-head="Claims">(\d+)<.*?"Findings">(\d+)<.*?"Ratings">(\d+)<', page(service, "/keystones?unit=study"))
    assert [tuple(map(int, row)) for row in shown] == [tuple(stone["falls"].values()) for stone in answer["keystones"]] != []
    lines = list(csv.DictReader(io.StringIO(service.get("/keystones.csv?unit=study").text)))
    assert [int(line["claims"]) for line in lines] == [stone["falls"]["claims"] for stone in answer["keystones"]]


def test_checks_are_told_with_their_rules(service: httpx.Client) -> None:
    answer = service.get("/api/checks").json()
    assert json.loads(service.get("/checks.json").content) == answer
    text = page(service, "/checks")
    assert text.count('<tr><th scope="row">') == len(answer["checks"])
    assert set(re.findall(r'<dt id="([^"]+)"', text)) == {one["name"] for one in answer["checks"]}
    assert f"{answer['verdicts']['does not reproduce']} do not follow, {answer['verdicts']['cannot be checked']} cannot be checked" in text
    lines = list(csv.DictReader(io.StringIO(service.get("/checks.csv").text)))
    assert [line["verdict"] for line in lines] == [one["verdict"] for one in answer["checks"]]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/findings?policy=guessed", 400), ("/findings?study=outcome/secure-attachment", 400), ("/findings?source=none", 404),
        ("/findings.dot", 404), ("/discrepancies?kind=foo", 400), ("/discrepancies?policy=x", 400), ("/discrepancies.svg", 404),
        ("/keystones?unit=none", 400), ("/checks?study=source/foundations", 400), ("/compare?i=source/foundations", 400),
        ("/compare?i=source/foundations&i=source/foundations", 400), ("/compare?i=source/foundations&i=intervention/ipp", 400),
        ("/compare?i=source/foundations&i=source/none", 404), ("/compare.csv", 400), ("/compare?i=a b&i=c", 404),
    ],
)  # fmt: skip
def test_what_these_pages_cannot_answer(service: httpx.Client, path: str, code: int) -> None:
    answer = service.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (code, "application/problem+json")
