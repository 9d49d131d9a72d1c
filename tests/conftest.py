"""What several test modules need: the repository's knowledge base, its build, and servers that run as people run them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings

from behind import KNOWN
from generator import made_up
from servers import SERVERS
from wherefrom import starter
from wherefrom.build import Build, build
from wherefrom.load import KnowledgeBase, engine_term, read_knowledge_base
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import BORROWED, ONTOLOGY

Serving = Callable[..., AbstractContextManager[httpx.Client]]
EndpointOf = Callable[[str, Build], str]
BUILT = "2026-01-01T00:00:00+00:00"

# For mutants (bench/mutation.py): the same examples each time, none made smaller, and no time limit on a busy machine.
settings.register_profile(
    "mutants",
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "ask the stores of this server too, which must be installed (see docs/scale.md); can be given again"
    parser.addoption("--server", action="append", default=[], choices=sorted(SERVERS), help=told)
    parser.addoption(
        "--behind", choices=sorted(SERVERS), help="have the service serve what this server holds, not a build (`serve --store URL`)"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is known to be otherwise behind a server is expected to fail there, for the reason given.

    Browser tests come last: what drives the browser keeps an event loop in this thread, beside which no other can run.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
    known = KNOWN.get(config.getoption("--behind"), {})
    for item in items:
        if reason := known.get(item.nodeid.removeprefix("tests/")):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=False))  # where the engine is mended, it passes


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a `place` runs for each of the `PLACES` of its module and for the servers asked for."""
    if "place" in metafunc.fixturenames and hasattr(metafunc.module, "PLACES"):
        metafunc.parametrize("place", [*metafunc.module.PLACES, *metafunc.config.getoption("server")], scope="session")


def built_at(base: KnowledgeBase, stores: Path) -> Build:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Dataset", DeprecationWarning, "rdflib")  # its TriG parser uses what it deprecates
        return build(base, stores, lambda _: None, BUILT)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository, which is a knowledge base."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def kb(repository: Path) -> KnowledgeBase:
    return read_knowledge_base(repository)


@pytest.fixture(scope="session")
def store(kb: KnowledgeBase) -> EmbeddedStore:
    return EmbeddedStore.of(kb.quads())


@pytest.fixture(scope="session")
def made(kb: KnowledgeBase) -> EmbeddedStore:
    """A made-up base of ten thousand statements."""
    graphs = {engine_term(ONTOLOGY), engine_term(BORROWED)}
    return EmbeddedStore.of(made_up(10_000, (quad for quad in kb.quads() if quad.graph_name in graphs)))


@pytest.fixture(scope="session")
def built(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build of the repository's knowledge base; its folder's parent is the store that `serve --store` takes."""
    return built_at(kb, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """Return a function that serves a knowledge base in a process of its own, as a context that gives a client.

    What the server says in its log must not hold an error; `loud` allows it for tests that cut connections.
    """

    @contextmanager
    def serve(folder: Path, stores: Path | str, *, loud: bool = False) -> Iterator[httpx.Client]:
        log = tmp_path_factory.mktemp("server") / "log"
        command = [sys.executable, "-m", "wherefrom", "--kb", str(folder), "serve", "--port", "0", "--store", str(stores)]
        with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            try:
                assert process.stdout is not None
                said = process.stdout.readline()
                told = re.fullmatch(r"Serving .+ at (http://127\.0\.0\.1:\d+)\n", said)
                assert told, f"the server said {said!r}; its log: {log.read_text()}"
                with httpx.Client(base_url=told[1], timeout=60) as client:
                    yield client
                assert process.poll() is None, f"the server ended by itself: {log.read_text()}"
            finally:
                process.terminate()
        assert loud or "Traceback" not in log.read_text(), log.read_text()

    return serve


@pytest.fixture(scope="session")
def service(
    request: pytest.FixtureRequest, serving: Serving, repository: Path, built: Build, endpoint_of: EndpointOf
) -> Iterator[httpx.Client]:
    """A client of a server of the repository's knowledge base: of its build, or of what a server of others holds (`--behind`)."""
    behind = request.config.getoption("--behind")
    with serving(repository, endpoint_of(behind, built) if behind else built.folder.parent) as client:
        yield client


@pytest.fixture(scope="session")
def endpoint_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndpointOf]:
    """Return a function that gives the endpoint of a server of that name that holds a build; it is started once."""
    started: dict[tuple[str, Path], str] = {}
    with ExitStack() as stack:

        def endpoint(name: str, holding: Build) -> str:
            if (name, holding.folder) not in started:
                server = SERVERS[name](holding, tmp_path_factory.mktemp(name))
                started[name, holding.folder] = stack.enter_context(server).endpoint
            return started[name, holding.folder]

        yield endpoint


@pytest.fixture(scope="session")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small knowledge base of awkward names and hostile labels, with its store beside its data; `store` is built."""
    folder = tmp_path_factory.mktemp("awkward") / "base"
    starter.create(folder)
    shutil.copy(Path(__file__).parent / "data" / "awkward.trig", folder / "data")
    built_at(read_knowledge_base(folder), folder / "store")
    return folder


@pytest.fixture(scope="session")
def small(serving: Serving, awkward: Path) -> Iterator[httpx.Client]:
    """A client of a server of the small knowledge base."""
    with serving(awkward, awkward / "store") as client:
        yield client
