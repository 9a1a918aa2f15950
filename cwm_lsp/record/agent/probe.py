"""The recorder of last resort: breakpoint conditions that record and never stop.

The debugger is given a breakpoint on every line of the recorded files whose condition calls
``PROBE()``. It works wherever breakpoints do. It hears lines only: a frame's call is told from its first
line, and its return is not heard at all, so a trace of this kind has calls and lines alone.
"""

from __future__ import annotations

import builtins
import sys
from builtins import id, list  # noqa: UP029 - the user's program may rebind them
from types import FrameType

from .core import Emitter, Wanted

PROBE = "__cwm_probe__"
"""The name that conditions call. It lives among the builtins, whatever the condition's namespace."""

_getframe = sys._getframe
_SEARCH = 8


class ProbeRecorder:
    """Records the lines that the debugger's breakpoints reach until :meth:`remove`."""

    name = "probe"
    lost = False

    def __init__(self, emitter: Emitter, wanted: Wanted) -> None:
        self._emitter = emitter
        self._wanted = wanted

    def install(self) -> None:
        """Make ``PROBE`` answer."""
        setattr(builtins, PROBE, self._probe)

    def remove(self) -> None:
        """Make ``PROBE`` say nothing, for conditions that are still set."""
        setattr(builtins, PROBE, _never)

    def _probe(self) -> bool:
        frame = self._recorded()
        if frame is not None:
            emitter = self._emitter
            self._forget_finished(frame)
            activation = emitter.activations.get(id(frame))
            if activation is None or activation.info.code is not frame.f_code:
                activation = emitter.enter(frame, frame.f_code.co_firstlineno)
            emitter.line(activation, frame, frame.f_lineno)
        return False

    def _recorded(self) -> FrameType | None:
        """The frame whose breakpoint is being asked: at most a few debugger frames up."""
        frame: FrameType | None = _getframe(2)
        for _ in range(_SEARCH):
            if frame is None or (self._wanted(frame.f_code) and frame.f_code.co_name != "<eval>"):
                return frame
            frame = frame.f_back
        return None

    def _forget_finished(self, frame: FrameType) -> None:
        """Drop what was noted of the calls that ``frame`` made: they are over, since it runs again."""
        activations = self._emitter.activations
        mine = activations.get(id(frame))
        if mine is not None:
            for key, other in list(activations.items()):
                if other.thread == mine.thread and other.depth > mine.depth:
                    del activations[key]


def _never() -> bool:
    return False
