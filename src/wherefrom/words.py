"""How kinds, counts and places are told in words, on the terminal and in pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ACROSS = {  # the words of a step that is no support: seen from what rests, and from what it rests on
    "sources": ("says", "said by"),
    "propositions": ("expressed by", "expresses"),
    "theory": ("by a theory", "by a theory"),
    "citations": ("cites", "cited by"),
}


def count(number: int, kind: str) -> str:
    """Return a number with its word.

    >>> count(1, "claim"), count(2, "reference-list"), count(3000, "study")
    ('1 claim', '2 reference lists', '3,000 studies')
    """
    word = kind.replace("-", " ") or "thing"
    return f"{number:,} {word if number == 1 else plural(word)}"


def plural(kind: str) -> str:
    """Return the word for several things of a kind.

    >>> plural("study"), plural("way"), plural("reference-list")
    ('studies', 'ways', 'reference lists')
    """
    word = kind.replace("-", " ")
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"


def places(edge: Mapping[str, Any], names: Mapping[str, str] = {}) -> Iterator[str]:
    """Yield where a step of a lineage answer is stated: edition, by its name if it has one in `names`, and lines."""
    for passage in edge["passages"]:
        first, last = passage["firstLine"], passage["lastLine"]
        line = f"line {first}" if first == last else f"lines {first}-{last}"
        edition = names.get(passage["edition"])
        yield f"{f'{edition},' if edition else passage['edition'].rsplit('/', 1)[-1]} {line if first else passage['id']}"
