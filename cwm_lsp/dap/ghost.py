"""The ghost adapter: a debugger that steps a predicted call. The user's interpreter never starts.

Theory of operation. One request after the other is answered; only a step runs on, as a task, until it
reaches a place to stop at, so that ``pause`` and ``disconnect`` are heard meanwhile. ``ALLOWED`` is the
whole state machine: which request is answered in which phase, and nothing else is. The phases follow each
other as they stand; RUNNING and STOPPED alternate::

    NEW --initialize--> INITIALIZED --launch--> CONFIGURING --configurationDone--> RUNNING <--> STOPPED
    any phase --disconnect, terminate, the end of the call--> ENDED
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from cwm_lsp.dap.extension import REALLY, STATES, states
from cwm_lsp.dap.ghost_answers import Answer, GhostAnswers
from cwm_lsp.dap.ghost_phases import ALLOWED, STEPS, Phase
from cwm_lsp.dap.ghost_rules import GhostRules
from cwm_lsp.dap.ghost_run import GhostRun, Moment
from cwm_lsp.dap.ghost_state import moment_words
from cwm_lsp.dap.launch import CAPABILITIES, GhostLaunch, ghost_launch
from cwm_lsp.dap.really import QUESTION, Recorder, held_against
from cwm_lsp.dap.stepping import Rules, Step, Stop, beginning, first, go, latest
from cwm_lsp.dap.well_formed import problem
from cwm_lsp.dap.world import World
from cwm_lsp.errors import ArgumentsError, CwmError
from cwm_lsp.features.states import Placement
from cwm_lsp.wire.dap import Event, Message, Request, Response

log = logging.getLogger(__name__)

THREAD = 1

Handler = Callable[[Request], Awaitable[Answer]]


class GhostAdapter:
    """One ghost session. ``send`` takes messages for the client; ``seq`` is the last number already used."""

    def __init__(
        self,
        world: World,
        send: Callable[[Message], None],
        *,
        seq: int = 0,
        initialized: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        self._world = world
        self._recorder = recorder
        self._send = send
        self._seq = seq
        self.phase = Phase.INITIALIZED if initialized else Phase.NEW
        self.over = asyncio.Event()
        self._capable = not initialized
        self._launch: GhostLaunch | None = None
        self._run: GhostRun | None = None
        self._at = self._stops = 0
        self._answers: GhostAnswers | None = None
        self._configuration: Answer = {}
        self._rules = GhostRules()
        self._running: asyncio.Task[None] | None = None
        self._handlers: Mapping[str, Handler] = {
            "initialize": self._initialize,
            "launch": self._launched,
            "restart": self._restarted,
            "setBreakpoints": self._set_breakpoints,
            "setExceptionBreakpoints": self._set_exceptions,
            "configurationDone": self._configured,
            "threads": self._threads,
            "stackTrace": self._answered(GhostAnswers.stack),
            "scopes": self._answered(GhostAnswers.scopes),
            "variables": self._answered(GhostAnswers.variables),
            "evaluate": self._evaluate,
            "setVariable": self._answered(GhostAnswers.set_variable),
            "exceptionInfo": self._answered(GhostAnswers.exception_info),
            REALLY: self._really,
            "pause": self._pause,
            "terminate": self._terminate,
            "disconnect": self._disconnect,
            "restartFrame": self._restart_frame,
        } | dict.fromkeys(STEPS, self._step)

    async def take(self, request: Request) -> None:
        """Answer one request. Never raises: a request that cannot be met gets a refusal."""
        handler = self._handlers.get(request.command)
        try:
            if handler is None:
                raise ArgumentsError(f"A ghost session has no {request.command[:80]}.")
            if self.phase not in ALLOWED[request.command]:
                phase = self.phase.name.lower()
                raise ArgumentsError(f"{request.command} means nothing now: the session is {phase}.")
            if wrong := problem(request):
                raise ArgumentsError(wrong)
            body = await handler(request)
        except CwmError as error:
            self._reply(request, {}, str(error))
        except Exception as error:  # a defect of ours must not end the session
            log.exception("%s failed", request.command)
            self._reply(request, {}, f"cwm-lsp itself failed: {type(error).__name__}: {error}.")
        else:
            self._reply(request, body)
            self._afterwards(request)

    async def close(self) -> None:
        """Stop predicting."""
        self.phase = Phase.ENDED
        await self._halt()
        self.over.set()

    # --- talking ---

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _reply(self, request: Request, body: Answer, refused: str = "") -> None:
        answer = Response(self._next_seq(), request.seq, request.command, not refused, body, refused)
        self._send(answer)

    def _tell(self, event: str, body: Answer | None = None) -> None:
        self._send(Event(self._next_seq(), event, body or {}))

    def _print(self, text: str) -> None:
        self._tell("output", {"category": "console", "output": f"{text}\n"})

    def _afterwards(self, request: Request) -> None:
        """What follows an answer."""
        match request.command:
            case "launch":
                if not self._capable:
                    self._tell("capabilities", {"capabilities": CAPABILITIES})
                self._greet()
                self._tell("initialized")
            case "restart":
                self._greet()
                self._start(self._first())
            case "configurationDone":
                self._start(self._first())
            case "restartFrame":
                self._stopped(Stop(self._at, "restart"))
            case command if command in STEPS:
                self._start(self._go(STEPS[command]))
            case "terminate":
                self._terminated()
            case "disconnect":
                self.over.set()

    # --- beginning and end ---

    async def _initialize(self, request: Request) -> Answer:
        if request.arguments.get("linesStartAt1") is False or request.arguments.get("pathFormat") == "uri":
            raise ArgumentsError("A ghost session counts lines from 1 and names files by path.")
        self.phase = Phase.INITIALIZED
        return CAPABILITIES

    async def _launched(self, request: Request) -> Answer:
        await self._stand_before(request.arguments)
        self.phase = Phase.CONFIGURING
        return {}

    async def _restarted(self, request: Request) -> Answer:
        """The call from its beginning, of the file as it is now, or that of another configuration."""
        given = request.arguments.get("arguments")
        await self._stand_before(given if isinstance(given, Mapping) and given else self._configuration)
        return {}

    async def _stand_before(self, configuration: Answer) -> None:
        """Nothing is predicted yet. Raises ``CwmError``, and then nothing has changed."""
        launch = await asyncio.to_thread(ghost_launch, configuration)
        run = GhostRun(self._world.predictor, launch.start, launch.max_events)
        await self._halt()
        self._configuration, self._launch, self._run = configuration, launch, run
        self._at = 0
        self._rules.reread(launch.source)

    def _greet(self) -> None:
        launch = self._launched_as()
        model = self._world.predictor.backend.info.model
        origin = f" (input: {launch.found})" if launch.found else ""
        self._print(f"Predicted by {model}, nothing is run: {launch.call}{origin}")

    async def _configured(self, request: Request) -> Answer:
        self.phase = Phase.RUNNING
        return {}

    async def _terminate(self, request: Request) -> Answer:
        await self._halt()
        return {}

    async def _disconnect(self, request: Request) -> Answer:
        await self._halt()
        self.phase = Phase.ENDED
        return {}

    def _terminated(self) -> None:
        """The session is over, which the client is told once."""
        if self.phase is not Phase.ENDED:
            self.phase = Phase.ENDED
            self._tell("terminated")

    # --- running ---

    def _start(self, work: Awaitable[Stop]) -> None:
        if self.phase is Phase.STOPPED:
            self._draw((), 0)
        self.phase = Phase.RUNNING
        self._answers = None
        self._running = asyncio.create_task(self._until_stop(work), name="ghost-step")

    async def _until_stop(self, work: Awaitable[Stop]) -> None:
        try:
            stop = await work
        except CwmError as error:
            stop = self._broken_off(str(error))
        except Exception as error:  # a defect of ours must not end the session
            log.exception("a step failed")
            stop = self._broken_off(f"cwm-lsp itself failed: {type(error).__name__}: {error}.")
        self._stopped(stop)

    def _broken_off(self, words: str) -> Stop:
        """A step that could not be predicted to its end stands where it got to."""
        self._print(words)
        return Stop(latest(self._held_run(), self._at).index, "pause", words)

    async def _first(self) -> Stop:
        run = self._held_run()
        entry = await first(run)
        self._at = entry.index
        rules = self._stopping()
        if self._launched_as().stop_on_entry or entry.over:
            return entry
        # The first line may carry a breakpoint itself, so the run begins at the call before it.
        return await go(run, 0, Step.CONTINUE, rules)

    async def _go(self, step: Step) -> Stop:
        return await go(self._held_run(), self._at, step, self._stopping())

    def _stopping(self) -> Rules:
        return self._rules.rules(self._world.threshold)

    def _words(self, moment: Moment) -> str:
        return moment_words(moment, self._world.threshold, self._launched_as().source.text)

    def _stopped(self, stop: Stop) -> None:
        run = self._held_run()
        if stop.over:
            self._print(f"{self._launched_as().call}: {self._words(run.moments[-1])}")
            self._terminated()
            return
        self._at = stop.index
        self.phase = Phase.STOPPED
        self._answers = GhostAnswers(self._launched_as().source, run, self._at, self._world.threshold)
        words = self._words(run.moments[self._at])
        body = {"reason": stop.reason, "threadId": THREAD, "allThreadsStopped": True}
        body |= {"description": f"Predicted: {words}", "text": stop.text or words}
        self._tell("stopped", body)
        self._stops += 1
        self._draw(run.placements(self._at, self._world.threshold), self._stops)

    def _draw(self, placements: Sequence[Placement], stop: int) -> None:
        """Let a client that draws values itself show these at the lines; ``stop`` is 0 while it goes on."""
        launch = self._launched_as()
        if launch.states:
            shown = states(launch.source, placements, None, "", thread=THREAD, stop=stop)
            self._tell(STATES, dict(shown))

    async def _pause(self, request: Request) -> Answer:
        await self._halt()
        if self.phase is Phase.RUNNING:
            asyncio.get_running_loop().call_soon(self._stopped, latest(self._held_run(), self._at))
        return {}

    async def _halt(self) -> None:
        """End the step under way, if there is one."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def _step(self, request: Request) -> Answer:
        return {"allThreadsContinued": True} if request.command == "continue" else {}

    async def _restart_frame(self, request: Request) -> Answer:
        """Back to the first line of a frame; nothing of it is predicted anew."""
        frame = self._shown().view.frame(request.arguments.get("frameId"))
        self._at = beginning(self._held_run(), self._at, frame.identity)
        return {}

    # --- what stops ---

    async def _set_breakpoints(self, request: Request) -> Answer:
        return self._rules.set_breakpoints(self._launched_as().source, request.arguments)

    async def _set_exceptions(self, request: Request) -> Answer:
        return self._rules.set_exceptions(request.arguments)

    # --- what is shown ---

    async def _threads(self, request: Request) -> Answer:
        return {"threads": [{"id": THREAD, "name": f"Predicted {self._launched_as().call}"}]}

    def _answered(self, answer: Callable[[GhostAnswers, Request], Answer]) -> Handler:
        """A handler of what is asked of the present moment."""

        async def handler(request: Request) -> Answer:
            return answer(self._shown(), request)

        return handler

    async def _evaluate(self, request: Request) -> Answer:
        if str(request.arguments.get("expression", "")).strip() == QUESTION:
            return await self._really(request)
        return self._shown().evaluate(request)

    async def _really(self, request: Request) -> Answer:
        """The one thing that runs the user's code here, since the user asks for just that."""
        launch, run, shown = self._launched_as(), self._held_run(), self._shown()
        if self._recorder is None or run.supposed:
            why = "after a what-if it is another call" if run.supposed else "there is nothing to run it with"
            raise ArgumentsError(f"The call cannot be run for comparison: {why}.")
        trace = await self._recorder(launch.source, launch.call)
        model = self._world.predictor.backend.info.model
        line = shown.view.moment.top.line
        return dict(held_against(trace, run.steps, line, self._world.threshold, model))

    def _shown(self) -> GhostAnswers:
        if self._answers is None:
            raise ArgumentsError("The session is not stopped.")
        return self._answers

    def _launched_as(self) -> GhostLaunch:
        if self._launch is None:
            raise ArgumentsError("Nothing is launched.")
        return self._launch

    def _held_run(self) -> GhostRun:
        if self._run is None:
            raise ArgumentsError("Nothing is launched.")
        return self._run
