"""SERVICE and LOAD in a query or update: what is asked of whom, and the text with what came in their place.

SERVICE is evaluated by itself and then joined (SPARQL 1.1 Federated Query, section 4), as a block of VALUES is: so the
answer can stand in its place as such a block, and who evaluates the text need not be able to ask anyone. In the same way
the triples of a document stand in place of LOAD as INSERT DATA (SPARQL 1.1 Update, section 3.1.4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from wherefrom.problems import BadQuery, NamesNoGraph
from wherefrom.sparql_tokens import Prologue, Token, tokens

SERVICE, LOAD = "SERVICE", "LOAD"
NOTHING = {SERVICE: "{}", LOAD: "INSERT DATA {}"}  # what stands in place of a call that failed and is SILENT


@dataclass(frozen=True)
class Call:
    """One SERVICE or LOAD: where it stands in the text, the address, and the query to ask or the graph to load into."""

    verb: str
    start: int
    end: int
    address: str
    silent: bool
    query: str = ""
    graph: str = ""


def calls(text: str, prefixes: Mapping[str, str], base: str, *, update: bool = False) -> list[Call]:
    r"""Return the calls in a query, or an update, in order; one within the group of another is for that service to make.

    What is wrong with a text is for its engine to say, and a call that is hidden here for its process to refuse. Raises
    `BadQuery` for a service named by a variable and `NamesNoGraph` for LOAD without INTO GRAPH, which is not done here.

    >>> [call] = calls("SELECT * { ?a a ex:A . SERVICE ex:s { ?a ex:p ?b } }", {"ex": "http://e/"}, "http://b/")
    >>> call.address, call.query
    ('http://e/s', 'BASE <http://b/>\nPREFIX ex: <http://e/>\nSELECT * WHERE { ?a ex:p ?b }')
    """
    verbs, upper = ((SERVICE, LOAD) if update else (SERVICE,)), text.upper()
    return list(_Reader(text, prefixes, base).calls(verbs)) if any(verb in upper for verb in verbs) else []


def replaced(text: str, answers: Iterable[tuple[Call, str]]) -> str:
    """Return a text with something else in place of each of its calls."""
    parts, at = [], 0
    for call, answer in answers:
        parts += [text[at : call.start], answer]
        at = call.end
    return "".join((*parts, text[at:]))


def as_values(rows: ox.QuerySolutions, blank: str) -> str:
    """Return rows as a block of VALUES; their blank nodes, which no query can have as values, get names that start with `blank`.

    The engine that read the rows has checked each name and tag, and writes them as a query does.
    """
    columns = " ".join(f"?{variable.value}" for variable in rows.variables)
    written = (" ".join(_written(value, blank) for value in row) for row in rows)
    return f"VALUES ({columns}) {{ {' '.join(f'({row})' for row in written)} }}"


def _written(value: object, blank: str) -> str:
    if value is None:
        return "UNDEF"
    return f"<{blank}{value.value}>" if isinstance(value, ox.BlankNode) else str(value)


def as_insertion(triples: Iterable[ox.Triple], graph: str) -> str:
    """Return triples as the update that adds them to a graph."""
    content = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    return f"INSERT DATA {{ GRAPH <{graph}> {{\n{content.decode()}}} }}"


class _Reader:
    """Goes over the tokens once."""

    def __init__(self, text: str, prefixes: Mapping[str, str], base: str) -> None:
        self.text, self.tokens = text, list(tokens(text))
        self.known = prefixes
        self.prologue = Prologue(prefixes, base)

    def calls(self, verbs: Collection[str]) -> Iterator[Call]:
        at = 0
        while at < len(self.tokens):
            after = self.prologue.read(self.text, self.tokens, at)
            if after == at:
                verb = self.tokens[at].word
                found = (self._service(at) if verb == SERVICE else self._load(at)) if verb in verbs else None
                if found is not None:
                    yield found[0]
                after = found[1] if found is not None else at + 1
            at = after

    def _service(self, at: int) -> tuple[Call, int] | None:
        """Return the call that begins at a token, and the token after it; None where it is none."""
        name, silent = self._after_silent(at)
        end = self._end_of_group(name + 1)
        if end is None:
            return None
        if self.tokens[name].kind == "variable":
            raise BadQuery("SERVICE is asked of a service that is named in the query, not of one that a variable stands for.")
        address = self.prologue.iri(self.tokens[name].text)
        if address is None:
            return None
        group = self.tokens[name + 1 : end]
        return Call(SERVICE, self.tokens[at].start, self._end(end), address, silent, self._query(group)), end

    def _load(self, at: int) -> tuple[Call, int] | None:
        """Return the call that begins at a token, and the token after it; None where it is none."""
        name, silent = self._after_silent(at)
        address = self.prologue.iri(self.tokens[name].text) if name < len(self.tokens) else None
        if address is None:
            return None
        if [token.word for token in self.tokens[name + 1 : name + 3]] != ["INTO", "GRAPH"]:
            raise NamesNoGraph("LOAD would change the default graph, which is the union of all graphs.")
        graph = self.prologue.iri(self.tokens[name + 3].text) if name + 3 < len(self.tokens) else None
        if graph is None:
            return None
        return Call(LOAD, self.tokens[at].start, self._end(name + 4), address, silent, graph=graph), name + 4

    def _after_silent(self, at: int) -> tuple[int, bool]:
        silent = at + 1 < len(self.tokens) and self.tokens[at + 1].word == "SILENT"
        return at + 1 + silent, silent

    def _end_of_group(self, start: int) -> int | None:
        """Return the token after the group that begins at a token, None where none does, or it does not end."""
        depth = 0
        for at in range(start, len(self.tokens)):
            depth += {"{": 1, "}": -1}.get(self.tokens[at].text, 0)
            if depth <= 0:
                return at + 1 if at > start else None
        return None

    def _end(self, at: int) -> int:
        """Return where the token before this one ends in the text."""
        last = self.tokens[at - 1]
        return last.start + len(last.text)

    def _query(self, group: Sequence[Token]) -> str:
        """Return a group as a query of its own, with the names that it uses declared."""
        used = dict.fromkeys(token.text.split(":")[0] for token in group if token.kind == "word" and ":" in token.text)
        declared = ((name, self.prologue.iri(f"{name}:")) for name in used)
        head = f"BASE <{self.prologue.iri('<>')}>\n" + "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in declared if iri is not None)
        return f"{head}SELECT * WHERE {self.text[group[0].start : group[-1].start + 1]}"
