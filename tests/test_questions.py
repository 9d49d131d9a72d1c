"""Competency questions: each asks the data of this repository and has one answer that passes."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any, TypeAlias

import pyoxigraph as ox
import pytest
from rdflib import Literal, URIRef
from rdflib.term import Identifier

from wherefrom import answers, lineage, withdrawal
from wherefrom.independence import independence_on
from wherefrom.load import KnowledgeBase, read_knowledge_base
from wherefrom.problems import UnknownResource
from wherefrom.query import Question, read_question, rows
from wherefrom.store import EmbeddedStore, Store
from wherefrom.vocabulary import EV, expand, shorten

REPOSITORY = Path(__file__).parents[1]
QUESTIONS = Path(__file__).parent / "questions"
SHARED = Path(os.environ.get("WHEREFROM_SHARED", REPOSITORY.parent / "shared")) / "facts" / "questions.yaml"
EXPECTED = 73  # questions agreed on; a lower number means that one was lost

Plain: TypeAlias = str | bool | Decimal
PlainRow: TypeAlias = Mapping[str, Plain]


@dataclass(frozen=True)
class Entry:
    """One question of the manifest, which tells what each key means."""

    id: str
    words: str
    kind: str
    answer: Any
    also: dict[str, Any] = field(default_factory=dict)
    lines: Sequence[Any] = ()
    accept: Sequence[Any] = ()
    reject: Sequence[Any] = ()
    tolerance: Decimal = Decimal(0)
    derive: str | None = None
    call: dict[str, str] | None = None
    basis: str = "stated"
    guards: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back: the columns in order, and rows without the columns that are unbound."""

    columns: tuple[str, ...]
    rows: tuple[PlainRow, ...]


def plainly(written: Any) -> Any:
    """Return what the manifest says with every number as a `Decimal`, so that 1.9 is 1.9."""
    if isinstance(written, dict):
        return {key: plainly(value) for key, value in written.items()}
    if isinstance(written, list):
        return [plainly(value) for value in written]
    return Decimal(written) if isinstance(written, int) and not isinstance(written, bool) else written


def entries() -> list[Entry]:
    written = tomllib.loads((QUESTIONS / "manifest.toml").read_text("utf-8"), parse_float=Decimal)
    return [Entry(**plainly(entry)) for entry in written["question"]]


ENTRIES = entries()
ALL_TEXTS = "o-000-16"  # asks the texts of all documents, whatever its number says
OF_ONE_DOCUMENT = [entry for entry in ENTRIES if re.match(r"o-\d", entry.id) and entry.id != ALL_TEXTS]
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.id} {entry.words}")


# Grading: a grader yields what is wrong, nothing is a pass


def fold(text: str) -> str:
    return re.sub(r"[\s\u2010-\u2015]+", lambda m: " " if m[0].isspace() else "-", text.strip()).casefold()


def same(found: Plain, wanted: Plain, tolerance: Decimal = Decimal(0)) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, Decimal) and isinstance(wanted, Decimal):
        return abs(found - wanted) <= tolerance
    return isinstance(found, str) and isinstance(wanted, str) and fold(found) == fold(wanted)


def matches(found: Plain, pattern: Plain) -> bool:
    return fnmatchcase(fold(str(found)), fold(str(pattern))) or same(found, pattern)


def distinct(found: Iterable[Plain]) -> list[Plain]:
    return list(dict.fromkeys(found))


def column(answer: Answer, name: str) -> list[Plain]:
    return distinct(row[name] for row in answer.rows if name in row)


def same_set(found: Sequence[Plain], wanted: Sequence[Plain], tolerance: Decimal = Decimal(0)) -> bool:
    return len(found) == len(wanted) and all(any(same(a, b, tolerance) for a in found) for b in wanted)


def one(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass one value in the first column: the answer, or one of those accepted."""
    found = column(answer, answer.columns[0])
    if len(found) != 1 or not any(same(found[0], wanted, entry.tolerance) for wanted in (entry.answer, *entry.accept)):
        yield f"{found} is not {entry.answer!r}"
    yield from the_rest(entry, answer, answer.columns[1:])


def number(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass one number in the first column, within the tolerance."""
    if not all(isinstance(value, Decimal) for value in column(answer, answer.columns[0])):
        yield "not a number"
    yield from one(entry, answer)


def boolean(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass true or false as asked, in all rows alike and in at least one."""
    if not all(isinstance(value, bool) for value in column(answer, answer.columns[0])):
        yield "not a truth value"
    yield from one(entry, answer)


def exact_set(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass the same members in the first column, in any order."""
    found = column(answer, answer.columns[0])
    if not same_set(found, entry.answer):
        yield f"{sorted(map(str, found))} is not {sorted(entry.answer)}"
    yield from the_rest(entry, answer, answer.columns[1:])


def least_set(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass all members of the answer in the first column, and besides them only what is accepted."""
    found = column(answer, answer.columns[0])
    yield from (f"{wanted} is missing" for wanted in entry.answer if not any(same(value, wanted) for value in found))
    allowed = (*entry.answer, *entry.accept)
    yield from (f"{value} is too much" for value in found if not any(matches(value, pattern) for pattern in allowed))
    yield from the_rest(entry, answer, answer.columns[1:])


def by_column(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass the very columns asked, each with one value, with all of a list, or with none where the list is empty."""
    columns = set(answer.columns) - {"line"}
    if columns != set(entry.answer):
        yield f"columns {sorted(columns)} are not {sorted(entry.answer)}"
    for name, wanted in entry.answer.items():
        found, several = column(answer, name), wanted if isinstance(wanted, list) else [wanted]
        if not answer.rows or not same_set(found, several, entry.tolerance):
            yield f"{name}: {found} is not {wanted}"


def interval(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass both ends and what they are counted in."""
    if not {"low", "high"} < set(entry.answer):
        yield "a range has a low and a high end, and a unit or currency"
    yield from by_column(entry, answer)


def table(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass the very rows, in any order; an unbound column is written as an empty text."""
    columns = [name for name in answer.columns if name != "line"]
    found = [list(row) for row in dict.fromkeys(tuple(row.get(name, "") for name in columns) for row in answer.rows)]
    for row in entry.answer:
        if not any(len(row) == len(other) and all(map(same, other, row)) for other in found):
            yield f"{row} is missing"
    if len(found) != len(entry.answer):
        yield f"{len(found)} rows and not {len(entry.answer)}: {found}"


def empty(entry: Entry, answer: Answer) -> Iterator[str]:
    """Pass the stated reason why there is no value; any value fails, and so does silence."""
    for row in answer.rows:
        yield from (f"{name} has the value {value!r}" for name, value in row.items() if name not in ("absence", "line"))
    if not same_set(column(answer, "absence"), [entry.answer]):
        yield f"the reason {column(answer, 'absence')} is not {entry.answer!r}"


def the_rest(entry: Entry, answer: Answer, columns: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with further columns: each is graded by `also`, except the lines."""
    if set(columns) - {"line"} != set(entry.also):
        yield f"columns {sorted(columns)} are not all graded"
    for name, wanted in entry.also.items():
        if not all(name in row and same(row[name], wanted) for row in answer.rows):
            yield f"{name} is not {wanted!r} in every row"


GRADERS: dict[str, Callable[[Entry, Answer], Iterator[str]]] = {
    "value": one,
    "set": exact_set,
    "set_min": least_set,
    "number": number,
    "range": interval,
    "map": by_column,
    "table": table,
    "boolean": boolean,
    "empty": empty,
}


def complaints(entry: Entry, answer: Answer) -> list[str]:
    """Return all that is wrong with an answer."""
    found = list(GRADERS[entry.kind](entry, answer))
    for row in answer.rows:
        cells = [value for name, value in row.items() if name != "line"]
        found += [f"{cell} is rejected" for cell in cells if any(matches(cell, pattern) for pattern in entry.reject)]
    lines = column(answer, "line")
    if ("line" in answer.columns) != bool(entry.lines):
        found.append("either the query or the manifest tells no lines")
    elif entry.lines and not (lines and set(lines) <= set(entry.lines)):
        found.append(f"stated on lines {lines}, and not only on some of {entry.lines}")
    return found


# Asking: a query of its own, or a function of the lineage engine


def plain(term: Identifier, base: str) -> Plain:
    if isinstance(term, URIRef):
        return shorten(str(term), base)
    value = term.toPython() if isinstance(term, Literal) else term
    if isinstance(value, bool):
        return value
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else str(term)


def ask(entry: Entry, store: Store, base: str) -> Answer:
    """Return the answer of `store`; a function raises `UnknownResource` for a thing that the store does not hold."""
    if entry.call is not None:
        arguments = dict(entry.call)
        return CALLS[arguments.pop("function")](store, base, **arguments)
    asked = question(entry.id)
    found = tuple({name: plain(term, base) for name, term in row.items()} for row in rows(store, asked))
    answer = Answer(asked.columns, found)
    return answer if entry.derive is None else DERIVED[entry.derive](answer)


@cache
def question(name: str) -> Question:
    return read_question(QUESTIONS / f"{name}.rq")


def independence(store: Store, base: str, intervention: str, outcome: str) -> Answer:
    things = expand(intervention, base), expand(outcome, base)
    stated, inferred = (independence_on(store, *things, policy) for policy in ("stated", "inferred"))
    found = [answers.independence_answer(policy, base)["independentLines"] for policy in (stated, inferred)]
    return Answer(("lines",), tuple({"lines": Decimal(number)} for number in found))


def consequences(store: Store, base: str, thing: str, policy: lineage.Policy) -> Answer:
    graph = lineage.lineage(store, [expand(thing, base)], "consequences", policy)
    nodes = answers.lineage_answer(store, graph, base)["nodes"]
    return Answer(("thing",), tuple({"thing": node["id"]} for node in nodes if node["id"] != thing))


def fallen_sources(store: Store, base: str, withdrawn: str, policy: lineage.Policy) -> Answer:
    found = answers.impact_answer(withdrawal.impact(store, [expand(withdrawn, base)], policy), base)
    claims = [thing for thing in found["falls"] if thing["kind"] == "claim"]
    return Answer(("source",), tuple({"source": source} for claim in claims for source in claim["sources"]))


def unsupported(store: Store, base: str, source: str) -> Answer:
    found = answers.unsupported_answer(store, base, expand(source, base))
    return Answer(("claim",), tuple({"claim": claim["id"]} for claim in found["claims"]))


def improvement_index(shares: Answer) -> Answer:
    """Return the index that follows from two shares in percent: Cox index, then percentile gain.

    What Works Clearinghouse Procedures Handbook 5.0, appendix E: d = ln(odds ratio) / 1.65, index = 100 (Phi(d) - 0.5).
    """

    def odds(percent: Plain) -> float:
        return float(percent) / (100 - float(percent))

    def made(row: PlainRow) -> PlainRow:
        index = 100 * (NormalDist().cdf(math.log(odds(row["treated"]) / odds(row["usual"])) / 1.65) - 0.5)
        return {"index": Decimal(str(index)), "rounds_to_printed": round(index) == row["printed"]}

    return Answer(("index", "rounds_to_printed"), tuple(map(made, shares.rows)))


CALLS: dict[str, Callable[..., Answer]] = {
    "independence": independence,
    "consequences": consequences,
    "fallen_sources": fallen_sources,
    "unsupported": unsupported,
}
DERIVED: dict[str, Callable[[Answer], Answer]] = {"improvement_index": improvement_index}


def passes(entry: Entry, store: Store, base: str) -> bool:
    try:
        return not complaints(entry, ask(entry, store, base))
    except UnknownResource:
        return False


# The data, and the data without a part


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return read_knowledge_base(REPOSITORY)


@pytest.fixture(scope="module")
def base(knowledge: KnowledgeBase) -> str:
    return knowledge.settings.base


@pytest.fixture(scope="module")
def store(knowledge: KnowledgeBase) -> Store:
    return EmbeddedStore.of(knowledge.quads())


@pytest.fixture(scope="module")
def without_document(knowledge: KnowledgeBase, store: Store) -> dict[str, Store]:
    """Return, by the identifier of a document, the data without what it says."""
    query = "SELECT ?name ?edition { ?document dct:identifier ?name ; frbr:realization ?edition }"
    return {str(row["name"]): without(knowledge, str(row["edition"])) for row in store.select(query)}


@pytest.fixture(scope="module")
def without_curation(knowledge: KnowledgeBase, base: str) -> Store:
    return without(knowledge, f"{base}id/graph/curation")


@pytest.fixture(scope="module")
def with_values(knowledge: KnowledgeBase) -> Store:
    """Return the data with a value wherever the reason for a missing one stood, and a ground for whatever has none."""
    absence, value = ox.NamedNode(str(EV.absence)), ox.NamedNode(str(EV.valueText))
    basis, ground = ox.NamedNode(str(EV.supportBasis)), ox.NamedNode(str(EV.restsOn))

    def planted(quad: ox.Quad) -> ox.Quad:
        if quad.predicate == absence:
            return ox.Quad(quad.subject, value, ox.Literal("planted"), quad.graph_name)
        if quad.predicate == basis:
            return ox.Quad(quad.subject, ground, ox.NamedNode("urn:planted"), quad.graph_name)
        return quad

    return EmbeddedStore.of(map(planted, knowledge.quads()))


def without(knowledge: KnowledgeBase, graph: str) -> Store:
    return EmbeddedStore.of(quad for quad in knowledge.quads() if quad.graph_name != ox.NamedNode(graph))


# The tests


@each_entry
def test_the_data_answer(entry: Entry, store: Store, base: str) -> None:
    answer = ask(entry, store, base)
    assert not complaints(entry, answer), answer.rows


@each_entry
def test_no_data_do_not(entry: Entry, base: str) -> None:
    assert not passes(entry, EmbeddedStore.of([]), base)


@pytest.mark.parametrize("entry", OF_ONE_DOCUMENT, ids=lambda entry: entry.id)
def test_a_question_about_a_document_is_answered_from_it(entry: Entry, without_document: dict[str, Store], base: str) -> None:
    assert not passes(entry, without_document[entry.id[2:5]], base)


@each_entry
def test_what_sources_state_needs_no_inference_and_what_is_inferred_does(entry: Entry, without_curation: Store, base: str) -> None:
    assert passes(entry, without_curation, base) == (entry.basis == "stated")


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.kind == "empty"], ids=lambda entry: entry.id)
def test_a_missing_value_is_noticed_when_there_is_one(entry: Entry, with_values: Store, base: str) -> None:
    assert not passes(entry, with_values, base)


def test_placeholder_text_is_noticed(knowledge: KnowledgeBase, base: str) -> None:
    entry = next(entry for entry in ENTRIES if entry.id == ALL_TEXTS)
    thing, text = ox.NamedNode("urn:thing"), ox.Literal("Lorem ipsum dolor")
    planted = ox.Quad(thing, ox.NamedNode("urn:text"), text, ox.NamedNode("urn:graph"))
    assert not passes(entry, EmbeddedStore.of([*knowledge.quads(), planted]), base)


@each_entry
def test_the_header_tells_the_columns(entry: Entry) -> None:
    if entry.call is not None:
        assert entry.call["function"] in CALLS
        return
    asked = question(entry.id)
    selected = re.search(r"SELECT (?:DISTINCT )?(.*?) WHERE", asked.text, re.DOTALL)
    assert selected is not None
    assert asked.title.endswith("?")
    named = re.findall(r"AS \?(\w+)\)", selected[1]) or re.findall(r"\?(\w+)", selected[1])
    assert tuple(named) == asked.columns


def test_no_question_is_left_out() -> None:
    names = [entry.id for entry in ENTRIES]
    assert len(names) == len(set(names)) == EXPECTED
    assert {file.stem for file in QUESTIONS.glob("*.rq")} == {entry.id for entry in ENTRIES if entry.call is None}


def test_no_kind_of_grading_is_left_out() -> None:
    assert {entry.kind for entry in ENTRIES} == GRADERS.keys()


def test_every_question_agreed_on_is_here() -> None:
    if not SHARED.is_file():
        pytest.skip(f"the list that was agreed on is not at hand: set WHEREFROM_SHARED, or put it at {SHARED}")
    agreed = re.findall(r"^- id: (\S+)$", SHARED.read_text("utf-8"), re.MULTILINE)
    assert sorted(name.lower() for name in agreed) == sorted(entry.id for entry in ENTRIES)


# The graders themselves: what must not pass


@pytest.mark.parametrize(
    ("kind", "answer", "found"),
    [
        ("value", "a", ["a", "b"]),
        ("value", "a", []),
        ("set", ["a", "b"], ["a"]),
        ("set", ["a"], ["a", "b"]),
        ("set_min", ["a"], ["b"]),
        ("set_min", ["a"], ["a", "b"]),
        ("number", Decimal(1), ["1"]),
        ("number", Decimal("40.9"), [Decimal("41.0")]),
        ("boolean", True, [False]),
        ("boolean", False, []),
        ("map", {"x": []}, []),
        ("map", {"x": "a"}, ["b"]),
        ("map", {"y": "a"}, ["a"]),
        ("range", {"low": Decimal(0)}, [Decimal(0)]),
        ("table", [["a"]], ["a", "b"]),
        ("table", [["a"], ["b"]], ["a", "a"]),
        ("empty", "evs:absence/blank", []),
        ("empty", "evs:absence/blank", ["a"]),
    ],
)
def test_a_grader_lets_nothing_else_pass(kind: str, answer: Any, found: list[Plain]) -> None:
    asked = Entry("id", "words", kind, answer)
    assert complaints(asked, Answer(("x",), tuple({"x": value} for value in found)))
