"""Kinds of things whose pages begin with a part of their own, before all that is said of the thing.

The part of a kind is made by one function and shown by `templates/thing/KIND.html`; where it is None the generic page is all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rdflib import URIRef

from wherefrom.pages.thing import Page
from wherefrom.settings import Settings
from wherefrom.store import Store


@dataclass(frozen=True)
class Asking:
    """What a part is made from: the store, the generic page of the thing, the settings, and the folder of the knowledge base."""

    store: Store
    page: Page
    settings: Settings
    folder: Path

    @property
    def thing(self) -> URIRef:
        """The IRI of the thing."""
        return URIRef(self.page.iri)

    @property
    def base(self) -> str:
        """The base of all IRIs that are ours."""
        return self.settings.base


OWN: Mapping[str, Callable[[Asking], object]] = {}  # kind -> what makes its part


def own(asking: Asking) -> tuple[str, object]:
    """Return the template of the page of a thing, and the part that is its own."""
    make = OWN.get(asking.page.kind)
    part = make(asking) if make else None
    return ("thing.html", None) if part is None else (f"thing/{asking.page.kind}.html", part)
