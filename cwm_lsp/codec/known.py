"""What the source of a module says of its names before anything of it has run."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.evaluator import FUNCTION
from cwm_lsp.codec.kinds import COROUTINE, GENERATOR, LAMBDA, MARK, class_facts
from cwm_lsp.codec.pure_modules import FUNCTIONS, MODULES
from cwm_lsp.codec.scopes import bound_names, is_coroutine, is_generator
from cwm_lsp.codec.shapes import dataclass_shape, named_tuples
from cwm_lsp.codec.standard import FOUND, finders
from cwm_lsp.codec.tables import changed_by
from cwm_lsp.codec.templates import templates
from cwm_lsp.codec.working import is_computable, told

_BUILTINS = frozenset({*FUNCTIONS, *pure_calls.TYPES, *MODULES, "isinstance", "type"})

REBOUND = "<rebound>"
"""Stands for the value of a builtin's name that a module binds anew."""


def constants(tree: ast.Module) -> dict[str, str]:
    """The values that names of a module keep, and a mark for builtins whose names it binds anew."""
    counts = Counter(name for node in ast.walk(tree) for name in _taken(node))
    changed = {name for node in ast.walk(tree) for name in _changed(node)}
    known = {name: REBOUND for name in counts if name in _BUILTINS}
    facts = {name: text for name, text in (*class_facts(tree), *templates(tree)) if counts[name[:-1]] == 1}
    known |= {**facts, MARK: ""} if facts else {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as made) if counts[name] == 1:
                known[f"{name}{LAMBDA}"] = ast.unparse(made)
    known |= _finds(tree, counts)
    tuples = tuple(named_tuples(tree))
    classes = {node.name: node for node in (*tree.body, *tuples) if isinstance(node, ast.ClassDef)}
    for node in sorted((*tree.body, *tuples), key=lambda one: not isinstance(one, ast.FunctionDef)):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if counts[name] == 1 and name not in changed and is_computable(value):
                text = told(value, known, ())
                if text is not None:
                    known[name] = text
            case ast.ClassDef(name=name) if counts[name] == 1:
                shape = dataclass_shape(node, classes)
                if shape is not None:
                    known[name] = shape
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if counts[name] == 1:
                known |= _function_facts(node)
            case ast.Import(names=aliases):
                known |= {one.asname: f"<module {one.name!r}>" for one in aliases if one.asname}
    return known


def _function_facts(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    """What is known of a function without decorators: its text, and whether a call of it runs it."""
    if node.decorator_list:
        return {}
    making = GENERATOR if is_generator(node) else COROUTINE if is_coroutine(node) else ""
    found = {node.name: f"{FUNCTION}{node.name}>"} if making or isinstance(node, ast.FunctionDef) else {}
    return found | ({f"{node.name}{making}": ""} if making else {})


def _finds(tree: ast.Module, counts: Mapping[str, int]) -> dict[str, str]:
    """The calls that names' matches come from, where they come from nothing else."""
    return {
        f"{name}{FOUND}": "\n".join(map(ast.unparse, calls))
        for name, calls in finders(tree).items()
        if len(calls) == counts[name]
    }


def _taken(node: ast.AST) -> Iterator[str]:
    """The names that ``node`` binds, but for an import of what is known under that very name."""
    match node:
        case ast.arg(arg=name):
            yield name
        case ast.ImportFrom(module=module, names=aliases):
            kept = MODULES.get(module or "", {})
            yield from (
                alias.asname or alias.name for alias in aliases if alias.asname or alias.name not in kept
            )
        case ast.Import(names=aliases):
            yield from (alias.asname for alias in aliases if alias.asname)
        case ast.alias():
            return
        case _:
            yield from bound_names(node)


def _changed(node: ast.AST) -> Iterator[str]:
    """Names of containers that ``node`` may change."""
    yield from (part.id for part in changed_by(node) if isinstance(part, ast.Name))
