"""The search for a surprise: the program is stepped, unseen by the client, and each step held against what
was foreseen for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cwm_lsp.dap.journey import Stand
from cwm_lsp.dap.observer import Desk
from cwm_lsp.dap.stops import Stops
from cwm_lsp.dap.surprise import Surprise
from cwm_lsp.features.foresight import Checked


class Search:
    """The searches of one session, one at a time. ``keep`` is given every line that was stepped."""

    def __init__(self, desk: Desk, stops: Stops, keep: Callable[[Stand], None]) -> None:
        self._desk = desk
        self._stops = stops
        self._keep = keep
        self._stop: asyncio.Future[None] | None = None
        self._pausing = False

    def stepped(self) -> None:
        """The program has stopped after a step of ours."""
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(None)

    def pause(self) -> None:
        """End the search at the next line."""
        self._pausing = True

    async def look(self, thread: int, wanted: Callable[[], Surprise | None]) -> Checked | None:
        """Step to the first surprise that is ``wanted``; ``None`` when paused.

        Raises ``BackendError`` and ``AskFailed``.
        """
        self._pausing = False
        if self._stops.stand is None:
            await self._stops.see(thread, "")
        async with self._stops.following() as following:
            while not self._pausing:
                await self._stops.foretell_line(following)
                self._stop = asyncio.get_running_loop().create_future()
                await self._desk.ask("stepIn", {"threadId": thread})
                await self._stop
                stand = await self._stops.see(thread, "stepIn")
                if stand is not None:
                    self._keep(stand)
                surprise = wanted()
                if surprise is not None and surprise.is_one(self._stops.checked):
                    return self._stops.checked
        return None
