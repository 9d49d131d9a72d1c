"""Figures of findings side by side: those of the repository, small bases with every kind of figure, and laws."""

from __future__ import annotations

import json
from math import sqrt
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from test_checks import PREFIXES, Shares, finding
from wherefrom import cli
from wherefrom.answers import Answer, discrepancies_answer
from wherefrom.drawing import findings_text
from wherefrom.findings import average, findings_answer
from wherefrom.lineage import POLICIES, Policy
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import expand

BASE = "https://w3id.org/wherefrom/"
Z = 1.959963984540054  # of 95 percent, from tables
law = settings(max_examples=50, deadline=None, database=None)


def made(*told: str, policy: Policy = "stated") -> Answer:
    return findings_answer(EmbeddedStore.of(ox.parse(PREFIXES + "\n".join(told), ox.RdfFormat.TRIG)), "https://example.org/", policy)


def figure(*told: str) -> dict[str, Any]:
    (row,) = made(*told)["findings"]
    return dict(row["figure"])


def ask(store: EmbeddedStore, policy: Policy = "stated", **parts: str) -> Answer:
    return findings_answer(store, BASE, policy, **{name: expand(value, BASE) for name, value in parts.items()})


# The repository


def test_the_headline_figures_stand_side_by_side_as_what_they_are(store: EmbeddedStore) -> None:
    answer = ask(store, outcome="outcome/secure-attachment")
    figures = {row["id"]: row["figure"] for row in answer["findings"] if row["figure"]}
    assert {name: (one["value"], one["basis"], one["formula"]) for name, one in figures.items()} == {
        "finding/foundations-ipp-secure": (40.9, "printed", None),
        "finding/crimesolutions-ipp-secure": (58.8, "calculated", "60.7 - 1.9 = 58.8"),
    }
    assert {one["interval"] for one in figures.values()} == {None}  # no number of people is printed
    (panel,) = answer["panels"]
    (group,) = panel["groups"]
    assert set(group["rows"]) == figures.keys()
    (apart,) = answer["discrepancies"]
    assert group["apart"] == [apart["id"]]
    assert (apart["byHowMuch"], apart["curated"]) == (17.9, ["discrepancy/secure-attachment-points"])
    assert panel["average"] == {"drawn": False, "why": "These 2 rows are one trial: no average is drawn."}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_discrepancy_has_one_name_wherever_it_is_told(store: EmbeddedStore, policy: Policy) -> None:
    here = {one["id"]: one for one in ask(store, policy)["discrepancies"]}
    everywhere = {one["id"]: one for one in discrepancies_answer(store, policy, None, BASE)["discrepancies"]}
    assert here.keys() <= everywhere.keys()
    assert here == {name: everywhere[name] for name in here}
    assert len(everywhere) == len(discrepancies_answer(store, policy, None, BASE)["discrepancies"])


def test_every_finding_is_told_once_with_a_figure_or_without(store: EmbeddedStore) -> None:
    answer = ask(store)
    (count,) = store.select("SELECT (COUNT(DISTINCT ?x) AS ?n) { ?x a ev:Finding }")
    names = [row["id"] for row in answer["findings"]]
    assert len(names) == len(set(names)) == answer["count"] == int(count["n"])
    drawn = [name for panel in answer["panels"] for group in panel["groups"] for name in group["rows"]]
    assert sorted(drawn + answer["withoutFigure"]) == sorted(names)
    assert answer["trials"] == 2
    assert {row["sources"][0]["id"] for row in answer["findings"]} == {one["id"] for one in answer["choices"]["source"]}


def test_what_is_asked_for_narrows(store: EmbeddedStore) -> None:
    whole = {row["id"]: row for row in ask(store)["findings"]}
    broad = {row["id"] for row in ask(store, outcome="outcome/attachment-security")["findings"]}
    assert "finding/foundations-ipp-secure" in broad  # on a narrower outcome
    of_source = {row["id"] for row in ask(store, source="source/foundations")["findings"]}
    assert of_source == {name for name in whole if name.startswith("finding/foundations-")}
    both = {row["id"] for row in ask(store, outcome="outcome/attachment-security", source="source/foundations")["findings"]}
    assert both == broad & of_source
    of_study = {row["id"] for row in ask(store, study="study/spanish-speaking-dyads")["findings"]}
    assert of_study == {name for name, row in whole.items() if row["studies"][0]["id"] == "study/spanish-speaking-dyads"} != set()
    nothing = ask(store, study="study/depressed-mothers-security")
    assert (nothing["count"], nothing["panels"], nothing["choices"]) == (0, [], ask(store)["choices"])


@pytest.mark.parametrize("part", ["study", "outcome", "source"])
def test_what_cannot_be_asked(store: EmbeddedStore, part: str) -> None:
    with pytest.raises(BadParameter, match=f"no {part}"):
        ask(store, **{part: "claim/foundations-ipp-secure"})
    with pytest.raises(UnknownResource):
        ask(store, **{part: f"{part}/none"})
    with pytest.raises(BadParameter, match="policy"):
        ask(store, "guessed")  # type: ignore[arg-type]


def test_what_is_not_stated_is_said(store: EmbeddedStore) -> None:
    rows = {row["id"]: {one["id"] for one in row["notStated"]} for row in ask(store)["findings"]}
    assert rows["finding/foundations-ipp-secure"] == {
        f"ev:{name}" for name in ("comparatorArm", "atTimepoint", "analysisSet", "significance", "publishedIn")
    }
    assert rows["finding/crimesolutions-ipp-secure"] == {"ev:analysisSet", "ev:n"}
    directions = {row["id"]: [one["label"] for one in row["direction"]] for row in ask(store)["findings"]}
    assert directions["finding/crimesolutions-ipp-baseline-stress"] == ["Not applicable"]


# Small bases


def score_ends(share: float, people: int) -> tuple[float, float]:
    """The proportions at which the share is just Z standard errors away, found by halving (Wilson 1927, in his own words)."""

    def edge(inner: float, outer: float) -> float:
        for _ in range(200):
            middle = (inner + outer) / 2
            if abs(share - middle) <= Z * sqrt(middle * (1 - middle) / people):
                inner = middle
            else:
                outer = middle
        return (inner + outer) / 2

    return edge(share, 0.0), edge(share, 1.0)


groups = st.integers(2, 90).flatmap(lambda people: st.tuples(st.integers(0, people), st.just(people)))


@law
@given(groups, groups)
def test_an_interval_is_that_of_newcombe_calculated_otherwise(one: tuple[int, int], two: tuple[int, int]) -> None:
    shares = tuple((f"{100 * people / size:.2f}", size) for people, size in (one, two))
    found = figure(finding(shares=shares))
    (p, n), (q, m) = ((people / size, size) for people, size in (one, two))
    (l1, u1), (l2, u2) = score_ends(p, n), score_ends(q, m)
    below, above = sqrt((p - l1) ** 2 + (u2 - q) ** 2), sqrt((u1 - p) ** 2 + (q - l2) ** 2)
    assert (found["interval"], found["level"], found["basis"]) == ("calculated", 95.0, "calculated")
    assert found["low"] == pytest.approx(100 * (p - q - below), abs=1e-4)
    assert found["high"] == pytest.approx(100 * (p - q + above), abs=1e-4)
    assert found["value"] == pytest.approx(100 * (p - q), abs=0.011)
    assert "Newcombe 1998" in found["intervalSource"]
    assert found["intervalFormula"].startswith("d - sqrt(")


PAIR: Shares = (("60.0", 50), ("40.0", 50))


@pytest.mark.parametrize(
    ("shares", "parts", "value", "basis", "interval"),
    [
        (PAIR, {}, 20.0, "calculated", "calculated"),
        ((("60.0", None), ("40.0", 50)), {}, 20.0, "calculated", None),  # how many people there were is told of one arm only
        (PAIR, {"points": "20.0"}, 20.0, "printed", "calculated"),
        (PAIR, {"points": "18.0"}, 18.0, "printed", None),  # not the difference of these percentages: their interval is not its
        (PAIR, {"points": "20.0", "lower": "1.0", "upper": "39.0"}, 20.0, "printed", "printed"),
        (PAIR, {"points": "20.0", "lower": "39.0", "upper": "1.0"}, 20.0, "printed", None),  # ends the wrong way round
        (PAIR, {"odds": "2.25"}, 2.25, "printed", None),  # the interval of the difference is not that of a ratio
        ((), {"size": "0.4", "lower": "0.1", "upper": "0.7", "level": "90"}, 0.4, "printed", "printed"),
        ((), {"points": "20.0", "lower": "1.0"}, 20.0, "printed", None),
    ],
)
def test_which_figure_and_which_interval(shares: Shares, parts: dict[str, str], value: float, basis: str, interval: str | None) -> None:
    found = figure(finding(shares=shares, **parts))
    assert (found["value"], found["basis"], found["interval"]) == (value, basis, interval)
    assert (found["low"] is None) == (interval is None)
    assert found["level"] == {None: None, "calculated": 95.0, "printed": float(parts["level"]) if "level" in parts else None}[interval]


@pytest.mark.parametrize("parts", [{"index": "50"}, {"said": "significant"}, {"lower": "1.0", "upper": "2.0"}])
def test_without_a_figure_there_is_no_row(parts: dict[str, str]) -> None:
    answer = made(finding(**parts))
    assert (answer["panels"], answer["withoutFigure"]) == ([], ["finding"])


def test_one_axis_has_one_unit() -> None:
    told = [finding("a", points="5.0"), finding("b", PAIR), finding("c", odds="2.0"), finding("d", risk="2.0"), finding("e", size="0.3")]
    panels = {frozenset(name for group in panel["groups"] for name in group["rows"]): panel for panel in made(*told)["panels"]}
    assert panels.keys() == {frozenset("ab"), frozenset("c"), frozenset("d"), frozenset("e")}
    assert [(panels[frozenset(rows)]["scale"], panels[frozenset(rows)]["noDifference"]) for rows in ("ab", "c", "d", "e")] == [
        ("linear", 0.0), ("log", 1.0), ("log", 1.0), ("linear", 0.0)
    ]  # fmt: skip
    assert [bool(panels[frozenset(rows)]["sides"]) for rows in ("ab", "c", "d", "e")] == [True, True, True, False]


# Never an average of what is not independent

STUDIES = [f"study-{number}" for number in range(5)]


@law
@given(st.lists(st.sampled_from(STUDIES), min_size=1, max_size=8), st.sets(st.tuples(*[st.sampled_from(STUDIES)] * 2), max_size=4))
def test_how_many_trials_the_rows_are(of: list[str], shared: set[tuple[str, str]]) -> None:
    plain = [(finding(f"f{number}", points=f"{number}.5"), study) for number, study in enumerate(of)]
    told = [text.replace("ev:findingOf i:study ;", f"ev:findingOf i:{study} ;") for text, study in plain]
    sharing = " ".join(f"i:{one} ev:sharesSampleWith i:{two} ." for one, two in sorted(shared))
    known = " ".join(f"i:{study} a ev:Study ." for study in STUDIES)
    answer = made(*told, f"GRAPH i:graph-shared {{ {known} {sharing} }}")
    trial = {study: study for study in STUDIES}
    for _ in STUDIES:  # as often as there are studies, the smaller name goes over to whoever shares
        for one, two in shared:
            trial[one] = trial[two] = min(trial[one], trial[two])
    (panel,) = answer["panels"]
    assert (panel["rows"], panel["trials"]) == (len(of), len({trial[study] for study in of}))
    assert panel["average"]["drawn"] is False
    assert panel["average"]["why"] == average(panel["rows"], panel["trials"])
    grouped = {frozenset(trial[of[int(name[1:])]] for name in group["rows"]) for group in panel["groups"]}
    assert {len(trials) for trials in grouped} == {1}


@pytest.mark.parametrize(
    ("rows", "trials", "words"),
    [
        (1, 1, "One row"),
        (5, 1, "These 5 rows are one trial: no average"),
        (5, 3, "are 3 trials, so that some tell of the same people: no average"),
        (3, 3, "These 3 rows are 3 trials. No average"),
    ],
)
def test_why_no_average_is_drawn(rows: int, trials: int, words: str) -> None:
    assert words in average(rows, trials)


# The doors


def test_both_doors_give_the_same(service: httpx.Client, store: EmbeddedStore, capsys: pytest.CaptureFixture[str], repository: Any) -> None:
    asked = {"outcome": "outcome/secure-attachment", "source": "foundations", "policy": "inferred"}
    over_http = service.get("/api/findings", params=asked).json()
    told = ["--outcome", "outcome/secure-attachment", "--source", "foundations", "--policy", "inferred"]
    assert cli.main(["--kb", str(repository), "findings", *told, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == over_http
    assert over_http == findings_answer(
        store, BASE, "inferred", None, URIRef(f"{BASE}id/outcome/secure-attachment"), URIRef(f"{BASE}id/source/foundations")
    )


def test_it_is_told_in_words(store: EmbeddedStore) -> None:
    words = findings_text(ask(store))
    assert "58.8 (calculated here: 60.7 − 1.9 = 58.8), no interval is given: CrimeSolutions" in words
    assert "One trial, 2 figures: 40.9 and 58.8, 17.9 apart." in words
    assert "These 9 rows are one trial: no average is drawn." in words
    assert findings_text(made()).startswith("0 findings of 0 trials")
