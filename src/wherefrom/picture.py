"""A lineage answer as a picture: an SVG that is whole without scripts, fonts or files, for people who never heard of RDF.

Every column holds one kind of thing, an arrow leads from a thing to what it rests on, and what a line or a frame means is told
in words in the picture. The order of the columns comes from the answer itself (`layout.columns`): a kind stands left of the
kinds that its things rest on, so that a vocabulary with other kinds is drawn as well. Things beyond `BOXES` are folded.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator
from hashlib import sha256
from itertools import chain
from string import Template
from xml.etree.ElementTree import Element

from wherefrom.answers import Answer
from wherefrom.boxes import BOXES, Box, Line, Link, address, boxes_of, fold, lines_between, listed, names_of, told
from wherefrom.layout import Edge, columns, lay_out
from wherefrom.lettering import Font, text_width, wrap
from wherefrom.svg import add, clean, markup, px, write
from wherefrom.vocabulary import class_of, meaning, place
from wherefrom.words import count

LINES = 6  # lines of a label in its box; the whole label is in its name
WIDE, PAD, BETWEEN, GAP, MARGIN = 202, 8, 12, 50, 24  # px: a box, its padding, between boxes, between columns, round the picture
NARROWEST = 4 * WIDE  # px: room for title and legend
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
.lineage-picture.lighting .box:not(.lit), .lineage-picture.lighting [data-from]:not(.lit) { opacity: .3; }
.lineage-picture .lit .line { stroke-width: 2.6; }
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


def svg(answer: Answer) -> str:
    """Return a lineage (the dict of `answers.lineage_answer`) as SVG; the same answer gives the same text."""
    return Picture(answer).svg()


class Picture:
    """A lineage as boxes in columns and lines between them, laid out; `columns` holds the ids of the boxes as they stand.

    There are at most `most` boxes, as far as `fold` can do it, groups with a thing of `opened` apart. `link` gives where a thing
    leads, `opening` where a folded box does, by its first member.
    """

    def __init__(
        self,
        answer: Answer,
        most: int = BOXES,
        opened: Collection[str] = (),
        link: Link = address,
        opening: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.answer, self.names = answer, names_of(answer)
        box_of = fold(answer, most, opened)
        self.lines = lines_between(answer, box_of)
        self.boxes = boxes_of(answer, box_of, self.names, link, opening)
        self.written = {box.id: _written(box) for box in self.boxes.values()}
        self.heights = {box: sum(FONTS[name].line for name, _ in lines) + 2 * PAD for box, lines in self.written.items()}
        kinds = {box.id: box.kind for box in self.boxes.values()}
        self.laid = lay_out(
            columns(kinds, self.lines, sorted(set(kinds.values()), key=lambda kind: (place(str(class_of(kind))), kind))),
            {edge: line.style for edge, line in self.lines.items()},
            {box: height + BETWEEN for box, height in self.heights.items()},
        )
        self.columns = self.laid.columns

    @property
    def title(self) -> str:
        """The question that the picture answers."""
        return _title(self.answer, self.names)

    def svg(self, *, headed: bool = True) -> str:
        """Return the picture as SVG; without its heading where the page around it tells the same."""
        return markup(_Drawing(self, headed=headed).draw())


def _written(box: Box) -> list[tuple[str, str]]:
    """Return the lines of text of a box as (class, text)."""
    inside = WIDE - 2 * PAD
    parts = [("mark", box.mark), ("label", box.label), *(("note", note) for note in box.notes)]
    return [(name, line) for name, text in parts for line in wrap(text, FONTS[name], inside, LINES)]


# How it is drawn


class _Drawing:
    """The elements of one picture, from top to bottom: title, what is told of the whole, legend, columns."""

    def __init__(self, picture: Picture, *, headed: bool) -> None:
        self.picture, self.headed = picture, headed
        self.boxes, self.lines, self.laid = picture.boxes, picture.lines, picture.laid
        self.column = {box: number for number, members in enumerate(self.laid.columns) for box in members}
        self.width = max(len(self.laid.columns) * (WIDE + GAP) - GAP, NARROWEST if headed else 0) + 2 * MARGIN
        self.root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "lineage-picture"})

    def draw(self) -> Element:
        """Return the whole. A `group`, not an `img`: the links in an image are no links to a screen reader."""
        title, summary = self.picture.title, list(_summary(self.picture.answer, self.boxes))
        for name, text in (("title", title), ("desc", " ".join(text for _, text in summary))):
            add(self.root, name, text, id=f"lineage-{name}")
        self.root.attrib |= {"role": "group", "aria-labelledby": "lineage-title", "aria-describedby": "lineage-desc"}
        add(self.root, "style", STYLE)
        paper = add(self.root, "rect", class_="paper")
        y: float = MARGIN
        for name, text in [("title", title), *summary] if self.headed else []:
            y = self._paragraph(name, text, y) + 2
        y = self._legend(y + 10)
        bottom = self._columns(y + 20) if self.boxes else y
        size = {"width": px(self.width), "height": px(bottom + MARGIN)}
        paper.attrib |= size
        self.root.attrib |= size | {"viewBox": f"0 0 {size['width']} {size['height']}"}
        return self.root

    def _paragraph(self, name: str, text: str, y: float) -> float:
        return write(self.root, FONTS, [(name, line) for line in wrap(text, FONTS[name], self.width - 2 * MARGIN, LINES)], MARGIN, y)

    def _legend(self, y: float) -> float:
        """Draw a sample of each kind of line and frame that occurs, with what it means; return where it ends."""
        x: float = MARGIN
        legend = add(self.root, "g", class_="legend")
        for name, words in _meanings(self.boxes.values(), self.lines.values()):
            wide = SAMPLE + 8 + text_width(words, FONTS["meaning"])
            if x > MARGIN and x + wide > self.width - MARGIN:
                x, y = MARGIN, y + 24
            if name in ("asked", "companion", "folded"):
                _framed(add(legend, "g", class_=name), x + 4, y, SAMPLE - 14, 15)
            else:
                _arrow(legend, name, f"M{px(x)} {px(y + 8)}H{px(x + SAMPLE - TIP)}", (x + SAMPLE, y + 8), 1)
            write(legend, FONTS, [("meaning", words)], x + SAMPLE + 8, y)
            x += wide + 26
        return y + 24

    def _columns(self, y: float) -> float:
        """Draw bands, headings, lines and boxes; return where they end."""
        headings = list(self._headings())
        top = y + max(sum(FONTS[name].line for name, _ in heading) for heading in headings) + 14
        bottom = top + max(self.laid.middles[box] + self.picture.heights[box] / 2 for box in self.boxes) + STACKED
        for number in range(len(headings)):
            band = {"x": px(_left(number) - AROUND), "y": px(y - 10), "width": px(WIDE + 2 * AROUND), "height": px(bottom - y + 22)}
            add(self.root, "rect", class_="band", rx="8", **band)
        lines = add(self.root, "g", aria_hidden="true")  # what they tell, the boxes tell as well
        for edge, line in sorted(self.lines.items(), key=lambda item: _credits(item[1])):
            self._line(lines, edge, line, top)
        for number, (heading, members) in enumerate(zip(headings, self.laid.columns, strict=True)):
            column = add(self.root, "g", role="list", aria_label=" ".join(text for _, text in heading))
            write(add(column, "g", aria_hidden="true"), FONTS, heading, _left(number), y)
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
        path = f"M{px(x)} {px(first)}"
        if start == end:
            bow = x + GAP * 0.6
            path += f"C{px(bow)} {px(first)} {px(bow)} {px(last)} {px(x + TIP)} {px(last)}"
        for number, y in enumerate([*self.laid.bends.get(edge, ()), last] if start != end else [], 1):
            y = last if number == abs(end - start) else top + y
            following = tip[0] - way * TIP if number == abs(end - start) else _left(start + way * number) + (0 if way > 0 else WIDE)
            middle = (x + following) / 2
            path += f"C{px(middle)} {px(first)} {px(middle)} {px(y)} {px(following)} {px(y)}"
            if number < abs(end - start):
                path += f"H{px(following + way * WIDE)}"
            x, first = following + way * WIDE, y
        drawn = add(parent, "g", data_from=edge[0], data_to=edge[1], data_steps=str(len(line.steps)))
        add(drawn, "title", listed((told(step, self.picture.names) for step in line.steps), "\n"))
        _arrow(drawn, line.style, path, tip, way)

    def _box(self, parent: Element, box: Box, x: float, middle: float) -> None:
        item = add(parent, "g", role="listitem")
        node = add(item, "a", href=box.href, aria_label=box.name) if box.href else add(item, "g")
        node.attrib |= {"id": clean(box.id), "class": f"box {box.marks}".rstrip(), "data-kind": clean(box.kind)}
        add(node, "title", box.told)
        height = self.picture.heights[box.id]
        y = middle - height / 2
        _framed(node, x, y, WIDE, height)
        write(node, FONTS, self.picture.written[box.id], x + PAD, y + PAD)


def _credits(line: Line) -> bool:
    return "uncredited" not in line.style


def _title(answer: Answer, names: dict[str, str]) -> str:
    """Return the question that the picture answers."""
    things = set(answer["things"])
    name = listed(f"\N{LEFT DOUBLE QUOTATION MARK}{names[thing]}\N{RIGHT DOUBLE QUOTATION MARK}" for thing in answer["things"])
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


def _summary(answer: Answer, boxes: dict[str, Box]) -> Iterator[tuple[str, str]]:
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
    add(parent, "path", class_=f"line {style}", d=path)
    x, y = tip
    add(parent, "path", class_=f"tip {style}", d=f"M{px(x)} {px(y)}l{-way * TIP} -4.5v9z")


def _framed(parent: Element, x: float, y: float, width: float, height: float) -> None:
    """Draw a frame, a double one for what is folded."""
    for shift in (STACKED, 0) if "folded" in parent.attrib["class"].split() else (0,):
        _frame(parent, x + shift, y + shift, width, height)


def _frame(parent: Element, x: float, y: float, width: float, height: float) -> None:
    add(parent, "rect", class_="frame", x=px(x), y=px(y), width=px(width), height=px(height), rx="5")
