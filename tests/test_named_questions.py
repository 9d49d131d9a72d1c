"""The named questions that come with the program: what each header promises, and that the data here answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wherefrom.load import read_knowledge_base
from wherefrom.query import Question, questions, read_question, rows
from wherefrom.resources import queries
from wherefrom.store import EmbeddedStore, Store

FILES = sorted((queries() / "questions").glob("*.rq"))
EXPECTED = 22  # named questions; a name that people use is not taken away without a word in the changelog

each_question = pytest.mark.parametrize("asked", [read_question(file) for file in FILES], ids=lambda asked: asked.name)


@pytest.fixture(scope="module")
def store() -> Store:
    return EmbeddedStore.of(read_knowledge_base(Path(__file__).parents[1]).quads())


@each_question
def test_the_header_tells_question_and_columns(asked: Question) -> None:
    selected = re.search(r"SELECT (?:DISTINCT )?((?:\?\w+\s+)+)WHERE", asked.text)
    assert selected is not None, "the columns are plain variables, computed inside"
    assert tuple(re.findall(r"\?(\w+)", selected[1])) == asked.columns
    assert asked.title.endswith("?")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", asked.name)


@each_question
def test_the_data_answer_in_every_column(asked: Question, store: Store) -> None:
    found = list(rows(store, asked))
    assert found
    assert {name for row in found for name in row} == set(asked.columns)


@each_question
def test_rows_are_told_once_and_in_order(asked: Question, store: Store) -> None:
    found = [tuple(sorted(row.items())) for row in rows(store, asked)]
    assert len(found) == len(set(found))
    assert re.search(r"\} ORDER BY [^}]+$", asked.text)


@each_question
def test_the_first_column_can_be_bound(asked: Question, store: Store) -> None:
    name = asked.columns[0]
    every = list(rows(store, asked))
    wanted = every[-1][name]
    found = rows(store, asked, {name: [wanted]})
    assert sorted(map(str, found)) == sorted(str(row) for row in every if row[name] == wanted)


@each_question
def test_a_row_for_each_thing_is_not_multiplied(asked: Question, store: Store) -> None:
    """A label that is looked up for a thing nobody named joins with every label there is."""
    assert len(list(rows(store, asked))) <= 250


def test_no_question_is_left_out() -> None:
    assert questions().keys() == {file.stem for file in FILES}
    assert len(FILES) == EXPECTED
