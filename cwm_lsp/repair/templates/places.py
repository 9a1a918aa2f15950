"""Where values go in a function: stored, returned, passed, compared; what module and class say beside it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from cwm_lsp.repair.templates.owner import Function, Owner

_PLACE = ast.Subscript | ast.Attribute


def given(nodes: Sequence[ast.AST]) -> dict[int, str]:
    """Expressions that are stored, returned, passed or part of what is, by identity.

    Each with what was in its place before, "" where nothing can be known to have been there.
    """
    found: dict[int, str] = {}
    for node in nodes:
        match node:
            case ast.Assign(
                targets=[ast.Subscript() | ast.Attribute() as target], value=ast.Tuple(elts=parts)
            ):
                for at, one in enumerate(parts):
                    found[id(one)] = f"{ast.unparse(target)}[{at}]"
            case ast.Assign(value=value) | ast.Return(value=value) | ast.AugAssign(value=value):
                found[id(value)] = ""
                if isinstance(value, ast.Tuple):
                    found |= {id(one): "" for one in value.elts}
            case ast.Call(func=func, args=args) if not _extremes(func):
                found |= {id(one): "" for one in args}
    return found


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what each is given, of an assignment to one or to several side by side."""
    match node:
        case ast.Assign(targets=[ast.Name(name)], value=value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            for one, value in zip(names, values, strict=False):
                if isinstance(one, ast.Name):
                    yield one.id, value


def _extremes(func: ast.expr) -> bool:
    return isinstance(func, ast.Name) and func.id in ("max", "min", "len", "print", "isinstance")


def switches(tree: ast.Module, function: Function, of: Owner) -> dict[str, list[tuple[str, str]]]:
    """By what can be called by a name here, the parameters that are a truth value, and the other value."""
    found = {one.name: list(_switches(one)) for one in tree.body if isinstance(one, Function)}
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        for one in (one for one in node.body if isinstance(one, Function)):
            if one.name == "__init__":
                found[node.name] = list(_switches(one))
            elif of.receiver and function in node.body:
                found[f"{of.receiver}.{one.name}"] = list(_switches(one))
    return found


def _switches(function: Function) -> Iterator[tuple[str, str]]:
    spec = function.args
    named = [*spec.posonlyargs, *spec.args]
    last = named[len(named) - len(spec.defaults) :]
    pairs = [*zip(last, spec.defaults, strict=True), *zip(spec.kwonlyargs, spec.kw_defaults, strict=True)]
    for argument, default in pairs:
        if isinstance(default, ast.Constant) and isinstance(default.value, bool):
            yield argument.arg, str(not default.value)


def truths(nodes: Sequence[ast.AST]) -> set[int]:
    """What is asked only whether it counts as true, by identity."""
    found: list[ast.expr] = []
    for node in nodes:
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                found.append(test)
            case ast.UnaryOp(op=ast.Not(), operand=one):
                found.append(one)
            case ast.BoolOp(values=parts) | ast.comprehension(ifs=parts):
                found += parts
    return {id(one) for one in found}


def keyed(nodes: Sequence[ast.AST]) -> set[int]:
    """What is handed over as a sort key, by identity."""
    calls = (one for one in nodes if isinstance(one, ast.Call))
    return {id(word.value) for one in calls for word in one.keywords if word.arg == "key"}


def neighbours(nodes: Sequence[ast.AST]) -> dict[int, list[tuple[str, str]]]:
    """Conditions, by identity, with the sequences and indices beside the current one that they, or what is
    done where they hold, look at."""
    found: dict[int, list[tuple[str, str]]] = {}
    for node in nodes:
        if not isinstance(node, ast.If | ast.While | ast.IfExp):
            continue
        body = node.body if isinstance(node.body, list) else [node.body]
        looked = (
            (ast.unparse(one.value), ast.unparse(one.slice))
            for part in (node.test, *body)
            for one in ast.walk(part)
            if isinstance(one, ast.Subscript) and _beside(one.slice)
        )
        pairs = list(dict.fromkeys(looked))[:4]
        if pairs:
            found[id(node.test)] = pairs
    return found


def _beside(index: ast.expr) -> bool:
    match index:
        case ast.BinOp(left=ast.Name(), op=ast.Add() | ast.Sub(), right=ast.Constant(int()) | ast.Name()):
            return True
    return False


def module_names(tree: ast.Module) -> set[str]:
    """What the module defines, assigns or imports."""
    found: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {one.asname or one.name.partition(".")[0] for one in names}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return found


def refusals(
    tree: ast.Module, function: Function, names: list[str], known: set[str]
) -> list[tuple[str, str]]:
    """Conditions and what is raised where they hold, of other functions, over names in reach."""
    reach = {*names, *known, *dir(builtins)}
    inside = {id(node) for node in ast.walk(function)}
    found: dict[tuple[str, str], None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test, body=[ast.Raise() as done], orelse=[]) if id(node) not in inside:
                if {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} <= reach:
                    found[ast.unparse(test), ast.unparse(done)] = None
    return list(found)[:8]


def exceptions(tree: ast.Module) -> list[str]:
    """Exceptions that the module defines or raises."""
    found = {
        node.name: None
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(_is_exception(base) for base in node.bases)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(name)) | ast.Name(name)):
                found[name] = None
    return list(found)[:3]


def _is_exception(base: ast.expr) -> bool:
    return ast.unparse(base).endswith(("Error", "Exception"))
