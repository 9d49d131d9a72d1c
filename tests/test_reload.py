"""New versions come whole and without a failed request: by writes, by builds, after being killed at any moment."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from conftest import built_at
from wherefrom import starter
from wherefrom.build import build, current
from wherefrom.load import read_knowledge_base
from wherefrom.store import EmbeddedStore
from writing_servers import GRAPH, NOTES, THING, Served, serving

OTHER = THING.replace("words", "happier")
PAIR = f"""DELETE {{ GRAPH <{GRAPH}> {{ ?one skos:editorialNote ?old . ?two skos:editorialNote ?old }} }}
INSERT {{ GRAPH <{GRAPH}> {{ ?one skos:editorialNote "%s"@en . ?two skos:editorialNote "%s"@en }} }}
WHERE {{ VALUES (?one ?two) {{ (<{THING}> <{OTHER}>) }} OPTIONAL {{ GRAPH <{GRAPH}> {{ ?one skos:editorialNote ?old }} }} }}"""
BOTH = f"SELECT ?one ?two {{ <{THING}> skos:editorialNote ?one . <{OTHER}> skos:editorialNote ?two }}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "base"
    starter.create(folder)
    built_at(read_knowledge_base(folder), folder / ".wherefrom" / "store")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "base"))


def wait(question: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


class Readers:
    """Threads that ask without end; what they see and what fails is kept."""

    def __init__(self, served: Served, number: int = 2) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.faults: list[object] = []
        self.ended = threading.Event()
        self.url = str(served.client.base_url)
        self.threads = [threading.Thread(target=self._read) for _ in range(number)]

    def _read(self) -> None:
        with httpx.Client(base_url=self.url, timeout=60) as client:
            while not self.ended.is_set():
                try:
                    answer = client.get("/sparql", params={"query": BOTH}, headers={"Accept": "text/tab-separated-values"})
                    rows = [tuple(row.split("\t")) for row in answer.text.splitlines()[1:]]
                    page = client.get("/claim/reading-together-words.ttl")
                    if (answer.status_code, page.status_code, len(rows)) != (200, 200, 1):
                        self.faults.append((answer.status_code, answer.text, page.status_code))
                    self.seen |= set(rows)  # type: ignore[arg-type]
                except httpx.HTTPError as error:
                    self.faults.append(repr(error))

    def __enter__(self) -> Readers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert self.faults == []
        assert {one == two for one, two in self.seen} == {True}, "what was written together is seen together"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_readers_see_whole_versions_while_others_write_and_build(folder: Path, workers: str) -> None:
    log = folder.parent / "log"
    data = folder / "data" / "reading-together.trig"
    with serving(folder, log, "--reload", "--workers", workers) as served:
        assert served.update(PAIR % ("0", "0")).status_code == 200
        with Readers(served) as readers:
            written = 0
            for number in range(1, 3):
                written += served.update(PAIR % (number, number)).status_code == 200
            data.write_text(data.read_text("utf-8").replace("makes families happier", "makes all families happier"), "utf-8")
            wait(lambda: "makes all families happier" in served.client.get("/claim/reading-together-happier.ttl").text)
            assert served.update(PAIR % ("end", "end")).status_code == 200
            wait(lambda: ('"end"@en', '"end"@en') in readers.seen)
        assert written == 2
        assert len(readers.seen) > 2
        assert served.notes() == {"end"}
    assert "Traceback" not in log.read_text("utf-8")
    assert len([path for path in (folder / ".wherefrom" / "store").iterdir() if path.is_dir()]) <= 3, "what nobody reads is removed"


def test_sighup_builds_anew_and_what_fails_leaves_the_former(folder: Path) -> None:
    log = folder.parent / "log"
    data = folder / "data" / "reading-together.trig"
    good = data.read_text("utf-8")
    settings = folder / "wherefrom.toml"
    with serving(folder, log) as served:
        assert served.note("before").status_code == 200
        before = served.digest()
        data.write_text(good + "\n<id/claim/x> a <https://w3id.org/wherefrom/ontology#Clam> .", "utf-8")
        served.process.send_signal(signal.SIGHUP)
        wait(lambda: "The former build stays in service" in log.read_text("utf-8"))
        assert "violation" in log.read_text("utf-8")
        assert served.digest() == before
        data.write_text(good.replace("More children know", "More of the children know"), "utf-8")
        settings.write_text(settings.read_text("utf-8").replace("Evidence on", "Evidence about"), "utf-8")
        served.process.send_signal(signal.SIGHUP)
        wait(lambda: served.digest() != before)
        assert "More of the children know" in served.client.get("/claim/reading-together-words.ttl").text
        assert served.notes() == {"before"}, "what was written is part of the new build"
        wait(lambda: "Evidence about" in served.client.get("/", headers={"Accept": "text/html"}).text)
    assert "Traceback" not in log.read_text("utf-8")


def test_a_journal_that_does_not_fit_the_files_any_more_is_told_and_nothing_is_lost(folder: Path) -> None:
    log = folder.parent / "log"
    data = folder / "data" / "reading-together.trig"
    good = data.read_text("utf-8")
    with serving(folder, log) as served:
        old = f"GRAPH ?g {{ <{THING}> skos:prefLabel ?l }}"
        assert (
            served.update(
                f"DELETE {{ {old} }} INSERT {{ {old.replace('?l', chr(34) + 'Words' + chr(34) + '@en')} }} WHERE {{ {old} }}"
            ).status_code
            == 200
        )
        data.write_text(good.replace("More children know", "More of the children know"), "utf-8")
        served.process.send_signal(signal.SIGHUP)
        wait(lambda: "journal/00000001.rdfp removes a statement that is not there" in log.read_text("utf-8"))
        assert '"Words"@en' in served.client.get("/claim/reading-together-words.ttl").text
    command = [sys.executable, "-m", "wherefrom", "--kb", str(folder), "build"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, "journal/00000001.rdfp" in ended.stderr) == (3, True)
    data.write_text(good, "utf-8")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_server_killed_at_any_moment_keeps_what_it_acknowledged_and_shows_no_half(folder: Path) -> None:
    """Each life of the server ends with SIGKILL at a random moment while it writes pairs of notes."""
    some, acknowledged, sent = random.Random(0), ["none"], ["none"]
    log = folder.parent / "log"
    for life in range(3):
        with serving(folder, log) as served:
            seen = served.rows(BOTH)
            assert [row["one"] for row in seen] == [row["two"] for row in seen]
            if life:
                assert seen[0]["one"] in sent[sent.index(acknowledged[-1]) :], (
                    "the last acknowledged write, or a later one that was under way"
                )
            killer = threading.Timer(some.uniform(0.0, 1.5), os.kill, (served.process.pid, signal.SIGKILL))
            for number in range(1000):
                sent.append(f"{life}-{number}")
                try:
                    answer = served.update(PAIR % (sent[-1], sent[-1]))
                except httpx.HTTPError:
                    break
                assert answer.status_code == 200
                acknowledged.append(sent[-1])
                if number == 0:
                    killer.start()
            killer.join()
    now = current(folder / ".wherefrom" / "store")
    base = read_knowledge_base(folder)
    assert now is not None
    made = build(base, folder / ".wherefrom" / "store", lambda _: None, "last")
    rows = list(EmbeddedStore.at(made.store).select(BOTH))
    assert {str(row["one"]) for row in rows} == {str(row["two"]) for row in rows}
    assert len(acknowledged) > 1
    assert str(rows[0]["one"]) in sent[sent.index(acknowledged[-1]) :]


KILLED = """
import os, shutil, signal, sys, tempfile
from pathlib import Path
from wherefrom import journal, writing
from wherefrom.build import current
import pyoxigraph as ox

folder = Path(sys.argv[1])
stores = folder / ".wherefrom" / "store"
journal.prepare(folder)
former = current(stores)
rules = writing.Rules(ox.parse(former.shapes.read_bytes(), ox.RdfFormat.N_TRIPLES), "https://example.org/")
writer = writing.Writer(rules, "https://example.org/", {"skos": "http://www.w3.org/2004/02/skos/core#"})
order = writing.Order("update", "ada", "2026-01-01T00:00:00+00:00", sys.argv[2])
draft = Path(tempfile.mkdtemp(prefix="building-", dir=stores))
writer.prepare(former, order, draft)

def deadly(function, moment, calls=[]):
    def called(*arguments, **options):
        calls.append(function)
        if len(calls) == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return called

for moment in range(1, int(sys.argv[3]) + 1):
    copy = Path(shutil.copytree(folder, f"{folder}-{moment}"))
    child = os.fork()
    if child == 0:
        os.replace, os.fsync, os.unlink = (deadly(f, moment) for f in (os.replace, os.fsync, os.unlink))
        writing.commit(copy, copy / ".wherefrom" / "store", copy / draft.relative_to(folder))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
MOMENTS = 11


@pytest.fixture(scope="module")
def killed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """Copies of a knowledge base, each after a commit that was killed at another step, and how each ended."""
    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("killed") / "base"))
    command = [sys.executable, "-c", KILLED, str(folder), PAIR % ("kept", "kept"), str(MOMENTS)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return folder, [int(code) for code in ended.stdout.split()]


@pytest.mark.parametrize("moment", range(1, MOMENTS + 1))
def test_a_commit_killed_at_each_of_its_steps_is_whole_or_not_at_all(killed: tuple[Path, list[int]], moment: int) -> None:
    folder, code = killed[0].with_name(f"base-{moment}"), killed[1][moment - 1]
    assert code in (-signal.SIGKILL, 0)
    base = read_knowledge_base(folder)
    entries = len(base.journal)
    assert entries == 1 or code != 0
    made = build(base, folder / ".wherefrom" / "store", lambda _: None, "after")
    assert [str(row["note"]) for row in EmbeddedStore.at(made.store).select(NOTES)] == ["kept"] * entries
    assert len(list(EmbeddedStore.at(made.store).select(BOTH))) == entries


def test_some_of_them_were_killed_before_the_write_lasted_and_some_after(killed: tuple[Path, list[int]]) -> None:
    assert {len(read_knowledge_base(killed[0].with_name(f"base-{n}")).journal) for n in range(1, MOMENTS + 1)} == {0, 1}
    assert set(killed[1]) == {-signal.SIGKILL, 0}
