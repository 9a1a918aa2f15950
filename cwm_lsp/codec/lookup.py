"""Items that can be looked up in the values of names: ``xs[i]``, ``d.get(k)``, the next of a ``for`` loop.

A lookup finds a part of a value that is already written down. Nothing is executed: an index is a name's
value or a literal, at most with a literal added or taken away.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cwm_lsp.codec.values import split_items

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Iterated:
    """One value that a ``for`` head goes through: ``part`` is ``item``, ``key``, ``value`` or ``reversed``.

    ``item`` of a dict display is the pair, as ``items()`` gives it.
    """

    node: ast.expr
    part: str

    def at(self, visit: int, texts: Texts, entered: Texts) -> str | None:
        """The item of visit ``visit``, ``""`` past the last, ``None`` where it cannot be looked up.

        ``entered`` are the values with which the loop began: a string or a tuple stays what it was then,
        a list is read as it is now.
        """
        text = find(self.node, entered)
        if text is None or text[:1] not in ("'", '"', "("):
            text = find(self.node, texts)
        items = None if text is None else _items(text)
        if text is None or items is None:
            return None
        if visit >= len(items):
            return ""
        item = items[-1 - visit if self.part == "reversed" else visit]
        if text[0] != "{" or self.part == "item":
            return item
        pair = _pair(item)
        return item if pair is None else pair[self.part == "value"]


def iterated(node: ast.AST) -> Iterator[Iterated]:
    """What the head of a loop goes through, as far as it can be looked up."""
    if not isinstance(node, ast.For | ast.AsyncFor):
        return
    sources: list[ast.expr]
    match node.iter:
        case ast.Name() | ast.Subscript() as source:
            sources, part = [source], "key"
        case ast.Call(func=ast.Name(id="enumerate" | "zip"), args=[_, *_] as sources):
            part = "key"
        case ast.Call(func=ast.Name(id="reversed"), args=[_] as sources):
            part = "reversed"
        case ast.Call(func=ast.Attribute(value=inner, attr="items" | "keys" | "values" as method), args=[]):
            sources, part = [inner], {"items": "item", "keys": "key", "values": "value"}[method]
        case _:
            return
    yield from (Iterated(source, part) for source in sources if findable(source))


def lookups(parts: list[ast.AST], hidden: frozenset[str]) -> Iterator[ast.expr]:
    """The outermost lookups among ``parts``, none that reads a ``hidden`` name."""
    found = [
        part
        for part in parts
        if isinstance(part, ast.Subscript | ast.Call)
        and findable(part)
        and not isinstance(getattr(part, "ctx", None), ast.Store | ast.Del)
    ]
    inner = {id(_container(part)) for part in found}
    for part in found:
        names = {name.id for name in ast.walk(part) if isinstance(name, ast.Name)}
        if id(part) not in inner and not names & hidden:
            yield part


def _container(node: ast.expr) -> ast.expr | None:
    match node:
        case ast.Subscript(value=container) | ast.Call(func=ast.Attribute(value=container)):
            return container
    return None


def findable(node: ast.expr) -> bool:
    """Whether ``node`` has the shape of a name or of a lookup."""
    match node:
        case ast.Name():
            return True
        case ast.Subscript():
            return findable(node.value) and _key(node.slice, None) is not None
        case ast.Call(func=ast.Attribute(value=container, attr="get"), args=[key, *_], keywords=[]):
            return findable(container) and _key(key, None) is not None
    return False


def find(node: ast.expr, texts: Texts) -> str | None:
    """The text of what ``node`` stands for, or ``None``."""
    match node:
        case ast.Name():
            return texts.get(node.id)
        case ast.Subscript():
            return _item(find(node.value, texts), _key(node.slice, texts))
        case ast.Call(func=ast.Attribute(value=container), args=[key, *_]):
            text = find(container, texts)
            return _item(text, _key(key, texts)) if text is not None and text[:1] == "{" else None
    return None


def _key(node: ast.expr, texts: Texts | None) -> str | None:
    """The text of an index; without ``texts`` only whether ``node`` has the shape of one."""
    match node:
        case ast.Constant(value=int() | str()):
            return repr(node.value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return repr(-number)
        case ast.Name() | ast.Subscript() if texts is not None:
            return find(node, texts)
        case ast.Name() | ast.Subscript():
            return "" if findable(node) else None
        case ast.BinOp(ast.Name() as left, ast.Add() | ast.Sub() as sign, ast.Constant(value=int(number))):
            place = 0 if texts is None else _integer(find(left, texts))
            shift = number if isinstance(sign, ast.Add) else -number
            return None if place is None else str(place + shift)
    return None


def _integer(text: str | None) -> int | None:
    if text is None or len(text) > 6 or not text.removeprefix("-").isdecimal():
        return None
    return int(text)


def _item(container: str | None, key: str | None) -> str | None:
    items = _items(container) if container is not None else None
    if container is None or key is None or items is None:
        return None
    if container[0] == "{":
        pairs = (_pair(item) for item in items)
        return next((pair[1] for pair in pairs if pair is not None and pair[0] == key), None)
    place = _integer(key)
    return items[place] if place is not None and -len(items) <= place < len(items) else None


def _items(text: str) -> tuple[str, ...] | None:
    """The items of a display, or the characters of a string."""
    if text[:1] not in ("'", '"'):
        return split_items(text)
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return tuple(map(repr, value)) if isinstance(value, str) else None


def _pair(item: str) -> tuple[str, str] | None:
    """Key and value of an item of a dict display."""
    depth, quote, place = 0, "", 0
    while place < len(item):
        character = item[place]
        if quote:
            place += character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[({":
            depth += 1
        elif character in "])}":
            depth -= 1
        elif not depth and item.startswith(": ", place):
            return item[:place], item[place + 2 :]
        place += 1
    return None
