"""What can be looked up in the values of names: ``xs[i]``, ``s[1:]``, ``len(s)``, ``k in d``, a loop's items.

A lookup asks a value that is already written down for a part of it, how long it is, whether it is the same as
another, whether, where and how often something stands in it. Nothing is executed and nothing is made: a
place is a literal, a name's value or a length, or sums and differences of those.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cwm_lsp.codec.displays import join_items, left_out, separators, split_items
from cwm_lsp.codec.hidden import is_uncertain

Texts = Mapping[str, str]

_QUOTES = ("'", '"')
_CUT = re.compile(r"… [\d,]+ more")
_CUT_AT_END = re.compile(r"^[^…]*… [\d,]+ more[\]})]$", re.S)

_QUESTIONS: Mapping[str, Callable[[str, str], str | None]] = {
    "count": lambda whole, part: str(whole.count(part)),
    "find": lambda whole, part: str(whole.find(part)),
    "index": lambda whole, part: str(whole.index(part)) if part in whole else None,
    "startswith": lambda whole, part: str(whole.startswith(part)),
    "endswith": lambda whole, part: str(whole.endswith(part)),
}
"""Methods that only ask, with their answers for strings; lists and tuples know the first and the third."""


@dataclass(frozen=True, slots=True)
class Iterated:
    """One value that a ``for`` head goes through: ``part`` is ``item``, ``key``, ``value`` or ``reversed``.

    ``item`` of a dict display is the pair, as ``items()`` gives it. A ``copied`` value is a slice or a
    ``list(xs)``: what happens to the container in the loop does not reach it.
    """

    node: ast.expr
    part: str
    copied: bool = False

    def at(self, visit: int, texts: Texts, entered: Texts) -> str | None:
        """The item of visit ``visit``, ``""`` past the last, ``None`` where it cannot be looked up.

        ``entered`` are the values with which the loop began: a string or a tuple stays what it was then,
        a list is read as it is now.
        """
        text = find(self.node, entered)
        if text is None or not (self.copied or text[0] in ("'", '"', "(")):
            text = find(self.node, texts)
        items, more = _begun(text)
        if text is None or items is None or (more and self.part == "reversed"):
            return None
        if visit >= len(items):
            return "" if visit >= len(items) + more else None
        item = items[-1 - visit if self.part == "reversed" else visit]
        if text[0] != "{" or self.part == "item":
            return item
        pair = pair_of(item)
        return item if pair is None else pair[self.part == "value"]


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers of a ``range`` that a ``for`` head goes through."""

    places: tuple[ast.expr, ...]

    def at(self, visit: int, texts: Texts, entered: Texts) -> str | None:
        """The number of visit ``visit``, ``""`` past the last, ``None`` where it cannot be looked up."""
        places = [_place(place, entered) for place in self.places]
        known = [place for place in places if place is not None]
        if len(known) < len(places) or known[2:] == [0]:
            return None
        numbers = range(*known)
        return str(numbers[visit]) if visit < len(numbers) else ""


def iterated(node: ast.AST) -> Iterator[Iterated | Counted]:
    """What the head of a loop goes through, as far as it can be looked up."""
    if not isinstance(node, ast.For | ast.AsyncFor):
        return
    sources: list[ast.expr]
    match node.iter:
        case ast.Call(func=ast.Name(id="range"), args=[_, *_] as places, keywords=[]) if len(places) <= 3:
            if all(_place(place, None) is not None for place in places):
                yield Counted(tuple(places))
            return
        case ast.Call(func=ast.Name(id="enumerate"), args=[_] as sources, keywords=[]):
            part = "key"
        case ast.Call(func=ast.Name(id="enumerate")):
            return
        case ast.Call(func=ast.Name(id="zip"), args=[_, *_] as sources):
            part = "key"
        case ast.Call(func=ast.Name(id="reversed"), args=[_] as sources):
            part = "reversed"
        case source:
            sources, part = [source], "key"
    yield from (_through(source, part) for source in sources if findable(_viewed(source)[0]))


def _through(source: ast.expr, part: str) -> Iterated:
    container, view = _viewed(source)
    sliced = isinstance(container, ast.Subscript) and isinstance(container.slice, ast.Slice)
    return Iterated(container, view if part == "key" else part, sliced or isinstance(source, ast.Call))


def _viewed(node: ast.expr) -> tuple[ast.expr, str]:
    """A container and which part of it ``node`` goes through: itself, ``list(d)`` of it, or a view of it."""
    match node:
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner], keywords=[]):
            return _viewed(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="items" | "keys" | "values" as method), args=[]):
            return inner, {"items": "item", "keys": "key", "values": "value"}[method]
    return node, "key"


def findable(node: ast.expr) -> bool:
    """Whether ``node`` has the shape of a name, a literal or a lookup."""
    match node:
        case ast.Name() | ast.Constant(value=str()):
            return True
        case ast.List() | ast.Tuple():
            return bool(node.elts) and all(isinstance(item, ast.Constant) for item in node.elts)
        case ast.Subscript(slice=ast.Slice() as bounds):
            return findable(node.value) and all(
                _place(bound, None) is not None for bound in _bounds(bounds) if bound is not None
            )
        case ast.Subscript():
            return findable(node.value) and _key(node.slice, None) is not None
        case ast.Call(func=ast.Attribute(value=container, attr="get"), args=[key, *_], keywords=[]):
            return findable(container) and _key(key, None) is not None
        case ast.Call(func=ast.Attribute(value=container, attr=method), args=[key], keywords=[]):
            return method in _QUESTIONS and findable(container) and _key(key, None) is not None
        case ast.Call(func=ast.Name(id="len"), args=[container], keywords=[]):
            return findable(container)
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[container]):
            return findable(container) and _key(key, None) is not None
        case ast.Compare(left=one, ops=[ast.Eq() | ast.NotEq()], comparators=[other]):
            return findable(one) and _key(one, None) is not None and _key(other, None) is not None
    return False


def find(node: ast.expr, texts: Texts) -> str | None:
    """The text of what ``node`` stands for, or ``None``."""
    match node:
        case ast.Name():
            text = texts.get(node.id)
            return None if text is not None and is_uncertain(text, texts) else text
        case ast.Constant() | ast.List() | ast.Tuple():
            return repr(ast.literal_eval(node)) if findable(node) else None
        case ast.Subscript(slice=ast.Slice() as bounds):
            return _cut(find(node.value, texts), bounds, texts)
        case ast.Subscript():
            return _item(find(node.value, texts), _key(node.slice, texts))
        case ast.Call(func=ast.Attribute(value=container, attr=method), args=[key, *_]):
            return _asked(method, find(container, texts), _key(key, texts))
        case ast.Call(args=[container]):
            return _length(find(container, texts))
        case ast.Compare(left=one, ops=[ast.Eq() | ast.NotEq() as sign], comparators=[other]):
            same = _same(_key(one, texts), _key(other, texts))
            return None if same is None else str(same != isinstance(sign, ast.NotEq))
        case ast.Compare(left=key, ops=[sign], comparators=[container]):
            there = _holds(find(container, texts), _key(key, texts))
            return None if there is None else str(there != isinstance(sign, ast.NotIn))
    return None


def _key(node: ast.expr, texts: Texts | None) -> str | None:
    """The text of a key; without ``texts`` only whether ``node`` has the shape of one."""
    match node:
        case ast.Constant(value=str()):
            return repr(node.value)
        case ast.Name() | ast.Subscript() if texts is not None:
            return find(node, texts)
        case ast.Name() | ast.Subscript():
            return "" if findable(node) else None
    place = _place(node, texts)
    return None if place is None else str(place)


def _place(node: ast.expr, texts: Texts | None) -> int | None:
    """The value of a place; without ``texts`` 0 if ``node`` has the shape of one, else ``None``."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            place = _place(operand, texts)
            return None if place is None else -place
        case ast.BinOp(left, ast.Add() | ast.Sub() as sign, right):
            one, other = _place(left, texts), _place(right, texts)
            if one is None or other is None:
                return None
            return one + other if isinstance(sign, ast.Add) else one - other
        case ast.Name() | ast.Subscript() | ast.Call():
            if texts is None:
                return 0 if findable(node) else None
            return _integer(find(node, texts))
    return None


def _integer(text: str | None) -> int | None:
    if text is None or len(text) > 6 or not text.removeprefix("-").isdecimal():
        return None
    return int(text)


def _bounds(bounds: ast.Slice) -> tuple[ast.expr | None, ...]:
    return bounds.lower, bounds.upper, bounds.step


def _cut(container: str | None, bounds: ast.Slice, texts: Texts) -> str | None:
    """The text of a slice of a list, tuple or string."""
    places = [None if bound is None else _place(bound, texts) for bound in _bounds(bounds)]
    known = all(place is not None for bound, place in zip(_bounds(bounds), places, strict=True) if bound)
    items = _items(container)
    if container is None or items is None or not known or places[2] == 0 or container[0] == "{":
        return None
    cut = items[slice(*places)]
    if container[0] in _QUOTES:
        return repr("".join(map(ast.literal_eval, cut)))
    return join_items(container[0], cut)


def _asked(method: str, container: str | None, key: str | None) -> str | None:
    """What a question of a container answers, ``None`` where it raises or cannot be told."""
    if container is None or key is None:
        return None
    if method == "get":
        return _item(container, key) if container[:1] == "{" else None
    whole, part = _string(container), _string(key)
    if whole is not None:
        return _QUESTIONS[method](whole, part) if part is not None else None
    items = _items(container)
    if items is None or container[0] == "{" or key not in items:
        return "0" if method == "count" and items is not None and container[0] != "{" else None
    return {"count": str(items.count(key)), "index": str(items.index(key))}.get(method)


def _same(one: str | None, other: str | None) -> bool | None:
    """Whether two texts stand for equal values; ``None`` where texts do not tell."""
    kinds = {_kind(text) for text in (one, other)}
    if len(kinds) > 1 or None in kinds:
        return None
    return True if one == other else None if kinds == {"display"} else False


def _kind(text: str | None) -> str | None:
    if not text:
        return None
    if text[0] in _QUOTES:
        return "string"
    if text.removeprefix("-").isdecimal():
        return "integer"
    return "display" if split_items(text) is not None and "nan" not in text and "<" not in text else None


def _holds(container: str | None, key: str | None) -> bool | None:
    """Whether a text of a key stands in a container: as an item, as a key, within a string."""
    items = _items(container)
    if container is None or key is None or items is None:
        return None
    if container[0] in _QUOTES:
        part, whole = _string(key), _string(container)
        return None if part is None or whole is None else part in whole
    if container[0] == "{":
        pairs = [pair_of(item) for item in items]
        items = tuple(item if pair is None else pair[0] for item, pair in zip(items, pairs, strict=True))
    return key in items


def _item(container: str | None, key: str | None) -> str | None:
    items, more = _begun(container)
    if container is None or key is None or items is None:
        return None
    if container[0] == "{":
        pairs = (pair_of(item) for item in items)
        return next((pair[1] for pair in pairs if pair is not None and pair[0] == key), None)
    place = _integer(key)
    if place is None or (more and place < 0):
        return None
    return items[place] if -len(items) <= place < len(items) else None


def _items(text: str | None) -> tuple[str, ...] | None:
    """The items of a display, or the characters of a string; ``None`` too for what was cut."""
    if not text or ("…" in text and _CUT.search(text)):
        return None
    if text[0] not in _QUOTES:
        return split_items(text)
    value = _string(text)
    return None if value is None else tuple(map(repr, value))


def _begun(text: str | None) -> tuple[tuple[str, ...] | None, int]:
    """The items of a value, and how many more there are in one whose end was cut off."""
    items = _items(text)
    if items is not None or not text or not _CUT_AT_END.search(text):
        return items, 0
    items = split_items(text)
    more = left_out(items[-1]) if items else None
    return (items[:-1], more) if items and more is not None else (None, 0)


def _length(text: str | None) -> str | None:
    """How many items or characters there are; what was cut says how many more."""
    items, more = _begun(text)
    return None if items is None else str(len(items) + more)


def _string(text: str) -> str | None:
    """The string that a literal stands for."""
    if text[:1] not in _QUOTES:
        return None
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, str) else None


def pair_of(item: str) -> tuple[str, str] | None:
    """Key and value of an item of a dict display."""
    places = separators(item, ":", 0, len(item))
    return (item[: places[0]], item[places[0] + 2 :]) if places else None


def is_scattered(text: str) -> bool:
    """Whether ``text`` is that of a set of several items."""
    if text.startswith("frozenset({"):
        text = text.removeprefix("frozenset(")
    items, more = _begun(text) if text[:1] == "{" else (None, 0)
    return items is not None and len(items) + more > 1 and pair_of(items[0]) is None
