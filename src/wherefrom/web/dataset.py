"""Routes of the dataset as a whole: its descriptions, the JSON-LD context, health, what crawlers read, and the kinds of problems."""

from __future__ import annotations

from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom import backup, starter, void
from wherefrom.example_queries import PLACE, example_queries
from wherefrom.problems import UnknownResource, all_problems
from wherefrom.query import question, questions
from wherefrom.web.negotiation import choose
from wherefrom.web.respond import (
    FOREVER,
    HTML,
    JSON,
    LINKSET,
    READ,
    SUFFIXES,
    Link,
    accepted,
    as_json,
    as_uri,
    json_response,
    problem_content,
    respond,
    respond_rdf,
)  # fmt: skip
from wherefrom.web.site import Site

OTHERS = [backup, starter]  # their kinds of problems have a page too, though no route uses them
API_CATALOG = "/.well-known/api-catalog"
CATALOG_PROFILE = "https://www.rfc-editor.org/info/rfc9727"
SITEMAP = '<?xml version="1.0" encoding="UTF-8"?>\n<{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{1}\n</{0}>\n'
IN_SITEMAP = 50_000  # addresses in one file (sitemaps.org)


def routes(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.api_route("/context.jsonld", methods=READ, include_in_schema=False)
    def context(request: Request) -> Response:
        return respond(site, request, SUFFIXES["jsonld"], lambda: site.context)

    @router.api_route("/context/{name}", methods=READ, include_in_schema=False)
    def fixed_context(request: Request) -> Response:
        if request.url.path != site.context_address:
            raise UnknownResource(f"the version {request.url.path} of the JSON-LD context")
        return respond(site, request, SUFFIXES["jsonld"], lambda: site.context, cached=FOREVER)

    @router.api_route("/.well-known/void", methods=READ, include_in_schema=False)
    def described(request: Request) -> Response:
        example = next((things[0] for kind, things in site.things.items() if kind == "claim"), f"{site.base}id/claim")
        return respond_rdf(site, request, "", "", lambda: void.dataset(site.settings, site.figures, example, site.last_curation))

    @router.api_route("/.well-known/api-catalog", methods=READ, include_in_schema=False)
    def services(request: Request) -> Response:
        links = [Link("api-catalog", API_CATALOG)]
        return respond(site, request, f'{LINKSET};profile="{CATALOG_PROFILE}"', lambda: as_json(api_catalog(site.base)), links=links)

    @router.api_route(f"/{PLACE}", methods=READ, include_in_schema=False)
    def examples(request: Request) -> Response:
        return respond_rdf(site, request, "", "", lambda: example_queries(questions().values(), site.base, site.prefixes))

    @router.api_route(f"/{PLACE}{{name}}", methods=READ, include_in_schema=False)
    def example(request: Request, name: str) -> Response:
        asked = question(name.removesuffix(".rq"))
        if name.endswith(".rq"):
            return respond(site, request, "application/sparql-query", asked.text.encode)
        return respond_rdf(site, request, "", "", lambda: example_queries([asked], site.base, site.prefixes))

    @router.api_route("/openapi.json", methods=READ, include_in_schema=False)
    def described_api(request: Request) -> Response:
        return respond(site, request, JSON, lambda: as_json(request.app.openapi()))

    @router.api_route("/health", methods=READ, summary="Whether the service answers, and from which data")
    async def health() -> Response:
        return json_response({"status": "ok", "data": site.build.digest, "statements": sum(site.build.graphs.values())})

    @router.api_route("/robots.txt", methods=READ, include_in_schema=False)
    def robots(request: Request) -> Response:
        lines = ["User-agent: *", "Disallow: /sparql", "Disallow: /api/", f"Sitemap: {site.base}sitemap.xml", ""]
        return respond(site, request, "text/plain", lambda: "\n".join(lines).encode())

    @router.api_route("/sitemap.xml", methods=READ, include_in_schema=False)
    def sitemap(request: Request) -> Response:
        return respond(site, request, "application/xml", lambda: sitemap_content(site, part=None))

    @router.api_route("/sitemap-{part}.xml", methods=READ, include_in_schema=False)
    def sitemap_part(request: Request, part: int) -> Response:
        return respond(site, request, "application/xml", lambda: sitemap_content(site, part))

    @router.api_route("/problems/{slug}", methods=READ, include_in_schema=False)
    def problem(request: Request, slug: str) -> Response:
        kind = next((kind for kind in all_problems() if kind.slug == slug), None)
        if kind is None:
            raise UnknownResource(f"the problem {slug!r}")
        value = {"type": f"/problems/{slug}", "title": kind.title, "status": kind.status, "detail": "", "remedy": kind.remedy}
        media_type = choose(accepted(request), [HTML, JSON, "text/turtle"])
        return respond(site, request, media_type, lambda: problem_content(site, value, media_type))

    return router


def api_catalog(base: str) -> dict[str, object]:
    """Return the services as a linkset (RFC 9727, appendix A; FAIRiCat): what each is described by, for programs and people."""
    services = {
        "sparql": {"service-desc": [("sparql", "text/turtle")], "service-doc": [("sparql", HTML)]},
        "api/lineage": {"service-desc": [("openapi.json", JSON)]},
        "dump/all.nq.gz": {"service-desc": [("downloads", "text/turtle")], "service-doc": [("downloads", HTML)]},
    }
    described = [
        {
            "anchor": f"{base}{anchor}",
            **{rel: [{"href": f"{base}{path}", "type": kind} for path, kind in targets] for rel, targets in relations.items()},
            "service-meta": [{"href": f"{base}.well-known/void", "type": "text/turtle"}],
        }
        for anchor, relations in services.items()
    ]
    return {"linkset": [{"anchor": f"{base}{API_CATALOG[1:]}", "item": [{"href": f"{base}{anchor}"} for anchor in services]}, *described]}


def sitemap_content(site: Site, part: int | None, most: int = IN_SITEMAP) -> bytes:
    """Return one sitemap with all pages, or where they are more than `most`, an index of parts; or one part, from 1 on."""
    day = site.last_curation[:10]
    root = site.base.rstrip("/")
    found = [site.base, *(f"{root}{as_uri(path)}" for path in site.addresses())]
    parts = range(1, -(-len(found) // most) + 1)
    if part is None and len(parts) > 1:
        rows = (f"<sitemap><loc>{escape(f'{root}/sitemap-{n}.xml')}</loc><lastmod>{day}</lastmod></sitemap>" for n in parts)
        return SITEMAP.format("sitemapindex", "\n".join(rows)).encode()
    if part is not None and part not in parts:
        raise UnknownResource(f"part {part} of the sitemap")
    start = ((part or 1) - 1) * most
    rows = (f"<url><loc>{escape(page)}</loc><lastmod>{day}</lastmod></url>" for page in found[start : start + most])
    return SITEMAP.format("urlset", "\n".join(rows)).encode()
