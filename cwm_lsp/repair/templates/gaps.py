"""Places of a function where one more line could stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import docstring, suites
from cwm_lsp.repair.text import Text

LOOP = ast.For | ast.While | ast.AsyncFor


@dataclass(frozen=True, slots=True)
class Gap:
    """A place: its offset, what ends the line before, the indentation, the line that it is at, and that of
    the statement before (0: none).

    ``first``: at the start of the function; ``last``: at the end of a block; ``loop``: inside a loop;
    ``behind``: just behind one. ``following`` are the names that the next statement loads.
    """

    place: int
    lead: str
    indent: str
    line: int
    before: int
    first: bool
    last: bool
    loop: bool
    behind: bool
    following: frozenset[str]


def gaps(function: Function, text: Text) -> Iterator[Gap]:
    """Before each statement of a function and behind the last one of each block."""
    for suite in suites(function):
        if not all(text.alone(one) for one in suite):
            continue
        loop = _in_loop(suite, function)
        for at in range(len(suite) + 1):
            before = suite[at - 1] if at else None
            if isinstance(before, ast.Return | ast.Break | ast.Continue | ast.Raise):
                continue
            if at == 0 and docstring(suite[0]):
                continue
            if at < len(suite):
                if text.source.startswith(("@", "elif"), text.span(suite[at])[0]):
                    continue
                place, line = text.line_start(suite[at].lineno), suite[at].lineno
            else:
                assert before is not None
                place, line = text.block(before)[1], before.end_lineno or before.lineno
            lead = "" if place == 0 or text.source[place - 1 : place] == "\n" else "\n"
            first = suite is function.body and (at == 0 or (at == 1 and docstring(suite[0])))
            behind = isinstance(before, LOOP)
            loaded = _loaded(suite[at]) if at < len(suite) else frozenset()
            after = before.lineno if before is not None else 0
            indent, end = text.indent(suite[0]), at == len(suite)
            yield Gap(place, lead, indent, line, after, first, end, loop, behind, loaded)


def _loaded(statement: ast.stmt) -> frozenset[str]:
    """The names that a statement, or the head of a compound one, loads."""
    body = getattr(statement, "body", None)
    inside = {id(node) for one in body for node in ast.walk(one)} if isinstance(body, list) else set()
    nodes = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and id(node) not in inside)
    return frozenset(node.id for node in nodes if isinstance(node.ctx, ast.Load))


def _in_loop(suite: list[ast.stmt], function: Function) -> bool:
    return any(
        isinstance(loop, LOOP) and any(node is suite[0] for node in ast.walk(loop))
        for loop in ast.walk(function)
    )
