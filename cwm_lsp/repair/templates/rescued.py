"""What an exception asks for: the statement that raises it tried, or a handler that knows it.

Only exceptions that a failing check was seen to raise are caught, never all."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import Scope, docstring, suites, within
from cwm_lsp.repair.text import Text

_SIMPLE = ast.Assign | ast.AugAssign | ast.Expr | ast.AnnAssign | ast.Return
_RAISING = ast.Call | ast.Subscript | ast.BinOp | ast.Attribute | ast.Compare
_LOOP = ast.For | ast.While | ast.AsyncFor
_NAMED = re.compile(r"(?:raised )?([A-Za-z_][\w.]*)(?::|$)")
_OF_THE_CODE = {"AssertionError", "NameError", "UnboundLocalError", "RecursionError", "SyntaxError", "Failed"}
"""What no handler is the answer to: the assertion of a test, and names that are wrong."""

_USUAL = ("None", "0", "False", "''", "[]", "{}", "True", "-1")

STEP = "    "

ON_PURPOSE = 0.4
"""How likely a handler is for what the module raises itself: it would undo what is meant."""


def raised(said: Iterable[str], tree: ast.Module) -> list[str]:
    """The exceptions that failing checks ended with, as the module can name them."""
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    known = {one.asname or one.name for n in imports for one in n.names}
    known |= {one.name for one in tree.body if isinstance(one, ast.ClassDef)}
    modules = {one.name for n in ast.walk(tree) if isinstance(n, ast.Import) for one in n.names}
    found: dict[str, None] = {}
    for match in filter(None, map(_NAMED.match, said)):
        whole = match.group(1)
        package, _, name = whole.rpartition(".")
        if name in known or _is_exception(name):
            found[name] = None
        elif package.partition(".")[0] in modules:
            found[whole if package in modules else f"{package.partition('.')[0]}.{name}"] = None
    return [one for one in found if one not in _OF_THE_CODE]


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, Exception)


def rescued(function: Function, scope: Scope, text: Text, names: Collection[str]) -> Iterator[Candidate]:
    """Handlers for ``names``: put around single statements, or given more to catch."""
    if not names:
        return
    nodes = list(within(function))
    loops = [one for one in nodes if isinstance(one, _LOOP)]
    looped = {id(one) for loop in loops for one in ast.walk(loop)} - set(map(id, loops))
    instead = list(_raises(scope))
    for suite in suites(function):
        for statement in suite:
            if isinstance(statement, _SIMPLE) and _may_raise(statement) and text.alone(statement):
                ways = [*_ways(statement, scope, id(statement) in looped), *instead]
                for name in names:
                    meant = any(written.startswith(f"raise {name}") for written, _ in scope.raises)
                    factor = ON_PURPOSE if meant else 1.0
                    yield from _tried(statement, name, [(way, prior * factor) for way, prior in ways], text)
    for handler in (one for node in nodes if isinstance(node, ast.Try) for one in node.handlers):
        yield from _widened(handler, names, text)


def _may_raise(statement: ast.stmt) -> bool:
    return not docstring(statement) and any(isinstance(one, _RAISING) for one in ast.walk(statement))


def _tried(
    statement: ast.stmt, name: str, ways: Iterable[tuple[str, float]], text: Text
) -> Iterator[Candidate]:
    start, end = text.span(statement)
    indent = text.indent(statement)
    step = "\t" if indent.startswith("\t") else STEP
    body = text.source[start:end].replace("\n", f"\n{step}")
    for way, prior in ways:
        new = f"try:\n{indent}{step}{body}\n{indent}except {name}:\n{indent}{step}{way}"
        yield Candidate((Edit(start, end, new),), "missing handler", statement.lineno, prior)


def _ways(statement: ast.stmt, scope: Scope, looped: bool) -> Iterator[tuple[str, float]]:
    """What may be done where a statement raised, and how likely."""
    if looped:
        yield "continue", 0.4
        yield "break", 0.15
    if not isinstance(statement, ast.Return):
        yield "pass", 0.35
    given = [one for one in scope.parameters if one != scope.owner.receiver]
    values = [*given, *_USUAL]
    match statement:
        case ast.Assign(targets=[ast.Name(target)]):
            for rank, value in enumerate(one for one in (*_USUAL, *given) if one != target):
                yield f"{target} = {value}", 0.25 - 0.01 * rank
    likely = 0.4 if isinstance(statement, ast.Return) else 0.25
    for rank, value in enumerate(dict.fromkeys((*values, *scope.returned))):
        yield f"return {value}", max(0.1, likely - 0.015 * rank)


def _raises(scope: Scope) -> Iterator[tuple[str, float]]:
    """Another exception in its place: those that the module raises on purpose."""
    for written, named in scope.raises:
        if named <= set(scope.names):
            yield f"{written} from None", 0.3


def _widened(handler: ast.ExceptHandler, names: Collection[str], text: Text) -> Iterator[Candidate]:
    """A handler that catches one more."""
    if handler.type is None:
        return
    start, end = text.span(handler.type)
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    written = [text.of(one) for one in caught]
    for name in names:
        if name not in written:
            new = f"({', '.join([*written, name])})"
            yield Candidate((Edit(start, end, new),), "exception", handler.lineno, 0.6)
