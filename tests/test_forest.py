"""The forest plot: whole, readable, one mark a figure and never one more, and harmless whatever things are called."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from math import log10
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from test_checks import finding
from test_findings import PAIR, made
from wherefrom.answers import Answer
from wherefrom.findings import drawable, findings_answer
from wherefrom.forest import DARK, FONTS, FORCED, LIGHT, NARROW, STYLE, STYLE_SOURCE, WIDE, Axis, Layout, svg
from wherefrom.lettering import text_width
from wherefrom.store import EmbeddedStore

NS = {"": "http://www.w3.org/2000/svg"}
BASE = "https://w3id.org/wherefrom/"
law = settings(max_examples=50, deadline=None, database=None)
layouts = pytest.mark.parametrize("layout", [WIDE, NARROW], ids=lambda layout: layout.name)


def drawn(answer: Answer, layout: Layout = WIDE) -> Element:
    return ElementTree.fromstring(svg(answer, layout))


def rows(picture: Element) -> dict[str, Element]:
    return {row.attrib["data-finding"]: row for row in picture.findall("g[@class='row']", NS)}


def middle(mark: Element) -> float:
    """Where a mark stands across."""
    if "x" in mark.attrib:
        return float(mark.attrib["x"]) + float(mark.attrib["width"]) / 2
    found = re.match(r"M(\S+) \S+L(\S+) ", mark.attrib["d"])
    assert found
    return float(found[2])


@pytest.fixture(scope="module")
def real(store: EmbeddedStore) -> Answer:
    return findings_answer(store, BASE)


@layouts
def test_each_figure_has_one_mark_and_there_is_no_other(real: Answer, layout: Layout) -> None:
    picture = drawn(real, layout)
    named = [row.attrib["data-finding"] for row in picture.findall("g[@class='row']", NS)]
    assert sorted(named) == sorted(name for panel in real["panels"] for group in panel["groups"] for name in group["rows"])
    shapes = [shape for part in ("path", "polygon", "circle", "ellipse") for shape in picture.iter(f"{{{NS['']}}}{part}")]
    in_legend = [shape for legend in picture.findall("g[@class='legend']", NS) for shape in legend if shape.tag.endswith("path")]
    assert len(shapes) - len(in_legend) == len(named)  # an average would be one more


figures = st.sampled_from(["points", "odds", "risk", "size"])
numbers = st.decimals(0, 90, places=1, allow_nan=False)


@law
@given(st.lists(st.tuples(figures, numbers, st.booleans()), min_size=1, max_size=8))
def test_marks_stand_in_the_order_of_their_figures(told: list[tuple[str, object, bool]]) -> None:
    parts = [{kind: str(value), **({"lower": str(value), "upper": "95.0"} if whole else {})} for kind, value, whole in told]
    answer = made(*(finding(f"f{number}", **part) for number, part in enumerate(parts)))
    found = rows(drawn(answer))
    by_name = {row["id"]: row["figure"] for row in answer["findings"]}
    for panel in answer["panels"]:
        names = [name for group in panel["groups"] for name in group["rows"] if drawable(by_name[name], panel["scale"])]
        assert set(names) == {name for group in panel["groups"] for name in group["rows"]} & found.keys()
        places = {name: middle(found[name][-1]) for name in names}
        for one in names:
            assert {part.attrib["class"] for part in found[one]} == ({"line", "square"} if by_name[one]["interval"] else {"diamond"})
            for two in names:
                apart = by_name[two]["value"] - by_name[one]["value"]
                assert (places[two] - places[one]) * apart >= -0.2 * abs(apart)


def test_intervals_reach_to_their_ends() -> None:
    answer = made(finding("a", points="20.0", lower="-10.0", upper="40.0"), finding("b", points="40.0"))
    found = rows(drawn(answer))
    line, mark = found["a"]
    start, end = float(line.attrib["x1"]), float(line.attrib["x2"])
    assert (middle(mark) - start) / (end - start) == pytest.approx(30 / 50, abs=0.01)
    assert middle(found["b"][0]) == pytest.approx(end, abs=0.2)


def test_ratios_stand_on_a_scale_of_logarithms() -> None:
    axis = Axis(0.25, 4, "log")
    assert axis.at(1) - axis.at(0.5) == pytest.approx(axis.at(2) - axis.at(1))
    found = rows(drawn(made(finding("a", odds="0.5"), finding("b", odds="1.0"), finding("c", odds="2.0"), finding("d", odds="0.0"))))
    assert found.keys() == {"a", "b", "c"}  # a ratio of 0 has no place, and that is told
    assert middle(found["b"][0]) - middle(found["a"][0]) == pytest.approx(middle(found["c"][0]) - middle(found["b"][0]), abs=0.2)


@law
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.booleans())
def test_ticks_are_few_round_and_within(low: float, room: float, log: bool) -> None:
    low = abs(low) + 1e-3 if log else low
    axis = Axis(low, low + room, "log" if log else "linear")
    ticks = axis.ticks()
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 12
    scaled = [log10(tick) for tick in ticks] if log else ticks
    assert all(axis.low - 1e-9 * abs(axis.low) <= tick <= axis.high + 1e-9 * abs(axis.high) for tick in scaled)


def test_what_is_ours_is_told_from_what_is_printed() -> None:
    answer = made(finding("a", PAIR), finding("b", PAIR, points="20.0"), finding("c", points="20.0", lower="1.0", upper="39.0"))
    marks = {name: [part.attrib["class"] for part in row] for name, row in rows(drawn(answer)).items()}
    assert marks == {"a": ["line ours", "square ours"], "b": ["line ours", "square"], "c": ["line", "square"]}
    words = " ".join(drawn(answer).itertext())
    assert "dashed line: an interval calculated here" in words
    assert "calculated here: 60.0 − 40.0 = 20; 0.5 to 37.5 (95 %, calculated here)" in words


@layouts
def test_the_description_has_every_number(real: Answer, layout: Layout) -> None:
    picture = drawn(real, layout)
    told = picture.findtext("desc", "", NS)
    for row in real["findings"]:
        if row["figure"]:
            assert f"{row['figure']['value']:.10g}".replace("-", "−") in told
    assert all(panel["average"]["why"] in told for panel in real["panels"])
    assert picture.attrib["role"] == "img"
    assert picture.attrib["aria-labelledby"] == picture.find("title", NS).attrib["id"]  # type: ignore[union-attr]
    assert picture.attrib["aria-describedby"] == picture.find("desc", NS).attrib["id"]  # type: ignore[union-attr]


def texts(picture: Element) -> Iterator[tuple[str, float, float]]:
    """The lines of a picture, each with where it begins and ends at most."""
    for text in picture.iter(f"{{{NS['']}}}text"):
        name, *rest = text.attrib["class"].split()
        wide, x = text_width(text.text or "", FONTS[name]), float(text.attrib["x"])
        left = x - wide if "right" in rest else x - wide / 2 if "middle" in rest else x
        yield text.text or "", left, left + wide


@layouts
def test_no_text_leaves_the_picture(real: Answer, layout: Layout) -> None:
    many = made(finding("a", PAIR), finding("b", odds="2.5", lower="1.0", upper="9.0", level="99.0"), finding("c", size="-0.4"))
    for picture in (drawn(real, layout), drawn(many, layout)):
        assert [text for text, left, right in texts(picture) if left < 0 or right > float(picture.attrib["width"])] == []


def test_whatever_things_are_called_it_is_well_formed() -> None:
    told = finding("a", points="20.0").replace(
        "GRAPH", 'GRAPH i:names { i:study <http://www.w3.org/2004/02/skos/core#prefLabel> "<script>alert(1)</script>\\u0007&" } GRAPH', 1
    )
    picture = drawn(made(told))
    assert list(picture.iter(f"{{{NS['']}}}script")) == []
    assert "<script>alert(1)</script>\N{REPLACEMENT CHARACTER}&" in "".join(picture.itertext())


def test_more_rows_than_anyone_reads_are_cut_and_told() -> None:
    answer = made(*(finding(f"f{number:03}", points=f"{number / 10:.1f}") for number in range(160)))
    picture = drawn(answer)
    assert len(rows(picture)) == 150
    assert "Only 150 rows are drawn; the table and the data have all." in " ".join(picture.itertext())


def test_nothing_to_draw_is_told() -> None:
    assert "None of these findings has a figure that can be drawn." in " ".join(drawn(made(finding("a", index="50"))).itertext())


def contrast(one: str, two: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_marks_stand_out(scheme: dict[str, str]) -> None:
    for paper in ("paper", "band"):
        assert min(contrast(scheme[ink], scheme[paper]) for ink in ("ink", "quiet", "ours")) >= 4.5
        assert contrast(scheme["rule"], scheme["paper"]) >= 3
    assert FORCED.keys() == scheme.keys()


def test_its_style_is_allowed_by_its_digest(service: httpx.Client) -> None:
    digest = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert f"'sha256-{digest}'" == STYLE_SOURCE
    assert STYLE_SOURCE in service.get("/findings").headers["content-security-policy"]
    assert drawn(service.get("/api/findings").json()).findtext("style", "", NS) == STYLE


def test_it_is_the_same_at_both_doors(service: httpx.Client) -> None:
    answer = service.get("/findings.svg?outcome=outcome/secure-attachment")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text == svg(service.get("/api/findings?outcome=outcome/secure-attachment").json())
