"""IRIs as whole numbers: the lines of a store's answers become arrays, without an object of Python for each cell."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rdflib import URIRef

Numbers: TypeAlias = NDArray[np.int64]
Digests: TypeAlias = NDArray[np.uint64]  # of shape (2, pieces of text)

TAB, NEWLINE, OPEN = b"\t\n<"
WORD = 8  # bytes that are read at once
BLOCK = 1 << 14  # pieces that are digested at once: what that takes stays in the processor's cache, which is five times faster
MASKS = np.array([(1 << WORD * size) - 1 for size in range(WORD + 1)], np.uint64)  # the first `size` bytes of a word
FACTORS = np.array([[0x9E3779B97F4A7C15], [0xC2B2AE3D27D4EB4F]], np.uint64)  # odd: golden ratio, second prime of xxHash


@dataclass(frozen=True)
class Names:
    """IRIs, each once, in the order of texts: the number of an IRI is its place, so that numbers are in order as IRIs are.

    The IRI of number n is `text[ends[n - 1]:ends[n]]`, in UTF-8.
    """

    text: bytes
    ends: Numbers

    def __len__(self) -> int:
        """Return the number of IRIs."""
        return len(self.ends)

    def iri(self, number: int) -> URIRef:
        """Return the IRI of a number."""
        return URIRef(self._written(number).decode())

    def iris(self, numbers: Numbers) -> tuple[URIRef, ...]:
        """Return the IRIs of numbers."""
        return tuple(map(self.iri, numbers.tolist()))

    def number(self, iri: str) -> int | None:
        """Return the number of an IRI, None where no answer had it."""
        written = iri.encode()
        at = bisect_left(range(len(self)), written, key=self._written)
        return at if at < len(self) and self._written(at) == written else None

    def _written(self, number: int) -> bytes:
        return self.text[self.ends[number - 1] if number else 0 : self.ends[number]]


@dataclass(frozen=True)
class Cells:
    """The lines of one answer: where each of its IRIs begins and ends in them, in ascending order of digests, and its rows.

    `rows` has shape (rows, columns); a cell is the place of its IRI in `starts`.
    """

    lines: bytes
    digests: Digests
    starts: Numbers
    ends: Numbers
    rows: Numbers


def cells(lines: bytes, columns: int) -> Cells:
    r"""Return what `Store.lines` answered; a row that has something else than an IRI in a column is left out.

    >>> cells(b"<urn:a>\t<urn:b>\n<urn:a>\t7\n<urn:a>\t<urn:a>\n", 2).rows.shape
    (2, 2)
    """
    characters = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero((characters == TAB) | (characters == NEWLINE)).reshape(-1, columns)
    starts = np.concatenate(([0], ends.ravel()[:-1] + 1))[: ends.size].reshape(-1, columns)
    whole = np.all(characters[starts] == OPEN, axis=1)
    opened, closed = starts[whole].ravel() + 1, ends[whole].ravel() - 1
    digests = _digests(lines, opened, closed - opened)
    first, numbers = _grouped(digests)
    return Cells(lines, digests[:, first], opened[first], closed[first], numbers.reshape(-1, columns))


def merge(answers: Sequence[Cells]) -> tuple[Names, list[Numbers]]:
    """Return the names of several answers, and the rows of each as the numbers of these names."""
    first, numbers = _grouped(np.concatenate([answer.digests for answer in answers], axis=1))
    bounds = np.cumsum([len(answer.starts) for answer in answers])
    which = np.searchsorted(bounds, first, "right").tolist()
    starts, ends = (np.concatenate(parts)[first].tolist() for parts in zip(*((a.starts, a.ends) for a in answers), strict=True))
    texts = [answers[answer].lines[start:end] for answer, start, end in zip(which, starts, ends, strict=True)]
    order = np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int64)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    names = Names(b"".join([texts[at] for at in order.tolist()]), np.cumsum(np.array([len(text) for text in texts], np.int64)[order]))
    own = np.split(place[numbers], bounds[:-1])
    return names, [mine[answer.rows] for mine, answer in zip(own, answers, strict=True)]


def _digests(text: bytes, starts: Numbers, lengths: Numbers) -> Digests:
    """Return two digests of 64 bits for each piece of a text: a multiplicative hash, word by word.

    By both together, two of ten million IRIs are taken for one with a chance of 1 to 10**24.
    """
    words = np.ndarray((len(text) + 1,), "<u8", text + bytes(WORD), strides=(1,))  # the eight bytes from each place on
    found = np.empty((2, len(starts)), np.uint64)
    for block in (slice(at, at + BLOCK) for at in range(0, len(starts), BLOCK)):
        found[:, block] = _mixed(words, starts[block], lengths[block])
    return found


def _mixed(words: NDArray[np.uint64], starts: Numbers, lengths: Numbers) -> Digests:
    found = lengths.astype(np.uint64) * FACTORS
    for at in range(0, int(lengths.max()), WORD):
        word = words[np.minimum(starts + at, len(words) - 1)] & MASKS[np.clip(lengths - at, 0, WORD)]
        mixed = (found ^ word) * FACTORS
        found = np.where(lengths > at, mixed ^ (mixed >> np.uint64(32)), found)
    return found


def _grouped(digests: Digests) -> tuple[Numbers, Numbers]:
    """Return the place of one of each distinct digest, in ascending order of digests, and the number of each digest there."""
    order = np.argsort(digests[0])
    ranked = digests[:, order]
    if np.any((ranked[0, 1:] == ranked[0, :-1]) & (ranked[1, 1:] != ranked[1, :-1])):  # two that only the second tells apart
        order = np.lexsort(digests[::-1])
        ranked = digests[:, order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = np.any(ranked[:, 1:] != ranked[:, :-1], axis=0)
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(fresh) - 1
    return order[fresh], numbers
