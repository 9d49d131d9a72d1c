"""The own part of the page of a claim: what it rests on first, then what it says, who else says it, and the steps to the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import DCTERMS, URIRef

from wherefrom.lineage import POLICIES, lineage
from wherefrom.pages.agreement import Agreement, agreements
from wherefrom.pages.asking import Asking
from wherefrom.pages.excerpts import Excerpt, stated_at
from wherefrom.pages.figures import findings
from wherefrom.pages.said import Said, Table
from wherefrom.pages.shown import Group, Shown
from wherefrom.pages.strength import Strength, ratings, strength
from wherefrom.pages.trace import Trace, trace
from wherefrom.vocabulary import EV

SAYS = (
    EV.about, EV.aboutOutcome, EV.direction, EV.concerns, EV.claimKind, EV.cause, EV.effect, EV.stage, EV.atTimepoint, EV.printedAs,
    EV.expresses, EV.supportBasis, EV.supports, EV.disputes, EV.extends, DCTERMS.hasPart,
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """What is particular to a claim; `inferred` is its strength with what curators inferred, where that is another one."""

    sources: tuple[Shown, ...]
    editions: tuple[tuple[Shown, tuple[Group, ...]], ...]
    stated: Strength
    inferred: Strength | None
    agreements: tuple[Agreement, ...]
    facts: tuple[Group, ...]
    ratings: tuple[tuple[Shown, tuple[Shown, ...]], ...]
    excerpts: tuple[Excerpt, ...]
    findings: Table | None
    trace: Trace | None


def claim(asking: Asking) -> Claim:
    """Return the own part of the page of a claim."""
    thing, base, nodes = asking.thing, asking.base, asking.settings.lineage_nodes
    said = Said(asking.store, base, [thing])
    resting = said.read(said.things(thing, EV.restsOn))  # before the lineage, which begins with them
    told, more = (lineage(asking.store, [thing], "grounds", policy, nodes) for policy in POLICIES)
    stated, inferred = (strength(asking.store, said, thing, graph) for graph in (told, more))
    editions = said.read(URIRef(graph) for _, graphs in said.values(thing, EV.claimedBy) for graph in graphs)
    sources = set(said.things(thing, EV.claimedBy))
    return Claim(
        sources=tuple(said.shown(thing, EV.claimedBy)),
        editions=tuple((said.name(one), tuple(said.facts(one, DCTERMS.issued, EV.lastReviewed))) for one in sorted(editions)),
        stated=stated,
        inferred=None if inferred == stated else inferred,
        agreements=tuple(agreements(asking.store, said, said.things(thing, EV.expresses), thing, nodes)),
        facts=tuple(said.facts(thing, *SAYS)),
        ratings=tuple((said.name(one), tuple(ratings(said, one, sources))) for one in said.things(thing, EV.about)),
        excerpts=tuple(stated_at(asking, said, thing)),
        findings=findings(said, [one for one in resting if said.things(one, EV.findingOf)], "What the finding says"),
        trace=trace(said, more),
    )
