"""A Retraction Watch file against a bibliography: what is a hit, what only looks alike, and what the file cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from wherefrom import cli
from wherefrom.load import parse_file
from wherefrom.problems import UnreadableInput
from wherefrom.retractions import (
    COLUMNS,
    Check,
    Notice,
    Publication,
    RetractionList,
    bare_doi,
    check_retractions,
    parse_retractions,
    plain,
    publications,
    read_retractions,
    retractions_answer,
    retractions_text,
)
from wherefrom.store import EmbeddedStore

FILES = Path(__file__).parent / "data" / "retractions"
BASE = "https://example.org/"
CSV = (FILES / "invented.csv").read_bytes()


@pytest.fixture(scope="module")
def check() -> Check:
    content = (FILES / "bibliography.trig").read_bytes()
    papers = publications(EmbeddedStore.of(parse_file("bibliography.trig", content, BASE, None)))
    return check_retractions(read_retractions(FILES / "invented.csv"), papers)


def named(check: Check, record: str) -> list[tuple[str, str, str]]:
    return [
        (match.publication.iri.rsplit("/", 1)[-1], match.by, match.doubt)
        for match in (*check.hits, *check.near)
        if match.notice.record == record
    ]


def test_a_hit_shares_the_doi_in_any_spelling(check: Check) -> None:
    assert named(check, "900001") == [("gardens", "DOI", "")]
    assert named(check, "900002") == [("gardens", "DOI", "")]


def test_a_hit_shares_the_pubmed_number(check: Check) -> None:
    assert named(check, "900003") == [("walking", "PubMed number", "")]
    assert named(check, "900004") == [("music", "PubMed number", "the DOIs differ")]


def test_what_only_looks_alike_is_a_near_hit(check: Check) -> None:
    assert {match.notice.record for match in check.near} == {"900005", "900006"}
    assert named(check, "900005") == [("drawing", "title", "")]
    assert named(check, "900006") == [("swimming", "like title, year and first author", "")]


def test_hits_have_nature_date_reasons_and_record_in_order_of_time(check: Check) -> None:
    hits = [(m.notice.record, m.notice.nature, m.notice.date, m.notice.reasons) for m in check.hits]
    assert hits == [
        ("900002", "correction", date(2018, 6, 30), ("Error in Text",)),
        ("900001", "retraction", date(2019, 4, 2), ("Error in Data", "Results Not Reproducible")),
        ("900004", "reinstatement", date(2021, 3, 3), ()),
        ("900003", "expression of concern", date(2020, 12, 31), ("Concerns/Issues About Data",)),
    ]


def test_the_answer_tells_its_limits(check: Check) -> None:
    answer = retractions_answer(check, BASE)
    assert json.loads(json.dumps(answer)) == answer
    assert (answer["fileDate"], answer["notices"], answer["publications"]) == ("2022-02-01", 8, 7)
    assert [paper["id"] for paper in answer["onlyByTitle"]] == ["publication/editorial", "publication/swimming"]
    words = retractions_text(answer)
    for told in ("newest notice of the file is of 2022-02-01", "Absence proves nothing", "2 publications have neither", "record 900001"):
        assert told in words
    assert words.startswith("4 notices on 3 of 7 publications in invented.csv\n")
    assert "2 near hits" in words


def test_a_bibliography_without_a_hit_is_told_so(check: Check) -> None:
    none = check_retractions(RetractionList("empty.csv", "utf-8", ()), check.publications)
    words = retractions_text(retractions_answer(none, BASE))
    assert words.startswith("0 notices on 0 of 7 publications in empty.csv\nCompared by title only:")
    assert "no dated notice" in words


@pytest.mark.parametrize(
    ("change", "encoding"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "utf-8"),
        (lambda text: text.replace("Muster", "Müster").encode(), "utf-8"),
        (lambda text: text.replace("Muster", "Müster “Eva”").encode("cp1252"), "cp1252"),
        (lambda text: text.replace("Muster", "Müster\x81").encode("latin-1"), "latin-1"),
        (lambda text: text.replace("\r\n", "\n").encode(), "utf-8"),
    ],
    ids=["bom", "utf-8", "cp1252", "latin-1", "lf"],
)
def test_it_is_read_in_each_of_its_encodings(change: Callable[[str], bytes], encoding: str) -> None:
    found = parse_retractions("x.csv", change(CSV.decode()))
    assert (found.encoding, len(found.notices)) == (encoding, 8)
    assert [notice.record for notice in found.notices] == [f"90000{n}" for n in range(1, 9)]
    assert found.notices[2].author.startswith(("Eva M", "Eva Müster"))


def broken(old: str, new: str) -> bytes:
    text = CSV.decode()
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "x.csv:1: the file is empty"),
        (broken("Reason,", "Reasons,"), "x.csv:1: there is no column Reason"),
        (b"a,b\r\n1,2\r\n", "x.csv:1: there is no column Record ID, Title"),
        (broken("900003,", "900003,,"), "x.csv:4: the row has 21 cells, the header 20"),
        (broken("900003,", '900003,"'), "x.csv:4: the row is broken"),
        (broken("900003,", ","), "x.csv:4: the row has no Record ID"),
        (broken("12/31/2020 0:00", "31/12/2020 0:00"), "x.csv:4: RetractionDate is '31/12/2020 0:00'"),
        (broken("12/31/2020 0:00", "2/30/2020"), "x.csv:4: RetractionDate is '2/30/2020'"),
        (broken("1/15/2015 0:00", "2015-01-15"), "x.csv:2: OriginalPaperDate is '2015-01-15'"),
        (CSV.decode().encode("utf-16"), "x.csv:1: the file is no text"),
    ],
)
def test_a_broken_file_is_told_with_its_line(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        parse_retractions("x.csv", content)
    assert caught.value.detail.startswith(words)
    assert "20 columns" in caught.value.remedy
    assert caught.value.exit_code == 3


def test_a_line_is_counted_through_cells_of_several_lines() -> None:
    content = broken("No,\r\n900003", 'No,"two\r\nlines"\r\n900003').replace(b"12/31/2020", b"x")
    with pytest.raises(UnreadableInput, match=r"^x\.csv:5: RetractionDate"):
        parse_retractions("x.csv", content)


def test_a_missing_file_tells_no_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput) as caught:
        read_retractions(tmp_path / "none.csv")
    assert caught.value.detail == "none.csv cannot be read: No such file or directory."


def notice(**about: object) -> Notice:
    plainly = {"line": 2, "record": "1", "nature": "retraction", "date": None, "reasons": (), "notice_doi": "", "doi": "", "pubmed": ""}
    return Notice(**{**plainly, "title": "", "year": None, "author": "", **about})  # type: ignore[arg-type]


DOIS = st.from_regex(r"10\.5555/[A-Za-z0-9]{1,8}", fullmatch=True)


@given(DOIS, st.sampled_from(["", "https://doi.org/", "http://dx.doi.org/", "doi:", "DOI: "]))
def test_one_doi_has_one_form(doi: str, prefix: str) -> None:
    assert bare_doi(prefix + doi) == bare_doi(doi.upper()) == doi.lower()


@given(st.lists(DOIS, max_size=6), st.lists(DOIS, max_size=6))
def test_a_hit_is_a_doi_of_both(ours: list[str], theirs: list[str]) -> None:
    papers = [Publication(URIRef(f"{BASE}{n}"), "", doi=bare_doi(doi)) for n, doi in enumerate(ours)]
    file = RetractionList("x", "utf-8", tuple(notice(line=n, doi=bare_doi(doi)) for n, doi in enumerate(theirs)))
    found = check_retractions(file, papers)
    assert {match.publication.doi for match in found.hits} == {bare_doi(d) for d in ours} & {bare_doi(d) for d in theirs}
    assert found.near == ()


def test_missing_numbers_never_meet() -> None:
    papers = [Publication(URIRef(f"{BASE}a"), "A", title="One short title of five words", year=2001)]
    found = check_retractions(RetractionList("x", "utf-8", (notice(title="Another thing", year=2001),)), papers)
    assert (found.hits, found.near) == ((), ())


@pytest.mark.parametrize(("years", "near"), [((2015, 2015), 1), ((2015, 2016), 1), ((2015, None), 1), ((2015, 2018), 0)])
def test_a_title_counts_only_near_its_year(years: tuple[int, int | None], near: int) -> None:
    papers = [Publication(URIRef(f"{BASE}a"), "A", title="Gardens and sleep in a town", year=years[0])]
    found = check_retractions(RetractionList("x", "utf-8", (notice(title="GARDENS and Sleep, in a Town.", year=years[1]),)), papers)
    assert (len(found.hits), len(found.near)) == (0, near)


def test_a_nature_that_is_not_known_is_shown_as_it_is() -> None:
    papers = [Publication(URIRef(f"{BASE}a"), "A", doi="10.5555/a")]
    found = check_retractions(RetractionList("x", "utf-8", (notice(doi="10.5555/a", nature="withdrawal of consent"),)), papers)
    answer = retractions_answer(found, BASE)
    assert answer["hits"][0]["nature"] == "withdrawal of consent"
    assert any("withdrawal of consent" in limit for limit in answer["limits"])


def test_titles_are_compared_without_what_printers_change() -> None:
    assert plain("Retracted: Normalising the “naïve” Child") == plain("normalizing the naive child")
    assert len(COLUMNS) == 20


def test_the_repository_has_no_hit_in_an_invented_file(store: EmbeddedStore) -> None:
    found = check_retractions(read_retractions(FILES / "invented.csv"), publications(store))
    assert len(found.publications) > 10
    assert (found.hits, found.near) == ((), ())
    assert all(paper.label and paper.title and paper.year and paper.author for paper in found.publications)


def test_a_paper_of_the_repository_is_found_when_it_is_listed(store: EmbeddedStore) -> None:
    paper = next(paper for paper in publications(store) if paper.doi)
    listed = broken("https://doi.org/10.5555/GARDENS.2015", f"https://doi.org/{paper.doi.upper()}")
    (match,) = check_retractions(parse_retractions("x.csv", listed), publications(store)).hits
    assert (match.publication, match.by, match.notice.record) == (paper, "DOI", "900001")


def test_the_command_ends_with_one_on_a_hit(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kb = ["--kb", str(repository), "check-retractions"]
    assert cli.main([*kb, str(FILES / "invented.csv")]) == 0
    assert "Absence proves nothing" in capsys.readouterr().out
    listed = tmp_path / "listed.csv"
    listed.write_bytes(broken("https://doi.org/10.5555/GARDENS.2015", "10.1017/S0954579406060329"))
    assert cli.main([*kb, str(listed), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["hits"][0]["id"] == "publication/cicchetti-2006"
    assert cli.main([*kb, str(tmp_path / "none.csv")]) == 3
    assert "none.csv cannot be read" in capsys.readouterr().err
