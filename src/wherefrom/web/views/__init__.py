"""Pages for people that are not about one thing: one module a page, each with its entry in the menu and its routes."""

from collections.abc import Sequence
from types import ModuleType

from wherefrom.web.views import (
    api,
    files,
    home,
    impact,
    independence,
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
    home, search, lineage, impact, unsupported, map, overlap, independence, paths, vocabulary, validation, api, files,
)  # fmt: skip
MENU = [view.ENTRY for view in VIEWS if hasattr(view, "ENTRY")]  # in the order of the menu
