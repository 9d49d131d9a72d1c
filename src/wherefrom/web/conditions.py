"""Whether a client has what it asks for already, and which part of it it wants (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.requests import Request

from wherefrom.problems import Problem
from wherefrom.web.site import Site

NEVER = datetime.min.replace(tzinfo=UTC)


class PreconditionFailed(Problem):
    """The client wants an answer only while nothing has changed, and it has."""

    slug, title, status = "precondition-failed", "This has changed since", 412
    remedy = "Fetch it anew, without If-Match and If-Unmodified-Since."


class RangeNotSatisfiable(Problem):
    """A range that begins after the end."""

    slug, title, status = "range-not-satisfiable", "There are no such bytes", 416
    remedy = "Ask for a range inside the length that Content-Range names."


class Conditions:
    """The conditions of one request, in the order of section 13.2.2: a tag goes before a date."""

    def __init__(self, request: Request, modified: datetime) -> None:
        self.headers, self.modified = request.headers, modified
        self._known = _tags(request, "if-none-match")
        self._wanted = _tags(request, "if-match")

    def has(self, tag: str) -> bool:
        """Return whether the client names this very tag as what it has, and makes no other condition."""
        return tag in self._weak and not self._wanted and "if-unmodified-since" not in self.headers

    def unchanged(self, tag: str) -> bool:
        """Return whether the client has it, by tag or by date, so that 304 is the answer."""
        if self._known:
            return "*" in self._known or tag in self._weak
        return self.modified <= (_date(self.headers.get("if-modified-since")) or NEVER)

    def check(self, tag: str) -> None:
        """Raise `PreconditionFailed` where the client wants another representation than this one."""
        if self._wanted:
            if "*" not in self._wanted and tag not in self._wanted:
                raise PreconditionFailed(f"Its entity tag is {tag}.")
        elif (since := _date(self.headers.get("if-unmodified-since"))) and self.modified > since:
            raise PreconditionFailed(f"It was last changed at {self.modified:%Y-%m-%d %H:%M:%S} UTC.")

    def range(self, tag: str, size: int) -> tuple[int, int] | None:
        """Return the first byte asked for and the one after the last; None where all is to be sent.

        One range is answered; several, or what is no range of bytes, are passed over (section 14.2), and so is a range of
        another version (If-Range, section 13.1.5). Raises `RangeNotSatisfiable`.
        """
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("range", "").replace(" ", ""))
        if not found or found[0] == "bytes=-" or not self._is_range_of(tag):
            return None
        first, last = found[1], found[2]
        if not first:
            start, stop = max(size - int(last), 0), size
        else:
            start, stop = int(first), min(int(last) + 1, size) if last else size
            if last and int(last) < start:
                return None
        if start >= size:
            raise RangeNotSatisfiable(f"This has {size:,} bytes.")
        return start, stop

    def _is_range_of(self, tag: str) -> bool:
        wanted = self.headers.get("if-range", tag)
        return wanted == tag or _date(wanted) == self.modified

    @property
    def _weak(self) -> set[str]:
        """The tags that the client has, for the weak comparison (section 8.8.3.2)."""
        return {tag.removeprefix("W/") for tag in self._known}


def modified(site: Site) -> datetime:
    """Return when anything was last curated, to the second."""
    when = datetime.fromisoformat(site.last_curation).replace(microsecond=0)
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _tags(request: Request, name: str) -> set[str]:
    """Return the entity tags of a header as they are written."""
    return {tag.strip() for header in request.headers.getlist(name) for tag in header.split(",") if tag.strip()}


def _date(text: str | None) -> datetime | None:
    """Return a date of a header; one that is no date is passed over (section 13.1.3)."""
    try:
        when = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
