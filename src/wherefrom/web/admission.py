"""What of a query is refused before an engine sees it, since it would end the parser's process or keep its planner busy."""

from __future__ import annotations

import re

from wherefrom.problems import QueryTooLarge
from wherefrom.settings import Settings
from wherefrom.sparql_text import skeleton

OPERATOR = re.compile(r"[/|^*+!&=-]|\bUNION\b|\bOPTIONAL\b|\bMINUS\b", re.IGNORECASE)
MARK = re.compile(r"[({\[\]})]|[;,]|\.(?![\w:%\\])")  # brackets, and what may end a pattern; a full stop within a name or number does not
CLOSES = {")": "(", "}": "{", "]": "["}


def check(query: str, settings: Settings) -> None:
    """Refuse a query that is too long, nested too deeply or has too many operators or patterns: `QueryTooLarge` naming the limit."""
    if len(query.encode()) > settings.query_bytes:
        raise QueryTooLarge(f"The query is longer than {settings.query_bytes:,} bytes (limits.query_bytes).")
    bare = skeleton(query)
    nesting, patterns = measure(bare)
    if nesting > settings.query_nesting:
        raise QueryTooLarge(f"Brackets are nested deeper than {settings.query_nesting} (limits.query_nesting).")
    if len(OPERATOR.findall(bare)) > settings.query_operators:
        raise QueryTooLarge(f"The query has more than {settings.query_operators:,} operators (limits.query_operators).")
    if patterns > settings.query_patterns:
        raise QueryTooLarge(f"The query has more than {settings.query_patterns:,} patterns (limits.query_patterns).")


def measure(bare: str) -> tuple[int, int]:
    """Return how deep brackets are nested, and about how many triple patterns there are, in the skeleton of a query.

    A pattern begins with a bracket that is no parenthesis, and with each `.`, `;` or `,` that is not within one, as
    arguments of a function are.

    >>> measure("SELECT * { ?a <> ?b , ?c ; <> 1.5 . FILTER(?a IN (<>, <>)) }")
    (3, 4)
    """
    around: list[str] = []
    deepest = patterns = 0
    for mark in MARK.findall(bare):
        if mark in CLOSES:
            if around:
                around.pop()
        elif mark in "({[":
            around.append(mark)
            deepest = max(deepest, len(around))
            patterns += mark != "("
        else:
            patterns += not around or around[-1] != "("
    return deepest, patterns
