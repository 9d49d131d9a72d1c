"""The lineage as a picture: whole, readable, the same for the same answer, and harmless whatever things are called."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherefrom.answers import Answer, lineage_answer
from wherefrom.boxes import BOXES, fold
from wherefrom.cli import main
from wherefrom.lettering import text_width
from wherefrom.lineage import WAYS
from wherefrom.load import KnowledgeBase
from wherefrom.narrowing import trace
from wherefrom.picture import DARK, FONTS, LIGHT, STYLE, STYLE_SOURCE, svg
from wherefrom.store import EmbeddedStore
from wherefrom.svg import add, markup
from wherefrom.vocabulary import expand

CLAIM, STUDY = "claim/foundations-ipp-secure", "study/rochester-maltreated-infants"
TEXT_SLACK = 0.5  # px, lost by rounding lengths
law = settings(max_examples=60, deadline=None, database=None)
Frame = tuple[float, float, float, float]


# As text


@law
@given(st.recursive(st.tuples(st.text(), st.dictionaries(st.sampled_from("abc"), st.text())), lambda inner: st.lists(inner, max_size=3)))
def test_a_picture_is_written_as_the_library_of_python_writes_it(made: Any) -> None:
    root = Element("svg")

    def grow(parent: Element, part: Any) -> None:
        for one in part if isinstance(part, list) else []:
            grow(add(parent, "g"), one)
        if isinstance(part, tuple):
            add(parent, "text", part[0], **part[1])

    grow(root, made)
    assert markup(root) == ElementTree.tostring(root, encoding="unicode")


# Answers


def node(name: str, label: str = "", sources: tuple[str, ...] = (), *, companion: bool = False) -> Answer:
    kind = name.split("/")[0] if "/" in name else ""
    return {
        "id": name,
        "iri": f"https://example.org/id/{name}",
        "kind": kind,
        "label": label or f"What {name} is called",
        "sources": list(sources),
        "companion": companion,
    }


def edge(start: str, end: str, basis: str = "stated", way: str = "support", step: str = "ev:restsOn") -> Answer:
    ends = {"from": start, "to": end}
    return ends | {"step": step, "way": way, "basis": basis, "graph": "edition/page", "through": [], "passages": []}


def answer(things: list[str], nodes: list[Answer], edges: list[Answer], **other: Any) -> Answer:
    asked = {"direction": "both", "follow": ["support"], "policy": "inferred", "narrowed": False, "names": {"edition/page": "The page"}}
    whole = asked | {"truncated": False, "deeper": False, "asOf": None, "undated": [], "independentStudies": 1}
    return {"things": things, **whole, "nodes": nodes, "edges": edges, **other}


def crowd(claims: int, findings: int, papers: int) -> Answer:
    """A trial, its papers and findings, and claims of two sources, each of which rests on one of the findings."""
    nodes = [node("study/trial"), *(node(f"publication/{n}", companion=n > 0) for n in range(papers))]
    nodes += [node(f"finding/{n}") for n in range(findings)]
    nodes += [node(f"claim/{n}", sources=(f"source/{n % 2}",)) for n in range(claims)]
    edges = [edge("study/trial", f"publication/{n}") for n in range(papers)]
    edges += [edge(f"finding/{n}", "study/trial") for n in range(findings)]
    edges += [edge(f"claim/{n}", f"finding/{n % findings}") for n in range(claims)]
    return answer(["study/trial"], nodes, edges)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Any things of any kinds, called anything, leading anywhere, also back to themselves."""
    kinds = draw(
        st.lists(st.sampled_from(["claim", "finding", "study", "publication", "reference-list", "odd kind"]), min_size=1, max_size=12)
    )
    names = [*(f"{kind}/{number}" for number, kind in enumerate(kinds)), "ev:Term"]
    nodes = [
        node(
            name,
            draw(st.text(max_size=120)),
            tuple(draw(st.sets(st.sampled_from(["source/a", "source/b"])))),
            companion=draw(st.booleans()),
        )
        for name in names
    ]
    ends, ways = st.sampled_from(names), st.sampled_from(sorted(WAYS))
    edges = [
        edge(draw(ends), draw(ends), draw(st.sampled_from(["stated", "inferred"])), draw(ways)) for _ in range(draw(st.integers(0, 20)))
    ]
    flags = {"truncated": draw(st.booleans()), "deeper": draw(st.booleans())}
    return answer(draw(st.lists(ends, min_size=1, max_size=2, unique=True)), nodes, edges, **flags)


def of_repository(store: EmbeddedStore, kb: KnowledgeBase, thing: str, direction: str = "grounds", policy: str = "stated") -> Answer:
    base = kb.settings.base
    return lineage_answer(store, trace(store, [expand(thing, base)], direction, policy), base)  # type: ignore[arg-type]


# What is seen in a picture


def drawn(found: Answer) -> Element:
    return ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", svg(found), count=1))


def boxes(root: Element) -> list[Element]:
    return [item for item in root.iter() if item.get("class", "").split()[:1] == ["box"]]


def frame(element: Element) -> Frame:
    x, y, width, height = (float(element.get(name, "")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def around(box: Element) -> Frame:
    """The frame round a box, with the second one of a folded box."""
    frames = [frame(rect) for rect in box.iter("rect")]
    return min(f[0] for f in frames), min(f[1] for f in frames), max(f[2] for f in frames), max(f[3] for f in frames)


def extent(text: Element) -> Frame:
    font = FONTS[text.get("class", "")]
    x, y = float(text.get("x", "")), float(text.get("y", ""))
    return x, y - font.size, x + text_width(text.text or "", font), y + font.size * 0.25


def within(inner: Frame, outer: Frame) -> bool:
    return all(inner[n] >= outer[n] - TEXT_SLACK and inner[n + 2] <= outer[n + 2] + TEXT_SLACK for n in (0, 1))


def apart(one: Frame, other: Frame) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def words(element: Element) -> str:
    return " ".join(text.text or "" for text in element.iter("text"))


def lines(root: Element) -> dict[tuple[str, str], Element]:
    return {(item.get("data-from", ""), item.get("data-to", "")): item for item in root.iter("g") if item.get("data-from")}


# Laws


@law
@given(answers())
def test_no_box_lies_on_another_and_all_text_is_in_its_box(found: Answer) -> None:
    root = drawn(found)
    page = (0.0, 0.0, float(root.get("width", "")), float(root.get("height", "")))
    assert all(apart(around(a), around(b)) for a, b in combinations(boxes(root), 2))
    for box in boxes(root):
        assert within(around(box), page)
        for text in box.iter("text"):
            if len(text.text or "") > 1:
                assert within(extent(text), around(box))
    assert all(within(extent(text), page) for text in root.iter("text") if len(text.text or "") > 1)


@law
@given(answers())
def test_headings_stand_over_their_boxes_and_touch_none(found: Answer) -> None:
    root = drawn(found)
    headings = [extent(text) for text in root.iter("text") if text.get("class") in ("heading", "meaning", "title", "text", "warning")]
    assert all(apart(heading, around(box)) for heading in headings for box in boxes(root))


@law
@given(answers())
def test_every_thing_and_every_step_is_there(found: Answer) -> None:
    root = drawn(found)
    assert Counter(box.get("id") for box in boxes(root)) == Counter(thing["id"] for thing in found["nodes"])
    steps = Counter((step["from"], step["to"]) for step in found["edges"] if step["from"] != step["to"])
    assert Counter({ends: int(line.get("data-steps", "")) for ends, line in lines(root).items()}) == steps
    for step in found["edges"]:
        if step["from"] == step["to"]:
            assert "leads back to itself" in words(next(box for box in boxes(root) if box.get("id") == step["from"]))


@law
@given(answers())
def test_a_column_holds_things_of_one_kind(found: Answer) -> None:
    for column in drawn(found).iter("g"):
        if column.get("role") == "list":
            assert len({box.get("data-kind") for box in boxes(column)}) == 1
            assert len({around(box)[0] for box in boxes(column)}) == 1


@law
@given(answers())
def test_a_line_ends_at_the_frames_of_its_boxes(found: Answer) -> None:
    root = drawn(found)
    frames = {box.get("id"): frame(list(box.iter("rect"))[-1]) for box in boxes(root)}
    for (start, end), line in lines(root).items():
        path, tip = (part.get("d", "") for part in line.iter("path"))
        for drawing, box in ((path, frames[start]), (tip, frames[end])):
            x, y = (float(number) for number in re.findall(r"^M(-?[\d.]+) (-?[\d.]+)", drawing)[0])
            assert min(abs(x - box[0]), abs(x - box[2])) < 0.2
            assert box[1] < y < box[3]


@law
@given(answers())
def test_stated_inferred_and_uncredited_lines_are_told_apart(found: Answer) -> None:
    root = drawn(found)
    legend = next(words(group) for group in root.iter("g") if group.get("class") == "legend")
    for ends, line in lines(root).items():
        steps = [step for step in found["edges"] if (step["from"], step["to"]) == ends]
        styles = next(iter(line.iter("path"))).get("class", "").split()
        assert ("inferred" in styles) == all(step["basis"] == "inferred" for step in steps)
        assert ("uncredited" in styles) == all(step["way"] in ("theory", "citations") for step in steps)
        assert "solid" in legend
        assert "dashed" in legend
        assert "uncredited" not in styles or "thin" in legend
        title = next(iter(line.iter("title"))).text or ""
        assert all(f"({step['basis']} in The page)" in title for step in steps[:8])


@law
@given(answers(), st.integers(1, 12))
def test_folding_keeps_what_was_asked_about_alone_and_joins_things_of_one_kind(found: Answer, most: int) -> None:
    box_of = fold(found, most)
    kinds = {thing["id"]: thing["kind"] for thing in found["nodes"]}
    assert box_of.keys() == kinds.keys()
    members: dict[str, set[str]] = {}
    for thing, box in box_of.items():
        members.setdefault(box, set()).add(thing)
    assert all(len({kinds[thing] for thing in joined}) == 1 for joined in members.values())
    assert all(members[thing] == {thing} for thing in found["things"])
    needed = len(found["things"]) + len({kinds[thing] for thing in kinds if thing not in found["things"]})
    assert len(members) <= max(most, needed)
    assert len(members) == len(kinds) or len(kinds) > most


@law
@given(answers(), st.integers(1, 12), st.data())
def test_what_is_opened_is_not_folded_and_folds_nothing_else(found: Answer, most: int, data: st.DataObject) -> None:
    closed = fold(found, most)
    opened = data.draw(st.sampled_from(sorted(closed)))
    after = fold(found, most, [opened])
    assert after[opened] == opened
    beside = {thing for thing in closed if closed[thing] != closed[opened]}
    assert {thing: after[thing] for thing in beside} == {thing: closed[thing] for thing in beside}


def test_no_more_is_opened_than_can_be_drawn() -> None:
    found = crowd(claims=600, findings=2, papers=1)  # four groups of 150 claims
    folded = fold(found)
    assert len(set(folded.values())) <= BOXES
    one, two, three = (f"claim/{number}" for number in range(3))
    assert len(set(fold(found, opened=[one]).values())) <= BOXES
    assert fold(found, opened=[one, two, three]) == folded


def test_larger_groups_are_folded_before_few_alike() -> None:
    found = crowd(claims=20, findings=20, papers=3)  # each claim rests on a finding of its own; the papers are alike
    box_of = fold(found, 30)
    assert all(box_of[f"publication/{number}"] == f"publication/{number}" for number in range(3))
    assert len({box_of[f"finding/{number}"] for number in range(20)}) < 20


def test_computed_steps_are_no_inferences() -> None:
    nodes = [node("source/press", "The Press"), node("claim/x", "It works")]
    root = drawn(answer(["claim/x"], nodes, [edge("source/press", "claim/x", "computed", "sources", "ev:states")]))
    assert "inferred" not in next(lines(root)["source/press", "claim/x"].iter("path")).get("class", "")


def test_sources_that_are_no_nodes_are_called_by_their_names() -> None:
    found = answer(["claim/x"], [node("claim/x", "It works", ("source/press",))], [])
    root = drawn(found | {"names": {"source/press": "The Press"}})
    assert "by The Press" in words(root)


def test_the_same_answer_gives_the_same_bytes_in_any_process() -> None:
    found = crowd(30, 8, 5) | {"edges": [*crowd(30, 8, 5)["edges"], edge("publication/1", "publication/2", way="citations")]}
    program = "import json, sys; from wherefrom.picture import svg; print(svg(json.load(sys.stdin)))"
    pictures = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(found),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert pictures == {svg(found) + "\n"}


# Cases


def test_an_answer_without_things_is_still_a_picture() -> None:
    root = drawn(answer(["claim/gone"], [], []))
    assert not boxes(root)
    assert "nothing is known" in words(root)


def test_one_thing_alone_is_a_box_with_its_kind_over_it() -> None:
    root = drawn(answer(["claim/x"], [node("claim/x", "It works")], []))
    assert [words(box) for box in boxes(root)] == ["You asked about this: It works names nothing to rest on"]
    assert "1 claim One source saying one thing in one edition" in words(root)
    assert "solid" not in words(root)  # there is no line


def test_what_is_in_a_box_is_told() -> None:
    things = [
        node("claim/x", "It works", ("source/press",)),
        node("publication/p", "Paper", companion=True),
        node("source/press", "The Press"),
    ]
    root = drawn(answer(["claim/x"], things, [edge("claim/x", "publication/p", "inferred")]))
    told = {box.get("id"): words(box) for box in boxes(root)}
    assert told["claim/x"] == "You asked about this: It works by The Press"
    assert told["publication/p"] == "Paper companion report, not credited"
    links = {box.get("id"): (box.get("href"), box.get("aria-label"), next(box.iter("title")).text) for box in boxes(root)}
    assert links["claim/x"] == (
        "/claim/x",
        "You asked about this: It works by The Press, claim",
        "Claim. Rests on: Paper (inferred)",
    )
    assert "dotted frame: companion report" in words(root)


def test_what_is_not_whole_is_told() -> None:
    found = crowd(3, 2, 1)
    assert "Not whole" in words(drawn(found | {"truncated": True}))
    assert "More steps follow" in words(drawn(found | {"deeper": True, "independentStudies": None}))
    assert "at the end of 2006" in words(drawn(found | {"asOf": 2006, "undated": ["publication/0"]}))
    assert not {"Not whole", "More steps follow", "Too many"} & set(words(drawn(found)).split(". "))


def test_a_way_over_things_that_are_left_out_is_a_line_that_says_so() -> None:
    over = {**edge("claim/x", "publication/p"), "step": None, "way": None, "graph": None, "through": ["finding/f"]}
    root = drawn(answer(["claim/x"], [node("claim/x", "It works"), node("publication/p", "Paper")], [over]))
    title = next(lines(root)["claim/x", "publication/p"].iter("title")).text
    assert title == "It works: rests, over 1 thing not shown, on: Paper (stated)"


def test_many_things_are_folded_and_counted() -> None:
    found = crowd(claims=290, findings=5, papers=4)
    root = drawn(found)
    folded = [box for box in boxes(root) if "folded" in box.get("class", "")]
    assert len(boxes(root)) <= BOXES
    counts = [int(re.findall(r"^\d+", words(box))[0]) for box in folded]
    assert sum(counts) + len(boxes(root)) - len(folded) == 300
    assert all(re.match(r"29 claims by source/[01] folded into one box", words(box)) for box in folded)  # alike: one source, one finding
    assert "290 claims" in words(root)
    assert f"Too many things for one picture: 300 things are drawn as {len(boxes(root))} boxes." in words(root)
    assert sum(int(line.get("data-steps", "")) for line in lines(root).values()) == len(found["edges"])


def test_steps_within_a_folded_box_are_counted() -> None:
    nodes = [node("study/x"), *(node(f"publication/{n}") for n in range(400))]
    edges = [edge(f"publication/{n}", f"publication/{n + 1}", way="citations") for n in range(399)]
    root = drawn(answer(["study/x"], nodes, [edge("study/x", "publication/0"), *edges]))
    assert [words(box) for box in boxes(root) if "folded" in box.get("class", "")] == [
        "399 publications 398 steps between them folded into one box"  # the last one leads nowhere
    ]


# What people call things


@pytest.mark.parametrize("thing", ["intervention/script", "intervention/quotes"])
def test_hostile_labels_are_text(small: httpx.Client, thing: str) -> None:
    sent = small.get(f"/api/lineage?thing={thing}&format=svg")
    assert sent.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(sent.content)
    shown = {"intervention/script": "<script>alert(1)</script>", "intervention/quotes": '" onclick="alert(7)'}[thing]
    assert shown in words(ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", sent.text, count=1)))
    harmless(root)


def harmless(root: Element) -> None:
    """Nothing in the picture runs or is fetched, and links lead to pages or to the web."""
    allowed = {"svg", "title", "desc", "style", "rect", "path", "text", "g", "a"}
    for element in root.iter():
        assert element.tag.rpartition("}")[2] in allowed
        assert not any(name.startswith("on") or name == "style" for name in element.attrib)
        assert re.match(r"/(?!/)|https?://|$", element.get("href", ""))


@law
@given(answers())
def test_whatever_things_are_called_the_picture_is_harmless_xml(found: Answer) -> None:
    harmless(ElementTree.fromstring(svg(found)))


def test_only_pages_and_the_web_are_linked() -> None:
    nodes = [
        node("claim/x"),
        {**node("x"), "iri": "javascript:alert(1)"},
        {**node("ev:Claim"), "iri": "https://example.org/#Claim"},
        node("/host/x"),
    ]
    links = {box.get("id"): box.get("href") for box in boxes(drawn(answer(["claim/x"], nodes, [])))}
    assert links == {"claim/x": "/claim/x", "x": None, "ev:Claim": "https://example.org/#Claim", "/host/x": "/host/x"}


# Colours and style


def test_text_and_lines_have_a_contrast_of_4_5_in_light_and_dark() -> None:
    for colours in (LIGHT, DARK):
        for ground in ("paper", "band", "box", "chosen"):
            for ink in ("ink", "quiet", "stated", "inferred", "asked"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_style_fetches_nothing_is_only_for_the_picture_and_is_allowed_by_the_service(service: httpx.Client) -> None:
    sent = service.get(f"/api/lineage?thing={CLAIM}&format=svg")
    style = ElementTree.fromstring(sent.content).findtext("{http://www.w3.org/2000/svg}style", "")
    assert style == STYLE
    assert "url(" not in style
    assert "@import" not in style
    assert all(line.startswith((".lineage-picture ", ".lineage-picture.lighting ", "@media ", "}")) for line in style.splitlines() if line)
    source = f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    assert source == STYLE_SOURCE
    assert source in sent.headers["content-security-policy"]


# The knowledge base of this repository


def kinds_in_order(root: Element) -> list[str]:
    return [boxes(group)[0].get("data-kind", "") for group in root.iter("g") if group.get("role") == "list"]


def test_a_claim_is_drawn_down_to_its_papers(store: EmbeddedStore, kb: KnowledgeBase) -> None:
    root = drawn(of_repository(store, kb, CLAIM))
    assert kinds_in_order(root) == ["claim", "finding", "study", "publication"]
    assert "1 independent study behind it." in words(root)
    headings = [text.text for text in root.iter("text") if text.get("class") == "heading"]
    assert headings == ["1 claim", "1 finding", "1 study", "3 publications"]


def test_companion_reports_and_inferred_steps_are_drawn_as_such(store: EmbeddedStore, kb: KnowledgeBase) -> None:
    root = drawn(of_repository(store, kb, CLAIM, policy="inferred"))
    companions = {box.get("id") for box in boxes(root) if "companion" in box.get("class", "").split()}
    assert companions == {"publication/cicchetti-2011", "publication/stronach-2013"}
    inferred = {ends for ends, line in lines(root).items() if "inferred" in next(line.iter("path")).get("class", "")}
    assert inferred == {("finding/foundations-ipp-secure", "publication/cicchetti-2006")}


@pytest.mark.parametrize(("thing", "direction"), [(STUDY, "both"), ("source/continuum", "grounds"), ("rating/foundations-ipp", "both")])
def test_the_way_from_source_to_paper_runs_from_left_to_right(store: EmbeddedStore, kb: KnowledgeBase, thing: str, direction: str) -> None:
    kinds = kinds_in_order(drawn(of_repository(store, kb, thing, direction)))
    way = ["source", "document", "edition", "claim", "finding", "study", "publication"]
    assert [kind for kind in kinds if kind in way] == [kind for kind in way if kind in kinds]
    assert kinds[0] == "source"
    assert kinds[-1] == "publication"


def test_the_command_and_the_service_draw_the_same(service: httpx.Client, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kb", str(repository), "lineage", CLAIM, "--format", "svg"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == service.get(f"/api/lineage?thing={CLAIM}&format=svg").text
