"""A citation network and its numbers as plain data, as the API sends it and `--json` prints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from typing import Any

import networkx as nx
from rdflib import URIRef

from wherefrom.citations.measures import ANY, Amplification, Cited, amplification, bias, citations, dead_end_citations, dead_ends, of_stance
from wherefrom.citations.network import SAID, Network, citation_network
from wherefrom.lineage import NODES, Lineage, Policy, check_word, kind_of, named
from wherefrom.narrowing import intents
from wherefrom.paths import cycles, ways_from
from wherefrom.store import Store
from wherefrom.vocabulary import shorten

Answer = dict[str, Any]
Ways = Mapping[URIRef, int | None]
PAIRS = 250_000  # papers, or claims, times data papers; where there are more, what lies between each two is not listed
UNBOUNDED = "there is a circle of citations on the way, so that the number of walks is unbounded"


def citations_answer(
    store: Store, base: str, thing: URIRef | None = None, policy: Policy = "stated", stance: str = "supporting", nodes: int = NODES
) -> Answer:
    """Return the citation network of a thing, or of the whole base, with its numbers and what they are made of.

    `stance` is a code of the scheme of stances or `any`: paths, amplification and dead-end citations count the citations of that
    stance only; bias counts all. Raises `BadParameter` for an unknown policy or stance, `UnknownResource` for an unknown thing.
    """
    check_word("stance", stance, (*sorted(intents(store)), ANY))
    network = citation_network(store, thing, policy, nodes)
    graph = of_stance(network.graph, stance)
    found = amplification(graph, network.data)
    dead = dead_ends(network.rests, network.holding)
    led = _led(graph, network, dead)
    names = named(store, {*graph, *dead})

    def short(things: Iterable[URIRef]) -> list[str]:
        return sorted(shorten(one, base) for one in things)

    return {
        "thing": None if thing is None else shorten(thing, base),
        "policy": policy,
        "stance": stance,
        "truncated": network.truncated,
        "reading": _reading(stance, network),
        "counts": _counts(network),
        "papers": list(_papers(network, graph, names, base)),
        "citations": [
            {
                "from": shorten(citing, base),
                "to": shorten(cited, base),
                "stances": sorted(stances),
                "intents": short(set().union(*network.graph.edges[citing, cited]["stances"].values())),
            }
            for citing, cited, stances in sorted(citations(network.graph), key=lambda edge: edge[:2])
        ],
        "paths": _paths(found),
        "pairs": _pairs(graph, network.data, base),
        "circles": [short(circle) for circle in cycles(graph)],
        "amplification": _amplification(found, short),
        "bias": _bias(bias(network.graph, {paper: about.says for paper, about in network.data.items()}), short),
        "deadEnds": {
            "resting": sum(bool(papers) for papers in network.rests.values()),
            "claims": [
                {**_thing(names, claim, base), "papers": short(network.rests[claim]), "leadTo": short(led[claim]) if claim in led else None}
                for claim in dead
            ],
            "citations": [
                {"from": shorten(citing, base), "to": shorten(cited, base)} for citing, cited in dead_end_citations(graph, network.data)
            ],
        },
    }


def _reading(stance: str, network: Network) -> list[str]:
    counted = "all citations" if stance == ANY else f"citations of the stance {stance}"
    retracted = len(network.retracted & network.data.keys())
    told = [
        f"Paths, amplification and dead-end citations count {counted}; a stance is that of the citing text towards the cited one.",
        "A paper holds data if it reports a study or prints a finding of one; what it says are the directions of the findings known "
        "to be printed in it, not what its authors conclude.",
        "Bias counts citations of any stance. No difference counts as critical, whatever was compared.",
        "The network holds what the knowledge base knows of, not all that was published.",
    ]
    if retracted:
        told.append(f"Of the papers with data {retracted} {'is' if retracted == 1 else 'are'} retracted, and counted as data all the same.")
    return told


def _thing(names: Lineage, thing: URIRef, base: str) -> Answer:
    name = shorten(thing, base)
    return {"id": name, "iri": str(thing), "kind": kind_of(thing, base), "label": names.nodes[thing]["label"] or name}


def _counts(network: Network) -> Answer:
    stances = Counter(stance for _, _, found in citations(network.graph) for stance in found)
    return {
        "papers": len(network.graph),
        "withData": len(network.data),
        "withoutData": len(network.graph) - len(network.data),
        "citations": network.graph.number_of_edges(),
        "byStance": dict(sorted(stances.items())),
    }


def _papers(network: Network, graph: nx.DiGraph[URIRef], names: Lineage, base: str) -> Iterable[Answer]:
    """Yield the papers, those with most authority first; those that a circle makes unbounded come before them.

    Authority is here the number of citation paths that end at a paper; another measure of a network would rank otherwise.
    `pathsThrough` are the paths to data that lead over the paper (in Greenberg's network 95 percent run through four reviews).
    """
    begins, to_data = ways_from(graph), ways_from(graph, network.data)
    arrive = ways_from(graph.reverse(copy=False))
    for paper in sorted(graph, key=lambda one: (arrive[one] is not None, -(arrive[one] or 0), one)):
        about = network.data.get(paper)
        yield {
            **_thing(names, paper, base),
            "data": about is not None,
            "retracted": paper in network.retracted,
            "says": about and about.says,
            "findings": [{"id": shorten(f, base), "direction": shorten(d, base)} for f, d in about.findings] if about else [],
            "cites": graph.out_degree(paper),
            "citedBy": graph.in_degree(paper),
            "authority": arrive[paper],
            "paths": begins[paper],
            "pathsToData": to_data[paper],
            "pathsThrough": _product(arrive[paper], to_data[paper]),
        }


def _product(one: int | None, other: int | None) -> int | None:
    if 0 in (one, other):
        return 0
    return None if one is None or other is None else one * other


def _paths(found: Amplification) -> Answer:
    unbounded = UNBOUNDED if None in (found.paths, found.paths_to_data) else None
    return {"number": found.paths, "toData": found.paths_to_data, "why": unbounded}


def _pairs(graph: nx.DiGraph[URIRef], data: Iterable[URIRef], base: str) -> list[Answer] | None:
    """Return the number of paths from each paper to each data paper; None where that would be too many numbers."""
    ends = sorted(paper for paper in data if graph.in_degree(paper))
    if len(ends) * len(graph) > PAIRS:
        return None
    found = []
    for end in ends:
        above = graph.subgraph(nx.ancestors(graph, end) | {end})
        ways: Ways = ways_from(above, {end})
        found += [{"from": shorten(paper, base), "to": shorten(end, base), "paths": ways[paper]} for paper in above if ways[paper] != 0]
    return sorted(found, key=lambda pair: (pair["to"], pair["from"]))


def _led(graph: nx.DiGraph[URIRef], network: Network, claims: Collection[URIRef]) -> dict[URIRef, set[URIRef]]:
    """Return the data papers to which the papers of each claim lead by citing: none of any where that would be too many to list.

    A claim that rests on a paper outside of the network is left out: to where that one leads was not read.
    """
    if len(claims) * len(network.data) > PAIRS:
        return {}
    return {
        claim: set().union(*(nx.descendants(graph, paper) for paper in network.rests[claim])) & network.data.keys()
        for claim in claims
        if network.rests[claim] <= graph.nodes
    }


def _amplification(found: Amplification, short: Callable[[Iterable[URIRef]], list[str]]) -> Answer:
    largest = sorted(found.measures.items(), key=lambda pair: (pair[1] is not None, -(pair[1] or 0), pair[0]))
    return {
        "citations": found.citations,
        "toData": found.to_data,
        "toPapersWithoutData": _share(found.citations - found.to_data, found.citations, "there are no citations"),
        "leading": _share(len(found.leading), len(found.citing), "no paper cites"),
        "dataReached": short(found.reached),
        "pathsPerDataPaper": _number(found.paths_per_data_paper, UNBOUNDED if found.reached else "no data paper is reached"),
        "density": _number(found.density, UNBOUNDED if found.papers else "there are no papers"),
        "measures": [{"id": short([paper])[0], "amplification": number} for paper, number in largest if number != 0],
    }


def _bias(found: Mapping[str, Cited], short: Callable[[Iterable[URIRef]], list[str]]) -> Answer:
    none = Cited(frozenset(), frozenset(), 0)
    compared = sum(found.get(said, none).citations for said in SAID[:2])
    told: Answer = {}
    for said in SAID:
        cited = found.get(said, none)
        told[said] = {
            "papers": short(cited.papers),
            "cited": short(cited.cited),
            "share": _share(len(cited.cited), len(cited.papers), f"no data paper of the network is {said}"),
            "citations": cited.citations,
        }
        if said in SAID[:2]:
            why = "no supportive or critical data paper is cited"
            told[said]["shareOfCitations"] = _share(cited.citations, compared, why)
    return told


def _share(part: int, whole: int, why: str) -> Answer:
    """Return a share with its numerator and denominator; `share` is None where it is undefined, and `why`."""
    return {"of": part, "outOf": whole, "share": part / whole if whole else None, "why": None if whole else why}


def _number(value: Fraction | None, why: str) -> Answer:
    """Return an exact fraction, and as a decimal number; None where it is undefined or too large for one, and `why`."""
    if value is None:
        return {"of": None, "outOf": None, "value": None, "why": why}
    try:
        decimal, told = float(value), None
    except OverflowError:
        decimal, told = None, "too large for a decimal number"
    return {"of": value.numerator, "outOf": value.denominator, "value": decimal, "why": told}
