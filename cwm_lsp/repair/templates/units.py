"""Numbers that go with what a function is about."""

from __future__ import annotations

import re

_UNITS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"weekday|day", ("7",), "%"),
    (r"ord|chr|alphabet|letter", ("26",), "%"),
    (r"hour|clock", ("24", "12"), "%"),
    (r"month|year", ("12",), "%*/"),
    (r"minute|second|time|duration", ("60", "3600"), "%*/"),
    (r"angle|degree|heading|turn", ("360",), "%"),
    (r"percent|rate|pct|discount|ratio|cent", ("100",), "*/"),
    (r"kilo|meter|gram|milli", ("1000",), "*/"),
)
"""Words, the numbers that go with them, and what is done with these: remainder, ``*``, ``/`` and ``//``."""


def units(words: str) -> list[tuple[str, str]]:
    """Numbers that go with words of a text, and the signs before them."""
    known = set(re.findall(r"[a-z]+", words))
    return [
        (number, signs)
        for found, numbers, signs in _UNITS
        if any(re.fullmatch(f"(?:{found})s?", word) for word in known)
        for number in numbers
    ]
