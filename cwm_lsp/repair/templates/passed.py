"""What a call is to be given: an option handed on, a keyword that its like has, nothing, what came before."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_NOTHING = ("0", "None", "1", "''")


def handed_on(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A parameter of the called function that has its name in reach here; all that was given to this one."""
    if not isinstance(node, ast.Call):
        return
    given = {one.arg for one in node.keywords}
    spread = any(isinstance(one, ast.Starred) for one in node.args)
    for name in scope.accepted.get(ast.unparse(node.func), ())[len(node.args) :]:
        if name in scope.names and name not in given and not spread:
            yield _with(node, f"{name}={name}", text), "missing argument", 0.45
            for part in _built_on(name, node, scope):
                yield _with(node, f"{name}={text.of(part)}", text), "missing argument", 0.35
    spec = scope.function.args
    if spec.vararg is not None and not node.args:
        yield _with(node, f"*{spec.vararg.arg}", text), "missing argument", 0.3
    if spec.kwarg is not None and None not in given:
        yield _with(node, f"**{spec.kwarg.arg}", text), "missing argument", 0.4


def _built_on(name: str, call: ast.Call, scope: Scope) -> list[ast.expr]:
    """What the function makes of a name elsewhere: a text with it, a sum."""
    found: dict[str, ast.expr] = {
        ast.unparse(node): node
        for node in ast.walk(scope.function)
        if isinstance(node, ast.JoinedStr | ast.BinOp)
        and any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))
        and not any(node is one for one in ast.walk(call))
    }
    return list(found.values())[:BUILT]


BUILT = 4
"""Such expressions that a call is given."""


def as_its_like(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A keyword with which the same function is called elsewhere."""
    if isinstance(node, ast.Call):
        given = {one.arg for one in node.keywords}
        for name, written in scope.keywords.get(ast.unparse(node.func), ()):
            if name not in given:
                yield _with(node, written, text), "missing argument", 0.35


def _with(node: ast.Call, argument: str, text: Text) -> str:
    """A call with one more argument at its end."""
    source = text.of(node)
    inside = source[:-1].rstrip().rstrip(",")
    return f"{inside}{', ' if node.args or node.keywords else ''}{argument})"


def nothing_given(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A usual number, or nothing, for an argument that is worked out."""
    if not isinstance(node, ast.Call):
        return
    start = text.span(node)[0]
    source = text.of(node)
    for one in node.args:
        if isinstance(one, ast.Attribute | ast.Subscript | ast.Call):
            first, last = (at - start for at in text.span(one))
            for value in _NOTHING:
                yield f"{source[:first]}{value}{source[last:]}", "constant for variable", 0.12


def truth(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Whether there is something, for whether there is nothing."""
    match node:
        case ast.Call(func=ast.Name("bool"), args=[one]):
            yield f"not {text.of(one)}", "negation", 0.5
        case ast.UnaryOp(op=ast.Not(), operand=one):
            yield f"bool({text.of(one)})", "negation dropped", 0.25


def cut_once(statement: ast.Assign, text: Text) -> Iterator[Variant]:
    """A text cut at one place, whether its separator is there once, more often or not at all."""
    match statement:
        case ast.Assign(
            targets=[ast.Tuple(elts=[one, two])],
            value=ast.Call(func=ast.Attribute(value=whole, attr="split" | "rsplit" as way), args=[separator]),
        ):
            first, second, base, mark = map(text.of, (one, two, whole, separator))
            side = way.removesuffix("split")
            yield f"{first}, _, {second} = {base}.{side}partition({mark})", "missing bound", 0.4
            yield f"{first}, {second} = {base}.{way}({mark}, 1)", "missing bound", 0.4


def merged(target: str, value: str, scope: Scope) -> Iterator[Variant]:
    """What was there before and what is stored, made one by a function of two that is at hand."""
    receiver = scope.owner.receiver
    own = f"{receiver}.{scope.function.name}" if receiver else scope.function.name
    mine = (own, [one for one in scope.parameters if one != receiver])
    for name, wanted in (mine, *scope.signatures):
        if len(wanted) == 2:
            likely = 0.35 if name == own else 0.12
            yield f"{target} = {name}({target}, {value})", "missing recursion", likely
            yield f"{target} = {name}({value}, {target})", "missing recursion", likely / 2


PASSED = (handed_on, as_its_like, nothing_given, truth)
