"""A process that prepares writes, one at a time, so that no write can take the web server with it.

It works in draft folders only, and may be killed at any moment. It can make no connection.
Run as `python -m wherefrom.web.writer MEGABYTES`; one line of JSON in, one out.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from wherefrom import problems
from wherefrom.build import read_build
from wherefrom.problems import Problem, QueryLost, QueryTimeout
from wherefrom.report import Report, Result, Severity
from wherefrom.validate import Rules
from wherefrom.web.parent import end_with
from wherefrom.web.seclusion import seclude
from wherefrom.writing import Order, WouldNotConform, Writer

LONGEST_LINE = 1 << 30  # bytes of one answer: a report on a large write


class Preparing:
    """Prepares writes; the rules are made ready once for each version of the shapes."""

    def __init__(self) -> None:
        self.rules: dict[tuple[bytes, str], Rules] = {}

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what came of a request {former, draft, base, prefixes, order}: a summary, or a problem."""
        former = read_build(Path(asked["former"]))
        try:
            writer = Writer(self._rules(former.shapes, asked["base"]), asked["base"], asked["prefixes"])
            made = writer.prepare(former, Order(**asked["order"]), Path(asked["draft"]))
        except WouldNotConform as problem:
            return {"problem": "WouldNotConform", "detail": problem.detail, "report": _rows(problem.report)}
        except Problem as problem:
            return {"problem": type(problem).__name__, "detail": problem.detail}
        except MemoryError:
            return {"problem": "QueryLost", "detail": "The write needed more memory than it may take (limits.query_megabytes)."}
        except (OSError, RuntimeError):  # what the engine says of it may name files and addresses
            return {"problem": "BadQuery", "detail": "The update parses, but its evaluation failed."}
        if made is None:
            return {"changed": False}
        entry = made.entry
        return {
            "changed": True, "number": entry.number, "removed": len(entry.removed), "added": len(entry.added),
            "graphs": entry.graphs, "digest": entry.after, "report": _rows(made.report),
        }  # fmt: skip

    def _rules(self, shapes: Path, base: str) -> Rules:
        content = shapes.read_bytes()
        key = (hashlib.sha256(content).digest(), base)
        if key not in self.rules:
            self.rules = {key: Rules(ox.parse(content, ox.RdfFormat.N_TRIPLES), base)}
        return self.rules[key]


def _rows(report: Report) -> list[dict[str, Any]]:
    return [asdict(result) for result in report.results]


def as_report(rows: list[dict[str, Any]]) -> Report:
    """Return a report that came as plain data."""
    return Report(tuple(Result(**{**row, "severity": Severity(row["severity"])}) for row in rows))


class WriterProcess:
    """The process, as the web server sees it; it is started when it is first needed, and anew after it was lost."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> asyncio.subprocess.Process:
        """Return the running process."""
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "wherefrom.web.writer", str(self.megabytes),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LONGEST_LINE,
            )  # fmt: skip
        return self.process

    async def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Return what the process answers; raises the `Problem` it met, `QueryTimeout` or `QueryLost`."""
        process = await self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
        except TimeoutError:
            await self.stop()
            raise QueryTimeout(f"The write was stopped after {seconds:g} seconds (limits.write_seconds); nothing was changed.") from None
        except ConnectionError:
            line = b""
        except BaseException:  # whoever asked went away: what the process does now is of no use
            await self.stop()
            raise
        if not line:
            await self.stop()
            raise QueryLost(
                "The write ended its process: it needed more memory (limits.query_megabytes) or depth than it may. Nothing was changed."
            )
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            raise _problem(answer)
        return answer

    async def stop(self) -> None:
        """End the process."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self.process = None


def _problem(answer: Mapping[str, Any]) -> Problem:
    if answer["problem"] == "WouldNotConform":
        return WouldNotConform(answer["detail"], as_report(answer["report"]))
    kind = getattr(problems, answer["problem"], problems.BadQuery)
    problem: Problem = kind(answer["detail"])
    return problem


def main(megabytes: int) -> None:
    """Prepare writes until standard input ends."""
    end_with()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    seclude()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + megabytes * 1_000_000,) * 2)
    preparing = Preparing()
    for line in sys.stdin.buffer:
        print(json.dumps(preparing.answer(json.loads(line))), flush=True)


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(int(sys.argv[1]))
