"""The lineage explorer in a browser: its picture is walked by the keyboard, lights its ways, fits its boxes, and prints whole."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from browser.chromium import NARROW, NARROWEST
from browser.conftest import Reading

STUDY, CLAIM = "/lineage?thing=study/rochester-maltreated-infants", "/lineage?thing=claim/foundations-ipp-secure"
WAY = [
    "source/foundations", "claim/foundations-ipp-secure", "finding/foundations-ipp-secure", "study/rochester-maltreated-infants",
    "publication/cicchetti-2011",
]  # fmt: skip
FOCUSED = "() => document.activeElement.id"
LIT = "() => [...document.querySelectorAll('.box.lit')].map(box => box.id).sort()"
# Boxes and texts as they are drawn here; a box is named by its first text.
OVERFLOWING = """() => [...document.querySelectorAll('svg.lineage-picture .box')].flatMap(box => {
    const frame = box.querySelector('.frame:last-of-type').getBBox();
    return [...box.querySelectorAll('text')].filter(text => {
        const own = text.getBBox();
        const wide = own.x < frame.x || own.x + own.width > frame.x + frame.width;
        return wide || own.y < frame.y || own.y + own.height > frame.y + frame.height;
    }).map(text => text.textContent);
})"""
NAMES = """() => [...document.querySelectorAll('svg a')].map(link => [
    [...link.querySelectorAll('text')].map(text => text.textContent).join(' '), link.getAttribute('aria-label'), link.id])"""


def focus(page: Page, box: str) -> None:
    page.evaluate("id => document.getElementById(id).focus()", box)


def test_arrows_walk_along_the_lines(reading: Reading) -> None:
    with reading(CLAIM) as opened:
        focus(opened.page, WAY[0])
        for box in WAY[1:]:
            opened.page.keyboard.press("ArrowRight")
            assert opened.page.evaluate(FOCUSED) == box
        opened.page.keyboard.press("ArrowDown")
        assert opened.page.evaluate(FOCUSED) == "publication/stronach-2013"
        opened.page.keyboard.press("ArrowUp")
        opened.page.keyboard.press("ArrowUp")
        opened.page.keyboard.press("ArrowUp")  # there is nothing above the first
        assert opened.page.evaluate(FOCUSED) == "publication/cicchetti-2006"
        for box in reversed(WAY[:-1]):
            opened.page.keyboard.press("ArrowLeft")
            assert opened.page.evaluate(FOCUSED) == box
        opened.page.keyboard.press("ArrowRight")
        opened.page.keyboard.press("Enter")
        opened.page.wait_for_url("**/claim/foundations-ipp-secure")
        assert not opened.complaints


def test_focus_and_pointer_light_the_ways_through_a_box_both_ways(reading: Reading) -> None:
    with reading(STUDY) as opened:
        focus(opened.page, "finding/foundations-ipp-secure")
        lit = opened.page.evaluate(LIT)
        papers = ["publication/cicchetti-2006", "publication/cicchetti-2011", "publication/stronach-2013"]
        assert lit == sorted([*WAY[:4], *papers])
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate(LIT) != lit
        opened.page.evaluate("() => document.activeElement.blur()")
        assert opened.page.evaluate(LIT) == []
        opened.page.locator('[id="publication/cicchetti-2006"]').hover()
        assert "source/foundations" in opened.page.evaluate(LIT)
        assert not opened.complaints


@pytest.mark.parametrize("options", [{"reduced_motion": "reduce"}, {"forced_colors": "active"}, {"color_scheme": "dark"}])
def test_it_walks_and_is_seen_whatever_a_reader_has_set(reading: Reading, options: dict[str, str]) -> None:
    with reading(CLAIM, **options) as opened:
        focus(opened.page, WAY[1])
        opened.page.keyboard.press("ArrowRight")
        assert opened.page.evaluate(FOCUSED) == WAY[2]
        frame = opened.page.locator(f'[id="{WAY[2]}"] .frame')
        assert frame.evaluate("one => getComputedStyle(one).strokeWidth") == "4px"
        assert frame.evaluate("one => getComputedStyle(one).stroke") != frame.evaluate("one => getComputedStyle(one).fill")


def test_without_scripts_every_box_that_leads_somewhere_is_a_stop_of_the_tabulator(reading: Reading) -> None:
    with reading(CLAIM, scripts=False) as opened:
        opened.page.get_by_role("region", name="Picture").focus()
        stops = []
        for _ in range(7):
            opened.page.keyboard.press("Tab")
            stops.append(opened.page.locator(":focus").get_attribute("href"))
        assert set(stops) == {f"/{box}" for box in [*WAY, "publication/cicchetti-2006", "publication/stronach-2013"]}


@pytest.mark.parametrize("address", [STUDY, f"{STUDY}&detail=full", CLAIM, "/lineage?thing=source/continuum&policy=inferred"])
def test_text_fits_its_boxes_and_boxes_are_called_what_they_show(reading: Reading, address: str) -> None:
    with reading(address) as opened:
        assert opened.page.evaluate(OVERFLOWING) == []
        for seen, name, box in opened.page.evaluate(NAMES):
            assert name.startswith(seen.split("…")[0]), box
        tree = opened.page.get_by_role("link", name="You asked about this:")
        assert tree.count() == 1


@pytest.mark.parametrize("width", [NARROW, NARROWEST])
def test_on_a_telephone_the_steps_are_cards_and_the_picture_is_behind_a_link(reading: Reading, width: int) -> None:
    with reading(STUDY, width) as opened:
        picture = opened.page.locator("svg.lineage-picture")
        assert not picture.is_visible()
        assert opened.page.locator(".steps tr").nth(1).evaluate("row => getComputedStyle(row).display") == "block"
        opened.page.get_by_role("link", name="Show the picture").click()
        assert picture.is_visible()
        assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert opened.page.get_by_role("region", name="Picture").evaluate("box => box.scrollWidth > box.clientWidth")


@pytest.mark.parametrize("address", [STUDY, CLAIM, f"{STUDY}&detail=full"])
def test_on_paper_the_picture_is_whole_on_the_first_page_with_its_heading(reading: Reading, address: str) -> None:
    with reading(address) as opened:
        first, second, *_ = PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True))).pages
        words = " ".join(first.extract_text().split())
        assert opened.page.locator("h1").inner_text()[:20] in words
        assert "You asked about this:" in words
        assert "solid: a source states it" in words
        assert "The same as a table" not in words
        assert " ".join(second.extract_text().split()).startswith("The same as a table")
        assert first.mediabox.width > first.mediabox.height


def test_what_is_suggested_below_a_field_is_written_there_by_its_name(reading: Reading) -> None:
    with reading("/impact") as opened:
        field = opened.page.get_by_label("Withdraw")
        field.fill("cicchetti et al. 2006")
        opened.page.get_by_role("option").first.wait_for()
        field.press("ArrowDown")
        field.press("Enter")
        assert field.input_value() == "publication/cicchetti-2006"
        field.press("Enter")
        opened.page.wait_for_url("**/impact?withdraw=publication/cicchetti-2006&reading=one&policy=stated")
        assert opened.page.get_by_role("heading", level=1).inner_text() == "What falls without Cicchetti et al. 2006"


def test_a_small_withdrawal_is_a_memo_of_one_page(reading: Reading) -> None:
    with reading("/impact?withdraw=publication/lieberman-1991") as opened:
        (page,) = PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True))).pages
        words = " ".join(page.extract_text().split())
        assert "What falls without Lieberman et al. 1991" in words
        assert "Show what falls" not in words  # the form is not printed


def test_the_picture_is_saved_as_png_by_the_browser(reading: Reading, tmp_path: Path) -> None:
    with reading(CLAIM) as opened:
        with opened.page.expect_download() as saved:
            opened.page.get_by_role("button", name="PNG").click()
        saved.value.save_as(tmp_path / "picture.png")
        content = (tmp_path / "picture.png").read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        drawn = opened.page.request.get(str(opened.page.locator(".formats a").first.evaluate("link => link.href"))).text()
        assert int.from_bytes(content[16:20]) == 2 * int(re.findall(r' width="(\d+)', drawn)[0])
        assert len(content) > 20_000  # something is drawn
        assert not opened.complaints
