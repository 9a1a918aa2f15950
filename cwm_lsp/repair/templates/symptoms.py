"""Which kinds of edit a failure speaks for: a loop without an end is seldom a wrong constant in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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
    "object is not iterable": {"one or many": 4.0, "missing yield": 2.0, "missing return": 2.0},
    "coroutine": {"missing await": 3.0},
    "DID NOT RAISE": {"guard": 1.8, "missing condition": 1.8, "condition": 1.8, "statement dropped": 1.5},
}
"""What a message says, and the kinds that are likelier for it."""


SPREAD: dict[str, float] = {
    "accumulator": 1.3,
    "guard": 0.65,
    "indentation": 1.4,
    "indices swapped": 1.4,
    "loop": 1.5,
    "missing bound": 1.3,
    "missing copy": 1.2,
    "missing slice": 1.2,
}
"""How much oftener than others as likely an unlikely edit of a kind is the right one, or seldomer.

From how 200 bugs made by hand are undone: the share that a kind has of the right edits, against its share of
all that are made, each weighed by how likely it is said to be; about the root of that, as samples are small.
"""

STRAY = 0.25
"""Edits less likely than that are weighed by their kind, and stay below it."""

BLIND = 0.13
"""Only edits less likely than that are made less likely: others follow from what the code says."""


def spread(kind: str, prior: float) -> float:
    """How likely an edit is, by how often its kind is the right one."""
    factor = SPREAD.get(kind, 1.0)
    if factor < 1.0:
        return prior * factor if prior < BLIND else prior
    return max(prior, min(prior * factor, STRAY - 0.01)) if prior < STRAY else prior


ALIKE = 4.0
"""How much likelier it is that texts are to be made alike where two came up that differ in just that."""

_QUOTED = re.compile(r"""'([^'\n]*)'|"([^"\n]*)\"""")


def _alike(said: Iterable[str]) -> Iterator[str]:
    """The kinds of edit for texts that are the same but for their case, or for the blanks around them."""
    texts = {one or other for text in said for one, other in _QUOTED.findall(text)} - {""}
    if len({text.lower() for text in texts}) < len(texts):
        yield "case"
    if len({text.strip() for text in texts} - {""}) < len(texts - {" "}):
        yield "blanks"


def likelier(said: Iterable[str]) -> dict[str, float]:
    """The kinds of edit that what failing checks said speaks for, and how much likelier they are."""
    said = [*said]
    found: dict[str, float] = dict.fromkeys(_alike(said), ALIKE)
    for text in said:
        name = ENDLESS if text == ENDLESS else text.removeprefix("raised ").partition(":")[0]
        found |= dict.fromkeys(KINDS.get(name, ()), FACTOR)
        found |= SUREST.get(name, {})
        for words, kinds in SAYING.items():
            found |= kinds if words in text else {}
    return found
