"""Where sources differ: found by setting side by side what they say of one thing. It says what differs, never who is right.

What is compared: figures of one trial and outcome, descriptions of one intervention or of two that a source relates to each
other, designs of one study, relations of two interventions, and printed references. Equal statements are one value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rdflib import SKOS, URIRef

from wherefrom.discrepancies.answer import difference_answer, names_of
from wherefrom.discrepancies.descriptions import of_descriptions
from wherefrom.discrepancies.differences import (
    Cause,
    Check,
    Comparison,
    Difference,
    GroupSizes,
    NotStated,
    Relation,
    Statement,
    Value,
    order,
)
from wherefrom.discrepancies.figures import Findings, of_findings
from wherefrom.discrepancies.reading import Base
from wherefrom.discrepancies.references import BIRO, of_references
from wherefrom.discrepancies.studies import of_designs, of_relations
from wherefrom.lineage import POLICIES, Policy
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV

__all__ = [
    "Cause", "Check", "Comparison", "Difference", "GroupSizes", "NotStated", "Relation", "Statement", "Value",
    "difference_answer", "discrepancies", "discrepancies_of_descriptions", "discrepancies_of_findings",
    "discrepancies_of_publication", "names_of",
]  # fmt: skip


def discrepancies(store: Store, policy: Policy = "stated") -> list[Difference]:
    """Return where statements differ, in a fixed order.

    Under `stated` what curators inferred is left out: two papers are two trials, two names of an occasion two occasions.
    Raises `BadParameter` for an unknown policy.
    """
    if policy not in POLICIES:
        raise BadParameter(f"policy is one of {', '.join(POLICIES)}, not {policy!r}.")
    base = Base(store, policy)
    found = [*of_findings(Findings(base)), *of_descriptions(base), *of_designs(base), *of_relations(base), *of_references(base)]
    return _sorted(found)


def discrepancies_of_findings(known: Findings, findings: Collection[URIRef]) -> list[Difference]:
    """Return where figures of these findings differ from those of others on the same contrast, as far as `known` reaches."""
    return _sorted(of_findings(known, findings))


def discrepancies_of_descriptions(store: Store, characteristics: Collection[URIRef], items: Collection[URIRef]) -> list[Difference]:
    """Return where these characteristics, which are by these items, differ as sources state them of one thing."""
    within = {EV.Characteristic: characteristics, SKOS.Concept: items, EV.Intervention: (), EV.Study: ()}
    return _sorted(of_descriptions(Base(store, "stated", within)))


def discrepancies_of_publication(store: Store, publication: URIRef, policy: Policy = "stated") -> list[Difference]:
    """Return where printed references differ from each other, or from the publication that they mean."""
    printed = {as_iri(row["thing"]) for row in rows(store, "statements", {"value": [publication], "property": [EV.refersTo]})}
    return _sorted(of_references(Base(store, policy, {BIRO.BibliographicReference: printed, EV.Publication: [publication]})))


def _sorted(found: Iterable[Difference]) -> list[Difference]:
    return sorted(found, key=lambda one: (one.kind, one.subject, one.records, [order(value) for value in one.values]))
