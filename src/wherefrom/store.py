"""Where the statements live while they are asked: one port, an embedded and a remote implementation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Protocol

import pyoxigraph as ox
from rdflib import XSD, BNode, Literal, URIRef
from rdflib.term import Identifier

from wherefrom.load import engine_term, term, with_union
from wherefrom.problems import BadParameter, BadQuery, StoreUnusable, UnknownColumn
from wherefrom.sparql_text import refuse_service
from wherefrom.vocabulary import PREFIXES

Row = Mapping[str, Identifier]
Bindings = Mapping[str, Sequence[Identifier]]
NO_SELECT = "Only SELECT queries are asked of a store."


class Store(Protocol):
    """A dataset that answers SELECT queries. Every implementation passes tests/test_store.py.

    The default graph of a query is the union of all named graphs. `bindings` gives columns the values they may have;
    a column with several values yields the rows of each of them, one with none yields nothing.
    Raises `BadQuery` for what is no SELECT query, `UnknownColumn` for a binding that is neither a column of it nor, in a
    query without aggregates and sub-queries, another variable of its pattern, `BadParameter` for a value that cannot be
    bound, and `StoreUnusable` when the store cannot be reached.
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
        store.bulk_extend(with_union(quads))
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
        refuse_service(query)
        try:
            solutions = self.store.query(query + _values(query, bindings), prefixes=PREFIXES)
        except SyntaxError as error:
            raise BadQuery(str(error)) from error
        if not isinstance(solutions, ox.QuerySolutions):
            raise BadQuery(NO_SELECT)
        names = [variable.value for variable in solutions.variables]
        _check_bound(query, bindings, names)
        seen: dict[object, Identifier] = {}
        for solution in solutions:
            yield {name: term(value, seen) for name, value in zip(names, solution, strict=True) if value is not None}


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
            response = self._client.post(self.endpoint, data={"query": f"{declared} {query}{_values(query, bindings)}"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StoreUnusable(f"The SPARQL endpoint does not answer: {type(error).__name__}.") from error
        if response.status_code == 400:
            raise BadQuery(response.text[:500])
        if response.status_code == 406:  # the answer is a graph, which has no form as rows
            raise BadQuery(NO_SELECT)
        if not response.is_success:
            raise StoreUnusable(f"The SPARQL endpoint answered {response.status_code}.")
        try:
            answer = response.json()
            columns = answer["head"].get("vars", [])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreUnusable("The address answers, and not as a SPARQL endpoint does.") from error
        if "results" not in answer:
            raise BadQuery(NO_SELECT)
        _check_bound(query, bindings, columns)
        for row in answer["results"]["bindings"]:
            yield {name: _from_json(value) for name, value in row.items()}

    def close(self) -> None:
        """Close the connections to the endpoint."""
        self._client.close()


def _check_bound(query: str, bindings: Bindings, columns: Sequence[str]) -> None:
    """Refuse what an engine would ignore and answer for everything: a variable that VALUES at the end does not reach."""
    hidden = re.search(r"\b(GROUP|COUNT|SUM|MIN|MAX|AVG|SAMPLE|GROUP_CONCAT|EXISTS|MINUS)\b|SELECT\b.*\bSELECT\b", query, re.I | re.S)
    for name in bindings:
        if name not in columns and hidden:
            raise UnknownColumn(f"The query has the columns {', '.join(columns)}, not {name!r}.")


def _values(query: str, bindings: Bindings) -> str:
    """Return the VALUES block that gives columns their values; terms are written by the engine, never pasted."""
    if not bindings:
        return ""
    for name in bindings:  # SELECT * would take a new name in VALUES for a column of its own
        if not re.fullmatch(r"\w+", name) or not re.search(rf"[?$]{name}\b", query):
            raise UnknownColumn(f"The query has no column {name!r}.")
    combined = product(*([_written(value) for value in values] for values in bindings.values()))
    rows = " ".join(f"({' '.join(row)})" for row in combined)
    return f"\nVALUES ({' '.join(f'?{name}' for name in bindings)}) {{ {rows} }}"


def _written(value: Identifier) -> str:
    try:
        if isinstance(value, BNode):
            raise ValueError("a blank node has no name outside its file")
        return str(engine_term(value))
    except (ValueError, TypeError) as error:
        raise BadParameter(f"{str(value)!r} cannot be bound: {error}.") from error


def _from_json(value: Mapping[str, str]) -> Identifier:
    if value["type"] == "uri":
        return URIRef(value["value"])
    if value["type"] == "bnode":
        return BNode(value["value"])
    datatype = None if value.get("datatype") == str(XSD.string) else value.get("datatype")
    return Literal(value["value"], lang=value.get("xml:lang"), datatype=URIRef(datatype) if datatype else None, normalize=False)
