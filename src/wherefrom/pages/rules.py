"""Shapes and a report -> the rules that the data are held to, each with what it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import SH

from wherefrom.load import term
from wherefrom.report import Report, Result, Severity
from wherefrom.vocabulary import SHAPES

TOLD = {str(SH.name): "name", str(SH.description): "hint", str(SH.message): "message"}
GRAVE = {str(severity.iri): severity for severity in Severity}
LINT = {"name": "", "hint": "", "message": ""}  # what the lint finds has no shape: its words stand in the results


@dataclass(frozen=True)
class Rule:
    """A rule by its code: name, what a breach says, what to do, how grave it is, and what broke it, in the order of the report."""

    code: str
    name: str
    message: str
    hint: str
    severity: Severity
    results: list[Result]

    @property
    def found(self) -> int:
        """How often it was broken."""
        return sum(result.times for result in self.results)


def rules(shapes: Iterable[ox.Quad], report: Report | None) -> list[Rule]:
    """Return the rules, those that were broken first, the graver before the milder, then by code."""
    told: dict[str, dict[str, str]] = {}
    severities: dict[str, Severity] = {}
    for quad in shapes:
        code = quad.subject.value.removeprefix(f"{SHAPES}#") if isinstance(quad.subject, ox.NamedNode) else ""
        value = str(term(quad.object))
        if code and quad.predicate.value in TOLD:
            told.setdefault(code, {})[TOLD[quad.predicate.value]] = value
        elif code and quad.predicate.value == str(SH.severity):
            severities[code] = GRAVE[value]
    results: dict[str, list[Result]] = {}
    for result in report.results if report else ():
        results.setdefault(result.code, []).append(result)
    named = {code for code, words in told.items() if "name" in words}  # the others are parts of rules
    found = [
        Rule(
            code,
            **{**LINT, **told.get(code, {})},
            severity=severities.get(code) or max((one.severity for one in results.get(code, ())), default=Severity.VIOLATION),
            results=results.get(code, []),
        )
        for code in sorted(named | results.keys())
    ]
    return sorted(found, key=lambda rule: (not rule.results, -rule.severity, rule.code))
