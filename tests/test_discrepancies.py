"""Where sources differ: the differences of the repository's data, laws for every base, agreement with what curators recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from wherefrom.answers import discrepancies_answer
from wherefrom.checks import printed
from wherefrom.discrepancies import (
    Difference,
    Value,
    difference_answer,
    discrepancies,
    discrepancies_of_findings,
    discrepancies_of_publication,
    names_of,
)
from wherefrom.lineage import POLICIES, Policy
from wherefrom.problems import BadParameter
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV, shorten

BASE = "https://w3id.org/wherefrom/"
each_policy = pytest.mark.parametrize("policy", POLICIES)
law = settings(max_examples=80, deadline=None, database=None)


def short(iri: URIRef) -> str:
    return shorten(iri, BASE).rsplit("/", 1)[-1]


@pytest.fixture(scope="session")
def found(store: EmbeddedStore) -> Mapping[str, list[Difference]]:
    return {policy: discrepancies(store, policy) for policy in POLICIES}


def on(found: Iterable[Difference], subject: str, **fields: object) -> list[Difference]:
    """The differences on a subject, by the short name of its last part."""
    chosen = [one for one in found if short(one.subject[-1]) == subject]
    return [one for one in chosen if all(getattr(one, name) == value for name, value in fields.items())]


def only(found: Iterable[Difference], subject: str, **fields: object) -> Difference:
    (one,) = on(found, subject, **fields)
    return one


def interval(value: Value) -> tuple[int | None, int | None]:
    low, high = (None if end is None else int(end) for end in (value.low, value.high))
    return low, high


# Figures of one trial


FIGURES = [
    ("secure-attachment", "17.9", "60.7 - 1.9 = 58.8", ("40.9", "+50"), "analysis-set"),
    ("insecure-to-secure", "16.6", "57.1 - 1.9 = 55.2", ("38.6", "+50"), "analysis-set"),
    ("stable-disorganised-attachment", "11.0", "28.6 - 74.1 = -45.5", ("34.5", "+32"), None),
]


@each_policy
def test_what_is_found_of_one_thing_is_found_of_all(store: EmbeddedStore, policy: Policy) -> None:
    """What is read of one trial or publication only gives its differences as what is read of the whole base does."""
    whole = discrepancies(store, policy)
    findings = [URIRef(row["f"]) for row in store.select("SELECT ?f { ?f a ev:Finding }")]
    of_findings = [one for finding in findings for one in discrepancies_of_findings(printed(store, policy, (finding,)), [finding])]
    assert set(of_findings) == {one for one in whole if set(one.records) & set(findings)}
    papers = [URIRef(row["p"]) for row in store.select("SELECT ?p { ?p a ev:Publication }")]
    of_papers = {one for paper in papers for one in discrepancies_of_publication(store, paper, policy)}
    assert of_papers == {one for one in whole if short(one.kind) == "bibliography"}
    assert of_findings
    assert of_papers


@pytest.mark.parametrize(("outcome", "apart", "formula", "printed", "cause"), FIGURES)
def test_the_figures_of_one_trial(
    found: Mapping[str, list[Difference]], outcome: str, apart: str, formula: str, printed: tuple[str, str], cause: str | None
) -> None:
    one = only(found["inferred"], outcome)
    assert (short(one.subject[0]), one.by_how_much, short(one.unit or URIRef(""))) == (
        "rochester-maltreated-infants",
        Fraction(apart),
        "percentage-point",
    )
    assert one.cause == cause
    assert {value.formula for value in one.values} == {formula, None}
    assert one.settled_by == "the table of Cicchetti et al. 2006"
    # of other people nothing follows; where one page does not say of whom its figures are, it is tried
    assert {check.printed: check.fits for check in one.checks} == dict.fromkeys(printed, None if cause else False)
    stated = only(found["stated"], outcome)
    assert {check.printed: check.fits for check in stated.checks} == {printed[0]: False, printed[1]: printed[1] == "+50"}


def test_which_group_sizes_fit(found: Mapping[str, list[Difference]]) -> None:
    one = only(found["inferred"], "secure-attachment")
    sizes = {(short(fit.graph), short(fit.arm or URIRef(""))): fit for fit in one.group_sizes}
    assert {where: fit.sizes[0] for where, fit in sizes.items()} == {
        ("foundations-ipp-2025-04", "rmi-ipp"): 44,
        ("crimesolutions-ipp-a39f4b52", "rmi-ipp"): 28,
        ("crimesolutions-ipp-a39f4b52", "rmi-cs"): 54,
    }
    assert {fit.largest for fit in sizes.values()} == {137}
    assert [fit.assuming for fit in sizes.values()].count(None) == 2
    excluded = [fit for fit in only(found["inferred"], "stable-disorganised-attachment").group_sizes if fit.assuming]
    assert [(fit.figures, fit.sizes) for fit in excluded] == [(("34.5",), ())]
    assert "excludes 0 percent" in (excluded[0].assuming or "")


def test_what_is_not_stated_is_told_and_contradicts_nothing(found: Mapping[str, list[Difference]]) -> None:
    for outcome, apart, *_ in FIGURES:
        one = only(found["stated"], outcome)
        assert (one.by_how_much, one.cause) == (Fraction(apart), None)
        open_here = {missing.what for missing in one.not_stated if short(missing.record).startswith("foundations")}
        assert open_here == {EV.comparatorArm, EV.atTimepoint, EV.analysisSet}
    assert only(found["inferred"], "secure-attachment").not_stated == ()


# Descriptions


def test_session_length(found: Mapping[str, list[Difference]]) -> None:
    one = only(found["stated"], "session-length")
    assert [interval(value) for value in one.values] == [(50, 50), (60, 90)]
    assert [(pair.relation, pair.by_how_much) for pair in one.comparisons] == [("disjoint", 10)]
    assert {short(record) for record in one.records} == {
        "foundations-ipp-session-length",
        "continuum-cpp-session-length",
        "clinic-004-session-length",
    }


def test_ages_keep_offer_and_evaluation_apart(found: Mapping[str, list[Difference]]) -> None:
    offered, across = sorted(on(found["stated"], "age"), key=lambda one: one.cause == "scope")
    assert [interval(value) for value in offered.values] == [(0, 24), (0, 60), (0, 72), (12, 12)]
    assert across.cause == "scope"
    assert across.notes == ("1 year = 12 months = 52 weeks",)
    assert {pair.relation for one in (offered, across) for pair in one.comparisons} == {"overlap"}
    scopes = [{said.scope for value in one.values for said in value.statements} for one in (offered, across)]
    assert [len(scope) for scope in scopes] == [1, 2]
    without_unit = "crimesolutions-ipp-age-0-to-2"
    assert without_unit not in {short(record) for one in (offered, across) for record in one.records}


def test_the_dose_inside_foundations(found: Mapping[str, list[Difference]]) -> None:
    durations, sessions = only(found["stated"], "duration"), only(found["stated"], "number-of-sessions")
    assert [interval(value) for value in durations.values] == [(6, 12), (12, 12), (12, None)]
    assert {short(graph) for graph in sessions.graphs} == {"foundations-ipp-2025-04"}
    assert sessions.by_how_much == 20
    assert {check.figures: check.fits for check in sessions.checks} == {
        "one session a week for 26 to 52 weeks": True,
        "one session a week for 52 weeks": False,
        "one session a week for 52 or more weeks": False,
    }


def test_sets_of_codes_are_what_a_graph_says_in_all(found: Mapping[str, list[Difference]]) -> None:
    one = only(found["stated"], "setting")
    assert [{short(code) for code in value.codes} for value in one.values] == [
        {"community", "home"},
        {"home"},
        {"home", "outpatient"},
        {"play-room"},
    ]
    assert [pair.relation for pair in one.comparisons].count("disjoint") == 3
    inside = only(found["stated"], "qualification")
    assert {short(code) for value in inside.values for code in value.codes} >= {"counselling", "mental-health-related", "psychology"}


# Designs, relations, references


def test_designs_of_the_trials_that_two_sources_share(found: Mapping[str, list[Difference]]) -> None:
    assert on(found["stated"], "ev:design") == []  # the second source speaks of its evaluations together
    designs = {short(one.subject[0]): one for one in on(found["inferred"], "ev:design")}
    assert set(designs) == {"rochester-maltreated-infants", "spanish-speaking-dyads"}
    for one in designs.values():
        assert {short(value.codes[0]) for value in one.values} == {"rct", "quasi-experimental"}
        assert "Cicchetti" in one.settled_by or "Lieberman" in one.settled_by


def test_three_relations_of_two_interventions(found: Mapping[str, list[Difference]]) -> None:
    (one,) = [one for one in found["stated"] if short(one.kind) == "intervention-relation"]
    assert {short(thing) for thing in one.subject} == {"ipp", "cpp"}
    assert {short(value.codes[1]) for value in one.values} == {"ev:variantOf", "ev:adaptationOf", "ev:alsoKnownAs"}


def test_names_of_journals(found: Mapping[str, list[Difference]]) -> None:
    wrong = on(found["stated"], "ev:printedJournal", cause=None)
    printed = sorted(
        said.printed or ""
        for one in wrong
        for value in one.values
        for said in value.statements
        if "psychopathology" not in (value.words or "") or "developmental" in (value.words or "")
    )
    assert printed == ["Development and Psychotherapy"] * 3 + ["Developmental Psychopathology"]
    assert {short(one.subject[0]) for one in wrong} == {"cicchetti-2006", "stronach-2013", "toth-2002"}


def test_another_spelling_is_told_as_such(found: Mapping[str, list[Difference]]) -> None:
    titles = on(found["stated"], "ev:printedTitle")
    assert {short(one.subject[0]) for one in titles} == {"cicchetti-1999", "cicchetti-2011", "toth-2006"}
    assert {one.cause for one in titles} == {"transcription"}


# As plain data


def test_an_answer_is_plain_data(store: EmbeddedStore, found: Mapping[str, list[Difference]]) -> None:
    names = names_of(store, found["inferred"])
    answers = [difference_answer(one, names, BASE) for one in found["inferred"]]
    assert json.loads(json.dumps(answers)) == answers
    (answer,) = [answer for answer in answers if answer["subject"][-1]["id"] == "outcome/secure-attachment"]
    assert answer["byHowMuch"] == 17.9
    assert answer["kind"]["label"] == "Value"
    assert answer["unit"]["label"] == "Percentage point"
    derived = {value["formula"]: value for value in answer["values"]}
    assert derived[None]["derived"] is False
    assert derived["60.7 - 1.9 = 58.8"]["derived"] is True
    assert len(derived["60.7 - 1.9 = 58.8"]["statedBy"][0]["derivedFrom"]) == 2
    assert {fit["sizes"][0] for fit in answer["groupSizes"]} == {44, 28, 54}


def test_the_order_is_fixed(store: EmbeddedStore, found: Mapping[str, list[Difference]]) -> None:
    assert discrepancies(store, "inferred") == found["inferred"]


def test_a_kind_is_one_of_the_scheme_and_so_are_those_that_only_curators_found(store: EmbeddedStore) -> None:
    asked = {kind: discrepancies_answer(store, "inferred", kind, BASE) for kind in (None, "value", "comparator", "analysis-set", "rating")}
    assert asked["comparator"]["curatedOnly"] == ["discrepancy/comparator"]
    assert asked["rating"]["curatedOnly"] == ["discrepancy/ratings"]
    assert (asked["rating"]["count"], asked["rating"]["discrepancies"]) == (0, [])
    assert asked["analysis-set"]["curatedOnly"] == ["discrepancy/analysis-set-told"]
    assert {found["cause"] for found in asked["analysis-set"]["discrepancies"]} == {"analysis-set"}
    assert {found["kind"]["label"] for found in asked["value"]["discrepancies"]} == {"Value"}
    assert {name for answer in asked.values() for name in answer["curatedOnly"]} == set(asked[None]["curatedOnly"])
    with pytest.raises(BadParameter, match=r"'foo' is no kind of discrepancy; there are analysis-set, .*, value"):
        discrepancies_answer(store, "stated", "foo", BASE)


def test_what_cannot_be_asked(store: EmbeddedStore) -> None:
    with pytest.raises(BadParameter, match="policy is one of"):
        discrepancies(store, "guessed")  # type: ignore[arg-type]


# Agreement with what curators recorded


NOT_COMPUTED = {
    "analysis-set-told": "one side says nothing",
    "comparator": "claims in words, without figures",
    "currency": "a legend against a price",
    "dates": "two dates of one edition",
    "design-of-shared-trials": "one side speaks of its evaluations together",
    "evidence-rating-field": "a blank against a rating",
    "follow-up": "one word for two occasions, and no figure on one side",
    "norm-group": "a claim in words against a role of an arm",
    "norm-group-differences": "two outcomes",
    "one-year-outcomes": "outcomes that one occasion lists and another does not",
    "ratings": "scales that are never mapped",
    "references-under-study-2": "a reading of titles",
    "strange-situation-name": "a measure in other words",
    "study-2-sample": "a review that is none of the documents",
    "the-studies": "the reach of a claim",
    "toth-2002-pages": "a repository record that is none of the documents",
    "unborn-child": "claims in words",
}
# What is found between two documents and not in the curation, by the last part of its subject.
NOT_CURATED = {
    "approach": "true, the styles of work named by two clinics and CrimeSolutions are not recorded",
    "delivery-model": "true, dyadic against individual is not recorded",
    "fidelity": "true, of two related interventions",
    "target-group": "true, mothers or parents, infants or children",
    "theory-base": "true, each page names other theories",
    "workforce": "true, recorded as to qualification only",
    "ev:printedTitle": "another spelling",
    "ev:printedJournal": "another spelling, where the names are not wrong",
}


@pytest.fixture(scope="session")
def curated(store: EmbeddedStore) -> dict[str, set[URIRef]]:
    records: dict[str, set[URIRef]] = {}
    for row in store.select("SELECT ?d ?record { ?d a ev:Discrepancy ; ev:between ?record }"):
        records.setdefault(short(URIRef(row["d"])), set()).add(URIRef(row["record"]))
    return records


@each_policy
def test_each_curated_discrepancy_is_found(found: Mapping[str, list[Difference]], curated: dict[str, set[URIRef]], policy: Policy) -> None:
    matched = {name for name, records in curated.items() if any(len(records & set(one.records)) >= 2 for one in found[policy])}
    assert curated.keys() >= NOT_COMPUTED.keys()
    assert curated.keys() - matched == NOT_COMPUTED.keys() - {"toth-2002-pages"}  # the journal of that reference is found


@each_policy
def test_each_difference_of_documents_is_curated(
    found: Mapping[str, list[Difference]], curated: dict[str, set[URIRef]], policy: Policy
) -> None:
    uncovered = {
        short(one.subject[-1]): one
        for one in found[policy]
        if sum("/edition/" in graph for graph in one.graphs) >= 2 and not any(len(set(one.records) & r) >= 2 for r in curated.values())
    }
    assert uncovered.keys() == NOT_CURATED.keys()


# Laws, on small bases


PREFIXES = """
PREFIX i: <https://example.org/id/>
PREFIX ev: <https://w3id.org/wherefrom/ontology#>
PREFIX s: <https://w3id.org/wherefrom/scheme/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
GRAPH <https://w3id.org/wherefrom/ontology> { ev:variantOf rdfs:subPropertyOf ev:relatesTo }
GRAPH i:catalogue {
  i:norm a ev:Arm ; ev:armRole s:arm-role\\/non-randomised-norm . i:study a ev:Study . i:size ev:populationOf i:study ; ev:sampleSize 90
}
GRAPH i:relation { i:claim rdf:subject i:one ; rdf:predicate ev:variantOf ; rdf:object i:two }
"""


@dataclass(frozen=True)
class Told:
    """One generated statement; `graph` says who makes it."""

    graph: int

    def body(self) -> str:
        raise NotImplementedError

    def write(self, number: int) -> str:
        return f"GRAPH i:graph-{self.graph} {{ i:record-{number} {self.body()} }}"


@dataclass(frozen=True)
class Length(Told):
    thing: str
    scope: str | None
    low: int
    span: int
    unit: str
    condition: str | None = None

    def body(self) -> str:
        scope = f"; ev:scope s:scope\\/{self.scope}" if self.scope else ""
        scope += f'; ev:condition "{self.condition}"@en' if self.condition else ""
        return (
            f"a ev:Characteristic ; ev:characteristicOf i:{self.thing} ; ev:item s:item\\/duration ; ev:minValue {self.low}.0 ; "
            f"ev:maxValue {self.low + self.span}.0 ; ev:unit s:unit\\/{self.unit} {scope}"
        )


@dataclass(frozen=True)
class Coded(Told):
    thing: str
    scope: str | None
    codes: frozenset[str]

    def body(self) -> str:
        scope = f"; ev:scope s:scope\\/{self.scope}" if self.scope else ""
        codes = ", ".join(f"s:setting\\/{code}" for code in sorted(self.codes))
        return f"a ev:Characteristic ; ev:characteristicOf i:{self.thing} ; ev:item s:item\\/setting ; ev:valueConcept {codes} {scope}"


@dataclass(frozen=True)
class Points(Told):
    comparator: str | None
    occasion: str | None
    tenths: int
    index: int | None

    def body(self) -> str:
        value = f"{self.tenths / 10:.1f}"
        told = {"comparatorArm": self.comparator, "atTimepoint": self.occasion}
        rest = "".join(f" ; ev:{name} i:{arm}" for name, arm in told.items() if arm)
        index = "" if self.index is None else f" ; ev:improvementIndex {self.index}"
        return (
            f"a ev:Finding ; ev:findingOf i:study ; ev:outcome i:outcome ; ev:treatmentArm i:treated ; ev:value {value} ; "
            f'ev:unit s:unit\\/percentage-point ; ev:printedAs "{value}" {rest}{index}'
        )


graphs = st.integers(0, 2)
scopes = st.sampled_from([None, "offered", "evaluated"])
things = st.sampled_from(["one", "two"])
conditions = st.sampled_from([None, None, "for infants", "by telephone"])
lengths = st.builds(Length, graphs, things, scopes, st.integers(1, 3), st.integers(0, 2), st.sampled_from(["month", "year"]), conditions)
codings = st.builds(Coded, graphs, things, scopes, st.frozensets(st.sampled_from("abc"), min_size=1))
points = st.builds(
    Points, graphs, st.sampled_from([None, "usual", "norm"]), st.sampled_from([None, "after", "later"]), st.integers(10, 12),
    st.sampled_from([None, 20, 50]),
)  # fmt: skip
bases = st.one_of(*(st.lists(kind, min_size=1, max_size=5) for kind in (lengths, codings, points)))
uniform = st.one_of(*(st.tuples(kind, st.lists(graphs, min_size=1, max_size=4)) for kind in (lengths, codings, points)))


def found_in(told: Iterable[Told]) -> list[Difference]:
    written = PREFIXES + "\n".join(one.write(number) for number, one in enumerate(told))
    return discrepancies(EmbeddedStore.of(ox.parse(written, ox.RdfFormat.TRIG)))


def shapes(found: Iterable[Difference]) -> list[tuple[object, ...]]:
    """What differs and how, without who says it."""
    return sorted(((one.kind, one.subject, _bare(one), one.comparisons, one.unit, one.cause) for one in found), key=repr)


def _bare(one: Difference) -> list[Value]:
    return [replace(value, statements=()) for value in one.values]


@law
@given(bases, st.permutations([0, 1, 2]))
def test_the_order_of_sources_changes_nothing(told: list[Told], places: list[int]) -> None:
    moved = [replace(one, graph=places[one.graph]) for one in reversed(told)]
    assert shapes(found_in(moved)) == shapes(found_in(told))


@law
@given(uniform)
def test_equal_statements_never_differ(case: tuple[Told, list[int]]) -> None:
    one, said_by = case
    assert found_in([replace(one, graph=graph) for graph in said_by]) == []


@law
@given(bases, st.data())
def test_an_equal_statement_adds_no_difference(told: list[Told], data: st.DataObject) -> None:
    like = data.draw(st.sampled_from(told))
    assert shapes(found_in([*told, like])) == shapes(found_in(told))
    if isinstance(like, Points):
        assert shapes(found_in([*told, replace(like, graph=9)])) == shapes(found_in(told))


@law
@given(bases, graphs)
def test_a_source_that_says_what_another_says_adds_no_difference(told: list[Told], graph: int) -> None:
    account = [replace(one, graph=9) for one in told if one.graph == graph]
    assert [shape[:2] for shape in shapes(found_in([*told, *account]))] == [shape[:2] for shape in shapes(found_in(told))]


@law
@given(bases)
def test_a_difference_is_between_values_that_are_said(told: list[Told]) -> None:
    for one in found_in(told):
        assert len(one.values) >= 2
        assert len(set(_bare(one))) == len(one.values)
        assert {place for pair in one.comparisons for place in (pair.first, pair.second)} == set(range(len(one.values)))
        assert all(said.records for value in one.values for said in value.statements)


def test_a_number_in_two_units_has_its_cause() -> None:
    (one,) = found_in([Length(0, "one", None, 6, 0, "month"), Length(1, "two", None, 6, 0, "year")])
    assert (one.cause, one.by_how_much) == ("unit", 66)


def test_a_year_is_twelve_months() -> None:
    assert found_in([Length(0, "one", None, 1, 0, "year"), Length(1, "one", None, 12, 0, "month")]) == []


def test_interventions_that_no_source_relates_are_not_compared() -> None:
    assert found_in([Length(0, "one", None, 1, 0, "year"), Length(1, "three", None, 2, 0, "year")]) == []


def test_a_norm_group_is_no_comparator_unless_told() -> None:
    assert found_in([Points(0, None, None, 100, None), Points(1, "norm", None, 300, None)]) == []
    assert len(found_in([Points(0, "norm", None, 100, None), Points(1, "norm", None, 300, None)])) == 1


ARMS = """
GRAPH i:graph-1 {
  i:printed a ev:Finding ; ev:findingOf i:study ; ev:outcome i:outcome ; ev:treatmentArm i:treated ; ev:comparatorArm i:usual ;
    ev:value %s ; ev:printedAs "%s points" ; ev:unit s:unit\\/percentage-point ; ev:hasArmResult i:a, i:b .
  i:a a ev:ArmResult ; ev:arm i:treated ; ev:value 60.7 ; ev:printedAs "60.7%%" ; ev:unit s:unit\\/percent .
  i:b a ev:ArmResult ; ev:arm i:usual ; ev:value 1.9 ; ev:printedAs "1.9%%" ; ev:unit s:unit\\/percent .
}"""


@pytest.mark.parametrize(("points", "differences"), [("58.8", 0), ("58.9", 0), ("59", 0), ("59.0", 1), ("40.9", 1)])
def test_a_finding_is_held_against_its_own_arms_within_rounding(points: str, differences: int) -> None:
    found = discrepancies(EmbeddedStore.of(ox.parse(PREFIXES + ARMS % (points, points), ox.RdfFormat.TRIG)))
    assert len(found) == differences
    assert all({value.formula for value in one.values} == {None, "60.7 - 1.9 = 58.8"} for one in found)
