"""Which lines a wrong outcome came from: backwards through the recorded steps by what they store and load.

Names are not told apart by frame, and a change through a method counts as a store: the slice is rather too
large than too small. Pure.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LOOP = ast.For | ast.AsyncFor | ast.While
_HEADED = ast.If | _LOOP | ast.With | ast.AsyncWith
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef

PASSES = 3
"""A call's inside is only known to matter once the line of the call does."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the line of a statement stores anew, changes, loads and calls, and the headers it lies under."""

    stores: frozenset[str]
    changes: frozenset[str]
    loads: frozenset[str]
    calls: frozenset[str]
    under: tuple[int, ...]
    returns: str


def facts(source: str) -> dict[int, Facts]:
    """Facts by line. Raises ``SyntaxError``."""
    found: dict[int, Facts] = {}
    _visit(ast.parse(source).body, (), "", found)
    return found


def _visit(body: Sequence[ast.stmt], under: tuple[int, ...], function: str, found: dict[int, Facts]) -> None:
    for statement in body:
        if isinstance(statement, _FUNCTION | ast.ClassDef):
            inner = statement.name if isinstance(statement, _FUNCTION) else function
            _visit(statement.body, (), inner, found)
            continue
        fact = _fact(statement, under, function)
        for line in range(statement.lineno, _head_end(statement) + 1):
            found[line] = fact
        headed = isinstance(statement, _HEADED)
        inside = (*under, statement.lineno) if headed else under
        for name in ("body", "orelse", "finalbody"):
            _visit(getattr(statement, name, None) or (), inside, function, found)
        for handler in getattr(statement, "handlers", ()):
            _visit(handler.body, inside, function, found)
        if isinstance(statement, ast.Match):
            for case in statement.cases:
                _visit(case.body, (*under, statement.lineno), function, found)


def _head_end(statement: ast.stmt) -> int:
    body = getattr(statement, "body", None)
    return statement.lineno if body else statement.end_lineno or statement.lineno


def _fact(statement: ast.stmt, under: tuple[int, ...], function: str) -> Facts:
    nodes = list(_own(statement))
    stores = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    loads = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    loads |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}
    changes = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    if isinstance(statement, ast.AugAssign):
        loads |= stores
    for node in nodes:
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            changes |= _roots(node.value)
        elif isinstance(node, ast.Call):
            changes |= _roots(node.func.value) if isinstance(node.func, ast.Attribute) else set()
            changes |= {one.id for one in node.args if isinstance(one, ast.Name)}
    calls = {_called(n.func) for n in nodes if isinstance(n, ast.Call)}
    leaves = isinstance(statement, ast.Return | ast.Raise) or any(isinstance(n, ast.Yield) for n in nodes)
    return Facts(
        frozenset(stores),
        frozenset(changes),
        frozenset(loads),
        frozenset(calls),
        under,
        function if leaves else "",
    )


def _own(statement: ast.stmt) -> list[ast.AST]:
    """The nodes of a statement without the statements inside it."""
    pending: list[ast.AST] = [statement]
    found: list[ast.AST] = []
    while pending:
        node = pending.pop()
        found.append(node)
        pending += [
            one
            for one in ast.iter_child_nodes(node)
            if not isinstance(one, ast.stmt | ast.excepthandler | ast.match_case)
        ]
    return found


def _roots(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _called(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def backwards(known: Mapping[int, Facts], steps: Sequence[int]) -> list[int]:
    """Lines that the last step depends on, the nearest first. ``steps``: the lines in the order they ran."""
    if not steps:
        return []
    found: dict[int, None] = {}
    calls: set[str] = set()
    for _ in range(PASSES):
        before = len(found), len(calls)
        wanted: set[str] = set()
        headers: set[int] = set()
        for at in range(len(steps) - 1, -1, -1):
            fact = known.get(steps[at])
            if fact is None:
                continue
            needed = at == len(steps) - 1 or steps[at] in headers or fact.returns in calls - {""}
            if needed or (fact.stores | fact.changes) & wanted:
                found[steps[at]] = None
                wanted -= fact.stores - fact.loads
                wanted |= fact.loads
                calls |= fact.calls
                headers |= set(fact.under)
        if before == (len(found), len(calls)):
            break
    return list(found)
