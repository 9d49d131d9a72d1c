"""Lists of things: in the order of their names, narrowed by whatever the data say of them."""

from __future__ import annotations

import re
from itertools import pairwise

import httpx
import pytest
from rdflib import URIRef

from wherefrom.load import KnowledgeBase
from wherefrom.pages import kinds_of_things, lists
from wherefrom.pages.lists import Facet, Listing, listing
from wherefrom.problems import BadParameter
from wherefrom.store import EmbeddedStore

HTML = {"Accept": "text/html"}


@pytest.fixture
def claims(store: EmbeddedStore, kb: KnowledgeBase) -> list[str]:
    return kinds_of_things(store, kb.settings.base)["claim"]


def of(store: EmbeddedStore, claims: list[str], base: str, **options: object) -> Listing:
    return listing(store, claims, "claim", base, 0, **options)  # type: ignore[arg-type]


def facet(found: Listing, name: str) -> Facet:
    (one,) = [facet for facet in found.facets if facet.name == name]
    return one


def asked(store: EmbeddedStore, pattern: str) -> set[URIRef]:
    return {URIRef(row["x"]) for row in store.select(f"SELECT DISTINCT ?x WHERE {{ {pattern} }}")}


def test_a_list_is_in_the_order_of_names(store: EmbeddedStore, kb: KnowledgeBase, claims: list[str]) -> None:
    found = of(store, claims, kb.settings.base)
    assert (found.total, found.all, len(found.things)) == (193, 193, 100)
    assert all(first.text <= second.text for first, second in pairwise(found.things))


def test_each_choice_leads_to_as_many_things_as_it_says(store: EmbeddedStore, kb: KnowledgeBase, claims: list[str]) -> None:
    base = kb.settings.base
    chosen = {"ev:about": "intervention/ipp"}
    narrowed = of(store, claims, base, chosen=chosen)
    assert narrowed.total == len(asked(store, "?x a/rdfs:subClassOf* ev:Claim ; ev:about <https://w3id.org/wherefrom/id/intervention/ipp>"))
    for name in ("ev:claimedBy", "ev:claimKind", "ev:supportBasis"):
        for choice in facet(narrowed, name).choices:
            assert of(store, claims, base, chosen={**chosen, name: choice.value}).total == choice.number, (name, choice)
    others = facet(narrowed, "ev:about")
    assert [choice.value for choice in others.choices if choice.chosen] == ["intervention/ipp"]
    assert sum(choice.number for choice in others.choices) >= 193  # what else could be chosen is still told


def test_words_are_looked_for_in_names(store: EmbeddedStore, kb: KnowledgeBase, claims: list[str]) -> None:
    found = of(store, claims, kb.settings.base, words="SECURE attach")
    assert 0 < found.total < 50
    assert all("secure attach" in thing.text.lower() for thing in found.things)


def test_codes_are_told_by_their_labels(store: EmbeddedStore, kb: KnowledgeBase, claims: list[str]) -> None:
    basis = facet(of(store, claims, kb.settings.base), "ev:supportBasis")
    assert basis.label == "support basis"
    assert "No reference given" in {choice.label for choice in basis.choices}


@pytest.mark.parametrize("name", ["ev:none", "ev:statedAt", "x"])
def test_a_list_is_not_narrowed_by_what_it_does_not_have(store: EmbeddedStore, kb: KnowledgeBase, claims: list[str], name: str) -> None:
    with pytest.raises(BadParameter, match="ev:claimedBy"):
        of(store, claims, kb.settings.base, chosen={name: "y"})


def test_a_very_long_list_is_not_narrowed(
    monkeypatch: pytest.MonkeyPatch, store: EmbeddedStore, kb: KnowledgeBase, claims: list[str]
) -> None:
    monkeypatch.setattr(lists, "CHOOSABLE", 50)
    found = of(store, claims, kb.settings.base)
    assert (found.facets, found.total, found.iris[0]) == ([], 193, URIRef(claims[0]))
    few = of(store, claims, kb.settings.base, chosen={"ev:claimedBy": "source/clinic-002", "ev:about": "intervention/ipp"})
    assert 0 < few.total < 50
    assert few.total == few.all
    with pytest.raises(BadParameter, match="more than 50"):
        of(store, claims, kb.settings.base, words="x")


def test_a_link_with_a_value_of_which_there_are_many_is_followed(
    monkeypatch: pytest.MonkeyPatch, store: EmbeddedStore, kb: KnowledgeBase, claims: list[str]
) -> None:
    whole = of(store, claims, kb.settings.base, chosen={"ev:about": "intervention/ipp"})
    monkeypatch.setattr(lists, "VALUES", 1)
    found = of(store, claims, kb.settings.base, chosen={"ev:about": "intervention/ipp"})
    assert (found.total, found.iris) == (whole.total, whole.iris)
    assert [choice.value for facet in found.facets for choice in facet.choices] == ["intervention/ipp"]


def test_the_page_keeps_what_was_chosen_from_page_to_page(service: httpx.Client) -> None:
    address = "/claim?ev:about=intervention/ipp"
    text = service.get(address, headers=HTML).text
    assert '<option value="intervention/ipp" selected>' in text
    (further,) = re.findall(r'<a rel="next" href="([^"]+)"', text)
    assert further == f"{address}&amp;start=100"
    second = service.get(further.replace("&amp;", "&"), headers=HTML).text
    first_things, more = (set(re.findall(r'<li><a href="(/claim/[^"]+)"', page)) for page in (text, second))
    assert len(first_things) == 100
    assert not first_things & more
    assert re.search(r"of 193 without these choices", text)


def test_nothing_is_left_and_that_is_said(service: httpx.Client) -> None:
    text = service.get("/claim?q=zzzz", headers=HTML).text
    assert "0 in all" in text
    assert 'value="zzzz"' in text


def test_what_cannot_be_chosen_is_refused(service: httpx.Client) -> None:
    answer = service.get("/claim?colour=red")
    assert (answer.status_code, "colour" in answer.json()["detail"]) == (400, True)


def test_the_words_of_a_reader_stay_words(service: httpx.Client) -> None:
    text = service.get("/claim", params={"q": '"><script>alert(1)</script>'}, headers=HTML).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
