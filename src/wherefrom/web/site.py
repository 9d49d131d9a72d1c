"""What every route needs: the build that is served, its store, and what was computed once for this version of the data."""

from __future__ import annotations

import gzip
import hashlib
from functools import cached_property
from typing import Any

import pyoxigraph as ox
from rdflib import URIRef

from wherefrom.build import Build
from wherefrom.export import context, export, select
from wherefrom.pages import address, kinds_of_things, render
from wherefrom.query import rows
from wherefrom.settings import Settings
from wherefrom.store import EmbeddedStore
from wherefrom.version import __version__
from wherefrom.vocabulary import PREFIXES, expand, kinds


class Site:
    """One build, opened for reading. Everything on it is computed from the data, once, when it is first asked for."""

    def __init__(self, build: Build, settings: Settings) -> None:
        self.build, self.settings = build, settings
        self.store = EmbeddedStore.at(build.store)
        self.base = settings.base
        self._dumps: dict[str, bytes] = {}

    @property
    def version(self) -> str:
        """The version of the data: the first digits of the digest of all statements."""
        return self.build.digest[:12]

    def page(self, template: str, **values: object) -> bytes:
        """Return a template filled in with values and with what every page shows."""
        return render(template, site=self.settings, version=self.version, kinds=self.things.keys(), **values).encode()

    def etag(self, *parts: str) -> str:
        """Return a strong entity tag for a representation: same data, program, settings and parts, same tag."""
        name = "|".join((self.build.digest, __version__, repr(self.settings), *parts))
        return f'"{hashlib.sha256(name.encode()).hexdigest()[:24]}"'

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
    def quads(self) -> list[ox.Quad]:
        """All statements as they were written (a store changes the lexical form of numbers)."""
        return list(ox.parse(self.build.nquads.read_bytes(), ox.RdfFormat.N_QUADS))

    @cached_property
    def context(self) -> dict[str, Any]:
        """The JSON-LD context."""
        return {"@context": context(self.base, kinds(self.base, {f"{self.base}id/{kind}/" for kind in self.things}))}

    @cached_property
    def counts(self) -> dict[str, int]:
        """The figures of the VoID description."""
        return {name: int(value) for name, value in next(iter(rows(self.store, "dataset_counts"))).items()}

    @cached_property
    def last_curation(self) -> str:
        """When anything was last curated, as the data say (xsd:dateTime), or the time of the build."""
        return next((str(row["when"]) for row in rows(self.store, "last_curation") if "when" in row), self.build.built)

    def dump(self, name: str, form: str, *, zipped: bool) -> bytes:
        """Return the whole base (`all`) or one graph in a format; raises `UnknownResource`."""
        key = f"{name}.{form}{'.gz' if zipped else ''}"
        if key not in self._dumps:
            if zipped:
                self._dumps[key] = gzip.compress(self.dump(name, form, zipped=False), mtime=0)
            else:
                quads = self.quads if name == "all" else select(self.quads, self.base, graph=name)
                self._dumps[key] = export(quads, form, self.base)
        return self._dumps[key]
