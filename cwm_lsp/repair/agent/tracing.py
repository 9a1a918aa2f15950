"""Which lines of the file ran, and how its functions were called, in the run of one check."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

CALLS = 200
"""Calls noted of one run."""

STEPS = 3000
"""Steps noted of one run, the last ones."""

TEXT = 400
"""Characters of a call's text; longer ones are not noted."""


@contextmanager
def _tracing(function: Any) -> Iterator[None]:
    """Trace the body by ``function``, and go on as before."""
    before = sys.gettrace()
    sys.settrace(function)
    try:
        yield
    finally:
        sys.settrace(before)


class Spectrum:
    """Lines and calls seen so far. Used as a trace function over code of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: set[int] = set()
        self.calls: dict[str, None] = {}
        self.steps: deque[int] = deque(maxlen=STEPS)
        self.visits = 0  # of lines

    def watching(self) -> AbstractContextManager[None]:
        """Trace the body."""
        return _tracing(self._global)

    def _global(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != self.path:
            return None
        self._note_call(frame)
        if frame.f_lineno:  # a module begins before its first line
            self.lines.add(frame.f_lineno)
        return self._local

    def _local(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line":
            self.lines.add(frame.f_lineno)
            self.steps.append(frame.f_lineno)
            self.visits += 1
        return self._local

    def _note_call(self, frame: FrameType) -> None:
        """A call of a function of the module whose arguments are plain values, as an expression."""
        code = frame.f_code
        known = frame.f_globals.get(code.co_name)
        if len(self.calls) >= CALLS or getattr(known, "__code__", None) is not code:
            return
        if code.co_flags & 0x0C or code.co_kwonlyargcount:  # *args, **kwargs
            return
        words = []
        for name in code.co_varnames[: code.co_argcount]:
            value = frame.f_locals.get(name)
            if not plain(value):
                return
            words.append(repr(value))
        text = f"{code.co_name}({', '.join(words)})"
        if len(text) <= TEXT:
            self.calls[text] = None


LOOKS = 3
"""Visits of one line whose values are told."""

SHORT = 80
"""Characters of a value that is told."""


class States:
    """The values of the local names each time one of some lines is about to run."""

    def __init__(self, path: str, lines: list[int]) -> None:
        self.path = path
        self.seen: list[dict[str, Any]] = []
        self._left = dict.fromkeys(lines, LOOKS)

    def watching(self) -> AbstractContextManager[None]:
        """Trace the body."""
        return _tracing(self._global)

    def _global(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        own = frame.f_code.co_filename == self.path and frame.f_code.co_name != "<module>"
        return self._local if own else None

    def _local(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line" and self._left.get(frame.f_lineno, 0):
            self._left[frame.f_lineno] -= 1
            values = {name: _short(value) for name, value in frame.f_locals.items()}
            self.seen.append({"line": frame.f_lineno, "values": values})
        return self._local


class Reach:
    """Whether functions that begin at some lines are called; nothing is watched where there are none."""

    def __init__(self, path: str, lines: Iterable[int]) -> None:
        self.path = path
        self.reached = False
        self._lines = set(lines)

    def watching(self) -> AbstractContextManager[None]:
        """Trace the body."""
        return _tracing(self._global if self._lines else sys.gettrace())

    def _global(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if code.co_firstlineno in self._lines and code.co_filename == self.path:
            self.reached = True


STEPS_TOLD = 2000
"""Steps of a run that are told one by one, the first ones."""

FIELDS = 20
"""Fields of one object that are told."""


class History:
    """The first steps of a run: lines about to run and functions that end, with what names hold."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.steps: list[dict[str, Any]] = []
        self._depth = 0
        self._raised: dict[int, str] = {}

    def watching(self) -> AbstractContextManager[None]:
        """Trace the body."""
        return _tracing(self._global)

    def _global(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        function = frame.f_code.co_flags & 1  # fast locals: neither a module nor the body of a class
        if frame.f_code.co_filename != self.path or not function or len(self.steps) >= STEPS_TOLD:
            return None
        self._depth += 1
        return self._local

    def _local(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line":
            self._raised.pop(id(frame), None)  # an exception that was caught
            self._note(frame, "")
        elif event == "exception":
            self._raised[id(frame)] = f"raised {argument[0].__name__}"
        elif event == "return":
            raised = self._raised.pop(id(frame), "")
            self._note(frame, raised or f"{_short(argument)}")
            self._depth -= 1
        return self._local

    def _note(self, frame: FrameType, said: str) -> None:
        if len(self.steps) < STEPS_TOLD:
            step = {"line": frame.f_lineno, "depth": self._depth, "values": _held(frame), "said": said}
            self.steps.append(step)


def _held(frame: FrameType) -> dict[str, str]:
    """The values of a function's names, and of the fields of objects that are no plain values."""
    found: dict[str, str] = {}
    for name, value in frame.f_locals.items():
        if name.startswith("."):  # what a comprehension goes through
            continue
        found[name] = _short(value)
        fields = getattr(value, "__dict__", None) if not plain(value) else None
        for field, inner in list(fields.items())[:FIELDS] if type(fields) is dict else ():
            if plain(inner):
                found[f"{name}.{field}"] = _short(inner)
    return found


def _short(value: Any) -> str:
    text = repr(value) if plain(value) else f"<{type(value).__name__}>"
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def plain(value: Any, depth: int = 4) -> bool:
    """Whether ``repr(value)`` evaluates to an equal value: built-in data only, and not too deep or long."""
    if value is None or type(value) in (bool, int, float, str, bytes):
        return len(value) <= TEXT if isinstance(value, (str, bytes)) else True
    if depth == 0 or type(value) not in (list, tuple, set, frozenset, dict) or len(value) > TEXT // 2:
        return False
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    return all(plain(one, depth - 1) for one in inside)
