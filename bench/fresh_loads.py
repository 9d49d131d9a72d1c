"""Whether a server answers right however it was loaded: our questions on many new stores, each held to the embedded one.

    python bench/fresh_loads.py [SERVER] [LOADS] [--without-statistics]

Virtuoso 7.2.5 loses rows of some queries, in some stores and not in others that hold the same: one load proves nothing.
Each load is a server of its own with the repository's knowledge base. Told is for each question in how many loads its answer
was another one. `--without-statistics` leaves out the command by which Virtuoso learns what it holds.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rdflib import URIRef

import servers
from wherefrom.arrays import Arrays
from wherefrom.build import Build, build
from wherefrom.independence import independence
from wherefrom.lineage import POLICIES, WAYS, edges, lineage
from wherefrom.load import read_knowledge_base
from wherefrom.query import questions, rows
from wherefrom.store import EmbeddedStore, RemoteStore, Store
from wherefrom.vocabulary import EV

REPOSITORY = Path(__file__).parents[1]
IGNORED = {"claims-without-citation": {"kinds"}}  # GROUP_CONCAT may have any order


def claims(store: Store) -> list[URIRef]:
    return sorted({URIRef(row["thing"]) for row in rows(store, "kinds", {"class": [EV.Claim]})})


def of_all_claims(store: Store) -> object:
    graphs = [lineage(store, claims(store), "both", policy, follow=WAYS) for policy in POLICIES]
    return [sorted((thing, ground, *said) for thing, ground, said in edges(graph)) for graph in graphs]


def alone(store: Store) -> object:
    return [sorted(lineage(store, [claim], "grounds").edges) for claim in claims(store)[::10]]


def of_an_outcome(store: Store) -> object:
    base = claims(store)[0].partition("claim/")[0]
    return independence(store, URIRef(f"{base}outcome/attachment-security"), "inferred").lines


def named(name: str) -> Callable[[Store], object]:
    def ask(store: Store) -> object:
        left_out = IGNORED.get(name, set())
        return sorted(sorted((k, v) for k, v in row.items() if k not in left_out) for row in rows(store, questions()[name]))

    return ask


ASKED: Mapping[str, Callable[[Store], object]] = {
    "lineage of all claims, all ways": of_all_claims,
    "lineage of a claim alone": alone,
    "independence on an outcome": of_an_outcome,
    "arrays": lambda store: [len(Arrays.of(store).grounds), *map(len, Arrays.of(store).values.values())],
    **{name: named(name) for name in questions()},
}


def wrong(built: Build, server: str, wanted: Mapping[str, object]) -> list[str]:
    """Return the questions that one new store answers otherwise."""
    with tempfile.TemporaryDirectory() as folder, servers.SERVERS[server](built, Path(folder)) as running:
        store = RemoteStore(running.endpoint)
        try:
            return [name for name, ask in ASKED.items() if ask(store) != wanted[name]]
        finally:
            store.close()


def main(arguments: Sequence[str]) -> None:
    """Print a line for each question that was ever answered otherwise, and how many loads there were."""
    server, loads = [*arguments, *("virtuoso", "10")[len(arguments) :]]
    if "--without-statistics" in sys.argv:
        servers.LOAD = servers.LOAD.replace(servers.STATISTICS, "")
    with tempfile.TemporaryDirectory() as folder:
        built = build(read_knowledge_base(REPOSITORY), Path(folder), lambda _: None, "")
        embedded = EmbeddedStore.at(built.store)
        wanted = {name: ask(embedded) for name, ask in ASKED.items()}
        found = Counter(name for _ in range(int(loads)) for name in wrong(built, server, wanted))
    for name, count in found.most_common():
        print(f"{name}: otherwise in {count}")
    print(f"{len(ASKED)} questions, {loads} loads of {server}, {len(found)} questions answered otherwise")


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if not argument.startswith("--")])
