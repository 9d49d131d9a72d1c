"""Places in documents: found as a person names them, and checked against the documents."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from wherefrom import starter
from wherefrom.load import KnowledgeBase, Source, parse_file, read_knowledge_base
from wherefrom.passages import Document, digest, locate, read_document, verify
from wherefrom.problems import PassageNotFound, UnknownDocument

TEXT = "Title\n\n  • first point \r\n\u00a0second point, caf\u00e9 \N{GRINNING FACE}\nsecond\naaa\n2016"
DOCUMENT = Document("page.txt", TEXT, "0" * 64)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("1", "Title"),
        ("3", "first point"),
        ("4", "second point, caf\u00e9 \N{GRINNING FACE}"),
        ("3-4", "first point \r\n\u00a0second point, caf\u00e9 \N{GRINNING FACE}"),
        ("1-3", "Title\n\n  • first point"),
        ("7", "2016"),
        ("first point", "first point"),
        ("caf\u00e9 \N{GRINNING FACE}\nsec", "caf\u00e9 \N{GRINNING FACE}\nsec"),
        ("aaa", "aaa"),
    ],
)
def test_a_place_is_found_by_line_lines_or_text(wanted: str, found: str) -> None:
    place = locate(DOCUMENT, wanted)
    assert TEXT[place.start : place.end] == found
    assert place.digest == digest(found)[:23]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("0", "has 7 lines, not 0 to 0"),
        ("8", "has 7 lines, not 8 to 8"),
        ("4-3", "has 7 lines, not 4 to 3"),
        ("2", "page.txt:2: there is no text"),
        ("third", "does not occur in page.txt"),
        ("", "does not occur in page.txt"),
        ("second", "more than once"),
        ("aa", "more than once"),
        ("\u00b2", "does not occur"),
    ],
)
def test_what_is_no_place_is_told(wanted: str, words: str) -> None:
    with pytest.raises(PassageNotFound, match=words):
        locate(DOCUMENT, wanted)


def test_a_passage_is_written_with_positions_lines_and_digest() -> None:
    place = locate(DOCUMENT, "3-4")
    said = {(quad.subject.value.rsplit("/", 1)[-1], quad.predicate.value.rsplit("#")[-1]): quad.object.value for quad in parsed("3-4")}
    name = f"{place.start}-{place.end}"
    wanted = {"startLine": "3", "endLine": "4", "passageDigest": place.digest}
    assert {key: said[name, key] for key in wanted} == wanted
    assert {key: said["selector", key] for key in ("start", "end")} == {"start": str(place.start), "end": str(place.end)}


def parsed(wanted: str) -> list[ox.Quad]:
    prefixes = "@prefix ev: <https://w3id.org/wherefrom/ontology#> . @prefix oa: <http://www.w3.org/ns/oa#> .\n"
    return list(ox.parse((prefixes + locate(DOCUMENT, wanted).turtle()).encode(), ox.RdfFormat.TURTLE, base_iri="https://example.org/"))


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_document_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "page.txt").write_bytes(content)
    with pytest.raises(UnknownDocument, match=r"page\.txt") as raised:
        read_document(tmp_path / "page.txt")
    assert str(tmp_path) not in str(raised.value)


# Passages against documents


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    starter.create(tmp_path / "base")
    return tmp_path / "base"


def altered(folder: Path, found: str, instead: str) -> KnowledgeBase:
    path = folder / "data" / "reading-together.trig"
    text = path.read_text("utf-8")
    assert found in text
    path.write_text(text.replace(found, instead, 1), "utf-8")
    return read_knowledge_base(folder)


def first_passage(folder: Path) -> dict[str, str]:
    """Return name, positions, digest and line of the passage that the worked example writes first."""
    text = (folder / "data" / "reading-together.trig").read_text("utf-8")
    found = re.search(
        r'p:(?P<name>(?P<start>\d+)-(?P<end>\d+)) a ev:Passage.*?ev:passageDigest "(?P<digest>[^"]+)" ; ev:startLine (?P<line>\d+)', text
    )
    assert found
    return found.groupdict()


def test_the_passages_of_the_worked_example_agree(folder: Path) -> None:
    report, checked = verify(read_knowledge_base(folder), folder / "sources")
    assert report.results == ()
    assert checked == 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: (f'"{p["digest"]}"', f'"{p["digest"][:-1]}{"0" if p["digest"][-1] != "0" else "1"}"'), "passage-digest"),
        (lambda p: (f'"{p["digest"]}"', '"sha256:"'), "passage-digest"),
        (lambda p: (f"oa:start {p['start']}", f"oa:start {int(p['start']) + 1}"), "passage-digest"),
        (lambda p: (f"oa:end {p['end']}", f"oa:end {int(p['end']) - 1}"), "passage-digest"),
        (lambda p: (f"oa:end {p['end']}", "oa:end 100000"), "passage-outside"),
        (lambda p: (f"oa:end {p['end']}", f"oa:end {p['start']}"), "passage-outside"),
        (lambda p: (f"oa:end {p['end']}", "oa:end 'x'"), "passage-outside"),
        (lambda p: (f"ev:startLine {p['line']}", "ev:startLine 99"), "passage-line"),
    ],
)
def test_a_passage_that_does_not_agree_is_found(folder: Path, change: Callable[[dict[str, str]], tuple[str, str]], code: str) -> None:
    passage = first_passage(folder)
    report, _ = verify(altered(folder, *change(passage)), folder / "sources")
    assert {result.code for result in report.results} - {"passage-line"} <= {code}
    (result,) = (result for result in report.results if result.code == code)
    assert passage["name"] in result.message
    assert result.file == "data/reading-together.trig"
    assert not report.conforms


def test_a_document_that_changed_is_missing_for_every_passage(folder: Path) -> None:
    path = folder / "sources" / "reading-together.txt"
    path.write_text(path.read_text("utf-8") + " ", "utf-8")
    report, checked = verify(read_knowledge_base(folder), folder / "sources")
    assert [result.code for result in report.results] == ["snapshot-missing"] * checked


def test_a_document_is_known_by_its_content_whatever_it_is_called(folder: Path) -> None:
    (folder / "sources" / "reading-together.txt").rename(folder / "sources" / "other.txt")
    assert verify(read_knowledge_base(folder), folder / "sources")[0].results == ()


def test_a_passage_may_begin_where_the_document_begins(folder: Path) -> None:
    document = read_document(folder / "sources" / "reading-together.txt")
    prefixes = "@prefix ev: <https://w3id.org/wherefrom/ontology#> . @prefix oa: <http://www.w3.org/ns/oa#> .\n"
    place = locate(document, "1")
    assert place.start == 0
    base = read_knowledge_base(folder)
    content = (prefixes + place.turtle()).encode()
    added = Source("data/first.ttl", content, tuple(parse_file("first.ttl", content, base.settings.base, None)))
    report, checked = verify(KnowledgeBase(folder, base.settings, (*base.sources, added), base.shapes), folder / "sources")
    assert report.results == ()
    assert checked == 6


@pytest.mark.parametrize("name", ["none", "wherefrom.toml", "data"])
def test_a_folder_without_documents_is_told(folder: Path, name: str) -> None:
    with pytest.raises(UnknownDocument, match=name):
        verify(read_knowledge_base(folder), folder / name)


def test_the_passages_of_the_repository_agree_with_the_documents(kb: KnowledgeBase, repository: Path, tmp_path: Path) -> None:
    sources = Path(os.environ.get("WHEREFROM_SHARED", repository.parent / "shared")) / "sources"
    if not sources.is_dir():
        pytest.skip(f"THE PASSAGES OF THE DATA WERE NOT CHECKED: set WHEREFROM_SHARED to a folder with sources/, or put them at {sources}")
    report, checked = verify(kb, sources)
    assert [result.text() for result in report.results] == []
    assert checked > 200
    shutil.copytree(sources, tmp_path / "less")
    next((tmp_path / "less").glob("*.txt")).unlink()
    assert verify(kb, tmp_path / "less")[0].results
