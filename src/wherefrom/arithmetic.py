"""Numbers that check themselves: which printed figure follows from which other one. Nothing here is ever stored as stated.

Percentages are numbers from 0 to 100, proportions from 0 to 1, an improvement index lies between -50 and 50.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from statistics import NormalDist

LARGEST_SAMPLE = 1_000


def cox_effect_size(treatment: float, comparator: float) -> float | None:
    """Return the Cox effect size of two proportions, ln(odds ratio) / 1.65; None where a proportion is 0 or 1.

    What Works Clearinghouse, Procedures and Standards Handbook 5.0, appendix E.
    """
    if not (0 < treatment < 1 and 0 < comparator < 1):
        return None
    return log(treatment / (1 - treatment) / (comparator / (1 - comparator))) / 1.65


def improvement_index(effect_size: float) -> float:
    """Return the improvement index, 100 (Phi(d) - 0.5): the percentile gain of an average comparator participant.

    What Works Clearinghouse, Procedures and Standards Handbook 5.0, appendix E.

    >>> round(improvement_index(cox_effect_size(0.607, 0.019)), 1)
    49.6
    """
    return 100 * (NormalDist().cdf(effect_size) - 0.5)


def improvement_index_range(treatment: str, comparator: str) -> tuple[float, float] | None:
    """Return the lowest and highest improvement index of two printed percentages, given that both were rounded.

    None where a percentage reaches 0 or 100. The index of the percentages as printed may miss a printed index that the
    unrounded ones give.

    >>> [round(index, 1) for index in improvement_index_range("57.1", "1.9")]
    [49.5, 49.5]
    """
    (low, high), (below, above) = _rounded(treatment), _rounded(comparator)
    lowest, highest = cox_effect_size(low / 100, above / 100), cox_effect_size(high / 100, below / 100)
    return None if lowest is None or highest is None else (improvement_index(lowest), improvement_index(highest))


def reproduces_index(treatment: str, comparator: str, index: str) -> bool:
    """Return whether two printed percentages give a printed improvement index, within their rounding.

    >>> reproduces_index("57.1", "1.9", "+50"), reproduces_index("71.4", "25.9", "+32")
    (True, False)
    """
    found = improvement_index_range(treatment, comparator)
    return found is not None and found[0] <= float(index) + 0.5 and found[1] >= float(index) - 0.5


def _rounded(printed: str) -> tuple[float, float]:
    """Return the values between which a printed figure was rounded."""
    half = 0.5 / float(10 ** len(printed.partition(".")[2]))
    return float(printed) - half, float(printed) + half


def effect_size_of_index(index: float) -> float | None:
    """Return the effect size that has this improvement index; None at the limits, where it would be infinite."""
    return NormalDist().inv_cdf(index / 100 + 0.5) if -50 < index < 50 else None


def percentage_points(treatment: float, comparator: float) -> float:
    """Return the difference of two percentages in percentage points."""
    return treatment - comparator


def rounds_to(value: float, printed: str) -> bool:
    """Return whether a value, rounded to the places that a printed figure has, is that figure.

    Halves may have gone either way, so that a value within half of the last place, the bound included, fits.

    >>> rounds_to(40.9091, "40.9"), rounds_to(58.8, "40.9")
    (True, False)
    """
    figure = printed.lstrip("+").replace("−", "-")
    places = len(figure.partition(".")[2])
    return abs(value - float(figure)) <= 0.5 / float(10**places) + 1e-9


def whole_people(percentage: str, people: int) -> list[int]:
    """Return the numbers of people out of `people` whose percentage is printed as `percentage`.

    >>> whole_people("60.7", 28)
    [17]
    """
    about = round(float(percentage) / 100 * people)
    return [n for n in range(max(0, about - 1), min(people, about + 1) + 1) if rounds_to(100 * n / people, percentage)]


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
