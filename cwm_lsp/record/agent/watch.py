"""Watched values and the lines that ran, told by breakpoint conditions that call :func:`probe`.

A debugger that is given a breakpoint on every line of a file, whose condition calls ``probe``, notices a
change at the next line that begins, at the speed of the program's lines and not of stops, on every version
of Python. A watched local belongs to one activation, of which the frame is held, so that its identity means
no other; a watched part of an object holds that object. Nothing of the user's runs but ``repr`` of values
that can change, as in a variables view, and the conditions that were asked for.
"""

from __future__ import annotations

import json
import sys
from _thread import get_ident
from builtins import (  # noqa: UP029 - the user's program may rebind them
    AttributeError,
    BaseException,
    SyntaxError,
    ValueError,
    bool,
    compile,
    dict,
    eval,
    getattr,
    isinstance,
    len,
    list,
    max,
    str,
    tuple,
    type,
)
from dis import findlinestarts
from types import CodeType, FrameType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from ...trace.render import SCALARS, Rendered, Renderer
from .snapshot import asking, names_of

if TYPE_CHECKING:
    Step = tuple[str, Any]
    """A step from a value to a part of it: ``("attribute", name)`` or ``("item", key)``."""

MOST_KNOWN = 100
"""Watches that are remembered without being armed."""

_getframe = sys._getframe
_current_frames = sys._current_frames
_dumps = json.dumps
_renderer = Renderer()
_MISSING: Any = type("Missing", (), {})()
_CAN_CHANGE: Any = type("CanChange", (), {})()
_GENERATES = 0x20 | 0x80 | 0x200
"""CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR: a frame that is off the stack may come back."""


class Watch:
    """One value that is watched: a local of ``frame``, or what a last ``step`` from ``holder`` gives."""

    __slots__ = ("condition", "count", "every", "frame", "holder", "shown", "step", "value")

    def __init__(self, frame: FrameType | None, holder: Any, step: Step) -> None:
        self.frame = frame
        self.holder = holder
        self.step = step
        self.condition: CodeType | None = None
        self.every: tuple[str, int] | None = None
        self.arm(None, None)

    def arm(self, condition: CodeType | None, every: tuple[str, int] | None) -> None:
        """Begin to watch from the present value on."""
        self.condition = condition
        self.every = every
        self.count = 0
        value = self._read(self.frame)
        self.value = _kept(value)
        self.shown = _render(value)

    def changed(self, frame: FrameType) -> list[Any] | None:
        """``[old, new, problem]`` if the value is another at ``frame`` and that is to stop the program."""
        if self.frame is not None and frame is not self.frame:
            return None
        value = self._read(frame)
        if value is self.value:
            return None
        shown = _render(value)
        before, self.shown = self.shown, shown
        self.value = _kept(value)
        if shown == before:
            return None
        problem = ""
        if self.condition is not None:
            try:
                if not eval(self.condition, frame.f_globals, frame.f_locals):
                    return None
            except BaseException as error:
                problem = type(error).__name__
        self.count += 1
        if self.every is not None and not problem and not _counts(self.count, self.every):
            return None
        return [before, shown, problem]

    @property
    def over(self) -> bool:
        """Whether the function has returned whose local this is."""
        frame = self.frame
        if frame is None or frame.f_code.co_flags & _GENERATES:
            return False
        for top in list(_current_frames().values()):
            while top is not None:
                if top is frame:
                    return False
                top = top.f_back  # type: ignore[assignment]
        return True

    def _read(self, frame: FrameType | None) -> Any:
        if self.frame is None:
            return part(self.holder, self.step)
        names: Any = getattr(frame, "f_locals", {})
        if type(names) is not dict and type(names).__name__ != "FrameLocalsProxy":
            names = names_of(frame)
        return names.get(self.step[1], _MISSING)


_watches: dict[int, Watch] = {}
_armed: set[int] = set()
_hits: dict[int, list[Any]] = {}


def know(number: int, place: tuple[str, int, int], name: str, steps: list[Step], outer: bool) -> str:
    """Remember a value as ``number``: ``name`` in a frame of this thread, or a part of what it holds.

    ``place`` is a file's name, a line, and how many frames further in stand there as well; ``outer`` says
    that a global is meant even where a local has its name.

    JSON: ``{"text", "file", "function", "first", "last"}``, the lines being those at which a change can be
    seen (all of the file for 0), or ``{"problem"}``.
    """
    frame = _standing(*place)
    if frame is None:
        return _dumps({"problem": "its frame cannot be found"})
    code = frame.f_code
    local = names_of(frame) if not outer and frame.f_locals is not frame.f_globals else {}
    first, last = code.co_firstlineno, max([line or 0 for _, line in findlinestarts(code)])
    if not steps and not outer and (name in local or name in code.co_varnames):
        watch = Watch(frame, None, ("local", name))
    else:
        first = last = 0
        holder: Any = local if name in local else frame.f_globals
        way: list[Step] = [("item", name), *[(kind, key) for kind, key in steps]]
        for step in way[:-1]:
            holder = part(holder, step)
        watch = Watch(None, holder, way[-1])
        if watch.value is _MISSING:
            missing = not steps and not outer
            why = "there is no such name here" if missing else "it is not there, or not without running code"
            return _dumps({"problem": why})
    for old in [one for one in _watches if one not in _armed][: max([0, len(_watches) - MOST_KNOWN])]:
        del _watches[old]
    _watches[number] = watch
    text = watch.shown[0] if watch.shown is not None else ""
    found = {"text": text, "file": code.co_filename, "function": code.co_name, "first": first, "last": last}
    return _dumps(found)


def _standing(file: str, line: int, others: int) -> FrameType | None:
    frame: FrameType | None = _getframe(2)
    while frame is not None:
        if frame.f_lineno == line and frame.f_code.co_filename.replace("\\", "/").endswith("/" + file):
            if not others:
                return frame
            others -= 1
        frame = frame.f_back
    return None


def arm(wanted: list[tuple[int, str, tuple[str, int] | None]]) -> str:
    """Watch these, ``(number, condition, (comparison, hits))``, from now on, and no others.

    JSON: a problem by number, "" for none.
    """
    told: dict[int, str] = {}
    _armed.clear()
    for number, condition, every in wanted:
        watch = _watches.get(number)
        if watch is None or watch.over:
            told[number] = "its function has returned" if watch is not None else "it is not known any more"
            continue
        try:
            watch.arm(compile(condition, "<condition>", "eval") if condition else None, every)
        except (SyntaxError, ValueError) as error:
            told[number] = f"its condition is no expression: {error}"
            continue
        _armed.add(number)
        told[number] = ""
    for number in [one for one in _watches if one not in _armed and _watches[one].over]:
        del _watches[number]
    return _dumps(told)


def probe(*numbers: int) -> bool:
    """What the condition of a breakpoint asks: whether one of these changed by the line that has ended."""
    frame = asking(_getframe(1))
    if frame is None:
        return False
    found: list[Any] = []
    for number in numbers:
        watch = _watches.get(number)
        change = watch.changed(frame) if watch is not None else None
        if change is not None:
            found.append([number, *change])
    _hits[get_ident()] = found
    return bool(found)


def hits() -> str:
    """What this thread has stopped for, and which watches are over, as JSON.

    ``{"hits": [[number, old, new, problem]], "over": [number]}``; values are rendered, null where there was
    none.
    """
    found = _hits.pop(get_ident(), [])
    return _dumps({"hits": found, "over": [one for one in _armed if _watches[one].over]})


def part(holder: Any, step: Step) -> Any:
    """A part of a value, found without running code of the user's; ``_MISSING`` where there is none."""
    kind, key = step
    if kind == "attribute":
        if type(holder).__getattribute__ not in _PLAIN:
            return _MISSING
        names = getattr(holder, "__dict__", None)
        found = dict.get(names, key, _MISSING) if isinstance(names, dict) else _MISSING
        return _in_slot(holder, key) if found is _MISSING else found
    if type(holder) is dict:
        return holder.get(key, _MISSING) if type(key) in _KEYS else _MISSING
    if type(holder) in (list, tuple) and type(key) is int and -len(holder) <= key < len(holder):
        return holder[key]
    return _MISSING


def _in_slot(holder: Any, name: str) -> Any:
    """What an object holds in one of its class's ``__slots__``."""
    for kind in _mro_of(type(holder)):
        slot = _names_of(kind).get(name)
        if type(slot) is MemberDescriptorType:
            try:
                return slot.__get__(holder)
            except AttributeError:
                return _MISSING
        if slot is not None:
            return _MISSING
    return _MISSING


_mro_of: Any = type.__dict__["__mro__"].__get__
_names_of: Any = type.__dict__["__dict__"].__get__
_PLAIN: tuple[Any, ...] = (object.__getattribute__, type(sys).__getattribute__)
_KEYS = (str, int, bool, type(None), float)


def _counts(count: int, every: tuple[str, int]) -> bool:
    comparison, number = every
    if comparison == "%":
        return count % number == 0
    return bool(
        {
            "==": count == number,
            ">=": count >= number,
            ">": count > number,
            "<=": count <= number,
            "<": count < number,
        }[comparison]
    )


def _kept(value: Any) -> Any:
    """A value that need not be rendered again while it is the same object. No other is kept alive."""
    return value if value is _MISSING or type(value) in SCALARS else _CAN_CHANGE


def _render(value: Any) -> Rendered | None:
    return _renderer.render(value) if value is not _MISSING else None
