"""A reader's browser: headless Chromium, which must be installed; without it these tests do not run, and that is said loudly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Request, Route, sync_playwright

from browser.chromium import FLAGS, NOT_RUN, WIDE, Opened, chromium


class Reading(Protocol):
    """Opens an address of the service; see `reading`."""

    def __call__(
        self, address: str, width: int = WIDE, scripts: bool = True, base: str = "", **options: object
    ) -> AbstractContextManager[Opened]: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not chromium():
        pytest.skip(NOT_RUN)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def reading(browser: Browser, service: httpx.Client) -> Reading:
    """Return a function that opens an address of the service as a context: `with reading("/", width=390, scripts=False) as opened`.

    Every other host is out of reach, and what was asked of it is kept. Other options are those of a Playwright context.
    """

    @contextmanager
    def read(address: str, width: int = WIDE, scripts: bool = True, base: str = "", **options: object) -> Iterator[Opened]:
        home = base or str(service.base_url).rstrip("/")
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts, **options)  # type: ignore[arg-type]
        opened = Opened(context.new_page())

        def only_here(route: Route, request: Request) -> None:
            if urlsplit(request.url).netloc in ("", urlsplit(home).netloc):
                route.continue_()
            else:
                opened.foreign.append(request.url)
                route.abort()

        context.route("**/*", only_here)
        opened.page.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.goto(f"{home}{address}")
        yield opened
        context.close()

    return read


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly where nothing was tested."""
    if not chromium():
        terminalreporter.section("BROWSER TESTS NOT RUN", red=True)
        terminalreporter.line(NOT_RUN)
