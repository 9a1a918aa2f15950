"""What all known inputs have in common, and made ones are to keep: order, distinct elements, lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, pairwise, permutations
from typing import Any

Arguments = tuple[Any, ...]
Predicate = Callable[[Arguments], bool]


def fitting(examples: Sequence[Arguments]) -> list[Predicate]:
    """What holds for all of ``examples``, which are equally long."""
    return [one for one in _predicates(len(examples[0]), examples) if all(holds(one, e) for e in examples)]


def holds(predicate: Predicate, arguments: Arguments) -> bool:
    """Whether it holds for some arguments; what it makes no sense for it does not hold for."""
    try:
        return bool(predicate(arguments))
    except (TypeError, ValueError, IndexError, KeyError):
        return False


def atoms(value: Any) -> Iterator[Any]:
    """The values that a nested value is made of in the end."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from atoms(one)
    else:
        yield value


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
    lambda one: all(atom >= 0 for atom in atoms(one)),
    lambda one: all(atom >= 1 for atom in atoms(one)),
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
