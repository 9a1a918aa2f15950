"""The exception filter "Prediction diverged" in a session: the model says what the next lines will do, the
program runs them, held against that by probes, and where it leaves them the model is asked anew. The client
does not see it. ``surprise`` says what counts and how it is told, ``probes`` how lines are run and compared.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from cwm_lsp.dap import surprise
from cwm_lsp.dap.arguments import number
from cwm_lsp.dap.backwards import Backwards
from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.course import Course
from cwm_lsp.dap.observer import AskFailed, Desk, Refuse, Reply
from cwm_lsp.dap.phases import Phase, Sign
from cwm_lsp.dap.probes import Probes
from cwm_lsp.dap.stops import Stops
from cwm_lsp.dap.surprise import Surprise
from cwm_lsp.errors import BackendError, RunError, UserError
from cwm_lsp.features.checking import Checked
from cwm_lsp.features.following import Following
from cwm_lsp.wire.dap import Json, Request

log = logging.getLogger(__name__)

FEWEST, MOST = 4, 512
"""Lines that are foreseen at one go: more while they come as foreseen, fewer when they do not."""

_PATIENCE = 0.25
"""Seconds for which the program waits for what is foreseen, so that what leaves it soon is found soon."""

Reason = Callable[[Json], Awaitable[Json]]
"""Gives a stop that is the client's own with its reason."""


class Searching:
    """The filter and the searches of one session, one at a time."""

    def __init__(
        self,
        desk: Desk,
        course: Course,
        stops: Stops,
        breakpoints: Breakpoints,
        backwards: Backwards,
        probes: Probes,
        reason: Reason,
    ) -> None:
        self._desk = desk
        self._course = course
        self._stops = stops
        self._backwards = backwards
        self._probes = probes
        self._reason = reason
        self._wanted: Surprise | None = None
        self._found: Checked | None = None
        self._stop: asyncio.Future[Json] | None = None
        self._pausing = False
        self._most = FEWEST
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
        """End the search, at the next line or where the program is."""
        if self._course.phase is not Phase.SEARCHING:
            return None
        self._pausing = True
        if self._stop is not None and not self._stop.done():
            self._course.spawn(self._interrupt(request))
        return Reply()

    async def _interrupt(self, request: Request) -> None:
        with suppress(AskFailed):
            await self._desk.ask("pause", request.arguments)

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
        if self._course.phase is Phase.SEARCHING:
            waits = self._stop is not None and not self._stop.done()
            if not waits or thread != self._stops.thread or reason not in ("step", "breakpoint"):
                return False
            assert self._stop is not None
            self._stop.set_result(stop)
            return True
        if self.entry.armed and reason == "breakpoint":
            self.entry.armed = False
            self._stops.thread = thread
            self._course.turn(Sign.SEARCH)
            self._course.begin(self._search(thread, stop))
            return True
        return False

    def forget(self) -> None:
        """The program is elsewhere: a surprise that was found is over."""
        self._found = None

    async def _search(self, thread: int, entry: Json | None = None) -> None:
        """Run the program to the first event that leaves a confident prediction, and tell of it."""
        self._stops.thread = thread
        self._pausing = False
        try:
            stop = await self._look(thread, entry)
        except Exception as error:  # a defect of ours, too: the client waits, and the program stands
            if not isinstance(error, BackendError | RunError):
                log.exception("the search for a surprise failed")
            await self._give_up(thread, error)
        else:
            await self._tell(thread, stop)

    async def _look(self, thread: int, entry: Json | None) -> Json:
        """The stop that ends the search. Raises ``BackendError`` and ``RunError``."""
        if entry is not None:
            ours = await self._is_ours(thread, entry, "entry")
            await self.entry.disarm()
            if not ours:
                return await self._reason(entry)
        elif self._stops.stand is None:
            await self._stops.see(thread, "")
        if self._stops.frame is not None:
            await self._probes.begin(self._stops.frame)
        try:
            async with self._stops.following() as following:
                while not self._pausing:
                    command = await self._foresee(following)
                    stop = await self._go(thread, command, following)
                    if not await self._is_ours(thread, stop, "stepIn"):
                        return await self._reason(stop)
                    checked = self._stops.checked
                    if self._wanted is not None and self._wanted.is_one(checked):
                        self._found = checked
                        break
                    await self._follow(following, checked)
        finally:
            if self._course.phase is not Phase.RUNNING:  # as it is when the program has ended
                self._course.spawn(self._probes.end())
        reason = surprise.told(self._found) if self._found is not None else {"reason": "pause"}
        return {"threadId": thread, "allThreadsStopped": True, **reason}

    async def _foresee(self, following: Following) -> str:
        """Let the model say what comes, and the debuggee expect it; the command to go on by."""
        stand = self._stops.stand
        if stand is None or stand.standing is None:
            return "stepIn"
        await self._probes.watch(stand.shot.top.path)
        course = await following.course(stand.standing, self._most, _PATIENCE)
        reach = self._probes.reach(stand.standing, course)
        if reach < 2:
            self._stops.expect(following, course[:1])
            return "stepIn"
        self._stops.expect(following, course[:reach])
        await self._probes.load(stand.shot, course[: reach - 1])
        return "stepOut"

    async def _follow(self, following: Following, checked: Checked | None) -> None:
        """Tell who writes the future how far it has come true."""
        for _ in self._stops.passed:
            following.passed()
        await following.came(checked)
        true = checked is not None and checked.as_foreseen
        self._most = min(MOST, self._most * 2) if true else max(FEWEST, self._most // 2)

    async def _go(self, thread: int, command: str, following: Following) -> Json:
        """Let the program go on to its next stop; what comes after that is foreseen meanwhile."""
        stand = self._stops.stand
        self._stop = asyncio.get_running_loop().create_future()
        await self._desk.ask(command, {"threadId": thread})
        if command == "stepIn" or stand is None or stand.standing is None:
            return await self._stop
        async with following.onward(stand.standing, min(MOST, 2 * self._most)):
            return await self._stop

    async def _is_ours(self, thread: int, stop: Json, command: str) -> bool:
        """Look at a stop, and whether nothing of the client's has made it."""
        stand = await self._stops.see(thread, command)
        for one in [*self._stops.passed, *([stand] if stand is not None else [])]:
            self._backwards.stepped(one)
        way = stand.shot.way if stand is not None else None
        return stop.get("reason") == "step" or (way is not None and way.due)

    async def _tell(self, thread: int, stop: Json) -> None:
        """The search is over: the client hears where the program stands."""
        self._course.command = "stepIn"
        if self._stops.stand is None:
            self._backwards.glimpsed(thread, self._stops.glimpse)
        elif self._backwards.has_history:
            await self._backwards.arrived(self._stops.stand)
        self._course.turn(Sign.STOPPED)
        self._stops.found(thread)
        self._desk.announce("stopped", stop)
        self._stops.show()
        await self._stops.foretell()

    async def _give_up(self, thread: int, error: Exception) -> None:
        """Nothing can be found any more: the program runs on as the client has asked."""
        self._stops.complain(error)
        self._course.command = "continue"
        self._stops.void()
        self._course.turn(Sign.RESUMED)
        with suppress(AskFailed):
            await self._desk.ask("continue", {"threadId": thread})
