"""What is served, and how it is exchanged: a new build comes beside the old one, and each request has one from start to end.

Every build has an application of its own, with its own site and query workers. A request goes to the one that is current
when it arrives; an old one is closed when its last request has been answered. Where several web processes serve, each has
a publisher of its own; the one that has changed over tells the others, and a write is done when all have followed.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, ClassVar, Protocol

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from wherefrom import journal
from wherefrom.build import DRAFT, Build, current
from wherefrom.problems import Busy, Problem, StoreUnusable
from wherefrom.settings import FILE, Settings, read_settings
from wherefrom.snapshot import Snapshot
from wherefrom.vocabulary import PREFIXES
from wherefrom.web.peers import Peers
from wherefrom.web.writer import WriterProcess
from wherefrom.writing import Order, commit

LOOK = 0.5  # seconds between two looks at the files
TURN, TURN_ANEW = "turn", "turn-anew"  # what the others are asked: to change over, and to read the settings for it
Make = Callable[[Snapshot, Settings, "Publisher"], FastAPI]


class Closing(Protocol):
    """What has to be let go of."""

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass
class Served:
    """One version of the data as it is served, and how many requests it is answering."""

    build: Snapshot
    app: FastAPI
    held: Closing
    running: AbstractAsyncContextManager[Any]
    requests: int = 0

    async def close(self) -> None:
        """End its workers and let go of its files."""
        await self.running.__aexit__(None, None, None)
        self.held.close()


@dataclass
class Publisher:
    """Serves the current build of a knowledge base, takes writes where there is a token file, and changes over to new builds.

    An ASGI application. SIGHUP has it build anew from the files, in a process of its own; with `watch` it does so by
    itself when a file has changed, and changes over when another process has built.
    """

    refusal: ClassVar = "Updates are off."

    folder: Path
    stores: Path
    make: Make
    tokens: Path | None = None
    watch: bool = False
    peers: Peers = field(default_factory=Peers)
    served: Served = field(init=False)
    writing: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    turn: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)  # of who changes over
    building: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    tasks: set[asyncio.Task[None]] = field(init=False, default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        served = self.served
        served.requests += 1
        try:
            await served.app(scope, receive, send)
        finally:
            served.requests -= 1
            if served is not self.served and not served.requests:
                await served.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self) -> None:
        """Serve the current build; raises `StoreUnusable` where there is none."""
        self.settings = read_settings(self.folder)
        self.writer = WriterProcess(self.settings.query_megabytes)
        self.served = await self._opened(self.settings)
        self.peers.answers |= {TURN: self._follow, TURN_ANEW: self._follow_anew}
        await self.peers.start()
        await self._change_over()  # to what became current before this process could be told
        await self._have_followed(TURN_ANEW)  # one that was killed may have made current what it could tell nobody
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._soon, self.reload)
        if self.tokens:
            await self.writer.start()
        if self.watch:
            self._soon(self._look)

    async def stop(self) -> None:
        """End everything that was started."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.peers.stop()
        await self.writer.stop()
        await self.served.close()

    def _soon(self, work: Callable[[], Any]) -> None:
        task = asyncio.ensure_future(work())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _opened(self, settings: Settings) -> Served:
        """Open the current build beside the one that is served."""
        return await self._open(*await run_in_threadpool(_held, self.stores), settings)

    async def _open(self, build: Snapshot, held: Closing, settings: Settings) -> Served:
        """Make the application of one version and start it; `held` is let go of when it is closed."""
        try:
            app = await run_in_threadpool(self.make, build, settings, self)
            running = app.router.lifespan_context(app)
            await running.__aenter__()
        except BaseException:
            held.close()
            raise
        return Served(build, app, held, running)

    async def _change_over(self, settings: Settings | None = None) -> bool:
        """Serve the current build from now on, if it or a setting is another; requests under way end with what they began with.

        Return whether it was another. The others are not told: see `_lead`.
        """
        async with self.turn:
            settings = settings or self.settings
            build = current(self.stores)
            if build is None or (build == self.served.build and settings == self.settings):
                return False
            await self._exchange(await self._opened(settings), settings)
            return True

    async def _exchange(self, served: Served, settings: Settings) -> None:
        former, self.served, self.settings = self.served, served, settings
        if not former.requests:
            await former.close()

    async def _lead(self, settings: Settings | None = None) -> None:
        """Change over, and return when all others have followed."""
        if await self._change_over(settings):
            await self._have_followed(TURN if settings is None else TURN_ANEW)

    async def _have_followed(self, asked: str) -> None:
        """Return when all other web processes have changed over; who changes over waits for nobody, so none waits in vain."""
        await self.peers.ask(asked, self.settings.write_seconds, firmly=True)

    async def _follow(self) -> bool:
        return await self._change_over()

    async def _follow_anew(self) -> bool:
        return await self._change_over(read_settings(self.folder))

    ### New builds

    async def reload(self) -> None:
        """Build anew in a process of its own, and change over; what fails is told on standard error and leaves all as it was."""
        async with self.building:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "wherefrom", "--kb", str(self.folder), "build", "--store", str(self.stores)
            )
            try:
                built = await process.wait() == 0
            except asyncio.CancelledError:
                process.kill()
                raise
        if not built:
            tell("The former build stays in service.")
            return
        try:
            await self._lead(read_settings(self.folder))
        except Problem as problem:
            tell(f"The former build stays in service: {problem.detail}")

    async def _look(self) -> None:
        """Reload when a file of the knowledge base has changed and rests; change over when another process has built."""
        built = seen = await run_in_threadpool(_state, self.folder)
        while True:
            await asyncio.sleep(LOOK)
            state = await run_in_threadpool(_state, self.folder)
            if state == seen != built:
                built = state
                await self.reload()
            seen = state
            try:
                await self._lead()
            except Problem as problem:
                tell(f"The former build stays in service: {problem.detail}")

    ### Writes

    async def write(self, order: Order) -> dict[str, Any]:
        """Make one write last and be served, by all web processes; return what it did, see `writer.Preparing.answer`.

        Raises the `Problem` that it met, `Busy` where others write or build; nothing was changed then.
        """
        try:
            async with asyncio.timeout(self.settings.write_seconds):
                await self.writing.acquire()
        except TimeoutError:
            raise Busy("Others are writing.") from None
        try:
            lock = journal.locked(self.folder, self.settings.write_seconds)
            await run_in_threadpool(lock.__enter__)
            try:
                return await self._write(order)
            finally:
                lock.__exit__(None, None, None)
        finally:
            self.writing.release()

    async def _write(self, order: Order) -> dict[str, Any]:
        await self._lead()
        former = self.served.build
        assert isinstance(former, Build)
        if await run_in_threadpool(journal.last_id, self.folder, former.entries) != former.head:
            self._soon(self.reload)
            raise Busy("The journal is not the one of the build that is served; it is being built anew.")
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=self.stores, ignore_cleanup_errors=True) as draft:
            asked = {
                "former": str(former.folder), "draft": draft, "base": self.settings.base,
                "prefixes": PREFIXES, "order": asdict(order),
            }  # fmt: skip
            done = await self.writer.ask(asked, self.settings.write_seconds)
            if done["changed"]:
                await self._commit(Path(draft))
        return done

    async def _commit(self, draft: Path) -> None:
        try:
            await run_in_threadpool(commit, self.folder, self.stores, draft)
        except OSError as error:
            raise StoreUnusable(f"The write could not be kept: {error.strerror}.") from error
        await asyncio.gather(self._change_over(), self._have_followed(TURN))


def now() -> str:
    """Return the time as a write notes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _held(stores: Path) -> tuple[Build, IO[bytes]]:
    """Return the current build, kept from being removed."""
    for _ in range(10):  # it may be replaced and removed between finding and holding it
        build = current(stores)
        if build is not None:
            with suppress(OSError):
                return build, build.hold()
    raise StoreUnusable("There is no build that can be read.")


def _state(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Return names, times and sizes of the files that people write."""
    found = set()
    for path in _files(folder):
        with suppress(FileNotFoundError):
            status = path.stat()
            found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)


def _files(folder: Path) -> Iterator[Path]:
    yield folder / FILE
    for part in ("data", "ontology", "shapes"):
        yield from (path for path in (folder / part).rglob("*") if path.is_file())


def tell(text: str) -> None:
    """Tell the operator on standard error."""
    print(text, file=sys.stderr, flush=True)
