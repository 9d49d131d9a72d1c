"""The ontology is the only list of names: each is described, each is known to the code, and none is made up."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Namespace, URIRef

from wherefrom.load import APART, KnowledgeBase
from wherefrom.vocabulary import BORROWED, EV, ONTOLOGY, PREFIXES, SCHEMES, TERMS, classes, expand, is_term, kinds, shorten, steps

BASE = "https://example.org/"
VS = Namespace("http://www.w3.org/2003/06/sw-vocab-status/ns#")
DESCRIBED = (RDF.type, RDFS.label, SKOS.definition, SKOS.example, RDFS.isDefinedBy, VS.term_status)


@pytest.fixture(scope="module")
def ontology(repository: Path) -> Graph:
    return Graph().parse(repository / "ontology" / "evidence.ttl", format="turtle")


@pytest.fixture(scope="module")
def union(kb: KnowledgeBase) -> Graph:
    return kb.union()


def test_every_term_is_described(ontology: Graph) -> None:
    lacking = {term: [p for p in DESCRIBED if not ontology.value(URIRef(term), p)] for term in TERMS}
    assert {term: found for term, found in lacking.items() if found} == {}
    assert len(TERMS) > 100


def test_every_term_that_the_ontology_describes_is_listed(ontology: Graph) -> None:
    assert {str(s) for s in ontology.subjects() if str(s).startswith(str(EV))} == set(TERMS)


def test_every_class_is_used_in_data_or_shapes(kb: KnowledgeBase) -> None:
    said = {
        value.value
        for source in (*kb.sources, *kb.shapes)
        if not source.name.startswith("ontology/")
        for quad in source.quads
        for value in (quad.predicate, quad.object)
        if isinstance(value, ox.NamedNode)
    }
    parents = {str(o) for o in Graph().parse(kb.folder / "ontology" / "evidence.ttl", format="turtle").objects(predicate=RDFS.subClassOf)}
    assert {str(c) for c in classes()} - said - parents == set()


def test_a_misspelt_name_fails_at_once_and_is_named() -> None:
    with pytest.raises(AttributeError, match="assertdFrom"):
        _ = EV.assertdFrom
    assert str(EV.Claim) in TERMS
    assert is_term(EV.Claim)
    assert is_term(ONTOLOGY)
    assert not is_term(f"{EV}Clam")


def test_every_concept_has_a_label_and_a_scheme(union: Graph) -> None:
    concepts = set(union.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 200
    assert {c for c in concepts if not union.value(c, SKOS.prefLabel)} == set()
    in_schemes = {c for c in concepts if str(c).startswith(str(SCHEMES))}
    assert {c for c in in_schemes if not union.value(c, SKOS.inScheme)} == set()


def test_the_steps_are_those_of_the_ontology(ontology: Graph) -> None:
    under = {EV.restsOn}
    while more := {s for s, o in ontology.subject_objects(RDFS.subPropertyOf) if o in under} - under:
        under |= more
    assert steps() == under > {EV.restsOn, EV.findingOf, EV.reportedIn}
    assert all((step, RDF.type, OWL.ObjectProperty) in ontology for step in steps())


def test_alignments_parse_and_are_no_part_of_the_data(kb: KnowledgeBase, repository: Path) -> None:
    matches = set(Graph().parse(repository / "ontology" / APART, format="turtle"))
    assert matches
    assert not [source.name for source in kb.sources if source.name.endswith(APART)]
    assert not matches & set(kb.union())


def test_every_borrowed_term_has_a_label_and_an_owner(kb: KnowledgeBase) -> None:
    source = next(source for source in kb.sources if source.name == "ontology/borrowed.ttl")
    assert {quad.graph_name.value for quad in source.quads} == {str(BORROWED)}
    terms = {quad.subject for quad in source.quads}
    labelled = {quad.subject for quad in source.quads if quad.predicate.value == str(RDFS.label)}
    assert terms - labelled == set()
    assert not [term for term in terms if term.value.startswith(str(EV))]


def test_no_blank_node_stands_in_data_or_ontology(kb: KnowledgeBase) -> None:
    assert [quad for quad in kb.quads() if isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)] == []


NUMBER = r"(?<![\d.-])(\+\d{1,3}[ -]?)?(\(\d{2,4}\)[ -]?|\d{3}[ -])\d{3,4}[ -]\d{3,4}(?![\d-])"
FORBIDDEN = {
    "placeholder": re.compile(r"lorem ipsum|dolor sit|\bTODO\b|\bFIXME\b|\bxxx\b", re.IGNORECASE),
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "telephone number": re.compile(rf"{NUMBER}|\b(tel|phone|fax)[.:]", re.IGNORECASE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_holds_what_has_no_place_here(kb: KnowledgeBase, what: str) -> None:
    texts = {quad.object.value for quad in kb.quads() if isinstance(quad.object, ox.Literal)}
    assert [text for text in texts if FORBIDDEN[what].search(text)] == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("placeholder", "Lorem ipsum dolor"),
        ("e-mail address", "write to a.b@example.org"),
        ("telephone number", "+1 555 123 4567"),
        ("telephone number", "(020) 7946 0000"),
        ("telephone number", "Tel: none"),
    ],
)
def test_what_has_no_place_here_would_be_found(what: str, text: str) -> None:
    assert FORBIDDEN[what].search(text)


# Names in short and in full


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("claim/x", f"{BASE}id/claim/x"),
        ("/claim/x", f"{BASE}id/claim/x"),
        ("id/claim/x", f"{BASE}id/claim/x"),
        ("claim:x", f"{BASE}id/claim/x"),
        (" claim/x ", f"{BASE}id/claim/x"),
        ("passage/abc/1-2", f"{BASE}id/passage/abc/1-2"),
        ("ev:Claim", f"{EV}Claim"),
        ("<https://other.org/x>", "https://other.org/x"),
        ("https://other.org/x", "https://other.org/x"),
        ("urn:isbn:1", "urn:isbn:1"),
    ],
)
def test_a_name_is_expanded(name: str, iri: str) -> None:
    assert expand(name, BASE) == URIRef(iri)
    assert expand(shorten(iri, BASE), BASE) == URIRef(iri)


def test_every_thing_of_the_repository_can_be_named_in_short(kb: KnowledgeBase) -> None:
    iris = {quad.subject.value for quad in kb.quads() if isinstance(quad.subject, ox.NamedNode)}
    assert {iri for iri in iris if str(expand(shorten(iri, kb.settings.base), kb.settings.base)) != iri} == set()


def test_each_prefix_has_a_namespace_of_its_own() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    assert kinds(BASE, {f"{BASE}id/claim/x", f"{BASE}id/prov/x", "https://other.org/id/y/z"}) == {"claim": f"{BASE}id/claim/"}
