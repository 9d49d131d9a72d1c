"""Keystones: what the arrays say is what dominators say, and what withdrawing one thing after the other says."""

from __future__ import annotations

import pytest
from hypothesis import given

from made_up import Edge, law, store_of
from oracle import keystones as by_dominators
from oracle import whole_bases
from wherefrom.arrays import Arrays
from wherefrom.keystones import UNITS, Keystone, Unit, keystones
from wherefrom.lineage import POLICIES, Policy
from wherefrom.problems import BadParameter
from wherefrom.store import EmbeddedStore, Store
from wherefrom.withdrawal import impact


def agrees(store: Store, unit: Unit, policy: Policy) -> None:
    """Fail where the arrays and the dominators of networkx say different things, or say them in another order."""
    found = list(keystones(Arrays.of(store), unit, policy))
    told = {stone.members: (set(stone.claims), set(stone.findings), set(stone.ratings)) for stone in found}
    assert told == by_dominators(store, unit, policy)
    assert found == sorted(found, key=lambda stone: (-len(stone.claims), -len(stone.findings), stone.members))


@law
@given(whole_bases())
def test_on_any_base_they_are_what_dominates(edges: list[Edge]) -> None:
    store = store_of(edges)
    for policy in POLICIES:
        agrees(store, "publication", policy)
        agrees(store, "study", policy)


@pytest.mark.parametrize("base", ["store", "made"])
@pytest.mark.parametrize(("unit", "policy"), [(unit, policy) for unit in UNITS for policy in POLICIES])
def test_on_real_and_made_up_data_they_are_what_dominates(request: pytest.FixtureRequest, base: str, unit: Unit, policy: Policy) -> None:
    agrees(request.getfixturevalue(base), unit, policy)


@law
@given(whole_bases())
def test_a_keystone_carries_what_falls_without_it(edges: list[Edge]) -> None:
    """Of things that have a class: what another one shows to be a publication, the lineage of one thing does not see."""
    edges = [edge for edge in edges if "/unclassed/" not in edge[0] + edge[2]]
    store = store_of(edges)
    carried = {stone.members: {*stone.claims, *stone.findings} for stone in keystones(Arrays.of(store), "publication")}
    assert all(carried.values())
    for paper in {thing for edge in edges for thing in (edge[0], edge[2]) if "id/publication/" in thing}:
        fallen = impact(store, [paper]).falls
        assert carried.get((paper,), set()) == {thing for thing in fallen if "/claim/" in thing or "/finding/" in thing}


@pytest.mark.parametrize(("unit", "policy"), [(unit, policy) for unit in UNITS for policy in POLICIES])
def test_on_the_data_each_agrees_with_its_withdrawal(store: Store, unit: Unit, policy: Policy) -> None:
    found = keystones(Arrays.of(store), unit, policy)
    assert len(found) == len({stone.members for stone in found}) > 1
    for stone in found:
        assert stone.claims or stone.findings or stone.ratings, stone.members
        fallen = impact(store, stone.members, policy).falls
        assert set(stone.claims) == {thing for thing in fallen if "/claim/" in thing}, stone.members


@pytest.mark.parametrize(
    ("unit", "policy", "name", "claims"),
    [
        ("publication", "stated", "cicchetti-2006", 25),
        ("publication", "inferred", "cicchetti-2006", 31),
        ("study", "stated", "rochester-maltreated-infants", 35),
    ],
)
def test_what_most_hangs_on_in_the_five_documents(store: Store, unit: Unit, policy: Policy, name: str, claims: int) -> None:
    first: Keystone = keystones(Arrays.of(store), unit, policy)[0]
    assert [member.rsplit("/", 1)[-1] for member in first.members] == [name]
    assert len(first.claims) == claims


def test_an_empty_base_has_no_keystone_and_a_wrong_word_is_refused(store: Store) -> None:
    assert not keystones(Arrays.of(EmbeddedStore.of([])))
    with pytest.raises(BadParameter, match="unit is one of"):
        keystones(Arrays.of(store), "paper")  # type: ignore[arg-type]
