"""What is written of the suites is true: the list of known cases, and the table of docs/conformance.md."""

from __future__ import annotations

import pytest

from conformance.suites import FOLDER, KNOWN, SUITES, Suite
from conformance.table import TABLE, expected, render


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.title)
def test_each_known_case_is_one_of_the_suite(suite: Suite) -> None:
    if not suite.cases:
        pytest.skip(f"{suite.title} is absent")
    assert suite.unused() == []


def test_each_entry_is_of_a_suite_and_has_a_reason() -> None:
    entries = [entry for entries in KNOWN.values() for entry in entries]
    assert KNOWN.keys() == {"fails", "not_run"}
    assert {entry["suite"] for entry in entries} <= {suite.title for suite in SUITES}
    assert all(entry["reason"].endswith(".") for entry in entries)


def test_the_table_is_what_a_run_counts() -> None:
    if not all(suite.cases for suite in SUITES):
        pytest.skip(f"the table is not checked: not every suite is in {FOLDER}")
    assert TABLE.read_text("utf-8") == render([expected(suite) for suite in SUITES]), "write it anew with `make conformance`"
