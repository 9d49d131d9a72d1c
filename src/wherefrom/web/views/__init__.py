"""Pages for people that are not about one thing: one module a page, each with its entry in the menu and its routes."""

from collections.abc import Sequence
from types import ModuleType

from wherefrom.web.views import (
    api,
    checks,
    compare,
    discrepancies,
    files,
    findings,
    home,
    impact,
    independence,
    keystones,
    lineage,
    map,
    overlap,
    paths,
    search,
    unsupported,
    validation,
    vocabulary,
)

VIEWS: Sequence[ModuleType] = (
    home, search, lineage, impact, unsupported, findings, discrepancies, compare, map, overlap, independence, keystones, checks, paths,
    vocabulary, validation, api, files,
)  # fmt: skip
MENU = [view.ENTRY for view in VIEWS if hasattr(view, "ENTRY")]  # in the order of the menu
