"""How the cost of an answer grows: lineage, impact and independence of one thing on made-up bases of growing size.

    python bench/scale.py [STATEMENTS ...]

The bases are made like real ones: a trial has one to four papers, a finding is of one trial and half of them name their paper,
claims crowd on few trials (a power law), some cite nothing, and clinics restate them. Each figure is the median of 30 things
drawn at random; beside it stand the nodes of the answer, since an answer may cost what it is large and no more.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import pyoxigraph as ox
from rdflib import URIRef

from wherefrom import lineage
from wherefrom.load import engine_term, read_knowledge_base
from wherefrom.resources import example
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV, ONTOLOGY

ID = "https://example.org/id/"
A = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
LABEL = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
THINGS = 30


def term(name: str) -> ox.NamedNode:
    return ox.NamedNode(str(EV[name]))


def thing(kind: str, number: int) -> ox.NamedNode:
    return ox.NamedNode(f"{ID}{kind}/{number}")


def made_up(statements: int, seed: int = 7) -> Iterator[ox.Quad]:
    """Yield about that many statements."""
    chance = random.Random(seed)
    studies = max(20, statements // 100)
    for number in range(studies):
        graph = thing("edition", number % 50)
        yield from described("study", number, "Study", graph)
        for paper in range(chance.choice((1, 1, 2, 4))):
            publication = thing("publication", 4 * number + paper)
            yield from described("publication", 4 * number + paper, "Publication", graph)
            yield ox.Quad(thing("study", number), term("reportedIn"), publication, graph)
    written = claim = 0
    while written < statements - 10 * studies:
        study = min(int(chance.paretovariate(0.7)) - 1, studies - 1)
        graph = thing("edition", chance.randrange(50))
        rows = list(claimed(claim, study, graph, chance))
        yield from rows
        written += len(rows)
        claim += 1


def described(kind: str, number: int, name: str, graph: ox.NamedNode) -> Iterator[ox.Quad]:
    yield ox.Quad(thing(kind, number), A, term(name), graph)
    yield ox.Quad(thing(kind, number), LABEL, ox.Literal(f"{kind} {number}", language="en"), graph)


def claimed(number: int, study: int, graph: ox.NamedNode, chance: random.Random) -> Iterator[ox.Quad]:
    yield from described("claim", number, "Claim", graph)
    claim, finding = thing("claim", number), thing("finding", number)
    yield ox.Quad(claim, term("claimedBy"), thing("source", number % 50), graph)
    if chance.random() < 0.3:
        return
    yield from described("finding", number, "Finding", graph)
    yield ox.Quad(claim, term("restsOn"), finding, graph)
    yield ox.Quad(finding, term("findingOf"), thing("study", study), graph)
    if chance.random() < 0.5:
        yield ox.Quad(finding, term("publishedIn"), thing("publication", 4 * study), graph)


def measured(run: Callable[[URIRef], int], things: list[URIRef]) -> str:
    """Return the median milliseconds of `run` over things, and the median and largest size of its answers."""
    times, sizes = [], []
    for one in things:
        start = time.perf_counter()
        sizes.append(run(one))
        times.append((time.perf_counter() - start) * 1000)
    return f"{statistics.median(times):.1f} ms, {statistics.median(sizes):.0f} nodes (at most {max(times):.0f} ms, {max(sizes)} nodes)"


def measure(store: EmbeddedStore, drawn: dict[str, list[URIRef]]) -> None:
    """Print the figures of one base."""
    chance = random.Random(1)
    claims, papers = (chance.sample(drawn[kind], THINGS) for kind in ("claim", "publication"))
    print("  lineage of a claim:", measured(lambda one: len(lineage.lineage(store, [one], "grounds")), claims))
    print("  impact of a paper:", measured(lambda one: len(lineage.impact(store, [one]).names), papers))
    print("  independence of a claim:", measured(lambda one: len(lineage.independence(store, one).names), claims), flush=True)


def main(sizes: list[int]) -> None:
    """Print the figures of a base of each size."""
    ontology = [quad for quad in read_knowledge_base(example()).quads() if quad.graph_name == engine_term(ONTOLOGY)]
    for size in sizes:
        quads = [*ontology, *made_up(size)]
        start = time.perf_counter()
        store = EmbeddedStore.of(quads)
        loading = time.perf_counter() - start
        drawn: dict[str, list[URIRef]] = {"claim": [], "publication": []}
        for quad in quads:
            if quad.predicate == A and (kind := quad.subject.value.split("/")[-2]) in drawn:
                drawn[kind].append(URIRef(quad.subject.value))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"{len(quads):,} statements, loaded in {loading:.1f} s, {memory:,.0f} MB in all")
        measure(store, drawn)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
