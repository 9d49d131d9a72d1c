"""A check: a printed figure, the printed figures that it is held against, the formula with its source, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rdflib import URIRef

from wherefrom.arithmetic import Range

Verdict = Literal["reproduces", "does not reproduce", "cannot be checked", "calculated"]
VERDICTS: tuple[Verdict, ...] = ("reproduces", "does not reproduce", "cannot be checked", "calculated")


@dataclass(frozen=True)
class Rule:
    """How a figure is checked: the formula in words and in symbols, and where it is from."""

    name: str
    words: str
    symbols: str
    source: str


@dataclass(frozen=True)
class Figure:
    """A printed figure: the record and graph it stands in, what it is (a property or a unit), its printed form, the arm it is of."""

    record: URIRef
    graph: URIRef
    what: URIRef
    printed: str
    arm: URIRef | None = None


@dataclass(frozen=True)
class Calculated:
    """What was calculated here and is stated by nobody: a range, infinite where it has no end, or whole numbers."""

    what: str
    range: Range | None = None
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Check:
    """A printed figure of a finding, held against `inputs`.

    `calculated` is the verdict on what nothing printed can be held against: `figure` is None then. `why` says why a figure cannot be
    checked, or what the verdict takes for granted; `not_stated` are the properties that would have to be stated; `also` are other
    findings of which the same group sizes follow from the same figures.
    """

    rule: Rule
    finding: URIRef
    figure: Figure | None
    inputs: tuple[Figure, ...]
    verdict: Verdict
    calculated: tuple[Calculated, ...] = ()
    why: str | None = None
    not_stated: tuple[URIRef, ...] = ()
    also: tuple[URIRef, ...] = ()

    @property
    def graphs(self) -> tuple[URIRef, ...]:
        """Return the graphs in which the figures stand: more than one where figures of several sources were combined."""
        return tuple(sorted({figure.graph for figure in (self.figure, *self.inputs) if figure is not None}))


Told = tuple[URIRef | tuple[URIRef, ...] | None, ...]


@dataclass(frozen=True)
class Checked:
    """The checks of the findings that were asked about, and the contrast of each of these: its trial, outcomes, arms, occasion, measure."""

    checks: tuple[Check, ...]
    contrasts: Mapping[URIRef, Told]

    @property
    def without(self) -> frozenset[URIRef]:
        """Return the findings of which nothing can be held against anything."""
        return frozenset(self.contrasts) - {finding for check in self.checks for finding in (check.finding, *check.also)}


def because(*reasons: str | None) -> str | None:
    """Return reasons as one, None where there is none."""
    return "; ".join(reason for reason in reasons if reason) or None


def verdict(follows: bool) -> Verdict:
    """Return the verdict on a figure that could be checked."""
    return "reproduces" if follows else "does not reproduce"
