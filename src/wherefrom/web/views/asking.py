"""What pages with a form share: addresses without empty parameters, things meant by their labels, choices from what the base has."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.routing import APIRoute
from rdflib import Literal, URIRef
from starlette.responses import Response

from wherefrom.answers import Answer, keystones_answer
from wherefrom.keystones import keystones
from wherefrom.pages import Names
from wherefrom.problems import BadParameter
from wherefrom.query import rows
from wherefrom.vocabulary import EV, PREFIXES, shorten
from wherefrom.web.respond import see_other
from wherefrom.web.site import Site

EXAMPLES = 5  # papers, and trials, that a page without parameters begins with
PAGE, ACROSS = 100, 30  # entries or rows, and columns, on one page
SEVERAL = 5  # things of one label that a problem names


class FormRoute(APIRoute):
    """A route that leads an address with empty parameters, as forms send them, to the one without."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request."""
        handle = super().get_route_handler()

        async def handle_full(request: Request) -> Response:
            given = request.query_params.multi_items()
            kept = [(name, value.strip()) for name, value in given if value.strip()]
            return see_other(at(request.url.path, kept)) if len(kept) < len(given) else await handle(request)

        return handle_full


def at(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the address of a page with these parameters.

    >>> at("/lineage", [("thing", "claim/x")]), at("/lineage", [])
    ('/lineage?thing=claim/x', '/lineage')
    """
    query = urlencode(list(parameters), safe="/")
    return f"{path}?{query}" if query else path


@dataclass(frozen=True)
class Part:
    """A page of a list: `entries` from number `start` (from 0) on, of `total`; the addresses of the pages before and after, if any."""

    entries: Sequence[Any]
    start: int
    total: int
    before: str
    after: str

    @property
    def whole(self) -> bool:
        """Whether this is all."""
        return len(self.entries) == self.total


def part(request: Request, entries: Sequence[Any], name: str = "start", size: int = 0, *, holding: int | None = None) -> Part:
    """Return the page of `entries` that the parameter `name` of a request asks for: how many to pass over; else the one `holding` a place.

    Raises `BadParameter` for what is no such number.
    """
    size, given = size or PAGE, request.query_params.get(name, "")
    if not re.fullmatch("[0-9]{0,9}", given):
        raise BadParameter(f"{name} is how many to pass over, 0 or more, not {given!r}.")
    start = int(given) if given else (holding or 0) // size * size

    def there(number: int) -> str:
        others = [(key, value) for key, value in request.query_params.multi_items() if key not in (name, "id")]
        return at(request.url.path, [*others, (name, str(number))] if number else others)

    after = there(start + size) if start + size < len(entries) else ""
    return Part(entries[start : start + size], start, len(entries), there(max(start - size, 0)) if start else "", after)


def meant(site: Site, text: str) -> str:
    """Return the name (`type/slug`) of what a reader means: by its name, its IRI or the label that it alone has.

    Raises `BadParameter` where several things have the label. What is no label is returned as it is.
    """
    if is_name(text):
        return text
    labels = [Literal(text), Literal(text, lang="en")]
    found = sorted({shorten(str(row["thing"]), site.base) for row in rows(site.store, "labels", {"label": labels})})
    if len(found) > 1:
        more = f" and {len(found) - SEVERAL} more" if len(found) > SEVERAL else ""
        raise BadParameter(f"{text!r} is what several things are called: {', '.join(found[:SEVERAL])}{more}. Give the name of one.")
    return found[0] if found else text


def is_name(text: str) -> bool:
    """Return whether a text is a name or an IRI, and no label.

    >>> is_name("claim/x"), is_name("https://example.org/x"), is_name("Cicchetti et al. 2006"), is_name("a: b/c d")
    (True, True, False, False)
    """
    return " " not in text and ("/" in text or text.partition(":")[0] in PREFIXES)


def labels(site: Site, things: Iterable[str]) -> dict[str, str]:
    """Return what things, given by their names, are called."""
    names = Names(site.store, site.base)
    found = {thing: site.iri(thing) for thing in things}
    names.learn(found.values())
    return {thing: names.of(iri) for thing, iri in found.items()}


def sources(site: Site) -> list[tuple[str, str]]:
    """Return the sources of the base as (name, label), by label."""
    found = labels(site, (shorten(thing, site.base) for thing in site.things.get("source", ())))
    return sorted(found.items(), key=lambda one: (one[1].lower(), one[0]))


def designs(site: Site) -> list[tuple[str, str]]:
    """Return the designs that studies of the base have as (last part of the code, label), by label."""
    found = sorted({URIRef(row["value"]) for row in rows(site.store, "statements", {"property": [EV.design]})})
    names = Names(site.store, site.base)
    names.learn(found)
    return sorted(((str(one).rpartition("/")[2], names.of(one)) for one in found), key=lambda one: one[1].lower())


def examples(site: Site) -> list[Answer]:
    """Return the papers and trials that carry most claims alone: good ones to begin with."""
    found = []
    for unit in ("study", "publication"):
        stones = keystones(site.arrays, unit)
        found += keystones_answer(site.store, stones[:EXAMPLES], unit, "stated", site.base)["keystones"]
    return found
