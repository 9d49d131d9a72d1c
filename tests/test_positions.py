"""Where in a file a statement stands, in every form whose statements have lines."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from wherefrom import starter
from wherefrom.load import KnowledgeBase, Source, parse_file, read_knowledge_base
from wherefrom.positions import Positions, statement_lines

BASE = "https://example.org/"
TURTLE = '''# a comment
@prefix x: <id/> .

x:a x:says "one" ;   # a semicolon stays on the line
  x:says """two
and more""" ;
  x:number 1.10 ,
    2 .
<id/b>
  x:says "three"@en .
'''
TRIG = f"{TURTLE.split('x:a')[0]}\nx:g {{\n  x:a x:says 'in a graph' .\n}}\nGRAPH x:h {{ x:b x:says x:c }}\n"
TRIPLES = f"""# a comment
<{BASE}id/a> <{BASE}id/says> "one" .

<{BASE}id/a> <{BASE}id/says> "two\\nand more" . # a comment
<{BASE}id/b> <{BASE}id/says> "three"@en .
"""
QUADS = TRIPLES.replace(" .", f" <{BASE}id/g> .").replace("> .\n\n", "> .\n\n\n")


def source(name: str, text: str) -> Source:
    content = text.encode()
    return Source(name, content, tuple(parse_file(name, content, BASE, None)))


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("x.ttl", TURTLE, {("a", "one"): 4, ("a", "two\nand more"): 5, ("a", "2"): 8, ("b", "three"): 10}),
        ("x.trig", TRIG, {("a", "in a graph"): 6, ("b", f"{BASE}id/c"): 8}),
        ("x.nt", TRIPLES, {("a", "one"): 2, ("a", "two\nand more"): 4, ("b", "three"): 5}),
        ("x.nq", QUADS, {("a", "one"): 2, ("a", "two\nand more"): 5, ("b", "three"): 6}),
    ],
)
def test_a_statement_has_its_line(name: str, text: str, lines: dict[tuple[str, str], int]) -> None:
    found = statement_lines(source(name, text), BASE)
    told = {(thing, value): found.get((f"{BASE}id/{thing}", f"{BASE}id/{_step(value)}", value)) for thing, value in lines}
    assert told == lines
    for thing in {thing for thing, _ in lines}:
        assert found[f"{BASE}id/{thing}", "", ""] == min(line for (other, _), line in lines.items() if other == thing)


def _step(value: str) -> str:
    return "number" if value.isdecimal() else "says"


def test_json_has_no_lines() -> None:
    assert statement_lines(source("x.jsonld", '{"@id": "id/a", "https://example.org/id/says": "one"}'), BASE) == {}


def test_what_only_the_store_can_parse_has_lines_as_far_as_it_was_read() -> None:
    text = '<id/a> <id/says> "one" .\nVERSION "1.2"\n<id/b> <id/says> "two" .'
    found = statement_lines(source("x.ttl", text), BASE)
    assert found[f"{BASE}id/a", "", ""] == 1
    assert (f"{BASE}id/b", "", "") not in found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("positions") / "base"
    starter.create(folder)
    (folder / "data" / "a.ttl").write_text(TURTLE, "utf-8")
    (folder / "data" / "b.jsonld").write_text('{"@id": "id/c", "https://example.org/id/says": "one"}', "utf-8")
    return read_knowledge_base(folder)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (("a", "says", "two\nand more"), ("data/a.ttl", 5)),
        (("a", "says", "never said"), ("data/a.ttl", 4)),
        (("a", "never", "said"), ("data/a.ttl", 4)),
        (("b",), ("data/a.ttl", 10)),
        (("c", "says", "one"), ("data/b.jsonld", 1)),
        (("nowhere", "says", "one"), ("", 0)),
    ],
)
def test_the_nearest_statement_is_told(base: KnowledgeBase, statement: tuple[str, ...], place: tuple[str, int]) -> None:
    subject, *rest = statement
    step, value = rest or ("", "")
    assert Positions(base).of_statement(f"{BASE}id/{subject}", f"{BASE}id/{step}" if step else "", value) == place


def test_every_text_of_the_repository_stands_on_its_line(kb: KnowledgeBase) -> None:
    for found in kb.sources:
        rows = found.content.decode().split("\n")
        texts = {quad.object.value for quad in found.quads if isinstance(quad.object, ox.Literal)}
        lines = {value: line for (_, _, value), line in statement_lines(found, kb.settings.base).items() if value in texts - {""}}
        assert lines
        assert [value for value, line in lines.items() if value not in rows[line - 1].replace("\\", "")] == [], found.name
