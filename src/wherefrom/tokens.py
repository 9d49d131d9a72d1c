"""Who may write: a file with one line for each token, `name:digest`. The tokens themselves are nowhere but with their owners."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from wherefrom.problems import BadParameter, NotAuthorized, UnreadableInput

_LINE = re.compile(r"([\w.@-]+):([0-9a-f]{64})")
BYTES = 32  # of chance in a token: no dictionary holds it, so that a plain digest of it cannot be turned back


class BadTokenFile(UnreadableInput):
    """A token file that cannot be used: nobody could write, or nobody knows who."""

    slug, title = "bad-token-file", "The token file cannot be used"
    remedy = "Write one line name:digest for each token; `wherefrom token NAME` makes both."


class UnknownToken(NotAuthorized):
    """A token that no line of the token file accounts for (RFC 6750, section 3.1)."""

    slug, title = "unknown-token", "This token is not known here"
    headers: ClassVar[Mapping[str, str]] = {"Www-Authenticate": 'Bearer realm="wherefrom", error="invalid_token"'}


def make_token(name: str) -> tuple[str, str]:
    """Return a new token and the line for the token file; raises `BadParameter` for a name that no line can hold."""
    if not re.fullmatch(r"[\w.@-]+", name):
        raise BadParameter(f"{name!r} is no name for a token: letters, digits, and . _ @ - are taken.")
    token = secrets.token_urlsafe(BYTES)
    return token, f"{name}:{_digest(token)}"


def read_tokens(path: Path) -> dict[str, str]:
    """Return the digests of a token file with the names they belong to; raises `BadTokenFile`."""
    try:
        rows = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadTokenFile(f"{path.name} cannot be read.") from error
    found = {}
    for line, row in enumerate(rows, 1):
        if row.strip() and not row.startswith("#"):
            told = _LINE.fullmatch(row.strip())
            if not told:
                raise BadTokenFile(f"{path.name}:{line} is no line name:digest.")
            found[told[2]] = told[1]
    return found


def owner(tokens: dict[str, str], authorization: str) -> str:
    """Return who sent an Authorization header (RFC 6750, section 2.1); raises `NotAuthorized`.

    Every digest is compared, each in a time that does not tell how far it agrees.
    """
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthorized("The request has no bearer token.")
    sent = _digest(token.strip())
    found = [name for digest, name in tokens.items() if hmac.compare_digest(digest, sent)]
    if not found:
        raise UnknownToken("The token is not known here.")
    return found[0]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
