"""What may be missing around an expression: a call, an operand, a condition; or another in its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates import kindred
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed, is_condition
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]


def wrapped(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A missing call around it, a copy or reversal of it, or it inside a list."""
    if not isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.Attribute | ast.BinOp | ast.ListComp):
        return
    source = text.of(node)
    for one in kindred.WRAPPERS:
        yield f"{one}({source})", "missing call", 0.12
    for one in (*scope.functions, *scope.dotted):
        yield f"{one}({source})", "missing call", 0.1
    if not isinstance(node, ast.BinOp | ast.ListComp):
        for one in kindred.METHODS:
            yield f"{source}.{one}()", "missing call", 0.07
    yield f"{enclosed(source)}[::-1]", "missing reversal", 0.12
    yield f"{enclosed(source)}[:]", "missing copy", 0.1
    yield f"[{source}]", "missing list", 0.1
    if not isinstance(node, ast.Call):
        yield f"-{enclosed(source)}", "sign", 0.2
    function = scope.function.name
    count = len(scope.parameters)
    for at in range(min(count, 3)):
        words = [*scope.parameters[:at], source, *scope.parameters[at + 1 :]]
        yield f"{function}({', '.join(words)})", "missing recursion", 0.12


def combined(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A missing operand: with a variable added, or bounded by one."""
    if isinstance(node, ast.ListComp):
        for other in scope.names:
            for joined in (f"{other} + {text.of(node)}", f"{text.of(node)} + {other}"):
                yield joined, "missing operand", 0.12
    if not isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.BinOp | ast.Constant | ast.List):
        return
    source = enclosed(text.of(node))
    for other in scope.names:
        if other == source:
            continue
        for pattern in ("{0} + {1}", "{0} - {1}", "{1} - {0}", "{0} * {1}", "max({0}, {1})", "min({0}, {1})"):
            yield pattern.format(source, other), "missing operand", 0.1
        for pattern in ("{0} + [{1}]", "[{1}] + {0}", "{0} // {1}", "{0} % {1}", "{1}[{0}]", "{0}[{1}]"):
            yield pattern.format(source, other), "missing operand", 0.06
        for pattern in ("max({0}, {0} + {1})", "max({1}, {0} + {1})", "max(0, {0} + {1})", "max(0, {0})"):
            yield pattern.format(source, other), "missing operand", 0.03


def of_field(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A field of an object, with a variable added or times it."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        for other in scope.names:
            if other != scope.owner.receiver and other not in text.of(node):
                for sign in "*+-":
                    yield f"{text.of(node)} {sign} {other}", "missing operand", 0.1


def added(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A missing operand that is more than a name: another expression of the function, a length."""
    if isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.BinOp):
        source = text.of(node)
        counted = "len(" in source or "len" in {one.partition("(")[0] for one in scope.ingredients}
        for base in dict.fromkeys(name for name, _ in scope.containers) if counted else ():
            for sign in "+-":
                yield f"{source} {sign} len({base})", "missing operand", 0.14
    if isinstance(node, ast.Subscript | ast.Call):
        source = text.of(node)
        for other in scope.ingredients[:24]:
            if other != source:
                for sign in "+-":
                    yield f"{source} {sign} {enclosed(other)}", "missing operand", 0.07


def ingredient(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another expression of the same function, as it stands there or with one changed."""
    if is_condition(node) or isinstance(node, ast.ListComp | ast.GeneratorExp | ast.Lambda):
        return
    for other in scope.ingredients:
        yield other, "expression", 0.16
    for other in scope.names:
        if not isinstance(node, ast.Name):
            yield other, "variable", 0.2
        yield f"{other} + 1", "expression", 0.06
        yield f"{other} - 1", "expression", 0.06
        yield f"len({other})", "expression", 0.06


def comprehension(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A comprehension without its condition, or with one."""
    if not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) or len(node.generators) != 1:
        return
    source, generator = text.of(node), node.generators[0]
    if generator.ifs:
        start, end = text.span(generator.iter)[1], text.span(generator.ifs[-1])[1]
        base = text.span(node)[0]
        yield source[: start - base] + source[end - base :], "condition dropped", 0.3
        return
    if isinstance(generator.target, ast.Name) and source[-1:] in ")]}":
        bound = generator.target.id
        tests = [
            bound,
            f"not {bound}",
            *(f"{bound} {op} {o}" for o in scope.names for op in ("!=", "not in", "in")),
        ]
        for test in tests:
            yield f"{source[:-1]} if {test}{source[-1]}", "missing condition", 0.1


ADDITIONS = (wrapped, combined, of_field, added, ingredient, comprehension)
