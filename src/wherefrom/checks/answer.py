"""Checks as plain data, as the API sends them and `--json` prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import isfinite
from typing import Any

from rdflib import URIRef

from wherefrom.checks.check import VERDICTS, Calculated, Check, Checked, Figure
from wherefrom.discrepancies.reading import labels
from wherefrom.lineage import Policy
from wherefrom.store import Store
from wherefrom.vocabulary import shorten


def checks_answer(store: Store, checked: Checked, policy: Policy, base: str) -> dict[str, Any]:
    """Return checks as plain data, with the number of each verdict; what was calculated is stated by no source, and says so.

    `findings` are all that were asked about, `withoutChecks` those of them of which nothing can be held against anything;
    `doesNotReproduce` tells of how many figures, contrasts and trials the checks of that verdict are.
    """
    found = checked.checks
    names = labels(store, {thing for check in found for thing in _named(check)})

    def thing(iri: URIRef | None) -> dict[str, str] | None:
        return None if iri is None else {"id": shorten(iri, base), "label": names.get(iri, shorten(iri, base))}

    def figure(printed: Figure | None) -> dict[str, Any] | None:
        if printed is None:
            return None
        return {
            "printed": printed.printed,
            "what": thing(printed.what),
            "record": thing(printed.record),
            "graph": shorten(printed.graph, base),
            "arm": thing(printed.arm),
        }

    counts = Counter(check.verdict for check in found)
    return {
        "policy": policy,
        "reading": "what is calculated follows from printed figures by the formula, within their rounding, and is stated by no source",
        "findings": len(checked.contrasts),
        "withoutChecks": len(checked.without),
        "verdicts": {verdict: counts[verdict] for verdict in VERDICTS},
        "doesNotReproduce": _differing(checked),
        "checks": [
            {
                "name": check.rule.name,
                "finding": thing(check.finding),
                "alsoOf": [thing(finding) for finding in check.also],
                "figure": figure(check.figure),
                "inputs": [figure(printed) for printed in check.inputs],
                "acrossSources": len(check.graphs) > 1,
                "formula": {"words": check.rule.words, "symbols": check.rule.symbols, "source": check.rule.source},
                "calculated": [_calculated(calculated) for calculated in check.calculated],
                "verdict": check.verdict,
                "why": check.why,
                "notStated": [thing(prop) for prop in check.not_stated],
            }
            for check in found
        ],
    }


def _differing(checked: Checked) -> dict[str, int]:
    """Return of how many figures, contrasts and trials the checks are that do not reproduce; one disagreement may be in several."""
    differing = [check for check in checked.checks if check.verdict == "does not reproduce"]
    contrasts = {checked.contrasts[check.finding] for check in differing}
    return {
        "figures": len({check.figure for check in differing}),
        "contrasts": len(contrasts),
        "trials": len({trial for trial, *_ in contrasts}),
    }


def _named(check: Check) -> Iterable[URIRef]:
    yield from (check.finding, *check.also, *check.not_stated)
    for figure in (check.figure, *check.inputs):
        if figure is not None:
            yield from (figure.record, figure.what, *([figure.arm] if figure.arm else []))


def _calculated(calculated: Calculated) -> dict[str, Any]:
    low, high = calculated.range or (None, None)
    return {"what": calculated.what, "low": _end(low), "high": _end(high), "numbers": list(calculated.numbers)}


def _end(number: float | None) -> float | None:
    """Return an end of a range; None where it has none."""
    return None if number is None or not isfinite(number) else round(number, 6)
