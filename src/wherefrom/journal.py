"""The journal of a knowledge base: what was written over HTTP, one file for each write, on top of the files of the data.

A file is an RDF Patch (https://afs.github.io/rdf-patch/): a head that says who wrote when, `D` for each statement that
was removed, `A` for each that was added, `TC .` at the end, without which the file is no whole one. Files are numbered
from 1; each names the one before it, so that none can be lost without notice.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from wherefrom.problems import Busy, StoreUnusable, UnreadableInput

FOLDER, SUFFIX, LOCK = "journal", ".rdfp", "lock"
HEAD = ("id", "prev", "by", "at", "operation", "before", "after")
FIRST = "urn:uuid:00000000-0000-0000-0000-000000000000"  # what the first entry names as the one before it
_HEAD = re.compile(rb'H (\w+) ("(?:[^"\\\n]|\\.)*"|<[^<>\n]*>) \.')


class BrokenJournal(UnreadableInput):
    """An entry that is not whole, missing, or does not fit the data. It is never passed over."""

    slug, title = "broken-journal", "The journal does not fit the data"
    remedy = "Mend the entry named, or move it and all later ones out of the folder journal/; what they wrote is then gone."


@dataclass(frozen=True)
class Entry:
    """One write: its number, who did what when, the digests of all statements before and after, and what changed."""

    number: int
    id: str
    prev: str
    by: str
    at: str  # xsd:dateTime
    operation: str  # update, put, post or delete
    before: str
    after: str
    removed: tuple[ox.Quad, ...]
    added: tuple[ox.Quad, ...]

    @property
    def name(self) -> str:
        """The name of its file, relative to the knowledge base."""
        return f"{FOLDER}/{self.number:08}{SUFFIX}"

    @property
    def graphs(self) -> list[str]:
        """The graphs that it touches."""
        return sorted({str(getattr(quad.graph_name, "value", "")) for quad in (*self.removed, *self.added)})

    def written(self) -> bytes:
        """Return the entry as the bytes of its file."""
        head = (_term(name, getattr(self, name)) for name in HEAD)
        rows = [f"H {name} {value} .\n".encode() for name, value in zip(HEAD, head, strict=True)]
        return b"".join([*rows, b"TX .\n", *_rows(b"D ", self.removed), *_rows(b"A ", self.added), b"TC .\n"])

    @property
    def digest(self) -> str:
        """The SHA-256 of its file."""
        return hashlib.sha256(self.written()).hexdigest()


def new_id() -> str:
    """Return a name for a new entry."""
    return uuid.uuid4().urn


def _term(name: str, value: str) -> str:
    return f"<{value}>" if name in ("id", "prev") else str(ox.Literal(value))


def _rows(kind: bytes, quads: Iterable[ox.Quad]) -> list[bytes]:
    lines = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
    return [kind + row for row in sorted(set(lines.splitlines(keepends=True)))]


def read(folder: Path) -> tuple[Entry, ...]:
    """Return the journal of the knowledge base in `folder`, oldest first; raises `BrokenJournal`."""
    entries: list[Entry] = []
    for number, path in enumerate(_files(folder), 1):
        name = f"{FOLDER}/{path.name}"
        if path.stem != f"{number:08}":
            raise BrokenJournal(f"{name} follows on entry {number - 1}; entry {number} is missing.")
        try:
            entry = parse(number, path.read_bytes())
        except (ValueError, OSError) as error:
            raise BrokenJournal(f"{name} cannot be read: {error}.") from error
        if entry.prev != (entries[-1].id if entries else FIRST):
            raise BrokenJournal(f"{name} does not follow on the entry before it.")
        entries.append(entry)
    return tuple(entries)


def last_id(folder: Path, number: int) -> str | None:
    """Return the id of entry `number` if it is the last one (0: that there is none), else None; the journal is not read for it."""
    if (folder / FOLDER / f"{number + 1:08}{SUFFIX}").exists():
        return None
    if number == 0:
        return FIRST
    try:
        return parse(number, (folder / FOLDER / f"{number:08}{SUFFIX}").read_bytes()).id
    except (OSError, ValueError):
        return None


def length(folder: Path) -> int:
    """Return how many entries the journal of the knowledge base in `folder` has."""
    return len(_files(folder))


def _files(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob(f"*{SUFFIX}"))


def parse(number: int, content: bytes) -> Entry:
    """Return the entry that a file holds; raises `ValueError` saying what is wrong with it."""
    rows = content.splitlines(keepends=True)
    if not rows or rows[-1] != b"TC .\n":
        raise ValueError("it is not whole")
    head, kinds = {}, {b"D ": bytearray(), b"A ": bytearray()}
    for at, row in enumerate(rows[:-1], 1):
        told = _HEAD.match(row)
        if told:
            head[told[1].decode()] = _value(told[2])
        elif row[:2] in kinds:
            kinds[row[:2]] += row[2:]
        elif row != b"TX .\n":
            raise ValueError(f"line {at} is no line of an RDF Patch")
    if sorted(head) != sorted(HEAD):
        raise ValueError(f"its head has {', '.join(sorted(head)) or 'nothing'}")
    try:
        removed, added = (tuple(ox.parse(bytes(lines), ox.RdfFormat.N_QUADS)) for lines in kinds.values())
    except SyntaxError as error:
        raise ValueError(str(error)) from error
    return Entry(number, **head, removed=removed, added=added)


def _value(term: bytes) -> str:
    quad = next(iter(ox.parse(b"<urn:s> <urn:p> " + term + b" .", ox.RdfFormat.N_TRIPLES)))
    return str(getattr(quad.object, "value", ""))


def replay(quads: Iterable[ox.Quad], entries: Iterable[Entry]) -> tuple[set[ox.Quad], dict[ox.Quad, Entry]]:
    """Return the statements of the files that still stand after the journal, and those that the journal added, with its entry.

    Raises `BrokenJournal` for the first entry that removes what is not there or adds what is there already.
    """
    of_files, of_journal = set(quads), dict[ox.Quad, Entry]()
    for entry in entries:
        for quad in entry.removed:
            if quad in of_files:
                of_files.remove(quad)
            elif of_journal.pop(quad, None) is None:
                raise BrokenJournal(f"{entry.name} removes a statement that is not there: {quad}.")
        for quad in entry.added:
            if quad in of_files or quad in of_journal:
                raise BrokenJournal(f"{entry.name} adds a statement that is there already: {quad}.")
            of_journal[quad] = entry
    return of_files, of_journal


def append(folder: Path, entry: Entry) -> None:
    """Add an entry to the journal, durably: when this returns, it outlives the process and the machine's power.

    A reader sees the whole entry or none.
    """
    write_durably(folder / entry.name, entry.written())


def write_durably(place: Path, content: bytes) -> None:
    """Write a file as a whole: its content and its name are on the disk when this returns."""
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(draft, place)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def prepare(folder: Path) -> None:
    """Make the journal of a knowledge base that will be written to; raises `StoreUnusable` where that is not allowed."""
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
        (folder / FOLDER / LOCK).touch()
    except OSError as error:
        raise StoreUnusable(f"The folder {FOLDER}/ of the knowledge base cannot be written: {error.strerror}.") from error


@contextmanager
def locked(folder: Path, seconds: float) -> Iterator[None]:
    """Keep all others from writing to and building the knowledge base in `folder`; raises `Busy` after so many seconds.

    A knowledge base that has no journal is not written to, and has no lock.
    """
    try:
        lock = os.open(folder / FOLDER / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        _acquire(lock, time.monotonic() + seconds)
        yield
    finally:
        os.close(lock)  # which also gives it up


def _acquire(lock: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            if time.monotonic() > deadline:
                raise Busy("The knowledge base is being built or written to.") from error
            time.sleep(0.02)
        else:
            return
