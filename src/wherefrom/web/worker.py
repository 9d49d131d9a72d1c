"""Processes that evaluate one query at a time each, so that no query can take the web server with it.

Oxigraph cannot be interrupted from Python, and a query may end its process (deep nesting, memory); the web server kills a
worker when the time of its query is up. So workers are many and short-lived, and are forked from a nursery: a process
that has loaded the program and opened no file of a store (an open store on disk must not be forked). It may hold all
statements in memory, as one graph, which workers then have without reading anything. A worker opens the store, then
gives up the right to grow and to open any file or connection, which is what keeps SERVICE and FROM from reaching out;
it reads requests from its socket and writes frames to it. Of a store behind an endpoint a worker evaluates nothing: it
sends on queries that parse, to that address only, and keeps its right to connect.
Run as `python -m wherefrom.web.worker WORK` (`Work` as JSON), the nursery, with a socket as standard input: each socket
that comes over it gets a worker at its other end. When it is closed, the nursery ends, and its workers with it.
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
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pyoxigraph as ox

from wherefrom import answering
from wherefrom.formats import GRAPHS, ROWS
from wherefrom.nquads import in_memory
from wherefrom.problems import AnswerTooLarge, Problem
from wherefrom.sparql_text import may_name_graphs
from wherefrom.store import RemoteStore, is_endpoint, opened
from wherefrom.web.negotiation import choose
from wherefrom.web.parent import end_with
from wherefrom.web.seclusion import seclude

HEADER, DATA, PROBLEM, END = b"H", b"D", b"P", b"E"
FRAME = struct.Struct(">cI")
CHUNK = 64 * 1024
ROW_NAMES, GRAPH_NAMES = ({form.media_type: name for name, form in formats.items()} for formats in (ROWS, GRAPHS))
RENEW = b"\n"  # instead of a request: let another thread go on
FIRST_TO_GO = "1000"  # to the kernel, when memory runs out
STACK = 8 * 1024 * 1024  # bytes that a thread has, as a process has: the parser of queries goes as deep as they are nested
LOADING = 10  # niceness of the thread that fills the memory: others are served meanwhile


@dataclass(frozen=True)
class Work:
    """What the workers of a nursery do: the store that they open, how they read queries, what an answer may have."""

    store: str  # a folder, or the address of an endpoint
    prefixes: Mapping[str, str]
    base: str
    megabytes: int  # that a worker may grow
    rows: int
    size: int  # bytes
    nquads: str = ""  # a file of the same statements, which are held in memory; empty: they are not


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
        """Send one frame at once; what tells of those that follow goes with the first of them."""
        self.output.write(FRAME.pack(kind, len(content)) + content)
        if kind != HEADER:
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


def evaluating(work: Work, store: ox.Store, memory: ox.Store | None) -> Evaluate:
    """Return what evaluates a request on a store in this process, or on its default graph in memory where that is all it is about."""

    def evaluate(request: Mapping[str, Any]) -> AbstractContextManager[Answer]:
        query, dataset = request["query"], (request["defaultGraphs"], request["namedGraphs"])
        asked = store if memory is None or any(dataset) or may_name_graphs(query) else memory
        return nullcontext(answering.evaluate(asked, query, work.prefixes, *dataset, work.base))

    return evaluate


def relaying(work: Work, store: RemoteStore) -> Evaluate:
    """Return what has a request evaluated by an endpoint."""

    def evaluate(request: Mapping[str, Any]) -> AbstractContextManager[Answer]:
        dataset = (request["defaultGraphs"], request["namedGraphs"])
        return answering.relay(store, request["query"], work.prefixes, work.base, *dataset)

    return evaluate


def answer(work: Work, evaluate: Evaluate, request: Mapping[str, Any], output: BinaryIO) -> None:
    """Evaluate one request {query, accept, defaultGraphs, namedGraphs} and write its frames."""
    frames = Frames(output, work.rows, work.size)
    try:
        _write(evaluate, request, frames, work.prefixes)
        frames.flush()
        frames.frame(END, b"")
    except Problem as problem:
        _tell(frames, type(problem).__name__, problem.detail)
    except MemoryError:
        _tell(frames, "QueryLost", "The query needed more memory than it may take (limits.query_megabytes).")
    except (OSError, RuntimeError, ValueError):  # what the engine says of it may name files and addresses
        _tell(frames, "BadQuery", "The query parses, but its evaluation failed.")


def _write(evaluate: Evaluate, request: Mapping[str, Any], frames: Frames, prefixes: Mapping[str, str]) -> None:
    with evaluate(request) as found:
        names = ROW_NAMES if isinstance(found, ox.QuerySolutions | ox.QueryBoolean) else GRAPH_NAMES
        media_type = choose(request["accept"], tuple(names))
        frames.frame(HEADER, media_type.encode())
        form = names[media_type]
        if not isinstance(found, ox.QuerySolutions | ox.QueryBoolean):
            ox.serialize(frames.counted(found), frames, GRAPHS[form].engine, prefixes=prefixes)  # type: ignore[arg-type]
            return
        if isinstance(found, ox.QuerySolutions):
            frames.rows = Rows(form)
        found.serialize(frames, ROWS[form].engine)  # type: ignore[arg-type]


def _tell(frames: Frames, problem: str, detail: str) -> None:
    frames.frame(PROBLEM, json.dumps({"type": problem, "detail": detail}).encode())


def nursery(control: socket.socket, work: Work) -> None:
    """Fork a worker for each socket that comes, until `control` is closed."""
    end_with()
    for ignored in (signal.SIGINT, signal.SIGTERM):  # a stop is for the web server, which lets queries end
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    if is_endpoint(work.store):
        import httpx  # noqa: F401 - for all workers at once
    threading.stack_size(STACK)
    memory = _loaded(Path(work.nquads)) if work.nquads else None
    if work.nquads and memory is None:
        return
    gc.freeze()  # what is loaded stays shared
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        with suppress(OSError), socket.socket(fileno=descriptors[0]) as connection:  # no process to be had: the other end sees it close
            if os.fork() == 0:
                control.close()
                _work_and_end(connection, work, memory)


def _loaded(nquads: Path) -> ox.Store | None:
    """Return a store in memory, filled without haste; None where that fails."""
    found: list[ox.Store] = []

    def load() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOADING)
        with suppress(OSError, SyntaxError, MemoryError):  # who waits for a worker sees that there is none, and tells it
            found.append(in_memory(nquads))

    loading = threading.Thread(target=load)
    loading.start()
    loading.join()
    return found[0] if found else None


def _work_and_end(connection: socket.socket, work: Work, memory: ox.Store | None) -> None:
    """Be a worker; never return into the nursery."""
    status = 1
    try:
        serve(connection, work, memory)
        status = 0
    except OSError as error:  # the other end has gone, or there is no such store any more
        print(f"A query worker ended: {error.strerror or type(error).__name__}.", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def serve(connection: socket.socket, work: Work, memory: ox.Store | None) -> None:
    """Open the store, close every way out that is not needed, and answer until the other end is closed."""
    end_with()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    store = opened(work.store)
    requests, output = connection.makefile("rb"), connection.makefile("wb", buffering=2 * CHUNK)
    used = _address_space()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (used + work.megabytes * 1_000_000,) * 2)
    if isinstance(store, RemoteStore):
        evaluate = relaying(work, store)
    else:
        evaluate = evaluating(work, store.store, memory)
        next(iter(store.store), None)  # opens what is opened lazily
        if not seclude():  # a large store opens its files as it needs them; where it may, that is all that is left to it
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    ended = threading.Event()
    while not ended.is_set():  # a thread that was made to yield to others must do so for good: the next one need not
        answering_thread = threading.Thread(target=_answer_all, args=(work, evaluate, requests, output, ended))
        answering_thread.start()
        answering_thread.join()


def _answer_all(work: Work, evaluate: Evaluate, requests: BinaryIO, output: BinaryIO, ended: threading.Event) -> None:
    """Say that this thread is ready, then answer requests until another one is to go on, or there are no more."""
    try:
        Frames(output, 0, 0).frame(END, f"{os.getpid()} {threading.get_native_id()}".encode())
        for line in iter(requests.readline, b""):
            if line == RENEW:
                return
            answer(work, evaluate, json.loads(line), output)
    except OSError:  # the other end has gone
        pass
    ended.set()


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    nursery(socket.socket(fileno=0), Work(**json.loads(sys.argv[1])))
