"""Runs the application and says where it answers."""

from __future__ import annotations

import socket
import sys

import uvicorn

from wherefrom.build import Build
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
    """Serve one build until interrupted; exits with 2 where the port is taken."""
    config = uvicorn.Config(
        application(build, settings), host=host, port=port, log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, h11_max_incomplete_event_size=80_000,
    )  # fmt: skip
    server = Server(config, settings.title)
    server.run()
    if not server.started:
        print(f"error: nothing can be served at {host}:{port}.\n  to do: Name a free port with --port.", file=sys.stderr)
        raise SystemExit(2)
