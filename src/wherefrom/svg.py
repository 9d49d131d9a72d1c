"""Elements of pictures: SVG that is well-formed whatever the data say."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Add an element; `class_` is the attribute class, `data_from` is data-from. Characters that XML cannot hold are replaced."""
    named = {name.rstrip("_").replace("_", "-"): clean(value) for name, value in attributes.items()}
    element = SubElement(parent, tag, named)
    element.text = clean(text) or None
    return element


def clean(text: str) -> str:
    """Return a text with what XML cannot hold replaced."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def px(number: float) -> str:
    """Return a length with one decimal place at most.

    >>> px(12.04), px(0.25)
    ('12', '0.2')
    """
    return f"{round(number, 1):.10g}"
