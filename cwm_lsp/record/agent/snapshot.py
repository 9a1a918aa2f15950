"""A paused thread's frames as text, in one evaluation: what a debugger asks its debuggee for at a stop.

Values are rendered as the recorder renders them, so that what was observed here, recorded there and predicted
elsewhere compare equal. Like all of the agent it runs inside the user's program.
"""

from __future__ import annotations

import sys
from builtins import BaseException, dict, getattr, id, isinstance, len, list, str, tuple, type  # noqa: UP029 - rebound
from opcode import opname
from types import FrameType
from typing import Any

from ...trace.render import SCALARS, Rendered, Renderer
from .debugger import is_of_debugger

_RETURNED = "__pydevd_ret_val_dict"
_RAISED = "__exception__"
_MOST_FRAMES = 64

_MOST_NAMES = 4096
_SETTLED = (*SCALARS, type(sys))
"""Types whose values are rendered alike for as long as they live."""

_RETURN, _YIELD, _EXCEPTION = "return", "yield", "exception"
_MAKER = "__init__"
_NUMBERS = "_pydevd_bundle._debug_adapter.pydevd_base_schema"

_DEBUGGER = "_pydevd_bundle.pydevd_constants"

_renderer = Renderer()
_exc_info = sys.exc_info


def of(frame: FrameType | None, callee: FrameType | None = None) -> dict[str, Any]:
    """A frame that the debugger stopped at, and those outside of it, for JSON.

    ``{"frames": [{"id", "file", "function", "first", "line", "hidden"}], "locals": {name: rendered},
    "returned": {function: rendered}, "raised": rendered or null, "handled": rendered or null,
    "passing": whether that came through the innermost frame,
    "left": {"id", "by", "made"} or null}``: the locals are those of the innermost frame, ``returned`` what
    functions that it called by the last step gave back, ``raised`` the exception that the thread stopped for,
    ``handled`` the one that is being handled, ``left`` the frame of ``callee``, which is on its way out (see
    :func:`stopped`): ``by`` what, and which object it has ``made`` if it is an ``__init__``. No frames if
    there is no such frame.
    """
    names = names_of(frame)
    raised = names.get(_RAISED)
    returned = names.get(_RETURNED)
    handled = _exc_info()[1]
    return {
        "frames": stack(frame),
        "locals": {name: _renderer.render(value) for name, value in names.items() if is_speakable(name)},
        "returned": _rendered(returned) if isinstance(returned, dict) else {},
        "raised": _renderer.render(raised[1]) if type(raised) is tuple and len(raised) == 3 else None,
        "handled": _optional(handled),
        "passing": handled is not None and _came_through(handled, frame),
        "left": _left(callee) if callee is not None and not is_debugger(callee) else None,
    }


def stopped(frame: FrameType | None, number: int, line: int) -> tuple[FrameType | None, FrameType | None]:
    """The frame ``number`` of the debugger, which evaluates something in ``frame``, and the one it called.

    pydevd's number of a frame stands for its identity; where it keeps no such table, the innermost frame at
    ``line`` is meant. Where it stops because a call is over it shows the caller, while the frame that was
    called is still on the stack. No frame if it is not on the stack any more.
    """
    schema = getattr(sys.modules.get(_NUMBERS), "BaseSchema", None)
    identity = getattr(schema, "_dap_id_to_obj_id", {}).get(number)
    callee = None
    while frame is not None and not _is_meant(frame, identity, line):
        callee, frame = frame, frame.f_back
    return frame, callee


def _is_meant(frame: FrameType, identity: int | None, line: int) -> bool:
    if identity is not None:
        return id(frame) == identity
    return frame.f_lineno == line and not is_debugger(frame)


def _left(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    made = frame.f_locals.get(code.co_varnames[0]) if code.co_name == _MAKER and code.co_argcount else None
    return {"id": id(frame), "by": _way_out(frame), "made": _optional(made)}


def _way_out(frame: FrameType) -> str:
    """What a frame is left by, told by the instruction that it stands at."""
    name = opname[frame.f_code.co_code[frame.f_lasti]]
    if name.startswith("RETURN_"):
        return _RETURN
    return _YIELD if name.startswith("YIELD_") else _EXCEPTION


def _came_through(error: BaseException, frame: FrameType | None) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame is not frame:
        trace = trace.tb_next
    return trace is not None


def _optional(value: object) -> Rendered | None:
    return None if value is None else _renderer.render(value)


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
    return path == "<string>" or is_of_debugger(path)


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
                "hidden": _is_hidden(frame),
            }
        )
        frame = frame.f_back
    return found


def _is_hidden(frame: FrameType) -> bool:
    """Whether the debugger keeps a frame from the user: its own, and what its filters leave out."""
    if is_debugger(frame):
        return True
    holder = getattr(sys.modules.get(_DEBUGGER), "GlobalDebuggerHolder", None)
    debugger: Any = getattr(holder, "global_dbg", None)
    if debugger is None or not getattr(debugger, "is_files_filter_enabled", False):
        return False
    return bool(debugger.apply_files_filter(frame, frame.f_code.co_filename, False))


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
