"""Numbers that check themselves: which printed figure follows from which other one. Nothing here is ever stored as stated.

Percentages are numbers from 0 to 100, proportions from 0 to 1, an improvement index lies between -50 and 50, an effect size is a
standardised mean difference. A printed figure is a string, as only that tells to how many places it was rounded; what follows from
printed figures is a range, as the figures that were rounded are not known.

What a large clearinghouse prints teaches what to allow for (What Works Clearinghouse, export of April 2020, 5,216 findings with both an
effect size and an improvement index). 4,296 indices follow from the effect size, 138 more once it is rounded to the two places that a
report prints, so that the rounding of an effect size has to be carried along. 654 follow from the effect size that the study reports,
not from the one printed beside the index: an index does not say where it comes from. 126 have the other sign, as a benefit may be less
of an outcome (fights, absences). Two remain. Of its own p values below 0.05, 430 of 2,302 stand beside
"not significant", and 295 of those above beside "significant": a correction for many comparisons or for clusters is in the one and not
in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, exp, floor, inf, log, sqrt
from statistics import NormalDist

LARGEST_SAMPLE = 1_000
COX = 1.65  # logits in a standard deviation
SLACK = 1e-9  # what floating point may add to a bound
NORMAL = NormalDist()

Range = tuple[float, float]  # lowest and highest value, both included


# Printed figures


def rounded(printed: str) -> Range:
    """Return the values that a printed figure may have been rounded from. Halves may have gone either way.

    >>> rounded("41"), rounded("−34.50")
    ((40.5, 41.5), (-34.505, -34.495))
    """
    figure = printed.replace("−", "-")
    half = 0.5 / float(10 ** len(figure.partition(".")[2]))
    return float(figure) - half, float(figure) + half


def meets(found: Range, printed: str) -> bool:
    """Return whether some value of a range is printed so.

    >>> meets((49.2, 49.6), "+50"), meets((38.1, 38.4), "+32")
    (True, False)
    """
    low, high = rounded(printed)
    return found[0] <= high + SLACK and found[1] >= low - SLACK


def rounds_to(value: float, printed: str) -> bool:
    """Return whether a value, rounded to the places that a printed figure has, is that figure.

    >>> rounds_to(40.9091, "40.9"), rounds_to(58.8, "40.9")
    (True, False)
    """
    return meets((value, value), printed)


def _shares(printed: str) -> Range:
    """Return the proportions that a printed percentage may have been rounded from, as far as they are possible."""
    low, high = rounded(printed)
    return max(0.0, low / 100), min(1.0, high / 100)


# Differences and ratios of two proportions (Cochrane Handbook for Systematic Reviews of Interventions 6.5, section 6.4.1)


def percentage_points(treatment: str, comparator: str) -> Range:
    """Return the difference of two printed percentages, in percentage points.

    >>> [round(points, 1) for points in percentage_points("60.7", "1.9")]
    [58.7, 58.9]
    """
    (low, high), (below, above) = _shares(treatment), _shares(comparator)
    return 100 * (low - above), 100 * (high - below)


def reproduces_points(treatment: str, comparator: str, points: str) -> bool:
    """Return whether two printed percentages give a printed difference in percentage points, within their rounding.

    >>> reproduces_points("60.7", "1.9", "40.9"), reproduces_points("28.6", "74.1", "-45.5")
    (False, True)
    """
    return meets(percentage_points(treatment, comparator), points)


def relative_risk(treatment: str, comparator: str) -> Range | None:
    """Return the ratio of two printed percentages; None where that of the comparator may be 0."""
    (low, high), (below, above) = _shares(treatment), _shares(comparator)
    return (low / above, high / below) if below > 0 else None


def odds_ratio(treatment: str, comparator: str) -> Range | None:
    """Return the odds ratio of two printed percentages; None where one may be 0 or 100.

    >>> [round(ratio) for ratio in odds_ratio("60.7", "1.9")]
    [77, 82]
    """
    found = _log_odds_ratio(treatment, comparator)
    return None if found is None else (exp(found[0]), exp(found[1]))


def _log_odds_ratio(treatment: str, comparator: str) -> Range | None:
    (low, high), (below, above) = _shares(treatment), _shares(comparator)
    if min(low, below) <= 0 or max(high, above) >= 1:
        return None
    return _logit(low) - _logit(above), _logit(high) - _logit(below)


def _logit(proportion: float) -> float:
    return log(proportion / (1 - proportion))


# Effect sizes and improvement indices (What Works Clearinghouse, Procedures and Standards Handbook 5.0, appendix E)


def cox_effect_size(treatment: float, comparator: float) -> float | None:
    """Return the Cox effect size of two proportions, ln(odds ratio) / 1.65; None where a proportion is 0 or 1.

    What Works Clearinghouse, Procedures and Standards Handbook 5.0, appendix E, after Cox 1970.
    """
    if not (0 < treatment < 1 and 0 < comparator < 1):
        return None
    return (_logit(treatment) - _logit(comparator)) / COX


def effect_size_of_odds_ratio(ratio: float) -> float:
    """Return the Cox effect size of an odds ratio above 0.

    >>> round(effect_size_of_odds_ratio(2), 2)
    0.42
    """
    return log(ratio) / COX


def small_sample_correction(people: int) -> float | None:
    """Return the factor 1 - 3 / (4N - 9) that corrects an effect size of N people; None for fewer than four of them.

    Hedges 1981; What Works Clearinghouse, Procedures and Standards Handbook 5.0, appendix E. Not every printed Cox effect size has it.

    >>> small_sample_correction(21)
    0.96
    """
    return None if people < 4 else 1 - 3 / (4 * people - 9)


def cox_effect_sizes(treatment: str, comparator: str) -> Range | None:
    """Return the Cox effect size of two printed percentages; None where one may be 0 or 100."""
    found = _log_odds_ratio(treatment, comparator)
    return None if found is None else (found[0] / COX, found[1] / COX)


def improvement_index(effect_size: float) -> float:
    """Return the improvement index, 100 (Phi(d) - 0.5): the percentile gain of an average comparator participant.

    What Works Clearinghouse, Procedures and Standards Handbook 5.0, appendix E.

    >>> round(improvement_index(cox_effect_size(0.607, 0.019)), 1)
    49.6
    """
    return 100 * (NORMAL.cdf(effect_size) - 0.5)


def improvement_indices(effect_sizes: Range) -> Range:
    """Return the improvement indices of a range of effect sizes.

    >>> [round(index, 1) for index in improvement_indices(rounded("0.30"))]
    [11.6, 12.0]
    """
    return improvement_index(effect_sizes[0]), improvement_index(effect_sizes[1])


def improvement_index_range(treatment: str, comparator: str) -> Range | None:
    """Return the lowest and highest improvement index of two printed percentages, given that both were rounded.

    None where a percentage may be 0 or 100. The index of the percentages as printed may miss a printed index that the unrounded ones
    give.

    >>> [round(index, 1) for index in improvement_index_range("57.1", "1.9")]
    [49.5, 49.5]
    """
    found = cox_effect_sizes(treatment, comparator)
    return None if found is None else improvement_indices(found)


def reproduces_index(treatment: str, comparator: str, index: str) -> bool | None:
    """Return whether two printed percentages give a printed improvement index, within their rounding; None where they give none.

    >>> reproduces_index("57.1", "1.9", "+50"), reproduces_index("71.4", "25.9", "+32")
    (True, False)
    """
    found = improvement_index_range(treatment, comparator)
    return None if found is None else meets(found, index)


def effect_size_of_index(index: float) -> float | None:
    """Return the effect size that has this improvement index; None at the limits, where it would be infinite."""
    return NORMAL.inv_cdf(index / 100 + 0.5) if -50 < index < 50 else None


def effect_sizes_of_index(index: str) -> Range:
    """Return the effect sizes whose improvement index is printed so; at the limits of the index one end is infinite.

    >>> [round(size, 2) for size in effect_sizes_of_index("+32")], round(effect_sizes_of_index("+50")[0], 2)
    ([0.9, 0.93], 2.58)
    """
    low, high = (effect_size_of_index(end) for end in rounded(index))
    return (-inf if low is None else low), (inf if high is None else high)


# Whole people (Brown and Heathers 2017: granularity-related inconsistency, for means that are percentages)


def whole_people(percentage: str, people: int) -> list[int]:
    """Return the numbers of people out of `people` whose percentage is printed as `percentage`.

    >>> whole_people("60.7", 28), whole_people("60.7", 30), whole_people("45", 60)
    ([17], [], [27])
    """
    low, high = rounded(percentage)
    first, last = ceil(people * low / 100 - SLACK), floor(people * high / 100 + SLACK)
    return list(range(max(0, first), min(people, last) + 1))


def group_sizes(percentages: Sequence[str], largest: int = LARGEST_SAMPLE) -> list[int]:
    """Return the group sizes up to `largest` with which every printed percentage is one of whole people.

    >>> group_sizes(["60.7", "32.1", "57.1", "39.3", "28.6"], 137)[:2]
    [28, 56]
    """
    return [people for people in range(1, largest + 1) if all(whole_people(percentage, people) for percentage in percentages)]


def sizes_with_empty_comparator(points: Iterable[str], largest: int = LARGEST_SAMPLE) -> list[int]:
    """Return the group sizes with which differences in percentage points are those against a comparator of 0 percent.

    >>> sizes_with_empty_comparator(["40.9", "38.6"], 137)
    [44, 88, 127, 132]
    """
    return group_sizes(list(points), largest)


# Intervals and p values


def critical_value(level: float = 95.0) -> float:
    """Return how many standard errors an interval of this level, in percent, reaches to either side.

    >>> round(critical_value(), 2), round(critical_value(90), 3)
    (1.96, 1.645)
    """
    return NORMAL.inv_cdf(0.5 + level / 200)


def wilson_interval(proportion: float, people: int, level: float = 95.0) -> Range:
    """Return the score interval of the proportion of a group of at least one person (Wilson 1927).

    >>> [round(end, 3) for end in wilson_interval(0.0, 20)]
    [0.0, 0.161]
    """
    z = critical_value(level)
    centre, spread = proportion + z * z / (2 * people), z * sqrt(proportion * (1 - proportion) / people + z * z / (4 * people * people))
    scale = 1 + z * z / people
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def difference_interval(treatment: float, treated: int, comparator: float, compared: int, level: float = 95.0) -> Range:
    """Return the interval of the difference of two proportions of groups of `treated` and `compared` people.

    Newcombe 1998, Statistics in Medicine 17:873-890, method 10 (hybrid score, without continuity correction): each end is as far from
    the difference as the score intervals of the two proportions are from them, added in squares.

    >>> [round(end, 4) for end in difference_interval(56 / 70, 70, 48 / 80, 80)]
    [0.0524, 0.3339]
    """
    (low, high), (below, above) = wilson_interval(treatment, treated, level), wilson_interval(comparator, compared, level)
    difference = treatment - comparator
    return (
        difference - sqrt((treatment - low) ** 2 + (above - comparator) ** 2),
        difference + sqrt((high - treatment) ** 2 + (comparator - below) ** 2),
    )


def difference_standard_error(treatment: float, treated: int, comparator: float, compared: int) -> float:
    """Return the standard error of the difference of two proportions, sqrt(p1 (1 - p1) / n1 + p2 (1 - p2) / n2).

    Deeks and Higgins 2010, Statistical algorithms in Review Manager 5. It is 0 where both groups have nobody, or everybody.

    >>> round(difference_standard_error(0.8, 70, 0.6, 80), 4)
    0.0727
    """
    return sqrt(treatment * (1 - treatment) / treated + comparator * (1 - comparator) / compared)


def simple_interval(estimate: float, standard_error: float, level: float = 95.0) -> Range:
    """Return the interval that reaches equally far to both sides (Wald), which many sources print.

    >>> [round(end, 4) for end in simple_interval(0.2, difference_standard_error(0.8, 70, 0.6, 80))]
    [0.0575, 0.3425]
    """
    reach = critical_value(level) * standard_error
    return estimate - reach, estimate + reach


def standard_error_of_interval(lower: float, upper: float, level: float = 95.0) -> float:
    """Return the standard error behind an interval: its width divided by twice the critical value, 3.92 at 95 percent.

    Cochrane Handbook for Systematic Reviews of Interventions 6.5, section 6.3.1. The ends of a ratio are given as logarithms (6.3.2).
    """
    return (upper - lower) / (2 * critical_value(level))


def p_value(estimate: float, standard_error: float) -> float:
    """Return the two-sided p value of an estimate whose standard error is above 0, by the normal distribution.

    Altman and Bland 2011, How to obtain the P value from a confidence interval, BMJ 343:d2304.

    >>> round(p_value(1.96, 1), 3)
    0.05
    """
    return 2 * NORMAL.cdf(-abs(estimate / standard_error))


def p_values_of_interval(estimate: str, lower: str, upper: str, level: float = 95.0, *, ratio: bool = False) -> Range | None:
    """Return the p values that follow from a printed estimate and its printed interval, given that all three were rounded.

    A ratio is calculated with on the scale of logarithms; None where one of its figures may be 0. None where the bounds are in the
    wrong order. Altman and Bland 2011, BMJ 343:d2304, find 0.005 for the ratio 0.81 with 0.70 to 0.94; rounding leaves room:

    >>> [round(p, 3) for p in p_values_of_interval("0.81", "0.70", "0.94", ratio=True)]
    [0.003, 0.009]
    """
    figures = [rounded(figure) for figure in (estimate, lower, upper)]
    if ratio:
        if min(low for low, _ in figures) <= 0:
            return None
        figures = [(log(low), log(high)) for low, high in figures]
    (low, high), (lowest, above_lowest), (below_highest, highest) = figures
    widest, narrowest = (standard_error_of_interval(*ends, level) for ends in ((lowest, highest), (above_lowest, below_highest)))
    if widest <= 0:
        return None
    nearest, farthest = (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
    return (p_value(farthest, narrowest) if narrowest > 0 else 0.0), p_value(nearest, widest)
