"""The pages as a folder: every link leads to a file, and nothing is left that needs a service."""

from __future__ import annotations

import html
import json
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from wherefrom import starter
from wherefrom.build import home
from wherefrom.cli import main
from wherefrom.load import read_knowledge_base
from wherefrom.pages import kinds_of_things
from wherefrom.store import EmbeddedStore

pytestmark = pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")  # rdflib's TriG parser uses what it deprecates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("kb") / "reading"
    starter.create(made)
    return made


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site") / "pages"
    assert main(["--kb", str(folder), "export", "--format", "site", "-o", str(target)]) == 0
    return target


def links(page: Path) -> list[tuple[str, str, str]]:
    """Return the links of a page: tag, attribute and value."""
    found = []
    for tag, attributes in re.findall(r"<(a|link|script|img|form)\b([^>]*)>", page.read_text("utf-8")):
        found += [(tag, name, html.unescape(value)) for name, value in re.findall(r' (href|src|action)="([^"]*)"', attributes)]
    return found


def test_every_thing_has_its_page_and_its_data(site: Path, folder: Path) -> None:
    base = read_knowledge_base(folder)
    things = kinds_of_things(EmbeddedStore.of(base.quads()), base.settings.base)
    assert things
    for kind, members in things.items():
        assert (site / f"{kind}.html").is_file()
        for thing in members:
            name = thing.removeprefix(f"{base.settings.base}id/")
            assert (site / f"{name}.html").is_file()
            assert (site / f"{name}.ttl").is_file()


def test_every_link_leads_to_a_file(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 50
    broken = []
    for page in pages:
        for tag, name, value in links(page):
            parts = urlsplit(value)
            if parts.scheme or parts.netloc or value.startswith("#"):
                continue
            target = posixpath.normpath(posixpath.join(page.parent.relative_to(site).as_posix(), unquote(parts.path)))
            if not (site / target).is_file():
                broken.append((page.relative_to(site).as_posix(), tag, name, value))
            elif parts.fragment and f'id="{html.escape(unquote(parts.fragment))}"' not in (site / target).read_text("utf-8"):
                broken.append((page.relative_to(site).as_posix(), "fragment", name, value))
    assert broken == []


def test_nothing_is_loaded_from_a_service_or_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = [value for tag, name, value in links(page) if name == "src"]
        loaded += re.findall(r'<link rel="stylesheet" href="([^"]*)"', page.read_text("utf-8"))
        assert loaded
        assert all(not urlsplit(value).netloc and not value.startswith("/") for value in loaded), page
        assert "/api/" not in " ".join(value for tag, _, value in links(page) if tag in ("a", "script", "form")), page


def test_no_text_of_a_source_is_copied(site: Path, folder: Path) -> None:
    lines = [line for path in (folder / "sources").iterdir() for line in path.read_text("utf-8").splitlines() if len(line) > 30]
    assert lines
    for page in site.rglob("*.html"):
        assert not [line for line in lines if html.escape(line) in page.read_text("utf-8")], page


def test_only_the_search_has_a_form(site: Path) -> None:
    for page in site.rglob("*.html"):
        forms = re.findall(r"<form\b[^>]*>", page.read_text("utf-8"))
        assert all('role="search"' in form and 'search.html"' in form for form in forms), page
    assert "choices cannot be made here" in (site / "map.html").read_text("utf-8")


def test_the_search_knows_every_thing_and_leads_to_its_page(site: Path) -> None:
    index = json.loads((site / "search-index.json").read_bytes())
    assert index["things"]
    assert {address for _, address, _, _ in index["things"] if not (site / unquote(urlsplit(address).path)).is_file()} == set()
    assert 'data-index="../search-index.json"' in next((site / "claim").glob("*.html")).read_text("utf-8")


def test_the_same_data_give_the_same_files(site: Path, folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["--kb", str(folder), "export", "--format", "site", "-o", str(again)]) == 0
    assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == {
        path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }


def test_a_folder_with_something_in_it_is_left_alone(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("x")
    assert main(["--kb", str(folder), "export", "--format", "site", "-o", str(tmp_path)]) == 3
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("more", [[], ["-o", "x", "claim/x"], ["-o", "x", "--graph", "y"]])
def test_a_site_is_all_pages_in_a_folder(folder: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kb", str(folder), "export", "--format", "site", *more]) == 2
    assert "name it with -o" in capsys.readouterr().err
    assert (home(folder) / "store").is_dir()
