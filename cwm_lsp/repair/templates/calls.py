"""Statements that may be missing: fields set, containers sorted or emptied, what a loop leaves over."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.scope import Scope, suites

Missing = tuple[tuple[str, ...], str, float]
"""Lines, the template's name, how likely."""

_EMPTYING = ("sort()", "clear()", "pop()", "reverse()")


def fields(scope: Scope) -> Iterator[Missing]:
    """A field of the receiver that is stored, counted or reset."""
    kind = "missing update"
    for target in scope.owner.values:
        for one in (f"{target} += 1", f"{target} -= 1"):
            yield (one,), kind, 0.12
        for other in scope.names:
            if other != scope.owner.receiver:
                yield (f"{target} = {other}",), kind, 0.15
                yield (f"{target} += {other}",), kind, 0.08
                yield (f"{target} -= {other}",), kind, 0.06
        for value in ("None", "0", "[]", "{}", "True", "False", "''"):
            yield (f"{target} = {value}",), kind, 0.05


def containers(scope: Scope) -> Iterator[Missing]:
    """A container put in order, emptied, or rid of an element."""
    held = [name for name, _ in scope.containers]
    for base in [*scope.owner.values, *scope.changed] if scope.ordered else ():
        for name in scope.names:
            if name not in (base, scope.owner.receiver):
                yield (f"{base}.move_to_end({name})",), "missing update", 0.2
    known = set(scope.ingredients)
    looked_into = [ast.unparse(one.value) for one in _subscripts(scope)]
    for base in dict.fromkeys([*held, *looked_into]):
        for word in _EMPTYING:
            likely = 0.15 if word == "sort()" or f"{base}.{word}" in known else 0.1
            yield (f"{base}.{word}",), "missing statement", likely
        for name in scope.names[:8]:
            if name != base:
                yield (f"{base}.remove({name})",), "missing statement", 0.06
    for one in dict.fromkeys(map(ast.unparse, _subscripts(scope))):
        yield (f"del {one}",), "missing statement", 0.08


def _subscripts(scope: Scope) -> list[ast.Subscript]:
    """Elements of containers that have a name, in the order of the function."""
    every = [node for node in ast.walk(scope.function) if isinstance(node, ast.Subscript)]
    named = [one for one in every if isinstance(one.value, ast.Name | ast.Attribute)]
    return [one for one in named if not isinstance(one.slice, ast.Slice)][:8]


def rest(scope: Scope, step: str) -> Iterator[Missing]:
    """What a loop leaves over, done once more behind it: the last group, the last word."""
    for suite in suites(scope.function):
        for one in suite:
            lines = ast.unparse(one).split("\n") if isinstance(one, ast.If) and not one.orelse else ()
            if len(lines) == 2:
                yield (lines[0], f"{step}{lines[1].strip()}"), "missing rest", 0.2
    for name in scope.names:
        adds = [f"{base}.{method}({name})" for base, method in scope.containers if base != name]
        if scope.generates:
            adds.append(f"yield {name}")
        # What begins empty is still empty where the loop did not run.
        empty = name in scope.empty
        for done in dict.fromkeys(adds):
            yield (done,), "missing rest", 0.2
            for condition in (name, f"{name} is not None"):
                likely = 0.22 if empty and condition == name else 0.15
                yield (f"if {condition}:", f"{step}{done}"), "missing rest", likely
