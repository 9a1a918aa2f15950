"""Running a command's coroutine so that however it is stopped, what it started is cleaned up."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

TERMINATED = 143

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``. Ctrl-C and a request to terminate cancel it and wait for its clean-up.

    Raises ``KeyboardInterrupt`` after the one and ``SystemExit`` with 143 after the other.
    """
    found: list[Result] = []
    asyncio.run(_guarded(work, found))
    return found[0]


async def _guarded(work: Coroutine[Any, Any, Result], found: list[Result]) -> None:
    """Put the result into ``found``. As that of the task it would be written out whole at the end.

    ``signal`` looks for the handler that asyncio had set in an enumeration, whose error names it by ``repr``:
    the handler, its task and what that has returned, which may be a trace of 100,000 events.
    """
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        if task is not None:
            task.cancel()

    if sys.platform == "win32":
        # Windows has no SIGTERM to handle; Ctrl-Break is the nearest thing.
        signal.signal(signal.SIGBREAK, lambda *_: loop.call_soon_threadsafe(terminate))
    else:
        loop.add_signal_handler(signal.SIGTERM, terminate)
        loop.add_signal_handler(signal.SIGHUP, terminate)
    try:
        found.append(await work)
    except asyncio.CancelledError:
        if terminated:
            raise SystemExit(TERMINATED) from None
        raise
