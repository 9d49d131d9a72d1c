"""How kinds, counts and places are told in words, on the terminal and in pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def count(number: int, kind: str) -> str:
    """Return a number with its word.

    >>> count(1, "claim"), count(2, "reference-list"), count(3000, "study")
    ('1 claim', '2 reference lists', '3,000 studies')
    """
    word = kind.replace("-", " ") or "thing"
    return f"{number:,} {word if number == 1 else plural(word)}"


def plural(kind: str) -> str:
    """Return the word for several things of a kind.

    >>> plural("study"), plural("reference-list"), plural("outcome")
    ('studies', 'reference lists', 'outcomes')
    """
    word = kind.replace("-", " ")
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def places(edge: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a step of a lineage answer is stated: edition and lines."""
    for passage in edge["passages"]:
        first, last = passage["firstLine"], passage["lastLine"]
        line = f"line {first}" if first == last else f"lines {first}-{last}"
        yield f"{passage['edition'].rsplit('/', 1)[-1]} {line if first else passage['id']}"
