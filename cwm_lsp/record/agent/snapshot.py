"""A paused thread's frames as text, in one evaluation: what a debugger asks its debuggee for at a stop.

Values are rendered as the recorder renders them, so that what was observed here, recorded there and predicted
elsewhere compare equal. Like all of the agent it runs inside the user's program.
"""

from __future__ import annotations

import sys
from builtins import dict, getattr, id, isinstance, len, list, str, tuple, type  # noqa: UP029 - rebound
from types import FrameType
from typing import Any

from ...trace.render import SCALARS, Rendered, Renderer

_RETURNED = "__pydevd_ret_val_dict"
_RAISED = "__exception__"
_MOST_FRAMES = 64

_MOST_NAMES = 4096
_SETTLED = (*SCALARS, type(sys))
"""Types whose values are rendered alike for as long as they live."""

_renderer = Renderer()


def of(frame: FrameType | None) -> dict[str, Any]:
    """A frame that the debugger stopped at, and those outside of it, for JSON.

    ``{"frames": [{"id", "file", "function", "first", "line"}], "locals": {name: rendered},
    "returned": {function: rendered}, "raised": rendered or null}``: the locals are those of the innermost
    frame, ``returned`` what functions that it called by the last step gave back, ``raised`` the exception
    that the thread stopped for. No frames if there is no such frame.
    """
    names = names_of(frame)
    raised = names.get(_RAISED)
    returned = names.get(_RETURNED)
    return {
        "frames": stack(frame),
        "locals": {name: _renderer.render(value) for name, value in names.items() if is_speakable(name)},
        "returned": _rendered(returned) if isinstance(returned, dict) else {},
        "raised": _renderer.render(raised[1]) if type(raised) is tuple and len(raised) == 3 else None,
    }


def stopped(frame: FrameType | None, line: int) -> FrameType | None:
    """The innermost frame that the debugger, which evaluates something in ``frame``, stopped at ``line``."""
    inside = False
    while frame is not None and not (inside and frame.f_lineno == line):
        frame = frame.f_back
        inside = frame is not None and not is_debugger(frame)
    return frame


class Sight:
    """Looks at the names of frames, line after line. ``cost`` is the text that the last look has made.

    A value that cannot change is not rendered again while the same object has the name.
    """

    __slots__ = ("_known", "cost")

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, Rendered]] = {}
        self.cost = 0

    def of(self, frame: FrameType) -> dict[str, Rendered]:
        """The speakable names of a frame, rendered."""
        names: dict[str, Rendered] = {}
        self.cost = 0
        for name, value in names_of(frame).items():
            if not is_speakable(name):
                continue
            known = self._known.get(name)
            if known is not None and known[0] is value:
                names[name] = known[1]
                continue
            shown = names[name] = _renderer.render(value)
            self.cost += len(shown[0])
            if type(value) in _SETTLED and len(self._known) < _MOST_NAMES:
                self._known[name] = value, shown
            else:
                self._known.pop(name, None)
        return names

    def forget(self) -> None:
        """Keep no object alive."""
        self._known.clear()


def is_debugger(frame: FrameType) -> bool:
    """Whether a frame is the debugger's own, or evaluates something for it."""
    path = frame.f_code.co_filename
    return path == "<string>" or "pydevd" in path or "debugpy" in path


def asking(frame: FrameType | None) -> FrameType | None:
    """The frame whose breakpoint's condition is evaluated in ``frame``."""
    while frame is not None and is_debugger(frame):
        frame = frame.f_back
    return frame


def stack(frame: FrameType | None) -> list[dict[str, Any]]:
    """A frame and those outside of it, as JSON has them."""
    found: list[dict[str, Any]] = []
    while frame is not None and len(found) < _MOST_FRAMES:
        code = frame.f_code
        found.append(
            {
                "id": id(frame),
                "file": code.co_filename,
                "function": code.co_name,
                "first": code.co_firstlineno,
                "line": frame.f_lineno,
            }
        )
        frame = frame.f_back
    return found


def names_of(frame: FrameType | None) -> dict[str, Any]:
    """The names of a frame's namespace and their values, without running code of the user's."""
    names: Any = getattr(frame, "f_locals", {})
    if not isinstance(names, dict):  # a namespace of the user's own making, or a frame's proxy
        names = dict(names) if type(names).__name__ == "FrameLocalsProxy" else {}
    return dict(list(dict.items(names)))


def is_speakable(name: object) -> bool:
    """Whether the program itself gave this name."""
    return type(name) is str and name.isidentifier() and not name.startswith("__")


def _rendered(values: dict[Any, Any]) -> dict[str, Rendered]:
    return {str(name): _renderer.render(value) for name, value in list(values.items())}
