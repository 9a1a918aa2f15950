"""What a model says about a run: never mixed with what was observed.

A :class:`PredictedStep` stands for one event. In a *forced* prediction each step is predicted
from the real history before it; in a *free* one, from the model's own earlier steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cwm_lsp.trace.model import EventKind


@dataclass(frozen=True, slots=True)
class Guess:
    """One predicted value as ``repr`` text, and the probability (0 to 1) of the whole of it."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class PredictedStep:
    """One predicted event.

    ``probability`` is that of ``kind`` and ``line`` together. ``changed`` holds the values that
    this step writes, ``removed`` the names it unbinds, ``locals`` the whole state before the line
    runs (a value carried over keeps the probability it was written with; observed state that a
    forced prediction started from is not repeated here). ``value`` is a predicted return value or
    exception, the latter as ``ValueError('text')``.
    """

    kind: EventKind
    line: int
    function: str
    depth: int
    probability: float
    changed: Mapping[str, Guess] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    locals: Mapping[str, Guess] = field(default_factory=dict)
    value: Guess | None = None
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Model output that means nothing, as data. ``position`` counts tokens of the output.

    One that is not ``fatal`` cost a value, which is withheld, and the run goes on.
    """

    position: int
    message: str
    fatal: bool = True


def fatal(problems: Iterable[Problem]) -> Problem | None:
    """The one of ``problems`` that ended a run before its end."""
    return next((one for one in problems if one.fatal), None)
