"""The own part of the page of a finding: what is printed, what is calculated here from it, and what is left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite

from rdflib import URIRef

from wherefrom.arithmetic import Range, percentage_points
from wherefrom.checks import Calculated, Check, Figure, Printed, Rule, checked, printed
from wherefrom.discrepancies import discrepancies_of_findings
from wherefrom.discrepancies.figures import PERCENT
from wherefrom.pages.asking import Asking
from wherefrom.pages.disagreement import Disagreement, disagreement
from wherefrom.pages.excerpts import Excerpt, stated_at
from wherefrom.pages.figures import figure, figures, findings, own_figures
from wherefrom.pages.said import Said, Table, table
from wherefrom.pages.shown import Group, Shown
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV, SCHEMES
from wherefrom.words import plural

CONTRAST = (
    EV.outcome, EV.treatmentArm, EV.comparatorArm, EV.atTimepoint, EV.measuredWith, EV.assessment, EV.analysisSet, EV.direction,
    EV.significance, EV.findingOf, EV.publishedIn,
)  # fmt: skip
DIFFERENCE = Rule(
    "difference-of-the-arms",
    "The percentage of the treatment arm less that of the comparator arm, within their rounding.",
    "p1 - p2",
    "Cochrane Handbook for Systematic Reviews of Interventions 6.5, section 6.4.1",
)
OPEN = "cannot be checked"
UNITS = f"{SCHEMES}/unit/"
SHARED = (EV.outcome, EV.findingOf)  # what findings on one contrast have in common anyway


@dataclass(frozen=True)
class Line:
    """A figure that is calculated here: what it is, the figures it follows from (of whom, which), and what follows.

    `verdict` tells whether a printed figure follows, `why` what that takes for granted, or why it cannot be told.
    """

    what: str
    printed: str
    inputs: tuple[tuple[str, tuple[Shown, ...]], ...]
    follows: tuple[str, ...]
    verdict: str
    why: str


@dataclass(frozen=True)
class Formula:
    """How figures are calculated here, in words and symbols, and where that is from."""

    what: str
    words: str
    symbols: str
    source: str


@dataclass(frozen=True)
class Finding:
    """What is particular to a finding; `difference` tells whether a figure of the contrast itself is printed, not only of its arms."""

    printed: tuple[str, ...]
    difference: bool
    arms: Table | None
    facts: tuple[Group, ...]
    excerpts: tuple[Excerpt, ...]
    lines: tuple[Line, ...]
    unchecked: tuple[Line, ...]
    formulas: tuple[Formula, ...]
    others: Table | None
    disagreements: tuple[Disagreement, ...]
    curated: tuple[Shown, ...]
    claims: tuple[Shown, ...]


def finding(asking: Asking) -> Finding | None:
    """Return the own part of the page of a finding; None for what is called so and is none."""
    thing, said = asking.thing, Said(asking.store, asking.base, [asking.thing])
    if not said.things(thing, EV.findingOf):
        return None
    known = printed(asking.store, "stated", (thing,))
    said.read(said.things(thing, EV.hasArmResult))
    others = [other.iri for other in known.on_one_contrast(known.findings[thing])[1:]] if thing in known.findings else []
    curated = rows(asking.store, "curated_discrepancies", {"record": [thing]})
    found = [*_difference(known, thing), *checked(known, (thing,)).checks] if thing in known.findings else []
    calculated = [check for check in found if check.verdict != OPEN]
    rules = {check.rule.name: check.rule for check in calculated}
    resting = rows(asking.store, "statements", {"value": [thing], "property": [EV.restsOn]})
    return Finding(
        printed=tuple(one.text for one in figures(said, thing)),
        difference=bool(own_figures(said, thing)),
        arms=_arms(said, thing),
        facts=tuple(said.facts(thing, *CONTRAST)),
        excerpts=tuple(stated_at(asking, said, thing)),
        lines=tuple(_line(said, check) for check in calculated),
        unchecked=tuple(_line(said, check) for check in found if check.verdict == OPEN),
        formulas=tuple(Formula(_spaced(rule), rule.words, rule.symbols, rule.source) for rule in rules.values()),
        others=findings(said, others, "Other findings on the same contrast, as far as is stated", SHARED),
        disagreements=tuple(disagreement(said, one) for one in discrepancies_of_findings(known, [thing])),
        curated=tuple(said.all_named(as_iri(row["discrepancy"]) for row in curated)),
        claims=tuple(said.all_named(as_iri(row["thing"]) for row in resting)),
    )


def _arms(said: Said, thing: URIRef) -> Table | None:
    """Return the figures of arms as printed, with how many people there were."""
    results = said.things(thing, EV.hasArmResult)
    results.sort(key=lambda one: (said.text(one, EV.atTimepoint), said.text(one, EV.arm)))
    return table(
        "Figures of each arm, as printed",
        [
            (said.called(EV.arm), [said.shown(one, EV.arm) for one in results]),
            (said.called(EV.atTimepoint), [said.shown(one, EV.atTimepoint) for one in results]),
            (said.called(EV.printedAs), [[Shown(figure(said, one))] for one in results]),
            (said.called(EV.n), [said.shown(one, EV.n) for one in results]),
        ],
    )


# What follows from printed figures


def _difference(known: Printed, thing: URIRef) -> Iterator[Check]:
    """Yield the difference of the two arms, where the finding prints the figures of both."""
    if contrast := known.own_contrast(known.findings[thing]):
        between = Calculated("percentage points", percentage_points(*contrast.shares))
        yield Check(DIFFERENCE, thing, None, (contrast.treatment, contrast.comparator), "calculated", (between,))


def _line(said: Said, check: Check) -> Line:
    said.names.learn(one.record for one in check.inputs)
    inputs: dict[str, dict[Shown, None]] = {}
    for one in check.inputs:
        figure = Shown(_worded(said, one), said.name(one.record).href)
        inputs.setdefault(said.called(one.arm or one.graph), {})[figure] = None
    return Line(
        what=_spaced(check.rule),
        printed=_worded(said, check.figure) if check.figure else "",
        inputs=tuple((whose, tuple(found)) for whose, found in inputs.items()),
        follows=tuple(_calculated(one) for one in check.calculated),
        verdict=check.verdict,
        why="; ".join([check.why or "", *(f"{said.called(prop)} not stated" for prop in check.not_stated)]).removeprefix("; "),
    )


def _spaced(rule: Rule) -> str:
    return rule.name.replace("-", " ")


def _worded(said: Said, figure: Figure) -> str:
    name = said.called(figure.what).lower()
    if not str(figure.what).startswith(UNITS):
        return f"{name} {figure.printed}"
    return f"{figure.printed} {name if figure.what == PERCENT else plural(name)}"


def _calculated(found: Calculated) -> str:
    """Return in words what was calculated."""
    if found.range:
        return f"{found.what}: {_between(found.range)}"
    return f"{found.what}: {whole_numbers(found.numbers) or 'none fits'}"


def _between(found: Range) -> str:
    """Return a range in words.

    >>> _between((2.575829, float("inf"))), _between((58.7, 58.9)), _between((0.5, 0.5))
    ('2.58 or more', '58.7 to 58.9', '0.5')
    """
    low, high = (f"{end:.3g}" if abs(end) < 1 else f"{round(end, 2):.10g}" for end in found)
    if not isfinite(found[1]):
        return f"{low} or more"
    return f"{high} or less" if not isfinite(found[0]) else low if low == high else f"{low} to {high}"


def whole_numbers(numbers: Sequence[int]) -> str:
    """Return ascending whole numbers in words, those that follow each other as a range.

    >>> whole_numbers([28, 56]), whole_numbers([64, 65, *range(96, 99)])
    ('28, 56', '64, 65, 96 to 98')
    """
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
