"""Numbers that check themselves: the printed figures of the repository, small bases with every kind of figure, and laws."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from wherefrom import cli
from wherefrom.arithmetic import (
    cox_effect_sizes,
    difference_interval,
    difference_standard_error,
    improvement_index,
    p_value,
    percentage_points,
    simple_interval,
)
from wherefrom.checks import Check, Checked, Rule, checks, checks_answer, people, proportions, significance
from wherefrom.discrepancies import discrepancies
from wherefrom.drawing import checks_text
from wherefrom.lineage import POLICIES, Policy
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV, expand, shorten

BASE = "https://w3id.org/wherefrom/"
each_policy = pytest.mark.parametrize("policy", POLICIES)
law = settings(max_examples=60, deadline=None, database=None)

POINT = "https://w3id.org/wherefrom/scheme/unit/percentage-point"
FOLLOWS, DIFFERS, OPEN, CALCULATED = "reproduces", "does not reproduce", "cannot be checked", "calculated"


def thing(name: str) -> URIRef:
    return expand(name, BASE)


def short(iri: URIRef) -> str:
    return shorten(iri, BASE).rsplit("/", 1)[-1]


def named(found: Iterable[Check], name: str) -> list[Check]:
    return [check for check in found if check.rule.name == name]


def only(found: Iterable[Check], name: str) -> Check:
    (check,) = named(found, name)
    return check


@each_policy
def test_the_checks_of_one_trial_are_those_of_all(store: EmbeddedStore, made: EmbeddedStore, policy: Policy) -> None:
    """What is read of one trial only gives its checks as what is read of all trials does."""
    for base in (store, made):
        whole = checks(base, policy)
        studies = sorted({URIRef(row["s"]) for row in base.select("SELECT DISTINCT ?s { ?f a ev:Finding ; ev:findingOf ?s }")})
        parts = [checks(base, policy, (study,)) for study in studies[:40]]
        found = {check for part in parts for check in part.checks}
        assert found == {check for check in whole.checks if any(check.finding in part.contrasts for part in parts)}
        assert all(whole.contrasts[finding] == told for part in parts for finding, told in part.contrasts.items())
        assert len(studies) > 1
        assert found or base is made  # which prints no figures that can be held against each other


def near(check: Check, what: str) -> tuple[float, float]:
    """The range of what was calculated, to one place."""
    (found,) = (calculated.range for calculated in check.calculated if calculated.what == what)
    assert found is not None
    return round(found[0], 1), round(found[1], 1)


# The figures of the repository


HEADLINES = [
    ("stated", "secure", "40.9", (58.7, 58.9), "+50", (49.6, 49.6), FOLLOWS),
    ("stated", "insecure-to-secure", "38.6", (55.1, 55.3), "+50", (49.5, 49.5), FOLLOWS),
    ("stated", "stable-disorganised", "-34.5", (-45.6, -45.4), "+32", (38.3, 38.4), DIFFERS),
    ("inferred", "stable-disorganised", "-34.5", (-45.6, -45.4), "+32", (38.3, 38.4), DIFFERS),
]
PAGES = {
    "foundations-ipp-2025-04": "Foundations page on IPP, April 2025",
    "crimesolutions-ipp-a39f4b52": "CrimeSolutions profile of IPP, without a date",
}


@pytest.mark.parametrize(("policy", "name", "points", "from_shares", "index", "from_odds", "verdict"), HEADLINES)
def test_what_follows_of_the_headline_figures(
    store: EmbeddedStore,
    policy: Policy,
    name: str,
    points: str,
    from_shares: tuple[float, float],
    index: str,
    from_odds: tuple[float, float],
    verdict: str,
) -> None:
    found = checks(store, policy, (thing(f"finding/foundations-ipp-{name}"),)).checks
    one = only(found, "points-from-percentages")
    assert one.figure is not None
    assert (one.figure.printed, near(one, "percentage points"), one.verdict) == (points, from_shares, DIFFERS)
    other = only(found, "index-from-percentages")
    assert other.figure is not None
    assert (other.figure.printed, near(other, "improvement index"), other.verdict) == (index, from_odds, verdict)
    for check in (one, other):
        assert {short(graph) for graph in check.graphs} == {"foundations-ipp-2025-04", "crimesolutions-ipp-a39f4b52"}
        assert {short(figure.record) for figure in check.inputs} == {f"crimesolutions-ipp-{name}-{end}" for end in _ends_of(name)}
        silent = {"stated": list(PAGES), "inferred": ["foundations-ipp-2025-04"]}[policy]  # curators say it of the other one
        told = " or by ".join(sorted(PAGES[page] for page in silent))
        assert (check.why or "").endswith(f"the analysis set is not stated by {told}")
        assert check.not_stated == (EV.analysisSet,)


@pytest.mark.parametrize("name", ["secure", "insecure-to-secure"])
def test_figures_of_other_people_are_not_held_against_each_other(store: EmbeddedStore, name: str) -> None:
    found = checks(store, "inferred", (thing(f"finding/foundations-ipp-{name}"),)).checks
    for rule in ("points-from-percentages", "index-from-percentages"):
        check = only(found, rule)
        assert (check.verdict, check.calculated) == (OPEN, ())
        assert check.why == "different analysis sets, so not the same people: Intention to treat against As treated"
        assert len(check.inputs) == 2


def _ends_of(name: str) -> tuple[str, str]:
    return ("ipp-follow-up", "cs-follow-up") if name == "secure" else ("ipp", "cs")


def test_which_group_sizes_fit(store: EmbeddedStore) -> None:
    found = checks(store, "stated", (thing("study/rochester-maltreated-infants"),)).checks
    sizes = {
        (short(check.finding), short(check.inputs[0].arm or URIRef("")), check.inputs[0].printed): check.calculated[0].numbers
        for check in named(found, "group-sizes")
    }
    assert sizes["crimesolutions-ipp-disorganised", "rmi-ipp", "32.1"] == (28, 56, 84, 112)
    assert sizes["crimesolutions-ipp-disorganised", "rmi-cs", "77.8"] == (54, 108)
    assert sizes["crimesolutions-ipp-secure", "rmi-ipp", "3.1"][0] == 32
    by_points = {short(of): check for check in named(found, "group-sizes-from-points") for of in (check.finding, *check.also)}
    for name in ("secure", "insecure-to-secure"):
        assert by_points[f"foundations-ipp-{name}"].calculated[0].numbers == (44, 88, 127, 132)
        assert "assuming 0 percent in the comparator" in (by_points[f"foundations-ipp-{name}"].why or "")
    excluded = by_points["foundations-ipp-stable-disorganised"]
    assert (excluded.verdict, excluded.why) == (OPEN, "an improvement index of +32 excludes 0 percent in the comparator")


def test_the_sample_bounds_no_norm_group(store: EmbeddedStore) -> None:
    found = checks(store, "stated", (thing("finding/crimesolutions-ipp-insecure-to-secure-nc"),)).checks
    (norm,) = [check for check in named(found, "group-sizes") if short(check.inputs[0].arm or URIRef("")) == "rmi-nc"]
    assert norm.not_stated == (EV.sampleSize,)
    assert norm.calculated[0].numbers[:2] == (11, 22)
    assert norm.calculated[0].numbers[-1] == 1_000


FITS = {FOLLOWS: True, DIFFERS: False, OPEN: None}


@each_policy
def test_what_discrepancies_find_is_what_checks_find(store: EmbeddedStore, policy: Policy) -> None:
    rules = {"points-from-percentages", "index-from-percentages"}
    found = checks(store, policy).checks
    held = [check for check in found if check.rule.name in rules and check.figure is not None and check.inputs]
    mine = {
        (check.finding, check.figure.printed.lstrip("-"), tuple(figure.printed for figure in check.inputs), FITS[check.verdict])
        for check in held
        if check.figure is not None
    }
    fitting = [
        (check.calculated[0].numbers, {f.printed.lstrip("-") for f in check.inputs})
        for check in found
        if "sizes" in check.rule.name and check.calculated
    ]
    compared = 0
    for difference in discrepancies(store, policy):
        for told in difference.checks if short(difference.kind) == "value" else ():
            if told.unit in (EV.improvementIndex, thing(POINT)):
                treated, compared_with = told.figures.removesuffix(" percent").split(" and ")
                assert (told.record, told.printed, (treated, compared_with), told.fits) in mine
                compared += 1
        for sizes in difference.group_sizes:
            assert not sizes.sizes or any(numbers == sizes.sizes and printed >= set(sizes.figures) for numbers, printed in fitting)
    assert compared == 6


def test_what_cannot_be_checked_says_what_is_not_stated(store: EmbeddedStore) -> None:
    found = checks(store).checks
    open_ = [check for check in found if check.verdict == OPEN]
    assert {check.rule.name for check in open_} == {"interval-from-percentages", "significance", "group-sizes-from-points"}
    assert all(check.why and check.not_stated for check in open_)
    assert {prop for check in open_ for prop in check.not_stated} == {EV.n, EV.pValue, EV.lowerBound, EV.upperBound}


def test_nothing_that_is_calculated_is_stored(store: EmbeddedStore) -> None:
    count = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    before = next(iter(store.select(count)))["n"]
    checks(store, "inferred")
    assert next(iter(store.select(count)))["n"] == before
    values = {str(row["value"]) for row in store.select("SELECT ?value { ?thing ev:value ?value }")}
    assert "40.9" in values
    assert not values & {"58.8", "55.2", "-45.5"}


# Small bases with every kind of figure


PREFIXES = """
PREFIX i: <https://example.org/id/>
PREFIX ev: <https://w3id.org/wherefrom/ontology#>
PREFIX s: <https://w3id.org/wherefrom/scheme/>
GRAPH i:catalogue {
  i:study a ev:Study . i:norm a ev:Arm ; ev:armRole s:arm-role\\/non-randomised-norm .
  i:risk a ev:Outcome ; ev:desirableDirection s:desirable-direction\\/decrease .
}
"""
PARTS = {
    "points": "ev:value {} ; ev:unit s:unit\\/percentage-point ; ev:statistic s:statistic\\/risk-difference",
    "size": "ev:value {} ; ev:statistic s:statistic\\/hedges-g",
    "odds": "ev:value {} ; ev:statistic s:statistic\\/odds-ratio",
    "risk": "ev:value {} ; ev:statistic s:statistic\\/relative-risk",
    "index": "ev:improvementIndex {}",
    "said": "ev:significance s:significance\\/{}",
    "p": "ev:pValue {}", "below": "ev:pValueBelow {}", "above": "ev:pValueAbove {}",
    "lower": "ev:lowerBound {}", "upper": "ev:upperBound {}", "level": "ev:confidenceLevel {}",
    "set": "ev:analysisSet s:analysis-set\\/{}",
    "comparator": "ev:comparatorArm i:{}", "outcome": "ev:outcome i:{}", "printed": 'ev:printedAs "{}"',
}  # fmt: skip
Shares = tuple[tuple[str, int | None], ...]


def finding(name: str = "finding", shares: Shares = (), **parts: object) -> str:
    """A finding on treated against usual, in a graph of its own; `shares` are the percentages of its arms with their people."""
    told = {"comparator": "usual", "outcome": "outcome", **parts}
    arms = ("treated", str(told["comparator"]), "third")
    written = [PARTS[part].format(value) for part, value in told.items()]
    results = []
    for arm, (share, size) in zip(arms, shares, strict=False):
        written.append(f"ev:hasArmResult i:{name}-{arm}")
        number = "" if size is None else f" ; ev:n {size}"
        value = share if "." in share else f"{share}.0"
        told_of = f'ev:arm i:{arm} ; ev:value {value} ; ev:unit s:unit\\/percent ; ev:printedAs "{share}"{number}'
        results.append(f"i:{name}-{arm} a ev:ArmResult ; {told_of} .")
    body = f"i:{name} a ev:Finding ; ev:findingOf i:study ; ev:treatmentArm i:treated ; {' ; '.join(written)} ."
    return f"GRAPH i:graph-{name} {{ {body} {' '.join(results)} }}"


def sample(size: int) -> str:
    return f"GRAPH i:graph-sample {{ i:population a ev:Population ; ev:populationOf i:study ; ev:sampleSize {size} }}"


def asked(*told: str, of: str = "finding", policy: Policy = "stated") -> list[Check]:
    return [check for check in made(*told, policy=policy).checks if short(check.finding) == of]


def made(*told: str, policy: Policy = "stated") -> Checked:
    return checks(EmbeddedStore.of(ox.parse(PREFIXES + "\n".join(told), ox.RdfFormat.TRIG)), policy)


PAIR: Shares = (("60.0", 50), ("40.0", 50))


@pytest.mark.parametrize(
    ("parts", "rule", "verdict"),
    [
        ({"points": "20.0"}, "points-from-percentages", FOLLOWS),
        ({"points": "-20.0"}, "points-from-percentages", DIFFERS),
        ({"points": "21.0"}, "points-from-percentages", DIFFERS),
        ({"risk": "1.5"}, "relative-risk-from-percentages", FOLLOWS),
        ({"risk": "1.6"}, "relative-risk-from-percentages", DIFFERS),
        ({"odds": "2.25"}, "odds-ratio-from-percentages", FOLLOWS),
        ({"odds": "2.5"}, "odds-ratio-from-percentages", DIFFERS),
        ({"size": "0.49"}, "effect-size-from-percentages", FOLLOWS),
        ({"size": "0.488"}, "effect-size-from-percentages", FOLLOWS),  # corrected for small samples
        ({"size": "0.45"}, "effect-size-from-percentages", DIFFERS),
        ({"index": "19"}, "index-from-percentages", FOLLOWS),
        ({"index": "-19"}, "index-from-percentages", DIFFERS),
        ({"index": "21"}, "index-from-percentages", DIFFERS),
    ],
)
def test_a_figure_of_a_contrast_is_held_against_the_percentages_of_its_arms(parts: dict[str, str], rule: str, verdict: str) -> None:
    check = only(asked(finding(shares=PAIR, **parts)), rule)
    assert check.verdict == verdict
    assert [(figure.printed, short(figure.record)) for figure in check.inputs[:2]] == [
        ("60.0", "finding-treated"),
        ("40.0", "finding-usual"),
    ]
    assert len(check.graphs) == 1
    reverse = parts in ({"points": "-20.0"}, {"index": "-19"})
    assert check.why == ("with the other sign it would" if reverse else None)


def test_the_number_of_people_corrects_an_effect_size() -> None:
    plain, corrected = only(asked(finding(shares=PAIR, index="19")), "index-from-percentages").calculated
    assert (plain.what, corrected.what) == ("improvement index", "improvement index, corrected for small samples")
    assert plain.range is not None
    assert corrected.range is not None
    factor = 1 - 3 / (4 * 100 - 9)
    effects = cox_effect_sizes("60.0", "40.0") or (0.0, 0.0)
    assert corrected.range == pytest.approx(tuple(improvement_index(effect * factor) for effect in effects))
    assert corrected.range[1] < plain.range[1]
    without: Shares = (("60.0", None), ("40.0", 50))
    assert len(only(asked(finding(shares=without, index="19")), "index-from-percentages").calculated) == 1


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict", "why"),
    [
        ("itt", "itt", FOLLOWS, None),
        ("itt", "as-treated", OPEN, "different analysis sets, so not the same people"),
        ("itt", None, FOLLOWS, "the analysis set is not stated by https://example.org/id/graph-other"),
        ("not-stated", "itt", FOLLOWS, "the analysis set is not stated by https://example.org/id/graph-finding"),
        (None, None, FOLLOWS, "not stated by https://example.org/id/graph-finding or by https://example.org/id/graph-other"),
    ],
)
@pytest.mark.parametrize(
    ("rule", "parts", "other"),
    [
        ("points-from-percentages", {"points": "20.0"}, {"shares": PAIR}),
        ("index-from-percentages", {"index": "19"}, {"shares": PAIR}),
        ("index-from-effect-size", {"index": "19"}, {"size": "0.50"}),
        ("interval-from-percentages", {"points": "20.0", "lower": "0.5", "upper": "37.5", "level": "95.0"}, {"shares": PAIR}),
    ],
)
def test_figures_of_two_records_are_held_against_each_other_of_the_same_people(
    mine: str | None, theirs: str | None, verdict: str, why: str | None, rule: str, parts: dict[str, str], other: dict[str, Any]
) -> None:
    own, of_other = ({"set": told} if told else {} for told in (mine, theirs))
    found = named(asked(finding(**parts, **own), finding("other", **other, **of_other)), rule)
    assert {check.verdict for check in found} == {verdict}
    for check in found:
        assert len(check.graphs) == 2
        assert (why or "") in (check.why or "")
        assert (check.why is None) == (why is None)
        assert (EV.analysisSet in check.not_stated) == ("not stated" in (why or ""))


def test_what_one_record_prints_is_of_its_own_people() -> None:
    assert only(asked(finding(points="20.0", shares=PAIR)), "points-from-percentages").why is None


@pytest.mark.parametrize(
    ("shares", "outcome", "index", "told"),
    [
        ((("99.0", None), ("1.0", None)), "outcome", "50", "every effect size from 2.58 on prints so"),
        ((("1.0", None), ("99.0", None)), "outcome", "-50", "every effect size from -2.58 down prints so"),
        ((("1.0", None), ("99.0", None)), "risk", "50", "every effect size from -2.58 down prints so"),
    ],
)
def test_at_the_limit_of_its_scale_an_index_tells_little(shares: Shares, outcome: str, index: str, told: str) -> None:
    check = only(asked(finding(shares=shares, index=index, outcome=outcome)), "index-from-percentages")
    assert (check.verdict, check.why) == (FOLLOWS, f"the limit of the scale: {told}")


def test_group_sizes_of_several_findings_are_told_once() -> None:
    shares: Shares = (("60.7", None),)
    told = [finding(name, shares=shares, outcome=name).replace(f"i:graph-{name}", "i:page") for name in ("one", "two")]
    found = made(*told)
    sizes = named(found.checks, "group-sizes")
    assert [(short(check.finding), [short(other) for other in check.also]) for check in sizes] == [("one", ["two"])]
    assert (len(found.checks), found.without) == (1, frozenset())
    apart = made(*(finding(name, shares=shares, outcome=name) for name in ("one", "two")))  # of two sources: two groups, for all we know
    assert [check.also for check in named(apart.checks, "group-sizes")] == [()] * 2


def test_a_figure_without_percentages_cannot_be_checked() -> None:
    for parts, rule in (({"points": "20.0"}, "points-from-percentages"), ({"index": "19"}, "index-from-percentages")):
        check = only(asked(finding(**parts)), rule)
        assert (check.verdict, check.not_stated) == (OPEN, (EV.hasArmResult,))


def test_at_0_percent_an_index_cannot_be_checked() -> None:
    check = only(asked(finding(shares=(("60.0", 50), ("0.0", 50)), index="50")), "index-from-percentages")
    assert (check.verdict, check.calculated) == (OPEN, ())


def test_where_less_is_better_the_index_is_that_of_the_benefit() -> None:
    fewer: Shares = (("40.0", 50), ("60.0", 50))
    assert only(asked(finding(shares=fewer, index="19", outcome="risk")), "index-from-percentages").verdict == FOLLOWS
    assert only(asked(finding(size="-0.50", index="19", outcome="risk")), "index-from-effect-size").verdict == FOLLOWS
    reverse = only(asked(finding(size="0.50", index="19", outcome="risk")), "index-from-effect-size")
    assert (reverse.verdict, reverse.why) == (DIFFERS, "with the other sign it would")


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ({"size": "0.50"}, FOLLOWS),
        ({"size": "0.5"}, FOLLOWS),
        ({"odds": "2.28"}, FOLLOWS),
        ({"size": "0.40"}, DIFFERS),
        ({"odds": "0.0"}, OPEN),
    ],
)
def test_an_index_is_held_against_an_effect_size(parts: dict[str, str], verdict: str) -> None:
    found = asked(finding(index="19", **parts))
    assert only(found, "index-from-effect-size").verdict == verdict
    assert named(found, "effect-size-from-index") == []


def test_an_effect_size_may_be_one_of_means() -> None:
    assert [check.rule.name for check in asked(finding(size="0.50", index="19"))] == ["index-from-effect-size"]
    both = {check.rule.name for check in asked(finding(size="0.50", index="19"), finding("other", shares=PAIR))}
    assert both == {"effect-size-from-percentages", "index-from-percentages", "index-from-effect-size"}


def test_an_index_alone_tells_its_effect_sizes() -> None:
    check = only(asked(finding(index="19")), "effect-size-from-index")
    assert (check.verdict, check.figure, check.calculated[0].range) == (
        CALCULATED,
        None,
        (pytest.approx(0.4817, abs=1e-3), pytest.approx(0.51, abs=1e-2)),
    )


def test_figures_of_several_records_are_combined_only_on_one_contrast() -> None:
    printed = finding(points="20.0")
    for other, combined in (("usual", True), ("norm", False), ("waiting", False)):
        found = named(asked(printed, finding("other", shares=PAIR, comparator=other)), "points-from-percentages")
        assert [len(check.graphs) == 2 for check in found] == [combined]
        assert [check.verdict for check in found] == [FOLLOWS if combined else OPEN]
    elsewhere = asked(printed, finding("other", shares=PAIR, outcome="another"))
    assert only(elsewhere, "points-from-percentages").verdict == OPEN


@pytest.mark.parametrize(("share", "size", "counts"), [("60.7", 28, (17,)), ("60.7", 30, ()), ("61", 28, (17,)), ("45", 60, (27,))])
def test_a_percentage_is_one_of_whole_people(share: str, size: int, counts: tuple[int, ...]) -> None:
    check = only(asked(finding(shares=((share, size),))), "whole-people")
    assert (check.verdict, check.calculated[0].numbers) == (FOLLOWS if counts else DIFFERS, counts)


def test_no_group_of_the_sample_fits() -> None:
    told = asked(finding(shares=(("60.7", None),)), sample(20))
    check = only(told, "group-sizes")
    assert (check.verdict, check.calculated[0].numbers) == (DIFFERS, ())
    assert check.figure is not None
    assert check.figure.printed == "60.7"


@pytest.mark.parametrize(("size", "verdict"), [(100, FOLLOWS), (99, DIFFERS), (None, OPEN)])
def test_the_people_of_the_arms_are_within_the_sample(size: int | None, verdict: str) -> None:
    told = [finding(shares=(*PAIR, ("50.0", 0)))] + ([sample(size)] if size else [])
    check = only(asked(*told), "arms-within-sample")
    assert (check.verdict, check.calculated[0].numbers) == (verdict, (100,))
    norm = asked(finding(shares=PAIR, comparator="norm"), sample(50))
    assert only(norm, "arms-within-sample").calculated[0].numbers == (50,)


@pytest.mark.parametrize(
    ("said", "parts", "verdict"),
    [
        ("significant", {"p": "0.03"}, FOLLOWS),
        ("not-significant", {"p": "0.03"}, DIFFERS),
        ("significant", {"p": "0.2"}, DIFFERS),
        ("significant", {"p": "0.05"}, OPEN),
        ("significant", {"below": "0.05"}, FOLLOWS),
        ("significant", {"below": "0.1"}, OPEN),
        ("not-significant", {"above": "0.05"}, FOLLOWS),
        ("not-significant", {"above": "0.01"}, OPEN),
        ("significant", {"lower": "0.3", "upper": "0.9", "level": "95.0"}, FOLLOWS),
        ("significant", {"lower": "-0.3", "upper": "0.9", "level": "95.0"}, DIFFERS),
        ("not-significant", {"lower": "-0.9", "upper": "-0.3", "level": "95.0"}, DIFFERS),
        ("not-significant", {"lower": "-0.3", "upper": "0.9", "level": "90.0"}, FOLLOWS),
        ("significant", {"lower": "0.3", "upper": "0.9", "level": "90.0"}, OPEN),
        ("significant", {"lower": "0.3", "upper": "0.9", "level": "99.0"}, FOLLOWS),
        ("not-significant", {"lower": "-0.3", "upper": "0.9", "level": "99.0"}, OPEN),
        ("significant", {"lower": "0.0", "upper": "0.9"}, OPEN),
        ("significant", {}, OPEN),
    ],
)
def test_what_is_said_of_significance(said: str, parts: dict[str, str], verdict: str) -> None:
    check = only(asked(finding(said=said, **parts)), "significance")
    assert check.verdict == verdict
    assert check.figure is not None
    assert check.figure.printed == said


def test_no_difference_of_a_ratio_is_1() -> None:
    for bounds, verdict in ((("1.1", "2.9"), FOLLOWS), (("0.5", "2.9"), DIFFERS)):
        found = asked(finding(odds="1.7", said="significant", lower=bounds[0], upper=bounds[1], level="95.0"))
        assert only(found, "significance").verdict == verdict


def test_significance_is_held_against_the_interval_of_the_percentages() -> None:
    for shares, verdict in ((PAIR, FOLLOWS), ((("44.0", 50), ("40.0", 50)), DIFFERS)):
        check = only(asked(finding(shares=shares, said="significant")), "significance")
        assert (check.verdict, check.why) == (verdict, "by the intervals calculated here")
    disagree: Shares = (("15.0", 20), ("3.4", 88))
    check = only(asked(finding(shares=disagree, said="not-significant")), "significance")
    assert (check.verdict, len(check.calculated)) == (OPEN, 2)


def test_a_level_that_is_not_stated_is_told() -> None:
    found = asked(finding(points="20.0", lower="0.5", upper="37.5", p="0.045", said="significant", shares=PAIR))
    told = [check.why for check in found if any(figure.what == EV.lowerBound for figure in (check.figure, *check.inputs) if figure)]
    assert set(told) == {"the level is not stated and taken for 95 percent"}
    assert len(told) == 3


@pytest.mark.parametrize(
    ("bounds", "verdicts"),
    [
        (("0.5", "37.5"), [FOLLOWS, FOLLOWS]),
        (("0.8", "39.2"), [FOLLOWS, FOLLOWS]),
        (("5.1", "37.5"), [DIFFERS, FOLLOWS]),
        (("5.1", "35.1"), [DIFFERS] * 2),
    ],
    ids=["score", "simple", "one bound", "neither"],
)
def test_bounds_are_held_against_percentages(bounds: tuple[str, str], verdicts: list[str]) -> None:
    low, high = difference_interval(0.6, 50, 0.4, 50)
    assert (round(100 * low, 1), round(100 * high, 1)) == (0.5, 37.5)
    found = named(asked(finding(points="20.0", shares=PAIR, lower=bounds[0], upper=bounds[1], level="95.0")), "interval-from-percentages")
    assert [check.figure.printed for check in found if check.figure] == list(bounds)
    assert [check.verdict for check in found] == verdicts


def test_an_interval_follows_where_none_is_printed_and_people_are() -> None:
    check = only(asked(finding(shares=PAIR)), "interval-from-percentages")
    assert (check.verdict, check.figure) == (CALCULATED, None)
    assert near(check, "interval from score intervals") == (0.5, 37.5)
    assert near(check, "standard error") == (9.8, 9.8)
    without = only(asked(finding(shares=(("60.0", None), ("40.0", 50)))), "interval-from-percentages")
    assert (without.verdict, without.not_stated) == (OPEN, (EV.n,))
    bounds = named(asked(finding(points="20.0", lower="1.0", upper="39.0")), "interval-from-percentages")
    assert [(check.verdict, check.not_stated) for check in bounds] == [(OPEN, (EV.hasArmResult,))] * 2
    unnumbered = named(
        asked(finding(points="20.0", lower="1.0", upper="39.0", shares=(("60.0", None), ("40.0", None)))), "interval-from-percentages"
    )
    assert [(check.verdict, check.not_stated) for check in unnumbered] == [(OPEN, (EV.n,))] * 2


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ({"odds": "0.81", "lower": "0.70", "upper": "0.94", "p": "0.005"}, FOLLOWS),
        ({"odds": "0.81", "lower": "0.70", "upper": "0.94", "p": "0.05"}, DIFFERS),
        ({"odds": "0.81", "lower": "0.70", "upper": "0.94", "below": "0.01"}, FOLLOWS),
        ({"odds": "0.81", "lower": "0.70", "upper": "0.94", "above": "0.05"}, DIFFERS),
        ({"points": "20.0", "p": "0.05"}, OPEN),
        ({"odds": "0.81", "lower": "0.0", "upper": "0.94", "p": "0.05"}, OPEN),
    ],
)
def test_a_p_value_is_held_against_the_interval(parts: dict[str, str], verdict: str) -> None:
    level = {"level": "95.0"} if "lower" in parts else {}
    check = only(asked(finding(**parts, **level)), "p-from-interval")
    assert check.verdict == verdict
    assert bool(check.calculated) == (verdict != OPEN)


def test_the_places_of_several_printed_figures_are_kept() -> None:
    found = asked(finding(points="20.0", p="0.05", said="significant", printed="20.00 (p = 0.050)"))
    assert {check.figure.printed for check in found if check.figure} >= {"20.00", "significant"}
    assert {figure.printed for check in named(found, "significance") for figure in check.inputs} == {"0.050"}


# Laws


@st.composite
def trials(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many of the people of two arms: neither nobody nor everybody, and not the same share."""
    arms = [draw(st.integers(20, 120).flatmap(lambda size: st.tuples(st.integers(3, size - 3), st.just(size)))) for _ in range(2)]
    return arms[0], arms[1]


@law
@given(trials(), st.integers(1, 2))
def test_a_source_that_calculates_as_it_should_is_never_doubted(trial: tuple[tuple[int, int], tuple[int, int]], digits: int) -> None:
    (k, n), (c, m) = trial
    treatment, comparator = k / n, c / m
    error = difference_standard_error(treatment, n, comparator, m)
    low, high = simple_interval(treatment - comparator, error)
    shares = ((f"{100 * treatment:.{digits}f}", n), (f"{100 * comparator:.{digits}f}", m))
    effect = cox_effect_sizes(f"{100 * treatment:.9f}", f"{100 * comparator:.9f}")
    assert effect is not None
    index = round(improvement_index(effect[0]))
    points = f"{100 * (treatment - comparator):.{digits}f}"
    told = {"points": points, "index": index, "lower": f"{100 * low:.1f}", "upper": f"{100 * high:.1f}", "level": "95.0"}
    p = p_value(treatment - comparator, error)
    judged = {"said": "significant" if p < 0.05 else "not-significant"} if abs(p - 0.05) > 0.03 else {}
    found = asked(finding(shares=shares, p=f"{p:.3f}", **told, **judged), sample(n + m))
    assert [check for check in found if check.verdict == DIFFERS] == []
    assert {check.rule.name for check in found if check.verdict == FOLLOWS} >= {
        "points-from-percentages",
        "whole-people",
        "p-from-interval",
    }


@law
@given(trials(), st.sampled_from(["points", "index", "lower", "upper"]), st.sampled_from([-3, 3]))
def test_a_figure_that_is_wrong_by_more_than_rounding_is_told(trial: tuple[tuple[int, int], tuple[int, int]], what: str, by: int) -> None:
    (k, n), (c, m) = trial
    shares = ((f"{100 * k / n:.1f}", n), (f"{100 * c / m:.1f}", m))
    low, high = simple_interval(k / n - c / m, difference_standard_error(k / n, n, c / m, m))
    score_low, score_high = difference_interval(k / n, n, c / m, m)
    points = percentage_points(shares[0][0], shares[1][0])
    effect = cox_effect_sizes(shares[0][0], shares[1][0])
    assert effect is not None
    told = {"points": f"{sum(points) / 2 + by * (what == 'points'):.1f}"}
    if what == "index":
        index = round(improvement_index(sum(effect) / 2)) + (-4 if improvement_index(effect[0]) > 0 else 4)
        told["index"] = str(index)
    if what in ("lower", "upper"):
        far = 100 * (min(low, score_low) if what == "lower" else max(high, score_high)) + (-3 if what == "lower" else 3)
        told |= {"lower": f"{100 * low:.1f}", "upper": f"{100 * high:.1f}", "level": "95.0"} | {what: f"{far:.1f}"}
    wrong = [check.figure.what for check in asked(finding(shares=shares, **told)) if check.verdict == DIFFERS and check.figure]
    expected = {"points": thing(POINT), "index": EV.improvementIndex}
    assert wrong == [expected.get(what, EV.lowerBound if what == "lower" else EV.upperBound)]


@law
@given(trials(), st.permutations(["finding", "other", "third"]))
def test_the_order_of_records_changes_nothing(trial: tuple[tuple[int, int], tuple[int, int]], order: list[str]) -> None:
    (k, n), (c, m) = trial
    told = {
        "finding": finding(points="20.0", index="19"),
        "other": finding("other", shares=((f"{100 * k / n:.1f}", n), (f"{100 * c / m:.1f}", m))),
        "third": finding("third", size="0.50"),
    }
    assert asked(*(told[name] for name in order)) == asked(*told.values())


# What can be asked, and how it is answered


def test_what_cannot_be_asked(store: EmbeddedStore) -> None:
    with pytest.raises(BadParameter, match="policy is one of"):
        checks(store, "guessed")  # type: ignore[arg-type]
    with pytest.raises(UnknownResource, match="finding/none"):
        checks(store, "stated", (thing("finding/none"),))
    with pytest.raises(BadParameter, match="claim/foundations-ipp-secure> is neither a finding nor a study"):
        checks(store, "stated", (thing("claim/foundations-ipp-secure"),))


def test_all_findings_that_were_asked_about_are_counted(store: EmbeddedStore) -> None:
    answer = checks_answer(store, checks(store), "stated", BASE)
    assert (answer["findings"], answer["withoutChecks"]) == (36, 15)
    assert answer["doesNotReproduce"] == {"figures": 4, "contrasts": 3, "trials": 1}
    text = checks_text(answer)
    assert " of 36 findings, 15 with nothing to check: 2 reproduces, 4 does not reproduce, " in text
    assert "\nWhat does not reproduce: 4 figures of 3 contrasts of 1 trial\n" in text
    dyads = checks_answer(store, checks(store, "stated", (thing("study/spanish-speaking-dyads"),)), "stated", BASE)
    assert (dyads["checks"], dyads["findings"], dyads["withoutChecks"]) == ([], 6, 6)
    assert "What does not reproduce" not in checks_text(dyads)


def test_a_study_is_all_its_findings(store: EmbeddedStore) -> None:
    found = checks(store, "stated", (thing("study/rochester-maltreated-infants"),))
    both = checks(store, "stated", (thing("finding/foundations-ipp-secure"), thing("finding/crimesolutions-ipp-secure")))
    assert {short(finding) for finding in both.contrasts} == {"foundations-ipp-secure", "crimesolutions-ipp-secure"}
    of_groups = {"group-sizes", "group-sizes-from-points"}  # told at another finding of the study
    alone = [check for check in both.checks if check.rule.name not in of_groups]
    assert [check for check in found.checks if check in alone] == alone
    every = {(of, check.rule, frozenset(check.inputs)) for check in found.checks for of in (check.finding, *check.also)}
    assert {(check.finding, check.rule, frozenset(check.inputs)) for check in both.checks} <= every
    assert checks(store).checks == found.checks
    assert len(found.contrasts) < len(checks(store).contrasts)


def test_every_rule_is_tried_here_and_says_where_it_is_from() -> None:
    rules = {rule.name: rule for module in (people, proportions, significance) for rule in vars(module).values() if isinstance(rule, Rule)}
    tried = inspect.getsource(inspect.getmodule(test_every_rule_is_tried_here_and_says_where_it_is_from))  # type: ignore[arg-type]
    assert [name for name in rules if f'"{name}"' not in tried] == []
    assert all(rule.words and rule.symbols and any(character.isdigit() for character in rule.source) for rule in rules.values())
    assert len(rules) == 14


def test_an_answer_is_plain_data_and_counts_its_verdicts(store: EmbeddedStore) -> None:
    found = checks(store, "inferred")
    answer = checks_answer(store, found, "inferred", BASE)
    assert json.loads(json.dumps(answer)) == answer
    assert sum(answer["verdicts"].values()) == len(answer["checks"]) == len(found.checks)
    assert (answer["verdicts"][FOLLOWS], answer["verdicts"][DIFFERS]) == (0, 2)
    (index,) = [
        c for c in answer["checks"] if c["name"] == "index-from-percentages" and c["finding"]["id"] == "finding/foundations-ipp-secure"
    ]
    assert index["acrossSources"] is True
    assert index["figure"]["what"] == {"id": "ev:improvementIndex", "label": "improvement index"}
    assert [figure["record"]["id"] for figure in index["inputs"]] == [
        "result/crimesolutions-ipp-secure-ipp-follow-up", "result/crimesolutions-ipp-secure-cs-follow-up",
    ]  # fmt: skip
    assert "appendix E" in index["formula"]["source"]
    (limit,) = [
        c for c in answer["checks"] if c["name"] == "effect-size-from-index" and c["finding"]["id"] == "finding/foundations-ipp-secure"
    ]
    assert limit["calculated"] == [{"what": "effect size", "low": 2.575829, "high": None, "numbers": []}]


def test_it_is_told_in_words(store: EmbeddedStore) -> None:
    found = checks(store, "stated", (thing("finding/foundations-ipp-secure"),))
    text = checks_text(checks_answer(store, found, "stated", BASE))
    assert text.startswith("4 checks of 1 finding: 1 reproduces, 1 does not reproduce, 0 cannot be checked, 2 calculated (stated)")
    told = (
        "does not reproduce: 40.9 percentage point (foundations-ipp-2025-04), from 60.7 percent, 1.9 percent (crimesolutions-ipp-a39f4b52)"
    )
    assert f"  {told}, calculated: percentage points 58.7 to 58.9; the analysis set is not stated by " in text
    assert "\n    points-from-percentages: 100 (p1 - p2)\n" in text
    every = checks_text(checks_answer(store, checks(store), "stated", BASE))
    assert "    the same for finding/foundations-ipp-secure\n" in every


def test_both_doors_give_the_same_and_the_exit_code_tells(
    service: httpx.Client, repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    over_http = service.get("/api/checks?finding=finding/foundations-ipp-secure").json()
    assert cli.main(["--kb", str(repository), "checks", "finding/foundations-ipp-secure", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == over_http
    assert cli.main(["--kb", str(repository), "checks", "finding/crimesolutions-ipp-secure"]) == 0
    assert "group sizes 28, 56, 84, 112" in capsys.readouterr().out
    assert service.get("/api/checks").json()["findings"] == 36
    assert service.get("/api/checks?study=study/rochester-maltreated-infants&policy=inferred").json()["policy"] == "inferred"
    assert service.get("/api/checks?finding=finding/none").status_code == 404
    assert service.get("/api/checks?policy=guessed").status_code == 400
