"""What the parameters of a call hold as it begins, found from its text: nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cwm_lsp.codec.following import follow
from cwm_lsp.errors import ArgumentsError, ContextExceeded
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.trace.render import render

Function = ast.FunctionDef | ast.AsyncFunctionDef

_MAKER = """

def _made():
    made = {}
    return made
"""
"""A function that gives the value of an expression."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How the parameters of ``node``, which defines ``function`` in ``source``, get their values."""

    source: SourceFile
    tree: ast.Module
    node: Function
    function: str

    def of(self, positional: list[ast.expr], keywords: dict[str, ast.expr]) -> Iterator[tuple[str, Value]]:
        """Names and values of the parameters, in the order of the frame's locals."""
        function, spec = self.function, self.node.args
        names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
        marks = {ast.unparse(mark) for mark in self.node.decorator_list}
        if "." in function and "staticmethod" not in marks and names:
            owner = function.rpartition(".")[0]
            if "classmethod" in marks:
                yield names.pop(0), Value(f"<class '{owner}'>", opaque=True)
            else:
                yield names.pop(0), self._receiver(owner, positional)
        given = self._given(names, positional, keywords)
        for name, node in given.items():
            yield name, self._value(node)
        if len(positional) > len(names) and spec.vararg is None:
            takes = f"{len(names)} positional argument{'' if len(names) == 1 else 's'}"
            raise ArgumentsError(f"{function} takes {takes}, {len(positional)} were given.")
        if spec.vararg is not None:
            rest = tuple(_literal(argument) for argument in positional[len(names) :])
            yield spec.vararg.arg, _rendered(rest)
        if spec.kwarg is not None:
            yield spec.kwarg.arg, _rendered({name: _literal(one) for name, one in keywords.items()})
        elif keywords:
            raise ArgumentsError(f"{function} has no parameter {next(iter(keywords))}.")

    def _given(
        self, names: Sequence[str], positional: Sequence[ast.expr], keywords: dict[str, ast.expr]
    ) -> dict[str, ast.expr]:
        """What each parameter gets, in their order; those found are taken out of ``keywords``."""
        spec, function = self.node.args, self.function
        by_place = dict(zip(names, positional, strict=False))
        defaults: dict[str, ast.expr | None] = dict(
            zip(reversed(names), reversed(spec.defaults), strict=False)
        )
        only = [one.arg for one in spec.kwonlyargs]
        defaults |= dict(zip(only, spec.kw_defaults, strict=True))
        given: dict[str, ast.expr] = {}
        for name in (*names, *only):
            if name in keywords and name in by_place:
                raise ArgumentsError(f"{function} got {name} twice.")
            found = keywords.pop(name, None) or by_place.get(name) or defaults.get(name)
            if found is None:
                raise ArgumentsError(f"{function} needs a value for {name}.")
            given[name] = found
        return given

    def _receiver(self, owner: str, positional: list[ast.expr]) -> Value:
        """What the method is called on, taken from ``positional`` if it is there."""
        if positional and self._kind(positional[0]) in _family(self.tree, owner):
            return self._value(positional.pop(0))
        made = self._made(ast.parse(f"{owner}()", mode="eval").body)
        if made is None and _needs_arguments(self.tree, owner):
            raise ArgumentsError(
                f"{self.function} is called on an object, which is not made without arguments.",
                f"Give it first: {owner}(...).",
            )
        return made or Value(f"<{owner} object>", opaque=True)

    def _value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Name | ast.Attribute):
            return Value(ast.unparse(node), opaque=True)  # a default that only the running module knows
        try:
            return _rendered(_literal(node))
        except ArgumentsError as error:
            made = self._made(node)
            if made is not None:
                return made
            if not self._kind(node):
                raise
            raise ArgumentsError(
                f"What {ast.unparse(node)} makes does not follow from the file alone.",
                "`compare` runs it; a prediction runs nothing.",
            ) from error

    def _kind(self, node: ast.expr) -> str:
        """The class of the file of which ``node`` makes an object, "" for none."""
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        return (
            name if any(isinstance(one, ast.ClassDef) and one.name == name for one in self.tree.body) else ""
        )

    def _made(self, node: ast.expr) -> Value | None:
        """The value of an expression, if it follows from the file: that of a function that gives it."""
        text = self.source.text.rstrip() + _MAKER.format(ast.unparse(node))
        call = Event(EventKind.CALL, text.count("\n") - 2, "_made", 0, {}, frame=1)
        try:
            steps = follow(normalise(Trace((replace(self.source, text=text),), (call,), "_made", "")))
        except ContextExceeded:
            return None
        last = steps[-1] if steps else None
        if last is None or last.kind is not EventKind.RETURN or last.value is None:
            return None
        return Value(last.value.text, self._kind(node))


def _family(tree: ast.Module, owner: str) -> set[str]:
    """The class ``owner`` and those of the file that descend from it."""
    found = {owner}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) in found for base in node.bases):
            found.add(node.name)
    return found


def _needs_arguments(tree: ast.Module, owner: str) -> bool:
    """Whether the ``__init__`` that a class has in the file asks for more than the object."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            own = next((one for one in node.body if getattr(one, "name", "") == "__init__"), None)
            if isinstance(own, Function):
                return len(own.args.args) - 1 > len(own.args.defaults)
            return any(_needs_arguments(tree, ast.unparse(base)) for base in node.bases)
    return False


def _literal(expression: ast.expr) -> Any:
    try:
        return ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ArgumentsError(
            f"{ast.unparse(expression)} is not a literal.",
            "A prediction runs nothing, so arguments are written out.",
        ) from error


def _rendered(value: object) -> Value:
    return Value(*render(value))
