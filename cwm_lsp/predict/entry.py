"""The state in which a call begins, found from its text: nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from cwm_lsp.errors import ArgumentsError, SourceError, TargetError
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.render import render
from cwm_lsp.trace.statements import first_line

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def entry_trace(source: SourceFile, function: str, arguments: str) -> Trace:
    """A trace of one event: ``function`` of ``source`` called with ``arguments``, as ``[1, 2], sep='-'``.

    Arguments are Python literals. Raises ``SourceError``, ``TargetError`` or ``ArgumentsError``.
    """
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        said = error.msg if isinstance(error, SyntaxError) else f"it does not parse: {error}"
        raise SourceError(f"{source.path}{at}: {said}.") from error
    node = _find(tree, function)
    if node is None:
        known = sorted(name for name, _ in _functions(tree))
        hint = f"It has: {', '.join(known[:8])}." if known else "It defines none."
        raise TargetError(f"{source.path} has no function {function}.", hint)
    values = dict(_bind(node, function, *_arguments(arguments)))
    event = Event(EventKind.CALL, first_line(node), function, 0, values, frame=1)
    return Trace((source,), (event,), function, "")


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, _Function]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _find(tree: ast.Module, name: str) -> _Function | None:
    found = None
    for known, node in _functions(tree):
        found = node if known == name else found  # the last definition wins, as when the module runs
    return found


def _arguments(text: str) -> tuple[list[ast.expr], dict[str, ast.expr]]:
    try:
        call = ast.parse(f"f({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = error.msg if isinstance(error, SyntaxError) else error
        raise ArgumentsError(f"The arguments {text!r} do not parse: {said}.") from error
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ArgumentsError(f"The arguments {text!r} do not parse.")
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if len(keywords) < len(call.keywords) or any(isinstance(argument, ast.Starred) for argument in call.args):
        raise ArgumentsError(
            "Arguments cannot be unpacked with * or ** without running them.", "Write them out."
        )
    return call.args, keywords


def _bind(
    node: _Function, function: str, positional: list[ast.expr], keywords: dict[str, ast.expr]
) -> Iterator[tuple[str, Value]]:
    """Names and values of the parameters, in the order of the frame's locals."""
    spec = node.args
    names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    if "." in function and "staticmethod" not in marks and names:
        owner = function.rpartition(".")[0]
        shown = f"<class '{owner}'>" if "classmethod" in marks else f"<{owner} object>"
        yield names.pop(0), Value(shown, opaque=True)
    given = dict(zip(names, positional, strict=False))
    defaults = dict(zip(reversed(names), reversed(spec.defaults), strict=False))
    optional = {
        argument.arg: default for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    }
    for name in (*names, *optional):
        if name in keywords:
            if name in given:
                raise ArgumentsError(f"{function} got {name} twice.")
            given[name] = keywords.pop(name)
        elif name not in given:
            default = defaults.get(name) or optional.get(name)
            if default is None:
                raise ArgumentsError(f"{function} needs a value for {name}.")
            given[name] = default
    for name in (*names, *optional):
        yield name, _value(given[name])
    if len(positional) > len(names) and spec.vararg is None:
        takes = f"{len(names)} positional argument{'' if len(names) == 1 else 's'}"
        raise ArgumentsError(f"{function} takes {takes}, {len(positional)} were given.")
    if spec.vararg is not None:
        yield spec.vararg.arg, _rendered(tuple(_literal(argument) for argument in positional[len(names) :]))
    if spec.kwarg is not None:
        yield spec.kwarg.arg, _rendered({name: _literal(argument) for name, argument in keywords.items()})
    elif keywords:
        raise ArgumentsError(f"{function} has no parameter {next(iter(keywords))}.")


def _value(expression: ast.expr) -> Value:
    if isinstance(expression, ast.Name | ast.Attribute):
        return Value(ast.unparse(expression), opaque=True)  # a default that only the running module knows
    return _rendered(_literal(expression))


def _literal(expression: ast.expr) -> Any:
    try:
        return ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ArgumentsError(
            f"{ast.unparse(expression)} is not a literal.",
            "A prediction runs nothing, so arguments are written out.",
        ) from error


def _rendered(value: object) -> Value:
    return Value(*render(value))
