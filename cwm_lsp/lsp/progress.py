"""Work that takes time: shown after half a second, cancellable, and ended on every path."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from lsprotocol import types

from cwm_lsp.errors import Cancelled
from cwm_lsp.features.session import Report
from cwm_lsp.lsp.server import CwmServer

PATIENCE = 0.5
"""Seconds before work that the client gave no token for is shown."""

INTERVAL = 0.1
"""Seconds between two reports: more would only cost both sides."""

T = TypeVar("T")


async def with_progress(
    ls: CwmServer, title: str, token: int | str | None, work: Callable[[Report], Awaitable[T]]
) -> T:
    """Do ``work``, reporting to the client's ``token``, or to one of ours where there is none.

    Raises :class:`Cancelled` when the user stops it in the editor's progress display.
    """
    bar = _Bar(ls, title, token)
    task = asyncio.ensure_future(work(bar.report))
    ls.running[bar.token] = task
    try:
        return await task
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise  # the request itself was cancelled, and is answered as such
        raise Cancelled(f"{title}: stopped.") from None
    finally:
        task.cancel()
        del ls.running[bar.token]
        bar.end()


class _Bar:
    """One progress display. With a token of ours it appears when the client has agreed to it."""

    def __init__(self, ls: CwmServer, title: str, token: int | str | None) -> None:
        self._ls = ls
        self._title = title
        self._loop = asyncio.get_running_loop()
        self._begun = self._ended = False
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.token = token if token is not None else str(uuid.uuid4())
        if token is not None:
            self._begin()
        elif _creates(ls):
            self._timer = self._loop.call_later(PATIENCE, self._create)

    def report(self, message: str, done: float | None) -> None:
        """Say what is being done, and how much of it is. Callable from any thread."""
        self._loop.call_soon_threadsafe(self._report, message, done)

    def end(self) -> None:
        """Take the display away."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._begun:
            self._notify(types.WorkDoneProgressEnd())

    def _create(self) -> None:
        params = types.WorkDoneProgressCreateParams(self.token)
        answer = self._ls.protocol.send_request(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        answer.add_done_callback(self._created)

    def _created(self, answer: Future[Any]) -> None:
        if not answer.cancelled() and answer.exception() is None and not self._ended:
            self._begin()

    def _begin(self) -> None:
        self._begun = True
        self._notify(types.WorkDoneProgressBegin(self._title, cancellable=True))

    def _report(self, message: str, done: float | None) -> None:
        now = time.monotonic()
        if not self._begun or self._ended or now - self._last < INTERVAL:
            return
        self._last = now
        percentage = None if done is None else round(100 * min(1.0, max(0.0, done)))
        self._notify(types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True))

    def _notify(
        self, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        self._ls.protocol.notify(types.PROGRESS, types.ProgressParams(self.token, value))


def _creates(ls: CwmServer) -> bool:
    window = ls.client_capabilities.window
    return bool(window and window.work_done_progress)
