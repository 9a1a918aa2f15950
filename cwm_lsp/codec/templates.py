"""Objects that write themselves by an f-string of their fields: their texts read back, and written.

``def __repr__(self): return f"Point({self.x}, {self.y!r})"`` says which field stands where. A class is known
under its name and :data:`TEMPLATE` by the text of that string, ``Point({x}, {y!r})``. A field that may hold a
number whose text does not say of which kind it is, ``Decimal("2")``, is marked, ``{x!s}``: such are not read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from cwm_lsp.codec.literals import kept_literal, literal
from cwm_lsp.codec.orders import orders_of
from cwm_lsp.codec.records import FIELD, Record

TEMPLATE = "!"
"""Ends the name under which the way is known that a class writes its objects, ``Point!``."""

_BARE = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|True|False|None|inf|-inf"
_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_LITERAL = rf"""{_STRING}|\[[^\[\]]*\]|\([^()]*\)|\{{[^{{}}]*\}}|set\(\)|{_BARE}"""
_BRACES = re.compile(r"[{}]")
_RAW = ord("r")
_MARK = "!s"
_BARE_FIELD = re.compile(r"\{(\w+)\}")
_OTHER_NUMBERS = frozenset({"decimal", "fractions"})


def templates(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The classes of a module whose objects write themselves by their fields, under their marked names."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    orders, exact = orders_of(classes), not _has_other_numbers(tree)
    for name, order in orders.items():
        bases = [len(classes[one].bases) for one in order]
        found = _template([classes[one] for one in order]) if sum(bases) <= len(order) - 1 else ""
        if found:
            yield f"{name}{TEMPLATE}", found if exact else _BARE_FIELD.sub(rf"{{\1{_MARK}}}", found)


def _has_other_numbers(tree: ast.Module) -> bool:
    """Whether numbers of the standard library are in use that write themselves as others do."""
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        if not _OTHER_NUMBERS.isdisjoint(names):
            return True
    return False


def _template(order: Sequence[ast.ClassDef]) -> str:
    """That of a class with its ancestors in ``order``, "" where it is not known."""
    for node in order:
        for one in node.body:
            match one:
                case ast.FunctionDef(
                    name="__repr__", body=[*_, ast.Return(value=ast.JoinedStr(values=parts))]
                ):
                    written = [_part(part, order) for part in parts] if len(one.body) == 1 else [None]
                    return "" if None in written else "".join(part or "" for part in written)
                case ast.FunctionDef(name="__repr__"):
                    return ""
    return ""


def _part(part: ast.expr, order: Sequence[ast.ClassDef]) -> str | None:
    match part:
        case ast.Constant(value=str(text)):
            return None if _BRACES.search(text) else text
        case ast.FormattedValue(value=ast.Attribute(ast.Name("self"), field), format_spec=None):
            stored = _stored(field, order)
            form = {_RAW: f"{{{stored}!r}}", -1: f"{{{stored}}}"}.get(part.conversion)
            return form if stored else None
        case ast.FormattedValue(value=value) if ast.unparse(value) in _NAMING:
            return order[0].name
    return None


def _stored(field: str, order: Sequence[ast.ClassDef]) -> str:
    """What is read for the attribute ``field``: that which a property gives back, "" if that is not known."""
    for node in order:
        for one in node.body:
            match one:
                case ast.FunctionDef(name=name, decorator_list=[ast.Attribute(attr="setter" | "deleter")]):
                    continue
                case ast.FunctionDef(
                    name=name,
                    decorator_list=[ast.Name("property")],
                    body=[ast.Return(value=ast.Attribute(ast.Name("self"), stored))],
                ) if name == field:
                    return stored
                case ast.FunctionDef(name=name) if name == field:
                    return ""
    return field


_NAMING = ("type(self).__name__", "self.__class__.__name__")


@lru_cache(maxsize=256)
def _reader(template: str) -> re.Pattern[str]:
    pieces: list[str] = []
    place = 0
    for field in FIELD.finditer(template):
        pieces.append(re.escape(template[place : field.start()]))
        pieces.append(f"({_LITERAL})" if field[2] else f"({_BARE})")
        place = field.end()
    # A string that says the same as an object's text is none.
    return re.compile(f"{_STRING}|{''.join([*pieces, re.escape(template[place:])])}")


def read(text: str, known: tuple[tuple[str, str], ...], *, kept: bool = True) -> Any:
    """The value that ``text`` writes, objects of the classes of ``known`` (name and template) being such.

    Raises ``Undecided`` as :func:`cwm_lsp.codec.literals.literal` does. ``kept`` says that nobody changes it.
    """
    for name, template in known:
        fields = [field[1] for field in FIELD.finditer(template)]
        if fields and _MARK not in template:
            text = _reader(template).sub(partial(_angled, name, fields), text)
    value = literal(text) if known or not kept else kept_literal(text)
    if known:
        _furnish(value, dict(known))
    return value


def _angled(name: str, fields: list[str], found: re.Match[str]) -> str:
    if found.lastindex is None:
        return found.group()
    stored = (f"{field}={value}" for field, value in zip(fields, found.groups(), strict=True))
    return f"<{name} {', '.join(stored)}>"


def _furnish(value: Any, known: Mapping[str, str]) -> None:
    """Have the objects in ``value`` write themselves as their classes do."""
    if isinstance(value, Record):
        value.template = known.get(value.kind, "")
        value = value.fields
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for one in value:
        _furnish(one, known)
