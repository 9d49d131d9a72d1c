"""Fetch what pages load of others' work into the package: run by a maintainer, with npm, never by a build or a test.

    python scripts/vendor.py

Each package comes through the npm client, which names its integrity (Subresource Integrity, sha512); it is checked against what arrived.
Only the files named here are taken. `vendor.json` tells where each comes from, and tests hold the files against it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "src" / "wherefrom" / "web" / "static" / "vendor"


@dataclass(frozen=True)
class Package:
    """What is taken: name and version at npm, licence (SPDX), files in the package, why, and whose notices go into LICENSE."""

    name: str
    version: str
    licence: str
    files: tuple[str, ...]
    why: str
    notices: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return FOLDER / f"{self.name.rsplit('/', 1)[-1]}-{self.version}"


PACKAGES = (
    Package(
        "@zazuko/yasqe",
        "4.6.2",
        "MIT",
        ("build/yasqe.min.js", "build/yasqe.min.css"),
        "The editor of queries at /sparql, on top of a form that works without it. It asks no other host for anything.",
        (
            "@triply/yasqe@4.2.28",  # what it is a fork of: the package of the fork has the same licence, and no copy of it
            # what its build has inside, in the versions of the lock file of its release
            "codemirror@5.65.21", "lodash-es@4.18.1", "query-string@6.14.1", "decode-uri-component@0.2.2", "filter-obj@1.1.0",
            "split-on-first@1.1.0", "strict-uri-encode@2.0.0", "store@2.0.12", "events@3.3.0", "dompurify@3.4.13",
        ),
    ),
)  # fmt: skip


def pack(name: str, folder: Path) -> tuple[Path, str]:
    """Return a package, unpacked into `folder`, and its integrity; raises `ValueError` where what arrived is not what npm names."""
    asked = subprocess.run(["npm", "pack", name, "--json"], cwd=folder, check=True, capture_output=True, text=True)
    (told,) = json.loads(asked.stdout)
    named = subprocess.run(["npm", "view", name, "dist.integrity"], check=True, capture_output=True, text=True).stdout.strip()
    archive = folder / told["filename"]
    found = f"sha512-{base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()}"
    if found != named:
        raise ValueError(f"{name} is {found}, and npm names {named}")
    unpacked = folder / told["filename"].removesuffix(".tgz")
    with tarfile.open(archive) as content:
        content.extractall(unpacked, filter="data")
    return next(unpacked.iterdir()), found  # the one folder that is in it


def notice(name: str, folder: Path) -> str:
    """Return the text of the licence of a package, below its name."""
    unpacked, _ = pack(name, folder)
    licence = json.loads((unpacked / "package.json").read_text("utf-8"))["license"]
    (text,) = (path.read_text("utf-8") for path in unpacked.iterdir() if path.stem.lower() == "license")
    return f"{name} ({licence})\n\n{text.strip()}\n"


def take(package: Package) -> dict[str, object]:
    """Put the files of a package and the licences of all that is in them in place; return its entry in the manifest."""
    shutil.rmtree(package.folder, ignore_errors=True)
    package.folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        unpacked, integrity = pack(f"{package.name}@{package.version}", Path(temporary))
        for name in package.files:
            shutil.copyfile(unpacked / name, package.folder / Path(name).name)
        rule = f"\n{'-' * 80}\n\n"
        notices = rule.join(notice(name, Path(temporary)) for name in package.notices)
        (package.folder / "LICENSE").write_text(notices, "utf-8")
    files = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(package.folder.iterdir())
    }
    return {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "integrity": integrity,
        "why": package.why,
        "inside": list(package.notices[1:]),
        "files": files,
    }


def main() -> None:
    """Fetch all, and write the manifest."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    manifest = [take(package) for package in PACKAGES]
    (FOLDER / "vendor.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
