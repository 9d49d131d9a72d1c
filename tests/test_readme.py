"""What README says is what comes out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from wherefrom import cli
from wherefrom.problems import all_problems
from wherefrom.query import questions
from wherefrom.settings import LIMITS, Settings

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text("utf-8")


def console() -> Iterator[tuple[str, str]]:
    """Yield each command of the console blocks with what it prints."""
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize(("command", "output"), list(console()), ids=lambda value: value[:50] if value.startswith("wherefrom") else "")
def test_a_console_example_prints_what_readme_shows(
    command: str, output: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)  # no knowledge base of its own: the one that ships is asked
    program, *arguments = shlex.split(command)
    assert program == "wherefrom"
    assert cli.main(arguments) in (cli.DONE, cli.FINDINGS)
    assert capsys.readouterr().out == output


@pytest.mark.parametrize("address", re.findall(r"^curl.*?(http://127\.0\.0\.1:8000\S+?)'?$", TEXT, re.MULTILINE))
def test_an_address_in_readme_answers(address: str, service: httpx.Client) -> None:
    answer = service.get(address.removeprefix("http://127.0.0.1:8000"), headers={"Accept": "*/*"})
    assert answer.status_code == 200
    assert answer.content


def test_the_python_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(README.parent)
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    assert "kb" in names


def test_every_command_and_setting_is_told() -> None:
    parser = cli._parser()
    commands = next(iter(parser._subparsers._group_actions)).choices  # type: ignore[union-attr]
    assert commands is not None
    assert [name for name in commands if f"`{name}" not in TEXT and f"wherefrom {name}" not in TEXT] == []
    settings = [f"limits.{name}" if name in LIMITS else name for name in Settings.__dataclass_fields__]
    assert [name for name in settings if f"`{name}`" not in TEXT] == []


def test_the_figures_in_readme_are_those_of_the_data(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(README.parent)
    assert cli.main(["stats"]) == 0
    counted = {name: int(number.replace(",", "")) for number, name in re.findall(r"([\d,]+)  (\S+)", capsys.readouterr().out)}
    links, findings = counted["ev:MechanismLink"], counted["ev:Finding"]
    assert f"make {counted['ev:Claim'] + links}\nclaims ({links} of them links of a theory of change) and print {findings} findings" in TEXT


def test_every_problem_and_question_has_words() -> None:
    assert all(problem.title and problem.remedy for problem in all_problems() if problem.slug != "not-acceptable")
    assert all(question.title.endswith("?") for question in questions().values())
