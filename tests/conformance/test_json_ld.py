"""JSON-LD 1.1 toRdf: the reader that takes data files named .jsonld."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from conformance.comparing import quads, same
from conformance.manifests import JsonCase
from conformance.suites import TO_RDF
from wherefrom.load import SyntaxProblem, parse_file

BASE = "https://w3c.github.io/json-ld-api/tests/"


def read(case: JsonCase) -> str:
    name = case.members["input"]
    base = case.members.get("option", {}).get("base", BASE + name)
    found = parse_file(name, (case.folder / name).read_bytes(), base, None)
    return (ox.serialize(found, format=ox.RdfFormat.N_QUADS) or b"").decode()


@pytest.mark.suite(TO_RDF)
def test_a_document_is_read_as_the_suite_says(case: JsonCase) -> None:
    if case.kind == "NegativeEvaluationTest":
        with pytest.raises(SyntaxProblem) as refused:
            read(case)
        elsewhere = "LoadDocumentCallback" in refused.value.detail  # a context at another address, which is not fetched
        assert not elsewhere or case.members["expectErrorCode"] == "loading remote context failed"
        return
    try:
        found = read(case)
    except SyntaxProblem as problem:
        pytest.fail(problem.detail)
    if case.kind == "PositiveEvaluationTest":
        assert same(quads(found), quads((case.folder / case.members["expect"]).read_text("utf-8")))
