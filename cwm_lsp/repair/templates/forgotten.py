"""What a function forgot of what lies at hand: imported functions, settings that nothing reads, locals."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_VALUE = ast.Name | ast.Attribute | ast.Subscript | ast.Call

MOST = 8
"""Functions, handlers and settings that are looked at."""


def wrapped_as_elsewhere(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A function of another module around a value, as the module calls it of another one."""
    if not isinstance(node, _VALUE):
        return
    source, near = text.of(node), _wrapping(scope.function)
    for one in _imported(scope.tree):
        if not source.startswith(f"{one}("):
            yield f"{one}({source})", "missing call", 0.3 if one in near else 0.18


@lru_cache(maxsize=2)
def _imported(tree: ast.Module) -> list[str]:
    """What the module imports and calls of one value."""
    names = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return [one for one in _wrapping(tree) if one.partition(".")[0] in names][:MOST]


@lru_cache(maxsize=4)
def _wrapping(tree: ast.AST) -> list[str]:
    """The functions, dotted or not, that are called of one value somewhere."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and len(n.args) == 1 and not n.keywords)
    names = (n.func for n in calls if isinstance(n.func, ast.Name) or _of_module(n.func))
    return list(dict.fromkeys(map(ast.unparse, names)))


def _of_module(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name)


def of_local(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A local variable for the attribute of the same name, in all of an expression."""
    if not isinstance(node, ast.Attribute | ast.Call | ast.BinOp | ast.Compare | ast.Tuple):
        return
    changed = set(scope.changed)
    found = [
        one
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.attr in changed
    ]
    if not found or (isinstance(node, ast.Attribute) and found[0] is not node):
        return
    start = text.span(node)[0]
    source = text.of(node)
    for one in sorted(found, key=lambda one: -text.span(one)[0]):
        first, last = (at - start for at in text.span(one))
        source = f"{source[:first]}{one.attr}{source[last:]}"
    whole = isinstance(node, ast.Call) and all(one in found for one in node.args)
    yield source, "variable", 0.5 if whole else 0.35


def unread(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A field of the object that nothing in the module reads: a bound, an operand, a constant's place."""
    fields = [one for one in scope.owner.values if one.partition(".")[2] in _unread(scope.tree)][:MOST]
    source = text.of(node) if fields else ""
    for field in fields:
        if isinstance(node, ast.BinOp | ast.Call | ast.Name):
            for form in ("min({}, {})", "max({}, {})"):
                yield form.format(source, field), "missing bound", 0.35
            for sign in "+-*":
                yield f"{enclosed(source)} {sign} {field}", "missing operand", 0.25
            if isinstance(node, ast.BinOp):
                yield f"{enclosed(source)} % {field}", "wrap-around", 0.3
        elif isinstance(node, ast.Constant):
            yield field, "variable for constant", 0.35


@lru_cache(maxsize=2)
def _unread(tree: ast.Module) -> frozenset[str]:
    """Attributes that are set, or declared by a class, and that nothing in the module loads."""
    nodes = list(ast.walk(tree))
    loaded = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}
    stored = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    for node in (one for one in nodes if isinstance(one, ast.ClassDef)):
        stored |= {
            one.target.id
            for one in node.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        }
    return frozenset(stored - loaded)


def named_like(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A parameter that nothing reads, as the option of that name of a function of elsewhere."""
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) not in scope.accepted:
        given = {one.arg for one in node.keywords}
        inside = text.of(node)[:-1].rstrip().rstrip(",")
        for name in scope.habits.idle:
            if name not in given:
                yield f"{inside}, {name}={name})", "missing argument", 0.25


def of_same(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """One more field of the object whose fields a call is given already, by the parameter's name."""
    if not isinstance(node, ast.Call):
        return
    bases = [text.of(one.value) for one in node.args if isinstance(one, ast.Attribute)]
    known = {one.attr for n in ast.walk(scope.tree) for one in [n] if isinstance(one, ast.Attribute)}
    given = {one.arg for one in node.keywords}
    inside = text.of(node)[:-1].rstrip().rstrip(",")
    for name in scope.accepted.get(ast.unparse(node.func), ())[len(node.args) :] if bases else ():
        if name in known and name not in given:
            for base in dict.fromkeys(bases):
                yield f"{inside}, {name}={base}.{name})", "missing argument", 0.4


def caught(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """The exceptions that other handlers of the module are for."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Tuple) and id(node) in _handled(scope.function):
        for other in _handlers(scope.tree):
            if other != text.of(node):
                yield other, "exception", 0.3


@lru_cache(maxsize=4)
def _handled(function: Function) -> frozenset[int]:
    found = (n.type for n in ast.walk(function) if isinstance(n, ast.ExceptHandler))
    return frozenset(id(one) for one in found if one is not None)


@lru_cache(maxsize=2)
def _handlers(tree: ast.Module) -> list[str]:
    """What handlers are for."""
    found = (n.type for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler))
    return list(dict.fromkeys(ast.unparse(one) for one in found if one is not None))[:MOST]


_BY_NAME = (
    (r"weeks?", ("7",)),
    (r"days?", ("24", "86400")),
    (r"hours?|hrs?", ("60", "3600")),
    (r"min(?:ute)?s?", ("60",)),
    (r"years?", ("12", "365")),
    (r"dozens?", ("12",)),
    (r"k(?:ilo)?(?:bytes?|b)|kib", ("1024",)),
    (r"seconds?|secs?", ("1000",)),
)
"""Units, and how many smaller ones one of them is."""


def in_smaller(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A number of larger units as that of smaller ones, by its name."""
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        name = (node.id if isinstance(node, ast.Name) else node.attr).lower()
        for word, numbers in _BY_NAME:
            if any(re.fullmatch(word, part) for part in name.split("_")):
                for number in numbers:
                    yield f"{text.of(node)} * {number}", "missing operand", 0.2


def taken(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """An element that is looked up and should be gone then; the value of a call with its sign turned."""
    match node:
        case ast.Subscript(value=ast.Name() | ast.Attribute() as base, slice=key, ctx=ast.Load()):
            if not isinstance(key, ast.Slice | ast.Constant):
                yield f"{text.of(base)}.pop({text.of(key)})", "method", 0.12
        case ast.Call(func=ast.Name(name)) if name == scope.function.name:
            yield f"-{text.of(node)}", "sign", 0.2


def one_or_many(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A value that may be a single one, gone through as if it were several."""
    if id(node) in scope.iterated and isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        source = text.of(node)
        yield f"{source} if isinstance({source}, (list, tuple, set)) else [{source}]", "one or many", 0.14
        yield f"[{source}] if isinstance({source}, str) else {source}", "one or many", 0.14


def made_alike(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A text in one case, or without the blanks around it."""
    if scope.textual and isinstance(node, _VALUE):
        for method, kind in (("lower", "case"), ("upper", "case"), ("casefold", "case"), ("strip", "blanks")):
            yield f"{text.of(node)}.{method}()", kind, 0.19


def several(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """More than one element, where it is asked whether there is any."""
    if isinstance(node, ast.Name) and id(node) in scope.truths and scope.textual:
        yield f"len({node.id}) > 1", "condition", 0.14


FORGOTTEN = (
    wrapped_as_elsewhere,
    of_local,
    unread,
    named_like,
    of_same,
    caught,
    in_smaller,
    taken,
    one_or_many,
    made_alike,
    several,
)
