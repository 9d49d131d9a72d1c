"""What lies under what, found level by level, is what a path of any length finds."""

from __future__ import annotations

import re

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDFS, SKOS, URIRef

from made_up import ID, store_of
from wherefrom.hierarchy import below, classes, narrower, of_classes, steps
from wherefrom.resources import queries
from wherefrom.sparql_text import skeleton
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV, ONTOLOGY
from wherefrom.vocabulary import steps as steps_that_ship

CONCEPTS = [ID[f"concept/{number}"] for number in range(6)]
PATH = re.compile(r"[\w)>][*+](?=[\s/|;.)])")  # a path of any length, as a question may write it
PROVEN = {"theory-of-change"}  # right on Virtuoso in each of 40 new stores: there the path stands within EXISTS


@given(st.lists(st.tuples(st.sampled_from(CONCEPTS), st.sampled_from(CONCEPTS)), max_size=12))
def test_narrower_concepts_are_those_that_lead_to_it_by_any_way(pairs: list[tuple[URIRef, URIRef]]) -> None:
    store = store_of([(part, SKOS.broader, whole, ID["graph/a"]) for part, whole in pairs])
    graph: nx.DiGraph[URIRef] = nx.DiGraph(pairs)
    graph.add_nodes_from(CONCEPTS)
    assert narrower(store, CONCEPTS) == {concept: nx.ancestors(graph, concept) | {concept} for concept in CONCEPTS}


def test_the_steps_of_the_store_are_those_that_ship_and_what_a_folder_adds(store: EmbeddedStore) -> None:
    assert steps(store) == steps_that_ship()
    own, other = ID["step/own"], ID["step/other"]
    made = store_of([(own, RDFS.subPropertyOf, EV.reportedIn, ONTOLOGY), (other, RDFS.subPropertyOf, EV.restsOn, ID["graph/a"])])
    assert steps(made) == steps_that_ship() | {own}, "what a graph of data says of properties is no step"


def test_classes_have_those_under_them(store: EmbeddedStore) -> None:
    assert classes(store, [EV.Claim, EV.Study]) == {EV.Claim: {EV.Claim, EV.MechanismLink}, EV.Study: {EV.Study}}


@pytest.mark.parametrize("top", [EV.Claim, EV.Intervention, EV.Construct])
def test_things_of_a_class_are_those_of_the_classes_under_it(store: EmbeddedStore, top: URIRef) -> None:
    wanted = {row["thing"] for row in store.select("SELECT ?thing { ?thing a/rdfs:subClassOf* ?class }", {"class": [top]})}
    found = list(of_classes(store, None, [top]))
    assert {thing for thing, _ in found} == wanted
    some = sorted(wanted)[:2]
    assert set(of_classes(store, some, [top, EV.Study])) == {(thing, top) for thing in some}


def test_nothing_lies_under_nothing(store: EmbeddedStore) -> None:
    assert below(store, [], SKOS.broader) == {}
    assert list(of_classes(store, [], [EV.Claim])) == []


def test_no_question_joins_a_path_of_any_length() -> None:
    """Virtuoso 7 loses rows of it, and says nothing."""
    found = {path.stem for path in queries().rglob("*.rq") if PATH.search(skeleton(path.read_text("utf-8")))}
    assert found == PROVEN
    assert PATH.search(skeleton("SELECT * { ?a rdfs:subClassOf* ?b }"))
    assert PATH.search(skeleton("SELECT * { ?a (ev:a|ev:b)+/ev:c ?b }"))
    assert not PATH.search(skeleton("SELECT (COUNT(*) AS ?n) { ?a ?b ?c BIND (?x * 2 AS ?y) BIND (?x + 1 AS ?z) }"))


def test_a_question_about_the_store_is_asked_once(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    made = store_of([(ID["a"], RDFS.subPropertyOf, EV.restsOn, ONTOLOGY)])
    asked = []
    select = made.select
    monkeypatch.setattr(made, "select", lambda *given: asked.append(1) or select(*given))
    assert steps(made) is steps(made)
    once = len(asked)
    assert steps(made)
    assert len(asked) == once > 0
    made.fixed = False  # as what an endpoint holds
    assert steps(made)
    assert len(asked) == 2 * once
