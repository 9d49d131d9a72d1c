"""What can be told of a query from its text, before an engine sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from wherefrom.problems import BadQuery

SERVICE = re.compile(r"(?<![?$:.%\w\\-])SERVICE(?=[\s<?$])", re.IGNORECASE)  # the keyword, not a variable or part of a name
TEXTS = 256  # whose parts are known: those of our own questions, which are asked again and again
VOLATILE = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID|BNODE)\s*\(", re.IGNORECASE)
_TOKENS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^<>\"{}|^`\\\s]*>"
    r"|\#[^\n]*",
    re.DOTALL,
)
_IRI = re.compile(r"<[^<>\"{}|^`\\\s]*>")
_GRAPHS = re.compile(r"GRAPH|FROM|\\u", re.IGNORECASE)
_FORM = re.compile(r"(?:\s*(?:BASE\s*<>|PREFIX\s*[^\s:]*:\s*<>))*\s*(\w*)", re.IGNORECASE)
_PROLOGUE = re.compile(r"(?:\s+|\#[^\n]*|BASE\s*<[^<>]*>|PREFIX\s*[^\s:<>]*:\s*<[^<>]*>)*", re.IGNORECASE)
_BRACKETS = re.compile(rf"{_TOKENS.pattern}|[(){{}}]", re.DOTALL)

_EXPECTED = re.compile(r"(error at \d+:\d+: )expected (?:one of )?(.*)", re.DOTALL)
_CLASS = re.compile(r"\[(?:'.*?'|_)\](?:, |$)", re.DOTALL)  # of characters, as ['0'..='9'], or [_] for any


def legible(said: str) -> str:
    """Return what the engine's parser says of a mistake without the classes of characters that it expects; a reason goes before all else.

    >>> legible("error at 1:16: expected one of Prefix not found, ['%'], ['A' ..= 'Z' | 'a' ..= 'z']")
    'error at 1:16: Prefix not found'
    >>> legible("error at 1:9: expected one of ASK, DESCRIBE, [_]"), legible("error at 1:1: expected [_]")
    ('error at 1:9: expected ASK, DESCRIBE', 'error at 1:1: expected [_]')
    """
    told = _EXPECTED.fullmatch(said)
    entries = [entry for entry in _CLASS.sub("", told[2]).split(", ") if entry] if told else []
    if not told or not entries:
        return said
    reasons = [entry for entry in entries if " " in entry]  # all else are words and signs of the grammar
    return told[1] + ("; ".join(reasons) if reasons else f"expected {', '.join(entries)}")


@lru_cache(maxsize=32)  # one query is looked at several times
def skeleton(query: str) -> str:
    """Return a query with its strings, IRIs and comments blanked, so that words and brackets can be counted in it."""
    return _TOKENS.sub(lambda match: '""' if match[0][0] in "\"'" else "<>" if match[0][0] == "<" else "", query)


def query_form(query: str) -> str:
    r"""Return the first word after the prefixes, in capitals: SELECT, ASK, CONSTRUCT, DESCRIBE; or what an update begins with.

    >>> query_form("PREFIX a: <http://example.org/ask> # ASK\n select * {}")
    'SELECT'
    """
    found = _FORM.match(skeleton(query))
    return found[1].upper() if found else ""


def may_name_graphs(query: str) -> bool:
    r"""Return whether a query may be about other graphs than the default graph; it is not where it has no such word, wherever that stands.

    Letters may be written as code points (SPARQL 1.1, section 19.2), so that these count too.

    >>> may_name_graphs("SELECT * { <http://from.example/graph> ?p ?o }"), may_name_graphs("ASK FROM <urn:g> {}")
    (False, True)
    >>> may_name_graphs(r"ASK { GR\u0041PH ?g {} }")
    True
    """
    return bool(_GRAPHS.search(_IRI.sub("<>", query)))


def used(prefixes: Mapping[str, str], query: str) -> dict[str, str]:
    """Return those of the prefixes that a query may use: handing over many takes the engine as long as a look-up."""
    return {name: iri for name, iri in prefixes.items() if f"{name}:" in query}


def with_declarations(query: str, prefixes: Mapping[str, str], base: str | None = None) -> str:
    r"""Return a query that declares base and prefixes, where it does not do so itself. BASE comes first, as in SPARQL 1.0.

    >>> with_declarations("PREFIX a: <urn:a> SELECT * {}", {"a": "urn:x", "b": "urn:b"}, "http://example.org/")
    'BASE <http://example.org/> PREFIX a: <urn:a> PREFIX b: <urn:b> SELECT * {}'
    """
    head = query[: prologue(query)]
    own = {found.lower() for found in re.findall(r"(BASE|[^\s:<>]*:)\s*<", head, re.IGNORECASE)}
    first = "" if base is None or "base" in own else f"BASE <{base}> "
    declared = "".join(f"PREFIX {prefix}: <{space}> " for prefix, space in prefixes.items() if f"{prefix}:".lower() not in own)
    return f"{first}{head}{declared}{query[len(head) :]}"


def prologue(query: str) -> int:
    """Return where the declarations at the beginning of a query end."""
    found = _PROLOGUE.match(query)
    return found.end() if found else 0


@lru_cache(TEXTS)
def outermost_group(query: str) -> slice | None:
    """Return where the WHERE clause of a query stands, with its braces; None where there is none that ends.

    >>> query = "SELECT (STRLEN('{') AS ?n) { ?s ?p '}' OPTIONAL { ?s ?q ?o } } LIMIT 1"
    >>> query[outermost_group(query)]
    "{ ?s ?p '}' OPTIONAL { ?s ?q ?o } }"
    """
    start, depth, parentheses = 0, 0, 0
    for token in _BRACKETS.finditer(query):
        match token[0]:
            case "(" | ")" if not depth:
                parentheses += 1 if token[0] == "(" else -1
            case "{" if not parentheses:
                start = start if depth else token.start()
                depth += 1
            case "}" if depth:
                depth -= 1
                if not depth:
                    return slice(start, token.end())
    return None


@lru_cache(TEXTS)
def refuse_service(query: str) -> None:
    """Raise `BadQuery` where a query would ask another endpoint: no query makes a request, whoever sends it."""
    if SERVICE.search(skeleton(query)):
        raise BadQuery("SERVICE makes no request here: no other endpoint is asked, and SILENT would hide that.")


def is_volatile(query: str) -> bool:
    """Return whether the same query may get another answer from the same data: it asks for the time, something new, or others."""
    bare = skeleton(query)
    return bool(VOLATILE.search(bare) or SERVICE.search(bare))
