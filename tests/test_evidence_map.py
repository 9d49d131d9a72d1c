"""The map of the evidence: every cell is what is answered for its row and column alone."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from rdflib import URIRef

from wherefrom.arrays import Arrays
from wherefrom.evidence_map import AXES, Axis, Cell, evidence_map, measured_only
from wherefrom.independence import independence_on
from wherefrom.lineage import POLICIES, Policy
from wherefrom.problems import BadParameter
from wherefrom.query import rows
from wherefrom.store import EmbeddedStore
from wherefrom.tallies import unsupported
from wherefrom.vocabulary import EV

CELLS = "SELECT ?intervention ?outcome { ?claim ev:aboutOutcome/skos:broader* ?outcome ; ev:about ?intervention }"
each_policy = pytest.mark.parametrize("policy", POLICIES)


def alone(store: EmbeddedStore, cell: Cell, policy: Policy) -> Cell:
    """Return a cell of interventions and outcomes as `independence_on` has it."""
    found = independence_on(store, cell.row, cell.column, policy)
    said = rows(store, "statements", {"thing": found.claims, "property": [EV.claimedBy]})
    sources = {row["value"] for row in said}
    return Cell(cell.row, cell.column, len(found.claims), len(found.unsupported), len(found.lines), len(sources))


@each_policy
def test_on_the_data_every_cell_is_what_is_answered_for_it_alone(store: EmbeddedStore, policy: Policy) -> None:
    cells = list(evidence_map(Arrays.of(store), policy=policy))
    assert cells == [alone(store, cell, policy) for cell in cells]
    assert [(cell.row, cell.column) for cell in cells] == sorted({(cell.row, cell.column) for cell in cells})
    asked = {(row["intervention"], row["outcome"]) for row in store.select(CELLS)}
    assert {(cell.row, cell.column) for cell in cells} == asked


@each_policy
def test_on_a_made_up_base_cells_are_what_is_answered_for_them_alone(made: EmbeddedStore, policy: Policy) -> None:
    cells = evidence_map(Arrays.of(made), policy=policy)
    for cell in [*cells[:3], *random.Random(2).sample(list(cells), 12)]:
        assert cell == alone(made, cell, policy)
    assert max(cell.lines for cell in cells) > 3


def test_what_the_five_documents_say_of_secure_attachment(store: EmbeddedStore) -> None:
    (cell,) = [cell for cell in evidence_map(Arrays.of(store)) if (named(cell.row), named(cell.column)) == ("ipp", "attachment-security")]
    assert (cell.claims, cell.unsupported, cell.lines, cell.sources) == (37, 11, 1, 3)


def named(iri: URIRef) -> str:
    return iri.rsplit("/", 1)[-1]


@each_policy
@pytest.mark.parametrize(("across", "down"), list(permutations(AXES, 2)))
def test_turned_round_it_says_the_same(made: EmbeddedStore, across: Axis, down: Axis, policy: Policy) -> None:
    arrays = Arrays.of(made)
    turned = {Cell(c.column, c.row, c.claims, c.unsupported, c.lines, c.sources) for c in evidence_map(arrays, down, across, policy)}
    assert set(evidence_map(arrays, across, down, policy)) == turned
    assert turned


def test_by_source_a_cell_has_the_claims_of_that_source(store: EmbeddedStore) -> None:
    arrays = Arrays.of(store)
    cells = evidence_map(arrays, "source", "intervention")
    assert {cell.sources for cell in cells} == {1}
    clinic = max(cells, key=lambda cell: cell.unsupported)
    assert (named(clinic.row), clinic.claims, clinic.lines) == ("clinic-004", clinic.unsupported, 0)
    assert clinic.unsupported <= len(unsupported(arrays)[clinic.row]) == 70


def measured_alone(store: EmbeddedStore) -> set[tuple[str, str, int]]:
    """Return intervention, outcome and number of studies with a finding on it or a narrower one, where nobody makes a claim on both."""
    asked = """SELECT ?intervention ?outcome (COUNT(DISTINCT ?study) AS ?n) WHERE {
        ?study ev:evaluates ?intervention . ?finding ev:findingOf ?study ; ev:outcome/skos:broader* ?outcome .
        FILTER NOT EXISTS { ?claim ev:about ?intervention ; ev:aboutOutcome/skos:broader* ?outcome }
    } GROUP BY ?intervention ?outcome"""
    return {(str(row["intervention"]), str(row["outcome"]), int(row["n"])) for row in store.select(asked)}


@pytest.mark.parametrize("base", ["store", "made"])
def test_what_was_measured_and_nobody_claims(request: pytest.FixtureRequest, base: str) -> None:
    store: EmbeddedStore = request.getfixturevalue(base)
    found = measured_only(Arrays.of(store), policy="inferred")
    expected = measured_alone(store)
    assert {(str(one.intervention), str(one.outcome)) for one in found} == {(a, b) for a, b, _ in expected}
    studies = {(a, b): n for a, b, n in expected}
    assert all(1 <= one.trials <= studies[str(one.intervention), str(one.outcome)] for one in found)  # some share their sample


def test_a_trial_of_cpp_measured_parenting_stress_and_no_source_says_so_of_cpp(store: EmbeddedStore) -> None:
    found = {(named(one.intervention), named(one.outcome)): one.trials for one in measured_only(Arrays.of(store))}
    assert found["cpp", "parenting-stress"] == 1
    assert ("ipp", "parenting-stress") not in found
    assert measured_only(Arrays.of(store), "source", "outcome") == ()


def test_axes_are_two_different_ones(store: EmbeddedStore) -> None:
    arrays = Arrays.of(store)
    with pytest.raises(BadParameter, match="rows is one of intervention, outcome, source"):
        evidence_map(arrays, "study")  # type: ignore[arg-type]
    with pytest.raises(BadParameter, match="cols is one of"):
        evidence_map(arrays, "source", "")  # type: ignore[arg-type]
    with pytest.raises(BadParameter, match="both outcome"):
        evidence_map(arrays, "outcome")
