"""The formats of references, by the names we give them: media type, ending, title and writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from wherefrom.bibliography.bibtex import bibtex
from wherefrom.bibliography.csl import csl
from wherefrom.bibliography.records import Record
from wherefrom.bibliography.ris import ris


class Form(NamedTuple):
    """Its media type, the ending of its files, what people call it, and what writes records in it."""

    media_type: str
    ending: str
    title: str
    write: Callable[[Iterable[Record]], str]


FORMS = {
    "bibtex": Form("application/x-bibtex", "bib", "BibTeX", bibtex),
    "ris": Form("application/x-research-info-systems", "ris", "RIS", ris),
    "csl": Form("application/vnd.citationstyles.csl+json", "csl.json", "CSL-JSON", csl),
}
