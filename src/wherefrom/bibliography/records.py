"""Publications of the store -> records: what a reference tells, in the words of the data."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from rdflib import DCTERMS, FOAF, RDF, SKOS, Literal, Namespace, URIRef
from rdflib.term import Identifier

from wherefrom.query import as_iri, rows
from wherefrom.store import Row, Store
from wherefrom.vocabulary import EV, PREFIXES

FABIO, FRBR, PRISM, PRO = (Namespace(PREFIXES[prefix]) for prefix in ("fabio", "frbr", "prism", "pro"))
Values: TypeAlias = "Mapping[Identifier, Collection[Identifier]]"


@dataclass(frozen=True)
class Name:
    """The name of an author. Who has no family name, as an organisation, has a `whole` name only."""

    whole: str
    family: str = ""
    given: str = ""
    iri: URIRef | None = None

    @property
    def inverted(self) -> str:
        """The name as lists are sorted by: `Family, Given`."""
        return ", ".join(filter(None, (self.family, self.given))) if self.family else self.whole


@dataclass(frozen=True)
class Record:
    """What a reference to one publication tells. What the data leave out is empty.

    `kind` is a class of FaBiO. `date` is a day or a month, where the data have more than the year. `how` says in what way a thing
    leads to the publication ("rests on", "cites"), where it was asked for with a thing.
    """

    iri: URIRef
    key: str
    kind: URIRef | None = None
    title: str = ""
    authors: tuple[Name, ...] = ()
    year: str = ""
    date: str = ""
    container: str = ""
    volume: str = ""
    issue: str = ""
    first_page: str = ""
    last_page: str = ""
    doi: str = ""
    pubmed: str = ""
    publisher: str = ""
    how: tuple[str, ...] = ()
    container_iri: URIRef | None = None

    @property
    def address(self) -> str:
        """Where the DOI leads (DOI Handbook, 3.8); nothing where no DOI is known. A semicolon is encoded: in RIS it ends an address."""
        return f"https://doi.org/{quote(self.doi, safe='/:()._-~!$*+,=@')}" if self.doi else ""


def whole_bibliography(store: Store, base: str) -> list[Record]:
    """Return all publications of the store, in the order of their IRIs."""
    return records(store, (as_iri(row["thing"]) for row in rows(store, "kinds", {"class": [EV.Publication]})), base)


def records(store: Store, publications: Iterable[URIRef], base: str) -> list[Record]:
    """Return the records of publications, each once, in the order of their IRIs; an IRI that the store does not know has an empty one."""
    wanted = sorted(set(publications))
    told: dict[Identifier, dict[Identifier, set[Identifier]]] = {}
    for row in rows(store, "references", {"publication": wanted}):
        told.setdefault(row["publication"], {}).setdefault(row["property"], set()).add(row["value"])
    bylines: dict[Identifier, list[Row]] = {}
    for row in rows(store, "bylines", {"publication": wanted}):
        bylines.setdefault(row["publication"], []).append(row)
    return [_record(iri, told.get(iri, {}), bylines.get(iri, []), base) for iri in wanted]


def _record(iri: URIRef, told: Values, byline: list[Row], base: str) -> Record:
    def of(term: Identifier) -> str:
        return _preferred(told.get(term, ()))

    issued = of(DCTERMS.issued)
    return Record(
        iri=iri,
        key=key(iri, base),
        kind=next((URIRef(one) for one in sorted(told.get(RDF.type, ())) if str(one).startswith(str(FABIO))), None),
        title=of(DCTERMS.title),
        authors=_authors(byline),
        year="".join(re.findall(r"^\d{4}", of(FABIO.hasPublicationYear) or issued)),
        date=issued if re.fullmatch(r"\d{4}-\d\d(-\d\d)?", issued) else "",
        container=of(FRBR.partOf),
        volume=of(PRISM.volume),
        issue=of(PRISM.issueIdentifier),
        first_page=of(PRISM.startingPage),
        last_page=of(PRISM.endingPage),
        doi=of(PRISM.doi),
        pubmed=of(FABIO.hasPubMedId),
        publisher=of(DCTERMS.publisher),
        container_iri=min((one for one in told.get(FRBR.partOf, ()) if isinstance(one, URIRef)), default=None),
    )


def _preferred(values: Collection[Identifier]) -> str:
    """Return the text of one of the literals: that in English, where there are several, else the first in the order of letters."""
    texts = ((value.language != "en", str(value)) for value in values if isinstance(value, Literal))
    return min(texts, default=(False, ""))[1]


def _authors(byline: list[Row]) -> tuple[Name, ...]:
    """Return the authors in the order in which one role comes after the other (`oco:hasNext`).

    The shapes ask for one chain. In data that were not checked, each chain is followed in turn, and no role taken twice.
    """
    names: dict[Identifier, dict[Identifier, set[Identifier]]] = {}
    held: dict[Identifier, tuple[Identifier, Identifier]] = {}
    following: dict[Identifier, Identifier] = {}
    for row in byline:
        names.setdefault(row["role"], {}).setdefault(row["property"], set()).add(row["value"])
        held[row["role"]] = row["kind"], row["person"]
        if "next" in row:
            following[row["role"]] = row["next"]
    later = set(following.values())
    line: dict[Identifier, None] = {}
    for start in sorted(names, key=lambda role: (role in later, role)):
        role: Identifier | None = start
        while role in names and role not in line:
            line[role] = None
            role = following.get(role)
    return tuple(_name(names[role], held[role][1]) for role in line if held[role][0] == PRO.author)


def _name(told: Values, person: Identifier) -> Name:
    whole, family, given = (_preferred(told.get(term, ())) for term in (SKOS.prefLabel, FOAF.familyName, FOAF.givenName))
    return Name(whole, family, given, person if isinstance(person, URIRef) else None)


def key(iri: str, base: str) -> str:
    """Return the key by which files cite a publication: its name in the base. The same publication always has the same one.

    What BibTeX takes in no key is written as its code point between dots, so that two publications never share one.

    >>> key("https://example.org/id/publication/cicchetti-2006", "https://example.org/")
    'cicchetti-2006'
    >>> key("https://example.org/id/publication/größe", "https://example.org/")
    'gr.f6..df.e'
    """
    name = iri.removeprefix(f"{base}id/").removeprefix("publication/")
    return re.sub(r"[^A-Za-z0-9:/_-]", lambda found: f".{ord(found[0]):x}.", name)


def one_line(text: str) -> str:
    r"""Return a text without line breaks and control characters, which no field of a reference may have.

    >>> one_line("A\n  title\u2028of two lines ")
    'A title of two lines'
    """
    return re.sub("[ \x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()
