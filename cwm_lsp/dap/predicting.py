"""A proxied session that predicts: the observer that joins stops, predictions, surprises and the past.

Theory of operation. A stop is passed on as it comes. Behind it a task asks for the frames, holds what was
foreseen at the stop before against what came, and lets the model write what comes next; :mod:`stops` shows
each when it is there. The moment the program goes on, the task ends and all that it showed is void.
``phases`` has the state machine. Whatever fails here, the session goes on as debugpy's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from cwm_lsp.dap import extension
from cwm_lsp.dap.arguments import number
from cwm_lsp.dap.asking import PREFIX
from cwm_lsp.dap.backwards import Backwards, told
from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.by_hand import RESUMING, ByHand
from cwm_lsp.dap.channel import LINE_HELD
from cwm_lsp.dap.course import Course
from cwm_lsp.dap.data_breakpoints import DataBreakpoints
from cwm_lsp.dap.helper import Helper, is_of_ours
from cwm_lsp.dap.observer import HIDE, LATER, AskFailed, Desk, Hide, Later, Refuse, Reply, settle
from cwm_lsp.dap.options import SessionOptions, taken_out
from cwm_lsp.dap.past import Past
from cwm_lsp.dap.phases import Phase, Sign
from cwm_lsp.dap.predicted_scope import References
from cwm_lsp.dap.probes import Probes
from cwm_lsp.dap.promises import promised, withdrawn
from cwm_lsp.dap.searching import Searching
from cwm_lsp.dap.shots import Camera
from cwm_lsp.dap.stops import Client, Stops
from cwm_lsp.dap.what_if import Asker
from cwm_lsp.dap.world import World
from cwm_lsp.errors import CwmError, UserError
from cwm_lsp.predict.standing import Standing
from cwm_lsp.wire.dap import Event, Json, Request, Response

Verdict = Request | Reply | Refuse | Later | None

LULL = 0.02
"""Seconds after a look in which the model is not asked: an editor asks for stack and variables then."""


class Predicting:
    """The observer of one session. ``world`` gives the model, and may raise ``ModelUnavailable``."""

    def __init__(self, desk: Desk, world: Callable[[], World]) -> None:
        self._desk = desk
        self._client = Client(SessionOptions())
        references = References()
        helper = Helper(desk)
        camera = Camera(desk, helper)
        self._stops = Stops(desk, world, self._client, references, camera)
        self._breakpoints = Breakpoints(desk)
        self._data = DataBreakpoints(desk, helper, self._breakpoints, camera.source, self._frame)
        self._backwards = Backwards(
            helper, self._breakpoints, references, lambda: self._client.options, self._stops.complain
        )
        self._past = self._backwards.past
        self._course = Course(self._stops.complain)
        self._searching = Searching(
            desk,
            self._course,
            self._stops,
            self._breakpoints,
            self._backwards,
            Probes(helper, self._breakpoints),
            self._data.reason,
        )
        self._by_hand = ByHand(self._course, self._stops)
        self._asker = Asker(desk, world, self._standing, self._course.spawn)
        self._requests: Mapping[str, Callable[[Request], Verdict]] = {
            "initialize": self._initialize,
            "launch": self._configure,
            "attach": self._configure,
            "setBreakpoints": self._breakpoints.request,
            "setExceptionBreakpoints": self._searching.set_filters,
            "configurationDone": self._configured,
            "exceptionInfo": self._searching.exception_info,
            "variables": self._variables,
            "setVariable": self._set_variable,
            "dataBreakpointInfo": lambda request: self._asked_of_data(request, self._data.info),
            "setDataBreakpoints": lambda request: self._asked_of_data(request, self._data.set),
            "evaluate": self._asker.typed,
            "pause": self._searching.pause,
            "disconnect": self._ending,
            "terminate": self._ending,
            extension.WHAT_IF: self._asker.asked,
            extension.REALLY: self._asker.real,
        } | dict.fromkeys(RESUMING, self._resume)
        self._responses: Mapping[str, Callable[[Request, Json], Json | None]] = {
            "initialize": self._capabilities,
            "setExceptionBreakpoints": self._searching.filters_set,
            "setBreakpoints": self._breakpoints.response,
            "stackTrace": self._stack,
            "scopes": self._scopes,
            "variables": self._data.variables,
            "threads": lambda _request, body: self._past.threads(body),
        }

    # --- the observer ---

    def request(self, request: Request) -> Verdict:
        """See ``Observer.request``."""
        if not self._client.options.predictions:
            # The client heard of conditions before its configuration was known, and writes filters so.
            filters = request.command == "setExceptionBreakpoints"
            return self._searching.set_filters(request) if filters else None
        if Past.moves(request.command, looking=self._past.looking):
            return self._moving(request, self._move_back)
        verdict = self._past.answer(request)
        if verdict is not None:
            return verdict
        handler = self._requests.get(request.command)
        taken = handler(request) if handler is not None else None
        if taken is None:
            self._by_hand.asked(request)
        return taken

    def response(self, request: Request, response: Response) -> Json | None:
        """See ``Observer.response``."""
        if not self._client.options.predictions:
            return None
        self._by_hand.answered(request, response.success)
        handler = self._responses.get(request.command) if response.success else None
        return handler(request, response.body) if handler is not None else None

    def event(self, event: Event) -> Event | Hide | None:
        """See ``Observer.event``."""
        if not self._client.options.predictions:
            return None
        searching = self._course.phase is Phase.SEARCHING
        match event.event:
            case "stopped":
                return self._stopped(self._breakpoints.event(event) or event)
            case "breakpoint":
                return self._breakpoints.event(event)
            case "continued" if searching:
                return HIDE
            case "output" if is_of_ours(str(event.body.get("output")), searching=searching):
                return HIDE
            case "continued" | "exited" | "terminated" if self._course.phase is not Phase.RUNNING:
                self._leave(event.event)
        return None

    async def close(self) -> None:
        """See ``Observer.close``."""
        await self._course.close()

    # --- beginning ---

    def _initialize(self, request: Request) -> None:
        self._stops.shown.invalidates = request.arguments.get("supportsInvalidatedEvent") is True

    def _capabilities(self, request: Request, body: Json) -> Json:
        return promised(body)

    def _configure(self, request: Request) -> Request | Refuse | None:
        try:
            self._client.options, rest = taken_out(request.arguments)
        except UserError as error:
            return Refuse(str(error))
        options = self._client.options
        if off := withdrawn(options):
            self._desk.announce("capabilities", {"capabilities": off})
        self._searching.entry.note(rest)
        if options.predictions:
            self._course.spawn(self._stops.warm())
        return Request(request.seq, request.command, rest) if rest != request.arguments else None

    def _configured(self, request: Request) -> Later | None:
        """Where surprises are looked for, the program is to stop at its first line, unseen."""
        if not self._searching.entry.program or not (self._searching.wanted or self._backwards.has_history):
            return None
        self._course.spawn(self._armed(request))
        return LATER

    async def _armed(self, request: Request) -> None:
        try:
            if self._backwards.has_history:
                await self._backwards.begin(self._searching.entry.program)
            if self._searching.wanted:
                await self._searching.entry.arm()
        except CwmError as error:
            self._stops.complain(error)
        self._desk.forward(request)

    # --- stopping and going on ---

    def _stopped(self, event: Event) -> Event | Hide | None:
        if self._searching.takes(event.body):
            return HIDE
        if self._data.any:
            self._course.begin(self._told_why(event.body))
            return HIDE
        self._arrived(event.body)
        return event

    async def _told_why(self, stop: Json) -> None:
        """A stop is told once it is known whether a data breakpoint made it."""
        try:
            reasoned = await self._data.reason(stop)
        except AskFailed:
            return  # it goes on already
        self._desk.announce("stopped", reasoned)
        self._arrived(stop)

    def _arrived(self, stop: Json) -> None:
        """The client hears of a stop; what is known of it follows."""
        thread = number(stop, "threadId")
        self._course.turn(Sign.STOPPED)
        self._searching.forget()
        self._past.leave()
        self._stops.begin(thread, by_exception=stop.get("reason") == "exception")
        self._course.begin(self._look(thread))

    async def _look(self, thread: int) -> None:
        looked = self._stops.looked
        try:
            stand = await self._stops.see(thread, self._course.command)
            for one in self._stops.passed:
                self._backwards.stepped(one)
            if stand is not None:
                await self._backwards.arrived(stand)
            else:
                self._backwards.glimpsed(thread, self._stops.glimpse)
        finally:
            looked.release()
        if stand is not None:
            self._stops.show()
        await asyncio.sleep(LULL)
        await self._stops.foretell()

    def _ending(self, request: Request) -> None:
        """Nothing more is asked of a program that is to end."""
        if self._course.phase is not Phase.RUNNING:
            self._leave(request.command)

    def _resume(self, request: Request) -> Verdict:
        if self._course.phase is Phase.SEARCHING:
            return None
        return self._moving(request, self._go_on)

    def _moving(self, request: Request, go: Callable[[Request], Refuse | Later | None]) -> Verdict:
        """Go to or fro, but not before it was seen where the program stands.

        That keeps nobody waiting: what was asked of the thread is ahead of the request in debugpy's line.
        """
        if self._course.phase is not Phase.STANDING or self._stops.looked.is_free:
            return go(request)
        self._course.spawn(self._moving_later(request, go))
        return LATER

    async def _moving_later(self, request: Request, go: Callable[[Request], Refuse | Later | None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINE_HELD):
                await self._stops.looked.wait()
        verdict = go(request)
        if verdict is None:
            self._desk.forward(request)
        elif isinstance(verdict, Refuse):
            self._desk.refuse(request, verdict.message)

    def _go_on(self, request: Request) -> Later | None:
        search = request.command == "continue" and self._searching.wanted
        self._leave(request.command)
        if not search:
            return None
        self._desk.answer(request, {"allThreadsContinued": True})
        self._searching.start(number(request.arguments, "threadId") or self._stops.thread)
        return LATER

    def _leave(self, command: str) -> None:
        """The program goes on."""
        self._course.command = command
        self._course.drop()
        self._past.leave()
        self._data.void()
        self._searching.forget()
        self._stops.void()
        self._course.turn(Sign.RESUMED)

    # --- looking back ---

    def _move_back(self, request: Request) -> Refuse | Later:
        moved = self._backwards.move(request, standing=self._course.phase in (Phase.STANDING, Phase.PAST))
        if isinstance(moved, Refuse):
            return moved
        look, answer = moved
        self._course.turn(Sign.BACK if look.ago else Sign.PRESENT)
        self._desk.answer(request, answer)
        self._desk.announce("stopped", told(look, self._stops.thread))
        self._stops.hidden = bool(look.ago)
        if not look.ago:
            self._stops.show()
        elif self._client.options.cwmStates:
            self._course.spawn(self._stops.show_past(self._past))
        return LATER

    # --- asking ---

    def _stack(self, request: Request, body: Json) -> None:
        self._data.stack(request, body)
        self._stops.framed(request, body)

    def _scopes(self, request: Request, body: Json) -> Json | None:
        self._data.scopes(request, body)
        return self._stops.scopes(request, body)

    def _asked_of_data(self, request: Request, answer: Callable[[Json], Awaitable[Json]]) -> Later:
        self._course.spawn(settle(self._desk, request, answer(request.arguments)))
        return LATER

    async def _frame(self) -> int | None:
        """A frame to ask in; none while the program runs."""
        if self._course.phase not in (Phase.STANDING, Phase.PAST):
            return None
        await self._stops.looked.wait()
        return self._stops.frame

    def _variables(self, request: Request) -> Verdict:
        reference = request.arguments.get("variablesReference")
        shown = self._stops.shown
        if not isinstance(reference, int) or not shown.owns(reference):
            return None
        if shown.is_awaited(reference):
            self._course.spawn(shown.rows_later(request, reference))
            return LATER
        return shown.rows(reference)

    def _set_variable(self, request: Request) -> Refuse | None:
        if not self._stops.shown.owns(request.arguments.get("variablesReference")):
            return None
        return Refuse(f"What is predicted cannot be changed; {PREFIX} name = value asks what would be.")

    async def _standing(self) -> Standing:
        """The present stop as a premise. Raises ``ArgumentsError`` where there is none."""
        if self._course.phase is Phase.STANDING:
            await self._stops.looked.wait()
        return self._stops.premise()
