"""Descriptions by item: of one intervention, of two that a source relates to each other, of the studies of one trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import networkx as nx
from rdflib import RDF, SKOS, URIRef

from wherefrom.discrepancies.differences import (
    KIND,
    Cause,
    Check,
    Difference,
    NotStated,
    Statement,
    Value,
    all_compared,
    bare,
    code,
    gap_between,
    merged,
)
from wherefrom.discrepancies.reading import Base, Record, first_of_each, plain, written
from wherefrom.discrepancies.studies import DESIGN, relations
from wherefrom.vocabulary import EV

MONTH, MINUTE, SESSION = code("unit/month"), code("unit/minute"), code("unit/session")
# How much of the base unit one of a unit is. A year is taken as 12 months and as 52 weeks, as people do who plan sessions.
CONVERTED = {
    code("unit/year"): (MONTH, Fraction(12)),
    MONTH: (MONTH, Fraction(1)),
    code("unit/week"): (MONTH, Fraction(12, 52)),
    code("unit/hour"): (MINUTE, Fraction(60)),
    MINUTE: (MINUTE, Fraction(1)),
}
CONVERSIONS = {MONTH: "1 year = 12 months = 52 weeks", MINUTE: "1 hour = 60 minutes"}
WEEKLY, WEEKS = code("frequency/weekly"), Fraction(52, 12)  # weeks in a month, by the same convention
FREQUENCY, SESSIONS, DURATION = (code(f"item/{name}") for name in ("frequency", "number-of-sessions", "duration"))
# The one item that sources give in words and never in codes. Elsewhere words name parts of a whole, which complete each other.
IN_WORDS = frozenset([code("item/target-population")])
OFFERED, EVALUATED = code("scope/offered"), code("scope/evaluated")


@dataclass(frozen=True)
class _Said:
    """One value of one item as a source gives it; `group` tells what it can be compared with at all."""

    value: Value
    thing: URIRef  # what it describes
    group: tuple[Any, ...]
    whole: bool = False  # all codes or words that a graph gives, put together

    @property
    def statement(self) -> Statement:
        return self.value.statements[0]


CHARACTERISTIC = (
    EV.characteristicOf, EV.item, EV.scope, EV.value, EV.minValue, EV.maxValue, EV.unit, EV.currency, EV.valueConcept, EV.valueText,
    EV.absence, EV.printedAs, EV.condition,
)  # fmt: skip


class _Kin:
    """Which things are described together: interventions that a source relates to each other, studies of one trial."""

    def __init__(self, base: Base, related: Iterable[tuple[URIRef, URIRef]], described: Iterable[URIRef]) -> None:
        self.related = {frozenset(pair) for pair in related}
        graph: nx.Graph[URIRef] = nx.Graph()
        graph.add_edges_from((min(pair), max(pair)) for pair in self.related if len(pair) == 2)
        graph.add_nodes_from(described)
        studies = set(base.records(EV.Study, RDF.type))
        self.trials = base.trials(studies & set(graph))
        self.families = first_of_each(graph) | self.trials

    def family(self, thing: URIRef) -> URIRef:
        """Return the first of all that a thing is related with, at any remove."""
        return self.families.get(thing, thing)

    def alike(self, one: URIRef, two: URIRef) -> bool:
        """Return whether two things are one, related by a source, or studies of one trial."""
        related = one == two or frozenset((one, two)) in self.related
        return related or (one in self.trials and self.trials[one] == self.trials.get(two))


def of_descriptions(base: Base) -> Iterator[Difference]:
    """Yield where figures, codes or words of one item differ, and where a number of sessions is not what the dose makes."""
    described = base.records(EV.Characteristic, *CHARACTERISTIC)
    things = {thing for record in described.values() for thing in record.all(EV.characteristicOf)}
    kin = _Kin(base, ((one, other) for _, one, _, other, _ in relations(base)), things)
    who = {iri for iri, item in base.records(SKOS.Concept, SKOS.note).items() if item.text(SKOS.note) == "who"}
    said: dict[tuple[Any, ...], list[_Said]] = {}
    silent: dict[tuple[URIRef, URIRef], list[URIRef]] = {}
    for one in _said(described.values(), kin):
        said.setdefault(one.group, []).append(one)
    by_thing: dict[tuple[URIRef, URIRef], dict[URIRef, list[Record]]] = {}
    for record, thing, item in _items(described.values()):
        by_thing.setdefault((thing, record.graph), {}).setdefault(item, []).append(record)
        if EV.absence in record.said:
            silent.setdefault((kin.family(thing), item), []).append(record.iri)
    for (family, item, *_), found in said.items():
        missing = tuple(NotStated(record, item) for record in silent.get((family, item), ()))
        for difference in _by_scope(base, item, found, kin):
            kind = KIND["population" if item in who else "value"]
            yield replace(difference, kind=kind, not_stated=(*missing, *difference.not_stated))
    for (thing, _), items in sorted(by_thing.items()):
        yield from _doses(base, thing, items)


def _items(described: Iterable[Record]) -> Iterator[tuple[Record, URIRef, URIRef]]:
    """Yield each record with what it describes and by which item; designs are read from the studies themselves."""
    for record in described:
        for thing in record.all(EV.characteristicOf):
            for item in record.all(EV.item):
                if item != DESIGN:
                    yield record, thing, item


def _said(described: Iterable[Record], kin: _Kin) -> Iterator[_Said]:
    parts: dict[tuple[Any, ...], list[_Said]] = {}
    for record, thing, item in _items(described):
        said, subject = _statement(record, thing), (kin.family(thing), item)
        if (figure := _interval(record, said)) is not None:
            yield _Said(figure, thing, (*subject, "figure", _base_unit(said.unit), record.one(EV.currency)))
        elif codes := record.all(EV.valueConcept):
            one = _Said(Value(codes=codes, statements=(said,)), thing, (*subject, "codes"))
            parts.setdefault((item, thing, record.graph, "codes"), []).append(one)
            yield one
        elif item in IN_WORDS and (words := record.text(EV.valueText)):
            one = _Said(Value(words=words, statements=(replace(said, printed=None),)), thing, (*subject, "words"))
            parts.setdefault((item, thing, record.graph, "words"), []).append(one)
    for found in parts.values():
        told = sorted({part.statement.scope for part in found if part.statement.scope is not None})
        scopes: list[URIRef | None] = [*told] or [None]
        for scope in scopes:
            yield _together([part for part in found if part.statement.scope in (scope, None)], scope)


def _statement(record: Record, thing: URIRef) -> Statement:
    printed, scope, condition = record.text(EV.printedAs), record.one(EV.scope), record.text(EV.condition)
    return Statement((record.iri,), record.graph, printed, thing, scope, condition, record.one(EV.unit))


def _base_unit(unit: URIRef | None) -> URIRef | None:
    return CONVERTED[unit][0] if unit in CONVERTED else unit


def _factor(unit: URIRef | None) -> Fraction:
    return CONVERTED[unit][1] if unit in CONVERTED else Fraction(1)


def _together(parts: list[_Said], scope: URIRef | None) -> _Said:
    """Return all that a graph says of one item in codes or words as one value: its parts complete each other."""
    first = parts[0].value
    codes = tuple(sorted({code for part in parts for code in part.value.codes}))
    words = "; ".join(sorted({part.value.words or "" for part in parts})) if first.words is not None else None
    records = tuple(sorted({record for part in parts for record in part.statement.records}))
    conditions = {part.statement.condition for part in parts if part.statement.condition is not None}
    said = replace(first.statements[0], records=records, scope=scope, condition="; ".join(sorted(conditions)) or None)
    return replace(parts[0], value=Value(codes=codes, words=words, statements=(said,)), whole=True)


def _interval(record: Record, said: Statement) -> Value | None:
    """Return the figure of a characteristic as an interval in the base unit of its unit."""
    exact, low, high = (record.number(prop) for prop in (EV.value, EV.minValue, EV.maxValue))
    if exact is None and low is None and high is None:
        return None
    ends = (low, high) if exact is None else (exact, exact)
    least, most = (None if end is None else end * _factor(said.unit) for end in ends)
    return Value(least, most, statements=(said,))


def _by_scope(base: Base, item: URIRef, found: list[_Said], kin: _Kin) -> Iterator[Difference]:
    """Yield what differs as offered, as evaluated, and between the two; a scope that is not told contradicts none."""
    pairs: dict[tuple[URIRef, ...], list[tuple[_Said, _Said]]] = {}
    described = {(said.statement.graph, said.thing) for said in found}
    for one, two in combinations(found, 2):
        if _of_the_same(one, two, kin, described) and _differ(one, two):
            told = {scope for scope in (one.statement.scope, two.statement.scope) if scope is not None}
            pairs.setdefault(tuple(sorted(told)), []).append((one, two))
    untold = pairs.pop((), [])
    if untold:  # shown once, with what is offered if any of that differs
        first = min((scopes for scopes in pairs if len(scopes) == 1), key=lambda scopes: scopes != (OFFERED,), default=())
        pairs.setdefault(first, []).extend(untold)
    for scopes, differing in sorted(pairs.items()):
        yield _difference_of_items(base, item, scopes, differing)


def _of_the_same(one: _Said, two: _Said, kin: _Kin, described: set[tuple[URIRef, URIRef]]) -> bool:
    """Return whether two values are of one thing, or of related ones that neither graph tells apart by describing both."""
    if one.thing == two.thing:
        return True
    crossed = {(one.statement.graph, two.thing), (two.statement.graph, one.thing)}
    return kin.alike(one.thing, two.thing) and not crossed & described


def _differ(one: _Said, two: _Said) -> bool:
    """Return whether two values differ where they speak of the same.

    Figures under two conditions are of two things. Inside one graph, sets of codes without one in common complete each other;
    across graphs and scopes all that a graph says of the item is compared.
    """
    if bare(one.value) == bare(two.value):
        return False
    if one.group[2] == "figure":
        conditions = {one.statement.condition, two.statement.condition} - {None}
        return len(conditions) < 2
    if one.statement.graph == two.statement.graph and len({one.statement.scope, two.statement.scope} - {None}) < 2:
        return not one.whole and not two.whole and bool(set(one.value.codes) & set(two.value.codes))
    return one.whole and two.whole


def _difference_of_items(base: Base, item: URIRef, scopes: tuple[URIRef, ...], pairs: list[tuple[_Said, _Said]]) -> Difference:
    sides = [said for pair in pairs for said in pair]
    values = merged(said.value for said in sides)
    units = {said.statement.unit for said in sides}
    things = sorted({said.thing for said in sides})
    graphs = {said.statement.graph for said in sides}
    unit = sides[0].group[3] if sides[0].group[2] == "figure" else None
    return Difference(
        kind=KIND["value"],
        subject=(*things, item),
        values=values,
        comparisons=all_compared(values, ((one.value, two.value) for one, two in pairs)),
        settled_by=_who_knows(base, things, scopes, len(graphs) == 1),
        policy=base.policy,
        unit=unit,
        cause=_cause(scopes, pairs),
        not_stated=_scopes_left_open(scopes, values),
        notes=(CONVERSIONS[unit],) if len(units) > 1 and unit in CONVERSIONS else (),
    )


def _scopes_left_open(scopes: tuple[URIRef, ...], values: Iterable[Value]) -> tuple[NotStated, ...]:
    said = [statement for value in values for statement in value.statements if scopes and statement.scope is None]
    return tuple(NotStated(record, EV.scope) for record in sorted({record for statement in said for record in statement.records}))


def _cause(scopes: tuple[URIRef, ...], pairs: list[tuple[_Said, _Said]]) -> Cause | None:
    """Return what all the pairs have in common: two scopes, one number in two units, or one printed form."""
    if len(scopes) > 1:
        return "scope"
    if all(one.statement.unit != two.statement.unit and _number(one) == _number(two) for one, two in pairs):
        return "unit"
    if all(one.statement.printed is not None and _alike_as_printed(one, two) for one, two in pairs):
        return "transcription"
    return None


def _number(said: _Said) -> tuple[Fraction | None, ...]:
    """Return a figure in the unit in which it was given."""
    return tuple(None if end is None else end / _factor(said.statement.unit) for end in (said.value.low, said.value.high))


def _alike_as_printed(one: _Said, two: _Said) -> bool:
    return plain(one.statement.printed or "") == plain(two.statement.printed or "")


def _who_knows(base: Base, things: Iterable[URIRef], scopes: tuple[URIRef, ...], inside: bool) -> str:
    if inside:
        return "the publisher of the page"
    provider, studies = f"the manual or the provider of {base.labels(things)}", f"the reports of the studies of {base.labels(things)}"
    if EVALUATED in scopes:
        return f"{studies}; {provider} for what is offered" if OFFERED in scopes else studies
    return provider


def _doses(base: Base, thing: URIRef, items: dict[URIRef, list[Record]]) -> Iterator[Difference]:
    """Yield where a number of sessions is not what one session a week makes over the durations that the same graph gives."""
    stated = [value for record in items.get(SESSIONS, ()) if (value := _interval(record, _statement(record, thing))) is not None]
    weekly = [record for record in items.get(FREQUENCY, ()) if record.all(EV.valueConcept) == (WEEKLY,)][:1]
    derived = [value for often in weekly for record in items.get(DURATION, ()) for value in _sessions(record, often, thing)]
    pairs = [(one, two) for one in stated for two in derived if _of_one_scope(one, two)]
    if any(gap_between(one, two) is not None for one, two in pairs):
        yield _difference_of_doses(base, (thing, SESSIONS), pairs)


def _of_one_scope(one: Value, two: Value) -> bool:
    return len({one.statements[0].scope, two.statements[0].scope} - {None}) < 2


def _sessions(duration: Record, often: Record, thing: URIRef) -> Iterator[Value]:
    said = _statement(duration, thing)
    months = _interval(duration, replace(said, records=(duration.iri, often.iri), scope=said.scope or often.one(EV.scope)))
    if months is not None and _base_unit(said.unit) == MONTH:
        low, high = (None if end is None else end * WEEKS for end in (months.low, months.high))
        yield Value(low, high, formula=f"one session a week for {_span(low, high)} weeks", statements=months.statements)


def _span(low: Fraction | None, high: Fraction | None) -> str:
    """Return an interval in words.

    >>> _span(Fraction(26), Fraction(52)), _span(Fraction(52), None), _span(Fraction(52), Fraction(52))
    ('26 to 52', '52 or more', '52')
    """
    if low is None or high is None:
        return f"{written(low)} or more" if low is not None else f"at most {written(high or Fraction(0))}"
    return written(low) if low == high else f"{written(low)} to {written(high)}"


def _difference_of_doses(base: Base, subject: tuple[URIRef, URIRef], pairs: list[tuple[Value, Value]]) -> Difference:
    values = merged(value for pair in pairs for value in pair)
    return Difference(
        kind=KIND["value"],
        subject=subject,
        values=values,
        comparisons=all_compared(values, pairs),
        settled_by=_who_knows(base, subject[:1], (), True),
        policy=base.policy,
        unit=SESSION,
        checks=tuple(sorted({_sessions_fit(*pair) for pair in pairs}, key=repr)),
        notes=(CONVERSIONS[MONTH],),
    )


def _sessions_fit(stated: Value, derived: Value) -> Check:
    said, other = stated.statements[0], derived.statements[0]
    printed = said.printed or written(stated.low or Fraction(0))
    return Check(said.records[0], printed, SESSION, other.records[0], derived.formula or "", gap_between(stated, derived) is None)
