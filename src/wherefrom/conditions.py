"""The rules of a rating scheme, as it was published, held against the studies that are left. They never give a new rating."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from rdflib import URIRef

from wherefrom.lineage import Policy
from wherefrom.query import as_iri, rows
from wherefrom.store import Row, Store
from wherefrom.teams import team

Verdict = Literal["holds", "no longer holds", "did not hold before", "does not hold", "cannot be told"]


@dataclass(frozen=True)
class Held:
    """A condition of a level, and the studies named for the rating that met it before a withdrawal and meet it after.

    `open_before` and `open_after` are studies of which it cannot be told: they have no level in the scheme, or two; the level
    was given on evidence that is touched; or nobody knows whether their team is independent. A verdict is given only where
    they make no difference; `does not hold` is told where only that of before is open.
    """

    condition: URIRef
    words: str
    needed: int
    before: tuple[URIRef, ...]
    after: tuple[URIRef, ...]
    open_before: tuple[URIRef, ...]
    open_after: tuple[URIRef, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether the condition holds after the withdrawal."""
        if len(self.after) >= self.needed:
            return "holds"
        if len(self.after) + len(self.open_after) >= self.needed:
            return "cannot be told"
        if len(self.before) >= self.needed:
            return "no longer holds"
        return "does not hold" if len(self.before) + len(self.open_before) >= self.needed else "did not hold before"


@dataclass(frozen=True)
class _Rated:
    rating: URIRef
    level: URIRef
    source: URIRef
    intervention: URIRef


def conditions(
    store: Store, bases: Mapping[URIRef, tuple[Collection[URIRef], Collection[URIRef]]], policy: Policy, touched: Collection[URIRef] = ()
) -> dict[URIRef, list[Held]]:
    """Return the conditions of the level of each rating in `bases`, held against its studies.

    `bases` maps a rating to what is lost and what is kept of the studies that its source names for it. Of a study counts the
    level that the same source gives it in the same scheme, compared by the order of the scheme; where that rating is itself
    in `touched`, the level is open. A rating of a study, and one whose level has no condition in the data, is left out.
    """
    found: dict[URIRef, list[Held]] = {}
    for row in rows(store, "rated_levels", {"rating": sorted(bases)}):
        rated = _Rated(as_iri(row["rating"]), as_iri(row["level"]), as_iri(row["source"]), as_iri(row["rated"]))
        asked = sorted(rows(store, "level_conditions", {"level": [rated.level]}), key=lambda row: (int(row["needed"]), row["condition"]))
        if asked:
            lost, kept = bases[rated.rating]
            levels = _Levels(store, rated, {*lost, *kept}, policy, touched)
            found[rated.rating] = [levels.held(condition, lost, kept) for condition in asked]
    return found


class _Levels:
    """The levels that one source gives to studies, and the order of their scheme."""

    def __init__(self, store: Store, rated: _Rated, studies: Collection[URIRef], policy: Policy, touched: Collection[URIRef]) -> None:
        self.store, self.rated, self.policy = store, rated, policy
        self.ranks = {as_iri(row["level"]): int(row["rank"]) for row in rows(store, "ranks", {"one": [rated.level]})}
        self.given: dict[URIRef, set[int]] = {}
        self.open: set[URIRef] = set()
        for row in rows(store, "study_levels", {"study": sorted(studies), "source": [rated.source]}):
            if as_iri(row["level"]) in self.ranks:
                self.given.setdefault(as_iri(row["study"]), set()).add(int(row["rank"]))
                self.open |= {as_iri(row["study"])} if row["rating"] in touched else set()

    def held(self, condition: Row, lost: Collection[URIRef], kept: Collection[URIRef]) -> Held:
        """Return a condition held against the studies that are lost and kept."""
        least, independent = self.ranks[URIRef(condition["least"])], "independent" in condition
        meets = {study: self._meets(study, least, independent=independent) for study in {*lost, *kept}}
        after = {study for study in kept if meets[study] and study not in self.open}
        open_after = {study for study in kept if meets[study] is None or (meets[study] and study in self.open)}
        return Held(
            URIRef(condition["condition"]),
            str(condition["label"]),
            int(condition["needed"]),
            before=tuple(sorted(study for study, answer in meets.items() if answer)),
            after=tuple(sorted(after)),
            open_before=tuple(sorted(study for study, answer in meets.items() if answer is None)),
            open_after=tuple(sorted(open_after)),
        )

    def _meets(self, study: URIRef, least: int, *, independent: bool) -> bool | None:
        """Return whether a study has the rank `least` or a higher one (and an independent team); None where it cannot be told."""
        given = {rank >= least for rank in self.given.get(study, ())}
        if len(given) != 1:
            return None
        if given == {False}:
            return False
        return team(self.store, [study], self.policy, [self.rated.intervention]).independent if independent else True
