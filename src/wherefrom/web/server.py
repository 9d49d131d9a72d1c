"""Runs the application and says where it answers."""

from __future__ import annotations

import math
import socket
from functools import partial
from pathlib import Path

import uvicorn

from wherefrom import journal
from wherefrom.problems import AddressInUse
from wherefrom.search import check_engine
from wherefrom.settings import read_settings
from wherefrom.tokens import read_tokens
from wherefrom.web.app import application
from wherefrom.web.log import Observer, write_line
from wherefrom.web.metrics import Metrics
from wherefrom.web.publishing import Publisher

TO_END = 2  # seconds that a stopped server gives its last requests beyond those of a query


class Server(uvicorn.Server):
    """A server that prints one line once it answers."""

    def __init__(self, config: uvicorn.Config, title: str) -> None:
        super().__init__(config)
        self.title = title

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print `Serving TITLE at URL`."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"Serving {self.title} at http://{shown}:{port}", flush=True)


def serve(
    folder: Path, stores: Path, host: str, port: int, token_file: Path | None = None, *, watch: bool = False, access_log: bool = False
) -> None:
    """Serve the current build of the knowledge base in `folder` until interrupted; SIGHUP has it build anew (`Publisher`).

    Writes are taken from those whose tokens `token_file` lists. Raises `AddressInUse` where the port is taken,
    `BadTokenFile` and `StoreUnusable` where nothing could be written, `SearchUnavailable` where nothing could be looked for.
    With `access_log` each request is told on standard error.
    """
    check_engine()
    if token_file is not None:
        read_tokens(token_file)
        journal.prepare(folder)
    settings = read_settings(folder)
    figures = Metrics()
    listeners = [figures.count, write_line] if access_log else [figures.count]
    publisher = Publisher(folder, stores, partial(application, figures=figures), token_file, watch)
    config = uvicorn.Config(
        Observer(publisher, listeners), host=host, port=port, log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, h11_max_incomplete_event_size=80_000, lifespan="on",
        timeout_graceful_shutdown=math.ceil(max(settings.query_seconds, settings.response_seconds)) + TO_END,
    )  # fmt: skip
    with _bound(host, port) as listening:
        Server(config, settings.title).run([listening])


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, or raise `AddressInUse`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends small answers at once only for this protocol
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise AddressInUse(f"Nothing can be served at {host}:{port}: {getattr(error, 'strerror', None) or error}.") from error
    return listening
