"""Runs the cases of the suites as tests of their own, counts them, and writes the table of docs/conformance.md.

A test that takes a `case` and is marked with its suite is run for each case of it. A known failure is a strict xfail; a
case that is not run is a skip with its reason; a suite that is not at hand is one loud skip.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib import RDFS

from conformance.manifests import MF, QT, UT, TurtleCase
from conformance.moving import BASE, Place, names, written_names
from conformance.requests import requests
from conformance.suites import FEDERATION, GRAPHS, NOBODY, PROTOCOL, QUERY, RESULTS, ROOT, SUITES, UPDATE, Suite
from conformance.table import TABLE, Row, render
from conftest import built_at
from other_services import Answer, Asked, OtherService, evaluated, other_service
from wherefrom.build import build
from wherefrom.load import read_knowledge_base
from writing_servers import Served
from writing_servers import serving as serving_writes

COUNTS = pytest.StashKey[dict[str, Counter[str]]]()
WRITE = "--write-conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(WRITE, action="store_true", help=f"write what was counted to {TABLE.name}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "suite(suite): the test is run for each case of this suite")
    config.stash[COUNTS] = {suite.title: Counter() for suite in SUITES}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("suite")
    if marker is None or "case" not in metafunc.fixturenames:
        return
    suite: Suite = marker.args[0]
    if not suite.cases:
        said = f"{suite.title}: NOT RUN, number of cases unknown; {suite.path} is absent (set WHEREFROM_SUITES)"
        metafunc.parametrize("case", [pytest.param(None, id="absent", marks=pytest.mark.skip(said))])
        return
    metafunc.parametrize("case", [_parameter(suite, case) for case in suite.cases])


def _parameter(suite: Suite, case: Any) -> Any:
    marks: list[pytest.MarkDecorator] = []
    if reason := suite.not_run(case):
        marks = [pytest.mark.skip(f"{suite.title}: {reason}")]
    elif reason := suite.fails.get(case.name, ""):
        marks = [pytest.mark.xfail(reason=reason, strict=True, raises=(AssertionError, pytest.fail.Exception))]
    return pytest.param(case, id=case.name, marks=marks)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    marker = item.get_closest_marker("suite")
    if marker is None:
        return report
    if report.when == "setup" and hasattr(report, "wasxfail"):  # a server that does not start is no known failure of a case
        del report.wasxfail
        report.outcome = "failed"
    if report.when == "call" or not report.passed:
        known = hasattr(report, "wasxfail")
        outcome = report.outcome if not report.skipped else "fails as known" if known else "not run"
        item.config.stash[COUNTS][marker.args[0].title][outcome] += 1
    return report


@pytest.fixture(scope="session")
def endpoints() -> Iterator[OtherService]:
    """A service that stands for those of others: at the path of a federated case and a host it has what that has there, else nothing."""
    data = dict(endpoint for case in FEDERATION.cases for endpoint in _endpoints(case))

    def answer(asked: Asked) -> Answer:
        store = ox.Store()
        if asked.method == "GET":
            return Answer(headers={"Content-Type": "text/turtle"})
        if asked.path in data:
            store.load(path=data[asked.path], format=ox.RdfFormat.TURTLE)
        return evaluated(store, asked.query)

    with other_service(answer) as service:
        yield service


def _endpoints(case: TurtleCase) -> Iterator[tuple[str, Path]]:
    """Yield the paths of the endpoints of a case, with the file that each holds."""
    for given in case.graph.objects(case.one(MF.action), QT.serviceData):
        host = str(case.graph.value(given, QT.endpoint)).split("/")[2]
        yield f"/{case.name}/{host}/sparql", case.file(case.graph.value(given, QT.data))


@pytest.fixture(scope="session")
def suite_server(serving: Any, endpoints: OtherService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server whose knowledge base has each file of the query and protocol suites as a graph of its own.

    The files are read, built and served as any others; only that they keep our shapes, which they do not, is passed over.
    """
    folder = tmp_path_factory.mktemp("suites") / "base"
    stores = folder / "store"
    stores.mkdir(parents=True)
    (folder / "data").mkdir()
    _configure(folder, endpoints)
    for number, (graph, path) in enumerate(sorted(_data().items())):
        quads = ox.parse(path=path, base_iri=graph, rename_blank_nodes=True)
        named = (ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(graph)) for quad in quads)
        ox.serialize(named, folder / "data" / f"{number:03}.nq", ox.RdfFormat.N_QUADS)
    base = read_knowledge_base(folder)
    (stores / "validated.json").write_text(json.dumps({"fingerprint": base.fingerprint, "results": []}))
    build(base, stores, lambda _: None, "2026-01-01T00:00:00+00:00")
    with serving(folder, stores) as client:
        yield client


@pytest.fixture(scope="session")
def writing_server(endpoints: OtherService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that takes writes, of a knowledge base that holds what the cases that write start from.

    Its rules are those of any other. The names that the cases use are listed in its ontology, as those of any data are.
    """
    folder = tmp_path_factory.mktemp("written-suites") / "base"
    (folder / "data").mkdir(parents=True)
    (folder / "ontology").mkdir()
    _configure(folder, endpoints)
    places = [Place(case) for suite in (UPDATE, GRAPHS, PROTOCOL) for case in suite.cases]
    before = [quad for place in places for quad in place.before()]
    ox.serialize(before, folder / "data" / "before.nq", ox.RdfFormat.N_QUADS)
    used = names([*before, *(quad for place in places for quad in place.after())])
    sent = (place.moved(request.text or "") for place in places for request in requests(place.case))
    used |= {name for text in sent for name in written_names(text)}
    listed = "".join(f"<{name}> rdfs:label {json.dumps(name)} .\n" for name in sorted(used))
    borrowed = (ROOT / "ontology" / "borrowed.ttl").read_text("utf-8")
    (folder / "ontology" / "borrowed.ttl").write_text(f"{borrowed}\n{listed}", "utf-8")
    built_at(read_knowledge_base(folder), folder / ".wherefrom" / "store")
    with serving_writes(folder, folder.parent / "log") as served:
        yield served


def _configure(folder: Path, endpoints: OtherService) -> None:
    hosts = json.dumps([endpoints.host, NOBODY])
    (folder / "wherefrom.toml").write_text(f'title = "Data of the test suites"\nbase = "{BASE}"\n[limits]\nservice_hosts = {hosts}\n')


def _data() -> dict[str, Path]:
    """Return the files that the cases are asked of, by the name of their graph."""
    found = {}
    for suite in (QUERY, RESULTS, PROTOCOL, FEDERATION):
        for case in suite.cases:
            action = case.one(MF.action)
            found |= {str(iri): case.file(iri) for part in (QT.data, QT.graphData) for iri in case.graph.objects(action, part)}
            for given in case.graph.objects(case.node, UT.graphData):
                found[str(case.graph.value(given, RDFS.label))] = case.file(case.graph.value(given, UT.graph))
    return found


@pytest.fixture(autouse=True)
def _as_written(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let rdflib, which judges, keep lexical forms as they are written, and not mind its own deprecations."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="rdflib")
        yield


def _rows(config: pytest.Config) -> list[Row]:
    counted = config.stash[COUNTS]
    return [
        Row(suite, n["passed"], n["fails as known"], n["not run"], n["failed"]) for suite in SUITES if (n := counted[suite.title]).total()
    ]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = _rows(config)
    if rows:
        terminalreporter.section("conformance")
        for row in rows:
            terminalreporter.write_line(row.text())
    if config.getoption(WRITE, default=False):
        whole = [row.suite for row in rows] == list(SUITES) and all(row.whole and not row.failed for row in rows)
        if whole:
            TABLE.write_text(render(rows), "utf-8")
        terminalreporter.write_line(
            f"{TABLE.name} {'written' if whole else 'NOT written: a suite is absent, was not run whole, or failed'}"
        )
