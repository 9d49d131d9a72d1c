"""The pages as a folder of files that any web server can host, search included: what needs a running service is left out, and told.

Pages are asked of the application itself, from the first one on and along their links, so that a new page is there without
new code. A page becomes PATH.html, its data keep their own endings, and every link leads from file to file.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import posixpath
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import httpx
from fastapi import FastAPI

from wherefrom.build import Build
from wherefrom.problems import UnwritableOutput
from wherefrom.search import site_index
from wherefrom.settings import Settings
from wherefrom.web import assets
from wherefrom.web.app import application
from wherefrom.web.metrics import Metrics
from wherefrom.web.publishing import Publisher
from wherefrom.web.respond import HTML
from wherefrom.web.site import Site

ENDINGS = {
    HTML: ".html", "text/turtle": ".ttl", "application/ld+json": ".jsonld", "application/json": ".json",
    "application/linkset+json": ".json", "application/sparql-query": ".rq", "application/atom+xml": ".atom",
}  # fmt: skip
ASKED = {"start", "thing", "withdraw", "policy", "unit", "rows", "cols", "kind", "study", "outcome", "intervention", "source"}
MOST_ASKED = 2  # parameters of an address that is followed: more are choices, which need a service
SERVICES = re.compile(
    r"/(sparql|update|graphs|search|api/.*|metrics|health|ready|unapi|id/.*|sitemap.*|robots.txt|\.well-known/api-catalog)$"
)
SEARCH, INDEX = "search-site.js", "search-index.json"
NAME_BYTES = 240  # of a file name, which is what file systems take
LINK = re.compile(r' (href|src)="([^"]*)"')
TAG = re.compile(r"<(a|link|script|form|input)\b([^>]*)>")
FORM = re.compile(r'<form class="filters"(?! role="search").*?</form>', re.DOTALL)
OFFLINE = '<p class="quiet">This is a copy without a service behind it: choices cannot be made here.</p>'
Say = Callable[[str], None]


@dataclass(frozen=True)
class Fetched:
    """What the application answered: the file that it becomes, relative to the folder, and its content."""

    file: str
    content: bytes
    is_page: bool


def export_site(folder: Path, build: Build, settings: Settings, target: Path, say: Say) -> int:
    """Write the pages of a build of the knowledge base in `folder`, without the text of its sources; see `write_site`."""
    app = application(build, replace(settings, sources=""), Publisher(folder, build.folder.parent, lambda *_: app), Metrics())
    return write_site(app, app.state.site, target, say)


def write_site(app: FastAPI, site: Site, target: Path, say: Say) -> int:
    """Write all pages and their data below `target`, a new or empty folder, and return the number of files.

    Raises `UnwritableOutput` where the folder has something in it, or cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise UnwritableOutput(f"{target.name} is not empty: name a new folder.")
        searched = [page for _, page, _, _ in site.index.compact()["things"]]
        found = asyncio.run(_fetch(app, ["/", assets.address(SEARCH), *searched], say))
        found["/search"] = Fetched("search.html", site.page("search_site.html"), True)
        for address, one in found.items():
            _write(target / one.file, _Copy(address, found, site).rewritten() if one.is_page else one.content)
        files = {address: one.file for address, one in found.items()}
        _write(target / INDEX, site_index(site.index, lambda page: quote(files[page])))
    except OSError as error:
        raise UnwritableOutput(f"{target.name} cannot be written: {error.strerror}.") from error
    return len(found) + 1


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


async def _fetch(app: FastAPI, first: Sequence[str], say: Say) -> dict[str, Fetched]:
    """Return address -> what was answered, from the `first` ones on along all links that need no service."""
    found: dict[str, Fetched] = {}
    waiting, known = deque(first), set(first)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://site", headers={"Accept": f"{HTML}, */*;q=0.1"}) as client:
        while waiting:
            address = waiting.popleft()
            answer = await client.get(address, follow_redirects=True)
            media_type = answer.headers.get("content-type", "").split(";", 1)[0]
            file = _file(address, media_type)
            if answer.status_code not in (200, 410) or not file:
                say(f"Left out: {address}" if file else f"Left out, since no file can have this name: {address}")
                continue
            found[address] = Fetched(file, answer.content, media_type == HTML)
            for link in _links(answer.text, address) if media_type == HTML else ():
                if link not in known and _followed(link):
                    known.add(link)
                    waiting.append(link)
    return found


def _links(page: str, address: str) -> Iterator[str]:
    """Yield the addresses of this service that a page links to, or loads, without fragments."""
    for _, attributes in TAG.findall(page):
        for _, value in LINK.findall(attributes):
            if link := _local(value, address):
                yield link


def _local(value: str, address: str) -> str:
    """Return the address that a link means, without its fragment; empty where it is of another host."""
    parts = urlsplit(urljoin(address, html.unescape(value)))
    if parts.netloc or parts.scheme:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _followed(address: str) -> bool:
    path, _, query = address.partition("?")
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    return path.startswith("/") and not SERVICES.match(path) and len(names) <= MOST_ASKED and set(names) <= ASKED


def _file(address: str, media_type: str) -> str:
    """Return the file for an address, empty where none can have the name.

    >>> _file("/claim/x", "text/html"), _file("/claim/x.ttl", "text/turtle"), _file("/", "text/html"), _file("/a/../b", "text/html")
    ('claim/x.html', 'claim/x.ttl', 'index.html', '')
    >>> _file("/findings.csv?study=study/x", "text/csv")
    'findings/study=study_x-d588079d.csv'
    """
    path, _, query = address.partition("?")
    name = unquote(path).strip("/") or "index"
    if query:
        words = re.sub(r"[^\w.=-]+", "_", unquote(query))[:60]
        root, kept = posixpath.splitext(name)  # the suffix comes last: a folder cannot be called as a file is
        name = f"{root}/{words}-{hashlib.sha256(query.encode()).hexdigest()[:8]}{kept}"
    ending = ENDINGS.get(media_type, "")
    name = name if name.endswith(ending) else f"{name}{ending}"
    parts = name.split("/")
    if any(part in ("", ".", "..") or "\0" in part or len(part.encode()) > NAME_BYTES for part in parts):
        return ""
    return name


class _Copy:
    """One page, whose links are made to lead from file to file."""

    def __init__(self, address: str, found: Mapping[str, Fetched], site: Site) -> None:
        self.address, self.found, self.site = address, found, site
        self.here = posixpath.dirname(found[address].file) or "."

    def rewritten(self) -> bytes:
        """Return the page: a link to what is not here leads nowhere, and forms but those of the search are told to need a service."""
        text = TAG.sub(self._tag, FORM.sub(OFFLINE, self.found[self.address].content.decode()))
        searching = f'<script src="{self._relative(assets.address(SEARCH).strip("/"))}" defer></script>\n'
        return text.replace("<script src=", f"{searching}<script src=", 1).encode()

    def _tag(self, match: re.Match[str]) -> str:
        tag, attributes = match[1], match[2]
        if tag == "form":
            attributes = attributes.replace('action="/search"', f'action="{self._relative("search.html")}"')
        elif tag == "input":
            attributes = attributes.replace('data-suggest="/api/suggest"', f'data-index="{self._relative(INDEX)}"')
        else:
            attributes = LINK.sub(lambda link: self._link(link, tag), attributes)
        return f"<{tag}{attributes}>"

    def _link(self, link: re.Match[str], tag: str) -> str:
        """Return the attribute of a link: to a file, from the head to the service where there is none, else nothing."""
        local, fragment = _local(link[2], self.address), urlsplit(html.unescape(link[2])).fragment
        if not local or link[2].startswith("#"):
            return link[0]
        if local in self.found and tag != "link":
            return f' {link[1]}="{self._relative(self.found[local].file)}{html.escape(f"#{fragment}" if fragment else "")}"'
        if tag == "link":
            asset = local.startswith("/static/")
            return f' {link[1]}="{self._relative(self.found[local].file) if asset else html.escape(self.site.absolute(local))}"'
        return ""

    def _relative(self, file: str) -> str:
        return html.escape(quote(posixpath.relpath(file, self.here)))
