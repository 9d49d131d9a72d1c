"""A source, its documents and their editions."""

from __future__ import annotations

import pytest
from rdflib import DCTERMS, RDF, Namespace, URIRef

from made_up import CURATED, ID, STATED, quad
from wherefrom.lineage import POLICIES, Policy
from wherefrom.sources import documents_of, editions_of
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV, PREFIXES

FRBR = Namespace(PREFIXES["frbr"])
PAGE, REPORT, MUTE = (ID[f"document/{name}"] for name in ("page", "report", "mute"))
SPEAKER, PUBLISHER = ID["source/speaker"], ID["source/publisher"]


@pytest.fixture(scope="module")
def told() -> EmbeddedStore:
    """A source speaks in one edition of a page; another one publishes a report, as curators infer, and a scheme of ratings."""
    return EmbeddedStore.of(
        [
            quad(PAGE, FRBR.realization, STATED, STATED),
            quad(PAGE, FRBR.realization, ID["edition/earlier"], STATED),
            quad(ID["claim/1"], EV.claimedBy, SPEAKER, STATED),
            quad(REPORT, FRBR.realization, ID["edition/report"], STATED),
            quad(REPORT, DCTERMS.publisher, PUBLISHER, CURATED),
            quad(ID["scheme/levels"], DCTERMS.publisher, PUBLISHER, STATED),
            quad(ID["statement"], RDF.type, EV.CuratedStatement, CURATED),
        ]
    )


def test_a_document_has_all_its_editions(told: EmbeddedStore) -> None:
    assert editions_of(told, [PAGE, MUTE]) == {PAGE: {STATED, ID["edition/earlier"]}, MUTE: set()}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_source_has_the_documents_in_which_it_speaks_and_those_that_it_publishes(told: EmbeddedStore, policy: Policy) -> None:
    published: set[URIRef] = {REPORT} if policy == "inferred" else set()
    assert documents_of(told, [SPEAKER, PUBLISHER], policy) == {SPEAKER: {PAGE}, PUBLISHER: published}


def test_the_sources_of_the_repository_have_a_page_each(store: EmbeddedStore) -> None:
    base = "https://w3id.org/wherefrom/id"
    sources = {
        URIRef(f"{base}/source/{name}"): URIRef(f"{base}/document/{name}{of}") for name, of in (("foundations", "-ipp"), ("clinic-004", ""))
    }
    for policy in POLICIES:
        assert documents_of(store, sources, policy) == {source: {page} for source, page in sources.items()}  # type: ignore[arg-type]
