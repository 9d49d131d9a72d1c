"""The own part of the page of a publication: how sources print and use it, what it reports, and what would fall without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import SKOS, URIRef

from wherefrom.discrepancies import discrepancies_of_publication
from wherefrom.pages.asking import Asking
from wherefrom.pages.disagreement import Disagreement, disagreement
from wherefrom.pages.figures import findings
from wherefrom.pages.said import CITO, FABIO, PRISM, Said, Table, table
from wherefrom.pages.shown import Group, Shown
from wherefrom.query import as_iri, rows
from wherefrom.vocabulary import EV
from wherefrom.withdrawal import impact

KNOWN = (PRISM.doi, FABIO.hasPubMedId, SKOS.editorialNote)
PRINTED = (EV.printedAuthors, EV.printedYear, EV.printedTitle, EV.printedJournal, EV.printedVolume, EV.printedPages)
CITING = (CITO.hasCitingEntity, CITO.hasCitationCharacterization, EV.citationSection, EV.listedUnder, EV.misfiledUnder)


@dataclass(frozen=True)
class Withdrawn:
    """How much would fall, be weakened or become suspect if the publication were withdrawn, counting what sources state."""

    falls: int
    weakened: int
    suspect: int
    ratings: tuple[Shown, ...]
    truncated: bool


@dataclass(frozen=True)
class Publication:
    """What is particular to a publication."""

    facts: tuple[Group, ...]
    notices: tuple[Shown, ...]
    studies: tuple[Shown, ...]
    withdrawn: Withdrawn
    citing: Table | None
    printed: Table | None
    disagreements: tuple[Disagreement, ...]
    findings: Table | None


def publication(asking: Asking) -> Publication:
    """Return the own part of the page of a publication."""
    thing, store, said = asking.thing, asking.store, Said(asking.store, asking.base, [asking.thing])
    naming: dict[URIRef, dict[URIRef, set[URIRef]]] = {}
    links = (EV.reportedIn, EV.publishedIn, EV.refersTo, CITO.hasCitedEntity)
    for row in rows(store, "statements", {"value": [thing], "property": links}):
        naming.setdefault(as_iri(row["property"]), {}).setdefault(as_iri(row["thing"]), set()).add(as_iri(row["graph"]))
    reported, published, printed, cited = (naming.get(prop, {}) for prop in links)
    return Publication(
        facts=tuple(said.facts(thing, *KNOWN)),
        notices=tuple(said.all_named(as_iri(row["notice"]) for row in rows(store, "retracted", {"publication": [thing]}))),
        studies=tuple(said.name(study, inferred=graphs <= said.curated) for study, graphs in sorted(reported.items())),
        withdrawn=_withdrawn(asking, said),
        citing=_citing(said, cited),
        printed=_printed(said, printed),
        disagreements=tuple(disagreement(said, one) for one in discrepancies_of_publication(store, thing)),
        findings=findings(said, published, "Findings that it is named as the place of", [EV.treatmentArm, EV.publishedIn]),
    )


def _withdrawn(asking: Asking, said: Said) -> Withdrawn:
    found = impact(asking.store, [asking.thing], "stated", asking.settings.lineage_nodes)
    ratings = said.all_named(touched.rating for touched in found.ratings)
    return Withdrawn(len(found.falls), len(found.weakened), len(found.suspect), tuple(ratings), found.truncated)


def _citing(said: Said, citations: Iterable[URIRef]) -> Table | None:
    """Return who cites it, with what intent, and under which heading."""
    found = sorted(said.read(citations), key=lambda one: (said.text(one, *CITING[:1]), one))
    return table(
        "Who cites it, and how",
        [
            (said.called(CITING[0]), [said.shown(one, CITING[0]) for one in found]),
            *((said.called(prop), [said.shown(one, prop) for one in found]) for prop in CITING[1:]),
            (said.called(CITO.Citation), [[said.name(one)] for one in found]),
        ],
    )


def _printed(said: Said, references: Iterable[URIRef]) -> Table | None:
    """Return the printed references, field by field."""
    found = sorted(said.read(references), key=lambda one: (said.text(one, EV.printedYear), said.names.of(one)))
    return table(
        "Printed references to it, as each source prints them",
        [
            (said.called(EV.statedAt), [said.editions(one) for one in found]),
            ("reference", [[said.name(one)] for one in found]),
            *((said.called(prop), [said.shown(one, prop) for one in found]) for prop in PRINTED),
        ],
    )
