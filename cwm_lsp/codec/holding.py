"""Which values a statement may change besides those that it names: those that hold an object it changes.

An object in itself changes the value of every name that reaches it. Where its text from before the change
does not stand in the text of a name's value, that name does not reach it: what is written out in full shows
all that it holds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from cwm_lsp.codec.deeds import Effect, changes_objects
from cwm_lsp.codec.displays import ELLIPSIS
from cwm_lsp.codec.frames import Touched
from cwm_lsp.codec.literals import WITHIN_ITSELF
from cwm_lsp.codec.source import LogicalLine

_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_MARKS = re.compile(rf"{_STRING}|[\[({{]|[\])}}]|<(?=[^\W\d])|>", re.S)
_OPENING = "[({<"
_WRITTEN_BY_ITSELF = re.compile(
    rf"{_STRING}|(?:set|frozenset|deque|Counter|OrderedDict|defaultdict|bytearray)\(|([^\W\d]\w*)\(", re.S
)
"""Strings, collections that are written out, and as a group other classes, which may hide what they hold."""

_ACTING = (ast.Await, ast.Call, ast.Starred, ast.Yield, ast.YieldFrom, ast.comprehension)

NOTHING: frozenset[str] = frozenset()


def touched_by(
    logical: LogicalLine, does: Effect, texts: Mapping[str, str], *, unread: bool = False
) -> Touched:
    """The objects that a line changes in themselves, ``does`` being what it does to ``texts``.

    What functions do that it enters is no part of that. ``unread`` says that there are objects of which it is
    not known what their texts show.
    """
    match logical.head:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Try() | ast.ExceptHandler() | ast.match_case():
            return NOTHING if not _calls(logical.head) else None
        case ast.Expr(ast.Yield(value)) | ast.Assign([ast.Name()], ast.Yield(value)):
            parts = ast.walk(value) if value is not None else ()
            return None if any(isinstance(part, ast.Call | ast.Await) for part in parts) else NOTHING
    if not logical.carried or not does.known or does.lost:
        return NOTHING if _only_looks(logical.head) else None
    if not changes_objects(logical.carried, texts):
        return NOTHING
    if unread and does.moved:
        return None
    return frozenset(texts[name] for name in does.changed if name in texts)


def _only_looks(head: ast.AST | None) -> bool:
    """Whether a statement changes nothing but names, whatever the values are that it looks at.

    What functions of the user's do that it enters by operators is no part of that.
    """
    match head:
        case ast.Return() | ast.Expr() | ast.Assert():
            pass
        case ast.Assign(targets=targets) if all(isinstance(one, ast.Name) for one in targets):
            pass
        case _:
            return False
    return not any(isinstance(node, _ACTING) for node in ast.walk(head))


def _calls(head: ast.AST) -> bool:
    """Whether what runs of a head calls anything."""
    match head:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            parts: list[ast.AST] = [*head.decorator_list, head.args]
        case ast.ExceptHandler(type=ast.expr() as kind):
            parts = [kind]
        case ast.match_case(guard=ast.expr() as guard):
            parts = [guard]
        case _:
            parts = []
    return any(isinstance(node, ast.Call) for part in parts for node in ast.walk(part))


def may_hold(text: str, touched: Touched, written: frozenset[str] = NOTHING) -> bool:
    """Whether the value ``text`` may hold an object that is, or is in, one of the values ``touched``.

    Objects of the classes ``written`` show all that is stored in them.
    """
    if not touched:
        return touched is None
    if _is_cut(text) or not _classes(text) <= written:
        return True
    found = map(_objects, touched)
    return any(parts is None or any(part in text for part in parts) for parts in found)


def _is_cut(text: str) -> bool:
    """Whether a text does not show all that it holds: it is too long, or holds itself."""
    return ELLIPSIS in text or WITHIN_ITSELF.search(text) is not None


@lru_cache(maxsize=4096)
def _classes(text: str) -> frozenset[str]:
    """The classes that are named in ``text`` as those of objects which write themselves."""
    return frozenset(match[1] for match in _WRITTEN_BY_ITSELF.finditer(text) if match[1])


@lru_cache(maxsize=4096)
def _objects(text: str) -> frozenset[str] | None:
    """The texts of the objects in a value that can change, itself among them; ``None`` where they are cut."""
    if _is_cut(text):
        return None
    try:
        return frozenset(_bracketed(text))
    except IndexError:
        return None


def _bracketed(text: str) -> Iterator[str]:
    """What stands in brackets, with them; tuples are left out. Raises ``IndexError`` where one is missing."""
    opened: list[int] = []
    for match in _MARKS.finditer(text):
        mark, place = match[0], match.start()
        if mark in _OPENING:
            opened.append(place)
        elif len(mark) == 1:
            start = opened.pop()
            if text[start] != "(" or text[:start][-1:].isidentifier():
                yield text[start : place + 1]
    if opened:
        raise IndexError(text)
