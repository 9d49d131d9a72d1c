"""The tokens of a SPARQL query or update, and the names that its prologue makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|\#[^\n]*)
    |(?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<iri><[^<>"{}|^`\\\s]*>)
    |(?P<variable>[?$]\w+)
    |(?P<language>@[a-zA-Z]+(?:-[a-zA-Z0-9]+)*)
    |(?P<number>[+-]?(?:\d+\.\d*|\.?\d+)(?:[eE][+-]?\d+)?(?![\w:]))
    |(?P<word>(?:[\w:%-]|\\.|\.(?=[\w:%\\-]))+)
    |(?P<mark>\^\^|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of the text: its kind, as it stands, and where."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """The keyword that it is or might be."""
        return self.text.upper() if self.kind in ("word", "mark") else ""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, without spaces and comments; no text is without tokens for being wrong."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "skip":
            yield Token(str(match.lastgroup), match[0], match.start())


class Prologue:
    """What BASE and PREFIX have declared so far, and what is known without them."""

    def __init__(self, prefixes: Mapping[str, str], base: str) -> None:
        self.text = ""  # as it was written
        self._turtle = f"@base <{base}> .\n" + "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items())

    def read(self, text: str, found: Sequence[Token], start: int) -> int:
        """Take in the declarations that begin at a token of a text; return the number of the token after them."""
        at = start
        while at < len(found) and found[at].word in ("BASE", "PREFIX"):
            parts = 2 if found[at].word == "BASE" else 3
            words = found[at : at + parts]
            if len(words) < parts:
                break
            self._turtle += f"@{' '.join([words[0].text.lower(), *(word.text for word in words[1:])])} .\n"
            self.text += text[words[0].start : words[-1].start] + words[-1].text + "\n"
            at += len(words)
        return at

    def iri(self, written: str) -> str | None:
        """Return the IRI that a name stands for: one in brackets, or one with a prefix; None where it stands for none."""
        quad = self._read(f"{written} <urn:p> <urn:o>")
        return quad.subject.value if quad is not None and isinstance(quad.subject, ox.NamedNode) else None

    def literal(self, written: str) -> ox.Literal | None:
        """Return the literal that a text stands for, None where it stands for none."""
        quad = self._read(f"<urn:s> <urn:p> {written}")
        return quad.object if quad is not None and isinstance(quad.object, ox.Literal) else None

    def _read(self, triple: str) -> ox.Quad | None:
        try:
            quads = list(ox.parse(f"{self._turtle}{triple} .", ox.RdfFormat.TURTLE))
        except (SyntaxError, ValueError):
            return None
        return quads[0] if len(quads) == 1 else None


def dataset_graphs(text: str, prefixes: Mapping[str, str], base: str) -> list[str | None]:
    """Return the graphs that FROM and FROM NAMED name in a query; None for one whose name stands for no IRI.

    >>> dataset_graphs("SELECT ?from FROM <g> FROM NAMED ex:g { ?from ex:from <x> }", {"ex": "http://e/"}, "http://b/")
    ['http://b/g', 'http://e/g']
    """
    found, prologue = list(tokens(text)), Prologue(prefixes, base)
    graphs, at = [], 0
    while at < len(found):
        after = prologue.read(text, found, at)
        if after == at and found[at].word == "FROM":
            name = at + 1 + (at + 1 < len(found) and found[at + 1].word == "NAMED")
            graphs.append(prologue.iri(found[name].text) if name < len(found) else None)
        at = max(after, at + 1)
    return graphs
