"""A sorted file of N-Quads is found in and rewritten as a set of statements would be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherefrom.build import canonical_nquads
from wherefrom.nquads import WITH_OTHER_FORMS, SortedQuads, as_kept, canonical

nodes = st.sampled_from(["urn:a", "urn:a!", "urn:ab", "urn:b", "urn:größe"]).map(ox.NamedNode)
numbers = st.sampled_from(["1", "1.0", "1.00", "01", "x"]).map(
    lambda text: ox.Literal(text, datatype=ox.NamedNode(f"{WITH_OTHER_FORMS}decimal"))
)
quads = st.builds(ox.Quad, nodes, nodes, nodes | numbers | st.text(max_size=2).map(ox.Literal), nodes)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(quads, max_size=12), st.sets(quads, max_size=6))
def test_a_file_is_found_in_and_rewritten(tmp_path: Path, all_of_them: set[ox.Quad], touched: set[ox.Quad]) -> None:
    path, target = tmp_path / "data.nq", tmp_path / "new.nq"
    path.write_bytes(canonical_nquads(all_of_them))
    found = SortedQuads(path)
    for subject in {quad.subject for quad in all_of_them | touched}:
        assert set(found.about(subject)) == {quad for quad in all_of_them if quad.subject == subject}
    for quad in all_of_them | touched:
        assert set(found.forms(as_kept(quad))) == {other for other in all_of_them if as_kept(other) == as_kept(quad)}
    digest = found.rewrite(target, touched & all_of_them, touched - all_of_them)
    assert target.read_bytes() == canonical_nquads(all_of_them ^ touched)
    assert digest == hashlib.sha256(target.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("form", "datatype", "kept"),
    [("60.0", "decimal", "60"), ("P0D", "duration", "PT0S"), ("x", "decimal", "x"), ("1.50", "string", "1.50"), ("007", "integer", "7")],
)
def test_a_literal_has_the_form_that_a_store_gives_back(form: str, datatype: str, kept: str) -> None:
    assert canonical(ox.Literal(form, datatype=ox.NamedNode(WITH_OTHER_FORMS + datatype))).value == kept
