"""What the text of a function gives away by itself: names that nothing reads, never change, or stand twice.

None of it is an error. But an edit that reads the name that nothing reads, or changes in the loop what never
changes there, is likelier to be the one that was forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cwm_lsp.repair.model import Candidate
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import within
from cwm_lsp.repair.text import Text

FACTOR = 2.5
"""How much likelier an edit is that a hint speaks for."""

STALE = 4.0
"""The same where it changes what a loop reads and nothing changes."""

_LOOP = ast.For | ast.While | ast.AsyncFor
_WORD = re.compile(r"[A-Za-z_]\w*")
_STORE = r"\b{}\b\s*(?:[-+*/%|&^]|//|\*\*|<<|>>)?=(?!=)"


@dataclass(frozen=True, slots=True)
class Hints:
    """Of one function: names that are never read, names that a loop reads and nothing changes, and the places
    (start and end) of expressions beside an equal one."""

    unread: frozenset[str]
    stale: frozenset[str]
    twice: tuple[tuple[int, int], ...]

    def factor(self, candidate: Candidate, text: Text) -> float:
        """How much likelier a candidate is for doing what the function seems to lack."""
        if not (self.unread or self.stale or self.twice):
            return 1.0
        for edit in candidate.edits:
            old = text.source[edit.start : edit.end]
            gained = set(_WORD.findall(edit.text)) - set(_WORD.findall(old))
            if any(re.search(_STORE.format(name), edit.text) for name in gained & self.stale):
                return STALE
            if gained & self.unread:
                return FACTOR
            alone = len(candidate.edits) == 1 and old
            if alone and any(start <= edit.start and edit.end <= end for start, end in self.twice):
                return FACTOR
        return 1.0


def hints(function: Function, text: Text) -> Hints:
    """The hints of a function."""
    nodes = list(within(function))
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    changed = {node.target.id for node in nodes if _augments(node)}  # type: ignore[attr-defined]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    spec = function.args
    parameters = {one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)} - {"self", "cls"}
    unread = {name for name in (stored | parameters) - read - changed if not name.startswith("_")}
    return Hints(frozenset(unread), frozenset(_stale(function, names)), tuple(_twice(nodes, text)))


def _augments(node: ast.AST) -> bool:
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)


def _stale(function: Function, names: Sequence[ast.Name]) -> Iterator[str]:
    """Names that are given a constant once, before a loop that reads them."""
    once = [node.id for node in names if isinstance(node.ctx, ast.Store)]
    for statement in within(function):
        if not isinstance(statement, ast.Assign):
            continue
        for name, value in _assigned(statement):
            if once.count(name) == 1 and isinstance(value, ast.Constant) and _looped(function, name):
                yield name


def _assigned(statement: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    for target in statement.targets:
        if isinstance(target, ast.Name):
            yield target.id, statement.value
        elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            for one, value in zip(target.elts, statement.value.elts, strict=False):
                if isinstance(one, ast.Name):
                    yield one.id, value


def _looped(function: Function, name: str) -> bool:
    """Whether a loop reads a name that it does not store."""
    for loop in within(function):
        if isinstance(loop, _LOOP):
            uses = [node for node in ast.walk(loop) if isinstance(node, ast.Name) and node.id == name]
            if any(isinstance(node.ctx, ast.Load) for node in uses):
                return True
    return False


def _twice(nodes: Sequence[ast.AST], text: Text) -> Iterator[tuple[int, int]]:
    """Expressions that stand beside an equal one: both sides of an operator, two arguments, two elements."""
    for node in nodes:
        for group in _groups(node):
            seen: dict[str, list[ast.expr]] = {}
            for one in group:
                if not isinstance(one, ast.Constant):
                    seen.setdefault(ast.dump(one), []).append(one)
            for equal in seen.values():
                if len(equal) > 1:
                    yield from map(text.span, equal)


def _groups(node: ast.AST) -> Iterator[list[ast.expr]]:
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult | ast.Pow):
        yield [node.left, node.right]
    elif isinstance(node, ast.Compare):
        yield [node.left, *node.comparators]
    elif isinstance(node, ast.BoolOp):
        yield node.values
    elif isinstance(node, ast.Call):
        yield node.args
    elif isinstance(node, ast.Tuple | ast.List):
        yield node.elts
