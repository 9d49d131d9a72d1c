"""One thing -> what a reader sees: what is said of it, by whom and where, and what links here. Templates only show it."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import OWL, RDF, RDFS, SKOS, URIRef
from rdflib.term import Identifier

from wherefrom.lineage import curation_graphs, kind_of
from wherefrom.pages.shown import Group, Names, Shown, address, shown
from wherefrom.problems import UnknownResource
from wherefrom.query import rows
from wherefrom.store import Row, Store
from wherefrom.vocabulary import place

FIRST = (RDF.type, SKOS.prefLabel, RDFS.label, SKOS.definition)
TRACED = frozenset({"claim", "finding", "study", "publication", "rating", "reference", "reference-list", "source", "document", "edition"})
WITHDRAWABLE = frozenset({"finding", "person", "publication", "study"})
SHOWN = 200  # values of one property, or links of one kind, on one page; the rest is counted


@dataclass(frozen=True)
class Page:
    """Everything on the page of a thing."""

    iri: str
    label: str
    kind: str
    classes: list[Shown]
    groups: list[Group]
    mentions: list[Group]
    statements: list[Row]
    deprecated: bool

    @property
    def traced(self) -> bool:
        """Whether a thing of this kind rests on something, or something on it, so that lineage and impact have an answer."""
        return self.kind in TRACED

    @property
    def withdrawable(self) -> bool:
        """Whether a thing of this kind can be withdrawn, so that impact has an answer."""
        return self.kind in WITHDRAWABLE


def describe(store: Store, iri: URIRef, base: str) -> list[Row]:
    """Return the statements (property, value, graph) about a thing; raises `UnknownResource` where there are none."""
    found = list(rows(store, "statements", {"thing": [iri]}))
    if not found:
        raise UnknownResource(f"<{iri}>")
    return found


def page(store: Store, iri: URIRef, base: str) -> Page:
    """Return the page of a thing; raises `UnknownResource`."""
    statements = describe(store, iri, base)
    mentions = list(rows(store, "mentions", {"thing": [iri]}))
    names = Names(store, base)
    terms = [term for row in statements for term in (row["property"], row["value"], row["graph"])]
    names.learn([iri, *terms, *(term for row in mentions for term in (row["property"], row["subject"], row["graph"]))])
    curated = curation_graphs(store)
    classes = sorted({row["value"] for row in statements if row["property"] == RDF.type})
    return Page(
        iri=str(iri),
        label=names.of(iri),
        kind=kind_of(iri, base),
        classes=[Shown(names.of(one), address(str(one), base)) for one in classes],
        groups=_groups([row for row in statements if row["property"] != RDF.type], "value", names, curated),
        mentions=_groups(mentions, "subject", names, curated),
        statements=statements,
        deprecated=any(row["property"] == OWL.deprecated and str(row["value"]) == "true" for row in statements),
    )


def _groups(said: list[Row], column: str, names: Names, curated: frozenset[Identifier]) -> list[Group]:
    values: dict[Identifier, dict[Identifier, list[Identifier]]] = {}
    for row in said:
        values.setdefault(row["property"], {}).setdefault(row[column], []).append(row["graph"])
    groups = []
    for prop in sorted(values, key=lambda p: (p not in FIRST, place(str(p)), names.of(p))):
        found = [shown(value, graphs, names, curated) for value, graphs in values[prop].items()]
        found.sort(key=lambda one: (one.text, one.href, one.note))
        label = names.of(prop)
        groups.append(Group(label, address(str(prop), names.base), found[:SHOWN], max(0, len(found) - SHOWN)))
    return groups
