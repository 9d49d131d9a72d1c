"""A difference as plain data, as the API sends it and `--json` prints it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from hashlib import sha256
from typing import Any

from rdflib import URIRef

from wherefrom.discrepancies.differences import Difference, Statement
from wherefrom.discrepancies.reading import labels
from wherefrom.store import Store
from wherefrom.vocabulary import shorten


def names_of(store: Store, found: Iterable[Difference]) -> dict[URIRef, str]:
    """Return the labels of all that differences name, for `difference_answer`."""
    return labels(store, {thing for one in found for thing in _named(one)})


def _named(one: Difference) -> Iterator[URIRef]:
    yield from (one.kind, *one.subject, *one.records, *one.graphs)
    yield from (thing for missing in one.not_stated for thing in (missing.record, missing.what))
    yield from (thing for check in one.checks for thing in (check.unit, check.other))
    yield from (sizes.arm for sizes in one.group_sizes if sizes.arm is not None)
    for value in one.values:
        yield from value.codes
        for said in value.statements:
            yield from (thing for thing in (said.of, said.scope, said.unit, *said.grounds) if thing is not None)
    if one.unit is not None:
        yield one.unit


def difference_answer(one: Difference, names: Mapping[URIRef, str], base: str) -> dict[str, Any]:
    """Return a difference as plain data; `names` are labels (see `names_of`), `derived` marks what no source states.

    `id` points at it: the same for as long as the values that differ, and those who say them, are the same.
    """

    def thing(iri: URIRef | None) -> dict[str, str] | None:
        return None if iri is None else {"id": shorten(iri, base), "label": names.get(iri, shorten(iri, base))}

    def statement(said: Statement) -> dict[str, Any]:
        return {
            "records": [thing(record) for record in said.records],
            "graph": shorten(said.graph, base),
            "printed": said.printed,
            "of": thing(said.of),
            "scope": thing(said.scope),
            "condition": said.condition,
            "derivedFrom": [thing(ground) for ground in said.grounds],
        }

    answer = {
        "kind": thing(one.kind),
        "subject": [thing(iri) for iri in one.subject],
        "policy": one.policy,
        "records": [thing(record) for record in one.records],
        "values": [
            {
                "low": _number_answer(value.low),
                "high": _number_answer(value.high),
                "codes": [thing(code) for code in value.codes],
                "words": value.words,
                "derived": value.formula is not None,
                "formula": value.formula,
                "statedBy": [statement(said) for said in value.statements],
            }
            for value in one.values
        ],
        "comparisons": [
            {"first": pair.first, "second": pair.second, "relation": pair.relation, "byHowMuch": _number_answer(pair.by_how_much)}
            for pair in one.comparisons
        ],
        "byHowMuch": _number_answer(one.by_how_much),
        "unit": thing(one.unit),
        "cause": one.cause,
        "settledBy": one.settled_by,
        "notStated": [{"record": thing(missing.record), "what": thing(missing.what)} for missing in one.not_stated],
        "checks": [
            {
                "record": thing(check.record),
                "printed": check.printed,
                "unit": thing(check.unit),
                "from": thing(check.other),
                "figures": check.figures,
                "fits": check.fits,
            }
            for check in one.checks
        ],
        "groupSizes": [
            {
                "graph": shorten(sizes.graph, base),
                "arm": thing(sizes.arm),
                "figures": list(sizes.figures),
                "largest": sizes.largest,
                "sizes": list(sizes.sizes),
                "assuming": sizes.assuming,
            }
            for sizes in one.group_sizes
        ],
        "notes": list(one.notes),
    }
    return {"id": _mark(answer), **answer}


def _mark(answer: Mapping[str, Any]) -> str:
    """Return a short name made of what differs, and of who says it."""
    what = [[named["id"] for named in answer[part]] for part in ("subject", "records")]
    values = [[value[part] for part in ("low", "high", "words", "formula")] for value in answer["values"]]
    return f"d{sha256(json.dumps([answer['kind']['id'], what, values]).encode()).hexdigest()[:10]}"


def _number_answer(number: Fraction | None) -> float | None:
    return None if number is None else round(float(number), 6)
