"""Places that a run leaves and comes back to: what yields or waits, generators, and heads of ``with``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from cwm_lsp.trace.statements import blocks, first_line, parse, statement_lines

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Scope = _Function | ast.Lambda | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Suspending:
    """``yielding`` are first lines of statements that yield, ``generators`` of functions that hold such.

    ``coroutines`` are those of ``async`` functions, ``awaiting`` of statements that wait. ``bodies`` are the
    lines of what each ``with`` holds, by the line of its head; ``heads`` those of ``for``, ``doors`` those of
    ``async with`` and ``async for``.
    """

    yielding: frozenset[int] = frozenset()
    generators: frozenset[int] = frozenset()
    bodies: Mapping[int, range] = field(default_factory=lambda: MappingProxyType({}))
    heads: frozenset[int] = frozenset()
    coroutines: frozenset[int] = frozenset()
    awaiting: frozenset[int] = frozenset()
    doors: frozenset[int] = frozenset()


@lru_cache(maxsize=64)
def suspending(source: str) -> Suspending:
    """Those of a source text; none where it does not parse."""
    tree = parse(source)
    if tree is None:
        return Suspending()
    lines = statement_lines(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, _Function)]
    yields = {first_line(one): [inner.lineno for inner in _yields(one)] for one in functions}
    return Suspending(
        frozenset(lines.get(line, line) for found in yields.values() for line in found),
        frozenset(first for first, found in yields.items() if found),
        MappingProxyType(
            {
                node.lineno: range(first_line(node.body[0]), (node.end_lineno or node.lineno) + 1)
                for node in blocks(tree)
                if isinstance(node, ast.With | ast.AsyncWith)
            }
        ),
        frozenset(node.lineno for node in blocks(tree) if isinstance(node, ast.For | ast.AsyncFor)),
        frozenset(first_line(one) for one in functions if isinstance(one, ast.AsyncFunctionDef)),
        frozenset(lines.get(line, line) for line in map(_waits_at, ast.walk(tree)) if line),
        frozenset(node.lineno for node in blocks(tree) if isinstance(node, ast.AsyncWith | ast.AsyncFor)),
    )


def _waits_at(node: ast.AST) -> int:
    """The line of a node that waits, 0 of any other."""
    if isinstance(node, ast.comprehension):
        return node.target.lineno if node.is_async else 0
    return node.lineno if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) else 0


def _yields(node: ast.AST) -> Iterator[ast.Yield | ast.YieldFrom]:
    """The ``yield``s of a function's own."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            yield child
        if not isinstance(child, _Scope):
            yield from _yields(child)
