"""A whole base as arrays of whole numbers, built once for a version of the data, for questions that ask about everything.

A lineage expands from one thing and costs what its answer is large; a question about everything has to read everything, and
reads it here: what rests on what, who claims what about what, what cites what. Rules of support are those of
`wherefrom.lineage`, which the tests hold these to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias, TypeVar, overload

import numpy as np
from rdflib import SKOS, URIRef
from rdflib.term import Identifier

from wherefrom.adjacency import Adjacency, Mask, among, components, distinct, distinct_pairs, reached
from wherefrom.hierarchy import classes
from wherefrom.hierarchy import steps as steps_of_support
from wherefrom.lineage import POLICIES, Policy, check_word, curation_graphs
from wherefrom.names import Names, Numbers, cells, merge
from wherefrom.query import lines, rows
from wherefrom.store import Bindings, Store
from wherefrom.vocabulary import EV

Bits: TypeAlias = Numbers  # of shape (edges,): a step each, from the lowest bit

T = TypeVar("T")
THREADS = 4  # questions under way at once: the engine leaves other threads running while it writes lines
EXACTLY = (EV.Study, EV.Publication)
OR_BELOW = (EV.Claim, EV.Finding, EV.Rating)
NONE: Numbers = np.zeros((0, 2), np.int64)
VALUES = (EV.claimedBy, EV.about, EV.aboutOutcome, EV.outcome, EV.evaluates, SKOS.broader)


class Found(Sequence[T]):
    """An answer of any length whose records are made when they are looked at: most of a long one nobody reads."""

    def __init__(self, size: int, make: Callable[[int], T]) -> None:
        self._places, self._make = range(size), make

    @classmethod
    def iris(cls, names: Names, numbers: Numbers) -> Found[URIRef]:
        """Return the IRIs of numbers."""
        return Found(len(numbers), lambda place: names.iri(int(numbers[place])))

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        """Return one record, or those of a slice."""
        places = self._places[at]
        return self._make(places) if isinstance(places, int) else [self._make(place) for place in places]


class Asked(NamedTuple):
    """A question over the whole base, with the number of its columns."""

    question: str
    columns: int
    bindings: Bindings


@dataclass(frozen=True)
class Arrays:
    """What a base says, with a number for each IRI. Pairs are arrays of shape (pairs, 2), each pair once.

    `grounds` are pairs from what rests to what it rests on, with the `steps` by which they do: bit k is `steps[k]`, in
    `stated` if a source states it, in `taken` if anybody does. `samples` are pairs of studies that share theirs, with
    whether that is stated. `values` has pairs (thing, value) for some properties, `kinds` the things of some classes;
    `citations` are pairs from what cites to what is cited, whoever records it.
    """

    names: Names
    steps: tuple[URIRef, ...]
    grounds: Numbers
    stated: Bits
    taken: Bits
    samples: Numbers
    samples_stated: Mask
    kinds: Mapping[URIRef, Mask]
    values: Mapping[URIRef, Numbers]
    citations: Numbers

    @classmethod
    def of(cls, store: Store) -> Arrays:
        """Read a base from its store."""
        steps = tuple(sorted(steps_of_support(store)))
        citing = [row["property"] for row in rows(store, "citing_properties")]
        curated = sorted(curation_graphs(store))
        asked = {step: Asked("all_values", 2, {"property": [step]}) for step in (*steps, EV.sharesSampleWith, *VALUES)}
        asked |= {kind: Asked("all_of", 1, {"class": [kind]}) for kind in EXACTLY}
        asked |= {kind: Asked("all_of", 1, {"class": sorted(under)}) for kind, under in classes(store, OR_BELOW).items()}
        beside = [
            Asked("all_citations", 2, {}),
            Asked("all_values", 2, {"property": citing}),
            Asked("all_inferred", 4, {"graph": curated, "property": [*steps, EV.sharesSampleWith]}),
        ]
        names, found = _read(store, [*asked.values(), *beside])
        *answers, recorded, direct, inferred = found
        of = dict(zip(asked, answers, strict=True))
        alone = _inferred_alone(names, inferred, curated)
        grounds, stated, taken = _edges([of[step] for step in steps], [alone[step] for step in steps], len(names))
        samples = distinct_pairs(of[EV.sharesSampleWith], len(names))
        return cls(
            names=names,
            steps=steps,
            grounds=grounds,
            stated=stated,
            taken=taken,
            samples=samples,
            samples_stated=~_among(samples, alone[EV.sharesSampleWith], len(names)),
            kinds={kind: _mask(of[kind], len(names)) for kind in (*EXACTLY, *OR_BELOW)},
            values={term: distinct_pairs(of[term], len(names)) for term in VALUES},
            citations=distinct_pairs(np.concatenate((recorded, direct)), len(names)),
        )

    @cached_property
    def cites(self) -> Adjacency:
        """The graph from what cites to what is cited."""
        return Adjacency.of(len(self.names), self.citations)

    @cached_property
    def cited_by(self) -> Adjacency:
        """The graph from what is cited to what cites it."""
        return Adjacency.of(len(self.names), self.citations[:, ::-1])

    @cached_property
    def claims_of(self) -> Adjacency:
        """The graph from sources to the claims that they make."""
        return Adjacency.of(len(self.names), self.values[EV.claimedBy][:, ::-1])

    @cached_property
    def outcomes_of_claims(self) -> Numbers:
        """Pairs of a claim and an outcome that it is about, or one broader than that."""
        return self._broadened(self.values[EV.aboutOutcome])

    @cached_property
    def shown(self) -> Numbers:
        """A key, study * things + outcome, for each outcome (or broader one) on which a study has a finding; ascending."""
        of_study = Adjacency.of(len(self.names), self.grounds[self.under("inferred").by(EV.findingOf)])
        findings = self._broadened(self.values[EV.outcome])
        which, studies = of_study.following(findings[:, 0])
        return distinct(studies * len(self.names) + findings[which, 1])

    def _broadened(self, pairs: Numbers) -> Numbers:
        """Return pairs (thing, outcome) with those of each broader outcome."""
        outcomes = distinct(pairs[:, 1])
        above = reached(Adjacency.of(len(self.names), self.values[SKOS.broader]), np.column_stack((outcomes, outcomes)))
        which, broader = Adjacency.of(len(self.names), above).following(pairs[:, 1])
        return distinct_pairs(np.column_stack((pairs[which, 0], broader)), len(self.names))

    def under(self, policy: Policy) -> Evidence:
        """Return what rests on what under a policy; raises `BadParameter` for an unknown one."""
        check_word("policy", policy, POLICIES)
        return self._evidence[policy]

    @cached_property
    def _evidence(self) -> dict[Policy, Evidence]:
        return {"stated": Evidence(self, "stated"), "inferred": Evidence(self, "inferred")}


class Evidence:
    """What rests on what under a policy. Graphs lead from what rests to what it rests on."""

    def __init__(self, arrays: Arrays, policy: Policy) -> None:
        self.arrays, self.things = arrays, len(arrays.names)
        bits = arrays.stated if policy == "stated" else arrays.taken
        there = bits != 0
        self.edges, self._bits = arrays.grounds[there], bits[there]
        self._inferred_alone = arrays.stated[there] == 0
        self._samples = arrays.samples[arrays.samples_stated] if policy == "stated" else arrays.samples

    def by(self, *steps: URIRef) -> Mask:
        """Return which edges are by one of these steps."""
        found: Mask = (self._bits & self._bit(*steps)) != 0
        return found

    def by_other_than(self, *steps: URIRef) -> Mask:
        """Return which edges are by a step that is none of these."""
        found: Mask = (self._bits & ~self._bit(*steps)) != 0
        return found

    def _bit(self, *steps: URIRef) -> int:
        return sum(1 << place for place, step in enumerate(self.arrays.steps) if step in steps)

    @cached_property
    def resting(self) -> Adjacency:
        """All of it."""
        return Adjacency.of(self.things, self.edges)

    @cached_property
    def grounded(self) -> Mask:
        """Which things rest on anything."""
        return _mask(self.edges[:, 0], self.things)

    @cached_property
    def supporting(self) -> Adjacency:
        """Without the edges that only lead to companion papers (`lineage.support`)."""
        return Adjacency.of(self.things, self.edges[self.supports])

    @cached_property
    def supports(self) -> Mask:
        """Which edges do not only lead to companion papers."""
        printed = _mask(self.edges[self.by(EV.publishedIn), 0], self.things)
        beside = printed[self.edges[:, 0]] & self.by(EV.findingOf) & ~self.by_other_than(EV.findingOf)
        found: Mask = ~(self.coarse | beside)
        return found

    @cached_property
    def coarse(self) -> Mask:
        """Which edges lead to a reference list that curators made finer (`lineage.coarse`)."""
        lists = _mask(self.edges[self.by(EV.includesReference), 0], self.things)
        finer = _mask(self.edges[self._inferred_alone, 0], self.things)
        found: Mask = lists[self.edges[:, 1]] & finer[self.edges[:, 0]]
        return found

    @cached_property
    def publications(self) -> Mask:
        """Which things are publications (`lineage.publications`)."""
        ends = _mask(self.edges[self.by(EV.reportedIn, EV.publishedIn, EV.refersTo), 1], self.things)
        return self.arrays.kinds[EV.Publication] | ends

    @cached_property
    def studies(self) -> Mask:
        """Which things are studies (`lineage.studies`)."""
        of_findings = _mask(self.edges[self.by(EV.findingOf), 1], self.things)
        return self.arrays.kinds[EV.Study] | of_findings | _mask(self.edges[self.by(EV.reportedIn), 0], self.things)

    @cached_property
    def trials(self) -> Numbers:
        """The trial of each study, by its first one: studies that share their sample at any remove are one trial. Others have their own."""
        return components(self.things, self._samples)

    @cached_property
    def studies_of_trials(self) -> Adjacency:
        """The graph from trials to their studies, for each trial that has one."""
        sharing = self.studies | _mask(self._samples, self.things)
        studies = np.flatnonzero(sharing & _mask(self.trials[self.studies], self.things)[self.trials])
        return Adjacency.of(self.things, np.column_stack((self.trials[studies], studies)))

    @cached_property
    def studies_behind(self) -> Adjacency:
        """The graph from each thing to the studies behind it, itself included, as `lineage.studies_reached` has them.

        It goes up from studies by all steps, and from the papers that report them to what names papers and no study.
        """
        studies, papers = np.flatnonzero(self.studies), self.edges[self.by(EV.reportedIn)]
        naming = self.studies | _mask(self.edges[self.by(EV.findingOf), 0], self.things)
        citing = Adjacency.of(self.things, self.edges[self.supports & ~naming[self.edges].any(axis=1)])
        stepped = reached(self.resting.turned(), np.column_stack((studies, studies)))
        reported = reached(citing.turned(), papers[~naming[papers[:, 1]]])
        return Adjacency.of(self.things, distinct_pairs(np.concatenate((stepped, reported))[:, ::-1], self.things))


def _read(store: Store, asked: Sequence[Asked]) -> tuple[Names, list[Numbers]]:
    with ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda one: cells(lines(store, one.question, one.bindings), one.columns), asked)
        return merge(list(answers))


def _inferred_alone(names: Names, inferred: Numbers, curated: Sequence[Identifier]) -> dict[URIRef, Numbers]:
    """Return for each property the pairs that only graphs of curators have; rows are (thing, property, value, graph)."""
    graphs = [number for graph in curated if (number := names.number(graph)) is not None]
    stated = ~among(inferred[:, 3], np.sort(np.array(graphs, np.int64)))
    also = set(map(tuple, inferred[stated, :3].tolist()))
    found: defaultdict[URIRef, list[tuple[int, int]]] = defaultdict(list)
    for thing, term, value in {*map(tuple, inferred[:, :3].tolist())} - also:
        found[names.iri(term)].append((thing, value))
    return defaultdict(lambda: NONE, {term: np.array(pairs) for term, pairs in found.items()})


def _edges(by_step: Sequence[Numbers], alone: Sequence[Numbers], width: int) -> tuple[Numbers, Bits, Bits]:
    """Return distinct pairs of all steps, with the bits of the steps that are stated, and of all that are taken."""
    bits = np.repeat(1 << np.arange(len(by_step)), [len(pairs) for pairs in by_step])
    said = [~_among(pairs, inferred, width) for pairs, inferred in zip(by_step, alone, strict=True)]
    keys = _keys(np.concatenate([NONE, *by_step]), width)
    order = np.argsort(keys)
    found = distinct(keys)
    at = np.searchsorted(keys[order], found)
    stated, taken = (np.bitwise_or.reduceat(part[order], at) for part in (bits * np.concatenate([np.zeros(0, bool), *said]), bits))
    return np.column_stack((found // width, found % width)), stated, taken


def _keys(pairs: Numbers, width: int) -> Numbers:
    return pairs[:, 0] * width + pairs[:, 1]


def _among(pairs: Numbers, others: Numbers, width: int) -> Mask:
    return among(_keys(pairs, width), np.sort(_keys(others, width)))


def _mask(things: Numbers, width: int) -> Mask:
    found = np.zeros(width, bool)
    found[things.ravel()] = True
    return found
