"""Which names the locals of each scope can hold, in the order in which an interpreter lists them.

Sets are supersets, as in :mod:`cwm_lsp.codec.flow`: a name that a frame can show is always in them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cwm_lsp.codec.flow import EXIT
from cwm_lsp.codec.scopes import bound_names
from cwm_lsp.trace.statements import first_line, parse

_CLASS_NAMES = ("__module__", "__qualname__", "__firstlineno__", "__doc__", "__annotations__")
_CELLS = ("__class__", "__classcell__", "__static_attributes__")

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Held:
    """The names of one scope: ``parameters`` stand from the call on, ``others`` may come to stand."""

    parameters: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgramNames:
    """The names of every scope by its first line (``EXIT`` for the module), and what hides from a trace.

    ``lambdas`` gives for each line the parameters of the lambdas on it; ``removable`` are names that
    can go away again; ``inner`` are names bound by comprehensions.
    """

    scopes: Mapping[int, Held] = field(default_factory=dict)
    lambdas: Mapping[int, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    comprehensions: frozenset[int] = frozenset()
    removable: frozenset[str] = frozenset()
    inner: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def names_of(source: str) -> ProgramNames:
    """The names of ``source``; none where it does not parse."""
    tree = parse(source)
    if tree is None:
        return ProgramNames()
    nodes = list(ast.walk(tree))
    lambdas: dict[int, tuple[tuple[str, ...], ...]] = {}
    for node in nodes:
        if isinstance(node, ast.Lambda):
            lambdas[node.lineno] = (*lambdas.get(node.lineno, ()), _parameters(node.args))
    comprehensions = [node for node in nodes if isinstance(node, _Comprehension)]
    targets = [one.target for node in comprehensions for one in node.generators]
    return ProgramNames(
        scopes={line: held for line, held in _scopes(tree, ())},
        lambdas=lambdas,
        comprehensions=frozenset(line for node in comprehensions for line in _lines(node)),
        removable=frozenset(_removed(nodes)),
        inner=_unique(name for target in targets for name in bound_names(target)),
    )


def _scopes(node: ast.AST, around: tuple[str, ...]) -> Iterator[tuple[int, Held]]:
    """Every scope at or below ``node``; ``around`` are the names of the functions that hold it."""
    if isinstance(node, ast.Module | _Inner):
        parameters = () if isinstance(node, ast.Module | ast.ClassDef) else _parameters(node.args)
        declared = {name for inner in _own(node) for name in _declared(inner)}
        bound = (name for inner in _own(node) for name in bound_names(inner))
        own = _unique(name for name in bound if name not in declared)
        used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        free = tuple(sorted(name for name in around if name in used | declared))
        implied = (*_CLASS_NAMES, *_CELLS) if isinstance(node, ast.ClassDef) else ("__class__",)
        others = _unique((*implied[:-1], *own, *free, implied[-1]))
        if not isinstance(node, ast.Lambda):
            line = EXIT if isinstance(node, ast.Module) else first_line(node)
            yield line, Held(parameters, tuple(name for name in others if name not in parameters))
        if isinstance(node, _Function):
            around = _unique((*around, *parameters, *own))
    for child in ast.iter_child_nodes(node):
        yield from _scopes(child, around)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that belongs to the scope ``node`` itself, in the order of the text."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _Inner | _Comprehension):
            yield from _own(child)
        elif isinstance(child, _Comprehension):
            yield from (one for one in ast.walk(child) if isinstance(one, ast.NamedExpr))


def _declared(node: ast.AST) -> list[str]:
    """The names that ``node`` says to be of a scope around it."""
    return node.names if isinstance(node, ast.Global | ast.Nonlocal) else []


def _parameters(arguments: ast.arguments) -> tuple[str, ...]:
    ordered = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    ordered += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return tuple(one.arg for one in ordered)


def _removed(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            yield node.id
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _lines(node: ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _unique(names: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
