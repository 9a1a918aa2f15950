"""Templates for shapes that people get wrong as a whole: pairs, slices, recursive calls, attributes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise, product

from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]


def elements(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Neighbours in a display swapped, one dropped, a name put in front or at the end."""
    if not isinstance(node, ast.Tuple | ast.List) or not node.elts:
        return
    parts = [text.of(one) for one in node.elts]
    start, end = text.span(node)
    whole = text.source[start:end]
    left, right = (whole[0], whole[-1]) if whole[0] in "([" and whole[-1] in ")]" else ("", "")

    def built(words: list[str]) -> str:
        comma = "," if isinstance(node, ast.Tuple) and len(words) == 1 else ""
        return f"{left}{', '.join(words)}{comma}{right}"

    for at, (one, other) in enumerate(pairwise(parts)):
        yield built([*parts[:at], other, one, *parts[at + 2 :]]), "elements swapped", 0.35
    for at in range(len(parts)):
        if len(parts) > 1:
            yield built([*parts[:at], *parts[at + 1 :]]), "extra element", 0.15
    for name in scope.names:
        yield built([name, *parts]), "missing element", 0.06
        yield built([*parts, name]), "missing element", 0.06


def slices(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """The other end of a sequence, a window moved by one, a length taken for a bound."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice) or node.slice.step:
        return
    whole = text.of(node.value)
    low, high = (text.of(one) if one else "" for one in (node.slice.lower, node.slice.upper))
    if low and not high:
        yield f"{whole}[:{low}]", "slice", 0.35
        yield f"{whole}[:-{low}]", "slice", 0.35
    if high and not low:
        yield f"{whole}[{high}:]", "slice", 0.35
        yield f"{whole}[{high.removeprefix('-')}:]", "slice", 0.35
    if low and high:
        yield f"{whole}[{low}:{low} + {high}]", "slice", 0.35
        yield f"{whole}[{low} + 1:{high} + 1]", "slice", 0.25
        yield f"{whole}[{low} - 1:{high} - 1]", "slice", 0.2
        yield f"{whole}[{high}:{low}]", "slice", 0.2


def recursion(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A recursive call whose step is on the wrong argument, missing, or of the wrong size."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords:
        return
    args = [text.of(one) for one in node.args]
    if node.func.id != scope.function.name:
        return
    for at, arg in enumerate(args):
        for new, prior in _steps(node.args[at], arg, scope, at):
            yield _call(node.func.id, args, {at: new}), "recursion", prior
    for at in range(len(args)):
        for other in range(len(args)):
            base, shift = _shift(node.args[at], text)
            if at != other and shift:
                moved = {at: base, other: f"{args[other]}{shift}"}
                yield _call(node.func.id, args, moved), "recursion", 0.3


def branches(value: str, scope: Scope) -> Iterator[Variant]:
    """A result of a function that calls itself, joined with one more such call."""
    name = scope.function.name
    calls = (n.func for n in ast.walk(scope.function) if isinstance(n, ast.Call))
    if not any(isinstance(func, ast.Name) and func.id == name for func in calls) or len(scope.parameters) > 3:
        return
    steps = [(one, f"{one} - 1", f"{one}[1:]") for one in scope.parameters]
    for words in product(*steps):
        if list(words) != scope.parameters:
            for word in ("+", "or", "and"):
                yield f"{value} {word} {name}({', '.join(words)})", "missing recursion", 0.12


def _call(name: str, args: list[str], changed: dict[int, str]) -> str:
    return f"{name}({', '.join(changed.get(at, arg) for at, arg in enumerate(args))})"


def _shift(node: ast.expr, text: Text) -> tuple[str, str]:
    """``("n", " - 1")`` of ``n - 1``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return text.of(node.left), text.source[text.span(node.left)[1] : text.span(node)[1]]
    return text.of(node), ""


def _steps(node: ast.expr, arg: str, scope: Scope, at: int) -> Iterator[tuple[str, float]]:
    """Arguments of a recursive call that make its parameter smaller, or pass it on."""
    if at >= len(scope.parameters):
        return
    own = scope.parameters[at]
    for new in (own, f"{own} - 1", f"{own} + 1", f"{own}[1:]", f"{own}[:-1]", f"{own} // 2", f"{own} - 2"):
        if new != arg:
            yield new, 0.25
    for name in scope.names:
        if name != own:
            yield f"{own} - {name}", 0.15
            yield f"{own} + {name}", 0.08
            yield f"{own}[{name}:]", 0.08
            yield f"{own}[len({name}):]", 0.12
            yield f"{name} - 1", 0.06
            yield f"{name} + 1", 0.1

    for bound in _bounds(own, scope):
        if bound not in scope.names:
            yield f"{own} - {enclosed(bound)}", 0.3
            yield f"{enclosed(bound)} - {own}", 0.1


def _bounds(name: str, scope: Scope) -> Iterator[str]:
    """What a name is compared with: beyond that it goes on with the rest."""
    for node in ast.walk(scope.function):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = map(ast.unparse, (node.left, node.comparators[0]))
            if name in (left, right) and not isinstance(node.comparators[0], ast.Constant):
                yield right if left == name else left


def attribute(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another attribute of the same object, the attribute for the object, one more step along a chain."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        base = text.of(node.value)
        for other in scope.attributes:
            if other != node.attr:
                yield f"{base}.{other}", "attribute", 0.3
            yield f"{base}.{node.attr}.{other}", "missing attribute", 0.15
        yield base, "extra attribute", 0.25
    if isinstance(node, ast.Name):
        for other in scope.attributes:
            yield f"{node.id}.{other}", "missing attribute", 0.2
        if "self" in scope.names and node.id in scope.attributes:
            yield f"self.{node.id}", "missing self", 0.6
        if isinstance(node.ctx, ast.Load) and node.id in scope.attributes:
            for other in scope.changed[:6]:  # what was found by the name has the name as it should be
                if other != node.id:
                    yield f"{other}.{node.id}", "missing attribute", 0.3


def grouping(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """``a + b / c`` for ``(a + b) / c``; ``a or b and c`` the other way round."""
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.BinOp):
        first, rest = text.of(node.left), text.of(node.right.left)
        one = text.source[text.span(node.left)[1] : text.span(node.right)[0]].strip(" ()\n")
        two = text.source[text.span(node.right.left)[1] : text.span(node.right.right)[0]].strip(" ()\n")
        yield f"({first} {one} {rest}) {two} {text.of(node.right.right)}", "grouping", 0.35
    if isinstance(node, ast.BoolOp):
        for at, part in enumerate(node.values):
            if isinstance(part, ast.BoolOp) and len(node.values) == 2 and len(part.values) == 2:
                yield _regrouped(node, part, at, text), "grouping", 0.3


def _regrouped(node: ast.BoolOp, inner: ast.BoolOp, at: int, text: Text) -> str:
    outer, within = ("and" if isinstance(one.op, ast.And) else "or" for one in (node, inner))
    one, two = map(text.of, inner.values)
    other = text.of(node.values[1 - at])
    return f"{one} {within} ({two} {outer} {other})" if at == 0 else f"({other} {outer} {one}) {within} {two}"


def starred(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """An argument spread, or no longer; a usual default for ``get``."""
    if not isinstance(node, ast.Call):
        return
    args = [text.of(one) for one in node.args]
    func = text.of(node.func)
    for at, one in enumerate(node.args):
        plain = args[at][1:] if isinstance(one, ast.Starred) else f"*{args[at]}"
        yield _call(func, args, {at: plain}), "spread", 0.2
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop") and args:
        for default in ("0", "''", "[]", "1", "None", "False", "set()", *scope.names):
            yield f"{func}({args[0]}, {default})", "default", 0.25


def shared(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """``[[]] * n`` is one list n times: one of its own for each."""
    match node:
        case ast.BinOp(ast.List(elts=[element]), ast.Mult(), count) | ast.BinOp(
            count, ast.Mult(), ast.List(elts=[element])
        ):
            one, rounds = text.of(element), f"for _ in range({text.of(count)})"
        case _:
            return
    if isinstance(element, ast.Name):
        for copied in (f"{one}[:]", f"{one}.copy()"):
            yield f"[{copied} {rounds}]", "one object shared", 0.4
    elif not isinstance(element, ast.Constant):
        yield f"[{one} {rounds}]", "one object shared", 0.7


REWRITES = (elements, slices, recursion, attribute, grouping, starred, shared)
