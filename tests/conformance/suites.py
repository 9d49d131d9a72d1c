"""The standards' test suites: where they lie, which cases they have, and what is known of those that fail or are not run."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance import manifests
from conformance.manifests import Case

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("WHEREFROM_SUITES") or ROOT.parent / "shared" / "suites")
KNOWN = tomllib.loads((Path(__file__).parent / "known.toml").read_text("utf-8"))
SPARQL11 = "rdf-tests/sparql/sparql11"
NOBODY = "127.0.0.1:1"  # where no service is


@dataclass(frozen=True)
class Suite:
    """One suite: its title, what of the product it is put to, its folder, and how its cases are read from there."""

    title: str
    tried: str
    folder: str
    read: Callable[[Path], Iterable[Case]]

    @property
    def path(self) -> Path:
        return FOLDER / self.folder

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every case; none where the suite is not at hand. Raises `ValueError` where two have one name."""
        if not self.path.is_dir():
            return ()
        found = tuple(self.read(self.path))
        if len({case.name for case in found}) != len(found):
            raise ValueError(f"two cases of {self.title} have the same name")
        return found

    @cached_property
    def fails(self) -> dict[str, str]:
        """The cases that are known to fail, each with the reason."""
        return {name: entry["reason"] for entry in self._entries("fails") for name in entry["cases"]}

    @cached_property
    def right_by_value(self) -> frozenset[str]:
        """Those of the known failures whose numbers are right and only written otherwise: that is still tested."""
        return frozenset(name for entry in self._entries("fails") if entry.get("right_by_value") for name in entry["cases"])

    @cached_property
    def right_when_named(self) -> frozenset[str]:
        """Those that fail only because something has no name, the default graph or a blank node: with names they are tested too."""
        return frozenset(name for entry in self._entries("fails") if entry.get("right_when_named") for name in entry["cases"])

    def not_run(self, case: Case) -> str:
        """Return why a case is not run, or nothing where it is."""
        fitting = (e["reason"] for e in self._entries("not_run") if any(fnmatchcase(case.name, pattern) for pattern in e["cases"]))
        return next(fitting, "")

    def unused(self) -> list[str]:
        """Return what the list of known cases names and the suite does not have, or has under both headings."""
        names = {case.name for case in self.cases}
        patterns = [pattern for entry in self._entries("not_run") for pattern in entry["cases"]]
        idle = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
        twice = [case.name for case in self.cases if case.name in self.fails and self.not_run(case)]
        return sorted({*idle, *twice, *(self.fails.keys() - names)})

    def _entries(self, heading: str) -> list[dict[str, Any]]:
        return [entry for entry in KNOWN.get(heading, []) if entry["suite"] == self.title]


def _included(manifest: str) -> Callable[[Path], Iterable[Case]]:
    return lambda folder: manifests.from_turtle(folder / manifest, manifests.SPARQL_BASE, folder)


QUERY = Suite("SPARQL 1.1 Query", "/sparql", SPARQL11, _included("manifest-sparql11-query.ttl"))
RESULTS = Suite("SPARQL 1.1 results formats", "/sparql", SPARQL11, _included("manifest-sparql11-results.ttl"))
FEDERATION = Suite("SPARQL 1.1 Federated Query", "/sparql", SPARQL11, _included("manifest-sparql11-fed.ttl"))
ENTAILMENT = Suite("SPARQL 1.1 entailment regimes", "/sparql", SPARQL11, _included("entailment/manifest.ttl"))
PROTOCOL = Suite("SPARQL 1.1 Protocol", "/sparql", SPARQL11, _included("protocol/manifest.ttl"))
DESCRIPTION = Suite("SPARQL 1.1 Service Description", "/sparql", SPARQL11, _included("service-description/manifest.ttl"))
UPDATE = Suite("SPARQL 1.1 Update", "/update", SPARQL11, _included("manifest-sparql11-update.ttl"))
GRAPHS = Suite("SPARQL 1.1 Graph Store Protocol", "/graphs", SPARQL11, _included("graph-store-protocol/manifest.ttl"))
GRAPHS_2012 = Suite("SPARQL 1.1 Graph Store Protocol, superseded", "/graphs", SPARQL11, _included("http-rdf-update/manifest.ttl"))
SHACL_CORE = Suite(
    "SHACL Core", "validation and its Turtle report", "data-shapes/data-shapes-test-suite/tests",
    lambda folder: manifests.from_turtle(folder / "core/manifest.ttl", manifests.SHACL_BASE, folder),
)  # fmt: skip
SHACL_SPARQL = Suite(
    "SHACL-SPARQL", "validation and its Turtle report", "data-shapes/data-shapes-test-suite/tests",
    lambda folder: manifests.from_turtle(folder / "sparql/manifest.ttl", manifests.SHACL_BASE, folder),
)  # fmt: skip
TO_RDF = Suite(
    "JSON-LD 1.1 toRdf", "the reader of data files", "json-ld-api/tests",
    lambda folder: manifests.from_json(folder / "toRdf-manifest.jsonld", "sequence"),
)  # fmt: skip
RDFC = Suite("RDFC-1.0", "canonical N-Quads", "rdf-canon/tests", lambda folder: manifests.from_json(folder / "manifest.jsonld", "entries"))

SUITES = (
    QUERY, RESULTS, FEDERATION, ENTAILMENT, PROTOCOL, DESCRIPTION, UPDATE, GRAPHS, GRAPHS_2012, SHACL_CORE, SHACL_SPARQL, TO_RDF, RDFC,
)  # fmt: skip
