"""Where the statements live while they are asked: one port, an embedded and a remote implementation."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

import pyoxigraph as ox
from rdflib import XSD, BNode, Literal, URIRef
from rdflib.term import Identifier

from wherefrom.formats import ROWS
from wherefrom.load import engine_term, term, with_union
from wherefrom.problems import BadParameter, BadQuery, EndpointUnusable, StoreUnusable, UnknownColumn
from wherefrom.sparql_text import TEXTS, legible, outermost_group, query_form, refuse_service, used, with_declarations
from wherefrom.vocabulary import NEVER_IN_IRIS, PREFIXES

if TYPE_CHECKING:
    import httpx

Row = Mapping[str, Identifier]
Bindings = Mapping[str, Sequence[Identifier]]
CUT = frozenset({"x-sparql-maxrows", "x-sql-state"})  # what Virtuoso sends with the first part of an answer that it cut
TERMS = 50_000  # terms of rdflib that a store keeps from one answer to the next, about 20 MB; making one takes longer than the engine takes
LOOK_UPS = 64  # patterns that are looked up one by one, each about 10 microseconds; to read a query and to plan it takes 100 and more
_PATTERN = re.compile(r"(?:#.*\n)*\s*SELECT DISTINCT ((?:\?\w+ )+)WHERE \{ GRAPH \?(\w+) \{ \?(\w+) \?(\w+) \?(\w+) \} \}\s*")
NO_ENDPOINT = "The address answers, and not as a SPARQL endpoint does."
NO_SELECT = "Only SELECT queries are asked of a store."


class Store(Protocol):
    """A dataset that answers SELECT queries. Every implementation passes tests/test_store.py.

    The default graph of a query is the union of all named graphs; an endpoint may have a triple in it once for each graph
    that states it, so that a question says DISTINCT where that matters. `bindings` gives columns the values they may have;
    a column with several values yields the rows of each of them, one with none yields nothing.
    Raises `BadQuery` for what is no SELECT query, `UnknownColumn` for a binding that is neither a column of it nor, in a
    query without aggregates and sub-queries, another variable of its pattern, `BadParameter` for a value that cannot be
    bound, and `StoreUnusable` when the store cannot be reached.
    """

    fixed: bool  # whether it counts as never changing, so that what is asked of all of it is asked once

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        """Yield the rows of a SELECT query; an unbound column is left out of its row."""
        ...

    def lines(self, query: str, bindings: Bindings = {}) -> bytes:
        r"""Return the rows of a SELECT query as text, for questions over the whole base: one line each, tabs between columns.

        An IRI is written `<...>`, everything else otherwise, an unbound column as nothing; no tab or line break is in a cell.
        """
        ...


class EmbeddedStore:
    """Oxigraph in this process, in memory or on disk."""

    fixed = True

    def __init__(self, store: ox.Store) -> None:
        self.store = store
        self._terms: dict[object, Identifier] = {}  # terms that were made before: the same few thousand are asked for again and again

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
        if len(self._terms) > TERMS:
            self._terms = {}  # another one: who reads an answer meanwhile keeps the former
        seen, pattern = self._terms, _only_pattern(query)
        if pattern and len(bindings) > 1 and bindings.keys() <= set(pattern) and prod(map(len, bindings.values())) <= LOOK_UPS:
            for values in self._matching([bindings.get(name, [None]) for name in pattern]):
                yield {name: term(value, seen) for name, value in zip(pattern, values, strict=True)}
            return
        solutions = self._solutions(query, bindings)
        names = [variable.value for variable in solutions.variables]
        for solution in solutions:
            yield {name: term(value, seen) for name, value in zip(names, solution, strict=True) if value is not None}

    def _matching(self, wanted: Sequence[Sequence[Identifier | None]]) -> Iterator[tuple[object, ...]]:
        """Yield (subject, predicate, object, graph) of the statements in named graphs that have the terms wanted, read from the indices."""
        for terms in product(*({None if one is None else _engine_term(one) for one in each} for each in wanted)):
            for quad in self.store.quads_for_pattern(*terms):  # type: ignore[arg-type]
                if not isinstance(quad.graph_name, ox.DefaultGraph):
                    yield quad.subject, quad.predicate, quad.object, quad.graph_name

    def lines(self, query: str, bindings: Bindings = {}) -> bytes:
        """See `Store`. The engine writes the lines; other threads run meanwhile."""
        if any(not values for values in bindings.values()):
            return b""
        written = self._solutions(query, bindings).serialize(format=ox.QueryResultsFormat.TSV) or b""
        return written[written.index(b"\n") + 1 :]

    def _solutions(self, query: str, bindings: Bindings) -> ox.QuerySolutions:
        refuse_service(query)
        try:
            solutions = self.store.query(_bound(query, bindings), prefixes=_prefixes(query))
        except SyntaxError as error:
            raise BadQuery(legible(str(error))) from error
        if not isinstance(solutions, ox.QuerySolutions):
            raise BadQuery(NO_SELECT)
        _check_bound(query, bindings, [variable.value for variable in solutions.variables])
        return solutions


class RemoteStore:
    """Any SPARQL 1.1 endpoint whose default graph is the union of its graphs."""

    def __init__(self, endpoint: str, timeout: float = 60.0, *, fixed: bool = False) -> None:
        import httpx

        self.endpoint, self.fixed = endpoint, fixed
        self._client = httpx.Client(timeout=timeout)

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        """See `Store`."""
        _, found = self._answer(query, bindings)
        for row in found:
            yield {name: _from_json(value) for name, value in row.items()}

    def lines(self, query: str, bindings: Bindings = {}) -> bytes:
        """See `Store`."""
        columns, found = self._answer(query, bindings)
        return b"".join("\t".join(_cell(row.get(column)) for column in columns).encode() + b"\n" for row in found)

    def _answer(self, query: str, bindings: Bindings) -> tuple[list[str], list[dict[str, dict[str, str]]]]:
        """Return the columns and the rows of an answer, as SPARQL 1.1 Query Results JSON has them."""
        if query_form(query) != "SELECT":  # Virtuoso answers others in rows of its own making
            raise BadQuery(NO_SELECT)
        if any(not values for values in bindings.values()):
            return [], []
        try:
            answer = json.loads(self.ask(_joined(query, bindings), ROWS["json"].media_type))
            columns, found = answer["head"]["vars"], answer["results"]["bindings"]
        except (ValueError, KeyError, TypeError) as error:
            raise EndpointUnusable(NO_ENDPOINT) from error
        _check_bound(query, bindings, columns)
        return columns, found

    def statements(self, graph: URIRef) -> Iterator[ox.Quad]:
        """Yield the statements of a graph while they come; raises `EndpointUnusable`."""
        query = f"SELECT ?s ?p ?o {{ GRAPH {_written(graph)} {{ ?s ?p ?o }} }}"
        with self.reading(query, ROWS["json"].media_type) as answer:
            try:
                for row in cast(ox.QuerySolutions, ox.parse_query_results(answer, ox.QueryResultsFormat.JSON)):
                    subject, predicate, value = row
                    yield ox.Quad(subject, predicate, _mended_term(value), ox.NamedNode(str(graph)))  # type: ignore[arg-type]
            except (SyntaxError, ValueError) as error:
                raise EndpointUnusable(NO_ENDPOINT) from error

    def ask(self, query: str, media_type: str, base: str | None = None) -> bytes:
        """Return the answer to a query of any form; see `reading`."""
        with self.reading(query, media_type, base) as answer:
            return answer.read()

    @contextmanager
    def reading(
        self,
        query: str,
        media_type: str,
        base: str | None = None,
        prefixes: Mapping[str, str] = PREFIXES,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
    ) -> Iterator[IO[bytes]]:
        """Give the answer to a query of any form, as the endpoint writes it, to be read while it comes.

        Relative IRIs of the query are relative to `base`; the caller may name the dataset, as the protocol has it.
        Raises `BadQuery` or `EndpointUnusable`, also while it is read.
        """
        import httpx

        refuse_service(query)
        named = {"default-graph-uri": list(default_graphs), "named-graph-uri": list(named_graphs)}
        form = {"query": with_declarations(query, prefixes, base), **named}
        try:
            with self._client.stream("POST", self.endpoint, data=form, headers={"Accept": media_type}) as response:
                _check(response)
                yield cast(IO[bytes], _Incoming(response))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EndpointUnusable(f"The SPARQL endpoint does not answer: {type(error).__name__}.") from error

    def close(self) -> None:
        """Close the connections to the endpoint."""
        self._client.close()


class _Incoming(io.RawIOBase):
    """The body of a response as a file that is read once."""

    def __init__(self, response: httpx.Response) -> None:
        self._chunks = response.iter_bytes()
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            if (chunk := next(self._chunks, None)) is None:
                return 0
            self._left = chunk
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _check(response: httpx.Response) -> None:
    """Raise the problem that a response tells of before its body."""
    if response.status_code == 400:
        response.read()
        raise BadQuery(response.text.split("\n\n")[0][:500])  # Virtuoso tells the query after it
    if not response.is_success:
        raise EndpointUnusable(f"The SPARQL endpoint answered {response.status_code}.")
    if CUT & set(response.headers):
        raise EndpointUnusable("The SPARQL endpoint cut its answer short: raise its limits of rows and time.")


def _check_bound(query: str, bindings: Bindings, columns: Sequence[str]) -> None:
    """Refuse what an engine would ignore and answer for everything: a variable that VALUES at the end does not reach."""
    for name in bindings:
        if name not in columns and _hides(query):
            raise UnknownColumn(f"The query has the columns {', '.join(columns)}, not {name!r}.")


@lru_cache(TEXTS)
def _only_pattern(query: str) -> tuple[str, ...] | None:
    r"""Return the variables of subject, predicate, object and graph where a query asks for the statements of a pattern and nothing else.

    >>> _only_pattern("# All\nSELECT DISTINCT ?s ?p ?o ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
    ('s', 'p', 'o', 'g')
    """
    found = _PATTERN.fullmatch(query)
    if found is None:
        return None
    columns, graph, *others = found.groups()
    names = (*others, graph)
    return names if len(set(names)) == len(names) and sorted(re.findall(r"\w+", columns)) == sorted(names) else None


@lru_cache(TEXTS)
def _hides(query: str) -> bool:
    """Return whether a query may have variables that no VALUES at its end reaches."""
    return bool(re.search(r"\b(GROUP|COUNT|SUM|MIN|MAX|AVG|SAMPLE|GROUP_CONCAT|EXISTS|MINUS)\b|SELECT\b.*\bSELECT\b", query, re.I | re.S))


@lru_cache(TEXTS)
def _prefixes(query: str) -> dict[str, str]:
    return used(PREFIXES, query)


def _bound(query: str, bindings: Bindings) -> str:
    """Return a query whose columns have the values given, in the way that Oxigraph reads quickly.

    Several columns are crossed in a query of their own: as rows of one block they take longer to be read than to be found, and
    of a block for each the engine may begin with the one that fits most of the base. A column that is calculated is bound at the end.
    """
    if not bindings:
        return query
    _check_names(query, bindings)
    columns = {name: [_written(value) for value in values] for name, values in bindings.items()}
    names, group = [f"?{name}" for name in columns], outermost_group(query)
    if len(columns) == 1 or group is None or any(re.search(rf"\bAS\s*[?$]{name}\b", query, re.I) for name in columns):
        rows = " ".join(f"({' '.join(row)})" for row in product(*columns.values()))
        return f"{query}\nVALUES ({' '.join(names)}) {{ {rows} }}"
    values = " ".join(f"VALUES ?{name} {{ {' '.join(written)} }}" for name, written in columns.items())
    return f"{query[: group.start]}{{ {{ SELECT {' '.join(names)} {{ {values} }} }} {query[group]} }}{query[group.stop :]}"


def _joined(query: str, bindings: Bindings) -> str:
    """Return a query whose pattern gives columns their values, in the one way that every server tried reads right and quickly.

    Virtuoso 7 finds nothing by a VALUES block at the end of a query, and loses texts with a language from one of several
    columns. Oxigraph reads everything of a second column that has a block of its own; where it holds IRIs, it is filtered.
    """
    group = outermost_group(query)
    if not bindings or group is None:  # no query without a pattern can be bound; the endpoint will tell
        return query
    _check_names(query, bindings)
    _, *others = bindings
    columns = {name: [_written(value) for value in values] for name, values in bindings.items()}
    filtered = [name for name in others if all(isinstance(value, URIRef) for value in bindings[name])]
    values = " ".join(f"VALUES ?{name} {{ {' '.join(columns[name])} }}" for name in columns if name not in filtered)
    filters = " ".join(f"FILTER (?{name} IN ({', '.join(columns[name])}))" for name in filtered)
    return f"{query[: group.start]}{{ {values} {query[group]} {filters} }}{query[group.stop :]}"


def _check_names(query: str, bindings: Bindings) -> None:
    for name in bindings:  # SELECT * would take a new name in VALUES for a column of its own
        if not re.fullmatch(r"\w+", name) or not re.search(rf"[?$]{name}\b", query):
            raise UnknownColumn(f"The query has no column {name!r}.")


def _written(value: Identifier) -> str:
    """Return a term as the engine writes it, never as it was given; raises `BadParameter` for what is no term."""
    return str(_engine_term(value))


def _engine_term(value: Identifier) -> ox.NamedNode | ox.Literal:
    try:
        if isinstance(value, BNode):
            raise ValueError("a blank node has no name outside its file")
        return engine_term(value)  # type: ignore[return-value]
    except (ValueError, TypeError) as error:
        raise BadParameter(f"{str(value)!r} cannot be bound: {error}.") from error


def _from_json(value: Mapping[str, str]) -> Identifier:
    if value["type"] == "uri":
        return URIRef(value["value"])
    if value["type"] == "bnode":
        return BNode(value["value"])
    datatype = None if value.get("datatype") == str(XSD.string) else value.get("datatype")
    lexical = value["value"]
    lexical = _mended(lexical, datatype)
    return Literal(lexical, lang=value.get("xml:lang"), datatype=URIRef(datatype) if datatype else None, normalize=False)


def _mended(lexical: str, datatype: str | None) -> str:
    """Return a literal as it is written elsewhere: Virtuoso has 1 for true, which is as right, and 6 or 0.0 for P6M or P0D, which is not.

    >>> _mended("0", str(XSD.boolean)), _mended("12", str(XSD.duration)), _mended("-90.0", str(XSD.duration))
    ('false', 'P12M', '-PT90.0S')
    """
    if datatype == str(XSD.boolean):
        return {"1": "true", "0": "false"}.get(lexical, lexical)
    if datatype == str(XSD.duration) and (number := re.fullmatch(r"(-?)(\d+)(\.\d+)?", lexical)):
        sign, whole, part = number.groups()
        return f"{sign}PT{whole}{part}S" if part else f"{sign}P{whole}M"
    return lexical


def _mended_term(value: object) -> object:
    if not isinstance(value, ox.Literal) or value.language:
        return value
    return ox.Literal(_mended(value.value, value.datatype.value), datatype=value.datatype)


def _cell(value: Mapping[str, str] | None) -> str:
    if value is None:
        return ""
    if value["type"] == "uri" and not NEVER_IN_IRIS.search(value["value"]):
        return f"<{value['value']}>"
    return json.dumps(value["value"])  # a text without tabs and line breaks


def is_endpoint(place: object) -> bool:
    """Return whether a place is the address of an endpoint, and no folder."""
    return str(place).startswith(("http://", "https://"))


def opened(place: Path | str) -> EmbeddedStore | RemoteStore:
    """Return the store in a folder, opened for reading, or behind an endpoint, for one version of its data; raises `StoreUnusable`."""
    return RemoteStore(str(place), fixed=True) if is_endpoint(place) else EmbeddedStore.at(Path(place))
