"""What each page of the menu costs on the server: milliseconds of a processor, from the question to the last byte of HTML.

    python bench/views.py [FOLDER]

Asks the application in this process, without a cache of answers, for every page of the menu, by default of the example, and prints
what it took: the first time, when what is computed once for a version of the data is computed, and the least of five times after.
Time of a processor is told, not of a clock, since the machine is shared.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from wherefrom.build import build
from wherefrom.load import read_knowledge_base
from wherefrom.resources import example
from wherefrom.web.app import application
from wherefrom.web.metrics import Metrics
from wherefrom.web.publishing import Publisher
from wherefrom.web.views import MENU

TIMES = 5


async def main(folder: Path, stores: Path) -> None:
    """Measure every page and print what it costs."""
    knowledge = read_knowledge_base(folder)
    settings = replace(knowledge.settings, cache_megabytes=0)
    built = build(knowledge, stores, lambda _: None, "2026-01-01T00:00:00Z")
    app = application(built, settings, Publisher(folder, stores, lambda *_: app), Metrics())
    transport = httpx.ASGITransport(app)
    print(f"{'page':<18}{'first ms':>10}{'then ms':>10}{'kB':>8}")
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers={"Accept": "text/html"}) as client:
        for entry in MENU:
            taken = []
            for _ in range(TIMES + 1):
                begun = time.process_time()
                answer = await client.get(entry.path)
                taken.append(1_000 * (time.process_time() - begun))
            assert answer.status_code == 200, entry.path
            print(f"{entry.path:<18}{taken[0]:>10.1f}{min(taken[1:]):>10.1f}{len(answer.content) / 1_000:>8.1f}")


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else example(), Path(made)))
