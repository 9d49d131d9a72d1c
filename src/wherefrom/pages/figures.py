"""Findings in tables: their figures as printed, in words of the ontology."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rdflib import URIRef

from wherefrom.discrepancies.figures import PERCENT
from wherefrom.discrepancies.reading import UNTOLD
from wherefrom.pages.said import Said, Table, table
from wherefrom.pages.shown import Shown
from wherefrom.vocabulary import EV
from wherefrom.words import plural

COLUMNS = (  # properties that share a column
    (EV.outcome,), (EV.treatmentArm, EV.comparatorArm), (EV.atTimepoint,), (EV.direction, EV.significance), (EV.findingOf,),
    (EV.publishedIn,),
)  # fmt: skip
PRINTED = (EV.pValue, EV.pValueBelow, EV.pValueAbove, EV.improvementIndex)


def findings(said: Said, things: Iterable[URIRef], caption: str, leave_out: Iterable[URIRef] = ()) -> Table | None:
    """Return a table of findings, without columns that `leave_out` names since the page tells them anyway; None where there is none."""
    found = sorted(said.read(things), key=lambda one: (said.text(one, EV.outcome), said.names.of(one)))
    said.read(result for one in found for result in said.things(one, EV.hasArmResult))
    shown = [props for props in COLUMNS if not set(props) & set(leave_out)]
    return table(
        caption,
        [
            (said.called(EV.Finding), [[said.name(one)] for one in found]),
            (said.called(EV.printedAs), [figures(said, one) for one in found]),
            *((_joined(said, props), [_told(said, one, props) for one in found]) for props in shown),
            (said.called(EV.statedAt), [said.editions(one) for one in found]),
        ],
    )


def _joined(said: Said, properties: Iterable[URIRef]) -> str:
    return ", ".join(said.called(prop) for prop in properties)


def _told(said: Said, finding: URIRef, properties: Iterable[URIRef]) -> list[Shown]:
    return [one for prop in properties for one in said.shown(finding, prop) if not one.href.endswith(UNTOLD)]


def figures(said: Said, finding: URIRef) -> list[Shown]:
    """Return the figures that a finding prints: its own, then those of the arms at its time point."""
    return [Shown(words) for words in (*own_figures(said, finding), *_of_arms(said, finding))]


def own_figures(said: Said, finding: URIRef) -> list[str]:
    """Return the figures of the contrast as printed: value with unit and statistic, interval, p value, improvement index."""
    found = []
    if printed := figure(said, finding):
        kinds = [one.text.lower() for one in said.shown(finding, EV.statistic) if not one.href.endswith(UNTOLD)]
        found.append(f"{printed} ({', '.join(kinds)})" if kinds else printed)
    if bounds := [said.text(finding, prop) for prop in (EV.lowerBound, EV.upperBound) if said.text(finding, prop)]:
        level = said.text(finding, EV.confidenceLevel)
        found.append(f"{level + ' % ' if level else ''}interval {' to '.join(bounds)}")
    found += [f"{said.called(prop)} {said.text(finding, prop)}" for prop in PRINTED if said.text(finding, prop)]
    return found


def figure(said: Said, thing: URIRef) -> str:
    """Return the figure of a finding or arm result in the form in which it is printed, with its unit."""
    value = said.text(thing, EV.value)
    number = said.text(thing, EV.printedAs) or value if value else ""
    units = said.things(thing, EV.unit)
    if not units or not re.fullmatch(r"[-−+]?[\d.,]+", number):  # words that are printed with a figure tell its unit
        return number
    unit = said.names.of(units[0]).lower()
    return f"{number} {unit if units[0] == PERCENT or number == '1' else plural(unit)}"


def _of_arms(said: Said, finding: URIRef) -> list[str]:
    told = set(said.things(finding, EV.atTimepoint))
    arms = {arm: place for place, arm in enumerate((*said.things(finding, EV.treatmentArm), *said.things(finding, EV.comparatorArm)))}
    results = [
        result
        for result in said.things(finding, EV.hasArmResult)
        if set(said.things(result, EV.arm)) & arms.keys()
        and (not told or not (at := set(said.things(result, EV.atTimepoint))) or at & told)
    ]
    results.sort(key=lambda result: min(arms.get(arm, len(arms)) for arm in said.things(result, EV.arm)))
    return [f"{figure(said, result)}: {said.text(result, EV.arm)}" for result in results]
