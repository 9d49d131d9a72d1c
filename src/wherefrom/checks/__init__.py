"""Numbers that check themselves: which printed figure of a finding follows from which other ones, and which does not.

Each check names its printed figures with the records they stand in, the formula with its source, and what the formula gives within the
rounding of the figures. What is calculated is never stored, and never said to be stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rdflib import URIRef

from wherefrom.checks.answer import checks_answer
from wherefrom.checks.check import VERDICTS, Calculated, Check, Checked, Figure, Rule, Verdict
from wherefrom.checks.people import SIZES, SIZES_OF_POINTS, of_people
from wherefrom.checks.printed import Printed
from wherefrom.checks.proportions import of_proportions
from wherefrom.checks.significance import of_significance
from wherefrom.discrepancies.reading import Base, Record, around
from wherefrom.lineage import POLICIES, Policy, check_known
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV

__all__ = [
    "VERDICTS",
    "Calculated",
    "Check",
    "Checked",
    "Figure",
    "Printed",
    "Rule",
    "Verdict",
    "checked",
    "checks",
    "checks_answer",
    "printed",
]


def checks(store: Store, policy: Policy = "stated", things: tuple[URIRef, ...] = ()) -> Checked:
    """Return every check that the figures of findings call for, findings in the order of their names.

    `things` are findings, or studies for all findings of their trials; none is all findings. Figures of several records are combined only
    where the records are on one trial and outcome and nothing that they state contradicts: where they state different analysis sets, no
    figure of one can be checked by the other; under `stated` what curators inferred is left out. Group sizes that follow for several
    findings from the same figures are told once. Raises `BadParameter` for an unknown policy or what is neither finding nor study,
    `UnknownResource` for what is unknown.
    """
    if policy not in POLICIES:
        raise BadParameter(f"policy is one of {', '.join(POLICIES)}, not {policy!r}.")
    return checked(printed(store, policy, things), things)


def printed(store: Store, policy: Policy = "stated", things: tuple[URIRef, ...] = ()) -> Printed:
    """Return the figures of all findings, or those of the trials of these findings and studies; raises `UnknownResource`."""
    check_known(store, list(things))
    return Printed(Base(store, policy, around(store, things, policy) if things else {}))


def checked(known: Printed, things: tuple[URIRef, ...] = ()) -> Checked:
    """Return the checks of `checks` for figures that were read."""
    chosen = _chosen(known, things)
    found = _once(check for finding in chosen for check in _of(known, finding))
    return Checked(found, {finding.iri: known.contrast_told(finding) for finding in chosen})


def _of(known: Printed, finding: Record) -> Iterator[Check]:
    yield from of_proportions(known, finding)
    yield from of_people(known, finding)
    yield from of_significance(known, finding)


def _once(found: Iterable[Check]) -> tuple[Check, ...]:
    """Return checks of which those of one group of people stand at the first finding only, with the others that they are of."""
    kept: dict[object, Check] = {}
    for check in found:
        key = (check.rule, frozenset(check.inputs)) if check.rule in (SIZES, SIZES_OF_POINTS) else len(kept)
        kept[key] = replace(kept[key], also=(*kept[key].also, check.finding)) if key in kept else check
    return tuple(kept.values())


def _chosen(known: Printed, things: tuple[URIRef, ...]) -> list[Record]:
    if not things:
        return list(known.findings.values())
    kinds = {thing: EV.Finding for thing in things if thing in known.findings}
    trials = {known.trials.get(thing, thing) for thing in things}
    for row in rows(known.base.store, "kinds", {"thing": list(things), "class": [EV.Study]}):
        kinds[as_iri(row["thing"])] = EV.Study
    for thing in things:
        if thing not in kinds:
            raise BadParameter(f"<{thing}> is neither a finding nor a study.")
    return [finding for iri, finding in known.findings.items() if iri in things or known.trial(finding) in trials]
