"""Carries out single statements on values that are literals: what they make of the containers they change."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.evaluator import Evaluator, unpure
from cwm_lsp.codec.literals import literal
from cwm_lsp.codec.pure_calls import Record, items_of


class Actor(Evaluator):
    """Carries out one simple statement, or the head of a branch, on copies of the values.

    ``touched`` holds those that it read or bound, ``results`` what a ``return`` gives or a branch decides.
    """

    def __init__(self, state: Mapping[str, str], given: Sequence[str] = ()) -> None:
        super().__init__(state, given)
        self.touched: dict[str, Any] = {}
        self.results: list[Any] = []

    def _read(self, name: str) -> Any:
        if name not in self.touched:
            self.touched[name] = literal(self._state[name])
        return self.touched[name]

    def _may_call(self, kind: type, method: str) -> bool:
        return super()._may_call(kind, method) or method in pure_calls.CHANGING.get(kind, ())

    def _missing(self, owner: defaultdict[Any, Any]) -> None:
        """The values are copies: they may change."""

    def run(self, statement: ast.stmt) -> None:
        """Carry out ``statement``. Raises as :meth:`value` does."""
        match statement:
            case ast.Expr(value=value):
                self.value(value)
            case ast.Assign(targets=targets, value=value):
                result = self.value(value)
                for target in targets:
                    self._store(target, result)
            case ast.AugAssign(target=target, op=op, value=value):
                self._store(target, self.value(ast.BinOp(target, op, value)))
            case ast.Return(value=ast.expr() as value):
                self.results.append(self.value(value))
            case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
                self.results.append(bool(self.value(test)))
            case ast.Delete(targets=targets):
                for target in targets:
                    if not isinstance(target, ast.Subscript):
                        raise unpure(target)
                    del self.value(target.value)[self.value(target.slice)]
            case _:
                raise unpure(statement)

    def _store(self, target: ast.expr, result: Any) -> None:
        match target:
            case ast.Name(id=name):
                self.touched[name] = result
            case ast.Subscript(value=owner, slice=place):
                self.value(owner)[self.value(place)] = result
            case ast.Attribute(value=owner, attr=name):
                record = self.value(owner)
                if not isinstance(record, Record) or name not in record.fields:
                    raise unpure(target)
                record.fields[name] = result
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for one, part in zip(elements, items_of(result), strict=True):
                    self._store(one, part)
            case _:
                raise unpure(target)
