"""A small lineage on a page: the picture, and the table of the same steps."""

from __future__ import annotations

from dataclasses import dataclass

from wherefrom.answers import Answer, lineage_answer
from wherefrom.lineage import Lineage
from wherefrom.pages.said import Said
from wherefrom.pages.shown import Shown
from wherefrom.picture import svg
from wherefrom.vocabulary import expand


@dataclass(frozen=True)
class Step:
    """One step: from what rests to what it rests on, its name, its basis, where it is stated, and why it is inferred."""

    thing: Shown
    step: str
    ground: Shown
    basis: str
    places: tuple[Shown, ...]
    why: Shown | None


@dataclass(frozen=True)
class Trace:
    """A lineage as a picture (SVG) and as steps."""

    picture: str
    steps: tuple[Step, ...]


def trace(said: Said, graph: Lineage) -> Trace | None:
    """Return the picture and the steps of a lineage; None where there is no step."""
    if not graph.edges:
        return None
    answer = lineage_answer(said.store, graph, said.base)
    edges = answer["edges"]
    said.names.learn(
        [expand(name, said.base) for edge in edges for name in (*_named(edge), *(passage["edition"] for passage in edge["passages"]))]
    )
    return Trace(svg(answer), tuple(_step(said, edge) for edge in edges))


def _named(edge: Answer) -> tuple[str, ...]:
    why = edge["curatedStatement"]
    return (edge["from"], edge["to"], edge["step"].removeprefix("^"), edge["graph"], *((why,) if why else ()))


def _step(said: Said, edge: Answer) -> Step:
    thing, ground, step, graph = (expand(name, said.base) for name in _named(edge)[:4])
    places = [_place(said, passage) for passage in edge["passages"]]
    why = edge["curatedStatement"]
    return Step(
        said.name(thing),
        said.called(step),
        said.name(ground),
        edge["basis"],
        tuple(places or [said.name(graph)]),
        said.name(expand(why, said.base)) if why else None,
    )


def _place(said: Said, passage: Answer) -> Shown:
    first, last = passage["firstLine"], passage["lastLine"]
    lines = "" if first is None else f", line {first}" if first == last else f", lines {first} to {last}"
    place = said.name(expand(passage["id"], said.base))
    return Shown(f"{said.called(expand(passage['edition'], said.base))}{lines}", place.href)
