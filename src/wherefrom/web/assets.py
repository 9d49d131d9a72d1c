"""What pages load beside their text: style, scripts, and the editor. Each is addressed by its content, and so kept for good."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).parent / "static"


class Asset(NamedTuple):
    """A file, its media type and the first digits of its SHA-256."""

    content: bytes
    media_type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Return the files under `static` by their names, as `style.css`."""
    return {path.relative_to(STATIC).as_posix(): _asset(path) for path in sorted(STATIC.rglob("*")) if path.is_file()}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, mimetypes.guess_type(path.name)[0] or "application/octet-stream", hashlib.sha256(content).hexdigest()[:12])


def address(name: str) -> str:
    """Return where a file is for good; raises `KeyError` for one that there is not, so that a template that names it fails."""
    return f"/static/{assets()[name].digest}/{name}"
