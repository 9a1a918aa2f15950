"""Containers that classes share among their objects and that nobody changes: tables to look things up in."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cwm_lsp.codec.pure_modules import CHANGING_NAMES

_LOOKING = frozenset(
    "all any dict enumerate frozenset isinstance len list max min print range reversed set sorted sum tuple "
    "zip".split()
)
"""Builtins that leave what they are given as it is."""

_ASKING = frozenset({"copy", "count", "get", "index", "items", "keys", "values"})
"""Methods that do the same."""


Members = Mapping[str, Mapping[str, str]]
"""The members of enumerations with their texts."""


@dataclass(frozen=True, slots=True)
class Steady:
    """The ``names`` of which nobody changes the containers, and those of which nobody gets ``inside``."""

    names: frozenset[str]
    inside: frozenset[str]


def tables(node: ast.ClassDef, steady: Steady, members: Members) -> Iterator[tuple[str, str]]:
    """The names of a class for tables of plain values, of those that are ``steady``, with their texts."""
    for one in node.body:
        match one:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() | ast.List() | ast.Set() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Dict() | ast.List() | ast.Set() as value)
            ) if name in steady.names:
                found = _plain(value, members, nested=name in steady.inside)
                if found:
                    yield name, found


def steady_names(tree: ast.AST) -> Steady:
    """The attributes of a source that are only ever looked into."""
    looked: set[ast.AST] = set()
    shut: set[ast.AST] = set()
    changed: set[str] = set()
    attributes: list[ast.Attribute] = []
    items: dict[ast.AST, ast.AST] = {}
    for node in ast.walk(tree):
        looked.update(_looked_into(node))
        shut.update(_measured(node))
        changed.update(getattr(part, "id", getattr(part, "attr", "")) for part in changed_by(node))
        if isinstance(node, ast.Attribute):
            attributes.append(node)
        elif isinstance(node, ast.Subscript):
            items[node.value] = node
    handed_on = {node.attr for node in attributes if node not in looked}
    opened = {node.attr for node in attributes if node not in shut and items.get(node) not in looked}
    names = frozenset({node.attr for node in attributes} - handed_on - changed)
    return Steady(names, names - opened)


def _looked_into(node: ast.AST) -> Iterator[ast.AST]:
    """What ``node`` only looks into."""
    match node:
        case ast.Subscript(value=owner, ctx=ast.Load()):
            yield owner
        case ast.Compare(ops=operators, comparators=others):
            pairs = zip(operators, others, strict=True)
            yield from (other for how, other in pairs if isinstance(how, ast.In | ast.NotIn))
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _ASKING:
            yield owner
        case ast.Call(func=ast.Name(id=name), args=given) if name in _LOOKING:
            yield from given
        case ast.For(iter=through) | ast.comprehension(iter=through):
            yield through
        case ast.Starred(value=through, ctx=ast.Load()):
            yield through


def _measured(node: ast.AST) -> Iterator[ast.AST]:
    """What ``node`` looks into without getting at what is in it."""
    match node:
        case ast.Compare():
            yield from _looked_into(node)
        case ast.Call(func=ast.Name(id="len"), args=given):
            yield from given


def changed_by(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of the expression for a container that ``node`` may change: one of them names it."""
    match node:
        case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()):
            yield from ast.walk(owner)
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in CHANGING_NAMES:
            yield from ast.walk(owner)
        case ast.AugAssign(target=owner):
            yield from ast.walk(owner)


def _plain(node: ast.expr, members: Members, *, nested: bool = False) -> str:
    """The text of the container that is written, "" unless all in it are values that never change.

    Where it may be ``nested`` such containers may stand in it, too.
    """

    def told(one: ast.expr) -> str:
        return _lasting(one, members) or (_plain(one, members, nested=True) if nested else "")

    match node:
        case ast.Dict(keys=keys, values=values) if None not in keys:
            keyed = [_lasting(key, members) for key in keys if key is not None]
            texts = [told(value) for value in values]
            known = all((*keyed, *texts))
            pairs = zip(keyed, texts, strict=True)
            return f"{{{', '.join(f'{key}: {text}' for key, text in pairs)}}}" if known else ""
        case ast.List(elts=elements) | ast.Set(elts=elements):
            texts = [told(one) for one in elements]
            brackets = "[]" if isinstance(node, ast.List) else "{}"
            return f"{brackets[0]}{', '.join(texts)}{brackets[1]}" if all(texts) else ""
    return ""


def _lasting(node: ast.expr, members: Members) -> str:
    """The text of a value that never changes, "" for what may not be one."""
    match node:
        case ast.Attribute(value=ast.Name(id=kind), attr=name):
            return members.get(kind, {}).get(name, "")
        case ast.Tuple(elts=elements):
            texts = [_lasting(one, members) for one in elements]
            return f"({', '.join(texts)}{',' * (len(texts) == 1)})" if all(texts) else ""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ""
    return repr(value) if value is None or isinstance(value, bool | int | float | str | bytes) else ""
