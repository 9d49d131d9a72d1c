"""What docs/operation.md tells of running the service is all there is to tell."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from wherefrom import cli

TEXT = (Path(__file__).parents[1] / "docs" / "operation.md").read_text("utf-8")
TOLD = set(re.findall(r"`([^`\s{]+)`", TEXT))


def test_every_option_of_serve_is_told_and_no_other() -> None:
    parser = cli._parser()
    commands = next(iter(parser._subparsers._group_actions)).choices  # type: ignore[union-attr]
    assert isinstance(commands, dict)
    options = {option for action in commands["serve"]._actions for option in action.option_strings if option.startswith("--")}
    table = set(re.findall(r"^\| `(--[\w-]+)` \|", TEXT, re.MULTILINE))
    assert table == options - {"--help"}


def test_every_metric_is_told_and_no_other(service: httpx.Client) -> None:
    service.get("/sparql", params={"query": "ASK {}"})
    families = text_string_to_metric_families(service.get("/metrics").text)
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families if not family.name.endswith("_created")}
    assert names
    assert {name for name in TOLD if name.startswith(("wherefrom_", "process_"))} == names


def test_the_addresses_for_operators_answer(service: httpx.Client) -> None:
    addresses = re.findall(r"^\| `(/\w+)` \|", TEXT, re.MULTILINE)
    assert addresses == ["/health", "/ready", "/metrics"]
    assert [service.get(address).status_code for address in addresses] == [200] * 3
