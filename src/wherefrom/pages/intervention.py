"""The own part of the page of an intervention: what each source calls it, how it is related, what sources say side by side, and on what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from rdflib import DCTERMS, SKOS, URIRef

from wherefrom.hierarchy import narrower
from wherefrom.pages.asking import Asking
from wherefrom.pages.comparison import MOST
from wherefrom.pages.counts import Claims, Count, listed, studies_on
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Group, Shown
from wherefrom.pages.side_by_side import DESCRIBED, Line, SideBySide, described, side_by_side
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV, shorten

SOURCES = 12  # columns of the table at most: those with the most claims; how many more there are is told
OUTCOMES = 100  # rows of the table of outcomes at most
DATES = (DCTERMS.issued, EV.lastReviewed)


@dataclass(frozen=True)
class Relation:
    """One intervention related to another one, in which way, and who says so, each with the way to the claim."""

    one: Shown
    relation: Shown
    other: Shown
    said_by: tuple[Shown, ...]


@dataclass(frozen=True)
class Level:
    """A level that a rating gives, on the scale of its source, and what it means there."""

    rating: Shown
    level: Shown
    scheme: Shown
    source: Shown
    means: str


@dataclass(frozen=True)
class Counted:
    """How much a source says, and on what that rests; the claims are listed at `href`."""

    source: Shown
    count: Count
    href: str


@dataclass(frozen=True)
class OnOutcome:
    """What is claimed on an outcome: so many claims by each source, which way the findings behind them go, and from how many trials."""

    outcome: Shown
    claims: tuple[tuple[Shown, int, str], ...]
    directions: tuple[Shown, ...]
    count: Count


@dataclass(frozen=True)
class Intervention:
    """What is particular to an intervention; at `compared` it is set beside those that it is related to."""

    names: tuple[Group, ...]
    relations: tuple[Relation, ...]
    further: tuple[Relation, ...]
    compared: str
    counted: tuple[Counted, ...]
    whole: Count
    more: int
    truncated: bool
    lines: tuple[Line, ...]
    side_by_side: SideBySide
    sources_more: int
    levels: tuple[Level, ...]
    outcomes: tuple[OnOutcome, ...]
    outcomes_more: int
    discrepancies: tuple[tuple[Shown, tuple[Shown, ...]], ...]


def intervention(asking: Asking) -> Intervention:
    """Return the own part of the page of an intervention."""
    thing, store, said = asking.thing, asking.store, Said(asking.store, asking.base, [asking.thing])
    speaking = {as_iri(row["thing"]) for row in rows(store, "statements", {"value": [thing], "property": [EV.about]})}
    claims = Claims(asking, speaking, EV.claimedBy, EV.aboutOutcome, EV.restsOn)
    rated = said.read(as_iri(row["thing"]) for row in rows(store, "statements", {"value": [thing], "property": [EV.rates]}))
    characteristics = described(store, thing)
    by_source = {source: ones for (source,), ones in claims.by(EV.claimedBy).items()}
    graphs = {source: set(claims.graphs[source]) for source in by_source}
    for row in rows(store, "statements", {"thing": [*characteristics[:DESCRIBED], *sorted(rated)], "property": [EV.statedBy, EV.ratedBy]}):
        graphs.setdefault(as_iri(row["value"]), set()).add(row["graph"])
    sources = sorted(graphs, key=lambda source: (-len(by_source.get(source, ())), source))
    said.names.learn(sources)
    beside = sorted(_beside(said, thing), key=str)
    columns = sorted(sources[:SOURCES], key=lambda source: (said.called(source), source))
    editions = {source: sorted(URIRef(graph) for graph in found - said.curated) for source, found in graphs.items()}
    said.read(edition for source in columns for edition in editions[source])
    levels = [_level(said, rating) for rating in sorted(rated)]
    outcomes = _outcomes(asking, said, claims)
    return Intervention(
        names=tuple(_names(said, thing, editions)),
        relations=(relations := tuple(_relations(said, {thing}))),
        further=tuple(one for one in _relations(said, set(beside)) if one not in relations),
        compared=f"/compare?{urlencode([('i', shorten(one, asking.base)) for one in (thing, *beside)][:MOST], safe='/')}" if beside else "",
        counted=tuple(
            Counted(said.name(one), claims.count(by_source.get(one, ())), listed(asking.base, {EV.about: thing, EV.claimedBy: one}))
            for one in columns
        ),
        whole=claims.count(claims.claims),
        more=claims.more,
        truncated=claims.truncated,
        lines=tuple(line for line in _lines(said, columns, editions, levels) if any(line.cells)),
        side_by_side=side_by_side(said, characteristics, columns),
        sources_more=len(sources) - len(columns),
        levels=tuple(levels),
        outcomes=tuple(outcomes[:OUTCOMES]),
        outcomes_more=len(outcomes[OUTCOMES:]),
        discrepancies=tuple(_discrepancies(said, [*claims.claims, *characteristics[:DESCRIBED], *sorted(rated)])),
    )


def _names(said: Said, thing: URIRef, editions: dict[URIRef, list[URIRef]]) -> Iterable[Group]:
    """Yield each printed name with the sources that print it; with the edition where it is not known whose that is."""
    whose: dict[URIRef, set[URIRef]] = {}
    for source, found in editions.items():
        for edition in found:
            whose.setdefault(edition, set()).add(source)
    printed: dict[str, set[URIRef]] = {}
    for name, graphs in said.values(thing, EV.printedName):
        printed.setdefault(str(name), set()).update(*(whose.get(URIRef(graph), {URIRef(graph)}) for graph in graphs))
    return [Group(name, "", said.all_named(by)) for name, by in sorted(printed.items())]


def _relations(said: Said, things: set[URIRef]) -> list[Relation]:
    """Return how the things are related to others, in whichever direction, and who says so."""
    found: dict[tuple[URIRef, URIRef, URIRef], set[URIRef]] = {}
    for column in ("one", "other"):
        for row in rows(said.store, "relations", {column: sorted(things)}):
            one, relation, other = (as_iri(row[name]) for name in ("one", "relation", "other"))
            found.setdefault((one, relation, other), set()).add(as_iri(row["claim"]))
    said.read(claim for claims in found.values() for claim in claims)
    said.names.learn(term for triple in found for term in triple)
    made = [
        Relation(said.name(one), said.name(relation), said.name(other), tuple(_saying(said, claims)))
        for (one, relation, other), claims in found.items()
    ]
    return sorted(made, key=lambda one: (one.one.text, one.relation.text, one.other.text))


def _saying(said: Said, claims: Iterable[URIRef]) -> list[Shown]:
    found = (replace(source, href=said.name(claim).href) for claim in claims for source in said.shown(claim, EV.claimedBy))
    return sorted(found, key=lambda one: (one.text, one.href))


def _beside(said: Said, thing: URIRef) -> set[URIRef]:
    """Return the interventions that are related to a thing."""
    found = (row for column in ("one", "other") for row in rows(said.store, "relations", {column: [thing]}))
    return {as_iri(row[column]) for row in found for column in ("one", "other")} - {thing}


def _level(said: Said, rating: URIRef) -> Level:
    level = next(iter(said.things(rating, EV.ratingValue)), rating)
    said.read([level])
    scheme = next(iter(said.things(level, SKOS.inScheme)), level)
    printed = said.text(rating, EV.printedAs) or said.called(level)
    source = next(iter(said.things(rating, EV.ratedBy)), rating)
    return Level(
        replace(said.name(rating), text=printed), said.name(level), said.name(scheme), said.name(source), said.text(level, SKOS.definition)
    )


def _lines(said: Said, columns: Iterable[URIRef], editions: dict[URIRef, list[URIRef]], levels: Iterable[Level]) -> Iterable[Line]:
    """Yield what is known of each source before what it says: its kind, the dates of its editions, and its rating."""
    columns = list(columns)
    said.read(columns)
    yield Line(said.name(EV.sourceKind), tuple(said.shown(source, EV.sourceKind) for source in columns))
    for date in DATES:
        yield Line(said.name(date), tuple([one for edition in editions[source] for one in said.shown(edition, date)] for source in columns))
    given = [[replace(one.rating, note=one.scheme.text) for one in levels if one.source.href == said.name(who).href] for who in columns]
    yield Line(said.name(EV.Rating), tuple(given))


def _outcomes(asking: Asking, said: Said, claims: Claims) -> list[OnOutcome]:
    """Return the outcomes that claims are on; trials are those of `independence_on`: narrower outcomes count too."""
    by_outcome = {outcome: ones for (outcome,), ones in claims.by(EV.aboutOutcome).items()}
    parts = narrower(asking.store, by_outcome)
    resting = {ground for (ground,) in claims.by(EV.restsOn)}
    ways: dict[URIRef, set[URIRef]] = {}
    for row in rows(asking.store, "statements", {"thing": sorted(resting), "property": [EV.direction]}):
        ways.setdefault(as_iri(row["thing"]), set()).add(as_iri(row["value"]))
    shown, found = studies_on(asking.store, parts), []
    said.names.learn([*by_outcome, *claims.graphs, *(way for told in ways.values() for way in told)])
    for outcome, ones in by_outcome.items():
        with_narrower = {claim for part in parts[outcome] for claim in by_outcome.get(part, ())}
        by_source: dict[URIRef, int] = {}
        for claim in ones:
            for source in claims.said[claim].get(EV.claimedBy, ()):
                by_source[source] = by_source.get(source, 0) + 1
        having = {EV.about: asking.thing, EV.aboutOutcome: outcome}
        told = [(said.name(source), number, listed(asking.base, having | {EV.claimedBy: source})) for source, number in by_source.items()]
        directions = {way for claim in ones for ground in claims.said[claim].get(EV.restsOn, ()) for way in ways.get(ground, ())}
        counted = replace(claims.count(with_narrower, shown[outcome]), claims=len(ones))
        found.append(OnOutcome(said.name(outcome), tuple(sorted(told, key=_by_name)), tuple(said.all_named(directions)), counted))
    return sorted(found, key=lambda one: (-one.count.trials, -one.count.inferred, -one.count.claims, one.outcome.text))


def _by_name(told: tuple[Shown, int, str]) -> str:
    return told[0].text


def _discrepancies(said: Said, records: list[URIRef]) -> list[tuple[Shown, tuple[Shown, ...]]]:
    """Return the discrepancies that curators found between records on it, each with its kind."""
    found: dict[URIRef, set[URIRef]] = {}
    for row in rows(said.store, "curated_discrepancies", {"record": records}):
        found.setdefault(as_iri(row["discrepancy"]), set()).update([as_iri(row["kind"])] if "kind" in row else [])
    said.names.learn([*found, *(kind for kinds in found.values() for kind in kinds)])
    made = [(said.name(one), tuple(said.all_named(kinds))) for one, kinds in found.items()]
    return sorted(made, key=lambda one: one[0].text)
