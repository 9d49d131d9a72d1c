"""Answers of the lineage engine as plain data: what the API sends and what `--json` prints. One shape for both doors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from heapq import nlargest
from math import comb
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import networkx as nx
import pyoxigraph as ox
from rdflib import DCTERMS, PROV, RDF, RDFS, SKOS, Literal, URIRef

from wherefrom import lineage as engine
from wherefrom.conditions import Held
from wherefrom.discrepancies import difference_answer, discrepancies, names_of
from wherefrom.independence import Independence
from wherefrom.lineage import Lineage, Passage, Step, kind_of
from wherefrom.load import engine_term
from wherefrom.narrowing import of_kinds
from wherefrom.overlap import Incidence, Overlap, band, corrected_covered_area, covered_area, other_unit, pairs, weighted_covered_area
from wherefrom.paths import count_paths, cycles, shortest
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.teams import Developer
from wherefrom.vocabulary import EV, SCHEMES, shorten
from wherefrom.withdrawal import Impact, single_points
from wherefrom.words import count

if TYPE_CHECKING:  # both load numpy, which most answers do without
    from wherefrom.evidence_map import Cell, Measured
    from wherefrom.keystones import Keystone

Answer = dict[str, Any]
KEYSTONES = 100  # how many are told at most
PAIRS = 1_000  # of documents that are told at most
KINDS = URIRef(f"{SCHEMES}/discrepancy-kind")
READINGS = {
    "one": "One path to a publication that is not withdrawn is enough for a thing to stand.",
    "all": "A thing needs every path: it falls as soon as one of them leads to what is withdrawn.",
}


def lineage_answer(store: Store, graph: Lineage, base: str, kinds: Collection[str] = ()) -> Answer:
    """Return nodes and edges of a lineage, each edge with its step, way, basis, graph and passages.

    `kinds` shows only nodes of these kinds; counts are those of the whole lineage. A step that begins with ^ is written the
    other way round in the data; an inferred one names its curated statement; an edge without a step stands for the way `through`.
    `names` tells what sources and graphs are called that are no nodes.
    `independentStudies` counts the components of studies reached from the things, as of a year only those of which a report
    was there; `companions` are publications that report a study of the lineage and support none of the things; without any one
    of `singlePoints` the things lose all publications. Counts are None where grounds were not followed, or not to their end.
    """
    engine.describe(store, graph)
    things = graph.graph["things"]
    policy = graph.graph["policy"]
    cut = graph.graph["deeper"] or graph.graph["truncated"]
    grounded = not cut and graph.graph["direction"] != "consequences" and "support" in graph.graph["follow"]
    papers = engine.publications(graph)
    supported = engine.support(graph)
    used = (set().union(*(nx.descendants(supported, thing) for thing in things)) & papers) | set(things)
    companions = engine.reporting(graph) - used
    places = _Places(store, graph, papers)
    studies = set(engine.studies_reached(store, graph, things, policy, supported))
    if "as_of" in graph.graph:
        studies = {study for study in studies if study in graph and papers & set(graph.successors(study))}
    lines = list(nx.connected_components(engine.sharing(store, studies, policy)))
    shown = of_kinds(graph, kinds, base) if kinds else graph
    points = single_points(store, graph, supported) if grounded else None
    return {
        "things": [shorten(thing, base) for thing in things],
        "policy": policy,
        "direction": graph.graph["direction"],
        "narrowed": graph.graph["narrowed"],
        "follow": list(graph.graph["follow"]),
        "truncated": graph.graph["truncated"],
        "deeper": graph.graph["deeper"],
        "asOf": graph.graph.get("as_of"),
        "undated": [shorten(thing, base) for thing in graph.graph.get("undated", ())],
        "independentStudies": len({frozenset(line & studies) for line in lines if line & studies}) if grounded else None,
        "studies": [shorten(study, base) for study in sorted(studies)],
        "companions": [shorten(paper, base) for paper in sorted(companions)],
        "singlePoints": None if points is None else [shorten(node, base) for node in sorted(points)],
        "withoutDesign": [shorten(study, base) for study in graph.graph.get("without_design", ())],
        "nodes": [{**node_answer(graph, node, base), "companion": node in companions} for node in _in_order(shown, base)],
        "edges": [edge for thing, ground in sorted(shown.edges) for edge in _edges(shown, thing, ground, places, base)],
        "names": _names_beside(store, shown, base),
    }


def _names_beside(store: Store, graph: Lineage, base: str) -> dict[str, str]:
    """Return what the sources and graphs are called that nodes and edges name and that are no nodes themselves."""
    sources = {source for _, data in graph.nodes(data=True) for source in data["sources"]}
    graphs = {said.graph for _, _, statements in engine.edges(graph) for said in statements}
    found: dict[str, str] = {}
    beside = sorted((sources | graphs) - set(graph))
    for row in rows(store, "descriptions", {"thing": beside}) if beside else ():
        if row["property"] == SKOS.prefLabel:
            name = shorten(row["thing"], base)
            found[name] = min(found.get(name, str(row["value"])), str(row["value"]))
    return dict(sorted(found.items()))


def lineage_quads(store: Store, graph: Lineage, base: str, kinds: Collection[str] = ()) -> list[ox.Quad]:
    """Return a lineage as statements: its steps in the graphs that state them, and the class and label of each node.

    A graph of its own, named by the address of the answer, holds what no graph states: the steps as prov:wasInfluencedBy, so
    that any reader of PROV-O can walk them, the computed steps, and whether the answer was cut. The curated statement behind
    an inferred step is there with what it says, so that what is inferred can be told apart in one graph as well.
    With `kinds`, only nodes of these kinds and the steps between them: a way over nodes that are left out is no statement.
    """
    graph = of_kinds(graph, kinds, base) if kinds else graph
    answer = URIRef(f"{base}api/lineage?{urlencode({'thing': graph.graph['things'], 'policy': graph.graph['policy']}, doseq=True)}")
    found: list[tuple[Any, ...]] = [
        (answer, RDF.type, PROV.Bundle, answer),
        (answer, RDFS.comment, Literal(_told(graph), lang="en"), answer),
    ]
    for thing, ground, statements in engine.edges(graph):
        found.append((thing, PROV.wasInfluencedBy, ground, answer))
        for said in statements:
            subject, value = (ground, thing) if said.inverse else (thing, ground)
            found.append((subject, said.step, value, answer if said.basis == "computed" else said.graph))
    places = _Places(store, graph, ())
    explaining = sorted({statement for a, b, said in engine.edges(graph) for step in said if (statement := places.explaining(a, b, step))})
    wanted: list[URIRef] = [RDF.type, SKOS.prefLabel]
    described = [
        (sorted(graph), wanted),
        (explaining, [*wanted, RDF.subject, RDF.predicate, RDF.object, EV.supportBasis, DCTERMS.description]),
    ]
    for things, properties in described:
        names = rows(store, "statements", {"thing": things, "property": properties}) if things else iter(())
        found += [(row["thing"], row["property"], row["value"], row["graph"]) for row in names]
    return [ox.Quad(*map(engine_term, terms)) for terms in found]  # type: ignore[arg-type]


def _told(graph: Lineage) -> str:
    """Return in words what was asked and whether the answer was cut."""
    words = [f"{graph.graph['direction']}, {graph.graph['policy']}, following {', '.join(graph.graph['follow'])}"]
    words += ["narrowed by filters"] if graph.graph["narrowed"] else []
    words += ["cut: there is more than limits.lineage_nodes allows"] if graph.graph["truncated"] else []
    words += ["cut: there are more steps than were asked for"] if graph.graph["deeper"] else []
    return "Lineage: " + "; ".join(words)


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
        "authored": _named(found.names, found.authored, base),
        "withdrawnAlong": _named(found.names, found.along, base),
        "policy": found.policy,
        "truncated": found.truncated,
        "reading": found.reading,
        "assumptions": [READINGS[found.reading], "What is in no group is untouched."],
        "falls": _named(found.names, found.falls, base),
        "weakened": _named(found.names, found.weakened, base),
        "suspect": _named(found.names, found.suspect, base),
        "ratings": [
            {
                **node_answer(found.names, touched.rating, base),
                "basis": "reduced" if touched.lost else "weakened",
                "lost": _named(found.names, touched.lost, base),
                "kept": _named(found.names, touched.kept, base),
                "conditions": [_held_answer(held, base) for held in touched.conditions],
            }
            for touched in found.ratings
        ],
    }


def _held_answer(held: Held, base: str) -> Answer:
    """Return a condition of a level: what it asks, which studies met it before, which are left, and whether it holds."""
    return {
        "id": shorten(held.condition, base),
        "words": held.words,
        "studiesNeeded": held.needed,
        "before": [shorten(study, base) for study in held.before],
        "after": [shorten(study, base) for study in held.after],
        "openBefore": [shorten(study, base) for study in held.open_before],
        "openAfter": [shorten(study, base) for study in held.open_after],
        "verdict": held.verdict,
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
                "onlyThis": [shorten(claim, base) for claim in line.only],
                "sources": [shorten(source, base) for source in line.sources],
                "team": {
                    "authors": _named(found.names, line.team.authors, base),
                    "developers": [_developer_answer(found.names, developer, base) for developer in line.team.developers],
                    "shared": [shorten(developer.person, base) for developer in line.team.shared],
                    "independent": line.team.independent,
                },
            }
            for line in found.lines
        ],
        "echoRatio": _share(found.echo),
        "namedWithoutFinding": _named(found.names, found.without_finding, base),
        "unsupported": _named(found.names, found.unsupported, base),
    }


def _developer_answer(names: Lineage, developer: Developer, base: str) -> Answer:
    """Return who developed what, and whether that is stated or inferred."""
    return {
        **node_answer(names, developer.person, base),
        "of": node_answer(names, developer.intervention, base),
        "basis": developer.basis,
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


def _in_order(graph: Lineage, base: str) -> list[URIRef]:
    return sorted(graph, key=lambda node: (kind_of(node, base), node))


class _Places:
    """Where a step is stated: at the printed reference if it ends there, else where the thing is; or why it is inferred."""

    def __init__(self, store: Store, graph: Lineage, papers: Collection[URIRef]) -> None:
        self.graph = graph
        said = [(b if step.inverse else a, step) for a, b, steps in engine.edges(graph) for step in steps]
        inferred = sorted({subject for subject, step in said if step.basis == "inferred"})
        self.explained = {
            (row["thing"], row["step"], row["ground"]): as_iri(row["statement"])
            for row in rows(store, "curated_statements", {"thing": inferred})
        }
        self.curated = self._read(store, sorted(self.explained.values()))
        cited = {(b, step.graph) for _, b, steps in engine.edges(graph) if b in papers for step in steps}
        cited_in = {"value": sorted({paper for paper, _ in cited}), "graph": sorted({graph for _, graph in cited})}
        printed = list(rows(store, "statements", {**cited_in, "property": [EV.refersTo]}))
        stated = self._read(store, sorted({as_iri(row["thing"]) for row in printed}))
        self.printed: dict[tuple[Any, Any], list[Passage]] = {}
        for row in printed:
            here = stated.get(as_iri(row["thing"]), {}).get(as_iri(row["graph"]), [])
            self.printed.setdefault((row["value"], row["graph"]), []).extend(here)

    @staticmethod
    def _read(store: Store, things: list[URIRef]) -> dict[URIRef, dict[URIRef, list[Passage]]]:
        return engine.passages(store, things) if things else {}

    def explaining(self, thing: URIRef, ground: URIRef, said: Step) -> URIRef | None:
        """Return the curated statement behind an inferred step."""
        subject, value = (ground, thing) if said.inverse else (thing, ground)
        return self.explained.get((subject, said.step, value)) if said.basis == "inferred" else None

    def of(self, thing: URIRef, ground: URIRef, said: Step) -> list[Passage]:
        """Return the passages for one statement of an edge."""
        if said.basis == "inferred":
            statement = self.explaining(thing, ground, said)
            return [passage for places in self.curated.get(statement, {}).values() for passage in places] if statement else []
        stating = ground if said.inverse or said.step == EV.states else thing
        own: list[Passage] = self.graph.nodes[stating]["passages"].get(said.graph, [])
        return self.printed.get((ground, said.graph)) or own


def _edges(graph: Lineage, thing: URIRef, ground: URIRef, places: _Places, base: str) -> Iterable[Answer]:
    ends = {"from": shorten(thing, base), "to": shorten(ground, base)}
    if "through" in (data := graph.edges[thing, ground]):
        through = [shorten(node, base) for node in data["through"]]
        bare = {"step": None, "way": data["way"], "basis": data["basis"], "graph": None, "curatedStatement": None}
        yield {**ends, **bare, "through": through, "passages": []}
    for said in data["statements"]:
        statement = places.explaining(thing, ground, said)
        yield {
            **ends,
            "step": f"{'^' if said.inverse else ''}{shorten(said.step, base)}",
            "way": said.way,
            "basis": said.basis,
            "graph": shorten(said.graph, base),
            "curatedStatement": shorten(statement, base) if statement else None,
            "through": [],
            "passages": [passage_answer(passage, base) for passage in places.of(thing, ground, said)],
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
    other = other_unit(store, found)
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
        **_figures(table, base),
        "weightedCoveredArea": weighted_covered_area(table, found.sizes),
        "beside": {"unit": other.unit, "units": len(other.table.columns), **_figures(other.table, base)},
        "withoutStudy": _named(names, found.without_study, base),
    }


def _figures(table: Incidence, base: str) -> Answer:
    """Return the figures of a table and of each two of its documents, or of those that share most."""
    whole, two = corrected_covered_area(table), pairs(table)
    told = two if len(two) <= PAIRS else nlargest(PAIRS, two, key=lambda pair: len(pair.shared))
    return {
        "marks": len(table.marks),
        "impossible": len(table.impossible),
        "coveredArea": _share(covered_area(table)),
        "correctedCoveredArea": _share(whole),
        "band": None if whole is None else band(whole),
        "pairs": [
            {
                "documents": [shorten(row, base) for row in pair.rows],
                "correctedCoveredArea": _share(pair.area),
                "containment": _share(pair.containment),
                "shared": [shorten(column, base) for column in sorted(pair.shared)],
            }
            for pair in told
        ],
    }


def _share(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _assumptions(found: Overlap) -> list[str]:
    pairs_there = comb(len(found.table.rows), 2)
    told = [
        "Rows are documents that cite something, in any of their editions; a reference that one says it did not use is left out.",
        "CCA = (N - r) / (r c - r - X): N marks, r units, c documents, X cells of units published after a document was last reviewed.",
        "The bands (5, 10, 15 percent) are those of Pieper et al. 2014; what they rest on is disputed.",
    ]
    if pairs_there > PAIRS:
        told.append(f"Of {pairs_there} pairs of documents those {PAIRS} are told that share most units.")
    if found.unit == "study":
        told.append(
            "A trial is a group of studies that share their sample, as sources state it"
            + (", or curators infer." if found.policy == "inferred" else ".")
        )
        several = sum(times > 1 for times in Counter(paper for papers in found.members.values() for paper in papers).values())
        if several:
            told.append(f"{count(several, 'publication')} of more than one trial: who cites one is marked for each of its trials.")
    if found.without_study:
        told.append(f"{count(len(found.without_study), 'cited publication')} without a study that is known: not in the table.")
    if found.misfiled:
        told.append(f"Counted although curators hold the citation for misfiled: {count(len(found.misfiled), 'publication')}.")
    missing = sum(column not in found.sizes for column in found.table.columns)
    if found.unit == "study" and missing:
        told.append(
            f"The weighted area is not calculated: {missing} of {len(found.table.columns)} units have no sample size in any source."
        )
    return told


def paths_answer(graph: Lineage, start: URIRef, end: URIRef, shown: int, base: str) -> Answer:
    """Return the number of all supporting ways from one thing down to another, and the shortest; circles are told, not walked.

    Ways that only lead to companion papers support nothing and are not counted. Raises `BadParameter` where both are one thing.
    """
    if start == end:
        raise BadParameter("from and to are one thing; ways lead between two.")
    policy, truncated = graph.graph["policy"], graph.graph["truncated"]
    graph = engine.support(graph)
    below: set[URIRef] = nx.descendants(graph, start) if start in graph else set()
    above: set[URIRef] = nx.ancestors(graph, end) if end in graph else set()
    graph = engine.part(graph, (below & above) | {start, end})
    circles = cycles(graph)
    return {
        "from": shorten(start, base),
        "to": shorten(end, base),
        "policy": policy,
        "ways": None if circles else count_paths(graph, start, {end}).get(end, 0),
        "circles": [[shorten(node, base) for node in circle] for circle in circles],
        "shortest": [[shorten(node, base) for node in way] for way in shortest(graph, start, end, shown)],
        "truncated": truncated,
    }


def map_answer(
    store: Store, cells: Sequence[Cell], rows: str, cols: str, policy: str, base: str, measured: Sequence[Measured] = ()
) -> Answer:
    """Return the map of the evidence: what stands in its rows and columns, and the cells in which there is a claim.

    `measured` are interventions and outcomes on which trials have findings and nobody makes a claim: another kind of gap.
    """
    across, down = ({getattr(cell, place) for cell in cells} for place in ("row", "column"))
    names = engine.named(store, across | down | {thing for one in measured for thing in (one.intervention, one.outcome)})
    return {
        "axes": {"rows": rows, "cols": cols},
        "policy": policy,
        "reading": "an outcome takes the claims on narrower ones with it, and counts only studies with a finding on it",
        "rows": _named(names, across, base),
        "cols": _named(names, down, base),
        "cells": [
            {
                "row": shorten(cell.row, base),
                "col": shorten(cell.column, base),
                "claims": cell.claims,
                "unsupported": cell.unsupported,
                "independentLines": cell.lines,
                "sources": cell.sources,
            }
            for cell in cells
        ],
        "measuredOnly": [
            {
                "intervention": node_answer(names, one.intervention, base),
                "outcome": node_answer(names, one.outcome, base),
                "trials": one.trials,
            }
            for one in measured
        ],
    }


def keystones_answer(store: Store, found: Sequence[Keystone], unit: str, policy: str, base: str) -> Answer:
    """Return what carries most, each with the claims, findings and ratings that rest on nothing else; the first hundred of them."""
    stones = found[:KEYSTONES]
    names = engine.named(store, {thing for stone in stones for thing in (*stone.members, *stone.claims, *stone.ratings)})
    return {
        "unit": unit,
        "policy": policy,
        "reading": "one path to another publication or trial is enough for a thing to stand",
        "count": len(found),
        "truncated": len(found) > KEYSTONES,
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

    `kind` is a code of the scheme discrepancy-kind, by its last part: what is found of that kind, or differs for that cause.
    `curatedOnly` are those, of that kind, that no found one meets. Raises `BadParameter` for a kind that the scheme does not have.
    """
    scheme = {_last(row["thing"]) for row in rows(store, "statements", {"value": [KINDS], "property": [SKOS.inScheme]})}
    if kind is not None and kind not in scheme:
        raise BadParameter(f"{kind!r} is no kind of discrepancy; there are {', '.join(sorted(scheme))}.")
    differences = discrepancies(store, policy)
    names = names_of(store, differences)
    between, kinds = curated_discrepancies(store, base)
    found = [difference_answer(difference, names, base) for difference in differences]
    for answer in found:
        records = {record["id"] for record in answer["records"]}
        answer["curated"] = sorted(name for name, curated in between.items() if len(curated & records) > 1)
    met = {name for answer in found for name in answer["curated"]}
    shown = [answer for answer in found if kind in (None, _last(answer["kind"]["id"]), answer["cause"])]
    only = sorted(name for name in between.keys() - met if kind is None or kind in kinds[name])
    return {"policy": policy, "count": len(shown), "discrepancies": shown, "curatedOnly": only}


def curated_discrepancies(store: Store, base: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the curated discrepancies by their names: the names of the records that each lies between, and the last parts of its kinds."""
    between: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    for row in rows(store, "curated_discrepancies"):
        name = shorten(str(row["discrepancy"]), base)
        between.setdefault(name, set()).add(shorten(str(row["record"]), base))
        kinds.setdefault(name, set()).add(_last(row.get("kind", "")))
    return between, kinds


def _last(code: object) -> str:
    return str(code).rsplit("/", 1)[-1]
