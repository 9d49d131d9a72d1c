"""People withdrawn, the two readings, conditions of levels, teams and echo: laws, made-up cases, and the data of this repository."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, SKOS, Namespace, URIRef

from made_up import CURATED, ID, STATED, Base, bases, law, names, policies, quad, quads_of, said, some
from wherefrom.answers import impact_answer, independence_answer
from wherefrom.conditions import Held, conditions
from wherefrom.drawing import impact_text, independence_text
from wherefrom.independence import independence, independence_on
from wherefrom.lineage import POLICIES, Policy
from wherefrom.load import KnowledgeBase
from wherefrom.problems import BadParameter
from wherefrom.store import EmbeddedStore, Store
from wherefrom.teams import Developer, Team
from wherefrom.vocabulary import EV, PREFIXES
from wherefrom.withdrawal import impact

PRO = Namespace(PREFIXES["pro"])


@pytest.fixture
def base(kb: KnowledgeBase) -> str:
    return kb.settings.base


def wrote(paper: str, *people: str) -> Iterator[ox.Quad]:
    yield quad(ID[paper], RDF.type, EV.Publication, STATED)
    for person in people:
        role = ID[f"role/{paper.replace('/', '-')}-{person.replace('/', '-')}"]
        yield quad(ID[paper], PRO.isDocumentContextFor, role, STATED)
        yield quad(role, PRO.withRole, PRO.author, STATED)
        yield quad(role, PRO.isHeldBy, ID[person], STATED)
        yield quad(ID[person], RDF.type, URIRef(PREFIXES["prov"] + "Person"), STATED)


# Readings


@law
@given(bases(), st.data(), policies)
def test_where_every_path_is_needed_what_was_weakened_falls(base: Base, data: st.DataObject, policy: Policy) -> None:
    store = EmbeddedStore.of(quads_of(base.edges))
    withdrawn = some([*base.of_kind("study"), *base.of_kind("publication")], data)
    one, every = (impact(store, withdrawn, policy, reading=reading) for reading in ("one", "all"))  # type: ignore[arg-type]
    assert every.falls == one.falls | one.weakened
    assert every.weakened == frozenset()


def test_an_unknown_reading_is_refused() -> None:
    store = EmbeddedStore.of(quads_of(said(("claim/a", EV.restsOn, "publication/x"))))
    with pytest.raises(BadParameter, match="reading is one of one, all"):
        impact(store, [ID["publication/x"]], reading="most")  # type: ignore[arg-type]


# People


def test_with_people_goes_all_that_they_wrote() -> None:
    edges = said(*((f"claim/{n}", EV.restsOn, f"publication/{n}") for n in "abc"), ("claim/c", EV.restsOn, "publication/a"))
    store = EmbeddedStore.of(
        [*quads_of(edges), *wrote("publication/a", "person/x", "person/y"), *wrote("publication/b", "person/y"), *wrote("publication/c")]
    )
    found = impact(store, [ID["person/y"]])
    assert names(found.authored) == {"publication/a", "publication/b"}
    assert names(found.falls) == {"claim/a", "claim/b"}
    assert names(found.weakened) == {"claim/c"}
    assert names(impact(store, [ID["person/x"]]).falls) == {"claim/a"}


@law
@given(bases(), st.data(), policies)
def test_a_team_is_its_papers(base: Base, data: st.DataObject, policy: Policy) -> None:
    papers = some(base.of_kind("publication"), data)
    written = [q for paper in papers for q in wrote(str(paper).removeprefix(str(ID)), "person/team")]
    store = EmbeddedStore.of([*quads_of(base.edges), *wrote("publication/unread", "person/team"), *written])
    team, alone = impact(store, [ID["person/team"]], policy), impact(store, papers, policy)
    assert (team.falls, team.weakened, team.suspect) == (alone.falls, alone.weakened, alone.suspect)


def test_without_the_developer_two_lines_of_continuum_go(store: Store, base: str) -> None:
    found = impact(store, [URIRef(f"{base}id/person/lieberman-alicia-f")], "inferred")
    assert names(found.authored, base) == {f"publication/lieberman-{year}" for year in (1991, 2005, 2006)}
    assert "claim/foundations-ipp-study-2-anger" in names(found.falls, base)
    assert "lieberman-2006" in impact_text(impact_answer(found, base))


# Conditions of levels


def held(needed: int, before: int, after: int, open_before: int = 0, open_after: int = 0) -> str:
    studies = [URIRef(f"s{n}") for n in range(9)]
    groups = (before, after, open_before, open_after)
    return Held(URIRef("c"), "", needed, *(tuple(studies[:group]) for group in groups)).verdict


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ((1, 1, 1), "holds"),
        ((1, 1, 0), "no longer holds"),
        ((2, 2, 1), "no longer holds"),
        ((2, 3, 2), "holds"),
        ((2, 1, 1), "did not hold before"),
        ((2, 1, 0), "did not hold before"),
        ((2, 2, 1, 1, 1), "cannot be told"),
        ((2, 1, 1, 1, 1), "cannot be told"),
        ((3, 3, 1, 1, 1), "no longer holds"),
        ((1, 1, 1, 2, 2), "holds"),
        ((1, 0, 0, 1, 0), "does not hold"),
        ((2, 1, 0, 1, 1), "does not hold"),
        ((2, 0, 0, 1, 0), "did not hold before"),
    ],
)
def test_a_condition_is_judged_by_numbers_of_studies(case: tuple[int, ...], verdict: str) -> None:
    assert held(*case) == verdict


@given(st.integers(1, 4), st.integers(0, 5), st.data())
def test_with_more_studies_left_no_verdict_gets_worse(needed: int, before: int, data: st.DataObject) -> None:
    order = ["no longer holds", "did not hold before", "cannot be told", "holds"]
    after = data.draw(st.integers(0, before))
    verdicts = [order.index(held(needed, before, left)) for left in range(after, before + 1)]
    assert verdicts == sorted(verdicts)


def test_without_lieberman_1991_a_condition_of_3_plus_no_longer_holds(store: Store, base: str) -> None:
    found = impact_answer(impact(store, [URIRef(f"{base}id/publication/lieberman-1991")]), base)
    told = {rating["id"]: {held["id"].rsplit("/", 1)[-1]: held["verdict"] for held in rating["conditions"]} for rating in found["ratings"]}
    assert told["rating/foundations-ipp"] == {"3-plus-rigorous": "holds", "3-plus-other": "no longer holds"}
    assert told["rating/foundations-ipp-study-2"] == {}, "the rules of the scheme are of interventions"
    assert told["rating/continuum-cpp"] == {}, "the scheme of the Continuum is not printed in what was read"
    assert "no longer holds, as far as levels tell (1 of 2 left, 2 before)" in impact_text(found)


def test_before_anything_is_withdrawn_every_condition_holds(store: Store, base: str) -> None:
    studies = [URIRef(f"{base}id/study/{name}") for name in ("rochester-maltreated-infants", "spanish-speaking-dyads")]
    found = conditions(store, {URIRef(f"{base}id/rating/foundations-ipp"): ((), studies)}, "stated")
    assert [held.verdict for held in found[URIRef(f"{base}id/rating/foundations-ipp")]] == ["holds", "holds"]


def rated(*levels: str) -> Iterator[ox.Quad]:
    """Yield a scheme of three levels, whose highest asks for an independent team; a rating of it on studies of these levels."""
    for rank, level in enumerate(("low", "middle", "high"), 1):
        yield quad(ID[f"level/{level}"], SKOS.inScheme, ID["scheme"], STATED)
        yield ox.Quad(ox.NamedNode(ID[f"level/{level}"]), ox.NamedNode(EV["rank"]), ox.Literal(rank), ox.NamedNode(STATED))
    condition = ox.NamedNode(ID["condition/independent"])
    yield quad(ID["condition/independent"], EV.conditionOf, ID["level/high"], STATED)
    yield quad(ID["condition/independent"], EV.studyLevel, ID["level/middle"], STATED)
    yield ox.Quad(condition, ox.NamedNode(EV.studiesNeeded), ox.Literal(1), ox.NamedNode(STATED))
    yield ox.Quad(condition, ox.NamedNode(EV.byIndependentTeam), ox.Literal(True), ox.NamedNode(STATED))
    yield ox.Quad(condition, ox.NamedNode(SKOS.prefLabel), ox.Literal("one of an independent team"), ox.NamedNode(STATED))
    for thing, level in [("intervention/i", "high"), *((f"study/{n}", level) for n, level in enumerate(levels))]:
        rating = ID[f"rating/{thing.replace('/', '-')}"]
        yield quad(rating, EV.rates, ID[thing], STATED)
        yield quad(rating, EV.ratedBy, ID["source/s"], STATED)
        yield quad(rating, EV.ratingValue, ID[f"level/{level}"], STATED)


@pytest.mark.parametrize(
    ("author", "level", "verdict"),
    [
        ("person/else", "middle", "holds"),
        ("person/else", "high", "holds"),
        ("person/else", "low", "did not hold before"),
        ("person/developer", "middle", "did not hold before"),
        (None, "middle", "cannot be told"),
    ],
)
def test_an_independent_team_is_asked_of_the_studies_of_the_level(author: str | None, level: str, verdict: str) -> None:
    written = wrote("publication/0", author) if author else ()
    developed = quad(ID["intervention/i"], EV.developedBy, ID["person/developer"], STATED)
    edges = said(("study/0", EV.reportedIn, "publication/0"))
    store = EmbeddedStore.of([*quads_of(edges), *rated(level), *written, developed])
    found = conditions(store, {ID["rating/intervention-i"]: ((), [ID["study/0"]])}, "stated")
    assert [held.verdict for held in found[ID["rating/intervention-i"]]] == [verdict]


def test_a_level_that_was_given_on_what_is_withdrawn_is_open(store: Store, base: str) -> None:
    found = impact_answer(impact(store, [URIRef(f"{base}id/publication/cicchetti-2006")], "inferred"), base)
    told = {rating["id"]: {held["id"].rsplit("/", 1)[-1]: held["verdict"] for held in rating["conditions"]} for rating in found["ratings"]}
    assert told["rating/foundations-ipp"] == {"3-plus-rigorous": "cannot be told", "3-plus-other": "cannot be told"}


def test_a_level_that_another_source_gives_does_not_count() -> None:
    theirs = [
        quad(ID["rating/theirs"], *said, STATED)
        for said in ((EV.rates, ID["study/0"]), (EV.ratedBy, ID["source/other"]), (EV.ratingValue, ID["level/high"]))
    ]
    developed = quad(ID["intervention/i"], EV.developedBy, ID["person/developer"], STATED)
    edges = said(("study/0", EV.reportedIn, "publication/0"))
    store = EmbeddedStore.of([*quads_of(edges), *rated("low"), *theirs, *wrote("publication/0", "person/else"), developed])
    found = conditions(store, {ID["rating/intervention-i"]: ((), [ID["study/0"]])}, "stated")
    assert [held.verdict for held in found[ID["rating/intervention-i"]]] == ["did not hold before"]


def test_of_a_study_with_two_levels_it_cannot_be_told() -> None:
    twice = [
        quad(ID["rating/again"], *said, STATED)
        for said in ((EV.rates, ID["study/0"]), (EV.ratedBy, ID["source/s"]), (EV.ratingValue, ID["level/low"]))
    ]
    developed = quad(ID["intervention/i"], EV.developedBy, ID["person/developer"], STATED)
    edges = said(("study/0", EV.reportedIn, "publication/0"))
    store = EmbeddedStore.of([*quads_of(edges), *rated("high"), *twice, *wrote("publication/0", "person/else"), developed])
    found = conditions(store, {ID["rating/intervention-i"]: ((), [ID["study/0"]])}, "stated")
    assert [held.verdict for held in found[ID["rating/intervention-i"]]] == ["cannot be told"]


# What cannot be withdrawn, what is suspect, papers of two trials


@pytest.mark.parametrize("thing", ["source/foundations", "intervention/ipp", "rating/foundations-ipp", "claim/foundations-ipp-secure"])
def test_what_is_no_evidence_cannot_be_withdrawn(store: Store, base: str, thing: str) -> None:
    with pytest.raises(BadParameter, match="no publication, study, finding or person"):
        impact(store, [URIRef(f"{base}id/{thing}")])


def test_lists_and_references_do_not_fall(store: Store, base: str) -> None:
    found = impact(store, [URIRef(f"{base}id/publication/lieberman-1991")])
    kinds = {name.split("/")[0] for group in (found.falls, found.weakened, found.suspect) for name in names(group, base)}
    assert kinds == {"claim", "finding", "rating", "study"}


def test_a_claim_on_a_list_with_another_paper_of_the_trial_is_suspect(store: Store, base: str) -> None:
    found = impact(store, [URIRef(f"{base}id/publication/cicchetti-2006")], "inferred")
    assert "claim/continuum-cpp-effect-attachment-one-year" in names(found.suspect, base)


TWO_TRIALS = said(
    *((f"study/{n}", EV.reportedIn, "publication/both") for n in "ab"),
    ("claim/finding", EV.restsOn, "finding/a"),
    ("finding/a", EV.findingOf, "study/a"),
    ("claim/study", EV.restsOn, "study/a"),
    ("claim/paper", EV.restsOn, "publication/both"),
)


def test_a_paper_of_two_trials_tells_of_that_trial_only_that_a_claim_names() -> None:
    store = EmbeddedStore.of(quads_of(TWO_TRIALS))
    lines = {
        claim: [names(line.studies) for line in independence(store, ID[f"claim/{claim}"]).lines] for claim in ("finding", "study", "paper")
    }
    assert lines == {"finding": [{"study/a"}], "study": [{"study/a"}], "paper": [{"study/a"}, {"study/b"}]}


@pytest.mark.parametrize(
    ("things", "words"),
    [
        (["source/foundations"], "nothing that claims speak of"),
        (["person/toth-sheree-l"], "nothing that claims speak of"),
        (["claim/foundations-ipp-secure", "outcome/attachment-security"], "is no intervention"),
        (["intervention/ipp", "claim/foundations-ipp-secure"], "is no outcome"),
    ],
)
def test_independence_is_of_claims_and_of_what_they_speak_of(store: Store, base: str, things: list[str], words: str) -> None:
    asked = [URIRef(f"{base}id/{thing}") for thing in things]
    with pytest.raises(BadParameter, match=words):
        independence_on(store, *asked) if len(asked) > 1 else independence(store, asked[0])


def test_a_claim_on_another_report_that_curators_found_is_suspect_only_for_them() -> None:
    edges = said(("study/t", EV.reportedIn, "publication/1"), ("claim/a", EV.restsOn, "publication/2"))
    store = EmbeddedStore.of(quads_of([*edges, *said(("study/t", EV.reportedIn, "publication/2"), graph=CURATED)]))
    suspect = {policy: names(impact(store, [ID["publication/1"]], policy).suspect) for policy in POLICIES}
    assert suspect == {"stated": set(), "inferred": {"claim/a"}}


# Teams and echo


@pytest.mark.parametrize(
    ("authors", "developers", "independent"),
    [("ab", "c", True), ("ab", "b", False), ("", "c", None), ("ab", "", None)],
)
def test_a_team_is_independent_where_nobody_developed_what_it_studies(authors: str, developers: str, independent: bool | None) -> None:
    developed = tuple(Developer(URIRef(person), ID["intervention/i"], "stated") for person in developers)
    assert Team(tuple(map(URIRef, authors)), developed).independent is independent


def test_of_the_lines_of_continuum_two_are_by_the_developer(store: Store, base: str) -> None:
    thing = URIRef(f"{base}id/claim/continuum-cpp-effect-attachment")
    found = independence_answer(independence(store, thing, "inferred"), base)
    theirs = [line for line in found["lines"] if line["team"]["independent"] is False]
    assert len(theirs) == 2
    assert {shared for line in theirs for shared in line["team"]["shared"]} == {"person/lieberman-alicia-f"}
    assert "among the authors is Alicia F. Lieberman, developer of Child-Parent Psychotherapy (inferred)" in independence_text(found)
    stated = independence_answer(independence(store, thing, "stated"), base)
    assert {line["team"]["independent"] for line in stated["lines"]} == {None}, "who developed CPP is a curator's reading"


def test_echo_counts_how_many_sources_tell_each_line(store: Store, base: str) -> None:
    found = independence_answer(independence(store, URIRef(f"{base}id/proposition/ipp-increases-attachment-security")), base)
    assert [(len(line["sources"]), len(line["claims"]), len(line["onlyThis"])) for line in found["lines"]] == [(2, 2, 1), (1, 1, 0)]
    assert found["echoRatio"] == 1.5
    assert independence(store, URIRef(f"{base}id/claim/foundations-ipp-secure")).echo is None, "nobody speaks of a claim"
    assert independence(store, URIRef(f"{base}id/proposition/ipp-increases-attachment-security")).echo == Fraction(3, 2)


@law
@given(bases(), policies)
def test_a_claim_that_rests_on_one_line_only_is_told_there(base: Base, policy: Policy) -> None:
    store = EmbeddedStore.of(quads_of(base.edges))
    for claim in base.of_kind("claim"):
        found = independence(store, claim, policy)
        for line in found.lines:
            assert (claim in line.only) == (len(found.lines) == 1)
            assert set(line.only) <= set(line.claims)
