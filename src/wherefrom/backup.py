"""A knowledge base as one file, and back: settings, data, own ontology and shapes, and the journal, with the digest of what they say."""

from __future__ import annotations

import ctypes
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from wherefrom import journal
from wherefrom.build import PATIENCE, canonical_nquads
from wherefrom.load import read_knowledge_base
from wherefrom.problems import UnreadableInput, UnwritableOutput
from wherefrom.settings import FILE

LABEL = "backup.json"
PARTS = ("data", "ontology", "shapes", journal.FOLDER)
CACHE = ".wherefrom"  # builds: made again from the rest, and in use
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


class BadBackup(UnreadableInput):
    """A file that is no backup, or not all of one."""

    slug, title = "bad-backup", "This backup cannot be restored"
    remedy = "Take another backup; nothing was changed."


@dataclass(frozen=True)
class Label:
    """What a backup says of itself: the SHA-256 of all statements as sorted canonical N-Quads, and how many writes are in it."""

    digest: str
    entries: int


def backup(folder: Path, file: Path) -> Label:
    """Write the knowledge base in `folder` to a file; nobody writes to it meanwhile. Return what the backup says of itself.

    The file is there when it is whole and was read back. Raises `UnwritableOutput`, also where a file was changed meanwhile.
    """
    try:
        with journal.locked(folder, PATIENCE), tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as place:
            label, draft = _label(folder), Path(place) / file.name
            with tarfile.open(draft, "w:gz") as archive:
                content = json.dumps(asdict(label)).encode()
                entry = tarfile.TarInfo(LABEL)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
                for path in _files(folder):
                    archive.add(path, path.relative_to(folder).as_posix())
            try:
                _extract(draft, Path(place) / "read-back")
            except BadBackup as problem:
                raise UnwritableOutput("A file was changed while it was copied; take the backup again.") from problem
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            os.replace(draft, file)
            journal.sync_folder(file.parent)
    except OSError as error:
        raise UnwritableOutput(f"{file.name} cannot be written: {error.strerror}.") from error
    return label


def restore(file: Path, folder: Path) -> Label:
    """Put the knowledge base of a backup in the place of `folder`, in one step; what was there is kept beside it.

    It is kept as `NAME.before-restore`. A server that runs goes on with what it serves until it builds anew. Raises
    `BadBackup` for a file that is none or does not hold what it says, `UnwritableOutput`; nothing was changed then.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent, ignore_cleanup_errors=True) as place:
            new = Path(place) / "new"
            label = _extract(file, new)
            if not folder.exists():
                os.rename(new, folder)
                return label
            with journal.locked(folder, PATIENCE):
                if (folder / journal.FOLDER).exists():
                    journal.prepare(new)
                _exchange(new, folder)
                if (new / CACHE).exists():
                    os.rename(new / CACHE, folder / CACHE)
            kept = folder.with_name(f"{folder.name}.before-restore")
            shutil.rmtree(kept, ignore_errors=True)
            os.rename(new, kept)
    except OSError as error:
        raise UnwritableOutput(f"The backup cannot be put in place: {error.strerror}.") from error
    return label


def _label(folder: Path) -> Label:
    base = read_knowledge_base(folder)
    return Label(hashlib.sha256(canonical_nquads(base.quads())).hexdigest(), len(base.journal))


def _files(folder: Path) -> Iterator[Path]:
    yield folder / FILE
    for part in PARTS:
        yield from sorted(path for path in (folder / part).rglob("*") if path.is_file() and path.name != journal.LOCK)


def _extract(file: Path, folder: Path) -> Label:
    """Unpack a backup and check that it says what its label tells; raises `BadBackup`."""
    try:
        with tarfile.open(file) as archive:
            _unpack(archive, folder)
        label = Label(**json.loads((folder / LABEL).read_text("utf-8")))
        (folder / LABEL).unlink()
        found = _label(folder)
    except (OSError, EOFError, ValueError, TypeError, tarfile.TarError, UnreadableInput) as error:
        raise BadBackup(f"{file.name} is no whole backup of a knowledge base.") from error
    if found != label:
        raise BadBackup(f"{file.name} does not hold what it says: the digest is {found.digest[:16]}, not {label.digest[:16]}.")
    return label


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive into a folder; raises `ValueError` for what no backup has: links, and names that lead elsewhere.

    What Python has for that it has since 3.11.4 only.
    """
    for member in archive:
        if member.isdir():
            continue
        name, content = PurePosixPath(member.name), archive.extractfile(member) if member.isfile() else None
        if content is None or name.is_absolute() or ".." in name.parts:
            raise ValueError(f"{member.name} is no file of a knowledge base")
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.read())


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change their names in one step (renameat2, Linux); raises `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
