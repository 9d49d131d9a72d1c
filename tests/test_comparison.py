"""Things side by side: nothing that is said is left out, what differs comes first, and who says it stands beside it."""

from __future__ import annotations

import csv
import io
import json
import re

import httpx
import pyoxigraph as ox
import pytest
from rdflib import URIRef

from wherefrom.pages.comparison import STATES, Comparison, comparison
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import expand

BASE = "https://w3id.org/wherefrom/"
HTML = {"Accept": "text/html"}
PREFIXES = """
PREFIX i: <https://w3id.org/wherefrom/id/thing/> PREFIX r: <https://w3id.org/wherefrom/id/record/>
PREFIX ev: <https://w3id.org/wherefrom/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX s: <https://w3id.org/wherefrom/scheme/>
"""


def named(store: EmbeddedStore, *names: str) -> Comparison:
    return comparison(store, BASE, [expand(name, BASE) for name in names])


def made(told: str) -> Comparison:
    store = EmbeddedStore.of(ox.parse(PREFIXES + told, ox.RdfFormat.TRIG))
    return comparison(store, BASE, [URIRef(f"{BASE}id/thing/{name}") for name in "ab"])


def states(told: str) -> dict[str, str]:
    return {row.label.rsplit("/", 1)[-1]: row.state for row in made(told).rows}


def test_every_description_stands_in_its_cell(store: EmbeddedStore) -> None:
    names = ("intervention/ipp", "intervention/cpp")
    found = named(store, *names)
    for place, name in enumerate(names):
        asked = f"""SELECT DISTINCT ?record {{ ?record ev:characteristicOf <{expand(name, BASE)}> ; ev:item ?item
                    FILTER NOT EXISTS {{ ?record ev:absence ?why }} }}"""
        records = {str(row["record"]).removeprefix(f"{BASE}id") for row in store.select(asked)}
        shown = {value.href for row in found.rows for value in row.cells[place].values}
        assert records <= shown
        assert len(records) > 20
    assert all(value.graphs for row in found.rows for cell in row.cells for value in cell.values)


def test_sources_are_compared_by_what_they_describe(store: EmbeddedStore) -> None:
    found = named(store, "source/foundations", "source/crimesolutions", "source/continuum")
    (age,) = [row for row in found.rows if row.label == "Age of the child"]
    assert age.state == "differs"
    assert [any("Child-Parent" in value.note for value in cell.values) for cell in age.cells] == [False, False, True]
    assert {name for value in age.cells[0].values for name, _ in value.graphs} == {"Foundations page on IPP, April 2025"}


def test_what_differs_comes_first(store: EmbeddedStore) -> None:
    order = [STATES.index(row.state) for row in named(store, "intervention/ipp", "intervention/cpp").rows]
    assert order == sorted(order)
    assert set(order) >= {0, 1}


@pytest.mark.parametrize(
    ("one", "two", "state"),
    [
        ("ev:value 12.0 ; ev:unit s:month ; ev:printedAs 'a year'", "ev:value 12.0 ; ev:unit s:month ; ev:printedAs '12 months'", "alike"),
        ("ev:value 12.0 ; ev:unit s:month", "ev:value 12.0 ; ev:unit s:week", "differs"),
        ("ev:valueConcept s:x", "ev:valueConcept s:y", "differs"),
        ("ev:valueText 'a'", "ev:absence s:not-stated", "partly"),
        ("ev:absence s:not-stated", "ev:absence s:blank", "alike"),
    ],
)
def test_descriptions_are_compared_by_what_they_say_not_by_how_it_is_printed(one: str, two: str, state: str) -> None:
    record = "GRAPH i:g{0} {{ r:{0} a ev:Characteristic ; ev:characteristicOf i:{0} ; ev:item i:dose ; {1} . i:{0} a ev:Thing }} "
    told = record.format("a", one) + record.format("b", two)
    found = made(told)
    (row,) = [row for row in found.rows if row.label == "thing/dose"]
    assert row.state == state
    assert [cell.left_open for cell in row.cells] == ["absence" in one, "absence" in two]
    assert [bool(cell.values) for cell in row.cells] == ["absence" not in one, "absence" not in two]


def test_properties_are_compared_and_what_is_not_stated_is_said() -> None:
    told = """GRAPH i:g { i:a ev:design s:rct ; ev:evaluates i:x ; ev:notStated ev:hasArm ; a ev:Study .
                          i:b ev:design s:cohort ; ev:evaluates i:x ; ev:hasArm i:y ; ev:reportedIn i:z ; a ev:Study }"""
    assert states(told) == {"ev:design": "differs", "ev:evaluates": "alike", "ev:hasArm": "partly", "ev:reportedIn": "partly"}
    open_cells = {row.label.rsplit("/", 1)[-1]: [cell.left_open for cell in row.cells] for row in made(told).rows}
    assert open_cells == {"ev:design": [False] * 2, "ev:evaluates": [False] * 2, "ev:hasArm": [True, False], "ev:reportedIn": [False] * 2}


def test_the_page_its_data_and_the_form(service: httpx.Client) -> None:
    asked = "i=intervention/ipp&i=intervention/cpp"
    text = service.get(f"/compare?{asked}", headers=HTML).text
    found = json.loads(service.get(f"/compare.json?{asked}").content)
    assert text.count('<tr><th scope="row">') == len(found["rows"]) > 40
    assert text.count("not stated by") == sum(cell["left_open"] for row in found["rows"] for cell in row["cells"]) > 0
    assert text.count("nothing is said") == sum(not (cell["left_open"] or cell["values"]) for row in found["rows"] for cell in row["cells"])
    lines = list(csv.DictReader(io.StringIO(service.get(f"/compare.csv?{asked}").text)))
    values = sum(len(cell["values"]) for row in found["rows"] for cell in row["cells"])
    assert sum(bool(line["stated in"]) for line in lines) == values
    form = service.get("/compare", headers=HTML).text
    assert {"intervention/ipp", "source/foundations", "study/spanish-speaking-dyads"} <= set(re.findall(r'name="i" value="([^"]+)"', form))
    assert 'value="intervention/ipp" checked' in text
    assert "checked" not in form


def test_hostile_labels_stay_words(small: httpx.Client) -> None:
    form = small.get("/compare", headers=HTML).text
    assert "<script>alert(1)</script>" not in form
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in form
    told = small.get("/compare?i=intervention/script&i=intervention/reading-together", headers=HTML)
    assert told.status_code == 200
    assert "<script>alert(1)</script>" not in told.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in told.text
