"""Passages in place: where a document is at hand and its digest agrees, the words of a passage and a line around it.

The text is read when the page is asked for. It is on the page for people only: no description, download or answer of the API has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rdflib import URIRef

from wherefrom.pages.asking import Asking
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Shown
from wherefrom.passages import SHORT, at_hand, digest
from wherefrom.query import rows
from wherefrom.store import Row
from wherefrom.vocabulary import EV

AROUND = 240  # characters of the lines before and after that are shown at most


@dataclass(frozen=True)
class Excerpt:
    """A passage: where it is, its digest, and its words where they are at hand; `why` says in words why they are not."""

    place: Shown
    edition: Shown
    digest: str
    before: str = ""
    text: str = ""
    after: str = ""
    why: str = ""


def excerpts(asking: Asking, said: Said, places: Iterable[URIRef]) -> list[Excerpt]:
    """Return passages in the order of their documents."""
    found = {row["passage"]: row for row in rows(asking.store, "excerpts", {"passage": sorted(set(places))})}
    said.read(URIRef(passage) for passage in found)
    in_order = sorted(found.values(), key=lambda row: (row["edition"], int(row["start"]), int(row["end"])))
    return [_excerpt(asking, said, row) for row in in_order]


def stated_at(asking: Asking, said: Said, thing: URIRef) -> list[Excerpt]:
    """Return where a thing is stated."""
    return excerpts(asking, said, said.things(thing, EV.statedAt))


def _excerpt(asking: Asking, said: Said, row: Row) -> Excerpt:
    place, edition = said.name(row["passage"]), said.name(row["edition"])
    stated, start, end = str(row["digest"]), int(row["start"]), int(row["end"])
    if not asking.settings.sources:
        return Excerpt(place, edition, stated)
    document = at_hand(Path(asking.folder, asking.settings.sources), str(row["checksum"]))
    if document is None:
        return Excerpt(place, edition, stated, why="The document that was read is not at hand here.")
    text = document.text[start:end]
    if len(stated) < len("sha256:") + SHORT or not digest(text).startswith(stated):
        return Excerpt(place, edition, stated, why="The document at hand has other words at this place.")
    return Excerpt(place, edition, stated, _end_of(document.text[:start]), text, _start_of(document.text[end:]))


def _end_of(text: str) -> str:
    r"""Return the end of a text from the line before the last one on, without empty lines and at most AROUND characters.

    >>> _end_of("one\n\ntwo\n\nthree, so ")
    'two\nthree, so '
    >>> _end_of("one\n\n")
    'one\n'
    """
    lines = [line for line in text.split("\n") if line.strip()]
    kept = "\n".join(lines[-2:]) if text.rpartition("\n")[2].strip() else "".join(f"{line}\n" for line in lines[-1:])
    return kept if len(kept) <= AROUND else f"… {kept[-AROUND:].partition(' ')[2]}"


def _start_of(text: str) -> str:
    r"""Return the start of a text up to the line after the first one, without empty lines and at most AROUND characters.

    >>> _start_of(" is it.\n\nfour\nfive")
    ' is it.\nfour'
    >>> _start_of("\n\nfour\nfive")
    '\nfour'
    """
    lines = [line for line in text.split("\n") if line.strip()]
    kept = "\n".join(lines[:2]) if text.partition("\n")[0].strip() else "".join(f"\n{line}" for line in lines[:1])
    return kept if len(kept) <= AROUND else f"{kept[:AROUND].rpartition(' ')[0]} …"
