"""The map of a citation network: what its tables call things, and what they do not say.

A TOML file with these keys:

`name`              slug of the network; the file is data/NAME.trig, the tables are kept as sources/NAME.*.txt
`title`             what the network is called
`publisher`         who published the tables
`issued`            when, as YYYY, YYYY-MM or YYYY-MM-DD; without it the date is "not stated", a warning
`review_publisher`  who published a review whose own cell `publisher` is empty
`base`              written as @base; without it the IRIs stay relative, as everywhere in a knowledge base
`encoding`          of the tables, "utf-8" if not given; it is never guessed
`delimiter`         of the tables, "," if not given
`language`          of titles whose own cell `language` is empty; without it a title has no language
`accept`            codes that are warnings and not violations: of `ACCEPTABLE`
[publishers]        publisher = kind of source, a code of the scheme source-kind
[nodes], [edges]    our column = the name in the header, where it differs; columns: `NODE_COLUMNS`, `EDGE_COLUMNS`
[tables]            file name = kind of its nodes or edges, where there is no column `kind` and the name of the file does not say
[kinds]             word of the column `kind` = one of `NODE_KINDS` or `EDGE_KINDS`
[stances]           word of the column `stance` = a property of CiTO that the shapes allow as an intent
[flags]             word of the column `retracted` = no, retraction, correction, concern or reinstatement
[sections]          cites, includes = code of the scheme citation-section for the citations of a review or paper
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from typing import Any

from rdflib import SH, SKOS, XSD, Graph, Namespace, URIRef

from wherefrom.problems import UnreadableInput
from wherefrom.resources import shipped_folder
from wherefrom.vocabulary import PREFIXES, SCHEMES, SHAPES

CITO = Namespace(PREFIXES["cito"])
NODE_KINDS = ("paper", "report", "study", "review")
EDGE_KINDS = ("cites", "includes", "reports")
NODE_COLUMNS = (
    "id", "kind", "title", "label", "language", "year", "doi", "pubmed", "authors", "journal", "volume", "issue", "first_page",
    "last_page", "retracted", "retraction_date", "publisher", "issued", "reviewed",
)  # fmt: skip
EDGE_COLUMNS = ("from", "to", "kind", "stance", "date", "retracted")
NEEDED = {"nodes": ("id", "title"), "edges": ("from", "to")}
FLAGS = {
    **dict.fromkeys(("no", "false", "0"), "no"),
    **dict.fromkeys(("yes", "true", "1", "retracted", "retraction"), "retraction"),
    **dict.fromkeys(("corrected", "correction"), "correction"),
    **dict.fromkeys(("concern", "expression of concern"), "concern"),
    **dict.fromkeys(("reinstated", "reinstatement"), "reinstatement"),
}
STANCES = {"supporting": "supports", "contrasting": "disputes", "mentioning": "cites"}  # the three of scite
SECTIONS = {"cites": "in-text", "includes": "used-for-placement"}  # the nearest that the scheme has
ACCEPTABLE = ("white-space", "mixed-line-ends", "duplicate-row", "contradiction")


@dataclass(frozen=True)
class Map:
    """What the tables call things, and what they do not say: see the keys above."""

    name: str
    title: str
    publisher: str
    issued: str = ""
    review_publisher: str = ""
    base: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    language: str = ""
    accept: tuple[str, ...] = ()
    publishers: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)
    edges: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    stances: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)

    def columns(self, kind: str) -> dict[str, str]:
        """Return our columns of `nodes` or `edges` with their names in the header."""
        known = NODE_COLUMNS if kind == "nodes" else EDGE_COLUMNS
        return {column: column for column in known} | dict(getattr(self, kind))

    @property
    def file(self) -> str:
        """The data file that is written."""
        return f"data/{self.name}.trig"


def read_map(name: str, content: bytes) -> Map:
    """Return the map in a TOML file; raises `UnreadableInput` naming file and line."""
    try:
        text = content.decode("utf-8")
        written = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad_map(f"{name} is no TOML file: {error}") from error
    kinds = {f.name: "table" if f.default_factory is dict else "list" if f.name == "accept" else "text" for f in fields(Map)}
    for key, value in written.items():
        if key not in kinds:
            raise _bad_key(name, text, key, f"there is no key {key!r}; there are {', '.join(kinds)}")
        if not _is_of(kinds[key], value):
            raise _bad_key(name, text, key, f"{key} must be a {kinds[key]} of texts" if kinds[key] != "text" else f"{key} must be a text")
    for key in ("name", "title", "publisher"):
        if not written.get(key, "").strip():
            raise _bad_key(name, text, key, f"the key {key} is needed")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in written.items()}
    settings = Map(**values)
    for key, reason in _slips_of(settings):
        raise _bad_key(name, text, key, reason)
    return settings


def _is_of(kind: str, value: Any) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "list":
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    return isinstance(value, dict) and all(isinstance(part, str) for part in value.values())


def _slips_of(settings: Map) -> Iterator[tuple[str, str]]:
    """Yield the key and the reason of whatever cannot be used."""
    if slug(settings.name) != settings.name:
        yield "name", f"name is made of small letters, digits and single hyphens, not {settings.name!r}"
    if settings.issued and not date_type(settings.issued):
        yield "issued", f"issued is no date: {settings.issued!r}"
    if len(settings.delimiter) != 1 or settings.delimiter in '"\r\n ':
        yield "delimiter", "delimiter is one character, as , or ; or a tab"
    if settings.base and not re.fullmatch(r'https?://[^\s<>"{}|\\^`?#]+/', settings.base):
        yield "base", f"base must be an http(s) address that ends with a slash, not {settings.base!r}"
    if settings.language and not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]+)*", settings.language):
        yield "language", f"language is a tag in small letters, as en, not {settings.language!r}"
    try:
        "".encode(settings.encoding)
    except LookupError:
        yield "encoding", f"no encoding is called {settings.encoding!r}"
    allowed: dict[str, tuple[Iterable[str], Iterable[str]]] = {
        "accept": (settings.accept, ACCEPTABLE),
        "nodes": (settings.nodes, NODE_COLUMNS),
        "edges": (settings.edges, EDGE_COLUMNS),
        "tables": (settings.tables.values(), NODE_KINDS + EDGE_KINDS),
        "kinds": (settings.kinds.values(), NODE_KINDS + EDGE_KINDS),
        "stances": (settings.stances.values(), intents()),
        "flags": (settings.flags.values(), dict.fromkeys(FLAGS.values())),
        "publishers": (settings.publishers.values(), codes("source-kind")),
    }
    for key, (used, known_here) in allowed.items():
        for word in used:
            if word not in known_here:
                yield key, f"{word!r} is none of {', '.join(known_here)}"
    for kind, section in settings.sections.items():
        if kind not in SECTIONS or section not in codes("citation-section") or section == "study-citations":
            yield "sections", f"{kind} = {section!r}: write cites or includes, and a code of citation-section other than study-citations"


def _bad_map(detail: str) -> UnreadableInput:
    problem = UnreadableInput(detail)
    problem.remedy = "Correct the map; docs/ingest-network.md lists every key."
    return problem


def _bad_key(name: str, text: str, key: str, reason: str) -> UnreadableInput:
    keys = (re.split(r"[=#\]]", row)[0].strip(" [\t\"'") for row in text.splitlines())
    return _bad_map(f"{name}:{next((n for n, found in enumerate(keys, 1) if found == key), 1)}: {reason}.")


@cache
def intents() -> tuple[str, ...]:
    """Return the local names of the properties of CiTO that the shapes allow as the intent of a citation."""
    shapes = Graph().parse(data=(shipped_folder("shapes") / "citation.ttl").read_text("utf-8"), format="turtle")
    listed = shapes.value(URIRef(f"{SHAPES}#citation-has-intent"), SH["in"])
    return tuple(str(term).removeprefix(str(CITO)) for term in shapes.items(listed)) if listed else ()


@cache
def codes(scheme: str) -> tuple[str, ...]:
    """Return the codes of a concept scheme."""
    schemes = Graph().parse(data=(shipped_folder("ontology") / "schemes.ttl").read_text("utf-8"), format="turtle")
    start = f"{SCHEMES}/{scheme}"
    return tuple(sorted(str(c).removeprefix(f"{start}/") for c in schemes.subjects(SKOS.inScheme, URIRef(start))))


def slug(text: str) -> str:
    """Return the part of an IRI that a name gives: small letters and digits of ASCII, all else single hyphens.

    >>> slug("Müller & Söhne, 2020")
    'muller-sohne-2020'
    """
    letters = "".join(c for c in unicodedata.normalize("NFKD", text).lower() if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")


def date_type(text: str) -> URIRef | None:
    """Return the datatype of a date as exact as it is written; None for what is no date."""
    found = re.fullmatch(r"((?:19|20)\d\d)(?:-(\d\d))?(?:-(\d\d))?", text)
    if not found:
        return None
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None
    return XSD.date if found[3] else XSD.gYearMonth if found[2] else XSD.gYear
