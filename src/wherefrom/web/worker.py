"""Processes that evaluate one query at a time each, so that no query can take the web server with it.

Oxigraph cannot be interrupted from Python, and a query may end its process (deep nesting, memory); the web server kills a
worker when the time of its query is up. So workers are many and short-lived, and are forked from a nursery: a process
that has loaded the program and opened nothing (an open store on disk must not be forked). A worker opens the store, then
gives up the right to grow and to open any file or connection, which is what keeps SERVICE and FROM from reaching out;
it reads requests from its socket and writes frames to it. Of a store behind an endpoint a worker evaluates nothing: it
sends on queries that parse, to that address only, and keeps its right to connect.
Run as `python -m wherefrom.web.worker STORE MEGABYTES`, the nursery, with a socket as standard input: each socket that
comes over it gets a worker at its other end. When it is closed, the nursery ends, and its workers with it.
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pyoxigraph as ox

from wherefrom import answering
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.problems import AnswerTooLarge, Problem
from wherefrom.store import RemoteStore, is_endpoint, opened
from wherefrom.web.negotiation import choose
from wherefrom.web.parent import end_with
from wherefrom.web.seclusion import seclude

HEADER, DATA, PROBLEM, END = b"H", b"D", b"P", b"E"
FRAME = struct.Struct(">cI")
CHUNK = 64 * 1024
FIRST_TO_GO = "1000"  # to the kernel, when memory runs out


class Rows:
    """Counts the rows of an answer in its bytes as the engine writes them: it gives them to nobody else.

    In each format something stands once for each row: before all rows but the first in JSON (a text that ends in `,{` is
    followed by one of the two that are left out; a row without any value is not counted), in XML before each, in TSV and
    CSV after each and after the names of the columns. In CSV a line break may also be part of a value, within quotes.
    """

    MARKS: ClassVar = {"json": (1, rb',\{"[^},]', 4), "xml": (0, rb"<result>", 8), "tsv": (-1, rb"\n", 1), "csv": (-1, rb"\n", 1)}

    def __init__(self, form: str) -> None:
        self.count, mark, self.length = self.MARKS[form]
        self.mark = re.compile(mark)
        self.quotes = form == "csv"
        self.rest = b""  # the end of what came, where a mark may begin
        self.within = False  # quotes are open

    def add(self, block: bytes) -> None:
        """Count the rows of a further block."""
        parts = block.split(b'"') if self.quotes else [self.rest + block]
        self.count += sum(len(self.mark.findall(part)) for part in parts[self.within :: 2])
        self.within ^= len(parts) % 2 == 0
        self.rest = parts[-1][1 - self.length :] if self.length > 1 else b""


class Frames:
    """Writes an answer as frames of some `CHUNK` bytes: a letter, the length, the content. Raises `AnswerTooLarge`."""

    def __init__(self, output: BinaryIO, rows: int, size: int) -> None:
        self.output, self.most_rows, self.most_bytes = output, rows, size
        self.rows: Rows | None = None
        self.sent = 0
        self.waiting = bytearray()

    def frame(self, kind: bytes, content: bytes) -> None:
        """Send one frame at once."""
        self.output.write(FRAME.pack(kind, len(content)) + content)
        self.output.flush()

    def write(self, data: bytes, /) -> int:
        """Take bytes of the answer; they are sent when there are enough."""
        self.waiting += data
        if len(self.waiting) >= CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Send what is waiting."""
        block = bytes(self.waiting)
        self.waiting.clear()
        self.sent += len(block)
        if self.sent > self.most_bytes:
            raise AnswerTooLarge(f"The answer is longer than {self.most_bytes:,} bytes (limits.response_bytes).")
        if self.rows:
            self.rows.add(block)
            self.check(self.rows.count)
        if block:
            self.frame(DATA, block)

    def check(self, rows: int) -> None:
        """Refuse more rows, or statements of a graph, than an answer may have."""
        if rows > self.most_rows:
            raise AnswerTooLarge(f"The answer has more than {self.most_rows:,} rows (limits.query_rows).")

    def counted(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Yield triples as long as there are not too many."""
        for number, triple in enumerate(triples, 1):
            self.check(number)
            yield triple


Answer = ox.QuerySolutions | ox.QueryBoolean | Iterator[ox.Triple]
Evaluate = Callable[[Mapping[str, Any]], AbstractContextManager[Answer]]


def evaluating(store: ox.Store) -> Evaluate:
    """Return what evaluates a request on a store in this process."""

    def evaluate(request: Mapping[str, Any]) -> AbstractContextManager[Answer]:
        dataset = (request["defaultGraphs"], request["namedGraphs"])
        return nullcontext(answering.evaluate(store, request["query"], request["prefixes"], *dataset, request["base"]))

    return evaluate


def relaying(store: RemoteStore) -> Evaluate:
    """Return what has a request evaluated by an endpoint."""

    def evaluate(request: Mapping[str, Any]) -> AbstractContextManager[Answer]:
        dataset = (request["defaultGraphs"], request["namedGraphs"])
        return answering.relay(store, request["query"], request["prefixes"], request["base"], *dataset)

    return evaluate


def answer(evaluate: Evaluate, request: Mapping[str, Any], output: BinaryIO) -> None:
    """Evaluate one request {query, accept, defaultGraphs, namedGraphs, prefixes, base, rows, bytes} and write its frames."""
    frames = Frames(output, request["rows"], request["bytes"])
    try:
        _write(evaluate, request, frames)
        frames.flush()
        frames.frame(END, b"")
    except Problem as problem:
        _tell(frames, type(problem).__name__, problem.detail)
    except MemoryError:
        _tell(frames, "QueryLost", "The query needed more memory than it may take (limits.query_megabytes).")
    except (OSError, RuntimeError, ValueError):  # what the engine says of it may name files and addresses
        _tell(frames, "BadQuery", "The query parses, but its evaluation failed.")


def _write(evaluate: Evaluate, request: Mapping[str, Any], frames: Frames) -> None:
    with evaluate(request) as found:
        formats = ROWS if isinstance(found, ox.QuerySolutions | ox.QueryBoolean) else GRAPHS
        by_media_type = {form.media_type: name for name, form in formats.items()}
        media_type = choose(request["accept"], list(by_media_type))
        frames.frame(HEADER, json.dumps({"mediaType": media_type}).encode())
        form = by_media_type[media_type]
        if not isinstance(found, ox.QuerySolutions | ox.QueryBoolean):
            ox.serialize(frames.counted(found), frames, GRAPHS[form].engine, prefixes=request["prefixes"])  # type: ignore[arg-type]
            return
        if isinstance(found, ox.QuerySolutions):
            frames.rows = Rows(form)
        found.serialize(frames, ROWS[form].engine)  # type: ignore[arg-type]


def _tell(frames: Frames, problem: str, detail: str) -> None:
    frames.frame(PROBLEM, json.dumps({"type": problem, "detail": detail}).encode())


def nursery(control: socket.socket, place: str, megabytes: int) -> None:
    """Fork a worker for each socket that comes, until `control` is closed."""
    end_with()
    for ignored in (signal.SIGINT, signal.SIGTERM):  # a stop is for the web server, which lets queries end
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    if is_endpoint(place):
        import httpx  # noqa: F401 - for all workers at once
    gc.freeze()  # what is loaded stays shared
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        with suppress(OSError), socket.socket(fileno=descriptors[0]) as connection:  # no process to be had: the other end sees it close
            if os.fork() == 0:
                control.close()
                _work_and_end(connection, place, megabytes)


def _work_and_end(connection: socket.socket, place: str, megabytes: int) -> None:
    """Be a worker; never return into the nursery."""
    status = 1
    try:
        work(connection, place, megabytes)
        status = 0
    except OSError as error:  # the other end has gone, or there is no such store any more
        print(f"A query worker ended: {error.strerror or type(error).__name__}.", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def work(connection: socket.socket, place: str, megabytes: int) -> None:
    """Open the store, close every way out that is not needed, and answer until the other end is closed."""
    end_with()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    store = opened(place)
    requests, output = connection.makefile("rb"), connection.makefile("wb")
    used = _address_space()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 1_000_000,) * 2)
    if isinstance(store, RemoteStore):
        evaluate = relaying(store)
    else:
        evaluate = evaluating(store.store)
        next(iter(store.store), None)  # opens what is opened lazily
        if not seclude():  # a large store opens its files as it needs them; where it may, that is all that is left to it
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    Frames(output, 0, 0).frame(END, str(os.getpid()).encode())  # ready
    for line in requests:
        answer(evaluate, json.loads(line), output)


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    nursery(socket.socket(fileno=0), sys.argv[1], int(sys.argv[2]))
