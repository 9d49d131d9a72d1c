"""What deploy/ holds is what runs: the unit for systemd, the Containerfile and its rehearsal."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from wherefrom import cli

DEPLOY = Path(__file__).parents[1] / "deploy"
UNIT = DEPLOY / "wherefrom.service"
HARDENED = {
    "DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "CapabilityBoundingSet": "", "Restart": "on-failure", "ExecReload": "/bin/kill -HUP $MAINPID", "KillMode": "mixed",
}  # fmt: skip
EXPOSURE = 2.0  # of 10, as systemd judges it
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="NOT RUN: systemd-analyze is absent, nobody judged the unit")


@pytest.fixture(scope="module")
def rehearsal() -> ModuleType:
    specification = importlib.util.spec_from_file_location("rehearsal", DEPLOY / "rehearsal.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["rehearsal"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def steps(rehearsal: ModuleType) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = rehearsal.instructions((DEPLOY / "Containerfile").read_text("utf-8"))
    return found


### systemd


@pytest.fixture(scope="module")
def unit() -> dict[str, str]:
    rows = (row.partition("=") for row in UNIT.read_text("utf-8").splitlines() if "=" in row and not row.startswith("#"))
    return {name: value for name, _, value in rows}


def test_the_unit_gives_up_what_the_service_does_not_need(unit: dict[str, str]) -> None:
    assert {name: unit.get(name) for name in HARDENED} == HARDENED
    assert unit["MemoryMax"]


def test_the_unit_starts_what_there_is(unit: dict[str, str]) -> None:
    program, *arguments = shlex.split(unit["ExecStart"])
    assert Path(program).name == "wherefrom"
    options = cli._parser().parse_args(arguments)
    assert (options.run, options.port) == (cli._serve, 8000)


@needs_systemd
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path, unit: dict[str, str]) -> None:
    program = Path(shlex.split(unit["ExecStart"])[0])
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text("utf-8").replace(str(program), sys.executable), "utf-8")  # which need not be installed where it will be
    found = subprocess.run(["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True, check=False)
    assert (found.returncode, [row for row in found.stderr.splitlines() if UNIT.name in row]) == (0, [])


@needs_systemd
def test_systemd_finds_the_unit_hardened() -> None:
    found = subprocess.run(["systemd-analyze", "security", "--offline=true", str(UNIT)], capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", found.stdout)
    assert exposure, found.stderr
    assert float(exposure[1]) < EXPOSURE


### The Containerfile


def test_the_image_runs_as_nobody_and_tells_its_health(steps: list[tuple[str, str]]) -> None:
    told = dict(steps)
    assert int(told["USER"].partition(":")[0]) > 0
    assert "/health" in told["HEALTHCHECK"]
    assert any("--require-hashes -r requirements-run.txt" in rest for name, rest in steps if name == "RUN")
    program, flag, module, *arguments = json.loads(told["CMD"])
    options = cli._parser().parse_args(arguments)
    assert (program, flag, module, options.run, options.host) == ("python", "-m", "wherefrom", cli._serve, "0.0.0.0")
    assert str(options.port) == told["EXPOSE"]


def test_the_store_that_is_served_is_the_one_that_was_built(steps: list[tuple[str, str]]) -> None:
    (built,) = (shlex.split(rest)[3:] for name, rest in steps if name == "RUN" and "wherefrom build" in rest)
    served = json.loads(dict(steps)["CMD"])[3:]
    stores = [cli._parser().parse_args(arguments).store for arguments in (built, served)]
    assert stores[0] == stores[1] is not None


def test_each_step_is_one_that_is_rehearsed(rehearsal: ModuleType, steps: list[tuple[str, str]]) -> None:
    assert [name for name, _ in steps if not hasattr(rehearsal.Rehearsal, f"_{name.lower()}")] == []
    ignored = (DEPLOY.parent / ".dockerignore").read_text("utf-8").split()
    copied = {source for name, rest in steps if name == "COPY" for source in shlex.split(rest)[:-1]}
    assert not copied & set(ignored)
    assert {"src", "ontology", "shapes", "data", "wherefrom.toml"} <= copied


def test_a_step_that_is_not_known_is_an_error(rehearsal: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ADD is not rehearsed"):
        rehearsal.Rehearsal(tmp_path, tmp_path, {}).step("ADD", "x y")


def test_instructions_are_read_over_comments_and_line_breaks(rehearsal: ModuleType) -> None:
    assert rehearsal.instructions("# one\nRUN a \\\n  b\n\n  # two\nuser 1\n") == [("RUN", "a    b"), ("USER", "1")]


def test_what_runs_is_locked_to_what_was_tested() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^([\w-]+==\S+(?: ; .*?)?) \\$", (DEPLOY.parent / name).read_text("utf-8"), re.MULTILINE))

    run, tested = versions("requirements-run.txt"), versions("requirements.txt")
    assert run
    assert run <= tested
    assert not [name for name in run if name.startswith(("pytest", "mypy", "ruff", "hypothesis"))]
