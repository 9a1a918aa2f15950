"""Scripts: a few statements and an expression whose value is looked at; a call is the shortest one.

``shop = Shop(3); shop.add('fig', 2); shop.total()`` says what a test of a class does without pytest. They are
evaluated in the module under repair, in a scope of their own.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from cwm_lsp.errors import ArgumentsError

_COMPOUND = (
    ast.For | ast.While | ast.If | ast.With | ast.Try | ast.FunctionDef | ast.ClassDef | ast.Match
    | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith
)  # fmt: skip


def parsed(text: str) -> ast.Module:
    """A script's statements, the last of them an expression. Raises ``ArgumentsError``."""
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ArgumentsError(f"{text!r} is no Python expression: {reason}.") from error
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        raise ArgumentsError(f"{text!r} does not end in an expression.")
    return tree


def written(statements: Sequence[ast.stmt], value: ast.expr) -> str:
    """Statements and an expression as a script, on one line where that can be."""
    lines = [ast.unparse(ast.fix_missing_locations(one)) for one in statements]
    whole = any(isinstance(one, _COMPOUND) for one in statements)
    return ("\n" if whole else "; ").join([*lines, ast.unparse(ast.fix_missing_locations(value))])


def is_call(text: str) -> bool:
    """Whether a script is an expression alone."""
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
