"""How an answer is sent: its format, entity tag, links and errors. The same rules for every route."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import quote

import pyoxigraph as ox
from rdflib import Graph
from starlette.requests import Request
from starlette.responses import Response

from wherefrom import void
from wherefrom.bibliography import FORMS
from wherefrom.dumps import GZIP
from wherefrom.export import EXPANDED
from wherefrom.formats import ANSWERS, BY_ENDING, GRAPHS
from wherefrom.problems import Problem, UnknownResource
from wherefrom.web.conditions import Conditions, modified
from wherefrom.web.negotiation import choose, profiles
from wherefrom.web.site import Site
from wherefrom.web.streaming import End, Streamed

HTML, JSON, PROBLEM = "text/html", "application/json", "application/problem+json"
SUFFIXES = {"html": HTML, **{form.ending: form.media_type for name, form in GRAPHS.items() if name != "nquads"}}  # of pages
RDF = {form.ending: form.media_type for name, form in GRAPHS.items() if name in void.FORMATS}  # of descriptions, in one graph
CITED = {form.ending: form.media_type for form in FORMS.values()}  # of the literature of a thing
LINKSET = "application/linkset+json"
READ = ["GET", "HEAD"]
NAMES = {form.ending: form.title for form in GRAPHS.values() if form.ending in SUFFIXES}
CITED_NAMES = {form.ending: form.title for form in FORMS.values()}
VARY = "Accept, Accept-Profile, Accept-Encoding"
CACHED = "public, max-age=300"
FOREVER = "public, max-age=31536000, immutable"  # what has the digest of its content in its name (RFC 8246)
JSON_LD = "http://www.w3.org/ns/json-ld#"
WORTH = 1_000  # bytes below which compressing does not pay
TEXTS = {form.media_type for form in ANSWERS} | {JSON, "application/xml", "application/sparql-query", *CITED.values()}


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


def context_link(site: Site) -> Link:
    """Return the link that gives plain JSON its meaning (JSON-LD 1.1, section 6.1)."""
    return Link("http://www.w3.org/ns/json-ld#context", site.context_address, SUFFIXES["jsonld"])


def as_uri(iri: str) -> str:
    """Return an IRI as a URI (RFC 3987, 3.1): what a header may hold, with all else percent-encoded.

    >>> as_uri("/intervention/größe")
    '/intervention/gr%C3%B6%C3%9Fe'
    """
    return quote(iri, safe="!#$%&'()*+,/:;=?@[]~")


def content_type(media_type: str) -> str:
    """Return the media type with its charset where it is a text type; JSON-LD, N-Triples and the like have none."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def is_text(media_type: str) -> bool:
    """Return whether content of this type is text, which gets smaller when it is compressed."""
    bare = media_type.split(";", 1)[0]
    return bare in TEXTS or bare.startswith("text/") or bare.endswith(("+json", "+xml"))


def takes_gzip(request: Request) -> bool:
    """Return whether the client takes gzip (RFC 9110, section 12.5.3): where it says so, or takes everything, and not with q=0."""
    told = ", ".join(request.headers.getlist("accept-encoding"))
    weights = {}
    for part in told.lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = weight.replace(" ", "")
    return not re.fullmatch(r"q=0(\.0*)?", weights.get("gzip", weights.get("x-gzip", weights.get("*", "q=0"))))


def coded(tag: str) -> str:
    """Return the entity tag of the compressed form: other bytes, another tag (RFC 9110, section 8.8.3.3)."""
    return f'{tag[:-1]}-gzip"'


def accepted(request: Request) -> str | None:
    """Return what the client accepts, also where it says so in several headers; None where it does not say.

    `_mediatype` in the address goes before the header (Content Negotiation by Profile, a draft: experimental).
    """
    if b"_mediatype" in request.scope["query_string"] and "_mediatype" in request.query_params:
        return request.query_params["_mediatype"].replace(" ", "+")  # a plus in a query is read as a space
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
    cached: str = CACHED,
    more: Mapping[str, str] = {},
) -> Response:
    """Return content with entity tag, date, links and caching, compressed where that is worth it; 304 where the client has it.

    `content` is only called when it is needed; `location` is the address of this very representation where it was negotiated.
    """
    asked = Conditions(request, modified(site))
    tag = site.etag(media_type, key or str(request.url.path), request.url.query)
    headers = {"Last-Modified": format_datetime(asked.modified, usegmt=True), "Vary": VARY, "Cache-Control": cached, **more}
    if links:
        headers["Link"] = ", ".join(link.header() for link in links)
    if location:
        headers["Content-Location"] = location
    zipped = takes_gzip(request) and is_text(media_type)
    likely = coded(tag) if zipped else tag
    if asked.has(likely):
        return Response(status_code=304, headers={"ETag": likely, **headers})
    body = plain = _kept(site, tag, media_type, content)  # raises where there is nothing here, which what follows must not hide
    if zipped and len(plain) >= WORTH:
        tag = coded(tag)
        body = _kept(site, tag, media_type, lambda: _gzip(plain))
        headers["Content-Encoding"] = "gzip"
    headers["ETag"] = tag
    asked.check(tag)
    if asked.unchanged(tag):
        return Response(status_code=304, headers={name: value for name, value in headers.items() if name != "Content-Encoding"})
    return Response(body, status, headers, content_type(media_type))


def _kept(site: Site, tag: str, media_type: str, content: Callable[[], bytes]) -> bytes:
    """Return what was made before under an entity tag, or make it: the same tag always has the same bytes."""
    kept = site.cache.get(tag)
    if kept is not None:
        return kept[1]
    made = content()
    site.cache.put(tag, (media_type, made), len(made) + len(tag))
    return made


def respond_rdf(
    site: Site,
    request: Request,
    path: str,
    suffix: str,
    graph: Callable[[], Graph],
    *,
    offered: Mapping[str, str] = RDF,
    page: Callable[[], bytes] = bytes,
    links: Sequence[Link] = (),
) -> Response:
    """Return a description in the format asked for, of those offered; `page` makes HTML, `path` is where it has suffixes, if it has."""
    if suffix and suffix not in offered:
        raise UnknownResource(f"the format .{suffix} of this")
    chosen, negotiated = negotiate(request, offered, suffix)
    location = f"{path}.{chosen}" if negotiated and path else ""
    if chosen == "html":
        return respond(site, request, HTML, page, location=location, links=links)
    form, media_type = rdf_form(request, chosen)
    location = location if media_type == offered[chosen] else ""
    return respond(site, request, media_type, lambda: void.written(graph(), form, site.base), location=location, links=links)


def rdf_form(request: Request, suffix: str) -> tuple[str, str]:
    """Return the format of `export` for a suffix, and its media type.

    JSON-LD comes in the form that a profile asks for, and says so (JSON-LD 1.1, appendix C); ours is compacted, and
    what is expanded is flattened too. An unknown profile changes nothing.
    """
    media_type = SUFFIXES[suffix]
    wanted = profiles(accepted(request), media_type) if suffix == "jsonld" else []
    known = [name for name in ("compacted", "expanded", "flattened") if JSON_LD + name in wanted]
    if not known:
        return BY_ENDING[suffix], media_type
    if "compacted" in known and "expanded" in known:
        known.remove("expanded")
    told = " ".join(JSON_LD + name for name in known)
    return "jsonld" if "compacted" in known else EXPANDED, f'{media_type};profile="{told}"'


def send(request: Request, media_type: str, body: bytes, status: int, headers: Mapping[str, str]) -> Response:
    """Return content that has no entity tag of its own bytes, compressed where that is worth it."""
    if len(body) >= WORTH and takes_gzip(request):
        return Response(_gzip(body), status, {**headers, "Content-Encoding": "gzip"}, content_type(media_type))
    return Response(body, status, headers, content_type(media_type))


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


async def stream(request: Request, media_type: str, chunks: AsyncGenerator[bytes], headers: Mapping[str, str], end: End) -> Response:
    """Return content that is sent while it is made, compressed where it is text and its first part is worth it; see `Streamed`."""
    first = await anext(chunks, b"")
    sent = dict(headers)
    zipped = takes_gzip(request) and is_text(media_type) and len(first) >= WORTH
    if zipped:
        sent["Content-Encoding"] = "gzip"
    whole = _with_first(first, chunks)
    return Streamed(_compressed(whole) if zipped else whole, sent, content_type(media_type), end)


async def _with_first(first: bytes, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(chunks):
        yield first
        async for chunk in chunks:
            yield chunk


async def _compressed(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield each chunk compressed, so that nobody waits for the next one."""
    zipper = zlib.compressobj(1, wbits=GZIP)  # the quickest: others wait meanwhile
    async with aclosing(chunks):
        async for chunk in chunks:
            yield zipper.compress(chunk) + zipper.flush(zlib.Z_SYNC_FLUSH)
    yield zipper.flush()


def see_other(location: str) -> Response:
    """Return a 303 to the page of a thing, with a short body."""
    headers = {"Location": location, "Vary": VARY, "Cache-Control": CACHED}
    return Response(f"See {location}\n", 303, headers, "text/plain; charset=utf-8")


def moved(request: Request, path: str) -> Response:
    """Return a 308 to the one address of a thing or list, with the query of the request."""
    location = f"{path}?{request.url.query}" if request.url.query else path
    return Response(f"See {location}\n", 308, {"Location": location}, "text/plain; charset=utf-8")


def as_json(value: object) -> bytes:
    """Return plain data as JSON."""
    return json.dumps(value, ensure_ascii=False).encode()


def json_response(value: object, media_type: str = JSON, status: int = 200) -> Response:
    """Return plain data as JSON."""
    return Response(as_json(value), status, {}, media_type)


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
    return as_json(value)


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
