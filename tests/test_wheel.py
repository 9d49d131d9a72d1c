"""The wheel carries all that the program needs, and works where there is no checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from wherefrom import __version__


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.parametrize("folder", ["ontology", "shapes", "data"])
def test_the_example_is_inside(wheel: Path, repository: Path, folder: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name: archive.read(name) for name in archive.namelist() if name.startswith(f"wherefrom/example/{folder}/")}
    files = [path for path in (repository / folder).rglob("*") if path.is_file()]
    assert inside == {f"wherefrom/example/{path.relative_to(repository).as_posix()}": path.read_bytes() for path in files}
    assert files


def test_everything_of_the_package_is_inside(wheel: Path, repository: Path) -> None:
    package = repository / "src" / "wherefrom"
    files = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    with zipfile.ZipFile(wheel) as archive:
        inside = {name.removeprefix("wherefrom/") for name in archive.namelist()}
    assert files - inside == set()
    for folder in (
        "templates",
        "queries",
        "queries/questions",
        "web/static",
        "web/static/vendor/yasqe-4.6.2",
        "starter_files/data",
        "starter_files/sources",
    ):
        assert any(name.startswith(f"{folder}/") for name in inside), folder
    assert {"py.typed", "example/wherefrom.toml", "starter_files/wherefrom.toml"} <= inside


def test_nothing_else_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"wherefrom", f"wherefrom-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or "/." in name or name.endswith(".pyc")]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the wheel unpacked and the dependencies of this one, without the checkout."""
    venv = tmp_path_factory.mktemp("venv") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n", "utf-8")
    return venv / "bin" / "python"


def test_it_answers_from_an_empty_folder(installed: Path, repository: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(installed), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    place = Path(run("-c", "import wherefrom.resources as r; print(r.example())").stdout.strip())
    assert place.is_relative_to(installed.parents[1])
    assert not place.is_relative_to(repository)
    stats = run("-m", "wherefrom", "stats", "--json")
    assert (stats.returncode, stats.stderr) == (0, "")
    assert json.loads(stats.stdout)["ev:Claim"] > 100
    lineage = run("-m", "wherefrom", "lineage", "claim/foundations-ipp-secure")
    assert "lines 152-164" in lineage.stdout
    assert run("-m", "wherefrom", "init", "new").returncode == 0
    assert run("-m", "wherefrom", "--kb", "new", "stats").returncode == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "new"], "asking writes nothing"
