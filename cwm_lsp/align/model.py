"""Predicted beside observed: the values that ``align`` produces and ``features`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cwm_lsp.trace.model import EventKind, Trace, Value
from cwm_lsp.trace.predicted import Guess


class Agreement(StrEnum):
    """How one predicted value stands to the observed one."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MISSING = "missing"  # observed, and the model expected the name to stay as it was
    EXTRA = "extra"  # predicted, and the run has no such name
    WITHHELD = "withheld"  # the model is not sure enough to say
    UNCOMPARED = "uncompared"  # opaque or cut: nothing to hold the prediction against


class DivergenceKind(StrEnum):
    """What the first disagreement is about."""

    VALUE = "value"
    NEXT_LINE = "next_line"
    EVENT = "event"
    EXCEPTION = "exception"
    RETURN = "return"
    MISSING = "missing"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """One name at one step. ``changed`` says that the step wrote it (observed or predicted), ``written`` that
    the run did."""

    name: str
    observed: Value | None
    predicted: Guess | None
    agreement: Agreement
    changed: bool = True
    written: bool = True


@dataclass(frozen=True, slots=True)
class ComparedFlow:
    """Which event and line came, and which was expected. ``line`` is 1-based.

    ``function`` and ``predicted_function`` are the bare names of what is called, "" for other events and
    where the line is nobody's. ``resumed`` says that it goes on where a yield or an await left it.
    """

    kind: EventKind
    line: int
    predicted_kind: EventKind | None
    predicted_line: int | None
    probability: float
    agreement: Agreement
    function: str = ""
    predicted_function: str = ""
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """One observed event with what was predicted for it.

    ``step`` indexes ``Comparison.trace.events``. ``wrote`` is the line whose execution led here,
    that is the line where ``values`` are shown; ``visit`` counts from 1 how often that line has
    run in its frame, of ``visits`` in all.
    """

    step: int
    wrote: int
    visit: int
    visits: int
    flow: ComparedFlow
    values: tuple[ComparedValue, ...]
    result: ComparedValue | None = None


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first place where model and run part, ``step`` being the observed event.

    ``line`` is where the user should look: the line that ran, or of an argument the function's. ``name`` is
    the variable, or "" for flow, returns and exceptions. ``observed`` and ``predicted`` are texts to show.
    """

    step: int
    line: int
    kind: DivergenceKind
    name: str
    observed: str
    predicted: str
    probability: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of compared things: ``right`` of ``total``, ``withheld`` not in either."""

    right: int
    total: int
    withheld: int

    @property
    def share(self) -> float | None:
        """``right / total``, or ``None`` when nothing was compared."""
        return self.right / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run and its prediction, step by step. ``trace`` is normalised (see ``trace.normalise``)."""

    trace: Trace
    steps: tuple[ComparedStep, ...]
    divergence: Divergence | None
    values: Tally
    flow: Tally
    threshold: float
    model: str
