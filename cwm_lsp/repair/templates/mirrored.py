"""A statement that was written for one of two alike things and forgotten for the other.

``out.extend(a[i:])`` misses its twin ``out.extend(b[j:])``: the same statement with one or two names
exchanged for others in reach that it does not use. ``if not a: return b`` misses ``if not b: return a``: the
same branch with two of its own names, or of its fields, exchanged for one another.
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
                yield exchanged(statement, dict(zip(old, new, strict=True)))


def branches(statement: ast.stmt, names: Sequence[str], fields: Sequence[str]) -> Iterator[str]:
    """Twins of a short branch that leaves, and is the only one; nothing for what is none."""
    if not isinstance(statement, ast.If) or statement.orelse or len(statement.body) > SHORT:
        return
    *before, last = statement.body
    if not isinstance(last, _EXIT) or not all(isinstance(one, _SIMPLE) for one in before):
        return
    nodes = list(ast.walk(statement))
    read = dict.fromkeys(node.id for node in nodes if isinstance(node, ast.Name) and node.id in names)
    own = dict.fromkeys(
        node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr in fields
    )
    for used, others in ((read, names), (own, fields)):
        for old, new in combinations(used, 2):
            yield exchanged(statement, {old: new, new: old})
        for old in used:
            for new in (one for one in others if one not in used):
                yield exchanged(statement, {old: new})


SHORT = 2
"""Statements of a branch that may have a twin."""

_EXIT = ast.Return | ast.Raise | ast.Continue | ast.Break
_SIMPLE = ast.Expr | ast.Assign | ast.AugAssign


def exchanged(statement: ast.stmt, names: Mapping[str, str]) -> str:
    """A statement with other names, attributes among them."""

    class Exchange(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(names.get(node.id, node.id), node.ctx)

        def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
            self.generic_visit(node)
            return ast.Attribute(node.value, names.get(node.attr, node.attr), node.ctx)

    return ast.unparse(Exchange().visit(ast.parse(ast.unparse(statement))))
