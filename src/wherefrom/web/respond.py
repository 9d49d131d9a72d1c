"""How an answer is sent: its format, entity tag, links and errors. The same rules for every route."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pyoxigraph as ox
from starlette.requests import Request
from starlette.responses import Response

from wherefrom.problems import Problem
from wherefrom.web.negotiation import choose
from wherefrom.web.site import Site

HTML, PROBLEM = "text/html", "application/problem+json"
SUFFIXES = {
    "html": HTML,
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "trig": "application/trig",
}
FORMS = {"ttl": "turtle", "jsonld": "jsonld", "nt": "ntriples", "rdf": "rdfxml", "trig": "trig", "nq": "nquads"}
NAMES = {"ttl": "Turtle", "jsonld": "JSON-LD", "nt": "N-Triples", "rdf": "RDF/XML", "trig": "TriG"}
VARY = "Accept, Accept-Profile, Accept-Encoding"
CACHED = "public, max-age=300"


@dataclass(frozen=True)
class Link:
    """One web link (RFC 8288)."""

    rel: str
    href: str
    type: str = ""
    anchor: str = ""

    def header(self) -> str:
        """Return the link as part of a Link header."""
        parts = [f"<{as_uri(self.href)}>", f'rel="{self.rel}"']
        parts += [f'type="{self.type}"'] if self.type else []
        parts += [f'anchor="{self.anchor}"'] if self.anchor else []
        return "; ".join(parts)


def as_uri(iri: str) -> str:
    """Return an IRI as a URI (RFC 3987, 3.1): what a header may hold, with all else percent-encoded.

    >>> as_uri("/intervention/größe")
    '/intervention/gr%C3%B6%C3%9Fe'
    """
    return quote(iri, safe="!#$%&'()*+,/:;=?@[]~")


def content_type(media_type: str) -> str:
    """Return the media type with its charset where it is a text type; JSON-LD, N-Triples and the like have none."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def accepted(request: Request) -> str | None:
    """Return what the client accepts, also where it says so in several headers; None where it does not say."""
    return ", ".join(request.headers.getlist("accept")) or None


def negotiate(request: Request, offered: Mapping[str, str], suffix: str = "") -> tuple[str, bool]:
    """Return the suffix of the format to send, and whether it was negotiated; raises `NotAcceptable`."""
    if suffix:
        return suffix, False
    by_type = {media_type: name for name, media_type in offered.items()}
    return by_type[choose(accepted(request), list(by_type))], True


def respond(
    site: Site,
    request: Request,
    media_type: str,
    content: Callable[[], bytes],
    *,
    links: Sequence[Link] = (),
    location: str = "",
    status: int = 200,
    key: str = "",
) -> Response:
    """Return content with entity tag, links and caching, or 304 where the client has it already.

    `content` is only called when it is needed; `location` is the address of this very representation where it was negotiated.
    """
    etag = site.etag(media_type, key or str(request.url.path), request.url.query)
    headers = {"ETag": etag, "Vary": VARY, "Cache-Control": CACHED}
    if links:
        headers["Link"] = ", ".join(link.header() for link in links)
    if location:
        headers["Content-Location"] = location
    known = {tag.strip().removeprefix("W/") for header in request.headers.getlist("if-none-match") for tag in header.split(",")}
    if etag in known:
        return Response(status_code=304, headers=headers)
    body = content()  # raises where there is nothing at this address, which `*` must not hide
    if "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, content_type(media_type))


def see_other(location: str) -> Response:
    """Return a 303 to the page of a thing, with a short body."""
    headers = {"Location": location, "Vary": VARY, "Cache-Control": CACHED}
    return Response(f"See {location}\n", 303, headers, "text/plain; charset=utf-8")


def moved(request: Request, path: str) -> Response:
    """Return a 308 to the one address of a thing or list, with the query of the request."""
    location = f"{path}?{request.url.query}" if request.url.query else path
    return Response(f"See {location}\n", 308, {"Location": location}, "text/plain; charset=utf-8")


def json_response(value: object, media_type: str = "application/json", status: int = 200) -> Response:
    """Return plain data as JSON."""
    return Response(json.dumps(value, ensure_ascii=False).encode(), status, {}, media_type)


def problem_response(site: Site, request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as problem+json (RFC 9457), or as HTML or Turtle where that is asked for."""
    value = {**problem.as_json(), "instance": request.url.path}
    wanted = choose(f"{accepted(request) or '*/*'}, */*;q=0.001", [PROBLEM, HTML, "text/turtle"])
    sent = {"Vary": VARY, "Cache-Control": "no-store", **problem.headers, **(headers or {})}
    return Response(problem_content(site, value, wanted), problem.status, sent, content_type(wanted))


def problem_content(site: Site, value: Mapping[str, object], media_type: str) -> bytes:
    """Return the members of a problem as HTML, Turtle or JSON."""
    if media_type == HTML:
        return site.page("problem.html", links=[], problem=value)
    if media_type == "text/turtle":
        return _problem_turtle(value, site.base)
    return json.dumps(value, ensure_ascii=False).encode()


def _problem_turtle(value: Mapping[str, object], base: str) -> bytes:
    node = ox.BlankNode("problem")
    terms = {"title": "title", "detail": "description", "remedy": "instructionalMethod"}
    triples = [
        ox.Triple(node, ox.NamedNode(f"http://purl.org/dc/terms/{term}"), ox.Literal(str(value[name]), language="en"))
        for name, term in terms.items()
    ]
    kind = ox.NamedNode(f"{base.rstrip('/')}{value['type']}")
    triples.append(ox.Triple(node, ox.NamedNode("http://purl.org/dc/terms/type"), kind))
    return ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes={"dct": "http://purl.org/dc/terms/"}) or b""
