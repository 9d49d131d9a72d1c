"""Statements -> files: Turtle, TriG, N-Triples, N-Quads, RDF/XML and compact JSON-LD. The same input gives the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef

from wherefrom.build import canonical_nquads
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.resources import shipped_folder
from wherefrom.vocabulary import EV, PREFIXES, SCHEMES, kinds

RDF_TYPE = str(RDF.type)
STRING = "http://www.w3.org/2001/XMLSchema#string"
FORMATS = {  # name -> media type, file ending
    "turtle": ("text/turtle", "ttl"),
    "trig": ("application/trig", "trig"),
    "ntriples": ("application/n-triples", "nt"),
    "nquads": ("application/n-quads", "nq"),
    "jsonld": ("application/ld+json", "jsonld"),
    "rdfxml": ("application/rdf+xml", "rdf"),
}
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
XML_NAME_AT_END = re.compile(r"[^\W\d][\w.-]*$")
SERIALIZERS = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "rdfxml": ox.RdfFormat.RDF_XML}


def export(quads: Iterable[ox.Quad], form: str, base: str) -> bytes:
    """Return statements in one of `FORMATS`; the formats of one graph (turtle, ntriples, rdfxml) give the union.

    Statements are sorted first, so that their order never shows.
    """
    lines = canonical_nquads(quads)
    if form == "nquads":
        return lines
    ordered = list(ox.parse(lines, ox.RdfFormat.N_QUADS))
    if form == "jsonld":
        return _json_bytes(json_ld(ordered, base))
    if form == "ntriples":
        lines = ox.serialize((quad.triple for quad in ordered), format=ox.RdfFormat.N_TRIPLES) or b""
        return b"".join(sorted(set(lines.splitlines(keepends=True))))
    if form == "trig":
        return ox.serialize(sorted(ordered, key=_graph_first), format=SERIALIZERS[form], prefixes=prefixes_for(ordered, base)) or b""
    triples = dict.fromkeys(quad.triple for quad in sorted(ordered, key=_type_first))
    content = ox.serialize(triples, format=SERIALIZERS[form], prefixes=prefixes_for(ordered, base)) or b""
    return _checked_xml(content, triples) if form == "rdfxml" else content


def _checked_xml(content: bytes, triples: Iterable[ox.Triple]) -> bytes:
    """Return RDF/XML that an XML parser reads as it was meant; raises `BadParameter` for what XML 1.0 cannot hold."""
    for triple in triples:
        if isinstance(triple.object, ox.Literal) and (found := NOT_IN_XML.search(triple.object.value)):
            raise BadParameter(f"RDF/XML cannot hold the character U+{ord(found[0]):04X}, which stands in a text of {triple.subject}.")
        if not XML_NAME_AT_END.search(triple.predicate.value):
            raise BadParameter(f"RDF/XML cannot write the property {triple.predicate}, which does not end in an XML name.")
    return content.replace(b"\r", b"&#13;")  # a parser makes a line feed of a bare carriage return (XML 1.0, section 2.11)


def prefixes_for(quads: Iterable[ox.Quad], base: str) -> dict[str, str]:
    """Return the prefixes that shorten what occurs: those of the vocabularies, and one for each kind of thing."""
    iris = {iri for quad in quads for iri in _iris(quad)}
    schemes = {iri[len(f"{SCHEMES}/") :].split("/", 1)[0] for iri in iris if iri.startswith(f"{SCHEMES}/") and iri.count("/") > 5}
    known = {**{name: f"{SCHEMES}/{name}/" for name in schemes}, **PREFIXES, **kinds(base, iris)}
    return {prefix: space for prefix, space in known.items() if any(iri.startswith(space) for iri in iris)}


@cache
def _context_terms() -> dict[str, Any]:
    ontology = Graph()
    for name in ("evidence.ttl", "borrowed.ttl"):
        ontology.parse(data=(shipped_folder("ontology") / name).read_text("utf-8"), format="turtle")
    terms: dict[str, Any] = {}
    found = {term for kind in (OWL.ObjectProperty, OWL.DatatypeProperty) for term in ontology.subjects(RDF.type, kind)}
    for term in sorted(term for term in found if isinstance(term, URIRef) and term != RDF.type):
        own = term.startswith(str(EV))
        name = term[len(str(EV)) :] if own else _curie(term)
        definition: dict[str, str] = {"@id": _curie(term)}
        ranges = set(ontology.objects(term, RDFS.range))
        if (term, RDF.type, OWL.ObjectProperty) in ontology:
            definition["@type"] = "@id"
        elif RDF.langString in ranges or term in (SKOS.prefLabel, SKOS.altLabel):
            definition["@language"] = "en"
        elif len(ranges) == 1 and (only := str(next(iter(ranges)))) != STRING:
            definition["@type"] = _curie(only)
        terms[name] = definition
    return terms


def _curie(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def context(base: str, kinds_of_things: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON-LD context: all prefixes, one for each kind of thing, and a term for each property."""
    return {"@version": 1.1, **PREFIXES, **kinds_of_things, **_context_terms()}


def json_ld(quads: Iterable[ox.Quad], base: str, *, by_graph: bool = True) -> dict[str, Any]:
    """Return statements as compact JSON-LD that carries the part of the context it uses, so that it reads offline.

    `by_graph` keeps each graph as an object of its own; otherwise the union of the graphs is one list of nodes.
    """
    quads = list(quads)
    iris = {iri for quad in quads for iri in _iris(quad)}
    schemes = {iri.split(":", 1)[0] for iri in iris}  # a kind of thing called `urn` must not expand what begins with urn:
    full = context(base, {kind: space for kind, space in kinds(base, iris).items() if kind not in schemes})
    names = {_expanded(value["@id"], full): name for name, value in full.items() if isinstance(value, dict)}
    spaces = sorted(((v, k) for k, v in full.items() if isinstance(v, str)), key=lambda pair: -len(pair[0]))
    writer = _Writer(full, names, spaces)
    graphs: dict[str, dict[str, dict[str, Any]]] = {}
    for quad in quads:
        graph = quad.graph_name.value if by_graph and not isinstance(quad.graph_name, ox.DefaultGraph) else ""
        writer.add(graphs.setdefault(graph, {}), quad)
    nodes: list[Any] = list(graphs.pop("", {}).values())
    nodes += [{"@id": writer.short(name), "@graph": list(found.values())} for name, found in graphs.items()]
    used = {key: full[key] for key in full if key in writer.used or key == "@version"}
    return {"@context": used, "@graph": nodes}


class _Writer:
    """Writes statements into node objects and notes which parts of the context it needed."""

    def __init__(self, full: dict[str, Any], names: dict[str, str], spaces: list[tuple[str, str]]) -> None:
        self.full, self.names, self.spaces = full, names, spaces
        self.used: set[str] = set()

    def short(self, iri: str) -> str:
        for space, prefix in self.spaces:
            if iri.startswith(space) and not iri[len(space) :].startswith("//"):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(space) :]}"
        return iri

    def add(self, nodes: dict[str, dict[str, Any]], quad: ox.Quad) -> None:
        subject = _name(quad.subject)
        node = nodes.setdefault(subject, {"@id": subject if subject.startswith("_:") else self.short(subject)})
        predicate = quad.predicate.value
        if predicate == RDF_TYPE and isinstance(quad.object, ox.NamedNode):
            _append(node, "@type", self.short(quad.object.value))
            return
        name = self.names.get(predicate)
        definition: dict[str, str] = {}
        if name is None:
            name = self.short(predicate)
        else:
            self.used.add(name)
            definition = self.full[name]
            for part in (definition["@id"], definition.get("@type", "")):
                self.used.add(part.split(":", 1)[0])
        _append(node, name, self._value(quad.object, definition))

    def _value(self, value: Any, definition: Mapping[str, str]) -> Any:
        if not isinstance(value, ox.Literal):
            name = _name(value)
            short = name if name.startswith("_:") else self.short(name)
            return short if definition.get("@type") == "@id" else {"@id": short}
        if value.language:
            return value.value if definition.get("@language") == value.language else {"@value": value.value, "@language": value.language}
        datatype = value.datatype.value
        if datatype == STRING:
            return value.value if not definition.keys() & {"@type", "@language"} else {"@value": value.value}
        if definition.get("@type") and _expanded(definition["@type"], self.full) == datatype:
            return value.value
        return {"@value": value.value, "@type": self.short(datatype)}


def _append(node: dict[str, Any], key: str, value: Any) -> None:
    if key not in node:
        node[key] = value
    elif isinstance(node[key], list):
        node[key].append(value)
    else:
        node[key] = [node[key], value]


def _name(value: Any) -> str:
    return value.value if isinstance(value, ox.NamedNode) else str(value)


def _expanded(curie: str, full: Mapping[str, Any]) -> str:
    prefix, colon, rest = curie.partition(":")
    space = full.get(prefix) if colon else None
    return f"{space}{rest}" if isinstance(space, str) else curie


def _iris(quad: ox.Quad) -> Iterable[str]:
    for value in (quad.subject, quad.predicate, quad.object, quad.graph_name):
        if isinstance(value, ox.NamedNode):
            yield value.value
    if isinstance(quad.object, ox.Literal):
        yield quad.object.datatype.value


def _graph_first(quad: ox.Quad) -> tuple[str, ...]:
    return (str(quad.graph_name), *_type_first(quad))


def _type_first(quad: ox.Quad) -> tuple[str, ...]:
    predicate = quad.predicate.value
    return (str(quad.subject), "" if predicate == RDF_TYPE else predicate, str(quad.object))


def _json_bytes(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def select(quads: Iterable[ox.Quad], base: str, things: Iterable[str] = (), graph: str | None = None) -> list[ox.Quad]:
    """Return the statements of a graph, or of things and what lies under them (`{thing}/...`), or all.

    `graph` is an IRI, `edition/x`, or the last part of one. Raises `UnknownResource` for what does not occur.
    """
    found = list(quads)
    if graph is not None:
        found = [quad for quad in found if _is_graph(quad, graph, base)]
        if not found:
            raise UnknownResource(f"a graph {graph!r}")
    names = [str(thing) for thing in things]  # an rdflib IRI is no equal of its text
    for name in names:
        if not any(_name(quad.subject) == name for quad in found):
            raise UnknownResource(f"<{name}>")
    if names:
        found = [quad for quad in found if any(_name(quad.subject) == n or _name(quad.subject).startswith(f"{n}/") for n in names)]
    return found


def _is_graph(quad: ox.Quad, wanted: str, base: str) -> bool:
    name = _name(quad.graph_name)
    return name in (wanted, f"{base}id/{wanted}") or name.rsplit("/", 1)[-1] == wanted
