"""What no shape can see well: names that do not exist, things referred to and nowhere described, inferences not marked.

A closed-world check in plain code: as a SPARQL target of a shape it would make validation several times slower.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import pyoxigraph as ox
from rdflib import PROV, RDF, SKOS, Namespace

from wherefrom.load import KnowledgeBase
from wherefrom.positions import Positions
from wherefrom.report import Report, Result, Severity, make_report
from wherefrom.versions import Change, Version
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

REIFIED = (str(RDF.subject), str(RDF.predicate), str(RDF.object))


@dataclass(frozen=True)
class Slip:
    """Something wrong with one statement, before it is known where it stands."""

    code: str
    quad: ox.Quad
    message: str
    hint: str


def lint(base: KnowledgeBase, positions: Positions | None = None) -> Report:
    """Return everything the closed-world check finds, all of it violations."""
    slips = _slips(_whole(base.settings.base, list(base.quads())))
    if not slips:
        return Report(())
    positions = positions or Positions(base)
    return make_report((_place(slip, positions) for slip in slips), source_lines(base))


def lint_change(change: Change, base: str, version: Version | None = None) -> Report:
    """Return what `lint` finds in the statements that a change concerns, in the version after it (or `version`).

    Where the version before has no slip, these are all slips of the version after.
    """
    version = version or change.after
    unnamed = [quad for quad in change.added if isinstance(quad.subject, ox.BlankNode)]  # `about` tells of what has a name
    found = [*unnamed, *(quad for quad in change.quads if quad in version.about(quad.subject))]
    for iri in _flickering(change):
        found.extend(version.referring(iri))
    slips = _slips(_part(base, version, found, _curated_subjects(change)))
    return make_report(Result("", 0, Severity.VIOLATION, s.code, _iri(s.quad.subject), s.message, s.hint) for s in slips)


def _flickering(change: Change) -> Iterator[ox.NamedNode]:
    """Yield the things and graphs that are described in one version and not in the other: what refers to them is concerned."""
    subjects = {quad.subject for quad in change.quads if isinstance(quad.subject, ox.NamedNode)}
    yield from (node for node in subjects if change.before.describes(node) != change.after.describes(node))
    graphs = {quad.graph_name for quad in change.quads if isinstance(quad.graph_name, ox.NamedNode)}
    yield from (node for node in graphs if change.before.has_graph(node) != change.after.has_graph(node))


def _curated_subjects(change: Change) -> set[ox.NamedNode]:
    """Return the things whose inferences a change concerns: what it touches, and what touched curated statements speak of."""
    touched = {quad.subject for quad in change.quads}
    spoken_of = {
        quad.object
        for version in (change.before, change.after)
        for subject in touched
        for quad in version.about(subject)
        if quad.predicate.value == str(RDF.subject)
    }
    if any(quad.predicate.value in REIFIED or _iri(quad.object) == str(EV.CuratedStatement) for quad in change.quads):
        for graph in {*change.before.graphs(), *change.after.graphs()}:  # which of them are of curation may change, and all in them
            if _is_curation(change.before, graph) != _is_curation(change.after, graph):
                touched |= {quad.subject for version in (change.before, change.after) for quad in version.graph(graph)}
    return {node for node in touched | spoken_of if isinstance(node, ox.NamedNode)}


def _is_curation(version: Version, graph: ox.NamedNode) -> bool:
    reified = f"<{RDF.subject}> ?s }} ?c a <{EV.CuratedStatement}> ; <{RDF.predicate}> ?p ; <{RDF.object}> ?o"
    return version.asks(f"ASK {{ GRAPH {graph} {{ ?c {reified} }}")


def _whole(base: str, quads: Sequence[ox.Quad]) -> _Index:
    subjects = {_iri(quad.subject) for quad in quads}
    graphs = {_iri(quad.graph_name) for quad in quads}
    borrowed = {_iri(quad.subject) for quad in quads if _iri(quad.graph_name) == str(BORROWED)}
    curation = {_iri(statement.quad.graph_name) for statement in _curated_statements(quads)}
    return _Index(base, quads, quads, subjects, graphs, borrowed, lambda: subjects, curation.__contains__)


def _part(base: str, version: Version, quads: Iterable[ox.Quad], inferred_of: set[ox.NamedNode]) -> _Index:
    """Return what lint needs to know for these statements and the inferences about these things."""
    reified = {quad.subject for node in inferred_of for quad in version.referring(node) if quad.predicate.value == str(RDF.subject)}
    curated = [quad for node in inferred_of | reified for quad in version.about(node)]
    borrowed = {_iri(quad.subject) for quad in version.graph(ox.NamedNode(str(BORROWED)))}
    return _Index(
        base, quads, curated, _Lookup(version.describes), _Lookup(version.has_graph), borrowed, version.subjects,
        lambda graph: _is_curation(version, ox.NamedNode(graph)), {node.value for node in inferred_of},
    )  # fmt: skip


@dataclass(frozen=True)
class _Lookup:
    """The IRIs for which a question has the answer yes."""

    question: Callable[[ox.NamedNode], bool]

    def __contains__(self, iri: object) -> bool:
        return self.question(ox.NamedNode(str(iri)))


def _slips(index: _Index) -> list[Slip]:
    """Return all slips, of those that say the same only the first."""
    slips: dict[tuple[str, str, str], Slip] = {}
    for slip in (*(slip for quad in index.quads for slip in index.slips_of(quad)), *index.unmarked_inferences()):
        slips.setdefault((slip.code, _iri(slip.quad.subject), slip.message), slip)
    return list(slips.values())


def source_lines(base: KnowledgeBase) -> dict[str, list[str]]:
    """Return the lines of every file, for reports."""
    return {source.name: source.content.decode("utf-8", "replace").split("\n") for source in base.sources}


def _place(slip: Slip, positions: Positions) -> Result:
    quad = slip.quad
    file, line = positions.of_statement(_iri(quad.subject), _iri(quad.predicate), _iri(quad.object))
    return Result(file, line, Severity.VIOLATION, slip.code, _iri(quad.subject), slip.message, slip.hint)


def _iri(value: object) -> str:
    return str(getattr(value, "value", value))


@dataclass
class _Index:
    """The statements to look at, and what is known of all others."""

    base: str
    quads: Iterable[ox.Quad]  # whose slips are told
    curated: Sequence[ox.Quad]  # from which inferences and what accounts for them are told
    subjects: Container[str]  # what is described
    graphs: Container[str]
    borrowed: set[str]  # the terms of other vocabularies that data may use
    names: Callable[[], Iterable[str]]  # what is described, for hints
    is_curation: Callable[[str], bool]  # whether a graph is one of curation
    inferred_of: Container[str] | None = None  # inferences about these things are told, None: all

    def __post_init__(self) -> None:
        self.own = f"{self.base}id/"
        self.hints: dict[str, str] = {}

    @cached_property
    def things(self) -> list[str]:
        """The things under the base, for hints."""
        return sorted(name for name in self.names() if name.startswith(self.own))

    @cached_property
    def codes(self) -> list[str]:
        """The codes of all concept schemes, for hints."""
        return [name for name in self.names() if name.startswith(f"{SCHEMES}/")]

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
            yield Slip("unknown-code", quad, f"{shorten(iri, self.base)} is no code of a concept scheme", self._near(iri, self.codes))

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
        marked = {statement.triple: statement.quad for statement in _curated_statements(self.curated) if self._tells_of(statement.triple)}
        records = {_iri(quad.subject) for quad in self.curated if quad.predicate.value == str(RDF.type) and _iri(quad.object) in RECORDS}
        graphs = {graph for graph in {_iri(quad.graph_name) for quad in self.curated} if self.is_curation(graph)}
        present = set()
        for quad in self.curated:
            triple = (_iri(quad.subject), _iri(quad.predicate), _iri(quad.object))
            if _iri(quad.graph_name) not in graphs or not self._tells_of(triple):
                continue
            present.add(triple)
            if triple[0] in records or triple[1] in (str(RDF.type), str(SKOS.prefLabel)):
                continue
            if triple not in marked:
                message = f"{' '.join(shorten(part, self.base) for part in triple)} stands in the curation graph unexplained"
                yield Slip("unmarked-inference", quad, message, "Add an ev:CuratedStatement with its basis and passages.")
        for triple, quad in marked.items():
            if triple not in present:
                message = f"{' '.join(shorten(part, self.base) for part in triple)} is explained and does not stand in the curation graph"
                yield Slip("inference-not-made", quad, message, "Add the triple beside its curated statement.")

    def _tells_of(self, triple: tuple[str, str, str]) -> bool:
        return self.inferred_of is None or triple[0] in self.inferred_of


class _Curated(NamedTuple):
    """A triple that a curated statement explains, and the statement that names its subject."""

    triple: tuple[str, str, str]
    quad: ox.Quad


def _curated_statements(quads: Iterable[ox.Quad]) -> Iterator[_Curated]:
    parts: dict[str, dict[str, ox.Quad]] = {}
    kinds = set()
    for quad in quads:
        if quad.predicate.value in REIFIED:
            parts.setdefault(_iri(quad.subject), {})[quad.predicate.value] = quad
        elif quad.predicate.value == str(RDF.type) and _iri(quad.object) == str(EV.CuratedStatement):
            kinds.add(_iri(quad.subject))
    for node in parts:
        if node in kinds and len(parts[node]) == len(REIFIED):
            subject, predicate, value = (_iri(parts[node][name].object) for name in REIFIED)
            yield _Curated((subject, predicate, value), parts[node][REIFIED[0]])
