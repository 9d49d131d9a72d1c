"""Checks of intervals, p values and what sources say of significance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wherefrom.arithmetic import (
    Range,
    difference_interval,
    difference_standard_error,
    meets,
    p_values_of_interval,
    rounded,
    simple_interval,
    whole_people,
)
from wherefrom.checks.check import Calculated, Check, Figure, Rule, because, verdict
from wherefrom.checks.printed import RATIOS, Contrast, Printed, number, points, statistic
from wherefrom.discrepancies.differences import code
from wherefrom.discrepancies.reading import Record
from wherefrom.vocabulary import EV

SIGNIFICANT, NOT_SIGNIFICANT = code("significance/significant"), code("significance/not-significant")
P_LIMIT, USUAL_LEVEL = 0.05, 95.0
P_VALUES = (EV.pValue, EV.pValueBelow, EV.pValueAbove)

SIGNIFICANCE = Rule(
    "significance",
    "A finding is significant where its p value is below 0.05 or, what comes to the same, its 95 percent interval leaves out no "
    "difference (of proportions: nearly the same). Sources that correct for many comparisons or for clusters may say otherwise.",
    "p < 0.05 if and only if 0 (of ratios: 1) lies outside the 95 percent interval",
    "Cochrane Handbook for Systematic Reviews of Interventions 6.5, section 15.3.1",
)
P_OF_INTERVAL = Rule(
    "p-from-interval",
    "The p value is that of the estimate divided by its standard error, which is the width of the 95 percent interval divided by 3.92; "
    "ratios are calculated with as logarithms. An interval from Student's t gives a slightly larger one.",
    "p = 2 Phi(-|estimate / SE|), SE = (upper - lower) / (2 z)",
    "Altman and Bland 2011, BMJ 343:d2304; Cochrane Handbook for Systematic Reviews of Interventions 6.5, sections 6.3.1 and 6.3.2",
)
INTERVAL = Rule(
    "interval-from-percentages",
    "The interval of the difference reaches as far to each side as the score intervals of both percentages do, added in squares; many "
    "sources print the simple one of 1.96 standard errors to each side.",
    "d - sqrt((p1 - l1)^2 + (u2 - p2)^2) to d + sqrt((u1 - p1)^2 + (p2 - l2)^2), or d -+ z sqrt(p1 (1 - p1) / n1 + p2 (1 - p2) / n2)",
    "Newcombe 1998, Statistics in Medicine 17:873-890, method 10, with score intervals of Wilson 1927; Deeks and Higgins 2010",
)

NO_NUMBERS = "how many people the percentages are of is not stated"


def of_significance(known: Printed, finding: Record) -> Iterator[Check]:
    """Yield the checks of what a finding says of intervals, p values and significance."""
    interval, p = _Interval.of(finding), _p_value(finding)
    yield from _intervals(known, finding, interval)
    if p is not None:
        yield _p_of_interval(finding, p, interval)
    said = finding.one(EV.significance)
    if said in (SIGNIFICANT, NOT_SIGNIFICANT):
        figure = Figure(finding.iri, finding.graph, EV.significance, said.rsplit("/", 1)[-1])
        yield from _significance(known, finding, figure, interval, p)


@dataclass(frozen=True)
class _Interval:
    """A printed confidence interval and what it is of; a level that is not printed is taken for the usual one."""

    lower: Figure
    upper: Figure
    level: Figure | None
    ratio: bool

    @classmethod
    def of(cls, finding: Record) -> _Interval | None:
        lower, upper = number(finding, EV.lowerBound), number(finding, EV.upperBound)
        if lower is None or upper is None:
            return None
        return cls(lower, upper, number(finding, EV.confidenceLevel), statistic(finding, RATIOS) is not None)

    @property
    def figures(self) -> tuple[Figure, ...]:
        return (self.lower, self.upper, *([self.level] if self.level else []))

    @property
    def percent(self) -> float:
        return float(self.level.printed) if self.level else USUAL_LEVEL

    @property
    def assumed(self) -> str | None:
        return None if self.level else f"the level is not stated and taken for {USUAL_LEVEL:g} percent"

    def leaves_out_null(self) -> bool | None:
        """Return whether no difference lies outside; None where a bound is printed as no difference."""
        null = 1.0 if self.ratio else 0.0
        (lowest, low), (high, highest) = rounded(self.lower.printed), rounded(self.upper.printed)
        if lowest > null or highest < null:
            return True
        return False if low < null < high else None


# Intervals


def _intervals(known: Printed, finding: Record, interval: _Interval | None) -> Iterator[Check]:
    """Yield the bounds of a difference of proportions held against the percentages, or the interval that follows where none is printed."""
    if interval is None:
        if pair := known.own_contrast(finding):
            yield _interval_of(finding, pair)
    elif points(finding):
        pairs = list(known.contrasts(finding))
        for pair in pairs:
            yield from _bounds_against(known, finding, interval, pair)
        for bound in () if pairs else (interval.lower, interval.upper):
            why = "the percentages of the two arms are not stated"
            yield Check(INTERVAL, finding.iri, bound, (), "cannot be checked", why=why, not_stated=(EV.hasArmResult,))


def _interval_of(finding: Record, pair: Contrast) -> Check:
    if pair.sizes is None:
        return Check(INTERVAL, finding.iri, None, pair.figures, "cannot be checked", why=NO_NUMBERS, not_stated=(EV.n,))
    found = tuple(_calculated(pair, pair.sizes, USUAL_LEVEL))
    return Check(INTERVAL, finding.iri, None, pair.figures, "calculated", found, f"at {USUAL_LEVEL:g} percent")


def _bounds_against(known: Printed, finding: Record, interval: _Interval, pair: Contrast) -> Iterator[Check]:
    inputs = (*pair.figures, *([interval.level] if interval.level else []))
    apart, people_open = known.of_other_people(finding, pair.finding), known.people_open(finding, pair.finding)
    if apart or pair.sizes is None:
        for bound in (interval.lower, interval.upper):
            lacking = () if apart else (EV.n,)
            yield Check(INTERVAL, finding.iri, bound, inputs, "cannot be checked", why=apart or NO_NUMBERS, not_stated=lacking)
        return
    found = list(_calculated(pair, pair.sizes, interval.percent))
    room = 100 * sum(_share(figure, people)[1] for figure, people in zip((pair.treatment, pair.comparator), pair.sizes, strict=True))
    bounds = (interval.lower, interval.upper)
    met = max(
        ([meets((end - room, end + room), bound.printed) for end, bound in zip(ends, bounds, strict=True)] for ends in _ends(found)),
        key=sum,
    )
    for bound, follows in zip(bounds, met, strict=True):
        why, lacking = because(interval.assumed, people_open), (EV.analysisSet,) if people_open else ()
        yield Check(INTERVAL, finding.iri, bound, inputs, verdict(follows), tuple(found), why, lacking)


def _ends(found: list[Calculated]) -> list[Range]:
    return [calculated.range for calculated in found if calculated.range and calculated.what.startswith("interval")]


def _calculated(pair: Contrast, sizes: tuple[int, int], level: float) -> Iterator[Calculated]:
    """Yield the difference of two proportions, its intervals and its standard error, in percentage points."""
    (treatment, _), (comparator, _) = _share(pair.treatment, sizes[0]), _share(pair.comparator, sizes[1])
    difference, error = treatment - comparator, difference_standard_error(treatment, sizes[0], comparator, sizes[1])
    yield Calculated("percentage points", _percent((difference, difference)))
    yield Calculated("interval from score intervals", _percent(difference_interval(treatment, sizes[0], comparator, sizes[1], level)))
    yield Calculated("interval from the standard error", _percent(simple_interval(difference, error, level)))
    yield Calculated("standard error", _percent((error, error)))


def _percent(ends: Range) -> Range:
    return 100 * ends[0], 100 * ends[1]


def _share(figure: Figure, people: int) -> tuple[float, float]:
    """Return the proportion behind a percentage and how far it may be off: not at all where only one number of people fits."""
    counts = whole_people(figure.printed, people)
    low, high = rounded(figure.printed)
    return (counts[0] / people, 0.0) if len(counts) == 1 else ((low + high) / 200, (high - low) / 200)


# P values


def _p_value(finding: Record) -> Figure | None:
    return next((figure for prop in P_VALUES if (figure := number(finding, prop))), None)


def _p_of_interval(finding: Record, p: Figure, interval: _Interval | None) -> Check:
    estimate = number(finding, EV.value)
    if estimate is None or interval is None:
        why = "a p value follows from an estimate and its interval, and they are not both stated"
        lacking = ((EV.value,) if estimate is None else ()) + ((EV.lowerBound, EV.upperBound) if interval is None else ())
        return Check(P_OF_INTERVAL, finding.iri, p, (), "cannot be checked", why=why, not_stated=lacking)
    inputs = (estimate, *interval.figures)
    bounds = interval.lower.printed, interval.upper.printed
    found = p_values_of_interval(estimate.printed, *bounds, interval.percent, ratio=interval.ratio)
    if found is None:
        why = "of these figures no standard error can be calculated"
        return Check(P_OF_INTERVAL, finding.iri, p, inputs, "cannot be checked", why=why)
    return Check(
        P_OF_INTERVAL, finding.iri, p, inputs, verdict(_is_printed_so(found, p)), (Calculated("p value", found),), interval.assumed
    )


def _is_printed_so(found: Range, p: Figure) -> bool:
    if p.what == EV.pValue:
        return meets(found, p.printed)
    return found[0] < float(p.printed) if p.what == EV.pValueBelow else found[1] > float(p.printed)


# Significance


def _significance(known: Printed, finding: Record, said: Figure, interval: _Interval | None, p: Figure | None) -> Iterator[Check]:
    """Yield what a source says of significance held against its p value, its interval, and the interval that its numbers give."""
    if p is not None:
        yield _judged(finding, said, (p,), _is_significant(p), f"the p value is not told apart from {P_LIMIT}")
    if interval is not None:
        yield _judged(finding, said, interval.figures, _excludes(interval), "the interval does not tell", interval.assumed)
    pair = known.own_contrast(finding)
    if pair is not None and pair.sizes is not None:
        found = [calculated for calculated in _calculated(pair, pair.sizes, USUAL_LEVEL) if calculated.what.startswith("interval")]
        outside = {low > 0 or high < 0 for low, high in _ends(found)}
        significant = outside.pop() if len(outside) == 1 else None
        undecided = "two ways of calculating the interval disagree on whether it leaves out no difference"
        yield _judged(finding, said, pair.figures, significant, undecided, "by the intervals calculated here", tuple(found))
    elif p is None and interval is None:
        why = "neither a p value nor an interval is stated"
        yield Check(SIGNIFICANCE, finding.iri, said, (), "cannot be checked", why=why, not_stated=(EV.pValue, EV.lowerBound, EV.upperBound))


def _judged(
    finding: Record, said: Figure, inputs: tuple[Figure, ...], significant: bool | None, undecided: str, why: str | None = None,
    found: tuple[Calculated, ...] = (),
) -> Check:  # fmt: skip
    if significant is None:
        return Check(SIGNIFICANCE, finding.iri, said, inputs, "cannot be checked", found, undecided)
    agrees = significant == (finding.one(EV.significance) == SIGNIFICANT)
    return Check(SIGNIFICANCE, finding.iri, said, inputs, verdict(agrees), found, why)


def _is_significant(p: Figure) -> bool | None:
    """Return whether a p value is below the limit; None where its rounding, or what it is printed to be below or above, leaves it open."""
    low, high = rounded(p.printed)
    if p.what == EV.pValue:
        return True if high < P_LIMIT else False if low > P_LIMIT else None
    limit = float(p.printed)
    if p.what == EV.pValueBelow:
        return True if limit <= P_LIMIT else None
    return False if limit >= P_LIMIT else None


def _excludes(interval: _Interval) -> bool | None:
    """Return whether an interval tells that p is below the limit: one of a higher level that leaves no difference out, or the reverse."""
    out = interval.leaves_out_null()
    if out is None or (out and interval.percent < USUAL_LEVEL) or (not out and interval.percent > USUAL_LEVEL):
        return None
    return out
