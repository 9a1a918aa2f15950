"""What kind of work a statement does, in a few words: the rows of an error analysis."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from cwm_lsp.trace.statements import blocks, first_line, parse

_BUILTINS = frozenset(dir(builtins))
_EXPRESSIONS: tuple[tuple[str, tuple[type[ast.AST], ...]], ...] = (
    ("comprehension", (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)),
    ("slice", (ast.Slice,)),
    ("method", (ast.Attribute,)),
    ("call", (ast.Call,)),
    ("f-string", (ast.JoinedStr,)),
    ("arithmetic", (ast.BinOp, ast.UnaryOp)),
    ("item", (ast.Subscript,)),
    ("condition", (ast.Compare, ast.BoolOp, ast.IfExp)),
    ("display", (ast.List, ast.Tuple, ast.Dict, ast.Set)),
)


@lru_cache(maxsize=256)
def statement_kinds(source: str) -> Mapping[int, str]:
    """For the first line of each statement of ``source``, what running it takes, as ``assign slice``."""
    tree = parse(source)
    if tree is None:
        return MappingProxyType({})
    return MappingProxyType({first_line(node): _kind(node) for node in reversed(list(blocks(tree)))})


def _kind(node: ast.AST) -> str:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return "enter"
        case ast.For() | ast.AsyncFor():
            return "for"
        case ast.If() | ast.While():
            return "if, while"
        case ast.Return(value=value):
            return f"return {_expression(value)}" if value is not None else "return"
        case ast.AugAssign(value=value):
            return f"augmented {_expression(value)}"
        case ast.Assign(targets=targets, value=value):
            if any(isinstance(target, ast.Subscript | ast.Attribute) for target in targets):
                return "item assign"
            return f"assign {_expression(value)}"
        case ast.AnnAssign(value=ast.expr() as value):
            return f"assign {_expression(value)}"
        case ast.Expr(value=ast.Call(func=ast.Attribute())):
            return "method statement"
        case _:
            return type(node).__name__.lower()


def _expression(node: ast.expr) -> str:
    """The hardest thing in an expression."""
    parts = list(ast.walk(node))
    for name, types in _EXPRESSIONS:
        if any(isinstance(part, types) for part in parts):
            if name == "call" and any(_is_own(part) for part in parts):
                return "own call"
            return name
    return "name or constant"


def _is_own(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in _BUILTINS
