"""What a template made of other people's files: shown as a difference, checked in its knowledge base, written whole or not at all."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox

from wherefrom.load import KnowledgeBase, Source, parse_file
from wherefrom.problems import UnreadableInput, UnwritableOutput
from wherefrom.report import Report
from wherefrom.validate import validate

Files = Mapping[str, str]  # name relative to the knowledge base -> text


def difference(files: Files, folder: Path) -> str:
    """Return what would change in `folder`: a unified diff of the data, and how many lines of the other files change."""
    parts = []
    for name, text in files.items():
        before = _lines(_present(folder, name))
        changed = list(difflib.unified_diff(before, _lines(text), f"a/{name}", f"b/{name}"))
        if name.startswith("data/"):
            parts += [line if line.endswith("\n") else f"{line}\n" for line in changed]
        else:
            parts.append(f"{name}: {_counts(changed)}\n")
    return "".join(parts)


def summary(files: Files, folder: Path) -> str:
    """Return how many files and lines would change, in words."""
    changed = {name: list(difflib.unified_diff(_lines(_present(folder, name)), _lines(text), lineterm="")) for name, text in files.items()}
    counts = [_counts(lines) for lines in changed.values() if lines]
    return f"{len(counts)} of {len(files)} files change" + "".join(f"\n  {name}: {_counts(lines)}" for name, lines in changed.items())


def _counts(changed: list[str]) -> str:
    """Return how many lines a diff adds and takes away; its first two lines are its head."""
    added, gone = (sum(line.startswith(sign) for line in changed[2:]) for sign in "+-")
    return f"+{added} -{gone} lines" if changed else "no change"


def _lines(text: str) -> list[str]:
    """Return the lines of a text, whatever ends them; only LF divides, as in the data."""
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []


def _present(folder: Path, name: str) -> str:
    path = folder / name
    try:
        return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
    except OSError as error:
        raise UnreadableInput(f"{name} cannot be read: {error.strerror}.") from error


def check_in(base: KnowledgeBase, files: Files) -> Report:
    """Return what lint and shapes find in a knowledge base with the data of the draft in it."""
    drafted = [
        Source(name, text.encode(), tuple(parse_file(name, text.encode(), base.settings.base, _default_graph(base, name))))
        for name, text in files.items()
        if name.startswith("data/")
    ]
    kept = [source for source in base.sources if source.name not in files]
    return validate(replace(base, sources=(*kept, *drafted)))


def _default_graph(base: KnowledgeBase, name: str) -> ox.NamedNode:
    return ox.NamedNode(f"{base.settings.base}id/graph/{Path(name).stem}")


def write(files: Files, folder: Path) -> None:
    """Write the files: each beside its place first, and put in place when all are written. Raises `UnwritableOutput`."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.part")
            waiting.append((part, path))
            part.write_bytes(text.encode())  # as text, Windows would change the line ends, and with them every position
        for part, path in waiting:
            part.replace(path)
    except OSError as error:
        for part, _ in waiting:
            part.unlink(missing_ok=True)
        raise UnwritableOutput(f"The draft cannot be written: {error.strerror}.") from error
