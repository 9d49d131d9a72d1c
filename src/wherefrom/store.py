"""Where the statements live while they are asked: one port, an embedded and a remote implementation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Protocol

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef
from rdflib.term import Identifier

from wherefrom.load import term
from wherefrom.problems import BadQuery, StoreUnusable
from wherefrom.vocabulary import PREFIXES

Row = Mapping[str, Identifier]
Bindings = Mapping[str, Sequence[Identifier]]


class Store(Protocol):
    """A dataset that answers SELECT queries. Every implementation passes tests/test_store.py.

    The default graph of a query is the union of all named graphs. `bindings` gives columns the values they may have;
    a column with several values yields the rows of each of them, one with none yields nothing.
    Raises `BadQuery` for what does not parse and `StoreUnusable` when the store cannot be reached.
    """

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        """Yield the rows of a SELECT query; an unbound column is left out of its row."""
        ...


class EmbeddedStore:
    """Oxigraph in this process, in memory or on disk."""

    def __init__(self, store: ox.Store) -> None:
        self.store = store

    @classmethod
    def of(cls, quads: Iterable[ox.Quad]) -> EmbeddedStore:
        """Return a store in memory that holds `quads`."""
        store = ox.Store()
        store.bulk_extend(quads)
        return cls(store)

    @classmethod
    def at(cls, folder: Path) -> EmbeddedStore:
        """Open a store on disk for reading; raises `StoreUnusable`."""
        try:
            return cls(ox.Store.read_only(str(folder)))
        except OSError as error:
            raise StoreUnusable("The store on disk cannot be opened.") from error

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        """See `Store`."""
        if any(not values for values in bindings.values()):
            return
        try:
            solutions = self.store.query(query + _values(bindings), prefixes=PREFIXES, use_default_graph_as_union=True)
        except SyntaxError as error:
            raise BadQuery(str(error)) from error
        if not isinstance(solutions, ox.QuerySolutions):
            raise BadQuery("Only SELECT queries are asked of a store.")
        names = [variable.value for variable in solutions.variables]
        seen: dict[object, Identifier] = {}
        for solution in solutions:
            yield {name: term(value, seen) for name in names if (value := solution[name]) is not None}


class RemoteStore:
    """Any SPARQL 1.1 endpoint whose default graph is the union of its graphs."""

    def __init__(self, endpoint: str, timeout: float = 60.0) -> None:
        import httpx

        self.endpoint = endpoint
        self._client = httpx.Client(timeout=timeout, headers={"Accept": "application/sparql-results+json"})

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        """See `Store`."""
        import httpx

        if any(not values for values in bindings.values()):
            return
        declared = " ".join(f"PREFIX {prefix}: <{namespace}>" for prefix, namespace in PREFIXES.items())
        try:
            response = self._client.post(self.endpoint, data={"query": f"{declared} {query}{_values(bindings)}"})
        except httpx.HTTPError as error:
            raise StoreUnusable(f"The SPARQL endpoint does not answer: {type(error).__name__}.") from error
        if response.status_code == 400:
            raise BadQuery(response.text[:500])
        if response.is_error:
            raise StoreUnusable(f"The SPARQL endpoint answered {response.status_code}.")
        for row in response.json()["results"]["bindings"]:
            yield {name: _from_json(value) for name, value in row.items()}


def _values(bindings: Bindings) -> str:
    """Return the VALUES block that gives columns their values; terms are written by their own N-Triples writer."""
    if not bindings:
        return ""
    combined = (" ".join(value.n3() for value in values) for values in product(*bindings.values()))
    return f"\nVALUES ({' '.join(f'?{name}' for name in bindings)}) {{ {' '.join(f'({row})' for row in combined)} }}"


def _from_json(value: Mapping[str, str]) -> Identifier:
    if value["type"] == "uri":
        return URIRef(value["value"])
    if value["type"] == "bnode":
        return BNode(value["value"])
    datatype = value.get("datatype")
    return Literal(value["value"], lang=value.get("xml:lang"), datatype=URIRef(datatype) if datatype else None, normalize=False)
