"""The own part of the page of a measure: what was found with it."""

from __future__ import annotations

from dataclasses import dataclass

from wherefrom.pages.asking import Asking
from wherefrom.pages.figures import findings
from wherefrom.pages.said import Said, Table
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV


@dataclass(frozen=True)
class Measure:
    """What is particular to a measure."""

    findings: Table | None


def measure(asking: Asking) -> Measure:
    """Return the own part of the page of a measure."""
    found = rows(asking.store, "statements", {"value": [asking.thing], "property": [EV.measuredWith]})
    said = Said(asking.store, asking.base)
    return Measure(findings(said, (as_iri(row["thing"]) for row in found), "Findings measured with it"))
