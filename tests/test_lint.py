"""Slips that the closed-world check finds: each is made in a good base and must be the only thing found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from wherefrom import starter
from wherefrom.lint import lint
from wherefrom.load import KnowledgeBase, read_knowledge_base
from wherefrom.report import Severity
from wherefrom.vocabulary import SCHEMES

PREFIXES = """@prefix ev: <https://w3id.org/wherefrom/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""
LINE = len(PREFIXES.splitlines()) + 1


@pytest.fixture
def slip(tmp_path: Path) -> Callable[[str], KnowledgeBase]:
    def made(text: str) -> KnowledgeBase:
        starter.create(tmp_path / "base")
        (tmp_path / "base" / "data" / "slip.trig").write_text(PREFIXES + text, "utf-8")
        return read_knowledge_base(tmp_path / "base")

    return made


def test_the_repository_and_the_worked_example_are_clean(kb: KnowledgeBase, slip: Callable[[str], KnowledgeBase]) -> None:
    assert lint(kb).results == ()
    assert lint(slip("")).results == ()


@pytest.mark.parametrize(
    ("written", "code", "message", "hint"),
    [
        ("a ev:Clam .", "unknown-term", "ev:Clam is no term of the ontology", "Did you mean ev:Claim?"),
        ("ev:restOn <id/claim/x> .", "unknown-term", "ev:restOn is no term", "Did you mean ev:restsOn?"),
        ("ev:notStated ev:ofset .", "unknown-term", "ev:ofset is no term", "Did you mean ev:offset?"),
        ("ev:claimKind <{s}/claim-kind/efect> .", "unknown-code", "claim-kind/efect is no code", "Did you mean evs:claim-kind/effect?"),
        ("ev:claimKind <{s}/x/y> .", "unknown-code", "evs:x/y is no code of a concept scheme", "Describe it, or correct the name."),
        ("skos:prefLable 'x' .", "unknown-term", "skos:prefLable is no term that the data may use", "Did you mean skos:prefLabel?"),
        ("a <https://schema.org/Claim> .", "unknown-term", "schema:Claim is no term that the data may", "ontology/borrowed.ttl"),
        ("ev:about <id/study/reading-together-trail> .", "dangling", "nowhere described", "Did you mean study/reading-together-trial?"),
        ("ev:about [] .", "blank-node", "a blank node cannot be referred to", "Give the thing an IRI"),
    ],
)
def test_a_slip_is_told_with_its_line_and_a_hint(
    slip: Callable[[str], KnowledgeBase], written: str, code: str, message: str, hint: str
) -> None:
    written = f"<id/claim/x> {written.format(s=SCHEMES)}"
    (result,) = lint(slip(f"<id/edition/slip> {{\n{written}\n}}")).results
    assert (result.file, result.line, result.severity) == ("data/slip.trig", LINE + 1, Severity.VIOLATION)
    assert (result.code, result.source_line) == (code, written)
    assert message in result.message
    assert hint in result.hint


@pytest.mark.parametrize("subject", ["https://other.org/id/claim/x", "claim/x"])
def test_a_thing_with_another_beginning_is_outside_the_base(slip: Callable[[str], KnowledgeBase], subject: str) -> None:
    (result,) = lint(slip(f"<{subject}> a ev:Claim .")).results
    assert result.code == "outside-base"
    assert f"{subject}> does not start with https://example.org/id/" in result.message


def test_a_slip_made_twice_in_a_thing_is_told_once(slip: Callable[[str], KnowledgeBase]) -> None:
    assert len(lint(slip("<id/claim/x> ev:restOn <id/claim/x>, <id/claim/y> . <id/claim/y> ev:about <id/claim/x> .")).results) == 1


def test_another_base_is_told_for_every_thing(slip: Callable[[str], KnowledgeBase]) -> None:
    base = slip("")
    settings = base.folder / "wherefrom.toml"
    (base.folder / "data" / "fixed.nt").write_text("\n".join(f"{quad.triple} ." for quad in base.sources[-1].quads), "utf-8")
    settings.write_text(settings.read_text("utf-8").replace("https://example.org/", "https://example.com/"), "utf-8")
    found = [result for result in lint(read_knowledge_base(base.folder)).results if result.file == "data/fixed.nt"]
    assert {result.code for result in found} <= {"outside-base"}
    assert len(found) == len({quad.subject for quad in base.sources[-1].quads})


CURATED = "<id/statement/1> a ev:CuratedStatement ; rdf:subject <id/claim/y> ; rdf:predicate ev:extends ; rdf:object <id/claim/x> ."


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("<id/claim/y> ev:extends <id/claim/x> .", []),
        ("<id/claim/y> ev:extends <id/claim/x>, <id/claim/y> .", ["unmarked-inference"]),
        ("", ["inference-not-made"]),
    ],
)
def test_an_inference_and_its_explanation_go_together(slip: Callable[[str], KnowledgeBase], written: str, codes: list[str]) -> None:
    base = slip(f"<id/edition/x> {{ <id/claim/x> a ev:Claim . <id/claim/y> a ev:Claim }} <id/graph/curation> {{ {CURATED} {written} }}")
    assert [result.code for result in lint(base).results] == codes


def test_an_unmarked_inference_in_the_repository_is_caught(kb: KnowledgeBase) -> None:
    """Whichever explanation is taken away, its inference stands unexplained."""
    source = next(source for source in kb.sources if source.name == "data/curation.trig")
    reified = sorted({q.subject for q in source.quads if q.predicate.value.endswith("#subject")}, key=str)
    assert len(reified) > 5
    for statement in reified[:3]:
        less_of_it = dataclasses.replace(source, quads=tuple(quad for quad in source.quads if quad.subject != statement))
        less = dataclasses.replace(kb, sources=tuple(less_of_it if other is source else other for other in kb.sources))
        assert [result.code for result in lint(less).results] == ["unmarked-inference"]
