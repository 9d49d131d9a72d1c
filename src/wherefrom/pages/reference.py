"""The own parts of the pages of a printed reference and of a citation: what is printed where, and which publication is meant."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import PROV

from wherefrom.discrepancies import discrepancies_of_publication
from wherefrom.pages.asking import Asking
from wherefrom.pages.disagreement import Disagreement, disagreement
from wherefrom.pages.excerpts import Excerpt, stated_at
from wherefrom.pages.publication import CITING, PRINTED
from wherefrom.pages.said import CITO, Said
from wherefrom.pages.shown import Group
from wherefrom.vocabulary import EV


@dataclass(frozen=True)
class Reference:
    """What is particular to a printed reference or a citation; `disagreements` are those in which the reference takes part."""

    facts: tuple[Group, ...]
    excerpts: tuple[Excerpt, ...]
    disagreements: tuple[Disagreement, ...] = ()


def reference(asking: Asking) -> Reference:
    """Return the own part of the page of a printed reference."""
    said = Said(asking.store, asking.base, [asking.thing])
    meant = said.things(asking.thing, EV.refersTo)
    differing = (found for publication in meant for found in discrepancies_of_publication(asking.store, publication))
    mine = [found for found in differing if asking.thing in found.records]
    facts, places = said.facts(asking.thing, EV.refersTo, *PRINTED), stated_at(asking, said, asking.thing)
    return Reference(tuple(facts), tuple(places), tuple(disagreement(said, found) for found in mine))


def citation(asking: Asking) -> Reference:
    """Return the own part of the page of a citation."""
    said = Said(asking.store, asking.base, [asking.thing])
    facts = said.facts(asking.thing, CITO.hasCitedEntity, *CITING, PROV.wasDerivedFrom)
    return Reference(tuple(facts), tuple(stated_at(asking, said, asking.thing)))
