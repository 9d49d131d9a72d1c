"""What is offered below the search field, by the keyboard and by the pointer, and the search of a site without a server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from browser.chromium import NARROWEST, WIDE
from browser.conftest import Reading
from browser.test_every_page import WIDTH, violations
from wherefrom.pages import kinds_of_things
from wherefrom.search import Index, site_index
from wherefrom.settings import Settings
from wherefrom.store import EmbeddedStore
from wherefrom.web.assets import STATIC

OUTCOME = "Attachment security"
PAGE = "outcome/attachment-security"


def offered(page: Page) -> Locator:
    """Return the list below the field; a page may have options elsewhere."""
    return page.get_by_role("listbox", name="Suggestions")


def typed(page: Page, text: str) -> None:
    page.get_by_role("combobox", name="Search").press_sequentially(text)


def test_what_is_typed_is_completed_by_the_keyboard(reading: Reading) -> None:
    with reading("/claim") as opened:
        page, field = opened.page, opened.page.get_by_role("combobox", name="Search")
        expect(field).to_have_attribute("aria-expanded", "false")
        typed(page, "attach")
        options = offered(page).get_by_role("option")
        expect(options).to_have_count(10)
        expect(field).to_have_attribute("aria-expanded", "true")
        expect(field).to_have_attribute("aria-controls", str(offered(page).get_attribute("id")))
        expect(page.get_by_role("status")).to_have_text("10 suggestions")
        assert field.get_attribute("aria-activedescendant") is None
        page.keyboard.press("ArrowDown")
        first = offered(page).get_by_role("option", selected=True)
        expect(first).to_contain_text(OUTCOME)
        expect(field).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
        expect(field).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(offered(page).get_by_role("option", selected=True)).to_have_attribute("id", str(options.last.get_attribute("id")))
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{PAGE}")
        assert opened.complaints == []


def test_escape_closes_and_the_words_stay(reading: Reading) -> None:
    with reading("/claim") as opened:
        page, field = opened.page, opened.page.get_by_role("combobox", name="Search")
        typed(page, "attach")
        expect(offered(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(offered(page)).to_be_hidden()
        expect(field).to_have_value("attach")
        expect(field).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("ArrowDown")
        expect(offered(page)).to_be_visible()
        page.keyboard.press("Tab")
        expect(offered(page)).to_be_hidden()


def test_enter_without_a_choice_searches(reading: Reading) -> None:
    with reading("/claim") as opened:
        typed(opened.page, "cichetti")
        opened.page.keyboard.press("Enter")
        opened.page.wait_for_url("**/search?q=cichetti")
        expect(opened.page.get_by_role("region", name="Results")).to_contain_text("This is what has “cicchetti”")


def test_a_suggestion_is_taken_by_the_pointer(reading: Reading) -> None:
    with reading("/claim") as opened:
        typed(opened.page, "attach")
        offered(opened.page).get_by_role("option", name=OUTCOME).click()
        opened.page.wait_for_url(f"**/{PAGE}")


def test_nothing_to_suggest_is_said(reading: Reading) -> None:
    with reading("/claim") as opened:
        typed(opened.page, "qqqqqqqq")
        expect(opened.page.get_by_role("status")).to_have_text("No suggestions")
        expect(offered(opened.page)).to_be_hidden()


@pytest.mark.parametrize("width", [WIDE, NARROWEST])
def test_open_suggestions_shut_nobody_out(reading: Reading, width: int) -> None:
    with reading("/search", width) as opened:
        opened.page.locator("input[data-suggest]").press_sequentially("attach")
        expect(offered(opened.page).get_by_role("option").first).to_be_visible()
        opened.page.keyboard.press("ArrowDown")
        assert violations(Axe(), opened.page) == []
        assert opened.page.evaluate(WIDTH) <= width


def test_the_form_works_without_scripts(reading: Reading) -> None:
    with reading("/claim", scripts=False) as opened:
        opened.page.get_by_label("Search").fill("attachment security")
        opened.page.get_by_role("button", name="Search").click()
        opened.page.get_by_role("link", name=OUTCOME).first.click()
        assert opened.page.url.endswith(f"/{PAGE}")


### Without a server that answers

PLACE = """<!doctype html><html lang="en"><title>Search</title>
<form role="search" action="search.html"><label for="search">Search</label>
<input id="search" name="q" data-index="find/index.json" maxlength="200"></form>
<section data-results data-index="find/index.json"></section>
<script src="search-site.js"></script><script src="typeahead.js"></script></html>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def folder_site(store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A plain web server of a folder with the index of the repository's base in it, below a path."""
    root = tmp_path_factory.mktemp("site")
    (root / "base" / "find").mkdir(parents=True)
    base = Settings().base
    index = Index(store, base, kinds_of_things(store, base))
    (root / "base" / "find" / "index.json").write_bytes(site_index(index, lambda page: f"..{page}.html"))
    (root / "base" / "search.html").write_text(PLACE, "utf-8")
    for name in ("search-site.js", "typeahead.js"):
        (root / "base" / name).write_bytes((STATIC / name).read_bytes())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_folder_of_pages_is_searched(reading: Reading, folder_site: str) -> None:
    with reading("/base/search.html?q=Attachment+secur%C3%AFty", base=folder_site) as opened:
        first = opened.page.locator("section a").first
        expect(first).to_have_text(OUTCOME)
        assert first.evaluate("link => link.href") == f"{folder_site}/base/{PAGE}.html"
        expect(opened.page.locator("section [role=status]")).to_contain_text("things with")
    with reading("/base/search.html", base=folder_site) as opened:
        typed(opened.page, "10.1017/S0954579406060329")
        expect(offered(opened.page).get_by_role("option")).to_have_count(1)
        expect(offered(opened.page).get_by_role("option")).to_contain_text("Cicchetti et al. 2006")
        assert opened.complaints == []


def test_a_misprinted_reference_is_found_in_a_folder(reading: Reading, folder_site: str) -> None:
    with reading("/base/search.html?q=development+and+psychotherapy", base=folder_site) as opened:
        expect(opened.page.locator("section h2").first).to_contain_text("Publication")
        expect(opened.page.locator("section li").first).to_be_visible()


def test_the_index_of_a_folder_is_small(folder_site: str) -> None:
    assert 50_000 < len(httpx.get(f"{folder_site}/base/find/index.json").content) < 300_000
