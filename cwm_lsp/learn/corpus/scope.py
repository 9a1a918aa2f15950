"""What a program under construction knows: its variables, their types and their present values.

The generator runs what it writes. Knowing the values, it can pick an index that exists, a key that is
there and a substring that occurs, and can drop a statement that would fail or teach nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

MAX_TEXT = 160
"""Longest ``repr`` that a variable may get, in characters."""


class Ended(BaseException):
    """Raised by simulated code where the program would return."""


class Rejected(Exception):
    """What was written would fail, grow too large or teach nothing."""


class TooLarge(Exception):
    """A value outgrew :data:`MAX_TEXT`, or a loop its share of steps."""


def copied(value: Any, memo: dict[int, Any]) -> Any:
    """A copy of a plain value, containers and their containers included; shared ones stay shared."""
    if not isinstance(value, list | dict | set):
        return value
    known = memo.get(id(value))
    if known is not None:
        return known
    result: Any = type(value)()
    memo[id(value)] = result
    if isinstance(value, list):
        result.extend(copied(v, memo) for v in value)
    elif isinstance(value, dict):
        result.update((k, copied(v, memo)) for k, v in value.items())
    else:
        result.update(value)
    return result


def is_small(value: object) -> bool:
    """Whether a value is short enough to be shown and learnt."""
    if isinstance(value, int):
        return -(10**12) < value < 10**12
    if isinstance(value, float):
        return len(repr(value)) <= 12
    try:
        return len(repr(value)) <= MAX_TEXT
    except ValueError:
        return False


class Scope:
    """The variables of one function being written."""

    def __init__(self, base: Mapping[str, Any] | None = None) -> None:
        self.env: dict[str, Any] = dict(base or {})
        self.kinds: dict[str, str] = {}
        self.readonly: set[str] = set()

    def bind(self, name: str, kind: str, value: object) -> None:
        """Makes ``name`` a variable of type ``kind`` (the most recent one)."""
        self.kinds.pop(name, None)
        self.kinds[name] = kind
        self.env[name] = value

    def of(self, kind: str) -> list[str]:
        """The variables of a type, oldest first."""
        return [name for name, known in self.kinds.items() if known == kind]

    def value(self, text: str) -> Any:
        """The value of an expression now. Raises whatever it raises."""
        return eval(text, self.env)

    def run(self, text: str) -> None:
        """Executes statements now. Raises whatever they raise."""
        exec(text, self.env)

    def snapshot(self) -> dict[str, Any]:
        """Copies of all variables, to be put back with ``env.update``."""
        memo: dict[int, Any] = {}
        return {name: copied(self.env[name], memo) for name in self.kinds if name in self.env}

    def fits(self) -> bool:
        """Whether every variable is still small."""
        return all(is_small(self.env[name]) for name in self.kinds if name in self.env)

    @contextmanager
    def aside(self, keep: bool) -> Iterator[None]:
        """Runs a block that is not taken (``keep`` false) on copies, and forgets what it did.

        Names first bound inside are forgotten either way: they may be unbound afterwards.
        """
        kinds = dict(self.kinds)
        saved = {name: self.env[name] for name in kinds if name in self.env}
        if not keep:
            self.env.update(self.snapshot())
        try:
            yield
        finally:
            self.kinds = kinds
            if not keep:
                self.env.update(saved)
