"""Part of a lineage: as of a year, by source, by design, by stance of citations, by kind. What goes takes along what it alone led to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

import networkx as nx
from rdflib import SKOS, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import (
    NODES,
    SHOWN,
    Direction,
    Lineage,
    Policy,
    Step,
    curation_graphs,
    edges,
    kind_of,
    lineage,
    publications,
    reports,
    steps_of,
    studies,
)
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, SCHEMES, class_of

DESIGNS = URIRef(f"{SCHEMES}/design")
MAIN = (EV.SourcePublisher, EV.Rating, EV.Claim, EV.Finding, EV.Study, EV.Publication)  # who says what on the strength of what


def trace(
    store: Store,
    things: Sequence[URIRef],
    direction: Direction = "both",
    policy: Policy = "stated",
    *,
    nodes: int = NODES,
    depth: int | None = None,
    follow: Sequence[str] = SHOWN,
    year: int | None = None,
    sources: Collection[URIRef] = (),
    designs: Collection[str] = (),
    stances: Collection[str] = (),
) -> Lineage:
    """Return the lineage of things (see `lineage.lineage`), narrowed by all that is given; with stances, citations are followed."""
    if stances and "citations" not in follow:
        follow = (*follow, "citations")
    graph = lineage(store, things, direction, policy, nodes, depth, follow)
    if sources:
        graph = of_sources(store, graph, sources)
    if designs:
        graph = of_designs(store, graph, designs)
    if stances:
        graph = of_stances(store, graph, stances)
    return graph if year is None else as_of(store, graph, year)


def as_of(store: Store, graph: Lineage, year: int) -> Lineage:
    """Return the part of a lineage that was there by the end of a year.

    Publications published later go, and what editions state that were issued later; then what the things no longer reach.
    What an edition states of the support of a thing asked about is kept whatever its date, since the thing is its own: the
    question is then what of its grounds was there. What has no date stays: `graph.graph["undated"]` holds those publications
    and editions.
    """
    graphs = _graphs(graph)
    dated: dict[URIRef, int] = {}
    for row in rows(store, "years", {"thing": sorted({*graph, *graphs})}):
        if row["property"] != EV.lastReviewed:
            dated[as_iri(row["thing"])] = int(str(row["year"])[:4])
    late = {thing for thing, when in dated.items() if when > year}
    things = graph.graph["things"]
    own = {
        said.graph
        for thing in things
        for edge in graph.out_edges(thing)
        for said in graph.edges[edge]["statements"]
        if said.way == "support"
    }
    below = set(things).union(*(nx.descendants(graph, thing) for thing in things))
    kept = _reached(graph, late, lambda thing, said: said.graph not in late or (said.graph in own and thing in below))
    editions = {as_iri(row["thing"]) for row in rows(store, "kinds", {"thing": sorted(_graphs(kept)), "class": [EV.SourceEdition]})}
    bare = (publications(kept) & set(kept)) | editions
    kept.graph.update(as_of=year, undated=sorted(bare - dated.keys()))
    return kept


def of_sources(store: Store, graph: Lineage, sources: Collection[URIRef]) -> Lineage:
    """Return the part of a lineage that these sources state, with what no source states: bibliography, catalogue, curation.

    Raises `BadParameter` for what is no source.
    """
    known = {as_iri(row["thing"]) for row in rows(store, "kinds", {"thing": sorted(sources), "class": [EV.SourcePublisher]})}
    if unknown := set(sources) - known:
        raise BadParameter(f"{', '.join(sorted(unknown))} is no source; a source is, for example, source/foundations.")
    speakers: dict[URIRef, set[URIRef]] = {}
    for row in rows(store, "speakers", {"ground": sorted(_graphs(graph))}):
        speakers.setdefault(as_iri(row["ground"]), set()).add(as_iri(row["thing"]))
    theirs = {source for source, speaking in speakers.items() if not speaking & set(sources)}
    others = set().union(*speakers.values()) - set(sources)
    return _reached(graph, theirs | others, lambda _, said: said.graph not in theirs)


def of_designs(store: Store, graph: Lineage, designs: Collection[str]) -> Lineage:
    """Return the part of a lineage that leads over studies of these designs, named by the last part of their codes.

    A study has every design that some source states of it under the policy of the lineage. Findings of studies of other
    designs go with them, and publications that report no other study; `graph.graph["without_design"]` holds studies that
    went since none is stated.
    Raises `BadParameter` for a design that the scheme does not have.
    """
    scheme = {_last(row["thing"]) for row in rows(store, "statements", {"value": [DESIGNS], "property": [SKOS.inScheme]})}
    if unknown := set(designs) - scheme:
        raise BadParameter(f"{', '.join(sorted(unknown))} is no design; there are {', '.join(sorted(scheme))}.")
    policy, papers = graph.graph["policy"], publications(graph)
    reported = reports(store, "value", papers, policy)
    found = sorted(studies(graph) | {study for study, _ in reported})
    curated: frozenset[Identifier] = frozenset() if policy == "inferred" else curation_graphs(store)
    stated: dict[URIRef, set[str]] = {}
    for row in rows(store, "statements", {"thing": found, "property": [EV.design]}):
        if row["graph"] not in curated:
            stated.setdefault(as_iri(row["thing"]), set()).add(_last(row["value"]))
    wanted = {study for study in found if stated.get(study, set()) & set(designs)}
    other = set(found) - wanted
    papers_of_others = {paper for _, paper in reported} - {paper for study, paper in reported if study in wanted}
    findings = {a for a, b in graph.edges if b in other and EV.findingOf in steps_of(graph, a, b)}
    narrowed = _reached(graph, other | papers_of_others | findings)
    narrowed.graph["without_design"] = sorted(study for study in studies(graph) if study not in stated)
    return narrowed


def of_stances(store: Store, graph: Lineage, stances: Collection[str]) -> Lineage:
    """Return a lineage whose citations have one of these stances; what is no citation stays.

    A stance is a code of the scheme of stances, by its last part. Raises `BadParameter` for one that the scheme does not have.
    """
    under = intents(store)
    if unknown := set(stances) - under.keys():
        raise BadParameter(f"{', '.join(sorted(unknown))} is no stance; there are {', '.join(sorted(under))}.")
    wanted = set().union(*(under[stance] for stance in stances))
    return _reached(graph, set(), lambda _, said: said.way != "citations" or said.step in wanted)


def intents(store: Store) -> dict[str, set[URIRef]]:
    """Return each stance, by the last part of its code, with the properties of CiTO that fall under it."""
    found: dict[str, set[URIRef]] = {}
    for row in rows(store, "stances"):
        found.setdefault(_last(row["stance"]), set()).add(as_iri(row["intent"]))
    return found


def of_kinds(graph: Lineage, kinds: Collection[str], base: str) -> Lineage:
    """Return a lineage with only the things asked about and nodes of these kinds.

    Where nodes between two of them are left out, one edge joins the two: it has no statements, `through` is a shortest way
    between them, `basis` is `stated` where one way has no inferred step, and `way` that of all its steps, None where they
    differ. Raises `BadParameter` where no node is of a kind.
    """
    there = {kind_of(node, base) for node in graph}
    if unknown := set(kinds) - there:
        raise BadParameter(f"There is no {' or '.join(sorted(unknown))} in this lineage; there are {', '.join(sorted(there))}.")
    kept = {node for node in graph if kind_of(node, base) in kinds} | set(graph.graph["things"])
    shown: Lineage = nx.DiGraph(**graph.graph)
    shown.add_nodes_from((node, graph.nodes[node]) for node in sorted(kept))
    stated: Lineage = nx.DiGraph((a, b) for a, b, said in edges(graph) if any(step.basis != "inferred" for step in said))
    for node in sorted(kept):
        sure = _ways_over(stated, node, kept) if node in stated else {}
        for end, through in _ways_over(graph, node, kept).items():
            if graph.has_edge(node, end):
                shown.add_edge(node, end, **graph.edges[node, end])
            else:
                basis = "stated" if end in sure else "inferred"
                over = sure.get(end, through)
                shown.add_edge(node, end, statements=[], through=over, basis=basis, way=_way(graph, (node, *over, end)))
    return shown


def _way(graph: Lineage, nodes: Sequence[URIRef]) -> str | None:
    """Return the way that all steps from node to node are of, None where there are several."""
    ways = {step.way for pair in pairwise(nodes) for step in graph.edges[pair]["statements"]}
    return ways.pop() if len(ways) == 1 else None


def is_main(kind: str) -> bool:
    """Return whether things of a kind say something, or are what it rests on.

    >>> is_main("claim"), is_main("edition")
    (True, False)
    """
    return class_of(kind) in MAIN


def main_kinds(graph: Lineage, base: str) -> list[str]:
    """Return which kinds of a lineage a reader needs who sees it for the first time: those of `MAIN`, and those asked about.

    All kinds where nothing else of the lineage is of such a kind.
    """
    asked = {kind_of(thing, base) for thing in graph.graph["things"]}
    there = {kind_of(node, base) for node in graph}
    main = {kind for kind in there if is_main(kind)} | asked
    return sorted(main if any(kind_of(node, base) in main for node in graph if node not in graph.graph["things"]) else there)


def _ways_over(graph: nx.DiGraph[URIRef], start: URIRef, kept: Collection[URIRef]) -> dict[URIRef, tuple[URIRef, ...]]:
    """Return the kept nodes that can be reached from `start` over nodes that are not kept, each with those on a shortest way."""
    found: dict[URIRef, tuple[URIRef, ...]] = {}
    empty: tuple[URIRef, ...] = ()
    front, seen = deque([(start, empty)]), {start}
    while front:
        node, through = front.popleft()
        for following in sorted(graph.successors(node)):
            if following in seen:
                continue
            seen.add(following)
            if following in kept:
                found[following] = through
            else:
                front.append((following, (*through, following)))
    return found


def _reached(graph: Lineage, gone: Collection[URIRef], holds: Callable[[URIRef, Step], bool] = lambda *_: True) -> Lineage:
    """Return what the things asked about still reach, up or down, without the nodes `gone` and statements that do not hold.

    The things themselves stay, if alone.
    """
    things = set(graph.graph["things"])
    kept: Lineage = nx.DiGraph(**graph.graph | {"narrowed": True})
    kept.add_nodes_from(things)
    for a, b, said in edges(graph):
        if not {a, b} & set(gone) and (statements := [step for step in said if holds(a, step)]):
            kept.add_edge(a, b, statements=statements)
    reached = things.union(*(nx.descendants(kept, thing) | nx.ancestors(kept, thing) for thing in things))
    kept.remove_nodes_from(set(kept) - reached)
    for kind in ("studies", "publications"):
        kept.graph[kind] = graph.graph.get(kind, set()) & set(kept)
    return kept


def _graphs(graph: Lineage) -> set[URIRef]:
    return {said.graph for _, _, statements in edges(graph) for said in statements}


def _last(code: object) -> str:
    return str(code).rpartition("/")[2]
