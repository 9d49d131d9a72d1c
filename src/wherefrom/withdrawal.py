"""What a withdrawal does: what falls, what is weakened, what becomes suspect, and which ratings lose part of their basis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import networkx as nx
from rdflib import URIRef

from wherefrom.conditions import Held, conditions
from wherefrom.hierarchy import of_classes
from wherefrom.lineage import (
    NODES,
    Lineage,
    Policy,
    check_known,
    check_word,
    lineage,
    named,
    publications,
    reports,
    sharing,
    steps_of,
    studies,
    support,
)
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.teams import written_by
from wherefrom.vocabulary import EV, PREFIXES

PERSON = URIRef(f"{PREFIXES['prov']}Person")
Reading = Literal["one", "all"]
READINGS: tuple[str, ...] = get_args(Reading)


@dataclass(frozen=True)
class RatingTouched:
    """A rating, the part of its basis that is lost, and what its scheme asks of the rest.

    What it would be rated now is for its source to say.
    """

    rating: URIRef
    lost: tuple[URIRef, ...]
    kept: tuple[URIRef, ...]
    conditions: tuple[Held, ...] = ()


@dataclass(frozen=True)
class Impact:
    """What a withdrawal does: `falls` loses all support, `weakened` some, `suspect` rests on the same trial otherwise.

    `authored` are the publications of withdrawn people, `along` those that report nothing but withdrawn studies.
    """

    withdrawn: tuple[URIRef, ...]
    authored: tuple[URIRef, ...]
    along: tuple[URIRef, ...]
    falls: frozenset[URIRef]
    weakened: frozenset[URIRef]
    suspect: frozenset[URIRef]
    ratings: tuple[RatingTouched, ...]
    policy: Policy
    reading: Reading
    names: Lineage = field(compare=False)
    truncated: bool = False


def impact(store: Store, withdrawn: Sequence[URIRef], policy: Policy = "stated", nodes: int = NODES, reading: Reading = "one") -> Impact:
    """Return what falls, is weakened or becomes suspect when publications, studies or people are withdrawn; the rest is untouched.

    With the reading `one`, one path that avoids what is withdrawn is enough for a thing to stand (support by alternatives);
    with `all`, every path is needed, and nothing is only weakened.
    Where a study is withdrawn, its findings are withdrawn with it, and the publications that report no other study; where
    people are, every publication that one of them wrote. `truncated` tells that more than `nodes` nodes would
    have followed, so that other support may not have been seen.
    Raises `UnknownResource` for a thing that no graph describes, `BadParameter` for an unknown reading or policy.
    """
    check_word("reading", reading, READINGS)
    authored = tuple(sorted(written_by(store, withdrawn) - set(withdrawn)))
    _check_withdrawable(store, withdrawn)
    along = _reporting_only(store, withdrawn, policy)
    gone = {*withdrawn, *authored, *along}
    above = lineage(store, sorted(gone), "consequences", policy, nodes)
    graph = lineage(store, sorted(set(above) | gone), "grounds", policy, 2 * nodes)
    shared = sharing(store, studies(graph) | set(withdrawn), policy)
    gone |= {a for a, b in graph.edges if b in gone and EV.findingOf in steps_of(graph, a, b)}
    falls, weakened = falls_without(support(graph), gone, publications(graph))
    if reading == "all":
        falls, weakened = falls | weakened, set()
    touched = {study for study in studies(graph) if study in gone or gone & set(graph.successors(study))}
    touched = set().union(*(nx.node_connected_component(shared, study) for study in touched))
    reporting = {paper for _, paper in reports(store, "thing", touched, policy)} - gone
    resting = lineage(store, sorted(touched | reporting), "consequences", policy, nodes)
    suspect = set(resting) - falls - weakened - gone - reporting
    truncated = any(part.graph["truncated"] for part in (above, graph, resting))
    ratings = _ratings(store, graph, falls | gone, falls | weakened, policy)
    names = named(store, [*withdrawn, *authored, *along, *falls, *weakened, *suspect, *(s for r in ratings for s in (*r.lost, *r.kept))])
    aside = {*withdrawn, *authored, *along, *_references(graph), *_references(resting)}
    falls, weakened, suspect = (group - aside for group in (falls, weakened, suspect))
    groups = (frozenset(falls), frozenset(weakened), frozenset(suspect))
    return Impact(tuple(withdrawn), authored, along, *groups, ratings, policy, reading, names, truncated)


def single_points(store: Store, graph: Lineage, supported: Lineage | None = None) -> set[URIRef] | None:
    """Return each publication, study or finding with which alone one of the things asked about would lose all publications.

    A study takes its findings along and the publications that report no other study. Such a point lies on every way from the
    thing to a publication, so that those on one of its ways are tried. None where the lineage was cut: what is not seen may
    be other support. `supported` is `support(graph)`, where that is known.
    """
    if graph.graph["truncated"] or graph.graph["deeper"]:
        return None
    supported = support(graph) if supported is None else supported
    papers, along = publications(graph), _going_along(store, graph)
    kinds = papers | studies(graph) | {a for a, b in graph.edges if EV.findingOf in steps_of(graph, a, b)}
    found: set[URIRef] = set()
    for thing in graph.graph["things"]:
        way = _way_to(supported, thing, papers)
        tried = {study for study, gone in along.items() if gone & way} | (way & kinds)
        for point in tried - {thing}:
            left = supported.subgraph(set(supported) - {point} - along.get(point, set()))
            if not _way_to(left, thing, papers):
                found.add(point)
    return found


def _way_to(graph: nx.DiGraph[Any], thing: URIRef, ends: set[URIRef]) -> set[URIRef]:
    """Return what lies on a shortest way from a thing to one of `ends`, that end included; nothing where there is none."""
    before: dict[URIRef, URIRef] = {thing: thing} if thing in graph else {}
    for node, following in nx.bfs_edges(graph, thing) if before else ():
        before[following] = node
        if following in ends:
            way = {following}
            while (following := before[following]) != thing:
                way.add(following)
            return way
    return set()


def _going_along(store: Store, graph: Lineage) -> dict[URIRef, set[URIRef]]:
    """Return study -> what is withdrawn with it: its findings, and the publications that report no other study."""
    of_paper: dict[URIRef, set[URIRef]] = {}
    for study, paper in reports(store, "value", publications(graph), graph.graph["policy"]):
        of_paper.setdefault(paper, set()).add(study)
    gone: dict[URIRef, set[URIRef]] = {study: {study} for study in studies(graph)}
    for paper, reported in of_paper.items():
        if len(reported) == 1:
            gone.setdefault(min(reported), set()).add(paper)
    for thing, ground in graph.edges:
        if EV.findingOf in steps_of(graph, thing, ground):
            gone[ground].add(thing)
    return gone


def _reporting_only(store: Store, withdrawn: Sequence[URIRef], policy: Policy) -> tuple[URIRef, ...]:
    """Return the publications that report nothing but withdrawn studies."""
    papers = {paper for _, paper in reports(store, "thing", withdrawn, policy)} - set(withdrawn)
    others = {paper for study, paper in reports(store, "value", papers, policy) if study not in withdrawn}
    return tuple(sorted(papers - others))


def falls_without(graph: nx.DiGraph[Any], gone: set[Any], ends: Iterable[Any]) -> tuple[set[Any], set[Any]]:
    """Return what reaches an end only through `gone`, and what reaches one through it and otherwise as well.

    Edges point from what rests to what it rests on. What never reached an end has nothing to lose and is in neither.

    >>> graph = nx.DiGraph([("a", "p"), ("b", "p"), ("b", "q")])
    >>> falls_without(graph, {"p"}, ["p", "q"])
    ({'a'}, {'b'})
    """
    ends = set(ends) & set(graph)
    present = gone & set(graph)
    had = _ancestors(graph, ends)
    resting = (_ancestors(graph, present) - present) & had | (present - ends) & had
    standing = _ancestors(graph.subgraph(set(graph) - gone), ends - gone)
    return resting - standing, resting & standing


def _ancestors(graph: nx.DiGraph[Any], nodes: Iterable[Any]) -> set[Any]:
    """Return `nodes` and everything from which one of them can be reached."""
    seen, front = set(nodes), list(nodes)
    while front:
        for node in graph.predecessors(front.pop()):
            if node not in seen:
                seen.add(node)
                front.append(node)
    return seen


def _check_withdrawable(store: Store, things: Sequence[URIRef]) -> None:
    """Raise `BadParameter` for what cannot be withdrawn, `UnknownResource` for what no graph describes."""
    check_known(store, things)
    kinds = [EV.Publication, EV.Study, EV.Finding]
    known = {thing for thing, _ in of_classes(store, things, kinds)}
    known |= {as_iri(row["thing"]) for row in rows(store, "kinds", {"thing": list(things), "class": [PERSON]})}
    for thing in things:
        if thing not in known:
            raise BadParameter(f"<{thing}> cannot be withdrawn: it is no publication, study, finding or person.")


def _references(graph: Lineage) -> set[URIRef]:
    """Return printed references and lists of them: they lead to papers, and say nothing that could fall."""
    return {a for a, b in graph.edges if steps_of(graph, a, b) & {EV.refersTo, EV.includesReference}}


def _ratings(store: Store, graph: Lineage, lost: set[URIRef], touched: set[URIRef], policy: Policy) -> tuple[RatingTouched, ...]:
    bases: dict[URIRef, tuple[tuple[URIRef, ...], tuple[URIRef, ...]]] = {}
    for rating in sorted(touched & set(graph)):
        basis = sorted(b for b in graph.successors(rating) if EV.basedOn in steps_of(graph, rating, b))
        if basis:
            bases[rating] = (tuple(b for b in basis if b in lost), tuple(b for b in basis if b not in lost))
    held = conditions(store, bases, policy, touched)
    return tuple(RatingTouched(rating, *basis, tuple(held.get(rating, ()))) for rating, basis in bases.items())
