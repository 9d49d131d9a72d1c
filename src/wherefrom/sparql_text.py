"""What can be told of a query from its text, before an engine sees it."""

from __future__ import annotations

import re

from wherefrom.problems import BadQuery

SERVICE = re.compile(r"(?<![?$:.%\w\\-])SERVICE(?=[\s<?$])", re.IGNORECASE)  # the keyword, not a variable or part of a name
_TOKENS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^<>\"{}|^`\\\s]*>"
    r"|\#[^\n]*",
    re.DOTALL,
)


def skeleton(query: str) -> str:
    """Return a query with its strings, IRIs and comments blanked, so that words and brackets can be counted in it."""
    return _TOKENS.sub(lambda match: '""' if match[0][0] in "\"'" else "<>" if match[0][0] == "<" else "", query)


def refuse_service(query: str) -> None:
    """Raise `BadQuery` where a query would ask another endpoint: no query makes a request, whoever sends it."""
    if SERVICE.search(skeleton(query)):
        raise BadQuery("SERVICE makes no request here: no other endpoint is asked, and SILENT would hide that.")
