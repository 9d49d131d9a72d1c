"""The settings of one knowledge base, read once from its `wherefrom.toml`."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import urlsplit

from wherefrom.problems import BadSettings, NotAKnowledgeBase

FILE = "wherefrom.toml"


@dataclass(frozen=True)
class Settings:
    """Every key of `wherefrom.toml` (those under [limits] without a prefix), with its default."""

    title: str = "Knowledge base"
    description: str = ""
    licence: str = "CC-BY-4.0"  # SPDX identifier of the licence of the data
    publisher: str = ""
    base: str = "https://w3id.org/wherefrom/"  # every IRI we mint starts with it; never changed after a release
    contact: str = ""  # where readers report errors: an http(s) or mailto address; empty: pages do not ask for it
    sources: str = ""  # folder with the source documents, relative to the knowledge base; empty: not at hand
    queries_in: str = "auto"  # where queries are evaluated: "memory", "disk", or what the memory of the machine allows
    query_seconds: float = 10.0  # one SPARQL query may take this long until its answer begins, then the caller gets 503
    query_bytes: int = 64_000  # a longer query is refused with 413 before it is parsed
    query_nesting: int = 200  # deeper brackets end the process of the SPARQL parser
    query_operators: int = 1_000  # longer chains of operators keep the planner busy for a minute
    query_patterns: int = 500  # more triple patterns keep it busy for ten seconds and more
    query_megabytes: int = 2_000  # address space that one query worker may take
    query_rows: int = 2_000_000  # an answer of more rows, or statements, is refused with 413, or cut when it was begun
    query_fast_seconds: float = 0.4  # of a processor; a query that is not answered by then goes over to the slow lane
    query_fast_workers: int = 8  # places in the fast lane: so many processes stand ready, some 5 MB each
    query_workers: int = 2  # places in the slow lane: long queries evaluated at once
    query_waiting: int = 8  # long queries that may wait for such a place; the next gets 503
    response_seconds: float = 30.0  # an answer that has begun may take this long to be sent, then it is cut
    response_bytes: int = 500_000_000  # a longer answer is refused with 413, or cut when it was begun
    cache_megabytes: int = 64  # answers that are kept to be given again while the data stay the same; 0: none
    write_seconds: float = 60.0  # one write may take this long, its validation included, then the caller gets 503
    write_bytes: int = 10_000_000  # a longer write is refused with 413 before it is read
    service_hosts: tuple[str, ...] = ()  # the only hosts, each with its port where that is not the usual, that SERVICE and LOAD ask
    service_seconds: float = 5.0  # what all of them together may take for one query or update
    service_bytes: int = 2_000_000  # longer answers of a service are refused; what is loaded is held to write_bytes
    service_calls: int = 4  # queries and updates that ask others at once; the next waits its turn
    lineage_nodes: int = 5_000  # a lineage answer is truncated here, and says so

    @property
    def licence_iri(self) -> str:
        """The SPDX address of the licence."""
        return f"https://spdx.org/licenses/{self.licence}"

    def share(self, number: int, count: int) -> Settings:
        """Return what falls to one of so many web processes, numbered from 0: all shares together are the whole.

        Raises `BadSettings` where there is not one for each of what each needs.
        """
        values = {name: (getattr(self, name) + number) // count for name in DIVIDED}
        for name, value in values.items():
            if not value and name not in MAY_BE_ZERO:
                told = f"limits.{name} is {getattr(self, name)}, and cannot be divided among {count} web processes."
                raise BadSettings(f"{told} Raise it to {count} or more, or have fewer processes (--workers).")
        return replace(self, **values)


QUERIES_IN = ("auto", "memory", "disk")
LIMITS = {
    field.name for field in fields(Settings) if field.name.startswith(("query_", "response_", "cache_", "write_", "service_", "lineage_"))
}
HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
# What the web processes share, if there are several.
DIVIDED = ("query_fast_workers", "query_workers", "query_waiting", "service_calls", "cache_megabytes")
MAY_BE_ZERO = {"query_waiting", "cache_megabytes"}


def read_settings(folder: Path) -> Settings:
    """Return the settings of the knowledge base in `folder`.

    Raises `NotAKnowledgeBase` where there is no `wherefrom.toml`, `BadSettings` naming file, line and key otherwise.
    """
    path = folder / FILE
    if not path.is_file():
        raise NotAKnowledgeBase(f"There is no {FILE} in {folder.name or folder}.")
    try:
        text = path.read_text("utf-8")
        written = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise BadSettings(f"{FILE} is not UTF-8 text.") from error
    except OSError as error:
        raise BadSettings(f"{FILE} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{FILE}: {error}") from error
    limits = written.pop("limits", {})
    if not isinstance(limits, dict):
        raise _bad(text, "limits", "limits is a table: write [limits] and its keys below it")
    for name in limits:
        if name not in LIMITS:
            raise _bad(text, name, f"[limits] has no key {name!r}; it has {', '.join(sorted(LIMITS))}")
    known = {field.name: field for field in fields(Settings)}
    for name in written:
        if name not in known or name in LIMITS:
            raise _bad(text, name, f"there is no key {name!r}; there are {', '.join(sorted(known.keys() - LIMITS))}")
    values = {**written, **limits}
    for name, value in values.items():
        expected = type(known[name].default)
        if expected is tuple:
            values[name] = _hosts(text, name, value)
            continue
        if type(value) is not expected and not (expected is float and type(value) is int):
            raise _bad(text, name, f"{name} must be of type {expected.__name__}, not {type(value).__name__}")
        if name in LIMITS and not (0 < float(str(value)) < math.inf or (value == 0 and name in MAY_BE_ZERO)):
            raise _bad(text, name, f"{name} must be a number greater than zero")
    settings = Settings(**values)
    if settings.queries_in not in QUERIES_IN:
        raise _bad(text, "queries_in", f"queries_in is one of {', '.join(QUERIES_IN)}, not {settings.queries_in!r}")
    _check_base(text, settings.base)
    if settings.contact and not re.match(r"(https?://|mailto:)[^\s<>\"]+$", settings.contact):
        raise _bad(text, "contact", "contact must be an http(s) or mailto address")
    return settings


def _hosts(text: str, name: str, value: object) -> tuple[str, ...]:
    """Return names of hosts, in small letters; an address with a path, or a pattern, is no name of a host."""
    if not isinstance(value, list):
        raise _bad(text, name, f'{name} must be a list of host names, as in {name} = ["sparql.example.org", "localhost:7878"]')
    for host in value:
        if not isinstance(host, str) or not HOST.fullmatch(host):
            raise _bad(text, name, f"{host!r} is no name of a host, nor one with a port, as in sparql.example.org or localhost:7878")
    return tuple(host.lower() for host in value)


def _check_base(text: str, base: str) -> None:
    try:
        parts = urlsplit(base)
    except ValueError as error:
        raise _bad(text, "base", f"base is no address: {error}") from error
    plain = not parts.query and not parts.fragment and not re.search(r'[\x00-\x20<>"{}|^`\\]', base)
    if parts.scheme not in ("http", "https") or not parts.netloc or not base.endswith("/") or not plain:
        raise _bad(text, "base", f"base must be an http(s) address that ends with a slash, not {base!r}")


def _bad(text: str, key: str, reason: str) -> BadSettings:
    keys = (re.split(r"[=#]", row)[0].strip(" []\t").rsplit(".", 1)[-1].strip("\"' ") for row in text.splitlines())
    line = next((n for n, found in enumerate(keys, 1) if found == key), 1)
    return BadSettings(f"{FILE}:{line}: {reason}.")
