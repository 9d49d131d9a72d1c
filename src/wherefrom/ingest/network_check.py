"""Nodes and edges of a citation network, checked row by row and against each other. Everything is reported with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from rdflib import URIRef

from wherefrom.ingest.network_map import (
    EDGE_COLUMNS,
    EDGE_KINDS,
    FLAGS,
    NEEDED,
    NODE_COLUMNS,
    NODE_KINDS,
    STANCES,
    Map,
    codes,
    date_type,
    intents,
    slug,
)
from wherefrom.ingest.tables import Cells, Findings, Table, read_table
from wherefrom.report import Severity

DATED_NOTICES = ("retraction", "correction")  # written as notices; the others have no property in the data
LONGEST = 240  # code points of a name; the shapes take a longer one for copied text


@dataclass(frozen=True)
class Known:
    """What a knowledge base describes already: DOI (lower case) -> IRI, and all IRIs, relative to its base."""

    dois: Mapping[str, str] = field(default_factory=dict)
    things: frozenset[str] = frozenset()


def read_tables(texts: Mapping[str, str], settings: Map, findings: Findings) -> tuple[list[Table], list[Table]]:
    """Return the tables of nodes and those of edges; which is which is told by the header."""
    nodes: list[Table] = []
    edges: list[Table] = []
    stems: dict[str, str] = {}
    for name, text in texts.items():
        if stems.setdefault(stem(name), name) != name:
            findings.add((name, 1), "collision", f"the tables {name} and {stems[stem(name)]} both give {stem(name)}", "Rename one of them.")
        header = next(iter(text.splitlines()), "")
        cells = {cell.strip(' "\ufeff').casefold() for cell in header.split(settings.delimiter)}
        kind = "edges" if {settings.columns("edges")[end].casefold() for end in NEEDED["edges"]} <= cells else "nodes"
        table = read_table(name, text, settings.columns(kind), settings.delimiter, findings)
        if table is None:
            continue
        missing = [settings.columns(kind)[column] for column in NEEDED[kind] if column not in table.columns]
        if missing:
            wanted = " and ".join(settings.columns("edges")[end] for end in NEEDED["edges"])
            message = f"a table of {kind} without {', '.join(missing)} (a table of edges has {wanted})"
            findings.add((name, 1), "column-missing", message, "Name the column in the map, under [nodes] or [edges].")
            continue
        (edges if kind == "edges" else nodes).append(table)
    return nodes, edges


@dataclass(frozen=True)
class Node:
    """A row of a table of nodes that can be used."""

    row: Cells
    kind: str
    slug: str
    iri: URIRef
    label: str
    notice: str  # "", "no", or the type of a notice
    described: bool  # by the knowledge base already

    @property
    def is_publication(self) -> bool:
        """Whether it is a paper or a report."""
        return self.kind in ("paper", "report")


@dataclass(frozen=True)
class Edge:
    """A row of a table of edges that can be used."""

    row: Cells
    kind: str
    start: Node
    end: Node
    stance: str  # a property of CiTO, or ""
    notice: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Which edge of the network it is: two rows may say one."""
        return (self.kind, self.start.row["id"], self.end.row["id"])


class Network:
    """The nodes and edges that were read, checked against each other."""

    def __init__(self, settings: Map, present: Known, findings: Findings) -> None:
        self.settings, self.present, self.findings = settings, present, findings
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str, str], list[Edge]] = {}
        self.slugs: dict[str, Node] = {}
        self.journals: dict[str, str] = {}
        self.kinds = {kind: kind for kind in (*NODE_KINDS, *EDGE_KINDS)} | {k.casefold(): v for k, v in settings.kinds.items()}
        self.flags = FLAGS | {word.casefold(): flag for word, flag in settings.flags.items()}
        names = {name.casefold(): name for name in intents()}
        self.stances = names | STANCES | {word.casefold(): stance for word, stance in settings.stances.items()}
        self._check_publisher(("map", 1), settings.publisher)

    def add_nodes(self, table: Table) -> None:
        """Read the rows of a table of nodes."""
        rows: dict[tuple[str, ...], Cells] = {}
        for row in table.rows:
            node = self._node(row, table)
            if node is None:
                continue
            same = tuple(row[column] for column in NODE_COLUMNS)
            if same in rows:
                self.findings.add(row, "duplicate-row", f"the same row stands at {rows[same].place}", "Take one of the two out.")
            elif node.row["id"] in self.nodes:
                message = f"the id {row['id']!r} was used at {self.nodes[row['id']].row.place}"
                self.findings.add(row, "duplicate-id", message, "Give each node one row, and each row an id of its own.")
            else:
                self._take(node)
            rows.setdefault(same, row)

    def _take(self, node: Node) -> None:
        other = self.slugs.setdefault(node.slug, node)
        if other is not node:
            message = f"the ids {node.row['id']!r} and {other.row['id']!r} ({other.row.place}) both give {node.slug}"
            self.findings.add(node.row, "collision", message, "Change one id: IRIs have small letters, digits and hyphens only.")
        if node.kind == "review" and node.slug == self.settings.name:
            self.findings.add(node.row, "collision", f"the id gives {node.slug}, as the `name` of the network", "Change one of the two.")
        if not node.described and str(node.iri) in self.present.things:
            message = f"{node.iri} is in the knowledge base already, and nothing shows that it is the same"
            self.findings.add(node.row, "taken", message, "Change the id, or give the DOI that the knowledge base has.")
        self.nodes[node.row["id"]] = node

    def _node(self, row: Cells, table: Table) -> Node | None:
        kind = self._kind(row, table, NODE_KINDS)
        name = slug(row["id"])
        if not row["id"]:
            self.findings.add(row, "empty-id", "the id is empty", "Give the node an id.")
        elif not name:
            self.findings.add(
                row, "no-slug", f"the id {row['id']!r} has no letter or digit of ASCII", "Give the node an id that can stand in an IRI."
            )
        if not row["title"]:
            self.findings.add(row, "no-title", "there is no title", "Give a title; nothing is shown without a name.")
        if not (kind and name and row["title"]):
            return None
        label = short(row["label"] or row["title"], LONGEST)
        known_iri = self._check_publication(row) if kind in ("paper", "report") else ""
        if kind == "review":
            self._check_review(row)
        folder = {"study": "study", "review": "document"}.get(kind, "publication")
        iri = URIRef(known_iri or f"id/{folder}/{name}")
        return Node(row, kind, name, iri, label, self._flag(row), bool(known_iri))

    def _kind(self, row: Cells, table: Table, known_here: tuple[str, ...]) -> str:
        word = row["kind"] if "kind" in table.columns else self._kind_of_table(table, known_here)
        kind = self.kinds.get(word.casefold(), "")
        if kind in known_here:
            return kind
        hint = f"Write one of {', '.join(known_here)}, or map the word under [kinds], the file under [tables]."
        self.findings.add(row, "unknown-kind", f"the kind {word!r} is not known here" if word else "the kind is empty", hint)
        return ""

    def _kind_of_table(self, table: Table, known_here: tuple[str, ...]) -> str:
        """Return the kind that the map gives a table, or its name: `papers.csv` holds papers, `reports.csv` with two ends edges."""
        stem = slug(table.name.split(".")[0])
        plurals = {"studies": "study", **{f"{kind}s": kind for kind in NODE_KINDS}} if known_here == NODE_KINDS else {}
        return self.settings.tables.get(table.name) or plurals.get(stem, stem)

    def _check_publication(self, row: Cells) -> str:
        """Check what identifies a publication; return the IRI that the knowledge base has for its DOI, or nothing."""
        doi = self._doi(row)
        full = all(row[column] for column in ("authors", "year", "journal", "first_page"))
        if not doi and not full:
            message = "neither a DOI nor authors, year, journal and first page"
            self.findings.add(row, "unidentified", message, "Give one or the other: a reader must be able to find it.")
        if row["year"] and not year_of(row):
            self.findings.add(row, "impossible-date", f"the year is {row['year']!r}", "Write the year of publication, from 1900 on.")
        if row["pubmed"] and not re.fullmatch(r"[1-9]\d{0,8}", row["pubmed"]):
            self.findings.add(row, "bad-pubmed", f"the PubMed number is {row['pubmed']!r}", "Write the digits only.")
        if row["first_page"].isdecimal() and row["last_page"].isdecimal() and int(row["first_page"]) > int(row["last_page"]):
            self.findings.add(row, "pages", f"pages {row['first_page']} to {row['last_page']}", "Write both pages in full.")
        self._language(row)
        self._check_journal(row)
        self._check_date(row, "retraction_date", year_of(row))
        return self._in_base(row, doi)

    def _in_base(self, row: Cells, doi: str) -> str:
        iri = self.present.dois.get(doi.lower(), "") if doi else ""
        if iri:
            message = f"the knowledge base has this DOI: {iri}, which is taken and not described again"
            self.findings.add(row, "known-publication", message, "Compare the two descriptions.", Severity.INFO)
        return iri

    def _doi(self, row: Cells) -> str:
        """Return the DOI without address; a doi that is none is reported, one that was an address is told."""
        found = re.fullmatch(r"(https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)", row["doi"], re.IGNORECASE)
        if row["doi"] and not found:
            self.findings.add(row, "bad-doi", f"{row['doi']!r} is no DOI", "Write it bare, as in 10.5555/abc.")
        if found and found[1]:
            self.findings.add(row, "doi-form", f"written as {found[2]}", "Nothing needs to be done.", Severity.INFO)
        return found[2] if found else ""

    def _language(self, row: Cells) -> str:
        tag = row["language"] or self.settings.language
        if tag and not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]+)*", tag):
            self.findings.add(row, "bad-language", f"{tag!r} is no language tag in small letters", "Write en, de, pt-br ...")
        return tag

    def _check_journal(self, row: Cells) -> None:
        if row["journal"]:
            name = slug(row["journal"])
            if not name:
                self.findings.add(
                    row, "no-slug", f"the journal {row['journal']!r} has no letter or digit of ASCII", "Write its name in Latin letters."
                )
            elif self.journals.setdefault(name, row["journal"]) != row["journal"]:
                message = f"the journals {row['journal']!r} and {self.journals[name]!r} both give {name}"
                self.findings.add(row, "collision", message, "Write one journal in one way; two journals need two names.")

    def _check_review(self, row: Cells) -> None:
        self._check_date(row, "issued")
        self._check_date(row, "reviewed")
        publisher = row["publisher"] or self.settings.review_publisher
        if not publisher:
            self.findings.add(
                row, "no-publisher", "nothing says who published the review", "Fill `publisher`, or set `review_publisher` in the map."
            )
        else:
            self._check_publisher(row, publisher)

    def _check_publisher(self, place: Cells | tuple[str, int], name: str) -> None:
        if name not in self.settings.publishers:
            message = f"the map does not say what kind of source {name!r} is"
            self.findings.add(place, "unknown-publisher", message, f"Add it under [publishers]: {', '.join(codes('source-kind'))}.")
        elif not slug(name):
            self.findings.add(
                place, "no-slug", f"the publisher {name!r} has no letter or digit of ASCII", "Write its name in Latin letters."
            )
        else:
            same = sorted(other for other in self.settings.publishers if slug(other) == slug(name))
            if same[0] != name:
                self.findings.add(place, "collision", f"the publishers {name!r} and {same[0]!r} both give {slug(name)}", "Use one name.")

    def _check_date(self, row: Cells, column: str, earliest: str = "") -> None:
        text = row[column]
        if text and not date_type(text):
            self.findings.add(row, "impossible-date", f"{column} is {text!r}", "Write a day that exists: YYYY, YYYY-MM or YYYY-MM-DD.")
        elif text and earliest and text[:4] < earliest:
            self.findings.add(row, "impossible-date", f"{column} is {text!r}, published {earliest}", "Correct one of the two.")

    def _flag(self, row: Cells) -> str:
        word = row["retracted"].casefold()
        if word and word not in self.flags:
            hint = f"Map it under [flags] to one of {', '.join(dict.fromkeys(FLAGS.values()))}."
            self.findings.add(row, "unknown-flag", f"the flag {row['retracted']!r} is not known", hint)
        return self.flags.get(word, "")

    def compare_nodes(self) -> None:
        """Report publications that are given twice under two ids, and what no notice can say."""
        seen: dict[tuple[str, ...], Node] = {}
        for node in self.nodes.values():
            row = node.row
            if not node.is_publication:
                if node.notice not in ("", "no"):
                    message = f"a {node.kind} cannot have a notice; only publications are retracted"
                    self.findings.add(row, "not-expressed", message, "Flag the paper that reports it.", Severity.WARNING)
                continue
            place = tuple(row[column] for column in ("journal", "year", "volume", "first_page"))
            for key in (("doi", bare(row["doi"]).lower()), ("pubmed", row["pubmed"]), ("place", *place)):
                other = seen.setdefault(key, node) if all(key) else node
                if other is not node:
                    message = f"the same {key[0]} as {other.row['id']!r} ({other.row.place})"
                    self.findings.add(row, "same-publication", message, "Give a publication one row; correct whichever is wrong.")
            self._say_notice(node)

    def _say_notice(self, node: Node) -> None:
        if node.notice in DATED_NOTICES and not node.row["retraction_date"]:
            message = f"a {node.notice} without a date: written as a note, not as a notice"
            self.findings.add(node.row, "not-expressed", message, "Fill `retraction_date`; a notice needs one.", Severity.WARNING)
        elif node.notice in ("concern", "reinstatement"):
            message = f"a notice of {node.notice} is written as a note"
            self.findings.add(node.row, "not-expressed", message, "Describe the notice by hand if it matters.", Severity.WARNING)
        elif node.row["retraction_date"] and node.notice in ("", "no"):
            message = "a date of retraction and no flag"
            self.findings.add(node.row, "contradiction", message, "Fill `retracted`, or take the date out.")

    def add_edges(self, table: Table) -> None:
        """Read the rows of a table of edges."""
        rows: dict[tuple[str, ...], Cells] = {}
        for row in table.rows:
            same = tuple(row[column] for column in EDGE_COLUMNS)
            if same in rows:
                self.findings.add(row, "duplicate-row", f"the same row stands at {rows[same].place}", "Take one of the two out.")
                continue
            rows[same] = row
            edge = self._edge(row, table)
            if edge is not None:
                self.edges.setdefault(edge.key, []).append(edge)

    def _edge(self, row: Cells, table: Table) -> Edge | None:
        kind = self._kind(row, table, EDGE_KINDS)
        ends = [self._end(row, column) for column in ("from", "to")]
        flag, stance = self._flag(row), self._stance(row)
        self._check_date(row, "date")
        start, end = ends
        if not (kind and start and end):
            return None
        if start is end:
            self.findings.add(row, "self", f"{row['from']!r} {kind} itself", "Correct one of the ends.")
            return None
        if not self._check_ends(row, kind, start, end):
            return None
        edge = Edge(row, kind, start, end, stance, flag)
        self._say_lost(edge)
        if row["date"] and end.is_publication and row["date"][:4] < year_of(end.row):
            message = f"dated {row['date']}, and {end.row['id']!r} was published {end.row['year']}"
            self.findings.add(row, "impossible-date", message, "Correct one of the two; for a paper in press take the year it came online.")
        if flag and end.is_publication and end.notice and flag != end.notice:
            message = f"flagged {row['retracted']!r}, and {end.row.place} says {end.row['retracted']!r}"
            self.findings.add(row, "contradiction", message, "Find out which is right.")
        return edge

    def _end(self, row: Cells, column: str) -> Node | None:
        name = row[column]
        if not name:
            self.findings.add(row, "empty-id", f"{column} is empty", "Name the node.")
        elif name not in self.nodes:
            message = f"no table of nodes has the id {name!r}"
            self.findings.add(row, "unknown-id", message, "Add the node, or correct the id; ids are compared letter by letter.")
        return self.nodes.get(name)

    def _stance(self, row: Cells) -> str:
        word = row["stance"].casefold().removeprefix("cito:")
        if word and word not in self.stances:
            message = f"the stance {row['stance']!r} is not known"
            self.findings.add(
                row, "unknown-stance", message, "Map it under [stances] to a property of CiTO, as supports, disputes or cites."
            )
        return self.stances.get(word, "")

    def _check_ends(self, row: Cells, kind: str, start: Node, end: Node) -> bool:
        """Return whether the edge can be said; what has the wrong ends is reported, what has no words here is told."""
        ways = {
            "cites": ("a paper, report or review", "a paper or report", start.kind != "study", end.is_publication),
            "includes": ("a review", "a study, paper or report", start.kind == "review", end.kind != "review"),
            "reports": ("a paper or report", "a study", start.is_publication, end.kind == "study"),
        }
        begins, leads, fits_start, fits_end = ways[kind]
        if fits_start and fits_end:
            return True
        if kind != "reports" and fits_start:
            message = f"{row['from']!r} {kind} the {end.kind} {row['to']!r}: there are no words for it here, and the edge is left out"
            self.findings.add(row, "not-expressed", message, f"`{kind}` leads to {leads}: name the publication.", Severity.WARNING)
            return False
        message = f"`{kind}` leads from {begins} to {leads}, not from a {start.kind} to a {end.kind}"
        self.findings.add(row, "wrong-ends", message, "Correct the kind, or turn the edge round.")
        return False

    def _say_lost(self, edge: Edge) -> None:
        """Tell which cells of an edge have no words here."""
        if edge.kind == "cites" or (edge.kind == "includes" and edge.end.is_publication):
            return
        lost = [
            column for column in ("stance", "date", "retracted") if edge.row[column] and self.flags.get(edge.row[column].casefold()) != "no"
        ]
        if lost:
            message = (
                f"{' and '.join(lost)} of `{edge.kind}` a {edge.end.kind} cannot be said and {'is' if len(lost) == 1 else 'are'} left out"
            )
            self.findings.add(edge.row, "not-expressed", message, "Say it of a citation.", Severity.WARNING)

    def compare_edges(self) -> None:
        """Report edges that contradict each other, and studies that no publication reports."""
        for edges in self.edges.values():
            said = [pair for pair in combinations(edges, 2) if not self._contradict(*pair)]
            for first, other in said:
                if first is edges[0]:
                    self._say_twice(first, other)
        reported = {edges[0].end.row["id"] for key, edges in self.edges.items() if key[0] == "reports"}
        for name, node in self.nodes.items():
            if node.kind == "study" and name not in reported:
                message = f"no publication reports the study {name!r}"
                self.findings.add(node.row, "study-without-report", message, "Add an edge `reports` from a paper or report to it.")
        self._say_one_class()

    def _say_one_class(self) -> None:
        if {"paper", "report"} <= {node.kind for node in self.nodes.values()}:
            message = "papers and reports are both publications here; which was which is not kept"
            row = next(node.row for node in self.nodes.values() if node.kind == "report")
            self.findings.add(row, "not-expressed", message, "Nothing needs to be done.", Severity.INFO)

    def _contradict(self, first: Edge, other: Edge) -> bool:
        """Report, and return, whether two rows on one edge differ. An empty cell says nothing and contradicts nothing."""
        differing = [
            f"{column} {other.row[column]!r}, there {first.row[column]!r}"
            for column, ours, theirs in (
                ("stance", other.stance, first.stance),
                ("retracted", other.notice, first.notice),
                ("date", other.row["date"], first.row["date"]),
            )
            if ours and theirs and ours != theirs
        ]
        if differing:
            message = f"{_words(other)} also at {first.row.place}, and they differ: {'; '.join(differing)}"
            self.findings.add(other.row, "contradiction", message, "Find out which is right; `accept` in the map publishes both.")
        return bool(differing)

    def _say_twice(self, first: Edge, other: Edge) -> None:
        if other.row.table == first.row.table:
            self.findings.add(other.row, "duplicate-row", f"{_words(other)} stands at {first.row.place}", "Take one of the two out.")
        else:
            message = f"{_words(other)} stands at {first.row.place} too: one edge with two passages"
            self.findings.add(other.row, "said-twice", message, "Nothing needs to be done.", Severity.INFO)


def _words(edge: Edge) -> str:
    return f"{edge.row['from']!r} {edge.kind} {edge.row['to']!r}"


def year_of(row: Cells) -> str:
    """Return the year of publication; nothing where there is none, or none that can be."""
    return row["year"] if re.fullmatch(r"(19|20)\d\d", row["year"]) else ""


def stem(table: str) -> str:
    """Return the part of a file name that the name of a table gives."""
    return slug(table.rsplit(".", 1)[0])


def bare(doi: str) -> str:
    """Return a DOI without address or label."""
    return re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)", "", doi, flags=re.IGNORECASE)


def short(text: str, longest: int) -> str:
    """Return a text cut at a space to at most `longest` code points."""
    return text if len(text) <= longest else f"{text[: longest - 2].rsplit(' ', 1)[0]} …"
