"""Values -> HTML: templates that show what they are given and decide nothing. Every value is escaped."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from wherefrom.bibliography import coins, highwire, words
from wherefrom.resources import template_folder
from wherefrom.words import count, plural


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(template_folder())
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"counted": count, "plural": plural, "sentence": lambda text: text[:1].upper() + text[1:]}
    made.filters |= {"cited": words, "coins": coins, "highwire": highwire}
    return made


def render(template: str, **values: Any) -> str:
    """Return a template filled in; every value is escaped."""
    return _environment().get_template(template).render(**values)
