"""A question by its name -> rows. Questions are `.rq` files; values come in as bindings of their columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, wraps
from itertools import chain
from pathlib import Path
from typing import TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from rdflib import URIRef
from rdflib.term import Identifier

from wherefrom.problems import UnknownColumn, UnknownQuestion
from wherefrom.resources import queries
from wherefrom.store import Bindings, Row, Store

T = TypeVar("T")
BATCH = 250  # values in one VALUES block: with long IRIs still below what an endpoint takes (64 kB)
KEPT = 50_000  # rows that are kept for a store, about 25 MB, and as many that were kept before and are asked again
LARGE = 5_000  # rows from which an answer is not kept, and read while it comes: who asked may need no more than its beginning
MANY = 1_000  # values of one question from which it is about a large part of the base, and nothing is kept


@dataclass(frozen=True)
class Question:
    """A `.rq` file: its first comment lines are the question in words, the `# Columns:` line names its columns.

    Where the question is written as `#+ summary:`, grlc makes an API of the file (github.com/CLARIAH/grlc).
    """

    name: str
    title: str
    columns: tuple[str, ...]
    text: str
    remark: str = ""  # what the line of the columns says of them


def read_question(path: Path) -> Question:
    """Return the question in a `.rq` file; raises `ValueError` where its first lines do not tell question and columns."""
    text = path.read_text("utf-8")
    comments = [row[1:].strip() for row in text.splitlines() if row.startswith("#")]
    at = next((n for n, row in enumerate(comments) if row.startswith("Columns:")), None)
    if not at:
        raise ValueError(f"{path.name} does not begin with its question and a line `# Columns: ?a ?b`")
    names, _, remark = comments[at].partition(" - ")
    columns = tuple(re.findall(r"\?(\w+)", names))
    return Question(path.stem, " ".join(comments[:at]).removeprefix("+ summary: "), columns, text, remark)


@cache
def questions() -> dict[str, Question]:
    """Return the named questions that people may ask, by name."""
    found = (read_question(path) for path in sorted((queries() / "questions").glob("*.rq")))
    return {question.name: question for question in found}


def question(name: str) -> Question:
    """Return the named question; raises `UnknownQuestion`."""
    try:
        return questions()[name]
    except KeyError:
        raise UnknownQuestion(f"No question is called {name!r}.") from None


@cache
def _own(name: str) -> Question:
    return read_question(queries() / f"{name}.rq")


def rows(store: Store, name: str | Question, bindings: Bindings = {}) -> Iterator[Row]:
    """Return the rows of one of the program's own questions, or of a named one.

    `bindings` maps columns to the values they may have, in batches where there are many.
    Raises `UnknownColumn` for a name that is no column (an engine would ignore it and answer for everything).
    """
    asked = name if isinstance(name, Question) else _own(name)
    for column in bindings:
        if column not in asked.columns:
            raise UnknownColumn(f"{asked.name} has the columns {', '.join(asked.columns)}, not {column!r}.")
    if not bindings:
        return store.select(asked.text)
    first = next(iter(bindings))
    values = list(dict.fromkeys(bindings[first]))
    others = {column: bindings[column] for column in bindings if column != first}
    if not values or not all(others.values()):
        return iter(())
    if store.fixed and len(values) <= MANY and all(isinstance(value, URIRef) for value in values):
        return _remembered(store, asked.text, first, values, others)
    return _asked(store, asked.text, first, values, others)


def _asked(store: Store, query: str, column: str, values: Sequence[Identifier], others: Bindings) -> Iterator[Row]:
    for start in range(0, len(values), BATCH):
        yield from store.select(query, {column: values[start : start + BATCH], **others})


Known: TypeAlias = "dict[tuple[object, ...], dict[Identifier, list[Row]]]"


@dataclass
class _Memory:
    """Rows of a store by what was asked (query, column, the values of other columns), and for each of these by value of the column."""

    rows: Known = field(default_factory=dict)
    older: Known = field(default_factory=dict)  # of the memory before, from which what is asked again is taken over
    size: int = 0


_memories: WeakKeyDictionary[Store, _Memory] = WeakKeyDictionary()


def _remembered(store: Store, query: str, column: str, values: Sequence[Identifier], others: Bindings) -> Iterator[Row]:
    """Return the rows of values in the order of these, asking a store that counts as never changing only for those that are new."""
    memory = _memories.get(store)
    if memory is None or memory.size > KEPT:
        memory = _memories[store] = _Memory(older=memory.rows if memory else {})  # another one: who reads meanwhile keeps the former
    asked = (query, column, *((name, *given) for name, given in others.items()))
    known, older = memory.rows.setdefault(asked, {}), memory.older.get(asked, {})
    again = {value: older[value] for value in values if value not in known and value in older}
    known.update(again)
    memory.size += sum(len(given) + 1 for given in again.values())
    found = {value: known[value] for value in values if value in known}
    if others and (wider := memory.rows.get((query, column))):
        held = {value: _narrowed(wider[value], others) for value in values if value not in found and value in wider}
        found |= {value: given for value, given in held.items() if given is not None}
    new = [value for value in values if value not in found]
    if new:
        found |= {value: [] for value in new}
        size = sum(map(len, found.values()))
        for row in _asked(store, query, column, new, others):
            found[row[column]].append(row)
            size += 1
            if size > LARGE:
                return _asked(store, query, column, values, others)
        known.update((value, found[value]) for value in new)
        memory.size += sum(len(found[value]) + 1 for value in new)
    return chain.from_iterable([found[value] for value in values])


def _narrowed(found: list[Row], others: Bindings) -> list[Row] | None:
    """Return those rows that have the values of other columns; None where it has to be asked: texts, and what may be unbound."""
    if not all(isinstance(value, URIRef) for given in others.values() for value in given):
        return None
    if not all(column in row for column in others for row in found):
        return None
    return [row for row in found if all(row[column] in given for column, given in others.items())]


def as_iri(term: Identifier) -> URIRef:
    """Return a term of a row as the IRI that it is: the same one, since rdflib reads every letter of a new one."""
    return term if isinstance(term, URIRef) else URIRef(term)


def lines(store: Store, name: str, bindings: Bindings = {}) -> bytes:
    """Return the lines (see `Store.lines`) of one of the program's own questions, for all values of `bindings` at once."""
    return store.lines(_own(name).text, bindings)


def once(ask: Callable[[Store], T]) -> Callable[[Store], T]:
    """Have a question about all of a store asked once of one that counts as never changing, of others each time."""
    known: WeakKeyDictionary[Store, T] = WeakKeyDictionary()

    @wraps(ask)
    def asked(store: Store) -> T:
        if not store.fixed:
            return ask(store)
        if store not in known:
            known[store] = ask(store)
        return known[store]

    return asked
