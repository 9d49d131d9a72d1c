"""Checks of what follows from the percentages of two arms, and from effect sizes: points, ratios, effect sizes, improvement indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isinf

from rdflib import URIRef

from wherefrom.arithmetic import (
    Range,
    cox_effect_sizes,
    effect_size_of_odds_ratio,
    effect_sizes_of_index,
    improvement_indices,
    meets,
    odds_ratio,
    percentage_points,
    relative_risk,
    rounded,
    small_sample_correction,
)
from wherefrom.checks.check import Calculated, Check, Figure, Rule, because, verdict
from wherefrom.checks.printed import EFFECT_SIZES, ODDS_RATIO, RELATIVE_RISK, Contrast, Printed, index, points, statistic
from wherefrom.discrepancies.reading import Record
from wherefrom.vocabulary import EV

HANDBOOK = "What Works Clearinghouse, Procedures and Standards Handbook 5.0 (2022), appendix E"
COCHRANE = "Cochrane Handbook for Systematic Reviews of Interventions 6.5, section 6.4.1"

POINTS = Rule(
    "points-from-percentages",
    "The difference in percentage points is the percentage of the treatment arm less that of the comparator.",
    "100 (p1 - p2)",
    COCHRANE,
)
RELATIVE = Rule(
    "relative-risk-from-percentages", "The relative risk is the percentage of the treatment arm divided by that of the comparator.",
    "p1 / p2", COCHRANE,
)  # fmt: skip
ODDS = Rule(
    "odds-ratio-from-percentages", "The odds ratio is the odds of the treatment arm divided by those of the comparator.",
    "(p1 / (1 - p1)) / (p2 / (1 - p2))", COCHRANE,
)  # fmt: skip
EFFECT_SIZE = Rule(
    "effect-size-from-percentages",
    "The Cox effect size is the logarithm of the odds ratio divided by 1.65; for small samples it is multiplied by 1 - 3 / (4N - 9).",
    "d = ln(OR) / 1.65",
    HANDBOOK,
)
INDEX = Rule(
    "index-from-percentages",
    "The improvement index is the percentile that an average person of the comparator would reach, less 50, at the Cox effect size of the "
    "two percentages; where less of the outcome is better the arms change places.",
    "100 (Phi(d) - 0.5), d = ln(OR) / 1.65",
    HANDBOOK,
)
INDEX_OF_SIZE = Rule(
    "index-from-effect-size",
    "The improvement index is the percentile that an average person of the comparator would reach, less 50, at the effect size; where "
    "less of the outcome is better its sign is that of the benefit. An odds ratio is turned into an effect size first.",
    "100 (Phi(d) - 0.5), d = ln(OR) / 1.65",
    HANDBOOK,
)
SIZE_OF_INDEX = Rule(
    "effect-size-from-index",
    "An improvement index comes from the effect size whose percentile, less 50, it is; that of a limit has no end.",
    "d = Phi^-1(index / 100 + 0.5)",
    HANDBOOK,
)

AT_LIMIT = "a percentage may be 0 or 100, where odds have no value"
NO_PERCENTAGES = "the percentages of the two arms are not stated"
REVERSED = "with the other sign it would"


def of_proportions(known: Printed, finding: Record) -> Iterator[Check]:
    """Yield the checks of the figures of a contrast that a finding prints."""
    if figure := points(finding):
        yield from _from_percentages(known, finding, figure, POINTS, _points)
    if figure := statistic(finding, {RELATIVE_RISK}):
        yield from _from_percentages(known, finding, figure, RELATIVE, _relative_risks)
    if figure := statistic(finding, {ODDS_RATIO}):
        yield from _from_percentages(known, finding, figure, ODDS, _odds_ratios)
    if (figure := statistic(finding, EFFECT_SIZES)) and _has_percentages(known, finding):  # it may be one of means
        yield from _from_percentages(known, finding, figure, EFFECT_SIZE, _effect_sizes)
    if figure := index(finding):
        lowered, sizes = known.is_lowered(finding), _printed_effect_sizes(known, finding)
        if _has_percentages(known, finding) or not sizes:
            yield from _from_percentages(
                known, finding, figure, INDEX, lambda pair: [_index(size, lowered) for size in _effect_sizes(pair)]
            )
        yield from _index_from_effect_sizes(known, finding, figure, sizes, lowered)


def _has_percentages(known: Printed, finding: Record) -> bool:
    return next(known.contrasts(finding), None) is not None


def _from_percentages(
    known: Printed, finding: Record, figure: Figure, rule: Rule, calculate: Callable[[Contrast], list[Calculated]]
) -> Iterator[Check]:
    pairs = list(known.contrasts(finding))
    for pair in pairs:
        yield _held_against(known, rule, finding, pair.finding, figure, pair.figures, calculate(pair))
    if not pairs:
        yield Check(rule, finding.iri, figure, (), "cannot be checked", why=NO_PERCENTAGES, not_stated=(EV.hasArmResult,))


def _held_against(
    known: Printed, rule: Rule, finding: Record, other: URIRef, figure: Figure, inputs: tuple[Figure, ...], found: list[Calculated]
) -> Check:
    """Return a figure of a finding held against what follows from `inputs`, which the finding `other` prints."""
    if apart := known.of_other_people(finding, other):
        return Check(rule, finding.iri, figure, inputs, "cannot be checked", why=apart)
    if not found:
        return Check(rule, finding.iri, figure, inputs, "cannot be checked", why=AT_LIMIT)
    ranges = [calculated.range for calculated in found if calculated.range is not None]
    follows = any(meets(values, figure.printed) for values in ranges)
    reverse = not follows and any(meets(_reversed(values), figure.printed) for values in ranges)
    people_open = known.people_open(finding, other)
    why = because(REVERSED if reverse else None, _at_limit(figure, known.is_lowered(finding)) if follows else None, people_open)
    return Check(rule, finding.iri, figure, inputs, verdict(follows), tuple(found), why, (EV.analysisSet,) if people_open else ())


def _at_limit(figure: Figure, lowered: bool) -> str | None:
    """Return what an index at the limit of its scale cannot tell apart."""
    low, high = _sizes_behind(figure, lowered) if figure.what == EV.improvementIndex else (0.0, 0.0)
    if isinf(high):
        return f"the limit of the scale: every effect size from {low:.2f} on prints so"
    return f"the limit of the scale: every effect size from {high:.2f} down prints so" if isinf(low) else None


def _sizes_behind(index: Figure, lowered: bool) -> Range:
    """Return the effect sizes that an improvement index may come from."""
    sizes = effect_sizes_of_index(index.printed)
    return _reversed(sizes) if lowered else sizes


def _reversed(values: Range) -> Range:
    return -values[1], -values[0]


def _points(pair: Contrast) -> list[Calculated]:
    return [Calculated("percentage points", percentage_points(*pair.shares))]


def _relative_risks(pair: Contrast) -> list[Calculated]:
    found = relative_risk(*pair.shares)
    return [] if found is None else [Calculated("relative risk", found)]


def _odds_ratios(pair: Contrast) -> list[Calculated]:
    found = odds_ratio(*pair.shares)
    return [] if found is None else [Calculated("odds ratio", found)]


def _effect_sizes(pair: Contrast) -> list[Calculated]:
    """Return the Cox effect size, and that corrected for small samples where the number of people is printed."""
    found = cox_effect_sizes(*pair.shares)
    if found is None:
        return []
    factor = small_sample_correction(sum(pair.sizes)) if pair.sizes else None
    corrected = [] if factor is None else [Calculated("effect size, corrected for small samples", (found[0] * factor, found[1] * factor))]
    return [Calculated("effect size", found), *corrected]


def _index(effect_size: Calculated, lowered: bool) -> Calculated:
    assert effect_size.range is not None
    found = improvement_indices(_reversed(effect_size.range) if lowered else effect_size.range)
    return Calculated(effect_size.what.replace("effect size", "improvement index"), found)


def _printed_effect_sizes(known: Printed, finding: Record) -> list[Figure]:
    return [size for other in known.on_one_contrast(finding) if (size := statistic(other, EFFECT_SIZES | {ODDS_RATIO}))]


def _index_from_effect_sizes(known: Printed, finding: Record, figure: Figure, printed: list[Figure], lowered: bool) -> Iterator[Check]:
    """Yield an index held against each effect size that is printed of the contrast, or the effect sizes that it may come from."""
    for size in printed:
        found = _effect_size_of(size)
        indices = [] if found is None else [_index(Calculated("effect size", found), lowered)]
        yield _held_against(known, INDEX_OF_SIZE, finding, size.record, figure, (size,), indices)
    if not printed:
        back = Calculated("effect size", _sizes_behind(figure, lowered))
        yield Check(SIZE_OF_INDEX, finding.iri, None, (figure,), "calculated", (back,))


def _effect_size_of(size: Figure) -> Range | None:
    low, high = rounded(size.printed)
    if size.what != ODDS_RATIO:
        return low, high
    return (effect_size_of_odds_ratio(low), effect_size_of_odds_ratio(high)) if low > 0 else None
