"""Cuts a function out of a module, with all it needs of that module, into a module of its own."""

from __future__ import annotations

import ast

SAFE_MODULES = frozenset(
    "__future__ abc array bisect cmath collections collections.abc copy dataclasses datetime decimal enum "
    "fractions functools heapq itertools keyword math numbers operator re reprlib statistics string textwrap "
    "types typing unicodedata".split()
)
"""Modules that cut-out code may import: they touch nothing outside the process."""

_UNSAFE = frozenset(
    "open exec eval compile input __import__ globals locals vars breakpoint exit quit print help".split()
)

MAX_LINES = 60
"""Longest module worth keeping."""


class NotSelfContained(Exception):
    """The function needs what cannot be cut out with it."""


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a module-level statement gives."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Assign():
            return {n for target in statement.targets for n in _names(target)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case ast.Import() | ast.ImportFrom():
            return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return set()


def _is_safe_import(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import):
        return all(alias.name in SAFE_MODULES for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        return statement.level == 0 and statement.module in SAFE_MODULES
    return True


class _Undocumented(ast.NodeTransformer):
    """Drops docstrings, which say what comes out, and decorators of caching."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function."""
        return self._strip(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """A class."""
        return self._strip(node)

    def _strip(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def self_contained(tree: ast.Module, name: str) -> str:
    """A module of the function ``name`` and what it needs. Raises :class:`NotSelfContained`."""
    givers: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for given in _bound(statement):
            givers.setdefault(given, []).append(statement)
    needed: list[ast.stmt] = []
    todo = [name]
    while todo:
        wanted = todo.pop()
        if wanted in _UNSAFE:
            raise NotSelfContained(f"{name} uses {wanted}")
        for statement in givers.get(wanted, ())[-1:]:
            if statement in needed:
                continue
            if isinstance(statement, ast.AsyncFunctionDef) or not _is_safe_import(statement):
                raise NotSelfContained(f"{name} needs {wanted}")
            needed.append(statement)
            todo.extend(_names(statement) - {wanted})
    order = {id(statement): place for place, statement in enumerate(tree.body)}
    needed.sort(key=lambda statement: order[id(statement)])
    copy = ast.parse(ast.unparse(ast.Module(needed, [])))
    source = ast.unparse(_Undocumented().visit(copy)) + "\n"
    if source.count("\n") > MAX_LINES:
        raise NotSelfContained(f"{name} is too long")
    return source
