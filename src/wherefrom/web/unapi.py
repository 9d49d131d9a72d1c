"""unAPI, version 1: a publication that a page names by `<abbr class="unapi-id">`, in the formats of references and as RDF."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Request
from rdflib import RDF
from starlette.responses import Response

from wherefrom.bibliography import FORMS
from wherefrom.pages import describe
from wherefrom.problems import BadParameter, NotAcceptable, UnknownResource
from wherefrom.vocabulary import EV
from wherefrom.web.respond import CACHED, CITED, READ, SUFFIXES, VARY, as_uri, respond
from wherefrom.web.site import Site

XML = "application/xml"
FORMATS = {name: form.ending for name, form in FORMS.items()} | {"rdf": "rdf"}  # name -> suffix of the page
TYPES = {**SUFFIXES, **CITED}


def routes(site: Site) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.api_route("/unapi", methods=READ, include_in_schema=False)
    def unapi(request: Request, id: str = "", format: str = "") -> Response:
        """List the formats of all objects (200) or of one (300), or lead to one of these (302); unknown ones are 404 and 406."""
        if format and not id:
            raise BadParameter("format goes with id: /unapi?id=IDENTIFIER&format=FORMAT.")
        if not id:
            return respond(site, request, XML, lambda: formats().encode())
        path = _publication(site, id)
        if not format:
            return respond(site, request, XML, lambda: formats(id).encode(), status=300)
        if format not in FORMATS:
            raise NotAcceptable(", ".join(FORMATS))
        location = as_uri(f"{path}.{FORMATS[format]}")
        headers = {"Location": location, "Vary": VARY, "Cache-Control": CACHED}
        return Response(f"See {location}\n", 302, headers, "text/plain; charset=utf-8")

    return router


def _publication(site: Site, identifier: str) -> str:
    """Return the path of the page of a publication; raises `UnknownResource` for what is none."""
    iri = site.iri(identifier)
    path = site.address(iri)
    told = describe(site.store, iri, site.base)
    if not path.startswith("/") or not any((row["property"], row["value"]) == (RDF.type, EV.Publication) for row in told):
        raise UnknownResource(f"a publication <{iri}>")
    return path


def formats(identifier: str = "") -> str:
    """Return the list of formats, of all publications or of one.

    >>> formats("urn:x").splitlines()[1]
    '<formats id="urn:x">'
    """
    of = f" id={quoteattr(identifier)}" if identifier else ""
    lines = [f"<format name={quoteattr(name)} type={quoteattr(TYPES[ending])}/>" for name, ending in FORMATS.items()]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<formats{of}>", *lines, "</formats>", ""])
