"""Ways of a lineage and its narrowing: what may be followed, what a filter leaves, and that nothing is credited by the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import networkx as nx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rdflib import RDF, SKOS, Namespace, URIRef

from made_up import BASE, CURATED, ID, STATED, Base, Edge, bases, law, names, policies, quad, quads_of, said
from wherefrom.answers import lineage_answer, lineage_quads
from wherefrom.drawing import dot, edges_csv, gexf, graphml, tree
from wherefrom.lineage import SHOWN, WAYS, Policy, edges, lineage, steps_of, supporting
from wherefrom.load import KnowledgeBase
from wherefrom.narrowing import as_of, intents, main_kinds, of_kinds, trace
from wherefrom.problems import BadParameter
from wherefrom.store import EmbeddedStore, Store
from wherefrom.vocabulary import EV, PREFIXES, expand
from wherefrom.withdrawal import impact, single_points

CITO, FRBR = (Namespace(PREFIXES[prefix]) for prefix in ("cito", "frbr"))
EVERY = WAYS


@pytest.fixture
def base(kb: KnowledgeBase) -> str:
    return kb.settings.base


def answer(store: Store, base: str, thing: str, direction: str = "grounds", kinds: Iterable[str] = (), **narrowed: Any) -> dict[str, Any]:
    graph = trace(store, [URIRef(f"{base}id/{thing}")], direction, **narrowed)  # type: ignore[arg-type]
    return lineage_answer(store, graph, base, tuple(kinds))


def ids(found: dict[str, Any], kind: str = "") -> set[str]:
    return {node["id"] for node in found["nodes"] if node["kind"] == kind or not kind}


# Ways


def small() -> EmbeddedStore:
    """A source with an edition that makes a claim, which expresses a proposition; papers that cite each other; two links of a theory."""
    edges = said(
        ("claim/a", EV.claimedBy, "source/s"),
        ("claim/a", EV.expresses, "proposition/p"),
        ("claim/a", EV.restsOn, "study/t"),
        ("study/t", EV.reportedIn, "publication/1"),
        ("document/d", FRBR.realization, "edition/page"),
        ("link/1", EV.cause, "construct/c"),
        ("link/1", EV.effect, "construct/e"),
        ("link/2", EV.cause, "construct/e"),
        ("publication/1", CITO.supports, "publication/2"),
        ("publication/2", CITO.disputes, "publication/3"),
    )
    return EmbeddedStore.of([*quads_of(edges), *(quad(ID[f"publication/{n}"], RDF.type, EV.Publication, STATED) for n in "123")])


@pytest.mark.parametrize(
    ("thing", "direction", "reached"),
    [
        ("source/s", "grounds", {"source/s", "edition/page", "claim/a", "study/t", "publication/1"}),
        ("document/d", "grounds", {"document/d", "edition/page", "claim/a", "study/t", "publication/1"}),
        ("proposition/p", "grounds", {"proposition/p", "claim/a", "study/t", "publication/1"}),
        (
            "publication/1",
            "consequences",
            {"publication/1", "study/t", "claim/a", "proposition/p", "edition/page", "document/d", "source/s"},
        ),
        ("link/2", "grounds", {"link/2", "construct/e", "link/1", "construct/c"}),
        ("construct/c", "consequences", {"construct/c", "link/1", "construct/e", "link/2"}),
        ("claim/a", "grounds", {"claim/a", "study/t", "publication/1"}),
    ],
)
def test_the_ways_lead_from_a_source_to_a_paper_and_back(thing: str, direction: str, reached: set[str]) -> None:
    assert names(trace(small(), [ID[thing]], direction)) == reached  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("way", "thing", "reached"),
    [
        ("support", "claim/a", {"study/t", "publication/1"}),
        ("sources", "source/s", {"edition/page", "claim/a"}),
        ("sources", "document/d", {"edition/page", "claim/a"}),
        ("propositions", "proposition/p", {"claim/a"}),
        ("theory", "link/2", {"construct/e", "link/1", "construct/c"}),
        ("citations", "publication/1", {"publication/2", "publication/3"}),
    ],
)
def test_each_way_is_followed_alone_where_it_alone_is_asked_for(way: str, thing: str, reached: set[str]) -> None:
    store = small()
    assert names(trace(store, [ID[thing]], "grounds", follow=[way])) == {thing, *reached}
    others = [other for other in EVERY if other != way]
    assert names(trace(store, [ID[thing]], "grounds", follow=others)) == {thing}


def test_a_source_speaks_in_an_edition_that_states_its_claims() -> None:
    graph = trace(small(), [ID["source/s"]], "grounds")
    assert steps_of(graph, ID["source/s"], ID["edition/page"]) == {EV.speaksIn}
    assert steps_of(graph, ID["edition/page"], ID["claim/a"]) == {EV.states}
    assert {step.basis for _, _, said in edges(graph) for step in said if step.step in (EV.speaksIn, EV.states)} == {"computed"}


def test_what_a_source_says_and_what_a_claim_means_is_supported_with_it_and_a_theory_by_nothing() -> None:
    theory = said(("link/1", EV.restsOn, "study/u"), ("study/u", EV.reportedIn, "publication/u"))
    links = said(("link/1", EV.effect, "construct/e"), ("link/2", EV.cause, "construct/e"))
    for thing, store in (("source/s", small()), ("proposition/p", small()), ("link/2", EmbeddedStore.of(quads_of([*theory, *links])))):
        graph = trace(store, [ID[thing]], "grounds")
        wanted = set() if thing == "link/2" else {"publication/1"}
        assert names(supporting(graph, ID[thing])) == wanted
    assert names(graph) >= {"publication/u"}


def test_citations_are_followed_only_where_they_are_asked_for() -> None:
    store = small()
    without, with_them = (names(trace(store, [ID["claim/a"]], "grounds", follow=follow)) for follow in (SHOWN, EVERY))
    assert with_them - without == {"publication/2", "publication/3"}


def test_what_is_cited_supports_nothing() -> None:
    graph = trace(small(), [ID["claim/a"]], "grounds", follow=EVERY)
    assert supporting(graph, ID["claim/a"]) == {ID["publication/1"]}
    found = lineage_answer(small(), graph, BASE)
    assert found["companions"] == []
    assert found["independentStudies"] == 1


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(BadParameter, match="follow is one of support"):
        trace(small(), [ID["claim/a"]], follow=("support", "gossip"))


@law
@given(bases(), policies)
def test_ways_only_add(base: Base, policy: Policy) -> None:
    store = EmbeddedStore.of(quads_of(base.edges))
    for claim in base.of_kind("claim"):
        few, many = (trace(store, [claim], "both", policy, follow=follow) for follow in (("support",), EVERY))
        assert nx.algorithms.isomorphism.DiGraphMatcher(many, few).subgraph_is_monomorphic()
        assert supporting(few, claim) == supporting(many, claim)


def test_a_step_that_the_data_write_the_other_way_round_is_written_as_the_data_have_it() -> None:
    store = small()
    graph = trace(store, [ID["proposition/p"]], "grounds")
    edge = next(edge for edge in lineage_answer(store, graph, BASE)["edges"] if edge["from"] == "proposition/p")
    assert (edge["to"], edge["step"], edge["way"]) == ("claim/a", "^ev:expresses", "propositions")
    written = {(q.subject.value, q.predicate.value, q.object.value) for q in lineage_quads(store, graph, BASE)}  # type: ignore[union-attr]
    assert (ID["claim/a"], EV.expresses, ID["proposition/p"]) in {tuple(map(URIRef, triple)) for triple in written}


# Single points


@law
@given(bases(), policies)
def test_a_single_point_is_what_a_thing_falls_with_alone(base: Base, policy: Policy) -> None:
    store = EmbeddedStore.of(quads_of(base.edges))
    things = [thing for kind in ("publication", "study", "finding") for thing in base.of_kind(kind)]
    falls = {thing: impact(store, [thing], policy).falls for thing in things}
    for claim in base.of_kind("claim"):
        points = single_points(store, lineage(store, [claim], "grounds", policy))
        assert points == {thing for thing in things if claim in falls[thing]}


def test_a_study_is_a_single_point_of_its_finding(store: Store, base: str) -> None:
    found = answer(store, base, "finding/foundations-ipp-secure")
    assert "study/rochester-maltreated-infants" in found["singlePoints"]


def test_where_a_lineage_was_cut_no_single_point_is_told(store: Store, base: str) -> None:
    for cut in ({"depth": 2}, {"nodes": 3}):
        found = answer(store, base, "claim/foundations-ipp-secure", **cut)
        assert found["singlePoints"] is None
        assert found["independentStudies"] is None
    assert answer(store, base, "claim/foundations-ipp-secure")["singlePoints"] == [
        "finding/foundations-ipp-secure",
        "study/rochester-maltreated-infants",
    ]


# Filters, on the data of this repository


def test_a_proposition_leads_to_the_claims_of_all_sources(store: Store, base: str) -> None:
    found = answer(store, base, "proposition/ipp-increases-attachment-security")
    assert {name.split("/")[1].split("-")[0] for name in ids(found, "claim")} == {"foundations", "crimesolutions", "clinic"}


def test_of_one_source_only_what_it_says_is_left(store: Store, base: str) -> None:
    study, source = "study/rochester-maltreated-infants", URIRef(f"{base}id/source/crimesolutions")
    whole, theirs = (answer(store, base, study, "both", sources=sources) for sources in ((), (source,)))
    assert ids(theirs, "claim") == {name for name in ids(whole, "claim") if name.startswith("claim/crimesolutions")} != ids(whole, "claim")
    assert ids(theirs, "source") == {"source/crimesolutions"}
    assert ids(theirs, "publication") == {"publication/cicchetti-2006"}


def test_what_is_no_source_is_refused(store: Store, base: str) -> None:
    with pytest.raises(BadParameter, match="is no source"):
        answer(store, base, "study/rochester-maltreated-infants", sources=[URIRef(f"{base}id/intervention/ipp")])


def test_of_a_design_only_its_studies_and_their_papers_are_left(store: Store, base: str) -> None:
    found = answer(store, base, "rating/continuum-cpp", policy="inferred", designs=["rct"])
    assert ids(found, "study") <= {"study/rochester-maltreated-infants", "study/spanish-speaking-dyads"}
    assert "publication/lieberman-2005" not in ids(found)
    whole = answer(store, base, "rating/continuum-cpp", policy="inferred")
    assert "publication/lieberman-2005" in ids(whole)
    rcts = answer(store, base, "rating/foundations-ipp", designs=["rct"])
    assert ids(rcts, "study") == {"study/rochester-maltreated-infants", "study/spanish-speaking-dyads"}
    assert ids(answer(store, base, "rating/foundations-ipp", designs=["quasi-experimental"]), "study") == set()


def test_a_design_that_nobody_knows_is_refused(store: Store, base: str) -> None:
    with pytest.raises(BadParameter, match=r"is no design; there are .*rct"):
        answer(store, base, "rating/foundations-ipp", designs=["double-blind"])


def test_a_study_without_a_design_goes_and_is_named() -> None:
    store = small()
    design = URIRef("https://w3id.org/wherefrom/scheme/design")
    coded = [quad(URIRef(f"{design}/rct"), SKOS.inScheme, design, STATED)]
    store.store.bulk_extend([q for c in coded for q in (c, c.__class__(c.subject, c.predicate, c.object))])
    found = lineage_answer(store, trace(store, [ID["claim/a"]], "grounds", designs=["rct"]), BASE)
    assert ids(found) == {"claim/a"}
    assert found["withoutDesign"] == ["study/t"]


def test_stances_keep_the_citations_that_have_them() -> None:
    store = small()
    covered = [
        (ID[f"stance/{stance}"], EV.coversIntent, CITO[intent])
        for stance, intent in (("supporting", "supports"), ("contrasting", "disputes"))
    ]
    quads = [quad(*triple, STATED) for triple in covered]
    store.store.bulk_extend([q for c in quads for q in (c, c.__class__(c.subject, c.predicate, c.object))])
    assert intents(store) == {"supporting": {CITO.supports}, "contrasting": {CITO.disputes}}
    for stances, left in ((["supporting"], {"publication/1", "publication/2"}), (["contrasting"], {"publication/1"})):
        assert {n for n in names(trace(store, [ID["claim/a"]], "grounds", follow=EVERY, stances=stances)) if n.startswith("publ")} == left
    with pytest.raises(BadParameter, match="is no stance"):
        trace(store, [ID["claim/a"]], stances=["angry"])


def test_of_some_kinds_one_edge_stands_for_the_way_between(store: Store, base: str) -> None:
    found = answer(store, base, "claim/foundations-ipp-secure", kinds=["publication"])
    assert ids(found) == {
        "claim/foundations-ipp-secure",
        *(f"publication/{p}" for p in ("cicchetti-2006", "cicchetti-2011", "stronach-2013")),
    }
    for edge in found["edges"]:
        assert edge["step"] is None
        assert edge["through"] == ["finding/foundations-ipp-secure", "study/rochester-maltreated-infants"]
        assert edge["basis"] == "stated"
    assert found["independentStudies"] == 1
    assert "over 2 things" in tree(found)
    for drawn in (dot, edges_csv, graphml, gexf):
        assert "publication/cicchetti-2011" in drawn(found)


def test_a_way_with_an_inferred_step_is_inferred() -> None:
    sure, inferred = ("claim/a", EV.restsOn, "finding/b"), ("finding/b", EV.findingOf, "study/t")
    edges = [*said(sure, ("study/t", EV.reportedIn, "publication/1")), *said(inferred, graph=CURATED)]
    graph = lineage(EmbeddedStore.of(quads_of(edges)), [ID["claim/a"]], "grounds", "inferred")
    ((_, paper, joined),) = of_kinds(graph, ["publication"], BASE).edges(data=True)
    assert joined == {"statements": [], "through": (ID["finding/b"], ID["study/t"]), "basis": "inferred", "way": "support"}
    assert paper == ID["publication/1"]


def test_a_way_that_nobody_inferred_is_not_inferred_and_is_named_where_it_is_one(store: Store, base: str) -> None:
    found = answer(store, base, "source/foundations", kinds=["claim", "publication"])
    joined = {
        (edge["from"].split("/")[0], edge["to"].split("/")[0], edge["way"], edge["basis"]) for edge in found["edges"] if edge["through"]
    }
    assert ("source", "claim", "sources", "stated") in joined  # over an edition, in whose text the claim was read
    assert ("claim", "publication", "support", "stated") in joined
    assert {edge["basis"] for edge in found["edges"]} == {"stated"}


def test_the_main_kinds_are_those_a_reader_needs_first(store: Store, base: str) -> None:
    def kinds(thing: str) -> list[str]:
        return main_kinds(trace(store, [expand(thing, base)]), base)

    assert kinds("source/foundations") == ["claim", "finding", "publication", "rating", "source", "study"]
    assert kinds("edition/foundations-ipp-2025-04") == ["claim", "edition", "finding", "publication", "rating", "source", "study"]
    assert kinds("intervention/ipp") == ["intervention"]
    theory = trace(store, [expand("construct/intergenerational-patterns", base)])
    assert set(main_kinds(theory, base)) >= {"construct"}


def test_what_sources_and_graphs_are_called_is_told_with_the_answer(store: Store, base: str) -> None:
    found = answer(store, base, "claim/foundations-ipp-secure", direction="grounds")
    assert found["names"]["source/foundations"] == "Foundations"
    assert found["names"]["edition/foundations-ipp-2025-04"] == "Foundations page on IPP, April 2025"
    assert not found["names"].keys() & {node["id"] for node in found["nodes"]}


def test_a_kind_that_is_not_there_is_refused(store: Store, base: str) -> None:
    with pytest.raises(BadParameter, match=r"no planet in this lineage; there are .*claim"):
        answer(store, base, "claim/foundations-ipp-secure", kinds=["planet"])


@law
@given(bases(), st.sets(st.sampled_from(["claim", "finding", "study", "publication"]), min_size=1), policies)
def test_what_is_joined_in_one_edge_was_joined_by_a_way(base: Base, kinds: set[str], policy: Policy) -> None:
    store = EmbeddedStore.of(quads_of(base.edges))
    graph = lineage(store, base.of_kind("claim")[:1], "grounds", policy)
    kinds = kinds & {node.split("/")[-2] for node in graph}
    assume(kinds)
    shown = of_kinds(graph, kinds, BASE)
    assert {node.split("/")[-2] for node in shown} <= kinds | {"claim"}
    for a, b in shown.edges:
        assert nx.has_path(graph, a, b)
    for a in shown:
        assert set(nx.descendants(shown, a)) == set(nx.descendants(graph, a)) & set(shown)


# As of a year


def dated(*edges: Edge, years: dict[str, str]) -> EmbeddedStore:
    from pyoxigraph import Literal, NamedNode, Quad

    year = NamedNode(str(URIRef(PREFIXES["fabio"] + "hasPublicationYear")))
    found = [Quad(NamedNode(ID[thing]), year, Literal(when), NamedNode(STATED)) for thing, when in years.items()]
    quads = [*quads_of(edges), *found, *(quad(ID[thing], RDF.type, EV.Publication, STATED) for thing in years)]
    return EmbeddedStore.of(quads)


def test_what_came_later_was_not_there() -> None:
    edges = said(*(("study/t", EV.reportedIn, f"publication/{n}") for n in "123"), ("claim/a", EV.restsOn, "study/t"))
    store = dated(*edges, years={"publication/1": "1999", "publication/2": "2010"})
    graph = lineage(store, [ID["claim/a"]], "grounds")
    assert names(as_of(store, graph, 1998)) == {"claim/a", "study/t", "publication/3"}
    assert names(as_of(store, graph, 1999)) == {"claim/a", "study/t", "publication/3", "publication/1"}
    assert names(as_of(store, graph, 1999).graph["undated"]) >= {"publication/3"}


def test_what_an_edition_of_a_later_year_states_was_not_there_but_for_the_claims_that_are_its_own() -> None:
    late = ID["edition/late"]
    edges = [
        *said(("claim/a", EV.restsOn, "study/t"), ("study/t", EV.reportedIn, "publication/2")),
        *said(("claim/late", EV.restsOn, "study/t"), graph=late),
        *said(*(("study/t", EV.reportedIn, f"publication/{n}") for n in "12"), graph=late),
    ]
    store = dated(*edges, years={"edition/late": "2010"})
    then, later = (trace(store, [ID["claim/a"]], "grounds", year=year) for year in (2009, 2010))
    assert (then.graph["as_of"], then.graph["narrowed"]) == (2009, True)
    assert not trace(store, [ID["claim/a"]]).graph["narrowed"]
    assert names(then) == {"claim/a", "study/t", "publication/2"}
    assert [step.graph for step in then.edges[ID["study/t"], ID["publication/2"]]["statements"]] == [STATED]
    assert names(later) == {"claim/a", "study/t", "publication/1", "publication/2"}
    assert names(trace(store, [ID["claim/late"]], "grounds", year=2009)) == {"claim/late", "study/t", "publication/1", "publication/2"}
    assert names(trace(store, [ID["claim/a"]], year=2009)) == {"claim/a", "study/t", "publication/2"}


@law
@given(bases(), policies, st.dictionaries(st.integers(0, 3), st.integers(1990, 1999)), st.integers(1989, 1999))
def test_later_years_only_add(base: Base, policy: Policy, years: dict[int, int], year: int) -> None:
    store = dated(*base.edges, years={f"publication/{n}": str(when) for n, when in years.items()})
    for claim in base.of_kind("claim"):
        graph = lineage(store, [claim], "both", policy)
        assert set(as_of(store, graph, year)) <= set(as_of(store, graph, year + 1)) <= set(graph)


def test_an_inferred_step_names_its_curated_statement(store: Store, base: str) -> None:
    found = answer(store, base, "claim/continuum-cpp-effect-behaviour-problems", policy="inferred")
    inferred = [edge for edge in found["edges"] if edge["basis"] == "inferred"]
    assert inferred
    assert all(edge["curatedStatement"] and edge["passages"] for edge in inferred)
    assert all(edge["curatedStatement"] is None for edge in found["edges"] if edge["basis"] == "stated")
