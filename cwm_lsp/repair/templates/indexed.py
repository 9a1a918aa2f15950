"""One more or one less, and other places in what is indexed or sliced."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]


def off_by_one(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """One more or one less, but for what is called or looked up to be true or not."""
    if id(node) in scope.truths and isinstance(node, ast.Subscript | ast.Call | ast.Attribute):
        return
    if isinstance(node, ast.Name | ast.BinOp | ast.Subscript | ast.Call | ast.Attribute):
        for new in shifted(node, text):
            yield new, "off by one", 0.42


def shifted(node: ast.expr, text: Text) -> Iterator[str]:
    """``node`` plus and minus one, written as short as can be."""
    source = text.of(node)
    if isinstance(node, ast.Constant):
        if type(node.value) is int:
            yield str(node.value + 1)
            yield str(node.value - 1)
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        if isinstance(node.right, ast.Constant) and type(node.right.value) is int:
            by = node.right.value if isinstance(node.op, ast.Add) else -node.right.value
            for new in (by + 1, by - 1):
                sign = "+" if new > 0 else "-"
                yield text.of(node.left) + (f" {sign} {abs(new)}" if new else "")
            return
    elif not isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute | ast.BinOp):
        return
    yield f"{source} + 1"
    yield f"{source} - 1"


def subscript(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A bound of a slice dropped, added or moved; an index from the other end; ``.get``."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return
    whole = text.of(node.value)
    if isinstance(node.slice, ast.Slice):
        yield from _slices(node.slice, whole, scope, text)
        return
    index = text.of(node.slice)
    yield f"{whole}[-{enclosed(index)}]", "index", 0.2
    yield f"{whole}[{index}:]", "index", 0.15
    yield f"{whole}[:{index}]", "index", 0.15
    yield whole, "index dropped", 0.2
    yield f"{whole}.get({index}, 0)", "missing key", 0.16
    yield f"{whole}.get({index})", "missing key", 0.13
    if isinstance(node.value, ast.Subscript) and not isinstance(node.value.slice, ast.Slice):
        inner, base = text.of(node.value.slice), text.of(node.value.value)
        yield f"{base}[{index}][{inner}]", "indices swapped", 0.4


def _slices(node: ast.Slice, whole: str, scope: Scope, text: Text) -> Iterator[Variant]:
    low, high, step = (text.of(one) if one else "" for one in (node.lower, node.upper, node.step))

    def built(low: str, high: str, step: str) -> str:
        return f"{whole}[{low}:{high}{f':{step}' if step else ''}]"

    lows = [*(shifted(node.lower, text) if node.lower else ()), "", "1", high, *scope.names]
    highs = [*(shifted(node.upper, text) if node.upper else ()), "", "-1", low, *scope.names]
    for rank, new in enumerate(lows):
        yield built(new, high, step), "slice", 0.5 if rank < 4 else 0.25
    for rank, new in enumerate(highs):
        yield built(low, new, step), "slice", 0.5 if rank < 4 else 0.25
    for new in ("", "-1", "2"):
        yield built(low, high, new), "slice", 0.25
    yield whole, "slice dropped", 0.25
