"""Routes of the dataset as a whole: dumps, VoID, the JSON-LD context, health, what crawlers read, and the kinds of problems."""

from __future__ import annotations

from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom import void
from wherefrom.problems import UnknownResource, all_problems
from wherefrom.web.negotiation import choose
from wherefrom.web.respond import FORMS, HTML, SUFFIXES, content_type, json_response, problem_response, respond
from wherefrom.web.site import Site

READ = ["GET", "HEAD"]
MEDIA_TYPES = {**SUFFIXES, "nq": "application/n-quads"}
SITEMAP = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{}\n</urlset>\n'


def routes(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.api_route("/dump/{name}.{suffix}", methods=READ, include_in_schema=False)
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
        media_type = choose(request.headers.get("accept"), list(void.FORMATS))
        example = next((things[0] for kind, things in site.things.items() if kind == "claim"), f"{site.base}id/claim")
        values = (site.settings, site.build, site.counts, example, site.last_curation, media_type)
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
        def content() -> bytes:
            day = site.last_curation[:10]
            pages = [iri.replace(f"{site.base}id/", site.base, 1) for things in site.things.values() for iri in things]
            rows = (f"<url><loc>{escape(page)}</loc><lastmod>{day}</lastmod></url>" for page in [site.base, *pages][:50_000])
            return SITEMAP.format("\n".join(rows)).encode()

        return respond(site, request, "application/xml", content)

    @router.api_route("/problems/{slug}", methods=READ, include_in_schema=False)
    def problem(request: Request, slug: str) -> Response:
        for kind in all_problems():
            if kind.slug == slug:
                remedy = kind.__dict__.get("remedy", kind.remedy)
                value = {"type": f"/problems/{slug}", "title": kind.title, "status": kind.status, "detail": "", "remedy": remedy}
                if choose(request.headers.get("accept"), [HTML, "application/json"]) == HTML:
                    from wherefrom.pages import render

                    body = render("problem.html", site=site.settings, version=site.version, links=[], problem=value)
                    return Response(body, headers={"Vary": "Accept"}, media_type=content_type(HTML))
                return json_response(value)
        return problem_response(site, request, UnknownResource(f"the problem {slug!r}"))

    return router
