"""A whole base as arrays: everything that decides about support is what lineage says, on real, random and made-up bases."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import given
from rdflib import URIRef

from made_up import Edge, law, store_of
from oracle import whole, whole_bases
from wherefrom.adjacency import Adjacency, Mask
from wherefrom.arrays import Arrays, Found
from wherefrom.lineage import POLICIES, Lineage, Policy, publications, sharing, studies, studies_reached, support
from wherefrom.problems import BadParameter
from wherefrom.query import rows
from wherefrom.store import EmbeddedStore, Store
from wherefrom.vocabulary import EV

Edges = set[tuple[URIRef, URIRef]]


def edges_of(arrays: Arrays, graph: Adjacency) -> Edges:
    starts = np.repeat(np.arange(len(graph)), np.diff(graph.first))
    return set(zip(arrays.names.iris(starts), arrays.names.iris(graph.ends), strict=True))


def things_of(arrays: Arrays, mask: Mask) -> set[URIRef]:
    return set(arrays.names.iris(np.flatnonzero(mask)))


def agrees(store: Store, policy: Policy) -> None:
    """Fail where arrays and lineage say different things about a base."""
    arrays, graph = Arrays.of(store), whole(store, policy)
    evidence = arrays.under(policy)
    assert edges_of(arrays, evidence.resting) == set(graph.edges)
    assert edges_of(arrays, evidence.supporting) == set(support(graph).edges)
    assert things_of(arrays, evidence.publications) & set(graph) == publications(graph)
    assert things_of(arrays, evidence.studies) & set(graph) == studies(graph)
    assert things_of(arrays, evidence.grounded) == {thing for thing, _ in graph.edges}
    assert trials_of(arrays, policy) == trials_told(store, graph, policy)
    behind = {(thing, study) for study, things in studies_reached(store, graph, sorted(graph), policy).items() for thing in things}
    assert {edge for edge in edges_of(arrays, evidence.studies_behind) if edge[0] in graph} == behind


def trials_of(arrays: Arrays, policy: Policy) -> set[frozenset[URIRef]]:
    members = arrays.under(policy).studies_of_trials
    found = (arrays.names.iris(members.of_node(trial)) for trial in np.flatnonzero(np.diff(members.first)).tolist())
    return {frozenset(trial) for trial in found}


def trials_told(store: Store, graph: Lineage, policy: Policy) -> set[frozenset[URIRef]]:
    known = studies(graph) | {URIRef(row["thing"]) for row in rows(store, "kinds", {"class": [EV.Study]})}
    return {frozenset(part) for part in nx.connected_components(sharing(store, known, policy))}


@pytest.mark.parametrize("policy", POLICIES)
def test_on_the_data_they_agree_with_lineage(store: EmbeddedStore, policy: Policy) -> None:
    agrees(store, policy)


@pytest.mark.parametrize("policy", POLICIES)
def test_on_a_made_up_base_they_agree_with_lineage(made: EmbeddedStore, policy: Policy) -> None:
    agrees(made, policy)


@law
@given(whole_bases())
def test_on_any_base_they_agree_with_lineage(edges: list[Edge]) -> None:
    store = store_of(edges)
    for policy in POLICIES:
        agrees(store, policy)


def test_the_made_up_base_has_what_decides(made: EmbeddedStore) -> None:
    arrays = Arrays.of(made)
    stated, inferred = (arrays.under(policy) for policy in POLICIES)
    assert inferred.coarse.any()
    assert len(stated.edges) < len(inferred.edges)
    assert len(stated.supporting.ends) < len(stated.resting.ends)
    assert 0 < arrays.samples_stated.sum() < len(arrays.samples)
    assert (np.bincount(arrays.citations[:, 1]) > 20).any()


CITING = """
@prefix i: <https://example.org/id/> . @prefix cito: <http://purl.org/spar/cito/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
<https://w3id.org/wherefrom/ontology/borrowed> { cito:citesAsEvidence a owl:ObjectProperty . cito:hasCitedEntity a owl:ObjectProperty . }
i:one { i:a cito:citesAsEvidence i:b . i:act cito:hasCitingEntity i:b ; cito:hasCitedEntity i:c . i:a cito:citesAsEvidence "no thing" . }
i:two { i:act cito:hasCitingEntity i:b ; cito:hasCitedEntity i:c . i:again cito:hasCitingEntity i:a ; cito:hasCitedEntity i:b . }
"""


def test_citations_are_those_recorded_and_those_told_directly_each_once() -> None:
    arrays = Arrays.of(EmbeddedStore.of(ox.parse(CITING, ox.RdfFormat.TRIG)))
    found = [tuple(iri.rsplit("/", 1)[-1] for iri in arrays.names.iris(pair)) for pair in arrays.citations]
    assert found == [("a", "b"), ("b", "c")]
    assert edges_of(arrays, arrays.cited_by) == {(b, a) for a, b in edges_of(arrays, arrays.cites)}


def test_an_empty_store_has_empty_arrays() -> None:
    arrays = Arrays.of(EmbeddedStore.of([]))
    assert len(arrays.names) == len(arrays.grounds) == len(arrays.citations) == 0


def test_an_unknown_policy_is_refused(store: EmbeddedStore) -> None:
    with pytest.raises(BadParameter, match="policy is one of stated, inferred"):
        Arrays.of(store).under("guessed")  # type: ignore[arg-type]


def test_records_are_made_when_they_are_looked_at() -> None:
    made: list[int] = []

    def make(place: int) -> int:
        made.append(place)
        return 10 * place

    found = Found(1_000, make)
    assert (len(found), found[-1], found[2:4], list(found[998:])) == (1_000, 9_990, [20, 30], [9_980, 9_990])
    assert made == [999, 2, 3, 998, 999]
    with pytest.raises(IndexError):
        found[1_000]
