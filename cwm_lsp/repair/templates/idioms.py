"""Expressions of which a usual part is missing: the rest of a sequence, what stands for nothing, a copy."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates import kindred
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed, is_condition
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

FALLBACKS = ("None", "0", "''", "[]", "True", "False")
"""What usually stands for nothing."""


def complement(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """``a[:i] + b`` without the rest ``a[i:]``; the other way round."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return
    source = text.of(node)
    for one in ast.walk(node):
        if not isinstance(one, ast.Subscript) or not isinstance(one.slice, ast.Slice) or one.slice.step:
            continue
        whole = text.of(one.value)
        low, high = (text.of(bound) if bound else "" for bound in (one.slice.lower, one.slice.upper))
        if high and not low:
            for start in (high, f"{high} + 1"):
                yield f"{source} + {whole}[{start}:]", "missing operand", 0.3
        if low and not high:
            yield f"{whole}[:{low}] + {source}", "missing operand", 0.3


def fallback(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Something else where a name that the function has is empty: ``sum(a) / len(a) if a else 0``."""
    if not isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.BinOp | ast.Attribute):
        return
    source = text.of(node)
    used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    for name in scope.names:
        likely = 0.12 if name in used else 0.05
        for other in FALLBACKS:
            yield f"{source} if {name} else {other}", "missing fallback", likely
    for other in ("''", "[]", "0", "{}", "()"):
        yield f"{enclosed(source)} or {other}", "missing fallback", 0.1


def near(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """How far two values are apart, whichever is larger, compared with how far they may be."""
    match node:
        case ast.Compare(left=ast.BinOp(op=ast.Sub()) as apart, comparators=[_]):
            start, end = text.span(apart)
            rest = text.source[end : text.span(node)[1]]
            yield f"abs({text.source[start:end]}){rest}", "missing call", 0.5


def taken(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """An element looked at that should be taken out, and the other way round."""
    match node:
        case ast.Subscript(value=base, slice=ast.UnaryOp(ast.USub(), ast.Constant(1))):
            yield f"{text.of(base)}.pop()", "method", 0.3
        case ast.Subscript(value=base, slice=ast.Constant(0)):
            yield f"{text.of(base)}.pop(0)", "method", 0.25
        case ast.Call(func=ast.Attribute(value=base, attr="pop"), args=[]):
            yield f"{text.of(base)}[-1]", "method", 0.3
            yield f"{text.of(base)}.pop(0)", "missing argument", 0.4
        case ast.Call(func=ast.Attribute(value=base, attr="pop"), args=[ast.Constant(0)]):
            yield f"{text.of(base)}.pop()", "extra argument", 0.4
            yield f"{text.of(base)}[0]", "method", 0.2
        case ast.Call(func=ast.Attribute(value=base, attr="popleft"), args=[]):
            yield f"{text.of(base)}[0]", "method", 0.2


def negative(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A negative number one off, or a usual one."""
    match node:
        case ast.UnaryOp(ast.USub(), ast.Constant(int(value))):
            for other, likely in ((0, 0.6), (value, 0.5), (1 - value, 0.45), (-1 - value, 0.45), (1, 0.35)):
                yield str(other), "constant", likely


def copied(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A copy of what the caller handed in, where it is given another name or kept."""
    if isinstance(node, ast.Name) and node.id in scope.kept:
        for form in ("dict({})", "list({})", "set({})", "{}.copy()", "{}[:]"):
            yield form.format(node.id), "missing copy", 0.3


def spread(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A dictionary built on another one."""
    if isinstance(node, ast.Dict) and node.keys and None not in node.keys:
        inside = text.of(node)[1:]
        for name in scope.names:
            yield f"{{**{name}, {inside}", "missing spread", 0.12


def sorting(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A key turned round, or a part of it, or the whole order."""
    if not isinstance(node, ast.Call) or "\n" in text.of(node):
        return
    source, base = text.of(node), text.span(node)[0]
    for word in node.keywords:
        if word.arg == "reverse" and isinstance(word.value, ast.Constant):
            start, end = (place - base for place in text.span(word.value))
            yield f"{source[:start]}{not word.value.value}{source[end:]}", "sort key", 0.4
        if word.arg != "key" or not isinstance(word.value, ast.Lambda):
            continue
        yield f"{source[:-1]}, reverse=True)", "sort key", 0.35
        body = word.value.body
        for part in body.elts if isinstance(body, ast.Tuple) else [body]:
            if not isinstance(part, ast.UnaryOp):
                start, end = (place - base for place in text.span(part))
                yield f"{source[:start]}-{enclosed(source[start:end])}{source[end:]}", "sort key", 0.45


def said(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A text without the spaces around it or in one case, where the function works with texts."""
    if not scope.textual or is_condition(node):
        return
    source = text.of(node)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        for method in ("strip", "rstrip", "lstrip"):
            yield f"{source}.{method}()", "missing call", 0.14
    if isinstance(node, ast.Name) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        if source.rpartition(".")[2].partition("(")[0] not in kindred.TEXTUAL:
            for method in ("strip", "lower", "upper"):
                yield f"{source}.{method}()", "missing call", 0.14
        elif isinstance(node, ast.Call):
            for method in ("strip", "lower", "upper"):
                if f".{method}(" not in source:
                    yield f"{source}.{method}()", "missing call", 0.18


IDIOMS = (near, complement, fallback, taken, negative, copied, spread, sorting, said)
