"""What can be told of a SPARQL update from its text: its operations, the graphs each can touch, its literals as written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from wherefrom.problems import BadQuery
from wherefrom.sparql_text import is_volatile, legible
from wherefrom.sparql_tokens import Prologue, Token, tokens

REFUSED = {"LOAD", "SERVICE"}  # they would make a request


@dataclass
class Operation:
    """One operation: its text with the prologue before it, and the named graphs it can touch (None: any).

    Where it names graphs by variables, `query` tells their names in its columns, besides `graphs`.
    """

    text: str
    graphs: set[ox.NamedNode] | None = field(default_factory=set)
    query: str = ""
    union: bool = False  # whether it would change the default graph, which is the union of the others

    def touch(self, graph: ox.NamedNode | None) -> None:
        """Note that it can touch a graph, or any."""
        if graph is None:
            self.graphs = None
        elif self.graphs is not None:
            self.graphs.add(graph)


@dataclass(frozen=True)
class Update:
    """The operations of an update, in order, and its numbers and typed literals as written, which an engine does not keep."""

    operations: list[Operation]
    literals: list[ox.Literal]


def read_update(text: str, prefixes: Mapping[str, str], base: str) -> Update:
    """Return what an update does.

    Raises `BadQuery` for what is no update, for one that would make a request, and for escaped code points: they are
    replaced before the text is read (SPARQL 1.1 Query, section 19.2), and could hide either.
    """
    if re.search(r"\\[uU][0-9A-Fa-f]{4}", text):
        raise BadQuery("Write characters as they are, in UTF-8, not as \\u escapes.")
    reader = _Reader(text, prefixes, base)
    return Update(reader.operations(), list(reader.literals()))


def check_syntax(text: str, prefixes: Mapping[str, str], base: str) -> None:
    """Raise `BadQuery` with line and column where a text is no update for the engine, which does to an empty store what it says."""
    try:
        ox.Store().update(text, base_iri=base, prefixes=dict(prefixes))
    except SyntaxError as error:
        raise BadQuery(legible(str(error))) from error
    except (OSError, ValueError, RuntimeError):  # it cannot be done there, as a graph that is dropped does not exist
        pass


class _Reader:
    """Goes over the tokens once; the engine parses them again and tells what is wrong with them."""

    def __init__(self, text: str, prefixes: Mapping[str, str], base: str) -> None:
        self.text, self.prefixes, self.base = text, prefixes, base
        self.tokens = list(tokens(text))
        for token in self.tokens:
            if token.word in REFUSED:
                raise BadQuery(f"{token.word} makes no request here: send the data in the update, or to /graphs.")
        self.at = 0
        self.prologue = Prologue(prefixes, base)

    def operations(self) -> list[Operation]:
        found: list[Operation] = []
        while True:
            self.at = self.prologue.read(self.text, self.tokens, self.at)
            if self._next is None:
                return found
            start = self._next.start
            operation = Operation("")
            self._read_operation(operation)
            end = self._next.start if self._next else len(self.text)
            operation.text = f"{self.prologue.text}{self.text[start:end]}"
            found.append(operation)
            if self._next is None:
                return found
            if self._take().text != ";":
                raise self._unread()

    def _read_operation(self, operation: Operation) -> None:
        verb = self._take().word
        if verb in ("CREATE", "CLEAR", "DROP"):
            self._silent()
            self._read_graphs(operation)
        elif verb in ("ADD", "MOVE", "COPY"):
            self._silent()
            source = Operation("")
            self._read_graphs(source)
            self._expect("TO")
            self._read_graphs(operation)
            if verb == "MOVE":
                operation.union |= source.union
                for graph in source.graphs or ():
                    operation.touch(graph)
        elif verb in ("WITH", "INSERT", "DELETE"):
            self._read_modification(operation, verb)
        else:
            raise self._unread()

    def _read_modification(self, operation: Operation, verb: str) -> None:
        graph, variables, plain = None, set[str](), verb != "WITH"
        if verb == "WITH":
            graph = self._name()
            verb = self._take().word
        while verb in ("INSERT", "DELETE"):
            if self._next and self._next.word in ("DATA", "WHERE"):
                self._take()
                start = self.at
                variables |= self._read_template(operation, None)
                self._ask_for(operation, variables, start)
                return
            variables |= self._read_template(operation, graph)
            verb = self._take().word
        while verb == "USING":
            plain = False
            if self._next and self._next.word == "NAMED":
                self._take()
            self._name()
            verb = self._take().word
        if verb != "WHERE":
            raise self._unread()
        start = self.at
        self._skip_braces()
        if plain and not is_volatile(self.text):  # what it computes anew each time may name graphs
            self._ask_for(operation, variables, start)
        elif variables:
            operation.touch(None)

    def _ask_for(self, operation: Operation, variables: set[str], start: int) -> None:
        """Note the query for the graphs that variables of the pattern name; it begins at token `start` and has just been read."""
        if variables:
            pattern = self.text[self.tokens[start].start : self.tokens[self.at - 1].start + 1]
            operation.query = f"{self.prologue.text}SELECT DISTINCT {' '.join(sorted(variables))} WHERE {pattern}"

    def _read_template(self, operation: Operation, graph: ox.NamedNode | None) -> set[str]:
        """Read `{ triples GRAPH name { triples } ... }`; triples outside of GRAPH are of `graph`, or of the default graph.

        Return the names that are variables.
        """
        self._expect("{")
        variables = set()
        while self._next and self._next.text != "}":
            if self._next.word == "GRAPH":
                self._take()
                name = self._take()
                if name.kind == "variable":
                    variables.add(f"?{name.text[1:]}")
                else:
                    operation.touch(self._named(name))
                self._skip_braces()
            elif self._take().text != ".":
                if graph is None:
                    operation.union = True
                else:
                    operation.touch(graph)
        self._expect("}")
        return variables

    def _read_graphs(self, operation: Operation) -> None:
        """Read which graphs are meant: GRAPH name, a name alone, DEFAULT, NAMED or ALL."""
        word = self._next.word if self._next else ""
        if word in ("DEFAULT", "NAMED", "ALL"):
            self._take()
            operation.union |= word != "NAMED"
            if word != "DEFAULT":
                operation.touch(None)
            return
        if word == "GRAPH":
            self._take()
        operation.touch(self._name())

    def _skip_braces(self) -> None:
        self._expect("{")
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self._take().text, 0)

    def _silent(self) -> None:
        if self._next and self._next.word == "SILENT":
            self._take()

    def _name(self) -> ox.NamedNode:
        return self._named(self._take())

    def _named(self, token: Token) -> ox.NamedNode:
        """Return the IRI that a token stands for, which may be a prefixed name."""
        iri = self.prologue.iri(token.text)
        if iri is None:
            raise self._unread()
        return ox.NamedNode(iri)

    def literals(self) -> Iterator[ox.Literal]:
        written = {token.text for token in self.tokens if token.kind == "number"}
        triples = zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False)
        written |= {f"{text.text}^^{kind.text}" for text, carets, kind in triples if text.kind == "string" and carets.text == "^^"}
        found = (self.prologue.literal(literal) for literal in written)  # the engine will say what is wrong with others
        yield from (literal for literal in found if literal is not None)

    @property
    def _next(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self) -> Token:
        token = self._next
        if token is None:
            raise self._unread()
        self.at += 1
        return token

    def _expect(self, text: str) -> None:
        if self._take().text.upper() != text:
            raise self._unread()

    def _unread(self) -> BadQuery:
        """Return what the engine says of a text that is no update."""
        try:
            check_syntax(self.text, self.prefixes, self.base)
        except BadQuery as problem:
            return problem
        place = self.tokens[max(self.at - 1, 0)] if self.tokens else Token("", "", 0)
        line = self.text.count("\n", 0, place.start) + 1
        return BadQuery(f"Line {line}: {place.text!r} is not where an update can have it.")
