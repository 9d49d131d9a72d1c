"""What every route needs: the build that is served, its store, and what was computed once for this version of the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from rdflib import RDF, URIRef
from rdflib.term import Identifier

from wherefrom.arrays import Arrays
from wherefrom.dumps import Dumps
from wherefrom.export import context
from wherefrom.journal import write_durably
from wherefrom.pages import address, kinds_of_things, render
from wherefrom.passages import state
from wherefrom.problems import UnknownResource
from wherefrom.query import lines, rows
from wherefrom.search import Index
from wherefrom.settings import Settings
from wherefrom.snapshot import Snapshot
from wherefrom.store import opened
from wherefrom.tallies import trials, unsupported
from wherefrom.version import __version__
from wherefrom.vocabulary import PREFIXES, SCHEMES, expand, kinds
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
        found: dict[str, list[str]] = self.kept("things", lambda: kinds_of_things(self.store, self.base))
        return found

    @cached_property
    def tallies(self) -> dict[str, int]:
        """How many independent trials there are, and how many claims that cite nothing."""
        found: dict[str, int] = self.kept(
            "tallies", lambda: {"trials": trials(self.arrays), "bare": sum(len(claims) for claims in unsupported(self.arrays).values())}
        )
        return found

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return plain data about the whole base, made once for a version of it: they are kept beside its store for the next start."""
        path = self.build.folder / f"{name}-{__version__}.json"
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError):
            made = make()
        with suppress(OSError):  # where nobody may write they are made at each start
            write_durably(path, json.dumps(made).encode())
        return made

    def is_page(self, path: str) -> bool:
        """Return whether a thing has its page at this path, which is as its IRI has it: `/claim/x`, `/scheme/design/rct`."""
        return path in self.pages_at([path])

    def pages_at(self, paths: Iterable[str]) -> set[str]:
        """Return those paths at which a thing has its page."""
        iris: dict[Identifier, str] = {}
        for path in paths:
            with suppress(UnknownResource):
                if address(iri := self.at(path), self.base) == path:
                    iris[iri] = path
        described = rows(self.store, "descriptions", {"thing": list(iris)})
        there = {row["thing"] for row in described if row["property"] == RDF.type}
        return {path for iri, path in iris.items() if iri in there}

    def at(self, path: str) -> URIRef:
        """Return the IRI of the thing whose page is at a path; raises `UnknownResource` for one that no IRI can have."""
        return self.iri(f"{SCHEMES}{path.removeprefix('/scheme')}" if path.startswith("/scheme/") else f"{self.base}id{path}")

    def addresses(self) -> list[str]:
        """Return the paths of all pages of things that were not withdrawn."""
        things = {line.partition("\t")[0][1:-1] for line in lines(self.store, "kinds").decode().split("\n")}
        found = (address(thing, self.base) for thing in sorted(things - self.withdrawn))
        return [path for path in dict.fromkeys(found) if path.startswith("/") and "#" not in path]

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
