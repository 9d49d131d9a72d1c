"""Columns, orders and heights of a drawing: laws for any graph."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from wherefrom.layout import PASSING, Edge, Segment, Slot, columns, crossings, hang, lay_out, ordered, settle

law = settings(max_examples=60, deadline=None, database=None)
KINDS = ("claim", "finding", "study", "paper", "rating")
sizes = st.lists(st.tuples(st.floats(-500, 500), st.floats(1, 90)), max_size=12)


@st.composite
def graphs(draw: st.DrawFn, *, circles: bool = True) -> tuple[dict[str, str], list[Edge]]:
    """Things with their kinds, and edges between them: from a thing to a later one, where there are to be no circles."""
    things = [f"{kind}/{number}" for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=14)))]
    ends = st.tuples(st.sampled_from(things), st.sampled_from(things)).filter(lambda edge: edge[0] != edge[1])
    edges = draw(st.lists(ends, max_size=25, unique=True)) if len(things) > 1 else []
    later = [edge for edge in edges if circles or things.index(edge[0]) < things.index(edge[1])]
    return {thing: thing.split("/")[0] for thing in things}, later


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[list[Slot]], list[Segment]]:
    """Columns of slots, and segments between neighbouring ones."""
    heights = draw(st.lists(st.integers(1, 6), min_size=2, max_size=4))
    slots: list[list[Slot]] = [[f"{number}/{place}" for place in range(height)] for number, height in enumerate(heights)]
    possible = [(a, b) for left, right in pairwise(slots) for a in left for b in right]
    return slots, draw(st.lists(st.sampled_from(possible), unique=True, max_size=20))


@law
@given(graphs())
def test_each_thing_stands_in_one_column_and_a_column_holds_one_kind(graph: tuple[dict[str, str], list[Edge]]) -> None:
    kinds, edges = graph
    found = columns(kinds, edges)
    assert sorted(thing for members in found for thing in members) == sorted(kinds)
    assert all(len({kinds[thing] for thing in members}) == 1 for members in found)


@law
@given(graphs(circles=False))
def test_edges_lead_to_the_right_where_nothing_runs_in_a_circle(graph: tuple[dict[str, str], list[Edge]]) -> None:
    kinds, edges = graph
    column = {thing: number for number, members in enumerate(columns(kinds, edges)) for thing in members}
    assert all(column[a] < column[b] or _deep(edges, b) >= 7 for a, b in edges)


def _deep(edges: list[Edge], thing: str) -> int:
    return max((_deep(edges, b) + 1 for a, b in edges if a == thing), default=0)


def test_kinds_are_ordered_by_what_leads_to_what_with_short_edges() -> None:
    kinds = {word: word for word in ("claim", "finding", "list", "paper", "rating", "reference", "source", "study")}
    edges = [("source", "claim"), ("source", "rating"), ("claim", "finding"), ("finding", "study"), ("rating", "study"), ("study", "paper")]
    edges += [("claim", "list"), ("list", "reference"), ("reference", "paper")]
    found = [members[0] for members in columns(kinds, edges)]
    assert found[0] == "source"
    assert found[-1] == "paper"
    assert found.index("reference") - found.index("list") == 1
    assert all(found.index(a) < found.index(b) for a, b in edges)


def test_things_of_one_kind_that_lead_to_each_other_take_several_columns() -> None:
    papers = dict.fromkeys("abc", "paper")
    assert columns(papers, [("a", "b"), ("b", "c"), ("a", "c")]) == [["a"], ["b"], ["c"]]
    assert columns(papers, [("a", "b"), ("b", "a")]) == [["a", "b", "c"]]


def test_kinds_between_which_nothing_leads_stand_as_they_are_known() -> None:
    assert columns({"x": "a", "y": "b"}, [], known=["b", "a"]) == [["y"], ["x"]]


@law
@given(rows())
def test_crossings_are_those_of_all_pairs(drawn: tuple[list[list[Slot]], list[Segment]]) -> None:
    slots, segments = drawn
    place = {slot: (number, position) for number, members in enumerate(slots) for position, slot in enumerate(members)}
    pairs = [((place[a], place[b]), (place[c], place[d])) for (a, b), (c, d) in combinations(segments, 2) if place[a][0] == place[c][0]]
    assert crossings(slots, segments) == sum((p[1] - q[1]) * (r[1] - s[1]) < 0 for (p, r), (q, s) in pairs)


@law
@given(rows())
def test_ordering_never_adds_crossings(drawn: tuple[list[list[Slot]], list[Segment]]) -> None:
    slots, segments = drawn
    found = ordered(slots, segments)
    assert [sorted(members) for members in found] == [sorted(members) for members in slots]
    assert crossings(found, segments) <= crossings(slots, segments)


def test_an_order_is_kept_where_sweeps_make_it_worse() -> None:
    slots: list[list[Slot]] = [["a", "b", "c"], ["k", "l", "m"], ["x", "y"]]
    segments: list[Segment] = [("a", "k"), ("a", "l"), ("b", "m"), ("c", "k"), ("c", "l"), ("c", "m"), ("m", "x"), ("m", "y")]
    assert crossings(ordered(slots, segments), segments) <= crossings(slots, segments) == 3


def test_ordering_unties_what_can_be_untied() -> None:
    slots: list[list[Slot]] = [["a", "b", "c"], ["x", "y", "z"], ["p", "q", "r"]]
    segments: list[Segment] = [("a", "z"), ("b", "y"), ("c", "x"), ("z", "q"), ("y", "r"), ("x", "p")]
    assert crossings(slots, segments) > 0
    assert crossings(ordered(slots, segments), segments) == 0


@law
@given(sizes)
def test_what_is_settled_or_hung_keeps_its_order_and_does_not_overlap(wanted: list[tuple[float, float]]) -> None:
    heights = [height for _, height in wanted]
    for middles in (settle([middle for middle, _ in wanted], heights), hang([middle for middle, _ in wanted], heights)):
        for (a, p), (b, q) in pairwise(zip(middles, heights, strict=True)):
            assert b - a >= (p + q) / 2 - 1e-6


@law
@given(sizes, st.data())
def test_no_other_place_is_nearer_to_what_was_wanted(wanted: list[tuple[float, float]], data: st.DataObject) -> None:
    points, heights = [middle for middle, _ in wanted], [height for _, height in wanted]
    moved = [middle + data.draw(st.floats(-50, 50)) for middle in points]
    other = settle(moved, heights)  # any places in order and without overlap

    def distance(middles: list[float]) -> float:
        return sum((a - b) ** 2 for a, b in zip(middles, points, strict=True))

    assert distance(settle(points, heights)) <= distance(other) + 1e-6


@law
@given(graphs(), st.integers(20, 400))
def test_no_box_lies_on_another_or_on_a_line_that_passes(graph: tuple[dict[str, str], list[Edge]], height: int) -> None:
    kinds, edges = graph
    laid = lay_out(columns(kinds, edges), dict.fromkeys(edges, "stated"), dict.fromkeys(kinds, float(height)))
    column = {box: number for number, members in enumerate(laid.columns) for box in members}
    for members in laid.columns:
        assert all(laid.middles[b] - laid.middles[a] >= height - 1e-6 for a, b in pairwise(members))
    for (start, end), bends in laid.bends.items():
        way = 1 if column[start] < column[end] else -1
        passed = range(column[start] + way, column[end], way)
        assert len(bends) == len(passed)
        for number, bend in zip(passed, bends, strict=True):
            assert all(abs(laid.middles[box] - bend) >= (height + PASSING) / 2 - 1e-6 for box in laid.columns[number])
    assert laid.bends.keys() == {edge for edge in edges if column[edge[0]] != column[edge[1]]}


def test_an_empty_graph_is_laid_out_as_nothing() -> None:
    laid = lay_out([], {}, {})
    assert (laid.columns, laid.middles, laid.bends) == ((), {}, {})
