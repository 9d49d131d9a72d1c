"""What every route needs: the build that is served, its store, and what was computed once for this version of the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Literal

from rdflib import URIRef

from wherefrom.arrays import Arrays
from wherefrom.dumps import Dumps
from wherefrom.export import context
from wherefrom.pages import address, kinds_of_things, render
from wherefrom.passages import state
from wherefrom.query import rows
from wherefrom.search import Index
from wherefrom.settings import Settings
from wherefrom.snapshot import Snapshot
from wherefrom.store import opened
from wherefrom.version import __version__
from wherefrom.vocabulary import PREFIXES, expand, kinds
from wherefrom.void import Figures
from wherefrom.web import assets
from wherefrom.web.cache import Cache


@dataclass(frozen=True)
class Entry:
    """A page in the menu: its path and name, whether the menu is that at the head or at the foot of pages, and the question it answers."""

    path: str
    label: str
    menu: Literal["head", "foot"]
    question: str = ""  # which the first page asks


class Site:
    """One version of the data, opened for reading. Everything on it is computed from the data, once, when it is first asked for."""

    def __init__(
        self, build: Snapshot, settings: Settings, folder: Path, menu: Sequence[Entry] = (), cache: Cache[tuple[str, bytes]] | None = None
    ) -> None:
        self.build, self.settings, self.folder, self.menu = build, settings, folder, menu
        self.store = opened(build.store)
        self.base = settings.base
        # Answers by entity tag or query, with their media type.
        self.cache: Cache[tuple[str, bytes]] = Cache(settings.cache_megabytes) if cache is None else cache

        self._index: Index | None = None
        self._indexing = Lock()

    @property
    def version(self) -> str:
        """The version of the data."""
        return self.build.version

    def page(self, template: str, **values: object) -> bytes:
        """Return a template filled in with values and with what every page shows; it may leave out `links` and `formats`."""
        shared = {"site": self.settings, "version": self.version, "built": self.build.built, "kinds": self.things.keys(), "menu": self.menu}
        given: dict[str, object] = {
            "links": [],
            "formats": [],
            "asset": assets.address,
            "address": self.address,
            "absolute": self.absolute,
            "described": None,
            **values,
        }
        return render(template, **shared, **given).encode()

    def entry(self, path: str) -> str:
        """Return the path of a page where there is such a page, else of its data in the API."""
        return path if any(entry.path == path for entry in self.menu) else f"/api{path}"

    def address(self, iri: str) -> str:
        """Return where a page leads for an IRI, empty where it leads nowhere."""
        return address(iri, self.base)

    def absolute(self, path: str) -> str:
        """Return the address of a page for use outside: what is under the base, whatever host was asked."""
        return f"{self.base.rstrip('/')}{path}"

    def etag(self, *parts: str) -> str:
        """Return a strong entity tag for a representation: same data, program, settings and parts, same tag."""
        named = self._named.copy()
        named.update("|".join(parts).encode())
        return f'"{named.hexdigest()[:24]}"'

    @cached_property
    def _named(self) -> hashlib._Hash:
        return hashlib.sha256("|".join((self.build.digest, __version__, repr(self.settings), "")).encode())

    @property
    def documents(self) -> str:
        """What tells whether the source documents are those that they were, for tags of pages that show passages; empty without."""
        return state(self.folder / self.settings.sources) if self.settings.sources else ""

    @cached_property
    def arrays(self) -> Arrays:
        """The whole base as arrays, for questions about everything."""
        return Arrays.of(self.store)

    @property
    def index(self) -> Index:
        """What things are found by. Who asks while it is being made waits, so that it is made once."""
        with self._indexing:
            if self._index is None:
                self._index = Index(self.store, self.base, self.things)
            return self._index

    @cached_property
    def things(self) -> dict[str, list[str]]:
        """The things under the base by kind."""
        return dict(kinds_of_things(self.store, self.base))

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The things that have a page, by the path of the page as an IRI has it: `/claim/x`, `/scheme/design/rct`."""
        things = {str(row["thing"]) for row in rows(self.store, "kinds")}
        paths = {address(thing, self.base): thing for thing in sorted(things)}
        return {path: thing for path, thing in paths.items() if path.startswith("/") and "#" not in path}

    @cached_property
    def withdrawn(self) -> frozenset[str]:
        """The things that were withdrawn: their pages are tombstones."""
        return frozenset(str(row["thing"]) for row in rows(self.store, "deprecated"))

    def iri(self, name: str) -> URIRef:
        """Return the IRI that a name stands for; raises `UnknownResource` for one that no IRI can have."""
        return expand(name, self.base)

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """All prefixes known in queries: those of the vocabularies and one for each kind of thing."""
        return {**PREFIXES, **{kind: f"{self.base}id/{kind}/" for kind in self.things if kind not in PREFIXES}}

    @cached_property
    def dumps(self) -> Dumps:
        """The downloads: all statements as they were written (a store changes the lexical form of numbers)."""
        return Dumps(self.build, self.base)

    @cached_property
    def context(self) -> bytes:
        """The JSON-LD context."""
        content = {"@context": context(self.base, kinds(self.base, {f"{self.base}id/{kind}/" for kind in self.things}))}
        return json.dumps(content, ensure_ascii=False).encode()

    @cached_property
    def context_address(self) -> str:
        """Where this very context is for good: its digest is in the name."""
        return f"/context/{hashlib.sha256(self.context).hexdigest()[:12]}.jsonld"

    @cached_property
    def figures(self) -> Figures:
        """The figures of the VoID description."""
        by_class, by_property = (
            {str(row[of]): int(row["count"]) for row in rows(self.store, f"{of}_counts")} for of in ("class", "property")
        )
        whole = next(iter(rows(self.store, "dataset_counts")))
        return Figures({name: int(value) for name, value in whole.items()}, by_class, by_property)

    @cached_property
    def last_curation(self) -> str:
        """When anything was last curated, as the data say (xsd:dateTime), or the time of the build; after a write, its time."""
        if self.build.entries:
            return self.build.built
        return next((str(row["when"]) for row in rows(self.store, "last_curation") if "when" in row), self.build.built)
