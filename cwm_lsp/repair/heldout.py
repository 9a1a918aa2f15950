"""Inputs that nobody wrote down: mutated from known ones, and kept to what all the known ones have in common.

A binary search is only ever called with sorted lists, a list of weights is as long as the list of values:
what holds for every known input is taken to be meant, so that fixes are not told apart by senseless input.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations, pairwise, permutations
from random import Random
from typing import Any

Arguments = tuple[Any, ...]
Predicate = Callable[[Arguments], bool]

_ATTEMPTS = 30  # mutants drawn for one that is kept
_LONGEST = 600  # characters of a call


def held_out(calls: Iterable[str], count: int, seed: int = 0) -> list[str]:
    """Up to ``count`` expressions like ``calls``, none of them among these. The same for the same input."""
    known = list(dict.fromkeys(calls))
    shapes: dict[str, list[Arguments]] = {}
    for text in known:
        parsed = parsed_call(text)
        if parsed is not None:
            shapes.setdefault(parsed[0], []).append(parsed[1])
    rng = Random(seed)
    found: dict[str, None] = {}
    for shape, examples in shapes.items():
        share = len(found) + max(1, count // len(shapes))
        for arguments in _mutants(rng, examples):
            text = filled(shape, arguments)
            if text not in known and len(text) <= _LONGEST:
                found[text] = None
            if len(found) >= share:
                break
    return list(found)


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


def _mutants(rng: Random, examples: list[Arguments]) -> Iterator[Arguments]:
    if not examples or not examples[0]:
        return
    predicates = [p for p in _predicates(len(examples[0]), examples) if all(_holds(p, e) for e in examples)]
    pool = _Pool(examples)
    for _ in range(_ATTEMPTS * 100):
        arguments = list(rng.choice(examples))
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = rng.randrange(len(arguments))
            donor = rng.choice(examples)[at]
            arguments[at] = mutated(rng, donor if rng.random() < 0.2 else arguments[at], pool)
        made = tuple(arguments)
        if all(_holds(p, made) for p in predicates):
            yield made


def _holds(predicate: Predicate, arguments: Arguments) -> bool:
    try:
        return bool(predicate(arguments))
    except (TypeError, ValueError, IndexError, KeyError):
        return False


class _Pool:
    """The atoms of the known inputs."""

    def __init__(self, examples: Sequence[Arguments]) -> None:
        atoms = [atom for example in examples for atom in _atoms(example)]
        self.ints = [a for a in atoms if type(a) is int] or [0, 1, 2]
        self.texts = sorted({c for a in atoms if isinstance(a, str) for c in a}) or ["a", "b"]
        self.words = sorted({a for a in atoms if isinstance(a, str)}) or ["a"]
        parts = [part for example in examples for part in _parts(example)]
        self.parts = parts if None in parts and any(isinstance(part, tuple) for part in parts) else []

    def number(self, rng: Random) -> int:
        """An integer about as large as the known ones."""
        return rng.randint(min(0, *self.ints), max(3, *self.ints) + 1)


def _parts(value: Any) -> Iterator[Any]:
    """What nested pairs are made of, ``None`` among it: trees are often written so."""
    if isinstance(value, tuple):
        for one in value:
            yield one
            yield from _parts(one)


def _atoms(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _atoms(one)
    else:
        yield value


def mutated(rng: Random, value: Any, pool: _Pool) -> Any:
    """A value like ``value``, of the same type."""
    if pool.parts and (value is None or isinstance(value, tuple)) and rng.random() < 0.4:
        return rng.choice(pool.parts)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((value + 1, value - 1, rng.choice(pool.ints), pool.number(rng), value // 2, 0, 1))
    if isinstance(value, float):
        return rng.choice((value + 1, value / 2, value * 1.5, float(pool.number(rng)), -value))
    if isinstance(value, str):
        return _text(rng, value, pool)
    if isinstance(value, list):
        return _list(rng, value, pool)
    if isinstance(value, tuple):
        if not value:
            return value
        at = rng.randrange(len(value))
        return (*value[:at], mutated(rng, value[at], pool), *value[at + 1 :])
    if isinstance(value, set | frozenset):
        return type(value)(_list(rng, sorted(value, key=repr), pool))
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        if rng.random() < 0.25:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: mutated(rng, value[key], pool)}
    return value


def _text(rng: Random, value: str, pool: _Pool) -> str:
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(pool.words)
    if kind == 1:
        return value[::-1]
    at = rng.randrange(len(value) + 1)
    if kind == 2 and value:
        return value[: at - 1 if at else 0] + value[at:]
    if kind == 3:
        return "".join(rng.choice(pool.texts) for _ in range(rng.randrange(max(2, len(value) + 2))))
    return value[:at] + rng.choice(pool.texts) + value[at + (kind == 4) :]


def _list(rng: Random, value: list[Any], pool: _Pool) -> list[Any]:
    made = list(value)
    kind = rng.randrange(6)
    if not made:
        return [pool.number(rng)] if kind < 3 and pool.ints else made
    at = rng.randrange(len(made))
    if kind == 0:
        del made[at]
    elif kind == 1:
        made.insert(at, mutated(rng, made[at], pool))
    elif kind == 2:
        made.insert(at, made[at])
    elif kind == 3:
        rng.shuffle(made)
    else:
        made[at] = mutated(rng, made[at], pool)
    return made


def _on(test: Callable[..., bool], *places: int) -> Predicate:
    """``test`` of the arguments at ``places``."""
    return lambda arguments: test(*(arguments[place] for place in places))


def _among(kind: Callable[[Any], Any], known: set[Any], value: Any) -> bool:
    return kind(value) in known


def _predicates(width: int, examples: Sequence[Arguments]) -> Iterator[Predicate]:
    """What may hold for all known inputs: of each argument, and of pairs of them."""
    for place in range(width):
        values = [example[place] for example in examples]
        kinds, shapes = {type(one) for one in values}, {_shape(one) for one in values}
        yield _on(partial(_among, type, kinds), place)
        yield _on(partial(_among, _shape, shapes), place)
        for test in _ALONE:
            yield _on(test, place)
    for pair in combinations(range(width), 2):
        yield _on(lambda one, other: len(one) == len(other), *pair)
    for pair in permutations(range(width), 2):
        for both in _TOGETHER:
            yield _on(both, *pair)


_ALONE: tuple[Callable[[Any], bool], ...] = (
    lambda one: _ordered(one),
    lambda one: len(set(one)) == len(one),
    lambda one: len(one) > 0,
    lambda one: len({len(row) for row in one}) <= 1,
    lambda one: all(_ordered(row) for row in one),
    lambda one: all(low <= high for low, high in one),
    lambda one: bool(one >= 0),
    lambda one: bool(one >= 1),
    lambda one: bool(one >= 2),
    lambda one: all(atom >= 0 for atom in _atoms(one)),
    lambda one: all(atom >= 1 for atom in _atoms(one)),
    # A graph names no node that it does not have.
    lambda one: all(target in one for ends in dict(one).values() for target in ends),
    lambda one: _acyclic(one),
)

_TOGETHER: tuple[Callable[[Any, Any], bool], ...] = (
    lambda one, other: type(one) is int and bool(one <= other),
    lambda one, other: one in other,
    lambda one, other: 0 <= one < len(other),
    lambda one, other: 0 <= one <= len(other),
)


def _acyclic(graph: Any) -> bool:
    """Whether no way through a graph, neighbours by node, leads back."""
    left = {node: set(ends) for node, ends in dict(graph).items()}
    while left:
        last = {node for node, ends in left.items() if not ends & left.keys()}
        if not last:
            return False
        left = {node: ends for node, ends in left.items() if node not in last}
    return True


def _ordered(value: Any) -> bool:
    """Whether a sequence that could be out of order is in order."""
    return isinstance(value, list | tuple) and all(one <= other for one, other in pairwise(value))


def _shape(value: Any) -> str:
    """The types inside a value, one level deep."""
    if isinstance(value, list | set | frozenset):
        return f"{type(value).__name__}[{','.join(sorted({type(one).__name__ for one in value}))}]"
    if isinstance(value, tuple):
        return f"({','.join(type(one).__name__ for one in value)})"
    return type(value).__name__
