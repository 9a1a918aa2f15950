"""What calls of the user's functions gave back, as values of an expression; which call comes next.

Nothing of the user's is run: a call that has not been made yet ends the walk with :class:`Awaiting`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cwm_lsp.codec.comparing import Comparing
from cwm_lsp.codec.expressions import unpure
from cwm_lsp.codec.hidden import BEGUN, BY_NAME, DONE, FUNCTION, OWNER, STAGE, Hidden
from cwm_lsp.codec.kinds import YIELDS
from cwm_lsp.codec.records import (
    DRAINED,
    DRAWN,
    ENDED,
    GENERATOR_OBJECT,
    UNREAD,
    Generating,
    Opaque,
    Passing,
    Record,
    Undecided,
    Whole,
)

_BOUND = re.compile(r"<bound method (?:[\w.<>]+\.)?(?P<kind>\w+)\.(?P<method>\w+) of (?P<owner>.+)>", re.S)
_CALLED = re.compile(r"<(?P<what>function|class) '?(?P<name>[\w.<>]+?)'?>")


class Awaiting(Undecided):
    """A call of the user's function that has to be made first.

    ``node`` is what makes it, ``given`` and ``named`` are what it is handed, as far as that is a value:
    ``whole`` says that it is handed nothing else. ``kind`` and ``method`` are the class and the name of what
    is called, where values tell it, ``owner`` the object that it is called on.
    ``resumes`` says that a generator goes on that was entered before, ``kept`` is the text of one that was
    made before.
    """

    def __init__(
        self,
        node: ast.expr,
        given: Sequence[Any] = (),
        named: Mapping[str, Any] | None = None,
        *,
        whole: bool = True,
        callee: Callee | None = None,
        resumes: bool = False,
        kept: str = "",
    ) -> None:
        super().__init__(f"{ast.unparse(node)[:80]} would have to be run.")
        self.node = node
        self.given = tuple(given)
        self.named = named or {}
        self.whole = whole
        self.callee = callee or Callee()
        self.resumes = resumes
        self.kept = kept


@dataclass(frozen=True, slots=True)
class Callee:
    """What is called: a ``method`` of class ``kind`` on ``owner``, the class itself, or a function.

    ``path`` is what stands before its name in its qualified name.
    """

    method: str = ""
    kind: str = ""
    owner: Any = None
    path: str = ""


UNKNOWN = Passing()
"""Stands for what a call is handed and cannot be worked out."""


class Given(Comparing):
    """Walks expressions that call the user's functions.

    ``given`` are what their calls have given back, in order; one that is not among them is undecided.
    ``taken`` counts those that were made use of.
    """

    def __init__(self, state: Mapping[str, str], given: Sequence[str] = ()) -> None:
        super().__init__(state)
        self._given = given
        self.taken = 0
        self.leaves_open = False
        """Whether a generator that nobody holds was left before its end: it is closed, which enters it."""

    def go_through(self, node: ast.expr) -> None:
        """What a loop over ``node`` asks for as it begins."""
        value = self.value(node)
        if isinstance(value, Generating):
            self._first_of(value)
        elif isinstance(value, Opaque) and value.text.startswith(GENERATOR_OBJECT):
            raise unpure(node)  # which one it is is not known
        elif self._has(value, "__iter__"):
            iterator = self._given_value(self._took(node, owner=value, method="__iter__"))
            if self._has(iterator, "__next__"):
                self._took(node, owner=iterator, method="__next__")
        elif self._has(value, "__getitem__"):
            raise unpure(node)  # it is asked by number until it raises

    def enter(self, node: ast.expr) -> None:
        """What a ``with`` of ``node`` asks for as it begins."""
        value = self.value(node)
        if self._has(value, "__enter__"):
            self._special(value, "__enter__", node)

    def _asked_on(self, value: Any, node: ast.expr) -> Iterator[Any]:
        if self._fact(value.kind, YIELDS):
            callee = Callee("__iter__", value.kind, value)
            yield from self._draws(Generating("__iter__", node, (), {}, callee, value.kind))
            return
        iterator = self._given_value(self._took(node, owner=value, method="__iter__"))
        if not self._has(iterator, "__next__"):
            raise Undecided("What it goes through is not known.")
        owner = iterator
        while (
            text := self._come_back(node, (), {}, True, Callee("__next__", iterator.kind, owner))
        ) != ENDED:
            yield self._given_value(text)
            owner = UNKNOWN  # it is another one with each item

    def _generating(self, name: str, node: ast.Call, callee: Callee, holder: str = "") -> Generating:
        given = [self._handed(one) for one in node.args if not isinstance(one, ast.Starred)]
        named = {one.arg: self._handed(one.value) for one in node.keywords if one.arg is not None}
        if len(given) + len(named) != len(node.args) + len(node.keywords):
            raise unpure(node)
        return Generating(name, node, given, named, callee, holder)

    def _generator(self, text: str, hidden: Hidden) -> Generating:
        """The generator that was made before, as it is ``hidden`` behind its text."""
        fields = dict(hidden.fields)
        name = fields[FUNCTION]
        owner = self._value_of(fields[OWNER]) if fields.get(OWNER) else None
        kind = owner.kind if isinstance(owner, Record) else ""
        placed = [one for key, one in fields.items() if key.isdecimal()]
        named = {key[1:]: one for key, one in fields.items() if key.startswith(BY_NAME)}
        made = Generating(
            name,
            ast.Call(ast.Name(name, ast.Load()), [], []),
            [self._value_of(one) if one else UNKNOWN for one in placed],
            {key: self._value_of(one) if one else UNKNOWN for key, one in named.items()},
            Callee(name, kind, owner),
        )
        made.text = made.kept = text
        made.begun, made.done = fields[STAGE] == BEGUN, fields[STAGE] == DONE
        return made

    def _first_of(self, value: Generating) -> str:
        """The text of what a generator gives when it is asked for an item for the first time here."""
        if value.begun and self.taken == len(self._given):
            raise Awaiting(value.node, callee=value.callee, resumes=True, kept=value.kept)
        return self._come_back(value.node, value.given, value.named, True, value.callee, value.kept)

    def _draws(self, value: Generating) -> Iterator[Any]:
        if value.kept and value.items is None:
            value.items = self._drawn(value)  # whoever asks it goes on where the last one stopped
        return self._drawn(value) if value.items is None else value.items

    def _left_open(self, value: Generating) -> None:
        """``value`` is asked for no more, and was not made before."""
        last = self._given[self.taken - 1] if self.taken else ""
        self.leaves_open |= not value.kept and last.startswith(f"{DRAWN}{value.name} ")

    def _drawn(self, value: Generating) -> Iterator[Any]:
        entered = False
        while not value.done or self.taken < len(self._given):  # it may have ended in this statement
            if entered and self.taken == len(self._given):
                raise Awaiting(value.node, callee=value.callee, resumes=True, kept=value.kept)
            text = self._first_of(value)
            how, _, rest = text[:-1].partition(" ")
            name, _, items = rest.partition(" ")
            if name != value.name or how not in (DRAWN[:-1], DRAINED[:-1]):
                raise Undecided("What the generator gives is not known.")
            yield from self._value_of(items)
            if how == DRAINED[:-1]:
                return
            entered = True

    def _callee(self, text: str) -> Callee | None:
        """What is called by calling a value of this ``text``, where it tells."""
        match = _CALLED.fullmatch(text)
        if match is None:
            return self._bound_method(text)
        path, dot, name = match["name"].rpartition(".")
        return Callee(kind=name) if match["what"] == "class" else Callee(name, path=path + dot)

    def _bound_method(self, text: str) -> Callee | None:
        """The method that a value of this ``text`` calls, and the object that it calls it on."""
        match = _BOUND.fullmatch(text)
        if match is None:
            return None
        try:
            owner = self._value_of(match["owner"])
        except Undecided:
            owner = UNKNOWN
        kind = owner.kind if isinstance(owner, Record) else match["kind"]
        return Callee(match["method"], kind, owner)

    def _gave_back(self, node: ast.Call, callee: Callee | None = None) -> Any:
        """What a call of the user's function gave back: calls in its arguments come before it."""
        if callee is not None and not callee.method and self._defines(callee.kind, "__new__"):
            raise unpure(node)  # two methods are entered, and what they make is theirs to say
        given: list[Any] = []
        whole = True
        for argument in node.args:
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            value = self._handed(inner)
            if not isinstance(argument, ast.Starred):
                given.append(value)
            elif isinstance(value, list | tuple) and not isinstance(value, Passing):
                given += value
            else:
                whole = False
                break
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self._handed(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value, dict):
                named |= value
            else:
                whole = False
        return self._given_value(self._come_back(node, given, named, whole, callee))

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

    def _next_given(self, node: ast.expr, *given: Any, owner: Any = None, method: str = "") -> Any:
        return self._given_value(self._took(node, *given, owner=owner, method=method))

    def _given_value(self, text: str) -> Any:
        """What a call gave back; where its text cannot be read, it can still be handed on."""
        try:
            return self._value_of(text)
        except Undecided:
            if text == UNREAD or text.startswith((DRAWN, DRAINED)):
                raise
            return Whole(text)

    def _took(self, node: ast.expr, *given: Any, owner: Any = None, method: str = "") -> str:
        kind = owner.kind if isinstance(owner, Record) else ""
        return self._come_back(node, given, {}, True, Callee(method, kind, owner))

    def _come_back(
        self,
        node: ast.expr,
        given: Sequence[Any],
        named: Mapping[str, Any],
        whole: bool,
        callee: Callee | None,
        kept: str = "",
    ) -> str:
        """The text of what the next call of the user's gave back. Raises :class:`Awaiting`."""
        if self.taken >= len(self._given):
            if self.leaves_open:
                raise Undecided("A generator is closed first.")
            raise Awaiting(node, given, named, whole=whole, callee=callee, kept=kept)
        self.taken += 1
        return self._given[self.taken - 1]
