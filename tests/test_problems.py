"""Every kind of problem can be shown in every form, has a page, and tells nothing of the server."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import shutil
import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path

import httpx
import pytest
from rdflib import DCTERMS, Graph, Literal, URIRef
from starlette.requests import Request

import wherefrom
from wherefrom.build import Build, current
from wherefrom.load import SyntaxProblem
from wherefrom.problems import Problem, all_problems
from wherefrom.settings import Settings
from wherefrom.web.respond import problem_response
from wherefrom.web.site import Site
from writing_servers import serving

for module in pkgutil.walk_packages(wherefrom.__path__, "wherefrom."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

KINDS = all_problems()
OWN_ARGUMENTS: dict[type[Problem], Callable[[], Problem]] = {SyntaxProblem: lambda: SyntaxProblem("data/x.ttl", 3, 7, "a dot is missing")}
HERE = f"{re.escape(str(Path(__file__).parents[1]))}|{re.escape(tempfile.gettempdir())}"
OF_THE_SERVER = re.compile(HERE + r"|/home/|/root/|/usr/|site-packages|\.venv|\.py\b|Traceback|\.rs\b|/store\b")

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)


@pytest.fixture(scope="module")
def site(built: Build) -> Site:
    return Site(built, Settings(), built.folder)


def an_example(kind: type[Problem]) -> Problem:
    return OWN_ARGUMENTS[kind]() if kind in OWN_ARGUMENTS else kind('Something with <angle> & "quotes"')


def rendered(site: Site, problem: Problem, accept: str) -> tuple[int, dict[str, str], bytes]:
    scope = {"type": "http", "method": "GET", "path": "/asked", "query_string": b"", "headers": [(b"accept", accept.encode())]}
    response = problem_response(site, Request(scope), problem)
    return response.status_code, dict(response.headers), bytes(response.body)


@each_kind
def test_it_is_shown_as_json(kind: type[Problem], site: Site) -> None:
    problem = an_example(kind)
    status, headers, body = rendered(site, problem, "application/json")
    told = json.loads(body)
    assert headers["content-type"] == "application/problem+json"
    assert told == {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": status,
        "detail": problem.detail,
        "remedy": problem.remedy,
        "instance": "/asked",
    }
    assert 400 <= status == kind.status < 600
    assert headers["cache-control"] == "no-store"
    assert kind.headers.items() <= {name.title(): value for name, value in headers.items()}.items()


@each_kind
def test_it_is_shown_as_a_page(kind: type[Problem], site: Site) -> None:
    problem = an_example(kind)
    status, headers, body = rendered(site, problem, "text/html")
    page = body.decode().replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    assert (status, headers["content-type"]) == (kind.status, "text/html; charset=utf-8")
    for text in (kind.title, problem.detail, problem.remedy):
        assert escape(text) in page
    assert "<angle>" not in page


@each_kind
def test_it_is_shown_as_turtle(kind: type[Problem], site: Site) -> None:
    problem = an_example(kind)
    status, headers, body = rendered(site, problem, "text/turtle")
    assert (status, headers["content-type"]) == (kind.status, "text/turtle; charset=utf-8")
    graph = Graph().parse(data=body, format="turtle")
    assert (None, DCTERMS.title, Literal(kind.title, lang="en")) in graph
    assert (None, DCTERMS.description, Literal(problem.detail, lang="en")) in graph
    assert (None, DCTERMS.type, URIRef(f"{site.base}problems/{kind.slug}")) in graph


@each_kind
def test_it_has_a_page_of_its_own(kind: type[Problem], service: httpx.Client) -> None:
    page = service.get(f"/problems/{kind.slug}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert escape(kind.title, quote=False) in page.text
    told = service.get(f"/problems/{kind.slug}", headers={"Accept": "application/json"}).json()
    assert (told["type"], told["title"], told["status"]) == (f"/problems/{kind.slug}", kind.title, kind.status)
    assert service.get(f"/problems/{kind.slug}", headers={"Accept": "text/turtle"}).headers["content-type"] == "text/turtle; charset=utf-8"


@each_kind
def test_it_says_what_it_is_and_what_to_do(kind: type[Problem]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.slug)
    assert re.fullmatch(r"[A-Z].*[^.]", kind.title)
    assert re.fullmatch(r"[A-Z].*\.", kind.remedy)
    assert kind.exit_code in (1, 2, 3, 4)
    assert not OF_THE_SERVER.search(f"{kind.title} {kind.remedy}")


def test_no_two_have_the_same_name() -> None:
    slugs = [kind.slug for kind in KINDS]
    assert len(slugs) == len(set(slugs))
    assert len(KINDS) >= 24


def test_what_is_no_problem_has_no_page(service: httpx.Client) -> None:
    assert service.get("/problems/none").status_code == 404


BROKEN = [
    "/claim/none", "/id/none", "/none", "/none/", "/claim?start=x", "/claim?start=-1", "/claim?start=99999999999999999999", "/claim/a%20b",
    "/claim/%00", "/claim/%FF", "/scheme/%FF", "/dump/none.ttl", "/dump/all.none", "/dump/all.ttl.zip", "/dump/all.", "/static/none",
    "/static/", "/static/..%2f..%2fapp.py", "/ontology.none", "/shapes.trig", "/problems/%00", "/sitemap-0.xml", "/sitemap-x.xml",
    "/sparql?query=%00", "/sparql?query=ASK%7B", "/sparql?query=%FF", "/sparql?name=../x", "/sparql?name=",
    "/sparql?query=ASK%7B%7D&default-graph-uri=%00", "/sparql?query=ASK%7B%7D&named-graph-uri=../x",
    "/sparql?query=SELECT*%7BSERVICE%20%3Cx:y%3E%7B%7D%7D", "/sparql?query=SELECT*FROM%20%3Cfile:///tmp%3E%7B%7D",
    "/api/lineage", "/api/lineage?thing=", "/api/lineage?thing=none", "/api/lineage?thing=%00", "/api/lineage?thing=claim:%FF",
    "/api/lineage?thing=claim/foundations-ipp-secure&direction=none", "/api/lineage?thing=claim/foundations-ipp-secure&policy=none",
    "/api/lineage?thing=claim/foundations-ipp-secure&format=none", "/api/impact", "/api/impact?withdraw=none", "/api/impact?withdraw=",
    "/api/impact?withdraw=publication/none&policy=none", "/api/independence", "/api/independence?thing=none",
    "/api/independence?intervention=x", "/api/independence?thing=x&intervention=y&outcome=z", "/api/unsupported?source=%00", "/api/none",
]  # fmt: skip


@pytest.mark.parametrize("path", BROKEN)
def test_no_answer_to_a_broken_request_tells_of_the_server(service: httpx.Client, path: str) -> None:
    for accept in ("application/json", "text/html", "text/turtle"):
        answer = service.get(path, headers={"Accept": accept})
        assert answer.status_code < 500 or answer.headers["content-type"] == "application/problem+json"
        assert answer.status_code < 500, answer.text
        told = answer.text.replace(path, "").replace("/static/", "")
        if answer.status_code >= 400:
            assert not OF_THE_SERVER.search(re.sub(r'"instance": "[^"]*"|[Nn]o graph says anything about [^"<]*', "", told))


def test_a_fault_of_ours_is_told_to_the_operator_alone(awkward: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(awkward, tmp_path / "base"))
    found = current(folder / "store")
    assert found is not None
    with serving(folder, tmp_path / "log", "--store", str(folder / "store")) as served:
        found.nquads.unlink()
        for accept in ("application/json", "text/html", "text/turtle"):
            answer = served.client.get("/graphs?default", headers={"Accept": f"application/n-triples, {accept};q=0.5"})
            assert (answer.status_code, answer.headers["x-content-type-options"]) == (500, "nosniff")
            assert answer.headers["content-security-policy"] == served.client.get("/").headers["content-security-policy"]
            assert not OF_THE_SERVER.search(answer.text)
            assert "FileNotFoundError" not in answer.text
        assert served.client.get("/health").status_code == 200
    assert "FileNotFoundError" in (tmp_path / "log").read_text("utf-8")
