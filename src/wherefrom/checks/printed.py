"""The figures that findings print, as checks use them: each with the record and the graph it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from rdflib import URIRef

from wherefrom.checks.check import Figure, Told
from wherefrom.discrepancies.differences import code
from wherefrom.discrepancies.figures import PERCENT, POINT, Findings, Share, digits, of_other_people, one_contrast
from wherefrom.discrepancies.reading import Base, Record
from wherefrom.vocabulary import EV

RELATIVE_RISK, ODDS_RATIO = code("statistic/relative-risk"), code("statistic/odds-ratio")
RATIOS = {RELATIVE_RISK, ODDS_RATIO}
EFFECT_SIZES = {code("statistic/standardised-mean-difference"), code("statistic/hedges-g")}


@dataclass(frozen=True)
class Contrast:
    """The percentages of the two arms of a contrast, as a finding prints them; `people` where it prints how many there were."""

    finding: URIRef
    treatment: Figure
    comparator: Figure
    people: tuple[Figure, Figure] | None

    @property
    def shares(self) -> tuple[str, str]:
        """Return the percentages as printed."""
        return self.treatment.printed, self.comparator.printed

    @property
    def sizes(self) -> tuple[int, int] | None:
        """Return the number of people in each arm."""
        return None if self.people is None else (int(self.people[0].printed), int(self.people[1].printed))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return all figures, those of the treatment arm first."""
        return (self.treatment, self.comparator, *(self.people or ()))


class Printed(Findings):
    """All findings under a policy, and the figures that they print."""

    def __init__(self, base: Base) -> None:
        super().__init__(base)
        self._alike: dict[tuple[URIRef, URIRef], list[Record]] = {}
        for finding in self.findings.values():
            for place in self._places(finding):
                self._alike.setdefault(place, []).append(finding)
        self._samples: dict[URIRef, list[Figure]] = {}
        for told in base.records(EV.Population, EV.populationOf, EV.sampleSize, EV.printedAs).values():
            size = told.number(EV.sampleSize)
            for study in told.all(EV.populationOf) if size is not None else ():
                found = self._samples.setdefault(self.trials.get(study, study), [])
                found.append(Figure(told.iri, told.graph, EV.sampleSize, str(size)))

    def _places(self, finding: Record) -> list[tuple[URIRef, URIRef]]:
        return [(self.trials[study], outcome) for study in finding.all(EV.findingOf) for outcome in finding.all(EV.outcome)]

    def trial(self, finding: Record) -> URIRef | None:
        """Return the trial that a finding is of: the first of the studies that share its sample."""
        study = finding.one(EV.findingOf)
        return None if study is None else self.trials[study]

    def samples_of(self, finding: Record) -> list[Figure]:
        """Return the sizes that sources print of the sample of the trial."""
        trial = self.trial(finding)
        return [] if trial is None else self._samples.get(trial, [])

    def on_one_contrast(self, finding: Record) -> list[Record]:
        """Return the finding, then those of the trial and outcome of which nothing stated says that they are of another contrast.

        A contrast is told by its arms, occasion and measure; whether the same people were counted is asked of `of_other_people`.
        """
        told = self._told(finding)
        others = {other.iri: other for place in self._places(finding) for other in self._alike[place]}
        return [finding, *(o for o in others.values() if o.iri != finding.iri and one_contrast(told, self._told(o), self.norms))]

    def _told(self, finding: Record) -> tuple[URIRef | None, ...]:
        arms = finding.one(EV.treatmentArm), finding.one(EV.comparatorArm)
        return (*arms, self.occasion(finding), finding.one(EV.measuredWith))

    def contrast_told(self, finding: Record) -> Told:
        """Return what a finding says of its contrast: trial, outcomes, arms, occasion, measure."""
        return (self.trial(finding), finding.all(EV.outcome), *self._told(finding))

    def of_other_people(self, finding: Record, other: URIRef) -> str | None:
        """Return why figures of two findings are of other people: both state their analysis sets, and they share none."""
        mine, theirs = finding.all(EV.analysisSet), self.findings[other].all(EV.analysisSet)
        if not of_other_people(mine, theirs):
            return None
        return f"different analysis sets, so not the same people: {self._called(mine)} against {self._called(theirs)}"

    def people_open(self, finding: Record, other: URIRef) -> str | None:
        """Return what figures of two findings leave open: whether they are of the same people, where one states no analysis set."""
        silent = {record.graph for record in (finding, self.findings[other]) if not record.all(EV.analysisSet)}
        if finding.iri == other or not silent:
            return None
        return f"the analysis set is not stated by {' or by '.join(self._called([graph]) for graph in sorted(silent))}"

    def _called(self, things: Iterable[URIRef]) -> str:
        return " and ".join(self.base.labels([thing]) for thing in things)

    def contrasts(self, finding: Record) -> Iterator[Contrast]:
        """Yield the percentages of the arms of the contrast: those that the finding prints first, then those of other records."""
        for other in self.on_one_contrast(finding):
            if own := self.own_contrast(other):
                yield own

    def own_contrast(self, finding: Record) -> Contrast | None:
        """Return the percentages of the arms of the contrast that the finding itself prints."""
        pair = self.contrast(finding)
        if pair is None:
            return None
        treatment, comparator = pair
        treated, compared = self.people(treatment), self.people(comparator)
        people = None if treated is None or compared is None else (treated, compared)
        return Contrast(finding.iri, self.share(treatment), self.share(comparator), people)

    def share(self, share: Share) -> Figure:
        """Return the percentage of an arm as a figure."""
        return Figure(share.result, self.results[share.result].graph, PERCENT, share.printed, share.arm)

    def people(self, share: Share) -> Figure | None:
        """Return how many people were behind a percentage, where at least one is printed."""
        record = self.results[share.result]
        people = record.number(EV.n)
        return Figure(share.result, record.graph, EV.n, str(people), share.arm) if people else None

    def is_lowered(self, finding: Record) -> bool:
        """Return whether less of the outcome is better."""
        return bool(self.lowered & set(finding.all(EV.outcome)))


def number(finding: Record, prop: URIRef, what: URIRef | None = None) -> Figure | None:
    """Return the number that a property of a finding says, in its printed form and with the sign that the value has."""
    value = finding.number(prop)
    return None if value is None else Figure(finding.iri, finding.graph, what or prop, _signed(finding, value))


def _signed(finding: Record, value: Fraction) -> str:
    return f"{'-' if value < 0 else ''}{digits(finding, value)}"


def points(finding: Record) -> Figure | None:
    """Return the difference in percentage points that a finding prints."""
    return number(finding, EV.value, POINT) if finding.one(EV.unit) == POINT else None


def statistic(finding: Record, kinds: set[URIRef]) -> Figure | None:
    """Return the figure that a finding prints, where it is one of these kinds of statistic."""
    kind = finding.one(EV.statistic)
    return number(finding, EV.value, kind) if kind in kinds else None


def index(finding: Record) -> Figure | None:
    """Return the improvement index that a finding prints."""
    value = finding.number(EV.improvementIndex)
    return None if value is None else Figure(finding.iri, finding.graph, EV.improvementIndex, f"{int(value):+d}")
