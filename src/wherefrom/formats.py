"""The formats of graphs and of rows, by the names we give them. All else about a format is what the engine says of it."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import pyoxigraph as ox

Engine = TypeVar("Engine", ox.RdfFormat, ox.QueryResultsFormat)
REGISTER = "http://www.w3.org/ns/formats/"  # where W3C gives each format an IRI


class Format(NamedTuple, Generic[Engine]):
    """What the engine reads and writes it with, its media type, the ending of its files, what people call it, and its IRI."""

    engine: Engine
    media_type: str
    ending: str
    title: str
    iri: str


def _format(engine: Engine) -> Format[Engine]:
    media_type = engine.media_type.split(";", 1)[0]
    return Format(engine, media_type, engine.file_extension, engine.name, REGISTER + engine.iri.rsplit("/", 1)[-1])


GRAPHS = {
    "turtle": _format(ox.RdfFormat.TURTLE),
    "jsonld": _format(ox.RdfFormat.JSON_LD),
    "ntriples": _format(ox.RdfFormat.N_TRIPLES),
    "rdfxml": _format(ox.RdfFormat.RDF_XML),
    "trig": _format(ox.RdfFormat.TRIG),
    "nquads": _format(ox.RdfFormat.N_QUADS),
}
ROWS = {
    "json": _format(ox.QueryResultsFormat.JSON),
    "xml": _format(ox.QueryResultsFormat.XML),
    "csv": _format(ox.QueryResultsFormat.CSV),
    "tsv": _format(ox.QueryResultsFormat.TSV),
}
ANSWERS: tuple[Format[Any], ...] = (*ROWS.values(), *GRAPHS.values())  # what a query is answered in
BY_ENDING = {form.ending: name for name, form in GRAPHS.items()}
