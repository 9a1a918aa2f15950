"""The course of a proxied session: where it stands, and the work that belongs to it.

One task belongs to the present stop and ends when the program goes on; others go on beside it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from cwm_lsp.dap.phases import NEXT, Phase, Sign

log = logging.getLogger(__name__)

Work = Coroutine[Any, Any, None]


class Course:
    """``complain`` is told of a defect of ours, which a debug session outlives."""

    def __init__(self, complain: Callable[[Exception], None]) -> None:
        self._complain = complain
        self._tasks: set[asyncio.Task[None]] = set()
        self._of_stop: asyncio.Task[None] | None = None
        self.phase = Phase.RUNNING
        self.command = ""
        """What the program last went on by."""

    def turn(self, sign: Sign) -> None:
        """Something has moved the session."""
        self.phase = NEXT.get((self.phase, sign), self.phase)

    def spawn(self, work: Work) -> asyncio.Task[None]:
        """Do ``work`` beside the session."""
        task = asyncio.create_task(self._guarded(work), name="dap-predicting")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def begin(self, work: Work) -> None:
        """Let ``work`` take the place of what was done for the stop before."""
        self.drop()
        self._of_stop = self.spawn(work)

    def drop(self) -> None:
        """End what is done for the present stop, unless it is that which asks for it."""
        if self._of_stop is not None and self._of_stop is not asyncio.current_task():
            self._of_stop.cancel()
        self._of_stop = None

    async def close(self) -> None:
        """End all work."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, work: Work) -> None:
        try:
            await work
        except Exception as error:
            log.exception("predicting failed")
            self._complain(error)
