"""What a source text says about its functions and classes: names, parameters, where they can be suspended."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cwm_lsp.trace.statements import first_line, parse

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Scope:
    """One function or class. ``line`` is its first line, decorators included.

    ``owner`` is the class that holds a method, "" otherwise. ``suspends`` are the statements at which a
    generator (``generator``) or a coroutine can be left and entered again.
    """

    line: int
    name: str
    owner: str = ""
    parameters: frozenset[str] = frozenset()
    generator: bool = False
    suspends: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Scopes:
    """All scopes of a source text, and the statements that run while an exception goes on its way.

    Those are heads of ``with`` (``closing``), run once more to close it, ``except`` clauses that are tried
    (``trying``; not those of one line, at which a frame may also end well) and what is in a ``finally``
    (``final``). ``raising`` are ``raise`` statements, after which no frame returns a value.
    """

    by_line: Mapping[int, Scope] = field(default_factory=dict)
    closing: frozenset[int] = frozenset()
    trying: frozenset[int] = frozenset()
    final: frozenset[int] = frozenset()
    raising: frozenset[int] = frozenset()

    @property
    def passing(self) -> frozenset[int]:
        """Statements after which an exception may still be on its way."""
        return self.closing | self.trying | self.final


@lru_cache(maxsize=256)
def scopes_of(source: str) -> Scopes:
    """The scopes of ``source``; none where it does not parse."""
    tree = parse(source)
    if tree is None:
        return Scopes()
    scopes = {scope.line: scope for scope in _scopes(tree, "")}
    nodes = list(ast.walk(tree))
    statements = [node for node in nodes if isinstance(node, ast.stmt)]
    others = {first_line(node) for node in statements if not isinstance(node, ast.Raise)}
    return Scopes(
        scopes,
        closing=frozenset(node.lineno for node in statements if isinstance(node, ast.With | ast.AsyncWith)),
        trying=frozenset(
            node.lineno
            for node in nodes
            if isinstance(node, ast.ExceptHandler) and node.lineno < first_line(node.body[0])
        ),
        final=frozenset(_final(tree)),
        raising=frozenset(node.lineno for node in statements if isinstance(node, ast.Raise)) - others,
    )


def _scopes(node: ast.AST, owner: str) -> Iterator[Scope]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield Scope(first_line(child), child.name)
            yield from _scopes(child, child.name)
        elif isinstance(child, _Function):
            yield _function(child, owner)
            yield from _scopes(child, "")
        else:
            yield from _scopes(child, owner)


def _function(node: _Function, owner: str) -> Scope:
    arguments = node.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    yields = False
    suspends: set[int] = set()
    for statement, inner in _own(node):
        yields = yields or isinstance(inner, ast.Yield | ast.YieldFrom)
        if isinstance(inner, ast.Yield | ast.YieldFrom | ast.Await | ast.AsyncFor | ast.AsyncWith):
            suspends.add(statement)
    return Scope(
        first_line(node),
        node.name,
        owner,
        frozenset(one.arg for one in parameters),
        yields and isinstance(node, ast.FunctionDef),
        frozenset(suspends),
    )


def is_generator(node: _Function) -> bool:
    """Whether calling it makes a generator."""
    yields = any(isinstance(inner, ast.Yield | ast.YieldFrom) for _, inner in _own(node))
    return yields and isinstance(node, ast.FunctionDef)


def is_coroutine(node: ast.AST) -> bool:
    """Whether it is a function that makes a coroutine."""
    if not isinstance(node, ast.AsyncFunctionDef):
        return False
    return not any(isinstance(inner, ast.Yield) for _, inner in _own(node))


def _own(node: _Function) -> Iterator[tuple[int, ast.AST]]:
    """Every node of a function's own body, inner functions left out, with the line of its statement."""
    pending: list[tuple[int, ast.AST]] = [(first_line(one), one) for one in node.body]
    while pending:
        line, here = pending.pop()
        yield line, here
        if isinstance(here, _Definition | ast.Lambda):
            continue
        for child in ast.iter_child_nodes(here):
            starts = isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
            pending.append((first_line(child) if starts else line, child))  # type: ignore[arg-type]


def _final(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try | ast.TryStar):
            for statement in node.finalbody:
                yield from (first_line(inner) for inner in ast.walk(statement) if isinstance(inner, ast.stmt))


def bound_names(node: ast.AST) -> Iterator[str]:
    """The names that ``node`` by itself binds, or those in a target."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
        case ast.NamedExpr(target=ast.Name(id=name)):
            yield name
        case ast.Tuple() | ast.List() | ast.Starred():
            for child in ast.iter_child_nodes(node):
                yield from bound_names(child)
