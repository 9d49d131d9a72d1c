"""Which format a request gets: by its Accept header (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from wherefrom.problems import NotAcceptable

USUAL = 500  # characters of a header that is sent again and again, so that what it means is kept


def choose(accept: str | None, offered: Sequence[str]) -> str:
    """Return the media type of `offered` that the header prefers; the first one where it has no preference.

    A more precise range beats a wider one, whatever its place; equal weights go by the order of `offered`.
    Raises `NotAcceptable` listing `offered` where none is wanted.

    >>> choose("text/*;q=0.3, application/ld+json", ["text/html", "application/ld+json"])
    'application/ld+json'
    """
    if not accept or not accept.strip():
        return offered[0]
    return (_chosen if len(accept) < USUAL else _chosen.__wrapped__)(accept, tuple(offered))


@lru_cache
def _chosen(accept: str, offered: tuple[str, ...]) -> str:
    ranges = [_parse(part) for part in accept.split(",") if part.strip()]
    best, weight = "", 0.0
    for media_type in offered:
        quality = _quality(media_type, ranges)
        if quality > weight:
            best, weight = media_type, quality
    if not best:
        raise NotAcceptable(", ".join(offered))
    return best


def profiles(accept: str | None, media_type: str) -> list[str]:
    """Return the profiles (RFC 6906) with which the header asks for a media type, the most wanted range first.

    >>> profiles('application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"', "application/ld+json")
    ['http://www.w3.org/ns/json-ld#expanded']
    """
    wanted = [part for part in (accept or "").split(",") if part.split(";", 1)[0].strip().lower() == media_type]
    wanted.sort(key=lambda part: -_parse(part)[1])
    found = (re.search(r';\s*profile\s*=\s*"?([^";]*)', part, re.IGNORECASE) for part in wanted[:1])
    return [iri for match in found if match for iri in match[1].split()]


def _parse(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return media_type.lower(), quality


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    kind = media_type.split("/", 1)[0]
    for wanted in (media_type, f"{kind}/*", "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
