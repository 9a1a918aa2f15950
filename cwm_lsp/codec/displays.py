"""The texts of values taken apart and put together: items of containers, fields of objects, what is shown.

A run keeps far more of a value than a small model can read. What is worked out for it and what is compared
rests on the whole text, and the model's tokens on the beginning of it, marked as the renderer marks what it
cuts: ``[0, 1, … 251 more]``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

ELLIPSIS = "…"

LONGEST_STRING = 200
"""Characters of one string that the model is shown."""

MOST_ITEMS = 50
"""Items of one container that it is shown."""

ROOM = 300
"""Characters of a value within which another item is begun."""

_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_STRING = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.S)
CHARACTER = re.compile(r"\\(?:x..|u....|U.{8}|N\{[^}]*\}|.)|.", re.S)
_LITERAL = re.compile(r"(b?)('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")", re.S)
_NESTED = re.compile(r"""['"\[\](){}<>]""")
_MORE = re.compile(r"… ([\d,]+) more")
_MORE_AT_END = re.compile(r"… [\d,]+ more$")
_FIELD = re.compile(r"[^\W\d]\w*=")
_FIELDS = re.compile(
    r"(?:<[^\W\d]\w* |[^\W\d]\w*\()(?=[^\W\d]\w*=)"
    r"|deque\(\[|(?:Counter|OrderedDict|frozenset)\(\{|defaultdict\(<class '\w+'>, \{"
)
"""How an object begins that names its fields, ``Point(x=1)`` or ``<Cart total=0>``, and collections."""


def split_items(text: str) -> tuple[str, ...] | None:
    """The item texts of a list, tuple, set or dict display, or ``None`` when ``text`` is not one."""
    return _split_long(text) if len(text) > _LONG else _split_short(text)


def _split(text: str) -> tuple[str, ...] | None:
    if len(text) < 2 or _BRACKETS.get(text[0]) != text[-1]:
        return None
    if not _NESTED.search(text, 1, len(text) - 1):
        items = _whole(text[1:-1].split(", "))
    else:
        places = separators(text, ",", 1, len(text) - 1)
        if places is None:
            return None
        items = _between(text[:-1], places, 1)
    if text[0] == "(" and len(items) == 1:
        return (items[0][:-1],) if items[0].endswith(",") else None
    return items


_LONG = 300
_split_short, _split_long = lru_cache(maxsize=65536)(_split), lru_cache(maxsize=512)(_split)
"""What is long is kept in small numbers, since it takes room."""


def split_fields(text: str) -> tuple[str, tuple[str, ...]] | None:
    """How a display or an object that names its fields begins, and its items; ``None`` for other texts."""
    if text[:1] in _BRACKETS:
        items = split_items(text)
        return None if items is None else (text[0], items)
    return _split_object(text)


@lru_cache(maxsize=8192)
def _split_object(text: str) -> tuple[str, tuple[str, ...]] | None:
    begin = _FIELDS.match(text)
    if begin is None or not text.endswith(closing := closing_of(begin.group())):
        return None
    end = len(text) - len(closing)
    places = separators(text, ",", begin.end(), end)
    return None if places is None else (begin.group(), _between(text[:end], places, begin.end()))


def separators(text: str, mark: str, start: int, end: int) -> list[int] | None:
    """Where ``mark`` and a space stand outside of strings and brackets, ``None`` if those do not match.

    ``<`` before a name is a bracket too, as in ``<Cart total=0>``.
    """
    found: list[int] = []
    depth = angles = 0
    place = start
    while place < end:
        character = text[place]
        if character in "'\"":
            match = _STRING.match(text, place, end)
            if match is None:
                return None
            place = match.end()
            continue
        if character in "[({":
            depth += 1
        elif character in "])}":
            depth -= 1
            if depth < 0:
                return None
        elif character == "<":
            angles += text[place + 1 : place + 2].isidentifier()
        elif character == ">":
            angles -= angles > 0
        elif character == mark and not depth and not angles and text.startswith(" ", place + 1):
            found.append(place)
        place += 1
    return None if angles else found


def _between(text: str, places: Sequence[int], start: int) -> tuple[str, ...]:
    starts = [start, *(place + 2 for place in places)]
    ends = [*places, len(text)]
    return _whole([text[one:other] for one, other in zip(starts, ends, strict=True)])


def _whole(items: list[str]) -> tuple[str, ...]:
    return tuple(items if items[-1] else items[:-1])


def closing_of(opening: str) -> str:
    """How a display or an object ends that begins with ``opening``."""
    if opening[0] == "<":
        return ">"
    return _BRACKETS[opening[-1]] + (")" if len(opening) > 1 and opening[-1] != "(" else "")


def join_items(opening: str, items: Sequence[str]) -> str:
    """The text that holds ``items``: the inverse of :func:`split_fields`."""
    tail = "," if opening == "(" and len(items) == 1 else ""
    return f"{opening}{', '.join(items)}{tail}{closing_of(opening)}"


@lru_cache(maxsize=4096)
def shown(text: str) -> str:
    """The text of a value as far as it is shown; the text itself where that is all of it."""
    return text if len(text) <= LONGEST_STRING else _shown(text, ROOM)


def left_out(item: str) -> int | None:
    """How many items the mark at the end of a cut display stands for; ``None`` for a text that is no mark."""
    mark = _MORE.fullmatch(item)
    return int(mark[1].replace(",", "")) if mark else None


def _shown(text: str, room: int) -> str:
    string = _LITERAL.fullmatch(text)
    if string is not None:
        return _string(string[1], string[2])
    parts = split_fields(text)
    if parts is None:
        begun = _MORE_AT_END.sub("", text)
        return text if len(begun) <= room else f"{text[:room]}{ELLIPSIS} {len(text) - room:,} more"
    opening, items = parts
    kept: list[str] = []
    for item in items[:MOST_ITEMS]:
        if room <= 0:
            break
        kept.append(item if len(item) <= min(room, LONGEST_STRING) else _inner(item, room))
        room -= len(kept[-1])
    rest = items[len(kept) :]
    if rest:
        kept.append(f"{ELLIPSIS} {len(rest) - 1 + (left_out(rest[-1]) or 1):,} more")
    return join_items(opening, kept)


def _inner(item: str, room: int) -> str:
    """An item, a field or a pair of a dict, its value as far as there is room."""
    field = _FIELD.match(item)
    places = [] if field else separators(item, ":", 0, len(item))
    head = field.end() if field else places[0] + 2 if places else 0
    return item[:head] + _shown(item[head:], max(room - head, 0))


def _string(prefix: str, literal: str) -> str:
    characters = CHARACTER.findall(_MORE_AT_END.sub("", literal[1:-1]))
    if len(characters) <= LONGEST_STRING:
        return f"{prefix}{literal}"
    rest = len(CHARACTER.findall(literal[1:-1])) - LONGEST_STRING
    return f"{prefix}{literal[0]}{''.join(characters[:LONGEST_STRING])}{ELLIPSIS} {rest:,} more{literal[-1]}"
