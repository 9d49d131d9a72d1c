"""Each rule of `shapes/` catches its bad fixture, for its own reason only, and lets its good one pass.

A fixture is `tests/shapes/<code>/bad.ttl` or `good.ttl`: a few lines that are read together with `tests/shapes/world.ttl`,
a small world in which every rule is kept. Both speak of the same thing, once wrongly and once rightly.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, RDFS, SH, SKOS, Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.query import Result
from rdflib.term import Node

from wherefrom.validate import code_of, shacl_results

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "shapes"
BASE = "https://wherefrom.example/"
RULES = "https://w3id.org/wherefrom/shapes#"
TARGETS = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)

prepared = cache(prepareQuery)


class Data(Graph):
    """A graph that parses each query once: most of the time of a SPARQL rule goes into its text."""

    def query(self, query_object: Any, *args: Any, **kwargs: Any) -> Result:
        return super().query(prepared(query_object), *args, **kwargs)


def parsed(*files: Path) -> Data:
    graph = Data(bind_namespaces="none")
    for file in files:
        graph.parse(file, format="turtle", publicID=BASE)
    return graph


SHAPES = parsed(*(ROOT / "shapes").glob("*.ttl"))
ONTOLOGY = parsed(*(file for file in (ROOT / "ontology").glob("*.ttl") if file.stem != "alignments"))
CODES = sorted(str(rule).removeprefix(RULES) for rule in set(SHAPES.subjects(SH.severity)))


def fixture(code: str, name: str) -> Data:
    return parsed(FIXTURES / code / f"{name}.ttl")


@cache
def background() -> list[tuple[Node, Node, Node]]:
    """Return what the world and the ontology say that a rule can see.

    Whether our own codes keep the rules is asked once, of the world: here they are no concepts, which saves half the time.
    """
    visible = {str(RDF.type), str(RDFS.subClassOf)}.union(*(names_used(URIRef(RULES + code)) for code in CODES))
    statements = parsed(FIXTURES / "world.ttl") + ONTOLOGY
    return [(s, p, o) for s, p, o in statements if str(p) in visible and o != SKOS.Concept]


def with_world(graph: Graph) -> Data:
    data = Data(bind_namespaces="none")
    for triple in [*background(), *graph]:
        data.add(triple)
    return data


def broken(data: Graph, shapes: Graph) -> set[tuple[str, Node]]:
    """Return code and focus node of each rule that the data break."""
    return {(code_of(result), result[SH.focusNode]) for result in shacl_results(data, shapes)}


def holders(rule: URIRef) -> set[Node]:
    """Return the shapes that say where a rule looks: itself, and the shape of a class that names it."""
    return {rule, *SHAPES.subjects(SH.property, rule)}


@cache
def only(rule: URIRef) -> Graph:
    """Return the shapes graph of one rule."""
    shapes = Graph("SimpleMemory", bind_namespaces="none")
    for part in SHAPES.transitive_objects(rule, None):
        shapes += SHAPES.triples((part, None, None))
    for holder in holders(rule):
        shapes += ((holder, p, o) for p, o in SHAPES.predicate_objects(holder) if p in TARGETS or o == rule)
    return shapes


@cache
def names_used(rule: URIRef) -> set[str]:
    """Return the names by which a rule can see a statement: those of its shapes graph, and those in its query."""
    shapes = only(rule)
    namespaces = {str(p): str(SHAPES.value(s, SH.namespace)) for s, p in SHAPES.subject_objects(SH.prefix)}
    words = [word for query in shapes.objects(predicate=SH.select) for word in re.findall(r"\b([a-z]+):([A-Za-z]+)", str(query))]
    return {str(node) for node in shapes.all_nodes()} | {namespaces[prefix] + local for prefix, local in words}


def seen_by(graph: Graph) -> Graph:
    """Return the shapes graph of all rules that can see anything of a graph.

    To the others the world is as it was, and in the world every rule is kept: leaving them out changes nothing but the time.
    """
    kinds = {above for kind in graph.objects(predicate=RDF.type) for above in ONTOLOGY.transitive_objects(kind, RDFS.subClassOf)}
    names = {str(name) for name in {*graph.predicates(), *kinds} - {RDF.type}}
    shapes = Graph("SimpleMemory", bind_namespaces="none")
    for code in CODES:
        if names & names_used(URIRef(RULES + code)):
            shapes += only(URIRef(RULES + code))
    return shapes


def focus_nodes(rule: URIRef, data: Graph) -> set[Node]:
    """Return what a rule looks at (SHACL, section 2.1.3)."""
    found: set[Node] = set()
    for holder in holders(rule):
        found |= set(SHAPES.objects(holder, SH.targetNode))
        for target in SHAPES.objects(holder, SH.targetClass):
            for kind in data.transitive_subjects(RDFS.subClassOf, target):
                found |= set(data.subjects(RDF.type, kind))
        for target in SHAPES.objects(holder, SH.targetSubjectsOf):
            found |= set(data.subjects(target))
        for target in SHAPES.objects(holder, SH.targetObjectsOf):
            found |= set(data.objects(predicate=target))
    return found


@cache
def broken_by_bad(code: str) -> set[tuple[str, Node]]:
    bad = fixture(code, "bad")
    return broken(with_world(bad), seen_by(bad))


def test_no_rule_is_left_out() -> None:
    files = {path.relative_to(FIXTURES).as_posix() for path in FIXTURES.rglob("*.ttl")}
    assert files == {"world.ttl"} | {f"{code}/{name}.ttl" for code in CODES for name in ("bad", "good")}


def test_the_world_keeps_every_rule() -> None:
    assert broken(parsed(FIXTURES / "world.ttl", *(ROOT / "ontology").glob("[!a]*.ttl")), SHAPES) == set()


@pytest.mark.parametrize("code", CODES)
def test_a_rule_says_what_and_why(code: str) -> None:
    rule = URIRef(RULES + code)
    messages = [text for shape in (rule, *SHAPES.objects(rule, SH.sparql)) for text in SHAPES.objects(shape, SH.message)]
    texts = [*SHAPES.objects(rule, SH.name), *SHAPES.objects(rule, SH.description), *messages]
    assert [getattr(text, "language", None) for text in texts] == ["en"] * 3, "one name, one description, one message"
    assert str(messages[0])[0] in "abcdefghijklmnopqrstuvwxyz{", "a message follows the name of the thing: lower case"
    assert SHAPES.value(rule, SH.severity) in (SH.Violation, SH.Warning, SH.Info)


@pytest.mark.parametrize("code", CODES)
def test_a_bad_fixture_breaks_its_own_rule_and_no_other(code: str) -> None:
    assert {found for found, _ in broken_by_bad(code)} == {code}


@pytest.mark.parametrize("code", CODES)
def test_a_good_fixture_keeps_its_rule(code: str) -> None:
    rule, good = URIRef(RULES + code), fixture(code, "good")
    was_bad = {focus for _, focus in broken_by_bad(code)}
    data = with_world(good)
    looked_at = focus_nodes(rule, data) & was_bad & {*good.all_nodes(), *SHAPES.objects(rule, SH.targetNode)}
    assert looked_at, "the rule does not look at what was bad"
    assert broken(data, only(rule)) == set()
