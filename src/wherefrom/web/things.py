"""Routes of things: /id/{type}/{slug}, /{type}/{slug} in every format, /{type}; vocabulary, concept schemes and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlencode

import pyoxigraph as ox
from fastapi import APIRouter, Request
from rdflib import OWL, RDF, SKOS, URIRef
from starlette.responses import Response

from wherefrom import pages, schema_org
from wherefrom.bibliography import CITING, FORMS, Record, publications_of, records
from wherefrom.export import export
from wherefrom.load import engine_term
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.query import rows
from wherefrom.store import Row
from wherefrom.vocabulary import EV, ONTOLOGY
from wherefrom.web import profiles
from wherefrom.web.respond import (
    CITED,
    CITED_NAMES,
    HTML,
    LINKSET,
    NAMES,
    READ,
    SUFFIXES,
    Link,
    as_json,
    as_uri,
    moved,
    negotiate,
    rdf_form,
    respond,
    see_other,
)  # fmt: skip
from wherefrom.web.respond import RDF as RDF_SUFFIXES
from wherefrom.web.site import Site
from wherefrom.words import plural

SCHEME_CLASSES = (SKOS.ConceptScheme, EV.RatingScheme)
DATA = {name: media_type for name, media_type in SUFFIXES.items() if name != "html"}
IN_DATA = ("schema", "alt")  # profiles that have no page
ENDINGS = (*SUFFIXES, *CITED, "linkset")
WRITE = {form.ending: form.write for form in FORMS.values()}
ABOUT_PAGE = "https://schema.org/AboutPage"


def routes(site: Site) -> tuple[APIRouter, APIRouter]:
    """Return the routes with fixed addresses and those that match any `/{type}/{slug}`; the latter must be added last."""
    fixed, open_ended = APIRouter(), APIRouter()

    @fixed.api_route("/id/{name:path}", methods=READ, include_in_schema=False)
    def thing(request: Request, name: str) -> Response:
        path, suffix = _meant(site, _written(request).removeprefix("/id"))
        iri = site.at(path)
        if not _is_bare_graph(site, path, iri):
            pages.describe(site.store, iri, site.base)
        return see_other(as_uri(_with(path, suffix)))

    @fixed.api_route("/ontology", methods=READ, include_in_schema=False)
    @fixed.api_route("/ontology.{suffix}", methods=READ, include_in_schema=False)
    def ontology(request: Request, suffix: str = "") -> Response:
        return _graph_page(site, request, str(ONTOLOGY), "/ontology", suffix)

    @fixed.api_route("/shapes", methods=READ, include_in_schema=False)
    @fixed.api_route("/shapes.{suffix}", methods=READ, include_in_schema=False)
    def shapes(request: Request, suffix: str = "") -> Response:
        chosen, negotiated = negotiate(request, RDF_SUFFIXES, _known(suffix, RDF_SUFFIXES))
        form, media_type = rdf_form(request, chosen)
        location = f"/shapes.{chosen}" if negotiated and media_type == RDF_SUFFIXES[chosen] else ""
        return respond(site, request, media_type, lambda: _shapes(site, form), location=location)

    @fixed.api_route("/scheme", methods=READ, include_in_schema=False)
    def schemes(request: Request) -> Response:
        return _schemes_list(site, request)

    @open_ended.api_route("/{kind}", methods=READ, include_in_schema=False)
    def things(request: Request, kind: str, start: int = 0) -> Response:
        kind, suffix = _split(kind)
        if kind not in site.things:
            if kind.lower() in site.things:
                return moved(request, f"/{_with(kind.lower(), suffix)}")
            raise UnknownResource(f"the kind {kind!r}")
        if start < 0:
            raise BadParameter("start is the number of things to pass over, 0 or more.")
        return _list(site, request, kind, suffix, start)  # the other parameters narrow it

    @open_ended.api_route("/{name:path}", methods=READ, include_in_schema=False)
    def page(request: Request, name: str) -> Response:
        written = _written(request)
        path, suffix = _meant(site, written)
        address = as_uri(_with(path, suffix))
        if written != address and (site.is_page(path) or written.endswith("/")):
            return moved(request, address)
        iri = site.at(path)
        if _is_bare_graph(site, path, iri):
            return see_other(as_uri(f"/dump{path}.{negotiate(request, DATA, suffix if suffix in DATA else '')[0]}"))
        return _thing_page(site, request, iri, path, suffix)

    return fixed, open_ended


def _split(name: str) -> tuple[str, str]:
    """Return a name without its suffix, and the suffix where it is one of ours."""
    suffix = next((ending for ending in ENDINGS if name.endswith(f".{ending}")), "")
    return (name.removesuffix(f".{suffix}"), suffix) if suffix else (name, "")


def _known(suffix: str, offered: Mapping[str, str]) -> str:
    if suffix and suffix not in offered:
        raise UnknownResource(f"the format .{suffix} of this")
    return suffix


def _written(request: Request) -> str:
    """Return the path of a request as it was sent, percent-encoded."""
    raw: bytes = request.scope["raw_path"]
    return raw.split(b"?", 1)[0].decode("ascii", "replace")


def _meant(site: Site, written: str) -> tuple[str, str]:
    """Return the path that an address means, as the IRI has it, and the suffix.

    Tried are the address as it was sent and decoded, without stray slashes, then in lower case: a name that has
    a percent sign or a capital keeps it. Where no thing is meant it is the decoded address without slashes at its end.
    """
    for path in (written, unquote(written)):
        plain = re.sub(r"/{2,}", "/", path).rstrip("/")
        for candidate in (plain, plain.lower()):
            meanings = ((candidate, ""), _split(candidate))
            there = site.pages_at(bare for bare, _ in meanings)
            for bare, suffix in meanings:
                if bare in there:
                    return bare, suffix
    return _split("/" + unquote(written).strip("/"))


def _is_bare_graph(site: Site, path: str, iri: URIRef) -> bool:
    """Return whether this is a named graph that nothing is said of: its statements are all there is to send."""
    return str(iri) in site.build.graphs and not site.is_page(path)


def _with(path: str, suffix: str) -> str:
    return f"{path}.{suffix}" if suffix else path


def _list(site: Site, request: Request, kind: str, suffix: str, start: int) -> Response:
    """Return the list of things of one kind, a page at a time, narrowed by what else is in the address.

    That of publications is also a file of references, all in one.
    """
    cited = CITED if kind == "publication" else {}
    chosen, negotiated = negotiate(request, {"html": HTML, **cited}, _known(suffix, {"html": HTML, **cited}))
    narrowing = {name: value for name, value in request.query_params.items() if name not in ("start", "q", "_mediatype") and value}
    words = request.query_params.get("q", "").strip()
    asked = urlencode({**narrowing, **({"q": words} if words else {})}, safe=":/")

    def at(start: int) -> str:
        query = "&".join(part for part in (asked, f"start={start}" if start else "") if part)
        return f"/{kind}?{query}" if query else f"/{kind}"

    links = [Link("canonical", at(start))]
    links += [Link("alternate", f"/{kind}.{ending}", media_type) for ending, media_type in cited.items()]

    def content() -> bytes:
        if chosen != "html":
            return WRITE[chosen](records(site.store, map(URIRef, site.things[kind]), site.base)).encode()
        listing = pages.listing(site.store, site.things[kind], kind, site.base, start, narrowing, words)
        formats = [{"name": CITED_NAMES[ending], "href": f"/{kind}.{ending}", "type": cited[ending]} for ending in cited]
        found = records(site.store, listing.iris, site.base) if cited else []
        return site.page("list.html", listing=listing, heading=plural(kind), at=at, records=found, links=links, formats=formats)

    location = f"/{kind}.{chosen}" if negotiated and chosen != "html" else ""
    return respond(site, request, HTML if chosen == "html" else cited[chosen], content, links=links, location=location, key=f"/{kind}")


def _thing_page(site: Site, request: Request, iri: URIRef, name: str, suffix: str) -> Response:
    """Return the page or description of one thing in the format that suffix or Accept header ask for, and in the profile asked for."""
    statements = pages.describe(site.store, iri, site.base)
    path = as_uri(name)
    if suffix == "linkset":
        return respond(site, request, LINKSET, lambda: as_json(_linkset(site, iri, path, statements)))
    profile = profiles.asked(request)
    cited = _cited(statements)
    offered = DATA if profile in IN_DATA else {**SUFFIXES, **cited}
    chosen, negotiated = negotiate(request, offered, _known(suffix, {**SUFFIXES, **cited}))
    withdrawn = any(row["property"] == OWL.deprecated and str(row["value"]) == "true" for row in statements)
    links = _links(site, iri, path, statements, chosen) + profiles.links(profile)
    form, media_type = (chosen, offered[chosen]) if chosen == "html" or chosen in cited else rdf_form(request, chosen)

    def content() -> bytes:
        if chosen in cited:
            return WRITE[chosen](publications_of(site.store, [iri], site.base)).encode()
        if chosen != "html":
            return export(_in_profile(site, iri, path, statements, profile), form, site.base)
        return _html(site, iri, path, statements, links)

    location = f"{path}.{chosen}{f'?_profile={profile}' if profile else ''}" if negotiated and media_type == offered[chosen] else ""
    status = 410 if withdrawn else 200
    shown = site.documents if chosen == "html" else ""
    sent = {"key": f"{path} {profile} {shown}", "more": profiles.headers(profile)}
    return respond(site, request, media_type, content, links=links, location=location, status=status, **sent)  # type: ignore[arg-type]


def _html(site: Site, iri: URIRef, path: str, statements: list[Row], links: list[Link]) -> bytes:
    found = pages.page(site.store, iri, site.base)
    template, part = pages.own(pages.Asking(site.store, found, site.settings, site.folder))
    titles = {**NAMES, **{ending: CITED_NAMES[ending] for ending in _cited(statements)}}
    formats = [{"name": title, "href": f"{path}.{ending}"} for ending, title in titles.items()]
    shown = {"page": found, "own": part, "record": _record(site, iri, statements), "name": site.address(iri).removeprefix("/")}
    return site.page(template, **shown, formats=formats, links=links, described=_schema_org(site, found, path))


def _classes(statements: list[Row]) -> set[str]:
    return {str(row["value"]) for row in statements if row["property"] == RDF.type}


def _cited(statements: list[Row]) -> Mapping[str, str]:
    """Return the formats of references that a thing has: all where it is of a class that has a literature."""
    return {} if CITING.isdisjoint(_classes(statements)) else CITED


def _record(site: Site, iri: URIRef, statements: list[Row]) -> Record | None:
    """Return the record of a publication, None for all else."""
    return records(site.store, [iri], site.base)[0] if str(EV.Publication) in _classes(statements) else None


def _in_profile(site: Site, iri: URIRef, path: str, statements: list[Row], profile: str) -> list[ox.Quad]:
    """Return the description of a thing in a profile: all that is said of it, its page for search engines, or what there is."""
    if profile == "schema":
        told = _schema_org(site, pages.page(site.store, iri, site.base), path)
        return list(ox.parse(as_json(told), ox.RdfFormat.JSON_LD))
    if profile == "alt":
        return profiles.alternates(iri, {"ev": list(SUFFIXES.values()), **{token: list(DATA.values()) for token in IN_DATA}})
    return _quads(site, iri, statements)


def _schema_org(site: Site, found: pages.Page, path: str) -> dict[str, object]:
    root = site.base.rstrip("/")
    record = _record(site, URIRef(found.iri), found.statements)
    formats = {**DATA, **_cited(found.statements)}
    return schema_org.page(found, f"{root}{path}", {f"{root}{path}.{name}": formats[name] for name in formats}, site.settings, record)


def _quads(site: Site, iri: URIRef, statements: list[Row]) -> list[ox.Quad]:
    """Return the statements of a thing and of the parts it names by IRIs under its own."""
    found = [(iri, row) for row in statements]
    parts = {row["value"] for row in statements if str(row["value"]).startswith(f"{iri}/")}
    found += [(URIRef(row["thing"]), row) for row in rows(site.store, "statements", {"thing": sorted(parts)})]
    return [
        ox.Quad(*(engine_term(term) for term in (thing, row["property"], row["value"], row["graph"])))  # type: ignore[arg-type]
        for thing, row in found
    ]


def _links(site: Site, iri: URIRef, path: str, statements: list[Row], chosen: str = "html") -> list[Link]:
    """Return the links of a page (FAIR Signposting, level 1), or of a description back to its page.

    References to what a thing rests on and cites do not describe the thing, only those to a publication do.
    """
    described = chosen not in CITED or str(EV.Publication) in _classes(statements)
    types = [Link("type", str(row["value"])) for row in statements if row["property"] == RDF.type]
    licence = Link("license", site.settings.licence_iri)
    linkset = Link("linkset", f"{path}.linkset", LINKSET)
    if chosen != "html":
        return [*([Link("describes", path, HTML)] if described else []), Link("canonical", path), licence, linkset]
    formats = [(f"{path}.{name}", SUFFIXES[name]) for name in NAMES]
    cited = [(f"{path}.{name}", media_type) for name, media_type in _cited(statements).items()]
    describing = [*formats, *cited] if str(EV.Publication) in _classes(statements) else formats  # elsewhere they describe what is cited
    return [
        Link("cite-as", str(iri)),
        Link("canonical", path),
        *(Link("describedby", href, media_type) for href, media_type in describing),
        *(Link("alternate", href, media_type) for href, media_type in (*formats, *cited)),
        Link("type", ABOUT_PAGE),
        *types,
        licence,
        linkset,
    ]


def _linkset(site: Site, iri: URIRef, path: str, statements: list[Row]) -> dict[str, object]:
    """Return the links of a page as a linkset (RFC 9264), all addresses absolute."""
    root = site.base.rstrip("/")
    context: dict[str, object] = {"anchor": f"{root}{path}"}
    for link in _links(site, iri, path, statements):
        if link.rel != "linkset":
            href = link.href if link.href.startswith("http") else f"{root}{link.href}"
            entry = {"href": href, **({"type": link.type} if link.type else {})}
            context.setdefault(link.rel, []).append(entry)  # type: ignore[attr-defined]
    described = {link.href for link in _links(site, iri, path, statements) if link.rel == "describedby"}
    back = [{"anchor": f"{root}{href}", "describes": [{"href": f"{root}{path}", "type": HTML}]} for href in sorted(described)]
    return {"linkset": [context, *back]}


def _graph_page(site: Site, request: Request, graph: str, path: str, suffix: str) -> Response:
    chosen, negotiated = negotiate(request, SUFFIXES, _known(suffix, SUFFIXES))

    form, media_type = (HTML, HTML) if chosen == "html" else rdf_form(request, chosen)

    def content() -> bytes:
        return (
            site.page("vocabulary.html", vocabulary=pages.vocabulary(site.store), links=links)
            if chosen == "html"
            else _whole(site, graph, form)
        )

    location = f"{path}.{chosen}" if negotiated and media_type == SUFFIXES[chosen] else ""
    links = [Link("alternate", f"{path}.{name}", SUFFIXES[name]) for name in NAMES]
    return respond(site, request, media_type, content, links=links, location=location)


def _whole(site: Site, graph: str, form: str) -> bytes:
    """Return all of one graph."""
    return b"".join(site.dumps.get(graph, form).read())


def _schemes_list(site: Site, request: Request) -> Response:
    def content() -> bytes:
        found = sorted({str(row["thing"]) for row in rows(site.store, "kinds") if row["class"] in SCHEME_CLASSES})
        listing = pages.listing(site.store, found, "scheme", site.base, 0, size=len(found))
        return site.page("list.html", listing=listing, heading="concept schemes", at=lambda _: "/scheme", records=[])

    return respond(site, request, HTML, content)


def _shapes(site: Site, form: str) -> bytes:
    triples = ox.parse(site.build.shapes.read_bytes(), ox.RdfFormat.N_TRIPLES)
    return export((ox.Quad(quad.subject, quad.predicate, quad.object) for quad in triples), form, site.base)
