"""Publications as people cite them: read from the store, and written for reference managers, search engines and readers.

What the data leave out is left out here too: no field is guessed, and none is filled with a word for "unknown".
"""

from wherefrom.bibliography.forms import FORMS, Form
from wherefrom.bibliography.grounds import CITING, publications_of
from wherefrom.bibliography.openurl import coins
from wherefrom.bibliography.records import Name, Record, records, whole_bibliography
from wherefrom.bibliography.tags import article, highwire
from wherefrom.bibliography.words import Words, words

__all__ = [
    "CITING", "FORMS", "Form", "Name", "Record", "Words", "article", "coins", "highwire", "publications_of", "records",
    "whole_bibliography", "words",
]  # fmt: skip
