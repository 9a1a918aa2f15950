"""What an expression is there for, and how its text is put inside another."""

from __future__ import annotations

import ast
from functools import lru_cache


def is_condition(node: ast.expr) -> bool:
    """Whether a node is there for its truth."""
    return isinstance(node, ast.Compare | ast.BoolOp) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


@lru_cache(maxsize=4096)
def enclosed(text: str) -> str:
    """``text`` in parentheses unless it stands as one word."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return text
    loose = ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp | ast.IfExp | ast.Lambda | ast.Starred
    bare = isinstance(node, ast.Tuple) and not text.startswith("(")
    return f"({text})" if bare or isinstance(node, loose | ast.NamedExpr | ast.Yield | ast.Await) else text
