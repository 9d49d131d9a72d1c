"""The citation network of a thing, read from the store: papers and editions, who cites whom, which hold data and what these say."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
from rdflib import URIRef
from rdflib.term import Identifier

from wherefrom.hierarchy import narrower, of_classes
from wherefrom.lineage import NODES, POLICIES, Lineage, Policy, check_known, check_word, curation_graphs, lineage, publications, support
from wherefrom.narrowing import intents
from wherefrom.problems import BadParameter
from wherefrom.query import as_iri, rows
from wherefrom.sources import documents_of, editions_of
from wherefrom.store import Store
from wherefrom.vocabulary import EV

PAPERS = (EV.Publication, EV.SourceEdition)
PAGES = (EV.SourceEdition, EV.SourceDocument, EV.SourcePublisher)  # what speaks: claims stand in an edition
SPOKEN_OF = (EV.Proposition, EV.Intervention, EV.Outcome)
ASKED = (EV.Claim, *SPOKEN_OF, EV.Study, EV.Publication, *PAGES)
NAMES = ("claim", "proposition", "intervention", "outcome", "study", "publication", "edition", "document", "source")
HOLDING = (EV.reportedIn, EV.publishedIn)  # steps to a paper that holds data
SAID = ("supportive", "critical", "mixed", "unknown")  # what data papers may say, the two that are compared first


@dataclass(frozen=True)
class DataPaper:
    """What a data paper says: the findings known to be printed in it that have a direction, and in one word.

    `supportive`, `critical` or `mixed` by the directions of its findings, as the scheme of stances sorts them; `unknown` where
    no direction is stated. It is a word on figures, not on what the authors conclude.
    """

    findings: tuple[tuple[URIRef, URIRef], ...]  # finding, direction
    says: str


@dataclass(frozen=True)
class Network:
    """Who cites whom. Edges of `graph` point from citing to cited and have `stances`: stance -> intents (properties of CiTO).

    `data` are the papers that report a study or print a finding of one; `rests` maps each claim to the
    publications that support it, companion papers left out; `holding` are the papers with data among those of the network and
    those that claims rest on; `retracted` are papers of the network that a notice retracts, which changes nothing in the rest;
    `truncated` tells that more papers would have followed.
    """

    thing: URIRef | None
    policy: Policy
    graph: nx.DiGraph[URIRef]
    data: Mapping[URIRef, DataPaper]
    rests: Mapping[URIRef, frozenset[URIRef]]
    holding: frozenset[URIRef]
    retracted: frozenset[URIRef]
    truncated: bool = False


def citation_network(store: Store, thing: URIRef | None = None, policy: Policy = "stated", nodes: int = NODES) -> Network:
    """Return the citation network of a thing, or of the whole base.

    For a claim, its papers are those that support it, for a proposition, intervention or outcome those of the claims that speak
    of it, for a study those that report it; and all data papers with a finding on it, cited or not. For a publication or
    edition it is itself, for a document or source its editions. The network is these, what they cite and what cites them, at
    any remove, and every citation among all of them. Its claims are those that speak of the thing, those that rest on a
    study or paper, and those that stand in an edition. Under the policy `stated` what curators inferred is left out.
    Raises `UnknownResource` for a thing that no graph describes, `BadParameter` for an unknown policy and for a thing of another kind.
    """
    check_word("policy", policy, POLICIES)
    reading = _Reading(store, policy)
    if thing is None:
        return reading.base()
    check_known(store, [thing])
    return reading.around(thing, nodes)


class _Reading:
    def __init__(self, store: Store, policy: Policy) -> None:
        self.store, self.policy = store, policy
        self.left_out: frozenset[Identifier] = frozenset() if policy == "inferred" else curation_graphs(store)
        self.stance = {intent: stance for stance, found in intents(store).items() for intent in found}

    def base(self) -> Network:
        """Return the network of all papers and claims."""
        graph = self._graph(self.citations({}), self._papers(None))
        claims = sorted(self._claims(None))
        rests = _rests(self._below(claims, sys.maxsize), claims)
        return self._network(None, graph, None, rests)

    def around(self, thing: URIRef, nodes: int) -> Network:
        """Return the network of a thing, of at most `nodes` papers."""
        kinds = self._kinds(thing)
        papers = self._own(thing, kinds)
        claims = self._resting(thing, kinds, papers, nodes)
        grounds = self._below(claims, nodes)
        rests = _rests(grounds, claims)
        scope: set[URIRef] | None = None
        seeds = papers
        if not kinds & {*PAPERS, *PAGES}:
            scope = self._scope(thing, kinds, claims)
            printed, possible = self._printed(scope)
            of_claims = () if EV.Study in kinds else rests.values()
            seeds = papers.union(*of_claims, *printed.values(), *possible.values())
        found, truncated = self._reached(seeds, nodes)
        kept = self._papers(found)
        graph = self._graph(self.citations({"thing": sorted(kept)}), kept)
        truncated |= bool(grounds.graph["truncated"])
        return self._network(thing, graph, scope, rests, truncated=truncated)

    def _network(
        self,
        thing: URIRef | None,
        graph: nx.DiGraph[URIRef],
        scope: set[URIRef] | None,
        rests: dict[URIRef, frozenset[URIRef]],
        *,
        truncated: bool = False,
    ) -> Network:
        held = list(self._grounds("value", set(graph).union(*rests.values()), *HOLDING))
        data = self._data([step for step in held if step[1] in graph], scope)
        holding = frozenset(paper for _, paper, _ in held)
        return Network(thing, self.policy, graph, data, rests, holding, self._retracted(graph), truncated)

    def _retracted(self, papers: Iterable[URIRef]) -> frozenset[URIRef]:
        found = rows(self.store, "retracted", {"publication": sorted(papers)})
        return frozenset(as_iri(row["publication"]) for row in found if row["graph"] not in self.left_out)

    def citations(self, bindings: Mapping[str, Sequence[Identifier]]) -> Iterator[tuple[URIRef, URIRef, URIRef]]:
        """Yield citing, cited and intent; `bindings` may narrow the column `thing` (citing) or `ground` (cited)."""
        for question in ("citations", "direct_citations"):
            for row in rows(self.store, question, bindings):
                if row["graph"] not in self.left_out and row["step"] in self.stance:
                    yield as_iri(row["thing"]), as_iri(row["ground"]), as_iri(row["step"])

    def _graph(self, citations: Iterable[tuple[URIRef, URIRef, URIRef]], papers: Collection[URIRef]) -> nx.DiGraph[URIRef]:
        graph: nx.DiGraph[URIRef] = nx.DiGraph()
        graph.add_nodes_from(sorted(papers))
        for citing, cited, intent in citations:
            if citing in papers and cited in papers:
                if not graph.has_edge(citing, cited):
                    graph.add_edge(citing, cited, stances={})
                graph.edges[citing, cited]["stances"].setdefault(self.stance[intent], set()).add(intent)
        return graph

    def _reached(self, seeds: set[URIRef], nodes: int) -> tuple[set[URIRef], bool]:
        """Return what the seeds cite and what cites them, at any remove, and whether there was more than `nodes`."""
        found = set(seeds)
        for column, other in (("thing", 1), ("ground", 0)):
            seen, front = set(seeds), sorted(seeds)
            while front:
                following = {row[other] for row in self.citations({column: front})} - seen
                if len(found | following) > nodes:
                    return found, True
                seen |= following
                found |= following
                front = sorted(following)
        return found, False

    def _below(self, claims: Sequence[URIRef], nodes: int) -> Lineage:
        return lineage(self.store, claims, "grounds", self.policy, nodes) if claims else nx.DiGraph(truncated=False)

    def _papers(self, things: Iterable[URIRef] | None) -> set[URIRef]:
        """Return which of the things, or what of all, are papers: a notice that retracts a publication does not cite it."""
        bound = {} if things is None else {"thing": sorted(things)}
        return {as_iri(row["thing"]) for row in rows(self.store, "kinds", {**bound, "class": list(PAPERS)})}

    def _claims(self, things: Iterable[URIRef] | None) -> set[URIRef]:
        return {thing for thing, _ in of_classes(self.store, things, [EV.Claim])}

    def _kinds(self, thing: URIRef) -> set[URIRef]:
        """Return of which of the kinds that have a network a thing is."""
        kinds = {kind for _, kind in of_classes(self.store, [thing], list(ASKED))}
        if not kinds:
            raise BadParameter(f"<{thing}> has no citation network: ask for a {', '.join(NAMES[:-1])} or {NAMES[-1]}.")
        return kinds

    def _own(self, thing: URIRef, kinds: Collection[URIRef]) -> set[URIRef]:
        """Return the papers that a thing is itself, or has: the editions of a document or source, the reports of a study."""
        if EV.Study in kinds:
            return {paper for _, paper, _ in self._grounds("thing", [thing], EV.reportedIn)}
        if set(PAPERS) & set(kinds):
            return {thing}
        if not set(PAGES) & set(kinds):
            return set()
        documents = {thing} if EV.SourceDocument in kinds else documents_of(self.store, [thing], self.policy)[thing]
        editions = set().union(*editions_of(self.store, documents).values())
        if not editions:
            raise BadParameter(f"<{thing}> has no edition that is known, and so no citation network.")
        return editions

    def _resting(self, thing: URIRef, kinds: Collection[URIRef], papers: Collection[URIRef], nodes: int) -> list[URIRef]:
        """Return the claims of a network."""
        if EV.Claim in kinds:
            return [thing]
        if set(SPOKEN_OF) & set(kinds):
            on_outcome = EV.Outcome in kinds
            question, bound = ("claims_on", {"outcome": self._parts(thing)}) if on_outcome else ("claims_of", {"thing": [thing]})
            return sorted(self._claims(as_iri(row["claim"]) for row in rows(self.store, question, bound)))
        carrying = {thing} if EV.Study in kinds else set(papers)
        resting = set(lineage(self.store, sorted(carrying), "consequences", self.policy, nodes)) if carrying else set()
        said = {as_iri(row["ground"]) for row in rows(self.store, "utterances", {"thing": sorted(papers)})}
        return sorted(self._claims(resting | said))

    def _scope(self, thing: URIRef, kinds: Collection[URIRef], claims: Sequence[URIRef]) -> set[URIRef]:
        """Return the findings on a thing: of the study, on the benefit of the intervention, on the outcome, or on both for a claim."""
        if EV.Study in kinds:
            return {finding for finding, _, _ in self._grounds("value", [thing], EV.findingOf)}
        if EV.Outcome in kinds:
            return {as_iri(row["finding"]) for row in rows(self.store, "findings_on", {"outcome": self._parts(thing)})}
        if EV.Intervention in kinds:
            return {as_iri(row["finding"]) for row in rows(self.store, "findings_for", {"intervention": [thing]})}
        about: dict[URIRef, tuple[set[URIRef], set[URIRef]]] = {claim: (set(), set()) for claim in claims}
        for row in rows(self.store, "statements", {"thing": list(claims), "property": [EV.about, EV.aboutOutcome]}):
            if row["graph"] not in self.left_out:
                about[as_iri(row["thing"])][row["property"] == EV.aboutOutcome].add(as_iri(row["value"]))
        parts = narrower(self.store, {outcome for _, outcomes in about.values() for outcome in outcomes})
        wanted = {
            (intervention, part)
            for interventions, outcomes in about.values()
            for intervention in interventions
            for outcome in outcomes
            for part in parts[outcome]
        }
        asked = sorted({intervention for intervention, _ in wanted})
        found = rows(self.store, "findings_for", {"intervention": asked})
        return {as_iri(row["finding"]) for row in found if (row["intervention"], row["outcome"]) in wanted}

    def _parts(self, outcome: URIRef) -> list[URIRef]:
        return sorted(narrower(self.store, [outcome])[outcome])

    def _grounds(self, column: str, values: Iterable[URIRef], *steps: URIRef) -> Iterator[tuple[URIRef, URIRef, URIRef]]:
        """Yield thing, ground and step of what rests on what, under the policy; `column` is `thing` or, of the ground, `value`."""
        for row in rows(self.store, "statements", {column: sorted(values), "property": list(steps)}):
            if row["graph"] not in self.left_out:
                yield as_iri(row["thing"]), as_iri(row["value"]), as_iri(row["property"])

    def _printed(self, findings: Iterable[URIRef]) -> tuple[dict[URIRef, set[URIRef]], dict[URIRef, set[URIRef]]]:
        """Return for each finding the publications that print it, or those that may.

        They are those it names, else the report of its study if there is only one; of several reports each may print it.
        """
        named: dict[URIRef, set[URIRef]] = {}
        studies: dict[URIRef, set[URIRef]] = {}
        for finding, ground, step in self._grounds("thing", findings, EV.publishedIn, EV.findingOf):
            (named if step == EV.publishedIn else studies).setdefault(finding, set()).add(ground)
        reports: dict[URIRef, set[URIRef]] = {}
        for study, paper, _ in self._grounds("thing", set().union(*studies.values()), EV.reportedIn):
            reports.setdefault(study, set()).add(paper)
        of_study = {finding: set().union(*(reports.get(study, set()) for study in found)) for finding, found in studies.items()}
        return (
            {finding: found for finding, found in (of_study | named).items() if finding in named or len(found) == 1},
            {finding: found for finding, found in of_study.items() if finding not in named and len(found) > 1},
        )

    def _data(self, held: Iterable[tuple[URIRef, URIRef, URIRef]], scope: set[URIRef] | None) -> dict[URIRef, DataPaper]:
        """Return the data papers of a network and what they say; only findings of the scope count, where there is one.

        `held` are the steps from studies and findings to these papers.
        """
        papers: dict[URIRef, set[tuple[URIRef, URIRef]]] = {}
        studies: set[URIRef] = set()
        for thing, paper, step in held:
            papers[paper] = set()
            studies |= {thing} if step == EV.reportedIn else set()
        if scope is None:
            scope = {finding for finding, _, _ in self._grounds("value", studies, EV.findingOf)}
        printed, _ = self._printed(scope)
        for row in rows(self.store, "statements", {"thing": sorted(printed), "property": [EV.direction]}):
            if row["graph"] not in self.left_out:
                for paper in printed[as_iri(row["thing"])] & papers.keys():
                    papers[paper].add((as_iri(row["thing"]), as_iri(row["value"])))
        covered = self._directions()
        return {paper: DataPaper(tuple(sorted(found)), says(covered, found)) for paper, found in papers.items()}

    def _directions(self) -> dict[URIRef, set[str]]:
        """Return each direction of findings with the stances that it counts for."""
        covered: dict[URIRef, set[str]] = {}
        for row in rows(self.store, "direction_stances"):
            covered.setdefault(as_iri(row["direction"]), set()).add(str(row["stance"]).rsplit("/", 1)[-1])
        return covered


def says(covered: Mapping[URIRef, set[str]], findings: Iterable[tuple[URIRef, URIRef]]) -> str:
    """Return what findings (finding, direction) say together; `covered` maps a direction to the stances that it counts for."""
    stances = set().union(*(covered.get(direction, set()) for _, direction in findings))
    if stances >= {"supporting", "contrasting"}:
        return "mixed"
    return "supportive" if "supporting" in stances else "critical" if "contrasting" in stances else "unknown"


def _rests(graph: Lineage, claims: Iterable[URIRef]) -> dict[URIRef, frozenset[URIRef]]:
    supported, papers = support(graph), publications(graph)
    return {claim: frozenset(nx.descendants(supported, claim) & papers if claim in supported else ()) for claim in claims}
