"""Walks pure expressions over values that are literals.

Operators, comprehensions and the builtins and methods of :mod:`cwm_lsp.codec.pure_calls`, on numbers, texts
and plain containers. Every operation that could take long or much memory is bounded; what is outside
raises :class:`Undecided`.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from cwm_lsp.codec import pure_calls, pure_modules
from cwm_lsp.codec.failures import PLAIN, Failure
from cwm_lsp.codec.kinds import MARK, OPERATORS, PROPERTY
from cwm_lsp.codec.literals import kept_literal, literal
from cwm_lsp.codec.operators import BINARY, COMPARE, CONVERSIONS, UNARY, bounded, is_single
from cwm_lsp.codec.pure_calls import Opaque, Passing, Record, Undecided, items_of
from cwm_lsp.codec.shapes import DATACLASS, shape_fields
from cwm_lsp.codec.templates import TEMPLATE, read

FUNCTION = "<function "
_MODULE = re.compile(r"<module '([\w.]+)'>")

MAX_STEPS = 20_000
"""Nodes that are visited at most, large values counting as several."""

_ITEMS_A_STEP = 8


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

ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, StopIteration)
"""What an operation on literals may raise, as Python itself would."""

_SEQUENCES = (str, bytes, list, tuple)
_SIZED = (*_SEQUENCES, dict, set, frozenset)


class Function(Opaque):
    """A function of the user's, as a value: ``act`` gives what the next call of it gave back."""

    def __init__(self, text: str, act: Callable[..., Any]) -> None:
        super().__init__(text)
        self._act = act

    def __call__(self, *given: Any) -> Any:
        """What it gave back. Raises :class:`Awaiting`."""
        return self._act(*given)


class Evaluator:
    """Walks an expression over a literal state.

    ``given`` are what calls of the user's functions have given back, in order; one that is not among them is
    undecided. What is computed is never changed, so values may be shared.
    ``met`` says that an object of the user's took part.
    """

    def __init__(self, state: Mapping[str, str], given: Sequence[str] = ()) -> None:
        self._state = state
        self._given = given
        self._templates = tuple(
            (name.removesuffix(TEMPLATE), text) for name, text in state.items() if name.endswith(TEMPLATE)
        )
        self._own: dict[str, Any] = {}
        self._ordered = True
        self._steps = 0
        self.met = False
        self.taken = 0

    def value(self, node: ast.expr) -> Any:
        """The value of one node. Raises :class:`Undecided`, and what the operation itself raises."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Undecided("It takes too many steps.")
        handler = NODES.get(type(node))
        if handler is None:
            raise unpure(node)
        try:
            found = handler(self, node)
        except ERRORS:
            if self.met:  # what a record cannot do, the object's class may do
                raise Undecided("What the user's objects do is not known.") from None
            raise
        self.met |= isinstance(found, Record)
        if isinstance(found, _SIZED):
            self._steps += len(found) // _ITEMS_A_STEP
        return found

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

    def _read(self, name: str) -> Any:
        return self._value_of(self._state[name])

    def _value_of(self, text: str, *, kept: bool = True) -> Any:
        """The value that a text writes; ``kept`` says that nobody changes it."""
        return read(text, self._templates, kept=kept)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _unary(self, node: ast.UnaryOp) -> Any:
        return UNARY[type(node.op)](self.value(node.operand))

    def _binary(self, node: ast.BinOp) -> Any:
        act = BINARY.get(type(node.op))
        if act is None:
            raise unpure(node)
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Record) and self._defines(left.kind, OPERATORS.get(type(node.op), "")):
            return self._next_given(node)
        bounded(node.op, left, right)
        return act(left, right)

    def _boolean(self, node: ast.BoolOp) -> Any:
        stop = isinstance(node.op, ast.Or)
        found: Any = None
        for one in node.values:
            found = self.value(one)
            if bool(found) is stop:
                break
        return found

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

    def _choice(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def _item(self, node: ast.Subscript) -> Any:
        owner, place = self.value(node.value), self.value(node.slice)
        if isinstance(owner, defaultdict) and place not in owner:
            self._missing(owner)
        return owner[place]

    def _missing(self, owner: defaultdict[Any, Any]) -> None:
        """Reading an item that is not there makes one."""
        raise Undecided("It changes what it reads.")

    def _cut(self, node: ast.Slice) -> Any:
        return slice(
            *(self.value(one) if one is not None else None for one in (node.lower, node.upper, node.step))
        )

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Any:
        kinds = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
        return kinds[type(node)](self._several(node.elts))

    def _several(self, nodes: Sequence[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for one in nodes:
            if isinstance(one, ast.Starred):
                found += items_of(self.value(one.value))
            else:
                found.append(self.value(one))
        return found

    def _mapping(self, node: ast.Dict) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found |= self.value(value)
            else:
                found[self.value(key)] = self.value(value)
        return found

    def _text(self, node: ast.JoinedStr) -> str:
        return "".join(
            self._field(part) if isinstance(part, ast.FormattedValue) else str(self.value(part))
            for part in node.values
        )

    def _field(self, node: ast.FormattedValue) -> str:
        value = self.value(node.value)
        if node.conversion in CONVERSIONS:
            value = pure_calls.written(value, CONVERSIONS[node.conversion])
        spec = self._text(node.format_spec) if isinstance(node.format_spec, ast.JoinedStr) else ""
        return pure_calls.formatted(value, spec)

    def _bound(self, node: ast.NamedExpr) -> Any:
        self._own[node.target.id] = self.value(node.value)
        return self._own[node.target.id]

    def _function(self, node: ast.Lambda) -> Callable[..., Any]:
        rest = node.args
        if rest.vararg or rest.kwarg or rest.kwonlyargs or rest.defaults:
            raise unpure(node)
        names = [argument.arg for argument in (*rest.posonlyargs, *rest.args)]
        return lambda *given: self._within(dict(zip(names, given, strict=True)), node.body)

    def _within(self, own: dict[str, Any], node: ast.expr) -> Any:
        outer = self._own
        self._own = outer | own
        try:
            return self.value(node)
        finally:
            self._own = outer

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Any:
        outer, ordered = self._own, self._ordered
        self._own = dict(outer)
        self._ordered = ordered and not isinstance(node, ast.SetComp)
        try:
            if isinstance(node, ast.DictComp):
                return {self.value(node.key): self.value(node.value) for _ in self._rounds(node.generators)}
            found = [self.value(node.elt) for _ in self._rounds(node.generators)]
        finally:
            self._own, self._ordered = outer, ordered
        if isinstance(node, ast.SetComp):
            return set(found)
        return Passing(found) if isinstance(node, ast.GeneratorExp) else found

    def _until(self, element: ast.expr, generators: Sequence[ast.comprehension], stop: bool) -> bool:
        """Whether ``element`` came to be ``stop``, after which it is not computed again."""
        outer = self._own
        self._own = dict(outer)
        try:
            return any(bool(self.value(element)) is stop for _ in self._rounds(generators)) is stop
        finally:
            self._own = outer

    def _rounds(self, generators: Sequence[ast.comprehension]) -> Iterator[None]:
        """Once for every time that the element is computed, its names being bound."""
        head, *rest = generators
        if head.is_async:
            raise Undecided("An async comprehension would have to be run.")
        for item in items_of(self.value(head.iter), self._ordered):
            self._bind(head.target, item)
            if all(self.value(test) for test in head.ifs):
                if rest:
                    yield from self._rounds(rest)
                else:
                    yield

    def _bind(self, target: ast.expr, item: Any) -> None:
        match target:
            case ast.Name():
                self._own[target.id] = item
            case ast.Tuple() | ast.List() if not any(isinstance(one, ast.Starred) for one in target.elts):
                for one, part in zip(target.elts, items_of(item), strict=True):
                    self._bind(one, part)
            case _:
                raise unpure(target)

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


NODES: Mapping[type[ast.expr], Callable[[Evaluator, Any], Any]] = {
    ast.Name: Evaluator._name,
    ast.Constant: Evaluator._constant,
    ast.UnaryOp: Evaluator._unary,
    ast.BinOp: Evaluator._binary,
    ast.BoolOp: Evaluator._boolean,
    ast.Compare: Evaluator._compare,
    ast.IfExp: Evaluator._choice,
    ast.Subscript: Evaluator._item,
    ast.Slice: Evaluator._cut,
    ast.List: Evaluator._sequence,
    ast.Tuple: Evaluator._sequence,
    ast.Set: Evaluator._sequence,
    ast.Dict: Evaluator._mapping,
    ast.JoinedStr: Evaluator._text,
    ast.NamedExpr: Evaluator._bound,
    ast.Lambda: Evaluator._function,
    ast.ListComp: Evaluator._comprehension,
    ast.SetComp: Evaluator._comprehension,
    ast.DictComp: Evaluator._comprehension,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
}


def unpure(node: ast.AST) -> Undecided:
    """The error for what is none of the things that are computed."""
    return Undecided(f"{ast.unparse(node)[:80]} would have to be run.")
