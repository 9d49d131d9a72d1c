"""The own part of the page of a passage: the words in place, and what is stated there."""

from __future__ import annotations

from dataclasses import dataclass

from wherefrom.pages.asking import Asking
from wherefrom.pages.excerpts import Excerpt, excerpts
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Shown
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV


@dataclass(frozen=True)
class Passage:
    """What is particular to a passage."""

    excerpts: tuple[Excerpt, ...]
    stated: tuple[Shown, ...]


def passage(asking: Asking) -> Passage | None:
    """Return the own part of the page of a passage; None for a part of one, as its selector."""
    said = Said(asking.store, asking.base)
    found = excerpts(asking, said, [asking.thing])
    stated = rows(asking.store, "statements", {"value": [asking.thing], "property": [EV.statedAt]})
    return Passage(tuple(found), tuple(said.all_named(as_iri(row["thing"]) for row in stated))) if found else None
