"""What the dataset and its service are, as RDF: VoID, DCAT 3 and the SPARQL service description, from the same figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import pyoxigraph as ox
from rdflib import DCTERMS, FOAF, RDF, RDFS, VOID, XSD, Graph, Literal, Namespace, URIRef

from wherefrom.dumps import Dump
from wherefrom.export import export
from wherefrom.formats import ANSWERS, GRAPHS
from wherefrom.load import engine_term
from wherefrom.settings import Settings
from wherefrom.snapshot import Snapshot
from wherefrom.vocabulary import EV, ONTOLOGY, PREFIXES, shorten

SD, DCAT, SPDX = (Namespace(PREFIXES.get(name, "")) for name in ("sd", "dcat", "spdx"))
FORMATS = ("turtle", "rdfxml", "ntriples", "jsonld")  # in which the descriptions come
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
CANONICAL = URIRef("https://www.w3.org/TR/rdf-canon/")  # RDFC-1.0, which our N-Quads are
PROTOCOL = URIRef("https://www.w3.org/TR/sparql11-protocol/")
SEP = "https://github.com/w3c/sparql-dev/blob/main/SEP/"
CAN = {  # what an engine can do -> a query that shows it
    (SD.supportedLanguage, SD.SPARQL11Query): """SELECT ?a (COUNT(*) AS ?n) { VALUES ?a { 1 } MINUS { <urn:a> (<urn:b>/^<urn:b>)* ?a }
        FILTER NOT EXISTS { <urn:a> <urn:b> ?a } BIND (IF(?a IN (1), STRLEN("a"), 0) AS ?d) { SELECT ?a {} } } GROUP BY ?a""",
    (SD.languageExtension, URIRef(f"{SEP}SEP-0002/sep-0002.md")): """SELECT ("2020-01-02"^^<http://www.w3.org/2001/XMLSchema#date>
        - "2020-01-01"^^<http://www.w3.org/2001/XMLSchema#date> AS ?length) {}""",
    (SD.languageExtension, URIRef(f"{SEP}SEP-0006/sep-0006.md")): "SELECT * { VALUES ?a { 1 } LATERAL { SELECT ?a {} LIMIT 1 } }",
}


@dataclass(frozen=True)
class Figures:
    """What is counted in a dataset: triples, entities, classes and properties; things by class, triples by property."""

    whole: Mapping[str, int]
    by_class: Mapping[str, int]
    by_property: Mapping[str, int]


def dataset_iri(base: str) -> URIRef:
    """Return the IRI of the dataset."""
    return URIRef(f"{base}.well-known/void#dataset")


def dataset(settings: Settings, figures: Figures, example: str, when: str) -> Graph:
    """Return the VoID description (VoID note, sections 2 to 4)."""
    graph = Graph()
    node = _about(graph, settings, when)
    graph.add((node, RDF.type, VOID.Dataset))
    graph.add((node, FOAF.homepage, URIRef(settings.base)))
    graph.add((node, RDFS.seeAlso, URIRef(f"{settings.base}downloads")))
    graph.add((node, VOID.uriSpace, Literal(f"{settings.base}id/")))
    graph.add((node, VOID.sparqlEndpoint, URIRef(f"{settings.base}sparql")))
    graph.add((node, VOID.exampleResource, URIRef(example)))
    terms = {*figures.by_class, *figures.by_property}
    for space in (f"{ONTOLOGY}#", *PREFIXES.values()):
        if any(term.startswith(space) for term in terms):
            graph.add((node, VOID.vocabulary, URIRef(space)))
    for form in GRAPHS.values():
        graph.add((node, VOID.feature, URIRef(form.iri)))
        graph.add((node, VOID.dataDump, URIRef(f"{settings.base}dump/all.{form.ending}")))
    for name, count in figures.whole.items():
        graph.add((node, VOID[name], _count(count)))
    for kind, link, of, counted, counts in (
        ("class", VOID.classPartition, VOID["class"], VOID.entities, figures.by_class),
        ("property", VOID.propertyPartition, VOID.property, VOID.triples, figures.by_property),
    ):
        for term, count in counts.items():
            part = URIRef(f"{settings.base}.well-known/void#{kind}-{quote(shorten(term, settings.base), safe=':')}")
            graph.add((node, link, part))
            graph.add((part, of, URIRef(term)))
            graph.add((part, counted, _count(count)))
    return graph


def catalogue(settings: Settings, data: Snapshot, when: str, dump: Callable[[str, bool], Dump]) -> Graph:
    """Return the DCAT 3 description of the downloads, each with its size and digest, and of the services.

    `dump` returns the whole base in a format, zipped or not. The digest of the N-Quads is that of RDFC-1.0. The dataset is
    what changes; the version of it that is served has its digest as its name.
    """
    graph = Graph()
    base = settings.base
    made, node, version = URIRef(f"{base}downloads#catalogue"), dataset_iri(base), URIRef(f"{base}downloads#version-{data.version}")
    graph.add((made, RDF.type, DCAT.Catalog))
    graph.add((made, DCTERMS.title, Literal(settings.title, lang="en")))
    graph.add((made, DCAT.dataset, node))
    _about(graph, settings, when)
    for one, path in ((node, "dump"), (version, f"dump/{data.version}")):
        graph.add((one, RDF.type, DCAT.Dataset))
        graph.add((one, DCAT.version, Literal(data.version)))
        graph.add((one, DCAT.landingPage, URIRef(base)))
        for name in GRAPHS if one == node else ("nquads",):
            for zipped in (False, True):
                graph.add((one, DCAT.distribution, _distribution(graph, settings, path, name, dump(name, zipped), zipped=zipped)))
    graph.add((node, DCAT.hasCurrentVersion, version))
    graph.add((version, DCAT.isVersionOf, node))
    graph.add((version, DCTERMS.title, Literal(f"{settings.title}, version {data.version}", lang="en")))
    for service, description, rules in (("sparql", "sparql", PROTOCOL), ("api/", "openapi.json", URIRef("https://spec.openapis.org/oas/"))):
        one = URIRef(f"{base}{service}#service")
        graph.add((made, DCAT.service, one))
        graph.add((one, RDF.type, DCAT.DataService))
        graph.add((one, DCTERMS.title, Literal(f"{settings.title}: /{service}", lang="en")))
        graph.add((one, DCAT.endpointURL, URIRef(f"{base}{service}")))
        graph.add((one, DCAT.endpointDescription, URIRef(f"{base}{description}")))
        graph.add((one, DCAT.servesDataset, node))
        graph.add((one, DCTERMS.conformsTo, rules))
    return graph


def _distribution(graph: Graph, settings: Settings, path: str, name: str, dump: Dump, *, zipped: bool) -> URIRef:
    form = GRAPHS[name]
    address = f"{settings.base}{path}/all.{form.ending}{'.gz' if zipped else ''}"
    node, checksum = (URIRef(f"{settings.base}downloads#{address.removeprefix(settings.base)}{part}") for part in ("", "-checksum"))
    graph.add((node, RDF.type, DCAT.Distribution))
    graph.add((node, DCTERMS.title, Literal(f"{form.title}, compressed" if zipped else form.title, lang="en")))
    graph.add((node, DCTERMS.license, URIRef(settings.licence_iri)))
    graph.add((node, DCTERMS.format, URIRef(form.iri)))
    graph.add((node, DCAT.mediaType, URIRef(MEDIA_TYPES + form.media_type)))
    graph.add((node, DCAT.accessURL, URIRef(address)))
    graph.add((node, DCAT.downloadURL, URIRef(address)))
    graph.add((node, DCAT.byteSize, Literal(dump.size, datatype=XSD.nonNegativeInteger)))
    if zipped:
        graph.add((node, DCAT.compressFormat, URIRef(f"{MEDIA_TYPES}application/gzip")))
    elif name == "nquads":
        graph.add((node, DCTERMS.conformsTo, CANONICAL))
    graph.add((node, SPDX.checksum, checksum))
    graph.add((checksum, RDF.type, SPDX.Checksum))
    graph.add((checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256))
    graph.add((checksum, SPDX.checksumValue, Literal(dump.sha256, datatype=XSD.hexBinary)))
    return node


def service(settings: Settings, data: Snapshot) -> Graph:
    """Return the service description (SPARQL 1.1 Service Description, section 3)."""
    graph = Graph()
    node, offered, default = (URIRef(f"{settings.base}sparql{part}") for part in ("#service", "#dataset", "#default"))
    graph.add((node, RDF.type, SD.Service))
    graph.add((node, SD.endpoint, URIRef(f"{settings.base}sparql")))
    graph.add((node, SD.feature, SD.UnionDefaultGraph))
    for predicate, ability in _abilities():
        graph.add((node, predicate, ability))
        graph.add((ability, RDF.type, SD.Language if predicate == SD.supportedLanguage else SD.Feature))
    for form in ANSWERS:
        graph.add((node, SD.resultFormat, URIRef(form.iri)))
    graph.add((node, SD.defaultDataset, offered))
    graph.add((node, EV.condition, Literal(_limits(settings), lang="en")))
    graph.add((offered, RDF.type, SD.Dataset))
    graph.add((offered, SD.defaultGraph, default))
    graph.add((default, RDF.type, SD.Graph))
    for number, (name, count) in enumerate(data.graphs.items(), 1):
        entry, content = (URIRef(f"{settings.base}sparql#{part}-{number}") for part in ("named", "graph"))
        graph.add((offered, SD.namedGraph, entry))
        graph.add((entry, RDF.type, SD.NamedGraph))
        graph.add((entry, SD.name, URIRef(name)))
        graph.add((entry, SD.graph, content))
        graph.add((content, RDF.type, SD.Graph))
        graph.add((content, VOID.triples, _count(count)))
    return graph


def written(graph: Graph, form: str, base: str) -> bytes:
    """Return a description in a format of `export`."""
    quads = (ox.Quad(*(engine_term(term) for term in triple)) for triple in graph)  # type: ignore[arg-type]
    return export(quads, form, base)


@cache
def _abilities() -> Sequence[tuple[URIRef, URIRef]]:
    """Return those of `CAN` whose query the engine evaluates without objection."""
    store = ox.Store()

    def can(query: str) -> bool:
        try:
            return bool(list(store.query(query)))  # type: ignore[arg-type]
        except (SyntaxError, ValueError):
            return False

    return [ability for ability, query in CAN.items() if can(query)]


def _about(graph: Graph, settings: Settings, when: str) -> URIRef:
    """Tell what every description of the dataset tells, and return its IRI."""
    node, publisher = dataset_iri(settings.base), URIRef(f"{settings.base}.well-known/void#publisher")
    graph.add((node, DCTERMS.title, Literal(settings.title, lang="en")))
    graph.add((node, DCTERMS.description, Literal(settings.description, lang="en")))
    graph.add((node, DCTERMS.license, URIRef(settings.licence_iri)))
    graph.add((node, DCTERMS.modified, Literal(when, datatype=XSD.dateTime)))
    graph.add((node, DCTERMS.publisher, publisher))
    graph.add((publisher, RDF.type, FOAF.Agent))
    graph.add((publisher, FOAF.name, Literal(settings.publisher)))
    return node


def _count(number: int) -> Literal:
    return Literal(number, datatype=XSD.integer)


def _limits(settings: Settings) -> str:
    return (
        f"A query may take {settings.query_seconds:g} seconds, {settings.query_bytes:,} bytes, {settings.query_patterns:,} patterns and "
        f"{settings.query_megabytes:,} MB of memory; its answer may have {settings.query_rows:,} rows and "
        f"{settings.response_bytes:,} bytes and take {settings.response_seconds:g} seconds to be sent. "
        f"{settings.query_workers} long queries are answered at once and {settings.query_waiting} may wait. "
        f"FROM makes no request, and SERVICE {f'only of {hosts}' if (hosts := ', '.join(settings.service_hosts)) else 'none either'}."
    )
