"""Citation networks: a network whose numbers are worked out by hand, laws on small graphs, and the repository's own base."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import networkx as nx
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import DCTERMS, RDF, Literal, Namespace, URIRef

from wherefrom import cli, starter
from wherefrom.citations import (
    amplification,
    bias,
    citation_network,
    citations_answer,
    dead_end_citations,
    dead_ends,
    of_stance,
)
from wherefrom.citations.network import says
from wherefrom.drawing import LISTED, citations_text
from wherefrom.ingest.network_map import codes
from wherefrom.ingest.network_map import intents as allowed
from wherefrom.load import KnowledgeBase, engine_term, read_knowledge_base
from wherefrom.narrowing import intents
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.query import rows
from wherefrom.store import EmbeddedStore, Store
from wherefrom.vocabulary import EV, PREFIXES, SCHEMES

TOWNS = Path(__file__).parent / "data" / "citations"
BASE = "https://example.org/"
ID = Namespace(f"{BASE}id/")
CITO, FRBR = Namespace(PREFIXES["cito"]), Namespace(PREFIXES["frbr"])
GRAPH = ID["edition/page"]
READING = "intervention/town-reading"
law = settings(max_examples=80, deadline=None, database=None)
Triple = tuple[URIRef, URIRef, URIRef | Literal]


# The worked example. Supporting: R1-D1, R1-D2, R2-R1, R2-D1, E1-R2, E1-R1, E1-N1, V1-R2. Contrasting: R2-D3. Mentioning: N2-D1.


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge base into which the tables were ingested, with claims that rest on their papers."""
    folder = tmp_path_factory.mktemp("towns") / "base"
    starter.create(folder)
    tables = [str(TOWNS / f"{name}.csv") for name in ("papers", "studies", "reviews", "edges")]
    asked = ["--kb", str(folder), "ingest", *tables, "--template", "network", "--map", str(TOWNS / "map.toml"), "--write"]
    assert cli.main(asked) == 0
    shutil.copy(TOWNS / "claims.trig", folder / "data")
    return folder


@pytest.fixture(scope="module")
def town_kb(towns: Path) -> KnowledgeBase:
    return read_knowledge_base(towns)


@pytest.fixture(scope="module")
def town_store(town_kb: KnowledgeBase) -> EmbeddedStore:
    return EmbeddedStore.of(town_kb.quads())


@pytest.fixture(scope="module")
def answer(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> dict[str, Any]:
    return ask(town_kb, town_store, READING)


def ask(base: KnowledgeBase, store: Store, thing: str | None, **options: Any) -> dict[str, Any]:
    start = base.settings.base
    return citations_answer(store, start, None if thing is None else URIRef(f"{start}id/{thing}"), **options)


def each(answer: dict[str, Any], number: str) -> dict[str, Any]:
    return {paper["id"].rsplit("/", 1)[-1]: paper[number] for paper in answer["papers"]}


def test_a_network_holds_the_papers_on_a_thing_and_who_cites_whom(answer: dict[str, Any]) -> None:
    stances = {"contrasting": 1, "mentioning": 1, "supporting": 8}
    assert answer["counts"] == {"papers": 10, "withData": 4, "withoutData": 6, "citations": 10, "byStance": stances}
    assert each(answer, "data") == {
        **dict.fromkeys(("d1", "d2", "d3", "d4"), True),
        **dict.fromkeys(("r1", "r2", "e1", "n1", "n2", "v1"), False),
    }
    told = {(c["from"], c["to"]): (c["stances"], c["intents"]) for c in answer["citations"]}
    assert told["publication/r2", "publication/d3"] == (["contrasting"], ["cito:disputes"])
    assert told["edition/v1", "publication/r2"] == (["supporting"], ["cito:supports"])


def test_paths_are_counted_down_to_data_and_up_to_authority(answer: dict[str, Any]) -> None:
    assert answer["paths"] == {"number": 20, "toData": 13, "why": None}
    begin = {"r1": 2, "r2": 4, "e1": 9, "v1": 5}
    assert {paper: number for paper, number in each(answer, "paths").items() if number} == begin
    assert {paper: number for paper, number in each(answer, "pathsToData").items() if number} == {"r1": 2, "r2": 3, "e1": 5, "v1": 3}
    arrive = {"d1": 8, "d2": 5, "r1": 4, "r2": 2, "n1": 1}
    assert {paper: number for paper, number in each(answer, "authority").items() if number} == arrive
    assert [paper["authority"] for paper in answer["papers"]] == sorted((p["authority"] for p in answer["papers"]), reverse=True)
    # of the 13 paths to data, 4 x 2 lead over the first review and 2 x 3 over the second
    assert {paper: number for paper, number in each(answer, "pathsThrough").items() if number} == {"r1": 8, "r2": 6}


def test_paths_between_each_two_add_up(answer: dict[str, Any]) -> None:
    pairs = {(pair["from"][-2:], pair["to"][-2:]): pair["paths"] for pair in answer["pairs"]}
    assert pairs == {
        ("r1", "d1"): 1,
        ("r2", "d1"): 2,
        ("e1", "d1"): 3,
        ("v1", "d1"): 2,
        ("r1", "d2"): 1,
        ("r2", "d2"): 1,
        ("e1", "d2"): 2,
        ("v1", "d2"): 1,
    }
    assert sum(pairs.values()) == answer["paths"]["toData"]


def test_amplification_is_what_is_no_direct_citation_of_data(answer: dict[str, Any]) -> None:
    found = answer["amplification"]
    assert found["toPapersWithoutData"] == {"of": 5, "outOf": 8, "share": 0.625, "why": None}
    assert found["leading"] == {"of": 4, "outOf": 4, "share": 1.0, "why": None}
    assert found["dataReached"] == ["publication/d1", "publication/d2"]
    assert found["pathsPerDataPaper"] == {"of": 13, "outOf": 2, "value": 6.5, "why": None}
    assert {one["id"][-2:]: one["amplification"] for one in found["measures"]} == {"e1": 9, "v1": 5, "r2": 3}
    assert found["density"] == {"of": 17, "outOf": 10, "value": 1.7, "why": None}


def test_bias_is_told_with_what_it_is_made_of(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    found = ask(town_kb, town_store, "proposition/town-words")["bias"]
    assert found["supportive"] == {
        "papers": ["publication/d1", "publication/d2"],
        "cited": ["publication/d1", "publication/d2"],
        "share": {"of": 2, "outOf": 2, "share": 1.0, "why": None},
        "citations": 4,  # a mention counts, too
        "shareOfCitations": {"of": 4, "outOf": 5, "share": 0.8, "why": None},
    }
    assert found["critical"]["papers"] == ["publication/d3", "publication/d4"]
    assert found["critical"]["cited"] == ["publication/d3"]
    assert found["critical"]["share"]["share"] == 0.5
    assert found["critical"]["shareOfCitations"]["of"] == 1
    assert found["mixed"]["share"] == {"of": 0, "outOf": 0, "share": None, "why": "no data paper of the network is mixed"}


def test_what_a_paper_says_depends_on_what_is_asked(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    asked = ("proposition/town-words", "outcome/town-sleep", READING)
    assert [each(ask(town_kb, town_store, thing), "says")["d4"] for thing in asked] == ["critical", "supportive", "mixed"]
    assert each(ask(town_kb, town_store, "publication/d4"), "says") == {"d4": "mixed"}


def test_dead_ends_are_claims_without_data_below_and_where_they_lead(answer: dict[str, Any]) -> None:
    ends = answer["deadEnds"]
    assert ends["resting"] == 4  # one claim cites nothing, and has no end
    assert {claim["id"]: (claim["papers"], claim["leadTo"]) for claim in ends["claims"]} == {
        "claim/of-a-note": (["publication/n1"], []),
        "claim/of-a-review": (["publication/r2"], ["publication/d1", "publication/d2"]),
    }
    assert ends["citations"] == [{"from": "publication/e1", "to": "publication/n1"}]


def test_a_stance_selects_the_citations_that_count(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    paths = {
        stance: ask(town_kb, town_store, READING, stance=stance)["paths"]["number"]
        for stance in ("supporting", "contrasting", "mentioning", "any")
    }
    # any: R2 has D3 as well, and so have E1 and V1 above it; N2 has D1
    assert paths == {"supporting": 20, "contrasting": 1, "mentioning": 1, "any": 24}
    contrasting = ask(town_kb, town_store, READING, stance="contrasting")
    assert contrasting["counts"]["citations"] == 10
    assert contrasting["bias"] == ask(town_kb, town_store, READING)["bias"]


def test_a_publication_has_what_it_cites_and_what_cites_it(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    found = ask(town_kb, town_store, "publication/r1")
    assert set(each(found, "data")) == {"d1", "d2", "r1", "r2", "e1", "v1"}
    assert {(c["from"][-2:], c["to"][-2:]) for c in found["citations"]} >= {("r2", "d1"), ("e1", "r1")}  # not over R1, and there
    assert found["deadEnds"]["resting"] == 1
    assert found["deadEnds"]["claims"] == []


def test_a_study_has_the_papers_that_report_it_and_its_own_findings(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    found = ask(town_kb, town_store, "study/t4")
    assert each(found, "says") == {"d4": "mixed"}
    assert found["deadEnds"]["resting"] == 0
    first = ask(town_kb, town_store, "study/t1")
    assert set(each(first, "data")) == {"d1", "r1", "r2", "e1", "n2", "v1"}  # what cites its report, at any remove
    assert (each(first, "says")["d1"], first["deadEnds"]["resting"]) == ("supportive", 1)


def test_a_document_or_source_has_its_editions_and_the_claims_that_stand_there(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    edition, document, source = (ask(town_kb, town_store, thing) for thing in ("edition/v1", "document/v1", "source/example-reviews"))
    for found in (document, source):
        assert {**found, "thing": None} == {**edition, "thing": None}
    assert set(each(edition, "data")) == {"v1", "r2", "r1", "d1", "d2", "d3"}


@pytest.mark.parametrize("thing", ["finding/t1", "arm/town", "finding/t4-sleep"])
def test_what_has_no_network_is_refused_with_what_has_one(town_kb: KnowledgeBase, town_store: EmbeddedStore, thing: str) -> None:
    told = f"{thing}> has no citation network: ask for a claim, proposition, .* document or source"
    with pytest.raises(BadParameter, match=told):
        ask(town_kb, town_store, thing)


def test_no_more_papers_than_allowed_are_followed_and_it_is_said(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    assert ask(town_kb, town_store, "publication/d1", nodes=3)["truncated"]
    assert not ask(town_kb, town_store, "publication/d1", nodes=6)["truncated"]


def test_the_whole_base_has_all_papers(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    found = ask(town_kb, town_store, None)
    assert found["thing"] is None
    assert found["counts"]["papers"] == 13
    assert {"example-2020", "reading-together-2026"} < set(each(found, "data"))
    assert found["deadEnds"]["claims"] == ask(town_kb, town_store, READING)["deadEnds"]["claims"]


@pytest.mark.parametrize(
    ("options", "problem", "told"),
    [
        ({"policy": "guessed"}, BadParameter, "policy is one of stated, inferred"),
        ({"stance": "praising"}, BadParameter, "stance is one of contrasting, mentioning, supporting, any"),
        ({"thing": "claim/nowhere"}, UnknownResource, "claim/nowhere"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    town_kb: KnowledgeBase, town_store: EmbeddedStore, options: dict[str, str], problem: type[Exception], told: str
) -> None:
    with pytest.raises(problem, match=told):
        ask(town_kb, town_store, **({"thing": READING} | options))


def test_the_terminal_tells_the_same_in_words_and_as_json(towns: Path, capsys: pytest.CaptureFixture[str], answer: dict[str, Any]) -> None:
    assert cli.main(["--kb", str(towns), "citations", READING, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == answer
    assert cli.main(["--kb", str(towns), "citations", READING]) == 0
    told = capsys.readouterr().out
    assert told.rstrip("\n") == citations_text(answer)
    for words in (
        "10 papers, 4 with data, 10 citations (1 contrasting, 1 mentioning, 8 supporting)",
        "Citation paths (supporting): 20, of which 13 end at 2 data papers",
        "citations of papers without data: 5 of 8 (62.5 %)",
        "critical: 1 of 1 (100.0 %), by 1 citation",
        "Dead ends: of 4 claims that rest on papers, 2 rest on none that holds data",
        "[claim/of-a-review]: publication/r2; citing leads from there to publication/d1, publication/d2",
        "publication/e1 cites publication/n1, which leads to no data",
    ):
        assert words in told


# What the data may hold


@pytest.fixture(scope="module")
def ontology(kb: KnowledgeBase) -> list[ox.Quad]:
    return [quad for source in kb.sources if source.name.startswith("ontology/") for quad in source.quads]


def store_of(ontology: Iterable[ox.Quad], said: Iterable[Triple], inferred: Iterable[Triple] = ()) -> EmbeddedStore:
    """Return a store of triples with the ontology; `inferred` stand in a curation graph. Kinds are told by the names."""
    kinds = {"claim": EV.Claim, "study": EV.Study, "publication": EV.Publication, "edition": EV.SourceEdition, "finding": EV.Finding}
    triples = [(*triple, GRAPH) for triple in said] + [(*triple, ID["graph/curation"]) for triple in inferred]
    names = {name for triple in triples for name in (triple[0], triple[2]) if name.startswith(ID)}
    triples += [(name, RDF.type, kind, GRAPH) for name in names if (kind := kinds.get(name.removeprefix(ID).split("/")[0]))]
    triples += [(ID["statement/1"], RDF.type, EV.CuratedStatement, ID["graph/curation"])]
    return EmbeddedStore.of([*ontology, *(ox.Quad(*map(engine_term, quad)) for quad in triples)])


def paper(name: object) -> URIRef:
    return ID[f"publication/{name}"]


def study(name: object) -> URIRef:
    return ID[f"study/{name}"]


def test_a_direct_triple_is_a_citation_and_a_notice_is_none(ontology: list[ox.Quad]) -> None:
    said = [(paper("a"), CITO.confirms, paper("b")), (ID["notice/n"], CITO.retracts, paper("b")), (paper("b"), CITO.isCitedBy, paper("c"))]
    for thing in (None, paper("b")):
        found = citation_network(store_of(ontology, said), thing)
        assert dict(found.graph.edges) == {(paper("a"), paper("b")): {"stances": {"supporting": {CITO.confirms}}}}


@pytest.mark.parametrize("asked", ["edition/page", "document/page", "source/speaker"])
def test_the_claims_of_a_page_are_dead_ends_only_if_no_paper_of_theirs_holds_data(ontology: list[ox.Quad], asked: str) -> None:
    told, bare, both = (ID[f"claim/{name}"] for name in ("told", "bare", "both"))
    said = [
        *((claim, EV.claimedBy, ID["source/speaker"]) for claim in (told, bare, both)),
        (ID["document/page"], FRBR.realization, GRAPH), (ID["document/page"], RDF.type, EV.SourceDocument),
        (ID["source/speaker"], RDF.type, EV.SourcePublisher), (ID["source/mute"], RDF.type, EV.SourcePublisher),
        (GRAPH, CITO.citesAsEvidence, paper("essay")), (paper("essay"), CITO.supports, paper("cited")),
        *((study(name), EV.reportedIn, paper(name)) for name in ("cited", "elsewhere")),
        (told, EV.restsOn, paper("essay")), (bare, EV.restsOn, paper("note")),
        (both, EV.restsOn, paper("essay")), (both, EV.restsOn, paper("elsewhere")),
    ]  # fmt: skip
    store = store_of(ontology, said)
    found = citations_answer(store, BASE, ID[asked])
    assert {one["id"] for one in found["papers"]} == {"edition/page", "publication/essay", "publication/cited"}
    assert found["deadEnds"]["resting"] == 3
    assert {claim["id"]: claim["leadTo"] for claim in found["deadEnds"]["claims"]} == {
        "claim/told": ["publication/cited"],
        "claim/bare": None,  # its paper is not of this network: where it leads was not read
    }
    assert "[claim/bare]: publication/note\n" in citations_text(found)
    with pytest.raises(BadParameter, match="source/mute> has no edition"):
        citations_answer(store, BASE, ID["source/mute"])


def test_retracted_papers_are_marked_and_count_as_before(ontology: list[ox.Quad]) -> None:
    noticed, of_type = ID["notice/n"], URIRef(f"{SCHEMES}/notice-type/retraction")
    again = [(ID["notice/again"], EV.noticeType, URIRef(f"{SCHEMES}/notice-type/reinstatement"))]
    again += [(ID["notice/again"], CITO.updates, paper("data")), (ID["notice/again"], DCTERMS.issued, Literal("2015-03"))]
    dated = (noticed, DCTERMS.issued, Literal("2012"))
    cited = [
        (paper("essay"), CITO.supports, paper("data")),
        (paper("essay"), CITO.supports, paper("note")),
        (study("s"), EV.reportedIn, paper("data")),
    ]
    before = citations_answer(store_of(ontology, cited), BASE)
    notices = {
        "data": [(noticed, CITO.retracts, paper("data")), dated],
        "note": [(noticed, CITO.discusses, paper("note")), (noticed, EV.noticeType, of_type), dated],
        "": [(noticed, CITO.corrects, paper("data")), dated],
    }
    for marked, notice in notices.items():
        found = citations_answer(store_of(ontology, [*cited, *notice]), BASE)
        assert {name for name, retracted in each(found, "retracted").items() if retracted} == ({marked} if marked else set())
        assert {**found, "papers": [], "reading": []} == {**before, "papers": [], "reading": []}
        assert ("Of the papers with data 1 is retracted, and counted as data all the same." in found["reading"]) == (marked == "data")
        assert (f"[publication/{marked}]  {'unknown' if marked == 'data' else 'no data'}, retracted\n" in citations_text(found)) == bool(
            marked
        )
    assert not any(each(citations_answer(store_of(ontology, [*cited, *notices["data"], *again]), BASE), "retracted").values())
    curated = store_of(ontology, cited, notices["data"])
    assert [any(each(citations_answer(curated, BASE, None, policy), "retracted").values()) for policy in ("stated", "inferred")] == [
        False,
        True,
    ]


def test_one_is_not_many_and_what_the_words_mean_is_told(town_kb: KnowledgeBase, town_store: EmbeddedStore) -> None:
    found = ask(town_kb, town_store, "claim/of-a-note")
    text = citations_text(found)
    assert "Dead ends: of 1 claim that rests on papers, 1 rests on none that holds data" in text
    assert [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")] == found["reading"]
    assert any("No difference counts as critical" in line for line in found["reading"])


def test_a_circle_is_named_and_what_it_touches_is_not_counted(ontology: list[ox.Quad]) -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("e", "d")]
    said = [(paper(one), CITO.supports, paper(other)) for one, other in edges]
    store = store_of(ontology, [*said, (study("s"), EV.reportedIn, paper("d"))])
    found = citations_answer(store, BASE)
    assert found["circles"] == [["publication/b", "publication/c"]]
    assert each(found, "pathsToData") == {"a": None, "b": None, "c": None, "d": 0, "e": 1}
    assert each(found, "authority") == {"a": 0, "b": None, "c": None, "d": None, "e": 0}
    assert found["paths"]["number"] is None
    assert "circle" in found["paths"]["why"]
    assert found["amplification"]["density"] == {"of": None, "outOf": None, "value": None, "why": found["paths"]["why"]}
    assert found["amplification"]["toPapersWithoutData"]["of"] == 3
    text = citations_text(found)
    assert "Citations in a circle, paths not bounded: publication/b, publication/c" in text
    assert "Citation paths (supporting): undefined, of which undefined end at 1 data paper" in text


def test_what_curators_inferred_counts_under_their_policy_only(ontology: list[ox.Quad]) -> None:
    said = [(paper("a"), CITO.supports, paper("b"))]
    inferred = [(study("s"), EV.reportedIn, paper("b")), (paper("a"), CITO.disputes, paper("c"))]
    store = store_of(ontology, [*said, (ID["claim/k"], EV.restsOn, paper("b"))], inferred)
    stated, with_inferred = (citation_network(store, None, policy) for policy in ("stated", "inferred"))
    assert (set(stated.data), stated.graph.number_of_edges()) == (set(), 1)
    assert (set(with_inferred.data), with_inferred.graph.number_of_edges()) == ({paper("b")}, 2)
    assert dead_ends(stated.rests, stated.data) == [ID["claim/k"]]
    assert dead_ends(with_inferred.rests, with_inferred.data) == []


def test_a_finding_counts_for_the_paper_it_names_or_the_only_report(ontology: list[ox.Quad]) -> None:
    direction = URIRef(f"{SCHEMES}/direction/favours-treatment")
    finding = [(ID["finding/f"], EV.findingOf, study("s")), (ID["finding/f"], EV.direction, direction)]
    one = [(study("s"), EV.reportedIn, paper("a"))]
    two = [*one, (study("s"), EV.reportedIn, paper("b"))]

    def said(triples: list[Triple]) -> dict[str, str]:
        data = citation_network(store_of(ontology, [*finding, *triples])).data
        return {name.removeprefix(paper("")): about.says for name, about in data.items()}

    assert said(one) == {"a": "supportive"}
    assert said(two) == {"a": "unknown", "b": "unknown"}
    assert said([*two, (ID["finding/f"], EV.publishedIn, paper("b"))]) == {"a": "unknown", "b": "supportive"}


def test_numbers_beyond_any_float_are_exact(ontology: list[ox.Quad]) -> None:
    layers = 1100
    said = [
        (paper(f"{layer}-{one}"), CITO.supports, paper(f"{layer + 1}-{other}")) for layer in range(layers) for one in "ab" for other in "ab"
    ]
    found = citations_answer(store_of(ontology, [*said, (study("s"), EV.reportedIn, paper(f"{layers}-a"))]), BASE)
    assert found["pairs"] is not None
    assert {pair["paths"] for pair in found["pairs"] if pair["from"].startswith("publication/0-")} == {2 ** (layers - 1)}
    density = found["amplification"]["density"]
    assert (density["value"], density["why"]) == (None, "too large for a decimal number")
    # from each of the two papers of a layer with n below it begin 2 + 4 + ... + 2**n paths, and two citations are of the data paper
    begin = sum(2 * (2 ** (below + 1) - 2) for below in range(layers + 1))
    assert Fraction(density["of"], density["outOf"]) == Fraction(begin - 2, 2 * layers + 2)
    assert f"and {2 * layers + 2 - LISTED} more" in citations_text(found)


# The scheme of stances


def test_each_intent_that_the_shapes_allow_is_shown_as_one_stance(store: Store) -> None:
    under = intents(store)
    assert set(under) == set(codes("stance")) == {"supporting", "contrasting", "mentioning"}
    assert sorted(str(intent).removeprefix(CITO) for found in under.values() for intent in found) == sorted(allowed())


def test_each_direction_but_of_no_comparison_counts_for_a_stance(store: Store) -> None:
    covered: dict[URIRef, set[str]] = {}
    for row in rows(store, "direction_stances"):
        covered.setdefault(URIRef(row["direction"]), set()).add(str(row["stance"]).rsplit("/", 1)[-1])
    start = f"{SCHEMES}/direction/"
    assert {code.removeprefix(start) for code in covered} == set(codes("direction")) - {"not-applicable"}
    of = {code: (URIRef("f"), URIRef(start + code)) for code in codes("direction")}
    assert says(covered, []) == says(covered, [of["not-applicable"]]) == "unknown"
    assert says(covered, [of["favours-treatment"], of["not-applicable"]]) == "supportive"
    assert says(covered, [of["no-difference"]]) == says(covered, [of["favours-comparator"]]) == "critical"
    assert says(covered, [of["mixed"]]) == says(covered, [of["favours-treatment"], of["no-difference"]]) == "mixed"


# Laws


@st.composite
def networks(draw: st.DrawFn) -> tuple[nx.DiGraph[int], set[int]]:
    """Acyclic networks of up to seven papers, of which some hold data."""
    edges = draw(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda edge: edge[0] < edge[1])))
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(7))
    graph.add_edges_from(edges)
    return graph, draw(st.sets(st.integers(0, 6)))


@law
@given(networks())
def test_amplification_equals_enumeration(network: tuple[nx.DiGraph[int], set[int]]) -> None:
    graph, data = network
    paths = [path for one in graph for other in graph if one != other for path in nx.all_simple_paths(graph, one, other)]
    found = amplification(graph, data)
    assert found.paths == len(paths)
    assert found.paths_to_data == sum(path[-1] in data for path in paths)
    assert found.reached == {path[-1] for path in paths} & data
    assert found.leading == {path[0] for path in paths if path[-1] in data}
    assert found.measures == {
        one: sum(path[0] == one and not (len(path) == 2 and path[1] in data) for path in paths) for one in graph
    }  # fmt: skip


@law
@given(networks())
def test_numbers_lie_within_their_bounds(network: tuple[nx.DiGraph[int], set[int]]) -> None:
    graph, data = network
    found = amplification(graph, data)
    assert found.paths is not None
    assert found.paths_to_data is not None
    assert 0 <= found.to_data <= found.citations <= found.paths
    assert found.to_data <= found.paths_to_data <= found.paths
    assert found.leading <= found.citing
    assert found.reached <= data
    assert found.density is not None
    assert found.density * found.papers == found.paths - found.to_data
    says_of = {one: ("supportive", "critical", "unknown")[one % 3] for one in data}
    sides = bias(graph, says_of)
    assert set().union(*(side.papers for side in sides.values())) == data
    assert all(side.cited <= side.papers and len(side.cited) <= side.citations for side in sides.values())
    assert sum(side.citations for side in sides.values()) == found.to_data


@law
@given(networks(), st.integers(0, 5), st.integers(1, 6))
def test_another_citation_lowers_no_count(network: tuple[nx.DiGraph[int], set[int]], citing: int, step: int) -> None:
    graph, data = network
    more = nx.DiGraph(graph)
    more.add_edge(citing, min(citing + step, 6))
    before, after = amplification(graph, data), amplification(more, data)
    assert before.reached <= after.reached
    assert before.leading <= after.leading
    for number in ("citations", "to_data", "paths", "paths_to_data"):
        assert getattr(before, number) <= getattr(after, number)
    assert set(dead_end_citations(more, data)) & set(graph.edges) <= set(dead_end_citations(graph, data))


@law
@given(networks())
def test_a_dead_end_citation_leads_to_no_data(network: tuple[nx.DiGraph[int], set[int]]) -> None:
    graph, data = network
    ends = set(dead_end_citations(graph, data))
    for citing, cited in graph.edges:
        assert ((citing, cited) in ends) == (not (nx.descendants(graph, cited) | {cited}) & data)


def test_each_citation_is_kept_under_its_stances() -> None:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edge("a", "b", stances={"supporting", "mentioning"})
    graph.add_edge("b", "c", stances={"contrasting"})
    kept = {stance: set(of_stance(graph, stance).edges) for stance in ("supporting", "contrasting", "mentioning", "any")}
    assert kept["supporting"] == kept["mentioning"] == {("a", "b")}
    assert kept["contrasting"] == {("b", "c")}
    assert kept["any"] == {("a", "b"), ("b", "c")}
    assert all(set(of_stance(graph, stance)) == {"a", "b", "c"} for stance in kept)


@st.composite
def bases(draw: st.DrawFn) -> list[Triple]:
    """Papers cite earlier ones, some report trials, claims rest on papers and trials."""
    stance = st.sampled_from((CITO.supports, CITO.disputes, CITO.cites))
    said = [(paper(one), draw(stance), paper(other)) for one in range(5) for other in draw(st.sets(st.integers(0, one))) if other < one]
    said += [(study(one), EV.reportedIn, paper(one)) for one in range(2)]
    grounds = [*map(paper, range(5)), *map(study, range(2))]
    for claim in range(3):
        said += [(ID[f"claim/{claim}"], EV.restsOn, ground) for ground in draw(st.sets(st.sampled_from(grounds), max_size=2))]
    return said


@settings(law, max_examples=25)
@given(said=bases(), reported=st.integers(0, 1))
def test_a_companion_paper_changes_no_dead_end(ontology: list[ox.Quad], said: list[Triple], reported: int) -> None:
    before = citation_network(store_of(ontology, said))
    after = citation_network(store_of(ontology, [*said, (study(reported), EV.reportedIn, paper("companion"))]))
    assert paper("companion") in after.data
    assert dead_ends(before.rests, before.data) == dead_ends(after.rests, after.data)


@settings(law, max_examples=25)
@given(said=bases(), asked=st.integers(0, 4))
def test_the_network_of_a_paper_is_its_part_of_the_whole(ontology: list[ox.Quad], said: list[Triple], asked: int) -> None:
    said = [*said, (study("all"), EV.reportedIn, paper(asked))]  # so that the paper is known
    store = store_of(ontology, said)
    around, whole = citation_network(store, paper(asked)), citation_network(store).graph
    papers = nx.ancestors(whole, paper(asked)) | nx.descendants(whole, paper(asked)) | {paper(asked)}
    assert set(around.graph) == papers
    assert set(around.graph.edges) == set(whole.subgraph(papers).edges)


# The repository's own base: three editions cite twelve publications, and no publication is known to cite another


def test_the_own_base_cites_data_directly(kb: KnowledgeBase, store: Store) -> None:
    found = ask(kb, store, None)
    stances = {"mentioning": 4, "supporting": 14}
    assert found["counts"] == {"papers": 17, "withData": 10, "withoutData": 7, "citations": 18, "byStance": stances}
    assert found["paths"] == {"number": 14, "toData": 14, "why": None}
    assert found["amplification"]["density"]["value"] == 0
    assert found["papers"][0]["id"] == "publication/cicchetti-2006"
    assert found["papers"][0]["authority"] == 3
    assert {side: len(told["papers"]) for side, told in found["bias"].items()} == {"supportive": 1, "critical": 0, "mixed": 1, "unknown": 8}
    assert found["bias"]["critical"]["share"]["share"] is None
    assert (found["deadEnds"]["resting"], found["deadEnds"]["claims"]) == (49, [])
    everything = ask(kb, store, None, stance="any")
    assert everything["deadEnds"]["citations"] == [
        {"from": "edition/continuum-cpp-a97bea5d", "to": "publication/weiner-2009"},
        {"from": "edition/foundations-ipp-2025-04", "to": "publication/peltz-2015"},
    ]


def test_the_own_claims_have_their_network(kb: KnowledgeBase, store: Store) -> None:
    stated = each(ask(kb, store, "claim/foundations-ipp-secure"), "says")
    assert {name: said for name, said in stated.items() if said} == {
        "cicchetti-2006": "supportive",  # CrimeSolutions names the paper of its figures
        "cicchetti-2011": "unknown",
        "stronach-2013": "unknown",
    }
    inferred = each(ask(kb, store, "claim/foundations-ipp-secure", policy="inferred"), "says")
    assert {name: said for name, said in inferred.items() if said} == {"cicchetti-2006": "supportive", "stronach-2013": "supportive"}


def test_the_api_gives_the_same(service: httpx.Client, kb: KnowledgeBase, store: Store) -> None:
    asked = {"thing": "intervention/ipp", "policy": "inferred", "stance": "any"}
    given_back = service.get("/api/citations", params=asked)
    assert given_back.status_code == 200
    assert given_back.json() == json.loads(json.dumps(ask(kb, store, "intervention/ipp", policy="inferred", stance="any")))
    assert service.get("/api/citations").json()["counts"]["papers"] == 17
    assert service.get("/api/citations", params={"stance": "praising"}).status_code == 400
    assert service.get("/api/citations", params={"policy": "guessed"}).status_code == 400
    assert service.get("/api/citations", params={"thing": "claim/nowhere"}).status_code == 404
    assert service.get("/api/citations", params={"claim": "x"}).status_code == 400
    assert service.get("/api/citations", params={"thing": "rating/foundations-ipp"}).status_code == 400
    assert service.get("/api/citations", params={"thing": "source/foundations"}).json()["counts"]["citations"] == 7
