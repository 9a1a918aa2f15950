"""Expressions over values that are literals: operators, containers, texts, comprehensions.

Every operation that could take long or much memory is bounded; what is outside raises :class:`Undecided`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.hidden import Hidden
from cwm_lsp.codec.kept import Objects
from cwm_lsp.codec.operators import CONVERSIONS, UNARY
from cwm_lsp.codec.pure_calls import items_of
from cwm_lsp.codec.records import Opaque, Passing, Record, Undecided, parts_of
from cwm_lsp.codec.templates import TEMPLATE, read

MAX_STEPS = 20_000
"""Nodes that are visited at most, large values counting as several."""

_ITEMS_A_STEP = 8

ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, StopIteration, SystemExit)
"""What an operation on literals may raise, as Python itself would."""

_SEQUENCES = (str, bytes, list, tuple)
_SIZED = (*_SEQUENCES, dict, set, frozenset)


class Expressions:
    """Walks an expression over a literal state; what names, attributes and calls give is a subclass's to say.

    ``met`` says that an object of the user's took part. What is computed is never changed, so values may be
    shared.
    """

    def __init__(self, state: Mapping[str, str]) -> None:
        self._state = state
        self._templates = tuple(
            (name.removesuffix(TEMPLATE), text) for name, text in state.items() if name.endswith(TEMPLATE)
        )
        self._objects = Objects(
            state,
            dict(self._templates),
            partial(self._value_of, kept=False),
            self._generator,
            self._needed,
        )
        self._own: dict[str, Any] = {}
        self._ordered = True
        self._steps = 0
        self.met = False

    def value(self, node: ast.expr) -> Any:
        """The value of one node. Raises :class:`Undecided`, and what the operation itself raises."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Undecided("It takes too many steps.")
        name = NODES.get(type(node))
        if name is None:
            raise unpure(node)
        handler: Callable[[Any], Any] = getattr(self, name)
        try:
            found = handler(node)
        except ERRORS:
            if self.met:  # what a record cannot do, the object's class may do
                raise Undecided("What the user's objects do is not known.") from None
            raise
        self.met = self.met or isinstance(found, Record) or _holds_objects(found)
        if isinstance(found, _SIZED):
            self._steps += len(found) // _ITEMS_A_STEP
        return found

    def _read(self, name: str) -> Any:
        return self._value_of(self._state[name])

    def _value_of(self, text: str, *, kept: bool = True) -> Any:
        """The value that a text writes; ``kept`` says that nobody changes it."""
        found = self._objects.read(text) if self._objects else None
        return read(text, self._templates, kept=kept) if found is None else found

    def _generator(self, text: str, hidden: Hidden) -> Any:
        """A generator that was made before."""
        return Opaque(text)

    def _needed(self, kind: str) -> frozenset[str]:
        """The fields without which the objects of a class cannot write themselves by its own code."""
        return frozenset()

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _unary(self, node: ast.UnaryOp) -> Any:
        return self._negated(node, self.value(node.operand))

    def _negated(self, node: ast.UnaryOp, value: Any) -> Any:
        """What the operator of ``node`` makes of ``value``, its operand."""
        return (
            not self._holds(value, node.operand)
            if isinstance(node.op, ast.Not)
            else UNARY[type(node.op)](value)
        )

    def _holds(self, value: Any, node: ast.expr) -> bool:
        """Whether ``value``, which ``node`` gave, counts as true."""
        return bool(value)

    def _apart(self, value: Any) -> Any:
        """``value``, which is what it stands for."""
        return value

    def _one_by_one(self, value: Any, node: ast.expr, ordered: bool) -> Iterable[Any]:
        """The items of ``value``, each when it is asked for."""
        return self._items(value, node, ordered)

    def _items(self, value: Any, node: ast.expr, ordered: bool = True) -> list[Any]:
        """The items of ``value``, which ``node`` gave."""
        return items_of(value, ordered)

    def _boolean(self, node: ast.BoolOp) -> Any:
        stop = isinstance(node.op, ast.Or)
        found: Any = None
        for one in node.values:
            found = self.value(one)
            if self._holds(found, one) is stop:
                break
        return found

    def _choice(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self._holds(self.value(node.test), node.test) else node.orelse)

    def _item(self, node: ast.Subscript) -> Any:
        return self._item_of(self.value(node.value), self.value(node.slice))

    def _item_of(self, owner: Any, place: Any) -> Any:
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
                found += self._spread(one.value)
            else:
                found.append(self.value(one))
        return found

    def _spread(self, node: ast.expr) -> list[Any]:
        """The items of what stands behind a star."""
        return self._items(self.value(node), node)

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
            value = self._written(value, node, CONVERSIONS[node.conversion])
        spec = self._text(node.format_spec) if isinstance(node.format_spec, ast.JoinedStr) else ""
        return self._formatted(value, node, spec)

    def _formatted(self, value: Any, node: ast.expr, spec: str) -> str:
        """``format(value, spec)``, where ``node`` asks for it."""
        return pure_calls.formatted(value, spec)

    def _written(self, value: Any, node: ast.expr, write: Callable[[Any], str]) -> str:
        """``str`` or ``repr`` of ``value``, where ``node`` asks for it."""
        return pure_calls.written(value, write)

    def _bound(self, node: ast.NamedExpr) -> Any:
        self._own[node.target.id] = self.value(node.value)
        return self._own[node.target.id]

    def _function(self, node: ast.Lambda) -> Callable[..., Any]:
        rest = node.args
        if rest.vararg or rest.kwarg or rest.kwonlyargs:
            raise unpure(node)
        names = [argument.arg for argument in (*rest.posonlyargs, *rest.args)]
        first = len(names) - len(rest.defaults)
        defaults = {name: self.value(one) for name, one in zip(names[first:], rest.defaults, strict=True)}

        def act(*given: Any, **named: Any) -> Any:
            own = defaults | dict(zip(names, given, strict=False)) | named
            if len(given) > len(names) or own.keys() != set(names):
                raise unpure(node)
            return self._within(own, node.body)

        return act

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
            holding = (self._holds(self.value(element), element) for _ in self._rounds(generators))
            return any(held is stop for held in holding) is stop
        finally:
            self._own = outer

    def _rounds(self, generators: Sequence[ast.comprehension]) -> Iterator[None]:
        """Once for every time that the element is computed, its names being bound."""
        head, *rest = generators
        if head.is_async:
            raise Undecided("An async comprehension would have to be run.")
        for item in self._one_by_one(self.value(head.iter), head.iter, self._ordered):
            self._bind(head.target, item)
            if all(self._holds(self.value(test), test) for test in head.ifs):
                if rest:
                    yield from self._rounds(rest)
                else:
                    yield

    def _bind(self, target: ast.expr, item: Any) -> None:
        match target:
            case ast.Name():
                self._own[target.id] = item
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for one, part in unpacked(elements, items_of(self._apart(item))):
                    self._bind(one, part)
            case _:
                raise unpure(target)


NODES: Mapping[type[ast.expr], str] = {
    ast.Name: "_name",
    ast.Constant: "_constant",
    ast.UnaryOp: "_unary",
    ast.BinOp: "_binary",
    ast.BoolOp: "_boolean",
    ast.Compare: "_compare",
    ast.IfExp: "_choice",
    ast.Subscript: "_item",
    ast.Slice: "_cut",
    ast.List: "_sequence",
    ast.Tuple: "_sequence",
    ast.Set: "_sequence",
    ast.Dict: "_mapping",
    ast.JoinedStr: "_text",
    ast.NamedExpr: "_bound",
    ast.Lambda: "_function",
    ast.ListComp: "_comprehension",
    ast.SetComp: "_comprehension",
    ast.DictComp: "_comprehension",
    ast.GeneratorExp: "_comprehension",
    ast.Attribute: "_attribute",
    ast.Call: "_call",
    ast.Await: "_awaits",
}


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list | tuple | dict) and any(isinstance(one, Record) for one in parts_of(value))


def augmented(target: ast.expr, op: ast.operator, value: ast.expr, place: ast.AST) -> ast.BinOp:
    """What ``target op= value`` computes, for a target that is no container."""
    node = ast.copy_location(ast.BinOp(target, op, value), place)
    node.augmented = True  # type: ignore[attr-defined]
    return node


def unpacked(targets: Sequence[ast.expr], items: Sequence[Any]) -> Iterator[tuple[ast.expr, Any]]:
    """The ``targets`` of an unpacking with what each gets. Raises ``ValueError`` as Python does."""
    place = next((at for at, one in enumerate(targets) if isinstance(one, ast.Starred)), None)
    least = len(targets) - (place is not None)
    if len(items) < least:
        most = f"at least {least}" if place is not None else least
        raise ValueError(f"not enough values to unpack (expected {most}, got {len(items)})")
    if place is None:
        if len(items) > least:
            raise ValueError(f"too many values to unpack (expected {least})")
        yield from zip(targets, items, strict=True)
        return
    end = len(items) - (least - place)
    starred = targets[place]
    assert isinstance(starred, ast.Starred)
    yield from zip(targets[:place], items, strict=False)
    yield starred.value, list(items[place:end])
    yield from zip(targets[place + 1 :], items[end:], strict=True)


def unpure(node: ast.AST) -> Undecided:
    """The error for what is none of the things that are computed."""
    return Undecided(f"{ast.unparse(node)[:80]} would have to be run.")
