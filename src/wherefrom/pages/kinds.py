"""Kinds of things whose pages begin with a part of their own, before all that is said of the thing.

The part of a kind is made by one function and shown by `templates/thing/KIND.html`; where it is None the generic page is all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wherefrom.pages.asking import Asking
from wherefrom.pages.claim import claim
from wherefrom.pages.discrepancy import discrepancy
from wherefrom.pages.editions import document, edition
from wherefrom.pages.finding import finding
from wherefrom.pages.intervention import intervention
from wherefrom.pages.measure import measure
from wherefrom.pages.outcome import outcome
from wherefrom.pages.passage import passage
from wherefrom.pages.proposition import proposition
from wherefrom.pages.publication import publication
from wherefrom.pages.rating import rating
from wherefrom.pages.reference import citation, reference
from wherefrom.pages.source import source
from wherefrom.pages.study import study

OWN: Mapping[str, Callable[[Asking], object]] = {  # kind -> what makes its part
    "citation": citation,
    "claim": claim,
    "discrepancy": discrepancy,
    "document": document,
    "edition": edition,
    "finding": finding,
    "intervention": intervention,
    "measure": measure,
    "outcome": outcome,
    "passage": passage,
    "proposition": proposition,
    "publication": publication,
    "rating": rating,
    "reference": reference,
    "source": source,
    "study": study,
}


def own(asking: Asking) -> tuple[str, object]:
    """Return the template of the page of a thing, and the part that is its own."""
    make = OWN.get(asking.page.kind)
    part = make(asking) if make else None
    return ("thing.html", None) if part is None else (f"thing/{asking.page.kind}.html", part)
