"""Content that is sent while it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from wherefrom.problems import Problem

End = Callable[[Problem | None], object]


class Streamed(StreamingResponse):
    """Content whose status was sent before it is whole.

    Where a problem befalls it, the last part is never sent: the server then cuts the connection, so that nobody takes the
    beginning for the whole. However it ends, also when the client leaves, `end` is called, with the problem if there is one.
    """

    def __init__(self, chunks: AsyncGenerator[bytes], headers: Mapping[str, str], media_type: str, end: End) -> None:
        super().__init__(chunks, headers=headers, media_type=media_type)
        self.end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        problem = None
        try:
            await super().__call__(scope, receive, send)
        except Problem as befell:
            problem = befell
        finally:
            self.end(problem)
