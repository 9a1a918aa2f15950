"""The way back in a session: what is kept of it as it goes, and how the client is led over it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.helper import Helper
from cwm_lsp.dap.history import History
from cwm_lsp.dap.journey import Stand
from cwm_lsp.dap.observer import AskFailed, Refuse, Why
from cwm_lsp.dap.options import SessionOptions
from cwm_lsp.dap.past import UNKNOWN, Look, Past
from cwm_lsp.dap.predicted_scope import References
from cwm_lsp.dap.shots import Frame
from cwm_lsp.errors import RunError
from cwm_lsp.wire.dap import Request

log = logging.getLogger(__name__)


class Backwards:
    """The past of one session. ``options`` are those of the moment; ``complain`` says what went wrong."""

    def __init__(
        self,
        helper: Helper,
        breakpoints: Breakpoints,
        references: References,
        options: Callable[[], SessionOptions],
        complain: Callable[[Exception], None],
    ) -> None:
        self._breakpoints = breakpoints
        self._options = options
        self._complain = complain
        self._history = History(helper, breakpoints)
        self.past = Past(references, breakpoints.lines)

    @property
    def has_history(self) -> bool:
        """Whether what runs between the stops is kept as well."""
        return self._options().history and self._options().stepBack

    async def begin(self, program: str) -> None:
        """Keep what runs, from the first statement of ``program`` on. Raises ``AskFailed``."""
        await self._history.watch(program, first=True)
        for path in self._breakpoints.paths:
            await self._history.watch(path)

    async def arrived(self, stand: Stand) -> None:
        """Keep a stop, and before it what ran on the way to it."""
        if self.has_history:
            try:
                for moment in await self._history.came(stand.shot):
                    self.past.lived(moment)
                await self._history.watch(stand.shot.top.path)
            except RunError as error:
                if isinstance(error, AskFailed) and error.why in (Why.CONTINUED, Why.GONE):
                    log.info("the way to this stop was not asked for in time: %s", error)
                else:
                    self._complain(error)
        if self._options().stepBack:
            self.past.add(stand)

    def glimpsed(self, thread: int, frames: tuple[Frame, ...]) -> None:
        """Keep a stop whose variables could not be looked at."""
        if self._options().stepBack:
            self.past.glimpsed(thread, frames)

    def stepped(self, stand: Stand) -> None:
        """Keep a line that a search has stepped. A history has it already."""
        if self._options().stepBack and not self.has_history:
            self.past.add(stand)

    def move(self, request: Request, *, standing: bool) -> tuple[Look, dict[str, Any]] | Refuse:
        """Go to or fro: where that leads, and the answer to the request."""
        if not standing or not self._options().stepBack:
            return Refuse("There is nothing to go back to: the program does not stand.")
        look = self.past.move(request.command)
        if isinstance(look, Refuse):
            return look
        return look, {"allThreadsContinued": True} if request.command == "continue" else {}


def told(look: Look, present: int) -> dict[str, Any]:
    """What ``stopped`` says of where the client looks; ``present`` is the thread that really stands."""
    body = {"reason": look.reason, "description": look.text, "text": look.text}
    thread = look.thread if look.thread != UNKNOWN else present
    return {"threadId": thread, "allThreadsStopped": True, **body}
