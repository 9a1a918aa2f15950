"""One value being rendered: the bounded walk through what it contains.

Part of the renderer (:mod:`cwm_lsp.trace.render`), so it also runs inside the user's program.
"""

from __future__ import annotations

import re
import sys
from builtins import (  # noqa: UP029 - the user's program may rebind them
    AttributeError,
    BaseException,
    KeyboardInterrupt,
    bool,
    dict,
    getattr,
    id,
    int,
    isinstance,
    len,
    list,
    object,
    repr,
    set,
    str,
    tuple,
    type,
    zip,
)
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from time import perf_counter, thread_time
from types import CodeType, FunctionType, MemberDescriptorType
from typing import Any

from .bounds import RenderLimits, quick
from .writers import WRITERS, raw_type_name, write_counter

_WORD = 1 << 63
_HUGE_REPR = 1_000_000
_strip_addresses = re.compile(r" at 0x[0-9A-Fa-f]+").sub
_int_repr, _str_repr = int.__repr__, str.__repr__
mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_namespace: Callable[[type], Any] = type.__dict__["__dict__"].__get__
_instance_dict: Callable[[Any, str], Any] = object.__getattribute__
_LIBRARY = str(getattr(sys.modules["os"], "__file__", ""))[: -len("os.py")]
_INSTALLED = ("site-packages", "dist-packages")


def _slot(kind: type, name: str) -> Any:
    """A special method as Python finds it for an instance, with no code of the user's run."""
    for base in mro(kind):
        found = _namespace(base).get(name)
        if found is not None:
            return found
    return None


class Walk:
    """One value being rendered: what room is left, and what had to be given up."""

    __slots__ = ("_objects", "_quarantine", "_room", "_stack", "cut", "limits", "opaque")

    def __init__(self, limits: RenderLimits, quarantine: set[type]) -> None:
        self.limits = limits
        self._quarantine = quarantine
        self._room = limits.text
        self._stack: set[int] = set()
        self._objects = 0
        self.cut = False
        self.opaque = False

    def text(self, value: Any, depth: int) -> str:
        """The text of ``value`` at ``depth`` levels below the top."""
        kind = type(value)
        if kind is str and len(value) <= self.limits.string:
            self._room -= len(value)
            return _str_repr(value)
        if kind is int or kind is list or kind is dict or kind is tuple or kind is set:
            short = _int_repr(value) if kind is int and -_WORD < value < _WORD else self.short(value, kind)
            if short is not None:
                self._room -= len(short)
                return short
        own = _slot(kind, "__repr__")
        writer = WRITERS.get(own) if own.__class__ is _WRAPPER else None
        if writer is not None:
            result = writer(self, value, depth)
        elif own.__class__ is FunctionType and _generated(own, _DATACLASS_FILES) and _is_dataclass(kind):
            result = self.inside(value, "...", depth, lambda: self._dataclass(value, kind, depth))
        elif own.__class__ is FunctionType and _is_namedtuple(kind, own):
            result = self.inside(value, "(...)", depth, lambda: self._namedtuple(value, kind, depth))
        elif kind is Counter:
            result = self.inside(value, "Counter(...)", depth, lambda: write_counter(self, value, depth))
        else:
            result = self.asked(value, kind, depth)
        self._room -= len(result)
        return result

    def short(self, value: Any, kind: type) -> str | None:
        """The text of a small flat container, where there is room for it."""
        text = quick(value, kind, self.limits) if len(self._stack) < self.limits.depth else None
        return text if text is not None and len(text) <= self._room else None

    def inside(self, value: Any, again: str, depth: int, write: Callable[[], str]) -> str:
        """``write()`` unless ``value`` contains itself or lies too deep."""
        key = id(value)
        if key in self._stack:
            return again
        if depth >= self.limits.depth:
            self.cut = True
            return again.replace("...", "…")
        self._stack.add(key)
        try:
            return write()
        finally:
            self._stack.discard(key)

    def listed(self, values: Iterable[Any], size: int, write: Callable[[Any], str]) -> str:
        """``a, b, … 9,997 more`` for the first values that fit."""
        parts: list[str] = []
        for value in list(islice(values, self.limits.items)):
            if self._room <= 0:
                break
            parts.append(write(value))
        left = size - len(parts)
        if left > 0:
            self.cut = True
            parts.append(f"… {left:,} more")
        return ", ".join(parts)

    def items(self, values: Iterable[Any], size: int, depth: int) -> str:
        """The items of a sequence or set."""
        return self.listed(values, size, lambda value: self.text(value, depth + 1))

    def pairs(self, value: dict[Any, Any], depth: int, items: Iterable[tuple[Any, Any]] | None = None) -> str:
        """``{key: value, ...}`` in the order of ``items``, or of the dict."""
        items = dict.items(value) if items is None else items

        def pair(item: tuple[Any, Any]) -> str:
            return f"{self.text(item[0], depth + 1)}: {self.text(item[1], depth + 1)}"

        return "{" + self.listed(items, dict.__len__(value), pair) + "}"

    def string(self, value: Any, base: Any) -> str:
        """A string, bytes or bytearray, its end left out where it is long."""
        size = base.__len__(value)
        if size <= self.limits.string:
            return base.__repr__(value)  # type: ignore[no-any-return]
        self.cut = True
        shown: str = base.__repr__(base.__getitem__(value, slice(self.limits.string)))
        end = 2 if shown.endswith(")") else 1
        return f"{shown[:-end]}… {size - self.limits.string:,} more{shown[-end:]}"

    def asked(self, value: Any, kind: type, depth: int) -> str:
        """What the type's own ``__repr__`` says, under guard; one that fails may yet miss what it shows."""
        if kind in self._quarantine:
            return self.nameless(kind)
        start, worked = perf_counter(), thread_time()
        try:
            text = str.__str__(repr(value))
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever the user's __repr__ raises costs this value only
            text = ""
        waited, limit = perf_counter() - start, self.limits.seconds
        # A busy machine may stop any thread for a moment: what only waits is given three times as long.
        slow = waited > limit and (waited > 3 * limit or thread_time() - worked > limit)
        if slow or len(text) > _HUGE_REPR:
            self._quarantine.add(kind)
        return self.shortened(text) if text else self.unfolded(value, kind, depth)

    def shortened(self, text: str) -> str:
        """``text`` without addresses, cut to the room there is."""
        if " at 0x" in text:
            self.opaque = True
            text = _strip_addresses("", text)
        room = self.limits.text
        if len(text) <= room:
            return text
        self.cut = True
        return f"{text[:room]}… {len(text) - room:,} more"

    def named(self, text: str, depth: int) -> str:
        """``text``, which names a function, class or module and, standing alone, says nothing of it."""
        self.opaque = self.opaque or depth == 0
        return text

    def nameless(self, kind: type) -> str:
        """``<Foo object>``: all that can be said."""
        self.opaque = True
        return f"<{raw_type_name(kind)} object>"

    def unfolded(self, value: Any, kind: type, depth: int) -> str:
        """``<Foo a=1, b='x'>`` for an object of a class of the user's that has no ``__repr__`` of its own."""
        known = _KINDS.get(id(kind))
        if known is None or known[0] is not kind:
            if len(_KINDS) >= _MOST_KINDS:
                _KINDS.clear()
            known = _KINDS[id(kind)] = (kind, _slots(kind) if _is_of_the_user(kind) else None)
        found = _stored(value, kind, known[1]) if known[1] is not None else None
        if not found:
            return self.nameless(kind)
        name = raw_type_name(kind)
        key = id(value)
        if key in self._stack:
            return f"<{name} ...>"
        if self._objects >= self.limits.objects or depth >= self.limits.depth:
            self.cut = True
            return f"<{name} …>"
        self._stack.add(key)
        self._objects += 1
        try:
            return f"<{name} {self._named(found, depth)}>"
        finally:
            self._objects -= 1
            self._stack.discard(key)

    def _dataclass(self, value: Any, kind: Any, depth: int) -> str:
        fields = [field.name for field in kind.__dataclass_fields__.values() if _shown(field)]
        found = [(name, _attribute(value, kind, name)) for name in fields]
        if any(item is _MISSING for _, item in found):  # still being built
            return self.nameless(kind)
        return f"{kind.__qualname__}({self._named(found, depth)})"

    def _namedtuple(self, value: Any, kind: Any, depth: int) -> str:
        found = list(zip(kind._fields, tuple.__iter__(value), strict=False))
        return f"{raw_type_name(kind)}({self._named(found, depth)})"

    def _named(self, found: list[tuple[str, Any]], depth: int) -> str:
        parts: list[str] = []
        for name, value in found:
            if self._room <= 0 or len(parts) == self.limits.items:
                self.cut = True
                parts.append(f"… {len(found) - len(parts):,} more")
                break
            parts.append(f"{name}={self.text(value, depth + 1)}")
        return ", ".join(parts)


def _is_of_the_user(kind: type) -> bool:
    """Whether a class is neither of the standard library nor of an installed package."""
    name = _namespace(kind).get("__module__")
    if not isinstance(name, str) or name in sys.builtin_module_names:
        return False
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return True
    return not (_LIBRARY and file.startswith(_LIBRARY)) and not any(part in file for part in _INSTALLED)


_KINDS: dict[int, tuple[type, tuple[str, ...] | None]] = {}
"""The slots of classes of the user's, ``None`` for others; by identity, as not every class can be a key."""

_MOST_KINDS = 4096


def _slots(kind: type) -> tuple[str, ...]:
    """The slots of a class but those of Python's own, such as ``__suppress_context__`` of an exception."""
    return tuple(
        name
        for base in mro(kind)[::-1]
        for name, slot in _namespace(base).items()
        if slot.__class__ is MemberDescriptorType and name[:2] != "__"
    )


def _stored(value: Any, kind: type, slots: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The attributes that an object holds itself, in slots or in its ``__dict__``: no property is read."""
    found = [(name, held) for name in slots if (held := _attribute(value, kind, name)) is not _MISSING]
    try:
        stored = _instance_dict(value, "__dict__")
    except AttributeError:
        return found
    return found + list(dict.items(stored)) if found else list(dict.items(stored))


_MISSING: Any = object()
_WRAPPER: type = type(object.__repr__)
_DATACLASS_FILES = ("dataclasses.py", "reprlib.py")


def _generated(function: Any, files: tuple[str, ...]) -> bool:
    """Whether a method was written by the standard library and not by the user."""
    code: CodeType = function.__code__
    return code.co_filename.endswith(files)


def _is_dataclass(kind: type) -> bool:
    return isinstance(getattr(kind, "__dataclass_fields__", None), dict)


def _is_namedtuple(kind: type, own: Any) -> bool:
    named = isinstance(getattr(kind, "_fields", None), tuple) and tuple in mro(kind)
    return named and _generated(own, ("collections/__init__.py", "collections\\__init__.py"))


def _shown(field: Any) -> bool:
    return bool(field.repr) and field._field_type is not _class_var() and field._field_type is not _init_var()


def _class_var() -> Any:
    return getattr(sys.modules.get("dataclasses"), "_FIELD_CLASSVAR", _MISSING)


def _init_var() -> Any:
    return getattr(sys.modules.get("dataclasses"), "_FIELD_INITVAR", _MISSING)


def _attribute(value: Any, kind: type, name: str) -> Any:
    """An attribute stored in the instance; ``_MISSING`` rather than running a property."""
    own = _slot(kind, name)
    if own.__class__ is MemberDescriptorType:
        try:
            return own.__get__(value)
        except AttributeError:
            return _MISSING
    try:
        stored = _instance_dict(value, "__dict__")
    except AttributeError:
        return _MISSING
    return dict.get(stored, name, _MISSING)
