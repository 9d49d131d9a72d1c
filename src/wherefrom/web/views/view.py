"""The one way to send a page that is data at the same address: HTML, or with a suffix or Accept header the data it shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from wherefrom.problems import UnknownResource
from wherefrom.web.respond import HTML, JSON, Link, context_link, negotiate, respond
from wherefrom.web.site import Site

FORMATS = {  # suffix -> media type and what people call it
    "json": (JSON, "JSON"),
    "csv": ("text/csv", "CSV"),
    "svg": ("image/svg+xml", "SVG"),
    "dot": ("text/vnd.graphviz", "DOT"),
    "graphml": ("application/graphml+xml", "GraphML"),
    "gexf": ("application/gexf+xml", "GEXF"),
    "ttl": ("text/turtle", "Turtle"),
    "jsonld": ("application/ld+json", "JSON-LD"),
    "atom": ("application/atom+xml", "Atom"),
}


def show(
    site: Site, request: Request, path: str, suffix: str, page: Callable[..., bytes], data: Mapping[str, Callable[[], bytes]]
) -> Response:
    """Return the page at `path`, or one of its `data` (suffix -> what makes it), as suffix or Accept header ask for.

    `page` is called with `links` (of the head) and `formats` ("this page as ...": name, address) and hands them to its template.
    Raises `UnknownResource` for a suffix that the page does not have.
    """
    if suffix and suffix != "html" and suffix not in data:
        raise UnknownResource(f"the format .{suffix} of this")
    offered = {"html": HTML, **{name: FORMATS[name][0] for name in data}}
    chosen, negotiated = negotiate(request, offered, suffix)
    query = f"?{request.url.query}" if request.url.query else ""
    formats = [{"name": FORMATS[name][1], "href": f"{path}.{name}{query}", "type": offered[name]} for name in data]
    links = [Link("canonical", f"{path}{query}")] + [Link("alternate", one["href"], one["type"]) for one in formats]
    location = f"{path}.{chosen}{query}" if negotiated else ""
    if chosen == "html":
        return respond(site, request, HTML, lambda: page(links=links, formats=formats), links=links, location=location)
    sent = [context_link(site)] if chosen == "json" else []
    return respond(site, request, offered[chosen], data[chosen], links=sent, location=location)


def table(columns: Sequence[str], found: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as CSV (RFC 4180), with a line of their columns first; nothing is written as an empty cell."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows(["" if value is None else value for value in row] for row in found)
    return written.getvalue().encode()
