"""Tables of a citation network -> data of this vocabulary: papers, reports, studies and reviews, and who cites, includes, reports what.

What the tables call things is told by a map, see `network_map`. Nothing is repaired in silence: what is wrong is reported with file
and line, and while there is a violation nothing is written. docs/ingest-network.md has a worked example.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pyoxigraph as ox
from rdflib import DCTERMS, FOAF, PROV, RDF, SKOS, XSD, Literal, Namespace, URIRef
from rdflib.term import Identifier

from wherefrom.ingest.network_check import LONGEST, Edge, Known, Network, Node, bare, read_tables, short, stem
from wherefrom.ingest.network_map import SECTIONS, Map, date_type, slug
from wherefrom.ingest.tables import Cells, Findings, Table, decode
from wherefrom.load import KnowledgeBase
from wherefrom.report import Report, make_report
from wherefrom.vocabulary import EV, PREFIXES, SCHEMES

BIRO, CITO, FABIO, FRBR, OA, OCO, PRISM, PRO, SPDX = (
    Namespace(PREFIXES[prefix]) for prefix in ("biro", "cito", "fabio", "frbr", "oa", "oco", "prism", "pro", "spdx")
)
NOTICES = {"retraction": (FABIO.RetractionNotice, CITO.retracts), "correction": (FABIO.Corrigendum, CITO.corrects)}
BIBLIOGRAPHY, CATALOGUE = URIRef("id/graph/bibliography"), URIRef("id/graph/catalogue")

NOTHING = Known()

Statement = tuple[URIRef, URIRef, URIRef, Identifier]  # graph, subject, predicate, object; IRIs of ours relative to the base


def known(base: KnowledgeBase, but: str) -> Known:
    """Return what a knowledge base describes, without the file `but`, which is to be replaced."""
    start = base.settings.base
    quads = [quad for source in base.sources if source.name != but for quad in source.quads]
    dois = {
        str(quad.object.value).lower(): quad.subject.value.removeprefix(start)
        for quad in quads
        if quad.predicate.value == str(PRISM.doi) and isinstance(quad.object, ox.Literal) and isinstance(quad.subject, ox.NamedNode)
    }
    things = (q.subject.value for q in quads if isinstance(q.subject, ox.NamedNode) and q.predicate.value == str(RDF.type))
    return Known(dois, frozenset(iri.removeprefix(start) for iri in things if iri.startswith(start)))


def network(contents: Mapping[str, bytes], settings: Map, present: Known = NOTHING) -> tuple[dict[str, str], Report]:
    """Return the files to be written (name relative to the knowledge base -> text), and what was found in the tables.

    `contents` maps the names of the tables to their bytes. There are no files where the report does not conform.
    """
    findings = Findings(settings.accept)
    texts = {name: decode(name, content, settings.encoding, findings) for name, content in sorted(contents.items())}
    nodes, edges = read_tables({name: text for name, text in texts.items() if text is not None}, settings, findings)
    found = Network(settings, present, findings)
    for table in nodes:
        found.add_nodes(table)
    found.compare_nodes()
    for table in edges:
        found.add_edges(table)
    found.compare_edges()
    files = {} if findings.grave else _files(found, (*nodes, *edges))
    lines = {name: re.split(r"\r\n|\r|\n", text) for name, text in texts.items() if text is not None}
    return files, make_report(findings.results, lines)


@dataclass(frozen=True)
class _Snapshot:
    """A text that was read: a whole table, or the header and the rows of one review in it."""

    file: str
    text: str
    starts: Mapping[tuple[str, int], int]  # table and position there -> position here

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def line_ends(self) -> list[int]:
        return [position for position, character in enumerate(self.text) if character == "\n"]

    @property
    def iri(self) -> URIRef:
        return URIRef(f"id/snapshot/{self.sha256[:16]}")


def _whole(settings: Map, table: Table) -> _Snapshot:
    starts = {(table.name, row.start): row.start for row in table.rows}
    return _Snapshot(f"sources/{settings.name}.{stem(table.name)}.txt", table.text, starts)


def _excerpt(settings: Map, table: Table, review: Node, rows: Iterable[Cells]) -> _Snapshot:
    """Return the header and some rows of a table, as they stand there."""
    parts = [table.text[slice(*table.header)]]
    starts = {}
    length = len(parts[0]) + 1
    for row in rows:
        starts[(table.name, row.start)] = length
        parts.append(table.text[row.start : row.end])
        length += row.end - row.start + 1
    return _Snapshot(f"sources/{settings.name}.{stem(table.name)}.{review.slug}.txt", "\n".join(parts) + "\n", starts)


def _files(found: Network, tables: tuple[Table, ...]) -> dict[str, str]:
    """Return the data file and the texts in which its passages lie."""
    writing = _Writing(found, tables)
    files = {found.settings.file: as_trig(writing.statements(), found.settings)}
    return files | {snapshot.file: snapshot.text for snapshot in writing.snapshots()}


class _Writing:
    """Nodes and edges -> statements. What a review cites stands in the graph of its edition, all other edges in that of the network."""

    def __init__(self, found: Network, tables: tuple[Table, ...]) -> None:
        self.found, self.settings, self.tables = found, found.settings, tables
        self.rows_of: dict[str, list[Cells]] = {}  # what a review, by its id, is said to cite and include
        for edge in (edge for edges in found.edges.values() for edge in edges):
            if edge.start.kind == "review":
                self.rows_of.setdefault(edge.start.row["id"], []).append(edge.row)
        self.excerpts = {node.row["id"]: list(self._excerpts(node)) for node in found.nodes.values() if node.kind == "review"}
        taken = {snapshot.sha256 for excerpts in self.excerpts.values() for snapshot in excerpts}
        self.wholes = [whole for table in tables if (whole := _whole(self.settings, table)).sha256 not in taken]
        digest = hashlib.sha256("".join(table.text for table in tables).encode()).hexdigest()
        self.edition = URIRef(f"id/edition/{self.settings.name}-{digest[:8]}")
        self.passages: set[URIRef] = set()

    def _excerpts(self, review: Node) -> Iterator[_Snapshot]:
        rows = self.rows_of.get(review.row["id"]) or [review.row]
        for table in self.tables:
            here = sorted((row for row in rows if row.table == table.name), key=lambda row: row.start)
            if here:
                yield _excerpt(self.settings, table, review, here)

    def snapshots(self) -> list[_Snapshot]:
        """Return every text, once."""
        every = [*self.wholes, *(snapshot for excerpts in self.excerpts.values() for snapshot in excerpts)]
        return sorted({snapshot.sha256: snapshot for snapshot in reversed(every)}.values(), key=lambda snapshot: snapshot.file)

    def statements(self) -> Iterator[Statement]:
        """Yield everything; a statement may come more than once."""
        yield from self._network()
        for node in self.found.nodes.values():
            if node.is_publication:
                yield from self._publication(node)
                yield from self._notice(node)
            elif node.kind == "study":
                yield from _facts(CATALOGUE, node.iri, [(RDF.type, EV.Study), (SKOS.prefLabel, _name(node.label))])
            else:
                yield from self._review(node)
        for edges in self.found.edges.values():
            yield from self._edge(edges)

    def _network(self) -> Iterator[Statement]:
        if self.wholes:
            document = URIRef(f"id/document/{self.settings.name}")
            title = short(self.settings.title, LONGEST)
            yield from self._document(document, title, self.settings.publisher, self.edition, self.settings.issued, "", self.wholes)

    def _document(
        self, document: URIRef, title: str, publisher: str, edition: URIRef, issued: str, reviewed: str, snapshots: list[_Snapshot]
    ) -> Iterator[Statement]:
        source = URIRef(f"id/source/{slug(publisher)}")
        yield from _facts(
            CATALOGUE,
            document,
            [(RDF.type, EV.SourceDocument), (SKOS.prefLabel, _name(title)), (DCTERMS.publisher, source), (FRBR.realization, edition)],
        )
        if str(source) not in self.found.present.things:
            kind = URIRef(f"{SCHEMES}/source-kind/{self.settings.publishers[publisher]}")
            yield from _facts(
                CATALOGUE, source, [(RDF.type, EV.SourcePublisher), (SKOS.prefLabel, _name(publisher)), (EV.sourceKind, kind)]
            )
        dated = (DCTERMS.issued, _dated(issued)) if issued else (EV.notStated, DCTERMS.issued)
        about: list[tuple[URIRef, Identifier]] = [
            (RDF.type, EV.SourceEdition),
            (SKOS.prefLabel, _name(short(f"{title}, as read", LONGEST))),
        ]
        about += [dated, (EV.reviewStatus, URIRef(f"{SCHEMES}/review-status/extracted"))]
        about += [(EV.lastReviewed, _dated(reviewed))] if reviewed else []
        yield from _facts(edition, edition, [*about, *((FRBR.embodiment, snapshot.iri) for snapshot in snapshots)])
        for snapshot in snapshots:
            yield from self._snapshot(edition, snapshot)

    def _snapshot(self, graph: URIRef, snapshot: _Snapshot) -> Iterator[Statement]:
        checksum = URIRef(f"{snapshot.iri}/checksum")
        label = _name(f"Stored text {snapshot.file.removeprefix('sources/')}")
        size = _number(len(snapshot.text))
        yield from _facts(
            graph, snapshot.iri, [(RDF.type, EV.Snapshot), (SKOS.prefLabel, label), (EV.codePoints, size), (SPDX.checksum, checksum)]
        )
        value = Literal(snapshot.sha256, datatype=XSD.hexBinary, normalize=False)
        algorithm = SPDX.checksumAlgorithm_sha256
        yield from _facts(graph, checksum, [(RDF.type, SPDX.Checksum), (SPDX.algorithm, algorithm), (SPDX.checksumValue, value)])

    def _publication(self, node: Node) -> Iterator[Statement]:
        row = node.row
        if node.described:
            return
        language = row["language"] or self.settings.language or None
        note = f"As the table {row.table} has it on line {row.line}; not compared with the publication."
        about: list[tuple[URIRef, Identifier]] = [
            (RDF.type, EV.Publication),
            (SKOS.prefLabel, _name(node.label)),
            (DCTERMS.title, Literal(row["title"], lang=language)),
            (SKOS.editorialNote, _name(note)),
        ]
        if row["year"]:
            about.append((FABIO.hasPublicationYear, _dated(row["year"])))
        plain = {"volume": PRISM.volume, "issue": PRISM.issueIdentifier, "first_page": PRISM.startingPage, "last_page": PRISM.endingPage}
        plain |= {"pubmed": FABIO.hasPubMedId}
        about += [(term, Literal(row[column])) for column, term in plain.items() if row[column]]
        about += [(PRISM.doi, Literal(bare(row["doi"])))] if row["doi"] else []
        yield from _facts(BIBLIOGRAPHY, node.iri, about)
        yield from self._journal(node)
        yield from self._authors(node)

    def _journal(self, node: Node) -> Iterator[Statement]:
        name = node.row["journal"]
        if not name:
            return
        journal = URIRef(f"id/journal/{slug(name)}")
        yield (BIBLIOGRAPHY, node.iri, FRBR.partOf, journal)
        if str(journal) not in self.found.present.things:
            yield from _facts(BIBLIOGRAPHY, journal, [(RDF.type, FABIO.Journal), (SKOS.prefLabel, _name(name))])

    def _authors(self, node: Node) -> Iterator[Statement]:
        """Yield a person for each author of each publication: that two of one name are one person is not in the table."""
        names = [name.strip() for name in node.row["authors"].split(";") if name.strip()]
        for n, name in enumerate(names, 1):
            person, role = (URIRef(f"id/{kind}/{node.slug}-author-{n}") for kind in ("person", "role"))
            yield (BIBLIOGRAPHY, node.iri, DCTERMS.creator, person)
            yield (BIBLIOGRAPHY, node.iri, PRO.isDocumentContextFor, role)
            label = _name(short(f"Author {n} of {node.label}", LONGEST))
            yield from _facts(BIBLIOGRAPHY, role, [(RDF.type, PRO.RoleInTime), (SKOS.prefLabel, label), (PRO.withRole, PRO.author)])
            yield (BIBLIOGRAPHY, role, PRO.isHeldBy, person)
            if n < len(names):
                yield (BIBLIOGRAPHY, role, OCO.hasNext, URIRef(f"id/role/{node.slug}-author-{n + 1}"))
            family, comma, given = (part.strip() for part in name.partition(","))
            yield from _facts(BIBLIOGRAPHY, person, [(RDF.type, PROV.Person), (SKOS.prefLabel, _name(name))])
            if comma:  # a name without a comma does not tell which part is the family's
                yield (BIBLIOGRAPHY, person, FOAF.familyName, Literal(family))
                yield (BIBLIOGRAPHY, person, FOAF.givenName, Literal(given))

    def _notice(self, node: Node) -> Iterator[Statement]:
        when = node.row["retraction_date"]
        if node.notice in NOTICES and when:
            kind, term = NOTICES[node.notice]
            notice = URIRef(f"id/notice/{self.settings.name}--{node.slug}")
            label = _name(short(f"{node.notice.capitalize()} of {node.label}", LONGEST))
            code = URIRef(f"{SCHEMES}/notice-type/{node.notice}")
            issued = _dated(when)
            about: list[tuple[URIRef, Identifier]] = [(RDF.type, kind), (SKOS.prefLabel, label), (term, node.iri)]
            yield from _facts(BIBLIOGRAPHY, notice, [*about, (EV.noticeType, code), (DCTERMS.issued, issued)])
        elif node.notice not in ("", "no"):
            dated = f"of {when}" if when else "without a date"
            note = f"The table {node.row.table} flags it on line {node.row.line}: {node.notice}, {dated}."
            yield (BIBLIOGRAPHY, node.iri, SKOS.editorialNote, _name(note))

    def _review(self, node: Node) -> Iterator[Statement]:
        row = node.row
        publisher = row["publisher"] or self.settings.review_publisher
        excerpts = self.excerpts[row["id"]]
        yield from self._document(node.iri, node.label, publisher, _edition(node), row["issued"], row["reviewed"], excerpts)

    def _edge(self, edges: list[Edge]) -> Iterator[Statement]:
        kind, start, end = edges[0].kind, edges[0].start, edges[0].end
        graph = _edition(start) if start.kind == "review" else self.edition
        places = [self._place(edge) for edge in edges]
        for place in places:
            yield from self._passage(graph, *place)
        passages = [_passage_iri(*place) for place in places]
        if kind == "reports":
            yield (graph, end.iri, EV.reportedIn, start.iri)
            yield from ((graph, end.iri, EV.statedAt, passage) for passage in passages)
        elif end.kind == "study":
            yield (graph, graph, EV.restsOn, end.iri)
            yield from ((graph, graph, EV.statedAt, passage) for passage in passages)
        else:
            yield from self._citation(graph, edges, passages)

    def _citation(self, graph: URIRef, edges: list[Edge], passages: list[URIRef]) -> Iterator[Statement]:
        kind, start, end = edges[0].kind, edges[0].start, edges[0].end
        name = f"{self.settings.name}--{start.slug}--{end.slug}" + ("--included" if kind == "includes" else "")
        citation, reference = URIRef(f"id/citation/{name}"), URIRef(f"id/reference/{name}")
        words = f"{short(start.label, 110)} {kind} {short(end.label, 110)}"
        citing = graph if start.kind == "review" else start.iri
        section = URIRef(f"{SCHEMES}/citation-section/{(SECTIONS | dict(self.settings.sections))[kind]}")
        stances = {edge.stance for edge in edges if edge.stance} or {"citesAsEvidence" if kind == "includes" else "cites"}
        yield from _facts(
            graph,
            citation,
            [
                (RDF.type, CITO.Citation),
                (SKOS.prefLabel, _name(words)),
                (CITO.hasCitingEntity, citing),
                (CITO.hasCitedEntity, end.iri),
                (EV.citationSection, section),
                (PROV.wasDerivedFrom, reference),
                *((CITO.hasCitationCharacterization, CITO[stance]) for stance in stances),
                *((DCTERMS.issued, _dated(day)) for edge in edges if (day := edge.row["date"])),
                *((SKOS.editorialNote, _name(_flagged(edge))) for edge in edges if edge.notice not in ("", "no")),
                *((EV.statedAt, passage) for passage in passages),
            ],
        )
        label = _name(short(f"Row of the table: {words}", LONGEST))
        about: list[tuple[URIRef, Identifier]] = [(RDF.type, BIRO.BibliographicReference), (SKOS.prefLabel, label), (EV.refersTo, end.iri)]
        yield from _facts(graph, reference, [*about, *((EV.statedAt, passage) for passage in passages)])
        if kind == "includes":
            yield from self._included(graph, start, reference, passages)

    def _included(self, graph: URIRef, review: Node, reference: URIRef, passages: list[URIRef]) -> Iterator[Statement]:
        """Yield the list of what a review includes: the edition rests on it, as decision 0002 has it."""
        included = URIRef(f"id/reference-list/{review.slug}-included")
        label = _name(short(f"Included by {review.label}", LONGEST))
        yield from _facts(graph, included, [(RDF.type, EV.ReferenceList), (SKOS.prefLabel, label), (EV.includesReference, reference)])
        yield from ((graph, included, EV.statedAt, passage) for passage in passages)
        yield (graph, graph, EV.restsOn, included)

    def _place(self, edge: Edge) -> tuple[_Snapshot, int, int]:
        """Return the text in which an edge stands, and from where to where."""
        snapshots = self.excerpts[edge.start.row["id"]] if edge.start.kind == "review" else self.wholes
        at = (edge.row.table, edge.row.start)
        snapshot = next(snapshot for snapshot in snapshots if at in snapshot.starts)
        return snapshot, snapshot.starts[at], snapshot.starts[at] + edge.row.end - edge.row.start

    def _passage(self, graph: URIRef, snapshot: _Snapshot, start: int, end: int) -> Iterator[Statement]:
        passage = _passage_iri(snapshot, start, end)
        selector = URIRef(f"{passage}/selector")
        digest = hashlib.sha256(snapshot.text[start:end].encode()).hexdigest()[:16]
        first, last = (bisect_left(snapshot.line_ends, position) + 1 for position in (start, end - 1))
        yield from _facts(
            graph,
            passage,
            [
                (RDF.type, EV.Passage),
                (OA.hasSource, snapshot.iri),
                (OA.hasSelector, selector),
                (EV.passageDigest, Literal(f"sha256:{digest}")),
                (EV.startLine, _number(first)),
                (EV.endLine, _number(last)),
            ],
        )
        yield from _facts(graph, selector, [(RDF.type, OA.TextPositionSelector), (OA.start, _number(start)), (OA.end, _number(end))])


def _edition(review: Node) -> URIRef:
    return URIRef(f"id/edition/{review.slug}")


def _passage_iri(snapshot: _Snapshot, start: int, end: int) -> URIRef:
    return URIRef(f"id/passage/{snapshot.sha256[:16]}/{start}-{end}")


def _flagged(edge: Edge) -> str:
    return f"The table {edge.row.table} flags what is cited on line {edge.row.line}: {edge.notice}."


def _facts(graph: URIRef, subject: URIRef, about: Iterable[tuple[URIRef, Identifier]]) -> Iterator[Statement]:
    return ((graph, subject, term, value) for term, value in about)


def _name(text: str) -> Literal:
    return Literal(text, lang="en")


def _dated(text: str) -> Literal:
    return Literal(text, datatype=date_type(text), normalize=False)


def _number(value: int) -> Literal:
    return Literal(str(value), datatype=XSD.integer)


def as_trig(statements: Iterable[Statement], settings: Map) -> str:
    """Return statements as TriG, each once, in an order that depends on nothing else."""
    graphs: dict[URIRef, dict[URIRef, dict[URIRef, set[str]]]] = {}
    for graph, subject, term, value in statements:
        graphs.setdefault(graph, {}).setdefault(subject, {}).setdefault(term, set()).add(_written(value))
    body = [line for graph in sorted(graphs) for line in _graph_lines(graph, graphs[graph])]
    text = "\n".join(body)
    prefixes = [f"@prefix {prefix}: <{PREFIXES[prefix]}> ." for prefix in sorted(PREFIXES) if f"{prefix}:" in text]
    head = [f"# Made by `wherefrom ingest --template network` from the tables of {settings.name}; change the tables, not this file."]
    if settings.base:
        head.append(f"@base <{settings.base}> .")
    return "\n".join([*head, *prefixes, "", *body, ""])


def _graph_lines(graph: URIRef, subjects: Mapping[URIRef, Mapping[URIRef, set[str]]]) -> Iterator[str]:
    yield f"{_written(graph)} {{"
    for subject in sorted(subjects):
        about = subjects[subject]
        terms = sorted(about, key=lambda term: (term != RDF.type, term != SKOS.prefLabel, term))
        parts = [f"{'a' if term == RDF.type else _written(term)} {', '.join(sorted(about[term]))}" for term in terms]
        described = " ;\n    ".join(parts)
        yield f"  {_written(subject)} {described} ."
    yield "}"


def _written(value: Identifier) -> str:
    if isinstance(value, Literal):
        text = str(ox.Literal(str(value), language=value.language)) if value.language else str(ox.Literal(str(value)))
        if value.datatype == XSD.integer:
            return str(value)
        return f"{text}^^{_written(value.datatype)}" if value.datatype else text
    return _short_iri(str(value))


@lru_cache(10_000)
def _short_iri(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        local = iri.removeprefix(namespace)
        if local != iri and re.fullmatch(r"[A-Za-z_][\w-]*", local):
            return f"{prefix}:{local}"
    return f"<{iri}>"
