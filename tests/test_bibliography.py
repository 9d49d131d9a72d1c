"""References to publications: what they tell, and that others read in them what the data say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import bibtexparser
import pyoxigraph as ox
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors, SplitNameParts
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from hypothesis import given, settings
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from rdflib import DCTERMS, FOAF, RDF, SKOS, Graph, Namespace, URIRef

from wherefrom import bibliography
from wherefrom.bibliography import FORMS, Name, Record, coins, highwire, publications_of, records, whole_bibliography, words
from wherefrom.bibliography.kinds import KINDS, OTHER, kind_of
from wherefrom.bibliography.records import FABIO, FRBR, PRISM, PRO, key, one_line
from wherefrom.load import KnowledgeBase, term
from wherefrom.problems import AnswerTooLarge, UnknownResource
from wherefrom.store import EmbeddedStore
from wherefrom.vocabulary import EV, PREFIXES

BASE = "https://w3id.org/wherefrom/"
OCO = Namespace("https://w3id.org/oc/ontology/")
DATA = Path(__file__).parent / "data" / "references"


def iri(name: str) -> URIRef:
    return URIRef(f"{BASE}id/{name}")


@pytest.fixture(scope="module")
def all_records(store: EmbeddedStore) -> list[Record]:
    return whole_bibliography(store, BASE)


### What the data say


@pytest.fixture(scope="module")
def bibliography_graph(repository: Path) -> Graph:
    content = (repository / "data" / "bibliography.trig").read_bytes()
    found = Graph()
    for quad in ox.parse(content, ox.RdfFormat.TRIG, base_iri=BASE):
        found.add(tuple(map(term, quad.triple)))  # type: ignore[arg-type]
    return found


def said(graph: Graph, publication: URIRef) -> dict[str, Any]:
    """Return what a graph says of a publication, read triple by triple."""

    def of(prop: URIRef) -> str:
        return str(graph.value(publication, prop, default=""))

    return {
        "title": of(DCTERMS.title),
        "authors": list(byline(graph, publication)),
        "year": of(FABIO.hasPublicationYear),
        "container": str(graph.value(graph.value(publication, FRBR.partOf), SKOS.prefLabel)),
        "volume": of(PRISM.volume),
        "issue": of(PRISM.issueIdentifier),
        "first_page": of(PRISM.startingPage),
        "last_page": of(PRISM.endingPage),
        "doi": of(PRISM.doi),
        "pubmed": of(FABIO.hasPubMedId),
    }


def byline(graph: Graph, publication: URIRef) -> Iterator[tuple[str, str]]:
    roles = set(graph.objects(publication, PRO.isDocumentContextFor))
    role = next(role for role in roles if not set(graph.subjects(OCO.hasNext, role)))
    while role is not None:
        person = graph.value(role, PRO.isHeldBy)
        yield str(graph.value(person, FOAF.familyName)), str(graph.value(person, FOAF.givenName))
        role = graph.value(role, OCO.hasNext)


def test_each_record_tells_what_the_bibliography_says(all_records: list[Record], bibliography_graph: Graph) -> None:
    assert [one.iri for one in all_records] == sorted(bibliography_graph.subjects(RDF.type, EV.Publication))
    assert len(all_records) == 12
    for one in all_records:
        told = {name: getattr(one, name) for name in said(bibliography_graph, one.iri)}
        told["authors"] = [(name.family, name.given) for name in one.authors]
        assert told == said(bibliography_graph, one.iri)
        assert one.kind == FABIO.JournalArticle
        assert all((name.iri, DCTERMS.creator, None) not in bibliography_graph and name.iri for name in one.authors)


def test_what_is_not_known_is_left_out_of_every_format(all_records: list[Record]) -> None:
    [paper] = [one for one in all_records if one.key == "toth-2002"]
    assert (paper.doi, paper.pubmed, paper.address) == ("", "", "")
    [entry] = bibtexparser.parse_string(FORMS["bibtex"].write([paper])).entries
    assert entry.fields_dict.keys() & {"doi", "url", "pmid", "publisher", "keywords"} == set()
    [read] = rispy.loads(FORMS["ris"].write([paper]))
    assert read.keys() & {"doi", "urls", "accession_number", "name_of_database", "publisher", "keywords"} == set()
    [item] = json.loads(FORMS["csl"].write([paper]))
    assert item.keys() & {"DOI", "URL", "PMID", "publisher", "keyword"} == set()
    assert not {name for name, _ in highwire(paper)} & {"citation_doi", "citation_pmid"}
    assert "info:" not in coins(paper).replace("%3A", ":").replace("info:ofi", "")
    assert "None" not in "".join((FORMS["bibtex"].write([paper]), FORMS["ris"].write([paper]), FORMS["csl"].write([paper]), coins(paper)))


def test_a_publication_of_which_nothing_is_known_has_no_field_but_its_name(store: EmbeddedStore) -> None:
    [one] = records(store, [iri("publication/none")], BASE)
    assert FORMS["bibtex"].write([one]) == f"@misc{{none,\n  annote = {{{one.iri}}},\n}}\n"
    assert FORMS["ris"].write([one]) == f"TY  - GEN\r\nID  - none\r\nN1  - {one.iri}\r\nER  - \r\n"
    assert json.loads(FORMS["csl"].write([one])) == [{"id": "none", "type": "document", "custom": {"iri": str(one.iri)}}]
    assert (str(words(one)), highwire(one)) == ("", [])


def test_authors_stand_in_the_order_of_the_chain_and_editors_are_none(kb: KnowledgeBase) -> None:
    store = changed(
        kb,
        """publication:cicchetti-2006 pro:isDocumentContextFor role:x . role:x pro:withRole pro:editor ; pro:isHeldBy person:peltz-jack-s .
           role:cicchetti-2006-3 oco:hasNext role:x""",
    )
    [one] = records(store, [iri("publication/cicchetti-2006")], BASE)
    assert [name.family for name in one.authors] == ["Cicchetti", "Rogosch", "Toth"]


def test_a_chain_that_goes_round_or_breaks_off_loses_nobody(kb: KnowledgeBase) -> None:
    round_and_round = changed(kb, "role:cicchetti-2006-3 oco:hasNext role:cicchetti-2006-1")
    [one] = records(round_and_round, [iri("publication/cicchetti-2006")], BASE)
    assert [name.family for name in one.authors] == ["Cicchetti", "Rogosch", "Toth"]
    broken = changed(kb, "", without="oco:hasNext")
    [one] = records(broken, [iri("publication/cicchetti-2006")], BASE)
    assert {name.family for name in one.authors} == {"Cicchetti", "Rogosch", "Toth"}


def changed(kb: KnowledgeBase, more: str, without: str = "") -> EmbeddedStore:
    """Return the repository's base with a few statements more, or without those of a property."""
    prefixes = {**PREFIXES, **{kind: f"{BASE}id/{kind}/" for kind in ("publication", "role", "person")}}
    gone = ox.NamedNode(PREFIXES[without.split(":")[0]] + without.split(":")[1]) if without else None
    written = "".join(f"@prefix {name}: <{space}> .\n" for name, space in prefixes.items())
    extra = ox.parse(f"{written} <{BASE}id/graph/extra> {{ {more} }}".encode(), ox.RdfFormat.TRIG)
    return EmbeddedStore.of([*(quad for quad in kb.quads() if quad.predicate != gone), *extra])


### The publications of a thing


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        ("publication/toth-2002", {"toth-2002": ()}),
        ("study/rochester-maltreated-infants", dict.fromkeys(["cicchetti-2006", "cicchetti-2011", "stronach-2013"], ("rests on",))),
        ("claim/foundations-ipp-secure", dict.fromkeys(["cicchetti-2006", "cicchetti-2011", "stronach-2013"], ("rests on",))),
        (
            "intervention/ipp",
            dict.fromkeys(["cicchetti-2006", "cicchetti-2011", "lieberman-1991", "stronach-2013"], ("rests on",)),
        ),
        (
            "source/foundations",
            {
                **dict.fromkeys(["cicchetti-2006", "cicchetti-2011", "lieberman-1991", "stronach-2013"], ("rests on", "cites")),
                **dict.fromkeys(["cicchetti-1999", "peltz-2015", "toth-2006"], ("cites",)),
            },
        ),
        ("source/clinic-004", {}),
    ],
)
def test_the_publications_of_a_thing_are_those_it_rests_on_and_those_it_cites(
    store: EmbeddedStore, thing: str, told: dict[str, tuple[str, ...]]
) -> None:
    assert {one.key: one.how for one in publications_of(store, [iri(thing)], BASE)} == told


def test_what_a_source_cites_is_what_a_query_finds(store: EmbeddedStore) -> None:
    query = """SELECT DISTINCT ?source ?cited { ?document dct:publisher ?source ; frbr:realization ?edition .
      ?citation cito:hasCitingEntity ?edition ; cito:hasCitedEntity ?cited }"""
    cited: dict[URIRef, set[URIRef]] = {}
    for row in store.select(query):
        cited.setdefault(URIRef(row["source"]), set()).add(URIRef(row["cited"]))
    assert len(cited) >= 3
    for source, found in cited.items():
        assert {one.iri for one in publications_of(store, [source], BASE) if "cites" in one.how} == found


def test_who_is_cited_by_a_publication_is_not_followed(kb: KnowledgeBase) -> None:
    store = changed(kb, "publication:toth-2002 cito:citesAsEvidence publication:weiner-2009")
    assert [one.key for one in publications_of(store, [iri("publication/toth-2002")], BASE)] == ["toth-2002"]


def test_things_that_are_unknown_or_too_large_are_refused(store: EmbeddedStore) -> None:
    with pytest.raises(UnknownResource, match="claim/none"):
        publications_of(store, [iri("claim/none")], BASE)
    with pytest.raises(AnswerTooLarge, match="More than 5 things"):
        publications_of(store, [iri("source/foundations")], BASE, most=5)


### Read back by others


def decoder() -> LatexNodes2Text:
    """Return a reader of LaTeX that knows the names of five characters which pylatexenc leaves out of its list."""
    known = get_default_latex_context_db()
    names = {"textless": "<", "textgreater": ">", "textbar": "|", "textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}
    known.add_context_category("names", macros=[MacroTextSpec(name, text) for name, text in names.items()], prepend=True)
    return LatexNodes2Text(latex_context=known, keep_comments=True)


def read_bibtex(text: str) -> list[Any]:
    library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware(decoder=decoder())])
    assert library.failed_blocks == []
    assert library.blocks == library.entries
    return library.entries


def test_bibtex_reads_back(all_records: list[Record]) -> None:
    text = FORMS["bibtex"].write(all_records)
    for one, entry in zip(all_records, read_bibtex(text), strict=True):
        read = {name: field.value for name, field in entry.fields_dict.items()}
        assert (entry.entry_type, entry.key) == ("article", one.key)
        assert read == told(
            author=" and ".join(name.inverted for name in one.authors),
            title=one.title,
            journal=one.container,
            year=one.year,
            volume=one.volume,
            number=one.issue,
            pages=f"{one.first_page}–{one.last_page}",
            doi=one.doi,
            url=one.address,
            pmid=one.pubmed,
            annote=str(one.iri),
        )


def test_bibtex_takes_the_names_apart_as_the_data_have_them(all_records: list[Record]) -> None:
    library = bibtexparser.parse_string(FORMS["bibtex"].write(all_records), append_middleware=[SeparateCoAuthors(), SplitNameParts()])
    for one, entry in zip(all_records, library.entries, strict=True):
        parts = entry.fields_dict["author"].value
        assert [(" ".join(part.last), " ".join(part.first)) for part in parts] == [(name.family, name.given) for name in one.authors]


def test_capitals_of_a_title_are_kept_by_braces() -> None:
    text = FORMS["bibtex"].write([Record(URIRef("urn:x"), "x", title="IPP and The iPad: a Trial")])
    assert "title = {{IPP} and {The} {iPad:} a {Trial}}," in text


def test_ris_reads_back(all_records: list[Record]) -> None:
    text = FORMS["ris"].write(all_records)
    assert text.count("\n") == text.count("\r\n")
    for one, read in zip(all_records, rispy.loads(text), strict=True):
        assert read == told(
            type_of_reference="JOUR",
            id=one.key,
            authors=[name.inverted for name in one.authors],
            title=one.title,
            secondary_title=one.container,
            year=one.year,
            volume=one.volume,
            number=one.issue,
            start_page=one.first_page,
            end_page=one.last_page,
            doi=one.doi,
            urls=[one.address] if one.address else [],
            accession_number=one.pubmed,
            name_of_database="PubMed" if one.pubmed else "",
            notes=[str(one.iri)],
        )


def told(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def test_a_citation_processor_prints_what_the_pages_show(all_records: list[Record]) -> None:
    assert [str(words(one)) for one in all_records] == list(rendered(all_records, DATA / "plain.csl"))
    assert str(words(all_records[2])) == (
        "Cicchetti, Dante; Rogosch, Fred A.; Toth, Sheree L. (2006). Fostering secure attachment in infants in maltreating families "
        "through preventive interventions. Development and Psychopathology, 18(3), 623–649. https://doi.org/10.1017/S0954579406060329"
    )


def test_a_published_style_prints_every_reference(all_records: list[Record]) -> None:
    for one, text in zip(all_records, rendered(all_records, "harvard-cite-them-right"), strict=True):
        assert one.authors[0].family in text
        assert one.title in text
        assert one.year in text


def rendered(given_records: list[Record], style: Path | str) -> Iterator[str]:
    with pytest.warns(UserWarning, match="unsupported: custom"):  # a field of CSL 1.0.2, which citeproc-py leaves out
        source = CiteProcJSON(json.loads(FORMS["csl"].write(given_records)))
    printed = CitationStylesBibliography(CitationStylesStyle(str(style), validate=False), source, formatter.plain)
    for one in given_records:
        printed.register(Citation([CitationItem(one.key)]))
    return map(str, printed.bibliography())


def test_every_kind_of_publication_has_words_in_every_format() -> None:
    for kind, known in KINDS.items():
        one = Record(URIRef("urn:x"), "x", kind, "A title", (Name("Ann Other", "Other", "Ann"),), "2020", container="What it is in")
        assert kind_of(one) is known
        [entry] = read_bibtex(FORMS["bibtex"].write([one]))
        assert (entry.entry_type, entry.fields_dict[known.within].value) == (known.bibtex, "What it is in")
        assert rispy.loads(FORMS["ris"].write([one]))[0]["type_of_reference"] in rispy.config.TYPE_OF_REFERENCE_MAPPING
        assert "A title" in next(rendered([one], DATA / "plain.csl"))
    assert kind_of(Record(URIRef("urn:x"), "x", FABIO.Spreadsheet)) is OTHER


def test_how_a_thing_leads_there_is_a_keyword_in_every_format(store: EmbeddedStore) -> None:
    found = publications_of(store, [iri("source/foundations")], BASE)
    hows = [list(one.how) for one in found]
    assert ["cites"] in hows
    assert [entry.fields_dict["keywords"].value.split(", ") for entry in read_bibtex(FORMS["bibtex"].write(found))] == hows
    assert [read["keywords"] for read in rispy.loads(FORMS["ris"].write(found))] == hows
    assert [item["keyword"].split(", ") for item in json.loads(FORMS["csl"].write(found))] == hows


### Hostile texts

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text(st.sampled_from(list("{}\\$&#%_~^<>|\"'`-,!?=@ \nAa")), max_size=30),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "}\n@article{x,",
            "a\r\nER  - \r\nTY  - BOOK",
            "\\input{/etc/passwd}",
            "\u2028",
            "{",
            "}}",
            "Ünïcödé 读书",
        ]
    ),
).filter(one_line)


def article(title: str, container: str, family: str, given_name: str) -> Record:
    name = Name("", family, given_name)
    return Record(URIRef("https://example.org/id/publication/x"), "x", FABIO.JournalArticle, title, (name,), "2020", container=container)


hostile = st.builds(article, texts, texts, texts, texts)
often = settings(max_examples=150, deadline=None, database=None)


@often
@given(hostile)
def test_bibtex_gives_back_hostile_texts(one: Record) -> None:
    text = FORMS["bibtex"].write([one])
    assert balanced(text)
    [entry] = read_bibtex(text)
    assert entry.fields_dict.keys() == {"author", "title", "journal", "year", "annote"}
    assert plain(entry.fields_dict["title"].value) == plain(one.title)
    assert plain(entry.fields_dict["journal"].value) == plain(one.container)
    assert plain(entry.fields_dict["author"].value) == plain(one.authors[0].inverted)


def balanced(text: str) -> bool:
    """Return whether braces are in pairs as BibTeX counts them: those after a backslash too (btxdoc, section 3)."""
    depth = 0
    for brace in re.findall("[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def plain(text: str) -> str:
    """Return a text without what the reader of LaTeX makes of its own accord: blanks, and quotes in the form of the printed page."""
    return re.sub(r"\s", "", one_line(text)).translate(str.maketrans("’‘", "'`"))


@often
@given(st.lists(hostile, min_size=1, max_size=3))
def test_ris_gives_back_hostile_texts_and_no_more_records(given_records: list[Record]) -> None:
    read = rispy.loads(FORMS["ris"].write(given_records))
    assert [(one["title"], one["authors"], one["secondary_title"]) for one in read] == [
        (one_line(one.title), [one_line(one.authors[0].inverted)], one_line(one.container)) for one in given_records
    ]
    assert {tuple(sorted(one)) for one in read} == {
        ("authors", "id", "notes", "secondary_title", "title", "type_of_reference", "year"),
    }


@often
@given(hostile)
def test_csl_json_and_coins_give_back_hostile_texts(one: Record) -> None:
    [item] = json.loads(FORMS["csl"].write([one]))
    assert (item["title"], item["author"][0]["family"], item["container-title"]) == tuple(
        map(one_line, (one.title, one.authors[0].family, one.container))
    )
    pairs = dict(parse_qsl(coins(one), strict_parsing=True))
    assert (pairs["rft.atitle"], pairs["rft.jtitle"]) == (one_line(one.title), one_line(one.container))


@often
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), min_size=2, max_size=2, unique=True))
def test_keys_are_those_that_bibtex_takes_and_no_two_are_alike(names: list[str]) -> None:
    keys = [key(f"{BASE}id/publication/{name}", BASE) for name in names]
    assert keys[0] != keys[1]
    for one in keys:
        assert [entry.key for entry in read_bibtex(FORMS["bibtex"].write([Record(URIRef("urn:x"), one)]))] == [one]


def test_what_is_offered_is_what_the_modules_have() -> None:
    assert set(bibliography.__all__) <= set(dir(bibliography))
    assert {form.ending for form in FORMS.values()} == {"bib", "ris", "csl.json"}
