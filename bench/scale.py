"""How cost grows: answers about one thing, and about a whole base, on made-up bases of growing size.

    python bench/scale.py [--disk] [STATEMENTS ...]

Each base (see `generator.py`) is made, loaded and asked in a process of its own: in memory, or with `--disk` in a store as
`wherefrom build` writes it. About one thing: the median of 30 drawn at random, with the size of the answers beside it, since
an answer may cost what it is large and no more. About everything: the time to build the arrays, the first answer from them and
the median of three more, beside the same question in SPARQL (`questions/*.rq`) on the same store, its rows written out by the
engine; at 10 million statements SPARQL is asked once. An answer of ours holds its first hundred records.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pyoxigraph as ox
from rdflib import URIRef

from generator import ID, Generator, made_up, name
from wherefrom import independence, lineage, withdrawal
from wherefrom.adjacency import Adjacency
from wherefrom.arrays import Arrays
from wherefrom.evidence_map import evidence_map
from wherefrom.keystones import keystones
from wherefrom.load import engine_term, read_knowledge_base, with_union
from wherefrom.overlap import overlap
from wherefrom.pages import kinds_of_things
from wherefrom.resources import example
from wherefrom.search import Index
from wherefrom.store import EmbeddedStore
from wherefrom.tallies import citation_closure, double_counted, most_cited, unsupported
from wherefrom.vocabulary import BORROWED, EV, ONTOLOGY

SIZES = ("10000", "1000000", "10000000")
THINGS, SHOWN = 30, 100
CLOSURE = 23_000  # nodes: the paper whose closure comes nearest is asked
ONCE_FROM = 5_000_000  # statements from which a question in SPARQL is asked once
MANY_DOCUMENTS = 3_000  # from which the overlap of all documents is left out: its answer has a record for each two


def memory() -> float:
    """Return the memory of this process now, in megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def ontology() -> Iterator[ox.Quad]:
    wanted = {engine_term(ONTOLOGY), engine_term(BORROWED)}
    return (quad for quad in read_knowledge_base(example()).quads() if quad.graph_name in wanted)


def load(size: int, folder: Path | None) -> EmbeddedStore:
    """Return a store of a made-up base; nothing of it is kept beside the store."""
    quads = made_up(size, ontology())
    if folder is None:
        return EmbeddedStore.of(quads)
    store = ox.Store(str(folder))
    store.bulk_extend(with_union(quads))
    store.flush()
    store.optimize()
    del store
    return EmbeddedStore.at(folder)


def taken(run: Callable[[], object]) -> float:
    """Return the milliseconds of one run."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def of_one(label: str, run: Callable[[URIRef], int], things: Sequence[URIRef]) -> None:
    """Print the median and largest time of `run` over things, with the sizes of its answers."""
    sizes: list[int] = []
    times = [taken(lambda one=one: sizes.append(run(one))) for one in things]  # type: ignore[misc]
    print(f"| {label} | {statistics.median(times):.1f} | {max(times):.0f} | {statistics.median(sizes):.0f} | {max(sizes)} |", flush=True)


def about_one_thing(store: EmbeddedStore, base: Generator) -> None:
    chance = random.Random(1)
    claims = [name("claim", number) for number in chance.sample(range(4 * base.trials), THINGS)]
    studies = [name("study", trial) for trial in chance.sample(range(base.trials), THINGS)]
    reported = store.select("SELECT ?study ?paper { ?study ev:reportedIn ?paper }", {"study": studies})
    papers = sorted({row["study"]: URIRef(row["paper"]) for row in reported}.values())
    print("\n| one thing | median ms | at most ms | nodes, median | at most |\n|---|---|---|---|---|")
    of_one("lineage of a claim", lambda one: len(lineage.lineage(store, [one], "grounds")), claims)
    of_one("lineage of a study, both ways", lambda one: len(lineage.lineage(store, [one], "both")), studies)
    of_one("impact of a paper", lambda one: len(withdrawal.impact(store, [one]).names), papers)
    of_one("independence of a claim", lambda one: len(independence.independence(store, one).names), claims)


def in_sparql(store: EmbeddedStore, question: str, start: URIRef | None) -> Callable[[], int]:
    """Return a function that asks a question of `questions/` and returns the number of its rows."""
    query = (Path(__file__).parent / "questions" / f"{question}.rq").read_text("utf-8")
    return lambda: store.lines(query.replace("<START>", f"<{start}>")).count(b"\n")


def compared(label: str, ours: Callable[[], int], sparql: Callable[[], int] | None, times: int) -> None:
    """Print what a question takes from the arrays, and in SPARQL."""
    sizes: list[int] = []
    first = taken(lambda: sizes.append(ours()))
    again = statistics.median(taken(ours) for _ in range(3))
    cells = [label, f"{first:.1f}", f"{again:.1f}", str(sizes[0])]
    if sparql is not None:
        asked = statistics.median(taken(lambda: sizes.append(sparql())) for _ in range(times))
        cells += [f"{asked:.0f}", str(sizes[-1]), f"{asked / again:.0f}"]
    print(f"| {' | '.join(cells)} |", flush=True)


def shown(records: Sequence[object]) -> int:
    """Look at the first records of an answer, and return how many it has."""
    return len(records[:SHOWN]) and len(records)


def near(arrays: Arrays, graph: Adjacency, wanted: int) -> URIRef:
    """Return, of some of the publications, the one whose closure in a graph of citations is nearest to `wanted` nodes."""
    papers = random.Random(1).sample(arrays.kinds[EV.Publication].nonzero()[0].tolist(), 300)
    return arrays.names.iri(min(papers, key=lambda paper: (abs(len(graph.closure(paper)) - wanted), paper)))


def about_everything(store: EmbeddedStore, size: int) -> None:
    before, made = memory(), []
    building = taken(lambda: made.append(Arrays.of(store)))
    arrays = made[0]
    held = memory() - before
    print(f"\nArrays: {building / 1000:.2f} s, {held:,.0f} MB, {len(arrays.names):,} things, {len(arrays.grounds):,} steps of lineages,")
    print(f"{len(arrays.citations):,} citations.")
    paper, old = (near(arrays, graph, CLOSURE) for graph in (arrays.cites, arrays.cited_by))
    times = 1 if size >= ONCE_FROM else 3
    ours: list[tuple[str, Callable[[], int], str | None, URIRef | None]] = [
        ("claims without support", lambda: sum(map(len, unsupported(arrays).values())), "unsupported", None),
        ("independent studies by intervention and outcome", lambda: shown(evidence_map(arrays)), "map", None),
        ("most cited", lambda: len(most_cited(arrays)), "most_cited", None),
        ("double counting", lambda: shown(double_counted(arrays)), "double_counting", None),
        ("keystones, publications", lambda: shown(keystones(arrays)), "keystones", None),
        ("keystones, trials", lambda: shown(keystones(arrays, "study")), None, None),
        ("what a paper cites, at any remove", lambda: len(citation_closure(arrays, paper)), "closure", paper),
        ("what cites a paper, at any remove", lambda: len(citation_closure(arrays, old, "citing")), "closure_back", old),
    ]
    print("\n| everything | first, ms | then, ms | records | SPARQL, ms | rows | times faster |\n|---|---|---|---|---|---|---|")
    for label, run, question, start in ours:
        compared(label, run, in_sparql(store, question, start) if question else None, times)
    documents = 3 * Generator(size).interventions
    if documents <= MANY_DOCUMENTS:
        compared(f"overlap of {documents} documents", lambda: len(overlap(store).table.marks), in_sparql(store, "overlap", None), times)


def searched(store: EmbeddedStore) -> None:
    """Print what the index of a search costs, and single searches: one thing by its name, many, and what is misspelt."""
    base, made = ID.removesuffix("id/"), []
    kinds = kinds_of_things(store, base)
    building = taken(lambda: made.append(Index(store, base, kinds)))
    (index,) = made
    print(f"\nIndex of a search: {building / 1000:.2f} s.\n\n| words | results | search, ms | suggestions, ms |\n|---|---|---|---|")
    for words in ("study 17", "publication 2024", "study", "claim", "publicatoin 17"):
        asked = (partial(ask, words) for ask in (index.search, index.suggest))
        searching, suggesting = (statistics.median(taken(ask) for _ in range(5)) for ask in asked)
        print(f"| {words} | {index.search(words)['total']} | {searching:.1f} | {suggesting:.1f} |", flush=True)


def one_size(size: int, *, disk: bool) -> None:
    """Print the figures of one base."""
    with tempfile.TemporaryDirectory() as folder:
        made: list[EmbeddedStore] = []
        loading = taken(lambda: made.append(load(size, Path(folder) if disk else None)))
        (store,) = made
        counted = next(iter(store.select("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }")))["n"]
        where = "on disk" if disk else "in memory"
        print(f"\n### {int(counted):,} statements, {where}\n\nLoaded in {loading / 1000:.0f} s, {memory():,.0f} MB.", flush=True)
        about_one_thing(store, Generator(size))
        about_everything(store, size)
        searched(store)


def main(arguments: Sequence[str]) -> None:
    """Print the figures of bases of several sizes, each made in a process of its own."""
    disk = "--disk" in arguments
    sizes = [argument for argument in arguments if argument != "--disk"] or SIZES
    if len(sizes) == 1:
        one_size(int(sizes[0]), disk=disk)
        return
    for size in sizes:
        subprocess.run([sys.executable, __file__, *(["--disk"] if disk else []), size], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
