"""How much of a value is shown, and the short way for what is small and flat.

Part of the renderer (:mod:`cwm_lsp.trace.render`), so it also runs inside the user's program: standard
library only, Python 3.10, its own references to the builtins.
"""

from __future__ import annotations

from builtins import (  # noqa: UP029 - the user's program may rebind them
    TypeError,
    ValueError,
    bool,
    bytes,
    complex,
    dict,
    float,
    frozenset,
    int,
    len,
    list,
    map,
    range,
    repr,
    set,
    sorted,
    str,
    sum,
    tuple,
    type,
)
from typing import Any, NamedTuple

Rendered = tuple[str, str, "int | None", bool, bool]
"""``(text, type, size, cut, opaque)``: the fields of ``trace.model.Value``."""


class RenderLimits(NamedTuple):
    """How much of a value is shown.

    ``string``: characters of one string; ``items``: items of one container; ``depth``: levels of
    nesting; ``objects``: levels of objects within objects whose attributes are shown; ``text``:
    characters in all, roughly; ``seconds``: what a ``__repr__`` may take before its type is no longer
    asked.
    """

    string: int = 1000
    items: int = 500
    depth: int = 6
    objects: int = 3
    text: int = 2000
    seconds: float = 0.05


DEFAULT = RenderLimits()

SCALARS: frozenset[type] = frozenset((int, float, complex, bool, str, bytes, type(None), range, type(...)))
"""Exact types whose instances never change: the same object always renders the same."""

_NUMBERS: frozenset[type] = frozenset((int, float, bool, type(None)))
_STRINGS: frozenset[type] = frozenset((str,))
_list_repr = list.__repr__


def quick(value: Any, kind: type, limits: RenderLimits) -> str | None:
    """A small flat container of numbers or short strings, by Python's own ``repr`` in C."""
    if kind is list or kind is tuple:
        if not is_flat(value, limits):
            return None
    elif kind is dict:
        if not (is_flat(value, limits) and is_flat(dict.values(value), limits)):
            return None
    elif kind is set:
        if not value or not is_flat(value, limits):
            return None
        try:
            text = f"{{{_list_repr(sorted(value))[1:-1]}}}"
        except (TypeError, ValueError):
            return None
        return text if len(text) <= limits.text else None
    else:
        return None
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python prints
        return None
    return text if len(text) <= limits.text else None


def is_flat(values: Any, limits: RenderLimits) -> bool:
    """Whether ``repr`` of these few values is bounded: numbers only, or strings short in all."""
    if len(values) > limits.items:
        return False
    kinds = set(map(type, values))
    return kinds <= _NUMBERS or (kinds == _STRINGS and sum(map(len, values)) <= limits.string)
