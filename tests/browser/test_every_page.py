"""What every page owes its readers (WCAG 2.2 AA and more), looked at in a browser, one page of each type."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe

from browser.addresses import PAGES, THINGS
from browser.chromium import NARROW, NARROWEST, WIDE
from browser.conftest import Reading
from wherefrom.load import KnowledgeBase
from wherefrom.pages import kinds_of_things
from wherefrom.store import EmbeddedStore
from wherefrom.web.views import MENU

ADDRESSES = [*PAGES, *(f"/{name}" for name in THINGS.values())]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# Links in pictures whose name does not begin with the text that is seen (WCAG 2.5.3).
NAMES = """() => [...document.querySelectorAll('svg a')].flatMap(link => {
    const seen = [...link.querySelectorAll('text')].map(text => text.textContent).join(' ').replace(/\\s+/g, ' ').trim();
    const name = (link.getAttribute('aria-label') || link.textContent).replace(/\\s+/g, ' ').trim();
    return name.startsWith(seen.split('…')[0].slice(0, 30)) ? [] : [[seen, name]];
})"""
# Text in a picture that leaves the frame that it stands in.
OUTSIDE = """() => [...document.querySelectorAll('svg a')].flatMap(link => {
    const frame = link.querySelector('rect');
    if (!frame) return [];
    const box = frame.getBBox();
    return [...link.querySelectorAll('text')].filter(text => {
        const own = text.getBBox();
        return own.x < box.x - 1 || own.x + own.width > box.x + box.width + 1 || own.y + own.height > box.y + box.height + 1;
    }).map(text => text.textContent);
})"""
MOVING = """() => [...document.querySelectorAll('*')].filter(one => {
    const style = getComputedStyle(one);
    return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0.01;
}).map(one => one.outerHTML.slice(0, 80))"""
# The words of a page, without the editor of a query: it draws as text what is the value of a field, which is no text of the page.
WORDS = """() => {
    const editor = document.querySelector('.yasqe');
    if (editor) editor.style.display = 'none';
    const words = document.querySelector('main').innerText.replace(/\\s+/g, ' ').trim();
    if (editor) editor.style.display = '';
    return words;
}"""
WIDTH = "() => document.documentElement.scrollWidth"


@dataclass(frozen=True)
class Visit:
    """What was seen on one page."""

    wide: list[str]
    narrow: list[str]
    width: int
    foreign: list[str]
    complaints: list[str]
    words: str
    without_scripts: str
    misnamed: list[list[str]]
    outside: list[str]
    moving: list[str]
    first_stop: str


def violations(axe: Axe, page: object) -> list[str]:
    found = axe.run(page, options=RULES).response["violations"]  # type: ignore[arg-type]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:120]}" for one in found]


@pytest.fixture(scope="module", params=ADDRESSES)
def visit(request: pytest.FixtureRequest, reading: Reading) -> Visit:
    axe = Axe()
    with reading(request.param, WIDE, reduced_motion="reduce") as opened:
        page = opened.page
        page.keyboard.press("Tab")
        first_stop = page.evaluate("() => document.activeElement.textContent")
        words, wide, misnamed, outside, moving = (
            page.evaluate(WORDS), violations(axe, page), page.evaluate(NAMES), page.evaluate(OUTSIDE), page.evaluate(MOVING)
        )  # fmt: skip
        page.set_viewport_size({"width": NARROW, "height": 800})
        narrow = violations(axe, page)
        page.set_viewport_size({"width": NARROWEST, "height": 800})
        width = page.evaluate(WIDTH)
    with reading(request.param, WIDE, scripts=False) as bare:
        without_scripts = " ".join(bare.page.locator("main").inner_text().split())
    return Visit(
        wide, narrow, width, opened.foreign + bare.foreign, opened.complaints, words, without_scripts, misnamed, outside, moving, first_stop
    )


def test_nobody_is_shut_out_at_a_desk(visit: Visit) -> None:
    assert visit.wide == []


def test_nobody_is_shut_out_on_a_telephone(visit: Visit) -> None:
    assert visit.narrow == []


def test_the_page_does_not_scroll_sideways(visit: Visit) -> None:
    assert visit.width <= NARROWEST


def test_nothing_is_asked_of_other_hosts(visit: Visit) -> None:
    assert visit.foreign == []


def test_the_browser_has_nothing_to_complain_of(visit: Visit) -> None:
    assert [told for told in visit.complaints if "404" not in told] == []  # one of the pages is that of an unknown thing


def test_the_words_are_the_same_without_scripts(visit: Visit) -> None:
    assert visit.words == visit.without_scripts


def test_links_in_pictures_are_called_what_they_show(visit: Visit) -> None:
    assert visit.misnamed == []


def test_text_in_pictures_stays_in_its_frame(visit: Visit) -> None:
    assert visit.outside == []


def test_nothing_moves_for_those_who_asked_for_it(visit: Visit) -> None:
    assert visit.moving == []


def test_the_first_stop_of_the_keyboard_leads_to_the_content(visit: Visit) -> None:
    assert visit.first_stop == "Skip to the content"


def test_no_type_of_page_is_left_out(store: EmbeddedStore, kb: KnowledgeBase) -> None:
    assert THINGS.keys() == kinds_of_things(store, kb.settings.base).keys()
    assert {entry.path for entry in MENU} <= {address.split("?")[0] for address in PAGES}


def test_every_address_answers(service: httpx.Client) -> None:
    codes = {address: service.get(address, headers={"Accept": "text/html"}).status_code for address in ADDRESSES}
    assert {address: code for address, code in codes.items() if code != 200} == {"/claim/none": 404}
