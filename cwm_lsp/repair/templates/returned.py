"""What kind of value a function gives, as far as annotation, returns and first values tell."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from cwm_lsp.repair.templates.owner import Function

USUAL = {
    "None": "",
    "0": "number",
    "1": "number",
    "-1": "number",
    "[]": "list",
    "''": "str",
    "True": "bool",
    "False": "bool",
    "()": "tuple",
    "{}": "dict",
    "[[]]": "list",
    "set()": "set",
}
"""What functions usually return early, and of which kind it is; nothing is of every kind."""

_CALLS = {
    "abs": "number",
    "all": "bool",
    "any": "bool",
    "dict": "dict",
    "float": "number",
    "int": "number",
    "isinstance": "bool",
    "len": "number",
    "list": "list",
    "round": "number",
    "set": "set",
    "sorted": "list",
    "str": "str",
    "sum": "number",
    "tuple": "tuple",
    "join": "str",
    "startswith": "bool",
    "endswith": "bool",
}
_NUMBERS = ("int", "float", "complex")


def usual(function: Function, nodes: Sequence[ast.AST]) -> list[str]:
    """What a function of these nodes may return early: all that is usual where nothing tells its kind."""
    kinds = set(_kinds(function, nodes))
    if not kinds or "?" in kinds:
        return list(USUAL)
    return [text for text, kind in USUAL.items() if not kind or kind in kinds]


def _kinds(function: Function, nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The kinds of its values, "?" for one that is not known."""
    if function.returns is not None:
        yield _annotated(function.returns)
        return
    begun: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    begun.setdefault(target.id, set()).add(_kind(node.value))
    for node in nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            if isinstance(node.value, ast.Name):
                yield from begun.get(node.value.id, {"?"}) - {""}
            elif kind := _kind(node.value):
                yield kind


def _annotated(node: ast.expr) -> str:
    base = node.value if isinstance(node, ast.Subscript) else node
    name = base.id if isinstance(base, ast.Name) else "?"
    if name in _NUMBERS:
        return "number"
    return name if name in USUAL.values() else "?"


def _kind(node: ast.expr) -> str:
    """The kind of an expression's value, "" for nothing, "?" where it cannot be told."""
    match node:
        case ast.Constant(value=None):
            return ""
        case ast.Constant(value=bool()) | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.Constant(value=int() | float()) | ast.UnaryOp(operand=ast.Constant(value=int() | float())):
            return "number"
        case ast.Constant(value=str()) | ast.JoinedStr():
            return "str"
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Tuple():
            return "tuple"
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return _CALLS.get(name, "?")
        case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Pow()):
            return "number"
    return "?"
