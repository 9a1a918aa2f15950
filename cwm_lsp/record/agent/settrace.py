"""The recorder on ``sys.settrace``, alone or in front of a debugger's own trace function.

A plain ``sys.settrace`` silences the debugger, so whatever trace function was there before is called
after ours for every event, and its answer is kept as the frame's next one. A debugger also replaces
the trace function of its own accord (on the first call of a thread, when a breakpoint is added):
each event therefore looks whether ours is still in place and chains whoever took it.
"""

from __future__ import annotations

import dis
import sys
import threading
from builtins import id, isinstance, tuple  # noqa: UP029 - the user's program may rebind them
from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import FrameType
from typing import Any, cast

from .core import RETURNED, UNWINDING, YIELDED, Activation, CodeInfo, Emitter, Wanted, ends_loop

Tracer = Callable[[FrameType, str, Any], Any]

_SUSPENDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_NONE = -1
_RETURNS = tuple(dis.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in dis.opmap)
_YIELD = dis.opmap["YIELD_VALUE"]
_YIELD_FROM = dis.opmap.get("YIELD_FROM", _NONE)
_RESUME = dis.opmap.get("RESUME", _NONE)
_RESUME_KIND = 3
_gettrace = sys.gettrace


def _unguarded() -> Callable[[Tracer | None], None]:
    """``sys.settrace`` itself: pydevd puts one in its place that warns or, from 3.12 on, refuses."""
    original = getattr(sys.modules.get("pydevd_tracing"), "_original_settrace", None)
    return original if callable(original) else sys.settrace


_settrace = _unguarded()


def how_left(info: CodeInfo, frame: FrameType, value: object, raising: bool) -> int:
    """What a ``return`` event means, read off the instruction that the frame stands at.

    ``sys.settrace`` reports a return, a yield and an exception on its way out all alike.
    """
    at = frame.f_lasti
    op = info.ops[at] if at >= 0 else _NONE
    if op in _RETURNS:
        return RETURNED
    if info.code.co_flags & _SUSPENDS and not raising:
        following = info.ops[at + 2] if 0 <= at + 2 < len(info.ops) else _NONE
        resuming = op == _RESUME and info.ops[at + 1] & _RESUME_KIND  # 3.13 stands behind its yield
        if op == _YIELD or resuming or _YIELD_FROM in (op, following):
            return YIELDED
    return UNWINDING if value is None else RETURNED


def is_fresh(info: CodeInfo, frame: FrameType) -> bool:
    """Whether a ``call`` event begins a frame, rather than resuming a suspended one."""
    at = frame.f_lasti
    if not info.code.co_flags & _SUSPENDS or at < 0:
        return True
    return _RESUME != _NONE and info.ops[at] == _RESUME and info.ops[at + 1] & _RESUME_KIND == 0


def instance(arg: tuple[Any, Any, Any]) -> object:
    """The exception of an ``exception`` event; before 3.12 it may not have been made yet."""
    kind, error, _ = arg
    if isinstance(error, BaseException):
        return error
    try:
        return kind(*error) if isinstance(error, tuple) else kind() if error is None else kind(error)
    except Exception:  # a class whose arguments we cannot know
        return kind


class SettraceRecorder:
    """Records frames whose code is ``wanted`` until :meth:`remove`. ``name`` goes into the trace."""

    name = "settrace"

    def __init__(self, emitter: Emitter, wanted: Wanted, everywhere: bool = True) -> None:
        self._emitter = emitter
        self._everywhere = everywhere
        self._wanted = wanted
        self._previous: Tracer | None = None
        self._tracer: Tracer = self._globally

    def install(self) -> None:
        """Start with the next call in this thread and, if ``everywhere``, in threads started later."""
        self._previous = cast("Tracer | None", _gettrace())
        self._tracer = self._chained if self._previous is not None else self._globally
        if self._everywhere:
            threading.settrace(self._tracer)
        _settrace(self._tracer)

    def remove(self) -> None:
        """Stop, and give the debugger its place back."""
        _settrace(self._previous)
        if self._everywhere:
            threading.settrace(self._previous)  # type: ignore[arg-type, unused-ignore]

    @property
    def lost(self) -> bool:
        """Whether someone else's trace function has taken ours away for good."""
        return _gettrace() is not self._tracer

    def _begin(self, frame: FrameType) -> Activation:
        known = self._emitter.activations.get(id(frame))
        if known is not None and known.info.code is frame.f_code and not is_fresh(known.info, frame):
            self._emitter.resume(known, frame, frame.f_lineno)
            return known
        return self._emitter.enter(frame, frame.f_lineno)

    def _globally(self, frame: FrameType, event: str, arg: Any) -> Tracer | None:
        if not self._wanted(frame.f_code):
            return None
        return self._local(self._begin(frame))

    def _local(self, activation: Activation) -> Tracer:
        line = self._emitter.line

        def local(frame: FrameType, event: str, arg: Any) -> Tracer:
            if event == "line":
                line(activation, frame, frame.f_lineno)
            else:
                self._other(activation, frame, event, arg)
            return local

        return local

    def _other(self, activation: Activation, frame: FrameType, event: str, arg: Any) -> None:
        info = activation.info
        if event == "return":
            left = how_left(info, frame, arg, activation.raising)
            self._emitter.leave(activation, frame, arg, left)
        elif event == "exception":
            error = instance(arg)
            if not ends_loop(info, frame, error):
                self._emitter.raised(activation, frame, error)

    def _chained(self, frame: FrameType, event: str, arg: Any) -> Tracer | None:
        mine = self._wanted(frame.f_code)
        activation = self._begin(frame) if mine else None
        following = self._pass_on(frame, event, arg)
        if activation is None:
            return following
        return self._local_chained(activation, following)

    def _pass_on(self, frame: FrameType, event: str, arg: Any) -> Tracer | None:
        previous = self._previous
        following: Tracer | None = previous(frame, event, arg) if previous is not None else None
        self._stay_first()
        return following

    def _stay_first(self) -> None:
        current = cast("Tracer | None", _gettrace())
        if current is not self._tracer:
            if current is not None:
                self._previous = current
            _settrace(self._tracer)

    def _local_chained(self, activation: Activation, following: Tracer | None) -> Tracer:
        line = self._emitter.line

        def local(frame: FrameType, event: str, arg: Any) -> Tracer:
            nonlocal following
            if event == "line":
                line(activation, frame, frame.f_lineno)
            else:
                self._other(activation, frame, event, arg)
            if following is not None:
                following = following(frame, event, arg) or following
                if frame.f_trace is not local and frame.f_trace is not None:
                    following = frame.f_trace
                self._stay_first()
            return local

        return local
