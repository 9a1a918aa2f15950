"""Which kinds of edit a failure speaks for: a loop without an end is seldom a wrong constant in a text."""

from __future__ import annotations

from collections.abc import Iterable

FACTOR = 1.8
"""How much likelier such an edit is."""

ENDLESS = "did not end"

_STEPS = {
    "missing update",
    "missing statement",
    "missing exit",
    "missing call",
    "order",
    "indentation",
    "exit",
}
_TESTS = {"comparison", "condition", "missing condition", "boundary", "guard", "and/or", "negation"}
_BOUNDS = {"off by one", "range", "slice", "constant", "index", "boundary", "comparison"}
_BASES = {"recursion", "guard", "base case", "off by one", "comparison", "boundary", "missing condition"}
_ABSENT = {
    "missing fallback",
    "missing return",
    "missing condition",
    "guard",
    "default",
    "missing key",
    "attribute",
    "function",
}

KINDS: dict[str, frozenset[str]] = {
    ENDLESS: frozenset(_STEPS | _TESTS | {"operator", "accumulator", "missing else", "recursion"}),
    "IndexError": frozenset(
        _BOUNDS | _TESTS | {"missing fallback", "missing exit", "missing else", "missing update"}
    ),
    "KeyError": frozenset(_ABSENT | _TESTS | {"variable", "method", "order", "missing update"}),
    "RecursionError": frozenset(_BASES),
    "TypeError": frozenset(
        _ABSENT
        | {"missing argument", "missing call", "extra call", "method", "spread"}
        | {"arguments swapped", "elements swapped"}
    ),
    "AttributeError": frozenset(_ABSENT | {"method", "missing call", "missing attribute"}),
    "UnboundLocalError": frozenset(
        {"order", "indentation", "missing update", "missing statement", "missing self"}
    ),
    "NameError": frozenset({"variable", "missing self", "missing statement", "indentation"}),
    "ZeroDivisionError": frozenset(
        _TESTS | {"missing fallback", "operator", "variable", "range", "constant"}
    ),
    "ValueError": frozenset(_TESTS | {"method", "order", "slice", "elements swapped"}),
    "RuntimeError": frozenset({"missing copy"}),
    "StopIteration": frozenset({"exception", "guard", "missing condition"}),
}


SUREST: dict[str, dict[str, float]] = {
    "IndexError": {"wrap-around": 3.0},
    "KeyError": {"missing key": 3.0, "default": 2.5},
}
"""Kinds that are rare otherwise, and how much likelier they are then."""


SAYING: dict[str, dict[str, float]] = {
    "empty sequence": {"missing fallback": 3.0, "option": 3.0, "guard": 2.0},
    "argument is empty": {"missing fallback": 3.0, "option": 3.0, "guard": 2.0},
    "division by zero": {"missing fallback": 2.5, "guard": 2.0},
    "to unpack": {"missing bound": 2.0, "method": 2.0},
    "unexpected keyword argument": {"extra argument": 2.5, "function": 2.0},
    "positional argument": {"missing argument": 2.5, "extra argument": 2.0},
    "changed size during iteration": {"missing copy": 3.0},
    "'NoneType' object": {"missing return": 2.0, "missing fallback": 1.5, "extra call": 1.5},
    "coroutine": {"missing await": 3.0},
    "DID NOT RAISE": {"guard": 1.8, "missing condition": 1.8, "condition": 1.8, "statement dropped": 1.5},
}
"""What a message says, and the kinds that are likelier for it."""


def likelier(said: Iterable[str]) -> dict[str, float]:
    """The kinds of edit that what failing checks said speaks for, and how much likelier they are."""
    found: dict[str, float] = {}
    for text in said:
        name = ENDLESS if text == ENDLESS else text.removeprefix("raised ").partition(":")[0]
        found |= dict.fromkeys(KINDS.get(name, ()), FACTOR)
        found |= SUREST.get(name, {})
        for words, kinds in SAYING.items():
            found |= kinds if words in text else {}
    return found
