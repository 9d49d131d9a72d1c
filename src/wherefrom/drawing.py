"""Lineage answers as text and as graph files: a tree for the terminal, DOT and GraphML for other programs."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO
from typing import Any
from xml.sax.saxutils import escape

import networkx as nx

from wherefrom.answers import Answer
from wherefrom.findings import apart_told, named
from wherefrom.findings import told as told_figure
from wherefrom.picture import svg
from wherefrom.words import ACROSS, plural
from wherefrom.words import count as _count
from wherefrom.words import places as _places

NOTHING = {
    "grounds": "nothing is named that it rests on",
    "consequences": "nothing is named that rests on it",
    "both": "nothing is named that it rests on, or that rests on it",
}
BASES = ("inferred", "computed", "stated")  # of several statements of a step, the last one in this order is told
DEEPEST = 100  # levels of a tree on the terminal; a chain of citations may be longer
NUMBERS = 5  # whole numbers of a list on the terminal; --json has them all
LISTED = 30  # lines of one list of a citation network; a network may have thousands of papers
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
            lines.append(f"  {NOTHING[answer['direction']]}{' with these filters' if answer['narrowed'] else ''}")
    count = answer["independentStudies"]
    if count is not None:
        lines.append(f"{count} independent {'study' if count == 1 else 'studies'} ({answer['policy']})")
    elif answer["deeper"]:
        lines.append(f"more steps follow than were asked for; studies are not counted ({answer['policy']})")
    elif answer["direction"] != "consequences" and not answer["truncated"]:
        lines.append(f"support was not followed; studies are not counted ({answer['policy']})")
    if answer["singlePoints"]:
        lines.append(f"without any one of these alone no paper is left: {', '.join(answer['singlePoints'])}")
    if answer["withoutDesign"]:
        lines.append(f"left out, since no design is stated: {', '.join(answer['withoutDesign'])}")
    if answer["asOf"]:
        lines.append(f"as of {answer['asOf']}; kept without a date: {', '.join(answer['undated']) or 'nothing'}")
    return "\n".join([*lines, *_truncated(answer)])


def _truncated(answer: Answer) -> list[str]:
    return ["truncated: there is more than limits.lineage_nodes allows"] if answer["truncated"] else []


def _node_line(node: Answer) -> str:
    by = f", {', '.join(node['sources'])}" if node.get("sources") else ""
    light = "; companion report, not credited" if node.get("companion") else ""
    return f"{node['label']}  [{node['id']}{by}{light}]"


def _branches(nodes: dict[str, Answer], ways: dict[str, list[Answer]], thing: str, depth: int, seen: set[str]) -> Iterator[str]:
    grouped: dict[str, list[Answer]] = {}
    for edge in ways.get(thing, []):
        grouped.setdefault(edge["next"], []).append(edge)
    for following, edges in grouped.items():
        places = sorted({place for edge in edges for place in _places(edge)})
        basis = max((edge["basis"] for edge in edges), key=BASES.index)
        told = "".join(f", {words}" for words in (_across(edges, thing), _over(edges), "; ".join(places)) if words)
        again = "  (as above)" if following in seen and ways.get(following) else ""
        yield f"{'  ' * depth}{_node_line(nodes[following])}  {basis}{told}{again}"
        if following in seen:
            continue
        seen.add(following)
        if depth == DEEPEST:
            yield f"{'  ' * (depth + 1)}(deeper: ask with --json)"
            continue
        yield from _branches(nodes, ways, following, depth + 1, seen)


def _across(edges: list[Answer], thing: str) -> str:
    """Return by which steps that are no support `thing` is joined, in words."""
    told = {
        f"{ACROSS[edge['way']][edge['to'] == thing]}{' (' + edge['step'] + ')' if edge['way'] == 'citations' else ''}"
        for edge in edges
        if edge["way"] in ACROSS
    }
    return "; ".join(sorted(told))


def _over(edges: list[Answer]) -> str:
    """Return over how many things that are not shown an edge leads, in words."""
    over = min(len(edge["through"]) for edge in edges)
    return f"over {over} {'thing' if over == 1 else 'things'}" if over else ""


def impact_text(answer: Answer, *, brief: bool = False) -> str:
    """Return what a withdrawal does, in words: each group with its counts by kind, claims first; `brief` gives counts and ratings."""
    lines = [f"Withdrawn ({answer['policy']}): {', '.join(thing['id'] for thing in answer['withdrawn'])}"]
    if answer["authored"]:
        lines.append(f"With them, what they wrote: {', '.join(thing['id'] for thing in answer['authored'])}")
    if answer["withdrawnAlong"]:
        lines.append(f"With it, as they report no other study: {', '.join(thing['id'] for thing in answer['withdrawnAlong'])}")
    for group, words in (
        ("falls", "Falls: no support is left"),
        ("weakened", "Weakened: other support is left"),
        ("suspect", "Suspect: rests on the same trial otherwise"),
    ):
        things = sorted(answer[group], key=lambda thing: kind_order(thing["kind"]))  # stable: within a kind as it was
        counts = Counter(thing["kind"] for thing in things)
        lines.append(f"{words}: {', '.join(_count(number, kind) for kind, number in counts.items()) or 'nothing'}")
        lines += [f"  {_node_line(thing)}" for thing in things if not brief]
    lines.append(f"Ratings touched ({len(answer['ratings'])})")
    for rating in answer["ratings"]:
        lines.append(f"  {_node_line(rating)}: basis {rating['basis']}")
        lines += [f"    lost: {_node_line(thing)}" for thing in rating["lost"]]
        lines += [f"    kept: {_node_line(thing)}" for thing in rating["kept"]]
        lines += [f"    its level asks for {held['words']}: {_verdict(held)}" for held in rating["conditions"]]
    return "\n".join([*lines, *_truncated(answer)])


def _verdict(held: Answer) -> str:
    left = f"{len(held['after'])} of {held['studiesNeeded']} left, {len(held['before'])} before"
    if held["openAfter"]:
        left += f", of {len(held['openAfter'])} it cannot be told"
    return f"{held['verdict']}{'' if held['openAfter'] else ', as far as levels tell'} ({left})"


def kind_order(kind: str) -> tuple[int, str]:
    """Return by what kinds are sorted: what people ask about first, then the others by name."""
    return (FIRST.index(kind) if kind in FIRST else len(FIRST), kind)


def independence_text(answer: Answer) -> str:
    """Return the independent lines, in words."""
    count = answer["independentLines"]
    told = f"{count} independent {'line' if count == 1 else 'lines'} of evidence"
    if answer["behind"] == "claims":
        bare = len(answer["unsupported"])
        rest = f"{answer['resting']} rest on {told}" if answer["lines"] else "none rests on a study"
        told = f"{_count(answer['claims'], 'claim')}: {rest}, {bare} cite nothing"
    lines = [f"{told} ({answer['policy']})"]
    for number, line in enumerate(answer["lines"], 1):
        lines.append(f"{number}. {'; '.join(_node_line(study) for study in line['studies'])}")
        lines.append(f"   papers: {', '.join(paper['label'] for paper in line['publications']) or 'none'}")
        if line["companions"]:
            lines.append(f"   companion papers, not credited: {', '.join(paper['label'] for paper in line['companions'])}")
        if answer["behind"] == "claims":
            alone = f"; {len(line['onlyThis'])} on no other line" if len(answer["lines"]) > 1 else ""
            lines.append(f"   claims: {len(line['claims'])}, of {', '.join(line['sources'])}{alone}")
        lines.append(f"   team: {_team(line['team'])}")
    if answer["behind"] == "claims" and answer["echoRatio"] is not None:
        lines.append(f"Each line is told by {answer['echoRatio']:.1f} sources on average")
    if answer["namedWithoutFinding"]:
        lines.append(
            "Named by a claim, without a finding on the outcome: " + "; ".join(_node_line(s) for s in answer["namedWithoutFinding"])
        )
    return "\n".join([*lines, *_truncated(answer)])


def _team(team: Answer) -> str:
    if team["independent"] is None:
        return f"not known whether independent of the developer: no {'developer' if team['authors'] else 'author'} is named"
    told = [f"{person['label']}, developer of {person['of']['label']} ({person['basis']})" for person in team["developers"]]
    if team["independent"]:
        return f"no author in common with {'; '.join(told)}"
    shared = [words for words, person in zip(told, team["developers"], strict=True) if person["id"] in team["shared"]]
    return f"not independent: among the authors is {'; '.join(shared)}"


def overlap_text(answer: Answer) -> str:
    """Return the table of documents and units, its figures and what they assume, in words."""
    documents = [document["id"] for document in answer["documents"]]
    lines = [f"{'  '.join(documents)}  ({answer['unit']}, {answer['policy']})"]
    for unit in answer["units"]:
        marks = "  ".join(("x" if document in unit["countedBy"] else ".").center(len(document)) for document in documents)
        lines.append(f"{marks}  {unit['label']}")
    lines += _overlap_figures(answer, len(answer["units"]))
    beside = answer["beside"]
    lines += [f"The same documents by {beside['unit']}:", *_overlap_figures(beside, beside["units"])]
    return "\n".join([*lines, *(f"- {assumption}" for assumption in answer["assumptions"])])


def _overlap_figures(figures: Answer, units: int) -> Iterator[str]:
    banded = f", {figures['band']} by the bands of Pieper et al. 2014" if figures["band"] else ""
    counted = f"{_count(figures['marks'], 'mark')}, {_count(units, 'unit')}"
    yield f"{counted}: corrected covered area {_percent(figures['correctedCoveredArea'])}{banded}"
    for pair in figures["pairs"]:
        shares = f"{_percent(pair['correctedCoveredArea'])}, of the smaller one {_percent(pair['containment'])}"
        yield f"  {' and '.join(pair['documents'])}: {shares}"


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


def findings_text(answer: Answer) -> str:
    """Return the figures of findings in words, by trial and outcome, each with its interval, and why no average is told."""
    rows = {row["id"]: row for row in answer["findings"]}
    apart = {one["id"]: one for one in answer["discrepancies"]}
    lines = [f"{_count(answer['count'], 'finding')} of {_count(answer['trials'], 'trial')} ({answer['policy']})"]
    for panel in answer["panels"]:
        lines += ["", panel["title"]]
        for group in panel["groups"]:
            lines.append(f"  {group['title']}, {group['trial']}")
            for row in (rows[name] for name in group["rows"]):
                lines.append(f"    {told_figure(row['figure'])}: {named(row['sources'])}  [{row['id']}]")
            lines += [f"    {sentence}" for sentence in filter(None, [apart_told(group, apart)])]
        lines.append(f"  {panel['average']['why']}")
    if answer["withoutFigure"]:
        lines += ["", "In words only, or without a figure that can be drawn"]
        for row in (rows[name] for name in answer["withoutFigure"]):
            lines.append(f"  {row['label']}: {named(row['direction']) or 'direction not stated'}  [{row['id']}]")
    return "\n".join(lines)


def checks_text(answer: Answer) -> str:
    """Return which printed figures follow from which others, finding by finding, in words."""
    told = ", ".join(f"{count} {verdict}" for verdict, count in answer["verdicts"].items())
    bare = f", {answer['withoutChecks']} with nothing to check" if answer["withoutChecks"] else ""
    lines = [f"{_count(len(answer['checks']), 'check')} of {_count(answer['findings'], 'finding')}{bare}: {told} ({answer['policy']})"]
    differing = answer["doesNotReproduce"]
    if differing["figures"]:
        told = " of ".join(_count(differing[f"{kind}s"], kind) for kind in ("figure", "contrast", "trial"))
        lines.append(f"What does not reproduce: {told}")
    before = None
    for check in answer["checks"]:
        if check["finding"] != before:
            before = check["finding"]
            lines.append(f"{before['label']}  [{before['id']}]")
        lines.append(f"  {check['verdict']}: {_checked(check)}")
        lines.append(f"    {check['name']}: {check['formula']['symbols']}")
        if check["alsoOf"]:
            lines.append(f"    the same for {', '.join(other['id'] for other in check['alsoOf'])}")
    return "\n".join(lines)


def _checked(check: Answer) -> str:
    graphs: dict[str, list[str]] = {}
    for figure in check["inputs"]:
        graphs.setdefault(figure["graph"].rsplit("/", 1)[-1], []).append(_printed(figure))
    told = [f"{_printed(check['figure'])} ({check['figure']['graph'].rsplit('/', 1)[-1]})"] if check["figure"] else []
    told += [f"from {', '.join(figures)} ({graph})" for graph, figures in graphs.items()]
    if check["calculated"]:
        told.append(f"calculated: {'; '.join(_calculated(found) for found in check['calculated'])}")
    return ", ".join(told) + (f"; {check['why']}" if check["why"] else "")


def _printed(figure: Answer) -> str:
    """Return a printed figure with what it is; a word tells that itself."""
    is_number = any(character.isdigit() for character in figure["printed"])
    return f"{figure['printed']} {figure['what']['label'].lower()}" if is_number else str(figure["printed"])


def _calculated(found: Answer) -> str:
    """Return what was calculated: a range with one end where the other has none, whole numbers the smallest first.

    >>> _calculated({"what": "effect size", "low": 2.575829, "high": None, "numbers": []})
    'effect size at least 2.576'
    >>> _calculated({"what": "group sizes", "low": None, "high": None, "numbers": [28, 56, 84]})
    'group sizes 28, 56, 84'
    """
    low, high = ("" if found[end] is None else f"{found[end]:.4g}" for end in ("low", "high"))
    if not low and not high:
        numbers = [str(number) for number in found["numbers"]]
        more = f" and {len(numbers) - NUMBERS} more" if len(numbers) > NUMBERS else ""
        return f"{found['what']} {', '.join(numbers[:NUMBERS]) or 'none'}{more}"
    if not low or not high:
        return f"{found['what']} {f'at least {low}' if low else f'at most {high}'}"
    return f"{found['what']} {low}" + (f" to {high}" if high != low else "")


def keystones_text(answer: Answer) -> str:
    """Return what carries most, one line each, in words."""
    lines = [f"What falls with each {answer['unit']} alone ({answer['policy']})"]
    for stone in answer["keystones"]:
        falls = stone["falls"]
        told = ", ".join(_count(falls[f"{kind}s"], kind) for kind in FIRST)
        lines.append(f"  {told}: {'; '.join(_node_line(member) for member in stone['members'])}")
    return "\n".join(lines)


def map_text(answer: Answer) -> str:
    """Return the map of the evidence in words: for each row its cells, those with most claims first."""
    labels = {node["id"]: node["label"] for node in (*answer["rows"], *answer["cols"])}
    axes = answer["axes"]
    lines = [f"Claims and what they rest on, by {axes['rows']} and {axes['cols']} ({answer['policy']})"]
    for row in answer["rows"]:
        lines.append(_node_line(row))
        cells = [cell for cell in answer["cells"] if cell["row"] == row["id"]]
        for cell in sorted(cells, key=lambda cell: (-cell["claims"], cell["col"])):
            told = (
                f"{_count(cell['claims'], 'claim')} of {_count(cell['sources'], 'source')}",
                f"{cell['unsupported']} cite nothing",
                _count(cell["independentLines"], "independent line"),
            )
            lines.append(f"  {labels[cell['col']]}: {', '.join(told)}")
    lines += ["Measured, and claimed by nobody"] if answer["measuredOnly"] else []
    for one in answer["measuredOnly"]:
        lines.append(f"  {one['intervention']['label']}, {one['outcome']['label']}: {_count(one['trials'], 'trial')}")
    return "\n".join(lines)


def citations_text(answer: Answer) -> str:
    """Return a citation network in words: its papers and paths, what leads back to data, what is left out, where nothing follows."""
    counts, about = answer["counts"], answer["thing"] or "the whole base"
    stances = ", ".join(f"{number} {stance}" for stance, number in counts["byStance"].items())
    cited = _count(counts["citations"], "citation") + (f" ({stances})" if stances else "")
    lines = [f"{about}: {_count(counts['papers'], 'paper')}, {counts['withData']} with data, {cited} ({answer['policy']})"]
    paths, more = answer["paths"], answer["amplification"]
    if answer["circles"]:
        lines.append(f"Citations in a circle, paths not bounded: {'; '.join(', '.join(circle) for circle in answer['circles'])}")
    data = f"{_known(paths['toData'])} end at {_count(len(more['dataReached']), 'data paper')}"
    lines.append(f"Citation paths ({answer['stance']}): {_known(paths['number'])}, of which {data}")
    lines.append(f"Amplification: of a paper begin on average {_known(more['density']['value'])} paths that are no direct citation of data")
    lines.append(f"  citations of papers without data: {_of(more['toPapersWithoutData'])}")
    lines.append(f"  citing papers from which a path leads to data: {_of(more['leading'])}")
    lines.append("Data papers that are cited, whatever the stance:")
    for said, found in answer["bias"].items():
        if found["papers"]:
            lines.append(f"  {said}: {_of(found['share'])}, by {_count(found['citations'], 'citation')}")
    lines.append("Papers, by the paths that arrive at them:")
    lines += _first(f"  {_known(paper['authority'])}  {_node_line(paper)}  {_holds(paper)}" for paper in answer["papers"])
    ends = answer["deadEnds"]
    resting, bare = ends["resting"], len(ends["claims"])
    told = f"{_count(resting, 'claim')} that {_rest(resting)} on papers"
    lines.append(f"Dead ends: of {told}, {bare} {_rest(bare)} on none that holds data")
    lines += _first(f"  {_node_line(claim)}: {', '.join(claim['papers'])}" + _led(claim["leadTo"]) for claim in ends["claims"])
    lines += _first(f"  {citation['from']} cites {citation['to']}, which leads to no data" for citation in ends["citations"])
    return "\n".join([*lines, *(f"- {reading}" for reading in answer["reading"]), *_truncated(answer)])


def _rest(number: int) -> str:
    return "rests" if number == 1 else "rest"


def _holds(paper: Answer) -> str:
    return (paper["says"] or "no data") + (", retracted" if paper["retracted"] else "")


def _led(papers: list[str] | None) -> str:
    """Return to which data papers the papers of a claim lead; nothing where that is not told."""
    return "" if papers is None else f"; citing leads from there to {', '.join(papers) or 'no data'}"


def _first(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return found[:LISTED] + ([f"  and {len(found) - LISTED} more, told with --json"] if len(found) > LISTED else [])


def _known(number: float | None) -> str:
    return "undefined" if number is None else f"{number:,}" if isinstance(number, int) else f"{number:.2f}"


def _of(share: Answer) -> str:
    """Return a share with what it is made of.

    >>> _of({"of": 1, "outOf": 4, "share": 0.25}), _of({"of": 0, "outOf": 0, "share": None})
    ('1 of 4 (25.0 %)', '0 of 0 (undefined)')
    """
    return f"{share['of']} of {share['outOf']} ({_percent(share['share'])})"


def paths_text(answer: Answer) -> str:
    """Return the number of ways and the shortest of them, in words."""
    if answer["ways"] is None:
        circles = "; ".join(" - ".join(circle) for circle in answer["circles"])
        return f"The number of ways is unbounded: there is a circle ({circles})."
    count = f"{answer['ways']} {'way' if answer['ways'] == 1 else 'ways'}"
    lines = [f"{count} from {answer['from']} to {answer['to']} ({answer['policy']})"]
    lines += [f"  {' -> '.join(way)}" for way in answer["shortest"]]
    return "\n".join([*lines, *_truncated(answer)])


def found_text(answer: Answer) -> str:
    """Return what a search found, by kind, each with the text that has the words where that is not its name."""
    if not answer["total"]:
        return f"Nothing has {answer['query']!r} in a name, title, identifier, printed reference or note."
    asked = answer["corrected"] or answer["query"]
    lines = [f"Nothing has {answer['query']!r}."] if answer["corrected"] else []
    lines += [f"Nothing has all of these words: {asked}."] if answer["words"] == "some" else []
    lines += [f"{_count(answer['total'], 'thing')} with {'some of the words' if answer['words'] == 'some' else repr(asked)}"]
    for found in answer["types"]:
        lines += ["", f"{plural(found['type']).capitalize()} ({found['total']:,})", *(f"  {_found_line(hit)}" for hit in found["hits"])]
    if answer["page"] < answer["pages"]:
        more = "--page {}" if answer["type"] else "--type KIND for all of a kind, or --page {}"
        lines += ["", f"More: {more.format(answer['page'] + 1)}"]
    return "\n".join(lines)


def _found_line(hit: Answer) -> str:
    matched, named = hit["matched"], f"{hit['label']}  [{hit['id']}]"
    if matched is None or matched["text"] == hit["label"]:
        return named
    place = f" ({matched['reference']['id']})" if matched["reference"] else ""
    return f"{named}  {matched['property']}{place}: {matched['text']}"


def circumstances(answer: Answer) -> dict[str, str]:
    """Return what a reader of a picture or file must know of the whole answer: what was asked, and whether it was cut."""
    words = {"policy": answer["policy"], "direction": answer["direction"], "follow": " ".join(answer["follow"])}
    if answer["asOf"]:
        words["as of"] = str(answer["asOf"])
    if answer["narrowed"]:
        words["narrowed"] = "only what the filters leave"
    if answer["truncated"]:
        words["truncated"] = "there is more than limits.lineage_nodes allows"
    if answer["deeper"]:
        words["deeper"] = "there are more steps than were asked for"
    return words


def as_networkx(answer: Answer) -> nx.MultiDiGraph[str]:
    """Return the lineage as a networkx multigraph with plain attributes, one edge a statement."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.graph.update(circumstances(answer))
    for node in answer["nodes"]:
        graph.add_node(node["id"], label=node["label"], kind=node["kind"], iri=node["iri"])
    for edge in answer["edges"]:
        places = " ".join(passage["id"] for passage in edge["passages"])
        told = {part: edge[part] or "" for part in ("step", "way", "basis", "graph")}
        graph.add_edge(edge["from"], edge["to"], **told, through=" ".join(edge["through"]), passages=places)
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
    undated = re.sub(r' lastmodifieddate="[^"]*"', "", buffer.getvalue().decode(), count=1)
    words = escape("; ".join(f"{name}: {value}" for name, value in circumstances(answer).items()))
    return undated.replace("<creator>", f"<description>{words}</description>\n    <creator>", 1)


def edges_csv(answer: Answer) -> str:
    """Return the lineage as a table of steps: ids, labels, step, way, basis, graph, what a joined edge leads over, passages."""
    labels = {node["id"]: node["label"] for node in answer["nodes"]}
    rows = StringIO(newline="")
    writer = csv.writer(rows)
    writer.writerow(("from", "from label", "step", "to", "to label", "way", "basis", "graph", "through", "passages"))
    for edge in answer["edges"]:
        places = " ".join(passage["id"] for passage in edge["passages"])
        ends = (edge["from"], labels[edge["from"]], edge["step"], edge["to"], labels[edge["to"]])
        writer.writerow((*ends, edge["way"], edge["basis"], edge["graph"], " ".join(edge["through"]), places))
    for name in circumstances(answer).keys() & {"truncated", "deeper"}:
        writer.writerow((name, circumstances(answer)[name]))
    return rows.getvalue()


def dot(answer: Answer) -> str:
    """Return the lineage as DOT: an edge for each step and basis, with the graphs that state it; inferred steps are dashed."""
    words = _quoted("; ".join(f"{name}: {value}" for name, value in circumstances(answer).items()))
    lines = ["digraph lineage {", f"  rankdir=LR; node [shape=box, fontname=sans-serif]; label={words};"]
    for node in answer["nodes"]:
        name, label, kind = (_quoted(node[part]) for part in ("id", "label", "kind"))
        lines.append(f"  {name} [label={label}, class={kind}];")
    graphs: dict[tuple[str, str, str, str], set[str]] = {}
    for edge in answer["edges"]:
        step = edge["step"] or f"over {len(edge['through'])}"
        graphs.setdefault((edge["from"], edge["to"], step, edge["basis"]), set()).add(edge["graph"] or "")
    for (thing, ground, step, basis), stating in graphs.items():
        style = "dashed" if basis == "inferred" else "solid"
        told = f"label={_quoted(step)}, style={style}, graphs={_quoted(', '.join(sorted(stating)))}"
        lines.append(f"  {_quoted(thing)} -> {_quoted(ground)} [{told}];")
    return "\n".join([*lines, "}"])


def _quoted(text: Any) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


DRAWINGS = {"tree": tree, "dot": dot, "graphml": graphml, "gexf": gexf, "csv": edges_csv, "svg": svg}
