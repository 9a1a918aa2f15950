"""Objects that write themselves by an f-string of their fields: their texts read back, and written.

``def __repr__(self): return f"Point({self.x}, {self.y!r})"`` says which field stands where. A class is known
under its name and :data:`TEMPLATE` by the text of that string, ``Point({x}, {y!r})``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from cwm_lsp.codec.literals import kept_literal, literal
from cwm_lsp.codec.records import FIELD, Record

TEMPLATE = "!"
"""Ends the name under which the way is known that a class writes its objects, ``Point!``."""

_BARE = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|True|False|None|inf|-inf"
_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_LITERAL = rf"""{_STRING}|\[[^\[\]]*\]|\([^()]*\)|\{{[^{{}}]*\}}|set\(\)|{_BARE}"""
_BRACES = re.compile(r"[{}]")
_RAW = ord("r")


def templates(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The classes of a module whose objects write themselves by their fields, under their marked names."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for name, node in classes.items():
        found = _template(name, node, classes)
        if found:
            yield f"{name}{TEMPLATE}", found


def _template(name: str, node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> str:
    for one in node.body:
        match one:
            case ast.FunctionDef(name="__repr__", body=[*_, ast.Return(value=ast.JoinedStr(values=parts))]):
                written = [_part(part, name) for part in parts] if len(one.body) == 1 else [None]
                return "" if None in written else "".join(part or "" for part in written)
            case ast.FunctionDef(name="__repr__"):
                return ""
    bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
    return _template(name, classes[bases[0]], classes) if len(bases) == len(node.bases) == 1 else ""


def _part(part: ast.expr, name: str) -> str | None:
    match part:
        case ast.Constant(value=str(text)):
            return None if _BRACES.search(text) else text
        case ast.FormattedValue(value=ast.Attribute(ast.Name("self"), field), format_spec=None):
            return {_RAW: f"{{{field}!r}}", -1: f"{{{field}}}"}.get(part.conversion)
        case ast.FormattedValue(value=value) if ast.unparse(value) in _NAMING:
            return name
    return None


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
        if fields:
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
