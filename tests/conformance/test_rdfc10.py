"""RDFC-1.0: the canonical form that digests are made of."""

from __future__ import annotations

import hashlib

import pyoxigraph as ox
import pytest

from conformance.manifests import JsonCase
from conformance.suites import RDFC
from wherefrom.build import canonical_nquads

ALGORITHMS = {"SHA256": ox.CanonicalizationAlgorithm.RDFC_1_0, "SHA384": ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_384}


@pytest.mark.suite(RDFC)
def test_a_dataset_has_the_canonical_form_of_the_suite(case: JsonCase) -> None:
    assert case.kind == "RDFC10EvalTest", "the other kinds are not run"
    quads = list(ox.parse((case.folder / case.members["action"]).read_bytes(), ox.RdfFormat.N_QUADS))
    expected = (case.folder / case.members["result"]).read_bytes()
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ALGORITHMS[case.members.get("hashAlgorithm", "SHA256")])
    assert canonical_nquads(dataset) == expected
    if b"_:" not in expected:  # what a knowledge base has; its digest is made without renaming anything
        assert hashlib.sha256(canonical_nquads(quads)).digest() == hashlib.sha256(expected).digest()
