"""A lineage answer -> boxes and lines: what a picture and the table beside it show. Things alike share a box where there are many."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx

from wherefrom.answers import Answer
from wherefrom.lineage import CREDITED
from wherefrom.vocabulary import EV, called, class_of
from wherefrom.words import ACROSS, count, places

BOXES = 250  # boxes of one picture; beyond, nobody can read it, and alike things are folded
BRIEF = 30  # boxes of a picture that is seen at one glance
FEW = 4  # alike things that stand each for itself where folding larger groups is enough
NAMED = 8  # things or statements that a tooltip names; the others are counted

Link = Callable[[Answer], str]


@dataclass(frozen=True)
class Box:
    """One thing, or several alike: what is written in it, its style (`asked`, `companion`, `folded`), where it leads, a tooltip."""

    id: str
    kind: str
    members: tuple[str, ...]
    label: str
    notes: tuple[str, ...]
    marks: str
    href: str
    told: str

    @property
    def mark(self) -> str:
        """What stands before the label."""
        return "You asked about this:" if "asked" in self.marks.split() else ""

    @property
    def name(self) -> str:
        """The name of the box for who does not see it: what is written in it, and its kind where that is not written."""
        kind = "" if len(self.members) > 1 else f", {self.kind.replace('-', ' ') or 'thing'}"
        return " ".join(filter(None, (self.mark, self.label, *self.notes))) + kind


@dataclass(frozen=True)
class Line:
    """What an arrow between two boxes stands for: the edges of the answer."""

    steps: tuple[Answer, ...]

    @property
    def style(self) -> str:
        """How the line looks: `inferred` where every step is, else `stated`; `uncredited` where no step counts as support."""
        basis = "inferred" if all(step["basis"] == "inferred" for step in self.steps) else "stated"
        return basis if any(_credited(step) for step in self.steps) else f"{basis} uncredited"


@dataclass(frozen=True)
class Telling:
    """What a line stands for, in words: who does what to whom (boxes), how often, on which basis, and where that is stated."""

    subject: Box
    words: str
    object: Box
    times: int
    basis: str
    where: tuple[str, ...]


def _credited(step: Answer) -> bool:
    return step["way"] is None or step["way"] in CREDITED


def names_of(answer: Answer) -> dict[str, str]:
    """Return what things, sources and graphs are called: by their labels, or by their ids where they have none."""
    labels = {node["id"]: str(node["label"]).strip() for node in answer["nodes"]}
    things = dict.fromkeys([*answer["things"], *labels])
    return dict(answer["names"]) | {thing: labels.get(thing) or thing for thing in things}


def address(node: Answer) -> str:
    """Return where a thing leads: to its page in this knowledge base, to another IRI if it is of the web, or nowhere."""
    if node["iri"].endswith(f"/id/{node['id']}"):
        return f"/{node['id'].lstrip('/')}"  # two slashes would lead to another host
    return node["iri"] if re.match(r"https?://[^\s<>\"]+$", node["iri"]) else ""


# Which things share a box


def fold(answer: Answer, most: int = BOXES, opened: Collection[str] = ()) -> dict[str, str]:
    """Return thing -> box, so that there are at most `most` boxes, as far as folding can do it.

    Things asked about stay alone. Folded are first things of one kind and source that rest on the same and carry the same, then
    those that the same graphs state and that end at the same, then those of one kind and source, then those of one kind: always
    the largest group first, and no more groups than needed; groups of `FEW` and less only where the larger ones are not enough.
    A group with a thing of `opened` is not folded, and the others
    as they are without it, unless there are more than `BOXES` then.
    """
    folded = _folded(answer, most, frozenset(opened))
    return folded if len(set(folded.values())) <= max(most, BOXES) else _folded(answer, max(most, BOXES), frozenset())


def _folded(answer: Answer, most: int, opened: frozenset[str]) -> dict[str, str]:
    nodes = {node["id"]: node for node in answer["nodes"]}
    box_of = {thing: thing for thing in nodes}
    closed = dict(box_of)  # what it would be with nothing opened: what is opened folds nothing else
    left = len(nodes)
    if left <= most:
        return box_of
    likenesses = list(_likenesses(answer, nodes))
    for fewest, key in [*((FEW + 1, key) for key in likenesses[:2]), *((2, key) for key in likenesses)]:
        groups: dict[Any, list[str]] = {}
        for thing in sorted(nodes.keys() - set(answer["things"])):
            groups.setdefault(key(thing), []).append(thing)
        for members in sorted(groups.values(), key=lambda members: (-len(members), members)):
            if left <= most:
                return box_of
            if len(members) >= fewest:
                left -= len({closed[thing] for thing in members}) - 1
                together = dict.fromkeys(members, f"folded/{members[0]}")
                closed.update(together)
                if opened.isdisjoint(members):
                    box_of.update(together)
    return box_of


def _likenesses(answer: Answer, nodes: Mapping[str, Answer]) -> Iterator[Callable[[str], Any]]:
    """Yield in what things are alike that share a box, the closest likeness first."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((edge["from"], edge["to"]) for edge in answer["edges"])
    stating: dict[str, set[str]] = {}
    for edge in answer["edges"]:
        stating.setdefault(edge["from"], set()).add(edge["graph"])

    def of_source(thing: str) -> tuple[Any, ...]:
        return nodes[thing]["kind"], tuple(nodes[thing]["sources"]), bool(nodes[thing].get("companion"))

    yield lambda thing: (*of_source(thing), frozenset(graph.successors(thing)), frozenset(graph.predecessors(thing)))
    ends = _ends(graph)
    yield lambda thing: (*of_source(thing), frozenset(stating.get(thing, ())), ends[thing])
    yield of_source
    yield lambda thing: nodes[thing]["kind"]


def _ends(graph: nx.DiGraph[str]) -> dict[str, frozenset[str]]:
    """Return for each thing the last things that it leads to; those of a circle are the same."""
    circles = nx.condensation(graph)
    found: dict[int, frozenset[str]] = {}
    for circle in reversed(list(nx.topological_sort(circles))):
        following = [found[after] for after in circles.successors(circle)]
        found[circle] = frozenset().union(*following) if following else frozenset(circles.nodes[circle]["members"])
    return {thing: found[circle] for thing, circle in circles.graph["mapping"].items()}


# What is in a box, and what a line says


def lines_between(answer: Answer, box_of: Mapping[str, str]) -> dict[tuple[str, str], Line]:
    """Return the lines between boxes; what runs within a box is told in it."""
    found: dict[tuple[str, str], list[Answer]] = {}
    for edge in answer["edges"]:
        ends = box_of[edge["from"]], box_of[edge["to"]]
        if ends[0] != ends[1]:
            found.setdefault(ends, []).append(edge)
    return {ends: Line(tuple(steps)) for ends, steps in found.items()}


def boxes_of(
    answer: Answer, box_of: Mapping[str, str], names: Mapping[str, str], link: Link = address, opening: Callable[[str], str] = lambda _: ""
) -> dict[str, Box]:
    """Return the boxes by their ids, those of one source together.

    `link` gives where a thing leads, `opening` where the first member of a folded box does.
    """
    members: dict[str, list[Answer]] = {}
    for node in sorted(answer["nodes"], key=lambda node: (node["sources"], node["id"])):
        members.setdefault(box_of[node["id"]], []).append(node)
    writing = _Writing(answer, names)
    inner = Counter(box_of[edge["from"]] for edge in answer["edges"] if box_of[edge["from"]] == box_of[edge["to"]])
    return {
        box: writing.folded(box, found, inner[box], opening(box.removeprefix("folded/")))
        if len(found) > 1
        else writing.one(found[0], inner[box], link(found[0]))
        for box, found in members.items()
    }


class _Writing:
    """What is written in boxes, and what their tooltips tell."""

    def __init__(self, answer: Answer, names: Mapping[str, str]) -> None:
        self.names = names
        self.asked = set(answer["things"])
        self.down: dict[str, dict[str, str]] = {}
        self.up: dict[str, dict[str, str]] = {}
        stated = {(edge["from"], edge["to"]) for edge in answer["edges"] if edge["basis"] != "inferred"}
        for edge in answer["edges"]:
            thing, ground = edge["from"], edge["to"]
            basis = "" if (thing, ground) in stated else " (inferred)"
            self.down.setdefault(thing, {})[ground] = names[ground] + basis
            self.up.setdefault(ground, {})[thing] = names[thing] + basis
        self.credited = {edge["from"] for edge in answer["edges"] if _credited(edge)}
        self.bare_is_told = is_whole(answer)

    def one(self, node: Answer, inner: int, href: str) -> Box:
        """Return the box of one thing."""
        thing, companion, asked = node["id"], bool(node.get("companion")), node["id"] in self.asked
        notes = self._by(node["sources"])
        notes += ["companion report, not credited"] if companion else []
        notes += ["leads back to itself"] if inner else []
        notes += ["names nothing to rest on"] if self._is_bare(node) else []
        told = [node["kind"].replace("-", " ").capitalize() or "Thing"]
        told += self._around("Rests on", self.down, thing) + self._around("Carries", self.up, thing)
        marks = " ".join(["asked"] * asked + ["companion"] * companion)
        return Box(thing, node["kind"], (thing,), self.names[thing], tuple(notes), marks, href, ". ".join(told))

    def folded(self, box: str, members: Sequence[Answer], inner: int, href: str) -> Box:
        """Return the box of several things."""
        sources = sorted({source for node in members for source in node["sources"]})
        kind, companions = members[0]["kind"], sum(bool(node.get("companion")) for node in members)
        bare = sum(map(self._is_bare, members))
        notes = self._by(sources)
        notes += [f"{companions:,} of them companion reports, not credited"] if companions else []
        of_them = "they name" if bare == len(members) else f"{bare:,} of them {'names' if bare == 1 else 'name'}"
        notes += [f"{of_them} nothing to rest on"] if bare else []
        notes += [f"{count(inner, 'step')} between them"] if inner else []
        notes += ["folded: open to see each" if href else "folded into one box"]
        marks = "folded companion" if companions == len(members) else "folded"
        told = listed((self.names[node["id"]] for node in members), "; ")
        return Box(box, kind, tuple(node["id"] for node in members), count(len(members), kind), tuple(notes), marks, href, told)

    def _by(self, sources: Sequence[str]) -> list[str]:
        return [f"by {listed(self.names.get(source, source) for source in sources)}"] if sources else []

    def _is_bare(self, node: Answer) -> bool:
        """Return whether this is a claim of which the whole answer has nothing that it rests on."""
        return self.bare_is_told and class_of(node["kind"]) == EV.Claim and node["id"] not in self.credited

    def _around(self, words: str, ways: Mapping[str, Mapping[str, str]], thing: str) -> list[str]:
        return [f"{words}: {listed(ways[thing].values(), '; ')}"] if thing in ways else []


def is_whole(answer: Answer) -> bool:
    """Return whether an answer has all that its things rest on: grounds were followed to their end, and nothing was left out."""
    cut = answer["truncated"] or answer["deeper"] or answer["narrowed"]
    return not cut and answer["direction"] != "consequences" and "support" in answer["follow"]


def listed(names: Iterable[str], mark: str = ", ") -> str:
    """Return names in one line; many are counted.

    >>> listed("abc"), listed("abcdefghijklm")
    ('a, b, c', 'a, b, c, d, e, f, g, h and 5 more')
    """
    found = list(names)
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return mark.join(found[:NAMED]) + more


def words_of(edge: Answer) -> tuple[str, bool]:
    """Return what an edge says of its ends in the words of the ontology, and whether of the second end about the first.

    >>> words_of({"step": "^ev:expresses", "way": "propositions", "through": []})
    ('expresses', True)
    >>> words_of({"step": None, "way": "sources", "through": ["edition/x"]})
    ('says', False)
    """
    if edge["step"] is None:
        over = f"over {count(len(edge['through']), 'thing')} not shown"
        return (ACROSS[edge["way"]][0] if edge["way"] == "sources" else f"rests, {over}, on"), False
    return called(edge["step"].removeprefix("^")), edge["step"].startswith("^")


def told(edge: Answer, names: Mapping[str, str]) -> str:
    """Return an edge of the answer as a sentence: what is stated or inferred, and where.

    >>> edge = {"from": "b", "to": "a", "step": "^ev:expresses", "basis": "stated", "graph": "edition/x", "passages": []}
    >>> told(edge, {"a": "A", "b": "B"})
    'A: expresses: B (stated in x)'
    """
    words, turned = words_of(edge)
    first, second = (names[edge[end]] for end in (("to", "from") if turned else ("from", "to")))
    where = "; ".join(_where(edge, names))
    return f"{first}: {words}: {second} ({edge['basis']}{f' in {where}' if where else ''})"


def tellings(lines: Mapping[tuple[str, str], Line], boxes: Mapping[str, Box], names: Mapping[str, str]) -> Iterator[Telling]:
    """Yield what lines stand for in words, for each line one telling for each thing that is said over it and its basis."""
    for (start, end), line in lines.items():
        alike: dict[tuple[str, bool, str], list[Answer]] = {}
        for step in line.steps:
            alike.setdefault((*words_of(step), step["basis"]), []).append(step)
        for (words, turned, basis), steps in sorted(alike.items()):
            ends = (boxes[end], boxes[start]) if turned else (boxes[start], boxes[end])
            where = dict.fromkeys(place for step in steps for place in _where(step, names))
            times = len({(step["from"], step["to"]) for step in steps})
            yield Telling(ends[0], words, ends[1], times, basis, tuple(where))


def _where(edge: Answer, names: Mapping[str, str]) -> list[str]:
    """Return where an edge is stated: lines of editions, or the graph where it has no place in a text."""
    found = list(dict.fromkeys(places(edge, names)))
    return found or ([names.get(edge["graph"]) or edge["graph"].rsplit("/", 1)[-1]] if edge["graph"] else [])
