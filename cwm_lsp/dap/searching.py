"""The exception filter "Prediction diverged" in a session: the program is stepped, unseen by the client, and
each step held against what was foreseen for it. ``surprise`` says what counts and how it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from cwm_lsp.dap import surprise
from cwm_lsp.dap.arguments import number
from cwm_lsp.dap.backwards import Backwards
from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.course import Course
from cwm_lsp.dap.observer import AskFailed, Desk, Refuse, Reply
from cwm_lsp.dap.phases import Phase, Sign
from cwm_lsp.dap.stops import Stops
from cwm_lsp.dap.surprise import Surprise
from cwm_lsp.errors import BackendError, CwmError, UserError
from cwm_lsp.features.foresight import Checked
from cwm_lsp.wire.dap import Json, Request

Arrived = Callable[[int], None]
"""Told the thread of a stop that is an ordinary one, after the client was told."""


class Searching:
    """The filter and the searches of one session, one at a time."""

    def __init__(
        self,
        desk: Desk,
        course: Course,
        stops: Stops,
        breakpoints: Breakpoints,
        backwards: Backwards,
        arrived: Arrived,
    ) -> None:
        self._desk = desk
        self._course = course
        self._stops = stops
        self._backwards = backwards
        self._arrived = arrived
        self._wanted: Surprise | None = None
        self._found: Checked | None = None
        self._stop: asyncio.Future[None] | None = None
        self._pausing = False
        self.entry = surprise.Entry(breakpoints)

    @property
    def wanted(self) -> bool:
        """Whether the client has turned the filter on."""
        return self._wanted is not None

    # --- what the client asks ---

    def set_filters(self, request: Request) -> Request | Refuse | None:
        """``setExceptionBreakpoints``: ours is taken out."""
        try:
            self._wanted, rest = surprise.asked_for(request.arguments)
        except UserError as error:
            return Refuse(str(error))
        return Request(request.seq, request.command, rest) if rest != request.arguments else None

    def filters_set(self, request: Request, body: Json) -> Json | None:
        """The answer to it: ours is put in again."""
        known = body.get("breakpoints")
        if self._wanted is None or not isinstance(known, list):
            return None
        return {**body, "breakpoints": [*known, {"verified": True}]}

    def pause(self, request: Request) -> Reply | None:
        """End the search at the next line."""
        if self._course.phase is not Phase.SEARCHING:
            return None
        self._pausing = True
        return Reply()

    def exception_info(self, request: Request) -> Reply | None:
        """The surprise that the program stands at."""
        return Reply(surprise.explained(self._found)) if self._found is not None else None

    # --- the search ---

    def start(self, thread: int) -> None:
        """Search from the present stop of ``thread`` on."""
        self._course.turn(Sign.SEARCH)
        self._course.begin(self._search(thread))

    def takes(self, stop: Json) -> bool:
        """Whether a stop belongs to a search, so that the client does not hear of it now."""
        thread, reason = number(stop, "threadId"), stop.get("reason")
        if self._course.phase is Phase.SEARCHING and thread == self._stops.thread and reason == "step":
            if self._stop is not None and not self._stop.done():
                self._stop.set_result(None)
            return True
        if self.entry.armed and reason == "breakpoint":
            self._stops.thread = thread
            self._course.turn(Sign.SEARCH)
            self._course.begin(self._from_entry(stop))
            return True
        return False

    def forget(self) -> None:
        """The program is elsewhere: a surprise that was found is over."""
        self._found = None

    async def _from_entry(self, stop: Json) -> None:
        """The first stop, of which the client has not heard: its own breakpoint, or ours at the entry."""
        thread = self._stops.thread
        stand = await self._stops.see(thread, "entry")
        await self.entry.disarm()
        if stand is not None and self.entry.is_at(stand.shot):
            await self._search(thread)
            return
        self._desk.announce("stopped", stop)
        self._arrived(thread)

    async def _search(self, thread: int) -> None:
        """Step the program to the first event that leaves a confident prediction."""
        self._stops.thread = thread
        try:
            found = await self._look(thread)
        except (BackendError, AskFailed) as error:
            await self._give_up(thread, error)
            return
        self._course.command = "stepIn"
        if self._backwards.has_history and self._stops.stand is not None:
            await self._backwards.arrived(self._stops.stand)
        self._course.turn(Sign.STOPPED)
        self._stops.found(thread)
        self._found = found
        reason = surprise.told(found) if found is not None else {"reason": "pause"}
        self._desk.announce("stopped", {"threadId": thread, "allThreadsStopped": True, **reason})
        self._stops.show()
        await self._stops.foretell()

    async def _look(self, thread: int) -> Checked | None:
        """Step to the first surprise that is wanted; ``None`` when paused.

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
                    self._backwards.stepped(stand)
                if self._wanted is not None and self._wanted.is_one(self._stops.checked):
                    return self._stops.checked
        return None

    async def _give_up(self, thread: int, error: CwmError) -> None:
        """Nothing can be found any more: the program runs on as the client has asked."""
        self._stops.complain(error)
        self._course.command = "continue"
        self._stops.void()
        self._course.turn(Sign.RESUMED)
        with suppress(AskFailed):
            await self._desk.ask("continue", {"threadId": thread})
