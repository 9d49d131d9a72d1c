"""IRIs as numbers: what a dictionary of Python would have given, in the order of texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom.names import BLOCK, _grouped, cells, merge

iris = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='<>"{}|^`\\'), min_size=1, max_size=40)
rows = st.lists(st.tuples(iris, iris), max_size=12)
Rows = list[tuple[str, str]]


def lines(found: Rows) -> bytes:
    return "".join(f"<{one}>\t<{other}>\n" for one, other in found).encode()


@given(st.lists(rows, min_size=1, max_size=4))
def test_rows_are_told_by_numbers_as_they_were_by_names(answers: list[Rows]) -> None:
    names, numbers = merge([cells(lines(found), 2) for found in answers])
    told = [[tuple(map(str, names.iris(row))) for row in found] for found in numbers]
    assert told == answers
    everything = [str(names.iri(number)) for number in range(len(names))]
    assert everything == sorted({iri for found in answers for row in found for iri in row})
    assert [names.number(iri) for iri in everything] == list(range(len(names)))
    assert names.number("urn:not-there") is None


def test_a_row_with_something_else_than_an_iri_is_left_out() -> None:
    found = cells(b'<urn:a>\t<urn:b>\n<urn:a>\t"<urn:c>"\n\t<urn:b>\n_:x\t<urn:b>\n<urn:b>\t7\n', 2)
    assert len(found.rows) == 1


def test_the_number_of_an_iri_does_not_depend_on_its_neighbours() -> None:
    many = [(f"urn:{number % 7}", f"urn:{'long' * (number % 5) * 9}{number % 11}") for number in range(BLOCK + 10)]
    names, (numbers,) = merge([cells(lines(many), 2)])
    assert len(names) == len({iri for row in many for iri in row})
    assert [tuple(map(str, names.iris(row))) for row in numbers[-20:]] == many[-20:]


@pytest.mark.parametrize("first", [[5, 5, 5, 1], [5, 1, 5, 5]])
def test_two_digests_that_begin_alike_are_told_apart(first: list[int]) -> None:
    digests = np.array([first, [9, 8, 9, 8]], np.uint64)
    places, numbers = _grouped(digests)
    assert [tuple(digests[:, at]) for at in places[numbers]] == [tuple(digests[:, at]) for at in range(4)]
    assert len(places) == 3
