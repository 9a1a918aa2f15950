"""The recorder on ``sys.monitoring`` (3.12 and up), beside the debugger's tool and not in its way.

Code that is not recorded costs one call and is then switched off. Raises and unwinding can only be
heard everywhere, so their callbacks look first whether the frame is a recorded one.
"""

from __future__ import annotations

import ast
import sys
from builtins import frozenset, id, isinstance, open  # noqa: UP029 - the user's program may rebind them
from functools import cache
from types import CodeType
from typing import Any

from .core import RETURNED, UNWINDING, YIELDED, Activation, Emitter, Wanted, ends_loop

TOOLS = (3, 4)
"""Tool ids that no known tool claims: 0 debugger, 1 coverage, 2 profiler, 5 optimiser."""

_getframe = sys._getframe


def free_tool() -> int | None:
    """A tool id to use, or ``None`` when there is none (or no ``sys.monitoring``)."""
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return None
    return next((tool for tool in TOOLS if monitoring.get_tool(tool) is None), None)


def line_at(code: CodeType, offset: int) -> int:
    """The line of the instruction at ``offset``; 0 where there is none."""
    return next((line or 0 for start, end, line in code.co_lines() if start <= offset < end), 0)


@cache
def one_line_loops(path: str) -> frozenset[int]:
    """The lines of a file that hold a whole ``for`` or ``while`` statement, head and body."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):  # it changed since it was compiled
        return frozenset()
    loops = [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.AsyncFor, ast.While))]
    return frozenset(loop.lineno for loop in loops if loop.body[-1].end_lineno == loop.lineno)


class MonitoringRecorder:
    """Records frames whose code is ``wanted`` until :meth:`remove`."""

    name = "monitoring"
    lost = False

    def __init__(self, emitter: Emitter, wanted: Wanted, tool: int) -> None:
        self._emitter = emitter
        self._wanted = wanted
        self._tool = tool
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
        self._disable = self._monitoring.DISABLE
        self._activations = emitter.activations
        self._heard: dict[int, CodeType] = {}

    def install(self) -> None:
        """Start with the next call in any thread."""
        monitoring, tool = self._monitoring, self._tool
        events = monitoring.events
        monitoring.use_tool_id(tool, "cwm-lsp")
        self._local = events.LINE | events.JUMP | events.PY_RETURN | events.PY_YIELD | events.PY_RESUME
        for event, callback in (
            (events.PY_START, self._start),
            (events.PY_RESUME, self._resume),
            (events.PY_THROW, self._throw),
            (events.LINE, self._line),
            (events.JUMP, self._jump),
            (events.PY_RETURN, self._return),
            (events.PY_YIELD, self._yield),
            (events.PY_UNWIND, self._unwind),
            (events.RAISE, self._raise),
        ):
            monitoring.register_callback(tool, event, callback)
        monitoring.set_events(tool, events.PY_START | events.PY_THROW | events.PY_UNWIND | events.RAISE)
        monitoring.restart_events()

    def remove(self) -> None:
        """Stop and give the tool id back."""
        monitoring, tool = self._monitoring, self._tool
        if monitoring.get_tool(tool) != "cwm-lsp":
            return
        monitoring.set_events(tool, 0)
        for code in self._heard.values():
            monitoring.set_local_events(tool, code, 0)
        monitoring.free_tool_id(tool)

    def _start(self, code: CodeType, offset: int) -> Any:
        if not self._wanted(code):
            return self._disable
        if id(code) not in self._heard:
            self._heard[id(code)] = code
            self._monitoring.set_local_events(self._tool, code, self._local)
        frame = _getframe(1)
        self._emitter.enter(frame, frame.f_lineno)
        return None

    def _line(self, code: CodeType, line: int) -> None:
        frame = _getframe(1)
        activation = self._activations.get(id(frame))
        if activation is not None:
            self._emitter.line(activation, frame, line)

    def _jump(self, code: CodeType, offset: int, target: int) -> Any:
        """A loop that is written on one line runs that line again, which is no ``LINE`` event."""
        line = line_at(code, target)
        if target > offset or line != line_at(code, offset) or line not in one_line_loops(code.co_filename):
            return self._disable
        frame = _getframe(1)
        activation = self._known(code, frame)
        if activation is not None:
            self._emitter.line(activation, frame, line)
        return None

    def _known(self, code: CodeType, frame: Any) -> Activation | None:
        activation = self._activations.get(id(frame))
        return activation if activation is not None and activation.info.code is code else None

    def _resume(self, code: CodeType, offset: int) -> None:
        frame = _getframe(1)
        activation = self._known(code, frame)
        if activation is not None:
            self._emitter.resume(activation, frame, frame.f_lineno)

    def _throw(self, code: CodeType, offset: int, error: BaseException) -> None:
        frame = _getframe(1)
        activation = self._known(code, frame)
        if activation is not None:
            self._emitter.resume(activation, frame, frame.f_lineno)

    def _return(self, code: CodeType, offset: int, value: object) -> None:
        frame = _getframe(1)
        activation = self._known(code, frame)
        if activation is not None:
            self._emitter.leave(activation, frame, value, RETURNED)

    def _yield(self, code: CodeType, offset: int, value: object) -> None:
        frame = _getframe(1)
        activation = self._known(code, frame)
        if activation is not None:
            self._emitter.leave(activation, frame, value, YIELDED)

    def _unwind(self, code: CodeType, offset: int, error: BaseException) -> None:
        if id(code) in self._heard:
            frame = _getframe(1)
            activation = self._known(code, frame)
            if activation is not None:
                self._emitter.leave(activation, frame, None, UNWINDING)

    def _raise(self, code: CodeType, offset: int, error: BaseException) -> None:
        if id(code) in self._heard:
            frame = _getframe(1)
            activation = self._known(code, frame)
            if activation is not None and not ends_loop(activation.info, frame, error):
                self._emitter.raised(activation, frame, error)
