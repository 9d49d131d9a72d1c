"""A findings answer as a forest plot: an SVG that is whole without scripts, fonts or files, for people who never saw one.

A panel has one axis, and so figures of one unit; a row is a finding. What a mark means is told in words in the picture, and all numbers
in its description as well. An average is never drawn (see `wherefrom.findings`); figures of one trial that differ stand side by side.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, floor, log10
from string import Template
from xml.etree.ElementTree import Element

from wherefrom.answers import Answer
from wherefrom.findings import apart_told, contrast_told, drawable, ends, interval_told, named, shown, told
from wherefrom.lettering import Font, text_width, wrap
from wherefrom.svg import add, markup, px, write
from wherefrom.words import count

ROWS = 150  # rows of one picture; beyond, nobody reads it, and the table and the data have all
MARGIN = 16  # px round the picture
HALF = 6  # px: half of a mark
SAMPLE = 40  # px: width of a sample in the legend
TICKS = 6  # steps of an axis, about
LINES = 4  # lines of words in a row; the table has them all

FONTS = {
    "title": Font(17, 24, bold=True), "text": Font(13, 19), "heading": Font(15, 22, bold=True), "trial": Font(13, 19, bold=True),
    "group": Font(13, 19, bold=True), "differ": Font(12, 16, bold=True),
    "label": Font(13, 17), "note": Font(11.5, 15), "figure": Font(13, 17, bold=True), "tick": Font(11.5, 15),
}  # fmt: skip
LIGHT = {"paper": "#ffffff", "band": "#f0f2f5", "ink": "#16191d", "quiet": "#47515d", "ours": "#6d28d9", "rule": "#8a949f"}
DARK = {"paper": "#14171b", "band": "#1d2228", "ink": "#f2f4f7", "quiet": "#bcc5d0", "ours": "#cbb0ff", "rule": "#828d99"}
FORCED = dict.fromkeys(LIGHT, "CanvasText") | dict.fromkeys(("paper", "band"), "Canvas")


@dataclass(frozen=True)
class Layout:
    """Where things stand, in px: the whole, the words on the left, the plot, the figures on the right of it.

    `stacked` has the words of a row above its mark, for a narrow screen.
    """

    name: str
    width: float
    words: float
    start: float
    plot: float
    figures: float
    stacked: bool = False


WIDE = Layout("wide", width=952, words=322, start=366, plot=300, figures=250)
NARROW = Layout("narrow", width=358, words=318, start=30, plot=298, figures=318, stacked=True)

MARKS = {  # class -> what it means
    "square": "square: a figure with an interval",
    "diamond": "hollow diamond: no interval is given",
    "line": "line: the interval that the source prints",
    "line ours": "dashed line: an interval calculated here",
    "diamond ours": "dashed edge: a figure calculated here from printed percentages",
}

_SHAPES = """
.forest { font-family: system-ui, sans-serif; }
.forest .line { stroke-width: 2; }
.forest .line.ours { stroke-dasharray: 5 4; }
.forest .diamond.ours, .forest .square.ours { stroke-dasharray: 3 1.5; }
.forest .square, .forest .diamond { stroke-width: 2; }
.forest .axis, .forest .tickmark { stroke-width: 1; }
.forest .none { stroke-width: 1.5; }
.forest .right { text-anchor: end; }
.forest .middle { text-anchor: middle; }
"""
_COLOURS = Template("""
.forest { background: $paper; }
.forest .paper { fill: $paper; }
.forest .band { fill: $band; }
.forest text { fill: $ink; }
.forest .note, .forest .tick { fill: $quiet; }
.forest .axis, .forest .tickmark, .forest .none { stroke: $rule; }
.forest .line, .forest .square, .forest .diamond { stroke: $ink; }
.forest .square { fill: $ink; }
.forest .diamond { fill: $paper; }
.forest .line.ours, .forest .square.ours, .forest .diamond.ours { stroke: $ours; }
.forest .square.ours { fill: $paper; }
""")


def _style() -> str:
    faces = "".join(
        f".forest .{name} {{ font-size: {font.size:g}px; font-weight: {700 if font.bold else 400}; }}\n" for name, font in FONTS.items()
    )
    dark = f"@media screen and (prefers-color-scheme: dark) {{{_COLOURS.substitute(DARK)}}}\n"
    forced = f"@media (forced-colors: active) {{{_COLOURS.substitute(FORCED)}}}\n"
    printed = (
        "@media print { .forest { width: auto; height: auto; max-width: 100%; max-height: 100mm; } }\n"  # below the headings of a page
    )
    return _SHAPES + faces + _COLOURS.substitute(LIGHT) + dark + forced + printed


STYLE = _style()
STYLE_SOURCE = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"  # lets a content security policy allow it


def svg(answer: Answer, layout: Layout = WIDE) -> str:
    """Return findings (the dict of `findings.findings_answer`) as SVG; the same answer gives the same text."""
    return markup(_Drawing(answer, layout).draw())


class Axis:
    """Where numbers stand in the plot; on a scale of logarithms all numbers are above 0."""

    def __init__(self, low: float, high: float, scale: str, layout: Layout = WIDE) -> None:
        self.log, self.layout = scale == "log", layout
        low, high = self._scaled(low), self._scaled(high)
        room = (high - low) * 0.06 or (abs(high) * 0.5 or 1.0)
        self.low, self.high = low - room, high + room

    def _scaled(self, number: float) -> float:
        return log10(number) if self.log else number

    def at(self, number: float) -> float:
        """Return the place of a number in px."""
        return self.layout.start + self.layout.plot * (self._scaled(number) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return round numbers along the axis.

        >>> Axis(-34.5, 58.8, "linear").ticks(), Axis(0.4, 3, "log").ticks()
        ([-40.0, -20.0, 0.0, 20.0, 40.0, 60.0], [0.5, 1.0, 2.0])
        """
        if self.log and self.high - self.low > 0.5:
            exponents = range(floor(self.low), ceil(self.high) + 1)
            parts = (1.0, 2.0, 5.0) if self.high - self.low < 2 else (1.0,)
            every = ceil(len(exponents) / TICKS)
            found = [part * 10.0**exponent for exponent in exponents if exponent % every == 0 for part in parts]
            return [number for number in found if self.low <= log10(number) <= self.high]
        low, high = (10.0**self.low, 10.0**self.high) if self.log else (self.low, self.high)
        step = _round_step((high - low) / TICKS)
        return [round(step * number, 12) for number in range(ceil(low / step), floor(high / step) + 1)]


def _round_step(least: float) -> float:
    """Return the next of 1, 2, 2.5, 5, 10 ... that is not below."""
    power = 10.0 ** floor(log10(least))
    return next(power * part for part in (1, 2, 2.5, 5, 10) if power * part >= least * 0.999)


class _Drawing:
    """The elements of one picture, from top to bottom: title, legend, panels."""

    def __init__(self, answer: Answer, layout: Layout) -> None:
        self.answer, self.layout = answer, layout
        self.inner = layout.width - 2 * MARGIN
        self.rows = {row["id"]: row for row in answer["findings"]}
        self.apart = {one["id"]: one for one in answer["discrepancies"]}
        self.left = ROWS
        self.root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "forest", "role": "img"})

    def draw(self) -> Element:
        """Return the whole. An `img`: nothing in it leads anywhere, and the table beside it tells the same with links."""
        panels = self.answer["panels"]
        title = "Figures of {} of {}".format(
            *(count(self.answer["drawn"][part], kind) for part, kind in (("count", "finding"), ("trials", "trial")))
        )
        for name, text in (("title", title), ("desc", description(self.answer))):
            add(self.root, name, text, id=f"forest-{self.layout.name}-{name}")
        self.root.attrib |= {"aria-labelledby": f"forest-{self.layout.name}-title", "aria-describedby": f"forest-{self.layout.name}-desc"}
        add(self.root, "style", STYLE)
        paper = add(self.root, "rect", class_="paper")
        y = self._words("title", title, MARGIN)
        if panels:
            reading = "One row is one finding. Its mark stands where its figure lies on the scale below; the upright line is no difference."
            y = self._legend(self._words("text", reading, y) + 8)
        for panel in panels:
            y = self._panel(panel, y + 14)
        if not panels:
            y = self._words("text", "None of these findings has a figure that can be drawn.", y)
        size = {"width": px(self.layout.width), "height": px(y + MARGIN)}
        paper.attrib |= size
        self.root.attrib |= size | {"viewBox": f"0 0 {size['width']} {size['height']}"}
        return self.root

    def _words(self, name: str, text: str, y: float) -> float:
        return write(self.root, FONTS, ((name, line) for line in wrap(text, FONTS[name], self.inner)), MARGIN, y)

    def _legend(self, y: float) -> float:
        """Draw each kind of mark that occurs with what it means; return where it ends."""
        figures = [row["figure"] for row in self.answer["findings"] if row["figure"]]
        x: float = MARGIN
        for name in _occurring(figures):
            lines = wrap(MARKS[name], FONTS["note"], self.inner - SAMPLE)
            wide = SAMPLE + 8 + max(text_width(line, FONTS["note"]) for line in lines)
            if x > MARGIN and x + wide > self.layout.width - MARGIN:
                x, y = MARGIN, y + 22
            sample = add(self.root, "g", class_="legend")
            if name.startswith("line"):
                _line(sample, name, x, x + SAMPLE - 8, y + 8)
            else:
                _mark(sample, name, x + SAMPLE / 2 - 4, y + 8)
            end = write(sample, FONTS, [("note", line) for line in lines], x + SAMPLE, y)
            x, y = x + wide + 14, end - FONTS["note"].line
        return y + 22

    def _panel(self, panel: Answer, y: float) -> float:
        """Draw a panel: its rows by trial and outcome, the axis below them, and why there is no average."""
        figures = [self.rows[name]["figure"] for group in panel["groups"] for name in group["rows"]]
        drawn = [figure for figure in figures if drawable(figure, panel["scale"])]
        numbers = [number for figure in drawn for number in ends(figure)]
        none = panel["noDifference"]
        axis = Axis(min([none, *numbers]), max([none, *numbers]), panel["scale"], self.layout)
        y = self._words("heading", panel["title"], y)
        write(self.root, FONTS, [("tick middle", "no difference")], axis.at(none), y)
        y, trial = y + 20, ""
        for group in panel["groups"] if self.left > 0 else ():
            y = self._trial(group["trial"], y) if group["trial"] != trial else y
            trial = group["trial"]
            start = y
            y = self._group(group, axis, panel, y)
            if not self.layout.stacked:
                self._rule(axis.at(none), start, y)
        y = self._axis(axis, panel, y)
        y = self._words("text", panel["average"]["why"], y + 6)
        return y if self.left > 0 else self._words("text", f"Only {ROWS} rows are drawn; the table and the data have all.", y)

    def _rule(self, x: float, start: float, end: float) -> None:
        add(self.root, "line", class_="none", x1=px(x), x2=px(x), y1=px(start), y2=px(end))

    def _trial(self, name: str, y: float) -> float:
        """Draw the name of a trial across all columns; its outcomes follow."""
        lines = [("trial", line) for line in wrap(name, FONTS["trial"], self.inner - 16)]
        add(self.root, "rect", class_="band", x=px(MARGIN), y=px(y), width=px(self.inner), height=px(19 * len(lines) + 6))
        return write(self.root, FONTS, lines, MARGIN + 8, y + 3) + 3

    def _group(self, group: Answer, axis: Axis, panel: Answer, y: float) -> float:
        title = [("group", line) for line in wrap(group["title"], FONTS["group"], self.layout.words)]
        y = write(self.root, FONTS, title, MARGIN + 8, y + 4)
        for name in group["rows"][: self.left]:
            y = self._row(self.rows[name], axis, panel, y)
        self.left -= len(group["rows"])
        if sentence := apart_told(group, self.apart):
            lines = [("differ", line) for line in wrap(sentence, FONTS["differ"], self.layout.words)]
            y = write(self.root, FONTS, lines, MARGIN + 8, y - 4) + 8
        return y

    def _row(self, row: Answer, axis: Axis, panel: Answer, y: float) -> float:
        figure, scale = row["figure"], panel["scale"]
        names = wrap(named(row["sources"]), FONTS["label"], self.layout.words, 2)
        compared = wrap(contrast_told(row), FONTS["note"], self.layout.words, LINES)
        left = [*(("label", line) for line in names), *(("note", line) for line in compared)]
        beside = wrap(_beside(figure), FONTS["note"], self.layout.figures, LINES)
        right = [("figure", shown(figure["value"])), *(("note", line) for line in beside)]
        if not drawable(figure, scale):
            right.append(("note", "has no place on this axis"))
        if self.layout.stacked:
            start = write(self.root, FONTS, [*left, *right], MARGIN + 8, y)
            bottom = start + 3 * HALF + 4
            self._rule(axis.at(panel["noDifference"]), start + 2, bottom)
        else:
            start, across = y, self.layout.start + self.layout.plot + 20
            bottom = max(write(self.root, FONTS, left, MARGIN + 8, y), write(self.root, FONTS, right, across, y))
        if drawable(figure, scale):
            middle = start + (bottom - start) / 2
            *line, mark = _marks(figure)
            drawn = add(self.root, "g", class_="row", data_finding=row["id"])
            for name in line:
                _line(drawn, name, axis.at(figure["low"]), axis.at(figure["high"]), middle)
            _mark(drawn, mark, axis.at(figure["value"]), middle)
        return bottom + 10

    def _axis(self, axis: Axis, panel: Answer, y: float) -> float:
        """Draw the scale with round numbers, and what lies on its sides; return where it ends."""
        left, right = self.layout.start, self.layout.start + self.layout.plot
        add(self.root, "line", class_="axis", x1=px(left), x2=px(right), y1=px(y), y2=px(y))
        for number in axis.ticks():
            x = axis.at(number)
            add(self.root, "line", class_="tickmark", x1=px(x), x2=px(x), y1=px(y), y2=px(y + 5))
            write(self.root, FONTS, [("tick middle", shown(number))], x, y + 6)
        y += 24
        if panel["sides"]:
            lower, higher = panel["sides"]
            half = self.layout.plot / 2 - 6
            low = [("tick", line) for line in wrap(f"\N{LEFTWARDS ARROW} {lower}", FONTS["tick"], half)]
            high = [("tick right", line) for line in wrap(f"{higher} \N{RIGHTWARDS ARROW}", FONTS["tick"], half)]
            y = max(write(self.root, FONTS, low, left, y), write(self.root, FONTS, high, right, y))
        return y


def _occurring(figures: Iterable[Answer]) -> list[str]:
    """Return the marks that the legend has to tell of, in their order."""
    found = {name for figure in figures for name in _marks(figure)}
    found |= {name.split()[0] for name in found if not name.startswith("line")}
    found |= {"diamond ours"} if "square ours" in found else set()
    return [name for name in MARKS if name in found]


def _marks(figure: Answer) -> list[str]:
    """Return the classes of what is drawn of a figure: its line, if it has one, then its mark."""
    ours = " ours" if figure["basis"] == "calculated" else ""
    if figure["interval"] is None:
        return [f"diamond{ours}"]
    return ["line ours" if figure["interval"] == "calculated" else "line", f"square{ours}"]


def _mark(parent: Element, name: str, x: float, y: float) -> None:
    if name.startswith("square"):
        side = px(2 * HALF - 2)
        add(parent, "rect", class_=name, x=px(x - HALF + 1), y=px(y - HALF + 1), width=side, height=side)
    else:
        reach = HALF + 2
        add(
            parent,
            "path",
            class_=name,
            d=f"M{px(x - reach)} {px(y)}L{px(x)} {px(y - reach)}L{px(x + reach)} {px(y)}L{px(x)} {px(y + reach)}z",
        )


def _line(parent: Element, name: str, start: float, end: float, y: float) -> None:
    add(parent, "line", class_=name, x1=px(start), x2=px(end), y1=px(y), y2=px(y))


def _beside(figure: Answer) -> str:
    ours = "" if figure["formula"] is None else f"calculated here: {figure['formula'].replace('-', '−')}; "
    return f"{ours}{interval_told(figure)}"


def description(answer: Answer) -> str:
    """Return all that the picture tells in words, with every number."""
    rows = {row["id"]: row for row in answer["findings"]}
    apart = {one["id"]: one for one in answer["discrepancies"]}
    sentences: list[str] = []
    for panel in answer["panels"]:
        sentences.append(f"{panel['title']}.")
        for group in panel["groups"]:
            sentences.append(f"{group['title']}, {group['trial']}.")
            sentences += [f"{named(rows[name]['sources'])}: {told(rows[name]['figure'])}." for name in group["rows"]]
            sentences += filter(None, [apart_told(group, apart)])
        sentences.append(panel["average"]["why"])
    return " ".join(sentences)
