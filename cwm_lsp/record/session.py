"""One recording from start to end: debugpy launched, the program run, what the agent wrote read back.

Theory of operation. The adapter is started on stdio and told to launch ``agent/boot.py`` with the user's
interpreter; the boot script loads the agent, which runs the target and writes its events to a file. Here
that file is followed while the program runs, so that progress is known, a cut is seen as soon as it
happens, and nothing is lost when the program dies. The user's breakpoints are ordinary breakpoints of
this session: a stop is reported to ``on_stop`` and then continued.

Whatever happens, cancellation included, no process is left behind.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_lsp.errors import InterpreterError, RunError
from cwm_lsp.record.client import DapClient, checked, kill_group
from cwm_lsp.record.outcome import Ending, build_trace, trace_so_far
from cwm_lsp.record.output import OutputBuffer
from cwm_lsp.record.plan import Plan, breakpoint_requests, launch_arguments, plan, specification
from cwm_lsp.record.reader import RecordingReader
from cwm_lsp.record.target import Options, Progress, Target
from cwm_lsp.trace.model import Cut, CutReason, Trace
from cwm_lsp.wire.dap import Event

log = logging.getLogger(__name__)

_TICK = 0.05
_STARTUP = 60.0
_GRACE = 1.5
_ROOM = "The environment variable TMPDIR may name a folder with room."
_PIECE = 1 << 17
"""Bytes read between two looks at anything else: a program can write faster than it can be read."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The program stands at a breakpoint of the user's. ``line`` is 1-based."""

    reason: str
    path: str
    line: int
    function: str


OnStop = Callable[[Stop], Awaitable[None]]
OnProgress = Callable[[Progress], None]
OnEvents = Callable[[Callable[[], Trace]], None]


async def record(
    target: Target,
    options: Options | None = None,
    *,
    progress: OnProgress | None = None,
    on_stop: OnStop | None = None,
    on_events: OnEvents | None = None,
) -> Trace:
    """Run ``target`` under debugpy and return what it did.

    A program that fails, exits, is killed or runs into a limit gives a trace, in the latter cases with
    ``cut``. Raises ``SourceError``, ``TargetError``, ``ArgumentsError`` or ``InterpreterError`` for what
    cannot be run, ``RunError`` for what could not be recorded. Cancelling kills the program. ``on_events`` is
    offered the run so far a few times a second while events come in: what it is given makes the trace, as
    recorded and not normalised, when it is called (on this loop).
    """
    options = options or Options()
    prepared = await plan(target, options)
    with _scratch() as folder:
        session = _Session(prepared, options, Path(folder), progress, on_stop, on_events)
        try:
            ending = await session.run()
        finally:
            await asyncio.shield(session.close())
    log.info("recorder: %s", session.reader.header.get("why", "none"))
    return build_trace(prepared, session.reader, ending)


def _scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for what the agent reads and writes."""
    try:
        return tempfile.TemporaryDirectory(prefix="cwm-lsp-", ignore_cleanup_errors=True)
    except OSError as error:
        raise RunError(f"No folder for the recording can be made: {error.strerror}.", _ROOM) from error


class _Session:
    """The moving parts of one recording."""

    def __init__(
        self,
        prepared: Plan,
        options: Options,
        folder: Path,
        progress: OnProgress | None,
        on_stop: OnStop | None,
        on_events: OnEvents | None,
    ) -> None:
        self._plan = prepared
        self._options = options
        self._recording = folder / "recording"
        self._spec = folder / "target.json"
        self._progress = progress
        self._on_stop = on_stop
        self._on_events = on_events
        self._told = 0
        self.reader = RecordingReader()
        self._read_to = 0
        self._output = OutputBuffer(options.limits.output)
        self._client: DapClient | None = None
        self._pid: int | None = None
        self._exit_code: int | None = None
        self._initialized = asyncio.Event()
        self._terminated = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: Exception | None = None
        self._started = time.monotonic()
        self._recording_since = 0.0

    async def run(self) -> Ending:
        """Launch, follow to the end, and say how it ended."""
        self._report("starting")
        spec = specification(self._plan, self._options, str(self._recording))
        try:
            self._spec.write_text(json.dumps(spec), encoding="utf-8")
        except OSError as error:
            raise RunError(f"{self._spec} cannot be written: {error.strerror}.", _ROOM) from error
        self._client = client = await DapClient.start(self._heard)
        await self._launch(client)
        cut = await self._follow(client)
        if self._failure is not None:
            raise self._failure
        while self._read_piece():
            self._report("reading")
            await asyncio.sleep(0)
        self._report("reading")
        output = self._output.output()
        seconds = time.monotonic() - (self._recording_since or self._started)
        return Ending(cut, self._exit_code, output, seconds)

    async def close(self) -> None:
        """End whatever still runs."""
        for task in self._tasks:
            task.cancel()
        if self._pid is not None:
            kill_group(self._pid)
        if self._client is not None:
            await self._client.close()

    async def _launch(self, client: DapClient) -> None:
        await client.request(
            "initialize", {"adapterID": "cwm-lsp", "clientID": "cwm-lsp", "pathFormat": "path"}
        )
        launch = client.post("launch", launch_arguments(self._plan, self._options, str(self._spec)))
        ready = asyncio.create_task(self._initialized.wait())
        gone = asyncio.create_task(client.gone.wait())
        first: set[asyncio.Future[Any]] = {ready, gone, launch}
        try:
            await asyncio.wait(first, timeout=_STARTUP, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            gone.cancel()
        if not self._initialized.is_set():
            await self._explain(launch)
        for arguments in breakpoint_requests(self._plan, self._options):
            await client.request("setBreakpoints", arguments)
        await client.request("configurationDone")
        with suppress(TimeoutError):
            checked(await asyncio.wait_for(launch, _STARTUP))

    async def _explain(self, launch: asyncio.Future[Any]) -> None:
        """Why there is no session. Always raises."""
        if launch.done():
            answer = await launch
            path = self._plan.interpreter.path
            raise InterpreterError(f"debugpy could not launch {path}: {answer.message}.")
        raise RunError(f"debugpy did not start {self._plan.interpreter.path} within {_STARTUP:g} s.")

    async def _follow(self, client: DapClient) -> Cut | None:
        """Until the program is over, or has to be ended; the reason for the latter."""
        ended = asyncio.create_task(self._terminated.wait())
        gone = asyncio.create_task(client.gone.wait())
        clock = _Deadlines(self._options.limits.seconds)
        try:
            while not (ended.done() or gone.done()):
                more = self._read_piece()
                pause = 0.0 if more else _TICK
                await asyncio.wait({ended, gone}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                self._report("running")
                self._tell_events()
                if clock.passed(self.reader, self._recording_since):
                    return clock.cut(self.reader, self._recording_since)
        finally:
            ended.cancel()
            gone.cancel()
        return None

    def _heard(self, event: Event) -> None:
        body = event.body
        if event.event == "output":
            self._output.add(str(body.get("category", "")), str(body.get("output", "")))
        elif event.event == "initialized":
            self._initialized.set()
        elif event.event == "process":
            self._pid = body.get("systemProcessId")
        elif event.event == "exited":
            self._exit_code = body.get("exitCode")
        elif event.event == "terminated":
            self._terminated.set()
        elif event.event == "stopped":
            reason, thread = str(body.get("reason", "")), int(body.get("threadId", 0))
            task = asyncio.create_task(self._stopped(reason, thread))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _stopped(self, reason: str, thread: int) -> None:
        client = self._client
        if client is None:
            return
        with suppress(RunError):  # the program may be gone by now
            try:
                await self._tell(client, reason, thread)
            finally:
                await client.request("continue", {"threadId": thread})

    async def _tell(self, client: DapClient, reason: str, thread: int) -> None:
        """Report a stop. What ``on_stop`` raises ends the recording and is raised from it."""
        if self._on_stop is None:
            return
        answer = await client.request("stackTrace", {"threadId": thread, "levels": 1})
        top = answer.body["stackFrames"][0]
        try:
            await self._on_stop(Stop(reason, top["source"]["path"], top["line"], top["name"]))
        except Exception as error:
            self._failure = error
            self._terminated.set()

    def _read_piece(self) -> bool:
        """Read on in what the agent has written; whether there may be more of it."""
        if not self._recording.exists():
            return False
        with self._recording.open("rb") as file:
            file.seek(self._read_to)
            data = file.read(_PIECE)
        written = self.reader.feed(data) if data else 0
        self._read_to += written
        if not self._recording_since and "recorder" in self.reader.header:
            self._recording_since = time.monotonic()
        return written == _PIECE

    def _tell_events(self) -> None:
        """Offer the run so far, if it has grown."""
        count = len(self.reader.events)
        if self._on_events is not None and count > self._told:
            self._told = count
            self._on_events(lambda: trace_so_far(self._plan, self.reader))

    def _report(self, stage: Any) -> None:
        if self._progress is not None:
            self._progress(Progress(stage, len(self.reader.events), time.monotonic() - self._started))


class _Deadlines:
    """When to end a program that does not end itself: the agent's own limits come first.

    ``since`` is when the recorder was first heard of, 0 while it was not.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun = time.monotonic()
        self._over = 0.0

    def passed(self, reader: RecordingReader, since: float) -> bool:
        """Whether the program has had its time."""
        now = time.monotonic()
        if (reader.cut or reader.status is not None) and not self._over:
            self._over = now
        if self._over:
            return now > self._over + _GRACE
        return now > (since or self._begun) + self._seconds + _GRACE

    def cut(self, reader: RecordingReader, since: float) -> Cut | None:
        """Why the program was ended, where the recording does not say."""
        if reader.cut or reader.status is not None:
            return None
        what = "The program ran" if since else "Starting and importing the program took"
        return Cut(CutReason.SECONDS, f"{what} longer than {self._seconds:g} s.")
