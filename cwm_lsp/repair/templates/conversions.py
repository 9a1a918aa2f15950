"""What one simple statement is turned into: another assignment, another update, a result that is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from cwm_lsp.repair.templates import kindred, rewrites
from cwm_lsp.repair.templates.copies import kept
from cwm_lsp.repair.templates.missing import steps
from cwm_lsp.repair.templates.passed import cut_once, merged
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.siblings import round_again
from cwm_lsp.repair.text import Text

Conversion = tuple[str, str, float]


def conversions(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Conversion]:
    """What a statement may be instead, but for what its expressions may be."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        yield from _assignment(statement, scope, text)
    elif isinstance(statement, ast.AugAssign):
        yield from _update(statement, scope, text)
    elif isinstance(statement, ast.Expr):
        yield from _expression(statement.value, scope, text)
    elif isinstance(statement, ast.Return):
        yield from _return(statement, scope, text)
    elif isinstance(statement, ast.Break | ast.Continue | ast.Pass):
        words = ["break", "continue", "pass", *(f"return {one}" for one in scope.results())]
        for rank, word in enumerate(words):
            yield word, "exit", 0.5 if rank < 3 else 0.15
        if isinstance(statement, ast.Pass):
            for new in steps(scope):
                yield new, "missing statement", 0.15
    elif isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
        rest = text.of(statement.exc)[len(text.of(statement.exc.func)) :]
        for name in kindred.EXCEPTIONS:
            yield f"raise {name}{rest}", "exception", 0.3


def _assignment(statement: ast.Assign, scope: Scope, text: Text) -> Iterator[Conversion]:
    target, value = text.of(statement.targets[0]), text.of(statement.value)
    if isinstance(statement.targets[0], ast.Name | ast.Subscript | ast.Attribute):
        for op in ("+=", "-=", "*=", "|="):
            yield f"{target} {op} {value}", "accumulator", 0.4 if op == "+=" else 0.2
        yield from _bounded(statement.targets[0], target, value, text)
        yield from kept(statement.targets[0], statement.value, text)
        if isinstance(statement.value, ast.Name | ast.Subscript | ast.Attribute):
            yield f"{target}, {value} = {value}, {target}", "missing swap", 0.2
    for other in scope.names:
        if other != target:
            yield f"{other} = {value}", "target", 0.2
    if "self" in scope.names and target in scope.attributes:
        yield f"self.{target} = {value}", "missing self", 0.5
    yield from _targets(statement.targets[0], value, text)
    yield from cut_once(statement, text)
    yield from merged(target, value, scope)


def _bounded(node: ast.expr, target: str, value: str, text: Text) -> Iterator[Conversion]:
    """What was there before kept in view: the larger, the smaller, one of them, a list in a dictionary."""
    for wrap in ("max", "min"):
        yield f"{target} = {wrap}({target}, {value})", "missing bound", 0.25
    yield f"{target} = {target} or ({value})", "accumulator", 0.12
    yield f"{target} = {target} and ({value})", "accumulator", 0.12
    if isinstance(node, ast.Subscript):
        base, key = text.of(node.value), text.of(node.slice)
        yield f"{base}[{key}] = {base}.get({key}, 0) + {value}", "accumulator", 0.15
        listed = value.startswith("[") and value.endswith("]")
        inner, likely = (value[1:-1], 0.35) if listed else (value, 0.15)
        yield f"{base}.setdefault({key}, []).append({inner})", "accumulator", likely


def _update(statement: ast.AugAssign, scope: Scope, text: Text) -> Iterator[Conversion]:
    target, value = text.of(statement.target), text.of(statement.value)
    for rank, op in enumerate(kindred.OPERATORS.get(type(statement.op), ())):
        yield f"{target} {op}= {value}", "operator", 0.6 - 0.08 * rank
    yield f"{target} = {value}", "accumulator", 0.4
    if isinstance(statement.target, ast.Name | ast.Attribute):
        yield from round_again(target, _symbol(statement.op), value, scope)
    for wrap in ("max", "min"):
        yield f"{target} = {wrap}({target}, {value})", "accumulator", 0.15
    if isinstance(statement.target, ast.Subscript) and isinstance(statement.op, ast.Add):
        base, key = text.of(statement.target.value), text.of(statement.target.slice)
        yield f"{base}[{key}] = {base}.get({key}, 0) + {value}", "missing key", 0.3
    for other in scope.names:
        yield f"{other} {_symbol(statement.op)}= {value}", "target", 0.2


def _symbol(op: ast.operator) -> str:
    example = ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b")))
    return example[1:-1].strip()


def _targets(target: ast.expr, value: str, text: Text) -> Iterator[Conversion]:
    if isinstance(target, ast.Tuple):
        parts = [text.of(one) for one in target.elts]
        for at, other in combinations(range(len(parts)), 2):
            new = [*parts]
            new[at], new[other] = new[other], new[at]
            yield f"{', '.join(new)} = {value}", "target", 0.4


def _expression(value: ast.expr, scope: Scope, text: Text) -> Iterator[Conversion]:
    source = text.of(value)
    if isinstance(value, ast.Yield) and value.value is not None:
        yield f"yield from {text.of(value.value)}", "yield", 0.5
    elif isinstance(value, ast.YieldFrom):
        yield f"yield {text.of(value.value)}", "yield", 0.5
    elif isinstance(value, ast.Call):
        yield f"return {source}", "missing return", 0.4
        yield f"yield from {source}", "missing yield", 0.15
        yield f"yield {source}", "missing yield", 0.15 if scope.returned else 0.35
        yield from _lost(value, source, scope)
        if isinstance(value.func, ast.Attribute):
            base = text.of(value.func.value)
            if isinstance(value.func.value, ast.Name):
                yield f"{base} = {source}", "missing assignment", 0.3
        for argument in value.args:
            if isinstance(argument, ast.Name):
                yield f"{argument.id} = {source}", "missing assignment", 0.3
    elif not isinstance(value, ast.Constant):
        yield f"return {source}", "missing return", 0.5


def _lost(value: ast.Call, source: str, scope: Scope) -> Iterator[Conversion]:
    """A result that nothing is done with: kept, added up, or put into a container."""
    if isinstance(value.func, ast.Attribute) and value.func.attr in kindred.CHANGING:
        return
    for name in scope.changed:
        yield f"{name} = {source}", "missing assignment", 0.2
        yield f"{name} += {source}", "missing assignment", 0.2
    for base in dict.fromkeys([*(name for name, _ in scope.containers), *scope.changed]):
        for method in ("append", "extend", "update", "add"):
            yield f"{base}.{method}({source})", "missing assignment", 0.15


def _return(statement: ast.Return, scope: Scope, text: Text) -> Iterator[Conversion]:
    for one in (*scope.results(), *scope.names):
        yield f"return {one}", "result", 0.25
    if statement.value is not None:
        yield f"yield {text.of(statement.value)}", "yield", 0.05
        for joined, kind, prior in rewrites.branches(text.of(statement.value), scope):
            yield f"return {joined}", kind, prior
        for name in scope.changed:
            yield f"{name} = {text.of(statement.value)}", "early return", 0.08
