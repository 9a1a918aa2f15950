"""Which lines belong to one statement.

An interpreter reports a statement that spans several lines in fragments that differ from version
to version. Everything above the recorder therefore speaks of statements, named by their first line.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType


def parse(source: str) -> ast.Module | None:
    """The tree of ``source``, or ``None`` where this interpreter cannot parse it."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def first_line(node: ast.stmt | ast.ExceptHandler | ast.match_case) -> int:
    """The first line of a statement (decorators included), handler or case."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.lineno


def _header_end(node: ast.stmt | ast.ExceptHandler | ast.match_case) -> int:
    """The last line of a simple statement, or of the head of a compound one."""
    body: list[ast.stmt] = getattr(node, "body", []) or []
    cases: list[ast.match_case] = getattr(node, "cases", [])
    start = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    if body:
        return max(start, first_line(body[0]) - 1)
    if cases:
        return max(start, first_line(cases[0]) - 1)
    return getattr(node, "end_lineno", None) or start


def blocks(tree: ast.AST) -> Iterator[ast.stmt | ast.ExceptHandler | ast.match_case]:
    """Every statement, handler and case, outer ones before the inner."""
    todo = deque([tree])
    while todo:
        node = todo.popleft()
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield node
        for name in _BLOCKS:
            inner = getattr(node, name, None)
            if isinstance(inner, list):  # of an expression, such as a lambda, it is one
                todo.extend(inner)


_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
"""Where nodes hold statements: no expression does."""


_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@lru_cache(maxsize=64)
def shared_lines(source: str) -> Mapping[int, int]:
    """Lines that a decorated definition shares with its body, with the first line of the definition.

    In the frame of the body they are its first statement, elsewhere they are part of the definition.
    """
    tree = parse(source)
    found = [node for node in ast.walk(tree) if isinstance(node, _Defined)] if tree is not None else []
    return MappingProxyType(
        {
            node.lineno: first_line(node)
            for node in found
            if first_line(node) < node.lineno == first_line(node.body[0])
        }
    )


@dataclass(frozen=True, slots=True)
class Head:
    """Where a function or class says its name. ``line`` is that of its ``def``, behind any decorators."""

    name: str
    line: int


@lru_cache(maxsize=256)
def heads(source: str) -> Mapping[int, Head]:
    """The functions and classes of ``source`` by their first line, at which a call of them is reported."""
    return _heads(source, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


@lru_cache(maxsize=64)
def functions(source: str) -> Mapping[int, Head]:
    """Those of functions alone."""
    return _heads(source, (ast.FunctionDef, ast.AsyncFunctionDef))


def _heads(source: str, kinds: tuple[type[ast.stmt], ...]) -> Mapping[int, Head]:
    tree = parse(source)
    if tree is None:
        return MappingProxyType({})
    return MappingProxyType(
        {
            first_line(node): Head(node.name, node.lineno)
            for node in ast.walk(tree)
            if isinstance(node, kinds) and isinstance(node, _Defined)
        }
    )


def told_at(line: int, known: Mapping[int, Head]) -> int:
    """The line at which a reader looks for what is reported at ``line``: a ``def``, not its decorator."""
    head = known.get(line)
    return head.line if head is not None else line


@lru_cache(maxsize=256)
def looping_lines(source: str) -> frozenset[int]:
    """First lines of the statements that hold a comprehension and are themselves no loop."""
    tree = parse(source)
    if tree is None:
        return frozenset()
    loops = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.For | ast.AsyncFor | ast.While)}
    comprehensions = {
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp)
    }
    lines = statement_lines(source)
    return frozenset(lines[line] for line in comprehensions if line in lines) - loops


@lru_cache(maxsize=256)
def statement_lines(source: str) -> Mapping[int, int]:
    """Each line of ``source`` that belongs to a statement, mapped to the first line of that statement.

    Lines of a compound statement's body belong to the statements in it. Source that does not parse
    gives an empty mapping.
    """
    tree = parse(source)
    if tree is None:
        return MappingProxyType({})
    lines: dict[int, int] = {}
    for node in blocks(tree):
        start = first_line(node)
        for line in range(start, _header_end(node) + 1):
            lines[line] = start
    return MappingProxyType(lines)
