"""The page of the validation: every rule, and what it found in the data that are served."""

from __future__ import annotations

from collections.abc import Callable

import pyoxigraph as ox
from fastapi import APIRouter, Request
from starlette.responses import Response

from wherefrom.build import read_report
from wherefrom.pages import Rule, rules
from wherefrom.problems import Problem, UnknownResource
from wherefrom.report import Report, Result, Severity, render
from wherefrom.web.respond import READ, as_json
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.view import show, table

ENTRY = Entry("/validation", "Validation", "foot")
COLUMNS = ("file", "line", "severity", "code", "focus", "message", "hint")
WORDS = {Severity.VIOLATION: "violations", Severity.WARNING: "warnings", Severity.INFO: "notes"}


class NoReport(Problem):
    """A report that was never made."""

    slug, title, status = "no-report", "There is no report on this version of the data", 404
    remedy = "Each write was checked before it counted; run `wherefrom validate` for a report on everything."


def routes(site: Site) -> APIRouter:
    """Return the routes of the page, of one rule, and of their data."""
    router = APIRouter()

    def report() -> Report:
        found = read_report(site.build.report, site.build.fingerprint)
        if found is None:
            raise NoReport(
                "The version that is served comes from a write over HTTP, an older version of the program, or a SPARQL endpoint."
            )
        return found

    def all_rules() -> list[Rule]:
        found = read_report(site.build.report, site.build.fingerprint)
        return rules(ox.parse(site.build.shapes.read_bytes(), ox.RdfFormat.N_TRIPLES), found)

    def data(only: str = "") -> Report:
        return Report(tuple(result for result in report().results if only in ("", result.code)))

    @router.api_route("/validation", methods=READ, include_in_schema=False)
    @router.api_route("/validation.{suffix}", methods=READ, include_in_schema=False)
    def validation(request: Request, suffix: str = "") -> Response:
        def page(**shared: object) -> bytes:
            found = read_report(site.build.report, site.build.fingerprint)
            counts = [(WORDS[severity], found.count(severity)) for severity in WORDS] if found else []
            return site.page("validation.html", rules=all_rules(), counts=counts, words=WORDS, **shared)

        return show(site, request, "/validation", suffix, page, _formats(data))

    @router.api_route("/validation/{name}", methods=READ, include_in_schema=False)
    def rule(request: Request, name: str) -> Response:
        code, _, suffix = name.partition(".")

        def found() -> Rule:
            for one in all_rules():
                if one.code == code:
                    return one
            raise UnknownResource(f"the rule {code!r}")

        def page(**shared: object) -> bytes:
            return site.page("rule.html", rule=found(), words=WORDS, **shared)

        found()
        return show(site, request, f"/validation/{code}", suffix, page, _formats(lambda: data(code)))

    return router


def _formats(report: Callable[[], Report]) -> dict[str, Callable[[], bytes]]:
    return {
        "json": lambda: as_json([_row(result) for result in report().results]),
        "csv": lambda: table(COLUMNS, (list(_row(result).values()) for result in report().results)),
        "ttl": lambda: render(report(), "turtle").encode(),
    }


def _row(result: Result) -> dict[str, object]:
    return {column: result.severity.word if column == "severity" else getattr(result, column) for column in COLUMNS}
