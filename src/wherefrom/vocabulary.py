"""The names: read from the ontology that comes with the program, never written twice."""

from __future__ import annotations

import re
from functools import cache

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.namespace import ClosedNamespace

from wherefrom.problems import UnknownResource
from wherefrom.resources import shipped_folder

ONTOLOGY = URIRef("https://w3id.org/wherefrom/ontology")
SCHEMES = URIRef("https://w3id.org/wherefrom/scheme")
SHAPES = URIRef("https://w3id.org/wherefrom/shapes")
BORROWED = URIRef("https://w3id.org/wherefrom/ontology/borrowed")  # names that we give to terms of other vocabularies

_ontology = Graph().parse(data=(shipped_folder("ontology") / "evidence.ttl").read_text("utf-8"), format="turtle")
_terms = sorted(t.fragment for t in _ontology.subjects(RDFS.isDefinedBy, ONTOLOGY) if isinstance(t, URIRef))
TERMS = tuple(f"{ONTOLOGY}#{name}" for name in _terms)
_known = frozenset(TERMS)
EV = ClosedNamespace(f"{ONTOLOGY}#", _terms)  # EV.assertdFrom: AttributeError naming the term and the namespace

NEVER_IN_IRIS = re.compile(r'[\x00-\x20<>"{}|^`\\\x7f-\x9f\ud800-\udfff\ufff0-\uffff]')  # RFC 3987, 2.2

# Prefixes known in queries and used in every export; those of the data (`claim:` ...) are the first folders under id/.
PREFIXES = {
    "ev": f"{ONTOLOGY}#",
    "evs": f"{SCHEMES}/",
    "evsh": f"{SHAPES}#",
    "biro": "http://purl.org/spar/biro/",
    "cito": "http://purl.org/spar/cito/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "fabio": "http://purl.org/spar/fabio/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "frbr": "http://purl.org/vocab/frbr/core#",
    "oa": "http://www.w3.org/ns/oa#",
    "obo": "http://purl.obolibrary.org/obo/",
    "oco": "https://w3id.org/oc/ontology/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "pro": "http://purl.org/spar/pro/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "vs": "http://www.w3.org/2003/06/sw-vocab-status/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def kinds(base: str, iris: set[str]) -> dict[str, str]:
    """Return a prefix for each kind of thing that occurs under `{base}id/`, as `claim` -> `{base}id/claim/`."""
    start = f"{base}id/"
    found = {iri[len(start) :].split("/", 1)[0] for iri in iris if iri.startswith(start)}
    return {kind: f"{start}{kind}/" for kind in sorted(found - PREFIXES.keys())}


def expand(name: str, base: str) -> URIRef:
    """Return the IRI that `name` stands for: an IRI, a CURIE of a known prefix, `type/slug` or `type:slug`.

    Raises `UnknownResource` for what no IRI can be.

    >>> expand("claim/x", "https://example.org/")
    rdflib.term.URIRef('https://example.org/id/claim/x')
    >>> expand("ev:Claim", "https://example.org/")
    rdflib.term.URIRef('https://w3id.org/wherefrom/ontology#Claim')
    """
    name = name.strip().removeprefix("<").removesuffix(">")
    if not name or NEVER_IN_IRIS.search(name):
        raise UnknownResource(f"the name {name!r}")
    if name.startswith(("http://", "https://", "urn:")):
        return URIRef(name)
    prefix, colon, rest = name.partition(":")
    if colon and prefix in PREFIXES:
        return URIRef(PREFIXES[prefix] + rest)
    if colon and "/" not in prefix:
        return URIRef(f"{base}id/{prefix}/{rest}")
    return URIRef(f"{base}id/{name.removeprefix('/').removeprefix('id/')}")


def shorten(iri: str, base: str) -> str:
    """Return `type/slug` for a thing under `base`, a CURIE where a prefix is known, the IRI itself otherwise."""
    if iri.startswith(f"{base}id/"):
        return iri[len(base) + 3 :]
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and len(iri) > len(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


@cache
def steps() -> frozenset[URIRef]:
    """Return the properties that lead from what rests to what it rests on: ev:restsOn and what is under it."""
    return frozenset(p for p in _ontology.transitive_subjects(RDFS.subPropertyOf, EV.restsOn) if isinstance(p, URIRef))


@cache
def _places() -> dict[str, int]:
    content = (shipped_folder("ontology") / "evidence.ttl").read_bytes()
    subjects = dict.fromkeys(
        quad.subject.value for quad in ox.parse(content, ox.RdfFormat.TURTLE) if isinstance(quad.subject, ox.NamedNode)
    )
    return {iri: place for place, iri in enumerate(subjects)}


def place(term: str) -> int:
    """Return where a term stands in the ontology file, which is the order in which pages show properties; others come last."""
    return _places().get(term, len(_places()))


def is_term(iri: str) -> bool:
    """Return whether `iri` is the ontology or one of its terms."""
    return str(iri) in _known or str(iri) == str(ONTOLOGY)


def classes() -> set[URIRef]:
    """Return the classes that the ontology defines."""
    return {c for c in _ontology.subjects(RDF.type, OWL.Class) if isinstance(c, URIRef)}


@cache
def _labels() -> dict[str, str]:
    """Return the labels of the terms of the ontology and of those that it borrows."""
    files = [shipped_folder("ontology") / name for name in ("borrowed.ttl", "evidence.ttl")]
    quads = (quad for file in files for quad in ox.parse(file.read_bytes(), ox.RdfFormat.TURTLE))
    return {quad.subject.value: quad.object.value for quad in quads if quad.predicate.value == str(RDFS.label)}


@cache
def called(name: str) -> str:
    """Return what a property is called, given as `shorten` writes it: its label, or its name as words where it has none here.

    >>> called("ev:reportedIn"), called("cito:cites"), called("prov:hadMember")
    ('is reported in', 'cites', 'had member')
    """
    prefix, _, local = name.partition(":")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.split("[:/#]", name)[-1]).lower()
    return _labels().get(f"{PREFIXES.get(prefix, '')}{local}", words)


@cache
def class_of(kind: str) -> URIRef | None:
    """Return the class that a kind of thing is named after, as `document` after the source document; nothing for other kinds."""
    words = kind.replace("-", " ")
    called = {str(_ontology.value(c, RDFS.label)): c for c in classes()}
    return called.get(words) or called.get(f"source {words}")


@cache
def meaning(kind: str) -> str:
    """Return in a few words what a kind of thing is: the definition of its class without what follows a bracket or full stop.

    >>> meaning("finding"), meaning("document"), meaning("other")
    ('One result of one study as one source prints it', 'A page or publication of a source, over time', '')
    """
    defined = _ontology.value(class_of(kind), SKOS.definition) if class_of(kind) else ""
    return re.sub(r" \(.*?\)", "", str(defined)).split(". ")[0].rstrip(".")
