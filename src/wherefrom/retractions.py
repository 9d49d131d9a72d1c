"""A Retraction Watch file against the bibliography, offline: what is retracted, corrected, doubted or reinstated.

A hit shares the DOI or the PubMed number. What only looks alike is a near hit and is never called a hit: the file tells neither
volume nor pages, so that title, year and first author are all there is to compare. No hit proves nothing, which the answer says.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from rdflib import DCTERMS, FOAF, SKOS, Namespace, URIRef

from wherefrom.problems import UnreadableInput
from wherefrom.query import as_iri, rows
from wherefrom.store import Row, Store
from wherefrom.vocabulary import shorten

PRISM = Namespace("http://prismstandard.org/namespaces/basic/2.0/")
FABIO = Namespace("http://purl.org/spar/fabio/")
COLUMNS = (
    "Record ID", "Title", "Subject", "Institution", "Journal", "Publisher", "Country", "Author", "URLS", "ArticleType",
    "RetractionDate", "RetractionDOI", "RetractionPubMedID", "OriginalPaperDate", "OriginalPaperDOI", "OriginalPaperPubMedID",
    "RetractionNature", "Reason", "Paywalled", "Notes",
)  # fmt: skip
REMEDY = "Take the file as Retraction Watch publishes it: a CSV of 20 columns, in UTF-8, cp1252 or Latin-1."
NATURES = ("retraction", "correction", "expression of concern", "reinstatement")
SAME_WORDS = 0.9  # of two titles with one first author and one year: a misprint or a lost subtitle passes, another paper does not
TITLE_WORDS = 4  # a title of fewer words ("Editorial", "Reply to the authors") tells no paper by itself


@dataclass(frozen=True)
class Notice:
    """One row of the file: what happened to which paper. What the row leaves out is empty, or None."""

    line: int
    record: str
    nature: str  # in the file's own word, in lower case
    date: date | None
    reasons: tuple[str, ...]
    notice_doi: str
    doi: str
    pubmed: str
    title: str
    year: int | None
    author: str


@dataclass(frozen=True)
class RetractionList:
    """A file that was read whole; it is as old as its newest notice."""

    name: str
    encoding: str
    notices: tuple[Notice, ...]

    @property
    def newest(self) -> date | None:
        """The newest date of a notice."""
        return max((notice.date for notice in self.notices if notice.date), default=None)


@dataclass(frozen=True)
class Publication:
    """A publication of the bibliography, as far as it can be compared."""

    iri: URIRef
    label: str
    doi: str = ""
    pubmed: str = ""
    title: str = ""
    year: int | None = None
    author: str = ""


@dataclass(frozen=True)
class Match:
    """A publication and a notice that is on it (`by` DOI or PubMed number), or may be (`by` title, or title and author)."""

    publication: Publication
    notice: Notice
    by: str
    doubt: str = ""


@dataclass(frozen=True)
class Check:
    """What a file says about a bibliography. `unidentified` have neither DOI nor PubMed number: only titles were compared."""

    file: RetractionList
    hits: tuple[Match, ...]
    near: tuple[Match, ...]
    publications: tuple[Publication, ...]

    @property
    def unidentified(self) -> tuple[Publication, ...]:
        """The publications that could be compared by their titles only."""
        return tuple(paper for paper in self.publications if not (paper.doi or paper.pubmed))


def read_retractions(path: Path) -> RetractionList:
    """Read a Retraction Watch file; raises `UnreadableInput` naming file and line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(f"{path.name} cannot be read: {error.strerror}.") from error
    return parse_retractions(path.name, content)


def parse_retractions(name: str, content: bytes) -> RetractionList:
    """Return what a Retraction Watch file says; raises `UnreadableInput` naming file and line, so that nothing is left out unsaid."""
    text, encoding = _decoded(name, content)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    notices = []
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if header is None:
                header = _header(name, cells)
            elif cells:
                notices.append(_notice(f"{name}:{line}", line, header, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(f"{name}:{line}: the row is broken: {error}.") from error
    if header is None:
        raise _unreadable(f"{name}:1: the file is empty.")
    return RetractionList(name, encoding, tuple(notices))


def _decoded(name: str, content: bytes) -> tuple[str, str]:
    """Return text and encoding. UTF-8 is told by its form; cp1252 leaves five bytes free, and what has one is Latin-1."""
    if b"\0" in content:
        raise _unreadable(f"{name}:1: the file is no text in UTF-8, cp1252 or Latin-1.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin-1"


def _header(name: str, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise _unreadable(f"{name}:1: there is no column {', '.join(missing)}.")
    return header


def _notice(place: str, line: int, header: list[str], cells: list[str]) -> Notice:
    if len(cells) != len(header):
        raise _unreadable(f"{place}: the row has {len(cells)} cells, the header {len(header)}.")
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    if not row["Record ID"]:
        raise _unreadable(f"{place}: the row has no Record ID.")
    published = _date(place, "OriginalPaperDate", row["OriginalPaperDate"])
    return Notice(
        line,
        row["Record ID"],
        row["RetractionNature"].lower(),
        _date(place, "RetractionDate", row["RetractionDate"]),
        tuple(reason for part in row["Reason"].split(";") if (reason := part.strip().lstrip("+").strip())),
        bare_doi(row["RetractionDOI"]),
        bare_doi(row["OriginalPaperDOI"]),
        bare_pubmed(row["OriginalPaperPubMedID"]),
        row["Title"],
        published.year if published else None,
        row["Author"].split(";")[0].strip(),
    )


def _date(place: str, column: str, text: str) -> date | None:
    """Return the date of `M/D/YYYY`, with or without a time after it."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)?", text, re.IGNORECASE)
    try:
        if found:
            return date(int(found[3]), int(found[1]), int(found[2]))
    except ValueError:
        pass
    raise _unreadable(f"{place}: {column} is {text!r}, which is no date of the form M/D/YYYY.")


def _unreadable(detail: str) -> UnreadableInput:
    problem = UnreadableInput(detail)
    problem.remedy = REMEDY
    return problem


def bare_doi(text: str) -> str:
    """Return a DOI in lower case without address or label; empty for what is none, as `unavailable`.

    >>> bare_doi("https://doi.org/10.5555/ABC"), bare_doi("unavailable")
    ('10.5555/abc', '')
    """
    found = re.fullmatch(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", text.strip().lower())
    return found[1] if found else ""


def bare_pubmed(text: str) -> str:
    """Return the digits of a PubMed number; empty for what is none, as `0`."""
    found = re.fullmatch(r"(?:pmid:?\s*)?0*([1-9]\d*)", text.strip().lower())
    return found[1] if found else ""


def publications(store: Store) -> tuple[Publication, ...]:
    """Return the bibliography of a store, in order of its names."""
    return publications_of(rows(store, "bibliography"))


def publications_of(found: Iterable[Row]) -> tuple[Publication, ...]:
    """Return the publications that rows of `bibliography.rq` tell of."""
    known: dict[URIRef, dict[URIRef, set[str]]] = {}
    for row in found:
        known.setdefault(as_iri(row["publication"]), {}).setdefault(as_iri(row["property"]), set()).add(str(row["value"]))
    return tuple(_publication(iri, known[iri]) for iri in sorted(known))


def _publication(iri: URIRef, values: Mapping[URIRef, set[str]]) -> Publication:
    def first(term: URIRef) -> str:
        return min(values.get(term, ()), default="")

    year = re.match(r"\d{4}", first(FABIO.hasPublicationYear))
    return Publication(
        iri,
        first(SKOS.prefLabel),
        bare_doi(first(PRISM.doi)),
        bare_pubmed(first(FABIO.hasPubMedId)),
        first(DCTERMS.title),
        int(year[0]) if year else None,
        first(FOAF.familyName),
    )


def check_retractions(file: RetractionList, papers: Iterable[Publication]) -> Check:
    """Return the hits and near hits of a file; each notice is on a publication at most once."""
    papers = tuple(papers)
    index = _Index(file.notices)
    hits = [match for paper in papers for match in index.hits(paper)]
    found = {(match.publication.iri, match.notice) for match in hits}
    near = [match for paper in papers for match in index.near(paper) if (paper.iri, match.notice) not in found]
    return Check(file, _in_order(hits), _in_order(near), papers)


def _in_order(matches: list[Match]) -> tuple[Match, ...]:
    return tuple(sorted(matches, key=lambda m: (m.publication.iri, m.notice.date or date.min, m.notice.line)))


class _Index:
    """The notices by what they are looked up with: a file has tens of thousands."""

    def __init__(self, notices: Iterable[Notice]) -> None:
        self.by_doi: dict[str, list[Notice]] = {}
        self.by_pubmed: dict[str, list[Notice]] = {}
        self.by_title: dict[str, list[Notice]] = {}
        self.by_author: dict[tuple[int | None, str], list[Notice]] = {}
        for notice in notices:
            self.by_doi.setdefault(notice.doi, []).append(notice)
            self.by_pubmed.setdefault(notice.pubmed, []).append(notice)
            self.by_title.setdefault(plain(notice.title), []).append(notice)
            for word in set(plain(notice.author).split()):  # names are printed given name first, and families may have two words
                self.by_author.setdefault((notice.year, word), []).append(notice)

    def hits(self, paper: Publication) -> Iterator[Match]:
        for notice in self.by_doi.get(paper.doi, ()) if paper.doi else ():
            differ = paper.pubmed and notice.pubmed and paper.pubmed != notice.pubmed
            yield Match(paper, notice, "DOI", "the PubMed numbers differ" if differ else "")
        for notice in self.by_pubmed.get(paper.pubmed, ()) if paper.pubmed else ():
            if not paper.doi or notice.doi != paper.doi:
                yield Match(paper, notice, "PubMed number", "the DOIs differ" if paper.doi and notice.doi else "")

    def near(self, paper: Publication) -> Iterator[Match]:
        title = plain(paper.title)
        if len(title.split()) < TITLE_WORDS:
            return
        told = set()
        for notice in self.by_title.get(title, ()):
            if paper.year is None or notice.year is None or abs(paper.year - notice.year) <= 1:  # online first, then in print
                told.add(notice)
                yield Match(paper, notice, "title", _differ(paper, notice))
        family = plain(paper.author).split()
        for notice in self.by_author.get((paper.year, family[-1]), ()) if family and paper.year else ():
            if notice not in told and _alike(title, plain(notice.title)):
                yield Match(paper, notice, "like title, year and first author", _differ(paper, notice))


def _differ(paper: Publication, notice: Notice) -> str:
    differing = [
        name
        for name, ours, theirs in (("DOIs", paper.doi, notice.doi), ("PubMed numbers", paper.pubmed, notice.pubmed))
        if ours and theirs and ours != theirs
    ]
    return f"the {' and the '.join(differing)} differ" if differing else ""


def _alike(ours: str, theirs: str) -> bool:
    match = SequenceMatcher(None, ours, theirs, autojunk=False)
    return match.real_quick_ratio() >= SAME_WORDS and match.quick_ratio() >= SAME_WORDS and match.ratio() >= SAME_WORDS


def plain(text: str) -> str:
    """Return a text without case, accents, punctuation and the label that publishers put before a withdrawn title.

    >>> plain("RETRACTED ARTICLE: Randomised naïve-care")
    'randomized naive care'
    """
    letters = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    letters = re.sub(r"^\W*(retracted|withdrawn|retraction|expression of concern|correction)( article)?\W*:\s*", "", letters)
    letters = re.sub(r"is(e[ds]?|ing|ation|ations)\b", r"iz\1", letters)
    return " ".join(re.findall(r"\w+", letters))


def retractions_answer(check: Check, base: str) -> dict[str, Any]:
    """Return a check as plain data."""
    newest = check.file.newest
    return {
        "file": check.file.name,
        "encoding": check.file.encoding,
        "fileDate": newest.isoformat() if newest else None,
        "notices": len(check.file.notices),
        "publications": len(check.publications),
        "hits": [_match_answer(match, base) for match in check.hits],
        "nearHits": [_match_answer(match, base) for match in check.near],
        "onlyByTitle": [{"id": shorten(paper.iri, base), "label": paper.label} for paper in check.unidentified],
        "limits": _limits(check),
    }


def _match_answer(match: Match, base: str) -> dict[str, Any]:
    notice = match.notice
    return {
        "id": shorten(match.publication.iri, base),
        "iri": str(match.publication.iri),
        "label": match.publication.label,
        "by": match.by,
        "doubt": match.doubt,
        "nature": notice.nature,
        "date": notice.date.isoformat() if notice.date else None,
        "reasons": list(notice.reasons),
        "record": notice.record,
        "line": notice.line,
        "noticeDoi": notice.notice_doi,
        "title": notice.title,
    }


def _limits(check: Check) -> list[str]:
    """Return in words what the answer does not show."""
    newest, left = check.file.newest, len(check.unidentified)
    age = (
        f"The newest notice of the file is of {newest.isoformat()}; what came later" if newest else "The file has no dated notice; its age"
    )
    told = [
        f"{age} is not known here.",
        "Absence proves nothing: a paper without a hit may be retracted and not be listed, or be listed under another number.",
        "A near hit shares title, year or first author and no number. It is not counted as a hit: compare the two yourself.",
    ]
    if left:
        have, papers = ("has", "publication") if left == 1 else ("have", "publications")
        told.append(f"{left} {papers} {have} neither DOI nor PubMed number and could be compared by title only.")
    strange = sorted({match.notice.nature or "(empty)" for match in (*check.hits, *check.near)} - set(NATURES))
    if strange:
        told.append(f"The nature {', '.join(strange)} is not one of {', '.join(NATURES)}; it is shown as the file has it.")
    return told


def retractions_text(answer: Mapping[str, Any]) -> str:
    """Return a check in words."""
    hits, near = answer["hits"], answer["nearHits"]
    papers = len({hit["id"] for hit in hits})
    lines = [f"{len(hits)} {_plural(len(hits), 'notice')} on {papers} of {answer['publications']} publications in {answer['file']}"]
    lines += [line for hit in hits for line in _match_text(hit)]
    if near:
        lines.append(f"{len(near)} near {_plural(len(near), 'hit')}, to be compared by a person")
        lines += [line for match in near for line in _match_text(match)]
    if answer["onlyByTitle"]:
        lines.append("Compared by title only: " + ", ".join(paper["label"] for paper in answer["onlyByTitle"]))
    return "\n".join([*lines, *answer["limits"]])


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _match_text(match: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {match['label']}  [{match['id']}]"
    nature, when = match["nature"] or "nature not given", match["date"] or "not dated"
    told = f"    {nature}, {when}, record {match['record']}, line {match['line']}, by {match['by']}"
    yield f"{told}; {match['doubt']}" if match["doubt"] else told
    if match["reasons"]:
        yield f"    reasons: {'; '.join(match['reasons'])}"
