"""The lineage API: what its answers hold, how it refuses, and that the terminal gives the same."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import networkx as nx
import pyoxigraph as ox
import pytest
from pyld import jsonld
from rdflib import Graph

from wherefrom import answers
from wherefrom.arrays import Arrays
from wherefrom.cli import main
from wherefrom.keystones import keystones
from wherefrom.store import EmbeddedStore

CLAIM = "claim/foundations-ipp-secure"
INTERVENTION = "intervention/ipp"


def get(service: httpx.Client, path: str) -> Any:
    answer = service.get(f"/api/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def a_paper(service: httpx.Client) -> str:
    """Return a publication that the claim rests on."""
    nodes = get(service, f"lineage?thing={CLAIM}&direction=grounds")["nodes"]
    return str(next(node["id"] for node in nodes if node["kind"] == "publication"))


def inferred_from(service: httpx.Client) -> str:
    """Return a thing of which the curators inferred a step."""
    asked = service.get("/sparql?name=inferred-statements", headers={"Accept": "application/sparql-results+json"}).json()
    for row in asked["results"]["bindings"]:
        thing = row["subject"]["value"].split("/id/", 1)[1]
        if any(edge["basis"] == "inferred" for edge in get(service, f"lineage?thing={thing}&direction=grounds&policy=inferred")["edges"]):
            return str(thing)
    raise AssertionError("the data hold no inferred step")


### Lineage


def test_lineage_has_nodes_and_edges_that_fit(service: httpx.Client) -> None:
    answer = get(service, f"lineage?thing={CLAIM}")
    assert answer["things"] == [CLAIM]
    assert answer["truncated"] is False
    nodes = {node["id"]: node for node in answer["nodes"]}
    assert len(nodes) == len(answer["nodes"]) > 3
    for node in nodes.values():
        assert node.keys() == {"id", "iri", "kind", "label", "sources", "companion"}
        assert node["iri"].startswith("https://w3id.org/wherefrom/id/")
        assert node["id"].startswith(f"{node['kind']}/")
        assert node["label"]
    assert answer["edges"]
    for edge in answer["edges"]:
        assert edge.keys() == {"from", "to", "step", "way", "basis", "graph", "curatedStatement", "through", "passages"}
        assert {edge["from"], edge["to"]} <= nodes.keys()
        assert edge["basis"] in ("stated", "inferred", "computed")
        for passage in edge["passages"]:
            assert passage.keys() == {"id", "snapshot", "edition", "start", "end", "firstLine", "lastLine"}
            assert 0 <= passage["start"] < passage["end"]
    assert set(answer["studies"]) <= nodes.keys()
    assert answer["independentStudies"] >= 1


def test_what_is_inferred_is_told_and_can_be_left_out(service: httpx.Client) -> None:
    thing = inferred_from(service)
    inferred = get(service, f"lineage?thing={thing}&policy=inferred")
    stated = get(service, f"lineage?thing={thing}&policy=stated")
    assert {edge["basis"] for edge in inferred["edges"]} >= {"inferred"}
    assert {edge["basis"] for edge in stated["edges"]} <= {"stated", "computed"}
    assert (inferred["policy"], stated["policy"]) == ("inferred", "stated")
    assert len(stated["edges"]) < len(inferred["edges"])
    assert get(service, f"lineage?thing={thing}") == stated


def test_directions_are_parts_of_both(service: httpx.Client) -> None:
    study = get(service, f"lineage?thing={CLAIM}")["studies"][0]
    edges = {}
    for direction in ("grounds", "consequences", "both"):
        answer = get(service, f"lineage?thing={study}&direction={direction}")
        edges[direction] = {(edge["from"], edge["to"], edge["step"], edge["graph"]) for edge in answer["edges"]}
    assert edges["grounds"]
    assert edges["consequences"]
    assert edges["both"] == edges["grounds"] | edges["consequences"]
    assert all(end != study for _, end, _, _ in edges["grounds"])


@pytest.mark.parametrize("name", [CLAIM, f"/{CLAIM}", f"id/{CLAIM}", CLAIM.replace("/", ":", 1), f"https://w3id.org/wherefrom/id/{CLAIM}"])
def test_a_thing_can_be_named_in_several_ways(service: httpx.Client, name: str) -> None:
    assert get(service, f"lineage?thing={quote(name)}")["things"] == [CLAIM]


def test_dot_and_graphml_hold_the_same_graph(service: httpx.Client) -> None:
    answer = get(service, f"lineage?thing={CLAIM}")
    graphml = service.get(f"/api/lineage?thing={CLAIM}&format=graphml")
    assert graphml.headers["content-type"] == "application/graphml+xml"
    graph = nx.parse_graphml(graphml.text, force_multigraph=True)
    assert set(graph) == {node["id"] for node in answer["nodes"]}
    assert graph.number_of_edges() == len(answer["edges"])
    assert {data["basis"] for _, _, data in graph.edges(data=True)} == {edge["basis"] for edge in answer["edges"]}
    dot = service.get(f"/api/lineage?thing={CLAIM}&format=dot")
    assert dot.headers["content-type"] == "text/vnd.graphviz; charset=utf-8"
    assert dot.text.startswith("digraph lineage {")
    drawn = re.findall(r'^  "(.+)" -> "(.+)" \[label="(.+)", style=(\w+), graphs="(.+)"\];$', dot.text, re.MULTILINE)
    steps: dict[tuple[str, ...], list[str]] = {}
    for edge in answer["edges"]:
        style = "dashed" if edge["basis"] == "inferred" else "solid"
        steps.setdefault((edge["from"], edge["to"], edge["step"], style), []).append(edge["graph"])
    assert [tuple(step) for *step, _ in drawn] == list(steps)
    assert [sorted(stating) for stating in steps.values()] == [graphs.split(", ") for *_, graphs in drawn]
    assert max(len(stating) for stating in steps.values()) > 1


### Impact, independence, unsupported


def test_impact_tells_what_falls_and_why(service: httpx.Client) -> None:
    paper = a_paper(service)
    answer = get(service, f"impact?withdraw={paper}")
    assert {"withdrawn", "policy", "truncated", "reading", "falls", "weakened", "suspect", "ratings"} <= answer.keys()
    assert [thing["id"] for thing in answer["withdrawn"]] == [paper]
    groups = [{thing["id"] for thing in answer[group]} for group in ("falls", "weakened", "suspect")]
    assert any(groups)
    assert not groups[0] & groups[1]
    assert paper not in set().union(*groups)
    for rating in answer["ratings"]:
        assert rating["basis"] in ("reduced", "weakened")
        assert rating["lost"] or rating["basis"] == "weakened"


def test_more_falls_when_more_is_withdrawn(service: httpx.Client) -> None:
    nodes = get(service, f"lineage?thing={CLAIM}&direction=grounds")["nodes"]
    papers = [node["id"] for node in nodes if node["kind"] == "publication"]
    one = get(service, f"impact?withdraw={papers[0]}")
    every = get(service, "impact?" + "&".join(f"withdraw={paper}" for paper in papers))
    assert {thing["id"] for thing in one["falls"]} <= {thing["id"] for thing in every["falls"]}
    assert CLAIM in {thing["id"] for thing in every["falls"]}


def test_independence_tells_lines_with_studies_and_papers(service: httpx.Client) -> None:
    answer = get(service, f"independence?thing={CLAIM}")
    assert answer["independentLines"] == len(answer["lines"]) >= 1
    for line in answer["lines"]:
        assert line["studies"]
        assert CLAIM in {claim["id"] for claim in line["claims"]}
    whole = get(service, f"independence?thing={INTERVENTION}")
    assert whole["claims"] > answer["claims"]
    assert whole["independentLines"] >= answer["independentLines"]


def test_independence_can_be_asked_by_intervention_and_outcome(service: httpx.Client) -> None:
    asked = "SELECT ?outcome { claim:foundations-ipp-secure ev:aboutOutcome ?outcome } LIMIT 1"
    found = service.get("/sparql", params={"query": asked}, headers={"Accept": "application/sparql-results+json"}).json()
    outcome = found["results"]["bindings"][0]["outcome"]["value"]
    answer = get(service, f"independence?intervention={INTERVENTION}&outcome={quote(outcome)}")
    assert CLAIM in {claim["id"] for line in answer["lines"] for claim in line["claims"]}


def test_unsupported_claims_are_counted_by_source(service: httpx.Client) -> None:
    answer = get(service, "unsupported")
    assert answer["count"] == len(answer["claims"]) == sum(answer["bySource"].values()) > 0
    for claim in answer["claims"]:
        assert claim["label"]
        assert claim["kinds"]


def test_unsupported_claims_can_be_narrowed_to_a_source(service: httpx.Client) -> None:
    for source, number in get(service, "unsupported")["bySource"].items():
        narrowed = get(service, f"unsupported?source={source}")
        assert narrowed["count"] == number
        assert {claim["source"] for claim in narrowed["claims"]} == {source}
        assert get(service, f"unsupported?source={source.removeprefix('source/')}") == narrowed


### Refusals


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("lineage", 400, "thing"),
        ("lineage?thing=claim/none", 404, "claim/none"),
        (f"lineage?thing={CLAIM}&direction=up", 400, "direction"),
        (f"lineage?thing={CLAIM}&policy=guess", 400, "policy"),
        (f"lineage?thing={CLAIM}&format=png", 400, "format"),
        (f"lineage?thing={CLAIM}&format=dot&policy=guess", 400, "policy"),
        ("impact", 400, "withdraw"),
        ("impact?withdraw=publication/none", 404, "publication/none"),
        (f"impact?withdraw={CLAIM}&policy=guess", 400, "policy"),
        ("independence", 400, "thing"),
        ("independence?thing=claim/none", 404, "claim/none"),
        (f"independence?intervention={INTERVENTION}", 400, "outcome"),
        (f"independence?thing={CLAIM}&intervention={INTERVENTION}&outcome=outcome/x", 400, "thing"),
        (f"independence?thing={CLAIM}&policy=guess", 400, "policy"),
    ],
)
def test_a_refusal_names_what_is_wrong_and_what_to_do(service: httpx.Client, path: str, status: int, named: str) -> None:
    answer = service.get(f"/api/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert named in told["detail"]
    assert told["remedy"]
    assert told["instance"] == f"/api/{path.split('?')[0]}"


### The terminal


def in_the_terminal(repository: Path, *arguments: str) -> Any:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        main(["--kb", str(repository), *arguments])
    return json.loads(said.getvalue())


def test_the_terminal_gives_the_same(service: httpx.Client, repository: Path) -> None:
    paper = a_paper(service)
    pairs = {
        f"lineage?thing={CLAIM}": ("lineage", CLAIM, "--json"),
        f"lineage?thing={CLAIM}&direction=grounds&policy=stated": (
            "lineage",
            CLAIM,
            "--direction",
            "grounds",
            "--policy",
            "stated",
            "--json",
        ),
        f"impact?withdraw={paper}": ("impact", "--withdraw", paper, "--json"),
        f"independence?thing={INTERVENTION}": ("independence", INTERVENTION, "--json"),
        "unsupported": ("unsupported", "--json"),
        "unsupported?source=continuum": ("unsupported", "--source", "continuum", "--json"),
    }
    for path, arguments in pairs.items():
        assert get(service, path) == in_the_terminal(repository, *arguments)


def test_overlap_has_the_figures_and_what_was_counted(service: httpx.Client) -> None:
    answer = service.get("/api/overlap", params={"unit": "study", "policy": "inferred"}).json()
    assert (answer["marks"], len(answer["units"]), answer["band"]) == (9, 5, "very high")
    assert answer["correctedCoveredArea"] == pytest.approx(0.4)
    assert answer["weightedCoveredArea"] is None
    assert any("3 of 5 units have no sample size" in assumption for assumption in answer["assumptions"])
    assert {len(unit["countedBy"]) for unit in answer["units"]} == {1, 2, 3}


def test_overlap_of_chosen_documents(service: httpx.Client) -> None:
    chosen = ["document/foundations-ipp", "document/continuum-cpp"]
    answer = service.get("/api/overlap", params={"unit": "publication", "sources": chosen}).json()
    assert [document["id"] for document in answer["documents"]] == sorted(chosen)
    assert answer["correctedCoveredArea"] == pytest.approx(5 / 11)
    assert (answer["beside"]["unit"], answer["beside"]["marks"]) == ("study", 12)
    by_source = service.get("/api/overlap", params={"unit": "publication", "sources": ["source/foundations", "source/continuum"]})
    assert by_source.json() == answer
    assert service.get("/api/overlap", params={"sources": "claim/foundations-ipp-secure"}).status_code == 400
    assert service.get("/api/overlap", params={"sources": "source/nowhere"}).status_code == 404
    assert service.get("/api/overlap", params={"unit": "paper"}).status_code == 400


def test_paths_are_counted_and_the_shortest_listed(service: httpx.Client) -> None:
    ends = {"from": "claim/foundations-ipp-attachment", "to": "publication/cicchetti-2006"}
    assert service.get("/api/paths", params=ends).json()["ways"] == 1
    ends["from"] = "claim/crimesolutions-ipp-secure"
    answer = service.get("/api/paths", params=ends).json()
    assert answer["ways"] == 1, "the way over the study leads to companion papers too, and is no support"
    assert answer["shortest"] == [["claim/crimesolutions-ipp-secure", "finding/crimesolutions-ipp-secure", "publication/cicchetti-2006"]]
    ends["from"] = "proposition/ipp-increases-attachment-security"
    assert service.get("/api/paths", params=ends).json()["ways"] == 2
    assert service.get("/api/paths", params={"from": ends["to"], "to": ends["to"]}).status_code == 400
    assert service.get("/api/paths", params=ends | {"show": "1000"}).status_code == 400


GROUNDS = {"thing": "claim/foundations-ipp-secure", "direction": "grounds"}


def test_lineage_as_of_a_year_leaves_out_what_came_later(service: httpx.Client) -> None:
    answer = service.get("/api/lineage", params=GROUNDS | {"as_of": "2010"}).json()
    assert [node["id"] for node in answer["nodes"] if node["kind"] == "publication"] == ["publication/cicchetti-2006"]
    assert (answer["asOf"], answer["independentStudies"]) == (2010, 1)
    assert answer["undated"] == ["edition/crimesolutions-ipp-a39f4b52"]
    later = service.get("/api/lineage", params={"thing": "publication/stronach-2013", "as_of": "2010"}).json()
    assert [node["id"] for node in later["nodes"]] == ["publication/stronach-2013"]


def test_what_an_edition_states_later_was_not_there(service: httpx.Client) -> None:
    then = service.get("/api/lineage", params={"thing": "publication/cicchetti-2006", "as_of": "2020"}).json()
    editions = {"edition/continuum-cpp-a97bea5d", "edition/crimesolutions-ipp-a39f4b52"}
    assert {edge["graph"] for edge in then["edges"]} == {*editions, "graph/catalogue"}


@pytest.mark.parametrize(("depth", "kinds", "deeper"), [(0, {"claim"}, True), (1, {"claim", "finding"}, True), (9, None, False)])
def test_lineage_goes_as_deep_as_asked_and_says_when_there_is_more(
    service: httpx.Client, depth: int, kinds: set[str] | None, deeper: bool
) -> None:
    answer = service.get("/api/lineage", params=GROUNDS | {"depth": str(depth)}).json()
    assert answer["deeper"] is deeper
    assert {node["kind"] for node in answer["nodes"]} == (kinds or {"claim", "finding", "study", "publication"})
    assert service.get("/api/lineage", params=GROUNDS | {"depth": "-1"}).status_code == 400


def test_lineage_as_rdf_holds_the_steps_that_its_sources_state(service: httpx.Client) -> None:
    edges = {(edge["from"], edge["to"]) for edge in service.get("/api/lineage", params=GROUNDS).json()["edges"]}
    turtle = service.get("/api/lineage", params=GROUNDS | {"format": "turtle"})
    json_ld = service.get("/api/lineage", params=GROUNDS | {"format": "jsonld"})
    assert turtle.headers["content-type"] == "text/turtle; charset=utf-8"
    start = "https://w3id.org/wherefrom/id/"
    found = {(s[len(start) :], o[len(start) :]) for s, _, o in Graph().parse(data=turtle.text) if str(o).startswith(start)}
    assert found == edges
    nquads = jsonld.to_rdf(json_ld.json(), {"format": "application/n-quads"})
    assert {quad.triple for quad in ox.parse(nquads, ox.RdfFormat.N_QUADS)} == {
        quad.triple for quad in ox.parse(turtle.text, ox.RdfFormat.TURTLE)
    }


def test_lineage_as_a_table_and_as_gexf(service: httpx.Client) -> None:
    edges = service.get("/api/lineage", params=GROUNDS).json()["edges"]
    table = list(csv.DictReader(io.StringIO(service.get("/api/lineage", params=GROUNDS | {"format": "csv"}).text, newline="")))
    assert [(row["from"], row["step"], row["to"], row["graph"]) for row in table] == [
        (edge["from"], edge["step"], edge["to"], edge["graph"]) for edge in edges
    ]
    drawn = service.get("/api/lineage", params=GROUNDS | {"format": "gexf"})
    assert nx.read_gexf(io.BytesIO(drawn.content)).number_of_edges() == len(edges)
    assert b"lastmodifieddate" not in drawn.content


def test_keystones_are_told_with_what_falls(service: httpx.Client) -> None:
    answer = service.get("/api/keystones", params={"unit": "study"}).json()
    first = answer["keystones"][0]
    assert [member["id"] for member in first["members"]] == ["study/rochester-maltreated-infants"]
    assert (first["falls"]["claims"], len(first["claims"])) == (35, 35)
    assert service.get("/api/keystones", params={"unit": "page"}).status_code == 400


def test_the_map_has_a_cell_for_each_intervention_and_outcome_with_a_claim(service: httpx.Client) -> None:
    answer = service.get("/api/map").json()
    (cell,) = [cell for cell in answer["cells"] if (cell["row"], cell["col"]) == ("intervention/ipp", "outcome/attachment-security")]
    assert (cell["claims"], cell["unsupported"], cell["independentLines"], cell["sources"]) == (37, 11, 1, 3)
    assert {cell["row"] for cell in answer["cells"]} == {row["id"] for row in answer["rows"]}
    assert {cell["col"] for cell in answer["cells"]} == {col["id"] for col in answer["cols"]}
    assert all(thing["label"] != thing["id"] for thing in (*answer["rows"], *answer["cols"]))
    turned = service.get("/api/map", params={"rows": "outcome", "cols": "intervention"}).json()
    assert {(cell["col"], cell["row"], cell["claims"]) for cell in turned["cells"]} == {
        (cell["row"], cell["col"], cell["claims"]) for cell in answer["cells"]
    }
    for wrong in ({"rows": "outcome"}, {"rows": "study"}, {"cols": "claims"}, {"policy": "guessed"}):
        assert service.get("/api/map", params=wrong).status_code == 400


def test_of_many_keystones_the_first_hundred_are_told(made: EmbeddedStore) -> None:
    found = keystones(Arrays.of(made))
    answer = answers.keystones_answer(made, [*found, *found], "publication", "stated", "https://example.org/")
    assert (answer["count"], answer["truncated"], len(answer["keystones"])) == (2 * len(found), True, 100)
    assert answer["keystones"][0]["falls"]["claims"] == len(found[0].claims) == len(answer["keystones"][0]["claims"])


def test_discrepancies_are_found_and_meet_the_curated_ones(service: httpx.Client) -> None:
    answer = service.get("/api/discrepancies", params={"policy": "inferred", "kind": "value"}).json()
    figures = {found["curated"][0]: found for found in answer["discrepancies"] if any("points" in name for name in found["curated"])}
    assert {name: (found["byHowMuch"], found["cause"]) for name, found in figures.items()} == {
        "discrepancy/secure-attachment-points": (17.9, "analysis-set"),
        "discrepancy/insecure-to-secure-points": (16.6, "analysis-set"),
        "discrepancy/stable-disorganised-points": (11.0, None),
    }
    assert {found["kind"]["label"] for found in answer["discrepancies"]} == {"Value"}
    everything = service.get("/api/discrepancies").json()
    assert everything["count"] > answer["count"]
    assert "discrepancy/the-studies" in everything["curatedOnly"]
    assert service.get("/api/discrepancies", params={"policy": "guessed"}).status_code == 400
    unknown = service.get("/api/discrepancies", params={"kind": "foo"})
    assert unknown.status_code == 400
    assert "no kind of discrepancy; there are analysis-set, bibliography, comparator" in unknown.json()["detail"]


@pytest.mark.parametrize(
    "asked", ["lineage?thing=claim/foundations-ipp-secure&polcy=inferred", "unsupported?sorce=clinic-004", "keystones?top=3"]
)
def test_a_parameter_that_is_none_is_refused(service: httpx.Client, asked: str) -> None:
    answer = service.get(f"/api/{asked}")
    assert answer.status_code == 400
    assert "is no parameter here; there are" in answer.json()["detail"]


def test_independence_of_an_outcome_counts_what_has_a_finding_on_it(service: httpx.Client) -> None:
    outcome = service.get("/api/independence", params={"thing": "outcome/attachment-security"}).json()
    assert [study["id"] for line in outcome["lines"] for study in line["studies"]] == ["study/rochester-maltreated-infants"]
    both = {"outcome": "outcome/attachment-security"}
    asked = [service.get("/api/independence", params=both | {name: "intervention/ipp"}).json() for name in ("thing", "intervention")]
    assert asked[0] == asked[1]
    assert (asked[0]["independentLines"], asked[0]["claims"], asked[0]["resting"]) == (1, 37, 26)


def test_a_claim_with_a_ground_of_its_own_does_not_rest_on_the_whole_list(service: httpx.Client) -> None:
    thing = {"thing": "claim/continuum-cpp-effect-behaviour-problems"}
    stated = service.get("/api/independence", params=thing | {"policy": "stated"}).json()
    inferred = service.get("/api/independence", params=thing | {"policy": "inferred"}).json()
    assert (stated["independentLines"], inferred["independentLines"]) == (8, 1)
    fallen = service.get("/api/impact", params={"withdraw": "study/marital-violence-preschoolers", "policy": "inferred"}).json()
    assert thing["thing"] in {one["id"] for one in fallen["falls"]}


def test_a_lineage_before_all_papers_counts_no_study(service: httpx.Client) -> None:
    assert service.get("/api/lineage", params=GROUNDS | {"as_of": "1900"}).json()["independentStudies"] == 0
    assert service.get("/api/lineage", params=GROUNDS | {"depth": "1"}).json()["independentStudies"] is None
