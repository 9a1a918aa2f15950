"""A statement that was written for one of two alike things and forgotten for the other.

``out.extend(a[i:])`` misses its twin ``out.extend(b[j:])``: the same statement with one or two names
exchanged for others in reach that it does not use.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, permutations

MOST = 80
"""Twins of one statement."""


def twins(statement: ast.stmt, names: Sequence[str]) -> Iterator[str]:
    """``statement`` with other ``names``, on one line; nothing for what is no simple statement."""
    if isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign):
        yield from islice(_twins(statement, names), MOST)


def _twins(statement: ast.stmt, names: Sequence[str]) -> Iterator[str]:
    read = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    used = [name for name in dict.fromkeys(read) if name in names]
    others = [name for name in names if name not in used]
    for count in (2, 1):
        for old in combinations(used, count):
            for new in permutations(others, count):
                yield _exchanged(statement, dict(zip(old, new, strict=True)))


def _exchanged(statement: ast.stmt, names: Mapping[str, str]) -> str:
    class Exchange(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(names.get(node.id, node.id), node.ctx)

    return ast.unparse(Exchange().visit(ast.parse(ast.unparse(statement))))
