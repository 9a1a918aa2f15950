"""One variable taken for another throughout a statement: two exchanged, or each use of one replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import combinations

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.text import Text

EXCHANGED = 0.3
REPLACED = 0.14


def renamed(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Candidate]:
    """A statement, or the head of a compound one, with its names exchanged; a name used twice replaced."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Try | ast.With):
        return
    uses = _uses(statement, scope)
    for one, other in combinations(uses, 2):
        yield _changed(statement, uses, {one: other, other: one}, "names exchanged", EXCHANGED, text)
    for name, nodes in uses.items():
        if len(nodes) > 1:
            for other in scope.names:
                if other != name:
                    yield _changed(statement, uses, {name: other}, "name replaced", REPLACED, text)


def exchanged(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Candidate]:
    """Another attribute or key wherever a statement, or the head of a compound one, has one of them."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Try | ast.With):
        return
    attributes: dict[str, list[Edit]] = {}
    keys: dict[str, list[Edit]] = {}
    for node in (node for part in _head(statement) for node in ast.walk(part)):
        if isinstance(node, ast.Attribute) and node.attr in scope.attributes:
            end = text.span(node)[1]
            attributes.setdefault(node.attr, []).append(Edit(end - len(node.attr), end, ""))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            key = node.slice.value
            if isinstance(key, str) and key in scope.keys:
                keys.setdefault(key, []).append(Edit(*text.span(node.slice), ""))
    for places, names, form in ((attributes, scope.attributes, str), (keys, scope.keys, repr)):
        for name, edits in places.items():
            for other in names:
                if len(edits) > 1 and other != name:
                    new = tuple(sorted(Edit(one.start, one.end, form(other)) for one in edits))
                    yield Candidate(new, "attribute", statement.lineno, REPLACED)


def _uses(statement: ast.stmt, scope: Scope) -> dict[str, list[ast.Name]]:
    """The places where variables are read, by name."""
    found: dict[str, list[ast.Name]] = {}
    for part in _head(statement):
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in scope.names:
                found.setdefault(node.id, []).append(node)
    return found


def _head(statement: ast.stmt) -> list[ast.AST]:
    if isinstance(statement, ast.For):
        return [statement.iter]
    return [statement.test] if isinstance(statement, ast.If | ast.While) else [statement]


def _changed(
    statement: ast.stmt,
    uses: Mapping[str, list[ast.Name]],
    names: Mapping[str, str],
    kind: str,
    prior: float,
    text: Text,
) -> Candidate:
    edits = [Edit(*text.span(node), new) for old, new in names.items() for node in uses[old]]
    return Candidate(tuple(sorted(edits)), kind, statement.lineno, prior)
