"""One table of formats: what it says is what the engine reads and writes, and nothing else says it again."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from wherefrom.formats import ANSWERS, BY_ENDING, GRAPHS, ROWS, Format
from wherefrom.load import FORMATS


def test_names_endings_types_and_iris_are_each_of_one_format() -> None:
    for of in (lambda one: one.media_type, lambda one: one.ending, lambda one: one.iri, lambda one: one.title):
        assert len({of(one) for one in ANSWERS}) == len(GRAPHS) + len(ROWS)
    assert {ending: GRAPHS[name].ending for ending, name in BY_ENDING.items()} == {ending: ending for ending in BY_ENDING}


@pytest.mark.parametrize("form", ANSWERS, ids=lambda form: form.ending)
def test_the_engine_knows_it_by_its_type_and_ending(form: Format[ox.RdfFormat]) -> None:
    kind = type(form.engine)
    assert kind.from_media_type(form.media_type) == form.engine
    assert kind.from_extension(form.ending) == form.engine
    assert re.fullmatch(r"[a-z]+/[a-z+-]+", form.media_type)
    assert re.fullmatch(r"http://www\.w3\.org/ns/formats/[A-Za-z_-]+", form.iri)


def test_every_format_that_is_written_is_read_but_one() -> None:
    assert {ending.removeprefix(".") for ending in FORMATS} == BY_ENDING.keys() - {GRAPHS["rdfxml"].ending}


def test_no_other_table_repeats_it(repository: Path) -> None:
    for path in (repository / "src" / "wherefrom").rglob("*.py"):
        text = path.read_text("utf-8")
        for media_type in ("application/n-quads", 'application/trig"', "application/sparql-results+xml"):
            assert media_type not in text or path.name == "formats.py", path
