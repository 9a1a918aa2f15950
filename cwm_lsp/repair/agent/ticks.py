"""Ends loops without an end after so many turns: sooner than any clock could tell that they have none.

Loops of the file, and functions that call themselves, count what they do. The text that counts is put
between a candidate's own edits, so that no tree has to be rebuilt for each of them. What does not count (a
loop inside one expression, one that an edit made) is left to :mod:`.alarm`.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from itertools import accumulate

from .alarm import Overtime

TICK = "__tick__"
TICKED = "__ticked__"

Insertion = tuple[int, str]
"""A character offset and what is put there."""


class Counter:
    """How many turns are left to the check that runs. One for a process."""

    def __init__(self) -> None:
        self.left = 0

    def tick(self) -> None:
        """One turn. Raises ``Overtime``, and goes on to, when there are none left."""
        self.left -= 1
        if self.left < 0:
            raise Overtime

    def ticked(self, values: Iterable[object]) -> Iterator[object]:
        """``values``, each of them a turn."""
        for value in values:
            self.left -= 1
            if self.left < 0:
                raise Overtime
            yield value

    def present(self) -> None:
        """Be known to all code of the process."""
        setattr(builtins, TICK, self.tick)
        setattr(builtins, TICKED, self.ticked)


def insertions(text: str) -> list[tuple[Insertion, ...]]:
    """What makes ``text`` count, in groups that only work whole; none where it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    def around(node: ast.expr, before: str, after: str) -> tuple[Insertion, ...]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = offset(node.lineno, node.col_offset)
        end = offset(node.end_lineno, node.end_col_offset)
        return (start, before), (end, after)

    found: list[tuple[Insertion, ...]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.While):
            found.append(around(node.test, f"{TICK}() or (", ")"))
        elif isinstance(node, ast.For):
            found.append(around(node.iter, f"{TICKED}((", "))"))
        elif isinstance(node, ast.FunctionDef) and _calls_itself(node):
            first = node.body[0]
            at = offset(first.lineno, first.col_offset)
            indent = text[starts[first.lineno - 1] : at]
            if not indent.strip() and not getattr(first, "decorator_list", None):
                found.append(((at, f"{TICK}()\n{indent}"),))
    return found


def _calls_itself(function: ast.FunctionDef) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(
        getattr(one, "id", None) == function.name or getattr(one, "attr", None) == function.name
        for one in calls
    )


def between(
    edits: Iterable[tuple[int, int, str]], groups: Iterable[tuple[Insertion, ...]]
) -> list[tuple[int, int, str]]:
    """The insertions, as edits, of the groups that no edit overwrites a part of."""
    known = [(start, end) for start, end, _ in edits]
    return [
        (at, at, new)
        for group in groups
        if not any(start < at < end for at, _ in group for start, end in known)
        for at, new in group
    ]
