"""Every format says the same, in the same bytes, whatever stands in it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld
from rdflib import Dataset, Graph, URIRef

from wherefrom.build import canonical_nquads
from wherefrom.export import EXPANDED, NOT_IN_XML, export, select
from wherefrom.formats import GRAPHS
from wherefrom.load import KnowledgeBase, as_graph, term
from wherefrom.problems import BadParameter, UnknownResource

BASE = "https://example.org/"
ID, XSD = f"{BASE}id/", "http://www.w3.org/2001/XMLSchema#"
EV = "https://w3id.org/wherefrom/ontology#"
JSON = ("jsonld", EXPANDED)
OF_GRAPHS = ("trig", "nquads", *JSON)
FORMATS = (*GRAPHS, EXPANDED)
each_format = pytest.mark.parametrize("form", FORMATS)
SMALL = (  # one thing of each kind, for what takes pyld or rdflib long
    "claim/foundations-ipp-secure",
    "finding/foundations-ipp-secure",
    "study/rochester-maltreated-infants",
    "publication/cicchetti-2006",
    "rating/foundations-ipp",
)


def quad(value: ox.Literal | ox.NamedNode, graph: str = "graph/a", predicate: str = f"{EV}printedAs") -> ox.Quad:
    return ox.Quad(*map(ox.NamedNode, (f"{ID}claim/x", predicate)), value, ox.NamedNode(f"{ID}{graph}"))


def no_network(url: str, _: Any) -> Any:
    raise AssertionError(f"{url} would be fetched")


def read(content: bytes, form: str) -> set[ox.Quad | ox.Triple]:
    quads = ox.parse(content, GRAPHS["jsonld" if form in JSON else form].engine)
    return set(quads) if form in OF_GRAPHS else {quad.triple for quad in quads}


def meant(quads: Iterable[ox.Quad], form: str) -> set[ox.Quad | ox.Triple]:
    return set(quads) if form in OF_GRAPHS else {quad.triple for quad in quads}


def by_pyld(content: bytes) -> set[ox.Quad]:
    written = jsonld.to_rdf(json.loads(content), {"format": "application/n-quads", "documentLoader": no_network})
    return set(ox.parse(written.encode(), ox.RdfFormat.N_QUADS))


@pytest.fixture(scope="module")
def small(kb: KnowledgeBase) -> list[ox.Quad]:
    return select(kb.quads(), kb.settings.base, [f"{kb.settings.base}id/{thing}" for thing in SMALL])


@each_format
def test_the_repository_comes_back_whole(kb: KnowledgeBase, form: str) -> None:
    quads = list(kb.quads())
    assert read(export(quads, form, kb.settings.base), form) == meant(quads, form)


@each_format
@pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph)[. ]:DeprecationWarning")  # rdflib's own parsers use what rdflib deprecates
def test_a_second_parser_reads_the_same(kb: KnowledgeBase, small: list[ox.Quad], form: str) -> None:
    content = export(small, form, kb.settings.base)
    if form in JSON:
        assert by_pyld(content) == set(small)
    elif form in OF_GRAPHS:
        found = Dataset()
        found.parse(data=content, format=form)
        assert {tuple(map(str, spog)) for spog in found.quads()} == {
            tuple(str(term(t)) for t in (q.subject, q.predicate, q.object, q.graph_name)) for q in small
        }
    else:
        found_graph = Graph().parse(data=content, format={"rdfxml": "xml", "ntriples": "nt"}.get(form, form))
        assert {tuple(map(str, spo)) for spo in found_graph} == {tuple(map(str, spo)) for spo in as_graph(iter(small))}


@each_format
def test_the_order_of_the_statements_never_shows(kb: KnowledgeBase, small: list[ox.Quad], form: str) -> None:
    shuffled = random.Random(7).sample([*small, *small], 2 * len(small))
    assert shuffled[: len(small)] != small
    assert export(shuffled, form, kb.settings.base) == export(small, form, kb.settings.base)


DIGESTS = """
import hashlib
from pathlib import Path
from wherefrom.export import EXPANDED, export
from wherefrom.formats import GRAPHS
from wherefrom.load import read_knowledge_base

kb = read_knowledge_base(Path({folder!r}))
for form in (*GRAPHS, EXPANDED):
    print(form, hashlib.sha256(export(kb.quads(), form, kb.settings.base)).hexdigest())
"""


def test_every_run_gives_the_same_bytes(awkward: Path) -> None:
    command = [sys.executable, "-c", DIGESTS.format(folder=str(awkward))]
    runs = {subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in ("1", "2", "3")}
    assert len(runs) == 1
    assert len(runs.pop().splitlines()) == len(FORMATS)


# JSON-LD


def keys_of(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def test_every_key_of_compact_json_is_in_its_context_and_every_name_in_it_is_used(kb: KnowledgeBase, small: list[ox.Quad]) -> None:
    document = json.loads(export(small, "jsonld", kb.settings.base))
    context = document.pop("@context")
    keys = {key for key in keys_of(document) if not key.startswith("@")}
    assert keys
    assert keys <= context.keys()
    text = json.dumps([document, [value for value in context.values() if isinstance(value, dict)]])
    terms = {name for name, value in context.items() if isinstance(value, dict)}
    prefixes = context.keys() - terms - {"@version"}
    assert terms <= keys
    assert {prefix for prefix in prefixes if f'"{prefix}:' not in text} == set()
    assert not [key for key in keys if key.startswith("http")], "a property without a name would be written out"


def test_what_is_in_no_graph_is_a_list_of_nodes_before_the_graphs() -> None:
    quads = [quad(ox.Literal("c"), "graph/b")]
    quads += [ox.Quad(*quad(ox.Literal(text)).triple) for text in "ba"]
    document = json.loads(export(quads, "jsonld", BASE))
    assert document["@graph"] == [
        {"@id": "claim:x", "printedAs": ["a", "b"]},
        {"@id": "graph:b", "@graph": [{"@id": "claim:x", "printedAs": "c"}]},
    ]


def test_expanded_json_ld_is_what_expanding_and_flattening_leave_alone(small: list[ox.Quad]) -> None:
    """JSON-LD 1.1, sections 4.1 and 4.3 of its forms: expanded, and each thing one node of its graph."""
    document = json.loads(export(small, EXPANDED, BASE))
    expanded = jsonld.expand(document, {"documentLoader": no_network})
    assert by_id(expanded) == by_id(document)
    assert len({node["@id"] for node in document}) == len(document) > 1
    for graph in document:
        assert by_id(jsonld.flatten(graph["@graph"], None, {"documentLoader": no_network})) == by_id(graph["@graph"])


def by_id(nodes: Any) -> dict[str, str]:
    """Return node objects by their names, each with its values in one order."""
    return {node["@id"]: sorted(json.dumps(value, sort_keys=True) for value in node.items()) for node in map(in_order, nodes)}


def in_order(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((in_order(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return {key: in_order(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def test_a_kind_of_thing_does_not_take_the_scheme_of_an_address() -> None:
    thing, foreign = ox.NamedNode(f"{ID}urn/x"), ox.NamedNode("urn:isbn:123")
    quads = {ox.Quad(thing, ox.NamedNode(f"{EV}about"), foreign, ox.NamedNode(f"{ID}graph/a"))}
    assert by_pyld(export(quads, "jsonld", BASE)) == quads


# Lexical forms and hostile texts


@each_format
@pytest.mark.parametrize(
    ("lexical", "datatype"),
    [("1.10", "decimal"), ("007", "decimal"), ("+1", "integer"), ("1E0", "double"), ("1", "boolean"), ("x", "date")],
)
@pytest.mark.parametrize("predicate", ["printedAs", "value", "about"])
def test_a_lexical_form_is_kept(form: str, lexical: str, datatype: str, predicate: str) -> None:
    quads = [quad(ox.Literal(lexical, datatype=ox.NamedNode(XSD + datatype)), predicate=EV + predicate)]
    content = export(quads, form, BASE)
    assert read(content, form) == meant(quads, form)
    if form in JSON and datatype != "double":  # pyld writes a double anew, also where it is given as a text
        assert by_pyld(content) == set(quads)


texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    st.sampled_from(
        ['"""', "'''", "\\", "a\\nb", "\r\n", "\t", "<b>&amp;]]>", "{}", "@id", "\u2028", "e\u0301", "\N{GRINNING FACE}", "-->"]
    ),
)
literals = st.one_of(
    texts.map(ox.Literal),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), texts, st.sampled_from(["en", "de-at"])),
    st.builds(lambda text: ox.Literal(text, datatype=ox.NamedNode(f"{XSD}gYear")), texts),
)
predicates = st.sampled_from(["printedAs", "about", "value", "valueText"])


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "rdfxml"])
@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.builds(lambda value, name: quad(value, predicate=EV + name), literals, predicates), min_size=1, max_size=4))
def test_every_text_survives(form: str, quads: list[ox.Quad]) -> None:
    content = export(quads, form, BASE)
    assert read(content, form) == meant(quads, form)
    if form in JSON:
        assert by_pyld(content) == set(quads)


@settings(max_examples=80, deadline=None, database=None)
@given(st.lists(literals.map(quad), min_size=1, max_size=4))
def test_a_text_survives_in_xml_or_is_refused(quads: list[ox.Quad]) -> None:
    if any(NOT_IN_XML.search(quad.object.value) for quad in quads):
        with pytest.raises(BadParameter, match="U\\+"):
            export(quads, "rdfxml", BASE)
        return
    content = export(quads, "rdfxml", BASE)
    assert {str(o) for o in Graph().parse(data=content, format="xml").objects()} == {q.object.value for q in quads}
    assert read(content, "rdfxml") == meant(quads, "rdfxml") or b"&#13;" in content


@pytest.mark.parametrize("text", ["a\x01b", "\x0b", "\ufffe"])
def test_xml_refuses_what_it_cannot_hold_and_names_it(text: str) -> None:
    with pytest.raises(BadParameter, match=r"character U\+[0-9A-F]{4}, which stands in a text of .*claim/x"):
        export([quad(ox.Literal(text))], "rdfxml", BASE)


@pytest.mark.parametrize("text", ["\r", "a\r\nb", "\t \n", "\x7f", "\N{GRINNING FACE}", "<b>&", "]]>"])
def test_xml_holds_everything_else(text: str) -> None:
    content = export([quad(ox.Literal(text))], "rdfxml", BASE)
    assert [str(value) for value in Graph().parse(data=content, format="xml").objects()] == [text]


@pytest.mark.parametrize("predicate", [f"{BASE}1", f"{BASE}x/", f"{BASE}?a=1"])
def test_xml_refuses_a_property_that_has_no_name_in_it(predicate: str) -> None:
    with pytest.raises(BadParameter, match="cannot write the property"):
        export([quad(ox.Literal("x"), predicate=predicate)], "rdfxml", BASE)


# A part of it


def test_a_graph_is_selected_by_any_of_its_names(kb: KnowledgeBase) -> None:
    iri = f"{kb.settings.base}id/edition/foundations-ipp-2025-04"
    found = [
        select(kb.quads(), kb.settings.base, graph=name) for name in (iri, "edition/foundations-ipp-2025-04", "foundations-ipp-2025-04")
    ]
    assert found[0]
    assert {quad.graph_name.value for quad in found[0]} == {iri}
    assert found[0] == found[1] == found[2]


def test_a_thing_is_selected_with_what_lies_under_it(kb: KnowledgeBase) -> None:
    thing = next(q.subject.value for q in kb.quads() if q.subject.value.endswith("/selector")).removesuffix("/selector")
    for name in (thing, URIRef(thing)):
        found = {quad.subject.value for quad in select(kb.quads(), kb.settings.base, [name])}
        assert found == {thing, f"{thing}/selector"}


@pytest.mark.parametrize("asked", [{"things": [f"{ID}claim/none"]}, {"graph": "none"}])
def test_what_does_not_occur_is_unknown(asked: dict[str, Any]) -> None:
    with pytest.raises(UnknownResource, match="none"):
        select([quad(ox.Literal("x"))], BASE, **asked)


def test_nothing_exports_to_nothing() -> None:
    assert canonical_nquads([]) == b""
    for form in FORMATS:
        assert read(export([], form, BASE), form) == set()
