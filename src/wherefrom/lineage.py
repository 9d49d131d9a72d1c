"""Rows -> directed graph -> what rests on what, and what falls without it.

Edges point from what rests to what it rests on: claim -> finding -> study -> publication. A graph is expanded from the
thing asked about, in batches, so that an answer costs what it is large, whatever the size of the base.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import networkx as nx
from rdflib import RDF, SKOS, Namespace, URIRef
from rdflib.term import Identifier

from wherefrom.hierarchy import steps as steps_of_support
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.query import as_iri, once, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, PREFIXES

COMPUTED = (EV.speaksIn, EV.states)  # steps that no triple states: they follow from the graph that holds a claim
Direction = Literal["grounds", "consequences", "both"]
Policy = Literal["stated", "inferred"]
Lineage: TypeAlias = "nx.DiGraph[URIRef]"

DIRECTIONS: tuple[str, ...] = get_args(Direction)
POLICIES: tuple[Policy, ...] = get_args(Policy)
SAID_BY = (EV.claimedBy, EV.ratedBy, EV.statedBy)
NODES = 5_000  # where an expansion stops and says so
FRBR = Namespace(PREFIXES["frbr"])


# The steps of the ways, each from what rests to what it rests on: those that a question of their own gives, with the name of
# the step where the question gives none, and those that are one property in the data, with whether the data write them inversely.
# The ways of support are of the second kind too; the ontology has them (`hierarchy.steps`).
ASKED: dict[str, tuple[str, URIRef | None]] = {
    "speakers": ("sources", EV.speaksIn),
    "utterances": ("sources", EV.states),
    "citations": ("citations", None),
    "direct_citations": ("citations", None),
}
WRITTEN: dict[URIRef, tuple[str, bool]] = {
    FRBR.realization: ("sources", False),
    EV.expresses: ("propositions", True),
    EV.cause: ("theory", False),
    EV.effect: ("theory", True),
}
WAYS = ("support", "sources", "propositions", "theory", "citations")
SHOWN = ("support", "sources", "propositions", "theory")  # what the doors follow unless they are told otherwise
CREDITED = frozenset({"support", "sources", "propositions"})  # who is cited, or what a theory has before it, supports nothing


class Step(NamedTuple):
    """One statement behind an edge: the property, the graph, `stated`, `inferred` or `computed`, its way, and how it is written.

    `inverse`: the data have the triple the other way round (a claim expresses a proposition, which rests on the claim).
    """

    step: URIRef
    graph: URIRef
    basis: str
    way: str = "support"
    inverse: bool = False


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


def lineage(
    store: Store,
    things: Sequence[URIRef],
    direction: Direction = "both",
    policy: Policy = "stated",
    nodes: int = NODES,
    depth: int | None = None,
    follow: Sequence[str] = ("support",),
) -> Lineage:
    """Return what `things` rest on (`grounds`), what rests on them (`consequences`), or both, at any depth or `depth` steps.

    Each edge has `statements`: a list of `Step`; under the policy `stated` those of curation graphs are left out.
    `follow` names the ways that are gone: `support` from claim to publication, `sources` from source over document and
    edition to what it says, `propositions` from a meaning to the claims that express it, `theory` from a link of a theory of
    change to its cause and to the links that bring that about, `citations` from what cites to what is cited.
    `graph.graph["truncated"]` tells whether more than `nodes` nodes would have followed, `"deeper"` whether steps follow
    beyond `depth`.
    Raises `UnknownResource` for a thing that no graph describes, `BadParameter` for a wrong word or depth.
    """
    check_word("direction", direction, DIRECTIONS)
    check_word("policy", policy, POLICIES)
    for way in follow:
        check_word("follow", way, WAYS)
    if depth is not None and depth < 0:
        raise BadParameter(f"depth is a number of steps, 0 or more, not {depth}.")
    check_known(store, things)
    curated = curation_graphs(store)
    graph: Lineage = nx.DiGraph(
        policy=policy, things=tuple(things), direction=direction, follow=tuple(follow), truncated=False, deeper=False, narrowed=False
    )
    graph.add_nodes_from(things)
    for column in {"grounds": ["thing"], "consequences": ["ground"], "both": ["thing", "ground"]}[direction]:
        _expand(store, graph, column, curated, nodes, depth)
    for _, _, statements in edges(graph):
        statements.sort()
    return mark(store, graph)


@once
def curation_graphs(store: Store) -> frozenset[Identifier]:
    """Return the graphs that hold what curators inferred."""
    return frozenset(row["graph"] for row in rows(store, "curation_graphs"))


def check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise `BadParameter` for a word that a parameter cannot have."""
    if value not in allowed:
        raise BadParameter(f"{name} is one of {', '.join(allowed)}, not {value!r}.")


def check_known(store: Store, things: Iterable[URIRef]) -> None:
    """Raise `UnknownResource` for a thing that no graph describes."""
    known = {row["thing"] for row in rows(store, "descriptions", {"thing": list(things)})}
    for thing in things:
        if thing not in known:
            raise UnknownResource(f"<{thing}>")


def _expand(store: Store, graph: Lineage, column: str, curated: frozenset[Identifier], nodes: int, depth: int | None) -> None:
    """Add what follows from the things asked about, level by level; `column` is the side of a step that is known."""
    seen: set[URIRef] = set(graph.graph["things"])
    front = sorted(seen)
    taken = 0
    while front and not graph.graph["truncated"]:
        if taken == depth:
            graph.graph["deeper"] |= any(True for _ in _steps(store, graph, column, front, curated))
            return
        taken += 1
        reached: set[URIRef] = set()
        for thing, ground, step in _steps(store, graph, column, front, curated):
            following = ground if column == "thing" else thing
            if following not in seen and following not in reached:
                if len(seen) + len(reached) >= nodes:
                    graph.graph["truncated"] = True
                    break
                reached.add(following)
            _add_statement(graph, thing, ground, step)
        front = sorted(reached)
        seen |= reached


def _steps(
    store: Store, graph: Lineage, column: str, front: Sequence[URIRef], curated: frozenset[Identifier]
) -> Iterator[tuple[URIRef, URIRef, Step]]:
    """Yield (thing, ground, step) for each step of the ways of a lineage that begins (`thing`) or ends (`ground`) in `front`."""
    inferred_too = graph.graph["policy"] == "inferred"
    for thing, ground, step, source, way, inverse in _found(store, graph.graph["follow"], column, front):
        basis = "computed" if step in COMPUTED else "inferred" if source in curated else "stated"
        if basis != "inferred" or inferred_too:
            yield thing, ground, Step(step, source, basis, way, inverse)


def _found(store: Store, follow: Collection[str], column: str, front: Sequence[URIRef]) -> Iterator[tuple[Any, Any, Any, Any, str, bool]]:
    """Yield thing, ground, step, graph, way and orientation of each step, whatever its basis."""
    for question, (way, named_step) in ASKED.items():
        if way in follow:
            for row in rows(store, question, {column: front}):
                if not isinstance(row["ground"], URIRef):
                    continue
                yield row["thing"], row["ground"], named_step or row["step"], row["graph"], way, False
    steps = dict.fromkeys(sorted(steps_of_support(store)), ("support", False)) | WRITTEN
    for inverse in (False, True):
        properties = [step for step, (way, written) in steps.items() if way in follow and written == inverse]
        thing, ground = ("value", "thing") if inverse else ("thing", "value")
        known = {"thing": thing, "ground": ground}[column]
        for row in rows(store, "statements", {known: front, "property": properties}):
            if isinstance(row[thing], URIRef) and isinstance(row[ground], URIRef):
                step = as_iri(row["property"])
                yield row[thing], row[ground], step, row["graph"], steps[step][0], inverse


def _add_statement(graph: Lineage, thing: URIRef, ground: URIRef, step: Step) -> None:
    if not graph.has_edge(thing, ground):
        graph.add_edge(thing, ground, statements=[])
    statements = graph.edges[thing, ground]["statements"]
    if step not in statements:
        statements.append(step)


def edges(graph: Lineage) -> Iterator[tuple[URIRef, URIRef, list[Step]]]:
    """Yield each edge with what states it."""
    for thing, ground, data in graph.edges(data=True):
        yield thing, ground, data["statements"]


def steps_of(graph: Lineage, thing: URIRef, ground: URIRef) -> set[URIRef]:
    """Return the properties by which `thing` rests on `ground`."""
    return {said[0] for said in graph.edges[thing, ground]["statements"]}


def describe(store: Store, graph: Lineage, *, places: bool = True) -> Lineage:
    """Give each node its `label`, `classes`, `sources` and, with `places`, `passages` (graph -> passages); return the graph."""
    for _, data in graph.nodes(data=True):
        data.update(label=None, classes=set(), sources=set(), passages={})
    for row in rows(store, "descriptions", {"thing": list(graph)}):
        data = graph.nodes[as_iri(row["thing"])]
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
    for row in rows(store, "descriptions", {"thing": sorted({row["passage"] for row in found})}):
        if row["property"] in (EV.startLine, EV.endLine):
            lines[row["thing"], row["property"]] = int(row["value"])
    places: dict[URIRef, dict[URIRef, list[Passage]]] = {}
    for row in found:
        iri = as_iri(row["passage"])
        first, last = lines.get((iri, EV.startLine)), lines.get((iri, EV.endLine))
        passage = Passage(iri, as_iri(row["snapshot"]), as_iri(row["edition"]), int(row["start"]), int(row["end"]), first, last)
        places.setdefault(as_iri(row["thing"]), {}).setdefault(as_iri(row["graph"]), []).append(passage)
    for by_graph in places.values():
        for row_passages in by_graph.values():
            row_passages.sort(key=lambda p: (p.snapshot, p.start, p.end))
    return places


def _taking(graph: Lineage, *steps: URIRef) -> Iterator[tuple[URIRef, URIRef]]:
    """Yield the edges that have one of these steps."""
    wanted = set(steps)
    return ((a, b) for a, b, statements in edges(graph) if any(said[0] in wanted for said in statements))


def support(graph: Lineage) -> Lineage:
    """Return the lineage without the edges that only lead to companion papers.

    A finding that names the publication that prints it is supported by that one, not by the other reports of its study:
    the edge from finding to study is left out there. Its study stays reachable in the full lineage. In the same way a claim
    for which curators found its own ground is supported by that, not by the whole reference list of its page.
    """
    kept = credited(graph)
    kept.remove_edges_from(coarse(graph))
    only_of = {EV.findingOf}
    for finding in {a for a, _ in _taking(graph, EV.publishedIn)}:
        kept.remove_edges_from([(finding, b) for b in graph[finding] if steps_of(graph, finding, b) == only_of])
    return kept


def as_stated(graph: Lineage) -> Lineage:
    """Return a lineage without what curators inferred."""
    kept: Lineage = nx.DiGraph(**graph.graph)
    kept.add_nodes_from(graph)
    for thing, ground, statements in edges(graph):
        if said := [step for step in statements if step.basis != "inferred"]:
            kept.add_edge(thing, ground, statements=said)
    return kept


def credited(graph: Lineage) -> Lineage:
    """Return the lineage without the edges that support nothing: those of citations and of a theory of change."""
    kept: Lineage = nx.DiGraph()
    kept.add_nodes_from(graph)
    kept.add_edges_from((a, b) for a, b, statements in edges(graph) if any(_way(said) in CREDITED for said in statements))
    return kept


def _way(said: tuple[Any, ...]) -> str:
    return said.way if isinstance(said, Step) else "support"


def part(graph: Lineage, nodes: Collection[URIRef]) -> Lineage:
    """Return the graph of some nodes and the edges between them."""
    kept: Lineage = nx.DiGraph()
    kept.add_nodes_from(node for node in nodes if node in graph)
    kept.add_edges_from((a, b) for a, b in graph.edges if a in kept and b in kept)
    return kept


def coarse(graph: Lineage) -> list[tuple[URIRef, URIRef]]:
    """Return the edges to a reference list that curators made finer: they inferred which ground the thing has of its own.

    A source that states both a list and a study rests on both.
    """
    lists = {a for a, _ in _taking(graph, EV.includesReference)}
    inferred = {a for a, b in graph.edges if {said[2] for said in graph.edges[a, b]["statements"]} == {"inferred"}}
    return [(thing, ground) for thing, ground in graph.edges if ground in lists and thing in inferred]


def mark(store: Store, graph: Lineage) -> Lineage:
    """Note which nodes are studies and publications (`graph.graph["studies"]`, `["publications"]`); return the graph.

    The steps do not tell of a study or publication that a claim rests on directly.
    """
    found: dict[Identifier, set[URIRef]] = {EV.Study: set(), EV.Publication: set()}
    for row in rows(store, "descriptions", {"thing": sorted(graph)}):
        if row["property"] == RDF.type and row["value"] in found:
            found[row["value"]].add(as_iri(row["thing"]))
    graph.graph.update(studies=found[EV.Study], publications=found[EV.Publication])
    return graph


def publications(graph: Lineage) -> set[URIRef]:
    """Return the nodes that are publications: those at which a reporting, publishing or referring step ends, or marked so."""
    marked: set[URIRef] = graph.graph.get("publications", set())
    return marked | {b for _, b in _taking(graph, EV.reportedIn, EV.publishedIn, EV.refersTo)}


def reporting(graph: Lineage) -> set[URIRef]:
    """Return the publications that report a study of the lineage."""
    return {b for _, b in _taking(graph, EV.reportedIn)}


def studies(graph: Lineage) -> set[URIRef]:
    """Return the nodes that are studies: those that findings are of, that are reported somewhere, or marked so."""
    marked: set[URIRef] = graph.graph.get("studies", set())
    return marked | {b for _, b in _taking(graph, EV.findingOf)} | {a for a, _ in _taking(graph, EV.reportedIn)}


def supporting(graph: Lineage, thing: URIRef) -> set[URIRef]:
    """Return the publications that support `thing`, companion papers left out.

    >>> S, R = (EV.restsOn, "g", "stated"), (EV.reportedIn, "g", "stated")
    >>> g = nx.DiGraph(); g.add_edge("claim", "trial", statements=[S]); g.add_edge("trial", "paper", statements=[R])
    >>> supporting(g, "claim")
    {'paper'}
    """
    return nx.descendants(support(graph), thing) & publications(graph)


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
                graph.add_edge(as_iri(row["study"]), as_iri(row["other"]))
        front = sorted(set(graph) - seen)
        seen |= set(front)
    return graph


def studies_reached(
    store: Store, graph: Lineage, things: Iterable[URIRef], policy: Policy, supported: Lineage | None = None
) -> dict[URIRef, set[URIRef]]:
    """Return the studies behind `things`, each with those that reach it: by a step, or by a publication that reports it.

    A page that rests on a list of references rests on the studies that these report. A companion paper leads to nothing.
    `supported` is `support(graph)`, where that is known.
    """
    resting, papers, of_trials = credited(graph), publications(graph), studies(graph)
    telling = of_trials | {a for a, _ in _taking(graph, EV.findingOf)}
    whole = support(graph) if supported is None else supported
    cited = whole.subgraph(whole.nodes - telling)  # from what names papers and no study: a paper of a study tells of that study only
    reported: dict[URIRef, set[URIRef]] = {}
    for study, paper in reports(store, "value", papers, policy):
        reported.setdefault(paper, set()).add(study)
    found: dict[URIRef, set[URIRef]] = {}
    for thing in things:
        below = nx.descendants(resting, thing) | {thing}
        used = (nx.descendants(cited, thing) | {thing} if thing in cited else set()) & papers
        for study in (below & of_trials).union(*(reported.get(paper, set()) for paper in used)):
            found.setdefault(study, set()).add(thing)
    return found


def reports(store: Store, column: str, values: Iterable[URIRef], policy: Policy) -> set[tuple[URIRef, URIRef]]:
    """Return (study, publication) for each study that a publication reports; `column` is `thing` (study) or `value` (paper)."""
    curated = curation_graphs(store)
    return {
        (as_iri(row["thing"]), as_iri(row["value"]))
        for row in rows(store, "statements", {column: sorted(values), "property": [EV.reportedIn]})
        if policy == "inferred" or row["graph"] not in curated
    }


def kind_of(iri: str, base: str) -> str:
    """Return the kind of a thing, as in its address: `claim` for `{base}id/claim/x`; nothing for what is not ours."""
    start = f"{base}id/"
    return iri[len(start) :].partition("/")[0] if iri.startswith(start) and "/" in iri[len(start) :] else ""
