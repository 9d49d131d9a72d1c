"""Words -> the things that are called, described or printed so: an index of one version of the data.

Which texts are names, identifiers and notes the ontology says (rdfs:subPropertyOf). The index is a private database of SQLite
(FTS5), which stays in memory while it is small and is written to a temporary file where it is not.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from difflib import SequenceMatcher
from itertools import groupby
from threading import Lock
from typing import Any, NamedTuple

import networkx as nx
from rdflib import DCTERMS, RDFS, SKOS, URIRef

from wherefrom.pages import Names, address
from wherefrom.problems import BadParameter, SearchUnavailable, UnknownResource
from wherefrom.query import as_iri, rows
from wherefrom.retractions import bare_doi, bare_pubmed
from wherefrom.store import Store
from wherefrom.vocabulary import EV, expand, shorten

Answer = dict[str, Any]
Span = tuple[int, int]  # of characters, the end exclusive

FIELDS: Mapping[str, Sequence[URIRef]] = {  # a text is of the first field that has its property, or one above it
    "identifier": (DCTERMS.identifier, SKOS.notation),
    "name": (RDFS.label, DCTERMS.title),
    "publication": (),  # what `publication_texts.rq` has: year, authors, journal
    "printed": (EV.printedForm,),
    "note": (SKOS.note, DCTERMS.description),
}
WEIGHTS = (8, 8, 4, 2, 1)  # of a word by its field, in bm25
NAMED = "{identifier name}"  # the fields that suggestions look in
NOTHING = '""'  # what matches no text
LABELS = {str(SKOS.prefLabel): 0, str(RDFS.label): 1, str(DCTERMS.title): 2}  # what a thing is called: the first of these that it has
BESIDE = {"scheme": "concept", "ontology": "term"}  # kinds of the things that have a page and are not under `base`
EXACT, BEGINS, ELSE = 0, 1, 2  # how well a thing is met; then bm25 decides, then the order of the ontology

LONGEST = 200  # characters of what is looked for
MOST = 10  # suggestions
EACH, ALONE = 5, 50  # hits of a kind on one page: beside those of other kinds, and where one kind is asked for
PAGES = 10_000
AROUND = 160  # characters of a snippet
MISSPELT = 4  # letters from which a word is taken for a slip if nothing begins with it
ALIKE = 0.7  # how much of a word has to agree with what it is taken for (difflib's ratio)
CACHED = 65_536  # kB of the index that are held in memory; what is more goes to a temporary file
CANDIDATES = 30  # words that share pieces with a misspelt one, looked at more closely

WORD = re.compile(r"[^\W_]+")
DOI_ADDRESS = re.compile(r"^\s*(https?://(dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)

TABLES = f"""
CREATE TABLE said (iri TEXT, field INTEGER, property TEXT, text TEXT, reference TEXT,
  PRIMARY KEY (iri, field, property, text, reference)) WITHOUT ROWID;
CREATE TABLE thing (id INTEGER PRIMARY KEY, iri TEXT, kind INTEGER, label TEXT, folded TEXT);
CREATE INDEX by_label ON thing (folded);
CREATE TABLE key (text TEXT, thing INTEGER, PRIMARY KEY (text, thing)) WITHOUT ROWID;
CREATE VIRTUAL TABLE found USING fts5 ({", ".join(FIELDS)}, content='', prefix='2 3', tokenize='unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (found, 'row');
CREATE VIRTUAL TABLE spelling USING fts5 (word, tokenize='trigram');
"""
RANKED = f"""
WITH hit (id, score) AS (
  SELECT rowid, bm25(found, {", ".join(map(str, WEIGHTS))}) FROM found WHERE found MATCH :words
  UNION ALL SELECT thing, NULL FROM key WHERE text IN (SELECT value FROM json_each(:keys))
), best AS (SELECT id, min(score) AS score, max(score IS NULL) AS exact FROM hit GROUP BY id
), met AS (
  SELECT thing.*, score, exact, CASE WHEN exact OR folded = :folded THEN {EXACT}
    WHEN substr(folded, 1, length(:folded)) = :folded THEN {BEGINS} ELSE {ELSE} END AS tier
  FROM best JOIN thing USING (id) WHERE :kind IS NULL OR kind = :kind
), ranked AS (
  SELECT *, count(*) OVER (PARTITION BY kind) AS total, min(tier) OVER (PARTITION BY kind) AS top,
    row_number() OVER (PARTITION BY kind ORDER BY tier, exact DESC, score, folded, iri) AS place FROM met
)
SELECT iri, kind, label, total, place FROM ranked WHERE place = 1 OR (place > :start AND place <= :end) ORDER BY top, kind, place
"""
SUGGESTED = (  # in this order, until there are enough
    "SELECT DISTINCT iri, kind, label FROM key JOIN thing ON thing.id = key.thing"
    " WHERE key.text IN (SELECT value FROM json_each(:keys)) ORDER BY kind, length(iri), iri LIMIT :most",
    "SELECT iri, kind, label FROM thing WHERE :folded <> '' AND folded >= :folded AND folded < :folded || char(0x10ffff)"
    " ORDER BY kind, length(folded), folded, iri LIMIT :most",
    "SELECT DISTINCT iri, kind, label FROM key JOIN thing ON thing.id = key.thing"
    " WHERE :begun <> '' AND text >= :begun AND text < :begun || char(0x10ffff) ORDER BY kind, iri LIMIT :most",
    f"SELECT iri, kind, label FROM found JOIN thing ON thing.id = found.rowid WHERE found MATCH :words"
    f" ORDER BY bm25(found, {', '.join(map(str, WEIGHTS))}), kind, iri LIMIT :most",
)


class Said(NamedTuple):
    """A text by which a thing is found, of a field by its number, with the reference that prints it if it is not the thing's own."""

    iri: str
    field: int
    property: str
    text: str
    reference: str


class Reading(NamedTuple):
    """What a text may mean: its words and what they match in the index, after slips were mended, and whether some of them are enough."""

    text: str
    words: list[str]
    match: str
    corrected: str | None = None
    some: bool = False


class Ranked(NamedTuple):
    """A thing that was found: its kind by number, how many of the kind were found, and its place among them from 1."""

    iri: str
    kind: int
    label: str
    total: int
    place: int


class Index:
    """What things are found by. Safe in several threads: one asks at a time."""

    def __init__(self, store: Store, base: str, kinds: Iterable[str]) -> None:
        """Read all texts of a store; raises `SearchUnavailable`. `kinds` of things are told in this order."""
        check_engine()
        self.store, self.base = store, base
        self.kinds = [*kinds, *BESIDE.values()]
        self._lock = Lock()
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.executescript(f"PRAGMA cache_size = {-CACHED}; {TABLES}")
        self._database.execute("BEGIN")  # or every row would be written by itself
        self._read()
        self._database.execute("COMMIT")
        self.types = [self.kinds[kind] for (kind,) in self._ask("SELECT DISTINCT kind FROM thing ORDER BY kind")]
        self._properties = Names(store, base)
        self._properties.learn(URIRef(iri) for (iri,) in self._ask("SELECT DISTINCT property FROM said"))

    def search(self, text: str, kind: str | None = None, page: int = 1) -> Answer:
        """Return what has all words of `text`, or longer ones that begin so: by kind, some hits of each on a page.

        Where nothing has all of them, misspelt ones are taken for those they are most like (`corrected`), and at last what has
        some of the words is found (`words`). Raises `BadParameter` for an unknown kind, a page below 1 and too long a text.
        """
        if kind is not None and kind not in self.kinds:
            raise BadParameter(f"type is one of {', '.join(self.kinds)}, not {kind!r}.")
        if not 1 <= page <= PAGES:
            raise BadParameter(f"page is 1 to {PAGES:,}.")
        size = ALONE if kind else EACH
        for reading in self._readings(text):
            found = self._ranked(reading, kind, (page - 1) * size, size)
            if found:
                break
        types = [list(group) for _, group in groupby(found, key=lambda row: row.kind)]
        return {
            "query": text,
            "type": kind,
            "words": "some" if reading.some else "all",
            "corrected": reading.corrected,
            "total": sum(group[0].total for group in types),
            "page": page,
            "pages": max((-(-group[0].total // size) for group in types), default=1),
            "types": [
                {
                    "type": self.kinds[group[0].kind],
                    "total": group[0].total,
                    "hits": [self._hit(*row[:3], reading.words) for row in group if row.place > (page - 1) * size],
                }
                for group in types
            ],
        }

    def suggest(self, text: str) -> Answer:
        """Return the few things that someone who has typed `text` is likely to look for, by their names and identifiers.

        Raises `BadParameter` for too long a text.
        """
        for reading in self._readings(text):
            found = [] if reading.some else self._suggested(reading)
            if found:
                break
        return {"query": text, "corrected": reading.corrected, "suggestions": [self._hit(*row, reading.words) for row in found]}

    def compact(self) -> Answer:
        """Return what a search without a server needs: kinds, and for each thing its kind, page, label and other words it is found by."""
        kept = "SELECT iri, kind, label, folded FROM thing ORDER BY kind, folded, iri"
        beside = "SELECT text FROM said WHERE iri = ? AND field < ?"
        things = []
        for iri, kind, label, folded in self._ask(kept):
            texts = self._ask(beside, (iri, len(FIELDS) - 1))
            more = dict.fromkeys(word for (text,) in texts for word in words_of(text) if word not in folded.split())
            things.append([kind, address(iri, self.base), label, " ".join(more)])
        return {"types": self.kinds, "things": things}

    def _readings(self, text: str) -> Iterator[Reading]:
        """Yield what a text may mean, the strictest reading first."""
        if len(text) > LONGEST:
            raise BadParameter(f"q is longer than {LONGEST} characters.")
        plain = text.encode("utf-8", "replace").decode()
        words = words_of(DOI_ADDRESS.sub("", plain))
        yield Reading(plain, words, _all(words))
        mended = [self._nearest(word) if self._is_misspelt(word) else word for word in words]
        corrected = " ".join(mended) if mended != words else None
        if corrected:
            yield Reading(corrected, mended, _all(mended), corrected)
        if len(words) > 1:
            yield Reading(corrected or plain, mended, _some(mended), corrected, some=True)

    def _ask(self, query: str, values: Mapping[str, object] | Sequence[object] = ()) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _ranked(self, reading: Reading, kind: str | None, start: int, size: int) -> list[Ranked]:
        """Return the first hit of each kind, for the total it has, and `size` of each from `start` on."""
        values = {
            "words": reading.match,
            "keys": self._keys(reading.text),
            "folded": folded(reading.text),
            "kind": None if kind is None else self.kinds.index(kind),
            "start": start,
            "end": start + size,
        }
        return [Ranked(*row) for row in self._ask(RANKED, values)]

    def _suggested(self, reading: Reading) -> list[tuple[str, int, str]]:
        """Return (IRI, kind, label) of a few things: named so as a whole, then beginning so, then having the words."""
        begun = DOI_ADDRESS.sub("", reading.text).strip().casefold()
        values = {
            "keys": self._keys(reading.text),
            "folded": folded(reading.text),
            "begun": begun if "/" in begun else "",
            "words": f"{NAMED} : ({reading.match})" if len("".join(reading.words)) > 1 else NOTHING,
            "most": MOST,
        }
        found: dict[str, tuple[str, int, str]] = {}
        for query in SUGGESTED:
            if len(found) < MOST:
                found.update((row[0], row) for row in self._ask(query, values) if row[0] not in found)
        return list(found.values())[:MOST]

    def _keys(self, text: str) -> str:
        """Return, as JSON, the names and identifiers that a text may be as a whole."""
        plain = text.strip()
        keys = {plain.casefold(), bare_doi(plain.rstrip(".,;)")), bare_pubmed(plain)} - {""}
        with suppress(UnknownResource):  # words, and no name of a thing
            keys.add(str(expand(plain, self.base)).casefold())
        return json.dumps(sorted(keys))

    def _hit(self, iri: str, kind: int, label: str, words: Sequence[str]) -> Answer:
        return {
            "id": shorten(iri, self.base),
            "iri": iri,
            "kind": self.kinds[kind],
            "label": label,
            "page": address(iri, self.base),
            "matched": self._matched(iri, label, words),
        }

    def _matched(self, iri: str, label: str, words: Sequence[str]) -> Answer | None:
        """Return the text that tells most of why a thing was found: its property, a snippet, the words in it, the reference that prints it.

        It has most of the words that the label does not have, then most of the words. None where the thing was found by its
        IRI as a whole.
        """
        seen = {word for word, _ in _places(label, words)}
        texts = (Said(*row) for row in self._ask("SELECT * FROM said WHERE iri = ?", (iri,)))
        met = [(said, found) for said in texts if (found := list(_places(said.text, words)))]
        if not met:
            return None

        def tells(one: tuple[Said, list[tuple[str, Span]]]) -> tuple[int, int, int]:
            has = {word for word, _ in one[1]}
            return len(has - seen), len(has), -one[0].field

        said, found = max(met, key=tells)
        text, marks = snippet(said.text, sorted({place for _, place in found}))
        reference = {"id": shorten(said.reference, self.base), "page": address(said.reference, self.base)} if said.reference else None
        return {"property": self._properties.of(said.property), "text": text, "marks": marks, "reference": reference}

    def _is_misspelt(self, word: str) -> bool:
        known = "SELECT 1 FROM found WHERE found MATCH ? LIMIT 1"
        return len(word) >= MISSPELT and word.isalpha() and not self._ask(known, (_all([word]),))

    def _nearest(self, word: str) -> str:
        pieces = " OR ".join(f'"{word[at : at + 3]}"' for at in range(len(word) - 2))
        sharing = self._ask("SELECT word FROM spelling WHERE spelling MATCH ? ORDER BY rank LIMIT ?", (pieces, CANDIDATES))
        likeness, known = max(((_likeness(word, known), known) for (known,) in sharing), default=((0.0, 0.0), word))
        return known if likeness[0] >= ALIKE else word

    ### Reading

    def _read(self) -> None:
        into = self._database.executemany
        into("INSERT OR IGNORE INTO said VALUES (?, ?, ?, ?, ?)", _texts(self.store))
        withdrawn = {str(row["thing"]) for row in rows(self.store, "deprecated")}
        with closing(self._database.execute("SELECT * FROM said ORDER BY iri")) as said:
            for number, (iri, group) in enumerate(groupby(map(Said._make, said), key=lambda one: one.iri), 1):
                kind = self._kind(iri)
                if kind in self.kinds and iri not in withdrawn:
                    self._add(number, iri, self.kinds.index(kind), list(group))
        self._database.execute("INSERT INTO found (found) VALUES ('optimize')")
        known = f"SELECT term FROM vocabulary WHERE length(term) >= {MISSPELT} AND NOT term GLOB '*[0-9]*'"
        self._database.execute(f"INSERT INTO spelling {known}")

    def _add(self, number: int, iri: str, kind: int, said: list[Said]) -> None:
        label = min(((LABELS[one.property], one.text) for one in said if one.property in LABELS), default=(0, shorten(iri, self.base)))[1]
        self._database.execute("INSERT INTO thing VALUES (?, ?, ?, ?, ?)", (number, iri, kind, label, folded(label)))
        texts = (" ".join(folded(one.text) for one in said if one.field == field) for field in range(len(FIELDS)))
        self._database.execute(f"INSERT INTO found (rowid, {', '.join(FIELDS)}) VALUES (?, ?, ?, ?, ?, ?)", (number, *texts))
        short = shorten(iri, self.base).casefold()
        identifiers = {bare_doi(one.text) or one.text.casefold() for one in said if one.field == 0}
        keys = {iri.casefold(), short, short.rpartition("/")[2], label.casefold()} | identifiers
        self._database.executemany("INSERT INTO key VALUES (?, ?)", [(key, number) for key in keys])

    def _kind(self, iri: str) -> str:
        """Return the kind of a thing that has a page: the first part of its path."""
        first = re.match(r"/([^/#]+)", address(iri, self.base))
        return BESIDE.get(first[1], first[1]) if first else ""


def check_engine() -> None:
    """Raise `SearchUnavailable` where the SQLite of this Python cannot search."""
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.executescript(TABLES)
        except sqlite3.OperationalError as error:
            raise SearchUnavailable(f"SQLite {sqlite3.sqlite_version} cannot search: {error}.") from error


def fold(text: str) -> str:
    """Return a text without what spellings differ in: case, marks on letters, ligatures.

    >>> fold("Größe"), fold("Ångström")
    ('grosse', 'angstrom')
    """
    if text.isascii():  # as most are
        return text.lower()
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one)).casefold()


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded, each once.

    >>> words_of("Child–Parent Psychotherapy (CPP): the child")
    ['child', 'parent', 'psychotherapy', 'cpp', 'the']
    """
    return list(dict.fromkeys(WORD.findall(fold(text))))


def folded(text: str) -> str:
    """Return all words of a text, folded, one space between them."""
    return " ".join(WORD.findall(fold(text)))


def snippet(text: str, marks: Sequence[Span]) -> tuple[str, list[Span]]:
    """Return the part of a text around its first mark, cut between words, with the marks that are in it.

    >>> snippet("one two " * 30 + "three", [(240, 245)])[1]
    [(154, 159)]
    """
    if len(text) <= AROUND:
        return text, list(marks)
    start = max(0, min(marks[0][0] - AROUND // 3, len(text) - AROUND))
    start = text.find(" ", start) + 1 if start and 0 <= text.find(" ", start) < marks[0][0] else start
    end = min(len(text), start + AROUND)
    end = text.rfind(" ", start, end) if end < len(text) and text.rfind(" ", start, end) >= marks[0][1] else end
    before, after = "… " if start else "", " …" if end < len(text) else ""
    shift = len(before) - start
    return f"{before}{text[start:end]}{after}", [(a + shift, b + shift) for a, b in marks if a >= start and b <= end]


def pieces(text: str, marks: Iterable[Span]) -> list[tuple[str, bool]]:
    """Return a text in pieces, each with whether it is marked.

    >>> pieces("secure attachment", [(7, 17)])
    [('secure ', False), ('attachment', True)]
    """
    found, at = [], 0
    for start, end in marks:
        found += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(piece, marked) for piece, marked in [*found, (text[at:], False)] if piece]


def site_index(index: Index, address: Callable[[str], str]) -> bytes:
    """Return the file that `search-site.js` reads: JSON with the `types`, and of each `thing` its type, address, label and other words.

    `address` makes of a page, as `/claim/x`, where it is from the place of the file, as `claim/x/`.
    """
    found = index.compact()
    things = [[kind, address(page), label, more] for kind, page, label, more in found["things"]]
    return json.dumps({"types": found["types"], "things": things}, ensure_ascii=False, separators=(",", ":")).encode()


def _texts(store: Store) -> Iterator[Said]:
    """Yield every text of a store by which a thing is found."""
    number = {field: place for place, field in enumerate(FIELDS)}
    fields = _fields(store)
    for row in rows(store, "texts", {"property": sorted(fields)}):
        yield _said(row["thing"], number[fields[as_iri(row["property"])]], row["property"], row["text"])
    for row in rows(store, "publication_texts"):
        field = "printed" if "reference" in row else "publication"
        yield _said(row["thing"], number[field], row["property"], row["text"], row.get("reference", ""))


def _fields(store: Store) -> dict[URIRef, str]:
    """Return the field of each property that has one: the first of its own and those of the properties above it."""
    above = nx.DiGraph((row["property"], row["above"]) for row in rows(store, "subproperties"))
    found: dict[URIRef, str] = {}
    for field, roots in FIELDS.items():
        for root in roots:
            under = nx.ancestors(above, root) if root in above else ()
            found = {URIRef(one): field for one in (root, *under)} | found
    return found


def _said(thing: object, field: int, property: object, text: object, reference: object = "") -> Said:
    plain = re.sub(r"[\x00-\x1f\x7f\s]+", " ", unicodedata.normalize("NFC", str(text))).strip()
    return Said(str(thing), field, str(property), plain, str(reference))


def _all(words: Sequence[str]) -> str:
    """Return what matches a text that has, for each of the words, one that begins so; where they follow each other, it counts for more.

    Words are letters and digits, nothing else.
    """
    each = " ".join(f'"{word}" *' for word in words)
    return f'({each}) OR ("{" ".join(words)}" *)' if len(words) > 1 else each or NOTHING


def _some(words: Sequence[str]) -> str:
    return " OR ".join(f'"{word}" *' for word in words)


def _places(text: str, words: Sequence[str]) -> Iterator[tuple[str, Span]]:
    """Yield where in a text a word begins as one of `words` does, and which one."""
    for piece in WORD.finditer(text):
        for part in WORD.findall(fold(piece[0])):
            yield from ((word, piece.span()) for word in words if part.startswith(word))


def _likeness(word: str, known: str) -> tuple[float, float]:
    """Return how much a word agrees with the beginning of a known one, since who types has not come to its end yet, and with all of it."""
    whole = SequenceMatcher(None, word, known).ratio()
    return max(whole, SequenceMatcher(None, word, known[: len(word)]).ratio()), whole
