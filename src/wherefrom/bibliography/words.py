"""Records -> a reference in words, as a page or a terminal shows it: one plain style, names as the data have them."""

from __future__ import annotations

from typing import NamedTuple

from wherefrom.bibliography.records import Record, one_line


class Words(NamedTuple):
    """A reference in its parts: who wrote it when, its title, where it appeared, and its address. What is not known is empty."""

    who: str
    title: str
    where: str
    address: str

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def words(record: Record) -> Words:
    """Return a reference in words.

    >>> from wherefrom.bibliography import Name
    >>> str(words(Record("", "", None, "A trial", (Name("", "Example", "Ada"),), "2020", "", "Journal of Examples", "1", "2", "3", "14")))
    'Example, Ada (2020). A trial. Journal of Examples, 1(2), 3–14.'
    """
    names = "; ".join(name.inverted for name in record.authors)
    when = f"({record.year})" if record.year else ""
    issue = f"({record.issue})" if record.issue else ""
    pages = "–".join(page for page in (record.first_page, record.last_page) if page)
    where = ", ".join(filter(None, (record.container, record.volume + issue, pages, record.publisher)))
    return Words(_ended(" ".join(filter(None, (names, when)))), _ended(record.title), _ended(where), record.address)


def _ended(text: str) -> str:
    plain = one_line(text)
    return plain if not plain or plain.endswith((".", "?", "!")) else f"{plain}."
