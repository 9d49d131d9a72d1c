"""A difference: values that differ on one subject, and who says each. Equal statements are one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any, Literal

from rdflib import URIRef

from wherefrom.lineage import Policy
from wherefrom.vocabulary import SCHEMES

Relation = Literal["overlap", "disjoint", "different"]  # of two intervals or sets; different: of words and single figures
Cause = Literal["analysis-set", "scope", "unit", "transcription"]


def code(name: str) -> URIRef:
    """Return a code, as in `unit/week`."""
    return URIRef(f"{SCHEMES}/{name}")


KIND = {name: code(f"discrepancy-kind/{name}") for name in ("value", "population", "design", "intervention-relation", "bibliography")}


@dataclass(frozen=True)
class Statement:
    """Who says a value: the records, the graph they stand in, and the form in which it is printed (none for a code).

    `of` is what it is said of; `grounds` are the arm results from which a figure was derived.
    """

    records: tuple[URIRef, ...]
    graph: URIRef
    printed: str | None = None
    of: URIRef | None = None
    scope: URIRef | None = None
    condition: str | None = None
    unit: URIRef | None = None
    grounds: tuple[URIRef, ...] = ()


@dataclass(frozen=True)
class Value:
    """One of the values that differ, with all who say it: an interval (None is no bound), codes, or words.

    An interval is in the unit of the difference. A value with a `formula` is derived here and stated by nobody.
    """

    low: Fraction | None = None
    high: Fraction | None = None
    codes: tuple[URIRef, ...] = ()
    words: str | None = None
    formula: str | None = None
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two values, by their places in the difference, and how they relate; `by_how_much` lies between them if they are disjoint."""

    first: int
    second: int
    relation: Relation
    by_how_much: Fraction | None = None


@dataclass(frozen=True)
class Check:
    """Whether a printed figure of one record follows from the figures of another one, within rounding.

    `fits` is None where it cannot be checked: both records state their analysis sets, and the people are not the same.
    """

    record: URIRef
    printed: str
    unit: URIRef
    other: URIRef
    figures: str
    fits: bool | None


@dataclass(frozen=True)
class GroupSizes:
    """The group sizes up to `largest` with which all `figures` of a graph are those of whole people; `arm` where it is told.

    `assuming` says what has to be so for the sizes to follow; where it cannot be so there are no sizes.
    """

    graph: URIRef
    arm: URIRef | None
    figures: tuple[str, ...]
    largest: int
    sizes: tuple[int, ...]
    assuming: str | None = None


@dataclass(frozen=True)
class NotStated:
    """What a record leaves open: a property of a finding, or the item that a source says nothing of. It contradicts nothing."""

    record: URIRef
    what: URIRef


@dataclass(frozen=True)
class Difference:
    """Values that differ on one subject, each with those who say it.

    `kind` is a code of the scheme discrepancy-kind. `subject` is what the records share: study and outcome, intervention and
    item, two interventions, publication and field. `by_how_much` is the widest distance of two values in `unit`.
    `cause` is told only where the statements show it.
    """

    kind: URIRef
    subject: tuple[URIRef, ...]
    values: tuple[Value, ...]
    comparisons: tuple[Comparison, ...]
    settled_by: str
    policy: Policy
    unit: URIRef | None = None
    cause: Cause | None = None
    not_stated: tuple[NotStated, ...] = ()
    checks: tuple[Check, ...] = ()
    group_sizes: tuple[GroupSizes, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def records(self) -> tuple[URIRef, ...]:
        """Return the findings, characteristics, claims, references and publications that take part."""
        return tuple(sorted({record for said in self._statements for record in said.records}))

    @property
    def graphs(self) -> tuple[URIRef, ...]:
        """Return the graphs in which the values are said."""
        return tuple(sorted({said.graph for said in self._statements}))

    @property
    def by_how_much(self) -> Fraction | None:
        """Return the widest distance of two values; None where they are no numbers, or overlap."""
        return max((pair.by_how_much for pair in self.comparisons if pair.by_how_much is not None), default=None)

    @property
    def _statements(self) -> list[Statement]:
        return [said for value in self.values for said in value.statements]


def order(value: Value) -> tuple[Any, ...]:
    """Return the place of a value among others: by its figures, codes and words, never by who says it."""
    return (value.low is not None, value.low or 0, value.high is None, value.high or 0, value.codes, value.words or "", value.formula or "")


def bare(value: Value) -> Value:
    """Return a value without those who say it."""
    return Value(value.low, value.high, value.codes, value.words, value.formula)  # not `replace`, which takes four times as long


def merged(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return each value once, with all who say it; what one graph says of one thing in one form is one statement."""
    said: dict[Value, dict[Statement, list[Statement]]] = {}
    for value in values:
        who = said.setdefault(bare(value), {})
        for statement in value.statements:
            who.setdefault(replace(statement, records=(), condition=None), []).append(statement)
    return tuple(
        replace(value, statements=tuple(_as_one(found) for _, found in sorted(who.items(), key=lambda pair: repr(pair[0]))))
        for value, who in sorted(said.items(), key=lambda pair: order(pair[0]))
    )


def _as_one(statements: list[Statement]) -> Statement:
    records = {record for statement in statements for record in statement.records}
    conditions = {statement.condition for statement in statements if statement.condition is not None}
    return replace(statements[0], records=tuple(sorted(records)), condition="; ".join(sorted(conditions)) or None)


def gap_between(first: Value, second: Value) -> Fraction | None:
    """Return the distance of two intervals; None where they touch or overlap."""
    gaps = [a.low - b.high for a, b in ((first, second), (second, first)) if a.low is not None and b.high is not None]
    return next((gap for gap in gaps if gap > 0), None)


def all_compared(values: Iterable[Value], pairs: Iterable[tuple[Value, Value]]) -> tuple[Comparison, ...]:
    """Return how the values of each pair relate, by their places among `values`."""
    places = {bare(value): place for place, value in enumerate(values)}
    found = {_compared(places, one, two) for one, two in pairs}
    return tuple(sorted(found, key=lambda comparison: (comparison.first, comparison.second)))


def _compared(places: Mapping[Value, int], one: Value, two: Value) -> Comparison:
    at, other = sorted((places[bare(one)], places[bare(two)]))
    if one.words is not None:
        return Comparison(at, other, "different")
    if one.codes:
        return Comparison(at, other, "overlap" if set(one.codes) & set(two.codes) else "disjoint")
    gap = gap_between(one, two)
    return Comparison(at, other, "overlap" if gap is None else "disjoint", gap)


def differences_among(
    kind: URIRef, subject: tuple[URIRef, ...], found: Iterable[Value], settled: str, policy: Policy, cause: Cause | None = None
) -> Iterator[Difference]:
    """Yield the difference of all values with each other, where there are two."""
    values = merged(found)
    if len(values) > 1:
        yield Difference(kind, subject, values, all_compared(values, combinations(values, 2)), settled, policy, cause=cause)
