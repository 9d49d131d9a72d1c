"""A write -> a checked new version beside the one that is served, then a journal entry, then the version that is served.

`prepare` does the work in a draft folder and can be killed at any moment; `commit` makes it last. The step that counts is
the entry of the journal: before it nothing was written, after it the write outlives everything, and a build that is
missing is made again from files and journal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox

from wherefrom import journal
from wherefrom.build import Build, make_current, put_in_place, read_build
from wherefrom.formats import GRAPHS
from wherefrom.journal import Entry
from wherefrom.load import fingerprint_after
from wherefrom.nquads import as_kept, canonical
from wherefrom.problems import BadContent, BadQuery, NamesNoGraph, NotConforming, ProtectedGraph
from wherefrom.report import Report
from wherefrom.updates import Operation, check_syntax, read_update
from wherefrom.validate import Rules
from wherefrom.versions import Change, Version

ENTRY = "entry" + journal.SUFFIX
MEDIA_TYPES = {form.media_type: form.engine for form in GRAPHS.values()}
ONE_GRAPH = ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]  # what /graphs takes


class WouldNotConform(NotConforming):
    """A write after which the data would not conform. `report` has the violations, and what else there is to the things touched."""

    slug, title = "would-not-conform", "The data would not conform"
    remedy = "Mend what the report lists as a violation, and send the whole write again."

    def __init__(self, detail: str, report: Report = Report(())) -> None:  # noqa: B008 - it never changes
        super().__init__(detail)
        self.report = report


@dataclass(frozen=True)
class Order:
    """What is to be written: the operation, its content, the graph where it names one, by whom and when."""

    operation: str  # update, put, post or delete (the last three as the Graph Store Protocol has them)
    by: str
    at: str
    content: str = ""
    media_type: str = ""
    graph: str = ""


@dataclass(frozen=True)
class Prepared:
    """A write that is ready to be committed: its build in a draft folder, its entry, and the report on what it touches."""

    build: Build
    entry: Entry
    report: Report


class Writer:
    """Prepares writes to one knowledge base, one after another."""

    def __init__(self, rules: Rules, base: str, prefixes: Mapping[str, str]) -> None:
        self.rules, self.base, self.prefixes = rules, base, prefixes

    def prepare(self, former: Build, order: Order, draft: Path) -> Prepared | None:
        """Evaluate and check a write on a snapshot of `former` in the folder `draft`; return None where it changes nothing.

        Raises `BadQuery`, `BadContent`, `NamesNoGraph`, `ProtectedGraph`, `WouldNotConform`; nothing but `draft` was touched
        then.
        """
        served = ox.Store.read_only(str(former.store))
        served.backup(str(draft / "store"))
        store = ox.Store(str(draft / "store"))
        before = Version(served, former.nquads)
        edit = _Edit(store)
        forms = self._update(edit, order) if order.operation == "update" else self._put(edit, order)
        if not edit.removed and not edit.added:
            return None
        self._refuse_protected(edit)
        removed = tuple(quad for kept in edit.removed for quad in before.quads.forms(kept))
        added = tuple(_as_written(quad, forms, before) for quad in edit.added)
        digest = before.quads.rewrite(draft / "data.nq", removed, added)
        change = Change(before, Version(store, draft / "data.nq"), removed, added)
        report = self.rules.check(change)
        if not report.conforms:
            raise WouldNotConform(f"Nothing was written: there would be {report.summary()} in the things touched.", report)
        store.flush()
        number = former.entries + 1
        entry = Entry(number, journal.new_id(), former.head, order.by, order.at, order.operation, former.digest, digest, removed, added)
        os.link(former.shapes, draft / former.shapes.name)
        made = replace(
            former, folder=draft, fingerprint=fingerprint_after(former.fingerprint, entry), digest=digest,
            graphs=_counted(former.graphs, change), built=order.at, entries=number, head=entry.id,
        )  # fmt: skip
        made.write_description()
        (draft / ENTRY).write_bytes(entry.written())
        return Prepared(made, entry, report)

    def _update(self, edit: _Edit, order: Order) -> dict[ox.Literal, ox.Literal]:
        """Evaluate a SPARQL update; return its literals as written, by the form that a store keeps."""
        update = read_update(order.content, self.prefixes, self.base)
        for operation in update.operations:
            if operation.union:
                check_syntax(order.content, self.prefixes, self.base)
                raise NamesNoGraph("The update would change the default graph, which is the union of all graphs.")
        for operation in update.operations:

            def evaluate(text: str = operation.text) -> None:
                edit.store.update(text, base_iri=self.base, prefixes=dict(self.prefixes))

            try:
                edit.change(self._touched(edit.store, operation), evaluate)
            except SyntaxError as error:
                raise BadQuery(str(error)) from error
            except RuntimeError as error:
                if "does not exist" in str(error):  # CLEAR, DROP and the like without SILENT
                    raise BadQuery(f"{error}.") from error
                raise
        return {canonical(literal): literal for literal in update.literals}

    def _touched(self, store: ox.Store, operation: Operation) -> set[ox.NamedNode] | None:
        """Return the graphs that an operation can touch, None where they cannot be told."""
        if not operation.query or operation.graphs is None:
            return operation.graphs
        rows = store.query(operation.query, base_iri=self.base, prefixes=dict(self.prefixes))
        assert isinstance(rows, ox.QuerySolutions)
        return operation.graphs | {name for row in rows for name in row if isinstance(name, ox.NamedNode)}

    def _put(self, edit: _Edit, order: Order) -> dict[ox.Literal, ox.Literal]:
        """Replace, extend or empty one graph; return the literals of the content as written, by the form that a store keeps."""
        graph = ox.NamedNode(order.graph)
        sent = () if order.operation == "delete" else parse_content(order.content, order.media_type, self.base, graph)
        kept = {as_kept(quad): quad.object for quad in sent}

        def evaluate() -> None:
            if order.operation != "post":
                edit.store.clear_graph(graph)
            edit.store.extend(kept)

        edit.change({graph}, evaluate)
        return {quad.object: form for quad, form in kept.items() if isinstance(quad.object, ox.Literal) and isinstance(form, ox.Literal)}

    def _refuse_protected(self, edit: _Edit) -> None:
        for quad in (*edit.removed, *edit.added):
            name = str(getattr(quad.graph_name, "value", ""))
            if not name.startswith(f"{self.base}id/"):
                raise ProtectedGraph(f"<{name}> is not under {self.base}id/.")


def parse_content(content: str, media_type: str, base: str, graph: ox.NamedNode) -> list[ox.Quad]:
    """Return the triples that were sent as statements of a graph; raises `BadContent`, also for what only RDF 1.2 has."""
    try:
        triples = list(ox.parse(content, MEDIA_TYPES[media_type], base_iri=base, without_named_graphs=True))
        if any(isinstance(t.object, ox.Triple) or (isinstance(t.object, ox.Literal) and t.object.direction) for t in triples):
            raise SyntaxError("RDF 1.2 is not taken here")
    except (SyntaxError, ValueError) as error:
        raise BadContent(f"{error}.") from error
    return [ox.Quad(triple.subject, triple.predicate, triple.object, graph) for triple in triples]


class _Edit:
    """A store that is being changed, with what was removed from its named graphs and what was added, as the store keeps it."""

    def __init__(self, store: ox.Store) -> None:
        self.store = store
        self.removed: set[ox.Quad] = set()
        self.added: set[ox.Quad] = set()

    def change(self, graphs: set[ox.NamedNode] | None, evaluate: Callable[[], None]) -> None:
        """Do something that touches these graphs (None: any) only, note what it changed, and let the union follow."""
        was = self._lines(graphs)
        evaluate()
        now = self._lines(graphs)
        removed, added = ({*ox.parse(b"".join(lines), ox.RdfFormat.N_QUADS)} for lines in (was - now, now - was))
        self.added, self.removed = (self.added - removed) | (added - self.removed), (self.removed - added) | (removed - self.added)
        self._follow(removed, added)

    def _lines(self, graphs: set[ox.NamedNode] | None) -> set[bytes]:
        """Return what graphs say as lines of N-Quads, which is quicker to make and compare than statements; of any: all, and the union."""
        if graphs is None:
            return set((self.store.dump(format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True))
        found = set()
        for name in graphs:
            end = f"{name} .\n".encode()
            triples = self.store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=name) or b""
            found |= {line[:-2] + end for line in triples.splitlines(keepends=True)}
        return found

    def _follow(self, removed: Iterable[ox.Quad], added: Iterable[ox.Quad]) -> None:
        """Let the default graph be the union again: each triple once as long as a named graph states it (see `load.with_union`)."""
        for quad in removed:
            stated = self.store.quads_for_pattern(quad.subject, quad.predicate, quad.object)
            if not any(isinstance(other.graph_name, ox.NamedNode) for other in stated):
                self.store.remove(ox.Quad(quad.subject, quad.predicate, quad.object))
        self.store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in added)


def _as_written(quad: ox.Quad, forms: Mapping[ox.Literal, ox.Literal], before: Version) -> ox.Quad:
    """Return a new statement with its literal in the form of the write, or in that of a statement with the same literal."""
    if not isinstance(quad.object, ox.Literal) or quad.object in forms:
        return ox.Quad(quad.subject, quad.predicate, forms.get(quad.object, quad.object), quad.graph_name)  # type: ignore[arg-type]
    for other in before.store.quads_for_pattern(None, None, quad.object):
        for form in before.quads.forms(other):
            return ox.Quad(quad.subject, quad.predicate, form.object, quad.graph_name)
    return quad


def _counted(graphs: Mapping[str, int], change: Change) -> dict[str, int]:
    counts = dict(graphs)
    for quads, by in ((change.removed, -1), (change.added, 1)):
        for quad in quads:
            name = str(getattr(quad.graph_name, "value", ""))
            counts[name] = counts.get(name, 0) + by
    return {name: count for name, count in sorted(counts.items()) if count}


def commit(folder: Path, stores: Path, draft: Path) -> Build:
    """Make a prepared write last and be read; the lock of the journal is held. Return its build."""
    made = read_build(draft)
    entry = journal.parse(made.entries, (draft / ENTRY).read_bytes())
    (draft / ENTRY).unlink()
    target = put_in_place(stores, made)
    journal.append(folder, entry)
    make_current(stores, target)
    return read_build(target)
