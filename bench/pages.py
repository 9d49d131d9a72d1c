"""What the page of each thing costs on the server: milliseconds of a processor, from the store to the last byte of HTML.

    python bench/pages.py [FOLDER]
    python bench/pages.py --made-up STATEMENTS ...

Makes the page of every thing of a knowledge base, by default of the example, in this process, and prints the slowest of each
kind and of all: as the first page that is made, when nothing that the store was asked is known, and made again. With `--made-up`
it makes pages of different claims of a made-up base on disk (`generator.py`), after others that are not counted.
Time of a processor is told, not of a clock, since the machine is shared, and of the example the least of three, since the
collector of garbage comes by now and then.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rdflib import URIRef

from generator import ID, Generator, name
from scale import load
from wherefrom import pages
from wherefrom.hierarchy import steps
from wherefrom.lineage import curation_graphs
from wherefrom.load import read_knowledge_base
from wherefrom.resources import example
from wherefrom.settings import Settings
from wherefrom.store import Bindings, EmbeddedStore, Row

FRAME: dict[str, Any] = {
    "version": "",
    "built": "",
    "kinds": [],
    "menu": [],
    "links": [],
    "formats": [],
    "described": None,
    "asset": str,
    "absolute": str,
    "record": None,
}
SLOWEST, TIMES = 10, 3  # pages that are told of all; how often each is made
BEFORE, CLAIMS = 500, 500  # pages of claims that are made before, and those that are counted


class Watched(EmbeddedStore):
    """A store that counts what it is asked."""

    asked = 0

    def select(self, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        """See `Store`."""
        self.asked += 1
        return super().select(query, bindings)


def make(store: EmbeddedStore, iri: URIRef, settings: Settings, folder: Path) -> float:
    """Make the page of a thing; return the milliseconds that it took."""
    begun = time.process_time()
    found = pages.page(store, iri, settings.base)
    template, own = pages.own(pages.Asking(store, found, settings, folder))
    shared = {**FRAME, "site": settings, "address": lambda one: pages.address(one, settings.base)}
    pages.render(template, page=found, own=own, name=iri.removeprefix(f"{settings.base}id/"), **shared)
    return 1_000 * (time.process_time() - begun)


def anew(store: EmbeddedStore) -> EmbeddedStore:
    """Return a store of the same statements of which only what every page needs was asked before."""
    made = EmbeddedStore(store.store)
    curation_graphs(made)
    steps(made)
    return made


def of_example(folder: Path) -> None:
    """Measure every page of a knowledge base and print what it costs."""
    knowledge = read_knowledge_base(folder)
    settings, store = knowledge.settings, EmbeddedStore.of(knowledge.quads())

    def least(known: Callable[[], EmbeddedStore], iri: str) -> float:
        return min(make(known(), URIRef(iri), settings, folder) for _ in range(TIMES))

    things = dict(pages.kinds_of_things(store, settings.base))
    first = {kind: sorted((least(lambda: anew(store), iri), iri) for iri in iris) for kind, iris in things.items()}
    again = {kind: sorted(least(lambda: store, iri) for iri in iris) for kind, iris in things.items()}
    print(f"{'ms':<16}{'pages':>7}{'first, median':>15}{'slowest':>9}{'again, median':>15}{'slowest':>9}")
    for kind, found in sorted(first.items(), key=lambda item: -item[1][-1][0]):
        told = (statistics.median(cost for cost, _ in found), found[-1][0], statistics.median(again[kind]), again[kind][-1])
        print(f"{kind:<16}{len(found):>7}{told[0]:>15.1f}{told[1]:>9.1f}{told[2]:>15.1f}{told[3]:>9.1f}")
    print(f"\nThe slowest of {sum(map(len, first.values())):,} first pages:")
    for cost, iri in sorted((one for found in first.values() for one in found), reverse=True)[:SLOWEST]:
        print(f"{cost:>8.1f} ms  {iri}")


def of_made_up(size: int) -> None:
    """Measure pages of claims of a made-up base on disk and print what they cost."""
    settings, chance = Settings(base=ID.removesuffix("id/")), random.Random(5)
    with TemporaryDirectory() as folder:
        store = Watched(load(size, Path(folder)).store)
        claims = [name("claim", chance.randrange(4 * Generator(size).trials)) for _ in range(BEFORE + CLAIMS)]
        for claim in claims[:BEFORE]:
            make(store, claim, settings, Path())
        store.asked = 0
        taken = sorted(make(store, claim, settings, Path()) for claim in claims[BEFORE:])
        told = (statistics.mean(taken), statistics.median(taken), taken[int(0.95 * len(taken))], store.asked / len(taken))
        print("{:,} statements: mean {:.1f}, median {:.1f}, p95 {:.1f} ms of a processor, {:.1f} questions".format(size, *told))


def main(arguments: Sequence[str]) -> None:
    """Measure what was asked for."""
    if arguments[:1] == ["--made-up"]:
        for size in arguments[1:]:
            of_made_up(int(size))
    else:
        of_example(Path(arguments[0]) if arguments else example())


if __name__ == "__main__":
    main(sys.argv[1:])
