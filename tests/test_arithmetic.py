"""The arithmetic of printed figures: the worked numbers of the sources and of the literature, and laws."""

from __future__ import annotations

from math import inf, log, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wherefrom.arithmetic import (
    cox_effect_size,
    cox_effect_sizes,
    critical_value,
    difference_interval,
    difference_standard_error,
    effect_size_of_index,
    effect_size_of_odds_ratio,
    effect_sizes_of_index,
    group_sizes,
    improvement_index,
    improvement_index_range,
    improvement_indices,
    meets,
    odds_ratio,
    p_value,
    p_values_of_interval,
    percentage_points,
    relative_risk,
    reproduces_index,
    reproduces_points,
    rounded,
    rounds_to,
    simple_interval,
    sizes_with_empty_comparator,
    small_sample_correction,
    standard_error_of_interval,
    whole_people,
    wilson_interval,
)

places = st.integers(0, 3)
people = st.integers(1, 400)
proportions = st.integers(1, 999).map(lambda thousandth: thousandth / 1000)
levels = st.sampled_from([80.0, 90.0, 95.0, 99.0])


@st.composite
def groups(draw: st.DrawFn) -> tuple[int, int]:
    """Some of the people of a group, and how many it has."""
    size = draw(people)
    return draw(st.integers(0, size)), size


# The worked numbers of the sources


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


@pytest.mark.parametrize(
    ("treatment", "comparator", "printed"), [("60.7", "1.9", "40.9"), ("57.1", "1.9", "38.6"), ("28.6", "74.1", "-34.5")]
)
def test_no_printed_difference_follows_from_the_percentages_of_the_other_page(treatment: str, comparator: str, printed: str) -> None:
    assert not reproduces_points(treatment, comparator, printed)


def test_the_percentages_fit_28_and_54_children() -> None:
    assert group_sizes(["60.7", "57.1", "39.3", "32.1", "28.6"], 50) == [28]
    assert group_sizes(["1.9", "77.8", "98.1", "74.1"], 100) == [54]


def test_the_points_fit_44_children_against_none() -> None:
    assert sizes_with_empty_comparator(["40.9", "38.6"], 137) == [44, 88, 127, 132]
    assert (whole_people("40.9", 44), whole_people("38.6", 44)) == ([18], [17])


# Printed figures


@given(st.floats(-1000, 1000), places)
def test_a_value_is_printed_as_what_it_rounds_to(value: float, digits: int) -> None:
    printed = f"{value:.{digits}f}"
    assert rounds_to(value, printed)
    assert rounds_to(value, f"+{printed}" if not printed.startswith("-") else printed.replace("-", "−"))
    assert not rounds_to(value + 10.0**-digits * 1.01, printed)


@given(proportions, proportions, places)
def test_what_is_calculated_before_rounding_is_found_again_after_it(first: float, second: float, digits: int) -> None:
    printed = [f"{100 * share:.{digits}f}" for share in (first, second)]
    assert meets(percentage_points(*printed), f"{100 * (first - second):.{digits}f}")
    effect = cox_effect_size(first, second)
    assert effect is not None
    assert reproduces_index(*printed, f"{improvement_index(effect):+.0f}") in (True, None)
    for calculated, exact in (
        (relative_risk(*printed), first / second),
        (odds_ratio(*printed), first / (1 - first) / (second / (1 - second))),
    ):
        assert calculated is None or calculated[0] <= exact * (1 + 1e-9)
        assert calculated is None or calculated[1] >= exact * (1 - 1e-9)


@given(proportions, proportions)
def test_ranges_turn_round_with_the_arms(first: float, second: float) -> None:
    one, two = f"{100 * first:.1f}", f"{100 * second:.1f}"
    for calculate in (percentage_points, cox_effect_sizes, improvement_index_range):
        there, back = calculate(one, two), calculate(two, one)
        assert (there is None) == (back is None)
        if there is not None and back is not None:
            assert there == pytest.approx((-back[1], -back[0]))
            assert there[0] <= there[1]


def test_where_odds_have_no_value_nothing_is_calculated() -> None:
    for share in ("0", "0.0", "100"):
        assert improvement_index_range(share, "50.0") is None
        assert reproduces_index("50.0", share, "+50") is None
        assert odds_ratio(share, "50.0") is None
    assert relative_risk("50", "0") is None
    assert relative_risk("0", "50") == (0.0, 0.005 / 0.495)


def test_a_ratio_reaches_from_the_least_to_the_most_that_the_rounding_allows() -> None:
    assert relative_risk("60.7", "1.9") == pytest.approx((60.65 / 1.95, 60.75 / 1.85))
    assert odds_ratio("60.7", "1.9") == pytest.approx((0.6065 / 0.3935 / (0.0195 / 0.9805), 0.6075 / 0.3925 / (0.0185 / 0.9815)))


def test_no_percentage_is_below_0_or_above_100() -> None:
    assert percentage_points("100", "0") == pytest.approx((99, 100))
    assert percentage_points("0", "100") == pytest.approx((-100, -99))


# Effect sizes and improvement indices


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
    low, high = effect_sizes_of_index(f"{index:+d}")
    assert low < effect < high
    assert improvement_indices((low, high)) == pytest.approx((index - 0.5, index + 0.5))


def test_effect_sizes_of_an_index_at_its_limit_have_one_end() -> None:
    assert effect_sizes_of_index("+50") == (pytest.approx(2.5758, abs=1e-4), inf)
    assert effect_sizes_of_index("-50") == (-inf, pytest.approx(-2.5758, abs=1e-4))


@given(proportions, proportions)
def test_an_odds_ratio_and_its_proportions_have_one_effect_size(first: float, second: float) -> None:
    ratio = first / (1 - first) / (second / (1 - second))
    assert effect_size_of_odds_ratio(ratio) == pytest.approx(cox_effect_size(first, second))


@pytest.mark.parametrize("proportion", [0.0, 1.0])
def test_at_its_limit_a_proportion_has_no_effect_size(proportion: float) -> None:
    assert cox_effect_size(proportion, 0.5) is None
    assert cox_effect_size(0.5, proportion) is None
    assert effect_size_of_index(50) is None
    assert effect_size_of_index(-50) is None


@given(st.integers(4, 10_000))
def test_the_correction_makes_less_and_vanishes_with_more_people(size: int) -> None:
    factor, more = small_sample_correction(size), small_sample_correction(size + 1)
    assert factor is not None
    assert more is not None
    assert 0 < factor < more < 1
    assert small_sample_correction(3) is None


def test_the_correction_is_that_of_hedges_1981() -> None:
    assert [small_sample_correction(people) for people in (4, 21, 82)] == pytest.approx([1 - 3 / 7, 0.96, 1 - 3 / 319])


# Whole people


@given(groups(), places)
def test_people_are_found_again_in_their_percentage(group: tuple[int, int], digits: int) -> None:
    some, size = group
    assert some in whole_people(f"{100 * some / size:.{digits}f}", size)


@given(st.integers(0, 1000), places, st.integers(1, 150))
def test_whole_people_are_all_that_fit(tenths: int, digits: int, size: int) -> None:
    printed = f"{tenths / 10:.{digits}f}"
    assert whole_people(printed, size) == [some for some in range(size + 1) if rounds_to(100 * some / size, printed)]


def test_every_size_from_one_to_the_largest_is_tried() -> None:
    assert group_sizes(["100"], 3) == [1, 2, 3]
    assert group_sizes(["100"]) == list(range(1, 1_001))


def test_there_are_no_more_than_all_and_no_fewer_than_none() -> None:
    assert whole_people("100", 300) == [299, 300]
    assert whole_people("0", 300) == [0, 1]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=3), st.integers(60, 90))
def test_the_size_of_a_group_is_among_those_that_fit(counts: list[int], size: int) -> None:
    found = group_sizes([f"{100 * some / size:.1f}" for some in counts], 200)
    assert size in found
    assert 2 * size in found


# Intervals and p values


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_intervals_that_newcombe_1998_prints(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    found = difference_interval(first[0] / first[1], first[1], second[0] / second[1], second[1])
    assert found == pytest.approx((low, high), abs=5e-5)


def test_an_interval_has_95_percent_unless_another_level_is_asked_for() -> None:
    assert wilson_interval(0.0, 20) == pytest.approx((0, 1.959964**2 / (20 + 1.959964**2)))
    error = difference_standard_error(0.8, 70, 0.6, 80)
    assert error == pytest.approx(0.0727, abs=5e-5)
    assert simple_interval(0.2, error) == pytest.approx((0.0575, 0.3425), abs=5e-5)


@given(groups(), groups(), levels)
def test_an_interval_holds_its_estimate_and_turns_round_with_the_arms(
    first: tuple[int, int], second: tuple[int, int], level: float
) -> None:
    one, two = (first[0] / first[1], first[1]), (second[0] / second[1], second[1])
    low, high = difference_interval(*one, *two, level)
    assert -1 - 1e-9 <= low <= one[0] - two[0] <= high <= 1 + 1e-9
    assert difference_interval(*two, *one, level) == pytest.approx((-high, -low))
    wider = difference_interval(*one, *two, 99.9)
    assert wider[0] - 1e-9 <= low <= high <= wider[1] + 1e-9


@given(groups(), levels)
def test_a_score_interval_holds_its_proportion_and_narrows_with_more_people(group: tuple[int, int], level: float) -> None:
    share, size = group[0] / group[1], group[1]
    low, high = wilson_interval(share, size, level)
    assert -1e-9 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1 + 1e-9
    narrower = wilson_interval(share, 4 * size, level)
    assert narrower[1] - narrower[0] < high - low


@given(proportions, people, proportions, people, levels)
def test_a_simple_interval_gives_back_its_standard_error(first: float, many: int, second: float, few: int, level: float) -> None:
    error = difference_standard_error(first, many, second, few)
    assert error == pytest.approx(
        sqrt(difference_standard_error(first, many, 1, few) ** 2 + difference_standard_error(0, many, second, few) ** 2)
    )
    low, high = simple_interval(first - second, error, level)
    assert (low + high) / 2 == pytest.approx(first - second, abs=1e-9)
    assert standard_error_of_interval(low, high, level) == pytest.approx(error)


@given(st.floats(-3, 3), st.floats(0.1, 2), levels, st.booleans())
def test_a_p_value_is_found_again_in_estimate_and_interval(estimate: float, error: float, level: float, ratio: bool) -> None:
    low, high = simple_interval(estimate, error, level)
    shown = [2.718281828459045**number if ratio else number for number in (estimate, low, high)]
    printed = [f"{number:.3f}" for number in shown]
    assume(not ratio or shown[1] > 0.01)
    found = p_values_of_interval(*printed, level, ratio=ratio)
    assert found is not None
    assert found[0] - 1e-9 <= p_value(estimate, error) <= found[1] + 1e-9


def test_p_is_one_twentieth_where_the_interval_touches_no_difference() -> None:
    assert p_value(critical_value(), 1) == pytest.approx(0.05)
    assert p_value(-critical_value(99), 1) == pytest.approx(0.01)
    assert p_value(log(0.81), standard_error_of_interval(log(0.70), log(0.94))) == pytest.approx(0.005, abs=5e-4)


def test_rounding_leaves_room_around_a_p_value() -> None:
    assert p_values_of_interval("0.81", "0.70", "0.94", ratio=True) == pytest.approx((0.003, 0.009), abs=5e-4)
    assert p_values_of_interval("1", "1", "2") == (0.0, pytest.approx(p_value(0.5, 1 / critical_value()))), "the bounds may be one"


def test_no_p_value_follows_where_no_standard_error_does() -> None:
    assert p_values_of_interval("1", "9", "2") is None
    assert p_values_of_interval("1", "2", "1") is None
    assert p_values_of_interval("1.5", "0.0", "2.0", ratio=True) is None
    assert p_values_of_interval("0.0", "-1.0", "1.0") == (pytest.approx(p_value(0.05, 0.95 / critical_value())), 1.0)


def test_the_value_that_a_figure_was_rounded_from_lies_within_half_a_place() -> None:
    assert rounded("0.50") == pytest.approx((0.495, 0.505))
    assert rounded("-7") == (-7.5, -6.5)
