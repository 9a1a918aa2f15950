"""The innermost frame of a stop as the client's own ``stackTrace`` shows it, so as not to ask for it twice.

Every editor asks for the stack as soon as it hears of a stop. Who looks at the stop waits for that answer,
but not for long, and not at all once the client wants to go on.
"""

from __future__ import annotations

import asyncio

from cwm_lsp.dap.arguments import number
from cwm_lsp.wire.dap import Json, Request

PATIENCE = 0.015
"""Seconds in which a client that asks for the stack by itself has asked and been answered."""

Innermost = tuple[int, int]
"""debugpy's number of a frame, and its line."""


class Glance:
    """Of one stop at a time."""

    def __init__(self) -> None:
        self._thread = 0
        self._asked: set[int] = set()
        self._found: asyncio.Future[Innermost | None] | None = None

    def begin(self, thread: int) -> None:
        """``thread`` has stopped and the client hears of it: what it asks from here on is of this stop."""
        self.hurry()
        self._thread = thread
        self._found = asyncio.get_running_loop().create_future()

    def asked(self, request: Request) -> None:
        """The client asks for a stack."""
        arguments = request.arguments
        here = self._found is not None and number(arguments, "threadId") == self._thread
        if here and not arguments.get("startFrame"):
            self._asked.add(request.seq)

    def answered(self, request: Request, body: Json) -> None:
        """debugpy has answered the client."""
        if request.seq not in self._asked or self._found is None or self._found.done():
            return
        frames = body.get("stackFrames") or ()
        self._found.set_result((frames[0]["id"], frames[0]["line"]) if frames else None)

    def hurry(self) -> None:
        """Whoever waits is to ask by himself."""
        self._asked.clear()
        if self._found is not None and not self._found.done():
            self._found.set_result(None)

    async def frame(self) -> Innermost | None:
        """The innermost frame, ``None`` where the client has not asked for it. It is given once."""
        found = self._found
        if found is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await found
        except TimeoutError:
            return None
        finally:
            if self._found is found:
                self._found = None
                self._asked.clear()
