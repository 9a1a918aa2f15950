"""Expressions over objects: fields of the receiver, methods, keys, comparisons field by field."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]


def field(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A field of the receiver for a name or another expression, a name for a field, a call for a method."""
    source = text.of(node)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in scope.names:
        for other in scope.owner.values:
            yield other, "attribute", 0.2
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return
    for name in scope.names:
        likely = 0.35 if name == node.attr else 0.1
        yield name, "extra attribute", likely
    if node.attr in scope.methods:
        yield f"{source}()", "missing call", 0.3
        for other in scope.methods:
            if other != node.attr:
                yield f"{text.of(node.value)}.{other}", "method", 0.3


def passed(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A field of the receiver that should be passed as well."""
    if not isinstance(node, ast.Call) or not scope.owner.receiver:
        return
    source = text.of(node)
    if not source.endswith(")") or source[:-1].rstrip().endswith(","):
        return
    lead = source[:-1] + (", " if node.args or node.keywords else "")
    for one in scope.owner.values:
        yield f"{lead}{one})", "missing argument", 0.15


def key(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another of the keys that the module looks things up by."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for other in scope.keys:
            if other != node.value:
                yield repr(other), "constant", 0.2 if node.value in scope.keys else 0.04


def alike(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """``a.x == b.x and a.y == b.y`` where only one of the fields is compared."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    left, right = node.left, node.comparators[0]
    if not (isinstance(left, ast.Attribute) and isinstance(right, ast.Attribute)):
        return
    if left.attr != right.attr:
        yield from _turned(left, right, node, text)
        return
    one, other, whole = text.of(left.value), text.of(right.value), text.of(node)
    between = text.source[text.span(left)[1] : text.span(right)[0]]
    for name in scope.attributes:
        if name != left.attr:
            twin = f"{one}.{name}{between}{other}.{name}"
            for joined in (f"{whole} and {twin}", f"{twin} and {whole}"):
                yield joined, "missing condition", 0.2
            yield (
                f"({one}.{left.attr}, {one}.{name}){between}({other}.{left.attr}, {other}.{name})",
                ("missing element"),
                0.15,
            )


def _turned(left: ast.Attribute, right: ast.Attribute, node: ast.Compare, text: Text) -> Iterator[Variant]:
    """``a.start < b.end and b.start < a.end`` where only one half is there."""
    one, other = text.of(left.value), text.of(right.value)
    between = text.source[text.span(left)[1] : text.span(right)[0]]
    if one != other:
        twin = f"{other}.{left.attr}{between}{one}.{right.attr}"
        yield f"{text.of(node)} and {twin}", "missing condition", 0.25


OBJECTS = (field, passed, key, alike)
