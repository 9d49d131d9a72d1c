"""The commands of docs/scale.md for the servers that run here do what it says: they end in a service that answers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from servers import free_port

TEXT = (Path(__file__).parents[1] / "docs" / "scale.md").read_text("utf-8")
BLOCKS: dict[str, str] = {
    name: content for _, name, content in re.findall(r"^```(\w+) ([^\n]+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
}
PLACES = ()  # servers of others alone
SCRIPTS = {"oxigraph": ("oxigraph, the store of a build", "oxigraph, a dump"), "virtuoso": ("virtuoso",)}
PORTS = ("8000", "7878", "1111", "8890")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "script" in metafunc.fixturenames:
        asked = metafunc.config.getoption("server")
        scripts = [pytest.param(script, id=f"{server}: {script}") for server in asked for script in SCRIPTS[server]]
        metafunc.parametrize("script", scripts or [pytest.param("", marks=pytest.mark.skip(reason="for make test-stores: needs --server"))])


def with_own_ports(text: str, ports: dict[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(PORTS)})\b", lambda found: ports[found[0]], text)


def test_the_commands_end_in_a_service_that_answers(script: str, tmp_path: Path) -> None:
    ports = {name: str(free_port()) for name in PORTS}
    for name in ("virtuoso.ini", "load.sql"):
        (tmp_path / name).write_text(with_own_ports(BLOCKS[name], ports), "utf-8")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = ["bash", "-euc", with_own_ports(BLOCKS[script], ports)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if line.startswith("Serving")), "")
            assert line.endswith(f"http://127.0.0.1:{ports['8000']}\n"), (tmp_path / "log").read_text()
            with httpx.Client(base_url=f"http://127.0.0.1:{ports['8000']}", timeout=60) as client:
                assert "secure" in client.get("/claim/foundations-ipp-secure.ttl").text
                found = client.get("/api/lineage", params={"thing": "claim/foundations-ipp-secure", "direction": "grounds"}).json()
                assert len(found["nodes"]) > 3
                assert client.get("/health").json()["statements"] > 13_000
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]


def test_every_command_is_tried_or_said_to_be_untested() -> None:
    tried = {name for names in SCRIPTS.values() for name in names}
    assert BLOCKS.keys() == tried | {"virtuoso.ini", "load.sql"}
    assert "not tested here" in TEXT.split("### QLever")[1].splitlines()[0]


def test_the_configuration_is_that_of_the_tests() -> None:
    """What the suites run on is what is told to people."""
    import servers

    assert BLOCKS["virtuoso.ini"] == servers.virtuoso_settings(1111, 8890).lstrip()
    assert BLOCKS["load.sql"].split() == servers.LOAD.format(file="data.nq").split()
