"""Which processes there are, as Linux tells it in /proc."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(FileNotFoundError):  # the thread has ended meanwhile
            found += map(int, (task / "children").read_text("ascii").split())
    return found


def descendants(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        found += children(one)
    return found[1:]


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8")


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0]


def alive(pid: int) -> bool:
    try:
        return state(pid) != "Z"
    except OSError:
        return False


def holder(client: int, server: int, pids: list[int]) -> int:
    """Return which of these processes holds the server's end of a connection between two ports."""
    for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        cells = row.split()
        if [int(cells[n].split(":")[1], 16) for n in (1, 2)] == [server, client]:
            for pid in pids:
                if any(os.readlink(descriptor) == f"socket:[{cells[9]}]" for descriptor in Path(f"/proc/{pid}/fd").iterdir()):
                    return pid
    raise AssertionError("nobody holds the connection")
