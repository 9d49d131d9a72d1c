"""Figures of one trial on one outcome: which differ by more than rounding, and which follow from each other.

A printed difference in percentage points is compared with the difference of two arms' percentages, which is derived here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import networkx as nx
from rdflib import URIRef

from wherefrom.arithmetic import group_sizes, reproduces_index, reproduces_points, sizes_with_empty_comparator
from wherefrom.discrepancies.differences import (
    KIND,
    Check,
    Difference,
    GroupSizes,
    NotStated,
    Statement,
    Value,
    all_compared,
    bare,
    code,
    gap_between,
    merged,
)
from wherefrom.discrepancies.reading import Base, Record, first_of_each, written
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV

PERCENT, POINT = code("unit/percent"), code("unit/percentage-point")
NORM_GROUP, DECREASE = code("arm-role/non-randomised-norm"), code("desirable-direction/decrease")
INDEX_AT_LIMIT = 50


@dataclass(frozen=True)
class _Figure:
    """A figure of a finding with all that must not contradict; `half` is half of the last printed place."""

    finding: Record
    key: tuple[URIRef, ...]
    value: Value
    half: Fraction
    trial: URIRef
    outcome: URIRef
    arms: tuple[URIRef | None, URIRef | None]
    occasion: URIRef | None
    measure: URIRef | None
    sets: tuple[URIRef, ...]
    within: bool = False  # derived beside a printed one: compared with that only

    @property
    def place(self) -> tuple[Any, ...]:
        """Return what figures share that a graph prints of the same people."""
        return (self.finding.graph, self.trial, self.sets)

    @property
    def alike(self) -> tuple[Any, ...]:
        """Return what two figures share that say the same."""
        rest = (self.key, self.trial, self.outcome, self.arms, self.occasion, self.measure, self.sets, self.within)
        return (*rest, bare(self.value), self.half)


@dataclass(frozen=True)
class Share:
    """The percentage of one arm on one occasion."""

    result: URIRef
    arm: URIRef
    occasion: URIRef | None
    printed: str
    value: Fraction


FINDING = (
    EV.findingOf, EV.outcome, EV.treatmentArm, EV.comparatorArm, EV.atTimepoint, EV.measuredWith, EV.analysisSet, EV.value, EV.unit,
    EV.statistic, EV.printedAs, EV.improvementIndex, EV.direction, EV.significance, EV.hasArmResult, EV.publishedIn,
    EV.pValue, EV.pValueBelow, EV.pValueAbove, EV.lowerBound, EV.upperBound, EV.confidenceLevel,
)  # fmt: skip
OPEN = {EV.comparatorArm, EV.atTimepoint, EV.measuredWith, EV.analysisSet}


class Findings:
    """All findings under a policy, and their figures made comparable."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.findings = base.records(EV.Finding, *FINDING)
        self.results = base.records(EV.ArmResult, EV.arm, EV.atTimepoint, EV.value, EV.unit, EV.printedAs, EV.n)
        self.norms = {iri for iri, arm in base.records(EV.Arm, EV.armRole).items() if NORM_GROUP in arm.all(EV.armRole)}
        wanted = base.records(EV.Outcome, EV.desirableDirection)
        self.lowered = {iri for iri, outcome in wanted.items() if DECREASE in outcome.all(EV.desirableDirection)}
        self.occasions = _occasions(base)
        self.trials = base.trials({s for finding in self.findings.values() for s in finding.all(EV.findingOf)})
        self.members: dict[URIRef, set[URIRef]] = {}
        for study, trial in self.trials.items():
            self.members.setdefault(trial, set()).add(study)
        self.samples: dict[URIRef, int] = {}
        self._shares: dict[URIRef, list[Share]] = {}
        for row in rows(base.store, "sample_sizes", {"study": sorted(self.trials)}) if self.trials else ():
            trial = self.trials[as_iri(row["study"])]
            self.samples[trial] = max(self.samples.get(trial, 0), int(row["size"]))
        self.figures = [figure for finding in self.findings.values() for figure in self._figures(finding)]
        self.together: dict[tuple[Any, ...], dict[URIRef, Record]] = {}
        for figure in self.figures:
            self.together.setdefault(figure.place, {})[figure.finding.iri] = figure.finding

    def occasion(self, record: Record) -> URIRef | None:
        """Return when it was measured: the first of the time points that are one occasion."""
        told = record.one(EV.atTimepoint)
        return None if told is None else self.occasions.get(told, told)

    def shares(self, finding: Record) -> list[Share]:
        """Return the percentages of arms that a finding prints."""
        if finding.iri not in self._shares:
            self._shares[finding.iri] = list(self._read_shares(finding))
        return self._shares[finding.iri]

    def _read_shares(self, finding: Record) -> Iterator[Share]:
        for result in (self.results[iri] for iri in finding.all(EV.hasArmResult) if iri in self.results):
            value, arm = result.number(EV.value), result.one(EV.arm)
            if arm is not None and value is not None and result.one(EV.unit) == PERCENT:
                yield Share(result.iri, arm, self.occasion(result), digits(result, value), value)

    def contrast(self, finding: Record) -> tuple[Share, Share] | None:
        """Return the percentages of treatment and comparator on the occasion of the finding, or on the only one they share."""
        by_place = {(share.arm, share.occasion): share for share in self.shares(finding)}
        treatment, comparator = finding.one(EV.treatmentArm), finding.one(EV.comparatorArm)
        both = {when for arm, when in by_place if arm == treatment} & {when for arm, when in by_place if arm == comparator}
        told = self.occasion(finding)
        occasions = both if told is None else both & {told}
        if treatment is None or comparator is None or len(occasions) != 1:
            return None
        when = occasions.pop()
        return by_place[treatment, when], by_place[comparator, when]

    def _figures(self, finding: Record) -> Iterator[_Figure]:
        for study in finding.all(EV.findingOf):
            for outcome in finding.all(EV.outcome):
                figure = _Figure(
                    finding, (), Value(), Fraction(0), self.trials[study], outcome,
                    (finding.one(EV.treatmentArm), finding.one(EV.comparatorArm)), self.occasion(finding),
                    finding.one(EV.measuredWith), finding.all(EV.analysisSet),
                )  # fmt: skip
                yield from self._printed(figure)
                yield from self._of_arms(figure)

    def _printed(self, blank: _Figure) -> Iterator[_Figure]:
        """Yield what the source prints of a contrast: its figure, its improvement index, whom it favours."""
        finding, value, index = blank.finding, blank.finding.number(EV.value), blank.finding.number(EV.improvementIndex)
        unit, statistic = finding.one(EV.unit), finding.one(EV.statistic)
        if value is not None and unit is not None:
            key = (unit,) if unit == POINT else (unit, statistic or EV.statistic)
            yield _with(blank, key, value, finding.text(EV.printedAs) or written(value), _half(digits(finding, value)))
        if index is not None:
            yield _with(blank, (EV.improvementIndex,), index, f"{int(index):+d}", Fraction(1, 2))
        for prop in (EV.direction, EV.significance):
            if codes := finding.all(prop):
                said = Statement((finding.iri,), finding.graph)
                yield replace(blank, key=(prop,), value=Value(codes=codes, statements=(said,)))

    def _of_arms(self, blank: _Figure) -> Iterator[_Figure]:
        """Yield the difference of the arms, marked as derived, and the figure of each arm."""
        finding = blank.finding
        if pair := self.contrast(finding):
            one, two = pair
            formula = f"{one.printed} - {two.printed} = {written(one.value - two.value)}"
            figure = _with(blank, (POINT,), one.value - two.value, None, _half(one.printed) + _half(two.printed), formula)
            said = replace(figure.value.statements[0], printed=f"{one.printed} and {two.printed}", grounds=(one.result, two.result))
            value = replace(figure.value, statements=(said,))
            yield replace(figure, value=value, within=finding.one(EV.unit) == POINT)
        for share in self.shares(finding):
            key = (EV.ArmResult, share.arm, *([share.occasion] if share.occasion else []))
            figure = _with(blank, key, share.value, share.printed, _half(share.printed))
            said = replace(figure.value.statements[0], grounds=(share.result,))
            value = replace(figure.value, statements=(said,))
            yield replace(figure, value=value, arms=(share.arm, None), occasion=share.occasion)


def _occasions(base: Base) -> dict[URIRef, URIRef]:
    graph: nx.Graph[URIRef] = nx.Graph()
    for iri, timepoint in base.records(EV.Timepoint, EV.sameOccasionAs).items():
        graph.add_edges_from((iri, other) for other in timepoint.all(EV.sameOccasionAs))
    return first_of_each(graph)


def _with(
    blank: _Figure, key: tuple[URIRef, ...], value: Fraction, printed: str | None, half: Fraction, formula: str | None = None
) -> _Figure:
    said = Statement((blank.finding.iri,), blank.finding.graph, printed)
    return replace(blank, key=key, value=Value(value, value, formula=formula, statements=(said,)), half=half)


def digits(record: Record, value: Fraction) -> str:
    """Return a figure with the places it is printed with, and no sign or unit: "75%" is 75, "-34.50" is 34.50.

    Where a record prints several numbers, it is the one that has this value; where none has, the value as one would print it.
    """
    printed = {number for number in re.findall(r"\d+(?:\.\d+)?", record.text(EV.printedAs) or "") if Fraction(number) == abs(value)}
    return printed.pop() if len(printed) == 1 else written(abs(value))


def _half(digits: str) -> Fraction:
    """Return half of the last place that a printed figure has."""
    return Fraction(1, 2 * 10 ** len(digits.partition(".")[2]))


def of_findings(known: Findings, findings: Collection[URIRef] = ()) -> Iterator[Difference]:
    """Yield each two values of a figure that differ though nothing that both sides state contradicts; `findings` name those of which."""
    subjects: dict[tuple[Any, ...], dict[tuple[Any, ...], list[_Figure]]] = {}
    for figure in known.figures:
        classes = subjects.setdefault((figure.trial, figure.outcome, figure.key), {})
        classes.setdefault(figure.alike, []).append(figure)
    for classes in subjects.values():
        for one, two in combinations(classes.values(), 2):
            if findings and not {figure.finding.iri for figure in (*one, *two)} & set(findings):
                continue
            if _differ(one, two) and _comparable(one, two, known.norms):
                yield _difference_of_figures(known, one, two)


def _differ(one: list[_Figure], two: list[_Figure]) -> bool:
    """Return whether figures differ by more than rounding; two derived ones do so in the figures of their arms already."""
    first, second = one[0].value, two[0].value
    if first.codes:
        return first.codes != second.codes
    if first.formula and second.formula:
        return False
    assert first.low is not None
    assert second.low is not None
    return first.low != second.low and abs(first.low - second.low) >= one[0].half + two[0].half


def _comparable(one: list[_Figure], two: list[_Figure], norms: set[URIRef]) -> bool:
    """Return whether nothing that both sides state contradicts.

    A norm group is people without the problem: a figure against one is compared only where both sides say so.
    """
    first, second = one[0], two[0]
    if first.within or second.within:
        return bool({f.finding.iri for f in one} & {f.finding.iri for f in two})
    return one_contrast((*first.arms, first.occasion, first.measure), (*second.arms, second.occasion, second.measure), norms)


def one_contrast(first: tuple[URIRef | None, ...], second: tuple[URIRef | None, ...], norms: set[URIRef]) -> bool:
    """Return whether two may be of one contrast, each told as (treatment arm, comparator arm, occasion, measure), None if not stated."""
    if any(a is not None and b is not None and a != b for a, b in zip(first, second, strict=True)):
        return False
    return first[1] == second[1] or not {first[1], second[1]} & norms


def of_other_people(first: Collection[URIRef], second: Collection[URIRef]) -> bool:
    """Return whether two figures are of other people: both state their analysis sets, and they share none."""
    return bool(first and second and not set(first) & set(second))


def _difference_of_figures(known: Findings, one: list[_Figure], two: list[_Figure]) -> Difference:
    both = [*one, *two]
    values = merged(figure.value for figure in both)
    gap = gap_between(*values)
    of_contrast = one[0].key in ((POINT,), (EV.improvementIndex,))
    return Difference(
        kind=KIND["value"],
        subject=(*sorted({study for figure in both for study in figure.finding.all(EV.findingOf)}), one[0].outcome),
        values=values,
        comparisons=all_compared(values, [(values[0], values[1])]),
        settled_by=_table(known, both),
        policy=known.base.policy,
        unit=_unit_of(one[0].key) if gap is not None else None,
        cause="analysis-set" if of_other_people(one[0].sets, two[0].sets) else None,
        not_stated=_left_open(both),
        checks=tuple(sorted(set(_checks(known, one, two)), key=repr)) if of_contrast else (),
        group_sizes=tuple(sorted({sizes for figure in both for sizes in _sizes(known, figure)}, key=repr)) if of_contrast else (),
    )


def _unit_of(key: tuple[URIRef, ...]) -> URIRef:
    return PERCENT if key[0] == EV.ArmResult else key[0]


def _left_open(figures: Iterable[_Figure]) -> tuple[NotStated, ...]:
    found = {NotStated(f.finding.iri, prop) for f in figures for prop in OPEN if not f.finding.all(prop)}
    return tuple(sorted(found, key=lambda missing: (missing.record, missing.what)))


def _table(known: Findings, figures: Iterable[_Figure]) -> str:
    """Return where the figures would be found: in the publications that print them, else in those that report the trial."""
    figures = list(figures)
    printing = {paper for figure in figures for paper in figure.finding.all(EV.publishedIn)}
    if printing:
        return f"the table of {known.base.labels(printing)}"
    studies = set().union(*(known.members[figure.trial] for figure in figures))
    papers = known.base.reports(studies)
    return f"a table in one of: {known.base.labels(papers)}" if papers else "a report of the trial; none is known here"


def _checks(known: Findings, one: list[_Figure], two: list[_Figure]) -> Iterator[Check]:
    """Yield which printed difference and which printed index follow from the percentages of the other side; of other people none can."""
    pairs = [(a, b) for a in one for b in two]
    for figure, other in [*pairs, *((b, a) for a, b in pairs)]:
        contrast = known.contrast(other.finding)
        if contrast is None:
            continue
        treated, compared = contrast
        value, index = figure.finding.number(EV.value), figure.finding.number(EV.improvementIndex)
        shown = f"{treated.printed} and {compared.printed} percent"
        apart = of_other_people(figure.sets, other.sets)
        if value is not None and figure.finding.one(EV.unit) == POINT:
            printed = figure.finding.text(EV.printedAs) or written(value)
            sign = "-" if value < 0 else ""
            fits = reproduces_points(treated.printed, compared.printed, f"{sign}{digits(figure.finding, value)}")
            yield Check(figure.finding.iri, printed, POINT, other.finding.iri, shown, None if apart else fits)
        if index is not None:
            better, worse = (compared, treated) if figure.outcome in known.lowered else (treated, compared)
            follows = reproduces_index(better.printed, worse.printed, str(int(index)))
            if follows is not None:
                shown_index = f"{int(index):+d}"
                yield Check(figure.finding.iri, shown_index, EV.improvementIndex, other.finding.iri, shown, None if apart else follows)


def _sizes(known: Findings, figure: _Figure) -> Iterator[GroupSizes]:
    """Yield which numbers of people fit the figures that a graph prints for the trial, the occasion and the analysis set."""
    largest = known.samples.get(figure.trial)
    if largest is None:
        return
    alike = known.together[figure.place].values()
    if contrast := known.contrast(figure.finding):
        for share in contrast:
            every = (s for finding in alike for s in known.shares(finding) if (s.arm, s.occasion) == (share.arm, share.occasion))
            figures = tuple(sorted({s.printed for s in every}))
            yield GroupSizes(figure.finding.graph, share.arm, figures, largest, tuple(group_sizes(figures, largest)))
    elif figure.finding.one(EV.unit) == POINT:
        yield from sizes_of_points(figure.finding, alike, largest)


def sizes_of_points(finding: Record, alike: Iterable[Record], largest: int) -> Iterator[GroupSizes]:
    """Yield the sizes of the treatment arm behind differences in points, where the comparator may have had 0 percent.

    With 0 percent in the comparator the effect size has no bound and the index is at its limit; another index excludes it.
    """
    index, value = finding.number(EV.improvementIndex), finding.number(EV.value)
    if index is None or value is None:
        return
    arm = finding.one(EV.treatmentArm)
    if abs(index) < INDEX_AT_LIMIT:
        words = f"nothing: an improvement index of {int(index):+d} excludes 0 percent in the comparator"
        yield GroupSizes(finding.graph, arm, (digits(finding, value),), largest, (), words)
        return
    figures = tuple(sorted({digits(other, points) for other, points in at_limit(finding, alike)}))
    sizes = tuple(sizes_with_empty_comparator(figures, largest))
    yield GroupSizes(finding.graph, arm, figures, largest, sizes, f"0 percent in the comparator, as an index of {int(index):+d} allows")


def at_limit(finding: Record, alike: Iterable[Record]) -> Iterator[tuple[Record, Fraction]]:
    """Yield the findings on the same contrast whose index is at its limit, each with its points."""
    contrast = (EV.treatmentArm, EV.comparatorArm, EV.atTimepoint)
    for other in alike:
        points, index = other.number(EV.value), other.number(EV.improvementIndex)
        same = other.one(EV.unit) == POINT and all(other.all(prop) == finding.all(prop) for prop in contrast)
        if same and points is not None and index is not None and abs(index) == INDEX_AT_LIMIT:
            yield other, points
