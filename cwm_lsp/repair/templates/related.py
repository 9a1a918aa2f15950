"""What belongs together in a function: a call of what stands beside it, a bound with its index, values that
begin anew at the same place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import Scope, docstring, suites
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_PLAIN = ast.Constant | ast.List | ast.Dict | ast.Set


def called(scope: Scope) -> list[str]:
    """Calls of the module's functions, and of the object's methods, whose parameters have names in reach.

    Where a function takes one argument that goes by another name, it is given each parameter of this one.
    """
    found: list[str] = []
    for name, wanted in scope.signatures:
        if all(one in scope.names for one in wanted):
            found.append(f"{name}({', '.join(wanted)})")
        elif len(wanted) == 1:
            found += [f"{name}({one})" for one in scope.parameters if one != scope.owner.receiver]
    return list(dict.fromkeys(found))


def bounded(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """The smaller or larger of it and what a function of the module gives."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        source = text.of(node)
        for call in called(scope):
            for wrap in ("min", "max"):
                # That all parameters have their names here is seldom by chance.
                yield f"{wrap}({source}, {call})", "missing bound", 0.3 if "," in call else 0.12


def guarded(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A condition that looks at an element, behind one that there is such an element."""
    if not isinstance(node, ast.Compare | ast.BoolOp | ast.Call | ast.UnaryOp):
        return
    seen: dict[str, None] = {}
    for one in ast.walk(node):
        match one:
            case ast.Subscript(value=ast.Name() | ast.Attribute(), slice=ast.Name()):
                seen[f"{text.of(one.slice)} < len({text.of(one.value)})"] = None
            case ast.Subscript(value=ast.Name() | ast.Attribute(), slice=ast.UnaryOp() | ast.Constant(0)):
                seen[text.of(one.value)] = None
    source = text.of(node)
    joined = f"({source})" if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else source
    for test in seen:
        if test not in source:
            yield f"{test} and {joined}", "missing condition", 0.3


def paired(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Parts compared one by one, as pairs: ``(a, b) < (c, d)`` for ``a < c and b < d``."""
    if not isinstance(node, ast.BoolOp) or len(node.values) != 2:
        return
    match node.values:
        case [ast.Compare(ops=[op]) as one, ast.Compare(ops=[other]) as two]:
            if type(op) is type(other) and isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                left = f"({text.of(one.left)}, {text.of(two.left)})"
                right = f"({text.of(one.comparators[0])}, {text.of(two.comparators[0])})"
                for symbol in ("<", "<=") if isinstance(op, ast.Lt | ast.LtE) else (">", ">="):
                    yield f"{left} {symbol} {right}", "comparison", 0.7


def together(function: Function) -> dict[int, list[str]]:
    """By the line of a statement, those to be done beside it: what first stood beside its like.

    Where ``current, length`` begin as ``[]`` and ``0`` side by side and only one of them begins anew in the
    loop, the other one was forgotten.
    """
    starts: dict[str, list[str]] = {}
    every = list(suites(function))
    for suite in every:
        texts = [ast.unparse(one) for one in suite if isinstance(one, ast.Assign)]
        for text in texts:
            starts.setdefault(text, []).extend(other for other in texts if other != text)
    found: dict[int, list[str]] = {}
    for suite in every:
        texts = [ast.unparse(one) for one in suite if not docstring(one)]
        for one in suite:
            if isinstance(one, ast.Assign) and isinstance(
                one.value, ast.Constant | ast.List | ast.Dict | ast.Set
            ):
                beside = [text for text in starts.get(ast.unparse(one), []) if text not in texts]
                if beside:
                    found[one.lineno] = list(dict.fromkeys(beside))
    return found


RELATED = (bounded, guarded, paired)
