"""Folders and files that cannot be read: each error names the thing and the place. What can be read is kept as written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import BNode, Literal, URIRef

from wherefrom import load, starter
from wherefrom.load import SyntaxProblem, engine_term, parse_file, read_knowledge_base, term
from wherefrom.problems import BadSettings, NotAKnowledgeBase, Problem, UnreadableInput
from wherefrom.settings import Settings, read_settings

BASE = "https://example.org/"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    starter.create(tmp_path / "base")
    return tmp_path / "base"


def replace_by_file(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.write_text("", "utf-8")


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def write(name: str, content: bytes | str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return change


@pytest.mark.parametrize(
    ("change", "problem", "words"),
    [
        (lambda f: (f / "wherefrom.toml").unlink(), NotAKnowledgeBase, "no wherefrom.toml in base"),
        (lambda f: replace_by_folder(f / "wherefrom.toml"), NotAKnowledgeBase, "no wherefrom.toml in base"),
        (lambda f: (f / "data").rename(f / "moved"), UnreadableInput, "no folder data/"),
        (lambda f: replace_by_file(f / "data"), UnreadableInput, "no folder data/"),
        (write("data/x.ttl", "<a> <b> <c> .\n<a> <b> .\n"), SyntaxProblem, "data/x.ttl:2:9: "),
        (write("data/x.trig", "<g> {\n <a> <b> <c>\n"), SyntaxProblem, "data/x.trig:"),
        (write("data/x.ttl", "ev:a ev:b ev:c ."), SyntaxProblem, "data/x.ttl:1:"),
        (write("data/x.nt", "<http://a/a> <http://a/b> <c> ."), SyntaxProblem, "data/x.nt:1:"),
        (write("data/x.nq", '\n<http://a/a> <http://a/b> "c .'), SyntaxProblem, "data/x.nq:2:"),
        (write("data/x.jsonld", '{"@id": }'), SyntaxProblem, "data/x.jsonld:1:"),
        (write("data/x.jsonld", '{"@context": "https://example.org/c", "@id": "a"}'), SyntaxProblem, "data/x.jsonld:1:1: .*remote context"),
        (write("data/x.ttl", b'<a> <b> <c> .\n<a> <b> "\xe9" .'), SyntaxProblem, "data/x.ttl:2:.*UTF-8"),
        (write("data/x.ttl", '<a> <b> "x"@en--ltr .'), SyntaxProblem, "data/x.ttl:1:1: .*RDF 1.2"),
        (write("data/x.ttl", "<a> <b> <<( <a> <b> <c> )>> ."), SyntaxProblem, "data/x.ttl:1:1: .*RDF 1.2"),
    ],
)
def test_what_cannot_be_read_is_named(folder: Path, change: Callable[[Path], object], problem: type[Problem], words: str) -> None:
    change(folder)
    with pytest.raises(problem, match=words) as raised:
        read_knowledge_base(folder)
    assert raised.value.exit_code == 3
    assert str(folder.parent) not in str(raised.value)


@pytest.mark.parametrize("method", ["read_bytes"])
def test_a_file_that_may_not_be_read_is_named(folder: Path, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(UnreadableInput, match=r"ontology/\w+\.ttl cannot be read: Permission denied"):
        read_knowledge_base(folder)


def test_a_folder_that_may_not_be_listed_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user who is not root: `chmod` does not bind root."""
    listed = load.os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "data":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(load.os, "scandir", scandir)
    with pytest.raises(UnreadableInput, match="data/ cannot be read: Permission denied"):
        read_knowledge_base(folder)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('title = "x"\nbsae = "https://example.org/"', r"wherefrom.toml:2: there is no key 'bsae'; there are base, "),
        ("[limits]\nquery_secs = 1", r"wherefrom.toml:2: \[limits\] has no key 'query_secs'; it has .*lineage_nodes, "),
        ("query_seconds = 1", "wherefrom.toml:1: there is no key 'query_seconds'"),
        ('[other]\nx = "y"', "wherefrom.toml:1: there is no key 'other'"),
        ("limits = 3", "wherefrom.toml:1: limits is a table"),
        ("\ntitle = 3", "wherefrom.toml:2: title must be of type str, not int"),
        ('[limits]\n\nquery_bytes = "many"', "wherefrom.toml:3: query_bytes must be of type int, not str"),
        ("[limits]\nquery_bytes = true", "wherefrom.toml:2: query_bytes must be of type int, not bool"),
        ("[limits]\nquery_bytes = 1.5", "wherefrom.toml:2: query_bytes must be of type int, not float"),
        ("limits.query_seconds = 0", "wherefrom.toml:1: query_seconds must be a number greater than zero"),
        ("[limits]\nquery_seconds = nan", "query_seconds must be a number greater than zero"),
        ("[limits]\nquery_seconds = inf", "query_seconds must be a number greater than zero"),
        ('base = "https://example.org"', "wherefrom.toml:1: base must be an .* that ends with a slash, not 'https://example.org'"),
        ('base = "ftp://example.org/"', "wherefrom.toml:1: base must be"),
        ('base = "https://example.org/?x=/"', "wherefrom.toml:1: base must be"),
        ('base = "https://exa mple.org/"', "wherefrom.toml:1: base must be"),
        ('base = "https://[example.org/"', "wherefrom.toml:1: base is no address"),
        ("title = x", r"wherefrom.toml: .*line 1"),
        (b'title = "\xe9"', "wherefrom.toml is not UTF-8"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, written: str | bytes, words: str) -> None:
    (tmp_path / "wherefrom.toml").write_bytes(written.encode() if isinstance(written, str) else written)
    with pytest.raises(BadSettings, match=words):
        read_settings(tmp_path)


def test_every_setting_has_a_default(tmp_path: Path) -> None:
    (tmp_path / "wherefrom.toml").write_text("[limits]\nquery_seconds = 3\n", "utf-8")
    assert read_settings(tmp_path) == Settings(query_seconds=3)


def test_a_folder_without_ontology_and_shapes_uses_those_that_come_with_the_program(folder: Path, repository: Path) -> None:
    found = read_knowledge_base(folder)
    assert {source.name for source in found.shapes} == {f"shapes/{path.name}" for path in (repository / "shapes").glob("*.ttl")}
    assert "ontology/evidence.ttl" in {source.name for source in found.sources}


def test_statements_outside_every_graph_go_to_one_named_after_the_file(folder: Path) -> None:
    (folder / "data" / "more").mkdir()
    (folder / "data" / "more" / "extra.ttl").write_text("<id/claim/x> <id/p> <id/claim/y> .", "utf-8")
    found = next(source for source in read_knowledge_base(folder).sources if source.name == "data/more/extra.ttl")
    assert str(found.quads[0]) == " ".join(f"<{BASE}id/{part}>" for part in ("claim/x", "p", "claim/y", "graph/extra"))


@pytest.mark.parametrize("name", ["x.rdf", "x.TTL", "x", ".ttl"])
def test_other_files_are_left_alone(folder: Path, name: str) -> None:
    before = read_knowledge_base(folder).fingerprint
    (folder / "data" / name).write_text("no statement", "utf-8")
    assert read_knowledge_base(folder).fingerprint == before
    with pytest.raises(UnreadableInput, match=r"none of the endings \.ttl, "):
        list(parse_file(name, b"", BASE, None))


@pytest.mark.parametrize("lexical", ["1.10", "007", "+1", "-0", "1E0", "x"])
@pytest.mark.parametrize("datatype", ["decimal", "integer", "double", "boolean", "date"])
def test_a_lexical_form_is_kept(lexical: str, datatype: str) -> None:
    text = f'<a> <b> "{lexical}"^^<http://www.w3.org/2001/XMLSchema#{datatype}> .'
    (quad,) = parse_file("x.ttl", text.encode(), BASE, None)
    assert str(term(quad.object)) == lexical
    assert engine_term(term(quad.object)) == quad.object


texts = st.text(st.characters(exclude_categories=["Cs"]))
literals = st.one_of(
    texts.map(Literal),
    st.builds(lambda text, tag: Literal(text, lang=tag), texts, st.sampled_from(["en", "de-at", "zh-hant"])),
    st.builds(lambda text: Literal(text, datatype=URIRef("https://example.org/type"), normalize=False), texts),
)


@settings(max_examples=100, deadline=None, database=None)
@given(st.one_of(literals, st.just(URIRef("https://example.org/é")), st.just(BNode("b"))))
def test_a_term_comes_back_from_the_engine(value: Literal) -> None:
    assert term(engine_term(value)) == value


@pytest.mark.parametrize("value", [None, "text", 3, ox.DefaultGraph()])
def test_what_is_no_term_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"no RDF 1\.1 term"):
        term(value)
    with pytest.raises(TypeError, match=r"no RDF 1\.1 term"):
        engine_term(value)


def test_a_folder_adds_to_the_ontology_and_shapes_that_ship(tmp_path: Path) -> None:
    starter.create(tmp_path / "base")
    plain = read_knowledge_base(tmp_path / "base")
    (tmp_path / "base" / "shapes").mkdir()
    (tmp_path / "base" / "ontology").mkdir()
    assert read_knowledge_base(tmp_path / "base").fingerprint == plain.fingerprint
    (tmp_path / "base" / "shapes" / "own.ttl").write_text("<https://example.org/own> a <http://www.w3.org/ns/shacl#NodeShape> .")
    more = read_knowledge_base(tmp_path / "base")
    assert {source.name for source in more.shapes} == {source.name for source in plain.shapes} | {"shapes/own.ttl"}


def test_an_own_file_stands_for_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    starter.create(tmp_path / "base")
    (tmp_path / "base" / "shapes").mkdir()
    (tmp_path / "base" / "shapes" / "claim.ttl").write_text("")
    base = read_knowledge_base(tmp_path / "base")
    assert [len(source.quads) for source in base.shapes if source.name == "shapes/claim.ttl"] == [0]
