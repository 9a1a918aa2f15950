"""The lines that ran since the debugger last asked, each with the variables as they were before it ran.

Kept by the conditions of breakpoints that never stop (:func:`keep`), and asked for at a stop
(:func:`drain`). What is kept is bounded by lines and by the text of their values; the oldest go first.
"""

from __future__ import annotations

import json
import sys
from _thread import get_ident
from builtins import dict, id, len, list, str  # noqa: UP029 - the user's program may rebind them
from collections import deque
from types import FrameType
from typing import Any

from ...trace.render import Rendered
from .snapshot import Sight, asking, stack

MOST = 20_000
"""Lines that are kept."""

ROOM = 64_000_000
"""Characters of rendered values that are kept."""

_getframe = sys._getframe
_dumps = json.dumps


class Kept:
    """One line: ``callers`` are shared by the lines of one activation, ``size`` is what its values cost."""

    __slots__ = ("callers", "frame", "names", "size", "thread")

    def __init__(
        self, thread: int, frame: dict[str, Any], callers: Any, names: dict[str, Rendered], size: int
    ) -> None:
        self.thread = thread
        self.frame = frame
        self.callers = callers
        self.names = names
        self.size = size


_lines: deque[Kept] = deque()
_size = 0
_sight = Sight()
_callers: dict[int, tuple[FrameType | None, int, list[Any]]] = {}


def keep() -> bool:
    """Keep the line that is about to run. Never true."""
    frame = asking(_getframe(1))
    if frame is not None:
        _keep(frame)
    return False


def drain() -> str:
    """The lines kept since this was last asked, oldest first, as JSON; they are forgotten here.

    ``{"stacks": [frames], "lines": [[own, frame, stack, changed, removed]]}``: ``own`` says whether it was
    this thread, ``stack`` is the index of the callers' frames, and variables are told where they differ from
    those of the same frame's line before.
    """
    global _size
    taken = list(_lines)
    _lines.clear()
    _size = 0
    _sight.forget()
    _callers.clear()
    me = get_ident()
    stacks: dict[int, int] = {}
    told: list[Any] = []
    before: dict[tuple[int, int], dict[str, Rendered]] = {}
    frames: list[Any] = []
    for one in taken:
        if id(one.callers) not in stacks:
            stacks[id(one.callers)] = len(frames)
            frames.append(one.callers)
        at = stacks[id(one.callers)]
        known = before.get((at, one.frame["id"]), {})
        changed = {name: value for name, value in one.names.items() if known.get(name) != value}
        removed = [name for name in known if name not in one.names]
        before[at, one.frame["id"]] = one.names
        told.append([one.thread == me, one.frame, at, changed, removed])
    return _dumps({"stacks": frames, "lines": told})


def _keep(frame: FrameType) -> None:
    global _size
    names = _sight.of(frame)
    size = _sight.cost
    code = frame.f_code
    here = {
        "id": id(frame),
        "file": code.co_filename,
        "function": code.co_name,
        "first": code.co_firstlineno,
        "line": frame.f_lineno,
    }
    _lines.append(Kept(get_ident(), here, _outside(frame), names, size))
    _size += size
    while len(_lines) > MOST or (_size > ROOM and len(_lines) > 1):
        _size -= _lines.popleft().size


def _outside(frame: FrameType) -> list[Any]:
    """The frames outside of one, which are the same while its caller stands where it stood."""
    thread, back = get_ident(), frame.f_back
    line = back.f_lineno if back is not None else 0
    known = _callers.get(thread)
    if known is not None and known[0] is back and known[1] == line:
        return known[2]
    found = stack(back)
    _callers[thread] = back, line, found
    return found
