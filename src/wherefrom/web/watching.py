"""Serves what a SPARQL endpoint holds, and looks from time to time whether that is still the same."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from starlette.concurrency import run_in_threadpool

from wherefrom.endpoint import Told, held, look
from wherefrom.load import read_shapes
from wherefrom.problems import Problem
from wherefrom.settings import Settings, read_settings
from wherefrom.store import RemoteStore
from wherefrom.web.publishing import Publisher, Served, now, tell

PAUSE = 10.0  # seconds between two looks, at least ...
SHARE = 20  # ... and so many times as long as a look takes, so that the endpoint has little to do for it


@dataclass
class Watcher(Publisher):
    """Serves what an endpoint holds; when it tells of something else, that is another version, with a site of its own.

    SIGHUP has the settings read and the endpoint asked at once. Nothing is written, nothing built. Of several web processes
    the one that watches has the others look too.
    """

    refusal: ClassVar = "The data are behind a SPARQL endpoint, and are written there."

    endpoint: str = ""
    thorough: bool = True  # whether the endpoint counts in parts; a large one may take too long for it
    since: str = field(init=False, default_factory=now)
    took: float = field(init=False, default=0.0)  # seconds of the last look

    async def _opened(self, settings: Settings) -> Served:
        try:
            told = await run_in_threadpool(self._told, settings)
        except Problem as problem:
            self.thorough = False
            told = await run_in_threadpool(self._told, settings)
            tell(f"Only the numbers of statements tell whether the data change: {problem.detail}")
        return await self._of(told, settings)

    async def _of(self, told: Told, settings: Settings) -> Served:
        with ExitStack() as files:
            folder = Path(files.enter_context(TemporaryDirectory(prefix="wherefrom-")))
            shapes = await run_in_threadpool(read_shapes, self.folder, settings.base)
            return await self._open(held(self.endpoint, told, shapes, folder), files.pop_all(), settings)

    def _told(self, settings: Settings) -> Told:
        start = time.monotonic()
        store = RemoteStore(self.endpoint, settings.response_seconds)
        try:
            return look(store, self.since, thorough=self.thorough)
        finally:
            store.close()
            self.took = time.monotonic() - start

    async def _change_over(self, settings: Settings | None = None) -> bool:
        async with self.turn:
            settings = settings or self.settings
            told = await run_in_threadpool(self._told, settings)
            if told.digest == self.served.build.digest and settings == self.settings:
                return False
            await self._exchange(await self._of(told, settings), settings)
            return True

    async def reload(self) -> None:
        """Look at once, with the settings as they are now."""
        try:
            await self._lead(read_settings(self.folder))
        except Problem as problem:
            tell(f"What was served stays in service: {problem.detail}")

    async def _look(self) -> None:
        """Change over when the endpoint tells of something else."""
        while True:
            await asyncio.sleep(max(PAUSE, SHARE * self.took))
            try:
                await self._lead()
            except Problem as problem:
                tell(f"What was served stays in service: {problem.detail}")
