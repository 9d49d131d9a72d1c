"""Tables of a citation network: what becomes of them, what is said of bad ones, and that nothing is lost, doubled or mended."""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherefrom import cli, starter
from wherefrom.ingest.drafts import check_in, difference
from wherefrom.ingest.network import known, network
from wherefrom.ingest.network_check import Known
from wherefrom.ingest.network_map import ACCEPTABLE, EDGE_COLUMNS, EDGE_KINDS, NODE_COLUMNS, NODE_KINDS, Map, codes, intents, read_map, slug
from wherefrom.load import KnowledgeBase, parse_file, read_knowledge_base
from wherefrom.problems import UnreadableInput
from wherefrom.report import Report, Severity
from wherefrom.vocabulary import PREFIXES

EXAMPLE = Path(__file__).parent / "data" / "network"
DOC = Path(__file__).parents[1] / "docs" / "ingest-network.md"
BASE = "https://example.org/"
TABLES = {path.name: path.read_bytes() for path in sorted(EXAMPLE.glob("*.csv"))}
MAP = read_map("map.toml", (EXAMPLE / "map.toml").read_bytes())
PLAIN = Map("net", "A network", "Registry", issued="2021", publishers={"Registry": "clearinghouse", "Reviews": "developer"})


def graph_of(files: dict[str, str]) -> ox.Store:
    store = ox.Store()
    for name, text in files.items():
        if name.startswith("data/"):
            store.extend(parse_file(name, text.encode(), BASE, None))
    return store


def rows(store: ox.Store, pattern: str) -> list[tuple[str, ...]]:
    """Return the rows of a pattern, one for each solution, columns in order of their names."""
    names = sorted(set(re.findall(r"\?(\w+)", pattern)))
    asked = " ".join(f"?{name}" for name in names)
    prefixes = PREFIXES | {kind: f"{BASE}id/{kind}/" for kind in ("citation", "edition", "publication", "reference-list", "study")}
    found = store.query(f"SELECT {asked} WHERE {{ {pattern} }}", prefixes=prefixes, use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    return sorted(tuple(str(row[name].value).removeprefix(f"{BASE}id/") for name in names) for row in found)


def codes_of(report: Report, severity: Severity = Severity.VIOLATION) -> list[tuple[str, str]]:
    return [(f"{result.file}:{result.line}", result.code) for result in report.results if result.severity is severity]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("worked") / "base"
    starter.create(folder)
    return read_knowledge_base(folder)


@pytest.fixture(scope="module")
def example() -> ox.Store:
    files, report = network(TABLES, MAP)
    assert report.conforms
    return graph_of(files)


def test_papers_cite_with_their_stance(example: ox.Store) -> None:
    pattern = "?c cito:hasCitingEntity ?from ; cito:hasCitedEntity ?to ; cito:hasCitationCharacterization ?how"
    assert {(citing, cited, how.rsplit("/", 1)[-1]) for _, citing, how, cited in rows(example, pattern)} == {
        ("publication/p2", "publication/p1", "supports"),
        ("publication/p3", "publication/p1", "disputes"),
        ("edition/v1", "publication/p1", "citesAsEvidence"),
        ("edition/v1", "publication/p2", "citesAsEvidence"),
        ("edition/v1", "publication/p3", "cites"),
    }


def test_a_review_rests_on_what_it_includes(example: ox.Store) -> None:
    assert rows(example, "edition:v1 ev:restsOn ?what") == [("reference-list/v1-included",), ("study/t1",)]
    listed = "reference-list:v1-included ev:includesReference/ev:refersTo ?what"
    assert rows(example, listed) == [("publication/p1",), ("publication/p2",)]


def test_papers_report_studies_and_flags_become_notices(example: ox.Store) -> None:
    assert rows(example, "study:t1 ev:reportedIn ?paper") == [("publication/p1",), ("publication/r1",)]
    told = rows(example, "?notice cito:retracts ?paper ; dct:issued ?when")
    assert told == [("notice/example-network--p2", "publication/p2", "2019-04-02")]


def test_authors_stand_in_order(example: ox.Store) -> None:
    order = "?role oco:hasNext/pro:isHeldBy/foaf:familyName ?second . ?role pro:isHeldBy/foaf:familyName ?first"
    assert rows(example, order) == [("Example", "role/p1-author-1", "Sample")]


def test_it_passes_the_lint_and_the_shapes(worked: KnowledgeBase) -> None:
    files, _ = network(TABLES, MAP, known(worked, MAP.file))
    report = check_in(worked, files)
    assert report.conforms
    own = {result.code for result in report.results if result.file == MAP.file}
    assert own == {"record-is-curated", "study-evaluates-intervention", "study-has-arms", "publication-without-doi"}


def test_the_same_tables_give_the_same_bytes() -> None:
    again = network(dict(reversed(TABLES.items())), MAP)
    assert network(TABLES, MAP) == again
    assert list(network(TABLES, MAP)[0]) == list(again[0])


def test_there_is_no_blank_node_and_no_absolute_iri_of_ours() -> None:
    (text,) = (text for name, text in network(TABLES, MAP)[0].items() if name == MAP.file)
    assert "_:" not in text
    assert "[" not in re.sub(r'"[^"]*"', "", text)
    assert set(re.findall(r"<(\w+):", text.split("\n\n", 1)[1])) == {"https"}  # codes of the schemes
    assert "@base" not in text
    assert "@base <https://example.org/> ." in network(TABLES, replace(MAP, base=BASE))[0][MAP.file]


def test_what_cannot_be_expressed_is_told() -> None:
    assert codes_of(network(TABLES, MAP)[1], Severity.INFO) == [("papers.csv:5", "not-expressed")]
    edges = TABLES["edges.csv"] + b"P3,V1,cites,,,\nP2,T1,reports,supporting,2018,\n"
    files, report = network(TABLES | {"edges.csv": edges}, MAP)
    assert codes_of(report, Severity.WARNING) == [("edges.csv:10", "not-expressed"), ("edges.csv:11", "not-expressed")]
    assert len(rows(graph_of(files), "?c a cito:Citation")) == 5


def test_a_flag_without_a_date_is_a_note() -> None:
    papers = TABLES["papers.csv"].replace(b"yes,2019-04-02", b"yes,").replace(b"no,\n", b"concern,2019\n")
    files, report = network(TABLES | {"papers.csv": papers}, MAP)
    assert codes_of(report, Severity.WARNING) == [("papers.csv:2", "not-expressed"), ("papers.csv:3", "not-expressed")]
    store = graph_of(files)
    assert rows(store, "?notice cito:retracts ?paper") == []
    notes = [note for row in rows(store, "?paper skos:editorialNote ?note") for note in row]
    assert "The table papers.csv flags it on line 3: retraction, without a date." in notes
    assert "The table papers.csv flags it on line 2: concern, of 2019." in notes


def change(file: str, old: str, new: str) -> dict[str, bytes]:
    content = TABLES[file].decode()
    assert old in content, old
    return {**TABLES, file: content.replace(old, new, 1).encode()}


def add(file: str, *lines: str) -> dict[str, bytes]:
    return {**TABLES, file: TABLES[file] + "".join(f"{line}\n" for line in lines).encode()}


PAPER = 'P4,article,Another paper on reading,2019,10.5555/wf.2019.4,"Sample, Bo",,,,'
TROUBLE: list[tuple[dict[str, bytes], list[str], str]] = [
    (add("papers.csv", PAPER, PAPER), ["papers.csv:7 duplicate-row"], "the same row stands at papers.csv:6"),
    (add("edges.csv", "P2,P1,cites,supporting,2017,"), ["edges.csv:10 duplicate-row"], "edges.csv:2"),
    (add("edges.csv", "P2,P1,cites,,,"), ["edges.csv:10 duplicate-row"], "edges.csv:2"),
    (add("papers.csv", PAPER.replace("P4", "P1")), ["papers.csv:6 duplicate-id"], "papers.csv:2"),
    (add("studies.csv", "P1,A study"), ["studies.csv:3 duplicate-id"], "papers.csv:2"),
    (add("edges.csv", "P9,P1,cites,,,"), ["edges.csv:10 unknown-id"], "'P9'"),
    (add("edges.csv", "p1,P2,cites,,,"), ["edges.csv:10 unknown-id"], "letter by letter"),
    (add("edges.csv", ",P1,cites,,,"), ["edges.csv:10 empty-id"], "from is empty"),
    (change("papers.csv", "P3,", ","), ["edges.csv:3 unknown-id", "edges.csv:7 unknown-id", "papers.csv:4 empty-id"], ""),
    (add("edges.csv", "P2,P1,cites,contrasting,2017,"), ["edges.csv:10 contradiction"], "stance 'contrasting', there 'supporting'"),
    (add("edges.csv", "P3,P1,includes,,,"), ["edges.csv:10 wrong-ends"], "leads from a review"),
    (add("edges.csv", "T1,P1,reports,,,"), ["edges.csv:10 wrong-ends"], "from a paper or report to a study"),
    (add("edges.csv", "P1,P1,cites,,,"), ["edges.csv:10 self"], "itself"),
    (add("edges.csv", "P2,P3,mentions,,,"), ["edges.csv:10 unknown-kind"], "'mentions'"),
    (add("edges.csv", "P3,P2,cites,shrugging,,"), ["edges.csv:10 unknown-stance"], "'shrugging'"),
    (add("edges.csv", "P3,P2,cites,,,perhaps"), ["edges.csv:10 unknown-flag"], "'perhaps'"),
    (add("edges.csv", "P3,P2,cites,,,no"), ["edges.csv:10 contradiction"], "papers.csv:3 says 'yes'"),
    (add("edges.csv", "P3,P2,cites,,2021-02-29,"), ["edges.csv:10 impossible-date"], "'2021-02-29'"),
    (add("edges.csv", "P3,P2,cites,,2016,"), ["edges.csv:10 impossible-date"], "was published 2017"),
    (add("edges.csv", "P3 ,P2,cites,,,"), ["edges.csv:10 white-space"], "'P3 '"),
    (change("papers.csv", "A critical", "A  critical"), ["papers.csv:4 white-space"], "in title"),
    (change("papers.csv", "A critical", "\u00a0A critical"), ["papers.csv:4 white-space"], "in title"),
    (change("papers.csv", "2019-04-02", "2019-13-02"), ["papers.csv:3 impossible-date"], "'2019-13-02'"),
    (change("papers.csv", "2019-04-02", "2016-04-02"), ["papers.csv:3 impossible-date"], "published 2017"),
    (change("papers.csv", "exist,2015", "exist,215"), ["papers.csv:2 impossible-date"], "'215'"),
    (change("papers.csv", "no,\n", "no,2020\n"), ["papers.csv:2 contradiction"], "a date of retraction and no flag"),
    (change("reviews.csv", "2020-06", "June 2020"), ["reviews.csv:2 impossible-date"], "'June 2020'"),
    (change("reviews.csv", "Example Reviews", "Others"), ["reviews.csv:2 unknown-publisher"], "'Others'"),
    (change("reviews.csv", ",Example Reviews", ","), ["reviews.csv:2 no-publisher"], "who published"),
    (add("papers.csv", PAPER.replace("P4", "p.1"), PAPER.replace("P4", "p 1").replace("2019.4", "x")), ["papers.csv:7 collision"], "'p.1'"),
    (add("studies.csv", "p1,A study of the same slug"), ["studies.csv:3 collision", "studies.csv:3 study-without-report"], "'P1'"),
    (add("papers.csv", PAPER.replace("P4", "例")), ["papers.csv:6 no-slug"], "ASCII"),
    (add("papers.csv", PAPER.replace("2019.4", "2015.1").upper()), ["papers.csv:6 same-publication"], "papers.csv:2"),
    (change("papers.csv", "10.5555/wf.2015.1", "wf.2015.1"), ["papers.csv:2 bad-doi", "papers.csv:2 unidentified"], "no DOI"),
    (change("papers.csv", "Journal of Examples", ""), ["papers.csv:4 unidentified"], "neither a DOI"),
    (change("papers.csv", "Final report of the shared reading trial", ""), ["edges.csv:9 unknown-id", "papers.csv:5 no-title"], ""),
    (add("studies.csv", "T2,A study that nobody reports"), ["studies.csv:3 study-without-report"], "'T2'"),
    (change("papers.csv", "P3,article", "P3"), ["edges.csv:3 unknown-id", "edges.csv:7 unknown-id", "papers.csv:4 broken-row"], ""),
    (change("studies.csv", "T1,", 'T1,"'), [], "cannot be read"),
    (change("papers.csv", "date\nP1", "date\r\nP1"), ["papers.csv:1 mixed-line-ends"], "CRLF"),
    (change("papers.csv", "Eva", "ZoÃ«"), ["papers.csv:4 wrong-encoding"], "broken"),
    (change("papers.csv", "Eva", "Zo\ufffd"), ["papers.csv:4 wrong-encoding"], "broken"),
    (change("papers.csv", "Eva", "Eva\x07"), ["papers.csv:4 control-character"], "control"),
    (change("studies.csv", "key,title", "Key ,title"), [], "'Key '"),
    (change("studies.csv", "key,title", "key,key,title"), [], "twice"),
    (change("studies.csv", "key,title", "id,title"), [], "without key"),
    (TABLES | {"empty.csv": b""}, ["empty.csv:1 empty-table"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "expected", "words"), TROUBLE)
def test_trouble_is_told_with_its_line_and_nothing_is_written(tables: dict[str, bytes], expected: list[str], words: str) -> None:
    files, report = network(tables, MAP)
    assert files == {}
    assert not report.conforms
    assert not expected or [" ".join(told) for told in codes_of(report)] == expected
    assert any(words in result.message or words in result.hint for result in report.results), [r.text() for r in report.results]


def test_bytes_of_another_encoding_are_told_and_read_when_it_is_named() -> None:
    tables = TABLES | {"papers.csv": TABLES["papers.csv"].replace(b"Eva", b"Zo\xeb")}
    report = network(tables, MAP)[1]
    assert ("papers.csv:4", "wrong-encoding") in codes_of(report)
    files, report = network(tables, replace(MAP, encoding="cp1252"))
    assert report.conforms
    assert ("Muster, Zoë", "person/p3-author-1") in rows(graph_of(files), "?person a prov:Person ; skos:prefLabel ?name")


def test_two_tables_that_contradict_are_told_with_both_places() -> None:
    tables = TABLES | {"second.csv": b"citing,cited,relation,stance\nP2,P1,cites,contrasting\n"}
    files, report = network(tables, MAP)
    assert (files, codes_of(report)) == ({}, [("second.csv:2", "contradiction")])
    assert "edges.csv:2" in report.results[-1].message
    files, report = network(tables, replace(MAP, accept=("contradiction",)))
    assert codes_of(report, Severity.WARNING) == [("second.csv:2", "contradiction")]
    pattern = "citation:example-network--p2--p1 cito:hasCitationCharacterization ?how"
    assert {how.rsplit("/", 1)[-1] for (how,) in rows(graph_of(files), pattern)} == {"supports", "disputes"}


def test_two_tables_that_agree_give_one_edge_with_two_passages() -> None:
    tables = TABLES | {"second.csv": b"citing,cited,relation\nP2,P1,cites\n"}
    files, report = network(tables, MAP)
    assert ("second.csv:2", "said-twice") in codes_of(report, Severity.INFO)
    citation = "citation:example-network--p2--p1"
    assert len(rows(graph_of(files), f"{citation} ev:statedAt ?where")) == 2
    assert len(rows(graph_of(files), f"{citation} cito:hasCitationCharacterization ?how")) == 1


def test_what_is_accepted_becomes_a_warning() -> None:
    tables = add("papers.csv", PAPER, PAPER) | {"studies.csv": b"key,title\r\nT1 , Trial\n"}
    assert not network(tables, MAP)[1].conforms
    files, report = network(tables, replace(MAP, accept=ACCEPTABLE))
    assert report.conforms
    told = {code for _, code in codes_of(report, Severity.WARNING)}
    assert told == {"duplicate-row", "white-space", "mixed-line-ends"}
    assert len(rows(graph_of(files), "publication:p4 a ?class")) == 1


def test_small_things_are_notes() -> None:
    papers = b"\xef\xbb\xbf" + TABLES["papers.csv"].replace(b"10.5555/wf.2015.1", b"https://doi.org/10.5555/wf.2015.1")
    tables = TABLES | {"papers.csv": papers, "studies.csv": b"key,title,colour\nT1,Trial,red\n\n"}
    files, report = network(tables, MAP)
    assert report.conforms
    told = {code for _, code in codes_of(report, Severity.INFO)}
    assert told == {"byte-order-mark", "doi-form", "column-not-read", "blank-line", "not-expressed"}
    assert ("10.5555/wf.2015.1",) in rows(graph_of(files), "publication:p1 prism:doi ?doi")


def test_a_paper_that_the_base_knows_is_not_described_again() -> None:
    present = Known({"10.5555/wf.2015.1": "id/publication/example-2015"}, frozenset({"id/publication/example-2015", "id/study/t1"}))
    assert codes_of(network(TABLES, MAP, present)[1]) == [("studies.csv:2", "taken")]
    files, report = network(TABLES, MAP, Known(present.dois))
    assert ("papers.csv:2", "known-publication") in codes_of(report, Severity.INFO)
    store = graph_of(files)
    assert rows(store, "publication:example-2015 ?p ?o") == []
    assert ("publication/example-2015",) in rows(store, "study:t1 ev:reportedIn ?paper")


def test_a_table_of_one_review_alone_still_conforms(worked: KnowledgeBase) -> None:
    papers = b"id,kind,title,doi\nP1,paper,One paper,10.5555/one\n"
    tables = {"papers.csv": papers, "reviews.csv": b"id,title,publisher\nV1,One review,Reviews\n", "cites.csv": b"from,to\nV1,P1\n"}
    files, report = network(tables, PLAIN)
    assert report.conforms
    assert check_in(worked, files).conforms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "map.toml is no TOML file"),
        ('name = "n"\ntitle = "t"\n', "map.toml:1: the key publisher is needed"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\ncolour = "red"\n', "map.toml:4: there is no key 'colour'"),
        ('name = "A net"\ntitle = "t"\npublisher = "p"\n', "map.toml:1: name is made of small letters"),
        ('name = "n"\ntitle = 1\npublisher = "p"\n', "map.toml:2: title must be a text"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\nissued = "2021-13"\n', "map.toml:4: issued is no date"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\nencoding = "utf-99"\n', "map.toml:4: no encoding is called 'utf-99'"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\nbase = "example"\n', "map.toml:4: base must be"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\ndelimiter = ",,"\n', "map.toml:4: delimiter is one character"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\nlanguage = "EN"\n', "map.toml:4: language is a tag"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\naccept = ["self"]\n', "map.toml:4: 'self' is none of white-space"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\n[publishers]\np = "shop"\n', "map.toml:4: 'shop' is none of clearinghouse"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\n[nodes]\nname = "x"\n', "map.toml:4: 'name' is none of id, kind"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\n[stances]\nx = "likes"\n', "map.toml:4: 'likes' is none of cites"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\n[sections]\ncites = "x"\n', "map.toml:4: cites = 'x'"),
        ('name = "n"\ntitle = "t"\npublisher = "p"\n[kinds]\nx = "book"\n', "map.toml:4: 'book' is none of paper"),
    ],
)
def test_a_bad_map_is_told_with_its_line(text: str, words: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        read_map("map.toml", text.encode())
    assert caught.value.detail.startswith(words)
    assert "docs/ingest-network.md" in caught.value.remedy


def test_names_come_from_shapes_and_schemes() -> None:
    assert {"cites", "supports", "disputes", "citesAsEvidence"} <= set(intents())
    assert {"clearinghouse", "clinic", "developer"} <= set(codes("source-kind"))
    assert slug("  Čapek & Ümlaut—2020 ") == "capek-umlaut-2020"


WORD = st.text("abcdefghijklmnopqrstuvwxyzäéß", min_size=3, max_size=9)
TITLE = st.lists(WORD, min_size=1, max_size=5).map(" ".join)


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Well-formed networks of one to five publications, up to two studies and up to two reviews."""
    papers = [
        {"id": f"P{n}", "kind": draw(st.sampled_from(["paper", "report"])), "title": draw(TITLE), "doi": f"10.5555/n.{n}"}
        for n in range(draw(st.integers(1, 5)))
    ]
    studies = [{"id": f"T{n}", "kind": "study", "title": draw(TITLE)} for n in range(draw(st.integers(0, 2)))]
    reviews = [{"id": f"V{n}", "kind": "review", "title": draw(TITLE), "publisher": "Reviews"} for n in range(draw(st.integers(0, 2)))]
    for paper in papers:
        paper["year"] = draw(st.sampled_from(["", "1999", "2010"]))
        paper["authors"] = "; ".join(draw(st.lists(WORD, max_size=3)))
        paper["retracted"] = draw(st.sampled_from(["", "no", "yes", "corrected"]))
        paper["retraction_date"] = draw(st.sampled_from(["2012", "2012-02-29"])) if paper["retracted"] in ("yes", "corrected") else ""
    reported = [(draw(st.sampled_from(papers))["id"], study["id"], "reports") for study in studies]
    possible = [(a["id"], b["id"], "cites") for a in (*papers, *reviews) for b in papers if a is not b]
    possible += [(a["id"], b["id"], "includes") for a in reviews for b in (*papers, *studies)]
    possible += [(a["id"], b["id"], "reports") for a in papers for b in studies]
    chosen = draw(st.sets(st.sampled_from(possible))) if possible else set()
    edges = []
    for start, end, kind in sorted({*reported, *chosen}):
        said = kind == "cites" or (kind == "includes" and end.startswith("P"))
        edges.append({"from": start, "to": end, "kind": kind})
        edges[-1]["stance"] = draw(st.sampled_from(["", "supporting", "contrasting", "mentioning"])) if said else ""
        edges[-1]["date"] = draw(st.sampled_from(["", "2015", "2016-02-29"])) if said else ""
    return [*papers, *studies, *reviews], edges


def table(rows: list[dict[str, str]], columns: tuple[str, ...], end: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def written(nodes: list[dict[str, str]], edges: list[dict[str, str]], end: str = "\n") -> tuple[dict[str, str], Report]:
    tables = {"nodes.csv": table(nodes, NODE_COLUMNS, end), "edges.csv": table(edges, EDGE_COLUMNS, end)}
    return network(tables, PLAIN)


FOLDERS = {"paper": "publication", "report": "publication", "study": "study", "review": "document"}
CLASSES = {"publication": "ev:Publication", "study": "ev:Study", "document": "ev:SourceDocument"}


@given(networks(), st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None)
def test_every_node_and_edge_is_found_again_once(found: tuple[list[dict[str, str]], list[dict[str, str]]], end: str) -> None:
    nodes, edges = found
    files, report = written(nodes, edges, end)
    assert report.conforms, [result.text() for result in report.results]
    store = graph_of(files)
    for folder, name in CLASSES.items():
        expected = [(n["title"], f"{folder}/{n['id'].lower()}") for n in nodes if FOLDERS[n["kind"]] == folder]
        expected += [("A network", "document/net")] if folder == "document" else []
        assert rows(store, f"?thing a {name} ; skos:prefLabel ?label") == sorted(expected)
    assert edges_in(store) == Counter((e["from"].lower(), e["to"].lower(), e["kind"]) for e in edges)
    flagged = Counter(n["retracted"] for n in nodes if n.get("retracted", "") not in ("", "no"))
    assert len(rows(store, "?notice cito:retracts ?paper")) == flagged["yes"]
    assert len(rows(store, "?notice cito:corrects ?paper")) == flagged["corrected"]


def edges_in(store: ox.Store) -> Counter[tuple[str, str, str]]:
    """Return the edges that the data hold, each as often as it stands there."""

    def last(*iris: str) -> tuple[str, ...]:
        return tuple(iri.rsplit("/", 1)[-1] for iri in iris)

    cited = "?a cito:hasCitingEntity ?b ; cito:hasCitedEntity ?c"
    found = Counter((*last(b, c), "includes" if a.endswith("--included") else "cites") for a, b, c in rows(store, cited))
    found.update((*last(a, b), "includes") for a, b in rows(store, "?a ev:restsOn ?b . ?b a ev:Study"))
    found.update((*last(b, a), "reports") for a, b in rows(store, "?a ev:reportedIn ?b"))
    return found


@given(networks(), st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_well_formed_network_conforms(worked: KnowledgeBase, found: tuple[list[dict[str, str]], list[dict[str, str]]], end: str) -> None:
    files, _ = written(*found, end)
    report = check_in(worked, files)
    assert report.conforms, [result.text() for result in report.results if result.severity is Severity.VIOLATION]


@given(networks(), st.data())
@settings(deadline=None)
def test_an_edge_to_nowhere_is_always_told(found: tuple[list[dict[str, str]], list[dict[str, str]]], data: st.DataObject) -> None:
    nodes, edges = found
    at = data.draw(st.integers(0, len(edges)))
    broken = [*edges[:at], {"from": "P0", "to": "NOBODY", "kind": "cites"}, *edges[at:]]
    files, report = written(nodes, broken)
    assert files == {}
    assert codes_of(report) == [(f"edges.csv:{at + 2}", "unknown-id")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in EXAMPLE.iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


INGEST = ["ingest", "papers.csv", "studies.csv", "reviews.csv", "edges.csv", "--template", "network", "--map", "map.toml"]


def test_it_writes_only_when_told_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starter.create(folder / "kb")
    before = sorted(folder.rglob("*"))
    assert cli.main(["--kb", "kb", *INGEST]) == 0
    shown = capsys.readouterr()
    assert sorted(folder.rglob("*")) == before
    assert shown.out.startswith("--- a/data/example-network.trig\n+++ b/data/example-network.trig\n@@")
    assert "sources/example-network.edges.txt: +9 -0 lines" in shown.out
    assert "Nothing was written" in shown.err
    assert cli.main(["--kb", "kb", *INGEST, "--write"]) == 0
    assert (folder / "kb" / "data" / "example-network.trig").is_file()
    assert list((folder / "kb").rglob("*.part")) == []
    capsys.readouterr()
    assert cli.main(["--kb", "kb", "verify-sources", "kb/sources"]) == 0
    assert "13 passages checked, 0 do not agree" in capsys.readouterr().err
    assert cli.main(["--kb", "kb", *INGEST]) == 0
    assert "0 of 6 files change" in capsys.readouterr().err


def test_bad_tables_end_with_one_and_write_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "edges.csv").open("a") as edges:
        edges.write("P9,P1,cites,,,\n")
    assert cli.main([*INGEST, "--write", "--into", "out"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "edges.csv:10: violation: no table of nodes has the id 'P9' [unknown-id]" in shown.err
    assert not (folder / "out").exists()


def test_what_breaks_the_base_is_not_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starter.create(folder / "kb")
    papers = (folder / "papers.csv").read_text("utf-8")
    (folder / "papers.csv").write_text(papers.replace("A critical comment", "Lorem ipsum"), "utf-8")
    assert cli.main(["--kb", "kb", *INGEST, "--write"]) == 1
    assert "placeholder text" in capsys.readouterr().err
    assert not (folder / "kb" / "data" / "example-network.trig").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (INGEST, 2, "There is no knowledge base here"),
        ([*INGEST[:-2], "--into", "out"], 2, "needs --map FILE.toml"),
        (["ingest", "papers.csv", *INGEST[1:], "--into", "out"], 2, "Two files have one name"),
        (["ingest", "none.csv", *INGEST[5:], "--into", "out"], 3, "none.csv cannot be read"),
        (["ingest", "papers.csv", "--template", "network", "--map", "none.toml", "--into", "out"], 3, "none.toml cannot be read"),
    ],
)
def test_what_cannot_be_run_says_why(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str) -> None:
    assert cli.main(arguments) == code
    assert words in capsys.readouterr().err


def test_a_base_that_differs_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starter.create(folder / "kb")
    text = (folder / "map.toml").read_text("utf-8")
    (folder / "map.toml").write_text(f'base = "https://other.example/"\n{text}', "utf-8")
    assert cli.main(["--kb", "kb", *INGEST]) == 2
    assert "the knowledge base https://example.org/" in capsys.readouterr().err


def test_a_difference_is_one_in_lines(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.trig").write_bytes(b"one\ntwo\n")
    assert difference({"data/x.trig": "one\nthree\n"}, tmp_path).splitlines()[3:] == [" one", "-two", "+three"]
    assert difference({"data/x.trig": "one\ntwo\n"}, tmp_path) == ""


TEXT = DOC.read_text("utf-8")


def test_the_tables_of_the_docs_are_those_of_the_example() -> None:
    blocks = dict(re.findall(r"`(\w+\.\w+)`:\n\n```\w+\n(.*?)```", TEXT, re.DOTALL))
    assert {name: text.encode() for name, text in blocks.items()} == {path.name: path.read_bytes() for path in EXAMPLE.iterdir()}


def test_the_commands_of_the_docs_print_what_they_show(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        assert cli.main(shlex.split(command)[1:]) == 0
        assert capsys.readouterr().out == output


NOTES = {"blank-line", "byte-order-mark", "column-not-read", "doi-form", "known-publication", "said-twice"}  # told in words


def test_every_key_column_and_code_is_told() -> None:
    keys = [field.name for field in fields(Map)]
    assert [key for key in keys if f"`{key}`" not in TEXT and f"`[{key}]`" not in TEXT] == []
    assert [name for name in (*NODE_COLUMNS, *EDGE_COLUMNS, *NODE_KINDS, *EDGE_KINDS, *ACCEPTABLE) if f"`{name}`" not in TEXT] == []
    package = Path(cli.__file__).parent / "ingest"
    source = "".join((package / f"{name}.py").read_text("utf-8") for name in ("network", "network_check", "tables"))
    raised = set(re.findall(r'findings\.add\(\s*(?:\([^)]*\)|\w+(?:\.\w+)?),\s*"([a-z-]+)"', source))
    assert {told.split(" ")[1] for case in TROUBLE for told in case[1]} <= raised
    assert [code for code in sorted(raised - NOTES) if f"`{code}`" not in TEXT] == []
