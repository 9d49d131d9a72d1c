"""The arithmetic of printed figures, on the worked numbers of the sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom.arithmetic import (
    cox_effect_size,
    effect_size_of_index,
    group_sizes,
    improvement_index,
    improvement_index_range,
    percentage_points,
    reproduces_index,
    rounds_to,
    sizes_with_empty_comparator,
    whole_people,
)


@pytest.mark.parametrize(
    ("treatment", "comparator", "index", "printed", "reproduced"),
    [("60.7", "1.9", 49.6, "+50", True), ("57.1", "1.9", 49.5, "+50", True), ("71.4", "25.9", 38.3, "+32", False)],
    ids=["secure", "insecure to secure", "not stable disorganised"],
)
def test_the_improvement_indices_of_the_trial(treatment: str, comparator: str, index: float, printed: str, reproduced: bool) -> None:
    effect = cox_effect_size(float(treatment) / 100, float(comparator) / 100)
    assert effect is not None
    assert improvement_index(effect) == pytest.approx(index, abs=0.06)
    assert reproduces_index(treatment, comparator, printed) is reproduced


def test_rounding_of_the_percentages_is_allowed_for() -> None:
    found = improvement_index_range("57.1", "1.9")
    assert found is not None
    assert found[0] < 49.5 < found[1]
    assert improvement_index_range("0.0", "50.0") is None


@pytest.mark.parametrize(("treatment", "comparator", "printed"), [(60.7, 1.9, "40.9"), (57.1, 1.9, "38.6"), (74.1, 28.6, "34.5")])
def test_no_printed_difference_follows_from_the_percentages_of_the_other_page(treatment: float, comparator: float, printed: str) -> None:
    assert not rounds_to(percentage_points(treatment, comparator), printed)


def test_the_percentages_fit_28_and_54_children() -> None:
    assert group_sizes(["60.7", "57.1", "39.3", "32.1", "28.6"], 50) == [28]
    assert group_sizes(["1.9", "77.8", "98.1", "74.1"], 100) == [54]


def test_the_points_fit_44_children_against_none() -> None:
    assert sizes_with_empty_comparator(["40.9", "38.6"], 137) == [44, 88, 127, 132]
    assert (whole_people("40.9", 44), whole_people("38.6", 44)) == ([18], [17])


@given(st.integers(1, 999), st.integers(1, 999))
def test_an_index_favours_the_larger_proportion_and_keeps_its_bounds(first: int, second: int) -> None:
    effect, other = cox_effect_size(first / 1000, second / 1000), cox_effect_size(second / 1000, first / 1000)
    assert effect is not None
    assert other == pytest.approx(-effect)
    assert -50 <= improvement_index(effect) <= 50
    assert (improvement_index(effect) > 0) == (first > second)


@given(st.integers(-49, 49))
def test_an_effect_size_of_an_index_gives_it_back(index: int) -> None:
    effect = effect_size_of_index(index)
    assert effect is not None
    assert improvement_index(effect) == pytest.approx(index)


@pytest.mark.parametrize("proportion", [0.0, 1.0])
def test_at_its_limit_a_proportion_has_no_effect_size(proportion: float) -> None:
    assert cox_effect_size(proportion, 0.5) is None
    assert cox_effect_size(0.5, proportion) is None
    assert effect_size_of_index(50) is None
    assert effect_size_of_index(-50) is None


@given(st.integers(1, 500), st.data())
def test_people_are_found_again_in_their_percentage(group: int, data: st.DataObject) -> None:
    people = data.draw(st.integers(0, group))
    assert people in whole_people(f"{100 * people / group:.1f}", group)
