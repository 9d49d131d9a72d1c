"""Long answers as pages: each entry stands on one of them, each page leads to the next, and the data have all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from html import unescape

import httpx
import pytest

from conftest import built_at
from wherefrom.load import KnowledgeBase
from wherefrom.web.app import application
from wherefrom.web.metrics import Metrics
from wherefrom.web.publishing import Publisher
from wherefrom.web.views import asking, overlap
from wherefrom.web.views import map as evidence_map

Ask = Callable[[str], httpx.Response]
SMALL = 4


@pytest.fixture(scope="module")
def ask(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """What answers a path, with pages of a few entries."""
    stores = tmp_path_factory.mktemp("parts")
    app = application(built_at(kb, stores), kb.settings, Publisher(kb.folder, stores, lambda *_: app), Metrics())

    async def read(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", headers={"Accept": "text/html"}) as client:
            return await client.get(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "PAGE", SMALL)
        patch.setattr(evidence_map, "ACROSS", 2)
        patch.setattr(overlap, "ACROSS", 2)
        yield lambda path: asyncio.run(read(path))


def pages(ask: Ask, path: str, label: str = "More") -> list[str]:
    """Return the pages that follow each other from `path` on."""
    found = []
    while path:
        answer = ask(path)
        assert answer.status_code == 200
        found.append(answer.text)
        after = re.search(rf'<a rel="next" href="([^"]+)">{label}</a>', answer.text)
        path = unescape(after[1]) if after else ""
    return found


@pytest.mark.parametrize(("path", "list_of", "entry"), [
    ("/findings", "findings", r'<tr><th scope="row"><a href="/(finding/[^"]+)">'),
    ("/findings?source=source/foundations", "findings", r'<tr><th scope="row"><a href="/(finding/[^"]+)">'),
    ("/discrepancies", "discrepancies", r'<section class="side" id="([^"]+)">'),
    ("/discrepancies?policy=inferred", "discrepancies", r'<section class="side" id="([^"]+)">'),
])  # fmt: skip
def test_each_entry_stands_on_one_page_and_the_data_have_all(ask: Ask, path: str, list_of: str, entry: str) -> None:
    found = [re.findall(entry, text) for text in pages(ask, path)]
    all_of = [one["id"] for one in ask(f"/api{path}").json()[list_of]]
    told = [name for names in found for name in names]
    assert len(all_of) > SMALL
    assert sorted(told) == sorted(all_of)
    assert {len(names) for names in found[:-1]} == {SMALL}
    assert f"{len(all_of)} {list_of}" in ask(path).text
    assert ask(path.replace(f"/{list_of}", f"/{list_of}.json")).json()[list_of] == ask(f"/api{path}").json()[list_of]


def test_a_way_back_leads_to_the_page_before(ask: Ask) -> None:
    first, second = pages(ask, "/findings")[:2]
    (before,) = {unescape(href) for href in re.findall(r'<a rel="prev" href="([^"]+)">', second)}
    assert ask(before).text == first
    assert 'rel="prev"' not in first


def test_a_discrepancy_is_found_by_its_name_on_whichever_page_it_stands(ask: Ask) -> None:
    last = ask("/api/discrepancies").json()["count"]
    names = [re.findall(r'<section class="side" id="([^"]+)">', text) for text in pages(ask, "/discrepancies")]
    assert sum(map(len, names)) == last
    for number, page in enumerate(names):
        text = ask(f"/discrepancies?id={page[-1]}").text
        assert f'id="{page[0]}"' in text
        assert (f"start={(number - 1) * SMALL}" in text) == (number > 1)
    assert ask("/discrepancies?id=none").status_code == 404
    for href in re.findall(r'href="(/discrepancies\?[^"]+)#', ask("/findings").text):
        name = href.rpartition("id=")[2]
        assert f'<section class="side" id="{name}">' in ask(unescape(href)).text


def test_tables_are_turned_both_ways(ask: Ask) -> None:
    whole = ask("/api/map?rows=outcome&cols=intervention").json()
    rows = [name for text in pages(ask, "/map", "More rows") for name in re.findall(r'<tr><th scope="row"[^>]*><a href="/([^"]+)">', text)]
    columns = [name for text in pages(ask, "/map", "More columns") for name in re.findall(r'<th scope="col"><a href="/([^"]+)">', text)]
    measured = whole["measuredOnly"]
    assert sorted(rows) == sorted({*(one["id"] for one in whole["rows"]), *(one["outcome"]["id"] for one in measured)})
    assert set(columns) == {cell["col"] for cell in whole["cells"]} | {one["intervention"]["id"] for one in measured}
    assert len(columns) == len(set(columns)) > 2


def test_a_page_of_overlap_holds_a_part_of_a_large_table(ask: Ask) -> None:
    whole = ask("/api/overlap").json()
    units = [name for text in pages(ask, "/overlap", "More columns") for name in re.findall(r'<th scope="col"><a href="/([^"]+)">', text)]
    documents = [text.split("<tbody>")[1].split("</tbody>")[0].count("<tr>") for text in pages(ask, "/overlap", "More pages")]
    assert units == [unit["id"] for unit in whole["units"]]
    assert sum(documents) == len(whole["documents"])


@pytest.mark.parametrize(
    "path", ["/findings?start=-1", "/findings?start=x", "/discrepancies?start=1.5", "/map?across=a", "/overlap?start=%C2%B2"]
)
def test_what_is_no_number_to_pass_over_is_refused(ask: Ask, path: str) -> None:
    assert ask(path).status_code == 400


@pytest.mark.parametrize("path", ["/findings?start=5000", "/discrepancies?start=5000", "/map?start=5000", "/overlap?across=5000"])
def test_beyond_the_end_is_nothing_and_a_way_back(ask: Ask, path: str) -> None:
    text = ask(path).text
    assert "there is nothing from 5001 on" in text
    assert 'rel="prev"' in text
