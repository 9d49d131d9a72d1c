"""The map of the evidence: for each intervention and outcome, how many claims there are, and how many studies behind them.

A cell is what `independence.independence_on` answers for its row and column, for all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from rdflib import URIRef

from wherefrom.adjacency import Adjacency, among, distinct, distinct_pairs
from wherefrom.arrays import Arrays, Found
from wherefrom.lineage import Policy, check_word
from wherefrom.names import Numbers
from wherefrom.problems import BadParameter
from wherefrom.vocabulary import EV

Axis = Literal["intervention", "outcome", "source"]
AXES: tuple[str, ...] = get_args(Axis)
TERMS = {"intervention": EV.about, "source": EV.claimedBy}


@dataclass(frozen=True)
class Cell:
    """The claims of a row and a column: how many, how many of them cite nothing, of how many sources, and on what they rest.

    `lines` is the number of independent lines of evidence: trials, however many studies share a sample and papers report them.
    """

    row: URIRef
    column: URIRef
    claims: int
    unsupported: int
    lines: int
    sources: int


def evidence_map(arrays: Arrays, rows: Axis = "intervention", columns: Axis = "outcome", policy: Policy = "stated") -> Found[Cell]:
    """Return the cells that have a claim, by row and column.

    An outcome takes the claims on narrower ones with it, and where there is an outcome only studies with a finding on it
    count. Raises `BadParameter` for an unknown word, or where rows and columns are the same.
    """
    check_word("rows", rows, AXES)
    check_word("cols", columns, AXES)
    if rows == columns:
        raise BadParameter(f"rows and cols are both {rows}; they are two different ones of {', '.join(AXES)}.")
    evidence = arrays.under(policy)
    width = len(arrays.names)
    across = _axis(arrays, rows)
    which, ends = Adjacency.of(width, _axis(arrays, columns)).following(across[:, 0])
    claims, starts = across[which].T
    keys = starts * width + ends
    cells = distinct(keys)
    of = np.searchsorted(cells, keys)  # the cell of each claim, once for each that it is in

    def count(pairs: Numbers) -> Numbers:
        """Return how many distinct seconds each cell has; pairs are (cell, thing)."""
        return np.bincount(distinct_pairs(pairs, width)[:, 0], minlength=len(cells))

    at, sources = Adjacency.of(width, arrays.values[EV.claimedBy]).following(claims)
    tried, studies = evidence.studies_behind.following(claims)
    if "outcome" in (rows, columns):
        outcomes = (starts if rows == "outcome" else ends)[tried]
        shown = among(studies * width + outcomes, arrays.shown)
        tried, studies = tried[shown], studies[shown]
    counts = (
        np.bincount(of),
        np.bincount(of[~evidence.grounded[claims]], minlength=len(cells)),
        count(np.column_stack((of[tried], evidence.trials[studies]))),
        count(np.column_stack((of[at], sources))),
    )

    def cell(place: int) -> Cell:
        row, column = divmod(int(cells[place]), width)
        return Cell(arrays.names.iri(row), arrays.names.iri(column), *(int(part[place]) for part in counts))

    return Found(len(cells), cell)


@dataclass(frozen=True)
class Measured:
    """An outcome on which trials of an intervention have findings though no claim speaks of both: how many trials."""

    intervention: URIRef
    outcome: URIRef
    trials: int


def measured_only(arrays: Arrays, rows: Axis = "intervention", columns: Axis = "outcome", policy: Policy = "stated") -> Sequence[Measured]:
    """Return what was measured and is claimed by nobody, by intervention and outcome; the studies are those said to evaluate it.

    There is none where rows and columns are not these two.
    """
    if {rows, columns} != {"intervention", "outcome"}:
        return ()
    width = len(arrays.names)
    studies, outcomes = arrays.shown // width, arrays.shown % width
    at, interventions = Adjacency.of(width, arrays.values[EV.evaluates]).following(studies)
    keys = interventions * width + outcomes[at]
    which, ends = Adjacency.of(width, arrays.outcomes_of_claims).following(arrays.values[EV.about][:, 0])
    open_keys = ~among(keys, distinct(arrays.values[EV.about][which, 1] * width + ends))
    cells = distinct(keys[open_keys])
    pairs = np.column_stack((np.searchsorted(cells, keys[open_keys]), arrays.under(policy).trials[studies[at[open_keys]]]))
    counts = np.bincount(distinct_pairs(pairs, width)[:, 0], minlength=len(cells))

    def record(place: int) -> Measured:
        intervention, outcome = divmod(int(cells[place]), width)
        return Measured(arrays.names.iri(intervention), arrays.names.iri(outcome), int(counts[place]))

    return Found(len(cells), record)


def _axis(arrays: Arrays, axis: Axis) -> Numbers:
    """Return pairs of a claim and where it stands on an axis."""
    return arrays.outcomes_of_claims if axis == "outcome" else arrays.values[TERMS[axis]]
