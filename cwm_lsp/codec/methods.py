"""Methods that are called: of values, of objects and classes of the file, of generators."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections import Counter
from typing import Any

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.expressions import unpure
from cwm_lsp.codec.given import Callee
from cwm_lsp.codec.kinds import AWAITS, GENERATES
from cwm_lsp.codec.making import Making
from cwm_lsp.codec.records import Class, Generating, Opaque, Passing, Record, Undecided, is_tangled
from cwm_lsp.codec.standard import Matched

_VIEWS = frozenset({"elements", "items", "keys", "values"})


class Methods(Making):
    """What calling a method gives, by what it is called on."""

    @abstractmethod
    def _is_defined(self, found: Any) -> bool:
        """Whether what is known of an attribute of a class is that it is a method."""

    def _of_class(self, kind: str, method: str, node: ast.Call) -> Any:
        """What calling ``method`` on a class of the file gives."""
        if self._holds_class(kind, method):
            return self._made_by(method, node)
        return self._gave_back(node, Callee(method, kind))

    def _method(self, owner: Any, method: str, node: ast.Call) -> Any:
        if isinstance(owner, Matched):
            return self._of_match(owner, node.func, method, *self._several(node.args))
        if isinstance(owner, Class):
            if self._facts(owner.name) is None:
                raise unpure(node)
            return self._of_class(owner.name, method, node)
        if isinstance(owner, Record) and not isinstance(owner, Generating):
            return self._of_object(owner, method, node)
        if isinstance(owner, Generating):
            if method not in ("__next__", "send"):
                raise unpure(node)
            for one in node.args:
                self._handed(one)
            return next(self._draws(owner))
        if not self._may_call(type(owner), method):
            raise unpure(node)
        if isinstance(owner, Counter) and is_tangled(owner) and self._ordered and method in _VIEWS:
            raise Undecided("The order of a counter that was read is not known.")
        given, named = self._arguments(node)
        given = [Passing(self._draws(one)) if isinstance(one, Generating) else one for one in given]
        return pure_calls.call_method(owner, method, given, named)

    def _of_object(self, owner: Record, method: str, node: ast.Call) -> Any:
        """What calling ``method`` of an object of the file gives."""
        callee = Callee(method, owner.kind, owner)
        found = self._fact(owner.kind, method)
        if self._holds_class(owner.kind, method):
            return self._made_by(method, node)
        if isinstance(found, Opaque) and found.text.startswith(GENERATES):
            return self._generating(method, node, callee, found.text[len(GENERATES) : -1])
        if isinstance(found, Opaque) and found.text == AWAITS:
            raise unpure(node)
        if found is None and isinstance(self._apart(owner), tuple):
            return self._of_named_tuple(owner, method, node)
        if (found is None or self._is_defined(found)) and method in owner.fields:
            return self._gave_back(node, self._stored_callee(owner.fields[method], node))
        return self._gave_back(node, callee)

    def _of_named_tuple(self, owner: Record, method: str, node: ast.Call) -> Any:
        """What calling one of the methods gives that every named tuple has."""
        given, named = self._arguments(node)
        if method == "_asdict" and not given and not named:
            return dict(owner.fields)
        if method == "_replace" and not given and named.keys() <= owner.fields.keys():
            return Record(owner.kind, {**owner.fields, **named})
        if method in pure_calls.METHODS.get(tuple, ()):
            return pure_calls.call_method(self._apart(owner), method, given, named)
        raise unpure(node)

    def _stored_callee(self, stored: Any, node: ast.expr) -> Callee:
        """What calling an attribute that is ``stored`` in an object enters."""
        if self._has(stored, "__call__"):
            return Callee("__call__", stored.kind, stored)
        callee = self._callee(stored.text) if isinstance(stored, Opaque) else None
        if callee is None:
            raise unpure(node)
        return callee

    def _may_call(self, kind: type, method: str) -> bool:
        return method in pure_calls.METHODS.get(kind, ())
