"""What values are told apart by: members of enumerations, constants of classes, tables, texts of a field."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

MOST = 10
"""Tables, and texts of a field, that are offered."""

_PLACE = ast.Name | ast.Attribute | ast.Subscript


def looked_up(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """What a table says of a value, for the value: more likely where nothing else looks into the table."""
    if not isinstance(node, _PLACE) or not isinstance(node.ctx, ast.Load):
        return
    source = text.of(node)
    for name, used in _tables(scope.tree):
        known = name if name in scope.globals else f"{scope.owner.receiver}.{name}"
        if known not in source and (name in scope.globals or scope.owner.receiver):
            likely = 0.07 if used else 0.35
            yield f"{known}[{source}]", "missing lookup", likely
            yield f"{known}.get({source}, {source})", "missing lookup", likely / 2


@lru_cache(maxsize=2)
def _tables(tree: ast.Module) -> list[tuple[str, bool]]:
    """Dictionaries that the module and its classes spell out, and whether anything is looked up in them."""
    bodies = [tree.body, *(one.body for one in ast.walk(tree) if isinstance(one, ast.ClassDef))]
    assigned = [one for body in bodies for one in body if isinstance(one, ast.Assign)]
    names = [
        one.targets[0].id
        for one in assigned
        if isinstance(one.value, ast.Dict) and one.value.keys and isinstance(one.targets[0], ast.Name)
    ]
    bases = [one.value for one in ast.walk(tree) if isinstance(one, ast.Subscript)]
    called = [one.func for one in ast.walk(tree) if isinstance(one, ast.Call)]
    bases += [one.value for one in called if isinstance(one, ast.Attribute)]  # its items, or one of them
    read = {ast.unparse(one).rpartition(".")[2] for one in bases if isinstance(one, ast.Name | ast.Attribute)}
    return [(name, name in read) for name in dict.fromkeys(names)][:MOST]


def member(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A member of an enumeration for its value, or the other way round."""
    match node:
        case ast.Constant(value=str() | int() as value) if not isinstance(value, bool):
            for name, known in _members(scope.tree):
                if known == value and type(known) is type(value):
                    yield name, "member", 0.6
        case ast.Compare(left=left, ops=[_], comparators=[ast.Constant(value=value)]):
            if any(known == value and type(known) is type(value) for _, known in _members(scope.tree)):
                at = text.span(left)[1] - text.span(node)[0]
                yield f"{text.of(left)}.value{text.of(node)[at:]}", "member", 0.4
        case ast.Attribute(value=ast.Name()) if any(text.of(node) == one for one, _ in _members(scope.tree)):
            yield f"{text.of(node)}.value", "member", 0.25


def member_beside(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another constant of the same class, or of one that is imported, as far as they are mentioned."""
    match node:
        case ast.Attribute(value=ast.Name(base), attr=name, ctx=ast.Load()):
            spelt = _constants(scope.tree)
            own = base == scope.owner.receiver
            bases = [kind for kind, names in spelt.items() if name in names] if own else [base]
            for kind in bases:
                for other in spelt.get(kind, ()) if name in spelt.get(kind, ()) else ():
                    if other != name:
                        yield f"{base}.{other}", "member", 0.42


@lru_cache(maxsize=2)
def _constants(tree: ast.Module) -> dict[str, list[str]]:
    """By class the names in capitals that its body assigns, or that are mentioned of it."""
    found: dict[str, dict[str, None]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=kind):
                targets = [t for one in node.body if isinstance(one, ast.Assign) for t in one.targets]
                names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            case ast.Attribute(value=ast.Name(kind), attr=name) if kind[:1].isupper():
                names = [name]
            case _:
                continue
        found.setdefault(kind, {}).update(dict.fromkeys(one for one in names if one.isupper()))
    return {kind: list(names) for kind, names in found.items()}


@lru_cache(maxsize=2)
def _members(tree: ast.Module) -> list[tuple[str, object]]:
    """``Class.NAME`` and value of what the enumerations of a module have."""
    found: list[tuple[str, object]] = []
    for kind in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        if any(ast.unparse(base).endswith(("Enum", "Flag")) for base in kind.bases):
            for one in kind.body:
                match one:
                    case ast.Assign(targets=[ast.Name(name)], value=ast.Constant(value)):
                        found.append((f"{kind.name}.{name}", value))
    return found


def constant_beside(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """What the same field or name is compared with, or set to, elsewhere in the module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for other in _told(scope.tree).get(id(node), ()):
            yield other, "constant", 0.42


@lru_cache(maxsize=2)
def _told(tree: ast.Module) -> dict[int, list[str]]:
    """By the id of a text that a field is compared with or set to, the others of that field."""
    places: dict[str, list[ast.Constant]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=place, comparators=[other]):
                values = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else [other]
            case ast.Assign(targets=[place], value=other):
                values = [other.body, other.orelse] if isinstance(other, ast.IfExp) else [other]
            case _:
                continue
        if isinstance(place, _PLACE):
            known = [one for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            places.setdefault(_field(place), []).extend(known)
    found: dict[int, list[str]] = {}
    for known in places.values():
        texts = dict.fromkeys(repr(one.value) for one in known)
        for one in known:
            found[id(one)] = [other for other in texts if other != repr(one.value)][:MOST]
    return found


def _field(place: ast.expr) -> str:
    """What a place is called, whatever object it is of."""
    if isinstance(place, ast.Subscript):
        return ast.unparse(place.slice)
    return place.attr if isinstance(place, ast.Attribute) else ast.unparse(place)


MEMBERS = (looked_up, member, member_beside, constant_beside)
