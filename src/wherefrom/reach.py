"""How far the shapes look: which focus nodes a change of the data concerns, and which statements decide about them.

A way leads from a focus node, step by step, to everything that a rule looks at there. Followed backwards from a changed
statement it leads to the focus nodes whose results may change; followed forwards from a focus node it gathers all that
its validation reads. Both are read off the shapes, also off the patterns of SPARQL rules, so that a new rule needs no
word here. A pattern that does not hang together with `$this` looks at every statement of its property, unless it is all
that its rule has: then each statement has results of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, SH, BNode, Graph, URIRef, Variable
from rdflib.paths import AlternativePath, InvPath, MulPath, NegatedPath, Path, SequencePath
from rdflib.plugins.sparql.algebra import translatePath, translatePName, translatePrologue, traverse
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from wherefrom.load import engine_term

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Property = ox.NamedNode | None  # None: any

TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
VALUES_ONLY = {  # constraints that look at the value nodes themselves (SHACL, section 4), and what is no constraint
    SH.datatype, SH.nodeKind, SH.minCount, SH.maxCount, SH.minExclusive, SH.minInclusive, SH.maxExclusive, SH.maxInclusive,
    SH.minLength, SH.maxLength, SH.pattern, SH.flags, SH.languageIn, SH.uniqueLang, SH.hasValue, SH["in"], SH.ignoredProperties,
    SH.qualifiedMinCount, SH.qualifiedMaxCount, SH.name, SH.description, SH.message, SH.severity, SH.order, SH.group,
    SH.defaultValue, SH.deactivated, SH.path, SH.target, SH.rule, *TARGETS,
}  # fmt: skip
PAIRS = {SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals}
NESTED = {SH.node, SH.property, SH["not"], SH.qualifiedValueShape}
LISTED = {SH["and"], SH["or"], SH.xone}
MANY = {SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath}


class Unforeseeable(Exception):  # noqa: N818 - it is no error: something else is done then
    """A rule whose looks cannot be told from its text: only whole validation will do."""


class Step(NamedTuple):
    """One step of a way: along properties, each forwards or (True) against its direction, once or as often as it goes."""

    along: frozenset[tuple[Property, bool]]
    again: bool = False


Way = tuple[Step, ...]


class View(Protocol):
    """Statements that can be looked up, without their graphs."""

    def forward(self, node: Term, along: Property) -> Iterable[ox.Triple]:
        """Yield the statements about a node, of one property or of any."""
        ...

    def backward(self, node: Term, along: Property) -> Iterable[ox.Triple]:
        """Yield the statements whose object is a node."""
        ...

    def having(self, along: Property) -> Iterable[ox.Triple]:
        """Yield all statements of a property."""
        ...


def _once(along: Node | None, *, back: bool = False) -> Step:
    return Step(frozenset({(None if along is None else ox.NamedNode(str(along)), back)}))


TYPE = _once(RDF.type)
SUPERCLASSES = _once(RDFS.subClassOf)._replace(again=True)


class Reach:
    """The ways of all shapes that have targets. Raises `Unforeseeable` for shapes with a rule whose looks cannot be told."""

    def __init__(self, shapes: Graph) -> None:
        self.shapes = shapes
        if (None, SH.parameter, None) in shapes:
            raise Unforeseeable("a constraint component of its own")
        self.ways: dict[Node, set[Way]] = {}
        self.everywhere: dict[Node, set[Property]] = {}  # the properties of which a shape looks at every statement
        self.one_by_one: dict[Node, set[Property]] = {}  # likewise, where each statement has results of its own
        targeted = {shape for name in TARGETS for shape in shapes.subjects(name)}
        classes = (RDFS.Class, OWL.Class)
        targeted |= {
            shape for shape in shapes.subjects(RDF.type, SH.NodeShape) if any((shape, RDF.type, kind) in shapes for kind in classes)
        }
        for shape in targeted:
            self.ways[shape] = {(TYPE, SUPERCLASSES)}
            self.everywhere[shape], self.one_by_one[shape] = set(), set()
            self.ways[shape] |= {(_once(named),) for named in shapes.objects(shape, SH.targetSubjectsOf)}
            self.ways[shape] |= {(_once(named, back=True),) for named in shapes.objects(shape, SH.targetObjectsOf)}
            self._look(shape, shape, (), ())
        self._crossings = self._by_property()

    def _look(self, shape: Node, part: Node, way: Way, within: tuple[Node, ...]) -> None:
        """Note the ways of one part of a shape that is applied at the end of `way`."""
        if part in within:
            raise Unforeseeable("a shape that refers to itself")
        graph, inside = self.shapes, (*within, part)
        paths = list(graph.objects(part, SH.path))
        values = way + (_steps(graph, paths[0]) if paths else ())
        self.ways[shape].add(values)
        for name, value in graph.predicate_objects(part):
            if name == SH["class"]:
                self.ways[shape].add((*values, TYPE, SUPERCLASSES))
            elif name in PAIRS:
                self.ways[shape].add((*way, _once(value)))
            elif name in NESTED:
                self._look(shape, value, values, inside)
            elif name in LISTED:
                for member in graph.items(value):
                    self._look(shape, member, values, inside)
            elif name == SH.closed:
                self.ways[shape].add((*values, _once(None)))
            elif name == SH.sparql:
                self._look_in_query(shape, value, way)
            elif isinstance(name, URIRef) and name in SH and name not in VALUES_ONLY:
                raise Unforeseeable(f"sh:{name.removeprefix(str(SH))}")

    def _look_in_query(self, shape: Node, constraint: Node, way: Way) -> None:
        declared = [node for ontology in self.shapes.objects(constraint, SH.prefixes) for node in self.shapes.objects(ontology, SH.declare)]
        prefixes = {str(self.shapes.value(node, SH.prefix)): str(self.shapes.value(node, SH.namespace)) for node in declared}
        query = _parsed(str(self.shapes.value(constraint, SH.select)), prefixes)
        groups = list(_joined(query.where, ()))
        for patterns in groups:
            found, apart = _from_this(patterns)
            self.ways[shape] |= {way + steps for steps in found}
            noted = self.one_by_one if _is_one_by_one(query, groups) else self.everywhere
            noted[shape] |= apart

    def _by_property(self) -> dict[Property, set[tuple[Node, Way, bool]]]:
        """Return, for each property, the shapes and ways whose last step goes along it, and in which direction."""
        crossings: dict[Property, set[tuple[Node, Way, bool]]] = {}
        for shape, ways in self.ways.items():
            for way in _parts_of(ways):
                for along, back in way[-1].along:
                    crossings.setdefault(along, set()).add((shape, way, back))
        return crossings

    def concerned(self, changed: Iterable[ox.Triple], view: View) -> dict[Node, set[Term]]:
        """Return, by shape, the nodes whose results may change with these statements; `view` has what was and what is.

        Not all of them need be focus nodes of the shape.
        """
        found: dict[Node, set[Term]] = {}
        walked: dict[tuple[Way, Term], set[Term]] = {}
        for triple in set(changed):
            for along in (triple.predicate, None):
                for shape, way, back in self._crossings.get(along, ()):
                    start = triple.object if back else triple.subject
                    if (way, start) not in walked:
                        walked[way, start] = _foci(way, start, view)
                    found.setdefault(shape, set()).update(walked[way, start])
                for shape, properties in self.everywhere.items():
                    if along in properties or along in self.one_by_one[shape]:
                        found.setdefault(shape, set()).update(self._targets(shape, view))
        return found

    def _targets(self, shape: Node, view: View) -> Iterator[Term]:
        graph = self.shapes
        for node in graph.objects(shape, SH.targetNode):
            yield engine_term(node)  # type: ignore[arg-type]
        kinds = {ox.NamedNode(str(kind)) for kind in (*graph.objects(shape, SH.targetClass), shape)}
        for kind in _along(SUPERCLASSES, kinds, view, against=True):
            yield from (triple.subject for triple in view.backward(kind, ox.NamedNode(str(RDF.type))))
        for name in graph.objects(shape, SH.targetSubjectsOf):
            yield from (triple.subject for triple in view.having(ox.NamedNode(str(name))))
        for name in graph.objects(shape, SH.targetObjectsOf):
            yield from (triple.object for triple in view.having(ox.NamedNode(str(name))))

    def focus_nodes(self, shape: Node, nodes: Iterable[Term], view: View) -> set[Term]:
        """Return those of the nodes that are focus nodes of a shape (SHACL, section 2.1.3)."""
        return {node for node in nodes if self._targets_node(shape, node, view)}

    def _targets_node(self, shape: Node, node: Term, view: View) -> bool:
        graph = self.shapes
        if any(engine_term(named) == node for named in graph.objects(shape, SH.targetNode)):  # type: ignore[arg-type]
            return True
        if any(next(iter(view.forward(node, ox.NamedNode(str(name)))), None) for name in graph.objects(shape, SH.targetSubjectsOf)):
            return True
        if any(next(iter(view.backward(node, ox.NamedNode(str(name)))), None) for name in graph.objects(shape, SH.targetObjectsOf)):
            return True
        kinds = _along(SUPERCLASSES, _along(TYPE, {node}, view), view)
        return any(ox.NamedNode(str(kind)) in kinds for kind in (*graph.objects(shape, SH.targetClass), shape) if isinstance(kind, URIRef))

    def looked_at(self, shape: Node, nodes: set[Term], changed: Iterable[ox.Triple], view: View) -> Iterator[ox.Triple]:
        """Yield all statements that the validation of these nodes by a shape reads (and maybe more).

        Of what has results statement by statement, only those that were changed; the results of the others are as they were.
        """
        if not nodes:
            return
        for along in self.everywhere[shape]:
            yield from view.having(along)
        for triple in changed:
            if triple.predicate in self.one_by_one[shape] and triple in view.forward(triple.subject, triple.predicate):
                yield triple
        reached: dict[Way, set[Term]] = {(): nodes}
        for way in sorted(_parts_of(self.ways[shape]), key=len):
            triples: list[ox.Triple] = []
            reached[way] = _along(way[-1], reached[way[:-1]], view, triples)
            yield from triples


def _parts_of(ways: Iterable[Way]) -> set[Way]:
    """Return the ways and their beginnings, of one step or more."""
    return {way[:n] for way in ways for n in range(1, len(way) + 1)}


def _foci(way: Way, start: Term, view: View) -> set[Term]:
    """Return the nodes from which the way leads over `start`, where its last step begins."""
    nodes = {start}
    if way[-1].again:
        nodes = _along(way[-1], nodes, view, against=True)
    for step in reversed(way[:-1]):
        nodes = _along(step, nodes, view, against=True)
    return nodes


def _along(step: Step, nodes: Iterable[Term], view: View, triples: list[ox.Triple] | None = None, *, against: bool = False) -> set[Term]:
    """Return where a step leads from these nodes, or with `against` where it comes from; note the statements it goes over."""
    reached: set[Term] = set(nodes) if step.again else set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        for along, back in step.along:
            outwards = back == against
            for triple in view.forward(node, along) if outwards else view.backward(node, along):
                end = triple.object if outwards else triple.subject
                if triples is not None:
                    triples.append(triple)
                if end not in reached:
                    reached.add(end)
                    if step.again:
                        waiting.append(end)
    return reached


### Paths of SHACL and of SPARQL


def _steps(graph: Graph, path: Node) -> Way:
    """Return a SHACL property path (SHACL, section 2.3.1) as steps."""
    return _way(_path(graph, path))


def _path(graph: Graph, path: Node) -> URIRef | Path:
    if isinstance(path, URIRef):
        return path
    if (path, RDF.first, None) in graph:
        return SequencePath(*(_path(graph, part) for part in graph.items(path)))
    [(operator, operand)] = graph.predicate_objects(path)
    if operator == SH.inversePath:
        return InvPath(_path(graph, operand))
    if operator == SH.alternativePath:
        return AlternativePath(*(_path(graph, part) for part in graph.items(operand)))
    if operator in MANY:
        return MulPath(_path(graph, operand), "*")
    raise Unforeseeable(f"the path <{operator}>")


def _way(path: Node | Path, back: bool = False) -> Way:
    """Return a property path as steps; one that repeats or branches out becomes one step along all its properties, again and again."""
    if isinstance(path, URIRef | Variable | BNode):
        return (_once(path if isinstance(path, URIRef) else None, back=back),)
    if isinstance(path, InvPath):
        return _way(path.arg, not back)
    if isinstance(path, SequencePath):
        parts = [_way(part, back) for part in path.args]
        return tuple(step for part in (reversed(parts) if back else parts) for step in part)
    if isinstance(path, AlternativePath):
        parts = [_way(part, back) for part in path.args]
        return (Step(_properties(parts), again=any(len(part) > 1 or part[0].again for part in parts)),)
    if isinstance(path, MulPath):
        return (Step(_properties([_way(path.path, back)]), again=True),)
    if isinstance(path, NegatedPath):
        return (Step(frozenset({(None, False), (None, True)})),)
    raise Unforeseeable(f"the path {path}")


def _properties(ways: Iterable[Way]) -> frozenset[tuple[Property, bool]]:
    return frozenset(pair for way in ways for step in way for pair in step.along)


### Queries of SPARQL rules

Pattern = tuple[Node, Node | Path, Node]


def _parsed(text: str, prefixes: dict[str, str]) -> Any:
    """Return a SELECT query as a tree of rdflib's parser, names resolved."""
    if "$PATH" in text:
        raise Unforeseeable("a SPARQL rule with $PATH")
    try:
        prologue, query = parseQuery(text)
        names = translatePrologue(prologue, None, prefixes)
        return traverse(traverse(query, visitPost=partial(translatePName, prologue=names)), visitPost=translatePath)
    except Exception as error:  # rdflib raises no narrower class; validation tells what is wrong
        raise Unforeseeable("a SPARQL rule that does not parse") from error


def _is_one_by_one(query: Any, groups: list[tuple[Pattern, ...]]) -> bool:
    """Whether each result of a query comes from one statement: it has one pattern of one step, and counts nothing."""
    counts = query.groupby or query.having or query.limitoffset or any("expr" in column for column in query.projection or ())
    if counts or len(groups) != 1 or len(groups[0]) != 1:
        return False
    way = _way(groups[0][0][1])
    return len(way) == 1 and not way[0].again


def _joined(group: Any, outer: tuple[Pattern, ...]) -> Iterator[tuple[Pattern, ...]]:
    """Yield the patterns that must hold together: those of a group with those of all groups around it, group by group."""
    parts = list(_parts(group))
    flat = [term for part in parts if part.name == "TriplesBlock" for triples in part.triples for term in triples]
    here = (*outer, *zip(flat[::3], flat[1::3], flat[2::3], strict=True))
    yield here
    for part in parts:
        if part.name == "Filter" or part.name == "Bind":
            for inner in _groups_in(part.expr):
                yield from _joined(inner, here)
        elif part.name in ("OptionalGraphPattern", "GraphGraphPattern"):
            yield from _joined(part.graph, here)
        elif part.name == "GroupOrUnionGraphPattern":
            for inner in part.graph:
                yield from _joined(inner, here)
        elif part.name not in ("TriplesBlock", "InlineData"):
            raise Unforeseeable(f"a SPARQL rule with {part.name}")


def _parts(group: Any) -> Iterator[Any]:
    """Yield the parts of a group, and of a group in it that stands alone, which is joined like the rest."""
    if not isinstance(group, CompValue) or group.name != "GroupGraphPatternSub":
        raise Unforeseeable(f"a SPARQL rule with {getattr(group, 'name', 'an odd group')}")
    for part in group.part or []:
        if part.name == "GroupOrUnionGraphPattern" and len(part.graph) == 1:
            yield from _parts(part.graph[0])
        else:
            yield part


def _groups_in(expression: Any) -> Iterator[Any]:
    """Yield the groups of EXISTS and NOT EXISTS in an expression."""
    if isinstance(expression, CompValue):
        if expression.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            yield expression.graph
            return
        for value in expression.values():
            yield from _groups_in(value)
    elif isinstance(expression, Iterable) and not isinstance(expression, str):
        for value in expression:
            yield from _groups_in(value)


def _from_this(patterns: tuple[Pattern, ...]) -> tuple[set[Way], set[Property]]:
    """Return the ways from `$this` over these patterns, and the properties of those that no way leads to."""
    ways: dict[Node, Way] = {Variable("this"): ()}
    found: set[Way] = set()
    left = list(patterns)
    while left:
        near = [pattern for pattern in left if pattern[0] in ways or pattern[2] in ways]
        if not near:
            return found, {along for _, path, _ in left for along, _ in _properties([_way(path)])}
        subject, path, value = min(near, key=lambda pattern: min(len(ways[end]) for end in (pattern[0], pattern[2]) if end in ways))
        left.remove((subject, path, value))
        start, end, back = (subject, value, False) if subject in ways else (value, subject, True)
        way = ways[start] + _way(path, back)
        found.add(way)
        if isinstance(end, Variable | BNode):
            ways.setdefault(end, way)
    return found, set()
