"""The whole of the data for taking away, the context of its JSON-LD, and lists in pages. The number in each name is the rule's."""

from __future__ import annotations

import gzip
import hashlib
import json

import httpx
import pyoxigraph as ox
import pytest
from pyld import jsonld
from rdflib import Dataset

from wherefrom.load import KnowledgeBase

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # its TriG parser uses what it deprecates


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/graphs?default", "/graphs?graph=https://w3id.org/wherefrom/id/graph/bibliography", "/dump/all.nq"])
def test_35_no_graph_is_written(service: httpx.Client, path: str, method: str) -> None:
    before = service.get("/health").json()
    answer = service.request(method, path, content=b"<urn:a> <urn:b> <urn:c> .", headers={"Content-Type": "text/turtle"})
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))
    assert service.get("/health").json() == before


def test_36_the_context_can_be_fetched_from_anywhere_and_kept(service: httpx.Client) -> None:
    answer = service.get("/context.jsonld", headers={"Origin": "https://example.net"})
    assert answer.headers["content-type"] == "application/ld+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["etag"]
    assert answer.headers["cache-control"].startswith("public")
    assert answer.json()["@context"]["@version"] == 1.1
    written = {**answer.json(), "@id": "claim:x", "@type": "ev:Claim", "skos:prefLabel": "A claim"}
    [triple] = [line for line in jsonld.to_rdf(written, {"format": "application/n-quads"}).splitlines() if "prefLabel" in line]
    assert triple == '<https://w3id.org/wherefrom/id/claim/x> <http://www.w3.org/2004/02/skos/core#prefLabel> "A claim"@en .'


def test_46_a_long_list_comes_in_pages_that_lead_on(service: httpx.Client) -> None:
    seen: list[str] = []
    path = "/passage"
    for _ in range(100):
        page = service.get(path, headers={"Accept": "text/html"}).text
        found = [link.split('"', 1)[0] for link in page.split('href="/passage/')[1:]]
        assert found
        assert not set(found) & set(seen)
        seen += dict.fromkeys(found)
        if 'rel="next"' not in page:
            break
        path = page.split('rel="next" href="', 1)[1].split('"', 1)[0]
    counted = "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?p a ev:Passage }"
    [row] = service.get("/sparql", params={"query": counted}).json()["results"]["bindings"]
    assert 100 < len(seen) == int(row["n"]["value"])


def quads_of(content: bytes, suffix: str) -> set[tuple[str, ...]]:
    if suffix == "jsonld":
        content, suffix = jsonld.to_rdf(json.loads(content), {"format": "application/n-quads"}).encode(), "nq"
    dataset = Dataset()
    dataset.parse(data=content, format={"nq": "nquads", "trig": "trig"}[suffix])
    return {tuple(str(term) for term in quad) for quad in dataset.quads((None, None, None, None))}


@pytest.mark.parametrize("suffix", ["trig", "jsonld"])
def test_49_every_form_of_the_whole_says_the_same(service: httpx.Client, kb: KnowledgeBase, suffix: str) -> None:
    reference = quads_of(gzip.decompress(service.get("/dump/all.nq.gz").content), "nq")
    assert len(reference) == len({(str(q.subject), str(q.predicate), str(q.object), str(q.graph_name)) for q in kb.quads()})
    assert quads_of(service.get(f"/dump/all.{suffix}").content, suffix) == reference


def test_49_the_digest_of_the_data_is_that_of_their_canonical_form(service: httpx.Client) -> None:
    """The N-Quads are in the form of RDFC-1.0, so that anyone can compute the digest that /health tells."""
    lines = service.get("/dump/all.nq").content
    assert hashlib.sha256(lines).hexdigest() == service.get("/health").json()["data"]
    dataset = ox.Dataset(ox.parse(lines, ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    canonical = ox.serialize(dataset, format=ox.RdfFormat.N_QUADS) or b""
    assert sorted(canonical.splitlines()) == lines.splitlines()
