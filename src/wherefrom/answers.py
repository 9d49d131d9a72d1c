"""Answers of the lineage engine as plain data: what the API sends and what `--json` prints. One shape for both doors."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import networkx as nx
import pyoxigraph as ox
from rdflib import RDF, SKOS, URIRef

from wherefrom import lineage as engine
from wherefrom.discrepancies import difference_answer, discrepancies, names_of
from wherefrom.keystones import Keystone
from wherefrom.lineage import Impact, Independence, Lineage, Passage, kind_of
from wherefrom.load import engine_term
from wherefrom.overlap import Overlap, band, containment, corrected_covered_area, covered_area, weighted_covered_area
from wherefrom.paths import count_paths, cycles, shortest
from wherefrom.problems import BadParameter
from wherefrom.query import rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, shorten

Answer = dict[str, Any]


def lineage_answer(store: Store, graph: Lineage, base: str) -> Answer:
    """Return nodes and edges of a lineage, each edge with its step, basis, graph and passages.

    `independentStudies` counts the components of studies reached from the things, as of a year only those of which a report
    was there, and is None where the lineage was cut by its depth; `companions` are publications that
    report a study of the lineage and support none of the things.
    """
    engine.describe(store, graph)
    things = graph.graph["things"]
    policy = graph.graph["policy"]
    papers = engine.publications(graph)
    used = set().union(*(engine.supporting(graph, thing) for thing in things)) | set(things)
    companions = papers - used
    places = _Places(store, graph, papers)
    studies = set(engine.studies_reached(store, graph, things, policy))
    if "as_of" in graph.graph:
        studies = {study for study in studies if study in graph and papers & set(graph.successors(study))}
    lines = list(nx.connected_components(engine.sharing(store, studies, policy)))
    return {
        "things": [shorten(thing, base) for thing in things],
        "policy": policy,
        "truncated": graph.graph["truncated"],
        "deeper": graph.graph["deeper"],
        "asOf": graph.graph.get("as_of"),
        "undated": [shorten(thing, base) for thing in graph.graph.get("undated", ())],
        "independentStudies": None if graph.graph["deeper"] else len({frozenset(line & studies) for line in lines if line & studies}),
        "studies": [shorten(study, base) for study in sorted(studies)],
        "companions": [shorten(paper, base) for paper in sorted(companions)],
        "nodes": [{**node_answer(graph, node, base), "companion": node in companions} for node in _in_order(graph, base)],
        "edges": [edge for thing, ground in sorted(graph.edges) for edge in _edges(graph, thing, ground, places, base)],
    }


def lineage_quads(store: Store, graph: Lineage) -> list[ox.Quad]:
    """Return a lineage as statements: its steps in the graphs that state them, and the class and label of each node."""
    steps = [(thing, step, ground, source) for thing, ground in graph.edges for step, source, _ in graph.edges[thing, ground]["statements"]]
    wanted: list[URIRef] = [RDF.type, SKOS.prefLabel]
    names = rows(store, "statements", {"thing": sorted(graph), "property": wanted}) if graph else iter(())
    named = [(row["thing"], row["property"], row["value"], row["graph"]) for row in names]
    return [ox.Quad(*map(engine_term, terms)) for terms in (*steps, *named)]  # type: ignore[arg-type]


def node_answer(graph: Lineage, node: URIRef, base: str) -> Answer:
    """Return what a described node is: its name, IRI, kind, label and who says it."""
    data = graph.nodes[node]
    return {
        "id": shorten(node, base),
        "iri": str(node),
        "kind": kind_of(node, base),
        "label": data["label"] or shorten(node, base),
        "sources": sorted(shorten(source, base) for source in data["sources"]),
    }


def impact_answer(found: Impact, base: str) -> Answer:
    """Return what falls, is weakened or suspect, and the ratings whose basis shrinks."""
    return {
        "withdrawn": _named(found.names, found.withdrawn, base),
        "withdrawnAlong": _named(found.names, found.along, base),
        "policy": found.policy,
        "truncated": found.truncated,
        "reading": "one path to a publication that is not withdrawn is enough for a thing to stand",
        "falls": _named(found.names, found.falls, base),
        "weakened": _named(found.names, found.weakened, base),
        "suspect": _named(found.names, found.suspect, base),
        "ratings": [
            {
                **node_answer(found.names, touched.rating, base),
                "basis": "reduced" if touched.lost else "weakened",
                "lost": _named(found.names, touched.lost, base),
                "kept": _named(found.names, touched.kept, base),
            }
            for touched in found.ratings
        ],
    }


def independence_answer(found: Independence, base: str) -> Answer:
    """Return the independent lines behind claims, each with its studies, papers, companion papers and claims."""
    return {
        "policy": found.policy,
        "truncated": found.truncated,
        "independentLines": len(found.lines),
        "behind": "claims" if found.spoken_of else "thing",
        "claims": len(found.claims),
        "resting": len({claim for line in found.lines for claim in line.claims}),
        "lines": [
            {
                "studies": _named(found.names, line.studies, base),
                "publications": _named(found.names, line.publications, base),
                "companions": _named(found.names, line.companions, base),
                "claims": _named(found.names, line.claims, base),
                "sources": sorted({source for claim in line.claims for source in _sources(found.names, claim, base)}),
            }
            for line in found.lines
        ],
        "namedWithoutFinding": _named(found.names, found.without_finding, base),
        "unsupported": _named(found.names, found.unsupported, base),
    }


def unsupported_answer(store: Store, base: str, source: URIRef | None = None) -> Answer:
    """Return the claims that cite nothing, by source and with their kinds; `source` narrows to one.

    Raises `UnknownResource` or `BadParameter` for what is no source.
    """
    if source is not None:
        engine.check_known(store, [source])
        if not any(rows(store, "kinds", {"thing": [source], "class": [EV.SourcePublisher]})):
            raise BadParameter(f"{shorten(source, base)} is no source; a source is, for example, source/foundations.")
    claims: dict[str, Answer] = {}
    for row in rows(store, "unsupported"):
        said_by = shorten(str(row["source"]), base)
        if source is not None and row["source"] != source:
            continue
        name = shorten(str(row["claim"]), base)
        entry = {"id": name, "iri": str(row["claim"]), "label": str(row.get("label", name)), "source": said_by, "kinds": []}
        claims.setdefault(name, entry)["kinds"].append(str(row["kind"]).rsplit("/", 1)[-1])
    counts: dict[str, int] = {}
    for claim in claims.values():
        counts[claim["source"]] = counts.get(claim["source"], 0) + 1
    return {"count": len(claims), "bySource": dict(sorted(counts.items())), "claims": list(claims.values())}


def _named(names: Lineage, things: Iterable[URIRef], base: str) -> list[Answer]:
    return [node_answer(names, thing, base) for thing in sorted(things)]


def _sources(names: Lineage, thing: URIRef, base: str) -> list[str]:
    return [shorten(source, base) for source in names.nodes[thing]["sources"]]


def _in_order(graph: Lineage, base: str) -> list[URIRef]:
    return sorted(graph, key=lambda node: (kind_of(node, base), node))


class _Places:
    """Where a step is stated: at the printed reference if it ends there, else where the thing is; or why it is inferred."""

    def __init__(self, store: Store, graph: Lineage, papers: Iterable[URIRef]) -> None:
        self.graph = graph
        inferred = sorted({a for a, b in graph.edges for s in graph.edges[a, b]["statements"] if s[2] == "inferred"})
        curated = {URIRef(row["statement"]): row for row in rows(store, "curated_statements", {"thing": inferred})}
        self.curated = {
            (row["thing"], row["step"], row["ground"]): places
            for statement, row in curated.items()
            for places in [self._read(store, [statement]).get(statement, {})]
        }
        printed = list(rows(store, "grounds", {"ground": sorted(papers), "step": [EV.refersTo]})) if papers else []
        stated = self._read(store, sorted({URIRef(row["thing"]) for row in printed}))
        self.printed: dict[tuple[Any, Any], list[Passage]] = {}
        for row in printed:
            here = stated.get(URIRef(row["thing"]), {}).get(URIRef(row["graph"]), [])
            self.printed.setdefault((row["ground"], row["graph"]), []).extend(here)

    @staticmethod
    def _read(store: Store, things: list[URIRef]) -> dict[URIRef, dict[URIRef, list[Passage]]]:
        return engine.passages(store, things) if things else {}

    def of(self, thing: URIRef, ground: URIRef, statement: tuple[Any, Any, str]) -> list[Passage]:
        """Return the passages for one statement (step, graph, basis) of an edge."""
        step, source, basis = statement
        if basis == "inferred":
            return [passage for places in self.curated.get((thing, step, ground), {}).values() for passage in places]
        own: list[Passage] = self.graph.nodes[thing]["passages"].get(source, [])
        return self.printed.get((ground, source)) or own


def _edges(graph: Lineage, thing: URIRef, ground: URIRef, places: _Places, base: str) -> Iterable[Answer]:
    for statement in graph.edges[thing, ground]["statements"]:
        step, source, basis = statement
        yield {
            "from": shorten(thing, base),
            "to": shorten(ground, base),
            "step": shorten(step, base),
            "basis": basis,
            "graph": shorten(source, base),
            "passages": [passage_answer(passage, base) for passage in places.of(thing, ground, statement)],
        }


def passage_answer(passage: Passage, base: str) -> Answer:
    """Return a passage: its name, snapshot, edition, code points (end exclusive) and lines."""
    return {
        "id": shorten(passage.iri, base),
        "snapshot": shorten(passage.snapshot, base),
        "edition": shorten(passage.edition, base),
        "start": passage.start,
        "end": passage.end,
        "firstLine": passage.first_line,
        "lastLine": passage.last_line,
    }


def stats_answer(store: Store, base: str) -> Answer:
    """Return how many things there are of each class, under the name of the class."""
    return {shorten(str(row["class"]), base): int(row["count"]) for row in rows(store, "class_counts")}


def overlap_answer(store: Store, found: Overlap, base: str) -> Answer:
    """Return the table of documents and units with its figures, and in words what was counted and what was not."""
    table = found.table
    names = engine.named(
        store, [*table.rows, *table.columns, *(paper for papers in found.members.values() for paper in papers), *found.without_study]
    )
    whole = corrected_covered_area(table)
    return {
        "unit": found.unit,
        "policy": found.policy,
        "assumptions": _assumptions(found),
        "documents": _named(names, table.rows, base),
        "units": [
            {
                **node_answer(names, column, base),
                "publications": [shorten(paper, base) for paper in sorted(found.members[column])],
                "sampleSize": found.sizes.get(column),
                "countedBy": [shorten(row, base) for row in table.rows if (row, column) in table.marks],
            }
            for column in table.columns
        ],
        "marks": len(table.marks),
        "impossible": len(table.impossible),
        "coveredArea": _share(covered_area(table)),
        "correctedCoveredArea": _share(whole),
        "band": None if whole is None else band(whole),
        "weightedCoveredArea": weighted_covered_area(table, found.sizes),
        "pairs": [
            {
                "documents": [shorten(first, base), shorten(second, base)],
                "correctedCoveredArea": _share(corrected_covered_area(table.only(first, second))),
                "containment": _share(containment(table, first, second)),
                "shared": [shorten(column, base) for column in sorted(table.of(first) & table.of(second))],
            }
            for first, second in found.pairs()
        ],
        "withoutStudy": _named(names, found.without_study, base),
    }


def _share(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _assumptions(found: Overlap) -> list[str]:
    told = [
        "Rows are documents that cite something; a reference that a document says it did not use is left out.",
        "CCA = (N - r) / (r c - r - X): N marks, r units, c documents, X cells of units published after a document was last reviewed.",
        "The bands (5, 10, 15 percent) are those of Pieper et al. 2014; what they rest on is disputed.",
    ]
    if found.unit == "study":
        told.append(
            "A trial is a group of studies that share their sample, as sources state it"
            + (", or curators infer." if found.policy == "inferred" else ".")
        )
    if found.without_study:
        told.append(f"{len(found.without_study)} cited publications report no study that is known, and are not in the table.")
    if found.misfiled:
        told.append(f"{len(found.misfiled)} of the publications are counted although curators hold their citation for misfiled.")
    missing = sum(column not in found.sizes for column in found.table.columns)
    if found.unit == "study" and missing:
        told.append(
            f"The weighted area is not calculated: {missing} of {len(found.table.columns)} units have no sample size in any source."
        )
    return told


def paths_answer(graph: Lineage, start: URIRef, end: URIRef, shown: int, base: str) -> Answer:
    """Return the number of all ways from one thing down to another, and the shortest of them; circles are told, not walked."""
    below = set(nx.descendants(graph, start)) | {start} if start in graph else set()
    circles = cycles(graph.subgraph(below))
    return {
        "from": shorten(start, base),
        "to": shorten(end, base),
        "policy": graph.graph["policy"],
        "ways": None if circles else count_paths(graph, start, {end}).get(end, 0),
        "circles": [[shorten(node, base) for node in circle] for circle in circles],
        "shortest": [[shorten(node, base) for node in way] for way in shortest(graph, start, end, shown)],
        "truncated": graph.graph["truncated"],
    }


def keystones_answer(store: Store, stones: list[Keystone], unit: str, policy: str, base: str) -> Answer:
    """Return what carries most, each with the claims, findings and ratings that rest on nothing else."""
    names = engine.named(store, {thing for stone in stones for thing in (*stone.members, *stone.claims, *stone.ratings)})
    return {
        "unit": unit,
        "policy": policy,
        "reading": "one path to another publication or trial is enough for a thing to stand",
        "keystones": [
            {
                "members": _named(names, stone.members, base),
                "falls": {"claims": len(stone.claims), "findings": len(stone.findings), "ratings": len(stone.ratings)},
                "claims": _named(names, stone.claims, base),
                "ratings": _named(names, stone.ratings, base),
            }
            for stone in stones
        ],
    }


def discrepancies_answer(store: Store, policy: engine.Policy, kind: str | None, base: str) -> Answer:
    """Return where records disagree, as found in the data, each with the curated discrepancies that share two of its records.

    `kind` is a code of the scheme discrepancy-kind, by its last part; `curatedOnly` are those that no found one meets.
    """
    differences = discrepancies(store, policy)
    names = names_of(store, differences)
    between: dict[str, set[str]] = {}
    for row in rows(store, "curated_discrepancies"):
        between.setdefault(shorten(str(row["discrepancy"]), base), set()).add(shorten(str(row["record"]), base))
    found = [difference_answer(difference, names, base) for difference in differences]
    for answer in found:
        records = {record["id"] for record in answer["records"]}
        answer["curated"] = sorted(name for name, curated in between.items() if len(curated & records) > 1)
    met = {name for answer in found for name in answer["curated"]}
    shown = [answer for answer in found if kind is None or answer["kind"]["id"].rsplit("/", 1)[-1] == kind]
    return {"policy": policy, "count": len(shown), "discrepancies": shown, "curatedOnly": sorted(between.keys() - met)}
