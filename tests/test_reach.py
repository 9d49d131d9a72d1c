"""Checking what a change touches finds what checking everything finds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, Graph

from wherefrom import starter
from wherefrom.build import canonical_nquads
from wherefrom.load import KnowledgeBase, Source, read_knowledge_base, with_union
from wherefrom.nquads import as_kept
from wherefrom.reach import Reach, Unforeseeable
from wherefrom.report import Report
from wherefrom.settings import Settings
from wherefrom.validate import Rules, validate
from wherefrom.versions import Change, Version

BASE = "https://example.org/"
DISJOINT = """:S sh:targetClass :C ; sh:property [ sh:path :p ; sh:qualifiedValueShape [ sh:class :D ] ;
  sh:qualifiedMinCount 1 ; sh:qualifiedValueShapesDisjoint true ]"""
PREFIXES = f"@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <{BASE}id/> . @prefix rdf: <{RDF}> . "
SHAPES = (  # one for each way of looking; all of the targets too
    "[] sh:targetClass :C ; sh:property [ sh:path :p ; sh:minCount 1 ]",
    "[] sh:targetClass :C ; sh:property [ sh:path :p ; sh:class :D ]",
    "[] sh:targetSubjectsOf :p ; sh:property [ sh:path [ sh:inversePath :q ] ; sh:maxCount 0 ]",
    "[] sh:targetObjectsOf :p ; sh:property [ sh:path ( :q [ sh:inversePath :p ] ) ; sh:maxCount 1 ]",
    "[] sh:targetNode :a ; sh:property [ sh:path [ sh:alternativePath ( :p ( :q :q ) ) ] ; sh:maxCount 1 ]",
    "[] sh:targetClass :C ; sh:property [ sh:path ( [ sh:zeroOrMorePath :p ] :q ) ; sh:maxCount 1 ]",
    "[] sh:targetClass :C ; sh:property [ sh:path [ sh:oneOrMorePath [ sh:inversePath :p ] ] ; sh:nodeKind sh:Literal ]",
    "[] sh:targetClass :C, :D ; sh:property [ sh:path ( :p [ sh:zeroOrOnePath :q ] ) ; sh:hasValue :b ]",
    "[] sh:targetClass :C ; sh:property [ sh:path :p ; sh:equals :q ]",
    "[] sh:targetClass :C ; sh:property [ sh:path :p ; sh:disjoint :q ]",
    "[] sh:targetClass :D ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path :p ]",
    ":N sh:property [ sh:path :q ; sh:maxCount 0 ] . [] sh:targetSubjectsOf :p ; sh:property [ sh:path :p ; sh:node :N ]",
    "[] sh:targetClass :C ; sh:or ( [ sh:class :D ] [ sh:not [ sh:path :p ; sh:minCount 1 ] ] )",
    "[] sh:targetClass :C ; sh:xone ( [ sh:path :p ; sh:minCount 1 ] [ sh:path ( :q :p ) ; sh:minCount 1 ] )",
    "[] sh:targetClass :C ; sh:property [ sh:path :p ; sh:qualifiedValueShape [ sh:path :q ; sh:minCount 1 ] ; sh:qualifiedMaxCount 1 ]",
)
QUERIES = (
    "SELECT $this WHERE { $this :p+ $this }",
    "SELECT $this ?value WHERE { $this :p ?value . FILTER NOT EXISTS { ?value :q ?other . ?other :p $this } }",
    "SELECT $this ?value WHERE { { $this :p ?value } UNION { ?value :q $this . ?value a :D } }",
    "SELECT $this ?value WHERE { $this :p ?value OPTIONAL { ?value :q ?z } FILTER(!BOUND(?z)) }",
    "SELECT $this ?value WHERE { $this :p ?one, ?value . FILTER(?one != ?value) FILTER NOT EXISTS { ?value :q ?one } }",
    "SELECT $this ?value WHERE { $this ?relation ?value . ?value ?relation $this }",
    "SELECT $this ?value WHERE { ?value :p/^:q|:r $this }",
    "SELECT $this ?value WHERE { $this a ?kind . ?value :r ?other }",
    "SELECT $this ?value WHERE { ?value :p|:q ?other . FILTER(?value = ?other) }",
    "SELECT $this (COUNT(?x) AS ?value) WHERE { ?x :r ?y } HAVING(COUNT(?x) > 1)",
    "SELECT $this WHERE { { $this :p ?x . { ?x :q ?y } } FILTER(EXISTS { ?y :p ?z } || EXISTS { ?y a :C }) }",
)
EACH = [*SHAPES, *(f'[] sh:targetClass :C ; sh:sparql [ sh:prefixes :x ; sh:select "{query}" ]' for query in QUERIES)]

names = st.sampled_from([ox.NamedNode(f"{BASE}id/{name}") for name in "abcd"])
properties = st.sampled_from([ox.NamedNode(f"{BASE}id/{name}") for name in "pqr"])
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SUBCLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
classes = st.sampled_from([ox.NamedNode(f"{BASE}id/{name}") for name in "CDE"])
triples = st.one_of(
    st.builds(ox.Triple, names, properties, names),
    st.builds(ox.Triple, names, st.just(TYPE), classes),
    st.builds(ox.Triple, classes, st.just(SUBCLASS), classes),
)  # fmt: skip
numbers = count()


def version(folder: Path, quads: set[ox.Quad]) -> Version:
    store, path = ox.Store(), folder / f"{next(numbers)}.nq"
    store.bulk_extend(with_union(quads))
    path.write_bytes(canonical_nquads(quads))
    return Version(store, path)


def change(folder: Path, before: set[ox.Quad], after: set[ox.Quad]) -> Change:
    return Change(version(folder, before), version(folder, after), tuple(before - after), tuple(after - before))


def results(report: Report, *codes: str) -> Counter[tuple[str, ...]]:
    return Counter({(r.code, r.focus, r.message, r.severity.word): r.times for r in report.results if not codes or r.code in codes})


def rules_of(shape: str) -> list[ox.Quad]:
    declared = f':x sh:declare [ sh:prefix "" ; sh:namespace "{BASE}id/"^^<http://www.w3.org/2001/XMLSchema#anyURI> ] . '
    named = shape.replace("[] sh:target", ":shape sh:target")
    return list(ox.parse(f"{PREFIXES}{declared}{named} .", ox.RdfFormat.TURTLE))


@pytest.mark.parametrize("shape", EACH)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.sets(triples, max_size=8), touched=st.sets(triples, min_size=1, max_size=3))
def test_what_a_change_touches_is_what_it_alters(tmp_path: Path, shape: str, before: set[ox.Triple], touched: set[ox.Triple]) -> None:
    graph = ox.NamedNode(f"{BASE}id/graph/g")
    was, now = ({ox.Quad(t.subject, t.predicate, t.object, graph) for t in state} for state in (before, before ^ touched))
    rules = Rules(rules_of(shape), BASE)
    assert rules.reach is not None
    base = KnowledgeBase(tmp_path, Settings(base=BASE), (), (Source("shapes.ttl", b"", tuple(rules_of(shape))),))
    whole = [results(validate(replace(base, sources=(Source("data.ttl", b"", tuple(state)),))), "shape", "unnamed") for state in (was, now)]
    changed = change(tmp_path, was, now)
    found = [results(rules.check(changed, state), "shape", "unnamed") for state in (changed.before, changed.after)]
    assert whole[1] - whole[0] == found[1] - found[0]
    assert whole[0] - whole[1] == found[0] - found[1]


@pytest.mark.parametrize(
    "shape",
    [
        DISJOINT,
        ":S sh:targetClass :C ; sh:node :S",
        ':S sh:targetClass :C ; sh:property [ sh:path :p ; sh:sparql [ sh:select "SELECT $this WHERE { $this $PATH ?x }" ] ]',
        ':S sh:targetClass :C ; sh:sparql [ sh:select "SELECT $this WHERE { { SELECT (COUNT(?x) AS ?n) { ?x :p ?y } } }" ]',
        ':S sh:targetClass :C ; sh:sparql [ sh:select "SELECT $this WHERE { no" ]',
        ":Component sh:parameter [ sh:path :mine ] . :S sh:targetClass :C ; :mine 1",
    ],
)
def test_what_cannot_be_told_of_a_rule_is_said(shape: str) -> None:
    with pytest.raises(Unforeseeable):
        Reach(Graph().parse(data=f"{PREFIXES}{shape} .", format="turtle"))


def test_where_it_cannot_be_told_everything_is_checked(tmp_path: Path) -> None:
    rules = Rules(rules_of(DISJOINT), BASE)
    assert rules.reach is None
    thing, graph = ox.NamedNode(f"{BASE}id/a"), ox.NamedNode(f"{BASE}id/graph/g")
    now = {ox.Quad(thing, TYPE, ox.NamedNode(f"{BASE}id/C"), graph)}
    assert {result.focus for result in rules.check(change(tmp_path, set(), now)).results} >= {thing.value}


### The shapes that ship


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("small") / "base"
    starter.create(folder)
    return read_knowledge_base(folder)


def test_all_rules_that_ship_can_be_told_and_none_looks_everywhere(small: KnowledgeBase) -> None:
    """One that does, would make each write of its properties read the whole base: better hang it together with $this."""
    assert {str(shape) for shape, properties in Reach(small.shapes_graph()).everywhere.items() if properties} == set()


@pytest.mark.parametrize("seed", range(3))
def test_small_changes_of_the_worked_example_are_checked_as_a_whole_check_would(small: KnowledgeBase, tmp_path: Path, seed: int) -> None:
    some = random.Random(seed)
    ontology = {quad for source in small.sources if source.name.startswith("ontology") for quad in source.quads}
    data = sorted({*small.quads()} - ontology, key=str)
    removed = set(some.sample(data, some.choice([0, 1, 3])))
    if seed % 3 == 0:
        thing = some.choice(data).subject
        removed |= {quad for quad in data if quad.subject == thing}
    added = set()
    for _ in range(some.choice([1, 2, 4])):
        one, other = some.sample(data, 2)
        added.add(ox.Quad(one.subject, some.choice([one, other]).predicate, other.object, one.graph_name))
    kept = {as_kept(quad) for quad in data}
    now = {*data} - removed | {quad for quad in added if as_kept(quad) not in kept}
    changed = change(tmp_path, {*small.quads()}, now | ontology)
    rules = Rules((quad for source in small.shapes for quad in source.quads), small.settings.base)
    whole = [
        results(validate(replace(small, sources=(Source("data.ttl", b"", tuple(state)),)))) for state in ({*small.quads()}, now | ontology)
    ]
    found = [results(rules.check(changed, state)) for state in (changed.before, changed.after)]
    assert whole[1] - whole[0] == found[1] - found[0]
    assert whole[0] - whole[1] == found[0] - found[1]
