"""The forest plot as readers meet it: one picture for their screen, whole on paper, and told in words to those who do not see it."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from browser.chromium import NARROW, NARROWEST, WIDE
from browser.conftest import Reading

PAGE = "/findings"


@pytest.mark.parametrize(("width", "seen"), [(WIDE, "desk"), (NARROW, "telephone"), (NARROWEST, "telephone")])
def test_each_screen_has_one_picture_that_fits(reading: Reading, width: int, seen: str) -> None:
    with reading(PAGE, width) as opened:
        pictures = opened.page.locator("svg.forest:visible")
        assert pictures.count() == 1
        assert opened.page.locator(f".{seen} svg.forest").is_visible()
        box = pictures.evaluate("picture => ({own: picture.getBoundingClientRect().width, room: picture.parentElement.clientWidth})")
        assert box["own"] <= box["room"] or width == NARROWEST


def test_who_does_not_see_it_is_told_all_of_it(reading: Reading) -> None:
    with reading(f"{PAGE}?outcome=outcome/secure-attachment") as opened:
        (tree,) = opened.page.get_by_role("img", name="Figures of 2 findings of 1 trial").all()
        told = tree.evaluate("picture => document.getElementById(picture.getAttribute('aria-describedby')).textContent")
        assert "CrimeSolutions: 58.8 (calculated here: 60.7 − 1.9 = 58.8), no interval is given." in told
        assert "These 2 rows are one trial: no average is drawn." in told


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}?outcome=outcome/secure-attachment"])
def test_on_paper_it_is_whole_on_the_first_page_with_its_heading(reading: Reading, address: str) -> None:
    with reading(address) as opened:
        first = PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True))).pages[0]
        words = " ".join(first.extract_text().split())
        assert opened.page.locator("h1").inner_text()[:20] in words
        assert "Its mark stands where its" in words
        assert "more of it in the" in words  # below the scale
        assert "Told by" not in words  # the form is not printed


def test_from_a_difference_to_who_says_what(reading: Reading) -> None:
    with reading(f"{PAGE}?outcome=outcome/secure-attachment") as opened:
        opened.page.get_by_role("link", name="Who says what, and what would settle it").click()
        name = opened.page.url.split("#")[1]
        block = opened.page.locator(f"#{name}")
        assert block.get_by_role("heading").inner_text().startswith("Secure attachment")
        assert "60.7 − 1.9 = 58.8" in block.inner_text()
