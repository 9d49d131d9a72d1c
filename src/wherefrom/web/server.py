"""Takes an address, serves there with one web process or several, and says where it answers."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from wherefrom import journal
from wherefrom.search import check_engine
from wherefrom.settings import read_settings
from wherefrom.tokens import read_tokens
from wherefrom.web.peers import Peers
from wherefrom.web.process import Service, bound, run
from wherefrom.web.supervisor import Supervisor


def serve(service: Service, host: str, port: int, workers: int = 1) -> None:
    """Serve the current build of a knowledge base until interrupted, with so many web processes.

    Writes are taken from those whose tokens the token file lists. Raises `AddressInUse` where the port is taken,
    `BadTokenFile` and `StoreUnusable` where nothing could be written, `SearchUnavailable` where nothing could be looked for,
    `BadSettings` where the limits cannot be divided.
    """
    check_engine()
    if service.token_file is not None:
        read_tokens(service.token_file)
        journal.prepare(service.folder)
    settings = read_settings(service.folder)
    settings.share(0, workers)
    with bound(host, port) as listening:  # also where several will share it: they would share it with a server of others
        if workers == 1:
            run(service, listening, Peers(), partial(_tell, settings.title, listening))
            return
        host, port = listening.getsockname()[:2]
    with bound(host, port, shared=True) as address:
        asyncio.run(Supervisor(service, address, workers, partial(_tell, settings.title, address)).run())


def _tell(title: str, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Serving {title} at http://{shown}:{port}", flush=True)
