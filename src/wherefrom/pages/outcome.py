"""The own part of the page of an outcome: what it is part of, who claims what on it, from how many trials, and what was found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rdflib import SKOS, URIRef

from wherefrom.hierarchy import narrower
from wherefrom.pages.asking import Asking
from wherefrom.pages.counts import Claims, Count, listed, studies_on
from wherefrom.pages.figures import findings
from wherefrom.pages.said import Said, Table
from wherefrom.pages.shown import Group, Shown
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV

FINDINGS = 100  # rows of the table of findings at most
ROWS = 100  # of the table of claims at most
IS = (EV.desirableDirection, SKOS.definition, SKOS.broader)


@dataclass(frozen=True)
class Claimed:
    """What a source claims of an intervention on the outcome, or on a narrower one; `direct` are on this very one, listed at `href`."""

    intervention: Shown
    source: Shown
    count: Count
    direct: int
    href: str


@dataclass(frozen=True)
class Outcome:
    """What is particular to an outcome; trials are those with a finding on it or on a narrower one."""

    facts: tuple[Group, ...]
    narrower: tuple[Shown, ...]
    measures: tuple[Shown, ...]
    whole: Count
    more: int
    truncated: bool
    claimed: tuple[Claimed, ...]
    claimed_more: int
    findings: Table | None
    findings_more: int


def outcome(asking: Asking) -> Outcome:
    """Return the own part of the page of an outcome."""
    thing, store, said = asking.thing, asking.store, Said(asking.store, asking.base, [asking.thing])
    parts = sorted(narrower(store, [thing])[thing])
    linked = list(rows(store, "statements", {"value": parts, "property": [EV.aboutOutcome, EV.outcome]}))
    speaking = {as_iri(row["thing"]) for row in linked if row["property"] == EV.aboutOutcome}
    found = sorted({as_iri(row["thing"]) for row in linked if row["property"] == EV.outcome})
    claims = Claims(asking, speaking, EV.about, EV.claimedBy, EV.aboutOutcome)
    shown = studies_on(store, {thing: parts})[thing]
    claimed = [_claimed(asking, said, claims, pair, shown) for pair in claims.by(EV.about, EV.claimedBy).items()]
    claimed.sort(key=lambda one: (one.intervention.text, one.source.text))
    kept = said.read(found[:FINDINGS])
    return Outcome(
        facts=tuple(said.facts(thing, *IS)),
        narrower=tuple(said.all_named(part for part in parts if part != thing)),
        measures=tuple(said.all_named(measure for one in kept for measure in said.things(one, EV.measuredWith))),
        whole=claims.count(claims.claims, shown),
        more=claims.more,
        truncated=claims.truncated,
        claimed=tuple(claimed[:ROWS]),
        claimed_more=len(claimed[ROWS:]),
        findings=findings(said, kept, "What was found on it, or on a narrower outcome, as each source prints it"),
        findings_more=len(found) - len(kept),
    )


def _claimed(
    asking: Asking, said: Said, claims: Claims, found: tuple[tuple[URIRef, ...], list[URIRef]], shown: Collection[URIRef]
) -> Claimed:
    (about, source), ones = found
    direct = sum(asking.thing in claims.said[claim].get(EV.aboutOutcome, ()) for claim in ones)
    href = listed(asking.base, {EV.about: about, EV.aboutOutcome: asking.thing, EV.claimedBy: source})
    return Claimed(said.name(about), said.name(source), claims.count(ones, shown), direct, href)
