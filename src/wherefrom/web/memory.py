"""Whether queries are evaluated in memory: as the settings say, or where what that may take is there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from wherefrom.settings import Settings
from wherefrom.snapshot import Snapshot

STATEMENT = 400  # bytes that one takes in a store in memory: 335 to 390 were measured
PART = 2  # the store and all copies of it may take one of so many parts of the memory
GROUPS = Path("/sys/fs/cgroup")


def held_in_memory(build: Snapshot, settings: Settings, processes: int = 1) -> Path | None:
    """Return the statements that workers are to have in memory, as a file of N-Quads; None where they read them from disk.

    Each web process has a nursery that holds them. What a worker reads it copies, since the engine counts in memory who
    reads what: in the worst case each has a copy of all.
    """
    statements, nquads = sum(build.graphs.values()), build.nquads
    copies = processes + settings.query_fast_workers + settings.query_workers
    wanted = settings.queries_in
    if nquads is None or wanted == "disk" or (wanted == "auto" and statements * STATEMENT * copies > available() / PART):
        return None
    return nquads


def available(groups: Path = GROUPS, own: str = "") -> int:
    """Return the bytes of memory that the machine has, or that the control group of this process or one around it may have (cgroup v2)."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    group = groups / (own or _own()).strip("/")
    for folder in (group, *group.parents):
        if folder.is_relative_to(groups):
            with suppress(OSError, ValueError):  # there is no limit, or no such file
                found.append(int((folder / "memory.max").read_text()))
    return min(found)


def _own() -> str:
    """Return the control group of this process, the root where it is in none (cgroups(7))."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                return line.removeprefix("0::")
    return "/"
