"""What an update can touch is told from its text, never less than it does touch."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from wherefrom.problems import BadQuery
from wherefrom.updates import read_update

PREFIXES = {"g": "urn:g:", "xsd": "http://www.w3.org/2001/XMLSchema#"}
QUADS = [ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(name), ox.NamedNode(f"urn:g:{name}")) for name in "abc"]
ANY = None
CASES = [
    ('INSERT DATA { GRAPH g:a { <s> <p> "GRAPH g:b {" } }', [{"a"}]),
    ("DELETE DATA { GRAPH <urn:g:a> { <s> <p> 1 } GRAPH g:b { } }", [{"a", "b"}]),
    ("DELETE WHERE { GRAPH ?g { ?s ?p ?o } GRAPH $h { ?s ?p ?z } }", [set()]),
    ('INSERT { GRAPH ?h { ?s ?p 5 } } WHERE { GRAPH ?g { ?s ?p "a" } BIND(<urn:g:new> AS ?h) }', [set()]),
    ("DELETE { GRAPH ?g { ?s ?p ?o } } USING NAMED g:a WHERE { GRAPH ?g { ?s ?p ?o } }", [ANY]),
    ("INSERT { GRAPH ?g { ?s ?p 5 } } WHERE { ?s ?p ?o BIND(IRI(CONCAT('urn:g:', STRUUID())) AS ?g) }", [ANY]),
    ("WITH g:b DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }", [ANY]),
    ("DELETE { GRAPH g:a { ?s ?p ?o } } INSERT { GRAPH g:d { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o { } } }", [{"a", "d"}]),
    ("WITH g:a DELETE { ?s ?p ?o } INSERT { ?s ?p 2 . GRAPH g:b { ?s ?p 3 } } USING g:c USING NAMED g:b WHERE { ?s ?p ?o }", [{"a", "b"}]),
    ("WITH g:a INSERT { } WHERE { }", [set()]),
    ("INSERT { GRAPH ?g { ?s ?p 5 } GRAPH g:d { ?s ?p 5 } } WHERE { GRAPH ?g { ?s ?p ?o } }", [{"d"}]),
    ("CLEAR GRAPH g:a ; DROP SILENT GRAPH <urn:g:b>;", [{"a"}, {"b"}]),
    ("CLEAR NAMED", [ANY]),
    ("CREATE SILENT GRAPH g:d", [{"d"}]),
    ("COPY g:a TO g:b", [{"b"}]),
    ("COPY DEFAULT TO g:b", [{"b"}]),
    ("MOVE SILENT GRAPH g:a TO GRAPH g:b", [{"a", "b"}]),
    ("ADD GRAPH g:a TO g:d", [{"d"}]),
    (
        "# CLEAR ALL\nBASE <http://g/> PREFIX h: <urn:g:> CREATE GRAPH <d> ; CLEAR GRAPH h:b ;\nINSERT DATA { GRAPH h:c { <s> <p> 1 } }",
        [{"http://g/d"}, {"b"}, {"c"}],
    ),
    ("", []),
]
UNION = ["INSERT DATA { <s> <p> 1 }", "CLEAR ALL", "DROP DEFAULT", "MOVE DEFAULT TO g:a", "ADD g:a TO DEFAULT", "DELETE WHERE { ?s ?p ?o }"]
UNION += ["INSERT { ?s ?p 1 } USING g:a WHERE { ?s ?p ?o }", "DELETE DATA { GRAPH g:a { <s> <p> 1 } <s> <p> 1 }"]


def store() -> ox.Store:
    made = ox.Store()
    made.extend(QUADS)
    return made


@pytest.mark.parametrize(("text", "graphs"), CASES)
def test_the_graphs_of_each_operation(text: str, graphs: list[set[str] | None]) -> None:
    found = read_update(text, PREFIXES, "urn:x:")
    assert [None if o.graphs is None else {name.value.removeprefix("urn:g:") for name in o.graphs} for o in found.operations] == graphs
    assert not any(operation.union for operation in found.operations)


@pytest.mark.parametrize("text", [text for text, _ in CASES if text])
def test_no_other_graph_is_touched_and_one_by_one_is_what_all_at_once_is(text: str) -> None:
    whole, stepwise = store(), store()
    whole.update(text, base_iri="urn:x:", prefixes=PREFIXES)
    for operation in read_update(text, PREFIXES, "urn:x:").operations:
        before = set(stepwise)
        named = {name for row in stepwise.query(operation.query, prefixes=PREFIXES) for name in row} if operation.query else set()
        stepwise.update(operation.text, base_iri="urn:x:", prefixes=PREFIXES)
        touched = {quad.graph_name for quad in before ^ set(stepwise)}
        assert operation.graphs is None or touched <= operation.graphs | named
    assert set(whole) == set(stepwise)


def test_each_operation_may_have_a_prologue_of_its_own() -> None:
    """The engine takes one at the beginning only (SPARQL 1.1 Update, rule 29 has one before each)."""
    found = read_update("PREFIX h: <urn:g:> CLEAR GRAPH h:a ; PREFIX i: <urn:g:> CLEAR GRAPH i:b", PREFIXES, "urn:x:").operations
    made = store()
    for operation in found:
        made.update(operation.text, prefixes=PREFIXES)
    assert set(made) == {QUADS[2]}


@pytest.mark.parametrize("text", UNION)
def test_the_default_graph_is_noticed(text: str) -> None:
    assert any(operation.union for operation in read_update(text, PREFIXES, "urn:x:").operations)


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <file:///etc/passwd>",
        "LOAD SILENT <http://x/> INTO GRAPH g:a",
        "load <x>",
        "CLEAR NAMED;LOAD<x>",
        "INSERT { GRAPH g:a { <s> <p> ?o } } WHERE { service<urn:x> { ?s ?p ?o } }",
    ],
)
def test_nothing_makes_a_request(text: str) -> None:
    with pytest.raises(BadQuery, match="makes no request"):
        read_update(text, PREFIXES, "urn:x:")


def test_words_in_strings_names_and_comments_are_no_keywords() -> None:
    text = "# LOAD <x>\nINSERT DATA { GRAPH g:a { <load> <urn:service> \"LOAD <x>\", '''SERVICE {''', g:service, \"x\"@load } }"
    assert len(read_update(text, PREFIXES, "urn:x:").operations) == 1


@pytest.mark.parametrize("text", ["\\u004COAD <x>", 'INSERT DATA { GRAPH g:a { <s> <p> "\\u0022" } }', "\\U0000004COAD <x>"])
def test_escapes_that_could_hide_an_operation_are_refused(text: str) -> None:
    with pytest.raises(BadQuery, match="as they are"):
        read_update(text, PREFIXES, "urn:x:")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "INSERT DATA { GRAPH g:a { <s> <p> ",
        "CLEAR",
        "INSERT DATA { GRAPH no:a { <s> <p> 1 } }",
        "}",
        "CLEAR NAMED CLEAR NAMED",
        "WITH g:a CLEAR",
    ],
)
def test_what_is_no_update_is_told(text: str) -> None:
    with pytest.raises(BadQuery):
        read_update(text, PREFIXES, "urn:x:")


def test_literals_are_kept_as_they_are_written() -> None:
    text = 'INSERT DATA { GRAPH g:a { <s> <p> 60.0, -1.50, 1e3, "P0D"^^xsd:duration, "x"^^<urn:t>, "60.00", "y"@en, true } }'
    found = {(literal.value, literal.datatype.value.rsplit("#", 1)[-1]) for literal in read_update(text, PREFIXES, "urn:x:").literals}
    assert found == {("60.0", "decimal"), ("-1.50", "decimal"), ("1e3", "double"), ("P0D", "duration"), ("x", "urn:t")}
