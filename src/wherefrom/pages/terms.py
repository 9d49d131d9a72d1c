"""The ontology -> what a reader wants to know of its terms, and of the codes that values are taken from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rdflib import OWL, RDF, RDFS, SKOS, Namespace, URIRef

from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, ONTOLOGY, PREFIXES, place, shorten

STATUS = Namespace(PREFIXES["vs"]).term_status
SCHEMES = (SKOS.ConceptScheme, EV.RatingScheme)
SECTIONS = (("Classes", OWL.Class), ("Links between things", OWL.ObjectProperty), ("Values", OWL.DatatypeProperty))
TOLD = {
    RDFS.label: "label", SKOS.definition: "definition", SKOS.example: "example", STATUS: "status",
    RDFS.domain: "domain", RDFS.range: "range", RDFS.subClassOf: "above", RDFS.subPropertyOf: "above",
}  # fmt: skip
LINKS = ("domain", "range", "above")


@dataclass(frozen=True)
class Term:
    """A class or property: its local name, kind, words, what it is of and leads to (short names), and how often it is used."""

    iri: str
    name: str
    kind: str
    label: str
    definition: str
    example: str
    status: str
    domain: list[str]
    range: list[str]
    above: list[str]
    uses: int


@dataclass(frozen=True)
class Vocabulary:
    """The terms by section, in the order of the ontology, and the concept schemes: name, address and number of codes."""

    sections: list[tuple[str, list[Term]]]
    schemes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def terms(self) -> list[Term]:
        """All terms."""
        return [term for _, terms in self.sections for term in terms]


def vocabulary(store: Store) -> Vocabulary:
    """Return the vocabulary as the store has it."""
    told: dict[str, dict[str, Any]] = {}
    kinds: dict[str, set[str]] = {}
    for row in rows(store, "statements", {"graph": [ONTOLOGY]}):
        iri = str(row["thing"])
        if row["property"] == RDF.type:
            kinds.setdefault(iri, set()).add(str(row["value"]))
        elif (name := TOLD.get(as_iri(row["property"]))) in LINKS:
            told.setdefault(iri, {}).setdefault(name, []).append(shorten(str(row["value"]), str(ONTOLOGY)))
        elif name:
            told.setdefault(iri, {})[name] = str(row["value"])
    uses = {str(row[of]): int(row["count"]) for of in ("class", "property") for row in rows(store, f"{of}_counts")}
    found = sorted((iri for iri in kinds if iri.startswith(f"{ONTOLOGY}#")), key=lambda iri: (place(iri), iri))
    sections = [
        (heading, [_term(iri, heading, told.get(iri, {}), uses) for iri in found if str(kind) in kinds[iri]]) for heading, kind in SECTIONS
    ]
    return Vocabulary(sections, _schemes(store))


def _term(iri: str, kind: str, told: dict[str, Any], uses: dict[str, int]) -> Term:
    words: dict[str, Any] = {name: told.get(name, "") for name in ("label", "definition", "example", "status")}
    links: dict[str, Any] = {name: sorted(told.get(name, ())) for name in LINKS}
    return Term(iri, iri.split("#", 1)[1], kind, **words, **links, uses=uses.get(iri, 0))


def _schemes(store: Store) -> list[dict[str, Any]]:
    schemes = sorted({str(row["thing"]) for row in rows(store, "kinds", {"class": list(SCHEMES)})})
    codes: dict[str, set[str]] = {scheme: set() for scheme in schemes}
    labels: dict[str, str] = {}
    for row in rows(store, "statements", {"value": [URIRef(scheme) for scheme in schemes], "property": [SKOS.inScheme]}) if schemes else ():
        codes[str(row["value"])].add(str(row["thing"]))
    for row in rows(store, "labels", {"thing": [URIRef(scheme) for scheme in schemes]}) if schemes else ():
        labels.setdefault(str(row["thing"]), str(row["label"]))
    return [{"iri": scheme, "label": labels.get(scheme, shorten(scheme, "")), "codes": len(codes[scheme])} for scheme in schemes]
