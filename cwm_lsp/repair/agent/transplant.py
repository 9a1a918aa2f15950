"""Puts a candidate's code into what tests have already imported: functions, classes, objects stay the same.

A test that holds a table of the module, a member of an enumeration of it or an object that the module makes
has to see what the candidate's functions see. So each thing of the module run anew is paired with what was
there under its name, which takes over its contents; wherever else it is mentioned, the old one is put.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from types import FunctionType, ModuleType
from typing import Any

_OWN = {"__dict__", "__weakref__", "__module__", "__qualname__", "__doc__"}
"""What a class has of its own, whatever it can do."""

_FILLED = (dict, list, set, deque, bytearray)
"""Containers that are emptied and filled again."""


def transplant(old: ModuleType, new: ModuleType) -> None:
    """Make ``old`` behave as ``new``, whoever holds its functions, classes and objects.

    Raises ``ValueError`` where a function's closure changed its shape.
    """
    moved = _Transplant(new.__name__)
    names = [name for name in vars(new) if not name.startswith("__")]
    for name in names:
        moved.pair(vars(old).get(name), vars(new)[name])
    for name in names:
        if not moved.merged(vars(old).get(name), vars(new)[name]):
            setattr(old, name, moved.known(vars(new)[name]))


class _Transplant:
    """What of a module run anew stands for what."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._same: dict[int, tuple[Any, Any]] = {}
        """By the id of what is new: that, which has to live on for it, and what it stands for."""
        self._done: set[int] = set()

    def pair(self, before: Any, after: Any) -> None:
        """Note that ``before`` stands for ``after``, where it can take over its contents."""
        if before is None or before is after or id(after) in self._same or not self._alike(before, after):
            return
        self._same[id(after)] = after, before
        if isinstance(after, type) and issubclass(after, Enum):
            self._same.update((id(one), (one, before[name])) for name, one in after.__members__.items())
        if isinstance(after, type):
            for name, value in vars(after).items():
                self.pair(vars(before).get(name), value)

    def _alike(self, before: Any, after: Any) -> bool:
        if isinstance(before, FunctionType) and isinstance(after, FunctionType):
            return before.__module__ == self._module
        if isinstance(before, type) and isinstance(after, type):
            if issubclass(after, Enum) and issubclass(before, Enum):
                return _named(before) == _named(after) and before.__module__ == self._module
            return before.__module__ == self._module
        if type(before) is object and type(after) is object:
            return True
        if type(after) in _FILLED or (isinstance(after, _FILLED) and self._foreign(type(after))):
            return type(before) is type(after)
        return (
            self._made_here(before)
            and self._made_here(after)
            and type(before).__name__ == type(after).__name__
        )

    def _foreign(self, kind: type) -> bool:
        return kind.__module__ != self._module

    def _made_here(self, value: Any) -> bool:
        """Whether a value is an object of a class of the module, with fields."""
        return (
            type(value).__module__ == self._module
            and hasattr(value, "__dict__")
            and not isinstance(value, Enum)
        )

    def merged(self, before: Any, after: Any) -> bool:
        """Whether ``before`` could take over what ``after`` is; what cannot is replaced by its holder."""
        if isinstance(before, (staticmethod, classmethod)) and isinstance(after, (staticmethod, classmethod)):
            return type(before) is type(after) and self.merged(before.__func__, after.__func__)
        if isinstance(before, property) and isinstance(after, property):
            pairs = ((before.fget, after.fget), (before.fset, after.fset), (before.fdel, after.fdel))
            return all(self.merged(one, other) for one, other in pairs if one is not other)
        inner, newer = getattr(before, "__wrapped__", None), getattr(after, "__wrapped__", None)
        plain = isinstance(before, FunctionType) and isinstance(after, FunctionType)
        if not plain and isinstance(inner, FunctionType) and isinstance(newer, FunctionType):
            if callable(clear := getattr(before, "cache_clear", None)):
                clear()
            return self.merged(inner, newer)
        if before is None or not self._alike(before, after):
            return False
        if id(after) not in self._done:
            self._done.add(id(after))
            self._same[id(after)] = after, before
            self._taken_over(before, after)
        return True

    def _taken_over(self, before: Any, after: Any) -> None:
        if isinstance(after, FunctionType):
            self._function(before, after)
        elif isinstance(after, type):
            self._class(before, after)
        elif isinstance(after, _FILLED):
            _refilled(before, [*after.items()] if isinstance(after, dict) else [*after], self.known)
        elif type(after) is not object:
            fields = {name: self.known(value) for name, value in vars(after).items()}
            vars(before).clear()
            vars(before).update(fields)

    def _function(self, before: FunctionType, after: FunctionType) -> None:
        before.__code__ = after.__code__
        before.__defaults__ = self.known(after.__defaults__)
        before.__kwdefaults__ = self.known(after.__kwdefaults__)
        for one, other in zip(before.__closure__ or (), after.__closure__ or (), strict=False):
            try:
                held = one.cell_contents, other.cell_contents
            except ValueError:  # nothing is in it yet
                continue
            if not self.merged(*held):
                one.cell_contents = self.known(held[1])

    def _class(self, before: type, after: type) -> None:
        known = {id(one) for one in after.__members__.values()} if issubclass(after, Enum) else set()
        for name, value in vars(after).items():
            if name in _OWN or id(value) in known or (known and name.startswith("_") and name.endswith("_")):
                continue
            try:
                if not self.merged(vars(before).get(name), value):
                    setattr(before, name, self.known(value))
            except ValueError:  # a closure of another shape: what a class holds is looked up anew each time
                setattr(before, name, value)

    def known(self, value: Any) -> Any:
        """A value of the module run anew, with what was there before in the place of what stands for it."""
        if id(value) in self._same:
            return self._same[id(value)][1]
        if id(value) in self._done:
            return value
        if type(value) in (tuple, frozenset):
            return type(value)(map(self.known, value)) if value else value
        if isinstance(value, _FILLED) and self._foreign(type(value)):
            self._done.add(id(value))
            self._same[id(value)] = value, value
            if not isinstance(value, bytearray):
                _refilled(value, [*value.items()] if isinstance(value, dict) else [*value], self.known)
        elif type(value).__module__ == self._module and not isinstance(value, (type, Enum)):
            self._adopted(value)
        return value

    def _adopted(self, value: Any) -> None:
        """An object that nothing stood for: it gets the class that was there, and keeps its fields."""
        self._same[id(value)] = value, value
        if id(type(value)) in self._same:
            try:
                value.__class__ = self.known(type(value))
            except TypeError:  # with another layout it stays what it is
                return
        if self._made_here(value):
            fields = {name: self.known(one) for name, one in vars(value).items()}
            vars(value).clear()
            vars(value).update(fields)


def _named(kind: type[Enum]) -> list[tuple[str, object]]:
    return [(name, one.value) for name, one in kind.__members__.items()]


def _refilled(container: Any, contents: list[Any], known: Any) -> None:
    """Put ``contents`` into a container in the place of what is there."""
    container.clear()
    if isinstance(container, dict):
        container.update((known(key), known(value)) for key, value in contents)
    elif isinstance(container, set):
        container.update(map(known, contents))
    else:
        container.extend(map(known, contents))
