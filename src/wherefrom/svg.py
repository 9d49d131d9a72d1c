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


def markup(element: Element) -> str:
    r"""Return an element as text, as `xml.etree.ElementTree.tostring` does, in half the time: there are no namespaces and no tails here.

    >>> markup(Element("g", {"class": "a \"b\""})), markup(add(Element("g"), "text", "1 < 2"))
    ('<g class="a &quot;b&quot;" />', '<text>1 &lt; 2</text>')
    """
    attributes = "".join([f' {name}="{_in_quotes(value)}"' for name, value in element.attrib.items()])
    inside = (_escaped(element.text) if element.text else "") + "".join(map(markup, element))
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>" if inside else f"<{element.tag}{attributes} />"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in_quotes(text: str) -> str:
    return _escaped(text).replace('"', "&quot;").replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#09;")


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
