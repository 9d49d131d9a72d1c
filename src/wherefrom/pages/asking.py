"""What the own part of a page is made from."""

from __future__ import annotations

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
