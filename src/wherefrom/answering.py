"""Any SPARQL query -> an answer in a format. The engine is Oxigraph; who may ask, and for how long, is the door's matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Protocol

import pyoxigraph as ox
from rdflib import URIRef

from wherefrom.formats import GRAPHS, ROWS
from wherefrom.problems import BadParameter, BadQuery, EndpointUnusable
from wherefrom.sparql_text import legible, query_form, refuse_service, used
from wherefrom.sparql_tokens import dataset_graphs
from wherefrom.store import NO_ENDPOINT, EmbeddedStore, RemoteStore
from wherefrom.vocabulary import PREFIXES, shorten

WIDEST = 60  # characters of a cell of a plain table; the other formats have the whole value


class Sink(Protocol):
    """Where the bytes of an answer go."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""
        ...


AnyStore = EmbeddedStore | RemoteStore
Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
SCRATCH = ox.Store()  # empty: what parses here parses, and what it is is told


def evaluate(
    store: ox.Store,
    query: str,
    prefixes: Mapping[str, str],
    default_graphs: list[str] | None = None,
    named_graphs: list[str] | None = None,
    base: str | None = None,
) -> Answer:
    """Return the answer to a query. The store's default graph is the union of all graphs; query or caller may name a dataset.

    `base` is what relative IRIs of the query are relative to, unless it says BASE itself (SPARQL 1.1 Query, section 4.1.1.2).
    Raises `BadQuery` with line and column where the query does not parse.
    """
    refuse_service(query)
    dataset: dict[str, list[ox.NamedNode]] = {}
    try:
        if default_graphs or named_graphs:
            dataset["default_graph"] = [ox.NamedNode(iri) for iri in default_graphs or []]
            dataset["named_graphs"] = [ox.NamedNode(iri) for iri in named_graphs or []]
        return store.query(query, base_iri=base, prefixes=used(prefixes, query), **dataset)  # type: ignore[arg-type]
    except (SyntaxError, ValueError) as error:
        raise BadQuery(legible(str(error))) from error


@contextmanager
def relay(
    store: RemoteStore,
    query: str,
    prefixes: Mapping[str, str],
    base: str,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
) -> Iterator[ox.QuerySolutions | ox.QueryBoolean | Iterator[ox.Triple]]:
    """Give the answer of an endpoint to a query while it comes, as an engine in this process would have given it.

    What is sent on was parsed before: so nothing but SPARQL gets there, and no function or pragma of an engine's own, some
    of which make requests (`bif:http_get` of Virtuoso does). FROM names graphs that the endpoint holds: some fetch others.
    Raises `BadQuery` or `EndpointUnusable`, also while the answer is read.
    """
    try:
        kind = evaluate(SCRATCH, query, prefixes, base=base)
    except RuntimeError as error:
        raise BadQuery(legible(str(error))) from error
    _check_dataset(store, query, prefixes, base, (*default_graphs, *named_graphs))
    form = GRAPHS["ntriples"] if isinstance(kind, ox.QueryTriples) else ROWS["json"]
    try:
        with store.reading(query, form.media_type, base, prefixes, default_graphs, named_graphs) as answer:
            if isinstance(kind, ox.QueryTriples):
                yield (quad.triple for quad in ox.parse(answer, ox.RdfFormat.N_TRIPLES))
            else:
                yield _as_asked(ox.parse_query_results(answer, ox.QueryResultsFormat.JSON), kind)
    except BadQuery as error:  # what the endpoint says of it may name files and addresses
        raise BadQuery("The query parses, and the endpoint behind this service refuses it.") from error
    except SyntaxError as error:
        raise EndpointUnusable("The answer of the endpoint breaks off, or is none of SPARQL.") from error


def _as_asked(answer: ox.QuerySolutions | ox.QueryBoolean, kind: Answer) -> ox.QuerySolutions | ox.QueryBoolean:
    """Return yes or no as such: Virtuoso has one row for yes, and none for no."""
    if not isinstance(kind, ox.QueryBoolean) or isinstance(answer, ox.QueryBoolean):
        return answer
    told = SCRATCH.query(f"ASK {{ FILTER ({str(any(True for _ in answer)).lower()}) }}")
    assert isinstance(told, ox.QueryBoolean)
    return told


def _check_dataset(store: RemoteStore, query: str, prefixes: Mapping[str, str], base: str, graphs: Sequence[str]) -> None:
    """Refuse graphs of FROM, and those named beside the query, that the endpoint does not hold."""
    for graph in dict.fromkeys((*graphs, *dataset_graphs(query, prefixes, base))):
        if graph is None or not list(store.select("SELECT ?graph { GRAPH ?graph { ?s ?p ?o } } LIMIT 1", {"graph": [URIRef(graph)]})):
            raise BadQuery(f"<{graph}> is no graph of this dataset. FROM makes no request: nothing is fetched.")


def write(answer: Answer, form: str, sink: Sink, prefixes: Mapping[str, str]) -> None:
    """Write an answer in one of `ROWS` or `GRAPHS`; raises `BadParameter` where it is not of that kind."""
    if isinstance(answer, ox.QueryTriples):
        if form not in GRAPHS:
            raise BadParameter(f"The query gives a graph; its formats are {', '.join(GRAPHS)}.")
        ox.serialize(answer, sink, GRAPHS[form].engine, prefixes=dict(prefixes))  # type: ignore[arg-type]
        return
    if form not in ROWS:
        raise BadParameter(f"The query gives rows; its formats are {', '.join(ROWS)}.")
    answer.serialize(sink, ROWS[form].engine)  # type: ignore[arg-type]


def answer_to_bytes(store: AnyStore, query: str, form: str) -> bytes:
    """Return the answer of a store as bytes."""
    buffer = BytesIO()
    write(_answer(store, query), form, buffer, PREFIXES)
    return buffer.getvalue()


def as_table(store: AnyStore, query: str, base: str) -> Iterator[str]:
    """Yield the lines of a plain table: names shortened, one row a line, long cells cut; a yes-no answer or a graph in its own form."""
    answer = _answer(store, query, base)
    if isinstance(answer, ox.QueryBoolean):
        yield "true" if answer else "false"
        return
    if isinstance(answer, ox.QueryTriples):
        yield (ox.serialize(answer, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b"").decode().rstrip()
        return
    names = [variable.value for variable in answer.variables]
    rows = [[_cut(_plain(solution[name], base)) for name in names] for solution in answer]
    widths = [max([len(name), *(len(row[n]) for row in rows)]) for n, name in enumerate(names)]
    yield "  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)).rstrip()
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _plain(value: object, base: str) -> str:
    if value is None:
        return ""
    return shorten(value.value, base) if isinstance(value, ox.NamedNode) else str(getattr(value, "value", value))


def _cut(text: str) -> str:
    """Return a text as a cell: on one line, and where it is wider than a cell may be, its beginning and an ellipsis."""
    line = " ".join(text.splitlines())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"


def _answer(store: AnyStore, query: str, base: str | None = None) -> Answer:
    if isinstance(store, EmbeddedStore):
        return evaluate(store.store, query, PREFIXES, base=base)
    return _read(store, query, base)


def _read(store: RemoteStore, query: str, base: str | None) -> Answer:
    """Return the answer of an endpoint, as an engine in this process would have given it."""
    asked, scratch = query_form(query), ox.Store()
    try:
        if asked not in ("SELECT", "ASK"):
            scratch.bulk_load(store.ask(query, GRAPHS["ntriples"].media_type, base), ox.RdfFormat.N_TRIPLES)
            return scratch.query("CONSTRUCT WHERE { ?s ?p ?o }")
        answer = ox.parse_query_results(store.ask(query, ROWS["json"].media_type, base), ox.QueryResultsFormat.JSON)
    except (SyntaxError, ValueError) as error:
        raise EndpointUnusable(NO_ENDPOINT) from error
    return _as_asked(answer, scratch.query("ASK {}")) if asked == "ASK" else answer
