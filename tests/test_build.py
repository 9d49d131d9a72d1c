"""A build is whole or not at all, and the same files give the same build."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from wherefrom import build as module
from wherefrom import starter
from wherefrom.build import Build, build, canonical_nquads, current, home
from wherefrom.load import read_knowledge_base
from wherefrom.problems import NotConforming, StoreUnusable
from wherefrom.report import Report
from wherefrom.store import EmbeddedStore

VIOLATION = "<id/claim/x> a <https://w3id.org/wherefrom/ontology#Clam> ."
LABELS = "SELECT ?label { ?thing skos:prefLabel ?label }"


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example with one build in it, validated as people's are."""
    folder = tmp_path_factory.mktemp("worked") / "base"
    starter.create(folder)
    build(read_knowledge_base(folder), folder / "stores", lambda _: None, "first")
    return folder


@pytest.fixture
def folder(worked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(worked, tmp_path / "base"))


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "checked", lambda *_: Report(()))


def built(folder: Path, said: list[str] | None = None, now: str = "now") -> Build:
    return build(read_knowledge_base(folder), folder / "stores", (said if said is not None else []).append, now)


def change(folder: Path, text: str = "# another comment\n") -> None:
    path = folder / "data" / "reading-together.trig"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def labels(folder: Path) -> set[str]:
    """Return what readers of the current build see."""
    found = current(folder / "stores")
    assert found is not None
    return {str(row["label"]) for row in EmbeddedStore.at(found.store).select(LABELS)}


def test_a_build_holds_what_the_files_say(folder: Path) -> None:
    made = current(folder / "stores")
    base = read_knowledge_base(folder)
    assert made is not None
    assert made.nquads.read_bytes() == canonical_nquads(base.quads())
    kept = {(quad.graph_name, quad.subject, quad.predicate) for quad in ox.Store.read_only(str(made.store))}
    said = {(quad.graph_name, quad.subject, quad.predicate) for quad in base.quads()}
    assert kept >= said, "the store may hold the union besides, and another form of a number"
    assert {graph for graph, _, _ in kept - said} <= {ox.DefaultGraph()}
    assert sum(made.graphs.values()) == len(set(base.quads()))
    assert len(list(ox.parse(made.shapes.read_bytes(), ox.RdfFormat.N_TRIPLES))) > 1000


def test_unchanged_files_are_neither_validated_nor_written_again(folder: Path) -> None:
    said: list[str] = []
    assert built(folder, said).built == "first"
    assert said == []
    shutil.rmtree(folder / "stores" / (folder / "stores" / "current").read_text("utf-8") / "store")
    assert built(folder, said).built == "now"
    assert [words.split(" ")[0] for words in said] == ["Writing"], "a lost store is written anew from files that are validated"
    assert labels(folder)


def test_changed_files_are_validated_and_written(folder: Path) -> None:
    said: list[str] = []
    change(folder)
    assert built(folder, said).built == "now"
    assert [words.split(" ")[0] for words in said] == ["Validating", "Writing"]


def test_a_base_that_does_not_conform_leaves_the_former_build(folder: Path) -> None:
    before, seen = current(folder / "stores"), labels(folder)
    (folder / "data" / "x.ttl").write_text(VIOLATION, "utf-8")
    for _ in range(2):
        with pytest.raises(NotConforming, match="violation"):
            built(folder)
    assert current(folder / "stores") == before
    assert labels(folder) == seen


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("step", ["_write_build", "canonical_nquads", "os.replace", "_write", "json.dumps"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupted"])
def test_whatever_fails_the_former_build_is_read(folder: Path, step: str, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    before, seen = current(folder / "stores"), labels(folder)
    change(folder)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(f"wherefrom.build.{step}", fail)
    with pytest.raises(StoreUnusable if isinstance(error, OSError) else KeyboardInterrupt):
        built(folder)
    monkeypatch.undo()
    assert current(folder / "stores") == before
    assert labels(folder) == seen
    assert not list((folder / "stores").glob("building-*"))


KILLED = """
import os, signal, sys
from pathlib import Path
from wherefrom import build
from wherefrom.load import read_knowledge_base
from wherefrom.report import Report

build.checked = lambda *_: Report(())
calls = 0
def deadly(function):
    def called(*arguments, **options):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return called

for name in ("canonical_nquads", "_write_build", "_write", "_remove_older"):
    setattr(build, name, deadly(getattr(build, name)))
build.os.replace, build.shutil.rmtree = deadly(os.replace), deadly(build.shutil.rmtree)
folder = Path(sys.argv[1])
build.build(read_knowledge_base(folder), folder / "stores", print, "second")
"""


@pytest.mark.parametrize("moment", range(1, 10))
def test_a_build_that_is_killed_leaves_one_that_can_be_read(folder: Path, moment: int) -> None:
    former = current(folder / "stores")
    change(folder, '<id/graph/more> { <id/claim/x> <http://www.w3.org/2004/02/skos/core#prefLabel> "second" }')
    ended = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(moment)], capture_output=True, check=False)
    assert ended.returncode in (-signal.SIGKILL, 0), ended.stderr
    assert ended.returncode or moment > 5, "the first moments come before the end"
    now = current(folder / "stores")
    assert now is not None
    assert now == former or now.built == "second"
    assert ("second" in labels(folder)) == (now != former)


@pytest.mark.usefixtures("unchecked")
def test_a_build_can_follow_one_that_was_killed(folder: Path) -> None:
    change(folder)
    subprocess.run([sys.executable, "-c", KILLED, str(folder), "3"], capture_output=True, check=False)
    assert built(folder).built == "now"
    assert labels(folder)


@pytest.mark.usefixtures("unchecked")
def test_what_a_killed_build_left_is_removed_after_a_day(folder: Path) -> None:
    old, young = folder / "stores" / "building-old", folder / "stores" / "building-young"
    for draft in (old, young):
        draft.mkdir()
    os.utime(old, (0, 0))
    change(folder)
    built(folder)
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.usefixtures("unchecked")
def test_older_builds_are_removed_and_the_former_is_kept_for_its_readers(folder: Path) -> None:
    names = []
    for _ in range(3):
        change(folder)
        names.append(built(folder).folder.name)
    assert {path.name for path in (folder / "stores").iterdir() if path.is_dir()} == set(names[-2:])


def test_the_same_content_is_not_taken_from_under_its_readers(folder: Path) -> None:
    """Two builds of the same files at once: the second finds the first one's folder in place, perhaps being read."""
    made = current(folder / "stores")
    assert made is not None
    inode = made.store.stat().st_ino
    (folder / "stores" / "current").unlink()
    assert built(folder).folder == made.folder
    assert made.store.stat().st_ino == inode


@pytest.mark.usefixtures("unchecked")
def test_the_digest_depends_on_what_is_said_and_on_nothing_else(folder: Path, tmp_path: Path) -> None:
    base = read_knowledge_base(folder)
    quads = list(base.quads())
    assert canonical_nquads(reversed(quads)) == canonical_nquads([*quads, quads[0]])
    moved = Path(shutil.copytree(folder, tmp_path / "elsewhere" / "other name"))
    assert built(moved).digest == built(folder).digest
    assert read_knowledge_base(moved).fingerprint == base.fingerprint
    path = moved / "data" / "reading-together.trig"
    path.rename(path.with_name("another.trig"))
    assert built(moved).digest == built(folder).digest
    assert read_knowledge_base(moved).fingerprint != base.fingerprint, "every result names its file"


@pytest.mark.parametrize("content", [None, "", "nothing", "\x00"])
def test_a_pointer_to_nothing_is_no_build(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "current").write_text(content, "utf-8")
    assert current(tmp_path) is None


def test_a_folder_that_may_not_be_written_is_built_in_the_cache_of_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert home(tmp_path) == tmp_path / ".wherefrom"
    monkeypatch.setattr(os, "access", lambda *_: False)
    places = [home(tmp_path / name) for name in ("one", "two")]
    assert {place.parent for place in places} == {tmp_path / "cache" / "wherefrom"}
    assert len(set(places)) == 2
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Path.home() in home(tmp_path).parents


def test_a_place_that_cannot_be_written_is_a_problem(folder: Path) -> None:
    (folder / "taken").write_text("", "utf-8")
    with pytest.raises(StoreUnusable, match="cannot be written"):
        build(read_knowledge_base(folder), folder / "taken", lambda _: None, "now")
