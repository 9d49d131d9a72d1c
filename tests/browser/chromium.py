"""Where Chromium is, how it is started, and what is seen of a page in it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from functools import cache

from playwright.sync_api import Page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
WIDE, NARROW, NARROWEST = 1440, 390, 320  # px: a desk, a telephone, and the narrowest that must do (WCAG 2.2, 1.4.10)
NOT_RUN = "Chromium is not installed (apt-get install chromium, or name it in CHROMIUM): what readers see was NOT tested."


@cache
def chromium() -> str:
    """Return where Chromium is, empty where it is not."""
    named = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    return next((found for name in named if name and (found := shutil.which(name))), "")


@dataclass
class Opened:
    """A page in a browser, with what it asked of other hosts and what the browser complained of."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
