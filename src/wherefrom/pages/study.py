"""The own part of the page of a study: what it is by each source, its papers and findings, and who counts it as evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import URIRef

from wherefrom.hierarchy import of_classes
from wherefrom.lineage import as_stated, lineage, mark, reports, studies_reached
from wherefrom.pages.asking import Asking
from wherefrom.pages.figures import findings
from wherefrom.pages.said import Said, Table, table
from wherefrom.pages.shown import Group, Shown
from wherefrom.pages.side_by_side import value
from wherefrom.pages.strength import ratings
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV

IS = (EV.design, EV.evaluates, EV.sharesSampleWith)
WHO = (EV.sampleSize, EV.minAgeMonths, EV.maxAgeMonths, EV.scope)
COUNTING = (EV.Claim, EV.Rating)


@dataclass(frozen=True)
class Counting:
    """A source that counts the study as evidence: the claims and ratings that rest on it, stated or inferred."""

    source: Shown
    claims: tuple[Shown, ...]
    ratings: tuple[Shown, ...]


@dataclass(frozen=True)
class Study:
    """What is particular to a study; values carry the editions that state them, as sources differ."""

    facts: tuple[Group, ...]
    ratings: tuple[Shown, ...]
    sharing: tuple[Shown, ...]
    counting: tuple[Counting, ...]
    papers: Table | None
    arms: Table | None
    populations: Table | None
    characteristics: Table | None
    findings: Table | None


def study(asking: Asking) -> Study:
    """Return the own part of the page of a study."""
    thing, store, said = asking.thing, asking.store, Said(asking.store, asking.base, [asking.thing])
    named = {prop: _naming(store, thing, prop) for prop in (EV.findingOf, EV.populationOf, EV.characteristicOf)}
    return Study(
        facts=tuple(said.facts(thing, *IS)),
        ratings=tuple(ratings(said, thing)),
        sharing=tuple(_sharing(store, said, thing)),
        counting=tuple(counting(asking, said, thing)),
        papers=_papers(said, thing),
        arms=_arms(said, thing),
        populations=_populations(said, named[EV.populationOf]),
        characteristics=_characteristics(said, named[EV.characteristicOf]),
        findings=findings(said, named[EV.findingOf], "What was found, as each source prints it", [EV.findingOf, EV.treatmentArm]),
    )


def _naming(store: Store, thing: URIRef, prop: URIRef) -> set[URIRef]:
    return {as_iri(row["thing"]) for row in rows(store, "statements", {"value": [thing], "property": [prop]})}


def _sharing(store: Store, said: Said, thing: URIRef) -> list[Shown]:
    """Return the studies that share the sample, in whichever direction that is said."""
    graphs: dict[URIRef, set[URIRef]] = {}
    for row in rows(store, "shared_samples", {"study": [thing]}):
        graphs.setdefault(as_iri(row["other"]), set()).add(as_iri(row["graph"]))
    return [said.name(other, inferred=found <= said.curated) for other, found in sorted(graphs.items())]


def _papers(said: Said, thing: URIRef) -> Table | None:
    papers = said.read(said.things(thing, EV.reportedIn))
    told = {one.href: one for one in said.shown(thing, EV.reportedIn)}
    in_order = sorted((said.name(paper) for paper in papers), key=lambda one: one.text)
    return table(
        "Papers that report it",
        [
            (said.called(EV.Publication), [[told[one.href]] for one in in_order]),
            ("according to", [[Shown(name, href) for name, href in told[one.href].graphs] for one in in_order]),
        ],
    )


def _arms(said: Said, thing: URIRef) -> Table | None:
    arms = said.things(thing, EV.hasArm)
    said.read(arms)
    return table(
        "Arms: the groups, and what each was given",
        [
            (said.called(EV.Arm), [[said.name(one)] for one in arms]),
            *((said.called(prop), [said.shown(one, prop) for one in arms]) for prop in (EV.armRole, EV.delivers, EV.randomisedN)),
        ],
    )


def _by_source(said: Said, things: Iterable[URIRef], *then: URIRef) -> list[URIRef]:
    return sorted(said.read(things), key=lambda one: (*(said.text(one, prop) for prop in (*then, EV.statedBy)), said.names.of(one)))


def _populations(said: Said, things: Iterable[URIRef]) -> Table | None:
    found = _by_source(said, things)
    return table(
        "The people in it, as each source describes them",
        [
            (said.called(EV.statedBy), [said.shown(one, EV.statedBy) for one in found]),
            (said.called(EV.Population), [[said.name(one)] for one in found]),
            *((said.called(prop), [said.shown(one, prop) for one in found]) for prop in WHO),
        ],
    )


def _characteristics(said: Said, things: Iterable[URIRef]) -> Table | None:
    found = _by_source(said, things, EV.item)
    return table(
        "Described by each source, item by item",
        [
            (said.called(EV.item), [said.shown(one, EV.item) for one in found]),
            (said.called(EV.value), [value(said, one) for one in found]),
            (said.called(EV.statedBy), [said.shown(one, EV.statedBy) for one in found]),
        ],
    )


# Who counts it


def counting(asking: Asking, said: Said, thing: URIRef) -> list[Counting]:
    """Return the sources whose claims and ratings rest on a study: directly, over a finding, or over a paper of it that they cite."""
    store = asking.store
    papers = {paper for _, paper in reports(store, "thing", [thing], "inferred")}
    above = lineage(store, [thing, *sorted(papers)], "consequences", "inferred", asking.settings.lineage_nodes)
    resting = dict(of_classes(store, above, COUNTING))
    graph = lineage(store, sorted(resting), "grounds", "inferred", asking.settings.lineage_nodes) if resting else above
    counted = studies_reached(store, graph, resting, "inferred").get(thing, set())
    stated = studies_reached(store, mark(store, as_stated(graph)), resting, "stated").get(thing, set())
    said.names.learn(counted | stated)
    found: dict[URIRef, dict[URIRef, list[Shown]]] = {}
    for row in rows(store, "statements", {"thing": sorted(counted | stated), "property": [EV.claimedBy, EV.ratedBy]}):
        one = as_iri(row["thing"])
        by_class = found.setdefault(as_iri(row["value"]), {kind: [] for kind in COUNTING})
        by_class[URIRef(resting[one])].append(said.name(one, inferred=one not in stated))
    made = [Counting(said.name(source), *(tuple(sorted(lists[kind], key=_named)) for kind in COUNTING)) for source, lists in found.items()]
    return sorted(made, key=lambda one: (-len(one.claims), one.source.text))


def _named(one: Shown) -> tuple[bool, str]:
    return one.inferred, one.text
