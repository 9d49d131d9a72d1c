"""What each format calls the kinds of publications: classes of FaBiO -> words of BibTeX, RIS, CSL, OpenURL and schema.org."""

from __future__ import annotations

from dataclasses import dataclass

from wherefrom.bibliography.records import FABIO, Record


@dataclass(frozen=True)
class Kind:
    """The words of the formats for one kind. `within` is what BibTeX calls the field of what it appeared in, `by` that of its publisher."""

    bibtex: str
    ris: str
    csl: str
    schema: str
    genre: str = "document"
    within: str = "howpublished"
    by: str = "publisher"


OTHER = Kind("misc", "GEN", "document", "CreativeWork", "unknown")
KINDS = {
    FABIO.JournalArticle: Kind("article", "JOUR", "article-journal", "ScholarlyArticle", "article", "journal"),
    FABIO.Book: Kind("book", "BOOK", "book", "Book", "book", "series"),
    FABIO.BookChapter: Kind("incollection", "CHAP", "chapter", "Chapter", "bookitem", "booktitle"),
    FABIO.ConferencePaper: Kind("inproceedings", "CPAPER", "paper-conference", "ScholarlyArticle", "proceeding", "booktitle"),
    FABIO.Thesis: Kind("phdthesis", "THES", "thesis", "Thesis", by="school"),
    FABIO.DoctoralThesis: Kind("phdthesis", "THES", "thesis", "Thesis", by="school"),
    FABIO.ReportDocument: Kind("techreport", "RPRT", "report", "Report", "report", by="institution"),
    FABIO.WebPage: Kind("misc", "ELEC", "webpage", "WebPage"),
}


def kind_of(record: Record) -> Kind:
    """Return the words for a record; those of no kind in particular where the data name none of `KINDS`."""
    return KINDS.get(record.kind, OTHER) if record.kind else OTHER
