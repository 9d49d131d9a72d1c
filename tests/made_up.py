"""Made-up bases for laws: random graphs of claims, findings, trials and papers, and stores that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from hypothesis import settings
from hypothesis import strategies as st
from rdflib import OWL, RDF, RDFS, SKOS, Namespace, URIRef

from wherefrom.lineage import POLICIES
from wherefrom.load import engine_term
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV, ONTOLOGY, PREFIXES, shorten, steps

BASE = "https://example.org/"
ID = Namespace(f"{BASE}id/")
STATED, CURATED = ID["edition/page"], ID["graph/curation"]
Edge = tuple[URIRef, URIRef, URIRef, URIRef]  # what rests, step, what it rests on, graph
CLASSES = {"claim": EV.Claim, "finding": EV.Finding, "study": EV.Study, "publication": EV.Publication}
CLASSES |= {"proposition": EV.Proposition, "intervention": EV.Intervention, "person": URIRef(f"{PREFIXES['prov']}Person")}
law = settings(max_examples=60, deadline=None, database=None)


def quads_of(edges: Iterable[Edge]) -> Iterator[ox.Quad]:
    """Yield a base with these edges: every end of an edge has a class and a label."""
    edges = list(edges)
    for step in steps() - {EV.restsOn}:
        yield quad(step, RDFS.subPropertyOf, EV.restsOn, ONTOLOGY)
    for kind in CLASSES.values():
        yield quad(kind, RDF.type, OWL.Class, ONTOLOGY)
    yield quad(ID["statement"], RDF.type, EV.CuratedStatement, CURATED)
    for thing in sorted({end for edge in edges for end in (edge[0], edge[2])}):
        yield quad(thing, RDF.type, CLASSES.get(thing.removeprefix(ID).split("/")[0], OWL.Thing), STATED)
        yield ox.Quad(*(engine_term(t) for t in (thing, SKOS.prefLabel)), ox.Literal(thing), engine_term(STATED))
    for edge in edges:
        yield quad(*edge)


def quad(*terms: URIRef) -> ox.Quad:
    return ox.Quad(*map(engine_term, terms))


def store_of(edges: Iterable[Edge]) -> EmbeddedStore:
    return EmbeddedStore.of(quads_of(edges))


def said(*edges: tuple[str, URIRef, str], graph: URIRef = STATED) -> list[Edge]:
    return [(ID[thing], step, ID[ground], graph) for thing, step, ground in edges]


def names(things: Iterable[URIRef], base: str = BASE) -> set[str]:
    return {shorten(thing, base) for thing in things}


@dataclass(frozen=True)
class Base:
    """A random base: claims rest on findings, trials and each other, findings are of trials, trials report in papers."""

    edges: tuple[Edge, ...]

    def of_kind(self, kind: str) -> list[URIRef]:
        ends = {end for edge in self.edges for end in (edge[0], edge[2])}
        return sorted(end for end in ends if end.startswith(ID[f"{kind}/"]))


@st.composite
def bases(draw: st.DrawFn, *, every_finding_printed: bool = False) -> Base:
    graphs = st.sampled_from([STATED, STATED, CURATED])
    papers = [ID[f"publication/{n}"] for n in range(draw(st.integers(1, 4)))]
    trials = [ID[f"study/{n}"] for n in range(draw(st.integers(1, 3)))]
    findings = [ID[f"finding/{n}"] for n in range(draw(st.integers(1, 4)))]
    claims = [ID[f"claim/{n}"] for n in range(draw(st.integers(1, 4)))]
    edges: set[Edge] = set()
    for trial in trials:
        reports = draw(st.sets(st.sampled_from(papers), min_size=1))
        edges |= {(trial, EV.reportedIn, paper, STATED if every_finding_printed else draw(graphs)) for paper in reports}
        shared = draw(st.sampled_from([None, None, *trials]))
        if shared not in (None, trial):
            edges.add((trial, EV.sharesSampleWith, shared, draw(graphs)))
    for finding in findings:
        edges.add((finding, EV.findingOf, draw(st.sampled_from(trials)), STATED))
        if every_finding_printed or draw(st.booleans()):
            edges.add((finding, EV.publishedIn, draw(st.sampled_from(papers)), STATED if every_finding_printed else draw(graphs)))
    grounds = findings if every_finding_printed else [*findings, *trials, *claims]
    for claim in claims:
        edges |= {(claim, EV.restsOn, ground, draw(graphs)) for ground in draw(st.sets(st.sampled_from(grounds), min_size=1))}
    return Base(tuple(sorted(edges)))


policies = st.sampled_from(POLICIES)


def some(things: Sequence[URIRef], data: st.DataObject) -> list[URIRef]:
    return sorted(data.draw(st.sets(st.sampled_from(things), max_size=3)))
