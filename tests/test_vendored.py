"""What pages load of others' work: each file is what the manifest says, with its licence, and small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest

from wherefrom.web.assets import STATIC

FOLDER = STATIC / "vendor"
MANIFEST: list[dict[str, Any]] = json.loads((FOLDER / "vendor.json").read_text("utf-8"))
MOST_BYTES = 600_000  # of scripts by others, before compression

each_package = pytest.mark.parametrize("package", MANIFEST, ids=lambda package: package["name"])


def test_each_file_is_what_the_manifest_says_and_none_is_left_out() -> None:
    files = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.is_file() and path.name != "vendor.json"}
    told = {name: digest for package in MANIFEST for name, digest in package["files"].items()}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == told


@each_package
def test_the_manifest_tells_where_a_package_is_from_and_what_it_is_for(package: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert package["licence"] == "MIT"
    assert len(package["why"].split()) > 5
    algorithm, _, digest = package["integrity"].partition("-")
    assert (algorithm, len(base64.b64decode(digest, validate=True))) == ("sha512", 64)


@each_package
def test_a_package_has_its_licence_and_those_of_what_is_inside(package: dict[str, Any]) -> None:
    (licence,) = (FOLDER / name for name in package["files"] if name.endswith("/LICENSE"))
    text = licence.read_text("utf-8")
    assert "Permission is hereby granted, free of charge" in text
    assert package["inside"]
    for name in package["inside"]:
        assert re.search(rf"^{re.escape(name)} \(.+\)$", text, re.MULTILINE), name


def test_scripts_by_others_are_few() -> None:
    scripts = list(FOLDER.rglob("*.js"))
    assert 0 < sum(path.stat().st_size for path in scripts) < MOST_BYTES
