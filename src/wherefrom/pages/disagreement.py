"""Where records disagree: each value with who says it, by how much they differ, and what would settle it. It never says who is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wherefrom.discrepancies import Difference, Value
from wherefrom.discrepancies.reading import written
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Shown


@dataclass(frozen=True)
class Disagreement:
    """Values on one subject that differ; `open` is what records leave open, so that they may be of other things."""

    what: str
    sides: tuple[tuple[str, tuple[Shown, ...]], ...]
    by_how_much: str
    open: tuple[str, ...]
    settled_by: str


def disagreement(said: Said, found: Difference) -> Disagreement:
    """Return a difference in words."""
    said.names.learn([*found.subject, *found.records, *found.graphs])
    unit = f" {said.called(found.unit).lower()}s" if found.unit else ""
    left_open: dict[str, list[str]] = {}
    for missing in found.not_stated:
        left_open.setdefault(said.called(missing.record), []).append(said.called(missing.what))
    return Disagreement(
        what=", ".join(said.called(one) for one in found.subject[-1:]),
        sides=tuple((_value(said, value), tuple(_who(said, value))) for value in found.values),
        by_how_much="" if found.by_how_much is None else f"{written(found.by_how_much)}{unit}",
        open=tuple(f"{record}: {', '.join(sorted(what))}" for record, what in sorted(left_open.items())),
        settled_by=found.settled_by,
    )


def _value(said: Said, value: Value) -> str:
    if value.formula:
        return f"{value.formula} (derived here)"
    if value.codes:
        return ", ".join(said.called(code) for code in value.codes)
    return ", ".join(dict.fromkeys(one.printed for one in value.statements if one.printed)) or value.words or ""


def _who(said: Said, value: Value) -> Iterator[Shown]:
    for one in value.statements:
        for record in one.records:
            yield said.name(record, note=said.called(one.graph))
