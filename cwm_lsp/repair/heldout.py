"""Inputs that nobody wrote down: mutated from known ones, and kept to what all the known ones have in common.

A binary search is only ever called with sorted lists, a list of weights is as long as the list of values:
what holds for every known input is taken to be meant, so that fixes are not told apart by senseless input.
"""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

from cwm_lsp.repair.meant import Arguments, fitting, holds
from cwm_lsp.repair.scripts import is_call
from cwm_lsp.repair.sequences import mutants
from cwm_lsp.repair.values import Pool, mutated

_ATTEMPTS = 30  # mutants drawn for one that is kept
_LONGEST = 600  # characters of a call


def held_out(calls: Iterable[str], count: int, seed: int = 0, until: float = math.inf) -> list[str]:
    """Up to ``count`` calls and scripts like ``calls``, none of them among these.

    Those that are made until a time of ``time.monotonic``; the same for the same input where there is time.
    """
    every = list(dict.fromkeys(calls))
    sequences = [text for text in every if not is_call(text)]
    known = [text for text in every if text not in sequences]
    share = count // 2 if known else count
    made = mutants(sequences, share, seed, until) if sequences else []
    return [*_of_calls(known, count - len(made), seed, until), *made]


def _of_calls(known: Sequence[str], count: int, seed: int, until: float) -> list[str]:
    shapes: dict[str, list[Arguments]] = {}
    for text in known:
        parsed = parsed_call(text)
        if parsed is not None:
            shapes.setdefault(parsed[0], []).append(parsed[1])
    rng = Random(seed)
    found: dict[str, None] = {}
    for shape, examples in shapes.items():
        share = len(found) + max(1, count // len(shapes))
        for arguments in _mutants(rng, examples, until):
            text = filled(shape, arguments)
            if text not in known and len(text) <= _LONGEST:
                found[text] = None
            if len(found) >= share:
                break
    return list(found)


def emptied(calls: Iterable[str]) -> list[str]:
    """Calls like ``calls`` with nothing in the place of a text or collection that never is empty there.

    The function may not be made for that: it tells fixes apart only where none of them minds.
    """
    known = [parsed for text in calls if is_call(text) and (parsed := parsed_call(text)) is not None]
    found: dict[str, None] = {}
    for shape in dict.fromkeys(shape for shape, _ in known):
        rows = [arguments for other, arguments in known if other == shape]
        for place, value in enumerate(rows[0]):
            if isinstance(value, str | list | dict | tuple) and all(row[place] for row in rows):
                other = (*rows[0][:place], type(value)(), *rows[0][place + 1 :])
                found[filled(shape, other)] = None
    return list(found)[:EMPTIED]


EMPTIED = 4
"""Such calls for one search."""

_HOLE = "_hole_{}_"


def parsed_call(text: str) -> tuple[str, Arguments] | None:
    """The shape of an expression and the plain values that calls in it are given; ``None`` if there are none.

    ``len(f([1], x=2))`` is ``len(f(_hole_0_, x=_hole_1_))`` with ``[1]`` and ``2``.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
        digger = _Digger()
        shape = ast.unparse(digger.visit(tree))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return (shape, tuple(digger.values)) if digger.values else None


def filled(shape: str, arguments: Arguments) -> str:
    """The expression of a shape with other values."""
    for at, value in enumerate(arguments):
        shape = shape.replace(_HOLE.format(at), repr(value))
    return shape


class _Digger(ast.NodeTransformer):
    """Takes the plain values out of the arguments of calls."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """The function first, then the arguments in order."""
        node.func = self.visit(node.func)
        node.args = [self._dug(one) for one in node.args]
        for word in node.keywords:
            word.value = self._dug(word.value)
        return node

    def _dug(self, node: ast.expr) -> ast.expr:
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError):
            found: ast.expr = self.visit(node)
            return found
        self.values.append(value)
        return ast.Name(_HOLE.format(len(self.values) - 1))


def _mutants(rng: Random, examples: list[Arguments], until: float) -> Iterator[Arguments]:
    if not examples or not examples[0]:
        return
    predicates = fitting(examples)
    pool = Pool(examples)
    for _ in range(_ATTEMPTS * 100):
        if time.monotonic() > until:
            return
        arguments = list(rng.choice(examples))
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = rng.randrange(len(arguments))
            donor = rng.choice(examples)[at]
            arguments[at] = mutated(rng, donor if rng.random() < 0.2 else arguments[at], pool)
        made = tuple(arguments)
        if all(holds(p, made) for p in predicates):
            yield made
