"""A new knowledge base: a folder with settings and one worked example that validates."""

from __future__ import annotations

import shutil
from pathlib import Path

from wherefrom.problems import Problem, UnwritableOutput
from wherefrom.resources import starter_files


class FolderInUse(Problem):
    """A folder that holds something already is not written into."""

    slug, title = "folder-in-use", "The folder is not empty"
    remedy = "Name a folder that does not exist yet, or an empty one."


def create(folder: Path) -> None:
    """Write the worked example into `folder`, which must be new or empty; raises `FolderInUse` or `UnwritableOutput`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderInUse(f"{folder} holds something already; nothing was written.")
    try:
        shutil.copytree(starter_files(), folder, dirs_exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(f"{folder} cannot be written: {error.strerror or 'not every file could be copied'}.") from error
