"""Copies that are not deep enough, and what is stored over what was there before."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import Scope, docstring, within
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_PLACE = ast.Name | ast.Attribute | ast.Subscript

_KEPT = {
    "set": ("set()", "update"),
    "list": ("[]", "extend"),
    "dict": ("{}", "update"),
    "sorted": ("[]", "extend"),
}
"""What a collection begins as, and the method that adds another one to it."""


def deep(function: Function, scope: Scope, tree: ast.Module, text: Text) -> Iterator[Candidate]:
    """A copy of all that something holds, with the import that it needs."""
    there = "copy" in scope.globals
    call = "deepcopy" if "deepcopy" in scope.globals else "copy.deepcopy"
    imported = () if there or call == "deepcopy" else _imported(tree, text)
    for node, whole, prior in _copied(function, scope):
        edit = Edit(*text.span(node), f"{call}({text.of(whole)})")
        yield Candidate((*imported, edit), "missing copy", node.lineno, prior)
        for form in ("[list(one) for one in {}]", "{{key: list(one) for key, one in {}.items()}}"):
            new = Edit(*text.span(node), form.format(text.of(whole)))
            yield Candidate((new,), "missing copy", node.lineno, prior * 0.5)


def _copied(function: Function, scope: Scope) -> Iterator[tuple[ast.expr, ast.expr, float]]:
    """Shallow copies with what they copy, and values that are kept, handed out or stored as they are."""
    for node in within(function):
        match node:
            case ast.Call(
                func=ast.Name("dict" | "list"), args=[ast.Name() | ast.Attribute() as one], keywords=[]
            ):
                yield node, one, 0.28
            case ast.Call(func=ast.Attribute(value=ast.Name("copy"), attr="copy"), args=[one]):
                yield node, one, 0.4
            case ast.Call(func=ast.Attribute(value=one, attr="copy"), args=[]):
                yield node, one, 0.35
            case ast.Subscript(value=one, slice=ast.Slice(lower=None, upper=None, step=None), ctx=ast.Load()):
                yield node, one, 0.28
            case ast.Name(name, ctx=ast.Load()) if name in scope.kept and name in scope.parameters:
                yield node, node, 0.12
            case ast.Assign(targets=[ast.Name()], value=ast.Attribute(value=ast.Name(name)) as one) if (
                name == scope.owner.receiver
            ):
                yield one, one, 0.14
            case ast.Return(value=ast.Attribute(value=ast.Name(name)) as one) if name == scope.owner.receiver:
                yield one, one, 0.08
            case ast.Call(func=ast.Attribute(attr="append"), args=[ast.Attribute() | ast.Name() as one]):
                yield one, one, 0.06


def _imported(tree: ast.Module, text: Text) -> tuple[Edit, ...]:
    """``import copy`` before the first statement that may follow an import."""
    for statement in tree.body:
        ahead = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not ahead and not docstring(statement):
            first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
            place = text.line_start(first)
            alone = isinstance(statement, ast.Import | ast.ImportFrom)
            return (Edit(place, place, "import copy\n" if alone else "import copy\n\n\n"),)
    return ()


def kept(node: ast.expr, value: ast.expr, text: Text) -> Iterator[Variant]:
    """An assignment to an element that should leave, or add to, what is there already."""
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice):
        return
    base, key = text.of(node.value), text.of(node.slice)
    match value:
        case ast.Call(func=ast.Name(name), args=[one], keywords=[]) if name in _KEPT:
            empty, method = _KEPT[name]
            yield f"{base}.setdefault({key}, {empty}).{method}({text.of(one)})", "accumulator", 0.35
            yield f"{base}[{key}].{method}({text.of(one)})", "accumulator", 0.14
        case ast.Set(elts=[one]):
            yield f"{base}.setdefault({key}, set()).add({text.of(one)})", "accumulator", 0.35
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(args=[], keywords=[]):
            yield f"{base}.setdefault({key}, {text.of(value)})", "accumulator", 0.35
        case ast.Name():
            yield f"{base}.setdefault({key}, []).extend({text.of(value)})", "accumulator", 0.12
            yield f"{base}.setdefault({key}, {text.of(value)})", "accumulator", 0.14
