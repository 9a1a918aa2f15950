"""Values as bounded text that is the same in every process.

The one renderer of the project. It also runs inside the user's program, so it (with ``bounds``, ``walk``
and ``writers``) needs nothing but the standard library, speaks Python 3.10, and keeps its own references
to the builtins it uses.
``render`` returns the fields of :class:`cwm_lsp.trace.model.Value` in order, as a plain tuple.

What it promises: the text is Python's ``repr`` where that is faithful and short enough; builtin
containers are walked here, never by their own ``repr``; sets are shown sorted; memory addresses
are gone; an object without a ``__repr__`` shows what is stored in it if its class is the user's; no property
is read; user code runs only as a ``__repr__``, and one that raises costs
that value alone. A type whose ``__repr__`` was slow or huge once is not asked again.
"""

from __future__ import annotations

from builtins import (  # noqa: UP029 - the user's program may rebind them
    bool,
    bytearray,
    bytes,
    dict,
    float,
    frozenset,
    int,
    isinstance,
    len,
    list,
    object,
    set,
    str,
    tuple,
    type,
)
from collections import deque
from typing import Any

from .bounds import DEFAULT, SCALARS, Rendered, RenderLimits, quick
from .walk import Walk, mro
from .writers import raw_type_name

__all__ = ["DEFAULT", "SCALARS", "RenderLimits", "Rendered", "Renderer", "render"]

_NONE: Rendered = ("None", "NoneType", None, False, False)
_TRUE: Rendered = ("True", "bool", None, False, False)
_FALSE: Rendered = ("False", "bool", None, False, False)
_WORD = 1 << 63
_int_repr, _float_repr, _str_repr = int.__repr__, float.__repr__, str.__repr__


class Renderer:
    """Renders values under one set of limits and remembers which types are not to be asked."""

    __slots__ = ("_quarantine", "limits")

    def __init__(self, limits: RenderLimits = DEFAULT) -> None:
        self.limits = limits
        self._quarantine: set[type] = set()

    def render(self, value: Any) -> Rendered:
        """The value as ``(text, type, size, cut, opaque)``. Never raises but ``KeyboardInterrupt``."""
        kind = type(value)
        if kind is int:
            if -_WORD < value < _WORD:
                return (_int_repr(value), "int", None, False, False)
        elif kind is str:
            if len(value) <= self.limits.string:
                return (_str_repr(value), "str", None, False, False)
        elif kind is float:
            return (_float_repr(value), "float", None, False, False)
        elif value is None:
            return _NONE
        elif kind is bool:
            return _TRUE if value else _FALSE
        text = quick(value, kind, self.limits)
        if text is not None:
            return (text, raw_type_name(kind), None, False, False)
        return self._walk(value, kind)

    def _walk(self, value: object, kind: type) -> Rendered:
        walk = Walk(self.limits, self._quarantine)
        text = walk.text(value, 0)
        if not text.isprintable():
            text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        size = _length(value) if walk.cut else None
        return (text, raw_type_name(kind), size, walk.cut, walk.opaque)


def render(value: object, limits: RenderLimits = DEFAULT) -> Rendered:
    """Render one value with a renderer of its own."""
    return Renderer(limits).render(value)


def _length(value: object) -> int | None:
    """Items of a builtin container or characters of a string, without calling user code."""
    base: Any
    for base in _SIZED:
        if isinstance(value, base) and base in mro(type(value)):
            return base.__len__(value)  # type: ignore[no-any-return]
    return None


_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset, deque)
