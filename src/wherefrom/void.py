"""What the dataset and its service are, as RDF: VoID and the SPARQL service description, from the same figures."""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox
from rdflib import DCTERMS, FOAF, RDF, VOID, XSD, Graph, Literal, Namespace, URIRef

from wherefrom.answering import GRAPHS, ROWS
from wherefrom.build import Build
from wherefrom.export import export
from wherefrom.load import engine_term
from wherefrom.settings import Settings
from wherefrom.vocabulary import EV, ONTOLOGY

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMAT = Namespace("http://www.w3.org/ns/formats/")
FORMATS = {"text/turtle": "turtle", "application/rdf+xml": "rdfxml", "application/n-triples": "ntriples", "application/ld+json": "jsonld"}
ENDINGS = ("ttl", "trig", "nt", "nq", "jsonld", "rdf")
RESULT_FORMATS = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML", "csv": "SPARQL_Results_CSV", "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle", "ntriples": "N-Triples", "rdfxml": "RDF_XML", "jsonld": "JSON-LD", "trig": "TriG", "nquads": "N-Quads",
}  # fmt: skip


def dataset(settings: Settings, counts: Mapping[str, int], example: str, when: str, media_type: str) -> bytes:
    """Return the VoID description (VoID note, sections 2 to 4) in one of `FORMATS`."""
    graph = Graph()
    node = URIRef(f"{settings.base}.well-known/void#dataset")
    graph.add((node, RDF.type, VOID.Dataset))
    graph.add((node, DCTERMS.title, Literal(settings.title, lang="en")))
    graph.add((node, DCTERMS.description, Literal(settings.description, lang="en")))
    graph.add((node, DCTERMS.license, URIRef(settings.licence_iri)))
    graph.add((node, DCTERMS.publisher, Literal(settings.publisher)))
    graph.add((node, DCTERMS.modified, Literal(when, datatype=XSD.dateTime)))
    graph.add((node, FOAF.homepage, URIRef(settings.base)))
    graph.add((node, VOID.uriSpace, Literal(f"{settings.base}id/")))
    graph.add((node, VOID.sparqlEndpoint, URIRef(f"{settings.base}sparql")))
    graph.add((node, VOID.vocabulary, URIRef(f"{ONTOLOGY}#")))
    graph.add((node, VOID.exampleResource, URIRef(example)))
    for ending in ENDINGS:
        graph.add((node, VOID.dataDump, URIRef(f"{settings.base}dump/all.{ending}")))
    for name, term in (("triples", VOID.triples), ("entities", VOID.entities), ("classes", VOID.classes), ("properties", VOID.properties)):
        graph.add((node, term, Literal(counts[name], datatype=XSD.integer)))
    return _serialized(graph, media_type, settings.base)


def service(settings: Settings, build: Build, media_type: str) -> bytes:
    """Return the service description (SPARQL 1.1 Service Description, section 3) in one of `FORMATS`."""
    graph = Graph()
    node, offered, default = (URIRef(f"{settings.base}sparql{part}") for part in ("#service", "#dataset", "#default"))
    graph.add((node, RDF.type, SD.Service))
    graph.add((node, SD.endpoint, URIRef(f"{settings.base}sparql")))
    graph.add((node, SD.supportedLanguage, SD.SPARQL11Query))
    graph.add((node, SD.feature, SD.UnionDefaultGraph))
    for form in (*ROWS, *GRAPHS):
        graph.add((node, SD.resultFormat, FORMAT[RESULT_FORMATS[form]]))
    graph.add((node, SD.defaultDataset, offered))
    graph.add((node, EV.condition, Literal(_limits(settings), lang="en")))
    graph.add((offered, RDF.type, SD.Dataset))
    graph.add((offered, SD.defaultGraph, default))
    graph.add((default, RDF.type, SD.Graph))
    for number, (name, count) in enumerate(build.graphs.items(), 1):
        entry, content = (URIRef(f"{settings.base}sparql#{part}-{number}") for part in ("named", "graph"))
        graph.add((offered, SD.namedGraph, entry))
        graph.add((entry, RDF.type, SD.NamedGraph))
        graph.add((entry, SD.name, URIRef(name)))
        graph.add((entry, SD.graph, content))
        graph.add((content, RDF.type, SD.Graph))
        graph.add((content, VOID.triples, Literal(count, datatype=XSD.integer)))
    return _serialized(graph, media_type, settings.base)


def _limits(settings: Settings) -> str:
    return (
        f"A query may take {settings.query_seconds:g} seconds, {settings.query_bytes} bytes and {settings.query_megabytes} MB; "
        f"{settings.query_workers} are answered at once. SERVICE and FROM make no request."
    )


def _serialized(graph: Graph, media_type: str, base: str) -> bytes:
    quads = (ox.Quad(*(engine_term(term) for term in triple)) for triple in graph)  # type: ignore[arg-type]
    return export(quads, FORMATS[media_type], base)
