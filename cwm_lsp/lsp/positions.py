"""Columns in the units that an editor counts in, and texts changed by ranges of them. Pure.

LSP counts lines by ``\\n``, ``\\r\\n`` and ``\\r`` only (not by form feeds, as ``str.splitlines`` does), and
columns in units of the negotiated encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum


class Encoding(StrEnum):
    """The unit of a column. ``UTF32`` counts characters."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


_ENDING = re.compile(r"\r\n|\r|\n")


def units(text: str, encoding: Encoding) -> int:
    """The length of ``text`` in ``encoding``."""
    if encoding is Encoding.UTF32 or text.isascii():
        return len(text)
    return sum(_width(character, encoding) for character in text)


def characters(line: str, column: int, encoding: Encoding) -> int:
    """How many characters of ``line`` lie before ``column``; beyond the end, all of them."""
    if encoding is Encoding.UTF32 or line.isascii():
        return min(max(column, 0), len(line))
    passed = 0
    for index, character in enumerate(line):
        if passed >= column:
            return index
        passed += _width(character, encoding)
    return len(line)


def _width(character: str, encoding: Encoding) -> int:
    code = ord(character)
    if encoding is Encoding.UTF16:
        return 2 if code > 0xFFFF else 1
    if code < 0x80:
        return 1
    if code < 0x800:
        return 2
    return 3 if code < 0x10000 else 4


def offset(text: str, line: int, column: int, encoding: Encoding) -> int:
    """The index in ``text`` of a 0-based position; positions beyond a line or the text are at its end."""
    for number, (start, end) in enumerate(_spans(text)):
        if number == line:
            return start + characters(text[start:end], column, encoding)
    return len(text)


def replaced(text: str, start: tuple[int, int], end: tuple[int, int], insert: str, encoding: Encoding) -> str:
    """``text`` with what lies between two 0-based positions (line, column) replaced by ``insert``."""
    first = offset(text, *start, encoding)
    last = max(first, offset(text, *end, encoding))
    return text[:first] + insert + text[last:]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each line starts and ends, its line ending left out."""
    start = 0
    for ending in _ENDING.finditer(text):
        yield start, ending.start()
        start = ending.end()
    yield start, len(text)
