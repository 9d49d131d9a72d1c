"""SPARQL 1.1 Service Description: the suite names three tests and leaves it to the reader how to make them."""

from __future__ import annotations

import httpx
import pytest
from rdflib import RDF, BNode, Graph, Namespace, URIRef

from conformance.manifests import TurtleCase
from conformance.suites import DESCRIPTION

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMATS = Namespace("http://www.w3.org/ns/formats/")
CLASSES = {SD[name] for name in ("Service", "Language", "Function", "Aggregate", "EntailmentRegime", "EntailmentProfile", "GraphCollection",
                                 "Dataset", "Graph", "NamedGraph", "Feature")}  # fmt: skip
SCHEMA = {  # property -> class of its subjects, class of its values where it has one (Service Description, section 3.4)
    SD.endpoint: (SD.Service, None), SD.feature: (SD.Service, SD.Feature), SD.defaultEntailmentRegime: (SD.Service, SD.EntailmentRegime),
    SD.supportedEntailmentProfile: (SD.Service, SD.EntailmentProfile), SD.entailmentRegime: (SD.NamedGraph, SD.EntailmentRegime),
    SD.extensionFunction: (SD.Service, SD.Function), SD.extensionAggregate: (SD.Service, SD.Aggregate),
    SD.languageExtension: (SD.Service, SD.Feature), SD.supportedLanguage: (SD.Service, SD.Language),
    SD.propertyFeature: (SD.Service, SD.Feature), SD.defaultDataset: (SD.Service, SD.Dataset),
    SD.availableGraphs: (SD.Service, SD.GraphCollection), SD.resultFormat: (SD.Service, None), SD.inputFormat: (SD.Service, None),
    SD.defaultGraph: (SD.Dataset, SD.Graph), SD.namedGraph: (SD.GraphCollection, SD.NamedGraph), SD.name: (SD.NamedGraph, None),
    SD.graph: (SD.NamedGraph, SD.Graph),
}  # fmt: skip
ABOVE = {SD.Dataset: SD.GraphCollection, SD.Service: SD.Service}  # a dataset is a collection of graphs too
INSTANCES = {
    SD[name]: SD.Feature for name in ("DereferencesURIs", "UnionDefaultGraph", "RequiresDataset", "EmptyGraphs", "BasicFederatedQuery")
}
INSTANCES |= {SD[name]: SD.Language for name in ("SPARQL10Query", "SPARQL11Query", "SPARQL11Update")}


@pytest.mark.suite(DESCRIPTION)
def test_the_service_describes_itself(case: TurtleCase, suite_server: httpx.Client) -> None:
    answer = suite_server.get("/sparql")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == "text/turtle"
    told = Graph().parse(data=answer.content, format="turtle")
    CHECKS[case.name.rsplit("/", 1)[1]](told)


def returns_rdf(told: Graph) -> None:
    assert len(told) > 0


def has_endpoint_triple(told: Graph) -> None:
    """The address is told under the base of the knowledge base, behind which this server stands."""
    assert (None, SD.endpoint, URIRef("https://suites.example/sparql")) in told


def conforms_to_schema(told: Graph) -> None:
    [service] = told.subjects(RDF.type, SD.Service)
    assert len(list(told.objects(service, SD.endpoint))) == 1
    for subject, predicate, value in told:
        if predicate == RDF.type and str(value).startswith(str(SD)):
            assert value in CLASSES
        elif str(predicate).startswith(str(SD)):
            domain, values = SCHEMA[URIRef(str(predicate))]
            assert domain in kinds(told, subject), (subject, predicate)
            assert values is None or values in kinds(told, value), (predicate, value)
    for named in told.subjects(RDF.type, SD.NamedGraph):
        assert len(list(told.objects(named, SD.name))) == 1
    assert all(str(form).startswith(str(FORMATS)) for form in told.objects(service, SD.resultFormat))


def kinds(told: Graph, node: object) -> set[object]:
    if node in INSTANCES:
        return {INSTANCES[URIRef(str(node))]}
    assert isinstance(node, URIRef | BNode)
    found: set[object] = set(told.objects(node, RDF.type))
    return found | {ABOVE[kind] for kind in found if kind in ABOVE}


CHECKS = {"returns-rdf": returns_rdf, "has-endpoint-triple": has_endpoint_triple, "conforms-to-schema": conforms_to_schema}
