"""A thing -> its literature: the publications that it rests on, and those that its editions cite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from rdflib import URIRef

from wherefrom.bibliography.records import Record, records
from wherefrom.lineage import Policy, check_known, lineage, publications
from wherefrom.problems import AnswerTooLarge
from wherefrom.query import as_iri, rows
from wherefrom.store import Store
from wherefrom.vocabulary import EV, PREFIXES

RESTS, CITES = "rests on", "cites"
MOST = 200_000  # nodes between a thing and its publications
BIRO = PREFIXES["biro"]
RESTING = (
    EV.Publication, EV.Study, EV.Finding, EV.Claim, EV.Rating, URIRef(f"{BIRO}BibliographicReference"), EV.ReferenceList,
    EV.SourcePublisher, EV.SourceDocument, EV.SourceEdition,
)  # fmt: skip
SPOKEN_OF = (EV.Intervention, EV.Outcome, EV.Proposition)
CITING = frozenset(map(str, (*RESTING, *SPOKEN_OF)))  # the classes of things that have a literature


def publications_of(store: Store, things: Sequence[URIRef], base: str, policy: Policy = "stated", most: int = MOST) -> list[Record]:
    """Return the publications of things, each once, with `how` they are reached, in the order of their IRIs.

    A publication stands for itself. A claim, finding, study or rating **rests on** what its lineage ends in; a source, document or edition
    on what its claims do, and it **cites** what its editions cite, whether or not a claim rests on that; an intervention, outcome or
    proposition has the publications of the claims that speak of it and, an intervention, of the studies that evaluate it. Who is cited
    by a publication is not followed.
    Raises `UnknownResource` for a thing that no graph describes, `AnswerTooLarge` for more than `most` nodes between.
    """
    check_known(store, things)
    graph = lineage(store, [*things, *_speaking_of(store, things)], "grounds", policy, most, follow=("support", "sources"))
    if graph.graph["truncated"]:
        raise AnswerTooLarge(f"More than {most:,} things lie between what you ask for and its publications.")
    resting = publications(graph)
    cited = set(_cited(store, set(graph) - resting))
    how = {iri: tuple(word for word, found in ((RESTS, resting), (CITES, cited)) if iri in found) for iri in resting | cited}
    return [replace(one, how=() if one.iri in things else how[one.iri]) for one in records(store, how, base)]


def _speaking_of(store: Store, things: Iterable[URIRef]) -> Iterator[URIRef]:
    """Yield the claims that speak of things, and the studies that evaluate them."""
    asked = list(things)
    for row in rows(store, "claims_of", {"thing": asked}):
        yield as_iri(row["claim"])
    for row in rows(store, "statements", {"value": asked, "property": [EV.evaluates]}):
        yield as_iri(row["thing"])


def _cited(store: Store, things: Collection[URIRef]) -> Iterator[URIRef]:
    """Yield what things cite, by citations that are things of their own, and by one triple."""
    for question in ("citations", "direct_citations"):
        for row in rows(store, question, {"thing": sorted(things)}):
            if isinstance(row["ground"], URIRef):
                yield row["ground"]
