"""How wide text is at most, and where its lines break: for pictures made where no font is at hand."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from unicodedata import combining, normalize

# Widths in em, rounded up, of DejaVu Sans: with Verdana the widest of the common faces, so that what fits in it fits in any.
_WIDTHS = {
    0.3: "'IJijl",
    0.35: " ,./:;\\|",
    0.4: "()-[]ft",
    0.45: "!r",
    0.5: '"*_`',
    0.55: "?csz",
    0.6: "FLkvxy",
    0.65: "$0123456789EPSTYabdeghnopqu{}",
    0.7: "ABCKRVXZ",
    0.75: "NU",
    0.8: "&DGHOQ",
    0.85: "#+<=>^w~",
    0.9: "M",
    1.75: "\N{PER MILLE SIGN}\N{PER TEN THOUSAND SIGN}",
    1.0: "%@Wm\N{EN DASH}\N{EM DASH}\N{HORIZONTAL ELLIPSIS}\N{MIDDLE DOT}",
}
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_UNKNOWN = 1.25  # em, of a letter that is not in the table: wide enough for Cyrillic, Arabic and Chinese
_BOLD = 1.25  # the most by which a bold letter is wider


@dataclass(frozen=True)
class Font:
    """A size and a distance between lines, in px."""

    size: float
    line: float
    bold: bool = False


@cache
def _letter(letter: str) -> float:
    if letter in _WIDTH:
        return _WIDTH[letter]
    parts = [part for part in normalize("NFKD", letter) if not combining(part)]
    return sum(_WIDTH.get(part, _UNKNOWN) for part in parts)


def text_width(text: str, font: Font) -> float:
    """Return the most px that a text takes.

    >>> text_width("Wide", Font(10, 12)), text_width("é", Font(10, 12)) == text_width("e", Font(10, 12))
    (26.0, True)
    """
    return round(sum(map(_letter, text)) * font.size * (_BOLD if font.bold else 1), 3)


def wrap(text: str, font: Font, width: float, most: int = 1000) -> list[str]:
    """Return the lines of a text, none wider than `width` px; words that are too long are cut, and lines after `most` left out.

    >>> wrap("one two three", Font(10, 12), 50), wrap("one two three", Font(10, 12), 50, most=1)
    (['one two', 'three'], ['one tw…'])
    """
    return list(_wrapped(text, font, width, most))


@lru_cache(10_000)
def _wrapped(text: str, font: Font, width: float, most: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", font) <= width:
            lines[-1] += f" {word}"
            continue
        while text_width(word, font) > width and len(lines) <= most:
            fits = bisect_right(list(accumulate(text_width(letter, font) for letter in word)), width)
            lines.append(word[: max(fits, 1)])
            word = word[max(fits, 1) :]
        lines += [word] if word else []
        if len(lines) > most:
            break
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and text_width(f"{last}…", font) > width:
        last = last[:-1]
    return [*lines[: most - 1], f"{last.rstrip()}…"]
