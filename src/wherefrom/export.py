"""Statements -> files: Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD. The same input gives the same bytes.

Everything is written from the sorted lines of canonical N-Quads, and no more than what is said of one thing is held at once,
so that a base of any size can be written.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from io import BytesIO
from itertools import groupby, islice
from tempfile import SpooledTemporaryFile
from typing import Any, Protocol

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef

from wherefrom.build import canonical_nquads
from wherefrom.formats import GRAPHS
from wherefrom.nquads import graph_name, in_order
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.resources import shipped_folder
from wherefrom.vocabulary import EV, PREFIXES, SCHEMES, kinds

RDF_TYPE = str(RDF.type)
STRING = "http://www.w3.org/2001/XMLSchema#string"
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
XML_NAME_AT_END = re.compile(r"[^\W\d][\w.-]*$")
EXPANDED = "expanded"  # JSON-LD in expanded and flattened form
NAMESPACE, SCHEME = re.compile(rb"<([^<>\s]*[/#])"), re.compile(rb"<([A-Za-z][\w+.-]*):")  # of the IRIs in N-Quads
BATCH = 1_000  # lines parsed at once
SPOOLED = 10_000_000  # bytes of JSON-LD held before they go to a file


class Output(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""
        ...

    def flush(self) -> object:
        """Send on what was taken."""
        ...


def export(quads: Iterable[ox.Quad], form: str, base: str) -> bytes:
    """Return statements in one of `GRAPHS`, or as `EXPANDED` JSON-LD; the formats of one graph (turtle, ntriples, rdfxml) give the union.

    Statements are sorted first, so that their order never shows.
    """
    output = BytesIO()
    write(canonical_nquads(quads).splitlines(keepends=True), form, base, output)
    return output.getvalue()


def write(lines: Iterable[bytes], form: str, base: str, output: Output) -> None:
    """Write statements in a format of `export`. They are given as the sorted lines of canonical N-Quads, which are read up to thrice.

    Raises `BadParameter` for what RDF/XML cannot hold, after some of it was written.
    """
    if form == "nquads":
        for line in lines:
            output.write(line)
    elif form == "ntriples":
        for line, _ in groupby(map(_without_graph, lines)):
            output.write(line)
    elif form == "jsonld":
        _write_compact(lines, base, output)
    elif form == EXPANDED:
        _write_expanded(lines, output)
    elif form == "trig":
        ordered = (quad for quads in _by_thing(in_order(lines, graph_name)) for quad in quads)
        ox.serialize(ordered, output, GRAPHS[form].engine, prefixes=prefixes_for(lines, base))  # type: ignore[arg-type]
    else:
        triples = (triple for quads in _by_thing(lines, union=True) for triple in dict.fromkeys(quad.triple for quad in quads))
        if form == "rdfxml":
            triples, output = map(_fit_for_xml, triples), _XML(output)  # type: ignore[assignment]
        ox.serialize(triples, output, GRAPHS[form].engine, prefixes=prefixes_for(lines, base))  # type: ignore[arg-type]


def _without_graph(line: bytes) -> bytes:
    name = graph_name(line)
    return line.removesuffix(b" %b .\n" % name) + b" .\n" if name else line


def _parsed(lines: Iterable[bytes]) -> Iterator[ox.Quad]:
    left = iter(lines)
    while batch := b"".join(islice(left, BATCH)):
        yield from ox.parse(batch, ox.RdfFormat.N_QUADS)


def _by_thing(lines: Iterable[bytes], *, union: bool = False) -> Iterator[list[ox.Quad]]:
    """Yield together what one graph says of a thing (with `union`, what any graph says), its types first."""
    for _, quads in groupby(_parsed(lines), lambda quad: (None if union else quad.graph_name, quad.subject)):
        yield sorted(quads, key=_type_first)


def _type_first(quad: ox.Quad) -> tuple[str, str]:
    predicate = quad.predicate.value
    return ("" if predicate == RDF_TYPE else predicate, str(quad.object))


class _XML:
    """Writes a carriage return as a reference: an XML parser makes a line feed of a bare one (XML 1.0, section 2.11)."""

    def __init__(self, output: Output) -> None:
        self.output = output

    def write(self, data: bytes, /) -> int:
        self.output.write(data.replace(b"\r", b"&#13;"))
        return len(data)

    def flush(self) -> None:
        self.output.flush()


def _fit_for_xml(triple: ox.Triple) -> ox.Triple:
    """Return the triple; raises `BadParameter` for what XML 1.0 cannot hold."""
    if isinstance(triple.object, ox.Literal) and (found := NOT_IN_XML.search(triple.object.value)):
        raise BadParameter(f"RDF/XML cannot hold the character U+{ord(found[0]):04X}, which stands in a text of {triple.subject}.")
    if not XML_NAME_AT_END.search(triple.predicate.value):
        raise BadParameter(f"RDF/XML cannot write the property {triple.predicate}, which does not end in an XML name.")
    return triple


def prefixes_for(lines: Iterable[bytes], base: str) -> dict[str, str]:
    """Return the prefixes that shorten what occurs: those of the vocabularies, and one for each kind of thing and scheme."""
    spaces = {_space(found.decode(), base) for found in _all(NAMESPACE, lines)}
    schemes = {space[len(f"{SCHEMES}/") : -1] for space in spaces if space.startswith(f"{SCHEMES}/") and space.endswith("/")}
    known = {**{name: f"{SCHEMES}/{name}/" for name in sorted(schemes - {""})}, **PREFIXES, **kinds(base, spaces)}
    return {prefix: name for prefix, name in known.items() if any(space.startswith(name) for space in spaces)}


def _all(pattern: re.Pattern[bytes], lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what a pattern finds, the same thing seldom twice. A text that has an IRI in it may be found too."""
    left = iter(lines)
    while batch := b"".join(islice(left, BATCH)):
        yield from set(pattern.findall(batch))


def _space(iri: str, base: str) -> str:
    """Return the part of an IRI that a prefix could stand for: few for many things; nothing where we know none."""
    for start in (f"{base}id/", f"{SCHEMES}/"):
        if iri.startswith(start):
            name, slash, _ = iri[len(start) :].partition("/")
            return f"{start}{name}{slash}"
    return next((space for space in PREFIXES.values() if iri.startswith(space)), "")


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


def _write_compact(lines: Iterable[bytes], base: str, output: Output) -> None:
    """Write compact JSON-LD that carries the part of the context it uses, so that it reads offline; a named graph is an object."""
    writer = _Writer(_full_context(lines, base))
    with SpooledTemporaryFile(max_size=SPOOLED) as nodes:
        for piece in _nodes(lines, writer.node, writer.name):
            nodes.write(piece.encode())
        used = {key: value for key, value in writer.full.items() if key in writer.used or key == "@version"}
        output.write(f'{{\n "@context": {_indented(used, 1)},\n "@graph": ['.encode())
        nodes.seek(0)
        shutil.copyfileobj(nodes, output)
    output.write(b"\n ]\n}\n")


def _write_expanded(lines: Iterable[bytes], output: Output) -> None:
    """Write JSON-LD in expanded form, which is flattened too: each thing is one node object of its graph."""
    output.write(b"[")
    for piece in _nodes(lines, _expanded_node, _name):
        output.write(piece.encode())
    output.write(b"\n]\n")


def _nodes(lines: Iterable[bytes], node: Callable[[list[ox.Quad]], dict[str, Any]], name: Callable[[Any], str]) -> Iterator[str]:
    """Yield the text of the node objects, those of a named graph inside an object for it."""
    before = ""
    for graph, things in groupby(_by_thing(in_order(lines, graph_name)), lambda quads: quads[0].graph_name):
        named = not isinstance(graph, ox.DefaultGraph)
        depth = 4 if named else 2
        if named:
            yield f'{before}\n  {{\n   "@id": {json.dumps(name(graph), ensure_ascii=False)},\n   "@graph": ['
            before = ""
        for quads in things:
            yield f"{before}\n{' ' * depth}{_indented(node(quads), depth)}"
            before = ","
        if named:
            yield "\n   ]\n  }"
        before = ","


def _indented(value: Any, depth: int) -> str:
    """Return a JSON object as text whose lines after the first are moved in by `depth`."""
    return json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n" + " " * depth)


def _full_context(lines: Iterable[bytes], base: str) -> dict[str, Any]:
    """Return the context of everything that could occur. A kind of thing called `urn` must not expand what begins with urn:."""
    schemes = {found.decode() for found in _all(SCHEME, lines)}
    spaces = {_space(found.decode(), base) for found in _all(NAMESPACE, lines)}
    return context(base, {kind: space for kind, space in kinds(base, spaces).items() if kind not in schemes})


class _Writer:
    """Writes statements into node objects and notes which parts of the context it needed."""

    def __init__(self, full: dict[str, Any]) -> None:
        self.full = full
        self.names = {_expanded(value["@id"], full): name for name, value in full.items() if isinstance(value, dict)}
        self.spaces = sorted(((v, k) for k, v in full.items() if isinstance(v, str)), key=lambda pair: -len(pair[0]))
        self.used: set[str] = set()

    def short(self, iri: str) -> str:
        for space, prefix in self.spaces:
            if iri.startswith(space) and not iri[len(space) :].startswith("//"):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(space) :]}"
        return iri

    def name(self, term: object) -> str:
        return self.short(term.value) if isinstance(term, ox.NamedNode) else str(term)

    def node(self, quads: list[ox.Quad]) -> dict[str, Any]:
        node: dict[str, Any] = {"@id": self.name(quads[0].subject)}
        for quad in quads:
            self._add(node, quad)
        return node

    def _add(self, node: dict[str, Any], quad: ox.Quad) -> None:
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
            short = self.name(value)
            return short if definition.get("@type") == "@id" else {"@id": short}
        if value.language:
            return value.value if definition.get("@language") == value.language else {"@value": value.value, "@language": value.language}
        datatype = value.datatype.value
        if datatype == STRING:
            return value.value if not definition.keys() & {"@type", "@language"} else {"@value": value.value}
        if definition.get("@type") and _expanded(definition["@type"], self.full) == datatype:
            return value.value
        return {"@value": value.value, "@type": self.short(datatype)}


def _expanded_node(quads: list[ox.Quad]) -> dict[str, Any]:
    """Return a node object in expanded form: no context, each property with an array of value objects (JSON-LD 1.1 API, 5.1)."""
    node: dict[str, Any] = {"@id": _name(quads[0].subject)}
    for quad in quads:
        if quad.predicate.value == RDF_TYPE and not isinstance(quad.object, ox.Literal):
            node.setdefault("@type", []).append(_name(quad.object))
        else:
            node.setdefault(quad.predicate.value, []).append(_value_object(quad.object))
    return node


def _value_object(value: Any) -> dict[str, str]:
    if not isinstance(value, ox.Literal):
        return {"@id": _name(value)}
    if value.language:
        return {"@value": value.value, "@language": value.language}
    return {"@value": value.value, **({} if value.datatype.value == STRING else {"@type": value.datatype.value})}


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
