"""What is known of the present stop: where it stands, what came of the last step, what is expected next.

Nothing here waits for the client or keeps it waiting. Every finding is shown when it is there: in the
scope, by an ``invalidated`` event where the client understands it, and by ``cwm/states`` where the client
wants that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from cwm_lsp.align.model import Tally
from cwm_lsp.dap import extension
from cwm_lsp.dap.hold import Hold
from cwm_lsp.dap.journey import Journey, Stand
from cwm_lsp.dap.observer import AskFailed, Desk, Why
from cwm_lsp.dap.options import SessionOptions
from cwm_lsp.dap.past import Past
from cwm_lsp.dap.predicted_scope import References, rows
from cwm_lsp.dap.shots import Camera, Frame, FrameEnded, Way
from cwm_lsp.dap.shown import Shown
from cwm_lsp.dap.world import World
from cwm_lsp.errors import ArgumentsError, BackendError, RunError
from cwm_lsp.features import sentences
from cwm_lsp.features.ahead import placements
from cwm_lsp.features.checking import Checked, check
from cwm_lsp.features.following import Following
from cwm_lsp.features.foresight import LOOK_AHEAD, Foresight, foresee
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import Event as Came
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.wire.dap import Json, Request

log = logging.getLogger(__name__)

DEFECT = "A defect of cwm-lsp, which its log describes."

ANOTHER = "What runs here is not what stands in the file, so nothing is predicted."


@dataclass
class Client:
    """What the client wants."""

    options: SessionOptions


class Stops:
    """The stops of one session, one at a time. ``world`` may raise ``ModelUnavailable``.

    ``hidden`` says that the client looks elsewhere, at an earlier stop.
    """

    def __init__(
        self, desk: Desk, world: Callable[[], World], client: Client, references: References, camera: Camera
    ) -> None:
        self._desk = desk
        self._world = world
        self._client = client
        self._references = references
        self.shown = Shown(desk, references)
        self._camera = camera
        self._journey = Journey()
        self._frame = 0
        self._why = ""
        """Why nothing is predicted at this stop."""
        self.looked = Hold()
        """Free once it is known, and kept, where the thread stands."""
        self._saw = asyncio.Event()
        """Set once the first look at this stop is over."""
        self._by_exception = False
        self.hidden = False
        self._complained: set[type] = set()
        self.thread = 0
        self.number = 0
        self.tally = Tally(0, 0, 0)
        self.foresight: Foresight | None = None
        self.checked: Checked | None = None
        self.passed: list[Stand] = []
        """The lines that ran as expected before this stop, and did not stop the program."""
        self.glimpse: tuple[Frame, ...] = ()
        """The frames of a stop that could not be looked into."""
        self._expected: tuple[PredictedStep, ...] = ()
        self._following: Following | None = None

    @property
    def stand(self) -> Stand | None:
        """Where the thread stands, if that is known."""
        return self._journey.last

    @property
    def summary(self) -> str:
        """How often the model was right in this session."""
        return sentences.tally_words(self.tally) if self.tally.total else ""

    # --- finding out ---

    async def warm(self) -> None:
        """Let the model load while the program starts."""
        try:
            prefix = await self._world().predictor.backend.open()
            await prefix.close()
        except BackendError as error:
            self.complain(error)

    def begin(self, thread: int, *, by_exception: bool = False) -> None:
        """``thread`` has stopped, and the client will ask. An exception may be what it has stopped for."""
        self.void()
        self._by_exception = by_exception
        self.looked.end()
        self.looked = Hold(1)
        self._saw = asyncio.Event()
        self.hidden = False
        self.thread = thread
        self.number += 1

    def found(self, thread: int) -> None:
        """``thread`` has stopped where a search ended: what was seen there holds, and the client will ask."""
        checked, frame = self.checked, self._frame
        self.begin(thread)
        self.checked, self._frame = checked, frame
        self._known()

    def stayed(self) -> None:
        """The program did not go on after all: what was seen of it holds."""
        self.begin(self.thread)
        self._frame = self.stand.shot.number if self.stand is not None else 0
        self._known()

    def _known(self) -> None:
        self._saw.set()
        self.looked.release()

    async def look_again(self) -> bool:
        """Whether the frame holds other values than were seen; those are what counts from here on."""
        await self._saw.wait()
        stand = self.stand
        if stand is None or stand.standing is None or not self._frame:
            return False
        try:
            shot = await self._camera.shoot(self.thread)
        except RunError as error:
            log.info("the frame could not be looked at again: %s", error)
            return False
        if shot.locals == stand.shot.locals or self.stand is not stand:
            return False
        self._journey.changed(shot.locals)
        self.foresight = None
        self.shown.again()
        return True

    async def see(self, thread: int, command: str) -> Stand | None:
        """Where the thread stands now that ``command`` led here, held against what was foreseen."""
        saw = self._saw
        try:
            return await self._see(thread, command)
        finally:
            saw.set()

    async def _see(self, thread: int, command: str) -> Stand | None:
        foreseen, self.foresight, self.checked = self.foresight, None, None
        expected, self._expected = self._expected, ()
        self.passed = []
        self.glimpse = ()
        try:
            shot = await self._camera.shoot(thread)
            standing = await self._camera.standing(shot)
        except RunError as error:
            self._journey.forget()
            self._why = str(error)
            if not isinstance(error, AskFailed | FrameEnded) or _is_trouble(error):
                self.complain(error)
            self.glimpse = await self._camera.outline(thread)
            return None
        if expected and shot.way is not None:
            foreseen = self._live_through(shot.way, expected)
            command = command if shot.way.here else "continue"
        if shot.another:
            self._why = ANOTHER
        if self._by_exception and standing is not None and standing.raised is None:
            standing = replace(standing, raising=True)
        stand, came = self._journey.arrive(shot, standing, command)
        self._frame = shot.number
        if foreseen is not None and came is not None and self._following is not None:
            foreseen = await self._following.reaching(foreseen, came)
        self.checked = self._checked(foreseen, came)
        return stand

    def _checked(self, foreseen: Foresight | None, came: Came | None) -> Checked | None:
        checked = check(foreseen, came) if foreseen is not None and came is not None else None
        if checked is not None:
            one = checked.tally
            self.tally = Tally(
                self.tally.right + one.right,
                self.tally.total + one.total,
                self.tally.withheld + one.withheld,
            )
        return checked

    def expect(self, following: Following, course: tuple[PredictedStep, ...]) -> None:
        """The next stop is to be held against the end of ``course``, which begins here. Nothing is shown."""
        standing = self.stand.standing if self.stand is not None else None
        self._expected, self._following = course, following
        if course and standing is not None:
            self.foresight = following.foresight(standing, course[0])

    def _live_through(self, way: Way, course: tuple[PredictedStep, ...]) -> Foresight | None:
        """Take in the lines that ran as expected; what was foreseen at the last of them."""
        assert self._following is not None
        for passed, expected in zip(way.passed, course, strict=False):
            standing = self.stand.standing if self.stand is not None else None
            if standing is None:
                return None
            stand, came = self._journey.passed(passed)
            self._checked(self._following.foresight(standing, expected), came)
            self.passed.append(stand)
        last = self.stand.standing if self.stand is not None else None
        rest = course[len(way.passed) :]
        return self._following.foresight(last, rest[0]) if rest and last is not None else None

    def following(self) -> Following:
        """For a search. Raises ``ModelUnavailable``."""
        world = self._world()
        return Following(world.predictor, world.threshold)

    async def foretell(self) -> None:
        """Let the model say what comes next, and show it as it comes."""
        stand, ready = self.stand, self.shown.ready
        if stand is None or stand.standing is None:
            self._why = self._why or "The source of this file cannot be read."
            self.show()
            ready.set()
            return
        ahead = LOOK_AHEAD if self._client.options.lookAhead else 0
        try:
            world = self._world()
            growing = foresee(world.predictor, stand.standing, world.threshold, look_ahead=ahead)
            async with aclosing(growing):
                async for self.foresight in growing:
                    self.show()
        except BackendError as error:
            self._why = str(error)
            self.complain(error)
            self.show()
        except Exception:
            self._why = DEFECT
            self.show()
            raise
        finally:
            ready.set()

    @property
    def frame(self) -> int | None:
        """debugpy's number of the innermost frame, if the thread stands and was seen."""
        return self._frame or None

    @property
    def seen(self) -> bool:
        """Whether it is known where the thread stands."""
        return bool(self._frame) and self.stand is not None

    def premise(self) -> Standing:
        """The present stop to predict from. Raises ``ArgumentsError`` where there is none."""
        standing = self.stand.standing if self.seen and self.stand is not None else None
        if standing is None:
            raise ArgumentsError(
                "There is nothing to predict from.", "Stop in a file of Python source first."
            )
        return standing

    # --- showing ---

    def show(self) -> None:
        """Let the client see what is known so far."""
        stand = self.stand
        if self.hidden or (stand is None and not self._why):
            return
        options = self._client.options
        found = rows(
            self._references,
            stand.standing if stand is not None else None,
            self.foresight,
            self.checked,
            self.tally,
            look_ahead=options.lookAhead,
            why=self._why,
        )
        if options.cwmStates and stand is not None and stand.standing is not None:
            self._desk.announce(extension.STATES, dict(self._states(stand)))
        self.shown.show(found, self.thread)

    def _states(self, stand: Stand) -> extension.DebugStates:
        assert stand.standing is not None
        source, checked = stand.standing.source, self.checked
        if checked is not None and checked.source.path != source.path:
            checked = None  # its lines are those of the file that was left
        return extension.states(
            source,
            placements(self.foresight, checked),
            checked.divergence if checked is not None else None,
            self.summary,
            thread=self.thread,
            stop=self.number,
        )

    async def show_past(self, past: Past) -> None:
        """Let the client draw the variables of an earlier stop, in its file."""
        moment = past.moment
        source = await self._camera.source(moment.frames[0].path) if moment is not None else None
        if source is None or moment is not past.moment:
            return
        shown = extension.states(
            source,
            past.placements(),
            None,
            self.summary,
            thread=self.thread,
            stop=self.number,
            past=past.ago,
        )
        self._desk.announce(extension.STATES, dict(shown))

    def void(self) -> None:
        """The program goes on: nothing that was shown holds any more."""
        standing = self.stand.standing if self.stand is not None else None
        if self._client.options.cwmStates and standing is not None and self._frame:
            gone = extension.states(standing.source, (), None, self.summary, thread=self.thread, stop=0)
            self._desk.announce(extension.STATES, dict(gone))
        self.shown.clear()
        self._frame = 0
        self._why = ""

    def complain(self, error: Exception) -> None:
        """Say in the console why nothing is predicted, once for each kind of reason."""
        if type(error) not in self._complained:
            self._complained.add(type(error))
            words = f"Debugging goes on without predictions: {error}\n"
            self._desk.announce("output", {"category": "console", "output": words})

    # --- answering ---

    def framed(self, request: Request, body: Json) -> None:
        """debugpy answers ``stackTrace``: the innermost frame is the one that is predicted."""
        frames = body.get("stackFrames") or ()
        asked = request.arguments
        if frames and not asked.get("startFrame") and asked.get("threadId") == self.thread:
            self._frame = frames[0]["id"]

    def scopes(self, request: Request, body: Json) -> Json | None:
        """The scopes of a frame with ours behind them, if it is the frame that is predicted."""
        if not self._frame or request.arguments.get("frameId") != self._frame:
            return None
        return self.shown.scopes(body)


def _is_trouble(error: RunError) -> bool:
    """Whether a question of ours failed though the program still stands."""
    return isinstance(error, AskFailed) and error.why in (Why.REFUSED, Why.TIMED_OUT)
