"""The journal: whole entries or none, in one chain, replayed on the files or refused by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom import changes, journal, starter
from wherefrom.build import canonical_nquads
from wherefrom.journal import FIRST, BrokenJournal, Entry, append, last_id, locked, parse, prepare, read, replay
from wherefrom.load import fingerprint_after, read_knowledge_base
from wherefrom.positions import Positions
from wherefrom.problems import Busy, StoreUnusable

GRAPH = ox.NamedNode("https://example.org/id/graph/more")
NOTE = ox.NamedNode("http://www.w3.org/2004/02/skos/core#editorialNote")
iris = st.sampled_from(["urn:a", "urn:b", "https://example.org/id/claim/größe"]).map(ox.NamedNode)
values = iris | st.text(max_size=5).map(ox.Literal) | st.just(ox.Literal("60.0", datatype=ox.NamedNode("urn:type")))
quads = st.builds(ox.Quad, iris, iris, values, iris)


def entry(number: int, prev: str, *, removed: tuple[ox.Quad, ...] = (), added: tuple[ox.Quad, ...] = ()) -> Entry:
    return Entry(number, journal.new_id(), prev, "ada", "2026-01-01T00:00:00+00:00", "update", "0" * 64, "1" * 64, removed, added)


def note(text: str) -> ox.Quad:
    return ox.Quad(ox.NamedNode("https://example.org/id/claim/reading-together-words"), NOTE, ox.Literal(text, language="en"), GRAPH)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    starter.create(tmp_path / "base")
    prepare(tmp_path / "base")
    return tmp_path / "base"


@given(st.lists(quads, max_size=4), st.lists(quads, max_size=4), st.text(max_size=10))
def test_an_entry_is_read_as_it_was_written(removed: list[ox.Quad], added: list[ox.Quad], by: str) -> None:
    made = replace(entry(1, FIRST, removed=tuple(removed), added=tuple(added)), by=by)
    found = parse(1, made.written())
    assert set(found.removed) == set(removed)
    assert set(found.added) == set(added)
    assert replace(found, removed=(), added=()) == replace(made, removed=(), added=())
    assert found.written() == made.written()
    assert found.digest == made.digest


def test_the_beginning_of_an_entry_is_none(folder: Path) -> None:
    content = entry(1, FIRST, added=(note("one"), note("two"))).written()
    for length in range(len(content)):
        with pytest.raises(ValueError, match="whole"):
            parse(1, content[:length])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"A <", b"B <", "no line of an RDF Patch"),
        (b"A <", b"A <<", "whole|IRI|error|expected"),
        (b"H by", b"H who", "head"),
        (b'"ada"', b"ada", "no line"),
    ],
)
def test_an_entry_that_is_no_patch_is_told(old: bytes, new: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(1, entry(1, FIRST, added=(note("one"),)).written().replace(old, new, 1))


def test_entries_are_a_chain_and_what_they_say_is_part_of_the_data(folder: Path) -> None:
    before = read_knowledge_base(folder)
    gone = next(quad for quad in before.quads() if "altLabel" not in quad.predicate.value and "id/claim" in str(quad.subject))
    first = entry(1, FIRST, removed=(gone,), added=(note("one"), note("two")))
    second = entry(2, first.id, removed=(note("one"),), added=(gone,))
    assert last_id(folder, 0) == FIRST
    for made in (first, second):
        append(folder, made)
    assert read(folder) == (parse(1, first.written()), parse(2, second.written()))
    assert (last_id(folder, 2), last_id(folder, 1), last_id(folder, 3)) == (second.id, None, None)
    after = read_knowledge_base(folder)
    assert set(after.quads()) == {*before.quads(), note("two")}
    assert canonical_nquads(after.quads()) == canonical_nquads([*before.quads(), note("two")])
    assert after.fingerprint == fingerprint_after(fingerprint_after(before.fingerprint, first), second)
    assert Positions(after).of_statement(note("two").subject.value, NOTE.value, "two")[0] == "journal/00000001.rdfp"
    rows = first.written().decode().splitlines()
    assert '"two"@en' in rows[Positions(after).of_statement(note("two").subject.value, NOTE.value, "two")[1] - 1]


def test_a_missing_entry_and_one_out_of_the_chain_are_told(folder: Path) -> None:
    first = entry(1, FIRST, added=(note("one"),))
    append(folder, first)
    append(folder, entry(2, "urn:uuid:another", added=(note("two"),)))
    with pytest.raises(BrokenJournal, match=r"00000002.rdfp does not follow"):
        read(folder)
    (folder / first.name).unlink()
    with pytest.raises(BrokenJournal, match="entry 1 is missing"):
        read(folder)


def test_a_broken_entry_is_never_passed_over(folder: Path) -> None:
    append(folder, entry(1, FIRST, added=(note("one"),)))
    path = folder / "journal" / "00000001.rdfp"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(BrokenJournal, match=r"00000001.rdfp cannot be read: it is not whole"):
        read_knowledge_base(folder)


def test_the_journal_is_replayed_on_files_that_changed_elsewhere_and_refused_where_they_changed_what_it_changed(folder: Path) -> None:
    data = folder / "data" / "reading-together.trig"
    written = data.read_text("utf-8")
    base = read_knowledge_base(folder)
    label = next(quad for quad in base.quads() if "knew the test words" in str(quad.object))
    append(folder, entry(1, FIRST, removed=(label,), added=(note("one"),)))
    data.write_text(written + "# changed elsewhere\n", "utf-8")
    assert set(read_knowledge_base(folder).quads()) == {*base.quads(), note("one")} - {label}
    data.write_text(written.replace("knew the test words", "knew the words of the test"), "utf-8")
    with pytest.raises(BrokenJournal, match=r"journal/00000001.rdfp removes a statement that is not there"):
        read_knowledge_base(folder)
    more = f'<{GRAPH.value}> {{ <{note("").subject.value}> <{NOTE.value}> "one"@en }}'
    data.write_text(written + more, "utf-8")
    with pytest.raises(BrokenJournal, match=r"journal/00000001.rdfp adds a statement that is there already"):
        read_knowledge_base(folder)


@given(st.sets(quads, max_size=6), st.lists(st.sets(quads, max_size=3), max_size=4))
def test_replaying_is_what_was_done(start: set[ox.Quad], touched: list[set[ox.Quad]]) -> None:
    now, entries = set(start), []
    for number, some in enumerate(touched, 1):
        entries.append(entry(number, FIRST, removed=tuple(some & now), added=tuple(some - now)))
        now ^= some
    of_files, of_journal = replay(start, entries)
    assert of_files | of_journal.keys() == now
    assert not of_files & of_journal.keys()


def test_what_is_not_written_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("replace", "fsync"):
        monkeypatch.setattr(os, step, fail)
        with pytest.raises(OSError, match="space"):
            append(folder, entry(1, FIRST, added=(note("one"),)))
        monkeypatch.undo()
        assert read(folder) == ()


def test_one_at_a_time_and_the_killed_give_up(folder: Path) -> None:
    command = "import sys, time; from pathlib import Path; from wherefrom.journal import locked\n"
    command += "with locked(Path(sys.argv[1]), 5): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", command, str(folder)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy, match="built or written"), locked(folder, 0.1):
            pass
        holder.kill()
        holder.wait()
    with locked(folder, 5.0):
        pass


def test_a_base_that_is_not_written_to_has_no_lock_and_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    with locked(tmp_path, 0.0):
        assert not list(tmp_path.iterdir())
    (tmp_path / "journal").write_text("", "utf-8")
    with pytest.raises(StoreUnusable, match="cannot be written"):
        prepare(tmp_path)


def test_who_wrote_what_when_is_told_without_blank_nodes(folder: Path) -> None:
    first = entry(1, FIRST, removed=(note("one"),), added=(note("two"), note("three")))
    graph = changes.provenance([first], "https://example.org/")
    told = graph.serialize(format="nt")
    assert "_:" not in told
    for part in (
        f"<{first.id}>",
        '"ada"',
        "2026-01-01T00:00:00+00:00",
        f"<{GRAPH.value}>",
        "1 statements removed, 2 added",
        "0" * 64,
        "1" * 64,
    ):
        assert part in told
    assert changes.summary(first)["graphs"] == [GRAPH.value]
    shutil.rmtree(folder)
