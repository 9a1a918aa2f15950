"""Clauses of statements that are taken for one another, in another order, or that end too soon."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.scope import Scope, within
from cwm_lsp.repair.text import Text

_LEAVING = ast.Raise | ast.Return | ast.Continue | ast.Break

_EMPTY = {ast.List: "[]", ast.Dict: "{}", ast.Set: "set()"}


def clauses(suite: list[ast.stmt], at: int, scope: Scope, text: Text) -> Iterator[Candidate]:
    """Edits of one statement of a suite, and of it and the next one."""
    statement = suite[at]
    if isinstance(statement, ast.Try):
        yield from _tried(statement, text)
    elif isinstance(statement, ast.If):
        yield from _turned(statement, text)
    elif isinstance(statement, ast.Return):
        yield from _found(statement, scope, text)
    elif isinstance(statement, ast.Raise):
        yield from _refused(statement, scope, text)
    elif isinstance(statement, ast.Expr):
        yield from _anew(statement, scope, text)
    elif isinstance(statement, ast.Assign) and at + 1 < len(suite):
        yield from _exchanged(statement, suite[at + 1], text)


def _tried(statement: ast.Try, text: Text) -> Iterator[Candidate]:
    """``else`` for ``finally`` and the other way round; what is caught raised again."""
    for handler in statement.handlers:
        last = handler.body[-1]
        if not isinstance(last, _LEAVING) and text.alone(last):
            place = text.block(last)[1]
            lead = "" if text.source[place - 1 : place] == "\n" else "\n"
            edit = Edit(place, place, f"{lead}{text.indent(last)}raise\n")
            yield Candidate((edit,), "missing raise", last.lineno, 0.3)
    if not statement.handlers or bool(statement.orelse) == bool(statement.finalbody):
        return
    word, other = ("else", "finally") if statement.orelse else ("finally", "else")
    first = (statement.orelse or statement.finalbody)[0]
    before = text.span(statement.handlers[-1].body[-1])[1]
    found = re.search(rf"\n[ \t]*({word})[ \t]*:", text.source[before : text.span(first)[0]])
    if found is not None:
        edit = Edit(before + found.start(1), before + found.end(1), other)
        yield Candidate((edit,), "clause", first.lineno, 0.4)


def _turned(statement: ast.If, text: Text) -> Iterator[Candidate]:
    """A case before the one that is asked for first."""
    match statement.orelse:
        case [ast.If(test=test, body=body) as other] if text.source.startswith("elif", text.span(other)[0]):
            one = text.span(statement.test)[0], text.span(statement.body[-1])[1]
            two = text.span(test)[0], text.span(body[-1])[1]
            first, second = text.source[slice(*one)], text.source[slice(*two)]
            yield Candidate((Edit(*one, second), Edit(*two, first)), "order", statement.lineno, 0.25)


def _found(statement: ast.Return, scope: Scope, text: Text) -> Iterator[Candidate]:
    """What is returned in the first turn of a loop, only where there is something to it."""
    if not isinstance(statement.value, ast.Call | ast.Await) or not _in_loop(statement, scope):
        return
    source, indent = text.of(statement.value), text.indent(statement)
    step = "\t" if indent.startswith("\t") else "    "
    name = next(one for one in ("found", "result", "got", "value_found") if one not in scope.names)
    own = scope.function.name in source
    for test, likely in ((name, 0.45), (f"{name} is not None", 0.35)):
        new = f"{name} = {source}\n{indent}if {test}:\n{indent}{step}return {name}"
        edit = Edit(*text.span(statement), new)
        yield Candidate((edit,), "early return", statement.lineno, likely if own else likely / 2)
    for constant in ("True", "False"):
        test = source if constant == "True" else f"not {source}"
        new = f"if {test}:\n{indent}{step}return {constant}"
        edit = Edit(*text.span(statement), new)
        yield Candidate((edit,), "early return", statement.lineno, 0.35 if own else 0.18)


def _in_loop(statement: ast.stmt, scope: Scope) -> bool:
    loops = (one for one in within(scope.function) if isinstance(one, ast.For | ast.While | ast.AsyncFor))
    return any(one is statement for loop in loops for body in loop.body for one in ast.walk(body))


def _refused(statement: ast.Raise, scope: Scope, text: Text) -> Iterator[Candidate]:
    """Raised only where a parameter asks for it."""
    if not text.alone(statement):
        return
    names = [one for one in scope.parameters if one != scope.owner.receiver]
    indent = text.indent(statement)
    step = "\t" if indent.startswith("\t") else "    "
    for name in names[:6]:
        likely = 0.45 if name in scope.habits.idle else 0.15
        for test in (name, f"not {name}"):
            new = f"if {test}:\n{indent}{step}{text.of(statement)}"
            yield Candidate(
                (Edit(*text.span(statement), new),), "missing condition", statement.lineno, likely
            )
            likely *= 0.6


def _anew(statement: ast.Expr, scope: Scope, text: Text) -> Iterator[Candidate]:
    """A container made anew rather than emptied, where someone else may hold it."""
    match statement.value:
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as base, attr="clear"), args=[]):
            source = text.of(base)
            kinds = [
                _EMPTY.get(type(one.value), "")
                for one in within(scope.function)
                if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == source
            ]
            for rank, empty in enumerate(dict.fromkeys([*filter(None, kinds), "[]", "{}"])):
                edit = Edit(*text.span(statement), f"{source} = {empty}")
                yield Candidate((edit,), "one object shared", statement.lineno, 0.5 if not rank else 0.2)


def _exchanged(statement: ast.Assign, after: ast.stmt, text: Text) -> Iterator[Candidate]:
    """``a = b`` and ``b = a``, which leave the same in both, as one."""
    match statement, after:
        case ast.Assign(targets=[one], value=two), ast.Assign(targets=[three], value=four) if ast.unparse(
            one
        ) == ast.unparse(four) and ast.unparse(two) == ast.unparse(three):
            first, second = text.of(one), text.of(two)
            edit = Edit(
                text.span(statement)[0], text.span(after)[1], f"{first}, {second} = {second}, {first}"
            )
            yield Candidate((edit,), "missing swap", statement.lineno, 0.9)
