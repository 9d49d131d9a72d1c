"""Routes of the dataset as a whole: dumps, VoID, the JSON-LD context, health, what crawlers read, and the kinds of problems."""

from __future__ import annotations

from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom import starter, void
from wherefrom.problems import UnknownResource, all_problems
from wherefrom.web.negotiation import choose
from wherefrom.web.respond import FORMS, HTML, SUFFIXES, accepted, as_uri, json_response, problem_content, respond
from wherefrom.web.site import Site

OTHERS = [starter]  # their kinds of problems have a page too, though no route uses them
READ = ["GET", "HEAD"]
MEDIA_TYPES = {**SUFFIXES, "nq": "application/n-quads"}
SITEMAP = '<?xml version="1.0" encoding="UTF-8"?>\n<{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{1}\n</{0}>\n'
IN_SITEMAP = 50_000  # addresses in one file (sitemaps.org)


def routes(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.api_route("/dump/{name:path}.{suffix}", methods=READ, include_in_schema=False)
    def dump(request: Request, name: str, suffix: str) -> Response:
        bare, _, rest = f"{name}.{suffix}".rpartition(".")
        zipped = rest == "gz"
        if zipped:
            bare, _, rest = bare.rpartition(".")
        if rest not in FORMS:
            raise UnknownResource(f"the dump format .{suffix}")
        media_type = "application/gzip" if zipped else MEDIA_TYPES[rest]
        return respond(site, request, media_type, lambda: site.dump(bare, FORMS[rest], zipped=zipped))

    @router.api_route("/context.jsonld", methods=READ, include_in_schema=False)
    def context(request: Request) -> Response:
        return respond(site, request, SUFFIXES["jsonld"], lambda: bytes(json_response(site.context).body))

    @router.api_route("/.well-known/void", methods=READ, include_in_schema=False)
    def described(request: Request) -> Response:
        media_type = choose(accepted(request), list(void.FORMATS))
        example = next((things[0] for kind, things in site.things.items() if kind == "claim"), f"{site.base}id/claim")
        values = (site.settings, site.counts, example, site.last_curation, media_type)
        return respond(site, request, media_type, lambda: void.dataset(*values))

    @router.api_route("/health", methods=READ, summary="Whether the service answers, and from which data")
    def health() -> Response:
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
        media_type = choose(accepted(request), [HTML, "application/json", "text/turtle"])
        return respond(site, request, media_type, lambda: problem_content(site, value, media_type))

    return router


def sitemap_content(site: Site, part: int | None, most: int = IN_SITEMAP) -> bytes:
    """Return one sitemap with all pages, or where they are more than `most`, an index of parts; or one part, from 1 on."""
    day = site.last_curation[:10]
    root = site.base.rstrip("/")
    found = [f"{root}{as_uri(path)}" for path, thing in site.addresses.items() if thing not in site.withdrawn]
    found = [site.base, *found]
    parts = range(1, -(-len(found) // most) + 1)
    if part is None and len(parts) > 1:
        rows = (f"<sitemap><loc>{escape(f'{root}/sitemap-{n}.xml')}</loc><lastmod>{day}</lastmod></sitemap>" for n in parts)
        return SITEMAP.format("sitemapindex", "\n".join(rows)).encode()
    if part is not None and part not in parts:
        raise UnknownResource(f"part {part} of the sitemap")
    start = ((part or 1) - 1) * most
    rows = (f"<url><loc>{escape(page)}</loc><lastmod>{day}</lastmod></url>" for page in found[start : start + most])
    return SITEMAP.format("urlset", "\n".join(rows)).encode()
