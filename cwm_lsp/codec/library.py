"""What objects of the standard library answer in expressions: modules, matches, what is awaited."""

from __future__ import annotations

import ast
import re
from typing import Any

from cwm_lsp.codec.expressions import ERRORS, unpure
from cwm_lsp.codec.given import Callee, Given
from cwm_lsp.codec.kinds import AWAITS, COROUTINE
from cwm_lsp.codec.literals import called_in
from cwm_lsp.codec.records import Opaque, Record, Undecided
from cwm_lsp.codec.standard import FOUND, MATCHED, Matched

_MODULE = re.compile(r"<module '([\w.]+)'>")


class Library(Given):
    """Walks expressions that ask such objects."""

    def _module(self, node: ast.expr) -> str:
        """The module that ``node`` stands for, "" for none."""
        if not isinstance(node, ast.Name) or node.id in self._own:
            return ""
        if node.id not in self._state:
            return node.id
        found = _MODULE.fullmatch(self._state[node.id])
        return found[1] if found else ""

    def _awaits(self, node: ast.Await) -> Any:
        return self._awaited(node.value)

    def _awaited(self, node: ast.expr) -> Any:
        """What a coroutine of the user's gives that ``node`` makes; sleeping gives nothing."""
        match node:
            case ast.Call(func=ast.Name(id=name)) as call if f"{name}{COROUTINE}" in self._state:
                return self._gave_back(call, Callee(name))
            case ast.Call(func=ast.Attribute(value=owner, attr="sleep"), args=[delay]):
                if self._module(owner) == "asyncio":
                    self.value(delay)
                    return None
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) as call if not self._module(owner):
                record = self.value(owner)
                found = self._fact(record.kind, method) if isinstance(record, Record) else None
                if isinstance(found, Opaque) and found.text == AWAITS:
                    return self._gave_back(call, Callee(method, record.kind, record))
        raise unpure(node)

    def _item(self, node: ast.Subscript) -> Any:
        if isinstance(node.value, ast.Name) and self._state.get(node.value.id, "").startswith(MATCHED):
            return self._of_match(self.value(node.value), node, "__getitem__", self.value(node.slice))
        return super()._item(node)

    def _of_match(self, owner: Matched, node: ast.expr, method: str, *given: Any) -> Any:
        """What ``method`` of a match gives that ``node`` looks into: its text may not say all of it."""
        holder = getattr(node, "value", None)
        calls = self._state.get(f"{holder.id}{FOUND}", "") if isinstance(holder, ast.Name) else ""
        found = [match for one in calls.splitlines() if (match := self._matched_by(owner, one)) is not None]
        told = (getattr(match, method) for match in found)
        answers = [one(*given) if callable(one) else one for one in told]
        if not answers:
            return owner.asked(method, *given)
        if any(one != answers[0] for one in answers):
            raise Undecided("Which call found it is not known.")
        return answers[0]

    def _matched_by(self, owner: Matched, call: str) -> re.Match[str] | None:
        """``owner`` as what ``call`` found, if it did."""
        node = called_in(call)
        assert isinstance(node.func, ast.Attribute)
        try:
            by_module = self._module(node.func.value) == "re"
            pattern, text = map(self.value, node.args[:2] if by_module else (node.func.value, node.args[0]))
        except (Undecided, *ERRORS):
            return None
        return owner.again(node.func.attr, pattern, text)
