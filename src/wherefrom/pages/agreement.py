"""Who says the same: the claims that express one proposition, and whether they rest on the same trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdflib import URIRef

from wherefrom.independence import Independence, independence
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Shown
from wherefrom.store import Store
from wherefrom.vocabulary import EV
from wherefrom.words import count


@dataclass(frozen=True)
class Saying:
    """A claim with a meaning, by whom, and on how many trials it rests; `same`: on one on which the claim asked about rests as well.

    `inferred` tells it with what curators inferred, where that is another thing.
    """

    claim: Shown
    sources: tuple[Shown, ...]
    stated: str
    inferred: str
    same: bool
    bare: bool
    own: bool


@dataclass(frozen=True)
class Agreement:
    """The claims with one meaning, and the other sources among them: from the same trial, from other trials, or citing nothing."""

    proposition: Shown
    sayings: tuple[Saying, ...]
    trials: int
    same: tuple[Shown, ...] = ()
    apart: tuple[Shown, ...] = ()
    bare: tuple[Shown, ...] = ()


def agreement(store: Store, said: Said, proposition: URIRef, claim: URIRef | None, nodes: int) -> Agreement:
    """Return who else says what a proposition means; `claim` is the one asked about, if any."""
    stated, inferred = (independence(store, proposition, policy, nodes) for policy in ("stated", "inferred"))
    said.read(stated.claims)
    sayings = [_saying(said, one, claim, stated, inferred) for one in stated.claims if one != claim]
    own = {source.href for source in (said.shown(claim, EV.claimedBy) if claim else ())}
    told: dict[str, dict[str, Shown]] = {"same": {}, "bare": {}, "apart": {}}
    for saying in sayings:
        word = "same" if saying.same else "bare" if saying.bare else "apart"
        told[word] |= {source.href: source for source in saying.sources if source.href not in own}
    known: set[str] = set()
    groups: dict[str, tuple[Shown, ...]] = {}
    for word in ("same", "apart", "bare"):  # a source that says it several times is told by its best ground
        groups[word] = tuple(source for href, source in sorted(told[word].items()) if href not in known)
        known |= told[word].keys()
    sayings.sort(key=lambda one: (one.own, not one.same, one.bare, [source.text for source in one.sources], one.claim.text))
    return Agreement(said.name(proposition), tuple(sayings), len(stated.lines), groups["same"], groups["apart"], groups["bare"])


def _saying(said: Said, other: URIRef, claim: URIRef | None, stated: Independence, inferred: Independence) -> Saying:
    told, more = (_told(found, other, claim) for found in (stated, inferred))
    sources = said.shown(other, EV.claimedBy)
    mine = {source.href for source in (said.shown(claim, EV.claimedBy) if claim else ())}
    same = bool(_lines(stated, other) & _lines(stated, claim))
    return Saying(
        said.name(other),
        tuple(sources),
        told,
        "" if more == told else more,
        same=same,
        bare=other in stated.unsupported,
        own=bool(mine & {source.href for source in sources}),
    )


def _told(found: Independence, other: URIRef, claim: URIRef | None) -> str:
    """Return in words what a claim rests on."""
    if other in found.unsupported:
        return "cites nothing"
    lines, shared = _lines(found, other), _lines(found, other) & _lines(found, claim)
    if not lines:
        return "cites what leads to no study that is known here"
    if not shared:
        return count(len(lines), "trial") + (", not the same" if _lines(found, claim) else "")
    return f"{count(len(lines), 'trial')}, {'the same' if len(shared) == len(lines) else f'{len(shared)} of them the same'}"


def _lines(found: Independence, claim: URIRef | None) -> set[int]:
    return {number for number, line in enumerate(found.lines) if claim in line.claims}


def agreements(store: Store, said: Said, propositions: Sequence[URIRef], claim: URIRef, nodes: int) -> list[Agreement]:
    """Return who says the same as a claim, for each meaning that it has."""
    return [agreement(store, said, proposition, claim, nodes) for proposition in propositions]
