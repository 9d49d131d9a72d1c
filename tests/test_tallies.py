"""What is counted over the whole base, against the questions and graphs that say it otherwise."""

from __future__ import annotations

from collections import defaultdict

import networkx as nx
import pytest
from rdflib import URIRef

from generator import name
from oracle import whole
from wherefrom.answers import unsupported_answer
from wherefrom.arrays import Arrays
from wherefrom.evidence_map import evidence_map
from wherefrom.keystones import keystones
from wherefrom.lineage import POLICIES, Policy, sharing, studies_reached
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.query import rows
from wherefrom.store import EmbeddedStore, Store
from wherefrom.tallies import Cited, citation_closure, double_counted, most_cited, unsupported
from wherefrom.vocabulary import EV

BASE = "https://w3id.org/wherefrom/"
each_policy = pytest.mark.parametrize("policy", POLICIES)
each_base = pytest.mark.parametrize("base", ["store", "made"])
CITES = """SELECT DISTINCT ?citing ?cited {
  { ?act cito:hasCitingEntity ?citing ; cito:hasCitedEntity ?cited } UNION { ?citing cito:cites ?cited } }"""


@pytest.fixture
def asked(request: pytest.FixtureRequest, base: str) -> Store:
    found: Store = request.getfixturevalue(base)
    return found


@each_policy
def test_claims_that_rest_on_nothing_are_those_that_say_so(store: EmbeddedStore, policy: Policy) -> None:
    found = unsupported(Arrays.of(store), policy)
    told = unsupported_answer(store, BASE)
    assert {f"source/{source.rsplit('/', 1)[-1]}": len(claims) for source, claims in found.items()} == told["bySource"]
    assert sorted(claim for claims in found.values() for claim in claims) == sorted(URIRef(claim["iri"]) for claim in told["claims"])
    assert sum(map(len, found.values())) == 144


@each_base
@each_policy
def test_a_trial_is_counted_twice_where_claims_of_two_sources_reach_it(asked: Store, policy: Policy) -> None:
    said = {(URIRef(row["thing"]), URIRef(row["value"])) for row in rows(asked, "statements", {"property": [EV.claimedBy]})}
    behind = studies_reached(asked, whole(asked, policy), sorted({claim for claim, _ in said} & set(whole(asked, policy))), policy)
    wanted = []
    for trial in nx.connected_components(sharing(asked, behind, policy)):
        claims = set().union(*(behind.get(study, set()) for study in trial))
        sources = {source for claim, source in said if claim in claims}
        if len(sources) > 1:
            wanted.append((tuple(sorted(trial)), tuple(sorted(sources)), tuple(sorted(claims))))
    wanted.sort(key=lambda row: (-len(row[1]), -len(row[2]), row[0]))
    found = double_counted(Arrays.of(asked), policy)
    assert [(row.studies, row.sources, tuple(row.claims)) for row in found] == wanted
    assert wanted


@each_base
def test_what_is_cited_most_comes_first(asked: Store) -> None:
    times: dict[URIRef, int] = defaultdict(int)
    for row in asked.select(CITES):
        times[URIRef(row["cited"])] += 1
    wanted = [Cited(thing, count) for thing, count in sorted(times.items(), key=lambda item: (-item[1], item[0]))]
    arrays = Arrays.of(asked)
    assert most_cited(arrays, len(wanted) + 1) == most_cited(arrays, len(wanted)) == wanted
    for first in (0, 1, 2, 3, 7):
        assert most_cited(arrays, first) == wanted[:first]


def test_what_is_stated_is_counted_and_a_hundred_are_told_unless_asked_otherwise(made: EmbeddedStore) -> None:
    arrays = Arrays.of(made)
    for ask in (keystones, evidence_map, unsupported, double_counted):
        assert len(ask(arrays)) == len(ask(arrays, policy="stated")) > 0
    assert len(most_cited(arrays)) == 100


@pytest.mark.parametrize("way", ["cited", "citing"])
def test_a_citation_closure_is_all_that_can_be_reached(made: EmbeddedStore, way: str) -> None:
    graph = nx.DiGraph((row["citing"], row["cited"]) for row in made.select(CITES))
    arrays = Arrays.of(made)
    for number in (0, 5, 200, 400):
        paper = name("publication", number)
        graph.add_node(paper)
        wanted = (nx.descendants if way == "cited" else nx.ancestors)(graph, paper)
        assert list(citation_closure(arrays, paper, way)) == sorted(wanted)


def test_a_closure_of_what_is_unknown_or_another_way_is_refused(store: EmbeddedStore) -> None:
    arrays = Arrays.of(store)
    with pytest.raises(UnknownResource, match="publication/none"):
        citation_closure(arrays, URIRef(f"{BASE}id/publication/none"))
    with pytest.raises(BadParameter, match="way is one of cited, citing"):
        citation_closure(arrays, URIRef(f"{BASE}id/publication/cicchetti-2006"), "both")
