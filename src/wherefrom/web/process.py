"""One web process: it runs the application, alone, or as one of several that a supervisor has started.

Run as `python -m wherefrom.web.process` by the supervisor, with one argument in JSON (see `main`); it says when it answers
by a line on standard output.
"""

from __future__ import annotations

import json
import math
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from wherefrom.problems import AddressInUse, Problem
from wherefrom.settings import Settings, read_settings
from wherefrom.store import is_endpoint
from wherefrom.web.app import application
from wherefrom.web.log import Observer, write_line
from wherefrom.web.metrics import FIGURES, Metrics, figures
from wherefrom.web.parent import end_with
from wherefrom.web.peers import Peers
from wherefrom.web.protocol import Protocol
from wherefrom.web.publishing import Publisher
from wherefrom.web.watching import Watcher

TO_END = 2  # seconds that a stopped server gives its last requests beyond those of a query


@dataclass(frozen=True)
class Service:
    """What is served and how: the knowledge base, its builds, who may write, whether files are watched and requests told."""

    folder: Path
    stores: Path | str  # a folder of builds, or the address of a SPARQL endpoint
    token_file: Path | None = None
    watch: bool = False
    access_log: bool = False


class Server(uvicorn.Server):
    """A server that says once that it answers."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], object]) -> None:
        super().__init__(config)
        self.say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self.say_started()


def run(service: Service, listening: socket.socket, peers: Peers, started: Callable[[], object]) -> None:
    """Serve the current build at a socket until interrupted; SIGHUP has it build anew (`Publisher`).

    What an endpoint holds is served likewise, with the settings of the folder (`Watcher`).
    """
    counts = Metrics(peers.folder)
    listeners = [counts.count, write_line] if service.access_log else [counts.count]
    make = partial(application, figures=counts)
    if is_endpoint(service.stores):
        publisher: Publisher = Watcher(service.folder, Path(), make, None, service.watch, peers, endpoint=str(service.stores))
    else:
        publisher = Publisher(service.folder, Path(service.stores), make, service.token_file, service.watch, peers)

    async def as_it_is() -> list[Any]:
        return figures(publisher.served.app.state.now)

    peers.answers[FIGURES] = as_it_is
    config = uvicorn.Config(
        Observer(publisher, listeners), log_level="error", access_log=False, server_header=False, proxy_headers=False,
        loop="uvloop", http=Protocol, ws="none", lifespan="on",
        timeout_graceful_shutdown=patience(read_settings(service.folder)),
    )  # fmt: skip
    Server(config, started).run([listening])


def patience(settings: Settings) -> int:
    """Return how many seconds a process that is stopped has for the requests that it has begun."""
    return math.ceil(max(settings.query_seconds, settings.response_seconds)) + TO_END


def bound(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket at that address, one of several there if it is `shared`; raises `AddressInUse`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends small answers at once only for this protocol
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise AddressInUse(f"Nothing can be served at {host}:{port}: {getattr(error, 'strerror', None) or error}.") from error
    return listening


def main(told: dict[str, Any]) -> int:
    """Serve as one of several; `told` is {parent, host, port, number, count, shared, folder, stores, tokens, watch, log}."""
    end_with(told["parent"])
    tokens = Path(told["tokens"]) if told["tokens"] else None
    service = Service(Path(told["folder"]), told["stores"], tokens, told["watch"], told["log"])
    peers = Peers(told["number"], told["count"], Path(told["shared"]))
    try:
        with bound(told["host"], told["port"], shared=True) as listening:
            run(service, listening, peers, partial(print, "ready", flush=True))
    except Problem as problem:
        print(f"error: {problem.detail}\n  to do: {problem.remedy}", file=sys.stderr, flush=True)
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
