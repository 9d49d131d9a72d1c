"""What no shape can see well: names that do not exist, things referred to and nowhere described, inferences not marked.

A closed-world check in plain code: as a SPARQL target of a shape it would make validation several times slower.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import PROV, RDF, SKOS, Namespace

from wherefrom.load import KnowledgeBase
from wherefrom.positions import Positions
from wherefrom.report import Report, Result, Severity, make_report
from wherefrom.vocabulary import BORROWED, EV, ONTOLOGY, SCHEMES, SHAPES, TERMS, is_term, shorten

OA = Namespace("http://www.w3.org/ns/oa#")
FIXED = (str(ONTOLOGY), f"{SCHEMES}/", str(SCHEMES), str(SHAPES))
RECORDS = {
    str(EV.CuratedStatement),
    str(EV.Discrepancy),
    str(EV.CurationActivity),
    str(PROV.Organization),
    str(EV.Passage),
    str(OA.TextPositionSelector),
}


@dataclass(frozen=True)
class Slip:
    """Something wrong with one statement, before it is known where it stands."""

    code: str
    quad: ox.Quad
    message: str
    hint: str


def lint(base: KnowledgeBase, positions: Positions | None = None) -> Report:
    """Return everything the closed-world check finds, all of it violations."""
    index = _Index(base)
    slips: dict[tuple[str, str, str], Slip] = {}
    for quad in base.quads():
        for slip in index.slips_of(quad):
            slips.setdefault((slip.code, _iri(slip.quad.subject), slip.message), slip)
    for slip in index.unmarked_inferences():
        slips.setdefault((slip.code, _iri(slip.quad.subject), slip.message), slip)
    if not slips:
        return Report(())
    positions = positions or Positions(base)
    return make_report((_place(slip, positions) for slip in slips.values()), source_lines(base))


def source_lines(base: KnowledgeBase) -> dict[str, list[str]]:
    """Return the lines of every file, for reports."""
    return {source.name: source.content.decode("utf-8", "replace").split("\n") for source in base.sources}


def _place(slip: Slip, positions: Positions) -> Result:
    quad = slip.quad
    file, line = positions.of_statement(_iri(quad.subject), _iri(quad.predicate), _iri(quad.object))
    return Result(file, line, Severity.VIOLATION, slip.code, _iri(quad.subject), slip.message, slip.hint)


def _iri(value: object) -> str:
    return str(getattr(value, "value", value))


class _Index:
    """What is described, and under which names."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base.settings.base
        self.own = f"{self.base}id/"
        self.quads = list(base.quads())
        self.subjects = {_iri(quad.subject) for quad in self.quads}
        self.graphs = {_iri(quad.graph_name) for quad in self.quads}
        self.borrowed = {_iri(quad.subject) for quad in self.quads if _iri(quad.graph_name) == str(BORROWED)}
        self.things = sorted(s for s in self.subjects if s.startswith(self.own))
        self.hints: dict[str, str] = {}

    def slips_of(self, quad: ox.Quad) -> Iterator[Slip]:
        subject, value = quad.subject, quad.object
        if isinstance(subject, ox.BlankNode) or isinstance(value, ox.BlankNode):
            yield Slip("blank-node", quad, "a blank node cannot be referred to from outside", "Give the thing an IRI of its own.")
        if _iri(quad.graph_name) == str(BORROWED):
            return
        if isinstance(subject, ox.NamedNode):
            yield from self._outside(quad, subject.value)
        for used in (quad.predicate.value, _iri(value) if quad.predicate.value == str(RDF.type) else ""):
            yield from self._foreign(quad, used)
        for place in (subject, quad.predicate, value):
            if isinstance(place, ox.NamedNode):
                yield from self._unknown(quad, place.value)
        if isinstance(value, ox.NamedNode):
            yield from self._dangling(quad, value.value)

    def _outside(self, quad: ox.Quad, subject: str) -> Iterator[Slip]:
        if not subject.startswith(self.own) and not subject.startswith(FIXED):
            yield Slip(
                "outside-base",
                quad,
                f"<{subject}> does not start with {self.own}",
                "Write data IRIs relative (<id/claim/x>), and check `base` in wherefrom.toml.",
            )

    def _unknown(self, quad: ox.Quad, iri: str) -> Iterator[Slip]:
        if iri.startswith(str(EV)) and not is_term(iri):
            yield Slip("unknown-term", quad, f"{shorten(iri, self.base)} is no term of the ontology", self._near(iri, TERMS))
        if iri.startswith(f"{SCHEMES}/") and iri not in self.subjects:
            codes = [s for s in self.subjects if s.startswith(f"{SCHEMES}/")]
            yield Slip("unknown-code", quad, f"{shorten(iri, self.base)} is no code of a concept scheme", self._near(iri, codes))

    def _foreign(self, quad: ox.Quad, term: str) -> Iterator[Slip]:
        if term and not term.startswith(str(EV)) and term not in self.borrowed:
            hint = self._near(term, sorted(self.borrowed)) + " Terms of other vocabularies are listed in ontology/borrowed.ttl."
            yield Slip("unknown-term", quad, f"{shorten(term, self.base)} is no term that the data may use", hint)

    def _dangling(self, quad: ox.Quad, iri: str) -> Iterator[Slip]:
        if iri.startswith(self.own) and iri not in self.subjects and iri not in self.graphs:
            yield Slip(
                "dangling",
                quad,
                f"{shorten(iri, self.base)} is referred to and nowhere described",
                self._near(iri, self.things),
            )

    def _near(self, iri: str, known: Sequence[str]) -> str:
        if iri not in self.hints:  # looking for what is near is slow, and a slip is often made many times
            names = [shorten(other, self.base) for other in known]  # what all have in common says nothing
            near = difflib.get_close_matches(shorten(iri, self.base), names, n=1, cutoff=0.8)
            self.hints[iri] = f"Did you mean {near[0]}?" if near else "Describe it, or correct the name."
        return self.hints[iri]

    def unmarked_inferences(self) -> Iterator[Slip]:
        """Yield statements of a curation graph that no curated statement accounts for, and the other way round."""
        kinds: dict[str, set[str]] = {}
        parts: dict[str, dict[str, ox.Quad]] = {}
        for quad in self.quads:
            if quad.predicate.value == str(RDF.type):
                kinds.setdefault(_iri(quad.subject), set()).add(_iri(quad.object))
            if quad.predicate.value in (str(RDF.subject), str(RDF.predicate), str(RDF.object)):
                parts.setdefault(_iri(quad.subject), {})[quad.predicate.value] = quad
        curated = [subject for subject, found in kinds.items() if str(EV.CuratedStatement) in found]
        marked = {}
        for subject in curated:
            triple = tuple(
                _iri(parts[subject][str(p)].object) for p in (RDF.subject, RDF.predicate, RDF.object) if str(p) in parts.get(subject, {})
            )
            if len(triple) == 3:
                marked[triple] = parts[subject][str(RDF.subject)]
        graphs = {_iri(quad.graph_name) for quad in marked.values()}
        present = set()
        for quad in self.quads:
            if _iri(quad.graph_name) not in graphs:
                continue
            triple = (_iri(quad.subject), _iri(quad.predicate), _iri(quad.object))
            present.add(triple)
            if kinds.get(triple[0], set()) & RECORDS or triple[1] in (str(RDF.type), str(SKOS.prefLabel)):
                continue
            if triple not in marked:
                message = f"{' '.join(shorten(part, self.base) for part in triple)} stands in the curation graph unexplained"
                yield Slip("unmarked-inference", quad, message, "Add an ev:CuratedStatement with its basis and passages.")
        for triple, quad in marked.items():
            if triple not in present:
                message = f"{' '.join(shorten(part, self.base) for part in triple)} is explained and does not stand in the curation graph"
                yield Slip("inference-not-made", quad, message, "Add the triple beside its curated statement.")
