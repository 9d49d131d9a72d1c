"""What the running service tells of itself: figures, readiness, the access log."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from processes import alive, command, descendants
from wherefrom.web.log import Ended, Observer, QueryNote
from wherefrom.web.metrics import Metrics
from writing_servers import serving

ASKED = "SELECT ?s { ?s a ev:Claim } # figures"


def figures(service: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = service.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def change(before: Any, after: Any, name: str, **labels: str) -> float:
    key = (name, frozenset(labels.items()))
    return after.get(key, 0) - before.get(key, 0)


def test_what_is_asked_is_counted(service: httpx.Client) -> None:
    before = figures(service)
    for _ in range(2):
        assert service.get("/sparql", params={"query": ASKED}).status_code == 200
    assert service.get("/sparql", params={"query": "SELECT {"}).status_code == 400
    assert service.get("/claim/none").status_code == 404
    after = figures(service)
    assert change(before, after, "wherefrom_queries_total", lane="fast", end="answered") == 1
    assert change(before, after, "wherefrom_queries_total", lane="cache", end="answered") == 1
    assert change(before, after, "wherefrom_queries_total", lane="none", end="bad-query") == 1
    assert change(before, after, "wherefrom_requests_total", method="GET", route="/sparql", status="200") == 2
    assert change(before, after, "wherefrom_requests_total", method="GET", route="/sparql", status="400") == 1
    assert change(before, after, "wherefrom_request_seconds_count", route="/sparql") == 3
    assert change(before, after, "wherefrom_cache_hits_total") >= 1
    assert change(before, after, "wherefrom_cache_bytes") > 0


def test_no_client_makes_the_figures_grow(service: httpx.Client) -> None:
    names = len(figures(service))
    for number in range(30):
        service.get(f"/none/at/all/{number}")
        service.get(f"/claim/none-{number}")
        service.request(f"X{number}", "/sparql")
    assert len(figures(service)) <= names + 3 * 20  # a new route or status has a counter and a histogram once


def test_lanes_and_versions_are_told(service: httpx.Client) -> None:
    found = figures(service)
    told = {dict(labels)["lane"]: value for (name, labels), value in found.items() if name == "wherefrom_lane_places"}
    assert told == {"fast": 8, "slow": 2}
    (info,) = [dict(labels) for name, labels in found if name == "wherefrom_info"]
    assert service.get("/health").json()["data"].startswith(info["data"])


def test_alive_and_ready_are_told_apart(service: httpx.Client) -> None:
    assert service.get("/health").json()["status"] == "ok"
    ready = service.get("/ready")
    assert (ready.status_code, ready.text, ready.headers["cache-control"]) == (200, "ready\n", "no-store")
    assert service.head("/ready").status_code == 200


def test_a_service_whose_queries_stand_still_is_alive_and_not_ready(awkward: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(awkward, tmp_path / "base"))
    with serving(folder, tmp_path / "log", "--store", str(folder / "store")) as served:
        workers = [pid for pid in descendants(served.process.pid) if "wherefrom.web.worker" in command(pid)]
        assert len(workers) > 8
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        told = served.client.get("/ready")
        assert (told.status_code, told.json()["type"], told.headers["retry-after"]) == (503, "/problems/not-ready", "2")
        assert served.client.get("/health").json()["status"] == "ok"
        for pid in filter(alive, workers):
            os.kill(pid, signal.SIGCONT)
        end = time.monotonic() + 20
        while served.client.get("/ready").status_code != 200:
            assert time.monotonic() < end


### The access log


@pytest.fixture(scope="module")
def logged(awkward: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    """A client of a server with an access log, and the file that has it."""
    folder = tmp_path_factory.mktemp("logged") / "base"
    shutil.copytree(awkward, folder, ignore=shutil.ignore_patterns("store"))
    command = [
        sys.executable,
        "-m",
        "wherefrom",
        "--kb",
        str(folder),
        "serve",
        "--port",
        "0",
        "--store",
        str(awkward / "store"),
        "--access-log",
    ]
    log = folder / "log"
    with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split(" at ")[-1].strip()
        try:
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
                yield client, log
        finally:
            process.terminate()


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith("{")]


def test_each_request_is_a_line_that_tells_nothing_of_who_asked(logged: tuple[httpx.Client, Path]) -> None:
    client, log = logged
    already = len(lines(log))
    headers = {"Authorization": "Bearer s3cret", "X-Forwarded-For": "203.0.113.9", "User-Agent": "somebody", "Cookie": "s3cret"}
    answers = [
        client.get("/sparql", params={"query": ASKED, "token": "s3cret"}, headers=headers),
        client.post("/sparql", data={"query": ASKED}, headers={**headers, "Accept": "text/csv"}),
        client.get("/sparql", params={"query": "SELECT {"}, headers=headers),
        client.get("/claim/reading-together-words.ttl?token=s3cret", headers=headers),
        client.get("/none%0A%22here", headers=headers),
    ]
    end = time.monotonic() + 5
    while len(found := lines(log)[already:]) < len(answers):  # a line is written when its answer has been sent
        assert time.monotonic() < end
    assert [entry["status"] for entry in found] == [answer.status_code for answer in answers] == [200, 200, 400, 200, 404]
    assert [entry["path"] for entry in found] == ["/sparql", "/sparql", "/sparql", "/claim/reading-together-words.ttl", '/none\n"here']
    digest = hashlib.sha256(ASKED.encode()).hexdigest()[:16]
    assert [(entry.get("query"), entry.get("lane"), entry.get("problem")) for entry in found[:2]] == [(digest, "fast", None)] * 2
    assert found[2]["problem"] == "bad-query"
    assert all(0 < entry["seconds"] < 60 and entry["bytes"] > 0 for entry in found)
    assert [entry["method"] for entry in found] == ["GET", "POST", "GET", "GET", "GET"]
    assert all(datetime.fromisoformat(entry["time"]).tzinfo for entry in found)
    text = log.read_text("utf-8")
    assert not any(word in text for word in ("s3cret", "203.0.113.9", "somebody", "127.0.0.1", "SELECT"))


### The observer


def observed(app: Any, **scope: Any) -> list[Ended]:
    ended: list[Ended] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Any) -> None:
        pass

    with suppress(ZeroDivisionError):
        asyncio.run(Observer(app, [ended.append])({"type": "http", "method": "GET", "path": "/x", **scope}, receive, send))
    return ended


def test_an_answer_that_breaks_off_is_told_as_cut() -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["query"] = QueryNote("0" * 16, "slow", "query-timeout")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})

    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    (cut,) = observed(breaks)
    assert (cut.status, cut.size, cut.whole) == (200, 3, False)
    told = json.loads(cut.line(datetime.now(UTC)))
    assert (told["cut"], told["lane"], told["problem"]) == (True, "slow", "query-timeout")
    (failed,) = observed(fails)
    assert (failed.status, failed.whole) == (0, False)


def test_methods_that_do_not_exist_are_one() -> None:
    metrics = Metrics()
    for method in ("GET", "BREW", "FOO"):
        metrics.count(Ended(method, "/x", "", 405, 0, 0.1, True, None))
    found = {
        tuple(sample.labels.values())
        for family in metrics.requests.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    assert found == {("GET", "none", "405"), ("other", "none", "405")}
