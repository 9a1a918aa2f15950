"""The frames of a thread that debugpy has stopped, asked for in two questions: the innermost frame, and in it
the whole state at once, rendered as a recording is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_lsp.dap.helper import Helper
from cwm_lsp.dap.observer import AskFailed, Desk
from cwm_lsp.errors import RunError, SourceError
from cwm_lsp.predict.standing import Standing
from cwm_lsp.record import read_source
from cwm_lsp.trace.model import SourceFile, Value

A_LOOK = 30.0
"""Seconds that a look may take. At its first answer pydevd imports what it can display, Django among it."""

_MOST_FRAMES = 64


class FrameEnded(RunError):
    """The thread stands for an exception that nobody caught: what it shows is the past of its frames."""

    def __init__(self) -> None:
        super().__init__("The frame of this stop has ended, so nothing follows in it.")


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the debuggee. ``identity`` tells activations apart; lines are 1-based.

    ``hidden`` says that debugpy does not show it, being told to show the user's own code alone.
    """

    identity: int
    path: str
    function: str
    first: int
    line: int
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """A line that ran as expected, and how the frame's variables differ from those before the last one."""

    line: int
    changed: Mapping[str, Value]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What became of a course (:mod:`probes`) that was loaded at the stop before.

    ``passed`` are the lines that ran, this stop's left out. ``here`` says that the thread came from the last
    of them to this stop, ``due`` that a line which was not expected has stopped it, and nothing else.
    """

    passed: tuple[Passed, ...]
    here: bool
    due: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A frame that is on its way out, its caller being the one that a thread stands in.

    ``by`` is "return", "yield" or "exception", ``made`` the object that it has made if it is an ``__init__``.
    """

    identity: int
    by: str
    made: Value | None = None

    @property
    def raises(self) -> bool:
        """Whether an exception takes it out."""
        return self.by == "exception"

    @property
    def yields(self) -> bool:
        """Whether it will go on later."""
        return self.by == "yield"


@dataclass(frozen=True, slots=True)
class Shot:
    """Where a thread stands: its frames, the innermost first, and the locals of that one.

    ``returned`` is what functions gave back in the last step, ``raised`` the exception it stopped for,
    ``handled`` the one that is being handled, ``left`` what the innermost frame has just called.
    ``passing`` says that what is handled came through the innermost frame.
    ``another`` says that what runs is not what stands in the file of the innermost frame.
    ``number`` is debugpy's ``frameId`` of the innermost frame, good for this stop alone.
    """

    thread: int
    number: int
    frames: tuple[Frame, ...]
    locals: Mapping[str, Value]
    returned: Mapping[str, Value]
    raised: Value | None
    handled: Value | None = None
    passing: bool = False
    left: Left | None = None
    way: Way | None = None
    another: bool = False

    @property
    def top(self) -> Frame:
        """The innermost frame."""
        return self.frames[0]


class Camera:
    """Takes shots of one session's threads, and reads the files that they stand in."""

    def __init__(self, desk: Desk, helper: Helper) -> None:
        self._desk = desk
        self._helper = helper
        self._sources: dict[str, SourceFile | None] = {}

    async def shoot(self, thread: int) -> Shot:
        """Where ``thread`` stands.

        Raises ``AskFailed``, ``FrameEnded``, or ``RunError`` where that cannot be found out.
        """
        number, line = await self._innermost(thread)
        shown = await self._helper.call("expect", f"take({number}, {line})", number, patience=A_LOOK)
        if not shown["frames"]:
            raise FrameEnded
        return Shot(
            thread,
            number,
            tuple(frame_of(one) for one in shown["frames"]),
            _values(shown["locals"]),
            _values(shown["returned"]),
            _optional(shown["raised"]),
            _optional(shown["handled"]),
            shown["passing"],
            _left(shown["left"]) if shown["left"] is not None else None,
            _way(shown["way"]) if shown["way"] is not None else None,
            shown["another"],
        )

    async def _innermost(self, thread: int) -> tuple[int, int]:
        """debugpy's number of the innermost frame, and its line."""
        answer = await self._desk.ask("stackTrace", {"threadId": thread, "startFrame": 0, "levels": 1})
        frames = answer.get("stackFrames") or []
        if not frames:
            raise RunError(f"Thread {thread} has no frames.")
        return frames[0]["id"], frames[0]["line"]

    async def outline(self, thread: int) -> tuple[Frame, ...]:
        """The frames of a thread that cannot be looked into, as debugpy lists them; none if it does not."""
        try:
            asked = {"threadId": thread, "startFrame": 0, "levels": _MOST_FRAMES}
            answer = await self._desk.ask("stackTrace", asked)
        except AskFailed:
            return ()
        return tuple(
            Frame(-one["id"], (one.get("source") or {}).get("path") or "", one["name"], 0, one["line"])
            for one in answer.get("stackFrames") or ()
        )

    async def standing(self, shot: Shot) -> Standing | None:
        """The innermost frame as a premise for predictions; ``None`` where its source is not known."""
        top = shot.top
        source = await self.source(top.path) if not shot.another else None
        if source is None:
            return None
        first = top.first if top.function != "<module>" else 0
        return Standing(
            source,
            top.function,
            first,
            top.line,
            shot.locals,
            raised=shot.raised,
            handled=shot.handled,
            passing=shot.passing,
            frame=top.identity,
        )

    async def source(self, path: str) -> SourceFile | None:
        """A file as it was when it was first asked for: what the program has loaded does not change."""
        if path not in self._sources:
            try:
                self._sources[path] = await asyncio.to_thread(read_source, Path(path))
            except SourceError:
                self._sources[path] = None
        return self._sources[path]


def frame_of(told: Mapping[str, Any]) -> Frame:
    """A frame as the agent tells of it."""
    return Frame(
        told["id"], told["file"], told["function"], told["first"], told["line"], told.get("hidden", False)
    )


def _way(told: Mapping[str, Any]) -> Way:
    passed = (Passed(line, _values(changed), tuple(gone)) for line, changed, gone in told["passed"])
    return Way(tuple(passed), told["here"], told["due"])


def _left(told: Mapping[str, Any]) -> Left:
    return Left(told["id"], told["by"], _optional(told["made"]))


def _optional(rendered: Any) -> Value | None:
    return Value(*rendered) if rendered is not None else None


def _values(rendered: Mapping[str, Any]) -> dict[str, Value]:
    return {name: Value(*fields) for name, fields in rendered.items()}
