"""The operators of computed expressions, and what bounds them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.members import Member
from cwm_lsp.codec.pure_calls import MAX_BITS, MAX_ITEMS
from cwm_lsp.codec.records import Passing, Undecided

_SEQUENCES = (str, bytes, list, tuple)

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul,
}
UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda left, right: is_same(left, right),
    ast.IsNot: lambda left, right: not is_same(left, right),
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
CONVERSIONS: Mapping[int, Callable[[Any], str]] = {ord("r"): repr, ord("s"): str, ord("a"): ascii}


def is_same(left: Any, right: Any) -> bool:
    """Whether two values are one object, one of them being the only one of its kind."""
    return left is right or (isinstance(left, Member) and isinstance(right, Member) and left == right)


def is_single(value: Any) -> bool:
    """Whether there is only one object equal to ``value``."""
    return value is None or isinstance(value, bool | type | Member)


def bounded(act: ast.operator, left: Any, right: Any) -> None:
    """Refuse what grows beyond measure before it is computed."""
    if isinstance(left, Passing) or isinstance(right, Passing):
        raise Undecided("An iterator is no operand.")
    if isinstance(act, ast.Mod) and isinstance(left, str | bytes):
        template = left if isinstance(left, str) else left.decode("latin-1")
        pure_calls.narrow(template)
        if "*" in template:
            raise Undecided("The width is not in the format.")
        pure_calls.written(right)
    if isinstance(act, ast.Pow | ast.LShift):
        count = right if isinstance(right, int) else 0
        bits = left.bit_length() if isinstance(left, int) else 0
        grown = bits * max(count, 1) if isinstance(act, ast.Pow) else bits + count
        if grown > MAX_BITS:
            raise Undecided("The result is too large.")
    if isinstance(act, ast.Mult | ast.Add):
        sequences = [one for one in (left, right) if isinstance(one, _SEQUENCES)]
        if any(
            isinstance(inner, Passing) for one in sequences if isinstance(one, list | tuple) for inner in one
        ):
            raise Undecided("Who goes through one of the iterators goes through all.")
        sizes = list(map(len, sequences))
        times = [one for one in (left, right) if isinstance(one, int)] if isinstance(act, ast.Mult) else []
        if sizes and sum(sizes) * max(1, *times, 1) > MAX_ITEMS:
            raise Undecided("The result is too large.")
    numbers = [one.bit_length() for one in (left, right) if isinstance(one, int)]
    if sum(numbers) > 2 * MAX_BITS:
        raise Undecided("The result is too large.")
