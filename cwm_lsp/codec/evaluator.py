"""Pure expressions over values that are literals: names, attributes and calls.

Calls are those of the builtins and methods of :mod:`cwm_lsp.codec.pure_calls`, on numbers, texts and plain
containers, and what calls of the user's functions gave back.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from cwm_lsp.codec import pure_calls, pure_modules
from cwm_lsp.codec.expressions import Expressions, unpure
from cwm_lsp.codec.failures import PLAIN, Failure
from cwm_lsp.codec.kinds import MARK, OPERATORS, PROPERTY, makes_plain
from cwm_lsp.codec.literals import kept_literal, literal
from cwm_lsp.codec.operators import BINARY, COMPARE, bounded, is_single
from cwm_lsp.codec.pure_calls import Opaque, Passing, Record, Undecided
from cwm_lsp.codec.shapes import DATACLASS, shape_fields

FUNCTION = "<function "
_MODULE = re.compile(r"<module '([\w.]+)'>")


class Awaiting(Undecided):
    """A call of the user's function that has to be made first.

    ``node`` is what makes it, ``given`` and ``named`` are what it is handed, as far as that is a value.
    """

    def __init__(self, node: ast.expr, given: Sequence[Any] = (), named: Mapping[str, Any] | None = None):
        super().__init__(f"{ast.unparse(node)[:80]} would have to be run.")
        self.node = node
        self.given = tuple(given)
        self.named = named or {}


UNKNOWN = Passing()
"""Stands for what a call is handed and cannot be worked out."""


class Function(Opaque):
    """A function of the user's, as a value: ``act`` gives what the next call of it gave back."""

    def __init__(self, text: str, act: Callable[..., Any]) -> None:
        super().__init__(text)
        self._act = act

    def __call__(self, *given: Any) -> Any:
        """What it gave back. Raises :class:`Awaiting`."""
        return self._act(*given)


class Evaluator(Expressions):
    """Walks an expression over a literal state.

    ``given`` are what calls of the user's functions have given back, in order; one that is not among them is
    undecided. ``taken`` counts those that were made use of.
    """

    def __init__(self, state: Mapping[str, str], given: Sequence[str] = ()) -> None:
        super().__init__(state)
        self._given = given
        self.taken = 0

    def _name(self, node: ast.Name) -> Any:
        if node.id in self._own:
            return self._own[node.id]
        if node.id in self._state and not self._state[node.id].startswith(FUNCTION):
            return self._read(node.id)
        if node.id not in self._state and node.id in pure_modules.FUNCTIONS:
            return pure_modules.FUNCTIONS[node.id]
        if self._state.get(node.id, "").startswith(FUNCTION):
            return Function(self._state[node.id], partial(self._next_given, node))
        if self.taken < len(self._given):
            return lambda *given: self._next_given(node, *given)
        raise Undecided(f"{node.id} has no value here.")

    def _binary(self, node: ast.BinOp) -> Any:
        act = BINARY.get(type(node.op))
        if act is None:
            raise unpure(node)
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Record) and self._defines(left.kind, OPERATORS.get(type(node.op), "")):
            return self._next_given(node)
        bounded(node.op, left, right)
        return act(left, right)

    def _compare(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        found: Any = True
        for act, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.kind(right_node) or self.value(right_node)
            if isinstance(left, Record) and self._defines(left.kind, OPERATORS.get(type(act), "")):
                found = left = self._next_given(node)
                if not found:
                    break
                continue
            if isinstance(left, Passing) or isinstance(right, Passing):
                raise unpure(node)
            if isinstance(act, ast.Is | ast.IsNot) and not (is_single(left) or is_single(right)):
                raise Undecided("Whether two names mean one object is not known.")
            found = COMPARE[type(act)](left, right)
            if not found:
                break
            left = right
        return found

    def kind(self, node: ast.expr) -> Any:
        """The builtin type that ``node`` names, several as a tuple, or ``None``."""
        if isinstance(node, ast.Name) and node.id not in self._own and node.id not in self._state:
            return pure_calls.TYPES.get(node.id)
        if isinstance(node, ast.Tuple) and node.elts:
            kinds = tuple(self.kind(one) for one in node.elts)
            return kinds if all(kinds) else None
        return None

    def _module(self, node: ast.expr) -> str:
        """The module that ``node`` stands for, "" for none."""
        if not isinstance(node, ast.Name) or node.id in self._own:
            return ""
        if node.id not in self._state:
            return node.id
        found = _MODULE.fullmatch(self._state[node.id])
        return found[1] if found else ""

    def _attribute(self, node: ast.Attribute) -> Any:
        module = pure_modules.MODULES.get(self._module(node.value), {})
        if node.attr in module:
            return module[node.attr]
        if isinstance(node.value, ast.Name) and node.value.id not in self._state:
            kind = pure_calls.TYPES.get(node.value.id)
            if kind is not None and node.attr in pure_calls.METHODS.get(kind, ()):
                return lambda value, *given: self._asked(kind, value, node, given)
        if not isinstance(node.value, ast.Name) or node.value.id in self._state or node.value.id in self._own:
            owner = self.value(node.value)
            if isinstance(owner, Record) and node.attr in owner.fields:
                return owner.fields[node.attr]
            if isinstance(owner, Record):
                return self._shared(owner.kind, node)
        if isinstance(node.value, ast.Name) and node.value.id not in self._own:
            return self._shared(node.value.id, node)
        raise unpure(node)

    def _is_bare(self, name: str) -> bool:
        """Whether ``name`` is a class whose objects begin without fields."""
        known = self._state.get(f"{name}{MARK}")
        if known is None or self._state.get(name, f"<class {name!r}>") != f"<class {name!r}>":
            return False
        return makes_plain(kept_literal(known))

    def _defines(self, kind: str, method: str) -> bool:
        """Whether a class has an operator of its own."""
        known = self._state.get(f"{kind}{MARK}")
        return bool(method) and known is not None and method in kept_literal(known)

    def _shared(self, kind: str, node: ast.Attribute) -> Any:
        """What all objects of a class have: a constant, a member, what a property gives."""
        known = self._state.get(f"{kind}{MARK}")
        found = kept_literal(known) if known is not None else {}
        if node.attr not in found:
            raise unpure(node)
        value = found[node.attr]
        return self._next_given(node) if isinstance(value, Opaque) and value.text == PROPERTY else value

    def _asked(self, kind: type, value: Any, node: ast.Attribute, given: Sequence[Any]) -> Any:
        if type(value) is not kind:
            raise unpure(node)
        return pure_calls.call_method(value, node.attr, list(given), {})

    def _call(self, node: ast.Call) -> Any:
        match node.func:
            case ast.Name(id=name) if self._state.get(name, "").startswith(DATACLASS):
                return self._made(self._state[name], node)
            case ast.Name(id=name) if not node.args and not node.keywords and self._is_bare(name):
                return Record(name, {}, plain=True)
            case ast.Name(id=name) if self._state.get(name, "").startswith("<"):
                return self._gave_back(node)
            case ast.Name(id=name) if name not in self._own and name not in self._state:
                return self._builtin(name, node)
            case ast.Attribute(value=ast.Name(id=name)) if f"{name}{MARK}" in self._state:
                return self._gave_back(node)
            case ast.Attribute(value=owner, attr=name) if self._module(owner):
                act = self._changer(name) if self._module(owner) in ("heapq", "bisect") else None
                given, named = self._arguments(node)
                return (act or self._attribute(node.func))(*given, **named)
            case ast.Attribute(value=owner, attr=method):
                value = self.value(owner)
                if isinstance(value, Record):
                    return self._gave_back(node)
                if self._may_call(type(value), method):
                    given, named = self._arguments(node)
                    return pure_calls.call_method(value, method, given, named)
            case ast.Subscript():
                called = self.value(node.func)
                if isinstance(called, Opaque) and called.text.startswith(FUNCTION):
                    return self._gave_back(node)
        raise unpure(node)

    def _may_call(self, kind: type, method: str) -> bool:
        return method in pure_calls.METHODS.get(kind, ())

    def _builtin(self, name: str, node: ast.Call) -> Any:
        if name == "isinstance" and len(node.args) == 2:
            kinds = self.kind(node.args[1])
            if kinds is None:
                raise unpure(node)
            return isinstance(self.value(node.args[0]), kinds)
        if name == "type" and len(node.args) == 1:
            return type(self.value(node.args[0]))
        if name in PLAIN:
            given, named = self._arguments(node)
            if named:
                raise unpure(node)
            return Failure(name, tuple(given))
        changer = self._changer(name)
        if changer is not None:
            given, named = self._arguments(node)
            return changer(*given, **named)
        if name not in pure_modules.FUNCTIONS:
            return self._gave_back(node)
        match node.args:
            case [ast.GeneratorExp(elt=element, generators=generators)] if name in ("any", "all"):
                return self._until(element, generators, name == "any")
        ordered = self._ordered
        self._ordered = ordered and name not in pure_calls.ORDER_FREE
        try:
            given, named = self._arguments(node)
        finally:
            self._ordered = ordered
        return pure_modules.FUNCTIONS[name](*given, **named)

    def _changer(self, name: str) -> Callable[..., Any] | None:
        """A function that changes what it is given, where values may change."""
        return None

    def _made(self, shape: str, node: ast.Call) -> Record:
        """An object of a dataclass of the shape that :func:`cwm_lsp.codec.shapes.dataclass_shape` writes."""
        given, named = self._arguments(node)
        kind, parameters = shape_fields(shape)
        if len(given) > len(parameters) or not set(named) <= set(parameters):
            raise unpure(node)
        fields = {
            name: given[place] if place < len(given) else named[name] if name in named else literal(default)
            for place, (name, default) in enumerate(parameters.items())
        }
        return Record(kind, fields)

    def _arguments(self, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        given = self._several(node.args)
        if any(keyword.arg is None for keyword in node.keywords):
            raise unpure(node)
        return given, {str(keyword.arg): self.value(keyword.value) for keyword in node.keywords}

    def _gave_back(self, node: ast.Call) -> Any:
        """What a call of the user's function gave back: calls in its arguments come before it."""
        plain = takewhile(lambda one: not isinstance(one, ast.Starred), node.args)
        given = [self._handed(argument) for argument in plain]
        for argument in node.args[len(given) :]:
            self._handed(argument)
        named = {one.arg: self._handed(one.value) for one in node.keywords if one.arg is not None}
        return self._next_given(node, *given, **named)

    def _handed(self, argument: ast.expr) -> Any:
        """What an argument comes to. One that makes no call may be anything."""
        if any(isinstance(inner, ast.Call) for inner in ast.walk(argument)):
            return self.value(argument)
        try:
            return self.value(argument)
        except Awaiting:
            raise
        except Undecided:
            return UNKNOWN

    def _next_given(self, node: ast.expr, *given: Any, **named: Any) -> Any:
        """What the next call of the user's gave back. Raises :class:`Awaiting`."""
        if self.taken >= len(self._given):
            raise Awaiting(node, given, named)
        self.taken += 1
        return self._value_of(self._given[self.taken - 1])
