"""What can go wrong, each with its own type. The core raises, the doors render.

No message carries a path or an address of the server; a place in a knowledge base is told relative to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Problem(Exception):
    """Something the caller can understand and mend: a title, what happened, and what to do."""

    slug = "problem"
    title = "Something went wrong"
    remedy = "Read the detail and try again."
    status = 400
    exit_code = 2
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def as_json(self) -> dict[str, object]:
        """Return the members of RFC 9457, with `remedy` added."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "remedy": self.remedy,
        }


class UnreadableInput(Problem):
    slug, title, status, exit_code = "unreadable-input", "An input cannot be read", 400, 3
    remedy = "Check that the file or folder exists, can be read, and has a known ending."


class UnwritableOutput(Problem):
    slug, title, status, exit_code = "unwritable-output", "A file or folder cannot be written", 500, 3
    remedy = "Name a place that you may write to."


class NotAKnowledgeBase(UnreadableInput):
    slug, title = "not-a-knowledge-base", "This folder is not a knowledge base"
    remedy = "Name a folder that holds a wherefrom.toml, or make one with `wherefrom init DIR`."


class BadSettings(UnreadableInput):
    slug, title = "bad-settings", "A setting cannot be used"
    remedy = "Correct the line in wherefrom.toml; README lists every key with its unit."


class UnusableShapes(UnreadableInput):
    slug, title = "unusable-shapes", "The shapes cannot be used"
    remedy = "Mend the shape that is named; nothing was validated."


class NotConforming(Problem):
    slug, title, status, exit_code = "not-conforming", "The data do not conform", 422, 1
    remedy = "Run `wherefrom validate` and mend what it lists as a violation."


class UnknownResource(Problem):
    slug, title, status, exit_code = "unknown-resource", "Nothing is known under this name", 404, 2
    remedy = "Look for its words with `wherefrom find` or at /search; a name is type/slug, as in claim/foundations-ipp-secure."

    def __init__(self, name: str) -> None:
        super().__init__(f"No graph says anything about {name}.")


class UnknownDocument(Problem):
    slug, title, status, exit_code = "unknown-document", "No such source document", 404, 3
    remedy = "Name a text file, or one of the folder that `sources` names in wherefrom.toml."


class PassageNotFound(Problem):
    slug, title, status, exit_code = "passage-not-found", "The passage is not in the document", 404, 1
    remedy = "Give a line number, or a piece of text that occurs exactly once, as it stands in the document."


class UnknownQuestion(Problem):
    slug, title, status = "unknown-question", "There is no question of this name", 404
    remedy = "List the named questions with `wherefrom query --list`."


class UnknownColumn(Problem):
    slug, title = "unknown-column", "The question has no such column"
    remedy = "Bind only columns that the question names in its first lines."


class BadQuery(Problem):
    slug, title = "bad-query", "The query cannot be evaluated"
    remedy = "Correct the query at the place named. Prefixes of the vocabulary are known without declaring them."


class QueryTooLarge(Problem):
    slug, title, status = "query-too-large", "The query is too large", 413
    remedy = "Shorten the query, or split it."


class AnswerTooLarge(Problem):
    slug, title, status = "answer-too-large", "The answer is too large", 413
    remedy = "Ask for less: add a LIMIT, or narrow the query. All the data are under /downloads."


class QueryTimeout(Problem):
    slug, title, status = "query-timeout", "The query took too long", 503
    remedy = "Narrow the query, add a LIMIT, or ask the operator to raise `limits.query_seconds`."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "10"}


class QueryLost(Problem):
    slug, title, status = "query-lost", "The query used more than it may", 503
    remedy = "Narrow the query; the limits are told in the service description."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "10"}


class TooManyQueries(Problem):
    slug, title, status = "too-many-queries", "Too many queries at once", 503
    remedy = "Wait and ask again."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class UpdateRefused(Problem):
    slug, title, status = "update-refused", "This service does not take updates", 403
    remedy = "Change the files of the knowledge base and build it again."


class Busy(Problem):
    slug, title, status = "busy", "Someone else is writing", 503
    remedy = "Wait and send it again; nothing was changed."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}


class NotAuthorized(Problem):
    slug, title, status = "not-authorized", "Who writes must show a token", 401
    remedy = "Send `Authorization: Bearer TOKEN` with a token that the operator gave you."
    headers: ClassVar[Mapping[str, str]] = {"Www-Authenticate": 'Bearer realm="wherefrom"'}


class ProtectedGraph(Problem):
    slug, title, status = "protected-graph", "This graph is not written to here", 403
    remedy = "Write to a graph whose name starts with the base and id/, such as BASEid/graph/NAME; the ontology is changed in its files."


class NamesNoGraph(Problem):
    slug, title = "names-no-graph", "The write names no graph"
    remedy = "Name a graph: GRAPH <...> { } around the triples, or WITH <...>. The default graph is the union of all and follows by itself."


class BadContent(Problem):
    slug, title = "bad-content", "What was sent does not parse"
    remedy = "Correct it at the place named, and check the Content-Type."


class HostNotAllowed(Problem):
    slug, title, status = "host-not-allowed", "This host is not asked from here", 403
    remedy = (
        "Ask the operator to name the host in `limits.service_hosts`, or send the data yourself: as VALUES, in the update, or to /graphs."
    )


class ServiceFailed(Problem):
    slug, title, status = "service-failed", "Another service did not answer as it should", 502
    remedy = "Ask that service yourself to see what it says, or write SILENT to do without its answer."


class NotAcceptable(Problem):
    slug, title, status = "not-acceptable", "No acceptable format", 406

    def __init__(self, offered: str) -> None:
        super().__init__(f"None of the formats asked for is offered here. Offered: {offered}.")
        self.remedy = f"Send an Accept header with one of {offered}, or use a suffix."


class UnsupportedMediaType(Problem):
    slug, title, status = "unsupported-media-type", "This media type is not taken here", 415
    remedy = "Send application/sparql-query, or a form with a `query` field."


class BadParameter(Problem):
    slug, title = "bad-parameter", "A parameter cannot be used"
    remedy = "Correct the parameter named."


class AddressInUse(Problem):
    slug, title, status = "address-in-use", "Nothing can be served at this address", 500
    remedy = "Name a free port from 1 to 65535 with --port, or 0 to have one picked."


class SearchUnavailable(Problem):
    slug, title, status, exit_code = "search-unavailable", "This Python cannot search", 503, 4
    remedy = "Run with a Python whose SQLite is 3.34 or newer and has FTS5: `python -c 'import sqlite3; print(sqlite3.sqlite_version)'`."


class StoreUnusable(Problem):
    slug, title, status, exit_code = "store-unusable", "The store cannot be used", 500, 3
    remedy = "Build it anew with `wherefrom build`, or name another with --store."


class EndpointUnusable(StoreUnusable):
    slug, title, status = "endpoint-unusable", "The SPARQL endpoint behind this service cannot be used", 502
    remedy = "Ask again in a moment. The operator sees to it that the endpoint answers SPARQL 1.1 queries, and within which limits."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "10"}


def all_problems() -> list[type[Problem]]:
    """Return every kind of problem, the base first."""
    found: list[type[Problem]] = [Problem]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found
