"""The command line: data on stdout, talk on stderr, and what a program can tell from the exit code."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import pyoxigraph as ox
import pytest

from wherefrom import __version__, cli, starter

CLAIM, PAPER = "claim/reading-together-words", "publication/example-2020"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    def called(*arguments: str | Path) -> Ended:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:  # argparse
            code = int(str(ended.code or 0))
        sys.stdout.flush()
        out, err = capsysbinary.readouterr()
        return Ended(code, out.decode(), err.decode())

    return called


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worked") / "base"
    starter.create(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    starter.create(tmp_path / "base")
    return tmp_path / "base"


ANSWERS = [
    ("lineage", CLAIM),
    ("impact", "--withdraw", PAPER),
    ("independence", CLAIM),
    ("independence", "intervention/reading-together", "--outcome", "outcome/vocabulary"),
    ("citations",),
    ("citations", CLAIM, "--stance", "any"),
    ("findings",),
    ("findings", "--outcome", "outcome/vocabulary", "--source", "example-press"),
    ("discrepancies",),
    ("discrepancies", "--kind", "value"),
    ("checks",),
    ("map",),
    ("map",),
    ("map", "--rows", "source", "--cols", "intervention"),
    ("keystones",),
    ("keystones", "--unit", "study"),
    ("overlap",),
    ("overlap", "--unit", "publication"),
    ("paths", "claim/reading-together-words", "publication/example-2020"),
    ("unsupported",),
    ("find", "reading", "together"),
    ("find", "nothing-has-this"),
    ("unsupported", "--source", "example-press"),
    ("stats",),
    ("verify-sources", "{folder}/sources"),
    ("locate", "{folder}/sources/reading-together.txt", "3"),
    ("query", "--name", "claims-without-citation"),
    ("validate",),
]
each_answer = pytest.mark.parametrize("command", ANSWERS, ids=" ".join)


@each_answer
def test_an_answer_is_told_in_words_and_as_json(run: Run, worked: Path, command: tuple[str, ...]) -> None:
    asked = [part.format(folder=worked) for part in command]
    words, data = run("--kb", worked, *asked), run("--kb", worked, *asked, "--json")
    assert words.code == data.code == (1 if command[0] == "impact" else 0), words.err + data.err
    assert words.out or command[0] == "verify-sources"
    assert json.loads(data.out)
    assert words.out != data.out


def test_a_new_base_can_be_checked_built_and_asked(run: Run, tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert run("init", new).code == 0
    assert run("--kb", new, "validate").code == 0
    built = run("--kb", new, "build")
    assert (built.code, built.out) == (0, "")
    assert "statements in" in built.err
    assert (new / ".wherefrom" / "store" / "current").is_file()
    found = run("--kb", new, "lineage", CLAIM)
    assert found.code == 0
    assert PAPER in found.out
    checked = run("--kb", new, "verify-sources", new / "sources")
    assert (checked.code, checked.out, checked.err) == (0, "", "5 passages checked, 0 do not agree\n")
    again = run("init", new)
    assert (again.code, again.out) == (2, "")


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("lineage", "claim/none"), 2, "claim/none"),
        (("lineage", "claim/a b"), 2, "claim/a b"),
        (("lineage", CLAIM, "--direction", "down"), 2, "direction is one of grounds, consequences, both"),
        (("lineage", CLAIM, "--policy", "guessed"), 2, "policy is one of stated, inferred"),
        (("impact", "--withdraw", "publication/none"), 2, "publication/none"),
        (("independence", "claim/none"), 2, "claim/none"),
        (("export", "claim/none"), 2, "claim/none"),
        (("export", "--graph", "none"), 2, "none"),
        (("export", "-o", "{folder}/none/x"), 3, "cannot be written"),
        (("query", "--name", "none"), 2, "'none'"),
        (("query",), 2, "Name a query file"),
        (("query", "{folder}/none.rq"), 3, "none.rq cannot be read"),
        (("check-retractions", "{folder}/none.csv"), 3, "none.csv cannot be read"),
        (("ingest", "{folder}/none.csv", "--template", "network"), 2, "needs --map FILE.toml"),
        (("query", "{folder}/wherefrom.toml"), 2, "error at 1:"),
        (("query", "--name", "claims-without-citation", "--format", "turtle"), 2, "its formats are json, xml, csv, tsv"),
        (("locate", "{folder}/none.txt", "1"), 3, "none.txt cannot be read"),
        (("locate", "reading-together", "999"), 1, "not 999 to 999"),
        (("verify-sources", "{folder}/none"), 3, "none is not a folder"),
        (("verify-sources", "{folder}/data"), 3, "data holds no .txt file"),
        (("validate", "{folder}/none.ttl"), 3, "none.ttl: no such file in the knowledge base"),
        (("init", "{folder}/wherefrom.toml"), 2, "holds something already"),
        (("init", "{folder}/wherefrom.toml/x"), 3, "cannot be written"),
        (("build", "--store", "{folder}/wherefrom.toml"), 3, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_remedy(run: Run, worked: Path, command: tuple[str, ...], code: int, words: str) -> None:
    ended = run("--kb", worked, *(part.format(folder=worked) for part in command))
    assert ended.code == code, ended
    error = ended.err[ended.err.index("error: ") :].splitlines()
    assert words in error[0]
    assert error[1].startswith("  to do: ")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", [(), ("none",), ("lineage",), ("impact",), ("export", "--format", "none"), ("serve", "--port", "x")])
def test_wrong_usage_ends_with_two(run: Run, command: tuple[str, ...]) -> None:
    ended = run(*command)
    assert (ended.code, ended.out) == (2, "")
    assert "usage: wherefrom" in ended.err


def test_help_and_version_are_data(run: Run) -> None:
    assert run("--version") == (0, f"wherefrom {__version__}\n", "")
    assert run("--help").out.startswith("usage: wherefrom")
    for command in ("init", "validate", "build", "serve", "query", "lineage", "impact", "export", "locate", "verify-sources"):
        assert run(command, "--help").code == 0


@pytest.mark.parametrize("place", ["nowhere", "folder"])
def test_no_knowledge_base_is_unreadable_input(run: Run, tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    for command in (("stats",), ("validate",), ("build",), ("lineage", CLAIM), ("export",), ("serve", "--port", "0")):
        ended = run("--kb", tmp_path / place, *command)
        assert (ended.code, ended.out) == (3, "")
        assert f"no wherefrom.toml in {place}" in ended.err


def test_a_fault_of_the_program_is_not_one_of_the_data(run: Run, worked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherefrom.answers.stats_answer", lambda *_: 1 / 0)
    ended = run("--kb", worked, "stats")
    assert (ended.code, ended.out) == (4, "")
    assert "ZeroDivisionError" in ended.err
    assert "error: This is a fault of wherefrom" in ended.err


def test_an_interrupted_build_is_not_done(run: Run, worked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wherefrom.load.read_knowledge_base", interrupt)
    assert run("--kb", worked, "build").code == 130


# validate


@pytest.mark.parametrize(
    ("written", "words"),
    [("<id/claim/x> a ev:Clam .", "unknown-term"), ("<a> <b> .", "syntax"), ("<id/x/y> ev:about <id/x/z> .", "dangling")],
)
def test_what_does_not_conform_ends_with_one(run: Run, folder: Path, written: str, words: str) -> None:
    (folder / "data" / "x.ttl").write_text(f"@prefix ev: <https://w3id.org/wherefrom/ontology#> .\n{written}\n", "utf-8")
    ended = run("--kb", folder, "validate")
    assert ended.code == 1
    assert "\ndata/x.ttl:2: violation: " in f"\n{ended.out}"
    assert f"[{words}]\n    {written}" in ended.out
    assert "hint: " in ended.out
    assert "violation" in ended.err
    assert "::error file=data/x.ttl,line=2::" in run("validate", folder, "--format", "github").out
    if words != "syntax":
        assert run("--kb", folder, "validate", folder / "data" / "reading-together.trig").code == 0
        assert run("--kb", folder, "validate", "data/x.ttl").code == 1
        assert run("--kb", folder, "build").code == 1


# query and export


@pytest.mark.parametrize("form", ["table", "json", "csv", "tsv", "xml"])
def test_rows_come_in_every_format(run: Run, worked: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "SELECT ?thing ?label { ?thing a ev:Claim ; skos:prefLabel ?label } ORDER BY ?thing"
    (tmp_path / "x.rq").write_text(query, "utf-8")
    by_file = run("--kb", worked, "query", tmp_path / "x.rq", "--format", form)
    monkeypatch.setattr("sys.stdin", io.StringIO(query))
    assert by_file == run("--kb", worked, "query", "-", "--format", form)
    assert by_file.code == 0
    assert "reading-together-words" in by_file.out


def test_a_long_value_does_not_break_the_columns_of_a_table(run: Run, worked: Path, tmp_path: Path) -> None:
    query = "SELECT ?long ?short { VALUES (?long ?short) { ('" + "a" * 60 + "' 'x') ('" + "b" * 61 + "' 'y') ('c\\nc' 'z') } }"
    (tmp_path / "x.rq").write_text(query, "utf-8")
    lines = run("--kb", worked, "query", tmp_path / "x.rq").out.splitlines()
    assert lines[1:] == ["a" * 60 + "  x", "b" * 59 + "…  y", "c c".ljust(60) + "  z"]
    assert lines[0].split() == ["long", "short"]
    assert lines[0].index("short") == 62


def test_what_falls_is_told_by_kind(run: Run, worked: Path) -> None:
    falls = run("--kb", worked, "impact", "--withdraw", PAPER).out.split("Weakened")[0].splitlines()
    heading = next(line for line in falls if line.startswith("Falls"))
    told = [line.rsplit("[", 1)[1].split("/")[0] for line in falls[falls.index(heading) + 1 :]]
    assert heading == "Falls: no support is left: 1 claim, 1 finding, 1 study"
    assert told == ["claim", "finding", "study"]


def test_named_questions_are_listed(run: Run, repository: Path) -> None:
    listed = run("query", "--list").out.splitlines()[::2]
    assert listed == sorted(path.stem for path in (repository / "src/wherefrom/queries/questions").glob("*.rq"))


@pytest.mark.parametrize("form", ["turtle", "trig", "ntriples", "nquads", "jsonld", "rdfxml"])
def test_the_base_a_graph_and_a_thing_are_exported(run: Run, worked: Path, tmp_path: Path, form: str) -> None:
    whole = run("--kb", worked, "export", "--format", form)
    graph = run("--kb", worked, "export", "--format", form, "--graph", "bibliography")
    thing = run("--kb", worked, "export", "--format", form, PAPER)
    assert len(whole.out) > len(graph.out) > len(thing.out) > 0
    assert {ended.code for ended in (whole, graph, thing)} == {0}
    assert {ended.err for ended in (whole, graph, thing)} == {""}
    assert run("--kb", worked, "export", "--format", form, "-o", tmp_path / "file", PAPER).out == ""
    assert (tmp_path / "file").read_text("utf-8") == thing.out


def test_lineage_is_drawn(run: Run, worked: Path) -> None:
    dot = run("--kb", worked, "lineage", CLAIM, "--format", "dot").out
    graph = nx.parse_graphml(run("--kb", worked, "lineage", CLAIM, "--format", "graphml").out)
    assert set(graph) > {CLAIM, PAPER}
    assert all(f'"{node}"' in dot for node in graph)


def test_a_passage_is_located_in_a_file_or_a_source_of_the_base(run: Run, worked: Path) -> None:
    by_path = run("locate", worked / "sources" / "reading-together.txt", "3")
    assert by_path.code == 0
    prefixes = "@prefix ev: <https://w3id.org/wherefrom/ontology#> . @prefix oa: <http://www.w3.org/ns/oa#> .\n"
    assert len(list(ox.parse((prefixes + by_path.out).encode(), ox.RdfFormat.TURTLE, base_iri="https://example.org/"))) == 9
    assert run("--kb", worked, "locate", "reading-together", "3") == by_path
    assert run("--kb", worked, "locate", "reading-together.txt", "3") == by_path


# As a process


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def test_the_command_line_is_quick_to_load() -> None:
    heavy = "{'rdflib', 'fastapi', 'networkx', 'pyoxigraph', 'pyshacl', 'httpx', 'jinja2', 'uvicorn', 'starlette'}"
    ended = python("-c", f"import sys, wherefrom.cli; print(sorted({heavy} & sys.modules.keys()))")
    assert ended.stdout == "[]\n", ended.stderr


def test_the_module_runs_as_the_command_does(worked: Path, tmp_path: Path) -> None:
    ended = python("-m", "wherefrom", "--kb", str(worked), "stats", "--json", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["ev:Claim"] == 2
    assert python("-m", "wherefrom", "lineage", "claim/none", cwd=worked).returncode == 2


def test_a_reader_who_stops_reading_is_no_fault(worked: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "wherefrom", "--kb", str(worked), "export", "--format", "nquads"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_a_token_is_shown_and_its_line_is_the_output(run: Run) -> None:
    ended = run("token", "ada")
    assert ended.code == cli.DONE
    assert re.fullmatch(r"ada:[0-9a-f]{64}\n", ended.out)
    assert "shown only now" in ended.err
    assert run("token", "a b").code == 2


def test_a_backup_is_restored(folder: Path, tmp_path: Path, run: Run) -> None:
    assert run("--kb", folder, "backup", tmp_path / "base.tar.gz").code == cli.DONE
    assert run("--kb", tmp_path / "again", "restore", tmp_path / "base.tar.gz").code == cli.DONE
    stats = [run("--kb", place, "stats").out for place in (folder, tmp_path / "again")]
    assert stats[0] == stats[1] != ""
    assert run("--kb", folder, "restore", tmp_path / "none").code == 3


def test_no_command_is_left_out(run: Run) -> None:
    listed = run("--help").out.split("COMMAND\n")[-1]
    commands = {line.split()[0] for line in listed.splitlines() if line.startswith("    ") and line[4] != " "}
    source = Path(__file__).read_text("utf-8")
    assert {command for command in commands if f'"{command}"' not in source} == set()
    assert len(commands) >= 12


def test_a_port_that_is_taken_is_told(worked: Path, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run("--kb", str(worked), "serve", "--port", str(taken.getsockname()[1]))
    assert (ended.code, ended.out) == (2, "")
    assert "Nothing can be served at 127.0.0.1" in ended.err
    assert run("--kb", str(worked), "serve", "--port", "99999").code == 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("unsupported", "--source", "nobody"), "No graph says anything"),
        (("unsupported", "--source", "claim/reading-together-words"), "is no source"),
        (("paths", "claim/reading-together-words", "publication/nothing"), "No graph says anything"),
        (("lineage", "claim/a b"), "No graph says anything"),
        (("independence", "intervention/reading-together", "--outcome", "outcome/vocabulary", "--policy", "guessed"), "policy is one of"),
    ],
)
def test_a_question_about_nothing_is_no_answer(worked: Path, run: Run, command: tuple[str, ...], said: str) -> None:
    ended = run("--kb", str(worked), *command)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
