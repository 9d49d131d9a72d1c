"""What a check found: one `Result` each, and the ways to write them down."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import IntEnum
from urllib.parse import quote

from rdflib import SH, BNode, Graph, Literal, URIRef


class Severity(IntEnum):
    """How grave a result is, as SHACL has it; only a violation keeps a knowledge base from being built."""

    INFO = 0
    WARNING = 1
    VIOLATION = 2

    @property
    def word(self) -> str:
        """The word in reports."""
        return self.name.lower()

    @property
    def iri(self) -> URIRef:
        """The SHACL name."""
        return SH[self.name.capitalize()]


@dataclass(frozen=True, order=True)
class Result:
    """One thing that a check found, and where."""

    file: str
    line: int
    severity: Severity
    code: str
    focus: str
    message: str
    hint: str = ""
    source_line: str = field(default="", compare=False)
    shacl: str = ""  # what SHACL tells of it (section 3.6.2), as Turtle: sh:focusNode and so on; empty for what no shape found
    times: int = field(default=1, compare=False)  # how often the very same was found; told once, but in a SHACL report

    def text(self) -> str:
        """Return `file:line: severity: message [code]`, then the source line and the hint."""
        rows = [f"{self.file}:{self.line}: {self.severity.word}: {self.message} [{self.code}]"]
        if self.source_line:
            rows.append(f"    {self.source_line.strip()[:140]}")
        if self.hint:
            rows.append(f"    hint: {self.hint}")
        return "\n".join(rows)


@dataclass(frozen=True)
class Report:
    """All results of one run, in order of file and line."""

    results: tuple[Result, ...]

    @property
    def conforms(self) -> bool:
        """Whether there is no violation (warnings and notes are published with the data)."""
        return not any(result.severity is Severity.VIOLATION for result in self.results)

    def count(self, severity: Severity) -> int:
        """Return how many results have that severity."""
        return sum(result.severity is severity for result in self.results)

    def summary(self) -> str:
        """Return the counts in words."""
        names = {Severity.VIOLATION: "violation", Severity.WARNING: "warning", Severity.INFO: "note"}
        return ", ".join(f"{self.count(s)} {n}{'' if self.count(s) == 1 else 's'}" for s, n in names.items())


def make_report(results: Iterable[Result], lines: dict[str, list[str]] | None = None) -> Report:
    """Return a report in order, each result with its line of source where `lines` (file -> lines) has it."""
    rows = []
    for result, times in sorted(Counter(results).items()):
        source = (lines or {}).get(result.file, [])
        rows.append(replace(result, source_line=source[result.line - 1] if 0 < result.line <= len(source) else "", times=times))
    return Report(tuple(rows))


def render(report: Report, form: str) -> str:
    """Return the report as `text`, `json`, `turtle`, `sarif` or `github`."""
    return {"text": _text, "json": _json, "turtle": _turtle, "sarif": _sarif, "github": _github}[form](report)


def _text(report: Report) -> str:
    return "\n".join(result.text() for result in report.results)


def _json(report: Report) -> str:
    rows = [{**asdict(result), "severity": result.severity.word} for result in report.results]
    return json.dumps({"conforms": report.conforms, "results": rows}, indent=2, ensure_ascii=False)


def _turtle(report: Report) -> str:
    """Return a SHACL validation report. As SHACL has it (section 3.6.1), a report with any result, be it a note, does not conform."""
    lines = [f"@prefix sh: <{SH}> .", f"_:report a sh:ValidationReport ; sh:conforms {str(not report.results).lower()} ."]
    for result in report.results:
        lines += [f"_:report sh:result [ a sh:ValidationResult ; {' ; '.join(_properties(result))} ] ."] * result.times
    return Graph().parse(data="\n".join(lines), format="turtle").serialize(format="turtle")


def _properties(result: Result) -> Iterator[str]:
    """Yield property and value of one result, in Turtle; of what no shape found, the code stands for the shape."""
    if result.shacl:
        yield result.shacl
        return
    yield f"sh:resultSeverity {result.severity.iri.n3()}"
    yield f"sh:resultMessage {Literal(result.message, lang='en').n3()}"
    yield f"sh:sourceShape <https://w3id.org/wherefrom/shapes#{result.code}>"
    if result.focus:
        named = re.match(r"[A-Za-z][\w+.-]*:", result.focus)
        yield f"sh:focusNode {(URIRef(result.focus) if named else BNode(result.focus)).n3()}"


def _sarif(report: Report) -> str:
    levels = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    rows = [
        {
            "ruleId": result.code,
            "level": levels[result.severity],
            "message": {"text": f"{result.message}. {result.hint}".strip()},
            "locations": []
            if not result.file
            else [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(result.file)},
                        "region": {"startLine": max(result.line, 1)},
                    }
                }
            ],
        }
        for result in report.results
    ]
    rules = [{"id": code} for code in sorted({result.code for result in report.results})]
    run = {"tool": {"driver": {"name": "wherefrom", "rules": rules}}, "results": rows}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _github(report: Report) -> str:
    levels = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    rows = []
    for result in report.results:
        place = f" file={_escaped(result.file, ':,')},line={max(result.line, 1)}" if result.file else ""
        rows.append(f"::{levels[result.severity]}{place}::{_escaped(f'{result.message} [{result.code}]')}")
    return "\n".join(rows)


def _escaped(text: str, also: str = "") -> str:
    """Return a text as GitHub's workflow commands want it; in the value of a property colons and commas are written so too."""
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{also}" else c for c in text)
