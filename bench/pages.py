"""What the page of each thing costs on the server: milliseconds of a processor, from the store to the last byte of HTML.

    python bench/pages.py [FOLDER]

Makes the page of every thing of a knowledge base, by default of the example, in this process, and prints the slowest of each
kind and of all. Time of a processor is told, not of a clock, since the machine is shared, and the least of three, since the
collector of garbage comes by now and then.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rdflib import URIRef

from wherefrom import pages
from wherefrom.load import read_knowledge_base
from wherefrom.resources import example
from wherefrom.store import EmbeddedStore

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


def maker(folder: Path) -> tuple[dict[str, list[str]], Callable[[str], float]]:
    """Return the things of a knowledge base by kind, and a function that makes the page of one and gives what it took."""
    knowledge = read_knowledge_base(folder)
    settings, store = knowledge.settings, EmbeddedStore.of(knowledge.quads())

    def make(iri: str) -> float:
        begun = time.process_time()
        found = pages.page(store, URIRef(iri), settings.base)
        template, own = pages.own(pages.Asking(store, found, settings, folder))
        shared = {**FRAME, "site": settings, "address": lambda one: pages.address(one, settings.base)}
        pages.render(template, page=found, own=own, name=iri.removeprefix(f"{settings.base}id/"), **shared)
        return 1_000 * (time.process_time() - begun)

    return dict(pages.kinds_of_things(store, settings.base)), make


def main(folder: Path) -> None:
    """Measure every page and print what it costs."""
    things, make = maker(folder)
    taken = {kind: sorted((min(make(iri) for _ in range(TIMES)), iri) for iri in iris) for kind, iris in things.items()}
    print(f"{'kind':<16}{'pages':>7}{'median ms':>11}{'slowest ms':>12}")
    for kind, found in sorted(taken.items(), key=lambda item: -item[1][-1][0]):
        print(f"{kind:<16}{len(found):>7}{statistics.median(cost for cost, _ in found):>11.1f}{found[-1][0]:>12.1f}")
    print(f"\nThe slowest of {sum(map(len, taken.values())):,} pages:")
    for cost, iri in sorted((one for found in taken.values() for one in found), reverse=True)[:SLOWEST]:
        print(f"{cost:>8.1f} ms  {iri}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else example())
