"""Claim-specific citation networks: who cites whom about a thing, what of it leads back to data, and what is left out.

The measures are those of Greenberg 2009 (How citation distortions create unfounded authority, BMJ 339:b2680), as far as the data
can tell them. Two deviations run through all of them. Greenberg read whether a citation supports the claim; the data say how the
citing text stands to the cited one, so that a supporting path is a chain of citations each of which builds on the next. And a
network here holds what the knowledge base knows, not all that was ever published. Diversion and transmutation need the words of
each citing sentence, which are not in the data: they are not told.
"""

from __future__ import annotations

from wherefrom.citations.answer import citations_answer
from wherefrom.citations.measures import (
    Amplification,
    Cited,
    amplification,
    bias,
    dead_end_citations,
    dead_ends,
    of_stance,
)
from wherefrom.citations.network import DataPaper, Network, citation_network

__all__ = [
    "Amplification", "Cited", "DataPaper", "Network",
    "amplification", "bias", "citation_network", "citations_answer", "dead_end_citations", "dead_ends", "of_stance",
]  # fmt: skip
