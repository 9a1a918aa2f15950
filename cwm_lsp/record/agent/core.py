"""What the recorder cores share: the one place that turns frames into events.

Theory of operation. A core (``monitoring``, ``settrace``, ``probe``) hears from the interpreter that a
frame was entered, is about to run a line, was left, or raised, and calls the :class:`Emitter`. The
emitter finds out what changed since the frame's last event and hands the sink the difference.

A value that cannot change is not rendered again while the same object is bound to the name. Anything
else is rendered at each event and its text compared, which alone is sound for objects that share
state; the emitter itself keeps no reference to it.

Python before 3.13 does keep one: reading ``frame.f_locals`` refreshes a dict that belongs to the frame.
It is the dict that the program's own ``locals()`` returned, which so changes under the program; and an
object that a name no longer holds lives in it until the frame's next event, where its ``__del__`` runs
unrecorded.
"""

from __future__ import annotations

import dis
import threading
from _thread import get_ident
from builtins import (  # noqa: UP029 - the user's program may rebind them
    BaseException,
    StopIteration,
    bool,
    dict,
    id,
    isinstance,
    len,
    list,
    str,
    tuple,
    type,
)
from collections.abc import Callable, Mapping
from inspect import CO_OPTIMIZED
from time import perf_counter
from types import CodeType, FrameType
from typing import Any, Protocol
from weakref import ref

from ...trace.render import SCALARS, Rendered, Renderer
from .limits import Limits

_running: dict[int, Any] = getattr(threading, "_active", {})


def _no_one() -> None:
    """What a dead reference says: for threads that ``threading`` does not know."""


CALL, LINE, RETURN, EXCEPTION = "C", "L", "R", "X"
"""Kinds of events, as they are written."""

RETURNED, YIELDED, UNWINDING = 0, 1, 2
"""How a frame was left."""

_MISSING: Any = type("Missing", (), {})()
_CLOCK_EVERY = 127
_NO_CHANGE: list[tuple[str, Rendered]] = []
_LOOP_ENDS = ("FOR_ITER", "END_FOR", "SEND", "END_SEND", "YIELD_FROM")
_ENDS_LOOP = tuple([dis.opmap[name] for name in _LOOP_ENDS if name in dis.opmap])
_NOTHING: tuple[str, ...] = ()


class RecordingStopped(BaseException):
    """Raised inside the program when a limit is reached, to end it."""


class CodeInfo:
    """What is known once per recorded code object.

    ``file`` is a path; ``plain`` says that the locals can be taken as they are, without leaving out
    names that the language binds itself or that pytest makes up for its asserts; ``gives`` that a return
    gives back a value, as that of a module or class body does not; ``ops`` is the bytecode.
    """

    __slots__ = ("code", "file", "function", "gives", "index", "ops", "plain")

    def __init__(self, code: CodeType, index: int) -> None:
        self.code = code
        self.index = index
        self.file = code.co_filename
        self.function = code.co_name
        names = (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
        speakable = "__class__" not in names and "@" not in "".join(names)
        self.gives = bool(code.co_flags & CO_OPTIMIZED)
        self.plain = self.gives and speakable
        self.ops = code.co_code


class Activation:
    """One frame being recorded: who it is, and what was last said of its locals.

    ``kept`` holds the values that cannot change, by name; ``shown`` what every local was last rendered
    as; ``raising`` says that the last event was an exception; ``state`` belongs to the sink.
    """

    __slots__ = ("depth", "frame", "info", "kept", "raising", "shown", "state", "thread")

    def __init__(self, info: CodeInfo, frame: int, thread: int, depth: int) -> None:
        self.info = info
        self.frame = frame
        self.thread = thread
        self.depth = depth
        self.kept: dict[str, object] = {}
        self.shown: dict[str, Rendered] = {}
        self.raising = False
        self.state: Any = None


class Sink(Protocol):
    """Where events go. ``room`` is what is left of ``Limits.bytes``; ``full`` says why there is less."""

    room: int
    full: str

    def code(self, info: CodeInfo) -> None:
        """A code object is recorded for the first time."""

    def event(
        self,
        kind: str,
        activation: Activation,
        line: int,
        changed: list[tuple[str, Rendered]],
        removed: tuple[str, ...],
        value: Rendered | None,
        left: int,
    ) -> None:
        """One event; ``left`` is one of ``RETURNED``, ``YIELDED``, ``UNWINDING``."""

    def cut(self, reason: str, message: str) -> None:
        """The recording ends here."""


class Emitter:
    """Frames in, events out. One per recording, shared by its threads."""

    def __init__(self, sink: Sink, limits: Limits) -> None:
        self.stopped = False
        self.muted = False
        self.activations: dict[int, Activation] = {}
        self._sink = sink
        self._limits = limits
        self._render = Renderer(limits.render).render
        self._left = limits.events
        self._deadline = 0.0
        self._frames = 0
        self._threads: dict[int, tuple[int, Any]] = {}
        self._thread_count = 0
        self._infos: dict[int, CodeInfo] = {}

    def enter(self, frame: FrameType, line: int) -> Activation:
        """A frame begins."""
        code = frame.f_code
        info = self._infos.get(id(code)) or self._learn(code)
        depth = self._depth(frame)
        activation = Activation(info, self._frames, self._thread(depth), depth)
        self._frames += 1
        self.activations[id(frame)] = activation
        self._emit(CALL, activation, line or 1, frame, None, RETURNED)
        if activation.depth > self._limits.depth:
            self.stop("depth", f"Calls went deeper than {self._limits.depth:,}.")
        return activation

    def resume(self, activation: Activation, frame: FrameType, line: int) -> None:
        """A suspended frame goes on, maybe elsewhere than it was suspended."""
        activation.depth = self._depth(frame)
        activation.thread = self._thread(activation.depth)
        self._emit(CALL, activation, line, frame, None, RETURNED)

    def line(self, activation: Activation, frame: FrameType, line: int) -> None:
        """A line is about to run."""
        activation.raising = False
        self._emit(LINE, activation, line, frame, None, RETURNED)

    def leave(self, activation: Activation, frame: FrameType, value: object, left: int) -> None:
        """A frame ends or is suspended."""
        rendered = self._render(value) if activation.info.gives and left != UNWINDING else None
        if left != YIELDED:
            self.activations.pop(id(frame), None)
        self._emit(RETURN, activation, frame.f_lineno, frame, rendered, left)

    def raised(self, activation: Activation, frame: FrameType, error: object) -> None:
        """An exception was raised in a frame or came out of a call it made."""
        if isinstance(error, RecordingStopped):
            return
        activation.raising = True
        self._emit(EXCEPTION, activation, frame.f_lineno, frame, self._render(error), RETURNED)

    def stop(self, reason: str, message: str) -> None:
        """Cut the recording and end the program; one that is ``muted`` has no limits to keep."""
        if self.muted:
            return
        if not self.stopped:
            self.stopped = True
            self._sink.cut(reason, message)
        raise RecordingStopped(message)

    def _emit(
        self,
        kind: str,
        activation: Activation,
        line: int,
        frame: FrameType,
        value: Rendered | None,
        left: int,
    ) -> None:
        if self.stopped:
            raise RecordingStopped
        if self.muted:
            return
        names = frame.f_locals if activation.info.plain else _visible(frame)
        shown = activation.shown
        changed = self._changes(names, activation.kept, shown)
        removed = _NOTHING
        if len(shown) != len(names):
            removed = tuple([name for name in shown if name not in names])
            for name in removed:
                del shown[name]
                activation.kept.pop(name, None)
        self._left -= 1
        if self._left < 0:
            self.stop("events", f"More than {self._limits.events:,} events.")
        self._sink.event(kind, activation, line, changed, removed, value, left)
        if self._sink.room < 0:
            full = self._sink.full
            said = f"cannot grow: {full}" if full else f"grew over {self._limits.bytes:,} bytes"
            self.stop("bytes", f"The recording {said}.")
        if not self._left & _CLOCK_EVERY:
            self._look_at_clock()

    def _changes(
        self, names: Mapping[str, object], kept: dict[str, object], shown: dict[str, Rendered]
    ) -> list[tuple[str, Rendered]]:
        changed = _NO_CHANGE
        last = kept.get
        for name, value in names.items():
            if last(name, _MISSING) is value:
                continue
            rendered = self._render(value)
            if type(value) in SCALARS:
                kept[name] = value
            elif name in kept:
                del kept[name]
            if shown.get(name) != rendered:
                shown[name] = rendered
                if changed is _NO_CHANGE:
                    changed = []
                changed.append((name, rendered))
        return changed

    def _look_at_clock(self) -> None:
        now = perf_counter()
        if not self._deadline:
            self._deadline = now + self._limits.seconds
        elif now > self._deadline:
            self.stop("seconds", f"The program ran longer than {self._limits.seconds:g} s.")

    def start_clock(self) -> None:
        """``Limits.seconds`` counts from now."""
        self._deadline = perf_counter() + self._limits.seconds

    def _learn(self, code: CodeType) -> CodeInfo:
        info = self._infos[id(code)] = CodeInfo(code, len(self._infos))
        self._sink.code(info)
        return info

    def _thread(self, depth: int) -> int:
        """The number of the running thread. The system gives its own number to a later thread again."""
        ident = get_ident()
        known = self._threads.get(ident)
        if known is not None and (depth or known[1]() is _running.get(ident)):
            return known[0]
        thread = _running.get(ident)
        self._threads[ident] = (self._thread_count, _no_one if thread is None else ref(thread))
        self._thread_count += 1
        return self._thread_count - 1

    def _depth(self, frame: FrameType) -> int:
        """One more than the nearest recorded caller; 0 where there is none."""
        activations = self.activations
        back = frame.f_back
        while back is not None:
            caller = activations.get(id(back))
            if caller is not None and caller.info.code is back.f_code:
                return caller.depth + 1
            back = back.f_back
        return 0


def _visible(frame: FrameType) -> dict[str, object]:
    """The locals of a module, a class body or a method, without what the language binds itself."""
    names: Any = frame.f_locals
    if not isinstance(names, dict):  # a namespace of the user's own making, or a frame's proxy
        names = dict(names) if type(names).__name__ == "FrameLocalsProxy" else {}
    return {
        name: value
        for name, value in list(dict.items(names))
        if type(name) is str and name.isidentifier() and not (name.startswith("__") and name.endswith("__"))
    }


def ends_loop(info: CodeInfo, frame: FrameType, error: object) -> bool:
    """Whether this is the ``StopIteration`` by which a ``for`` or an ``await`` ends: no one's exception."""
    return isinstance(error, StopIteration) and info.ops[frame.f_lasti] in _ENDS_LOOP


Wanted = Callable[[CodeType], bool]
"""Says whether frames of a code object are recorded."""
