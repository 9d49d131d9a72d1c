"""Numbers of a citation network. Functions of graphs: edges point from the citing to the cited paper, data papers are given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import networkx as nx

from wherefrom.paths import ways_from

ANY = "any"


def of_stance(graph: nx.DiGraph[Any], stance: str) -> nx.DiGraph[Any]:
    """Return all papers and the citations that have a stance; an edge has `stances`, and may have several. `any` keeps all.

    >>> graph = nx.DiGraph(); graph.add_edge("a", "b", stances={"supporting"}); graph.add_edge("a", "c", stances={"mentioning"})
    >>> list(of_stance(graph, "supporting").edges)
    [('a', 'b')]
    """
    kept: nx.DiGraph[Any] = nx.DiGraph()
    kept.add_nodes_from(graph)
    kept.add_edges_from((citing, cited) for citing, cited, stances in citations(graph) if stance == ANY or stance in stances)
    return kept


def citations(graph: nx.DiGraph[Any]) -> Iterator[tuple[Any, Any, Collection[str]]]:
    """Yield each citation: citing, cited and its stances."""
    for citing, cited in graph.edges:
        yield citing, cited, graph.edges[citing, cited]["stances"]


@dataclass(frozen=True)
class Amplification:
    """How much of the citing leads back to how few data papers; None where a circle makes a number unbounded.

    `citations` are direct citations, `to_data` those of data papers: the others are Greenberg's amplification in the narrow
    sense, citations of papers without primary data. `paths` are citation paths between any two papers, `paths_to_data` those
    that end at a data paper, `reached` the data papers at which some path ends. Of the papers that cite (`citing`), `leading`
    are those from which a path leads to a data paper.
    `measures` holds Greenberg's amplification measure of each paper (supplementary note 8): the citation paths that begin
    there, without those of one step to a data paper.
    """

    papers: int
    citations: int
    to_data: int
    paths: int | None
    paths_to_data: int | None
    reached: frozenset[Any]
    citing: frozenset[Any]
    leading: frozenset[Any]
    measures: Mapping[Any, int | None]

    @property
    def density(self) -> Fraction | None:
        """The mean of the measures (Greenberg's amplification density); None without papers, or where one is unbounded."""
        total = _sum(self.measures.values())
        return Fraction(total, self.papers) if self.papers and total is not None else None

    @property
    def paths_per_data_paper(self) -> Fraction | None:
        """The mean number of paths that end at a data paper that is reached at all; None where none is, or one is unbounded."""
        return Fraction(self.paths_to_data, len(self.reached)) if self.reached and self.paths_to_data is not None else None


def amplification(graph: nx.DiGraph[Any], data: Collection[Any]) -> Amplification:
    """Return how much of the citing leads back to how few data papers.

    >>> found = amplification(nx.DiGraph([("essay", "review"), ("review", "trial")]), {"trial"})
    >>> found.citations, found.to_data, found.paths, found.paths_to_data, found.density
    (2, 1, 3, 2, Fraction(2, 3))
    """
    known = set(data) & set(graph)
    begins, to_data = ways_from(graph), ways_from(graph, known)
    direct = {paper: sum(after in known for after in graph[paper]) for paper in graph}
    return Amplification(
        papers=len(graph),
        citations=graph.number_of_edges(),
        to_data=sum(direct.values()),
        paths=_sum(begins.values()),
        paths_to_data=_sum(to_data.values()),
        reached=frozenset(paper for paper in known if graph.in_degree(paper)),
        citing=frozenset(paper for paper in graph if graph.out_degree(paper)),
        leading=frozenset(paper for paper, number in to_data.items() if number != 0),
        measures={paper: None if number is None else number - direct[paper] for paper, number in begins.items()},
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    found = list(numbers)
    known = [number for number in found if number is not None]
    return sum(known) if len(known) == len(found) else None


@dataclass(frozen=True)
class Cited:
    """Data papers that say the same, those of them that are cited at all, and how many citations these receive."""

    papers: frozenset[Any]
    cited: frozenset[Any]
    citations: int


def bias(graph: nx.DiGraph[Any], says: Mapping[Any, str]) -> dict[str, Cited]:
    """Return what is cited of the data papers that say each thing; `says` maps a data paper to what it says.

    Citation bias is the systematic ignoring of papers with content that conflicts with a claim (Greenberg 2009, box). Greenberg
    tells it by the share of the citations of primary data that each side receives (94 and 6 percent there); the share of each
    side that is cited at all stands beside it. A citation counts whatever its stance; `graph` has all of them.
    """
    found = {}
    for said in sorted(set(says.values())):
        papers = frozenset(paper for paper, what in says.items() if what == said)
        times = {paper: graph.in_degree(paper) if paper in graph else 0 for paper in papers}
        found[said] = Cited(papers, frozenset(paper for paper in papers if times[paper]), sum(times.values()))
    return found


def dead_ends(rests: Mapping[Any, Collection[Any]], data: Collection[Any]) -> list[Any]:
    """Return the claims that rest on papers and on no data paper; `rests` maps a claim to the publications that support it.

    Greenberg's dead end is a citation of papers without content on the claim. Whether a paper without data has content is not
    in the data, so that here the missing data make the dead end. A claim that cites nothing has no end at all.

    >>> dead_ends({"a": ["review"], "b": ["review", "trial"], "c": []}, {"trial"})
    ['a']
    """
    known = set(data)
    return sorted(claim for claim, papers in rests.items() if papers and not known & set(papers))


def dead_end_citations(graph: nx.DiGraph[Any], data: Collection[Any]) -> list[tuple[Any, Any]]:
    """Return the citations of papers that hold no data and from which no path leads to a data paper.

    >>> dead_end_citations(nx.DiGraph([("essay", "review"), ("review", "trial"), ("essay", "note")]), {"trial"})
    [('essay', 'note')]
    """
    to_data = ways_from(graph, data)
    return sorted((citing, cited) for citing, cited in graph.edges if cited not in data and to_data[cited] == 0)
