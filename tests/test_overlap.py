"""Overlap of sources: the published formulas, their laws, and the figures of the repository's data."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from wherefrom import answers
from wherefrom.drawing import overlap_text
from wherefrom.lineage import Policy
from wherefrom.overlap import (
    UNITS,
    Incidence,
    Overlap,
    Unit,
    band,
    containment,
    corrected_covered_area,
    covered_area,
    overlap,
    pairs,
    weighted_covered_area,
)
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.store import EmbeddedStore

FOUNDATIONS, CONTINUUM, CRIMESOLUTIONS = (
    URIRef(f"https://w3id.org/wherefrom/id/document/{name}") for name in ("foundations-ipp", "continuum-cpp", "crimesolutions-ipp")
)
ROWS = tuple(map(URIRef, "abcd"))
COLUMNS = tuple(map(URIRef, "uvwxyz"))


@st.composite
def tables(draw: st.DrawFn) -> Incidence:
    """Tables of two to four rows, each column with at least one mark."""
    rows = ROWS[: draw(st.integers(2, 4))]
    columns = COLUMNS[: draw(st.integers(1, 6))]
    marks = {(draw(st.sampled_from(rows)), column) for column in columns}
    marks |= draw(st.sets(st.tuples(st.sampled_from(rows), st.sampled_from(columns))))
    return Incidence(rows, columns, frozenset(marks))


@given(tables())
def test_the_corrected_covered_area_is_a_share(table: Incidence) -> None:
    area = corrected_covered_area(table)
    assert area is not None
    assert 0 <= area <= 1
    assert (area == 1) == (len(table.marks) == len(table.rows) * len(table.columns))
    assert (area == 0) == (len(table.marks) == len(table.columns))


@given(tables())
def test_two_rows_overlap_alike_in_both_directions(table: Incidence) -> None:
    first, second = table.rows[:2]
    assert corrected_covered_area(table.only(first, second)) == corrected_covered_area(table.only(second, first))
    assert containment(table, first, second) == containment(table, second, first)


@given(tables())
def test_two_rows_without_impossible_cells_have_the_jaccard_index(table: Incidence) -> None:
    first, second = table.rows[:2]
    ours, theirs = table.of(first), table.of(second)
    pair = corrected_covered_area(table.only(first, second))
    assert pair == (Fraction(len(ours & theirs), len(ours | theirs)) if ours | theirs else None)


@given(tables())
def test_a_cell_that_could_not_have_a_mark_never_lowers_the_area(table: Incidence) -> None:
    empty = {(row, column) for row in table.rows for column in table.columns} - table.marks
    if empty:
        spared = Incidence(table.rows, table.columns, table.marks, frozenset([min(empty)]))
        without, with_all = corrected_covered_area(spared), corrected_covered_area(table)
        assert with_all is not None
        assert without is None or without >= with_all


@given(tables(), st.integers(1, 10_000))
def test_equal_weights_change_nothing(table: Incidence, size: int) -> None:
    weighted = weighted_covered_area(table, dict.fromkeys(table.columns, size))
    plain = corrected_covered_area(table)
    assert plain is not None
    assert weighted == pytest.approx(float(plain))


@given(tables(), st.data())
def test_in_one_pass_each_pair_has_the_figures_of_its_own_table(table: Incidence, data: st.DataObject) -> None:
    empty = sorted({(row, column) for row in table.rows for column in table.columns} - table.marks)
    late = data.draw(st.sets(st.sampled_from(empty))) if empty else set()
    table = Incidence(table.rows, table.columns, table.marks, frozenset(late))
    assert [pair.rows for pair in pairs(table)] == list(combinations(table.rows, 2))
    for pair in pairs(table):
        assert pair.area == corrected_covered_area(table.only(*pair.rows))
        assert pair.containment == containment(table, *pair.rows)
        assert pair.shared == table.of(pair.rows[0]) & table.of(pair.rows[1])


def test_a_missing_size_leaves_the_weighted_area_undefined() -> None:
    table = Incidence(ROWS[:2], COLUMNS[:2], frozenset({(ROWS[0], COLUMNS[0]), (ROWS[1], COLUMNS[1])}))
    assert weighted_covered_area(table, {COLUMNS[0]: 10}) is None


@pytest.mark.parametrize(
    ("percent", "word"), [(0, "slight"), (5, "slight"), (6, "moderate"), (10, "moderate"), (11, "high"), (15, "high"), (16, "very high")]
)
def test_bands_are_those_of_pieper(percent: int, word: str) -> None:
    assert band(Fraction(percent, 100)) == word


PAIRS = ((FOUNDATIONS, CONTINUUM), (FOUNDATIONS, CRIMESOLUTIONS), (CONTINUUM, CRIMESOLUTIONS))


@pytest.mark.parametrize(
    ("unit", "policy", "marks", "columns", "area", "pairs"),
    [("publication", "stated", 17, 11, 27.3, (45.5, 14.3, 11.1)), ("study", "inferred", 9, 5, 40.0, (60.0, 33.3, 20.0))],
)
def test_the_five_documents(
    store: EmbeddedStore, unit: Unit, policy: Policy, marks: int, columns: int, area: float, pairs: tuple[float, ...]
) -> None:
    found = overlap(store, unit, policy)
    assert (len(found.table.marks), len(found.table.columns)) == (marks, columns)
    tables = [found.table, *(found.table.only(*pair) for pair in PAIRS)]
    assert [_percent(table) for table in tables] == [area, *pairs]


def _percent(table: Incidence) -> float:
    area = corrected_covered_area(table)
    assert area is not None
    return round(float(area) * 100, 1)


def test_under_stated_a_paper_of_no_study_is_told(store: EmbeddedStore) -> None:
    found = overlap(store, "study", "stated")
    assert [paper.rsplit("/", 1)[-1] for paper in found.without_study] == ["peltz-2015"]
    assert len(found.table.columns) == 8


DATED = """
PREFIX i: <https://example.org/id/>
PREFIX ev: <https://w3id.org/wherefrom/ontology#>
PREFIX cito: <http://purl.org/spar/cito/>
PREFIX frbr: <http://purl.org/vocab/frbr/core#>
PREFIX fabio: <http://purl.org/spar/fabio/>
PREFIX section: <https://w3id.org/wherefrom/scheme/citation-section/>
GRAPH i:data {
  i:a frbr:realization i:old . i:old ev:lastReviewed "2010" . i:b frbr:realization i:new .
  i:c1 cito:hasCitingEntity i:old ; cito:hasCitedEntity i:p1 ; ev:citationSection section:in-text .
  i:c2 cito:hasCitingEntity i:new ; cito:hasCitedEntity i:p1, i:p2 ; ev:citationSection section:in-text .
  i:p1 fabio:hasPublicationYear "2009" . i:p2 fabio:hasPublicationYear "2015" .
}"""


def test_a_document_reviewed_before_a_paper_could_not_cite_it() -> None:
    found = overlap(EmbeddedStore.of(ox.parse(DATED, ox.RdfFormat.TRIG)), "publication")
    assert found.table.impossible == {(URIRef("https://example.org/id/a"), URIRef("https://example.org/id/p2"))}
    assert corrected_covered_area(found.table) == 1


def test_a_trial_has_the_size_of_any_of_its_studies() -> None:
    added = """
    GRAPH <https://w3id.org/wherefrom/ontology> { ev:reportedIn <http://www.w3.org/2000/01/rdf-schema#subPropertyOf> ev:restsOn }
    GRAPH i:data {
      i:z ev:reportedIn i:p1 ; ev:sharesSampleWith i:y . i:y ev:sharesSampleWith i:x .
      i:sample ev:populationOf i:z ; ev:sampleSize 40 . i:part ev:populationOf i:y ; ev:sampleSize 30 .
      i:other ev:reportedIn i:p2 . i:unread ev:populationOf i:apart ; ev:sampleSize 99 .
    }"""
    found = overlap(EmbeddedStore.of(ox.parse(DATED + added, ox.RdfFormat.TRIG)), "study")
    assert {trial.rsplit("/", 1)[-1] for trial in found.table.columns} == {"x", "other"}
    assert found.sizes == {URIRef("https://example.org/id/x"): 40}


def id_of(*names: str) -> frozenset[URIRef]:
    return frozenset(URIRef(f"https://example.org/id/{name}") for name in names)


def of(*told: str, unit: Unit = "study", documents: frozenset[URIRef] | None = None) -> Overlap:
    terms = "GRAPH <https://w3id.org/wherefrom/ontology> { ev:reportedIn <http://www.w3.org/2000/01/rdf-schema#subPropertyOf> ev:restsOn }"
    return overlap(EmbeddedStore.of(ox.parse("\n".join([DATED, terms, *told]), ox.RdfFormat.TRIG)), unit, documents=documents)


def test_a_paper_of_two_trials_marks_both() -> None:
    trials = """GRAPH i:data {
      i:x ev:reportedIn i:p1 . i:y ev:reportedIn i:p1, i:p2 . i:z ev:reportedIn i:p2 .
      i:sample-x ev:populationOf i:x ; ev:sampleSize 1 . i:sample-y ev:populationOf i:y ; ev:sampleSize 4 .
      i:sample-z ev:populationOf i:z ; ev:sampleSize 9 .
    }"""
    found = of(trials)
    assert set(found.table.columns) == id_of("x", "y", "z")
    assert {document: found.table.of(document) for document in found.table.rows} == {
        URIRef("https://example.org/id/a"): id_of("x", "y"),  # it cites the first paper only
        URIRef("https://example.org/id/b"): id_of("x", "y", "z"),
    }
    assert dict(found.members) == dict(zip(sorted(id_of("x", "y", "z")), (id_of("p1"), id_of("p1", "p2"), id_of("p2")), strict=True))
    assert {column.rsplit("/", 1)[-1]: size for column, size in found.sizes.items()} == {"x": 1, "y": 4, "z": 9}
    # the trial of the later paper alone could not be cited in 2010
    assert found.table.impossible == {(URIRef("https://example.org/id/a"), URIRef("https://example.org/id/z"))}
    assert (corrected_covered_area(found.table), weighted_covered_area(found.table, found.sizes)) == (1, pytest.approx(3 / 6))


def test_that_papers_report_several_trials_is_told() -> None:
    trials = "GRAPH i:data { i:x ev:reportedIn i:p1 . i:y ev:reportedIn i:p1 . i:z ev:reportedIn i:p2 }"
    store = EmbeddedStore.of(ox.parse(f"{DATED} {trials}", ox.RdfFormat.TRIG))
    told = answers.overlap_answer(store, of(trials), "https://example.org/")["assumptions"]
    assert any(assumption.startswith("1 publication of more than one trial") for assumption in told)


def test_a_trial_is_as_old_as_its_first_paper_whoever_cites_it() -> None:
    first = 'GRAPH i:data { i:z ev:reportedIn i:p2, i:p0 . i:p0 fabio:hasPublicationYear "2008" }'
    assert of(first).table.impossible == frozenset()
    assert of("GRAPH i:data { i:z ev:reportedIn i:p2 }").table.impossible != frozenset()


LATER = """GRAPH i:data { i:a frbr:realization i:later . i:later <http://purl.org/dc/terms/issued> "%s" .
  i:c3 cito:hasCitingEntity i:later ; cito:hasCitedEntity i:p3 ; ev:citationSection section:in-text .
  i:p3 fabio:hasPublicationYear "2014" . }"""


@pytest.mark.parametrize(("issued", "late"), [("2014-01", {"p2"}), ("2015-06", set())])
def test_a_document_cites_what_its_editions_cite_and_is_as_old_as_the_last(issued: str, late: set[str]) -> None:
    found = of(LATER % issued, unit="publication")
    a = URIRef("https://example.org/id/a")
    assert found.table.of(a) == id_of("p1", "p3")
    assert {column for row, column in found.table.impossible if row == a} == id_of(*late)


def test_an_edition_that_cites_nothing_is_one_and_an_undated_one_leaves_a_document_open() -> None:
    silent = 'GRAPH i:data { i:a frbr:realization i:silent . i:silent ev:lastReviewed "2016" }'
    undated = "GRAPH i:data { i:a frbr:realization i:undated }"
    assert of(silent, unit="publication").table.impossible == of(undated, unit="publication").table.impossible == frozenset()


SPOKEN = """GRAPH i:data { i:a a ev:SourceDocument . i:b a ev:SourceDocument . i:other a ev:SourceDocument .
    i:speaks a ev:SourcePublisher . i:publishes a ev:SourcePublisher . i:mute a ev:SourcePublisher . i:p1 a ev:Publication .
    i:b <http://purl.org/dc/terms/publisher> i:publishes . i:scheme <http://purl.org/dc/terms/publisher> i:mute . }
  GRAPH i:old { i:claim ev:claimedBy i:speaks }"""


@pytest.mark.parametrize(
    ("asked", "documents"),
    [(["speaks"], ["a"]), (["publishes"], ["b"]), (["speaks", "publishes"], ["a", "b"]), (["speaks", "b"], ["a", "b"])],
)
def test_a_source_stands_for_its_documents(asked: list[str], documents: list[str]) -> None:
    assert set(of(SPOKEN, unit="publication", documents=id_of(*asked)).table.rows) == id_of(*documents)


@pytest.mark.parametrize(
    ("asked", "problem", "told"),
    [
        ("mute", BadParameter, "id/mute cites nothing"),
        ("other", BadParameter, "id/other cites nothing"),
        ("p1", BadParameter, "id/p1: neither a document nor a source"),
        ("none", UnknownResource, "id/none"),
    ],
)
def test_what_is_no_document_or_source_is_refused(asked: str, problem: type[Exception], told: str) -> None:
    with pytest.raises(problem, match=told):
        of(SPOKEN, unit="publication", documents=id_of("b", asked))


def test_a_source_of_the_repository_stands_for_its_page(store: EmbeddedStore) -> None:
    sources = frozenset(URIRef(f"https://w3id.org/wherefrom/id/source/{name}") for name in ("foundations", "continuum"))
    assert overlap(store, documents=sources) == overlap(store, documents=frozenset([FOUNDATIONS, CONTINUUM]))


@pytest.mark.parametrize("unit", UNITS)
def test_the_other_unit_stands_beside(store: EmbeddedStore, unit: Unit) -> None:
    base = "https://w3id.org/wherefrom/"
    chosen = frozenset([FOUNDATIONS, CONTINUUM])
    answer = answers.overlap_answer(store, overlap(store, unit, "inferred", chosen), base)
    (other,) = set(UNITS) - {unit}
    alone = answers.overlap_answer(store, overlap(store, other, "inferred", chosen), base)  # type: ignore[arg-type]
    figures = ("marks", "impossible", "coveredArea", "correctedCoveredArea", "band", "pairs")
    assert answer["beside"] == {"unit": other, "units": len(alone["units"]), **{name: alone[name] for name in figures}}


def test_bands_and_both_units_are_told_in_words(store: EmbeddedStore) -> None:
    base = "https://w3id.org/wherefrom/"
    text = overlap_text(answers.overlap_answer(store, overlap(store, "study", "inferred"), base))
    banded = "very high by the bands of Pieper et al. 2014"
    assert f"\n9 marks, 5 units: corrected covered area 40.0 %, {banded}\n" in text
    assert f"\nThe same documents by publication:\n17 marks, 11 units: corrected covered area 27.3 %, {banded}\n" in text
    assert "document/continuum-cpp and document/foundations-ipp: 45.5 %, of the smaller one 71.4 %" in text
    alone = overlap_text(answers.overlap_answer(store, overlap(store, documents=frozenset([FOUNDATIONS])), base))
    assert "4 marks, 4 units: corrected covered area undefined\n" in alone


@pytest.mark.parametrize("unit", UNITS)
def test_what_curators_call_misfiled_is_told_and_stays_in_the_table(store: EmbeddedStore, unit: Unit) -> None:
    found = overlap(store, unit, "inferred")
    assert {paper.rsplit("/", 1)[-1] for paper in found.misfiled} == {"cicchetti-1999", "peltz-2015", "toth-2006"}
    assert found.misfiled <= set().union(*found.members.values())
    assert overlap(store, unit, "stated").misfiled == frozenset()
    assert overlap(store, unit, "inferred", frozenset([CONTINUUM, CRIMESOLUTIONS])).misfiled == frozenset()


def test_what_cannot_be_asked(store: EmbeddedStore) -> None:
    assert UNITS == ("study", "publication")
    with pytest.raises(BadParameter, match="unit is one of"):
        overlap(store, "paper")  # type: ignore[arg-type]
    with pytest.raises(BadParameter, match="cites nothing"):
        overlap(store, documents=frozenset([URIRef("https://w3id.org/wherefrom/id/document/clinic-002")]))


def test_the_covered_area_is_the_share_of_cells_with_a_mark() -> None:
    a, b, x, y = map(URIRef, "abxy")
    assert covered_area(Incidence((a, b), (x, y), frozenset({(a, x), (b, x), (a, y)}))) == Fraction(3, 4)


def test_no_rows_have_no_area() -> None:
    empty = Incidence((), (), frozenset())
    assert covered_area(empty) is None
    assert corrected_covered_area(empty) is None


def test_of_many_pairs_those_that_share_most_are_told(made: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    found = overlap(made, "publication")
    whole = answers.overlap_answer(made, found, "https://example.org/")
    assert len(whole["pairs"]) == len(found.table.rows) * (len(found.table.rows) - 1) // 2
    monkeypatch.setattr(answers, "PAIRS", 5)
    few = answers.overlap_answer(made, found, "https://example.org/")
    shared = sorted((len(pair["shared"]) for pair in whole["pairs"]), reverse=True)
    assert [len(pair["shared"]) for pair in few["pairs"]] == shared[:5]
    assert any(f"Of {len(whole['pairs'])} pairs" in told for told in few["assumptions"])
