"""The pages of interventions, sources, outcomes, documents and editions: what they say against the data and the engines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from test_links import Page
from test_thing_pages import BASE, thing, words
from wherefrom import pages
from wherefrom.answers import unsupported_answer
from wherefrom.discrepancies import discrepancies
from wherefrom.independence import independence, independence_on
from wherefrom.settings import Settings
from wherefrom.store import EmbeddedStore

KINDS = ("intervention", "source", "outcome", "document", "edition")
POLICIES = ("stated", "inferred")
SCHEME = "https://w3id.org/wherefrom/scheme/"
PREFIXES = (
    "PREFIX ev: <https://w3id.org/wherefrom/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
    "PREFIX cito: <http://purl.org/spar/cito/> PREFIX frbr: <http://purl.org/vocab/frbr/core#> PREFIX spdx: <http://spdx.org/rdf/terms#> "
)


@pytest.fixture(scope="module")
def names(store: EmbeddedStore) -> Mapping[str, Sequence[str]]:
    """The names of the things of these kinds."""
    found = pages.kinds_of_things(store, BASE)
    return {kind: [iri.removeprefix(f"{BASE}id/") for iri in found[kind]] for kind in KINDS}


@pytest.fixture(scope="module")
def part(store: EmbeddedStore, repository: Path) -> Callable[[str], Any]:
    """Return a function that gives the own part of the page of a thing of the repository."""
    return lambda name: pages.own(pages.Asking(store, pages.page(store, thing(name), BASE), Settings(), repository))[1]


@pytest.fixture(scope="module")
def html(service: httpx.Client) -> Callable[[str], str]:
    """Return a function that gives the page of a thing."""

    def found(address: str) -> str:
        answer = service.get(f"/{address}", headers={"Accept": "text/html"})
        assert answer.status_code == 200, address
        return answer.text

    return found


@pytest.fixture(scope="module")
def asked(store: EmbeddedStore) -> Callable[[str], list[dict[str, str]]]:
    """Return a function that asks in SPARQL, independently of what makes the pages."""
    return lambda query: [{name: str(value) for name, value in row.items()} for row in store.select(PREFIXES + query)]


def path(iri: str) -> str:
    return f"/{iri.removeprefix(f'{BASE}id/')}"


### Interventions


def test_trials_of_an_intervention_and_of_each_source_are_those_of_the_engine(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore
) -> None:
    for name in names["intervention"]:
        own = part(name)
        stated, inferred = (independence(store, thing(name), policy) for policy in POLICIES)  # type: ignore[arg-type]
        if not stated.spoken_of:
            assert own.whole.claims == 0
            continue
        assert (own.whole.claims, own.whole.bare) == (len(stated.claims), len(stated.unsupported))
        assert (own.whole.trials, own.whole.inferred) == (len(stated.lines), len(inferred.lines))
        for one in own.counted:
            for found, number in ((stated, one.count.trials), (inferred, one.count.inferred)):
                assert number == sum(path(source) == one.source.href for line in found.lines for source in line.sources)


def test_claims_of_each_source_are_those_of_the_data(part: Callable[[str], Any], store: EmbeddedStore, asked: Callable[..., Any]) -> None:
    bare = {str(thing(claim["id"])) for claim in unsupported_answer(store, BASE)["claims"]}
    by_source: dict[str, set[str]] = {}
    for row in asked(f"SELECT DISTINCT ?source ?claim {{ ?claim ev:about <{thing('intervention/ipp')}> ; ev:claimedBy ?source }}"):
        by_source.setdefault(path(row["source"]), set()).add(row["claim"])
    own = part("intervention/ipp")
    assert {one.source.href: one.count.claims for one in own.counted} == {source: len(claims) for source, claims in by_source.items()}
    assert {one.source.href: one.count.bare for one in own.counted} == {source: len(claims & bare) for source, claims in by_source.items()}
    assert own.whole.bare > 100


def test_trials_on_each_outcome_are_those_of_the_engine(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore
) -> None:
    for name in names["intervention"]:
        for one in part(name).outcomes:
            found = [independence_on(store, thing(name), thing(one.outcome.href[1:]), policy) for policy in POLICIES]  # type: ignore[arg-type]
            assert [one.count.trials, one.count.inferred] == [len(told.lines) for told in found], (name, one.outcome)


def test_every_characteristic_is_in_the_cell_of_its_item_and_source(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], asked: Callable[..., Any]
) -> None:
    query = "SELECT DISTINCT ?c ?i ?s { ?c ev:characteristicOf <%s> ; ev:item ?i ; ev:statedBy ?s }"
    for name in names["intervention"]:
        own = part(name).side_by_side
        shown = [
            (one.href, line.item.text, source.href)
            for line in own.shared
            for source, cell in zip(own.sources, line.cells, strict=True)
            for one in cell
        ]
        shown += [(one.href, line.item.text, line.source.href) for line in own.alone for one in line.cell]
        stated = asked(query % thing(name))
        assert len(shown) == len(set(shown)) == len(stated)
        assert {(one, source) for one, _, source in shown} == {(path(row["c"]), path(row["s"])) for row in stated}


def test_what_differs_is_what_the_engine_says(part: Callable[[str], Any], store: EmbeddedStore) -> None:
    """Items on which only a related intervention differs are not marked; those within one intervention all are."""
    ipp = thing("intervention/ipp")
    of_it = [one.subject for one in discrepancies(store) if ipp in one.subject and str(one.subject[-1]).startswith(f"{SCHEME}item/")]
    own = part("intervention/ipp").side_by_side
    marked = {f"{SCHEME}{line.item.href.removeprefix('/scheme/')}" for line in (*own.shared, *own.alone) if line.differs}
    alone = {str(subject[-1]) for subject in of_it if len(subject) == 2}
    assert alone <= marked <= {str(subject[-1]) for subject in of_it}
    assert {f"{SCHEME}item/{item}" for item in ("age", "setting", "duration")} <= marked


def test_items_of_several_sources_come_first(part: Callable[[str], Any]) -> None:
    own = part("intervention/ipp").side_by_side
    assert [source.text for source in own.sources] == ["Clinic of page 002", "Clinic of page 004", "CrimeSolutions", "Foundations"]
    assert all(sum(bool(cell) for cell in line.cells) > 1 for line in own.shared)
    assert {"Age of the child", "Length of a session", "Setting", "Workforce", "Cost"} <= {line.item.text for line in own.shared}
    assert {"Cost rating", "Studies reviewed"} <= {line.item.text for line in own.alone}


def test_an_intervention_is_read_in_words(html: Callable[[str], str], asked: Callable[..., Any]) -> None:
    found = words(html("intervention/ipp"))
    assert "4 sources speak of it in 172 claims, of which 131 claims cite nothing; the others rest on 2 independent trials" in found
    assert "Infant–Parent Psychotherapy CrimeSolutions" in found
    assert "Infant-Parent Psychotherapy is a variant of Child-Parent Psychotherapy, says Foundations" in found
    assert "Infant-Parent Psychotherapy is an adaptation of Child-Parent Psychotherapy, says CrimeSolutions" in found
    assert "How these are related to others: Child-Parent Psychotherapy is also known as Toddler-Parent Psychotherapy" in found
    assert "0 to 2 years old (as offered) 1 years old (as evaluated)" in found
    assert "says nothing" in found
    assert "3+, Foundations Level 3+ of Foundations evidence rating: Level 3, and evidence from other studies" in found
    assert "Issued says nothing says nothing says nothing 2025-04" in found
    records = "ev:about|ev:characteristicOf|ev:rates"
    between = asked(f"SELECT DISTINCT ?d {{ ?d ev:between ?r . ?r {records} <{thing('intervention/ipp')}> }}")
    assert f"Curators describe {len(between)} discrepancies between records on it" in found
    assert len(between) > 10


def test_a_page_without_claims_says_so(html: Callable[[str], str]) -> None:
    found = words(html("intervention/tpp"))
    assert "0 sources speak of it in 0 claims." in found
    assert "Child-Parent Psychotherapy is also known as Toddler-Parent Psychotherapy, says Continuum" in found


### Sources


def test_a_source_is_counted_by_the_data(part: Callable[[str], Any], names: Mapping[str, Sequence[str]], asked: Callable[..., Any]) -> None:
    for name in names["source"]:
        own, by = part(name), f"<{thing(name)}>"
        claims = asked(f"SELECT DISTINCT ?claim {{ ?claim ev:claimedBy {by} }}")
        assert own.whole.claims == len(claims), name
        kinds = asked(f"SELECT ?kind (COUNT(DISTINCT ?claim) AS ?n) {{ ?claim ev:claimedBy {by} ; ev:claimKind ?kind }} GROUP BY ?kind")
        assert sorted(one.claims for one in own.kinds) == sorted(int(row["n"]) for row in kinds)
        cited = asked(f"SELECT DISTINCT ?c {{ ?c cito:hasCitingEntity ?e . GRAPH ?e {{ ?x ev:claimedBy {by} }} }}")
        assert len(own.citations.rows if own.citations else ()) == len(cited), name
        between = asked(f"SELECT DISTINCT ?d {{ ?d ev:between ?r . GRAPH ?e {{ ?r a ?k . ?x ev:claimedBy {by} }} }}")
        assert {one.href for one in own.discrepancies} == {path(row["d"]) for row in between}, name
    assert len(part("source/foundations").discrepancies) > 20


def test_levels_are_in_the_order_of_the_scale(part: Callable[[str], Any], html: Callable[[str], str]) -> None:
    scales = {scale.scheme.text: scale for scale in part("source/foundations").scales}
    levels = [row[0][0].text for row in scales["Foundations evidence rating"].levels.rows]
    assert levels == ["Level 2", "Level 2+", "Level 3", "Level 3+", "Level 4", "Level 4+"]
    assert "Infant-Parent Psychotherapy" in [one.text for one in scales["Foundations evidence rating"].levels.rows[3][2]]
    assert "It has no scale here, and gives no rating." in words(html("source/clinic-002"))


def test_searches_references_and_documents_of_a_source(
    part: Callable[[str], Any], html: Callable[[str], str], asked: Callable[..., Any]
) -> None:
    told = {row[0][0].text: row[1][0].text for row in part("source/foundations").searched.rows}
    assert told["Studies reviewed"] == "3 studies"
    assert told["Ineligible studies"] == "1 study"
    assert len(told) == 6
    found = words(html("source/continuum"))
    assert found.count("Used for placement") + found.count("Not used for placement") >= 10
    assert found.count("Not used for placement") >= 1
    for row in asked("SELECT DISTINCT ?v { ?e frbr:embodiment/spdx:checksum/spdx:checksumValue ?v }"):
        assert (
            sum(
                row["v"] in html(name)
                for name in ("source/foundations", "source/crimesolutions", "source/continuum", "source/clinic-002", "source/clinic-004")
            )
            == 1
        )


def test_an_edition_and_a_document_tell_what_was_read(html: Callable[[str], str]) -> None:
    for name in ("edition/foundations-ipp-2025-04", "document/foundations-ipp"):
        found = words(html(name))
        assert "b7f9a05b160b4898f4da77ab9cbacb1a2e1b17ec9bb4a8ad79b24d517ae94511" in found
        assert "Issued 2025-04 Last reviewed 2016-07" in found
        assert "Dose on the Foundations page" in found


### Outcomes


def test_an_outcome_is_counted_by_the_engine(
    part: Callable[[str], Any], names: Mapping[str, Sequence[str]], store: EmbeddedStore, asked: Callable[..., Any]
) -> None:
    trials = 0
    for name in names["outcome"]:
        own = part(name)
        stated, inferred = (independence(store, thing(name), policy) for policy in POLICIES)  # type: ignore[arg-type]
        assert (own.whole.claims, own.whole.bare) == (len(stated.claims), len(stated.unsupported)), name
        assert (own.whole.trials, own.whole.inferred) == (len(stated.lines), len(inferred.lines)), name
        for one in own.claimed:
            on = independence_on(store, thing(one.intervention.href[1:]), thing(name))
            assert one.count.trials == sum(path(source) == one.source.href for line in on.lines for source in line.sources), name
        trials += own.whole.trials
        below = asked(f"SELECT DISTINCT ?part {{ ?part skos:broader+ <{thing(name)}> }}")
        assert {one.href for one in own.narrower} == {path(row["part"]) for row in below}
        found = asked(f"SELECT DISTINCT ?f {{ ?f ev:outcome/skos:broader* <{thing(name)}> ; ev:findingOf ?s }}")
        assert len(own.findings.rows if own.findings else ()) == len(found), name
    assert trials > 5


def test_an_outcome_is_read_in_words(html: Callable[[str], str]) -> None:
    found = words(html("outcome/attachment-security"))
    assert "On it, or on a narrower outcome, there are 41 claims, of which 12 claims cite nothing" in found
    assert "the others rest on 1 independent trial with a finding on it and 10 papers, as sources state it." in found
    assert "Desirable direction More is better" in found
    assert "Measured with Strange Situation" in found
    assert "Broader" in words(html("outcome/secure-attachment"))


### Links, and what is left out


@pytest.mark.parametrize("name", ["intervention/ipp", "source/continuum", "outcome/attachment-security"])
def test_a_link_to_claims_lists_as_many_as_it_says(html: Callable[[str], str], name: str) -> None:
    links = re.findall(r'<a href="(/claim\?[^"]+)">(\d+) (?:claims?|by [^<]+|on this very outcome)</a>', html(name))
    assert len(links) >= 4
    for href, number in links[:12]:
        found = re.search(r"([\d,]+) in all", html(unescape(href)[1:]))
        assert found is not None
        assert int(found[1].replace(",", "")) == int(number), href


def test_what_is_left_out_is_told(part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, store: EmbeddedStore) -> None:
    for name, number in (("counts.COUNTED", 10), ("side_by_side.DESCRIBED", 20), ("intervention.SOURCES", 2), ("intervention.OUTCOMES", 1)):
        module, constant = name.split(".")
        monkeypatch.setattr(import_module(f"wherefrom.pages.{module}"), constant, number)
    own = part("intervention/ipp")
    assert (own.whole.claims, own.more) == (10, 162)
    assert own.side_by_side.more == 106
    assert (len(own.counted), own.sources_more > 0) == (2, True)
    assert (len(own.outcomes), own.outcomes_more > 0) == (1, True)
    found = pages.page(store, thing("intervention/ipp"), BASE)
    shared: dict[str, Any] = {"site": Settings(), "version": "", "built": "", "kinds": [], "menu": [], "links": [], "formats": []}
    more = {"asset": str, "address": lambda iri: pages.address(iri, BASE), "described": None, "absolute": str, "record": None}
    text = words(pages.render("thing/intervention.html", page=found, own=own, name="intervention/ipp", **shared, **more))
    assert "not whole 162 more claims are left out here" in text
    assert "not whole 106 more characteristics are left out here" in text


@pytest.mark.parametrize("name", ["intervention/ipp", "source/foundations", "outcome/attachment-security"])
def test_links_to_the_pages_of_questions_are_answered(html: Callable[[str], str], name: str) -> None:
    found = words_before(html(name))
    links = set(re.findall(r'href="(/(?:compare|discrepancies|findings|map|unsupported|validation)[^"]*)"', found))
    assert len(links) >= 2
    for href in links:
        assert "<h1" in html(unescape(href)[1:]), href


def words_before(page: str) -> str:
    """Return the own part of a page, with its markup."""
    return page[page.index("<h1>") : page.index("<h2>All that is said of it")]


@pytest.mark.parametrize("kind", KINDS)
def test_pages_have_one_heading_and_no_name_twice(html: Callable[[str], str], names: Mapping[str, Sequence[str]], kind: str) -> None:
    for name in names[kind][:5]:
        page = Page(html(name))
        assert page.mistakes == []
        assert len(page.all("h1")) == 1
        assert len(page.ids) == len(set(page.ids))
