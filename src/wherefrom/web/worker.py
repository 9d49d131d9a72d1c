"""A process that evaluates one query at a time, so that no query can take the web server with it.

Oxigraph cannot be interrupted from Python, and a query may end its process (deep nesting, memory). The parent sends a
request on standard input and reads frames from standard output; when the time is up it kills this process. Once the
store is open no file or connection can be opened any more: that is what keeps SERVICE and FROM from reaching out.
Run as `python -m wherefrom.web.worker STORE MEGABYTES`.
"""

from __future__ import annotations

import ctypes
import json
import resource
import signal
import struct
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import pyoxigraph as ox

from wherefrom import answering
from wherefrom.problems import Problem
from wherefrom.web.negotiation import choose

HEADER, DATA, PROBLEM, END = b"H", b"D", b"P", b"E"
FRAME = struct.Struct(">cI")
CHUNK = 64 * 1024
PR_SET_PDEATHSIG = 1


class Frames:
    """Writes an answer as frames of at most `CHUNK` bytes: a letter, the length, the content."""

    def __init__(self, output: BinaryIO) -> None:
        self.output = output
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
        if self.waiting:
            self.frame(DATA, bytes(self.waiting))
            self.waiting.clear()


def answer(store: ox.Store, request: Mapping[str, Any], frames: Frames) -> None:
    """Evaluate one request {query, accept, defaultGraphs, namedGraphs, prefixes} and write its frames."""
    try:
        found = answering.evaluate(store, request["query"], request["prefixes"], request["defaultGraphs"], request["namedGraphs"])
        formats = answering.GRAPHS if isinstance(found, ox.QueryTriples) else answering.ROWS
        by_media_type = {media_type: name for name, (_, media_type) in formats.items()}
        media_type = choose(request["accept"], list(by_media_type))
        frames.frame(HEADER, json.dumps({"mediaType": media_type}).encode())
        answering.write(found, by_media_type[media_type], frames, request["prefixes"])
        frames.flush()
        frames.frame(END, b"")
    except Problem as problem:
        frames.waiting.clear()
        frames.frame(PROBLEM, json.dumps({"type": type(problem).__name__, "detail": problem.detail}).encode())
    except MemoryError:
        frames.waiting.clear()
        frames.frame(PROBLEM, json.dumps({"type": "QueryLost", "detail": "The query needed more memory than it may take."}).encode())
    except (OSError, RuntimeError):  # what the engine says of it may name files and addresses
        frames.waiting.clear()
        frames.frame(PROBLEM, json.dumps({"type": "BadQuery", "detail": "The query parses, but its evaluation failed."}).encode())


def main(folder: str, megabytes: int) -> None:
    """Open the store, close every way out, and answer until standard input ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    store = ox.Store.read_only(folder)
    next(iter(store), None)  # opens what is opened lazily
    frames = Frames(sys.stdout.buffer)
    used = _address_space()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    frames.frame(END, b"")  # ready
    for line in sys.stdin.buffer:
        answer(store, json.loads(line), frames)


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
