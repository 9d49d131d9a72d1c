"""A pool of query workers for one test, and nothing of it afterwards."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from processes import alive, descendants
from wherefrom.settings import Settings
from wherefrom.vocabulary import PREFIXES
from wherefrom.web.cache import Cache
from wherefrom.web.outside import Outside
from wherefrom.web.pool import Pool


def with_pool(folder: Path, work: Callable[[Pool], Awaitable[Any]], nquads: Path | None = None, **settings: Any) -> Any:
    """Return what `work` returns with a pool of its own; afterwards no process of it is left."""

    async def run() -> Any:
        set_up = Settings(**settings)
        pool = Pool(folder, set_up, dict(PREFIXES), Cache(set_up.cache_megabytes), Outside(set_up, PREFIXES), nquads=nquads)
        others = set(descendants(os.getpid()))  # servers of other tests
        await pool.start()
        try:
            return await work(pool)
        finally:
            left = set(descendants(os.getpid())) - others
            await pool.stop()
            await until(lambda: not any(alive(pid) for pid in left))
            assert not pool.runs

    return asyncio.run(run())


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
