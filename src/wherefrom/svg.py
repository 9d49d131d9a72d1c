"""Elements of pictures: SVG that is well-formed whatever the data say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from xml.etree.ElementTree import Element, SubElement

from wherefrom.lettering import Font

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Add an element; `class_` is the attribute class, `data_from` is data-from. Characters that XML cannot hold are replaced."""
    element = SubElement(parent, tag, {_attribute(name): clean(value) for name, value in attributes.items()})
    element.text = clean(text) or None
    return element


def write(parent: Element, fonts: Mapping[str, Font], lines: Iterable[tuple[str, str]], x: float, y: float) -> float:
    """Write lines (class, text) below `y`; the first word of the class names the font. Return where they end."""
    for name, line in lines:
        font = fonts[name.partition(" ")[0]]
        add(parent, "text", line, class_=name, x=px(x), y=px(y + font.line / 2 + font.size * 0.36))
        y += font.line
    return y


def clean(text: str) -> str:
    """Return a text with what XML cannot hold replaced: none of that is printable."""
    return text if text.isprintable() else _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def px(number: float) -> str:
    """Return a length with one decimal place at most.

    >>> px(12.04), px(0.25)
    ('12', '0.2')
    """
    return f"{round(number, 1):.10g}"


@cache
def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
