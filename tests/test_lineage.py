"""What rests on what: laws that hold for every base, and what they give for the data of this repository."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from made_up import BASE, CURATED, ID, STATED, Base, Edge, bases, law, names, policies, quads_of, said, some, store_of
from wherefrom.answers import impact_answer, independence_answer, lineage_answer
from wherefrom.drawing import tree
from wherefrom.independence import independence, independence_on
from wherefrom.lineage import POLICIES, Policy, Step, describe, kind_of, lineage, named, publications, reports, supporting
from wherefrom.load import KnowledgeBase
from wherefrom.narrowing import trace
from wherefrom.overlap import overlap
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.store import Bindings, EmbeddedStore, Row, Store
from wherefrom.vocabulary import EV
from wherefrom.withdrawal import impact

each_policy = pytest.mark.parametrize("policy", POLICIES)


# Laws


@law
@given(bases(), st.data(), policies)
def test_a_claim_that_rests_on_a_second_independent_trial_stands(base: Base, data: st.DataObject, policy: Policy) -> None:
    claim = data.draw(st.sampled_from(base.of_kind("claim")))
    withdrawn = some([*base.of_kind("study"), *base.of_kind("publication")], data)
    second = said(("finding/new", EV.findingOf, "study/new"), ("study/new", EV.reportedIn, "publication/new"))
    store = store_of([*base.edges, (claim, EV.restsOn, ID["finding/new"], STATED), *second])
    assert claim not in impact(store, withdrawn, policy).falls


@law
@given(bases(), st.data(), policies)
def test_nothing_is_told_twice(base: Base, data: st.DataObject, policy: Policy) -> None:
    found = impact(store_of(base.edges), some([*base.of_kind("study"), *base.of_kind("publication")], data), policy)
    assert not found.falls & found.weakened
    assert not found.suspect & (found.falls | found.weakened)


@law
@given(bases(), st.data(), policies)
def test_the_more_is_withdrawn_the_more_falls(base: Base, data: st.DataObject, policy: Policy) -> None:
    store, things = store_of(base.edges), [*base.of_kind("study"), *base.of_kind("publication"), *base.of_kind("finding")]
    some_of_it, more = some(things, data), some(things, data)
    few, many = (impact(store, withdrawn, policy) for withdrawn in (some_of_it, sorted({*some_of_it, *more})))
    assert few.falls <= many.falls | set(many.withdrawn)


@law
@given(bases(), st.data(), policies)
def test_what_falls_with_papers_is_what_only_they_support(base: Base, data: st.DataObject, policy: Policy) -> None:
    store, papers = store_of(base.edges), set(some(base.of_kind("publication"), data))
    things = [*base.of_kind("claim"), *base.of_kind("finding"), *base.of_kind("study")]
    graph = lineage(store, things, "grounds", policy)
    support = {thing: supporting(graph, thing) for thing in things}
    found = impact(store, sorted(papers), policy)
    assert found.falls == {thing for thing in things if support[thing] and support[thing] <= papers}
    assert found.weakened == {thing for thing in things if support[thing] & papers and not support[thing] <= papers}


@law
@given(bases(), st.sampled_from(["grounds", "consequences", "both"]))
def test_what_is_stated_is_part_of_what_is_inferred(base: Base, direction: str) -> None:
    store = store_of(base.edges)
    for thing in base.of_kind("claim") + base.of_kind("publication"):
        stated, inferred = (lineage(store, [thing], direction, policy) for policy in ("stated", "inferred"))
        assert set(stated) <= set(inferred)
        for a, b, statements in stated.edges(data="statements"):
            assert set(statements) <= set(inferred.edges[a, b]["statements"])
            assert {said.basis for said in statements} == {"stated"}


@law
@given(bases(), policies)
def test_up_is_the_inverse_of_down(base: Base, policy: Policy) -> None:
    store = store_of(base.edges)
    things = [thing for kind in ("claim", "finding", "study", "publication") for thing in base.of_kind(kind)]
    down = {(a, b) for a in things for b in lineage(store, [a], "grounds", policy)}
    up = {(a, b) for b in things for a in lineage(store, [b], "consequences", policy)}
    assert down == up


@law
@given(bases(every_finding_printed=True), st.data(), policies)
def test_a_companion_paper_adds_no_line_and_no_support(base: Base, data: st.DataObject, policy: Policy) -> None:
    trial = data.draw(st.sampled_from(base.of_kind("study")))
    without, with_it = (store_of([*base.edges, *more]) for more in ([], [(trial, EV.reportedIn, ID["publication/companion"], STATED)]))
    for claim in base.of_kind("claim"):
        before, after = (independence(store, claim, policy) for store in (without, with_it))
        assert [(line.studies, line.publications) for line in before.lines] == [(line.studies, line.publications) for line in after.lines]
        graphs = [lineage(store, [claim], "grounds", policy) for store in (without, with_it)]
        assert supporting(graphs[0], claim) == supporting(graphs[1], claim)


@law
@given(bases(), policies)
def test_a_study_counts_in_one_line(base: Base, policy: Policy) -> None:
    store = store_of(base.edges)
    for claim in base.of_kind("claim"):
        counted = [study for line in independence(store, claim, policy).lines for study in line.studies]
        assert len(counted) == len(set(counted))


@law
@given(bases(), policies)
def test_every_report_of_its_studies_is_in_a_line_as_support_or_as_companion(base: Base, policy: Policy) -> None:
    store = store_of(base.edges)
    for claim in base.of_kind("claim"):
        for line in independence(store, claim, policy).lines:
            told = {paper for _, paper in reports(store, "thing", line.studies, policy)}
            assert sorted([*line.publications, *line.companions]) == sorted(told)


@law
@given(bases(), st.integers(0, 4), policies)
def test_of_a_depth_there_is_what_is_so_many_steps_away(base: Base, depth: int, policy: Policy) -> None:
    store = store_of(base.edges)
    for claim in base.of_kind("claim"):
        whole, near = (lineage(store, [claim], "grounds", policy, depth=steps) for steps in (None, depth))
        away = nx.single_source_shortest_path_length(whole, claim)
        assert set(near) == {thing for thing, steps in away.items() if steps <= depth}
        assert near.graph["deeper"] == any(whole.out_degree(thing) for thing, steps in away.items() if steps == depth)
        assert not whole.graph["deeper"]
        above, both = (lineage(store, [claim], direction, policy, depth=depth) for direction in ("consequences", "both"))  # type: ignore[arg-type]
        assert both.graph["deeper"] == (near.graph["deeper"] or above.graph["deeper"])


# Cases


def test_circles_come_to_an_end() -> None:
    store = store_of(said(("claim/a", EV.restsOn, "claim/b"), ("claim/b", EV.restsOn, "claim/a"), ("claim/b", EV.restsOn, "claim/b")))
    for direction in ("grounds", "consequences", "both"):
        answer = lineage_answer(store, lineage(store, [ID["claim/a"]], direction), BASE)
        assert [node["id"] for node in answer["nodes"]] == ["claim/a", "claim/b"]
        assert "claim/b" in tree(answer)
    with pytest.raises(BadParameter, match="claim/a> cannot be withdrawn"):
        impact(store, [ID["claim/a"]])


@pytest.mark.parametrize("direction", ["grounds", "consequences", "both"])
@pytest.mark.parametrize(("limit", "truncated"), [(5, True), (10, True), (11, False), (50, False)])
def test_truncation_is_said(direction: str, limit: int, truncated: bool) -> None:
    pairs = [("hub", f"spoke/{n}") if direction == "grounds" else (f"spoke/{n}", "hub") for n in range(10)]
    store = store_of(said(*((a, EV.restsOn, b) for a, b in pairs)))
    graph = lineage(store, [ID["hub"]], direction, nodes=limit)
    assert graph.graph["truncated"] == truncated
    assert len(graph) == min(limit, 11)
    assert ("truncated" in tree(lineage_answer(store, graph, BASE))) == truncated


def test_what_is_stated_is_asked_for_unless_told_otherwise(store: Store, base: str) -> None:
    claim, paper = URIRef(f"{base}id/claim/foundations-ipp-secure"), URIRef(f"{base}id/publication/lieberman-1991")
    thing, outcome = URIRef(f"{base}id/intervention/ipp"), URIRef(f"{base}id/outcome/attachment-security")
    assert lineage(store, [claim]).graph["policy"] == trace(store, [claim]).graph["policy"] == "stated"
    found = (impact(store, [paper]), independence(store, claim), independence_on(store, thing, outcome), overlap(store))
    assert [answer.policy for answer in found] == 4 * ["stated"]
    assert impact(store, [paper], "inferred").policy == "inferred"


def test_what_is_no_address_of_ours_has_no_kind() -> None:
    assert kind_of(f"{BASE}id/claim/a", BASE) == "claim"
    for other in ("https://elsewhere.example/id/claim/a", f"{BASE}claim/a", f"{BASE}id/claim"):
        assert kind_of(other, BASE) == ""


def test_another_report_of_the_trial_of_a_finding_is_a_companion() -> None:
    edges = [("claim/a", EV.restsOn, "finding/a"), ("finding/a", EV.findingOf, "study/t"), ("finding/a", EV.publishedIn, "publication/1")]
    store = store_of(said(*edges, *(("study/t", EV.reportedIn, f"publication/{n}") for n in "12")))
    found = lineage_answer(store, lineage(store, [ID["claim/a"]], "grounds"), BASE)
    assert found["companions"] == ["publication/2"]


def test_a_paper_leads_to_the_study_that_curators_found_it_to_report() -> None:
    store = store_of([*said(("claim/a", EV.restsOn, "publication/1")), *said(("study/t", EV.reportedIn, "publication/1"), graph=CURATED)])
    lines = {policy: [names(line.studies) for line in independence(store, ID["claim/a"], policy).lines] for policy in POLICIES}
    assert lines == {"stated": [], "inferred": [{"study/t"}]}


def test_names_come_without_passages(store: Store, base: str) -> None:
    claim = URIRef(f"{base}id/claim/foundations-ipp-secure")
    assert describe(store, lineage(store, [claim])).nodes[claim]["passages"]
    found = named(store, [claim]).nodes[claim]
    assert found["label"]
    assert found["passages"] == {}


def test_a_truncated_independence_says_so(store: Store, base: str) -> None:
    claim = URIRef(f"{base}id/claim/foundations-ipp-secure")
    assert [independence(store, claim, nodes=nodes).truncated for nodes in (2, 50)] == [True, False]


def test_a_truncated_impact_says_so() -> None:
    store = store_of(said(*((f"claim/{n}", EV.restsOn, "publication/x") for n in range(10))))
    assert impact_answer(impact(store, [ID["publication/x"]], nodes=5), BASE)["truncated"]
    assert not impact_answer(impact(store, [ID["publication/x"]], nodes=50), BASE)["truncated"]
    twice = (("study/t", EV.reportedIn, "publication/x"), ("study/t", EV.reportedIn, "publication/y"))
    store = store_of(said(*twice, *((f"claim/{n}", EV.restsOn, "publication/y") for n in range(10))))
    assert [impact(store, [ID["publication/x"]], nodes=nodes).truncated for nodes in (5, 50)] == [True, False], "what is suspect is cut too"


def test_an_edge_tells_each_statement_with_its_graph_and_basis() -> None:
    edge = ("claim/a", EV.restsOn, "finding/a")
    graph = lineage(store_of([*said(edge), *said(edge, graph=CURATED)]), [ID["claim/a"]], policy="inferred")
    assert graph.edges[ID["claim/a"], ID["finding/a"]]["statements"] == [
        Step(EV.restsOn, STATED, "stated"),
        Step(EV.restsOn, CURATED, "inferred"),
    ]


WITHDRAWN_STUDY = [
    ("claim/a", EV.restsOn, "finding/a"),
    ("claim/list", EV.restsOn, "publication/a"),
    ("finding/a", EV.findingOf, "study/a"),
    ("finding/a", EV.publishedIn, "publication/a"),
    ("study/a", EV.reportedIn, "publication/a"),
]


def test_a_withdrawn_study_takes_its_findings_and_its_own_paper_along() -> None:
    found = impact(store_of(said(*WITHDRAWN_STUDY)), [ID["study/a"]])
    assert names(found.falls) == {"claim/a", "claim/list", "finding/a"}
    assert names(found.along) == {"publication/a"}


def test_a_paper_that_reports_another_study_stays() -> None:
    found = impact(store_of(said(*WITHDRAWN_STUDY, ("study/b", EV.reportedIn, "publication/a"))), [ID["study/a"]])
    assert names(found.falls) == {"claim/a", "finding/a"}
    assert found.along == ()


def test_a_claim_on_another_paper_of_the_same_trial_is_suspect() -> None:
    store = store_of(
        said(
            *((f"claim/{n}", EV.restsOn, f"finding/{n}") for n in "ab"),
            *((f"finding/{n}", EV.findingOf, "study/one") for n in "ab"),
            *((f"finding/{n}", EV.publishedIn, f"publication/{n}") for n in "ab"),
            *(("study/one", EV.reportedIn, f"publication/{n}") for n in "ab"),
        )
    )
    found = impact(store, [ID["publication/a"]])
    assert names(found.falls) == {"claim/a", "finding/a"}
    assert names(found.weakened) == {"study/one"}
    assert names(found.suspect) == {"claim/b", "finding/b"}


@pytest.mark.parametrize("given_", [{"direction": "down"}, {"policy": "guessed"}])
def test_a_wrong_word_is_refused(given_: dict[str, str]) -> None:
    with pytest.raises(BadParameter, match=next(iter(given_))):
        lineage(store_of(said(("claim/a", EV.restsOn, "finding/a"))), [ID["claim/a"]], **given_)


def test_independence_knows_two_policies(store: Store, base: str) -> None:
    for ask, things in ((independence, ["claim/foundations-ipp-secure"]), (independence_on, ["intervention/ipp", "outcome/anger"])):
        with pytest.raises(BadParameter, match="policy is one of stated, inferred"):
            ask(store, *(URIRef(f"{base}id/{thing}") for thing in things), policy="guessed")  # type: ignore[operator]


def test_a_thing_that_nobody_speaks_of_is_unknown() -> None:
    store = store_of(said(("claim/a", EV.restsOn, "finding/a")))
    for ask in (lineage, impact):
        with pytest.raises(UnknownResource, match="claim/none"):
            ask(store, [ID["claim/none"]])
    with pytest.raises(UnknownResource, match="claim/none"):
        independence(store, ID["claim/none"])


# What an answer costs


class Counting:
    """A store that counts the rows that are read from it; all that is asked of it is asked each time."""

    fixed = False

    def __init__(self, inner: Store) -> None:
        self.inner, self.rows = inner, 0

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        for row in self.inner.select(query, bindings):
            self.rows += 1
            yield row


def blocks(count: int) -> Iterator[Edge]:
    for n in range(count):
        yield from said(
            (f"claim/{n}", EV.restsOn, f"finding/{n}"),
            (f"finding/{n}", EV.findingOf, f"study/{n}"),
            (f"study/{n}", EV.reportedIn, f"publication/{n}"),
            (f"study/{n}", EV.reportedIn, f"publication/{n}b"),
        )


def test_an_answer_costs_what_it_is_large_whatever_the_size_of_the_base() -> None:
    read = []
    for count, least in ((50, 500), (15_000, 200_000)):
        quads = list(quads_of(blocks(count)))
        assert len(quads) > least
        store = Counting(EmbeddedStore.of(quads))
        lineage_answer(store, lineage(store, [ID["claim/7"]], "both"), BASE)
        impact_answer(impact(store, [ID["publication/7"]]), BASE)
        independence_answer(independence(store, ID["claim/7"]), BASE)
        read.append(store.rows)
    assert read[0] == read[1] > 0


def test_a_truncated_answer_does_not_read_the_rest() -> None:
    read = []
    for count in (100, 5_000):
        store = Counting(store_of(said(*((f"claim/{n}", EV.restsOn, "publication/x") for n in range(count)))))
        assert lineage(store, [ID["publication/x"]], "consequences", nodes=20).graph["truncated"]
        read.append(store.rows)
    assert read[0] == read[1] < 100


# The data of this repository


@pytest.fixture
def base(kb: KnowledgeBase) -> str:
    return kb.settings.base


def fallen(store: Store, base: str, policy: Policy, withdrawn: str) -> set[str]:
    falls = names(impact(store, [URIRef(f"{base}id/{withdrawn}")], policy).falls, base)
    return {name for name in falls if name.startswith("claim/")}


def test_a_headline_leads_to_its_trial_papers_and_lines(store: Store, base: str) -> None:
    answer = lineage_answer(store, lineage(store, [URIRef(f"{base}id/claim/foundations-ipp-secure")], "grounds"), base)
    lines = {
        (edge["from"], edge["to"]): (passage["firstLine"], passage["lastLine"])
        for edge in answer["edges"]
        if edge["graph"].startswith("edition/foundations-ipp")
        for passage in edge["passages"]
    }
    claim, finding, trial = "claim/foundations-ipp-secure", "finding/foundations-ipp-secure", "study/rochester-maltreated-infants"
    assert lines == {
        (claim, finding): (152, 164),
        (finding, trial): (152, 164),
        (trial, "publication/cicchetti-2006"): (245, 245),
        (trial, "publication/cicchetti-2011"): (249, 249),
        (trial, "publication/stronach-2013"): (247, 247),
    }
    assert answer["independentStudies"] == 1
    assert not answer["truncated"]


@each_policy
def test_without_lieberman_1991_six_claims_fall_and_a_rating_loses_a_study(store: Store, base: str, policy: Policy) -> None:
    found = impact_answer(impact(store, [URIRef(f"{base}id/publication/lieberman-1991")], policy), base)
    assert {thing["id"] for thing in found["falls"] if thing["kind"] == "claim"} == {
        f"claim/foundations-ipp-study-2-{outcome}"
        for outcome in (
            "anger",
            "avoidance-of-proximity",
            "avoidant-behaviour",
            "goal-directed-partnership",
            "maternal-empathy",
            "maternal-initiation",
        )
    }
    lost = {rating["id"]: [thing["id"] for thing in rating["lost"]] for rating in found["ratings"]}
    assert lost["rating/foundations-ipp"] == ["study/spanish-speaking-dyads"]


HEADLINES = {"claim/foundations-ipp-secure", "claim/foundations-ipp-insecure-to-secure", "claim/foundations-ipp-stable-disorganised"}


def test_without_cicchetti_2006_one_source_loses_its_findings(store: Store, base: str) -> None:
    query = "SELECT DISTINCT ?claim { ?claim ev:claimedBy ?source ; ev:restsOn ?finding . ?finding a ev:Finding }"
    of_findings = store.select(query, {"source": [URIRef(f"{base}id/source/crimesolutions")]})
    stated, inferred = (fallen(store, base, policy, "publication/cicchetti-2006") for policy in ("stated", "inferred"))
    assert stated == names((row["claim"] for row in of_findings), base)
    assert inferred > stated | HEADLINES
    assert {name.split("/")[1].split("-")[0] for name in inferred - stated} == {"foundations"}


@each_policy
def test_one_line_is_behind_ipp_and_attachment_security(store: Store, base: str, policy: Policy) -> None:
    found = independence_on(store, URIRef(f"{base}id/intervention/ipp"), URIRef(f"{base}id/outcome/attachment-security"), policy)
    assert [names(line.studies, base) for line in found.lines] == [{"study/rochester-maltreated-infants"}]


def test_of_an_outcome_the_claims_on_any_intervention_are_counted(store: Store, base: str) -> None:
    ipp, outcome = URIRef(f"{base}id/intervention/ipp"), URIRef(f"{base}id/outcome/attachment-security")
    every, of_ipp = independence(store, outcome), independence_on(store, ipp, outcome)
    assert set(every.claims) > set(of_ipp.claims)
    assert every.spoken_of
    assert of_ipp.spoken_of
    assert {study for line in every.lines for study in line.studies} >= {study for line in of_ipp.lines for study in line.studies}


@pytest.mark.parametrize(
    ("thing", "stated", "inferred"),
    [
        ("claim/continuum-cpp-effect-attachment", 8, 5),
        ("claim/clinic-004-pregnancy", 0, 0),
        ("claim/foundations-ipp-secure", 1, 1),
        ("rating/foundations-ipp", 2, 2),
    ],
)
def test_the_lines_behind_a_thing_are_counted(store: Store, base: str, thing: str, stated: int, inferred: int) -> None:
    asked = URIRef(f"{base}id/{thing}")
    assert [len(independence(store, asked, policy).lines) for policy in ("stated", "inferred")] == [stated, inferred]


def test_who_claims_rates_or_states_a_thing_is_its_source(store: Store, base: str) -> None:
    stated = URIRef(next(iter(store.select("SELECT ?thing { ?thing ev:statedBy ?source } ORDER BY ?thing LIMIT 1")))["thing"])
    things = [URIRef(f"{base}id/{thing}") for thing in ("claim/foundations-ipp-secure", "rating/foundations-ipp")]
    assert [len(sources) for _, sources in named(store, [*things, stated]).nodes(data="sources")] == [1, 1, 1]


def test_every_paper_of_a_lineage_is_a_publication(store: Store, base: str) -> None:
    claims = [URIRef(row["claim"]) for row in store.select("SELECT ?claim { ?claim a ev:Claim }")]
    papers = publications(lineage(store, claims, "grounds", "inferred"))
    assert papers
    known = {row["paper"] for row in store.select("SELECT ?paper { ?paper a ev:Publication }")}
    assert papers <= known
