"""What sources say of a study's design, and of how two interventions relate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rdflib import URIRef

from wherefrom.discrepancies.differences import KIND, Difference, Statement, Value, code, differences_among
from wherefrom.discrepancies.reading import UNTOLD, Base, Record
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV

DESIGN = code("item/study-design")  # read from the studies themselves; a description by this item is the record of it


def of_designs(base: Base) -> Iterator[Difference]:
    """Yield studies to which graphs give different designs; records are the descriptions that say so, else the study."""
    told = [r for r in base.records(EV.Characteristic, EV.item, EV.characteristicOf, EV.valueConcept).values() if DESIGN in r.all(EV.item)]
    evaluated: dict[tuple[URIRef, URIRef], set[URIRef]] = {}
    for study, graph, intervention in _facts(base, EV.evaluates):
        evaluated.setdefault((study, graph), set()).add(intervention)
    given: dict[URIRef, list[Value]] = {}
    for study, graph, design in _facts(base, EV.design):
        if not design.endswith(UNTOLD):
            things = {study} | evaluated.get((study, graph), set())
            records = {r.iri for r in told if r.graph == graph and _tells(r, things, design)}
            said = Statement(tuple(sorted(records or {study})), graph, of=study)
            given.setdefault(study, []).append(Value(codes=(design,), statements=(said,)))
    for study, found in sorted(given.items()):
        papers = base.reports([study])
        settled = f"what {base.labels(papers)} says of how people were assigned" if papers else "a report of the study"
        yield from differences_among(KIND["design"], (study, EV.design), found, settled, base.policy)


def _facts(base: Base, prop: URIRef) -> list[tuple[URIRef, URIRef, URIRef]]:
    """Return (study, graph, value) of a property."""
    found = rows(base.store, "records", {"class": [EV.Study], "property": [prop]})
    return sorted((URIRef(r["thing"]), URIRef(r["graph"]), URIRef(r["value"])) for r in found if not base.left_out(r["graph"]))


def _tells(record: Record, things: set[URIRef], design: URIRef) -> bool:
    return design in record.all(EV.valueConcept) and bool(things & set(record.all(EV.characteristicOf)))


def relations(base: Base) -> list[tuple[URIRef, ...]]:
    """Return (claim, intervention, relation, other intervention, graph); both interventions are within the base."""
    columns = ("claim", "one", "relation", "other", "graph")
    within = {c: sorted(base.within[EV.Intervention]) for c in ("one", "other")} if EV.Intervention in base.within else {}
    found = rows(base.store, "relations", within)
    return sorted(tuple(as_iri(row[c]) for c in columns) for row in found if not base.left_out(row["graph"]))


def of_relations(base: Base) -> Iterator[Difference]:
    """Yield each two interventions that sources relate in different ways; a value is a sentence of three codes."""
    pairs: dict[tuple[URIRef, ...], list[Value]] = {}
    for claim, one, relation, other, graph in relations(base):
        said = Statement((claim,), graph, of=one)
        pairs.setdefault(tuple(sorted((one, other))), []).append(Value(codes=(one, relation, other), statements=(said,)))
    for pair, found in sorted(pairs.items()):
        settled = f"whoever developed {base.labels(pair)}"
        for difference in differences_among(KIND["intervention-relation"], pair, found, settled, base.policy):
            told = tuple(replace(comparison, relation="different") for comparison in difference.comparisons)
            yield replace(difference, comparisons=told)
