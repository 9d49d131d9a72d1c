"""Rows -> directed graph -> what rests on what, and what falls without it.

Edges point from what rests to what it rests on: claim -> finding -> study -> publication. A graph is expanded from the
thing asked about, in batches, so that an answer costs what it is large, whatever the size of the base.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import networkx as nx
from rdflib import RDF, SKOS, URIRef
from rdflib.term import Identifier

from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.query import rows
from wherefrom.store import Bindings, Store
from wherefrom.vocabulary import EV

Direction = Literal["grounds", "consequences", "both"]
Policy = Literal["stated", "inferred"]
Lineage: TypeAlias = "nx.DiGraph[URIRef]"

DIRECTIONS: tuple[str, ...] = get_args(Direction)
POLICIES: tuple[str, ...] = get_args(Policy)
SAID_BY = (EV.claimedBy, EV.ratedBy, EV.statedBy)
NODES = 5_000  # where an expansion stops and says so


@dataclass(frozen=True)
class Passage:
    """A place in an edition: its snapshot, code points from `start` (inclusive) to `end` (exclusive), lines from 1."""

    iri: URIRef
    snapshot: URIRef
    edition: URIRef
    start: int
    end: int
    first_line: int | None = None
    last_line: int | None = None


@dataclass(frozen=True)
class Line:
    """One independent line of evidence: studies that share their sample, their papers, and the claims that rest on it."""

    studies: tuple[URIRef, ...]
    publications: tuple[URIRef, ...]
    companions: tuple[URIRef, ...]
    claims: tuple[URIRef, ...]


@dataclass(frozen=True)
class Independence:
    """The independent lines behind claims; `without_finding` are studies that claims name and no finding shows.

    `spoken_of` tells that the claims are those that speak of the thing asked about; otherwise `claims` is that thing itself.
    """

    claims: tuple[URIRef, ...]
    lines: tuple[Line, ...]
    unsupported: tuple[URIRef, ...]
    without_finding: tuple[URIRef, ...]
    policy: Policy
    names: Lineage
    spoken_of: bool
    truncated: bool = False


@dataclass(frozen=True)
class RatingTouched:
    """A rating and the part of its basis that is lost. What it would be rated now is for its source to say."""

    rating: URIRef
    lost: tuple[URIRef, ...]
    kept: tuple[URIRef, ...]


@dataclass(frozen=True)
class Impact:
    """What a withdrawal does: `falls` loses all support, `weakened` some, `suspect` rests on the same trial otherwise."""

    withdrawn: tuple[URIRef, ...]
    along: tuple[URIRef, ...]
    falls: frozenset[URIRef]
    weakened: frozenset[URIRef]
    suspect: frozenset[URIRef]
    ratings: tuple[RatingTouched, ...]
    policy: Policy
    names: Lineage = field(compare=False)
    truncated: bool = False


def lineage(
    store: Store,
    things: Sequence[URIRef],
    direction: Direction = "both",
    policy: Policy = "stated",
    nodes: int = NODES,
    depth: int | None = None,
) -> Lineage:
    """Return what `things` rest on (`grounds`), what rests on them (`consequences`), or both, at any depth or `depth` steps.

    Each edge has `statements`: a list of (step, graph, basis) with basis `stated` or `inferred`; under the policy
    `stated` the edges of curation graphs are left out. `graph.graph["truncated"]` tells whether more than `nodes` nodes
    would have followed, `"deeper"` whether steps follow beyond `depth`.
    Raises `UnknownResource` for a thing that no graph describes, `BadParameter` for a wrong word or depth.
    """
    _check("direction", direction, DIRECTIONS)
    _check("policy", policy, POLICIES)
    if depth is not None and depth < 0:
        raise BadParameter(f"depth is a number of steps, 0 or more, not {depth}.")
    check_known(store, things)
    curated = curation_graphs(store)
    graph: Lineage = nx.DiGraph(policy=policy, things=tuple(things), truncated=False, deeper=False)
    graph.add_nodes_from(things)
    ways = {"grounds": ["thing"], "consequences": ["ground"], "both": ["thing", "ground"]}[direction]
    for way in ways:
        _expand(store, graph, things, way, curated, policy, nodes, depth)
    return mark(store, graph)


def as_of(store: Store, graph: Lineage, year: int) -> Lineage:
    """Return the part of a lineage that was there by the end of a year.

    Publications published later go, and what editions state that were issued later, but for the editions that state the
    grounds of the things asked about; then what the things no longer reach. What has no date stays:
    `graph.graph["undated"]` holds those publications and editions.
    """
    graphs = {URIRef(source) for a, b in graph.edges for _, source, _ in graph.edges[a, b]["statements"]}
    dated: dict[URIRef, int] = {}
    for row in rows(store, "years", {"thing": sorted({*graph, *graphs})}):
        if row["property"] != EV.lastReviewed:
            dated[URIRef(row["thing"])] = int(str(row["year"])[:4])
    asked = [edge for thing in graph.graph["things"] for edge in graph.out_edges(thing)]
    own = {source for edge in asked for _, source, _ in graph.edges[edge]["statements"]}
    late = {thing for thing, when in dated.items() if when > year} - own
    kept: Lineage = nx.DiGraph(**graph.graph)
    kept.add_nodes_from(graph.graph["things"])
    for a, b in graph.edges:
        statements = [said for said in graph.edges[a, b]["statements"] if said[1] not in late]
        if statements and a not in late and b not in late:
            kept.add_edge(a, b, statements=statements)
    things = set(graph.graph["things"])
    reached = things.union(*(nx.descendants(kept, thing) | nx.ancestors(kept, thing) for thing in things))
    kept.remove_nodes_from(set(kept) - reached)
    curated = curation_graphs(store)
    bare = (publications(kept) & set(kept)) | {source for source in graphs if source not in curated}
    kept.graph.update(as_of=year, undated=sorted(bare - dated.keys()))
    for kind in ("studies", "publications"):
        kept.graph[kind] = graph.graph.get(kind, set()) & set(kept)
    return kept


def curation_graphs(store: Store) -> frozenset[Identifier]:
    """Return the graphs that hold what curators inferred."""
    return frozenset(row["graph"] for row in rows(store, "curation_graphs"))


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadParameter(f"{name} is one of {', '.join(allowed)}, not {value!r}.")


def check_known(store: Store, things: Iterable[URIRef]) -> None:
    """Raise `UnknownResource` for a thing that no graph describes."""
    known = {row["thing"] for row in rows(store, "descriptions", {"thing": list(things)})}
    for thing in things:
        if thing not in known:
            raise UnknownResource(f"<{thing}>")


def _expand(
    store: Store,
    graph: Lineage,
    things: Iterable[URIRef],
    way: str,
    curated: frozenset[Identifier],
    policy: Policy,
    nodes: int,
    depth: int | None,
) -> None:
    other = "ground" if way == "thing" else "thing"
    seen: set[Identifier] = set(things)
    front = sorted(seen)
    taken = 0
    while front and not graph.graph["truncated"]:
        if taken == depth:
            graph.graph["deeper"] |= any(True for _ in rows(store, "grounds", {way: front}))
            return
        taken += 1
        reached: set[Identifier] = set()
        for row in rows(store, "grounds", {way: front}):
            basis = "inferred" if row["graph"] in curated else "stated"
            if basis == "inferred" and policy == "stated":
                continue
            if row[other] not in seen and row[other] not in reached:
                if len(seen) + len(reached) >= nodes:
                    graph.graph["truncated"] = True
                    break
                reached.add(row[other])
            _add_statement(graph, row["thing"], row["ground"], (row["step"], row["graph"], basis))
        front = sorted(reached)
        seen |= reached


def _add_statement(graph: Lineage, thing: Any, ground: Any, statement: tuple[Any, Any, str]) -> None:
    if not graph.has_edge(thing, ground):
        graph.add_edge(thing, ground, statements=[])
    statements = graph.edges[thing, ground]["statements"]
    if statement not in statements:
        statements.append(statement)
        statements.sort()


def steps_of(graph: Lineage, thing: URIRef, ground: URIRef) -> set[URIRef]:
    """Return the properties by which `thing` rests on `ground`."""
    return {step for step, _, _ in graph.edges[thing, ground]["statements"]}


def describe(store: Store, graph: Lineage, *, places: bool = True) -> Lineage:
    """Give each node its `label`, `classes`, `sources` and, with `places`, `passages` (graph -> passages); return the graph."""
    for _, data in graph.nodes(data=True):
        data.update(label=None, classes=set(), sources=set(), passages={})
    for row in rows(store, "descriptions", {"thing": list(graph)}):
        data = graph.nodes[URIRef(row["thing"])]
        if row["property"] == RDF.type:
            data["classes"].add(row["value"])
        elif row["property"] == SKOS.prefLabel:
            label = str(row["value"])
            data["label"] = min(data["label"] or label, label)
        elif row["property"] in SAID_BY:
            data["sources"].add(row["value"])
    for thing, found in (passages(store, list(graph)) if places else {}).items():
        graph.nodes[thing]["passages"] = found
    return graph


def passages(store: Store, things: Sequence[URIRef]) -> dict[URIRef, dict[URIRef, list[Passage]]]:
    """Return where each thing is stated: thing -> graph -> passages in the order of the document."""
    found = list(rows(store, "passages", {"thing": list(things)}))
    lines: dict[tuple[Identifier, Identifier], int] = {}
    for row in rows(store, "lines", {"passage": sorted({row["passage"] for row in found})}):
        lines[row["passage"], row["property"]] = int(row["value"])
    places: dict[URIRef, dict[URIRef, list[Passage]]] = {}
    for row in found:
        iri = URIRef(row["passage"])
        first, last = lines.get((iri, EV.startLine)), lines.get((iri, EV.endLine))
        passage = Passage(iri, URIRef(row["snapshot"]), URIRef(row["edition"]), int(row["start"]), int(row["end"]), first, last)
        places.setdefault(URIRef(row["thing"]), {}).setdefault(URIRef(row["graph"]), []).append(passage)
    for by_graph in places.values():
        for row_passages in by_graph.values():
            row_passages.sort(key=lambda p: (p.snapshot, p.start, p.end))
    return places


def support(graph: Lineage) -> Lineage:
    """Return the lineage without the edges that only lead to companion papers.

    A finding that names the publication that prints it is supported by that one, not by the other reports of its study:
    the edge from finding to study is left out there. Its study stays reachable in the full lineage. In the same way a claim
    for which curators found its own ground is supported by that, not by the whole reference list of its page.
    """
    kept: Lineage = nx.DiGraph(graph.edges)
    kept.add_nodes_from(graph)
    kept.remove_edges_from(coarse(graph))
    for finding in {a for a, b in graph.edges if EV.publishedIn in steps_of(graph, a, b)}:
        kept.remove_edges_from([(finding, b) for b in graph[finding] if steps_of(graph, finding, b) == {EV.findingOf}])
    return kept


def coarse(graph: Lineage) -> list[tuple[URIRef, URIRef]]:
    """Return the edges to a reference list that curators made finer: they inferred which ground the thing has of its own.

    A source that states both a list and a study rests on both.
    """
    lists = {a for a, b in graph.edges if EV.includesReference in steps_of(graph, a, b)}
    inferred = {a for a, b in graph.edges if {basis for _, _, basis in graph.edges[a, b]["statements"]} == {"inferred"}}
    return [(thing, ground) for thing, ground in graph.edges if ground in lists and thing in inferred]


def mark(store: Store, graph: Lineage) -> Lineage:
    """Note which nodes are studies and publications (`graph.graph["studies"]`, `["publications"]`); return the graph.

    The steps do not tell of a study or publication that a claim rests on directly.
    """
    found: dict[Identifier, set[URIRef]] = {EV.Study: set(), EV.Publication: set()}
    for row in rows(store, "kinds", {"thing": sorted(graph), "class": sorted(found)}) if graph else ():
        found[row["class"]].add(URIRef(row["thing"]))
    graph.graph.update(studies=found[EV.Study], publications=found[EV.Publication])
    return graph


def publications(graph: Lineage) -> set[URIRef]:
    """Return the nodes that are publications: those at which a reporting, publishing or referring step ends, or marked so."""
    ends = {EV.reportedIn, EV.publishedIn, EV.refersTo}
    marked: set[URIRef] = graph.graph.get("publications", set())
    return marked | {b for a, b in graph.edges if steps_of(graph, a, b) & ends}


def studies(graph: Lineage) -> set[URIRef]:
    """Return the nodes that are studies: those that findings are of, that are reported somewhere, or marked so."""
    marked: set[URIRef] = graph.graph.get("studies", set())
    of_findings = {b for a, b in graph.edges if EV.findingOf in steps_of(graph, a, b)}
    return marked | of_findings | {a for a, b in graph.edges if EV.reportedIn in steps_of(graph, a, b)}


def supporting(graph: Lineage, thing: URIRef) -> set[URIRef]:
    """Return the publications that support `thing`, companion papers left out.

    >>> S, R = (EV.restsOn, "g", "stated"), (EV.reportedIn, "g", "stated")
    >>> g = nx.DiGraph(); g.add_edge("claim", "trial", statements=[S]); g.add_edge("trial", "paper", statements=[R])
    >>> supporting(g, "claim")
    {'paper'}
    """
    return nx.descendants(support(graph), thing) & publications(graph)


def impact(store: Store, withdrawn: Sequence[URIRef], policy: Policy = "stated", nodes: int = NODES) -> Impact:
    """Return what falls, is weakened or becomes suspect when publications or studies are withdrawn.

    One path that avoids what is withdrawn is enough for a thing to stand (support by alternatives).
    Where a study is withdrawn, its findings are withdrawn with it, and the publications that report no other study (`along`).
    `truncated` tells that more than `nodes` nodes would
    have followed, so that other support may not have been seen.
    """
    along = _reporting_only(store, withdrawn, policy)
    gone = {*withdrawn, *along}
    above = lineage(store, sorted(gone), "consequences", policy, nodes)
    graph = lineage(store, sorted(set(above) | gone), "grounds", policy, 2 * nodes)
    shared = sharing(store, studies(graph) | set(withdrawn), policy)
    gone |= {a for a, b in graph.edges if b in gone and EV.findingOf in steps_of(graph, a, b)}
    falls, weakened = falls_without(support(graph), gone, publications(graph))
    touched = {study for study in studies(graph) if study in gone or gone & set(graph.successors(study))}
    touched = set().union(*(nx.node_connected_component(shared, study) for study in touched))
    resting = lineage(store, sorted(touched), "consequences", policy, nodes)
    suspect = set(resting) - falls - weakened - gone
    truncated = any(part.graph["truncated"] for part in (above, graph, resting))
    ratings = _ratings(graph, falls | gone, falls | weakened)
    names = named(store, [*withdrawn, *along, *falls, *weakened, *suspect, *(s for r in ratings for s in (*r.lost, *r.kept))])
    groups = (frozenset(falls), frozenset(weakened), frozenset(suspect))
    return Impact(tuple(withdrawn), along, *groups, ratings, policy, names, truncated)


def _reporting_only(store: Store, withdrawn: Sequence[URIRef], policy: Policy) -> tuple[URIRef, ...]:
    """Return the publications that report nothing but withdrawn studies."""
    papers = {paper for _, paper in reports(store, "thing", withdrawn, policy)} - set(withdrawn)
    others = {paper for study, paper in reports(store, "ground", papers, policy) if study not in withdrawn}
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


def _ratings(graph: Lineage, lost: set[URIRef], touched: set[URIRef]) -> tuple[RatingTouched, ...]:
    found = []
    for rating in sorted(touched):
        basis = [b for b in graph.successors(rating) if EV.basedOn in steps_of(graph, rating, b)] if rating in graph else []
        if basis:
            gone = tuple(sorted(b for b in basis if b in lost))
            found.append(RatingTouched(rating, gone, tuple(sorted(b for b in basis if b not in lost))))
    return tuple(found)


def named(store: Store, things: Iterable[URIRef]) -> Lineage:
    """Return a graph of things without edges, each with its label, classes and sources (see `describe`)."""
    graph: Lineage = nx.DiGraph()
    graph.add_nodes_from(things)
    return describe(store, graph, places=False)


def sharing(store: Store, found: Iterable[URIRef], policy: Policy) -> nx.Graph[URIRef]:
    """Return the undirected graph of studies that share their sample with one of `found`, at any remove."""
    curated = curation_graphs(store)
    graph: nx.Graph[URIRef] = nx.Graph()
    graph.add_nodes_from(found)
    front, seen = sorted(graph), set(graph)
    while front:
        for row in rows(store, "shared_samples", {"study": front}):
            if policy == "inferred" or row["graph"] not in curated:
                graph.add_edge(URIRef(row["study"]), URIRef(row["other"]))
        front = sorted(set(graph) - seen)
        seen |= set(front)
    return graph


def independence(store: Store, thing: URIRef, policy: Policy = "stated", nodes: int = NODES) -> Independence:
    """Return the independent lines behind a claim, finding or rating, or behind the claims that speak of a thing.

    A proposition, an intervention or an outcome is spoken of. For an outcome, narrower ones are taken with it, and only
    studies with a finding on it count; a study that a claim names without one is told apart.
    """
    _check("policy", policy, POLICIES)
    check_known(store, [thing])
    if any(rows(store, "kinds", {"thing": [thing], "class": [EV.Outcome]})):
        return _on_outcome(store, {"outcome": [thing]}, thing, policy, nodes)
    speaking = sorted({URIRef(row["claim"]) for row in rows(store, "claims_of", {"thing": [thing]})})
    return _lines(store, speaking or [thing], policy, None, nodes, spoken_of=bool(speaking))


def independence_on(store: Store, intervention: URIRef, outcome: URIRef, policy: Policy = "stated", nodes: int = NODES) -> Independence:
    """Return the independent lines behind the claims that speak of that intervention and that outcome (or a narrower one).

    Only studies with a finding on the outcome count; a study that a claim names without one is told apart.
    """
    _check("policy", policy, POLICIES)
    check_known(store, [intervention, outcome])
    return _on_outcome(store, {"intervention": [intervention], "outcome": [outcome]}, outcome, policy, nodes)


def _on_outcome(store: Store, bindings: Bindings, outcome: URIRef, policy: Policy, nodes: int) -> Independence:
    claims = sorted({URIRef(row["claim"]) for row in rows(store, "claims_on", bindings)})
    shown = {URIRef(row["study"]) for row in rows(store, "studies_with_findings", {"outcome": [outcome]})}
    return _lines(store, claims, policy, shown, nodes, spoken_of=True)


def studies_reached(store: Store, graph: Lineage, things: Iterable[URIRef], policy: Policy) -> dict[URIRef, set[URIRef]]:
    """Return the studies behind `things`, each with those that reach it: by a step, or by a publication that reports it.

    A page that rests on a list of references rests on the studies that these report. A companion paper leads to nothing.
    """
    supported = support(graph)
    papers = publications(graph)
    reported: dict[URIRef, set[URIRef]] = {}
    for study, paper in reports(store, "ground", papers, policy):
        reported.setdefault(paper, set()).add(study)
    found: dict[URIRef, set[URIRef]] = {}
    for thing in things:
        below = nx.descendants(graph, thing) | {thing}
        used = (nx.descendants(supported, thing) | {thing}) & papers
        for study in (below & studies(graph)).union(*(reported.get(paper, set()) for paper in used)):
            found.setdefault(study, set()).add(thing)
    return found


def reports(store: Store, column: str, values: Iterable[URIRef], policy: Policy) -> set[tuple[URIRef, URIRef]]:
    """Return (study, publication) for each study that a publication reports; `column` is `thing` (study) or `ground` (paper)."""
    wanted = sorted(values)
    curated = curation_graphs(store)
    return {
        (URIRef(row["thing"]), URIRef(row["ground"]))
        for row in (rows(store, "grounds", {column: wanted, "step": [EV.reportedIn]}) if wanted else ())
        if policy == "inferred" or row["graph"] not in curated
    }


def _lines(
    store: Store, claims: Sequence[URIRef], policy: Policy, shown: set[URIRef] | None, nodes: int, *, spoken_of: bool
) -> Independence:
    """Group the studies behind `claims` into lines: components under shared samples (Cochrane Handbook 7.2.1)."""
    graph: Lineage = lineage(store, claims, "grounds", policy, nodes) if claims else nx.DiGraph()
    reached = studies_reached(store, graph, claims, policy)
    counted = set(reached) if shown is None else reached.keys() & shown
    supported = support(graph)
    of_study: dict[URIRef, set[URIRef]] = {}
    for study, paper in reports(store, "thing", counted, policy):
        of_study.setdefault(study, set()).add(paper)
    lines = []
    for component in nx.connected_components(sharing(store, counted, policy)):
        members = sorted(component & counted)
        resting = set().union(*(reached[study] for study in members))
        papers = set().union(*(of_study.get(study, set()) for study in members))
        used = {paper for claim in resting for paper in nx.descendants(supported, claim)} & papers
        lines.append(Line(tuple(members), tuple(sorted(used)), tuple(sorted(papers - used)), tuple(sorted(resting))))
    lines.sort(key=lambda line: (-len(line.claims), line.studies))
    bare = tuple(claim for claim in claims if not nx.descendants(graph, claim))
    without = tuple(sorted(reached.keys() - counted))
    mentioned = [*claims, *graph, *reached, *(paper for line in lines for paper in line.companions)]
    truncated = bool(graph.graph.get("truncated"))
    return Independence(tuple(claims), tuple(lines), bare, without, policy, named(store, mentioned), spoken_of, truncated)


def kind_of(iri: str, base: str) -> str:
    """Return the kind of a thing, as in its address: `claim` for `{base}id/claim/x`; nothing for what is not ours."""
    start = f"{base}id/"
    return iri[len(start) :].partition("/")[0] if iri.startswith(start) and "/" in iri[len(start) :] else ""
