"""Where the files that come with the program lie: beside the source in a checkout, inside the package when installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parents[1]


def example() -> Path:
    """Return the folder of the knowledge base that comes with the program."""
    shipped = _PACKAGE / "example"
    return shipped if shipped.is_dir() else _CHECKOUT


def shipped_folder(name: str) -> Path:
    """Return the folder `ontology` or `shapes` that comes with the program."""
    return example() / name


def queries() -> Path:
    """Return the folder of the `.rq` files."""
    return _PACKAGE / "queries"


def template_folder() -> Path:
    """Return the folder of the page templates."""
    return _PACKAGE / "templates"


def starter_files() -> Path:
    """Return the folder that a new knowledge base is made of."""
    return _PACKAGE / "starter_files"
