"""Downloads are written once, are read while they grow, and are the same bytes whoever asks and when."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import threading
import tracemalloc
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import Generator
from wherefrom import export as exporting
from wherefrom import nquads
from wherefrom.build import Build, canonical_nquads
from wherefrom.dumps import CHUNK, Dump, Dumps
from wherefrom.export import Output, export, write
from wherefrom.formats import GRAPHS
from wherefrom.load import KnowledgeBase
from wherefrom.nquads import Lines, graph_name
from wherefrom.problems import BadParameter, UnknownResource
from wherefrom.settings import Settings
from wherefrom.web import downloads
from wherefrom.web.site import Site

BASE = "https://example.org/"
each_format = pytest.mark.parametrize("form", GRAPHS)


def made_up(folder: Path, statements: int) -> Build:
    """Return what a build of a made-up base has on disk, without its store."""
    quads = set(Generator(statements).quads())
    lines = canonical_nquads(quads)
    graphs = {graph_name(line)[1:-1].decode() for line in lines.splitlines(keepends=True)}
    build = Build(folder, "", hashlib.sha256(lines).hexdigest(), dict.fromkeys(sorted(graphs), 0), "")
    build.nquads.write_bytes(lines)
    return build


def content(dump: Dump) -> bytes:
    return b"".join(dump.read())


@each_format
def test_a_download_is_what_an_export_gives(built: Build, kb: KnowledgeBase, form: str) -> None:
    dumps = Dumps(built, kb.settings.base)
    plain, zipped = dumps.get("all", form), dumps.get("all", form, zipped=True)
    assert content(plain) == export(kb.quads(), form, kb.settings.base)
    assert gzip.decompress(content(zipped)) == content(plain)
    for dump in (plain, zipped):
        assert (dump.size, dump.sha256) == (len(content(dump)), hashlib.sha256(content(dump)).hexdigest())
    assert content(Dumps(built, kb.settings.base).get("all", form, zipped=True)) == content(zipped)


def test_a_graph_is_downloaded_by_any_of_its_names(built: Build, kb: KnowledgeBase) -> None:
    iri = f"{kb.settings.base}id/edition/foundations-ipp-2025-04"
    dumps = Dumps(built, kb.settings.base)
    found = [content(dumps.get(name, "nquads")) for name in (iri, "edition/foundations-ipp-2025-04", "foundations-ipp-2025-04")]
    assert found[0].count(b"\n") == built.graphs[iri]
    assert found[0] == found[1] == found[2]
    with pytest.raises(UnknownResource, match="none"):
        dumps.get("none", "nquads")


def test_the_beginning_is_read_while_the_rest_is_awaited() -> None:
    go_on = threading.Event()

    def fill(output: Output) -> None:
        output.write(b"a" * CHUNK)
        assert go_on.wait(10)
        output.write(b"b" * 10)

    dump = Dump(fill)
    chunks = dump.read()
    assert next(chunks) == b"a" * CHUNK
    assert not dump.whole
    go_on.set()
    assert b"".join(chunks) == b"b" * 10
    assert dump.size == CHUNK + 10
    assert dump.whole


@settings(max_examples=30, deadline=None, database=None)
@given(st.lists(st.binary(max_size=CHUNK), max_size=5), st.data())
def test_any_part_can_be_read(pieces: list[bytes], data: st.DataObject) -> None:
    dump = Dump(lambda output: [output.write(piece) for piece in pieces] and None)
    whole = b"".join(pieces)
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert b"".join(dump.read(start, stop)) == whole[start:stop]
    assert b"".join(dump.read(start)) == whole[start:]


def test_it_is_written_once_for_all_who_read() -> None:
    begun = []

    def fill(output: Output) -> None:
        begun.append(True)
        for n in range(100):
            output.write(bytes([n]) * 5_000)

    dump = Dump(fill)
    found: list[bytes] = []
    readers = [threading.Thread(target=lambda: found.append(content(dump))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(begun) == 1
    assert found == [b"".join(bytes([n]) * 5_000 for n in range(100))] * 8


def test_what_goes_wrong_is_told_to_each_reader() -> None:
    def fill(output: Output) -> None:
        output.write(b"a")
        raise BadParameter("This cannot be written.")

    dump = Dump(fill)
    for _ in range(2):
        with pytest.raises(BadParameter):
            content(dump)
        with pytest.raises(BadParameter):
            assert dump.size


def test_the_file_of_a_build_is_sent_as_it_is_also_after_its_name_is_gone(tmp_path: Path) -> None:
    build = made_up(tmp_path, 2_000)
    lines = build.nquads.read_bytes()
    dump = Dumps(build, BASE).get("all", "nquads")
    assert dump.whole
    build.nquads.unlink()
    assert content(dump) == lines
    assert dump.sha256 == build.digest


@pytest.mark.parametrize("form", ["turtle", "trig", "ntriples", "jsonld", "rdfxml"])
def test_a_base_of_any_size_is_written_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(nquads, "RUN", 500)
    monkeypatch.setattr(exporting, "SPOOLED", 100_000)
    needed = []
    for statements in (3_000, 9_000):
        build = made_up(tmp_path, statements)
        size = build.nquads.stat().st_size
        tracemalloc.start()
        with (tmp_path / "written").open("wb") as output:
            write(Lines(build.nquads), form, BASE, output)
        needed.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert size > 1_500_000
    assert needed[1] < 1.5 * needed[0] + 500_000


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(built: Build, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask a service whose downloads are all taken for large ones: they are sent while they are written."""
    monkeypatch.setattr(downloads, "SMALL", 0)
    app = FastAPI()
    app.include_router(downloads.routes(Site(built, Settings(), built.folder)))

    async def answer(path: str, method: str, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, headers={"Accept-Encoding": "identity", **headers})

    return lambda path, method="GET", **headers: asyncio.run(
        answer(path, method, {name.replace("_", "-"): value for name, value in headers.items()})
    )


@each_format
def test_a_large_download_is_sent_while_it_is_written(ask: Ask, kb: KnowledgeBase, form: str) -> None:
    path = f"/dump/all.{GRAPHS[form].ending}"
    head = ask(path, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    first, again = ask(path), ask(path)
    assert first.content == again.content == export(kb.quads(), form, kb.settings.base)
    assert ("content-length" in first.headers) == (form in ("nquads", "rdfxml"))
    assert int(again.headers["content-length"]) == len(again.content)
    assert head.headers["etag"] == first.headers["etag"] == again.headers["etag"]
    zipped = ask(path, accept_encoding="gzip")
    assert (zipped.headers["content-encoding"], zipped.content) == ("gzip", first.content)
    assert ask(path, if_none_match=first.headers["etag"]).status_code == 304


def test_a_part_of_a_large_download_waits_for_the_whole(ask: Ask) -> None:
    part = ask("/dump/all.ttl", range="bytes=-10")
    assert part.status_code == 206
    assert part.content == ask("/dump/all.ttl").content[-10:]


quads = st.builds(
    lambda s, p, o, g: ox.Quad(*(ox.NamedNode(f"urn:{x}") for x in (s, p)), o, ox.NamedNode(f"urn:g{g}") if g else ox.DefaultGraph()),
    st.sampled_from("abc"),
    st.sampled_from("pq"),
    st.one_of(st.text('ab <>."\n_:@', max_size=6).map(ox.Literal), st.sampled_from("abc").map(lambda o: ox.NamedNode(f"urn:{o}"))),
    st.integers(0, 3),
)


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(quads))
def test_the_graph_of_a_line_is_the_graph_that_a_parser_reads(found: list[ox.Quad]) -> None:
    for line in canonical_nquads(found).splitlines(keepends=True):
        (quad,) = ox.parse(line, ox.RdfFormat.N_QUADS)
        assert graph_name(line) == (str(quad.graph_name).encode() if isinstance(quad.graph_name, ox.NamedNode) else b"")


@pytest.mark.parametrize("form", ["trig", "jsonld", "ntriples", "turtle"])
@settings(max_examples=25, deadline=None, database=None)
@given(st.lists(quads, max_size=12), st.integers(1, 4))
def test_sorting_in_files_changes_nothing(form: str, found: list[ox.Quad], run: int) -> None:
    lines: Iterable[bytes] = canonical_nquads(found).splitlines(keepends=True)
    whole, parts = BytesIO(), BytesIO()
    write(lines, form, BASE, whole)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(nquads, "RUN", run)
        write(lines, form, BASE, parts)
    assert parts.getvalue() == whole.getvalue()
