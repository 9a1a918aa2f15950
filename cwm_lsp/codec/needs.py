"""What must be stored in an object before the ``__repr__`` of its class can write it.

Until then, reading what is missing raises, and the object is shown as any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

PLAIN_BASES = frozenset({"ABC", "object"})
"""Classes of the standard library that bring nothing of their own to those that descend from them."""


def read_first(node: ast.FunctionDef) -> Iterator[str]:
    """The attributes of ``self`` that a method reads whatever it decides."""
    match [one for one in node.body if not _is_docstring(one)][:1]:
        case [ast.Return(value=ast.expr() as first) | ast.Assign(value=first) | ast.Expr(value=first)]:
            yield from _always_read(first)
        case [ast.If(test=first) | ast.While(test=first) | ast.For(iter=first)]:
            yield from _always_read(first)


def unstored(
    names: Sequence[str], kinds: Sequence[str], classes: Mapping[str, ast.ClassDef]
) -> tuple[str, ...]:
    """Those of ``names`` that none of the classes ``kinds`` defines; none if one of them is not known."""
    if not {*kinds} <= {*classes, *PLAIN_BASES}:
        return ()
    own = {name for kind in kinds if kind in classes for name in _defined(classes[kind])}
    return tuple(name for name in names if name not in own)


def _defined(node: ast.ClassDef) -> Iterator[str]:
    for one in node.body:
        match one:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case _:
                yield from (part.id for part in ast.walk(one) if isinstance(part, ast.Name))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _always_read(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Lambda():
            return
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            yield name
            return
        case ast.IfExp(test=part) | ast.BoolOp(values=[part, *_]):
            parts: list[ast.AST] = [part]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            parts = [node.generators[0].iter]
        case _:
            parts = list(ast.iter_child_nodes(node))
    for one in parts:
        yield from _always_read(one)
