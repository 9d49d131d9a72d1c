"""Lineage answers as text and as graph files: a tree for the terminal, DOT and GraphML for other programs."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

import networkx as nx

from wherefrom.answers import Answer

DEEPEST = 100  # levels of a tree on the terminal; a chain of citations may be longer
FIRST = ("claim", "finding", "rating")  # kinds that an answer on impact tells first, then the others by name


def tree(answer: Answer) -> str:
    """Return the lineage as an indented tree from the things asked about: first what they rest on, then what rests on them."""
    nodes = {node["id"]: node for node in answer["nodes"]}
    down: dict[str, list[Answer]] = {}
    up: dict[str, list[Answer]] = {}
    for edge in answer["edges"]:
        down.setdefault(edge["from"], []).append({**edge, "next": edge["to"]})
        up.setdefault(edge["to"], []).append({**edge, "next": edge["from"]})
    lines = []
    for thing in answer["things"]:
        lines.append(_node_line(nodes[thing]))
        if down.get(thing):
            lines += ["  rests on", *_branches(nodes, down, thing, 2, {thing})]
        if up.get(thing):
            lines += ["  carries", *_branches(nodes, up, thing, 2, {thing})]
        if thing not in down and thing not in up:
            lines.append("  rests on nothing that is named, and nothing rests on it")
    count = answer["independentStudies"]
    if count is None:
        lines.append(f"more steps follow than were asked for; studies are not counted ({answer['policy']})")
    else:
        lines.append(f"{count} independent {'study' if count == 1 else 'studies'} ({answer['policy']})")
    if answer["asOf"]:
        lines.append(f"as of {answer['asOf']}; kept without a date: {', '.join(answer['undated']) or 'nothing'}")
    return "\n".join([*lines, *_truncated(answer)])


def _truncated(answer: Answer) -> list[str]:
    return ["truncated: there is more than limits.lineage_nodes allows"] if answer["truncated"] else []


def _node_line(node: Answer) -> str:
    by = f", {', '.join(node['sources'])}" if node["sources"] else ""
    light = "; companion report, not credited" if node.get("companion") else ""
    return f"{node['label']}  [{node['id']}{by}{light}]"


def _branches(nodes: dict[str, Answer], ways: dict[str, list[Answer]], thing: str, depth: int, seen: set[str]) -> Iterator[str]:
    grouped: dict[str, list[Answer]] = {}
    for edge in ways.get(thing, []):
        grouped.setdefault(edge["next"], []).append(edge)
    for following, edges in grouped.items():
        places = sorted({place for edge in edges for place in _places(edge)})
        basis = "stated" if any(edge["basis"] == "stated" for edge in edges) else "inferred"
        told = f"  {basis}, {'; '.join(places)}" if places else f"  {basis}"
        yield f"{'  ' * depth}{_node_line(nodes[following])}{told}"
        if following in seen:
            if ways.get(following):
                yield f"{'  ' * (depth + 1)}(as above)"
            continue
        seen.add(following)
        if depth == DEEPEST:
            yield f"{'  ' * (depth + 1)}(deeper: ask with --json)"
            continue
        yield from _branches(nodes, ways, following, depth + 1, seen)


def _places(edge: Answer) -> Iterator[str]:
    for passage in edge["passages"]:
        first, last = passage["firstLine"], passage["lastLine"]
        line = f"line {first}" if first == last else f"lines {first}-{last}"
        yield f"{passage['edition'].rsplit('/', 1)[-1]} {line if first else passage['id']}"


def impact_text(answer: Answer) -> str:
    """Return what a withdrawal does, in words: each group with its counts by kind, claims first."""
    lines = [f"Withdrawn ({answer['policy']}): {', '.join(thing['id'] for thing in answer['withdrawn'])}"]
    if answer["withdrawnAlong"]:
        lines.append(f"With it, as they report no other study: {', '.join(thing['id'] for thing in answer['withdrawnAlong'])}")
    for group, words in (
        ("falls", "Falls: no support is left"),
        ("weakened", "Weakened: other support is left"),
        ("suspect", "Suspect: rests on the same trial otherwise"),
    ):
        things = sorted(answer[group], key=lambda thing: _kind_order(thing["kind"]))  # stable: within a kind as it was
        counts = Counter(thing["kind"] for thing in things)
        lines.append(f"{words}: {', '.join(_count(number, kind) for kind, number in counts.items()) or 'nothing'}")
        lines += [f"  {_node_line(thing)}" for thing in things]
    lines.append(f"Ratings touched ({len(answer['ratings'])})")
    for rating in answer["ratings"]:
        lines.append(f"  {_node_line(rating)}: basis {rating['basis']}")
        lines += [f"    lost: {_node_line(thing)}" for thing in rating["lost"]]
        lines += [f"    kept: {_node_line(thing)}" for thing in rating["kept"]]
    return "\n".join([*lines, *_truncated(answer)])


def _kind_order(kind: str) -> tuple[int, str]:
    return (FIRST.index(kind) if kind in FIRST else len(FIRST), kind)


def _count(number: int, kind: str) -> str:
    """Return a number with its word.

    >>> _count(1, "claim"), _count(2, "reference-list"), _count(3, "study")
    ('1 claim', '2 reference lists', '3 studies')
    """
    word = kind.replace("-", " ") or "thing"
    many = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number} {word if number == 1 else many}"


def independence_text(answer: Answer) -> str:
    """Return the independent lines, in words."""
    count = answer["independentLines"]
    told = f"{count} independent {'line' if count == 1 else 'lines'} of evidence"
    if answer["behind"] == "claims":
        bare = len(answer["unsupported"])
        told = f"{answer['claims']} claims: {answer['resting']} rest on {told}, {bare} cite nothing"
    lines = [f"{told} ({answer['policy']})"]
    for number, line in enumerate(answer["lines"], 1):
        lines.append(f"{number}. {'; '.join(_node_line(study) for study in line['studies'])}")
        lines.append(f"   papers: {', '.join(paper['label'] for paper in line['publications']) or 'none'}")
        if line["companions"]:
            lines.append(f"   companion papers, not credited: {', '.join(paper['label'] for paper in line['companions'])}")
        if answer["behind"] == "claims":
            lines.append(f"   claims: {len(line['claims'])}, of {', '.join(line['sources'])}")
    if answer["namedWithoutFinding"]:
        lines.append(
            "Named by a claim, without a finding on the outcome: " + "; ".join(_node_line(s) for s in answer["namedWithoutFinding"])
        )
    return "\n".join([*lines, *_truncated(answer)])


def overlap_text(answer: Answer) -> str:
    """Return the table of documents and units, its figures and what they assume, in words."""
    documents = [document["id"] for document in answer["documents"]]
    lines = [f"{'  '.join(documents)}  ({answer['unit']}, {answer['policy']})"]
    for unit in answer["units"]:
        marks = "  ".join(("x" if document in unit["countedBy"] else ".").center(len(document)) for document in documents)
        lines.append(f"{marks}  {unit['label']}")
    lines.append(
        f"{answer['marks']} marks, {len(answer['units'])} units: corrected covered area {_percent(answer['correctedCoveredArea'])}"
    )
    for pair in answer["pairs"]:
        shares = f"{_percent(pair['correctedCoveredArea'])}, of the smaller one {_percent(pair['containment'])}"
        lines.append(f"  {' and '.join(pair['documents'])}: {shares}")
    return "\n".join([*lines, *(f"- {assumption}" for assumption in answer["assumptions"])])


def _percent(share: float | None) -> str:
    return "undefined" if share is None else f"{100 * share:.1f} %"


def discrepancies_text(answer: Answer) -> str:
    """Return where records disagree, in words: what about, who says what, by how much, and why if that can be shown."""
    lines = [f"{answer['count']} discrepancies found ({answer['policy']})"]
    for found in answer["discrepancies"]:
        lines.append(f"{found['kind']['label']}: {', '.join(thing['label'] for thing in found['subject'])}")
        lines += [f"  {_said(value)}" for value in found["values"]]
        if found["byHowMuch"] is not None:
            lines.append(f"  differ by {found['byHowMuch']} {found['unit']['label'] if found['unit'] else ''}".rstrip())
        lines.append(f"  cause: {found['cause'] or 'not shown by the data'}; settled by {found['settledBy']}")
    if answer["curatedOnly"]:
        lines.append(f"Known to curators only: {', '.join(answer['curatedOnly'])}")
    return "\n".join(lines)


def _said(value: Answer) -> str:
    told = []
    for statement in value["statedBy"]:
        words = statement["printed"] or "; ".join(record["label"] for record in statement["records"])
        told.append(f"{words} ({statement['graph'].rsplit('/', 1)[-1]})")
    return " = ".join(told) + (f" [derived: {value['formula']}]" if value["derived"] else "")


def keystones_text(answer: Answer) -> str:
    """Return what carries most, one line each, in words."""
    lines = [f"What falls with each {answer['unit']} alone ({answer['policy']})"]
    for stone in answer["keystones"]:
        falls = stone["falls"]
        told = ", ".join(_count(falls[f"{kind}s"], kind) for kind in FIRST)
        lines.append(f"  {told}: {'; '.join(_node_line(member) for member in stone['members'])}")
    return "\n".join(lines)


def paths_text(answer: Answer) -> str:
    """Return the number of ways and the shortest of them, in words."""
    if answer["ways"] is None:
        circles = "; ".join(" - ".join(circle) for circle in answer["circles"])
        return f"The number of ways is unbounded: there is a circle ({circles})."
    count = f"{answer['ways']} {'way' if answer['ways'] == 1 else 'ways'}"
    lines = [f"{count} from {answer['from']} to {answer['to']} ({answer['policy']})"]
    lines += [f"  {' -> '.join(way)}" for way in answer["shortest"]]
    return "\n".join([*lines, *_truncated(answer)])


def as_networkx(answer: Answer) -> nx.MultiDiGraph[str]:
    """Return the lineage as a networkx multigraph with plain attributes, one edge a statement."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in answer["nodes"]:
        graph.add_node(node["id"], label=node["label"], kind=node["kind"], iri=node["iri"])
    for edge in answer["edges"]:
        places = " ".join(passage["id"] for passage in edge["passages"])
        graph.add_edge(edge["from"], edge["to"], step=edge["step"], basis=edge["basis"], graph=edge["graph"], passages=places)
    return graph


def graphml(answer: Answer) -> str:
    """Return the lineage as GraphML."""
    buffer = BytesIO()
    nx.write_graphml(as_networkx(answer), buffer, encoding="utf-8")
    return buffer.getvalue().decode()


def gexf(answer: Answer) -> str:
    """Return the lineage as GEXF, without the date that networkx writes: the same answer is the same text on any day."""
    buffer = BytesIO()
    nx.write_gexf(as_networkx(answer), buffer, encoding="utf-8")
    return re.sub(r' lastmodifieddate="[^"]*"', "", buffer.getvalue().decode(), count=1)


def edges_csv(answer: Answer) -> str:
    """Return the lineage as a table of steps: ids, labels, step, basis, graph and passages."""
    labels = {node["id"]: node["label"] for node in answer["nodes"]}
    rows = StringIO(newline="")
    writer = csv.writer(rows)
    writer.writerow(("from", "from label", "step", "to", "to label", "basis", "graph", "passages"))
    for edge in answer["edges"]:
        places = " ".join(passage["id"] for passage in edge["passages"])
        ends = (edge["from"], labels[edge["from"]], edge["step"], edge["to"], labels[edge["to"]])
        writer.writerow((*ends, edge["basis"], edge["graph"], places))
    return rows.getvalue()


def dot(answer: Answer) -> str:
    """Return the lineage as DOT: an edge for each step and basis, with the graphs that state it; inferred steps are dashed."""
    lines = ["digraph lineage {", "  rankdir=LR; node [shape=box, fontname=sans-serif];"]
    for node in answer["nodes"]:
        name, label, kind = (_quoted(node[part]) for part in ("id", "label", "kind"))
        lines.append(f"  {name} [label={label}, class={kind}];")
    graphs: dict[tuple[str, str, str, str], set[str]] = {}
    for edge in answer["edges"]:
        graphs.setdefault((edge["from"], edge["to"], edge["step"], edge["basis"]), set()).add(edge["graph"])
    for (thing, ground, step, basis), stating in graphs.items():
        style = "dashed" if basis == "inferred" else "solid"
        told = f"label={_quoted(step)}, style={style}, graphs={_quoted(', '.join(sorted(stating)))}"
        lines.append(f"  {_quoted(thing)} -> {_quoted(ground)} [{told}];")
    return "\n".join([*lines, "}"])


def _quoted(text: Any) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


DRAWINGS = {"tree": tree, "dot": dot, "graphml": graphml, "gexf": gexf, "csv": edges_csv}
