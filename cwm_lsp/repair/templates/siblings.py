"""What a method forgot that others of its class do, and what goes with an update: its twin, its undoing."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from itertools import combinations

from cwm_lsp.repair.templates.calls import Missing
from cwm_lsp.repair.templates.mirrored import exchanged
from cwm_lsp.repair.templates.scope import Scope, simple_statements

LINES = 30
"""Statements of other methods that are offered in one."""

_TURNED = {"+=": "-=", "-=": "+="}


def of_others(scope: Scope) -> Iterator[Missing]:
    """One-line statements of the methods beside it whose names are all in reach."""
    receiver = scope.owner.receiver
    if not receiver:
        return
    own = {ast.unparse(one) for one in simple_statements(scope.function)}
    found: dict[str, None] = {}
    for method in scope.owner.beside:
        if not method.args.args or method.args.args[0].arg != receiver or method.name == "__init__":
            continue
        for statement in simple_statements(method):
            line = ast.unparse(statement)
            if line not in own and "\n" not in line and _in_reach(statement, scope):
                found[line] = None
    for line in list(found)[:LINES]:
        yield (line,), "missing statement", 0.16


def _in_reach(statement: ast.stmt, scope: Scope) -> bool:
    """Whether a statement changes the object, by names that this function has as well."""
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    stores = any(isinstance(n, ast.Attribute | ast.Subscript | ast.Call) for n in ast.walk(statement))
    known = {*scope.names, *scope.globals, *dir(builtins)}
    return stores and scope.owner.receiver in names and names <= known


def emptied(scope: Scope) -> Iterator[Missing]:
    """A container of the object emptied, or given or rid of what the method is called with."""
    receiver = scope.owner.receiver
    given = [one for one in scope.parameters if one != receiver][:3]
    made = [one for one in scope.changed if one not in given][:6]
    for base in scope.owner.containers[:6]:
        for name in made:
            yield (f"{base}.append({name})",), "missing statement", 0.14
            for key in given:
                yield (f"{base}[{key}] = {name}",), "missing statement", 0.14
        yield (f"{base}.clear()",), "missing statement", 0.14
        yield (f"{base}.pop()",), "missing statement", 0.08
        for name in given:
            yield (f"{base}.append({name})",), "missing statement", 0.09
            yield (f"{base}.add({name})",), "missing statement", 0.07
            yield (f"{base}.pop({name}, None)",), "missing statement", 0.09
            yield (f"{base}.discard({name})",), "missing statement", 0.06


def measured(scope: Scope) -> Iterator[Missing]:
    """A field that grows or shrinks by the length of what the method is called with."""
    receiver = scope.owner.receiver
    given = [one for one in scope.names if one != receiver][:4]
    for target in [f"{receiver}.{one}" for one in scope.owner.counted[:6]] if receiver else ():
        for name in given:
            yield (f"{target} += len({name})",), "missing update", 0.14
            yield (f"{target} -= len({name})",), "missing update", 0.08


def undone(scope: Scope) -> Iterator[Missing]:
    """What was put into a container taken out again."""
    for statement in simple_statements(scope.function):
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=base, attr=method), args=[one])):
                whole, part = ast.unparse(base), ast.unparse(one)
                if method == "append":
                    yield (f"{whole}.pop()",), "missing statement", 0.2
                elif method == "add":
                    yield (f"{whole}.remove({part})",), "missing statement", 0.2
                    yield (f"{whole}.discard({part})",), "missing statement", 0.12
            case ast.Assign(targets=[ast.Subscript() as target], value=ast.Constant(bool(value))):
                yield (f"{ast.unparse(target)} = {not value}",), "missing statement", 0.15


def marked(scope: Scope) -> Iterator[Missing]:
    """What is asked for in a container, put into it: it is seen, or done, from now on."""
    for test in ast.walk(scope.function):
        match test:
            case ast.Compare(
                left=one, ops=[ast.In() | ast.NotIn()], comparators=[ast.Name() | ast.Attribute() as held]
            ) if not isinstance(one, ast.Constant):
                base, key = ast.unparse(held), ast.unparse(one)
                done = ast.unparse(scope.function)
                for line in (f"{base}.add({key})", f"{base}.append({key})"):
                    if line not in done:
                        yield (line,), "missing statement", 0.22


def counterparts(statement: ast.stmt, scope: Scope) -> Iterator[tuple[str, float]]:
    """What goes with a statement: the same amount given that another was rid of, the rest of a division, the
    same with two parameters exchanged."""
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr):
        read = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
        for one, other in combinations([name for name in scope.parameters if name in read], 2):
            yield exchanged(statement, {one: other, other: one}), 0.14
    match statement:
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
            sign = "+=" if isinstance(op, ast.Add) else "-="
            amount = ast.unparse(value)
            for other in _like(target, scope):
                yield f"{other} {_TURNED[sign]} {amount}", 0.18
                yield f"{other} {sign} {amount}", 0.16
        case ast.Assign(targets=[ast.Name(name)], value=ast.BinOp(left=ast.Name(whole), op=op, right=size)):
            if name != whole and isinstance(op, ast.FloorDiv):
                yield f"{whole} %= {ast.unparse(size)}", 0.25
            elif name != whole and isinstance(op, ast.Mod):
                yield f"{whole} //= {ast.unparse(size)}", 0.25
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr))) if attr in _OPPOSITE:
            yield from ((line, 0.12) for line in _joined(statement, scope))
            yield from ((line, 0.25) for line in _known_too(statement))


_OPPOSITE = {"append", "add", "remove", "discard"}


def _known_too(statement: ast.Expr) -> Iterator[str]:
    """``graph.setdefault(b, set())`` behind ``graph.setdefault(a, set()).add(b)``."""
    match statement.value:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Attribute(attr="setdefault") as way, args=[_, made])),
            args=[ast.Name(other)],
        ):
            yield f"{ast.unparse(way)}({other}, {ast.unparse(made)})"


def _joined(statement: ast.Expr, scope: Scope) -> Iterator[str]:
    """``graph[b].append(a)`` beside ``graph[a].append(b)``."""
    match statement.value:
        case ast.Call(
            func=ast.Attribute(value=ast.Subscript(value=base, slice=ast.Name(one)), attr=attr),
            args=[ast.Name(other)],
        ):
            yield f"{ast.unparse(base)}[{other}].{attr}({one})"
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Attribute(value=base, attr="setdefault"), args=[ast.Name(one), made]),
                attr=attr,
            ),
            args=[ast.Name(other)],
        ):
            yield f"{ast.unparse(base)}.setdefault({other}, {ast.unparse(made)}).{attr}({one})"


def _like(target: ast.expr, scope: Scope) -> list[str]:
    """Other places of the kind of ``target``: another name, another field, the same field of another."""
    own = ast.unparse(target)
    found: list[str] = []
    match target:
        case ast.Name():
            found = scope.changed
        case ast.Attribute(value=ast.Name(base), attr=field):
            found = [f"{other}.{field}" for other in scope.names if other != scope.owner.receiver]
            if base == scope.owner.receiver:
                found += scope.owner.values
        case ast.Subscript(value=base, slice=ast.Name(key)):
            found = [f"{ast.unparse(base)}[{other}]" for other in scope.names if other != key]
            found += [f"{other}[{key}]" for other in (*scope.filled, *scope.owner.containers)]
    return [one for one in dict.fromkeys(found) if one != own][:10]


def round_again(target: str, sign: str, value: str, scope: Scope) -> Iterator[tuple[str, str, float]]:
    """A step that begins anew behind the end."""
    lengths = [f"len({base})" for base in (*scope.filled, *scope.owner.containers[:4])]
    for size in dict.fromkeys([*scope.parameters, *scope.owner.values[:8], *lengths]):
        if sign in ("+", "-") and size not in (target, value, scope.owner.receiver):
            yield f"{target} = ({target} {sign} {value}) % {size}", "wrap-around", 0.1
