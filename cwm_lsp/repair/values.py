"""Values like known ones: of the same type, made from the same atoms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from cwm_lsp.repair.meant import Arguments, atoms

SMALL = 10
"""Integers up to here are made however small the known ones are: else one parameter has too few values."""

_BETWEEN = re.compile(r"[^\w]+")
"""What stands between the words of a text."""


class Pool:
    """The atoms of the known inputs."""

    def __init__(self, examples: Sequence[Arguments]) -> None:
        every = [atom for example in examples for atom in atoms(example)]
        self.ints = [a for a in every if type(a) is int] or [0, 1, 2]
        self.texts = sorted({c for a in every if isinstance(a, str) for c in a}) or ["a", "b"]
        self.words = sorted({a for a in every if isinstance(a, str)}) or ["a"]
        self.tokens = sorted({part for word in self.words for part in re.split(_BETWEEN, word) if part})
        self.lists = [one for example in examples for one in example if isinstance(one, list) and one]
        parts = [part for example in examples for part in _parts(example)]
        self.parts = parts if None in parts and any(isinstance(part, tuple) for part in parts) else []

    def number(self, rng: Random) -> int:
        """An integer about as large as the known ones, or small."""
        return rng.randint(min(0, *self.ints), max(SMALL, *self.ints) + 1)


def _parts(value: Any) -> Iterator[Any]:
    """What nested pairs are made of, ``None`` among it: trees are often written so."""
    if isinstance(value, tuple):
        for one in value:
            yield one
            yield from _parts(one)


def mutated(rng: Random, value: Any, pool: Pool) -> Any:
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


def _words(rng: Random, value: str, separator: str, pool: Pool) -> str:
    """A text of several words with other, more or fewer words, or in another order."""
    parts = value.split(separator)
    kind, at = rng.randrange(5), rng.randrange(len(parts))
    if kind == 0:
        del parts[at]
    elif kind == 1:
        parts.insert(at, rng.choice(parts))
    elif kind == 2:
        rng.shuffle(parts)
    elif kind == 3:
        parts[at] = rng.choice(pool.tokens or parts)
    else:  # longer than any known one: what only goes wrong at the third line
        parts += [rng.choice(pool.tokens or parts) for _ in range(rng.randint(1, len(parts) + 2))]
    return separator.join(parts)


def _text(rng: Random, value: str, pool: Pool) -> str:
    separators = sorted({part[0] for part in re.findall(_BETWEEN, value)})
    if separators and rng.random() < 0.5:
        return _words(rng, value, rng.choice(separators), pool)
    kind = rng.randrange(7)
    if kind == 0:
        return rng.choice(pool.words)
    if kind == 6 and any(letter.isalpha() for letter in value):
        at = rng.choice([n for n, letter in enumerate(value) if letter.isalpha()])
        return value[:at] + value[at].swapcase() + value[at + 1 :]
    if kind == 1:
        return value[::-1]
    at = rng.randrange(len(value) + 1)
    if kind == 2 and value:
        return value[: at - 1 if at else 0] + value[at:]
    if kind == 3:
        return "".join(rng.choice(pool.texts) for _ in range(rng.randrange(max(2, len(value) + 2))))
    return value[:at] + rng.choice(pool.texts) + value[at + (kind == 4) :]


def _list(rng: Random, value: list[Any], pool: Pool) -> list[Any]:
    made = list(value)
    kind = rng.randrange(7)
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
    elif kind == 4:
        made += rng.choice(pool.lists or [made])
    else:
        made[at] = mutated(rng, made[at], pool)
    return made
