"""Expressions in which special methods of the user's classes take part: operators, truth, texts, items.

Python calls such a method without its name being written. What it gave back is the user's to say, as for any
call; that it is called, and with what, is settled here.
"""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cwm_lsp.codec import pure_calls, standard
from cwm_lsp.codec.expressions import Expressions, unpure
from cwm_lsp.codec.failures import Failure
from cwm_lsp.codec.handlers import builtin_failure, is_failing
from cwm_lsp.codec.kinds import (
    BASES,
    ITEMS,
    MARK,
    METHOD,
    NEEDS,
    OPERATORS,
    REFLECTED,
    UNARY_METHODS,
    YIELDS,
    is_of_another,
)
from cwm_lsp.codec.literals import kept_literal
from cwm_lsp.codec.members import Enumeration, Member
from cwm_lsp.codec.operators import BINARY, bounded
from cwm_lsp.codec.records import Class, Generating, Opaque, Passing, Record, Undecided, parts_of
from cwm_lsp.codec.shapes import NAMED
from cwm_lsp.codec.templates import TEMPLATE

_OPERAND = re.compile(r"(?<=^unsupported operand type\(s\) for )(\S+?)(?: or pow\(\))?:")
"""How an error begins that names the operator."""

_CLASS = "<class '"
_NO_FACTS: Mapping[str, Any] = {}

_ASKING: Mapping[str, str] = {
    "abs": "__abs__",
    "float": "__float__",
    "hash": "__hash__",
    "int": "__int__",
    "len": "__len__",
    "next": "__next__",
    "reversed": "__reversed__",
    "round": "__round__",
}
"""Builtins that ask their first argument by one of its methods."""


_LAZY = frozenset({"all", "any", "enumerate", "filter", "map", "zip"})
"""Builtins that ask what they go through for its items one by one, not all at once."""

_MINGLING = frozenset({"dict", "frozenset", "max", "min", "set", "sum"})
"""Builtins that may call a method of an item before they ask for the next one."""

_PRESIZED = frozenset({"list", "sorted", "tuple"})
"""Builtins that ask for the length of what they go through, to make room for it."""


class Special(Expressions, ABC):
    """Walks expressions over objects; how the user's methods are called is a subclass's to say."""

    @abstractmethod
    def _next_given(self, node: ast.expr, *given: Any, **how: Any) -> Any:
        """What the next call of the user's gave back, ``node`` making it."""

    @abstractmethod
    def _took(self, node: ast.expr, *given: Any, **how: Any) -> str:
        """The text of what the next call of the user's gave back."""

    def _facts(self, kind: str) -> Mapping[str, Any] | None:
        """What is known of a class, ``None`` for one that is not of this file."""
        known = self._state.get(f"{kind}{MARK}")
        return None if known is None else kept_literal(known)

    def _fact(self, kind: str, name: str) -> Any:
        """What is known of ``name`` in a class, ``None`` for nothing."""
        return (self._facts(kind) or _NO_FACTS).get(name)

    def _needed(self, kind: str) -> frozenset[str]:
        return frozenset((self._facts(kind) or _NO_FACTS).get(NEEDS, ()))

    def _defines(self, kind: str, method: str) -> bool:
        """Whether a class has a special method of its own."""
        found = self._fact(kind, method)
        return isinstance(found, Opaque) and found.text == METHOD

    def _has(self, value: Any, method: str) -> bool:
        """Whether ``value`` is an object of a class that has a special method of its own."""
        return isinstance(value, Record) and self._defines(value.kind, method)

    def _value_of(self, text: str, *, kept: bool = True) -> Any:
        if any(f"{name}(" in text and self._is_own(name) for name in standard.KINDS):
            raise Undecided("It is of a class of the file's own.")
        if text.startswith(_CLASS):
            kind = text[len(_CLASS) : -2]
            if self._facts(kind) is not None or (builtin_failure(kind) and kind not in self._state):
                return Class(kind)
        kind, bracket, rest = text.partition("(")
        if bracket and text.endswith(")") and self._is_failure(kind):
            given = super()._value_of(f"({rest[:-1]},)" if rest != ")" else "()", kept=kept)
            return Failure(kind, given, "KeyError" in self._bases(kind))
        return super()._value_of(text, kept=kept)

    def _is_own(self, name: str) -> bool:
        """Whether the file has a class of that name of which the texts are not known to be read."""
        return f"{name}{MARK}" in self._state and f"{name}{TEMPLATE}" not in self._state

    def _bases(self, kind: str) -> Sequence[str]:
        found: Sequence[str] = (self._facts(kind) or _NO_FACTS).get(BASES, ())
        return found

    def _is_failure(self, kind: str) -> bool:
        """Whether a class of the file is one of exceptions."""
        return is_failing(self._bases(kind))

    def _special(self, owner: Any, method: str, node: ast.expr, *given: Any) -> Any:
        return self._next_given(node, *given, owner=owner, method=method)

    def _holds(self, value: Any, node: ast.expr) -> bool:
        if not isinstance(value, Record) or isinstance(value, Opaque):
            return bool(value)
        if self._has(value, "__bool__"):
            return bool(self._special(value, "__bool__", node))
        if self._has(value, "__len__"):
            return bool(self._special(value, "__len__", node))
        facts = self._facts(value.kind)
        if not isinstance(value, Failure) and (facts is None or is_of_another(facts)):
            raise Undecided("Whether it counts as true is its class's to say.")
        return True

    @abstractmethod
    def _asked_on(self, value: Any, node: ast.expr) -> Iterator[Any]:
        """What the user's ``__iter__`` of ``value`` gives, or the ``__next__`` of that, one by one."""

    @abstractmethod
    def _left_open(self, value: Generating) -> None:
        """``value`` is asked for no more items, whether or not it has some."""

    @abstractmethod
    def _draws(self, value: Generating) -> Iterator[Any]:
        """What a generator gives, each item when it is asked for."""

    def _one_by_one(self, value: Any, node: ast.expr, ordered: bool) -> Iterable[Any]:
        if isinstance(value, Generating):
            return self._draws(value)
        if self._has(value, "__iter__") and self._fact(value.kind, ITEMS) is None:
            return self._asked_on(value, node)
        return super()._one_by_one(value, node, ordered)

    def _apart(self, value: Any) -> Any:
        """A named tuple as the tuple that it is, anything else as it is."""
        if isinstance(value, Record) and not isinstance(value, Opaque) and NAMED in self._bases(value.kind):
            return tuple(value.fields.values())
        return value

    def _items(self, value: Any, node: ast.expr, ordered: bool = True) -> list[Any]:
        if isinstance(value, Generating):
            return list(self._draws(value))
        if isinstance(value, Enumeration):
            return list(value)
        if not self._has(value, "__iter__"):
            return super()._items(self._apart(value), node, ordered)
        source = self._fact(value.kind, ITEMS)
        if source is None:
            return list(self._asked_on(value, node))
        self._took(node, owner=value, method="__iter__")
        found: list[Any] = self._within({"self": value}, ast.parse(source, mode="eval").body)
        return super()._items(found, node, ordered)

    def _spread(self, node: ast.expr) -> list[Any]:
        return self._sized(self.value(node), node)

    def _sized(self, value: Any, node: ast.expr) -> list[Any]:
        """The items of what is asked for its length as well, to make room for them."""
        if not self._has(value, "__iter__") or not self._has(value, "__len__"):
            return self._items(value, node)
        if self._fact(value.kind, YIELDS):  # nothing of it runs before it is asked for an item
            self._special(value, "__len__", node)
            return self._items(value, node)
        if self._fact(value.kind, ITEMS) is None:
            raise Undecided("It is asked for its length between its iterator and the first item.")
        found = self._items(value, node)
        self._special(value, "__len__", node)
        return found

    def _gone_through(self, value: Any, name: str, node: ast.expr) -> Any:
        """What the builtin ``name`` goes through in ``value``."""
        if isinstance(value, Generating) and name not in ("all", "any", "zip"):
            return Passing(self._plain(self._draws(value)) if name in _MINGLING else self._draws(value))
        if isinstance(value, Enumeration):
            return list(value)
        if not self._has(value, "__iter__"):
            return self._apart(value)
        if name in _LAZY and self._fact(value.kind, ITEMS) is None:
            raise Undecided("How much of it is asked for, and when, is not known.")
        if name in _MINGLING and self._fact(value.kind, ITEMS) is None:
            return Passing(self._plain(self._asked_on(value, node)))
        return Passing(self._sized(value, node) if name in _PRESIZED else self._items(value, node))

    def _plain(self, items: Iterator[Any]) -> Iterator[Any]:
        """``items`` that are asked for nothing before the next of them is drawn."""
        for one in items:
            if isinstance(one, Record) and self._facts(one.kind) is not None:
                raise Undecided("What it does with an item comes before the next one.")
            yield one

    @abstractmethod
    def _shared(self, kind: str, node: ast.Attribute, owner: Any = None) -> Any:
        """What all objects of a class have: a constant, a member, what a property gives."""

    def _got(self, owner: Any, name: Any, *default: Any, node: ast.expr) -> Any:
        """``getattr(owner, name, *default)`` for what is stored in an object."""
        if not isinstance(owner, Record) or not isinstance(name, str):
            raise unpure(node)
        if name in owner.fields:
            return owner.fields[name]
        if default:
            raise unpure(node)
        return self._shared(owner.kind, ast.copy_location(ast.Attribute(node, name, ast.Load()), node), owner)

    def _unary(self, node: ast.UnaryOp) -> Any:
        method, value = UNARY_METHODS.get(type(node.op), ""), self.value(node.operand)
        return self._special(value, method, node) if self._has(value, method) else self._negated(node, value)

    def _binary(self, node: ast.BinOp) -> Any:
        act = BINARY.get(type(node.op))
        if act is None:
            raise unpure(node)
        left, right = self.value(node.left), self.value(node.right)
        method = OPERATORS.get(type(node.op), "")
        if self._has(left, method):
            return self._special(left, method, node, right)
        reflected = REFLECTED.get(method, "")
        if self._has(right, reflected) and not isinstance(left, Record):
            return self._special(right, reflected, node, left)
        bounded(node.op, left, right)
        try:
            return act(left, right)
        except TypeError as error:
            if not hasattr(node, "augmented"):
                raise
            raise TypeError(_OPERAND.sub(r"\1=:", str(error))) from None

    def kind(self, node: ast.expr) -> Any:
        """The builtin type that ``node`` names, several as a tuple, or ``None``."""
        if isinstance(node, ast.Name) and node.id not in self._own and node.id not in self._state:
            return pure_calls.TYPES.get(node.id)
        if isinstance(node, ast.Tuple) and node.elts:
            kinds = tuple(self.kind(one) for one in node.elts)
            return kinds if all(kinds) else None
        return None

    def _is_a(self, value: Any, node: ast.expr) -> bool:
        """``isinstance(value, node)``."""
        if isinstance(node, ast.Tuple):
            return any([self._is_a(value, one) for one in node.elts])
        kind = self.kind(node)
        if kind is not None:
            return isinstance(value, kind)
        if not isinstance(node, ast.Name) or self._facts(node.id) is None:
            raise unpure(node)
        if not isinstance(value, Record):
            return False
        known = self._facts(value.kind)
        if known is None or (isinstance(value, Opaque) and not isinstance(value, Member)):
            raise Undecided("Its class is not known.")
        return node.id in (value.kind, *self._bases(value.kind))

    def _type(self, value: Any) -> Any:
        """``type(value)``."""
        if not isinstance(value, Record):
            return type(value)
        if self._facts(value.kind) is None:
            raise Undecided("Its class is not known.")
        return Class(value.kind)

    def _item(self, node: ast.Subscript) -> Any:
        owner = self.value(node.value)
        if self._has(owner, "__getitem__"):
            return self._special(owner, "__getitem__", node, self.value(node.slice))
        return self._item_of(self._apart(owner), self.value(node.slice))

    def _formatted(self, value: Any, node: ast.expr, spec: str) -> str:
        if isinstance(value, Record) and not spec and not self._has(value, "__format__"):
            return self._written(value, node, str)
        return super()._formatted(value, node, spec)

    def _written(self, value: Any, node: ast.expr, write: Callable[[Any], str]) -> str:
        if write is str and self._has(value, "__str__"):
            return str(self._special(value, "__str__", node))
        if self._has(value, "__repr__"):
            return str(self._special(value, "__repr__", node))
        for one in self._inner(value):
            self._special(one, "__repr__", node)
        return super()._written(value, node, write)

    def _printed(self, value: Any, node: ast.expr) -> None:
        """Ask the objects in ``value`` how they are written, which is all that printing shows of it."""
        method = "__str__" if self._has(value, "__str__") else "__repr__"
        for one in [value] if self._has(value, method) else self._inner(value):
            self._special(one, method if one is value else "__repr__", node)

    def _inner(self, value: Any) -> Iterator[Record]:
        """The objects in ``value`` that are asked how they are written, in that order."""
        for part in parts_of(value):
            if self._has(part, "__repr__"):
                yield part
            else:
                yield from self._inner(part)

    def _asked_first(self, name: str, given: list[Any], node: ast.Call) -> tuple[Any] | None:
        """What a builtin gives that asks its first argument by a method of the user's, ``None`` otherwise."""
        first, rest = (given[0], given[1:]) if given else (None, [])
        if name == "next" and isinstance(first, Generating):
            item = next(self._draws(first), *rest)
            self._left_open(first)
            return (item,)
        if name == "len" and len(given) == 1 and isinstance(parts := self._apart(first), tuple):
            return (len(parts),)
        if self._has(first, _ASKING.get(name, "")):
            return (self._special(first, _ASKING[name], node, *rest),)
        if name in ("str", "repr") and len(given) == 1:
            return (self._written(first, node, str if name == "str" else repr),)
        if name == "print":
            for one in given:
                self._printed(one, node)
            return (None,)
        if name == "bool" and len(given) == 1:
            return (self._holds(first, node),)
        return None
