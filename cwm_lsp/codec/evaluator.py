"""Pure expressions over values that are literals: names, attributes and calls.

Calls are those of the builtins and methods of :mod:`cwm_lsp.codec.pure_calls`, on numbers, texts and plain
containers, and what calls of the user's functions gave back.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from cwm_lsp.codec import pure_calls, pure_modules, standard
from cwm_lsp.codec.expressions import unpure
from cwm_lsp.codec.failures import PLAIN, Failure
from cwm_lsp.codec.given import UNKNOWN, Callee
from cwm_lsp.codec.handlers import builtin_failure
from cwm_lsp.codec.kinds import (
    COROUTINE,
    DEFINED,
    GENERATOR,
    LAMBDA,
    MARK,
    PROPERTY,
)
from cwm_lsp.codec.literals import lambda_of
from cwm_lsp.codec.members import Enumeration
from cwm_lsp.codec.methods import Methods
from cwm_lsp.codec.records import (
    Class,
    Generating,
    Opaque,
    Passing,
    Record,
    Undecided,
    is_shown,
    objects_in,
    text_within,
)
from cwm_lsp.codec.shapes import DATACLASS
from cwm_lsp.codec.sites import kind_of
from cwm_lsp.codec.standard import Matched

FUNCTION = "<function "
_GOING_THROUGH = frozenset(
    {"all", "any", "dict", "enumerate", "filter", "frozenset", "list", "map", "max", "min", "set"}
    | {"sorted", "sum", "tuple", "zip"}
)
"""Builtins that go through each argument that is an object."""

_DRAINING = frozenset(
    "Counter OrderedDict combinations combinations_with_replacement deque mean median mode nlargest "
    "nsmallest permutations product reduce".split()
)
"""Functions of the standard library that go through each argument that is an iterator, to its end."""

_COPYING = frozenset({"copy", "deepcopy"})
_COPIED_BY = (
    "__copy__ __deepcopy__ __getattr__ __getattribute__ __getstate__ __reduce__ __reduce_ex__ "
    "__setstate__".split()
)
"""Methods that take part in how an object is copied."""


_COMPARING = frozenset({"max", "min", "sorted"})
_PRINTING = frozenset({"end", "flush", "sep"})


class Function(Opaque):
    """A function of the user's, as a value: ``act`` gives what the next call of it gave back."""

    def __init__(self, text: str, act: Callable[..., Any]) -> None:
        super().__init__(text)
        self._act = act

    def __call__(self, *given: Any) -> Any:
        """What it gave back. Raises :class:`Awaiting`."""
        return self._act(*given)


class Evaluator(Methods):
    """Walks an expression over a literal state."""

    _prints = False
    """Whether what is printed may be passed over."""

    def items(self, node: ast.expr) -> list[Any]:
        """What a loop over ``node`` goes through."""
        return self._items(self.value(node), node)

    def _name(self, node: ast.Name) -> Any:
        if node.id in self._own:
            return self._own[node.id]
        if not self._is_rebound(node.id) and (members := self._members(node.id)):
            return Enumeration(node.id, members)
        if node.id in self._state and not self._state[node.id].startswith(FUNCTION):
            return self._read(node.id)
        if node.id not in self._state and node.id in pure_modules.FUNCTIONS:
            return pure_modules.FUNCTIONS[node.id]
        if f"{node.id}{LAMBDA}" in self._state:
            return self._function(lambda_of(self._state[f"{node.id}{LAMBDA}"]))
        if self._state.get(node.id, "").startswith(FUNCTION):
            return Function(self._state[node.id], partial(self._next_given, node))
        if node.id not in self._state and builtin_failure(node.id) and not self._is_rebound(node.id):
            return Class(node.id)
        if self.taken < len(self._given):
            return lambda *given: self._next_given(node, *given)
        raise Undecided(f"{node.id} has no value here.")

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
            if isinstance(owner, type) and node.attr == "__name__":
                return owner.__name__
            if isinstance(owner, Record) and (not isinstance(owner, Matched) or node.attr in owner.fields):
                return self._attribute_of(owner, node)
            if isinstance(owner, Matched) and node.attr in standard.FIELDS[re.Match]:
                return self._of_match(owner, node, node.attr)
            if node.attr in standard.FIELDS.get(type(owner), ()):
                return getattr(owner, node.attr)
        if isinstance(node.value, ast.Name) and node.value.id not in self._own:
            return self._shared(node.value.id, node)
        raise unpure(node)

    def _attribute_of(self, owner: Record, node: ast.Attribute) -> Any:
        if node.attr == "__class__":
            return self._type(owner)
        if self._is_described(owner.kind, node.attr):
            raise unpure(node)
        return owner.fields[node.attr] if node.attr in owner.fields else self._shared(owner.kind, node, owner)

    def _shared(self, kind: str, node: ast.Attribute, owner: Any = None) -> Any:
        """What all objects of a class have: a constant, a member, what a property gives."""
        found = self._facts(kind) or {}
        if node.attr not in found:
            raise unpure(node)
        value = found[node.attr]
        if isinstance(value, Opaque) and value.text == PROPERTY:
            return self._next_given(node, owner=owner, method=node.attr)
        if self._is_defined(value):
            return self._bound_to(owner, node.attr, value, node)
        return value

    def _is_defined(self, found: Any) -> bool:
        """Whether ``found`` says that a class defines a method; an object may have its own in its place."""
        return isinstance(found, Opaque) and found.text.startswith(DEFINED)

    def _bound_to(self, owner: Any, name: str, method: Opaque, node: ast.expr) -> Opaque:
        """The method ``name`` of ``owner`` as a value, as the recorder writes it."""
        if not isinstance(owner, Record) or not is_shown(owner):
            raise unpure(node)
        return Opaque(f"<bound method {method.text[len(DEFINED) : -1]}.{name} of {text_within(owner)}>")

    def _asked(self, kind: type, value: Any, node: ast.Attribute, given: Sequence[Any]) -> Any:
        if type(value) is not kind:
            raise unpure(node)
        return pure_calls.call_method(value, node.attr, list(given), {})

    def _call(self, node: ast.Call) -> Any:
        match node.func:
            case ast.Name(id=name) if name not in self._own:
                return self._named_call(name, node)
            case ast.Attribute(value=ast.Name(id=name), attr=method) if f"{name}{MARK}" in self._state:
                return self._of_class(name, method, node)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
                return self._gave_back(node)
            case ast.Attribute(value=owner, attr="run") if self._module(owner) == "asyncio" and node.args:
                return self._awaited(node.args[0])
            case ast.Attribute(value=owner, attr=name) if self._module(owner):
                act = self._changer(name) if self._module(owner) in ("heapq", "bisect") else None
                given, named = self._arguments(node)
                return (act or self._attribute(node.func))(*self._drained(name, given), **named)
            case ast.Attribute(value=owner, attr=method):
                return self._method(self.value(owner), method, node)
            case ast.Call(func=ast.Name(id="getattr"), args=[owner, name]) if "getattr" not in self._state:
                found, attr = self.value(owner), self.value(name)
                if isinstance(found, Record) and isinstance(attr, str):
                    return self._method(found, attr, node)
            case ast.Subscript() | ast.Call() | ast.Name():
                return self._value_called(self.value(node.func), node)
        raise unpure(node)

    def _value_called(self, called: Any, node: ast.Call) -> Any:
        if isinstance(called, Class):
            return self._of_text(called.text, node)
        if isinstance(called, Opaque) and called.text.startswith(FUNCTION):
            return self._gave_back(node, self._callee(called.text))
        raise unpure(node)

    def _named_call(self, name: str, node: ast.Call) -> Any:
        text = self._state.get(name)
        if text is not None and text.startswith(DATACLASS):
            return self._made(text, node)
        if not node.args and not node.keywords and self._is_bare(name):
            return Record(name, {}, plain=True)
        if not self._is_rebound(name):
            if self._is_failure(name):
                return self._failed(name, node)
            if self._defines(name, "__post_init__") and not self._defines(name, "__init__"):
                return self._posted(name, node)
            if len(node.args) == 1 and self._members(name):
                return self._member_of(name, self.value(node.args[0]), node)
        if text is None:
            return self._builtin(name, node)
        if f"{name}{LAMBDA}" in self._state:
            given, named = self._arguments(node)
            return self._function(lambda_of(self._state[f"{name}{LAMBDA}"]))(*given, **named)
        if f"{name}{GENERATOR}" in self._state:
            return self._generating(name, node, Callee(name))
        if f"{name}{COROUTINE}" in self._state:  # nothing of it runs until it is awaited
            for argument in (*node.args, *(one.value for one in node.keywords)):
                self._handed(argument)
            return Opaque(f"<coroutine object {name}>")
        return self._of_text(text, node)

    def _of_text(self, text: str, node: ast.Call) -> Any:
        """What calling a value of this ``text`` gave back."""
        kind = text.removeprefix("<class '").removesuffix("'>")
        if kind != text and builtin_failure(kind) and kind not in self._state and self._facts(kind) is None:
            return self._failure(kind, node)
        called = self._object_in(text)
        if self._has(called, "__call__"):
            return self._gave_back(node, Callee("__call__", called.kind, called))
        callee = self._callee(text)
        kind = callee.kind if callee is not None and not callee.method else ""
        elsewhere = isinstance(node.func, ast.Name) and node.func.id == kind and self._facts(kind) is None
        if elsewhere or (self._facts(kind) is not None and not self._defines(kind, "__init__")):
            raise unpure(node)  # nothing of the file need run as it is made
        if text.startswith("<") and not text.startswith("<built-in "):
            return self._gave_back(node, callee)
        raise unpure(node)

    def _object_in(self, text: str) -> Any:
        """The object of a class of the file that ``text`` writes, ``None`` where that cannot be read."""
        if (kind_of(text) or text.partition("(")[0]) + MARK not in self._state:
            return None
        try:
            return self._value_of(text)
        except Undecided:
            return None

    def _builtin(self, name: str, node: ast.Call) -> Any:
        if name == "isinstance" and len(node.args) == 2:
            return self._is_a(self.value(node.args[0]), node.args[1])
        if name == "getattr" and len(node.args) in (2, 3):
            return self._got(*map(self.value, node.args), node=node)
        if name == "type" and len(node.args) == 1:
            return self._type(self.value(node.args[0]))
        if name in PLAIN:
            return self._failure(name, node)
        if name == "print" and self._prints and all(one.arg in _PRINTING for one in node.keywords):
            given = [self._handed(one) for one in node.args]
            if any(one is UNKNOWN for one in given) and any(name[1:].endswith(MARK) for name in self._state):
                raise unpure(node)  # it may be an object of the user's, which is asked how it is written
            self._asked_first(name, given, node)
            return None
        changer = self._changer(name)
        if changer is not None:
            given, named = self._arguments(node)
            return changer(*given, **named)
        return self._applied(name, node) if name in pure_modules.FUNCTIONS else self._gave_back(node)

    def _failure(self, name: str, node: ast.Call) -> Failure:
        """An exception of a class of Python's own that is made."""
        given, named = self._arguments(node)
        if named or name not in PLAIN:
            raise unpure(node)
        return Failure(name, tuple(given))

    def _applied(self, name: str, node: ast.Call) -> Any:
        """What a builtin function gives that is made of its arguments alone."""
        match node.args:
            case [ast.GeneratorExp(elt=element, generators=generators)] if name in ("any", "all"):
                return self._until(element, generators, name == "any")
        ordered = self._ordered
        keyed = any(one.arg == "key" for one in node.keywords)
        self._ordered = ordered and (keyed or name not in pure_calls.ORDER_FREE)
        try:
            given, named = self._arguments(node)
        finally:
            self._ordered = ordered
        asked = self._asked_first(name, given, node) if not named else None
        if asked is not None:
            return asked[0]
        given = self._drained(name, given)
        if name in _GOING_THROUGH:
            given = [self._gone_through(one, name, node) for one in given]
        match given:
            case [list() | tuple() as items] if name in _COMPARING and items and not named:
                if any(self._compares(one, "__lt__") or self._compares(one, "__gt__") for one in items):
                    return self._in_order(name, items, node)
        return pure_modules.FUNCTIONS[name](*given, **named)

    def _drained(self, name: str, given: Sequence[Any]) -> list[Any]:
        """What a function of the standard library is ``given``, generators of the user's gone through."""
        if name == "islice" and given and isinstance(given[0], Generating):
            if len(given) != 2 or not isinstance(given[1], int):
                raise Undecided("How much of the generator is drawn is not known.")
            items = Passing(islice(self._draws(given[0]), given[1]))
            self._left_open(given[0])
            return [items, given[1]]
        if name in _COPYING and any(self._copies(one) for one in objects_in(given)):
            raise Undecided("What it is copied by is its class's to say.")
        if name not in _DRAINING:
            return list(given)
        return [Passing(self._draws(one)) if isinstance(one, Generating) else one for one in given]

    def _copies(self, value: Any) -> bool:
        """Whether ``value`` is an object whose class has a say in how it is copied."""
        return any(self._has(value, method) for method in _COPIED_BY)

    def _changer(self, name: str) -> Callable[..., Any] | None:
        """A function that changes what it is given, where values may change."""
        return None
