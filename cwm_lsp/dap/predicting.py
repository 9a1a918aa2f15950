"""A proxied session that predicts: the observer that joins stops, predictions, surprises and the past.

Theory of operation. A stop is passed on as it comes. Behind it a task asks for the frames, holds what was foreseen at
the stop before against what came, and lets the model write what comes next; each of these is shown when it is
there. The moment the program goes on, the task ends and all that it showed is void. ``NEXT`` is the state machine; what
a request means in each phase is in the handlers. Whatever fails here, the session goes on as debugpy's own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from enum import Enum, auto
from typing import Any

from cwm_lsp.align.model import Tally
from cwm_lsp.dap import extension
from cwm_lsp.dap.asking import branches_of, spoken
from cwm_lsp.dap.ghost import World
from cwm_lsp.dap.journey import Journey, Stand
from cwm_lsp.dap.observer import HIDE, LATER, AskFailed, Desk, Hide, Later, Refuse, Reply
from cwm_lsp.dap.options import SessionOptions, taken_out
from cwm_lsp.dap.past import Past
from cwm_lsp.dap.predicted_scope import SCOPE, References, is_ours, row, rows
from cwm_lsp.dap.shots import Camera
from cwm_lsp.dap.surprise import FILTER, Entry, Surprise, asked_for, capability, explained, told
from cwm_lsp.errors import BackendError, CwmError, RunError, SettingsError
from cwm_lsp.features import display
from cwm_lsp.features.foresight import LOOK_AHEAD, Checked, Foresight, check, foresee, placements, what_if
from cwm_lsp.trace.model import Event as Came
from cwm_lsp.wire.dap import Event, Json, Request, Response

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds for which a client that cannot be told later waits for the variables of the scope."""

Verdict = Request | Reply | Refuse | Later | None


class Phase(Enum):
    """Where the session stands."""

    RUNNING = auto()
    STANDING = auto()
    SEARCHING = auto()
    """Our own steps, hidden from the client, until something is surprising."""
    PAST = auto()
    """The program stands; the client looks at an earlier stop."""


class Sign(Enum):
    """What moves it."""

    STOPPED = auto()
    RESUMED = auto()
    SEARCH = auto()
    BACK = auto()
    PRESENT = auto()


NEXT: Mapping[tuple[Phase, Sign], Phase] = {
    (Phase.RUNNING, Sign.STOPPED): Phase.STANDING,
    (Phase.RUNNING, Sign.RESUMED): Phase.RUNNING,
    (Phase.RUNNING, Sign.SEARCH): Phase.SEARCHING,
    (Phase.STANDING, Sign.STOPPED): Phase.STANDING,
    (Phase.STANDING, Sign.RESUMED): Phase.RUNNING,
    (Phase.STANDING, Sign.SEARCH): Phase.SEARCHING,
    (Phase.STANDING, Sign.BACK): Phase.PAST,
    (Phase.SEARCHING, Sign.STOPPED): Phase.STANDING,
    (Phase.SEARCHING, Sign.RESUMED): Phase.RUNNING,
    (Phase.PAST, Sign.BACK): Phase.PAST,
    (Phase.PAST, Sign.PRESENT): Phase.STANDING,
    (Phase.PAST, Sign.STOPPED): Phase.STANDING,
    (Phase.PAST, Sign.RESUMED): Phase.RUNNING,
}
"""A sign that is missing here means nothing in that phase."""

RESUMING = frozenset(("next", "stepIn", "stepOut", "continue", "goto", "restart"))


class Predicting:
    """The observer of one session. ``world`` gives the model, and may raise ``ModelUnavailable``."""

    def __init__(self, desk: Desk, world: Callable[[], World]) -> None:
        self._desk = desk
        self._world = world
        self._options = SessionOptions()
        self._camera = Camera(desk)
        self._journey = Journey()
        self._references = References()
        self._past = Past(self._references)
        self._surprise: Surprise | None = None
        self._entry = Entry()
        self._phase = Phase.RUNNING
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._hidden: asyncio.Future[Event] | None = None
        self._pausing = False
        self._invalidates = False
        self._complained: set[str] = set()
        self._command = ""
        self._thread = 0
        self._stop = 0
        self._scope = 0
        self._frame = 0
        self._shown = asyncio.Event()
        self._foresight: Foresight | None = None
        self._checked: Checked | None = None
        self._diverged: Checked | None = None
        self._tally = Tally(0, 0, 0)
        self._requests: Mapping[str, Callable[[Request], Verdict]] = {
            "initialize": self._initialize,
            "launch": self._configure,
            "attach": self._configure,
            "setBreakpoints": self._entry.breakpoints,
            "setExceptionBreakpoints": self._filters,
            "configurationDone": self._configured,
            "exceptionInfo": self._exception_info,
            "variables": self._variables,
            "evaluate": self._evaluate,
            "pause": self._pause,
            extension.WHAT_IF: self._what_if,
        }
        self._responses: Mapping[str, Callable[[Request, Json], Json | None]] = {
            "initialize": self._capabilities,
            "scopes": self._scopes,
            "setExceptionBreakpoints": self._filters_set,
        }

    # --- the observer ---

    def request(self, request: Request) -> Verdict:
        """See ``Observer.request``."""
        if not self._options.predictions:
            return None
        if self._phase is Phase.PAST or request.command in self._past.COMMANDS:
            verdict = self._backwards(request)
            if verdict is not None:
                return verdict
        if request.command in RESUMING and self._phase is not Phase.SEARCHING:
            return self._resume(request)
        handler = self._requests.get(request.command)
        return handler(request) if handler is not None else None

    def response(self, request: Request, response: Response) -> Json | None:
        """See ``Observer.response``."""
        handler = self._responses.get(request.command)
        if handler is None or not response.success or not self._options.predictions:
            return None
        return handler(request, response.body)

    def event(self, event: Event) -> Event | Hide | None:
        """See ``Observer.event``."""
        if not self._options.predictions:
            return None
        match event.event:
            case "stopped":
                return self._stopped(event)
            case "continued" if self._phase is Phase.SEARCHING:
                return HIDE
            case "continued" | "exited" | "terminated":
                self._leave(event.event)
        return None

    async def close(self) -> None:
        """See ``Observer.close``."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- beginning ---

    def _initialize(self, request: Request) -> None:
        self._invalidates = request.arguments.get("supportsInvalidatedEvent") is True

    def _capabilities(self, request: Request, body: Json) -> Json:
        filters = [*(body.get("exceptionBreakpointFilters") or ()), capability()]
        return {
            **body,
            "exceptionBreakpointFilters": filters,
            "supportsExceptionFilterOptions": True,
            "supportsStepBack": True,
            "supportsRestartFrame": True,
        }

    def _configure(self, request: Request) -> Request | Refuse:
        try:
            self._options, rest = taken_out(request.arguments)
        except SettingsError as error:
            return Refuse(str(error))
        if not (self._options.predictions and self._options.stepBack):
            off = {"supportsStepBack": False, "supportsRestartFrame": False}
            self._desk.announce("capabilities", {"capabilities": off})
        self._entry.program(rest)
        return Request(request.seq, request.command, rest)

    def _filters(self, request: Request) -> Request | None:
        self._surprise, rest = asked_for(request.arguments)
        return Request(request.seq, request.command, rest)

    def _filters_set(self, request: Request, body: Json) -> Json | None:
        known = body.get("breakpoints")
        if self._surprise is None or not isinstance(known, list):
            return None
        return {**body, "breakpoints": [*known, {"verified": True}]}

    def _configured(self, request: Request) -> Later | None:
        """Where surprises are looked for, the program is to stop at its first line, unseen."""
        if self._surprise is None or not self._entry.known:
            return None
        self._spawn(self._begin_search(request))
        return LATER

    async def _begin_search(self, request: Request) -> None:
        try:
            await self._entry.arm(self._desk)
        except (AskFailed, CwmError) as error:
            self._complain(f"Surprises are looked for from the first stop on: {error}")
        self._desk.forward(request)

    # --- stopping and going on ---

    def _stopped(self, event: Event) -> Hide | None:
        thread, reason = int(event.body.get("threadId") or 0), str(event.body.get("reason", ""))
        if self._phase is Phase.SEARCHING:
            if thread == self._thread and reason == "step" and self._hidden is not None:
                self._hidden.set_result(event)
                return HIDE
            self._end_task()
        elif self._entry.armed and reason in ("breakpoint", "entry"):
            self._thread = thread
            self._move(Sign.SEARCH)
            self._looking = self._spawn(self._from_entry(event))
            return HIDE
        self._arrived(thread, reason)
        return None

    def _arrived(self, thread: int, reason: str) -> None:
        """The client hears of a stop now; what is known of it follows."""
        self._move(Sign.STOPPED)
        self._void()
        self._diverged = None
        self._thread = thread
        self._stop += 1
        self._looking = self._spawn(self._look(thread))

    def _resume(self, request: Request) -> Later | None:
        searching = request.command == "continue" and self._surprise is not None
        thread = int(request.arguments.get("threadId") or self._thread)
        if not searching or self._phase is not Phase.STANDING:
            self._leave(request.command)
            return None
        known = self._looking
        self._move(Sign.SEARCH)
        self._thread = thread
        self._desk.answer(request, {"allThreadsContinued": True})
        self._clear_states()
        self._looking = self._spawn(self._search(known))
        return LATER

    def _leave(self, command: str) -> None:
        """The program goes on: nothing that was shown holds any more."""
        self._command = command
        self._end_task()
        self._clear_states()
        self._move(Sign.RESUMED)

    def _clear_states(self) -> None:
        standing = self._journey.last.standing if self._journey.last is not None else None
        if self._options.cwmStates and standing is not None and self._phase is not Phase.RUNNING:
            empty = extension.states(
                standing.source, (), None, self._summary(), thread=self._thread, stop=0
            )
            self._desk.announce(extension.STATES, empty)
        self._void()

    def _void(self) -> None:
        self._references.clear()
        self._past.leave()
        self._scope = self._frame = 0
        self._shown = asyncio.Event()
        self._checked = None

    def _move(self, sign: Sign) -> None:
        self._phase = NEXT.get((self._phase, sign), self._phase)

    # --- one stop ---

    async def _look(self, thread: int) -> None:
        """All that is found out about a stop, shown as it comes."""
        if not await self._see(thread):
            self._shown.set()
            return
        self._show()
        await self._foretell()

    async def _see(self, thread: int) -> bool:
        """Where the thread stands, and how that compares with what was foreseen; whether it could be seen."""
        try:
            shot = await self._camera.shoot(thread)
            standing = await self._camera.standing(shot)
        except AskFailed:
            self._journey.forget()
            return False
        except RunError as error:
            self._complain(f"Nothing is predicted here: {error}")
            self._journey.forget()
            return False
        stand, came = self._journey.arrive(shot, standing, self._command)
        self._past.add(stand)
        self._frame = shot.top.identity
        self._scope = self._references.put([])
        self._checked = self._check(came)
        self._foresight = None
        return True

    def _check(self, came: Came | None) -> Checked | None:
        if came is None or self._foresight is None:
            return None
        checked = check(self._foresight, came)
        if checked is not None:
            self._tally = self._tally.plus(checked.tally)
        return checked

    async def _foretell(self) -> None:
        stand = self._journey.last
        if stand is None or stand.standing is None:
            self._shown.set()
            return
        ahead = LOOK_AHEAD if self._options.lookAhead else 0
        try:
            world = self._world()
            growing = foresee(world.predictor, stand.standing, world.threshold, look_ahead=ahead)
            async with aclosing(growing):
                async for foresight in growing:
                    self._foresight = foresight
                    self._show()
        except BackendError as error:
            self._complain(f"Nothing is predicted here: {error}")
        self._shown.set()

    def _show(self) -> None:
        stand = self._journey.last
        if stand is None:
            return
        found = rows(
            self._references, self._foresight, self._checked, self._tally, look_ahead=self._options.lookAhead
        )
        self._references.replace(self._scope, found)
        if self._foresight is not None:
            self._shown.set()
        if self._options.cwmStates and stand.standing is not None:
            self._desk.announce(extension.STATES, self._states(stand))
        if self._invalidates:
            self._desk.announce("invalidated", {"areas": ["variables"], "threadId": self._thread})

    def _states(self, stand: Stand) -> extension.DebugStates:
        assert stand.standing is not None
        return extension.states(
            stand.standing.source,
            placements(self._foresight, self._checked),
            self._checked.divergence if self._checked is not None else None,
            self._summary(),
            thread=self._thread,
            stop=self._stop,
        )

    def _summary(self) -> str:
        return display.tally_words(self._tally) if self._tally.total else ""

    # --- looking for a surprise ---

    async def _from_entry(self, event: Event) -> None:
        """The first stop, of which the client has not heard: its own breakpoint, or ours at the entry."""
        self._command = "entry"
        seen = await self._see(self._thread)
        stand = self._journey.last
        ours = seen and stand is not None and self._entry.is_at(stand.shot)
        await self._entry.disarm(self._desk)
        if not ours:
            self._desk.announce("stopped", event.body)
            self._arrived(self._thread, str(event.body.get("reason", "")))
            return
        await self._search(None)

    async def _search(self, known: asyncio.Task[None] | None) -> None:
        """Step the program, unseen, to the first event that leaves a confident prediction."""
        if known is not None and self._journey.last is None:
            await asyncio.wait((known,))
        while self._phase is Phase.SEARCHING and not self._pausing:
            await self._foretell_line()
            self._hidden = asyncio.get_running_loop().create_future()
            self._command = "stepIn"
            try:
                await self._desk.ask("stepIn", {"threadId": self._thread})
                await self._hidden
            except AskFailed as failed:
                self._complain(f"Looking for surprises ended: {failed}")
                return
            self._references.clear()
            await self._see(self._thread)
            if self._surprise is not None and self._surprise.is_one(self._checked):
                self._diverged = self._checked
                break
        self._end_search()

    async def _foretell_line(self) -> None:
        """What the present line will do, and no more."""
        stand = self._journey.last
        self._foresight = None
        if stand is None or stand.standing is None:
            return
        try:
            world = self._world()
            growing = foresee(world.predictor, stand.standing, world.threshold, look_ahead=0)
            async with aclosing(growing):
                async for self._foresight in growing:
                    break
        except BackendError as error:
            self._complain(f"Surprises cannot be told: {error}")
            self._surprise = None

    def _end_search(self) -> None:
        """Let the client hear of the stop at which the search ended."""
        self._pausing = False
        diverged = self._diverged
        self._move(Sign.STOPPED)
        self._stop += 1
        body = {"threadId": self._thread, "allThreadsStopped": True}
        body |= told(diverged) if diverged is not None else {"reason": "pause"}
        self._desk.announce("stopped", body)
        self._show()
        self._looking = self._spawn(self._foretell())

    def _pause(self, request: Request) -> Reply | None:
        if self._phase is not Phase.SEARCHING:
            return None
        self._pausing = True
        return Reply()

    def _exception_info(self, request: Request) -> Reply | None:
        return Reply(explained(self._diverged)) if self._diverged is not None else None

    # --- the scope ---

    def _scopes(self, request: Request, body: Json) -> Json | None:
        frame = request.arguments.get("frameId")
        pending = self._looking is not None and not self._looking.done() and not self._frame
        if self._phase is not Phase.STANDING or (frame != self._frame and not pending):
            return None
        if not self._scope and self._invalidates:
            return None
        if not self._scope:
            self._scope = self._references.put([row("(predicting)", "…")])
        ours = {"name": SCOPE, "variablesReference": self._scope, "expensive": False}
        return {**body, "scopes": [*(body.get("scopes") or ()), ours]}

    def _variables(self, request: Request) -> Verdict:
        reference = request.arguments.get("variablesReference")
        if not isinstance(reference, int) or not is_ours(reference):
            return None
        if reference == self._scope and not self._shown.is_set() and not self._invalidates:
            self._spawn(self._variables_later(request, reference))
            return LATER
        return self._rows(reference)

    def _rows(self, reference: int) -> Reply | Refuse:
        found = self._references.get(reference)
        if found is None:
            return Refuse("These predictions are of an earlier stop.")
        return Reply({"variables": found})

    async def _variables_later(self, request: Request, reference: int) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._shown.wait()
        except TimeoutError:
            log.info("the prediction took longer than %g s", PATIENCE)
        answer = self._rows(reference)
        if isinstance(answer, Refuse):
            self._desk.refuse(request, answer.message)
        else:
            self._desk.answer(request, answer.body)
