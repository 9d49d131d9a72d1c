"""Overlap of sources: the published formulas, their laws, and the figures of the repository's data."""

from __future__ import annotations

from fractions import Fraction

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from wherefrom.lineage import Policy
from wherefrom.overlap import (
    UNITS,
    Incidence,
    Unit,
    band,
    containment,
    corrected_covered_area,
    covered_area,
    overlap,
    weighted_covered_area,
)
from wherefrom.problems import BadParameter
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


def test_a_missing_size_leaves_the_weighted_area_undefined() -> None:
    table = Incidence(ROWS[:2], COLUMNS[:2], frozenset({(ROWS[0], COLUMNS[0]), (ROWS[1], COLUMNS[1])}))
    assert weighted_covered_area(table, {COLUMNS[0]: 10}) is None


@pytest.mark.parametrize(("percent", "word"), [(0, "slight"), (5, "slight"), (6, "moderate"), (15, "high"), (16, "very high")])
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


def test_no_rows_have_no_area() -> None:
    empty = Incidence((), (), frozenset())
    assert covered_area(empty) is None
    assert corrected_covered_area(empty) is None
