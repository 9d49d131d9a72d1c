"""A knowledge base from Python: `kb = wherefrom.open(folder)`."""

from __future__ import annotations

import shutil
import sys
import types
from pathlib import Path

import httpx
import networkx as nx
import pytest
from rdflib import XSD, Dataset, Literal, URIRef

import wherefrom
from wherefrom import starter
from wherefrom.build import build, home
from wherefrom.load import read_knowledge_base
from wherefrom.opening import OpenKnowledgeBase, Rows, default_folder
from wherefrom.problems import BadParameter, BadQuery, NotAKnowledgeBase, UnknownColumn, UnknownResource, UnreadableInput
from wherefrom.store import RemoteStore

CLAIM = "claim/reading-together-words"
LABELS = "SELECT ?thing ?label { ?thing skos:prefLabel ?label }"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> OpenKnowledgeBase:
    folder = tmp_path_factory.mktemp("opened") / "base"
    starter.create(folder)
    return wherefrom.open(folder)


def test_rows_are_told_for_the_values_that_are_bound(opened: OpenKnowledgeBase) -> None:
    every = opened.query(LABELS)
    (one,) = opened.query(LABELS, thing=CLAIM)
    assert one["thing"] == opened.iri(CLAIM)
    assert len(opened.query(LABELS, thing=[CLAIM, "source/example-press"])) == 2
    assert opened.query(LABELS, thing=one["thing"], label=one["label"]) == [one]
    assert opened.query(LABELS, thing=[]) == []
    assert len(every) > 20


def test_what_a_column_cannot_be_is_refused(opened: OpenKnowledgeBase) -> None:
    with pytest.raises(UnknownColumn, match="'source'"):
        opened.query(LABELS, source=CLAIM)
    with pytest.raises(BadParameter, match="'3' cannot be bound"):
        opened.query(LABELS, thing=3)
    with pytest.raises(UnknownResource, match="claim/a b"):
        opened.query(LABELS, thing="claim/a b")
    with pytest.raises(BadQuery):
        opened.query("ASK {}")


def test_lineage_is_a_described_graph(opened: OpenKnowledgeBase) -> None:
    graph = opened.lineage(CLAIM)
    thing = opened.iri(CLAIM)
    assert isinstance(graph, nx.DiGraph)
    assert graph.nodes[thing]["label"]
    assert graph.nodes[thing]["sources"] == {opened.iri("source/example-press")}
    assert opened.iri("publication/example-2020") in nx.descendants(graph, thing)
    with pytest.raises(UnknownResource, match="claim/none"):
        opened.lineage("claim/none")


def test_impact_and_independence_take_short_names(opened: OpenKnowledgeBase) -> None:
    assert opened.iri(CLAIM) in opened.impact("publication/example-2020").falls
    assert [line.studies for line in opened.independence(CLAIM).lines] == [(opened.iri("study/reading-together-trial"),)]
    assert len(opened.independence("intervention/reading-together", "outcome/vocabulary").lines) == 1


def test_the_limit_of_the_settings_holds(opened: OpenKnowledgeBase) -> None:
    narrow = OpenKnowledgeBase(opened.folder, wherefrom.opening.Settings(base=opened.settings.base, lineage_nodes=2))
    assert narrow.lineage(CLAIM).graph["truncated"]
    assert narrow.impact("publication/example-2020").truncated
    assert not opened.lineage(CLAIM).graph["truncated"]


@pytest.mark.filterwarnings("ignore:Dataset[. ]:DeprecationWarning")  # rdflib uses what rdflib deprecates
def test_the_graph_is_a_dataset_whose_default_is_the_union(opened: OpenKnowledgeBase) -> None:
    quads = list(opened.files.quads())
    assert isinstance(opened.graph, Dataset)
    assert len(opened.graph) == len({quad.triple for quad in quads})
    assert {str(g.identifier) for g in opened.graph.graphs() if len(g)} >= {quad.graph_name.value for quad in quads}
    assert (opened.iri(CLAIM), None, None) in opened.graph


def test_the_files_are_validated(opened: OpenKnowledgeBase) -> None:
    assert opened.validate().conforms


def test_a_current_build_is_read_and_an_older_one_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    starter.create(folder)
    made = build(read_knowledge_base(folder), home(folder) / "store", lambda _: None, "now")
    before = wherefrom.open(folder)
    assert len(before.query(LABELS)) > 0
    shutil.rmtree(made.store)
    assert len(wherefrom.open(folder).query(LABELS)) == len(before.query(LABELS)), "without its store: from the files"
    (folder / "data" / "x.ttl").write_text("<id/claim/x> <http://www.w3.org/2004/02/skos/core#prefLabel> 'new' .", "utf-8")
    assert wherefrom.open(folder).query(LABELS, thing="claim/x") == [{"thing": before.iri("claim/x"), "label": Literal("new")}]


def test_an_endpoint_answers_and_has_no_files(service: httpx.Client) -> None:
    remote = wherefrom.open(f"{str(service.base_url).rstrip('/')}/sparql")
    assert isinstance(remote.store, RemoteStore)
    assert len(remote.impact("publication/lieberman-1991").falls) > 5
    with pytest.raises(UnreadableInput, match="no files"):
        _ = remote.files
    remote.store.close()


def test_what_is_no_knowledge_base_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAKnowledgeBase, match="nothing"):
        wherefrom.open(tmp_path / "nothing")


def test_without_a_name_this_folder_is_meant_or_the_example(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_folder() == repository
    (tmp_path / "wherefrom.toml").write_text("", "utf-8")
    assert default_folder() == tmp_path


def test_a_data_frame_has_plain_values(monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = types.SimpleNamespace(DataFrame=list)  # pandas is no dependency
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    odd = Literal("x", datatype=URIRef("https://example.org/t"))
    rows = Rows([{"iri": URIRef("https://example.org/x"), "number": Literal("7", datatype=XSD.integer), "text": Literal("a"), "odd": odd}])
    assert rows.to_pandas() == [{"iri": "https://example.org/x", "number": 7, "text": "a", "odd": "x"}]


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = wherefrom.nothing


def test_overlap_of_documents(repository: Path) -> None:
    found = wherefrom.open(repository).overlap("document/foundations-ipp", "document/continuum-cpp", unit="publication")
    assert (len(found.table.rows), len(found.table.marks), len(found.table.columns)) == (2, 16, 11)
