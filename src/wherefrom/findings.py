"""The figures of findings side by side: what is printed, what follows from it here, and how many trials the rows are.

A figure belongs to a panel, whose figures are of one unit and one statistic, as only these can stand on one axis. No average is drawn:
rows of one trial tell of the same people, and whether rows of several trials may be averaged is for a systematic review to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any, Literal

from rdflib import URIRef

from wherefrom.answers import Answer, curated_discrepancies
from wherefrom.arithmetic import reproduces_points
from wherefrom.checks.printed import RATIOS, Contrast, Printed, number
from wherefrom.checks.significance import INTERVAL, USUAL_LEVEL, of_significance
from wherefrom.discrepancies import Difference, difference_answer, names_of
from wherefrom.discrepancies.figures import POINT, of_findings
from wherefrom.discrepancies.reading import Base, Record, labels, written
from wherefrom.hierarchy import narrower
from wherefrom.lineage import POLICIES, Policy, check_known
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, shorten
from wherefrom.words import plural

PARTS = (  # of a row: what it is called in the answer, the property
    ("outcomes", EV.outcome), ("treatmentArms", EV.treatmentArm), ("comparatorArms", EV.comparatorArm),
    ("timepoints", EV.atTimepoint), ("measures", EV.measuredWith), ("analysisSets", EV.analysisSet), ("papers", EV.publishedIn),
)  # fmt: skip
SAID = (("direction", EV.direction), ("significance", EV.significance))
OPEN = (EV.comparatorArm, EV.atTimepoint, EV.measuredWith, EV.analysisSet, EV.significance, EV.publishedIn)  # told where not stated
SIDES = (
    "less of it in the treatment arm",
    "more of it in the treatment arm",
)  # of no difference of points and ratios; others may be turned round
NOT_STATED = "/not-stated"  # how the code ends that says that nothing is said
Basis = Literal["printed", "calculated"]
READING = (
    "A figure is printed by the source, or calculated here from the percentages that it prints of the arms, and then says so.",
    "An interval is printed, or calculated here where the source prints percentages and numbers of people, or there is none.",
    "No average is calculated: rows of one trial tell of the same people.",
)


@dataclass(frozen=True)
class Estimate:
    """A figure of a contrast on its scale, with its ends where there is an interval; `formula` where it is calculated here.

    `printed` is what the source prints, with the sign that the value has; percentages where it prints no more than these.
    """

    value: float
    printed: str
    unit: URIRef | None
    statistic: URIRef | None
    formula: str | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    interval: Basis | None = None

    @property
    def panel(self) -> tuple[URIRef | None, ...]:
        """Return what figures share that may stand on one axis: points are one whatever they are the points of."""
        return (POINT,) if self.unit == POINT else (self.unit, self.statistic)

    @property
    def ratio(self) -> bool:
        """Return whether the figure is a ratio: no difference is 1, and its scale is that of logarithms."""
        return self.statistic in RATIOS


def estimate(known: Printed, finding: Record) -> Estimate | None:
    """Return the figure of a finding: the one it prints, else the difference of the percentages that it prints of the two arms.

    An interval is calculated only of a difference of proportions that is, within rounding, that of the percentages.
    """
    pair = known.own_contrast(finding)
    value = number(finding, EV.value)
    if value is not None:
        unit, statistic = finding.one(EV.unit), finding.one(EV.statistic)
        ends = _printed_interval(finding)
        if not any(ends.values()) and unit == POINT and pair and reproduces_points(*pair.shares, value.printed):
            ends = _calculated_interval(known, finding)
        return Estimate(float(value.printed), value.printed, unit, statistic, **ends)
    if pair is None:
        return None
    points, formula = _difference(pair)
    printed = " % and ".join(pair.shares) + " %"
    return Estimate(points, printed, POINT, finding.one(EV.statistic), formula, **_calculated_interval(known, finding))


def _difference(pair: Contrast) -> tuple[float, str]:
    treated, compared = pair.shares
    points = Fraction(treated) - Fraction(compared)
    return float(points), f"{treated} - {compared} = {written(points)}"


def _printed_interval(finding: Record) -> dict[str, Any]:
    low, high, level = (finding.number(prop) for prop in (EV.lowerBound, EV.upperBound, EV.confidenceLevel))
    if low is None or high is None or low > high:
        return {}
    return {"low": float(low), "high": float(high), "level": None if level is None else float(level), "interval": "printed"}


def _calculated_interval(known: Printed, finding: Record) -> dict[str, Any]:
    """Return the interval that `checks` calculates where the source prints none and numbers of people: Newcombe's."""
    for check in of_significance(known, finding):
        if check.rule is INTERVAL and check.verdict == "calculated":
            low, high = next(c.range for c in check.calculated if c.what == "interval from score intervals" and c.range)
            return {"low": round(low, 6), "high": round(high, 6), "level": USUAL_LEVEL, "interval": "calculated"}
    return {}


def findings_answer(
    store: Store, base: str, policy: Policy = "stated", study: URIRef | None = None, outcome: URIRef | None = None,
    source: URIRef | None = None,
) -> Answer:  # fmt: skip
    """Return the findings of a trial, on an outcome or a narrower one, of a source; those that are asked for at once meet all.

    `panels` hold the figures that can stand on one axis, `withoutFigure` names the findings of which only words are printed.
    `choices` are what there are findings of. Raises `BadParameter` for an unknown policy or a thing of another kind, `UnknownResource`
    for what is unknown.
    """
    if policy not in POLICIES:
        raise BadParameter(f"policy is one of {', '.join(POLICIES)}, not {policy!r}.")
    known = Printed(Base(store, policy))
    telling = _Telling(known, base)
    wanted = [kept for kept in (_of_study(known, study), _on_outcome(known, outcome), telling.of_source(source)) if kept is not None]
    chosen = [finding for iri, finding in known.findings.items() if all(iri in kept for kept in wanted)]
    estimates = {finding.iri: found for finding in chosen if (found := estimate(known, finding))}
    shown = [telling.row(finding, estimates.get(finding.iri)) for finding in chosen]
    apart = telling.apart(chosen)
    return {
        "policy": policy,
        "asked": {name: telling.thing(iri) if iri else None for name, iri in (("study", study), ("outcome", outcome), ("source", source))},
        "reading": list(READING),
        "count": len(chosen),
        "trials": _trials(known, chosen),
        "drawn": {"count": len(estimates), "trials": _trials(known, [finding for finding in chosen if finding.iri in estimates])},
        "choices": telling.choices(),
        "panels": telling.panels(chosen, estimates, apart),
        "withoutFigure": [row["id"] for row in shown if row["figure"] is None],
        "findings": shown,
        "discrepancies": [told for _, told in apart],
    }


def _of_study(known: Printed, study: URIRef | None) -> set[URIRef] | None:
    """Return the findings of the trial of a study; None where none is asked for."""
    if study is None:
        return None
    _check_kind(known.base.store, study, EV.Study, "study")
    trial = known.trials.get(study, study)
    return {iri for iri, finding in known.findings.items() if any(known.trials[one] == trial for one in finding.all(EV.findingOf))}


def _on_outcome(known: Printed, outcome: URIRef | None) -> set[URIRef] | None:
    """Return the findings on an outcome or a narrower one."""
    if outcome is None:
        return None
    _check_kind(known.base.store, outcome, EV.Outcome, "outcome")
    meant = narrower(known.base.store, [outcome])[outcome]
    return {iri for iri, finding in known.findings.items() if meant & set(finding.all(EV.outcome))}


def _check_kind(store: Store, thing: URIRef, kind: URIRef, name: str) -> None:
    check_known(store, [thing])
    if not any(rows(store, "kinds", {"thing": [thing], "class": [kind]})):
        raise BadParameter(f"{name} names what is no {name}: <{thing}>.")


def _told(finding: Record, prop: URIRef) -> list[URIRef]:
    """Return what a finding says by a property, that it does not apply among it; what is not stated is nothing."""
    return [URIRef(value) for value in finding.said.get(prop, ()) if not value.endswith(NOT_STATED)]


def _trials(known: Printed, findings: Iterable[Record]) -> int:
    return len({trial for finding in findings if (trial := known.trial(finding))})


def average(rows: int, trials: int) -> str:
    """Return in words why no average of rows is drawn.

    >>> average(5, 1)
    'These 5 rows are one trial: no average is drawn.'
    >>> average(5, 2)
    'These 5 rows are 2 trials, so that some tell of the same people: no average is drawn.'
    """
    if rows == 1:
        return "One row: there is nothing to average."
    if trials < rows:
        told = "one trial" if trials == 1 else f"{trials} trials, so that some tell of the same people"
        return f"These {rows} rows are {told}: no average is drawn."
    return f"These {rows} rows are {trials} trials. No average is drawn: whether they may be averaged is for a systematic review to say."


class _Telling:
    """What is told of findings, with the names of all that they speak of."""

    def __init__(self, known: Printed, base: str) -> None:
        self.known, self.base, self.store = known, base, known.base.store
        self.speakers: dict[URIRef, set[URIRef]] = {}
        graphs = sorted({finding.graph for finding in known.findings.values()})
        for row in rows(self.store, "speakers", {"ground": graphs}) if graphs else ():
            self.speakers.setdefault(as_iri(row["ground"]), set()).add(as_iri(row["thing"]))
        spoken = {value for finding in known.findings.values() for prop in finding.said for value in finding.said[prop]}
        things = {value for value in spoken if isinstance(value, URIRef)} | set(known.findings) | set(graphs)
        self.names = labels(self.store, things.union(OPEN, (EV.n,), *self.speakers.values()))

    def thing(self, iri: URIRef) -> dict[str, str]:
        """Return a thing by its name, IRI and label."""
        name = shorten(iri, self.base)
        return {"id": name, "iri": str(iri), "label": self.names.get(iri, name)}

    def things(self, found: Iterable[URIRef]) -> list[dict[str, str]]:
        """Return things in the order of their labels."""
        return sorted(map(self.thing, set(found)), key=lambda one: (one["label"].lower(), one["id"]))

    def sources(self, finding: Record) -> set[URIRef]:
        """Return who says a finding: those who speak in its edition, else the edition."""
        return self.speakers.get(finding.graph, {finding.graph})

    def of_source(self, source: URIRef | None) -> set[URIRef] | None:
        """Return the findings of a source; None where none is asked for."""
        if source is None:
            return None
        _check_kind(self.store, source, EV.SourcePublisher, "source")
        return {iri for iri, finding in self.known.findings.items() if source in self.sources(finding)}

    def choices(self) -> dict[str, list[dict[str, str]]]:
        """Return the studies, outcomes and sources of which there are findings."""
        found = self.known.findings.values()
        return {
            "study": self.things(study for finding in found for study in finding.all(EV.findingOf)),
            "outcome": self.things(outcome for finding in found for outcome in finding.all(EV.outcome)),
            "source": self.things(source for finding in found for source in self.sources(finding) if source != finding.graph),
        }

    def row(self, finding: Record, found: Estimate | None) -> Answer:
        """Return a finding with all that its source says of it, what is calculated of it, and what is not stated."""
        index, treated = finding.number(EV.improvementIndex), finding.all(EV.treatmentArm)
        return {
            **self.thing(finding.iri),
            "studies": self.things(finding.all(EV.findingOf)),
            "sources": self.things(self.sources(finding)),
            "edition": self.thing(finding.graph),
            **{name: self.things(_told(finding, prop)) for name, prop in (*PARTS, *SAID)},
            "figure": None if found is None else self._figure(found),
            "percentages": [self._share(share) for share in sorted(self.known.shares(finding), key=lambda one: one.arm not in treated)],
            "improvementIndex": None if index is None else f"{int(index):+d}",
            "notStated": [self.thing(prop) for prop in self._open(finding)],
        }

    def _figure(self, found: Estimate) -> Answer:
        return {
            "value": found.value,
            "printed": found.printed,
            "unit": None if found.unit is None else self.thing(found.unit),
            "statistic": None if found.statistic is None else self.thing(found.statistic),
            "basis": "printed" if found.formula is None else "calculated",
            "formula": found.formula,
            "low": found.low,
            "high": found.high,
            "level": found.level,
            "interval": found.interval,
            "intervalFormula": INTERVAL.symbols.split(", or ")[0] if found.interval == "calculated" else None,
            "intervalSource": INTERVAL.source.split(";")[0] if found.interval == "calculated" else None,
        }

    def _share(self, share: Any) -> Answer:
        people = self.known.people(share)
        return {
            "arm": self.thing(share.arm),
            "timepoint": self.thing(share.occasion) if share.occasion else None,
            "printed": share.printed,
            "people": None if people is None else int(people.printed),
        }

    def _open(self, finding: Record) -> Iterator[URIRef]:
        """Yield what a finding leaves open of what a reader asks."""
        for prop in OPEN:
            if not _told(finding, prop):
                yield prop
        if any(self.known.people(share) is None for share in self.known.shares(finding)):
            yield EV.n

    def apart(self, chosen: Sequence[Record]) -> list[tuple[Difference, Answer]]:
        """Return the differences of two of the findings, each with what is told of it."""
        asked = {finding.iri for finding in chosen}
        found = [one for one in of_findings(self.known) if asked.issuperset(one.records)]
        named = names_of(self.store, found)
        curated, _ = curated_discrepancies(self.store, self.base)
        told = []
        for one in found:
            answer = difference_answer(one, named, self.base)
            records = {record["id"] for record in answer["records"]}
            told.append((one, {**answer, "curated": sorted(name for name, met in curated.items() if len(met & records) > 1)}))
        return told

    def panels(
        self, chosen: Sequence[Record], estimates: Mapping[URIRef, Estimate], apart: Sequence[tuple[Difference, Answer]]
    ) -> list[Answer]:
        """Return the panels, the one with most rows first, each with its rows by trial and outcome."""
        by_panel: dict[tuple[URIRef | None, ...], list[Record]] = {}
        for finding in chosen:
            if finding.iri in estimates:
                by_panel.setdefault(estimates[finding.iri].panel, []).append(finding)
        panels = [self._panel(members, estimates, apart) for members in by_panel.values()]
        return sorted(panels, key=lambda panel: (-panel["rows"], panel["title"]))

    def _panel(self, members: Sequence[Record], estimates: Mapping[URIRef, Estimate], apart: Sequence[tuple[Difference, Answer]]) -> Answer:
        first, trials = estimates[members[0].iri], _trials(self.known, members)
        groups: dict[tuple[URIRef | None, tuple[URIRef, ...]], list[Record]] = {}
        for finding in members:
            groups.setdefault((self.known.trial(finding), finding.all(EV.outcome)), []).append(finding)
        here = {finding.iri for finding in members}
        told = [(one, answer) for one, answer in apart if one.unit == first.panel[0] is not None and here.issuperset(one.records)]
        return {
            "title": self._title(first),
            "unit": None if first.unit is None else self.thing(first.unit),
            "scale": "log" if first.ratio else "linear",
            "sides": list(SIDES) if first.ratio or first.unit == POINT else None,
            "noDifference": 1.0 if first.ratio else 0.0,
            "rows": len(members),
            "trials": trials,
            "average": {"drawn": False, "why": average(len(members), trials)},
            "groups": sorted(
                (self._group(*key, found, told) for key, found in groups.items()),
                key=lambda group: (group["trial"].lower(), group["title"].lower(), group["rows"]),
            ),
        }

    def _group(
        self, trial: URIRef | None, outcomes: Sequence[URIRef], found: Sequence[Record], apart: Iterable[tuple[Difference, Answer]]
    ) -> Answer:
        members = {finding.iri for finding in found}
        studies = self.things(study for finding in found for study in finding.all(EV.findingOf))
        order = sorted(
            found, key=lambda one: ([source["label"] for source in self.things(self.sources(one))], self.thing(one.iri)["label"])
        )
        return {
            "title": ", ".join(one["label"] for one in self.things(outcomes)) or "Outcome not told",
            "trial": ", ".join(one["label"] for one in studies) if trial else "Study not told",
            "studies": studies,
            "outcomes": self.things(outcomes),
            "rows": [shorten(finding.iri, self.base) for finding in order],
            "apart": [answer["id"] for one, answer in apart if members.issuperset(one.records)],
        }

    def _title(self, first: Estimate) -> str:
        """Return what stands on an axis, in words."""
        unit = plural(self.names.get(first.unit, shorten(first.unit, self.base))) if first.unit else ""
        if first.unit == POINT:
            return f"Difference in {unit.lower()}"
        statistic = self.names.get(first.statistic, shorten(first.statistic, self.base)) if first.statistic else ""
        return ", ".join(filter(None, (statistic, unit.lower() if statistic else unit))) or "Figures without a unit"


def ends(found: Answer) -> tuple[float, float]:
    """Return the lowest and highest number that a figure of the answer takes on its axis."""
    return (
        (found["value"], found["value"])
        if found["low"] is None
        else (min(found["low"], found["value"]), max(found["high"], found["value"]))
    )


def drawable(found: Answer | None, scale: str) -> bool:
    """Return whether a figure can stand on its axis: a ratio of 0 or less has no logarithm, and nothing infinite has a place."""
    if found is None:
        return False
    low, high = ends(found)
    return -inf < low and high < inf and (scale == "linear" or low > 0)


def shown(number: float) -> str:
    """Return a number as one would print it, with a true minus.

    >>> shown(-34.5), shown(40.0)
    ('−34.5', '40')
    """
    return f"{number:.10g}".replace("-", "−")


def told(found: Answer) -> str:
    """Return a figure in words: what it is, where it lies, and what of it is ours.

    >>> figure = {"value": 58.8, "printed": "60.7 % and 1.9 %", "formula": "60.7 - 1.9 = 58.8", "low": None, "interval": None}
    >>> told(figure)
    '58.8 (calculated here: 60.7 − 1.9 = 58.8), no interval is given'
    """
    ours = "" if found["formula"] is None else f" (calculated here: {found['formula'].replace('-', '−')})"
    return f"{shown(found['value'])}{ours}, {interval_told(found)}"


def interval_told(found: Answer) -> str:
    """Return the interval of a figure in words; one that is calculated, in points, is told to one place."""
    if found["interval"] is None:
        return "no interval is given"
    level = "level not stated" if found["level"] is None else f"{found['level']:g} %"
    words = "calculated here" if found["interval"] == "calculated" else "printed"
    low, high = (round(end, 1) if found["interval"] == "calculated" else end for end in (found["low"], found["high"]))
    return f"{shown(low)} to {shown(high)} ({level}, {words})"


def contrast_told(row: Answer) -> str:
    """Return in words who is compared with whom, and when."""
    treatment, comparator = named(row["treatmentArms"]) or "arm not stated", named(row["comparatorArms"]) or "comparator not stated"
    return f"{treatment}, against {comparator}; {named(row['timepoints']) or 'time point not stated'}"


def apart_told(group: Answer, apart: Mapping[str, Answer]) -> str:
    """Return in words which figures of a group differ by more than rounding, though they are of one trial; nothing where none do.

    `apart` are the discrepancies of the answer by their ids.
    """
    found = [apart[name] for name in group["apart"]]
    numbers = [shown(number) for number in sorted({value["low"] for one in found for value in one["values"]})]
    if not numbers:
        return ""
    widest = max(one["byHowMuch"] for one in found)
    by = f"{'up to ' if len(numbers) > 2 else ''}{shown(widest)} apart"
    return f"One trial, {len(numbers)} figures: {', '.join(numbers[:-1])} and {numbers[-1]}, {by}."


def named(things: Iterable[Mapping[str, str]]) -> str:
    """Return things by their labels, in one line."""
    return ", ".join(thing["label"] for thing in things)
