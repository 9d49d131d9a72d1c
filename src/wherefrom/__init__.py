"""wherefrom: publish what sources say about interventions as linked data, and trace where each claim comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom.version import __version__

if TYPE_CHECKING:
    from wherefrom.opening import OpenKnowledgeBase, open

__all__ = ["OpenKnowledgeBase", "__version__", "open"]


def __getattr__(name: str) -> Any:
    """Load what is heavy when it is first asked for, so that `wherefrom --help` is quick."""
    if name in ("open", "OpenKnowledgeBase"):
        from wherefrom import opening

        return getattr(opening, name)
    raise AttributeError(f"module 'wherefrom' has no attribute {name!r}")
