"""Checks of numbers of people: whole people behind percentages, how many there may have been, arms within the sample."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import URIRef

from wherefrom.arithmetic import LARGEST_SAMPLE, group_sizes, whole_people
from wherefrom.checks.check import Calculated, Check, Figure, Rule, verdict
from wherefrom.checks.printed import Printed, index, points
from wherefrom.discrepancies.figures import Share, at_limit, sizes_of_points
from wherefrom.discrepancies.reading import Record
from wherefrom.vocabulary import EV

GRIM = "Brown and Heathers 2017, The GRIM Test, Social Psychological and Personality Science 8(4):363-369"

WHOLE = Rule(
    "whole-people",
    "A percentage of n people is that of a whole number of them, within rounding.",
    "100 k / n rounds to the percentage, for a whole number k",
    GRIM,
)
SIZES = Rule(
    "group-sizes",
    "All percentages that a source prints of one arm on one occasion are those of whole people of one group, no larger than the sample.",
    "each 100 k / n rounds to its percentage, for one n and whole numbers k",
    GRIM,
)
SIZES_OF_POINTS = Rule(
    "group-sizes-from-points",
    "With 0 percent in the comparator a difference in percentage points is the percentage of the treatment arm, and so of whole people.",
    "each 100 k / n rounds to its points, for one n and whole numbers k",
    GRIM,
)
SAMPLE = Rule(
    "arms-within-sample",
    "The people of the arms on one occasion are no more than the sample; a norm group is not counted among them.",
    "n1 + n2 + ... <= N",
    "CONSORT 2010, items 13 and 16: the numbers randomised and analysed in each group",
)


def of_people(known: Printed, finding: Record) -> Iterator[Check]:
    """Yield the checks of the percentages of arms that a finding prints, and of the people behind them."""
    shares = known.shares(finding)
    for share in shares:
        if people := known.people(share):
            counts = tuple(whole_people(share.printed, int(people.printed)))
            found = (Calculated("people", numbers=counts),)
            yield Check(WHOLE, finding.iri, known.share(share), (people,), verdict(bool(counts)), found)
    without = {(share.arm, share.occasion) for share in shares if known.people(share) is None}
    for arm, occasion in sorted(without, key=repr):
        yield _sizes(known, finding, arm, occasion)
    if known.contrast(finding) is None:
        yield from _sizes_of_points(known, finding)
    yield from _within_sample(known, finding, shares)


def _sizes(known: Printed, finding: Record, arm: URIRef, occasion: URIRef | None) -> Check:
    """Return the group sizes that fit all that the source prints of an arm on an occasion, of the same trial and analysis set."""
    alike = {s.result: s for other in _alike(known, finding) for s in known.shares(other) if (s.arm, s.occasion) == (arm, occasion)}
    figures = tuple(known.share(share) for _, share in sorted(alike.items()) if known.people(share) is None)
    samples = [] if arm in known.norms else known.samples_of(finding)
    largest = _largest(samples)
    sizes = tuple(group_sizes(sorted({figure.printed for figure in figures}), largest))
    why = None if samples else f"up to {largest:,} people were tried, as the size of the sample is not stated"
    inputs, found = (*figures, *samples), (Calculated("group sizes", numbers=sizes),)
    if sizes:
        return Check(SIZES, finding.iri, None, inputs, "calculated", found, why, () if samples else (EV.sampleSize,))
    own = {share.result for share in known.shares(finding)}
    first = next(figure for figure in figures if figure.record in own)
    return Check(SIZES, finding.iri, first, inputs, "does not reproduce", found, why)


def _largest(samples: list[Figure]) -> int:
    return max((int(sample.printed) for sample in samples), default=LARGEST_SAMPLE)


def _alike(known: Printed, finding: Record) -> list[Record]:
    """Return the findings that a graph prints of the same people: the trial and the analysis set are the same."""
    places = [(finding.graph, known.trials[study], finding.all(EV.analysisSet)) for study in finding.all(EV.findingOf)]
    return list({finding.iri: finding, **{iri: other for place in places for iri, other in known.together.get(place, {}).items()}}.values())


def _sizes_of_points(known: Printed, finding: Record) -> Iterator[Check]:
    """Yield the group sizes behind a difference in points, where the index allows for a comparator of 0 percent."""
    samples, alike = known.samples_of(finding), _alike(known, finding)
    for sizes in sizes_of_points(finding, alike, _largest(samples)) if points(finding) else ():
        used = [other for other, _ in at_limit(finding, alike)] if sizes.sizes else [finding]
        inputs = (*(figure for other in used for figure in (points(other), index(other)) if figure), *samples)
        found = (Calculated("group sizes", numbers=sizes.sizes),)
        assuming = sizes.assuming or ""
        if sizes.sizes:
            yield Check(SIZES_OF_POINTS, finding.iri, None, inputs, "calculated", found, f"assuming {assuming}")
        else:
            excluded = assuming.startswith("nothing: ")
            why = assuming.removeprefix("nothing: ") if excluded else f"no group size fits {assuming}"
            yield Check(SIZES_OF_POINTS, finding.iri, None, inputs, "cannot be checked", (), why, (EV.n,))


def _within_sample(known: Printed, finding: Record, shares: list[Share]) -> Iterator[Check]:
    """Yield the people of the arms on each occasion held against each size that is printed of the sample."""
    people: dict[URIRef | None, dict[URIRef, Figure]] = {}
    for share in shares:
        if share.arm not in known.norms and (told := known.people(share)):
            people.setdefault(share.occasion, {})[share.arm] = told
    for _, arms in sorted(people.items(), key=lambda pair: str(pair[0])):
        inputs = tuple(figure for _, figure in sorted(arms.items()))
        total = sum(int(figure.printed) for figure in inputs)
        found = (Calculated("people", numbers=(total,)),)
        samples = known.samples_of(finding)
        for sample in samples:
            yield Check(SAMPLE, finding.iri, sample, inputs, verdict(total <= int(sample.printed)), found)
        if not samples:
            why = "the size of the sample is not stated"
            yield Check(SAMPLE, finding.iri, None, inputs, "cannot be checked", found, why, (EV.sampleSize,))
