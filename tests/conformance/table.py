"""The table of conformance: what was counted in a run, as text and as docs/conformance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.suites import ROOT, Suite

TABLE = ROOT / "docs" / "conformance.md"
HEAD = """# Conformance

What the test suites of the W3C say of this program. Written by `make conformance` from what the run counted; not to be edited by hand.
The suites are not part of the repository: they are looked for in `../shared/suites`, or where `WHEREFROM_SUITES` says.
A case that fails is listed with its reason in [tests/conformance/known.toml](../tests/conformance/known.toml); one that begins to
pass is an error until it is taken off the list. Nothing is counted as passed that was not run.

| suite | put to | cases | passed | fail, as listed | not run |
|---|---|--:|--:|--:|--:|
"""


@dataclass(frozen=True)
class Row:
    """What was counted of one suite."""

    suite: Suite
    passed: int
    known: int
    not_run: int
    failed: int = 0

    @property
    def whole(self) -> bool:
        """Whether every case was counted."""
        return bool(self.suite.cases) and self.passed + self.known + self.not_run + self.failed == len(self.suite.cases)

    def text(self) -> str:
        """Return the row for the terminal."""
        if not self.suite.cases:
            return f"{self.suite.title:45} ABSENT: not run, number of cases unknown"
        counts = f"{self.passed:4} passed, {self.known:3} fail as listed, {self.not_run:4} not run"
        return f"{self.suite.title:45} {counts}{f', {self.failed} FAILED' if self.failed else ''}"


def expected(suite: Suite) -> Row:
    """Return what a run without surprises counts."""
    not_run = sum(bool(suite.not_run(case)) for case in suite.cases)
    return Row(suite, len(suite.cases) - not_run - len(suite.fails), len(suite.fails), not_run)


def render(rows: Sequence[Row]) -> str:
    """Return the page: the table, then each reason with its cases."""
    table = "".join(
        f"| {row.suite.title} | {row.suite.tried} | {len(row.suite.cases)} | {row.passed} | {row.known} | {row.not_run} |\n" for row in rows
    )
    return HEAD + table + _reasons("Cases that fail", [(row.suite, row.suite.fails) for row in rows]) + _reasons(
        "Cases that are not run",
        [(row.suite, {case.name: why for case in row.suite.cases if (why := row.suite.not_run(case))}) for row in rows],
    )  # fmt: skip


def _reasons(heading: str, told: Sequence[tuple[Suite, dict[str, str]]]) -> str:
    lines = [f"\n## {heading}\n"]
    for suite, reasons in told:
        for reason in dict.fromkeys(reasons.values()):
            names = [name for name, why in reasons.items() if why == reason]
            listed = "" if len(names) > 20 else ": " + ", ".join(f"`{name}`" for name in names)
            lines.append(f"- {suite.title}, {len(names)} case{'' if len(names) == 1 else 's'}{listed}. {reason}")
    return "\n".join(lines) + "\n"
