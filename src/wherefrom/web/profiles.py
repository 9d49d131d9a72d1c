"""Which profile a description of a thing conforms to (Content Negotiation by Profile, a W3C draft: experimental).

A profile is asked for by `Accept-Profile`, or by its token in `?_profile=`, which goes before the header.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox
from rdflib import DCTERMS, RDF, SDO, Graph, Literal, Namespace, URIRef
from starlette.requests import Request

from wherefrom.load import engine_term
from wherefrom.vocabulary import ONTOLOGY
from wherefrom.web.negotiation import choose
from wherefrom.web.respond import Link

ALTR = Namespace("http://www.w3.org/ns/dx/connegp/altr#")
PROFILES = {"ev": str(ONTOLOGY), "schema": str(SDO), "alt": str(ALTR)[:-1]}


def asked(request: Request) -> str:
    """Return the token of the profile that is asked for, nothing where none is; raises `NotAcceptable` for an unknown one."""
    if "_profile" in request.query_params:
        wanted = request.query_params["_profile"]
        if wanted in PROFILES:
            return wanted
    else:
        wanted = ", ".join(request.headers.getlist("accept-profile"))
    if not wanted:
        return ""
    return {iri: token for token, iri in PROFILES.items()}[choose(wanted.replace("<", "").replace(">", ""), list(PROFILES.values()))]


def headers(token: str) -> dict[str, str]:
    """Return the header that tells the profile of an answer."""
    return {"Content-Profile": f"<{PROFILES[token]}>"} if token else {}


def links(token: str) -> list[Link]:
    """Return the link that tells the profile of an answer (RFC 6906)."""
    return [Link("profile", PROFILES[token])] if token else []


def alternates(iri: URIRef, representations: Mapping[str, list[str]]) -> list[ox.Quad]:
    """Return what there is of a thing: each profile (token -> media types, the default first) in each media type."""
    graph = Graph()
    for token, media_types in representations.items():
        for media_type in media_types:
            node = URIRef(f"{iri}#{token}-{media_type.replace('/', '-')}")
            default = token == "ev" and media_type == media_types[0]
            graph.add((iri, ALTR.hasDefaultRepresentation if default else ALTR.hasRepresentation, node))
            graph.add((node, RDF.type, ALTR.Representation))
            graph.add((node, DCTERMS.conformsTo, URIRef(PROFILES[token])))
            graph.add((node, DCTERMS["format"], Literal(media_type)))
    return [ox.Quad(*(engine_term(term) for term in triple)) for triple in graph]  # type: ignore[arg-type]
