"""Pure expressions on values that are literals: computed here, without running anything of the user's.

Only operators and a few builtins on numbers, texts and plain containers. Every operation that could
take long or much memory is bounded; what is outside raises :class:`Undecided`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

MAX_TEXT = 2_000
MAX_NODES = 200
MAX_BITS = 4_096
MAX_ITEMS = 10_000

_NUMBERS = (int, float, complex)
_SEQUENCES = (str, bytes, list, tuple)

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
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
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    one.__name__: one for one in (abs, all, any, bool, float, len, max, min, round, sorted, sum, type)
} | {"type": lambda value: type(value).__name__}


class Undecided(Exception):
    """An expression that cannot be computed from literals; the text says why."""


def names_in(expression: str) -> tuple[str, ...]:
    """The variables that an expression reads, sorted. Raises :class:`Undecided` for what does not parse."""
    reads = {node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name)}
    return tuple(sorted(reads))


def literal(text: str) -> Any:
    """The value that a ``repr`` writes out. Raises :class:`Undecided` for any other text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise Undecided(f"{text[:80]} is not a literal.") from None


def compute(expression: str, state: Mapping[str, str]) -> Any:
    """The value of ``expression``, the variables being the literals in ``state``.

    Raises :class:`Undecided` where it is not pure, not literal, too large, or raises.
    """
    tree = _parsed(expression)
    try:
        return _Evaluator(state).value(tree)
    except RecursionError:
        raise Undecided("The expression is nested too deep.") from None
    except (ArithmeticError, LookupError, TypeError, ValueError, MemoryError) as error:
        raise Undecided(f"{type(error).__name__}: {error}") from None


def _parsed(expression: str) -> ast.expr:
    if len(expression) > MAX_TEXT:
        raise Undecided("The expression is too long.")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Undecided(f"It does not parse: {error}.") from None
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise Undecided("The expression is too long.")
    return tree


class _Evaluator:
    """Walks an expression over a literal state."""

    def __init__(self, state: Mapping[str, str]) -> None:
        self._state = state

    def value(self, node: ast.expr) -> Any:
        """The value of one node."""
        handler = _NODES.get(type(node))
        if handler is None:
            raise Undecided(f"{ast.unparse(node)[:80]} would have to be run.")
        return handler(self, node)

    def name(self, node: ast.Name) -> Any:
        if node.id not in self._state:
            raise Undecided(f"{node.id} has no value here.")
        return literal(self._state[node.id])

    def constant(self, node: ast.Constant) -> Any:
        return node.value

    def unary(self, node: ast.UnaryOp) -> Any:
        return _UNARY[type(node.op)](self.value(node.operand))

    def binary(self, node: ast.BinOp) -> Any:
        act = _BINARY.get(type(node.op))
        if act is None:
            raise Undecided(f"{ast.unparse(node)[:80]} would have to be run.")
        left, right = self.value(node.left), self.value(node.right)
        _bounded(node.op, left, right)
        return act(left, right)

    def boolean(self, node: ast.BoolOp) -> Any:
        stop = isinstance(node.op, ast.Or)
        found: Any = None
        for one in node.values:
            found = self.value(one)
            if bool(found) is stop:
                break
        return found

    def compare(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        found: Any = True
        for act, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node)
            found = _COMPARE[type(act)](left, right)
            if not found:
                break
            left = right
        return found

    def choice(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def item(self, node: ast.Subscript) -> Any:
        return self.value(node.value)[self.value(node.slice)]

    def cut(self, node: ast.Slice) -> Any:
        return slice(
            *(self.value(one) if one is not None else None for one in (node.lower, node.upper, node.step))
        )

    def sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Any:
        kinds = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
        return kinds[type(node)](self.value(one) for one in node.elts)

    def mapping(self, node: ast.Dict) -> Any:
        if None in node.keys:
            raise Undecided("** would have to be run.")
        keys = [key for key in node.keys if key is not None]
        return {self.value(key): self.value(value) for key, value in zip(keys, node.values, strict=True)}

    def call(self, node: ast.Call) -> Any:
        function = _FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        known = function is not None and not (isinstance(node.func, ast.Name) and node.func.id in self._state)
        if function is None or not known or node.keywords:
            raise Undecided(f"{ast.unparse(node)[:80]} would have to be run.")
        return function(*(self.value(one) for one in node.args))


_NODES: Mapping[type[ast.expr], Callable[[_Evaluator, Any], Any]] = {
    ast.Name: _Evaluator.name,
    ast.Constant: _Evaluator.constant,
    ast.UnaryOp: _Evaluator.unary,
    ast.BinOp: _Evaluator.binary,
    ast.BoolOp: _Evaluator.boolean,
    ast.Compare: _Evaluator.compare,
    ast.IfExp: _Evaluator.choice,
    ast.Subscript: _Evaluator.item,
    ast.Slice: _Evaluator.cut,
    ast.List: _Evaluator.sequence,
    ast.Tuple: _Evaluator.sequence,
    ast.Set: _Evaluator.sequence,
    ast.Dict: _Evaluator.mapping,
    ast.Call: _Evaluator.call,
}


def _bounded(act: ast.operator, left: Any, right: Any) -> None:
    """Refuse what grows beyond measure before it is computed."""
    if isinstance(act, ast.Mod) and not isinstance(left, _NUMBERS):
        raise Undecided("Formatting of text is not computed.")
    if isinstance(act, ast.Pow | ast.LShift):
        count = right if isinstance(right, int) else 0
        bits = left.bit_length() if isinstance(left, int) else 0
        grown = bits * max(count, 1) if isinstance(act, ast.Pow) else bits + count
        if grown > MAX_BITS:
            raise Undecided("The result is too large.")
    if isinstance(act, ast.Mult | ast.Add):
        sizes = [len(one) for one in (left, right) if isinstance(one, _SEQUENCES)]
        times = [one for one in (left, right) if isinstance(one, int)] if isinstance(act, ast.Mult) else []
        if sizes and sum(sizes) * max(1, *times, 1) > MAX_ITEMS:
            raise Undecided("The result is too large.")
    numbers = [one.bit_length() for one in (left, right) if isinstance(one, int)]
    if sum(numbers) > 2 * MAX_BITS:
        raise Undecided("The result is too large.")
