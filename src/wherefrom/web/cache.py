"""What was answered before, kept in a bounded memory. A cache belongs to one version of the data and goes with it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")
SHARE = 16  # one entry takes at most this part of the whole


class Cache(Generic[Value]):
    """Values by key; the one that was not asked for longest goes first. Safe in several threads."""

    def __init__(self, megabytes: int) -> None:
        self.most = megabytes * 1_000_000
        self.largest = self.most // SHARE
        self.size = 0
        self.hits = self.misses = 0
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return the value kept under a key, if it is still there."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                self.misses += 1
                return None
            self.hits += 1
            self._entries.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of so many bytes, its key included; one that is too large is let go."""
        if size > self.largest:
            return
        with self._lock:
            former = self._entries.pop(key, None)
            self.size += size - (former[1] if former else 0)
            self._entries[key] = (value, size)
            while self.size > self.most:
                _, (_, freed) = self._entries.popitem(last=False)
                self.size -= freed

    def __len__(self) -> int:
        return len(self._entries)
