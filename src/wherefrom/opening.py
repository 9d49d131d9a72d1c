"""A knowledge base to work with from Python: `kb = wherefrom.open("DIR or URL")`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from rdflib import Dataset, URIRef

from wherefrom import independence as lines
from wherefrom import lineage as engine
from wherefrom import withdrawal
from wherefrom.bibliography import Record, publications_of, whole_bibliography
from wherefrom.build import current, home
from wherefrom.load import KnowledgeBase, engine_term, read_knowledge_base, term
from wherefrom.narrowing import trace
from wherefrom.overlap import Overlap, Unit, overlap
from wherefrom.problems import UnreadableInput
from wherefrom.query import rows
from wherefrom.resources import example
from wherefrom.settings import FILE, Settings, read_settings
from wherefrom.store import EmbeddedStore, RemoteStore, Row, Store, is_endpoint
from wherefrom.vocabulary import expand

if TYPE_CHECKING:
    from wherefrom.arrays import Arrays
    from wherefrom.report import Report
    from wherefrom.search import Index


class Rows(list[Row]):
    """The rows of an answer: a list of mappings from column to RDF term."""

    def to_pandas(self) -> Any:
        """Return the rows as a pandas DataFrame of plain Python values (pandas must be installed)."""
        import pandas  # type: ignore[import-not-found, import-untyped, unused-ignore]

        return pandas.DataFrame([{name: _plain(value) for name, value in row.items()} for row in self])


class OpenKnowledgeBase:
    """A knowledge base that can be asked: a folder (its build if it is current, else its files in memory), or an endpoint."""

    def __init__(self, place: str | Path, settings: Settings | None = None) -> None:
        self.endpoint = str(place) if is_endpoint(place) else None
        self.folder = example() if self.endpoint else Path(place)
        self._settings = settings or (None if self.endpoint else read_settings(self.folder))

    @cached_property
    def settings(self) -> Settings:
        """The settings of the folder; of an endpoint, the base that its data tell of and the defaults."""
        return self._settings or replace(Settings(), base=base_of(self.store) or Settings.base)

    @cached_property
    def files(self) -> KnowledgeBase:
        """The files that were read; raises `UnreadableInput` for an endpoint, which has none."""
        if self.endpoint:
            raise UnreadableInput("An endpoint has no files; name a folder.")
        return read_knowledge_base(self.folder)

    def quads(self) -> Iterator[ox.Quad]:
        """Yield every statement: of the files, as it is written there, or all that the endpoint has."""
        if self.endpoint is None:
            yield from self.files.quads()
            return
        for row in rows(self.store, "statements"):
            yield ox.Quad(*(engine_term(row[name]) for name in ("thing", "property", "value", "graph")))  # type: ignore[arg-type]

    @cached_property
    def store(self) -> EmbeddedStore | RemoteStore:
        """Where the statements are asked."""
        if self.endpoint:
            return RemoteStore(self.endpoint)
        built = current(home(self.folder) / "store")
        if built is not None and built.fingerprint == self.files.fingerprint and built.store.is_dir():
            return EmbeddedStore.at(built.store)
        return EmbeddedStore.of(self.files.quads())

    @cached_property
    def arrays(self) -> Arrays:
        """The whole base as arrays, for questions about everything; an endpoint is read when it is first asked for."""
        from wherefrom.arrays import Arrays  # loads numpy, which other questions do without

        return Arrays.of(self.store)

    @cached_property
    def index(self) -> Index:
        """What things are found by, for `index.search("words")`; all texts are read when it is first asked for."""
        from wherefrom.pages import kinds_of_things
        from wherefrom.search import Index

        return Index(self.store, self.settings.base, kinds_of_things(self.store, self.settings.base))

    @cached_property
    def graph(self) -> Dataset:
        """All statements as an rdflib Dataset whose default graph is the union."""
        dataset = Dataset(default_union=True)
        for quad in self.quads():
            graph = dataset.graph(URIRef(str(getattr(quad.graph_name, "value", ""))))
            graph.add((term(quad.subject), term(quad.predicate), term(quad.object)))
        return dataset

    def iri(self, thing: str) -> URIRef:
        """Return the IRI of a thing named as IRI, CURIE or `type/slug`."""
        return expand(thing, self.settings.base)

    def query(self, sparql: str, **bindings: Any) -> Rows:
        """Return the rows of a SELECT query; `bindings` gives columns a value or a list of values (names of things or terms)."""
        values = {
            name: [self._term(v) for v in (value if isinstance(value, list | tuple) else [value])] for name, value in bindings.items()
        }
        return Rows(self.store.select(sparql, values))

    def lineage(
        self, thing: str, direction: engine.Direction = "both", policy: engine.Policy = "stated", **narrowed: Any
    ) -> engine.Lineage:
        """Return where a thing comes from and what comes from it, as a described networkx `DiGraph`.

        `narrowed` is what `narrowing.trace` takes: depth, follow, year, sources (IRIs), designs, stances.
        """
        graph = trace(self.store, [self.iri(thing)], direction, policy, nodes=self.settings.lineage_nodes, **narrowed)
        return engine.describe(self.store, graph)

    def impact(self, *withdrawn: str, policy: engine.Policy = "stated", reading: withdrawal.Reading = "one") -> withdrawal.Impact:
        """Return what falls, is weakened or suspect when these publications, studies or people are withdrawn."""
        return withdrawal.impact(self.store, [self.iri(thing) for thing in withdrawn], policy, self.settings.lineage_nodes, reading)

    def independence(self, thing: str, outcome: str | None = None, policy: engine.Policy = "stated") -> lines.Independence:
        """Return the independent lines behind a thing, or behind an intervention and an outcome."""
        if outcome is not None:
            return lines.independence_on(self.store, self.iri(thing), self.iri(outcome), policy)
        return lines.independence(self.store, self.iri(thing), policy)

    def overlap(self, *documents: str, unit: Unit = "study", policy: engine.Policy = "stated") -> Overlap:
        """Return the table of documents (all that cite something, if none is named) and the units of evidence they cite."""
        return overlap(self.store, unit, policy, frozenset(self.iri(document) for document in documents) or None)

    def references(self, *things: str) -> list[Record]:
        """Return the records of the publications that things rest on and cite, or of all where none is named; `FORMS` write them."""
        wanted = [self.iri(thing) for thing in things]
        base = self.settings.base
        return publications_of(self.store, wanted, base) if wanted else whole_bibliography(self.store, base)

    def validate(self) -> Report:
        """Return what lint and shapes find in the files."""
        from wherefrom.validate import validate

        return validate(self.files)

    def _term(self, value: Any) -> Any:
        return self.iri(value) if type(value) is str else value


def base_of(store: Store) -> str | None:
    """Return what the IRIs of a dataset begin with, before `id/`; None where nothing in it tells."""
    for row in rows(store, "uri_space"):
        told = str(row["space"]) if "space" in row else str(row["edition"]).rpartition("edition/")[0]
        return told.removesuffix("id/")
    return None


def _plain(value: Any) -> Any:
    known = getattr(value, "value", None)  # None for an IRI, and for a literal that is not what its datatype says
    return str(value) if known is None else known


def open(place: str | Path = ".") -> OpenKnowledgeBase:
    """Open the knowledge base in a folder, or the one behind a SPARQL endpoint.

    >>> kb = open(example())
    >>> sorted(kb.lineage("claim/foundations-ipp-secure", "grounds", "stated"))[0].rsplit("/", 1)[-1]
    'foundations-ipp-secure'
    """
    return OpenKnowledgeBase(place)


def default_folder() -> Path:
    """Return the current folder where it is a knowledge base, else the example that comes with the program."""
    here = Path.cwd()
    return here if (here / FILE).is_file() else example()
