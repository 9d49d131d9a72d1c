"""The editor of queries at /sparql: reached and left by the keyboard, sent with the form, and asking nobody else."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from browser.chromium import NARROW, NARROWEST, WIDE
from browser.conftest import Reading
from browser.test_every_page import WIDTH, violations
from wherefrom.query import questions

EXAMPLE = "/sparql?name=designs-by-source"  # long lines, a PREFIX of its own and others that are known
WRONG = "/sparql?query=" + quote("SELECT * {\n  ?s nope ?o }")


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Query")


def at_the_end(page: Page) -> None:
    editor(page).focus()
    page.keyboard.press("Control+End")


def asked(page: Page) -> str:
    """Return the query in the address."""
    return parse_qs(urlsplit(page.url).query)["query"][0].replace("\r\n", "\n")


@pytest.mark.parametrize("width", [WIDE, NARROW, NARROWEST])
@pytest.mark.parametrize("address", [EXAMPLE, WRONG])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_editor_shuts_nobody_out(reading: Reading, address: str, width: int, scheme: str) -> None:
    with reading(address, width, color_scheme=scheme) as opened:
        expect(editor(opened.page)).to_be_visible()
        expect(opened.page.locator("textarea")).to_be_hidden()
        assert violations(Axe(), opened.page) == []
        assert opened.page.evaluate(WIDTH) <= width


def test_names_to_choose_shut_nobody_out(reading: Reading) -> None:
    with reading("/sparql") as opened:
        at_the_end(opened.page)
        opened.page.keyboard.type("ev:")
        opened.page.keyboard.press("Control+Space")
        expect(opened.page.get_by_role("listbox", name="Names")).to_be_visible()
        assert violations(Axe(), opened.page) == []


def test_tab_leaves_the_editor_both_ways(reading: Reading) -> None:
    with reading("/sparql") as opened:
        before = opened.page.locator("textarea").input_value()
        editor(opened.page).focus()
        opened.page.keyboard.press("Tab")
        expect(opened.page.get_by_role("button", name="Ask")).to_be_focused()
        opened.page.keyboard.press("Shift+Tab")
        expect(editor(opened.page)).to_be_focused()
        opened.page.keyboard.press("Shift+Tab")
        expect(editor(opened.page)).not_to_be_focused()
        assert opened.page.locator("textarea").input_value() == before


def test_the_label_leads_into_the_editor(reading: Reading) -> None:
    with reading("/sparql") as opened:
        opened.page.get_by_text("Query", exact=True).click()
        expect(editor(opened.page)).to_be_focused()


@pytest.mark.parametrize("way", ["button", "keys"])
def test_what_is_written_in_the_editor_is_asked(reading: Reading, way: str) -> None:
    with reading("/sparql") as opened:
        page = opened.page
        editor(page).focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("ASK { ?s a ev:Claim ")
        page.keyboard.type("}")
        if way == "button":
            page.get_by_role("button", name="Ask").click()
        else:
            page.keyboard.press("Control+Enter")
        page.wait_for_url("**/sparql?query=*")
        assert asked(page) == "ASK { ?s a ev:Claim }"
        expect(page.get_by_text("The answer is yes.")).to_be_visible()
        assert opened.foreign == []
        assert [told for told in opened.complaints if "404" not in told] == []


def test_a_name_is_chosen_by_its_label(reading: Reading) -> None:
    with reading("/sparql") as opened:
        page = opened.page
        editor(page).focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("rests")
        page.keyboard.press("Control+Space")
        expect(page.get_by_role("option").first).to_have_text("ev:restsOn  rests on")
        page.keyboard.press("Enter")
        expect(page.locator("textarea")).to_have_value("ev:restsOn")


def test_known_prefixes_are_no_mistake_and_others_are(reading: Reading) -> None:
    with reading(EXAMPLE) as opened:
        expect(opened.page.locator(".cm-string-2").first).to_be_visible()
        expect(opened.page.locator(".parseErrorIcon")).to_have_count(0)
        at_the_end(opened.page)
        opened.page.keyboard.type("\nnope:x")
        expect(opened.page.locator(".parseErrorIcon")).to_have_count(1)


def test_a_mistake_is_told_of_the_editor_and_is_where_writing_goes_on(reading: Reading) -> None:
    with reading(WRONG) as opened:
        page = opened.page
        expect(editor(page)).to_have_attribute("aria-invalid", "true")
        page.locator("#query-label").click()
        page.keyboard.type("X")
        expect(page.locator("textarea")).to_have_value("SELECT * {\n  ?s nope X?o }")


def test_nothing_is_kept_in_the_browser_and_nobody_else_is_asked(reading: Reading) -> None:
    with reading("/sparql") as opened:
        page = opened.page
        at_the_end(page)
        page.keyboard.type("PREFIX foaf")
        page.keyboard.press("Control+Space")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+S")
        page.keyboard.press("Tab")
        assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        assert opened.foreign == []
        assert [told for told in opened.complaints if "404" not in told] == []


def test_without_scripts_the_field_is_the_form(reading: Reading) -> None:
    with reading("/sparql", scripts=False) as opened:
        page = opened.page
        page.get_by_label("Query", exact=True).fill("ASK { ?s a ev:Claim }")
        page.get_by_role("button", name="Ask").click()
        expect(page.get_by_text("The answer is yes.")).to_be_visible()
        page.get_by_role("link", name=questions()["costs"].title).click()
        expect(page.get_by_label("Query", exact=True)).to_have_value(questions()["costs"].text)
        expect(page.get_by_role("table", name="row")).to_be_visible()
