"""How far documents cite the same evidence: the covered area of the table of documents and what they cite.

Rows are source documents, columns are units of evidence (trials, or publications), a mark says that the document cites the
unit, not that anything in it rests on the unit: that is asked of lineage. All figures are of this table; its marks are
returned with them, since the figures swing with what is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import sqrt
from typing import Literal, get_args

import networkx as nx
from rdflib import DCTERMS, Namespace, URIRef

from wherefrom.lineage import POLICIES, Policy, curation_graphs, reports, sharing
from wherefrom.problems import BadParameter
from wherefrom.query import rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, PREFIXES, SCHEMES

Unit = Literal["study", "publication"]
UNITS: tuple[str, ...] = get_args(Unit)
CITO = Namespace(PREFIXES["cito"])
NOT_USED = URIRef(f"{SCHEMES}/citation-section/not-used")
BANDS = ((5, "slight"), (10, "moderate"), (15, "high"))  # upper bounds in percent (Pieper et al. 2014); above is very high


@dataclass(frozen=True)
class Incidence:
    """A table of marks: which row has which column. `impossible` are cells that could not have had a mark.

    A cell is impossible where the unit was published after the document was last reviewed.
    """

    rows: tuple[URIRef, ...]
    columns: tuple[URIRef, ...]
    marks: frozenset[tuple[URIRef, URIRef]]
    impossible: frozenset[tuple[URIRef, URIRef]] = frozenset()

    def of(self, row: URIRef) -> frozenset[URIRef]:
        """Return the columns that a row has."""
        return frozenset(column for marked, column in self.marks if marked == row)

    def only(self, *chosen: URIRef) -> Incidence:
        """Return the table of the chosen rows, without columns that none of them has."""
        marks = frozenset(mark for mark in self.marks if mark[0] in chosen)
        columns = tuple(column for column in self.columns if any(mark[1] == column for mark in marks))
        impossible = frozenset(cell for cell in self.impossible if cell[0] in chosen and cell[1] in columns)
        return Incidence(chosen, columns, marks, impossible)


def covered_area(table: Incidence) -> Fraction | None:
    """Return CA = N / (r c): the share of cells with a mark (Pieper et al. 2014, J Clin Epidemiol 67:368)."""
    cells = len(table.rows) * len(table.columns)
    return Fraction(len(table.marks), cells) if cells else None


def corrected_covered_area(table: Incidence) -> Fraction | None:
    """Return CCA = (N - r) / (r c - r - X): 0 where no unit is shared, 1 where all are; None where it is undefined.

    N marks, r columns, c rows, X impossible cells (Pieper et al. 2014; X as in Bougioukas et al., ccaR).

    >>> a, b, x, y = map(URIRef, "abxy")
    >>> corrected_covered_area(Incidence((a, b), (x, y), frozenset({(a, x), (b, x), (a, y)})))
    Fraction(1, 2)
    """
    units = len(table.columns)
    room = len(table.rows) * units - units - len(table.impossible)
    return Fraction(len(table.marks) - units, room) if room > 0 else None


def weighted_covered_area(table: Incidence, sizes: Mapping[URIRef, int]) -> float | None:
    """Return the CCA with each unit weighed by the square root of its sample (Ying et al. 2025, Res Synth Methods).

    (sum over marks - sum over units) / ((c - 1) sum over units); None where a size is missing or there is one row.
    """
    if len(table.rows) < 2 or not table.columns or any(column not in sizes for column in table.columns):
        return None
    weights = {column: sqrt(sizes[column]) for column in table.columns}
    total = sum(weights.values())
    return (sum(weights[column] for _, column in table.marks) - total) / ((len(table.rows) - 1) * total)


def containment(table: Incidence, first: URIRef, second: URIRef) -> Fraction | None:
    """Return the share of the smaller of two rows that the larger one has too.

    It shows a small source inside a large one, which the pairwise CCA hides (Kirvalidze et al. 2023, Res Synth Methods 14:764).
    """
    ours, theirs = table.of(first), table.of(second)
    smaller = min(len(ours), len(theirs))
    return Fraction(len(ours & theirs), smaller) if smaller else None


def band(area: Fraction) -> str:
    """Return the word that Pieper et al. give an overlap; what the bounds rest on is disputed (Bracchiglione et al. 2025)."""
    return next((word for bound, word in BANDS if area * 100 <= bound), "very high")


@dataclass(frozen=True)
class Overlap:
    """A table and what it does not show: cited publications that report no known study, citations that are misfiled.

    `sizes` has the columns whose sample some source prints, at the largest that any study of the trial has. `misfiled` are
    publications that a document of the table cites under a study that they do not report, as the policy has it; the marks
    they make are kept, since the document does cite them.
    """

    table: Incidence
    unit: Unit
    policy: Policy
    members: Mapping[URIRef, frozenset[URIRef]]  # a column -> the publications marked under it
    without_study: frozenset[URIRef]
    sizes: Mapping[URIRef, int]
    misfiled: frozenset[URIRef] = frozenset()

    def pairs(self) -> list[tuple[URIRef, URIRef]]:
        """Return each two rows once."""
        return list(combinations(self.table.rows, 2))


def overlap(store: Store, unit: Unit = "study", policy: Policy = "stated", documents: frozenset[URIRef] | None = None) -> Overlap:
    """Return the table of documents and the units they cite; references that a document says it did not use are left out.

    A trial is a component of studies that share their sample under the policy, named by its first study.
    Raises `BadParameter` for an unknown unit or policy, or documents that cite nothing.
    """
    if unit not in UNITS or policy not in POLICIES:
        raise BadParameter(f"unit is one of {', '.join(UNITS)}, policy one of {', '.join(POLICIES)}.")
    cited: dict[URIRef, set[URIRef]] = {}
    editions: dict[URIRef, URIRef] = {}
    for row in rows(store, "cited_publications"):
        if row["section"] != NOT_USED:
            cited.setdefault(URIRef(row["document"]), set()).add(URIRef(row["publication"]))
            editions[URIRef(row["document"])] = URIRef(row["edition"])
    if documents is not None:
        unknown = documents - cited.keys()
        if unknown:
            raise BadParameter(f"{', '.join(sorted(unknown))} cites nothing, or is no document.")
        cited = {document: papers for document, papers in cited.items() if document in documents}
    papers = set().union(*cited.values())
    columns, trials = _columns(store, papers, unit, policy)
    marks = frozenset((document, columns[paper]) for document, found in cited.items() for paper in found if paper in columns)
    members: dict[URIRef, set[URIRef]] = {}
    for paper, column in columns.items():
        members.setdefault(column, set()).add(paper)
    table = Incidence(tuple(sorted(cited)), tuple(sorted(members)), marks)
    late = _too_late(store, table, editions, members)
    whole = Incidence(table.rows, table.columns, marks, late)
    return Overlap(
        whole,
        unit,
        policy,
        members={column: frozenset(found) for column, found in members.items()},
        without_study=frozenset(papers - columns.keys()),
        sizes=_sizes(store, {study: trial for study, trial in trials.items() if trial in members}),
        misfiled=_misfiled(store, {(editions[document], paper) for document, found in cited.items() for paper in found}, policy),
    )


def _columns(store: Store, papers: set[URIRef], unit: Unit, policy: Policy) -> tuple[dict[URIRef, URIRef], dict[URIRef, URIRef]]:
    """Return paper -> column, and study -> column for every study of a trial."""
    if unit == "publication":
        return {paper: paper for paper in papers}, {}
    reported = reports(store, "ground", papers, policy)
    trials = {study: min(found) for found in nx.connected_components(sharing(store, {s for s, _ in reported}, policy)) for study in found}
    return {paper: trials[study] for study, paper in sorted(reported, reverse=True)}, trials


def _too_late(
    store: Store, table: Incidence, editions: Mapping[URIRef, URIRef], members: Mapping[URIRef, set[URIRef]]
) -> frozenset[tuple[URIRef, URIRef]]:
    """Return the cells whose unit has no publication as old as the last review (or issue) of the document."""
    things = {*editions.values(), *(paper for found in members.values() for paper in found)}
    years: dict[URIRef, dict[URIRef, int]] = {}
    for row in rows(store, "years", {"thing": sorted(things)}) if things else ():
        years.setdefault(URIRef(row["thing"]), {})[URIRef(row["property"])] = int(str(row["year"])[:4])
    closed = {
        document: seen.get(EV.lastReviewed, seen.get(DCTERMS.issued))
        for document in table.rows
        for seen in [years.get(editions[document], {})]
    }
    first = {column: min((min(years[p].values()) for p in found if p in years), default=None) for column, found in members.items()}
    return frozenset(
        (document, column)
        for document in table.rows
        for column in table.columns
        if (document, column) not in table.marks
        and (end := closed[document]) is not None
        and (begin := first[column]) is not None
        and begin > end
    )


def _sizes(store: Store, trials: Mapping[URIRef, URIRef]) -> dict[URIRef, int]:
    """Return the size of each trial: the largest that a source prints for one of its studies (`trials` is study -> trial)."""
    found: dict[URIRef, int] = {}
    for row in rows(store, "sample_sizes", {"study": sorted(trials)}) if trials else ():
        trial = trials[URIRef(row["study"])]
        found[trial] = max(found.get(trial, 0), int(row["size"]))
    return found


def _misfiled(store: Store, cited: set[tuple[URIRef, URIRef]], policy: Policy) -> frozenset[URIRef]:
    """Return the publications of `cited` (edition, publication) whose citation there is misfiled; curators say so, or a source."""
    curated = curation_graphs(store)
    misfiled = {
        URIRef(row["thing"])
        for row in rows(store, "statements", {"property": [EV.misfiledUnder]})
        if policy == "inferred" or row["graph"] not in curated
    }
    ends = [CITO.hasCitingEntity, CITO.hasCitedEntity]
    found = list(rows(store, "statements", {"thing": sorted(misfiled), "property": ends})) if misfiled else []
    editions = {row["thing"]: row["value"] for row in found if row["property"] == CITO.hasCitingEntity}
    papers = ((row["thing"], URIRef(row["value"])) for row in found if row["property"] == CITO.hasCitedEntity)
    return frozenset(paper for citation, paper in papers if (editions.get(citation), paper) in cited)
