"""Rows of questions: what a store that counts as never changing was asked before it is not asked again, and the rows are the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, Literal, URIRef

from made_up import ID, Edge, law, store_of
from wherefrom import query
from wherefrom.query import rows
from wherefrom.store import Bindings, EmbeddedStore, Row
from wherefrom.vocabulary import EV

STATED = ID["edition/page"]
NAMES = [ID[f"claim/{n}"] for n in range(4)] + [ID["study/a"], ID["nothing"]]


def edges() -> list[Edge]:
    return [(ID[f"claim/{n}"], EV.restsOn, ID[f"study/{'ab'[n % 2]}"], STATED) for n in range(4)]


class Asked(EmbeddedStore):
    """A store that keeps what it was asked, and counts the rows that were read from it."""

    def __init__(self, store: EmbeddedStore, *, fixed: bool = True) -> None:
        super().__init__(store.store)
        self.fixed = fixed
        self.asked: list[Bindings] = []
        self.read = 0

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        self.asked.append({name: list(values) for name, values in bindings.items()})
        return self._counted(super().select(query, bindings))

    def _counted(self, found: Iterator[Row]) -> Iterator[Row]:
        for row in found:
            self.read += 1
            yield row


@pytest.fixture
def store() -> Asked:
    return Asked(store_of(edges()))


def found(store: EmbeddedStore, name: str, bindings: Bindings) -> list[list[tuple[str, str]]]:
    return [sorted((column, str(value)) for column, value in row.items()) for row in rows(store, name, bindings)]


def test_only_what_is_new_is_asked(store: Asked) -> None:
    first = found(store, "statements", {"thing": NAMES[:2]})
    both = found(store, "statements", {"thing": NAMES[:3]})
    assert store.asked == [{"thing": NAMES[:2]}, {"thing": [NAMES[2]]}]
    assert both[: len(first)] == first
    assert len(both) > len(first) > 0


def test_that_there_is_nothing_is_known_too(store: Asked) -> None:
    for _ in range(2):
        assert not list(rows(store, "statements", {"thing": [ID["nothing"]]}))
    assert len(store.asked) == 1


def test_other_columns_make_another_question(store: Asked) -> None:
    for properties, number in (([RDF.type], 1), ([EV.restsOn, RDF.type], 2), ([RDF.type], 1), ([], 0)):
        assert len(list(rows(store, "statements", {"thing": NAMES[:1], "property": properties}))) == number
    assert len(store.asked) == 2


def test_a_narrower_question_is_answered_from_a_wider_one(store: Asked) -> None:
    whole = list(rows(store, "statements", {"thing": NAMES[:2]}))
    for prop in (RDF.type, EV.restsOn, EV.findingOf):
        found = list(rows(store, "statements", {"thing": NAMES[:2], "property": [prop]}))
        assert found == [row for row in whole if row["property"] == prop]
    assert len(store.asked) == 1
    assert not list(rows(store, "statements", {"thing": NAMES[:1], "value": [Literal("x")]}))
    assert len(store.asked) == 2


def test_a_column_that_may_be_unbound_is_asked_for() -> None:
    store = Asked(store_of(edges()))
    asked = query.Question(
        "optional", "", ("thing", "value"), f"SELECT ?thing ?value {{ ?thing a ?c OPTIONAL {{ ?thing <{EV.restsOn}> ?value }} }}"
    )
    for known in ({}, {"value": [ID["study/a"]]}):
        found = [[dict(row) for row in rows(one, asked, {"thing": [ID["study/a"]], **known})] for one in (store, Asked(store, fixed=False))]
        assert found[0] == found[1] != []
    assert len(store.asked) == 2


def test_a_store_that_may_change_is_asked_each_time() -> None:
    store = Asked(store_of(edges()), fixed=False)
    for _ in range(2):
        assert list(rows(store, "statements", {"thing": NAMES[:1]}))
    assert len(store.asked) == 2


def test_texts_are_asked_each_time_since_equal_ones_are_written_in_several_ways(store: Asked) -> None:
    for _ in range(2):
        assert not list(rows(store, "statements", {"value": [Literal("01"), Literal(1)]}))
    assert len(store.asked) == 2


def test_a_large_answer_is_not_kept_and_read_no_further_than_it_is_wanted(store: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "LARGE", 5)
    whole = list(rows(store, "statements", {"thing": NAMES[:4]}))
    assert len(whole) == 12
    assert store.read < 2 * 12
    before = store.read
    assert next(rows(store, "statements", {"thing": NAMES[:4]})) == whole[0]
    assert store.read - before <= 5 + 2
    assert len(list(rows(store, "statements", {"thing": NAMES[:1]}))) == 3  # a part of it is kept
    assert list(rows(store, "statements", {"thing": NAMES[:4]})) == whole  # and changes nothing


def test_what_is_not_asked_again_is_forgotten_when_memory_is_full(store: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "KEPT", 5)
    for asked, number in ((0, 1), (0, 1), (1, 2), (2, 3), (0, 3), (1, 4), (0, 4), (2, 5)):  # two are kept, and two that were before
        assert len(list(rows(store, "statements", {"thing": [NAMES[asked]]}))) == 3
        assert len(store.asked) == number


@law
@given(st.lists(st.tuples(st.sampled_from(("thing", "value")), st.lists(st.sampled_from(NAMES))), max_size=5))
def test_rows_are_those_of_the_store_in_the_order_of_the_values(asks: list[tuple[str, list[URIRef]]]) -> None:
    known, plain = (Asked(store_of(edges()), fixed=fixed) for fixed in (True, False))
    for column, values in asks:
        one_by_one = [row for value in dict.fromkeys(values) for row in found(plain, "statements", {column: [value]})]
        got = found(known, "statements", {column: values})
        assert sorted(got) == sorted(one_by_one)
        places = [dict(row)[column] for row in got]
        assert list(dict.fromkeys(places)) == [value for value in map(str, dict.fromkeys(values)) if value in places]
        assert len(got) == len({tuple(row) for row in got})
