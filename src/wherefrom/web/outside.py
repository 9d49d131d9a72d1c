"""Requests to other hosts: made by the web process only, of hosts that the operator names only, for SERVICE and LOAD.

The processes that evaluate queries and updates can make no connection; they get a text in which the answers stand in place
of the calls (`federation`). A name that is not of this house must lead to a public address, which is looked up once and
then connected to; what is redirected elsewhere is not followed, and no proxy of the environment is asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool

from wherefrom import federation
from wherefrom.federation import SERVICE, Call
from wherefrom.formats import ROWS
from wherefrom.problems import BadContent, HostNotAllowed, ServiceFailed, TooManyQueries
from wherefrom.settings import Settings
from wherefrom.version import __version__
from wherefrom.writing import ONE_GRAPH, parse_content

PORTS = {"http": 80, "https": 443}
AGENT = f"wherefrom/{__version__}"


class Content(NamedTuple):
    """What an address answered."""

    media_type: str
    body: bytes


class Outside:
    """The hosts that may be asked, and how: see `limits.service_hosts` and those beside it."""

    def __init__(self, settings: Settings, prefixes: Mapping[str, str]) -> None:
        self.settings, self.prefixes = settings, prefixes
        self.places = asyncio.Semaphore(settings.service_calls)
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Let go of what was opened."""
        if self._client is not None:
            await self._client.aclose()

    async def answered(self, text: str, *, update: bool = False) -> str:
        """Return a query or an update with the answers in place of its calls.

        Raises `HostNotAllowed` before anyone is asked, also for SILENT, which is for what goes wrong and not for what is
        refused; `ServiceFailed` where no good answer comes in time; what `federation.calls` raises, and `TooManyQueries`.
        """
        calls = federation.calls(text, self.prefixes, self.settings.base, update=update)
        if not calls:
            return text
        addresses = [self._allowed(call) for call in calls]
        async with self._place():
            until = asyncio.get_running_loop().time() + self.settings.service_seconds
            answers = [
                (call, await self._answer(call, address, number, until))
                for number, (call, address) in enumerate(zip(calls, addresses, strict=True))
            ]
        return federation.replaced(text, answers)

    def _allowed(self, call: Call) -> httpx.URL:
        """Return the address of a call; raises `HostNotAllowed` where its host is not one that the operator has named."""
        try:
            url = httpx.URL(call.address)
        except httpx.InvalidURL:
            url = httpx.URL()
        host = url.raw_host.decode("ascii").lower()
        port = url.port or PORTS.get(url.scheme)
        named = f"[{host}]" if ":" in host else host
        names = {f"{named}:{port}", named} if port == PORTS.get(url.scheme) else {f"{named}:{port}"}
        if url.scheme not in PORTS or url.userinfo or not names & set(self.settings.service_hosts):
            raise HostNotAllowed(f"{call.verb} makes no request of <{call.address}>: its host is none of limits.service_hosts.")
        return url

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        full = f"{self.settings.service_calls} queries ask other services at once (limits.service_calls)."
        try:
            async with asyncio.timeout(self.settings.service_seconds):
                await self.places.acquire()
        except TimeoutError:
            raise TooManyQueries(full) from None
        try:
            yield
        finally:
            self.places.release()

    async def _answer(self, call: Call, address: httpx.URL, number: int, until: float) -> str:
        """Return what stands in place of a call."""
        ask = self._solutions if call.verb == SERVICE else self._triples
        try:
            async with asyncio.timeout_at(until):
                return await ask(call, address, number)
        except TimeoutError:
            problem = ServiceFailed(f"{address.host} took longer than {self.settings.service_seconds:g} seconds (limits.service_seconds).")
        except httpx.HTTPError as error:
            problem = ServiceFailed(f"{address.host} cannot be asked: {type(error).__name__}.")
        except ServiceFailed as failed:
            problem = failed
        if not call.silent:
            raise problem
        return federation.NOTHING[call.verb]

    async def _solutions(self, call: Call, address: httpx.URL, number: int) -> str:
        media_type = ROWS["json"].media_type
        limit = f"{self.settings.service_bytes:,} bytes (limits.service_bytes)"
        request = self._request("POST", address, media_type, data={"query": call.query})
        content = await self._fetch(request, address, self.settings.service_bytes, limit)
        blank = f"{self.settings.base}.well-known/genid/{number}-"  # RDF 1.1 Concepts, section 3.5
        return await run_in_threadpool(_solutions, content, address.host, blank)

    async def _triples(self, call: Call, address: httpx.URL, number: int) -> str:
        limit = f"{self.settings.write_bytes:,} bytes (limits.write_bytes)"
        request = self._request("GET", address, ", ".join(ONE_GRAPH))
        content = await self._fetch(request, address, self.settings.write_bytes, limit)
        return await run_in_threadpool(_insertion, content, call)

    def _request(
        self, method: str, address: httpx.URL, accept: str, data: Mapping[str, str] | None = None
    ) -> Callable[[str], httpx.Request]:
        """Return what makes the request for an IP address: of that name, and with a certificate for that name."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self.settings.service_seconds, trust_env=False, follow_redirects=False,
                limits=httpx.Limits(max_keepalive_connections=0),  # a connection is for one name, not for all of an IP address
            )  # fmt: skip
        client = self._client
        headers = {"Host": address.netloc.decode("ascii"), "Accept": accept, "Accept-Encoding": "identity", "User-Agent": AGENT}
        extensions = {"sni_hostname": address.raw_host.decode("ascii")}
        return lambda ip: client.build_request(method, address.copy_with(host=ip), headers=headers, data=data, extensions=extensions)

    async def _fetch(self, request: Callable[[str], httpx.Request], address: httpx.URL, most: int, limit: str) -> Content:
        assert self._client is not None
        answer = await self._client.send(request(await _resolved(address)), stream=True)
        try:
            if answer.status_code != 200:
                moved = " Redirections are not followed." if answer.is_redirect else ""
                raise ServiceFailed(f"{address.host} answered {answer.status_code}.{moved}")
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise ServiceFailed(f"{address.host} sent a coding that it was not asked for.")
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > most:
                    raise ServiceFailed(f"{address.host} sent more than {limit}.")
        finally:
            await answer.aclose()
        return Content(answer.headers.get("content-type", "").split(";", 1)[0].strip().lower(), bytes(body))


async def _resolved(address: httpx.URL) -> str:
    """Return the IP address of a host. A name with a dot in it must have a public one: only its owner says where it leads."""
    host = address.raw_host.decode("ascii")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, address.port or PORTS[address.scheme], type=socket.SOCK_STREAM)
    except OSError:
        raise ServiceFailed(f"{address.host} has no address.") from None
    ip = str(found[0][4][0])
    if "." in host and not _is_ip(host) and not _is_public(ip):
        raise ServiceFailed(f"{address.host} leads to an address that is not public.")
    return ip


def _is_ip(host: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|.*:.*", host))


def _is_public(ip: str) -> bool:
    found = ipaddress.ip_address(ip.split("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global


def _solutions(content: Content, host: str, blank: str) -> str:
    try:
        rows = ox.parse_query_results(content.body, ox.QueryResultsFormat.JSON)
        if isinstance(rows, ox.QuerySolutions):
            return federation.as_values(rows, blank)
    except (SyntaxError, ValueError):
        pass
    raise ServiceFailed(f"{host} sent what is no answer in SPARQL JSON.")


def _insertion(content: Content, call: Call) -> str:
    host = httpx.URL(call.address).host
    if content.media_type not in ONE_GRAPH:
        raise ServiceFailed(f"{host} sent {content.media_type or 'no media type'}; what is loaded is one of {', '.join(ONE_GRAPH)}.")
    try:
        quads = parse_content(content.body.decode("utf-8"), content.media_type, call.address, ox.NamedNode(call.graph))
    except (BadContent, UnicodeDecodeError):
        raise ServiceFailed(f"{host} sent what does not parse as {content.media_type}.") from None
    return federation.as_insertion((quad.triple for quad in quads), call.graph)
