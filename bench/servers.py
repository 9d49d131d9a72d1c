"""SPARQL servers of others that hold a build, started in a folder of their own and ended with it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from wherefrom.build import Build

WAIT = 180.0  # seconds for a server to answer


class Server(NamedTuple):
    """Where a running server answers queries, and its process."""

    endpoint: str
    process: int


VIRTUOSO = """
[Database]
DatabaseFile = virtuoso.db
TransactionFile = virtuoso.trx
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = .
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
SchedulerInterval = 10
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
[SPARQL]
ResultSetMaxRows = 10000000
"""
PRIVATE = "http://www.openlinksw.com/schemas/virtrdf#PrivateGraphs"  # what this group holds nobody sees without a grant
OWN = ("http://www.openlinksw.com/schemas/virtrdf#", "http://www.w3.org/ns/ldp#", "http://localuriqaserver/sparql")
STATISTICS = "DB.DBA.SYS_DB_STAT(100, 0);"  # without them its plans are worse
LOAD = f"""
ld_dir('.', '{{file}}', 'urn:nothing');
rdf_loader_run();
DB.DBA.RDF_GRAPH_GROUP_CREATE('{PRIVATE}', 1);
{"".join(f"DB.DBA.RDF_GRAPH_GROUP_INS('{PRIVATE}', '{graph}');" + chr(10) for graph in OWN)}
DB.DBA.RDF_DEFAULT_USER_PERMS_SET('nobody', 1);
DB.DBA.RDF_DEFAULT_USER_PERMS_SET('nobody', 0, 1);
{STATISTICS}
checkpoint;
"""


def virtuoso_settings(sql: int, http: int, buffers: int = 20_000) -> str:
    """Return the settings of a Virtuoso at two ports, with so many buffers of 8 kB."""
    return VIRTUOSO.format(sql=sql, http=http, buffers=buffers, dirty=buffers * 3 // 4)


def load_into_virtuoso(folder: Path, sql: int, file: str) -> None:
    """Load a file of the folder of a running Virtuoso, and hide the graphs that it has of its own."""
    asked = [program("isql-vt"), str(sql), "dba", "dba", "ERRORS=STDOUT"]
    said = subprocess.run(asked, input=LOAD.format(file=file), cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "Error" not in said, said


@contextmanager
def oxigraph(built: Build, folder: Path) -> Iterator[Server]:
    """Serve the store of a build as it is: its default graph holds every statement once. Yield it."""
    port = free_port()
    command = [program("oxigraph"), "serve-read-only", "--location", str(built.store), "--bind", f"127.0.0.1:{port}"]
    with running(command, folder, f"http://127.0.0.1:{port}/query") as server:
        yield server


@contextmanager
def virtuoso(built: Build, folder: Path) -> Iterator[Server]:
    """Load the N-Quads of a build into a new Virtuoso and hide the graphs that it has of its own. Yield it."""
    sql, http = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(virtuoso_settings(sql, http), "utf-8")
    shutil.copy(built.nquads, folder / "data.nq")
    with running([program("virtuoso-t"), "-f", "+configfile", "virtuoso.ini"], folder, f"http://127.0.0.1:{http}/sparql") as server:
        load_into_virtuoso(folder, sql, "data.nq")
        yield server


SERVERS: dict[str, Callable[[Build, Path], AbstractContextManager[Server]]] = {"oxigraph": oxigraph, "virtuoso": virtuoso}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is not installed"
    return found


@contextmanager
def running(command: list[str], folder: Path, endpoint: str, wait: float = WAIT) -> Iterator[Server]:
    """Run a server until the end of the context; begin when its endpoint answers a query."""
    log = folder / "log"
    with log.open("wb") as written, subprocess.Popen(command, cwd=folder, stdout=written, stderr=written) as process:
        try:
            until = time.monotonic() + wait
            while not answers(endpoint):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield Server(endpoint, process.pid)
        finally:
            process.terminate()


def answers(endpoint: str) -> bool:
    try:
        return httpx.get(endpoint, params={"query": "ASK {}"}).is_success
    except httpx.HTTPError:
        return False
