"""Several web processes behave as one: what one writes all show, limits and figures are of all, none is left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import built_at
from processes import alive, children, command, descendants, holder
from wherefrom import cli, starter
from wherefrom.load import read_knowledge_base
from wherefrom.problems import AddressInUse, BadSettings
from wherefrom.settings import DIVIDED, MAY_BE_ZERO, Settings
from writing_servers import Served, serving

BUSY = "SELECT (COUNT(*) AS ?n) { { SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 1500000 } FILTER(STRLEN(STR(?c)) > 0) }"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "base"
    starter.create(folder)
    built_at(read_knowledge_base(folder), folder / ".wherefrom" / "store")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "base"))


class Pair:
    """A server of two web processes: their numbers, and a client of each, whose connection that process holds."""

    def __init__(self, served: Served, log: Path, stack: ExitStack) -> None:
        self.served, self.log, self.stack = served, log, stack
        self.url = str(served.client.base_url)

    @property
    def pids(self) -> list[int]:
        return [pid for pid in children(self.served.process.pid) if "wherefrom.web.process" in command(pid)]

    def client(self) -> httpx.Client:
        return self.stack.enter_context(httpx.Client(base_url=self.url, timeout=60, trust_env=False))

    def one_of_each(self) -> list[Served]:
        """Return a client of each web process."""
        found: dict[int, Served] = {}
        until = time.monotonic() + 20
        while len(found) < len(self.pids):
            assert time.monotonic() < until, "one process takes all connections"
            client = self.client()
            stream = client.stream("GET", "/health")
            with stream as answer:
                pid = holder(answer.extensions["network_stream"].get_extra_info("client_addr")[1], client.base_url.port or 0, self.pids)
                answer.read()
            found.setdefault(pid, Served(self.served.process, client, self.served.may["Authorization"].removeprefix("Bearer ")))
        return [found[pid] for pid in self.pids]

    def figure(self, name: str) -> float:
        """Return a figure, 0 where there is none yet; a process that is killed takes connections that wait for it along."""
        try:
            with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as client:
                found = re.findall(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
        except httpx.ReadError:
            found = []
        return float(found[0]) if found else 0.0


@contextmanager
def pair(folder: Path, *options: str) -> Iterator[Pair]:
    log = folder.parent / "log"
    with serving(folder, log, "--workers", "2", *options) as served, ExitStack() as stack:
        yield Pair(served, log, stack)
        below = descendants(served.process.pid)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        wait(lambda: not any(alive(pid) for pid in below))
    assert "Traceback" not in log.read_text("utf-8")


def limit(folder: Path, line: str) -> None:
    settings = folder / "wherefrom.toml"
    settings.write_text(f"{settings.read_text('utf-8').partition('[limits]')[0]}[limits]\n{line}\n", "utf-8")


def wait(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)


### Reading what was written


def test_what_one_process_has_acknowledged_the_other_shows(folder: Path) -> None:
    with pair(folder) as both:
        first, second = both.one_of_each()
        assert len({one.client.get("/claim/reading-together-words.ttl").headers["etag"] for one in (first, second)}) == 1
        for number in range(3):
            for writer, reader in ((first, second), (second, first)):
                before = reader.client.get("/claim/reading-together-words.ttl").headers["etag"]
                assert writer.note(f"{number} by {writer is first}").status_code == 200
                after = reader.client.get("/claim/reading-together-words.ttl", headers={"If-None-Match": before})
                assert (after.status_code, f"{number} by {writer is first}" in after.text) == (200, True)
                assert reader.digest() == writer.digest()
                assert reader.notes() == writer.notes()


def test_both_may_write_at_once_and_nothing_is_lost(folder: Path) -> None:
    with pair(folder) as both:
        sent = {f"{number} {name}" for number in range(3) for name in ("one", "two")}
        writers = [
            threading.Thread(target=lambda s=served, n=name: [s.note(f"{number} {n}") for number in range(3)])  # type: ignore[misc]
            for served, name in zip(both.one_of_each(), ("one", "two"), strict=True)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [served.notes() for served in both.one_of_each()] == [sent, sent]


def test_a_process_that_does_not_follow_is_replaced_before_a_write_is_acknowledged(folder: Path) -> None:
    limit(folder, "write_seconds = 15")
    with pair(folder) as both:
        first, _ = both.one_of_each()
        stuck = both.pids[1]
        os.kill(stuck, signal.SIGSTOP)
        assert first.note("seen by all").status_code == 200
        wait(lambda: not alive(stuck))
        wait(lambda: both.figure("wherefrom_web_processes") == 2)
        assert [served.notes() for served in both.one_of_each()] == [{"seen by all"}] * 2
    assert "does not follow" in both.log.read_text("utf-8")


def test_a_process_that_starts_on_a_build_tells_the_other_of_it(folder: Path) -> None:
    """As after a kill between the moment when a write lasts and that when the others are told."""
    data = folder / "data" / "reading-together.trig"
    with pair(folder) as both:
        _, second = both.one_of_each()
        data.write_text(data.read_text("utf-8").replace("More children know", "More of the children know"), "utf-8")
        assert cli.main(["--kb", str(folder), "build"]) == 0
        assert "More of the" not in second.client.get("/claim/reading-together-words.ttl").text
        os.kill(both.pids[0], signal.SIGKILL)
        wait(lambda: "More of the" in second.client.get("/claim/reading-together-words.ttl").text)


def test_sighup_changes_data_and_settings_of_both(folder: Path) -> None:
    data, settings = folder / "data" / "reading-together.trig", folder / "wherefrom.toml"
    with pair(folder) as both:
        clients = [served.client for served in both.one_of_each()]
        data.write_text(data.read_text("utf-8").replace("More children know", "More of the children know"), "utf-8")
        settings.write_text(settings.read_text("utf-8").replace("Evidence on", "Evidence about"), "utf-8")
        both.served.process.send_signal(signal.SIGHUP)
        for client in clients:
            wait(lambda client=client: "Evidence about" in client.get("/", headers={"Accept": "text/html"}).text)  # type: ignore[misc]
            assert "More of the" in client.get("/claim/reading-together-words.ttl").text
        assert len({client.get("/claim/reading-together-words.ttl").headers["etag"] for client in clients}) == 1


### Coming and going


def test_a_process_that_dies_is_replaced_and_what_it_counted_stays(folder: Path) -> None:
    counted = 'wherefrom_requests_total{method="GET",route="/health",status="200"}'
    with pair(folder) as both:
        both.one_of_each()
        former = both.pids
        before = both.figure(counted)
        assert before >= 2
        os.kill(former[0], signal.SIGKILL)
        wait(lambda: "Web process 1 ended (SIGKILL)" in both.log.read_text("utf-8"))
        assert both.figure(counted) >= before
        wait(lambda: both.figure("wherefrom_web_processes") == 2)
        assert former[0] not in both.pids
        assert len(both.one_of_each()) == 2
        assert both.figure(counted) > before


def test_a_stop_lets_requests_end_and_refuses_new_ones(folder: Path) -> None:
    answers: list[httpx.Response] = []
    limit(folder, "query_seconds = 60")
    with pair(folder) as both:
        clients = [served.client for served in both.one_of_each()]
        threads = [
            threading.Thread(
                target=lambda c=client: answers.append(c.post("/sparql", data={"query": BUSY}, headers={"Accept": "text/csv"}))  # type: ignore[misc]
            )
            for client in clients
        ]
        for thread in threads:
            thread.start()
        wait(lambda: both.figure('wherefrom_lane_busy{lane="slow"}') == 2)
        address = ("127.0.0.1", clients[0].base_url.port or 0)
        both.served.process.send_signal(signal.SIGTERM)
        wait(lambda: refused(address))
        assert answers == [], "the refusal came before the answers"
        for thread in threads:
            thread.join(30)
        assert [(answer.status_code, answer.text.split()) for answer in answers] == [(200, ["n", "1500000"])] * 2


def refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address).close()
    except ConnectionRefusedError:
        return True
    return False


def test_nobody_outlives_a_supervisor_that_was_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(folder.parent))  # where it leaves the folder that its processes shared
    with serving(folder, folder.parent / "log", "--workers", "2") as served:
        below = descendants(served.process.pid)
        assert len(below) > 8
        served.process.kill()
        wait(lambda: not any(alive(pid) for pid in below), 10)


### Limits


@given(st.integers(1, 9), st.integers(0, 70), st.sampled_from(DIVIDED))
def test_shares_are_the_whole_together(count: int, whole: int, name: str) -> None:
    settings = Settings(**{**dict.fromkeys(DIVIDED, 100), name: whole})
    if whole < count and name not in MAY_BE_ZERO:
        with pytest.raises(BadSettings, match=rf"limits\.{name} is {whole}, .*--workers"):
            settings.share(0, count)
        return
    shares = [getattr(settings.share(number, count), name) for number in range(count)]
    assert sum(shares) == whole
    assert max(shares) - min(shares) <= 1
    assert settings.share(0, 1) == settings


def test_limits_are_those_of_all_processes(folder: Path) -> None:
    with pair(folder) as both:
        assert both.figure('wherefrom_lane_places{lane="slow"}') == Settings().query_workers
        assert both.figure('wherefrom_lane_places{lane="fast"}') == Settings().query_fast_workers
        described = both.served.client.get("/sparql", headers={"Accept": "text/turtle"}).text
        assert f"{Settings().query_workers} long queries" in described


def ended(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    serve = [sys.executable, "-m", "wherefrom", "--kb", str(folder), "serve", *options]
    return subprocess.run(serve, capture_output=True, text=True, timeout=60, check=False)


def test_more_processes_than_places_are_refused(folder: Path) -> None:
    told = ended(folder, "--port", "0", "--workers", "3")
    assert (told.returncode, told.stdout) == (3, "")
    assert "limits.query_workers is 2, and cannot be divided among 3 web processes" in told.stderr


def test_an_address_is_not_shared_with_another_server(folder: Path) -> None:
    """Sockets of one user may share it, by SO_REUSEPORT, without anybody noticing."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = ended(folder, "--port", str(other.getsockname()[1]), "--workers", "2")
    assert (told.returncode, told.stdout) == (AddressInUse.exit_code, "")
    assert "Address already in use" in told.stderr


def test_no_process_is_no_number_of_processes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as usage:
        cli.main(["serve", "--workers", "0"])
    assert usage.value.code == 2
    assert "--workers" in capsys.readouterr().err
