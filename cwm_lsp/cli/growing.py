"""A run on its page while it goes on: first as it grows, then while the model is asked about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cwm_lsp.features.results import Call, Recorded
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.web.messages import Stage
from cwm_lsp.web.server import REST
from cwm_lsp.web.tables import Shown
from cwm_lsp.web.view import View


class Growing:
    """Shows a run on the page that ``find`` gives, if there is one by then; an asynchronous context.

    Preparing a longer run takes longer, so it rests in proportion.
    """

    def __init__(self, title: str, find: Callable[[], View | None]) -> None:
        self._title = title
        self._find = find
        self._latest: Callable[[], Trace] | None = None
        self._ran: Recorded | None = None
        self._came = asyncio.Event()

    async def __aenter__(self) -> Growing:
        self.look()
        self._task = asyncio.ensure_future(self._showing())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def take(self, latest: Callable[[], Trace]) -> None:
        """Take what makes the run so far, which is not normalised."""
        self._latest = latest
        self._came.set()

    def ran(self, result: Recorded) -> None:
        """The run is over; the model is asked about it."""
        self._ran = result
        self.look()

    def said(self, words: str, share: float | None) -> None:
        """How far the work is."""
        page = self._find()
        if page is not None:
            page.say(self._stage, words, share)

    def look(self) -> None:
        """Somebody has opened the page, or there is something else to see."""
        page = self._find()
        if page is None:
            return
        if self._ran is not None:
            page.show([Shown(self._title, self._ran)], Stage.ASKING, "Asking the model")
        elif self._latest is None:
            page.show((), Stage.RECORDING, f"Running {self._title}")
        else:
            self._came.set()

    @property
    def _stage(self) -> Stage:
        return Stage.RECORDING if self._ran is None else Stage.ASKING

    async def _showing(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            page = self._find()
            if self._latest is None or self._ran is not None or page is None:
                continue
            began = time.monotonic()
            whole = await asyncio.to_thread(normalise, self._latest())
            if self._ran is None:
                shown = Shown(self._title, Recorded(Call(whole.entry, ""), whole))
                page.show([shown], Stage.RECORDING, f"Running {self._title}")
            await asyncio.sleep(REST * (time.monotonic() - began))
