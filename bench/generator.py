"""A made-up base of any size that is shaped like a real one: the same size and seed give the same statements.

What is realistic in it: citations follow a power law inside fields of research; a trial has one to four papers; claims crowd on
few trials, so that several sources tell one trial again; clinics claim and cite nothing; a finding names its paper half the time;
pages that only have a list of references rest on that list; curators infer some shared samples, papers and grounds, in a graph
of their own. The text of labels is dull.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from functools import cache

import pyoxigraph as ox
from rdflib import RDF, SKOS, URIRef

from wherefrom.vocabulary import EV, PREFIXES, SCHEMES

ID = "https://example.org/id/"
TRIAL = 88  # statements for each trial, with everything that hangs on it
FIELD = 60_000  # papers of a field at most: nobody cites outside of it
CITES = 5  # papers that a paper cites, on average
OUTCOMES = 300


@cache
def term(name: str) -> ox.NamedNode:
    prefix, _, local = name.rpartition(":")
    return ox.NamedNode(str(EV[local]) if not prefix else PREFIXES[prefix] + local)


def thing(kind: str, *names: object) -> ox.NamedNode:
    return ox.NamedNode(f"{ID}{kind}/{kind}-{'-'.join(map(str, names))}")


def code(scheme: str, name: str) -> ox.NamedNode:
    return ox.NamedNode(f"{SCHEMES}/{scheme}/{name}")


A, LABEL = ox.NamedNode(str(RDF.type)), ox.NamedNode(str(SKOS.prefLabel))
CATALOGUE, BIBLIOGRAPHY, CURATION = (ox.NamedNode(f"{ID}graph/{name}") for name in ("catalogue", "bibliography", "curation"))
NONE_GIVEN, CITED, IN_TEXT = code("support-basis", "none-given"), code("support-basis", "cited"), code("citation-section", "in-text")
EFFECT = code("claim-kind", "effect")


class Generator:
    """Yields the statements of a base; keeps no more than numbers of what it has told."""

    def __init__(self, statements: int, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.trials = max(20, statements // TRIAL)
        self.interventions = max(5, self.trials // 50)
        self.outcomes = min(OUTCOMES, max(12, self.trials // 10))
        self.sources = max(8, self.trials // 200)
        self.clinics = max(4, self.trials // 100)
        self.papers = 0  # told so far
        self.cited: list[int] = []  # of the field that is being told, each citation
        self.papers_of: list[range] = []  # by trial

    def quads(self) -> Iterator[ox.Quad]:
        """Yield every statement once."""
        yield from self.names()
        for trial in range(self.trials):
            yield from self.trial(trial)
        for page in range(3 * self.interventions):
            yield from self.page(page)
        for claim in range(4 * self.trials):
            yield from self.claim(claim)

    def described(self, made: ox.NamedNode, kind: str, graph: ox.NamedNode) -> Iterator[ox.Quad]:
        yield ox.Quad(made, A, term(kind), graph)
        yield ox.Quad(made, LABEL, ox.Literal(made.value.rsplit("/", 1)[-1].replace("-", " "), language="en"), graph)

    def names(self) -> Iterator[ox.Quad]:
        for number in range(self.interventions):
            yield from self.described(thing("intervention", number), "Intervention", CATALOGUE)
        for number in range(self.outcomes):
            yield from self.described(thing("outcome", number), "Outcome", CATALOGUE)
            if number:
                yield ox.Quad(thing("outcome", number), term("skos:broader"), thing("outcome", number // 6), CATALOGUE)
        for number in range(self.sources + self.clinics):
            yield from self.described(thing("source", number), "SourcePublisher", CATALOGUE)

    def trial(self, number: int) -> Iterator[ox.Quad]:
        study = thing("study", number)
        yield from self.described(study, "Study", CATALOGUE)
        yield ox.Quad(study, term("evaluates"), thing("intervention", self.intervention(number)), CATALOGUE)
        self.papers_of.append(range(self.papers, self.papers + self.chance.choice((1, 1, 2, 4))))
        for paper in self.papers_of[-1]:
            yield from self.paper(paper)
            yield ox.Quad(study, term("reportedIn"), thing("publication", paper), BIBLIOGRAPHY)
        for paper in range(self.papers, self.papers + 2):  # what trials build on
            yield from self.paper(paper)
        if number and self.chance.random() < 0.1:
            other = thing("study", self.chance.randrange(number))
            yield from self.said(study, "sharesSampleWith", other, self.chance.choice((CATALOGUE, CURATION)))

    def intervention(self, trial: int) -> int:
        return trial * 7919 % self.interventions

    def paper(self, number: int) -> Iterator[ox.Quad]:
        paper = thing("publication", number)
        yield from self.described(paper, "Publication", BIBLIOGRAPHY)
        year = ox.Literal(str(1950 + 75 * number // (4 * self.trials)), datatype=term("xsd:gYear"))
        yield ox.Quad(paper, term("fabio:hasPublicationYear"), year, BIBLIOGRAPHY)
        start = number - number % FIELD
        if number == start:
            self.cited.clear()
        cited = {self.earlier(start, number) for _ in range(self.chance.randrange(2 * CITES + 1))} if number > start else ()
        for other in sorted(cited):
            self.cited.append(other)
            yield from self.citation(paper, thing("publication", other), recorded=self.chance.random() < 0.1)
        self.papers += 1

    def earlier(self, start: int, number: int) -> int:
        """Return an earlier paper of the field: any, or one that another paper cites, so that the much cited is cited more."""
        return self.chance.choice(self.cited) if self.cited and self.chance.random() < 0.6 else self.chance.randrange(start, number)

    def citation(
        self, citing: ox.NamedNode, cited: ox.NamedNode, *, recorded: bool, graph: ox.NamedNode = BIBLIOGRAPHY
    ) -> Iterator[ox.Quad]:
        if not recorded:
            yield ox.Quad(citing, term("cito:cites"), cited, graph)
            return
        record = thing("citation", *(end.value.rsplit("/", 1)[-1] for end in (citing, cited)))
        yield ox.Quad(record, A, term("cito:Citation"), graph)
        yield ox.Quad(record, term("cito:hasCitingEntity"), citing, graph)
        yield ox.Quad(record, term("cito:hasCitedEntity"), cited, graph)
        yield ox.Quad(record, term("citationSection"), IN_TEXT, graph)

    def page(self, number: int) -> Iterator[ox.Quad]:
        """Yield a page of a source on an intervention: its edition, its list of references, its rating."""
        edition, listed, rating = thing("edition", number), thing("reference-list", number), thing("rating", number)
        source = thing("source", number % self.sources)
        yield from self.described(thing("document", number), "SourceDocument", CATALOGUE)
        yield ox.Quad(thing("document", number), term("dct:publisher"), source, CATALOGUE)
        yield ox.Quad(thing("document", number), term("frbr:realization"), edition, CATALOGUE)
        yield from self.described(edition, "SourceEdition", edition)
        yield ox.Quad(edition, term("dct:issued"), ox.Literal("2024", datatype=term("xsd:gYear")), edition)
        yield from self.described(listed, "ReferenceList", edition)
        for place, trial in enumerate(self.some_trials(self.chance.randrange(2, 12))):
            reference, paper = thing("reference", number, place), thing("publication", self.chance.choice(self.papers_of[trial]))
            yield ox.Quad(listed, term("includesReference"), reference, edition)
            yield from self.described(reference, "biro:BibliographicReference", edition)
            yield ox.Quad(reference, term("refersTo"), paper, edition)
            yield from self.citation(edition, paper, recorded=True, graph=edition)
        yield from self.described(rating, "Rating", edition)
        yield ox.Quad(rating, term("ratedBy"), source, edition)
        yield ox.Quad(rating, term("rates"), thing("intervention", number % self.interventions), edition)
        yield ox.Quad(rating, term("basedOn"), self.chance.choice((listed, thing("study", self.drawn()))), edition)

    def some_trials(self, size: int) -> list[int]:
        return sorted({self.drawn() for _ in range(size)})

    def drawn(self) -> int:
        """Return a trial: few are spoken of by many."""
        return (
            min(int(self.chance.paretovariate(0.5)) - 1, self.trials - 1)
            if self.chance.random() < 0.5
            else self.chance.randrange(self.trials)
        )

    def claim(self, number: int) -> Iterator[ox.Quad]:
        claim, trial = thing("claim", number), self.drawn()
        clinic = self.chance.random() < 0.25
        page = self.chance.randrange(3 * self.interventions)
        edition = thing("edition", "clinic", page) if clinic else thing("edition", page)
        bare = clinic or self.chance.random() < 0.1
        source = self.sources + page % self.clinics if clinic else page % self.sources
        outcome = thing("outcome", min(int(self.chance.paretovariate(0.4)) - 1, self.outcomes - 1))
        yield from self.described(claim, "Claim", edition)
        yield ox.Quad(claim, term("claimedBy"), thing("source", source), edition)
        yield ox.Quad(claim, term("claimKind"), EFFECT, edition)
        yield ox.Quad(claim, term("about"), thing("intervention", self.intervention(trial)), edition)
        yield ox.Quad(claim, term("aboutOutcome"), outcome, edition)
        yield ox.Quad(claim, term("supportBasis"), NONE_GIVEN if bare else CITED, edition)
        if not bare:
            yield from self.ground(number, trial, page, outcome, edition)

    def ground(self, number: int, trial: int, page: int, outcome: ox.NamedNode, edition: ox.NamedNode) -> Iterator[ox.Quad]:
        claim, kind = thing("claim", number), self.chance.random()
        if kind < 0.1:
            yield ox.Quad(claim, term("restsOn"), thing("study", trial), edition)
        elif kind < 0.2:
            yield ox.Quad(claim, term("restsOn"), thing("reference-list", page), edition)
            if self.chance.random() < 0.3:
                yield from self.finding(number, trial, outcome, edition)
                yield from self.said(claim, "restsOn", thing("finding", number), CURATION)
        else:
            yield from self.finding(number, trial, outcome, edition)
            yield ox.Quad(claim, term("restsOn"), thing("finding", number), edition)
            if kind > 0.95 and number:
                yield ox.Quad(claim, term("restsOn"), thing("claim", self.chance.randrange(number)), edition)

    def finding(self, number: int, trial: int, outcome: ox.NamedNode, edition: ox.NamedNode) -> Iterator[ox.Quad]:
        finding = thing("finding", number)
        yield from self.described(finding, "Finding", edition)
        yield ox.Quad(finding, term("findingOf"), thing("study", trial), edition)
        yield ox.Quad(finding, term("outcome"), outcome, edition)
        if self.chance.random() < 0.5:
            paper = thing("publication", self.chance.choice(self.papers_of[trial]))
            yield from self.said(finding, "publishedIn", paper, CURATION if self.chance.random() < 0.1 else edition)

    def said(self, one: ox.NamedNode, step: str, other: ox.NamedNode, graph: ox.NamedNode) -> Iterator[ox.Quad]:
        """Yield a statement, in the graph of curators with the record that explains it."""
        yield ox.Quad(one, term(step), other, graph)
        if graph == CURATION:
            record = thing("statement", *(end.value.rsplit("/", 1)[-1] for end in (one, other)))
            yield ox.Quad(record, A, term("CuratedStatement"), graph)
            yield ox.Quad(record, term("rdf:subject"), one, graph)
            yield ox.Quad(record, term("rdf:predicate"), term(step), graph)
            yield ox.Quad(record, term("rdf:object"), other, graph)


def made_up(statements: int, ontology: Iterable[ox.Quad] = (), seed: int = 7) -> Iterator[ox.Quad]:
    """Yield a base of about that many statements, after those of the ontology."""
    yield from ontology
    yield from Generator(statements, seed).quads()


def name(kind: str, *names: object) -> URIRef:
    """Return the IRI of a thing of the base."""
    return URIRef(thing(kind, *names).value)
