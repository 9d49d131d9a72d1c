"""Pages for people that are not about one thing: one module a page, each with its entry in the menu and its routes."""

from collections.abc import Sequence
from types import ModuleType

from wherefrom.web.views import api, files, home, map, overlap, search, validation, vocabulary

VIEWS: Sequence[ModuleType] = (home, search, map, overlap, vocabulary, validation, api, files)
MENU = [view.ENTRY for view in VIEWS if hasattr(view, "ENTRY")]  # in the order of the menu
