"""Comparisons in which special methods of the user's classes take part, and what is put in order by them."""

from __future__ import annotations

import ast
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any

from cwm_lsp.codec.expressions import unpure
from cwm_lsp.codec.kinds import BY_FIELDS, OPERATORS, ORDERED_BY, SWAPPED
from cwm_lsp.codec.operators import COMPARE, is_single
from cwm_lsp.codec.records import Opaque, Passing, Record, Undecided
from cwm_lsp.codec.special import Special

_TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.Eq,
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
"""What a comparison becomes when its operands change places."""


class Comparing(Special, ABC):
    """Walks comparisons of objects."""

    def _ordered_by(self, value: Any, method: str) -> str:
        """The comparison that ``total_ordering`` makes ``method`` of, "" where it does not."""
        found = self._fact(value.kind, method) if isinstance(value, Record) else None
        text = found.text if isinstance(found, Opaque) else ""
        return text[len(ORDERED_BY) : -1] if text.startswith(ORDERED_BY) else ""

    def _compares(self, value: Any, method: str) -> bool:
        """Whether the user's code answers a comparison of ``value``."""
        return self._has(value, method) or bool(self._ordered_by(value, method))

    def _in_order(self, name: str, items: Sequence[Any], node: ast.expr) -> Any:
        """``sorted``, ``min`` or ``max`` of ``items``, objects being compared as their class says."""
        walker, place = self, ast.Compare(node, [], [])

        class Compared:
            def __init__(self, value: Any) -> None:
                self.value = value

            def __lt__(self, other: Compared) -> bool:
                return bool(walker._compared(self.value, ast.Lt(), other.value, place))

            def __gt__(self, other: Compared) -> bool:
                return bool(walker._compared(self.value, ast.Gt(), other.value, place))

        compared = map(Compared, items)
        if name == "sorted":
            return [one.value for one in sorted(compared)]
        return (min(compared) if name == "min" else max(compared)).value

    def _compare(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        found: Any = True
        for act, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.kind(right_node) or self.value(right_node)
            found = self._compared(left, act, right, node)
            if not found:
                break
            left = right
        return found

    def _compared(self, left: Any, act: ast.cmpop, right: Any, node: ast.Compare) -> Any:
        own = OPERATORS.get(type(act), "")
        if self._has(left, own):
            return self._special(left, own, node, right)
        if isinstance(act, ast.NotEq) and self._has(left, "__eq__"):
            return not self._special(left, "__eq__", node, right)
        if isinstance(act, ast.In | ast.NotIn) and self._has(right, "__contains__"):
            inside = bool(self._special(right, "__contains__", node, left))
            return inside is isinstance(act, ast.In)
        if root := self._ordered_by(left, own):
            return self._by_total_order(left, act, right, root, node)
        if self._compares(right, SWAPPED.get(own, "")):
            return self._compared(right, _TURNED[type(act)](), left, node)
        if isinstance(left, Passing) or isinstance(right, Passing):
            raise unpure(node)
        if isinstance(act, ast.Is | ast.IsNot) and not (is_single(left) or is_single(right)):
            raise Undecided("Whether two names mean one object is not known.")
        left, right = self._apart(left), self._apart(right)
        if isinstance(act, ast.Eq | ast.NotEq) and self._by_fields(left, right):
            same: bool = left.kind == right.kind and left.fields == right.fields
            return same is isinstance(act, ast.Eq)
        return COMPARE[type(act)](left, right)

    def _by_total_order(self, left: Any, act: ast.cmpop, right: Any, root: str, node: ast.Compare) -> bool:
        """What ``functools.total_ordering`` makes of the method ``root`` of the class."""
        held = bool(self._special(left, root, node, right))
        strict = isinstance(act, ast.Lt | ast.Gt)
        if isinstance(act, ast.Lt | ast.LtE) is not (root in ("__lt__", "__le__")):
            held = not held
            if strict is not (root in ("__lt__", "__gt__")):
                return held
        if held is not strict:
            return held
        same = bool(self._compared(left, ast.Eq(), right, node))
        return not same if strict else same

    def _by_fields(self, left: Any, right: Any) -> bool:
        """Whether two objects are equal if their fields are."""
        if not isinstance(left, Record) or not isinstance(right, Record):
            return False
        return self._fact(left.kind, BY_FIELDS) is not None
