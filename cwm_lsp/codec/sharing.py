"""Which names stand for one object: ``b = a``, ``row = grid[i]``, ``for row in grid``.

Values are texts, and texts do not say that two names share an object. The statements that bind names do. A
:class:`Place` is where in the value of another name the object is found; it is trusted only as long as the
texts of both agree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cwm_lsp.codec.evaluator import Evaluator
from cwm_lsp.codec.expressions import ERRORS
from cwm_lsp.codec.literals import kept_literal, literal
from cwm_lsp.codec.records import Record, Undecided
from cwm_lsp.trace.render import render

Texts = Mapping[str, str]

_GIVING = frozenset({"get", "setdefault"})
_CHANGING = ("[", "{", "<")


TWIN = "twin"


@dataclass(frozen=True, slots=True)
class Field:
    """What is stored in an object under ``name``, as a step of a path."""

    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: in the value of ``root``, down ``path``, by keys and :class:`Field`."""

    root: str
    path: tuple[Any, ...] = ()

    def below(self, *keys: Any) -> Place:
        """The place that is found by further ``keys``."""
        return Place(self.root, (*self.path, *keys))

    def find(self, value: Any) -> Any:
        """The object here, ``value`` being that of ``root``. Raises ``Undecided`` or one of ``ERRORS``."""
        for key in self.path:
            value = _fields(value)[key.name] if isinstance(key, Field) else value[key]
        return value


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that a statement gives to what an expression finds, or to an item of it (``part``) in a loop.

    With ``last`` as ``part`` it is the name of what was added at the end, with ``twin`` another name for what
    ``node`` names once the statement has run.
    """

    name: str
    node: ast.expr
    part: str = ""

    def place(self, texts: Texts, visit: int) -> Place | None:
        """The place of what is bound, or ``None``."""
        found = place_of(self.node, texts)
        if found is None or not self.part:
            return found
        if self.part == TWIN:
            return None
        if self.part == "last":
            visit = -1
        try:
            container = found.find(kept_literal(texts[found.root]))
            keys = list(container) if self.part == "value" else range(len(container) + (self.part == "last"))
            return found.below(keys[visit]) if isinstance(container, list | dict) else None
        except (Undecided, *ERRORS):
            return None


def place_of(node: ast.expr, texts: Texts) -> Place | None:
    """The place that ``node`` names, if it names one."""
    match node:
        case ast.Name(id=name):
            return Place(name) if name in texts else None
        case ast.Attribute(value=owner, attr=name):
            found = place_of(owner, texts)
            return None if found is None else found.below(Field(name))
        case ast.Subscript(value=owner, slice=key) if not isinstance(key, ast.Slice):
            pass
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[key, *_]) if method in _GIVING:
            pass
        case _:
            return None
    found = place_of(owner, texts)
    try:
        return None if found is None else found.below(Evaluator(texts).value(key))
    except (Undecided, *ERRORS, RecursionError, MemoryError):
        return None


def bindings(statement: ast.AST) -> Iterator[Binding]:
    """The names that ``statement`` binds to objects that have another name already, as far as it shows."""
    match statement:
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute() as place], value=ast.Name(id=name)):
            yield Binding(name, place)
        case ast.Expr(ast.Call(ast.Attribute(owner, "append"), [ast.Name(id=name)])):
            yield Binding(name, owner, "last")
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            if len(targets) == len(values):
                yield from _bound(zip(targets, values, strict=True))
        case ast.Assign(targets=targets, value=value):
            yield from _bound((target, value) for target in targets)
            names = [one for one in targets if isinstance(one, ast.Name)]
            yield from (Binding(one.id, names[0], TWIN) for one in names[1:])
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _bound([(target, value)])
        case ast.For(target=target, iter=through):
            yield from _looped(target, through)


def _bound(pairs: Any) -> Iterator[Binding]:
    for target, value in pairs:
        if isinstance(target, ast.Name) and isinstance(
            value, ast.Name | ast.Attribute | ast.Subscript | ast.Call
        ):
            yield Binding(target.id, value)


def _looped(target: ast.expr, through: ast.expr) -> Iterator[Binding]:
    match target, through:
        case ast.Name(id=name), ast.Name() | ast.Attribute() | ast.Subscript():
            yield Binding(name, through, "item")
        case ast.Name(id=name), ast.Call(func=ast.Attribute(value=owner, attr="values")):
            yield Binding(name, owner, "value")
        case ast.Tuple(elts=[_, ast.Name(id=name)]), ast.Call(func=ast.Attribute(value=owner, attr="items")):
            yield Binding(name, owner, "value")
        case ast.Tuple(elts=[_, ast.Name(id=name)]), ast.Call(func=ast.Name(id="enumerate"), args=[owner]):
            yield Binding(name, owner, "item")


def below(place: Place, shares: Mapping[str, Place]) -> Place:
    """``place`` from the outermost name on, its root being a part of another's value perhaps."""
    outer = shares.get(place.root)
    return place if outer is None else outer.below(*place.path)


def rebound(
    shares: Mapping[str, Place], names: frozenset[str], found: Mapping[str, Place], texts: Texts
) -> Mapping[str, Place]:
    """``shares`` after a statement that bound ``names``, of which ``found`` are places."""
    if not (shares or found):
        return shares
    kept = {name: place for name, place in shares.items() if name not in names and place.root not in names}
    for name, place in found.items():
        if name in kept:
            continue
        whole = below(place, shares)
        if name != whole.root and whole.root not in names and is_changing(texts.get(name, "")):
            kept[name] = whole
    return kept


def twins(found: Sequence[Binding], texts: Texts) -> Iterator[tuple[str, Place]]:
    """The names that a statement gave to what it gave to another one before: ``a = b = []``."""
    for one in found:
        first = one.node.id if one.part == TWIN and isinstance(one.node, ast.Name) else ""
        if first and is_changing(texts.get(one.name, "")) and texts[one.name] == texts.get(first):
            yield one.name, Place(first)


def is_changing(text: str) -> bool:
    """Whether ``text`` is that of an object that can change and is known."""
    return text.startswith(_CHANGING) or (text[-1:] == ")" and text[:1].isidentifier())


_LASTING = ("<function ", "<class ", "<module ", "<enum ", "<built-in ")


def is_lasting(text: str) -> bool:
    """Whether ``text`` is that of a function, a class or a module: what it is does not change."""
    return text.startswith(_LASTING)


_UNCHANGING = re.compile(
    r"-?[\d.]|b?['\"]|<[^\W\d]\w*\.\w+: [^<>]*>$|(?:True|False|None|Ellipsis|NotImplemented|-?inf|nan)$"
    r"|(?:datetime\.\w+|Decimal|Fraction|(?:Pure)?(?:Posix|Windows)Path|UUID|range|re\.compile)\("
)


def may_change(text: str) -> bool:
    """Whether the object that ``text`` writes, or one in it, can change while its name stays its own."""
    if text[:1] == "(":
        return any(character in text for character in "[{<") or "(" in text[1:]
    return not (text.startswith(_LASTING) or _UNCHANGING.match(text))


def renewal(place: Place, text: str, texts: Texts, shares: Mapping[str, Place]) -> dict[str, str] | None:
    """The names whose values change as the object at ``place`` becomes ``text``, with their values after it.

    ``None`` where that is not known.
    """
    whole = below(place, shares)
    try:
        value = _with(literal(texts[whole.root]), whole.path, literal(text))
        after = {whole.root: value}
        for name, other in shares.items():
            if other.root == whole.root and name in texts:
                before = other.find(kept_literal(texts[whole.root]))
                if render(before)[0] == texts[name]:
                    after[name] = other.find(value)
        written = {name: render(one) for name, one in after.items()}
    except (Undecided, *ERRORS):
        return None
    return {
        name: found[0]
        for name, found in written.items()
        if not (found[3] or found[4]) and found[0] != texts[name]
    }


def _with(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """``value`` with ``part`` in it at ``path``."""
    if not path:
        return part
    owner = Place("", path[:-1]).find(value)
    last = path[-1]
    if isinstance(last, Field):
        _fields(owner)[last.name] = part
    else:
        owner[last] = part
    return value


def _fields(value: Any) -> dict[str, Any]:
    """What is stored in an object. Raises :class:`Undecided` where ``value`` is none that says so."""
    if not isinstance(value, Record):
        raise Undecided("Its text does not say what is stored in it.")
    return value.fields
