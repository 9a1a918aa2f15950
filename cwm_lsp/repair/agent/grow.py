"""Expressions grown bottom-up over noted values; of those that give the same everywhere one is kept.

A vector holds an expression's value at every noted visit. Pure; values are plain data or stand-ins.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from .angel import FAILED

Vector = tuple[Any, ...]
Term = tuple[str, Vector]

ATOMS = 26
TERMS = 70
"""Expressions kept at each level."""

_ARITHMETIC: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("+", operator.add),
    ("-", operator.sub),
    ("*", operator.mul),
    ("//", operator.floordiv),
    ("%", operator.mod),
)

_COMPARISONS: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("<", operator.lt),
    ("<=", operator.le),
    ("==", operator.eq),
    ("!=", operator.ne),
    ("in", lambda one, other: one in other),
    ("not in", lambda one, other: one not in other),
)

_LONGEST = 200
"""Length of a sequence beyond which it is not worked with."""


def terms(atoms: Sequence[Term]) -> list[Term]:
    """Atoms, then what one operation makes of them; each behaviour once, the shortest text first."""
    first = distinct(sorted(atoms, key=lambda one: len(one[0])))[:ATOMS]
    return distinct([*first, *_second(first)])[: ATOMS + TERMS]


def distinct(found: Sequence[Term]) -> list[Term]:
    """Each vector once; those that have a value nowhere are left out."""
    kept: dict[str, Term] = {}
    for text, vector in found:
        if any(value is not FAILED for value in vector):
            kept.setdefault(repr(vector), (text, vector))
    return list(kept.values())


def _second(first: Sequence[Term]) -> Iterator[Term]:
    for text, vector in first:
        if any(isinstance(value, (list, tuple, str, dict, set)) for value in vector):
            yield f"len({text})", applied(len, vector)
    numbers = [one for one in first if _numeric(one[1])]
    for text, vector in numbers:
        if not _literal(text):
            yield f"{text} + 1", applied(lambda value: value + 1, vector)
            yield f"{text} - 1", applied(lambda value: value - 1, vector)
    for one, left in numbers:
        for other, right in numbers:
            if _literal(one) and _literal(other):
                continue
            for symbol, work in _ARITHMETIC:
                yield f"{_bound(one)} {symbol} {_bound(other)}", paired(work, left, right)
    for one, holder in first:
        for other, key in numbers:
            if any(isinstance(value, (list, tuple, str, dict)) for value in holder):
                yield f"{one}[{other}]", paired(operator.getitem, holder, key)


def _numeric(vector: Vector) -> bool:
    return any(type(value) in (int, float) for value in vector)


def _literal(text: str) -> bool:
    return text.lstrip("-").isdigit() or text[:1] in "'\"" or text in ("None", "True", "False")


def _bound(text: str) -> str:
    return f"({text})" if " " in text and not text.endswith((")", "]")) else text


def applied(work: Callable[[Any], Any], vector: Vector) -> Vector:
    """``work`` of each value."""
    return tuple(FAILED if value is FAILED else _tried(partial(work, value)) for value in vector)


def paired(work: Callable[[Any, Any], Any], left: Vector, right: Vector) -> Vector:
    """``work`` of each two values."""
    return tuple(
        FAILED if one is FAILED or other is FAILED else _small(work, one, other)
        for one, other in zip(left, right, strict=True)
    )


def _small(work: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    if any(isinstance(value, int) and abs(value) > 1 << 64 for value in (one, other)):
        return FAILED
    if work is operator.mul and not (type(one) in (int, float) and type(other) in (int, float)):
        return FAILED
    return _tried(partial(work, one, other))


def _tried(work: Callable[[], Any]) -> Any:
    try:
        value = work()
    except Exception:  # an operation that these values do not have
        return FAILED
    return FAILED if isinstance(value, (list, str, tuple)) and len(value) > _LONGEST else value


def predicates(found: Sequence[Term]) -> Iterator[Term]:
    """Conditions over terms, simple ones first; their vectors are worked out as they are asked for."""
    for text, vector in found:
        if not _literal(text) and " " not in text:
            yield text, applied(bool, vector)
            yield f"not {text}", applied(operator.not_, vector)
            if any(value is None for value in vector):
                yield f"{text} is None", applied(lambda value: value is None, vector)
                yield f"{text} is not None", applied(lambda value: value is not None, vector)
    ordered = sorted(found, key=lambda one: (" " in one[0]) + len(one[0]) / 100)
    for at, (one, left) in enumerate(ordered):
        for other, right in ordered[: at + 1]:
            if _literal(one) and _literal(other):
                continue
            yield from _compared(one, left, other, right)


def _compared(one: str, left: Vector, other: str, right: Vector) -> Iterator[Term]:
    for symbol, work in _COMPARISONS:
        yield f"{one} {symbol} {other}", paired(work, left, right)
        if symbol not in ("==", "!="):
            yield f"{other} {symbol} {one}", paired(work, right, left)
