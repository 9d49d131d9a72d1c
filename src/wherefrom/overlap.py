"""How far documents cite the same evidence: the covered area of the table of documents and what they cite.

Rows are source documents, columns are units of evidence (trials, or publications), a mark says that the document cites the
unit, not that anything in it rests on the unit: that is asked of lineage. All figures are of this table; its marks are
returned with them, since the figures swing with what is counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import sqrt
from operator import itemgetter
from typing import Literal, get_args

import networkx as nx
from rdflib import DCTERMS, Namespace, URIRef

from wherefrom.lineage import POLICIES, Policy, check_known, curation_graphs, reports, sharing
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.sources import documents_of, editions_of
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


@dataclass(frozen=True)
class Pair:
    """Two rows of a table, the columns they share, and the figures of the table of these two alone; None where undefined."""

    rows: tuple[URIRef, URIRef]
    shared: frozenset[URIRef]
    area: Fraction | None
    containment: Fraction | None


def pairs(table: Incidence) -> list[Pair]:
    """Return each two rows once, in the order of rows.

    The figures are those of `corrected_covered_area` and `containment`, for all pairs in one pass.
    """
    marks, late = _by_row(table.rows, table.marks), _by_row(table.rows, table.impossible)
    found = []
    for first, second in combinations(table.rows, 2):
        ours, theirs = marks[first], marks[second]
        shared, smaller = ours & theirs, min(len(ours), len(theirs))
        room = len(ours) + len(theirs) - len(shared) - len(late[first] & theirs) - len(late[second] & ours)
        area = Fraction(len(shared), room) if room > 0 else None
        found.append(Pair((first, second), shared, area, Fraction(len(shared), smaller) if smaller else None))
    return found


def _by_row(rows: Iterable[URIRef], cells: Iterable[tuple[URIRef, URIRef]]) -> dict[URIRef, frozenset[URIRef]]:
    found: dict[URIRef, set[URIRef]] = {row: set() for row in rows}
    for row, column in cells:
        found[row].add(column)
    return {row: frozenset(columns) for row, columns in found.items()}


def overlap(store: Store, unit: Unit = "study", policy: Policy = "stated", documents: frozenset[URIRef] | None = None) -> Overlap:
    """Return the table of documents and the units they cite; references that a document says it did not use are left out.

    `documents` may name sources, for all of their documents. What any edition of a document cites, the document cites. A trial
    is a component of studies that share their sample under the policy, named by its first study; who cites a paper of several
    trials cites them all. Raises `BadParameter` for an unknown unit or policy, for what is neither a document nor a source, and for
    those that cite nothing, `UnknownResource` for what is unknown.
    """
    if unit not in UNITS or policy not in POLICIES:
        raise BadParameter(f"unit is one of {', '.join(UNITS)}, policy one of {', '.join(POLICIES)}.")
    citing = {
        (as_iri(row["document"]), as_iri(row["edition"]), as_iri(row["publication"]))
        for row in rows(store, "cited_publications")
        if row["section"] != NOT_USED
    }
    if documents is not None:
        wanted = _chosen(store, documents, policy, {document for document, _, _ in citing})
        citing = {citation for citation in citing if citation[0] in wanted}
    papers = {paper for _, _, paper in citing}
    columns, trials = _columns(store, papers, unit, policy)
    members: dict[URIRef, set[URIRef]] = {}
    for paper, found in columns.items():
        for column in found:
            members.setdefault(column, set()).add(paper)
    table = Incidence(
        tuple(sorted({document for document, _, _ in citing})),
        tuple(sorted(members)),
        frozenset((document, column) for document, _, paper in citing for column in columns.get(paper, ())),
    )
    return Overlap(
        replace(table, impossible=_too_late(store, table, _published(store, members, trials, policy))),
        unit,
        policy,
        members={column: frozenset(found) for column, found in members.items()},
        without_study=frozenset(papers - columns.keys()),
        sizes=_sizes(store, {study: trial for study, trial in trials.items() if trial in members}),
        misfiled=_misfiled(store, {(edition, paper) for _, edition, paper in citing}, policy),
    )


def other_unit(store: Store, found: Overlap) -> Overlap:
    """Return the table of the same documents by the other unit, under the same policy."""
    unit: Unit = "publication" if found.unit == "study" else "study"
    return overlap(store, unit, found.policy, frozenset(found.table.rows))


def _chosen(store: Store, things: frozenset[URIRef], policy: Policy, citing: set[URIRef]) -> set[URIRef]:
    """Return the documents that things stand for, of those that cite something."""
    others = sorted(things - citing)
    check_known(store, others)
    kinds: dict[URIRef, set[URIRef]] = {EV.SourceDocument: set(), EV.SourcePublisher: set()}
    for row in rows(store, "kinds", {"thing": others, "class": sorted(kinds)}):
        kinds[as_iri(row["class"])].add(as_iri(row["thing"]))
    if unknown := set(others).difference(*kinds.values()):
        raise BadParameter(f"{', '.join(sorted(unknown))}: neither a document nor a source.")
    meant = {document: {document} for document in kinds[EV.SourceDocument]} | documents_of(store, kinds[EV.SourcePublisher], policy)
    if silent := [thing for thing, documents in sorted(meant.items()) if not documents & citing]:
        raise BadParameter(f"{', '.join(silent)} cites nothing.")
    return citing & things.union(*meant.values())


def _columns(store: Store, papers: set[URIRef], unit: Unit, policy: Policy) -> tuple[dict[URIRef, set[URIRef]], dict[URIRef, URIRef]]:
    """Return paper -> columns, one for each trial that it reports, and study -> trial for every study of a trial."""
    if unit == "publication":
        return {paper: {paper} for paper in papers}, {}
    reported = reports(store, "value", papers, policy)
    trials = {study: min(found) for found in nx.connected_components(sharing(store, {s for s, _ in reported}, policy)) for study in found}
    columns: dict[URIRef, set[URIRef]] = {}
    for study, paper in reported:
        columns.setdefault(paper, set()).add(trials[study])
    return columns, trials


def _published(
    store: Store, members: Mapping[URIRef, set[URIRef]], trials: Mapping[URIRef, URIRef], policy: Policy
) -> dict[URIRef, set[URIRef]]:
    """Return column -> its publications: of a trial all that report it, since one that nobody here cites may be the first."""
    found = {column: set(papers) for column, papers in members.items()}
    for study, paper in reports(store, "thing", trials, policy):
        found[trials[study]].add(paper)
    return found


def _too_late(store: Store, table: Incidence, published: Mapping[URIRef, set[URIRef]]) -> frozenset[tuple[URIRef, URIRef]]:
    """Return the cells whose unit has no publication as old as the last review (or issue) of the document."""
    editions = editions_of(store, table.rows)
    years: dict[URIRef, dict[URIRef, set[int]]] = {}
    for row in rows(store, "years", {"thing": sorted(set().union(*editions.values(), *published.values()))}):
        years.setdefault(as_iri(row["thing"]), {}).setdefault(as_iri(row["property"]), set()).add(int(str(row["year"])[:4]))
    closed = {document: _closed([years.get(edition, {}) for edition in found]) for document, found in editions.items()}
    dated = {column: [min(year) for paper in found for year in years.get(paper, {}).values()] for column, found in published.items()}
    late = sorted((min(begun), column) for column, begun in dated.items() if begun)
    return frozenset(
        (document, column)
        for document, end in closed.items()
        if end is not None
        for _, column in late[bisect_right(late, end, key=itemgetter(0)) :]
        if (document, column) not in table.marks
    )


def _closed(editions: Iterable[Mapping[URIRef, set[int]]]) -> int | None:
    """Return the year in which the last of the editions was reviewed, or else issued; None where one of them has no date."""
    ends = [dated.get(EV.lastReviewed) or dated.get(DCTERMS.issued) or set() for dated in editions]
    return max(set().union(*ends)) if ends and all(ends) else None


def _sizes(store: Store, trials: Mapping[URIRef, URIRef]) -> dict[URIRef, int]:
    """Return the size of each trial: the largest that a source prints for one of its studies (`trials` is study -> trial)."""
    found: dict[URIRef, int] = {}
    for row in rows(store, "sample_sizes", {"study": sorted(trials)}):
        trial = trials[as_iri(row["study"])]
        found[trial] = max(found.get(trial, 0), int(row["size"]))
    return found


def _misfiled(store: Store, cited: set[tuple[URIRef, URIRef]], policy: Policy) -> frozenset[URIRef]:
    """Return the publications of `cited` (edition, publication) whose citation there is misfiled; curators say so, or a source."""
    curated = curation_graphs(store)
    misfiled = {
        as_iri(row["thing"])
        for row in rows(store, "statements", {"property": [EV.misfiledUnder]})
        if policy == "inferred" or row["graph"] not in curated
    }
    ends = [CITO.hasCitingEntity, CITO.hasCitedEntity]
    found = list(rows(store, "statements", {"thing": sorted(misfiled), "property": ends}))
    editions = {row["thing"]: row["value"] for row in found if row["property"] == CITO.hasCitingEntity}
    papers = ((row["thing"], as_iri(row["value"])) for row in found if row["property"] == CITO.hasCitedEntity)
    return frozenset(paper for citation, paper in papers if (editions.get(citation), paper) in cited)
