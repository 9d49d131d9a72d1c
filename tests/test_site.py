"""What is computed of the whole base: once for a version of the data, whoever starts anew, and not for the page of one thing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conftest import built_at
from wherefrom.build import Build
from wherefrom.load import KnowledgeBase
from wherefrom.store import Bindings, EmbeddedStore, Row
from wherefrom.version import __version__
from wherefrom.web import views
from wherefrom.web.app import application
from wherefrom.web.metrics import Metrics
from wherefrom.web.publishing import Publisher
from wherefrom.web.site import Site
from wherefrom.web.views.home import numbers

CLAIM = "/claim/foundations-ipp-secure"
SMALL = [
    "# When was anything last curated?",
    "# Which graphs hold what curators inferred?",
    "# Which property is directly under which other?",
]


@pytest.fixture(scope="module")
def made(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return built_at(kb, tmp_path_factory.mktemp("site"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first lines of the questions that name nothing."""
    found: list[str] = []
    select, lines = EmbeddedStore.select, EmbeddedStore.lines

    def note(query: str, bindings: Bindings) -> None:
        if not bindings:
            found.append(query.splitlines()[0])

    def selected(self: EmbeddedStore, query: str, bindings: Bindings = {}) -> Iterator[Row]:
        note(query, bindings)
        return select(self, query, bindings)

    def written(self: EmbeddedStore, query: str, bindings: Bindings = {}) -> bytes:
        note(query, bindings)
        return lines(self, query, bindings)

    monkeypatch.setattr(EmbeddedStore, "select", selected)
    monkeypatch.setattr(EmbeddedStore, "lines", written)
    return found


def test_a_second_start_asks_nothing_about_the_whole_base(made: Build, kb: KnowledgeBase, asked: list[str]) -> None:
    first = Site(made, kb.settings, kb.folder, views.MENU)
    things, told = first.things, numbers(first)
    assert asked
    asked.clear()
    again = Site(made, kb.settings, kb.folder, views.MENU)
    assert again.things == things
    assert numbers(again) == told
    assert asked == []


def test_the_page_of_a_thing_needs_no_list_of_all_things(made: Build, kb: KnowledgeBase, asked: list[str]) -> None:
    Site(made, kb.settings, kb.folder, views.MENU).things  # noqa: B018 - another start kept them
    asked.clear()
    stores = made.folder.parent
    app = application(made, kb.settings, Publisher(kb.folder, stores, lambda *_: app), Metrics())

    async def read() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return (await client.get(f"{CLAIM}.html")).status_code

    assert asyncio.run(read()) == 200
    assert set(asked) <= set(SMALL)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff"])
def test_what_is_kept_and_broken_is_made_anew(made: Build, kb: KnowledgeBase, content: bytes) -> None:
    whole = Site(made, kb.settings, kb.folder).things
    (made.folder / f"things-{__version__}.json").write_bytes(content)
    assert Site(made, kb.settings, kb.folder).things == whole
    assert (made.folder / f"things-{__version__}.json").stat().st_size > 1_000


def test_where_nothing_can_be_kept_it_is_made_each_time(
    made: Build, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    def refuse(place: Path, content: bytes) -> None:
        raise OSError(30, "Read-only file system", str(place))

    (made.folder / f"things-{__version__}.json").unlink(missing_ok=True)
    monkeypatch.setattr("wherefrom.web.site.write_durably", refuse)
    for _ in range(2):
        asked.clear()
        assert "claim" in Site(made, kb.settings, kb.folder).things
        assert asked == ["# Which things are there, and of which class?"]


def test_a_page_is_where_a_thing_of_some_class_is(made: Build, kb: KnowledgeBase) -> None:
    site = Site(made, kb.settings, kb.folder)
    listed = site.addresses()
    assert CLAIM in listed
    assert len(listed) == len(set(listed)) > 1_000
    assert site.pages_at(["/claim/none", CLAIM, f"{CLAIM}.ttl", "/claim/a b", "", "/", f"{CLAIM} ", "/scheme/design"]) == {
        CLAIM,
        "/scheme/design",
    }
    of_schemes = [path for path in listed if path.startswith("/scheme/")]
    assert site.pages_at([*listed[:200], *of_schemes]) == {*listed[:200], *of_schemes} - {"/ontology", "/scheme"}
