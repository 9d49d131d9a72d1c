"""Files -> lint -> validation -> a store on disk that readers open. All or nothing.

A store folder holds one folder for each build and the file `current`, which names the one to read. A build writes a new
folder and then replaces `current` in one step, so that readers see the former build or the new one, never a half.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from wherefrom import journal
from wherefrom.load import KnowledgeBase, Source, read_knowledge_base, with_union
from wherefrom.nquads import Lines
from wherefrom.problems import NotConforming, StoreUnusable
from wherefrom.report import Report, Result, Severity

CURRENT = "current"
DESCRIPTION = "build.json"
VALIDATED = "validated.json"
DRAFT = "building-"  # what a folder that is being written is called at first
PATIENCE = 600.0  # seconds that a build waits for writes to end
LEFT_BEHIND = 86_400.0  # seconds after which such a folder is what a killed build left, and is removed by the next one
Say = Callable[[str], None]


@dataclass(frozen=True)
class Build:
    """One finished build: its folder, what it was built from, the digest of its statements, and how many there are by graph."""

    folder: Path
    fingerprint: str
    digest: str
    graphs: dict[str, int]
    built: str
    entries: int = 0  # how many entries of the journal it holds
    head: str = journal.FIRST  # the id of the last of them

    @property
    def store(self) -> Path:
        """The folder of the Oxigraph store."""
        return self.folder / "store"

    @property
    def version(self) -> str:
        """The version of the data: the first digits of the digest of all statements."""
        return self.digest[:12]

    @property
    def nquads(self) -> Path:
        """All statements as they were written, as sorted canonical N-Quads."""
        return self.folder / "data.nq"

    @property
    def report(self) -> Path:
        """What the last validation of files found, if it was of the files of this build; see `read_report`."""
        return self.folder.parent / VALIDATED

    @property
    def shapes(self) -> Path:
        """The shapes, as sorted N-Triples."""
        return self.folder / "shapes.nt"

    def lines(self, graphs: frozenset[str] = frozenset()) -> Lines:
        """Return the statements of these graphs, or all, as they were written."""
        return Lines(self.nquads, graphs)

    def hold(self) -> IO[bytes]:
        """Return a file that keeps this build from being removed as long as it is open; raises `OSError` where it is gone."""
        held = (self.folder / DESCRIPTION).open("rb")
        fcntl.flock(held, fcntl.LOCK_SH)
        return held

    def write_description(self) -> None:
        """Write what `current` reads."""
        _write(self.folder / DESCRIPTION, json.dumps({k: v for k, v in asdict(self).items() if k != "folder"}))


def home(folder: Path) -> Path:
    """Return where builds of the knowledge base in `folder` are kept: inside it, or in the user's cache if it is read-only."""
    if os.access(folder, os.W_OK):
        return folder / ".wherefrom"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "wherefrom" / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def canonical_nquads(quads: Iterable[ox.Quad]) -> bytes:
    """Return statements as sorted canonical N-Quads: for data without blank nodes this is what RDFC-1.0 gives."""
    lines = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert lines is not None
    return b"".join(sorted(set(lines.splitlines(keepends=True))))


def canonical_shapes(shapes: Iterable[Source]) -> bytes:
    """Return shapes as sorted N-Triples, blank nodes named by RDFC-1.0."""
    dataset = ox.Dataset(quad for source in shapes for quad in source.quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    triples = ox.serialize((quad.triple for quad in dataset), format=ox.RdfFormat.N_TRIPLES) or b""
    return b"".join(sorted(set(triples.splitlines(keepends=True))))


def current(stores: Path) -> Build | None:
    """Return the build that `stores` points to, or None where there is none that can be read."""
    try:
        return read_build(stores / (stores / CURRENT).read_text("utf-8").strip())
    except (OSError, ValueError, TypeError):
        return None


def read_build(folder: Path) -> Build:
    """Return the build in a folder; raises `OSError`, `ValueError` or `TypeError` where there is none."""
    return Build(folder, **json.loads((folder / DESCRIPTION).read_text("utf-8")))


def checked(base: KnowledgeBase, folder: Path, say: Say) -> Report:
    """Return the report on a knowledge base; one that was made of the same files before is read, not made again."""
    kept = folder / VALIDATED
    report = read_report(kept, base.fingerprint)
    if report is None:
        from wherefrom.validate import validate

        say(f"Validating {sum(len(source.quads) for source in base.sources):,} statements ...")
        report = validate(base)
        _write(kept, json.dumps({"fingerprint": base.fingerprint, "results": [asdict(row) for row in report.results]}))
    return report


def read_report(path: Path, fingerprint: str) -> Report | None:
    """Return the report that was kept there of the files with this fingerprint; None where there is none, or another version kept it."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["fingerprint"] == fingerprint:
            return Report(tuple(Result(**{**row, "severity": Severity(row["severity"])}) for row in content["results"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def build(base: KnowledgeBase, stores: Path, say: Say, built: str) -> Build:
    """Validate, write a new store under `stores`, and make it the current one; return it.

    Unchanged files give the current build back. `built` is the time of the build, as text. An interrupted build leaves
    the former one in place. Nobody writes to the knowledge base meanwhile. Raises `NotConforming` where there is a
    violation, `StoreUnusable` where nothing can be written, `Busy` where writes do not end.
    """
    with journal.locked(base.folder, PATIENCE):
        if len(base.journal) != journal.length(base.folder):  # written to since it was read
            base = read_knowledge_base(base.folder)
        return _build(base, stores, say, built)


def _build(base: KnowledgeBase, stores: Path, say: Say, built: str) -> Build:
    former = current(stores)
    if former and former.fingerprint == base.fingerprint and former.store.is_dir():
        return former
    try:
        stores.mkdir(parents=True, exist_ok=True)
        report = checked(base, stores, say)
        if not report.conforms:
            raise NotConforming(f"{report.summary()}; the former build, if any, stays in place.")
        say(f"Writing the store ({report.summary()}) ...")
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=stores) as draft:
            made = _write_build(base, Path(draft), built)
            target = put_in_place(stores, made)
            Path(draft).mkdir(exist_ok=True)  # the context manager removes it
        make_current(stores, target)
    except OSError as error:
        raise StoreUnusable(f"The store cannot be written: {error.strerror}.") from error
    return read_build(target)


def put_in_place(stores: Path, made: Build) -> Path:
    """Give the folder of a build that was made its name for good, and return it; one of the same content may be in use and stays."""
    target = stores / f"{made.digest[:16]}-{made.fingerprint[:16]}"
    if not (target / DESCRIPTION).is_file() or not (target / "store").is_dir():
        shutil.rmtree(target, ignore_errors=True)
        os.replace(made.folder, target)
    return target


def make_current(stores: Path, target: Path) -> None:
    """Let readers find this build from now on, and remove those that nobody reads; the former one stays for who is about to."""
    former = current(stores)
    _write(stores / CURRENT, target.name)
    _remove_older(stores, {target.name, former.folder.name if former else ""})


def _write_build(base: KnowledgeBase, folder: Path, built: str) -> Build:
    quads = list(base.quads())
    nquads = canonical_nquads(quads)
    (folder / "data.nq").write_bytes(nquads)
    (folder / "shapes.nt").write_bytes(canonical_shapes(base.shapes))
    store = ox.Store(str(folder / "store"))
    store.bulk_extend(with_union(quads))
    store.flush()
    store.optimize()
    graphs = Counter(quad.graph_name.value for quad in set(quads) if isinstance(quad.graph_name, ox.NamedNode))
    digest = hashlib.sha256(nquads).hexdigest()
    head = base.journal[-1].id if base.journal else journal.FIRST
    made = Build(folder, base.fingerprint, digest, dict(sorted(graphs.items())), built, len(base.journal), head)
    made.write_description()
    return made


def _write(path: Path, text: str) -> None:
    journal.write_durably(path, text.encode())


def _remove_older(stores: Path, keep: set[str]) -> None:
    now = (stores / CURRENT).stat().st_mtime
    for folder in stores.iterdir():
        left = folder.name.startswith(DRAFT) and now - folder.stat().st_mtime > LEFT_BEHIND
        if left or ((folder / DESCRIPTION).exists() and folder.name not in keep and not _is_held(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    """Whether a server reads the build in this folder (see `Build.hold`)."""
    try:
        with (folder / DESCRIPTION).open("rb") as description:
            fcntl.flock(description, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
