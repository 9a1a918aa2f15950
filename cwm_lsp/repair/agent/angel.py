"""An expression whose value is chosen from outside, and what was in reach each time it was asked for.

The expression under suspicion is replaced by ``__angel__(lambda: EXPRESSION)``. A plan says at which visits
the answer is another than the program's own; a check that passes then tells what the expression would have
to be (angelic values, Chandra et al. 2011).
"""

from __future__ import annotations

import builtins
import copy
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from .tracing import plain

NAME = "__angel__"

VISITS = 40
"""Visits of one run whose surroundings are noted; a run with more tells too little of itself."""


class Failed:
    """In the place of a value: the expression raised."""

    def __repr__(self) -> str:
        return "<raised>"


FAILED = Failed()


class Opaque:
    """In the place of a value that is no plain data: only its identity and truth are known."""

    def __init__(self, value: object) -> None:
        self._id = id(value)
        self.truth = value is not None and _truth(value)

    def __bool__(self) -> bool:
        return self.truth

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and self._id == other._id

    def __hash__(self) -> int:
        return self._id

    def __repr__(self) -> str:
        return f"<object {self._id}>"


def _truth(value: object) -> bool:
    try:
        return bool(value)
    except Exception:  # whatever the user's own __bool__ raises
        return True


@dataclass
class Visit:
    """One evaluation: what the program itself would say, what was said, and the atoms' values.

    ``free``: the check passes whatever is said here.
    """

    own: Any
    said: Any
    atoms: list[Any]
    free: bool = False


Turn = tuple[int, int, Any]
"""From which visit on, how many times, and what is said there."""

Plan = tuple[Turn, ...]
"""Turns, of which a later one counts more."""

OWN: Plan = ()
"""The program's own answers."""


def planned(plan: Plan, visit: int) -> tuple[bool, Any]:
    """Whether a plan says something at a visit, and what."""
    for first, count, value in reversed(plan):
        if first <= visit < first + count:
            return True, value
    return False, None


@dataclass
class Angel:
    """Answers for one expression. ``atoms`` are compiled expressions that are noted at each visit."""

    atoms: list[CodeType]
    plan: Plan = OWN
    visits: list[Visit] = field(default_factory=list)
    count: int = 0

    def begin(self, plan: Plan) -> None:
        """Before a run."""
        self.plan, self.visits, self.count = plan, [], 0

    def __call__(self, own: Callable[[], Any]) -> Any:
        """The answer at this visit: the plan's, or the program's ``own``."""
        at, self.count = self.count, self.count + 1
        visit = Visit(FAILED, FAILED, [])
        if at < VISITS:
            self.visits.append(visit)
            visit.atoms = _noted(self.atoms, sys._getframe(1))
        turned, value = planned(self.plan, at)
        if turned:
            visit.said = value
            visit.own = _tried(own)
            return copy.deepcopy(value)
        value = own()
        visit.own = visit.said = snapshot(value)
        return value


def _tried(own: Callable[[], Any]) -> Any:
    try:
        return snapshot(own())
    except Exception:  # what the plan answers instead of
        return FAILED


def _noted(atoms: list[CodeType], frame: FrameType) -> list[Any]:
    local = dict(frame.f_locals)
    outer = frame.f_back
    # A comprehension sees its function's names.
    if frame.f_code.co_name.startswith("<") and outer is not None:
        local = {**outer.f_locals, **local}
    return [_value(atom, frame.f_globals, local) for atom in atoms]


def _value(atom: CodeType, known: dict[str, Any], local: dict[str, Any]) -> Any:
    try:
        return snapshot(eval(atom, known, local))
    except Exception:  # an atom that has no value here
        return FAILED


def snapshot(value: Any) -> Any:
    """A copy that later changes do not reach."""
    if isinstance(value, deque):
        value = list(value)
    elif isinstance(value, dict) and type(value) is not dict:
        value = dict(value)
    return copy.deepcopy(value) if plain(value) else Opaque(value)


@contextmanager
def present(angel: Angel) -> Iterator[None]:
    """The angel answers in the body, in whichever module the expression stands."""
    setattr(builtins, NAME, angel)
    try:
        yield
    finally:
        delattr(builtins, NAME)
