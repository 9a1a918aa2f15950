"""Text in the space there is: terminal cells, cutting, safe single lines, whole percentages."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
SHORTEST_VALUE = 4
PREVIEW_CELLS = 40

_MORE = re.compile(r"… [\d,]+ more(?=.?$)")
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def percent(probability: float) -> str:
    """A probability from 0 to 1 as a whole percentage; 100 and 0 are kept for exact 1 and 0."""
    whole = round(probability * 100)
    if 0 < probability < 1:
        whole = min(99, max(1, whole))
    return f"{whole} %"


def cells(text: str) -> int:
    """The columns that a terminal gives to ``text``."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clean(text: str) -> str:
    """``text`` on one line, with characters that move or hide others written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    unsafe = character in _BIDI_CONTROLS or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
    return character.encode("unicode_escape").decode("ascii") if unsafe else character


def clip(text: str, width: int, focus: int = 0) -> str:
    """``text`` in at most ``width`` cells; what was cut is marked, a closing bracket or quote stays.

    A count of what is missing (``… 9,997 more``) goes first: it would be wrong after the cut. What stands at
    the character ``focus`` is kept in sight: the beginning is cut too where it would take its place.
    """
    if cells(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    text = _MORE.sub("", text)
    if cells(text[:focus]) >= width - 2:
        # From the first item with which the rest fits, at the latest from the one that holds it.
        begins = [place + 1 for place, mark in enumerate(text[:focus]) if mark in "([{,"] or [0]
        rests = [ELLIPSIS + text[begin:].lstrip() for begin in begins]
        text = next((rest for rest in rests if cells(rest) <= width), rests[-1])
        if cells(text) <= width:
            return text
    closing = text[-1] if text[-1] in ")]}>'\"" and width > SHORTEST_VALUE else ""
    body = _head(text.removesuffix(closing), width - 1 - len(closing))
    return body.rstrip(" ,") + ELLIPSIS + closing


def _head(text: str, width: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += _cells_of(character)
        if used > width:
            return text[:index]
    return text


def preview(text: str, width: int = PREVIEW_CELLS, focus: int = 0) -> str:
    """A value in a sentence: on one line and short, with what stands at the character ``focus`` in sight."""
    return clip(clean(text), width, focus)


def parting(one: str, other: str) -> int:
    """The index of the first character at which two texts differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
