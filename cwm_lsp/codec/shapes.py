"""What a class statement says of its objects: fields of dataclasses and named tuples, with their defaults."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from cwm_lsp.codec.displays import split_items

DATACLASS = "<dataclass "
"""How the shape of a dataclass begins: ``<dataclass Point(x, y=0)>``."""

_EMPTY = {"list": "[]", "dict": "{}", "set": "set()"}
_OWN = frozenset({"__init__", "__new__", "__post_init__", "__repr__", "__setattr__"})
_FITTING = frozenset({"eq", "frozen", "order", "slots", "unsafe_hash"})


def dataclass_shape(node: ast.ClassDef) -> str | None:
    """``<dataclass Point(x, y=0)>``, or ``None`` where a call does more than to store its arguments."""
    if not (_is_dataclass(node) or _is_named_tuple(node)):
        return None
    if any(isinstance(one, ast.FunctionDef) and one.name in _OWN for one in node.body):
        return None
    try:
        return f"{DATACLASS}{node.name}({', '.join(_fields(node))})>"
    except ValueError:
        return None


def _is_dataclass(node: ast.ClassDef) -> bool:
    match node.decorator_list:
        case [ast.Name(id="dataclass") | ast.Attribute(attr="dataclass")]:
            return not node.bases
        case [
            ast.Call(func=ast.Name(id="dataclass") | ast.Attribute(attr="dataclass"), args=[], keywords=asked)
        ]:
            return not node.bases and all(one.arg in _FITTING for one in asked)
    return False


def _is_named_tuple(node: ast.ClassDef) -> bool:
    match node.bases:
        case [ast.Name(id="NamedTuple") | ast.Attribute(attr="NamedTuple")]:
            return not node.decorator_list
    return False


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Raises ``ValueError`` for a field that is more than a name with a literal default."""
    for one in node.body:
        match one:
            case ast.AnnAssign(annotation=kind) if any(
                word in ast.unparse(kind) for word in ("ClassVar", "InitVar", "KW_ONLY")
            ):
                raise ValueError(node.name)
            case ast.AnnAssign(target=ast.Name(id=name), value=None):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield f"{name}={_default(value)}"


def _default(value: ast.expr) -> str:
    match value:
        case ast.Call(
            func=ast.Name(id="field") | ast.Attribute(attr="field"),
            args=[],
            keywords=[ast.keyword("default_factory", ast.Name(id=factory))],
        ) if factory in _EMPTY:
            return _EMPTY[factory]
        case ast.Call(
            func=ast.Name(id="field") | ast.Attribute(attr="field"),
            args=[],
            keywords=[ast.keyword("default", inner)],
        ):
            return repr(ast.literal_eval(inner))
    return repr(ast.literal_eval(value))


@lru_cache(maxsize=512)
def shape_fields(text: str) -> tuple[str, dict[str, str]]:
    """The name of a dataclass and its fields, each with the text of its default, "" for none."""
    kind, _, fields = text.removeprefix(DATACLASS).removesuffix(">").partition("(")
    parts = split_items(f"[{fields[:-1]}]") or ()
    return kind, {name: default for name, _, default in (part.partition("=") for part in parts)}
