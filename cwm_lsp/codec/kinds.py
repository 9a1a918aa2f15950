"""What classes say of their objects besides the fields: constants, members, properties."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from cwm_lsp.codec.pure_calls import Opaque

PROPERTY = "<property>"
"""Stands for an attribute that a method of the user's gives when it is read."""

METHOD = "<method>"
"""Stands for an operator of the class's own."""

OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.MatMult: "__matmul__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.Eq: "__eq__",
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
}
"""The methods of the left operand that operators call first."""

MARK = "."
"""Ends the name under which a class is known, ``Account.``: no name of a program is like that."""

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum"})
_NEXT = ("auto()", "enum.auto()")
_PROPERTIES = frozenset({"property", "cached_property"})
_MAKING = ("__new__", "__init__", "__repr__")
_OVERLOADED = frozenset({*OPERATORS.values(), *_MAKING})
_DEEPEST = 8


def class_facts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each class of a module under its marked name, with the text of a dict of what its objects share."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    stored = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }
    for name, node in classes.items():
        found = _members(node) if _is_enum(node) else _shared(node, classes)
        kept = {key: text for key, text in found.items() if key not in stored}
        yield f"{name}{MARK}", f"{{{', '.join(f'{key!r}: {text}' for key, text in kept.items())}}}"


def _is_enum(node: ast.ClassDef) -> bool:
    names = [getattr(base, "id", getattr(base, "attr", "")) for base in node.bases]
    own = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    return any(name in _ENUMS for name in names) and not own & {"__repr__", "__new__", "__init__"}


def _members(node: ast.ClassDef) -> dict[str, str]:
    """The members of an enumeration, as Python writes them."""
    found: dict[str, str] = {}
    last: Any = 0
    for one in node.body:
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if ast.unparse(value) in _NEXT:
                last = last + 1 if isinstance(last, int) else None
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                last = _literal(value)
            case _:
                continue
        if last is None:
            return {}
        found[name] = f"<{node.name}.{name}: {last!r}>"
    return found


def _shared(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0) -> dict[str, str]:
    found: dict[str, str] = {}
    if not all(isinstance(base, ast.Name) and base.id in {*classes, "object"} for base in node.bases):
        found |= dict.fromkeys(_MAKING, METHOD)  # what is made is another's to say
    if node.decorator_list or node.keywords:
        found |= dict.fromkeys(_MAKING, METHOD)
    for base in reversed(node.bases):
        if isinstance(base, ast.Name) and base.id in classes and depth < _DEEPEST:
            found |= _shared(classes[base.id], classes, depth + 1)
    for one in node.body:
        match one:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                known = _literal(value)
                found.pop(name, None)
                if known is not None or (isinstance(value, ast.Constant) and value.value is None):
                    found[name] = repr(known)
            case ast.FunctionDef(name=name, decorator_list=decorators):
                found.pop(name, None)
                if name in _OVERLOADED:
                    found[name] = METHOD
                if any(getattr(one, "id", getattr(one, "attr", "")) in _PROPERTIES for one in decorators):
                    found[name] = PROPERTY
    return found


def _literal(node: ast.expr) -> Any:
    """The value of a literal that never changes; ``None`` for all else."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int | float | str | bytes | tuple | frozenset) else None


def makes_plain(facts: Mapping[str, Any]) -> bool:
    """Whether calling a class of which these ``facts`` are known only makes an object without fields."""
    return not any(name in facts for name in _MAKING)


class Member(Opaque):
    """A member of an enumeration: the only object with its text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        owner, _, rest = text[1:-1].partition(".")
        name, _, value = rest.partition(": ")
        self.kind = owner
        self.fields = {"name": name, "value": ast.literal_eval(value)}

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Member) else super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.text)

    def __bool__(self) -> bool:
        return True


@lru_cache(maxsize=1024)
def member(text: str) -> Member:
    """The member that ``text`` writes. Raises ``ValueError`` where its value is no literal."""
    return Member(text)
