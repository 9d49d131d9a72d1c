"""A page and the dataset in the words of schema.org, for search engines: JSON-LD that carries all of its context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from rdflib import RDF, SKOS, Graph

from wherefrom.bibliography import Record, article
from wherefrom.formats import GRAPHS
from wherefrom.pages import Page
from wherefrom.resources import shipped_folder
from wherefrom.settings import Settings
from wherefrom.void import dataset_iri

SCHEMA = "https://schema.org/"
ADDRESSES = ("additionalType", "contentUrl", "license", "url")
CONTEXT = {"@vocab": SCHEMA, **{name: {"@type": "@id"} for name in ADDRESSES}}


def page(found: Page, address: str, formats: Mapping[str, str], settings: Settings, record: Record | None = None) -> dict[str, Any]:
    """Return the description of the page at `address` and of the thing it is about; `formats` are addresses -> media types.

    A publication comes with its `record`: it is described as what it is, an article of a journal or whatever its class says.
    """
    classes = sorted(str(row["value"]) for row in found.statements if row["property"] == RDF.type)
    return {
        "@context": CONTEXT,
        "@id": address,
        "@type": "WebPage",
        "name": found.label,
        "license": settings.licence_iri,
        "isPartOf": {"@id": str(dataset_iri(settings.base)), "@type": "Dataset", "name": settings.title},
        "mainEntity": {
            "@id": found.iri,
            "@type": types(classes),
            "name": found.label,
            "additionalType": classes,
            **(article(record) if record else {}),
        },
        "encoding": [_file("MediaObject", href, media_type) for href, media_type in formats.items()],
    }


def dataset(settings: Settings, version: str, when: str) -> dict[str, Any]:
    """Return the description of the dataset with its downloads."""
    downloads = ((f"{settings.base}dump/all.{form.ending}", form.media_type) for form in GRAPHS.values())
    return {
        "@context": CONTEXT,
        "@id": str(dataset_iri(settings.base)),
        "@type": "Dataset",
        "name": settings.title,
        "description": settings.description,
        "url": settings.base,
        "license": settings.licence_iri,
        "version": version,
        "dateModified": when,
        "publisher": {"@id": f"{settings.base}.well-known/void#publisher", "@type": "Organization", "name": settings.publisher},
        "distribution": [_file("DataDownload", href, media_type) for href, media_type in downloads],
    }


def types(classes: Iterable[str]) -> list[str]:
    """Return the types of schema.org that the alignments of the ontology give to classes; `Thing` where they give none.

    >>> types(["https://w3id.org/wherefrom/ontology#Claim"])
    ['Claim']
    """
    return sorted({_aligned()[one] for one in classes if one in _aligned()}) or ["Thing"]


@cache
def _aligned() -> dict[str, str]:
    alignments = Graph().parse(data=(shipped_folder("ontology") / "alignments.ttl").read_text("utf-8"), format="turtle")
    pairs = ((str(ours), str(theirs)) for ours, theirs in alignments.subject_objects(SKOS.closeMatch))
    return {ours: theirs.removeprefix(SCHEMA) for ours, theirs in pairs if theirs.startswith(SCHEMA)}


def _file(kind: str, address: str, media_type: str) -> dict[str, str]:
    return {"@id": address, "@type": kind, "contentUrl": address, "encodingFormat": media_type}
