"""Runs the application and says where it answers."""

from __future__ import annotations

import socket

import uvicorn

from wherefrom.build import Build
from wherefrom.problems import AddressInUse
from wherefrom.settings import Settings
from wherefrom.web.app import application


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


def serve(build: Build, settings: Settings, host: str, port: int) -> None:
    """Serve one build until interrupted; raises `AddressInUse` where the port is taken."""
    config = uvicorn.Config(
        application(build, settings), host=host, port=port, log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, h11_max_incomplete_event_size=80_000,
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
