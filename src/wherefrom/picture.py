"""A lineage answer as a picture: an SVG that is whole without scripts, fonts or files, for people who never heard of RDF.

Every column holds one kind of thing, an arrow leads from a thing to what it rests on, and what a line or a frame means is told
in words in the picture. The order of the columns comes from the answer itself (`layout.columns`): a kind stands left of the
kinds that its things rest on, so that a vocabulary with other kinds is drawn as well. Things beyond `BOXES` are folded.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from string import Template
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from wherefrom.answers import Answer
from wherefrom.layout import Edge, Layout, columns, lay_out
from wherefrom.lettering import Font, text_width, wrap
from wherefrom.lineage import CREDITED
from wherefrom.vocabulary import class_of, meaning, place
from wherefrom.words import count, places

BOXES = 250  # boxes of one picture; beyond, nobody can read it, and alike things are folded
LINES = 6  # lines of a label in its box; the whole label is in its name
NAMED = 8  # things or statements that a tooltip names; the others are counted
WIDE, PAD, BETWEEN, GAP, MARGIN = 232, 9, 12, 68, 24  # px: a box, its padding, between boxes, between columns, round the picture
NARROWEST = 3 * WIDE + 2 * GAP  # px: room for title and legend
AROUND = 10  # px by which a band is wider than its boxes
STACKED = 4  # px by which the second frame of a folded box stands out
TIP = 8  # px: length of the tip of an arrow
SAMPLE = 40  # px: width of a sample in the legend

FONTS = {  # by the class of the text
    "title": Font(18, 25, bold=True),
    "text": Font(13, 19),
    "warning": Font(13, 19, bold=True),
    "heading": Font(14, 19, bold=True),
    "meaning": Font(11.5, 15),
    "label": Font(13, 17),
    "note": Font(11.5, 15),
    "mark": Font(11.5, 16, bold=True),
}
LIGHT = {"paper": "#ffffff", "band": "#f0f2f5", "box": "#ffffff", "chosen": "#fff4cc"} | {
    "ink": "#16191d", "quiet": "#47515d", "stated": "#47515d", "inferred": "#6d28d9", "asked": "#0b4fb3",
}  # fmt: skip
DARK = {"paper": "#14171b", "band": "#1d2228", "box": "#282e36", "chosen": "#3b3413"} | {
    "ink": "#f2f4f7", "quiet": "#bcc5d0", "stated": "#b3bdc9", "inferred": "#cbb0ff", "asked": "#9cc3ff",
}  # fmt: skip
FORCED = dict.fromkeys(LIGHT, "CanvasText") | dict.fromkeys(("paper", "band", "box", "chosen"), "Canvas")

_SHAPES = """
.lineage-picture { font-family: system-ui, sans-serif; }
.lineage-picture .line { fill: none; stroke-width: 1.7; }
.lineage-picture .inferred { stroke-dasharray: 7 5; }
.lineage-picture .uncredited { stroke-width: .9; }
.lineage-picture .tip, .lineage-picture .paper, .lineage-picture .band { stroke: none; }
.lineage-picture .frame { stroke-width: 1.2; }
.lineage-picture .asked .frame { stroke-width: 3; }
.lineage-picture .companion .frame { stroke-dasharray: 2 3; }
.lineage-picture a { text-decoration: none; cursor: pointer; outline: none; }
.lineage-picture a:hover .label { text-decoration: underline; }
.lineage-picture a:focus .frame { stroke-width: 4; stroke-dasharray: none; }
"""
_COLOURS = Template("""
.lineage-picture { background: $paper; }
.lineage-picture .paper { fill: $paper; }
.lineage-picture .band { fill: $band; }
.lineage-picture .frame { fill: $box; stroke: $quiet; }
.lineage-picture .asked .frame { fill: $chosen; stroke: $asked; }
.lineage-picture text { fill: $ink; }
.lineage-picture .meaning, .lineage-picture .note { fill: $quiet; }
.lineage-picture .line { stroke: $stated; }
.lineage-picture .tip { fill: $stated; }
.lineage-picture .line.inferred { stroke: $inferred; }
.lineage-picture .tip.inferred { fill: $inferred; }
.lineage-picture a:focus .frame { stroke: $asked; }
""")


def _style() -> str:
    """Return the rules of style, all for what is in the picture, also where it stands in a page. On paper it is light and whole."""
    faces = "".join(
        f".lineage-picture .{name} {{ font-size: {font.size:g}px; font-weight: {700 if font.bold else 400}; }}\n"
        for name, font in FONTS.items()
    )
    dark = f"@media screen and (prefers-color-scheme: dark) {{{_COLOURS.substitute(DARK)}}}\n"
    forced = f"@media (forced-colors: active) {{{_COLOURS.substitute(FORCED)}}}\n"
    printed = "@media print { .lineage-picture { max-width: 100%; max-height: 100vh; height: auto; } }\n"
    return _SHAPES + faces + _COLOURS.substitute(LIGHT) + dark + forced + printed


STYLE = _style()
STYLE_SOURCE = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"  # lets a content security policy allow it


@dataclass(frozen=True)
class Box:
    """One thing, or several alike: its lines of text (class, text), its class, where it leads, its name and tooltip."""

    id: str
    kind: str
    members: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    marks: str
    href: str
    name: str
    told: str

    @property
    def height(self) -> float:
        """Height in px."""
        return sum(FONTS[name].line for name, _ in self.lines) + 2 * PAD


@dataclass(frozen=True)
class Line:
    """What an arrow between two boxes stands for: the edges of the answer."""

    steps: tuple[Answer, ...]

    @property
    def style(self) -> str:
        """How the line looks: `stated` where any step is, and `uncredited` where no step counts as support."""
        basis = "stated" if any(step["basis"] == "stated" for step in self.steps) else "inferred"
        return basis if any(_credited(step) for step in self.steps) else f"{basis} uncredited"


def _credited(step: Answer) -> bool:
    return step.get("way") is None or step["way"] in CREDITED


def svg(answer: Answer) -> str:
    """Return a lineage (the dict of `answers.lineage_answer`) as SVG; the same answer gives the same text."""
    box_of = fold(answer)
    names = _names(answer)
    lines = lines_between(answer, box_of)
    boxes = boxes_of(answer, box_of, names)
    kinds = {box.id: box.kind for box in boxes.values()}
    laid = lay_out(
        columns(kinds, lines, sorted(set(kinds.values()), key=lambda kind: (place(str(class_of(kind))), kind))),
        {edge: line.style for edge, line in lines.items()},
        {box.id: box.height + BETWEEN for box in boxes.values()},
    )
    return tostring(_Drawing(answer, names, boxes, lines, laid).draw(), encoding="unicode")


def _names(answer: Answer) -> dict[str, str]:
    """Return what things are called: by their labels, or by their ids where they have none."""
    sources = {source for node in answer["nodes"] for source in node["sources"]}
    things = dict.fromkeys([*answer["things"], *(node["id"] for node in answer["nodes"])])
    labels = {node["id"]: str(node["label"]).strip() for node in answer["nodes"]}
    return {source: source.rsplit("/", 1)[-1] for source in sorted(sources)} | {thing: labels.get(thing) or thing for thing in things}


# What is drawn


def fold(answer: Answer, most: int = BOXES) -> dict[str, str]:
    """Return thing -> box, so that there are at most `most` boxes, as far as folding can do it.

    Things asked about stay alone. Folded are first things of one kind and source that rest on the same and carry the same, then
    those of one kind and source, then those of one kind: always the largest group first, and no more groups than needed.
    """
    nodes = {node["id"]: node for node in answer["nodes"]}
    down: dict[str, set[str]] = {}
    up: dict[str, set[str]] = {}
    for edge in answer["edges"]:
        down.setdefault(edge["from"], set()).add(edge["to"])
        up.setdefault(edge["to"], set()).add(edge["from"])

    def of_source(thing: str) -> tuple[Any, ...]:
        return nodes[thing]["kind"], tuple(nodes[thing]["sources"]), bool(nodes[thing].get("companion"))

    def alike(thing: str) -> tuple[Any, ...]:
        return *of_source(thing), frozenset(down.get(thing, ())), frozenset(up.get(thing, ()))

    box_of = {thing: thing for thing in nodes}
    left = len(nodes)
    for key in (alike, of_source, lambda thing: nodes[thing]["kind"]):
        groups: dict[Any, list[str]] = {}
        for thing in sorted(nodes.keys() - set(answer["things"])):
            groups.setdefault(key(thing), []).append(thing)
        for members in sorted(groups.values(), key=lambda members: (-len(members), members)):
            if left <= most:
                return box_of
            left -= len({box_of[thing] for thing in members}) - 1
            if len(members) > 1:
                box_of.update(dict.fromkeys(members, f"folded/{members[0]}"))
    return box_of


def lines_between(answer: Answer, box_of: Mapping[str, str]) -> dict[Edge, Line]:
    """Return the lines between boxes; what runs within a box is told in it."""
    found: dict[Edge, list[Answer]] = {}
    for edge in answer["edges"]:
        ends = box_of[edge["from"]], box_of[edge["to"]]
        if ends[0] != ends[1]:
            found.setdefault(ends, []).append(edge)
    return {ends: Line(tuple(steps)) for ends, steps in found.items()}


def boxes_of(answer: Answer, box_of: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Box]:
    """Return the boxes by their ids, those of one source together."""
    members: dict[str, list[Answer]] = {}
    for node in sorted(answer["nodes"], key=lambda node: (node["sources"], node["id"])):
        members.setdefault(box_of[node["id"]], []).append(node)
    telling = _Telling(answer, names)
    inner = Counter(box_of[edge["from"]] for edge in answer["edges"] if box_of[edge["from"]] == box_of[edge["to"]])
    return {
        box: telling.folded(box, found, inner[box]) if len(found) > 1 else telling.one(found[0], inner[box])
        for box, found in members.items()
    }


class _Telling:
    """What is told of a thing in its box, its name and its tooltip."""

    def __init__(self, answer: Answer, names: Mapping[str, str]) -> None:
        self.names = names
        self.asked = set(answer["things"])
        self.down: dict[str, dict[str, str]] = {}
        self.up: dict[str, dict[str, str]] = {}
        stated = {(edge["from"], edge["to"]) for edge in answer["edges"] if edge["basis"] == "stated"}
        for edge in answer["edges"]:
            thing, ground = edge["from"], edge["to"]
            basis = "" if (thing, ground) in stated else " (inferred)"
            self.down.setdefault(thing, {})[ground] = names[ground] + basis
            self.up.setdefault(ground, {})[thing] = names[thing] + basis

    def one(self, node: Answer, inner: int) -> Box:
        thing, companion = node["id"], bool(node.get("companion"))
        notes = [f"by {_listed(map(self.names.__getitem__, node['sources']))}"] if node["sources"] else []
        notes += ["companion report, not credited"] if companion else []
        notes += ["leads back to itself"] if inner else []
        asked = ["You asked about this"] if thing in self.asked else []
        kind = node["kind"].replace("-", " ") or "thing"
        return Box(
            thing,
            node["kind"],
            (thing,),
            _lines(("mark", asked), ("label", [self.names[thing]]), ("note", notes)),
            " ".join(["asked"] * bool(asked) + ["companion"] * companion),
            _address(node),
            ", ".join([self.names[thing], kind, *notes, *(note.lower() for note in asked)]),
            ". ".join([kind.capitalize(), *self._around("Rests on", self.down, thing), *self._around("Carries", self.up, thing)]),
        )

    def folded(self, box: str, members: Sequence[Answer], inner: int) -> Box:
        sources = sorted({source for node in members for source in node["sources"]})
        kind, companions = members[0]["kind"], sum(bool(node.get("companion")) for node in members)
        label = count(len(members), kind) + (f" of {_listed(map(self.names.__getitem__, sources))}" if sources else "")
        notes = ["folded into one box"]
        notes += [f"{companions:,} of them companion reports, not credited"] if companions else []
        notes += [f"{count(inner, 'step')} between them"] if inner else []
        return Box(
            box,
            kind,
            tuple(node["id"] for node in members),
            _lines(("label", [label]), ("note", notes)),
            "folded companion" if companions == len(members) else "folded",
            "",
            "",
            _listed((self.names[node["id"]] for node in members), "; "),
        )

    def _around(self, words: str, ways: Mapping[str, Mapping[str, str]], thing: str) -> Iterator[str]:
        if thing in ways:
            yield f"{words}: {_listed(ways[thing].values(), '; ')}"


def _lines(*parts: tuple[str, Iterable[str]]) -> tuple[tuple[str, str], ...]:
    """Return the lines of a box as (class, text)."""
    inside = WIDE - 2 * PAD
    return tuple((name, line) for name, texts in parts for text in texts for line in wrap(text, FONTS[name], inside, LINES))


def _listed(names: Iterable[str], mark: str = ", ") -> str:
    """Return names in one line; many are counted.

    >>> _listed("abc"), _listed("abcdefghijklm")
    ('a, b, c', 'a, b, c, d, e, f, g, h and 5 more')
    """
    found = list(names)
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return mark.join(found[:NAMED]) + more


def _address(node: Answer) -> str:
    """Return where a box leads: the page of a thing of this knowledge base, another IRI if it is of the web."""
    if node["iri"].endswith(f"/id/{node['id']}"):
        return f"/{node['id'].lstrip('/')}"  # two slashes would lead to another host
    return node["iri"] if re.match(r"https?://[^\s<>\"]+$", node["iri"]) else ""


def told(edge: Answer, names: Mapping[str, str]) -> str:
    """Return an edge of the answer as a sentence: what is stated or inferred, and where.

    >>> edge = {"from": "b", "to": "a", "step": "^ev:partOf", "basis": "stated", "graph": "edition/x", "passages": []}
    >>> told(edge, {"a": "A", "b": "B"})
    'A: part of: B (stated in x)'
    """
    first, second = names[edge["from"]], names[edge["to"]]
    if edge["step"] is None:
        return f"{first}: rests, over {count(len(edge['through']), 'thing')} not shown, on: {second} ({edge['basis']})"
    if edge["step"].startswith("^"):
        first, second = second, first
    step = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.split("[:/#]", edge["step"])[-1]).lower()
    where = "; ".join(dict.fromkeys(places(edge))) or edge["graph"].rsplit("/", 1)[-1]
    return f"{first}: {step}: {second} ({edge['basis']} in {where})"


# How it is drawn


class _Drawing:
    """The elements of one picture, from top to bottom: title, what is told of the whole, legend, columns."""

    def __init__(
        self, answer: Answer, names: Mapping[str, str], boxes: Mapping[str, Box], lines: Mapping[Edge, Line], laid: Layout
    ) -> None:
        self.answer, self.names, self.boxes, self.lines, self.laid = answer, names, boxes, lines, laid
        self.column = {box: number for number, members in enumerate(laid.columns) for box in members}
        self.width = max(len(laid.columns) * (WIDE + GAP) - GAP, NARROWEST) + 2 * MARGIN
        self.root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "lineage-picture"})

    def draw(self) -> Element:
        """Return the whole. A `group`, not an `img`: the links in an image are no links to a screen reader."""
        title, summary = _title(self.answer, self.names), list(_summary(self.answer, self.boxes))
        for name, text in (("title", title), ("desc", " ".join(text for _, text in summary))):
            _add(self.root, name, text, id=f"lineage-{name}")
        self.root.attrib |= {"role": "group", "aria-labelledby": "lineage-title", "aria-describedby": "lineage-desc"}
        _add(self.root, "style", STYLE)
        paper = _add(self.root, "rect", class_="paper")
        y = self._paragraph("title", title, MARGIN)
        for name, text in summary:
            y = self._paragraph(name, text, y + 2)
        y = self._legend(y + 12)
        bottom = self._columns(y + 20) if self.boxes else y
        size = {"width": _px(self.width), "height": _px(bottom + MARGIN)}
        paper.attrib |= size
        self.root.attrib |= size | {"viewBox": f"0 0 {size['width']} {size['height']}"}
        return self.root

    def _paragraph(self, name: str, text: str, y: float) -> float:
        return _text(self.root, [(name, line) for line in wrap(text, FONTS[name], self.width - 2 * MARGIN, LINES)], MARGIN, y)

    def _legend(self, y: float) -> float:
        """Draw a sample of each kind of line and frame that occurs, with what it means; return where it ends."""
        x: float = MARGIN
        legend = _add(self.root, "g", class_="legend")
        for name, words in _meanings(self.boxes.values(), self.lines.values()):
            wide = SAMPLE + 8 + text_width(words, FONTS["meaning"])
            if x > MARGIN and x + wide > self.width - MARGIN:
                x, y = MARGIN, y + 24
            if name in ("asked", "companion", "folded"):
                _framed(_add(legend, "g", class_=name), x + 4, y, SAMPLE - 14, 15)
            else:
                _arrow(legend, name, f"M{_px(x)} {_px(y + 8)}H{_px(x + SAMPLE - TIP)}", (x + SAMPLE, y + 8), 1)
            _text(legend, [("meaning", words)], x + SAMPLE + 8, y)
            x += wide + 26
        return y + 24

    def _columns(self, y: float) -> float:
        """Draw bands, headings, lines and boxes; return where they end."""
        headings = list(self._headings())
        top = y + max(sum(FONTS[name].line for name, _ in heading) for heading in headings) + 14
        bottom = top + max(self.laid.middles[box] + self.boxes[box].height / 2 for box in self.boxes) + STACKED
        for number in range(len(headings)):
            band = {"x": _px(_left(number) - AROUND), "y": _px(y - 10), "width": _px(WIDE + 2 * AROUND), "height": _px(bottom - y + 22)}
            _add(self.root, "rect", class_="band", rx="8", **band)
        lines = _add(self.root, "g", aria_hidden="true")  # what they tell, the boxes tell as well
        for edge, line in sorted(self.lines.items(), key=lambda item: _credits(item[1])):
            self._line(lines, edge, line, top)
        for number, (heading, members) in enumerate(zip(headings, self.laid.columns, strict=True)):
            column = _add(self.root, "g", role="list", aria_label=" ".join(text for _, text in heading))
            _text(_add(column, "g", aria_hidden="true"), heading, _left(number), y)
            for box in members:
                self._box(column, self.boxes[box], _left(number), top + self.laid.middles[box])
        return bottom + 12

    def _headings(self) -> Iterator[list[tuple[str, str]]]:
        """Yield the heading of each column: how many things of which kind, and, over the first of them, what such a thing is."""
        known: set[str] = set()
        for members in self.laid.columns:
            kind = self.boxes[members[0]].kind
            heading = count(sum(len(self.boxes[box].members) for box in members), kind)
            parts = [("heading", heading if kind else heading.replace("thing", "other thing"))]
            parts += [("meaning", meaning(kind))] if kind not in known else []
            known.add(kind)
            yield [(name, line) for name, text in parts for line in wrap(text, FONTS[name], WIDE)]

    def _line(self, parent: Element, edge: Edge, line: Line, top: float) -> None:
        """Draw an arrow as a smooth curve through its bends; between things of one column it is a bow on the right."""
        start, end = (self.column[box] for box in edge)
        way = 1 if start < end else -1
        first, last = (top + self.laid.middles[box] for box in edge)
        tip = (_left(end) + (0 if start < end else WIDE), last)
        x = _left(start) + (0 if end < start else WIDE)
        path = f"M{_px(x)} {_px(first)}"
        if start == end:
            bow = x + GAP * 0.6
            path += f"C{_px(bow)} {_px(first)} {_px(bow)} {_px(last)} {_px(x + TIP)} {_px(last)}"
        for number, y in enumerate([*self.laid.bends.get(edge, ()), last] if start != end else [], 1):
            y = last if number == abs(end - start) else top + y
            following = tip[0] - way * TIP if number == abs(end - start) else _left(start + way * number) + (0 if way > 0 else WIDE)
            middle = (x + following) / 2
            path += f"C{_px(middle)} {_px(first)} {_px(middle)} {_px(y)} {_px(following)} {_px(y)}"
            if number < abs(end - start):
                path += f"H{_px(following + way * WIDE)}"
            x, first = following + way * WIDE, y
        drawn = _add(parent, "g", data_from=edge[0], data_to=edge[1], data_steps=str(len(line.steps)))
        _add(drawn, "title", _listed((told(step, self.names) for step in line.steps), "\n"))
        _arrow(drawn, line.style, path, tip, way)

    def _box(self, parent: Element, box: Box, x: float, middle: float) -> None:
        item = _add(parent, "g", role="listitem")
        node = _add(item, "a", href=box.href, aria_label=box.name) if box.href else _add(item, "g")
        node.attrib |= {"id": _clean(box.id), "class": f"box {box.marks}".rstrip(), "data-kind": _clean(box.kind)}
        _add(node, "title", box.told)
        y = middle - box.height / 2
        _framed(node, x, y, WIDE, box.height)
        _text(node, box.lines, x + PAD, y + PAD)


def _credits(line: Line) -> bool:
    return "uncredited" not in line.style


def _title(answer: Answer, names: Mapping[str, str]) -> str:
    """Return the question that the picture answers."""
    things = set(answer["things"])
    name = _listed(f"\N{LEFT DOUBLE QUOTATION MARK}{names[thing]}\N{RIGHT DOUBLE QUOTATION MARK}" for thing in answer["things"])
    down = any(edge["from"] in things for edge in answer["edges"])
    up = any(edge["to"] in things for edge in answer["edges"])
    if down and up:
        return f"What {name} rests on, and what rests on it"
    return (
        f"What {name} rests on"
        if down
        else f"What rests on {name}"
        if up
        else f"{name}: nothing is known that it rests on, or that rests on it"
    )


def _summary(answer: Answer, boxes: Mapping[str, Box]) -> Iterator[tuple[str, str]]:
    """Yield (class, sentence) for what is told of the whole; what is not whole is told as a warning."""
    if answer["edges"]:
        yield "text", "Read from left to right: each arrow leads one step closer to the evidence, from a thing to what it rests on."
    policy = (
        "Only what sources state is drawn" if answer["policy"] == "stated" else "Drawn is what sources state and what curators inferred"
    )
    number = answer["independentStudies"]
    studies = "" if number is None else f" {number:,} independent {'study' if number == 1 else 'studies'} behind it."
    yield "text", f"{policy}: {count(len(answer['nodes']), 'thing')}, {count(len(answer['edges']), 'step')}.{studies}"
    if answer["asOf"]:
        yield (
            "text",
            f"As it was at the end of {answer['asOf']}; kept without a date: {count(len(answer['undated']), 'thing')}.",
        )
    if len(boxes) < len(answer["nodes"]):
        yield "warning", f"Too many things for one picture: {count(len(answer['nodes']), 'thing')} are drawn as {len(boxes):,} boxes."
    if answer["deeper"]:
        yield "warning", "More steps follow than were asked for; they are not drawn, and studies are not counted."
    if answer["truncated"]:
        yield "warning", "Not whole: there is more than limits.lineage_nodes of this knowledge base allows."


def _meanings(boxes: Iterable[Box], lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    """Yield (class, words) for the lines and frames that occur; stated and inferred are told apart wherever there is a line."""
    styles = {line.style for line in lines}
    marks = set(chain.from_iterable(box.marks.split() for box in boxes))
    if styles:
        yield "stated", "solid: a source states it"
        yield "inferred", "dashed: a curator inferred it"
    if any("uncredited" in style for style in styles):
        yield "stated uncredited", "thin: cites it or follows from it, but is not supported by it"
    for mark, words in (
        ("asked", "thick frame: what you asked about"),
        ("companion", "dotted frame: companion report of a study, not credited"),
        ("folded", "double frame: several things alike"),
    ):
        if mark in marks:
            yield mark, words


def _left(number: int) -> float:
    return MARGIN + number * (WIDE + GAP)


def _arrow(parent: Element, style: str, path: str, tip: tuple[float, float], way: int) -> None:
    """Draw a line and the tip at its end, which points to the right (`way` 1) or the left (-1)."""
    _add(parent, "path", class_=f"line {style}", d=path)
    x, y = tip
    _add(parent, "path", class_=f"tip {style}", d=f"M{_px(x)} {_px(y)}l{-way * TIP} -4.5v9z")


def _framed(parent: Element, x: float, y: float, width: float, height: float) -> None:
    """Draw a frame, a double one for what is folded."""
    for shift in (STACKED, 0) if "folded" in parent.attrib["class"].split() else (0,):
        _frame(parent, x + shift, y + shift, width, height)


def _frame(parent: Element, x: float, y: float, width: float, height: float) -> None:
    _add(parent, "rect", class_="frame", x=_px(x), y=_px(y), width=_px(width), height=_px(height), rx="5")


def _text(parent: Element, lines: Iterable[tuple[str, str]], x: float, y: float) -> float:
    """Draw lines (class, text) below `y`; return where they end."""
    for name, line in lines:
        font = FONTS[name]
        _add(parent, "text", line, class_=name, x=_px(x), y=_px(y + font.line / 2 + font.size * 0.36))
        y += font.line
    return y


def _px(number: float) -> str:
    """Return a length with one decimal place at most.

    >>> _px(12.04), _px(0.25)
    ('12', '0.2')
    """
    return f"{round(number, 1):.10g}"


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Add an element; `class_` is the attribute class, `data_from` is data-from. Characters that XML cannot hold are replaced."""
    named = {name.rstrip("_").replace("_", "-"): _clean(value) for name, value in attributes.items()}
    element = SubElement(parent, tag, named)
    element.text = _clean(text) or None
    return element
