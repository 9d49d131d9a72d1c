"""The own part of the page of a proposition: who says it, and from which trials."""

from __future__ import annotations

from wherefrom.pages.agreement import Agreement, agreement
from wherefrom.pages.asking import Asking
from wherefrom.pages.said import Said


def proposition(asking: Asking) -> Agreement:
    """Return who says what the proposition means."""
    said = Said(asking.store, asking.base)
    return agreement(asking.store, said, asking.thing, None, asking.settings.lineage_nodes)
