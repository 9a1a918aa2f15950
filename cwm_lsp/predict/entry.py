"""The state in which a call begins, found from its text: nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.errors import ArgumentsError, SourceError, TargetError
from cwm_lsp.predict.binding import Binding, Function
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace
from cwm_lsp.trace.statements import first_line


def entry_trace(source: SourceFile, function: str, arguments: str) -> Trace:
    """A trace of one event: ``function`` of ``source`` called with ``arguments``, as ``[1, 2], sep='-'``.

    Arguments are Python literals, and objects of which it follows from ``source`` what is stored in them, as
    ``Point(1, 2)``. That which a method is called on comes first; it may be left out where its class makes
    one from nothing. Raises ``SourceError``, ``TargetError`` or ``ArgumentsError``.
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
    try:
        values = dict(Binding(source, tree, node, function).of(*_arguments(arguments)))
    except RecursionError as error:
        raise ArgumentsError(f"The arguments of {function} are nested too deeply.") from error
    event = Event(EventKind.CALL, first_line(node), function, 0, values, frame=1)
    return Trace((source,), (event,), function, "")


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _find(tree: ast.Module, name: str) -> Function | None:
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
