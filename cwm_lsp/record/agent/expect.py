"""What a frame is expected to do next, compared line by line as it runs.

The debugger is told of a course (:func:`load`) while the program stands, and given a breakpoint on every
line of the program's files whose condition is :func:`check`. While the frame runs the expected lines in the
expected state, the program goes on at the speed of such conditions; at the first line that is any other, in
any frame of the thread, it stops there. So it does behind the end of the course. What ran is kept, and handed
over when the debugger looks (:func:`take`), which ends the course.

Texts are compared letter by letter. Whether two of them say the same is for those to judge who are told.
"""

from __future__ import annotations

import json
import sys
from _thread import get_ident
from builtins import dict, len, list, str, tuple  # noqa: UP029 - the user's program may rebind them
from types import FrameType
from typing import Any

from ...trace.render import Rendered
from .loaded import is_another
from .snapshot import Sight, asking, of, stopped

_CUT, _OPAQUE = 3, 4
_INLINED = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>")
"""Frames that run within a line of another."""

_getframe = sys._getframe
_dumps = json.dumps

Step = tuple[int, "dict[str, str]", "list[str]"]
"""A line, the texts that names have before it runs where they differ from the line before, and those gone."""


class Course:
    """The expected ``steps`` of one frame, which is held, so that its identity means no other."""

    def __init__(self, frame: FrameType | None, steps: list[Step]) -> None:
        self.thread = get_ident()
        self.frame = frame
        self.steps = steps
        self.sight = Sight()
        self.names: dict[str, Rendered] = self.sight.of(frame) if frame is not None else {}
        self.passed: list[tuple[int, dict[str, Rendered], list[str]]] = []
        self.left = False
        """Another line than the expected one has come."""
        self.due = False
        """That has stopped the program."""

    def came(self, frame: FrameType) -> None:
        """A line of the thread is about to run in ``frame``."""
        at = len(self.passed)
        if frame is not self.frame or at == len(self.steps):
            self.left = True
            return
        line, expected, removed = self.steps[at]
        names = self.sight.of(frame)
        gone = [name for name in self.names if name not in names]
        if frame.f_lineno != line or {*gone} != {*removed} or not self._as_expected(names, expected):
            self.left = True
            return
        changed = {name: shown for name, shown in names.items() if self.names.get(name) != shown}
        self.passed.append((line, changed, gone))
        self.names = names

    def _as_expected(self, names: dict[str, Rendered], expected: dict[str, str]) -> bool:
        before = self.names
        for name, text in expected.items():
            shown = names.get(name)
            if shown is None or shown[_CUT] or shown[_OPAQUE] or shown[0] != text:
                return False
        return not [1 for name, shown in names.items() if name not in expected and before.get(name) != shown]

    def told(self, frame: FrameType | None) -> dict[str, Any]:
        """What became of it, told at a stop in ``frame``; see :func:`take`."""
        here = self.thread == get_ident() and (self.left or frame is not self.frame)
        if frame is self.frame and frame is not None and not self.left and self.passed:
            here = self.passed[-1][0] == frame.f_lineno
            if here:
                self.passed.pop()
        return {"due": self.due, "here": here, "passed": self.passed}


_course: Course | None = None


def load(number: int, line: int, steps: list[Step]) -> str:
    """Expect ``steps`` of the frame ``number`` of the debugger, which stands at ``line``."""
    global _course
    _course = Course(stopped(_getframe(1), number, line)[0], steps)
    return "true"


def enter() -> bool:
    """Stop here, for a course to be loaded. Always true."""
    global _course
    _course = Course(None, [])
    _course.left = _course.due = True
    return True


def look() -> bool:
    """Compare the line that is about to run. Never true: for a breakpoint that asks for itself, too."""
    course = _course
    if course is not None and course.thread == get_ident() and not course.left:
        frame = asking(_getframe(1))
        if frame is not None and frame.f_code.co_name not in _INLINED:
            course.came(frame)
    return False


def due() -> bool:
    """Whether to stop at this line, which nothing else has done."""
    course = _course
    if course is None or not course.left or course.thread != get_ident():
        return False
    course.due = True
    return True


def check() -> bool:
    """Both in one."""
    look()
    return due()


def take(number: int, line: int) -> str:
    """The frame ``number`` of the debugger, which stands at ``line``, as :func:`snapshot.of` has it, as JSON.

    ``"way"`` is null, or what became of a course: ``{"due", "here", "passed": [[line, changed, removed]]}``.
    ``due`` says that it has stopped the program, ``passed`` are the lines that ran as expected, without the
    present one; ``here`` says that the thread came here from the last of them, as far as is known.
    ``"another"`` says that what runs is not what stands in the file.
    """
    global _course
    frame, callee = stopped(_getframe(1), number, line)
    course, _course = _course, None
    shot = of(frame, callee)
    shot["way"] = course.told(frame) if course is not None else None
    shot["another"] = frame is not None and is_another(frame.f_code)
    return _dumps(shot)
