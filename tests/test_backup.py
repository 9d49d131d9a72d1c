"""A backup gives the same knowledge base back, or is refused; the change is one step."""

from __future__ import annotations

import tarfile
import time
from pathlib import Path

import pytest

from conftest import built_at
from wherefrom import backup as module
from wherefrom import journal, starter
from wherefrom.backup import BadBackup, backup, restore
from wherefrom.build import canonical_nquads, current
from wherefrom.cli import main
from wherefrom.load import read_knowledge_base
from wherefrom.problems import UnwritableOutput
from writing_servers import serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    starter.create(tmp_path / "base")
    return tmp_path / "base"


def said(folder: Path) -> bytes:
    return canonical_nquads(read_knowledge_base(folder).quads())


def change(folder: Path) -> None:
    path = folder / "data" / "reading-together.trig"
    path.write_text(path.read_text("utf-8").replace("makes families happier", "makes all families happier"), "utf-8")


def test_what_was_written_is_in_it_and_comes_back(folder: Path, tmp_path: Path) -> None:
    built_at(read_knowledge_base(folder), folder / ".wherefrom" / "store")
    with serving(folder, tmp_path / "log", "--reload") as served:
        assert served.note("kept").status_code == 200
        label = backup(folder, tmp_path / "kept.tar.gz")
        assert (label.digest, label.entries) == (served.digest(), 1)
        assert served.note("later").status_code == 200
        change(folder)
        assert main(["--kb", str(folder), "restore", str(tmp_path / "kept.tar.gz")]) == 0
        until = time.monotonic() + 60
        while served.digest() != label.digest:
            assert served.client.get("/claim/reading-together-words").status_code == 200
            assert time.monotonic() < until
            time.sleep(0.1)
        assert served.notes() == {"kept"}
        assert served.note("after").status_code == 200
    assert len(journal.read(folder.with_name("base.before-restore"))) == 2
    assert len(journal.read(folder)) == 2
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")
    now = current(folder / ".wherefrom" / "store")
    assert now is not None
    assert now.nquads.read_bytes() == said(folder)


def test_it_comes_back_where_nothing_is(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kb", str(folder), "backup", str(tmp_path / "file.tgz")]) == 0
    restore(tmp_path / "file.tgz", tmp_path / "deep" / "new")
    assert said(tmp_path / "deep" / "new") == said(folder)
    assert "0 writes" in capsys.readouterr().err


def test_one_that_is_not_whole_or_not_what_it_says_is_refused_and_nothing_changes(folder: Path, tmp_path: Path) -> None:
    file, before = tmp_path / "file.tgz", said(folder)
    backup(folder, file)
    content = file.read_bytes()
    for bad in (b"", content[: len(content) // 2], b"nothing"):
        file.write_bytes(bad)
        with pytest.raises(BadBackup):
            restore(file, folder)
    unpacked = tmp_path / "unpacked"
    file.write_bytes(content)
    with tarfile.open(file) as archive:
        module._unpack(archive, unpacked)
    change(unpacked)
    with tarfile.open(file, "w:gz") as archive:
        for path in unpacked.iterdir():
            archive.add(path, path.name)
    with pytest.raises(BadBackup, match="does not hold what it says"):
        restore(file, folder)
    assert said(folder) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [("../outside", tarfile.REGTYPE), ("/outside", tarfile.REGTYPE), ("link", tarfile.SYMTYPE), ("pipe", tarfile.FIFOTYPE)],
)
def test_nothing_is_written_elsewhere(folder: Path, tmp_path: Path, name: str, kind: bytes) -> None:
    file, before = tmp_path / "file.tgz", said(folder)
    backup(folder, file)
    with tarfile.open(file) as whole, tarfile.open(tmp_path / "bad.tgz", "w:gz") as archive:
        other = tarfile.TarInfo(name if name[0] != "/" else f"{tmp_path}{name}")
        other.type, other.linkname = kind, "/etc/passwd"
        archive.addfile(other)
        for member in whole:
            archive.addfile(member, whole.extractfile(member))
    with pytest.raises(BadBackup, match="no whole backup"):
        restore(tmp_path / "bad.tgz", folder)
    assert said(folder) == before
    assert not list(tmp_path.rglob("outside"))


def test_a_place_that_cannot_be_written_is_a_problem(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnwritableOutput):
        backup(folder, tmp_path / "none" / "file.tgz")
    file, before = tmp_path / "file.tgz", said(folder)
    backup(folder, file)
    change(folder)
    changed = said(folder)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_exchange", fail)
    with pytest.raises(UnwritableOutput, match="space"):
        restore(file, folder)
    assert said(folder) == changed != before


def test_files_that_change_meanwhile_are_told(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = module._files

    def changing(place: Path) -> list[Path]:
        change(place)
        return list(files(place))

    monkeypatch.setattr(module, "_files", changing)
    with pytest.raises(UnwritableOutput, match="changed while"):
        backup(folder, tmp_path / "file.tgz")
    assert not (tmp_path / "file.tgz").exists()
