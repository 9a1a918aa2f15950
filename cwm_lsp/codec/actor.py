"""Carries out single statements on values that are literals: what they make of the containers they change."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.evaluator import Evaluator
from cwm_lsp.codec.expressions import ERRORS, augmented, unpacked, unpure
from cwm_lsp.codec.failures import Failure
from cwm_lsp.codec.flow import is_inline
from cwm_lsp.codec.hidden import Hidden, Moved
from cwm_lsp.codec.kept import Kept, fields_of, generator_of
from cwm_lsp.codec.kinds import FROZEN, INPLACE, OPERATORS, SLOTS, setter
from cwm_lsp.codec.pure_calls import items_of
from cwm_lsp.codec.pure_modules import CHANGERS
from cwm_lsp.codec.records import (
    UNREAD,
    Generating,
    Opaque,
    Record,
    Undecided,
    Whole,
    is_shown,
    may_be_another,
    objects_in,
    text_within,
)
from cwm_lsp.codec.sharing import Place
from cwm_lsp.codec.sites import is_super
from cwm_lsp.trace.render import render


class Actor(Evaluator):
    """Carries out simple statements, or the head of a branch, on copies of the values.

    ``shares`` says which names are parts of others. ``touched`` holds the values that were read or bound,
    ``results`` what a ``return`` gives or a branch decides.
    """

    _prints = True

    def __init__(
        self, state: Mapping[str, str], given: Sequence[str] = (), shares: Mapping[str, Place] | None = None
    ) -> None:
        super().__init__(state, given)
        self._shares = shares or {}
        self.touched: dict[str, Any] = {}
        self.results: list[Any] = []

    def _read(self, name: str) -> Any:
        if name not in self.touched:
            own = self._shares.get(name)
            if own is not None and own.root in self._state and own.root not in self.touched:
                self._load(own.root)
            if name not in self.touched:
                self._load(name)
        return self.touched[name]

    def _load(self, root: str) -> None:
        """The value of ``root``, and of the names that stand for parts of it."""
        self.touched[root] = value = self._value_of(self._state[root], kept=False)
        for name, place in self._shares.items():
            if place.root != root or name not in self._state or name in self.touched:
                continue
            try:
                part = place.find(value)
            except ERRORS:
                continue
            if render(part)[0] == self._state[name]:
                self.touched[name] = part

    def moved(self) -> Iterator[Moved]:
        """The objects that hide what is stored in them and were changed or made."""
        known = list(self._objects.made.values())
        for one in known + self._objects.alike:
            found = one.moved()
            if one.changed and (found.before or found.text is not None):
                yield found
        stored = [value for one in known for _, value in one.stored.loaded()]
        values = [*self.touched.values(), *self.results, *stored]
        for made in objects_in(values):
            if isinstance(made, Kept) or not self._hides(made):
                continue
            text = text_within(made) if is_shown(made) else None
            if text is not None and not text.startswith(f"<{made.kind} "):
                yield Moved("", text, Hidden(made.kind, tuple(fields_of(made))))
        yield from self.made_generators(values)

    def made_generators(self, values: Iterable[Any]) -> Iterator[Moved]:
        """The generators among ``values`` and in them that were made here."""
        for value in objects_in(values):
            if not isinstance(value, Generating) or value.kept:
                continue
            hidden = generator_of(value)
            if hidden is not None:
                yield Moved("", value.text, hidden)

    def movement(self, value: Any) -> Moved | None:
        """What becomes of the object ``value`` if it hides what is stored in it."""
        if isinstance(value, Kept):
            return value.moved()
        if isinstance(value, Record) and self._hides(value):
            return Moved("", None, Hidden(value.kind, tuple(fields_of(value)), certain=False))
        return None

    def _hides(self, value: Record) -> bool:
        """Whether all that is stored in ``value`` is known, and its class writes it by code of its own."""
        return (value.plain or value.complete) and self._has(value, "__repr__")

    def _may_call(self, kind: type, method: str) -> bool:
        return super()._may_call(kind, method) or method in pure_calls.CHANGING.get(kind, ())

    def _bound(self, node: ast.NamedExpr) -> Any:
        self.touched[node.target.id] = value = super()._bound(node)
        return value

    def _changer(self, name: str) -> Callable[..., Any] | None:
        return CHANGERS.get(name)

    def _missing(self, owner: defaultdict[Any, Any]) -> None:
        """The values are copies: they may change."""

    def run(self, statement: ast.stmt) -> bool:
        """Carry out ``statement``; whether what follows it on its line runs. Raises as :meth:`value` does."""
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(owner, "__init__")) as call) if is_super(owner):
                self._begin(call)
            case ast.Expr(value=value):
                self.value(value)
            case ast.AugAssign(target=target, op=op, value=value):
                self._add(target, op, value)
            case ast.Return(value=value):
                self.results.append(None if value is None else self.value(value))
                return False
            case ast.If(test=test) if is_inline(statement):
                branch = statement.body if self._holds(self.value(test), test) else statement.orelse
                return all(self.run(one) for one in branch)
            case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
                self.results.append(self._holds(self.value(test), test))
            case ast.Break() | ast.Continue():
                return False
            case _:
                self._bind_or_drop(statement)
        return True

    def _begin(self, call: ast.Call) -> None:
        """What the ``__init__`` of a class above does: of an exception, it stores what it is given."""
        made = self.value(ast.Name("self", ast.Load()))
        above = self._bases(made.kind) if isinstance(made, Failure) else ()
        if not above or any(self._defines(base, "__init__") for base in above):
            self.value(call)
            return
        given, named = self._arguments(call)
        if named:
            raise unpure(call)
        made.fields["args"] = tuple(given)

    def _bind_or_drop(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=targets, value=value):
                result = self._copied(value)
                for target in targets:
                    self._store(target, result)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._store(target, self.value(value))
            case ast.Import(names=aliases):
                for one in aliases:
                    self._import(one)
            case ast.Delete(targets=targets):
                for target in targets:
                    if not isinstance(target, ast.Subscript):
                        raise unpure(target)
                    del self.value(target.value)[self.value(target.slice)]
            case ast.Pass():
                pass
            case _:
                raise unpure(statement)

    def _copied(self, node: ast.expr) -> Any:
        """The value of ``node``; that of a name can be handed on, whatever its text says."""
        try:
            return self.value(node)
        except Undecided:
            text = self._state.get(node.id, UNREAD) if isinstance(node, ast.Name) else UNREAD
            if text == UNREAD or (isinstance(node, ast.Name) and node.id in self.touched):
                raise
            return Whole(text)

    def _import(self, alias: ast.alias) -> None:
        if alias.name == "os.path" and alias.asname:
            raise unpure(alias)  # which module that is depends on the system
        name = alias.name if alias.asname else alias.name.partition(".")[0]
        self.touched[alias.asname or name] = Opaque(f"<module {name!r}>")

    def _add(self, target: ast.expr, op: ast.operator, value: ast.expr) -> None:
        """``target op= value``: a container keeps being the object that it was."""
        if not isinstance(target, ast.Name):
            target = self._found_once(target)
        before = self.value(target)
        method = INPLACE.get(OPERATORS.get(type(op), ""), "")
        whole = augmented(target, op, value, value)
        if self._has(before, method):
            self._store(target, self._special(before, method, whole, self.value(value)))
        elif isinstance(before, list) and isinstance(op, ast.Add):
            before += items_of(self.value(value))
            self._store(target, before)
        elif isinstance(target, ast.Name):
            self._store(target, self.value(whole))
        else:  # a property is asked once
            known: ast.expr = ast.Constant(before)
            self._store(target, self.value(augmented(known, op, value, value)))

    def _slotted(self, record: Record) -> None:
        """What is stored in slots is written first."""
        slots = self._fact(record.kind, SLOTS) or ()
        if slots and not isinstance(record, Kept):
            first = {name: record.fields.pop(name) for name in slots if name in record.fields}
            rest = dict(record.fields)
            record.fields.clear()
            record.fields |= first | rest

    def _found_once(self, target: ast.expr) -> ast.expr:
        """``target`` with the values in the place of what finds them, where that makes calls."""
        if not any(isinstance(node, ast.Call) for node in ast.walk(target)):
            return target
        match target:
            case ast.Attribute(value=owner, attr=name):
                return ast.copy_location(ast.Attribute(self._as_node(owner), name, ast.Load()), target)
            case ast.Subscript(value=owner, slice=place):
                found, at = self._as_node(owner), self._as_node(place)
                return ast.copy_location(ast.Subscript(found, at, ast.Load()), target)
        raise unpure(target)

    def _store_in(self, record: Any, name: str, target: ast.expr, result: Any) -> None:
        """Store ``result`` as an attribute of ``record``."""
        if isinstance(record, Failure):
            return  # its text says what it was made with, and no more
        if self._has(record, setter(name)):
            self._special(record, setter(name), target, result)
            return
        if not isinstance(record, Record) or self._is_described(record.kind, name):
            raise unpure(target)
        if self._fact(record.kind, FROZEN) is not None:
            raise unpure(target)
        if not (record.plain or isinstance(record, Kept) or name in record.fields):
            raise unpure(target)
        if may_be_another(record, self.touched.values()):
            raise Undecided("It may be another of the objects that are shown.")
        if record.plain and not record.template and self._has(record, "__repr__"):
            record.template = None
        record.fields[name] = result
        self._slotted(record)

    def _as_node(self, node: ast.expr) -> ast.expr:
        return ast.copy_location(ast.Constant(self.value(node)), node)

    def _store(self, target: ast.expr, result: Any) -> None:
        match target:
            case ast.Name(id=name):
                self.touched[name] = result
            case ast.Subscript(value=owner, slice=place):
                holder = self.value(owner)
                if self._has(holder, "__setitem__"):
                    self._special(holder, "__setitem__", target, self.value(place), result)
                else:
                    holder[self.value(place)] = result
            case ast.Attribute(value=owner, attr=name):
                self._store_in(self.value(owner), name, target, result)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for one, part in unpacked(elements, items_of(self._apart(result))):
                    self._store(one, part)
            case _:
                raise unpure(target)
