"""The own part of the page of a rating: what its level means on its source's own scale, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import SKOS

from wherefrom.conditions import conditions
from wherefrom.lineage import POLICIES, lineage
from wherefrom.pages.asking import Asking
from wherefrom.pages.excerpts import Excerpt, stated_at
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Group, Shown
from wherefrom.pages.strength import Strength, strength
from wherefrom.pages.trace import Trace, trace
from wherefrom.vocabulary import EV

IS = (EV.rates, EV.ratedBy, EV.ratingValue, EV.printedAs, EV.basedOn)
MEANS = (SKOS.definition, SKOS.inScheme)


@dataclass(frozen=True)
class Condition:
    """What the scheme asks of the studies behind the level, and whether the studies that are named meet it."""

    words: Shown
    met: int
    needed: int
    open: int


@dataclass(frozen=True)
class Rating:
    """What is particular to a rating."""

    facts: tuple[Group, ...]
    level: tuple[Group, ...]
    conditions: tuple[Condition, ...]
    stated: Strength
    inferred: Strength | None
    excerpts: tuple[Excerpt, ...]
    trace: Trace | None


def rating(asking: Asking) -> Rating:
    """Return the own part of the page of a rating."""
    thing, store, nodes = asking.thing, asking.store, asking.settings.lineage_nodes
    said = Said(store, asking.base, [thing])
    levels = said.things(thing, EV.ratingValue)
    said.read(levels)
    told, more = (lineage(store, [thing], "grounds", policy, nodes) for policy in POLICIES)
    stated, inferred = (strength(store, said, thing, graph) for graph in (told, more))
    held = conditions(store, {thing: ((), said.things(thing, EV.basedOn, stated=True))}, "stated").get(thing, [])
    return Rating(
        facts=tuple(said.facts(thing, *IS)),
        level=tuple(fact for level in levels for fact in said.facts(level, *MEANS)),
        conditions=tuple(Condition(said.name(one.condition), len(one.after), one.needed, len(one.open_after)) for one in held),
        stated=stated,
        inferred=None if inferred == stated else inferred,
        excerpts=tuple(stated_at(asking, said, thing)),
        trace=trace(said, more),
    )
