"""One run as a table, steps down and variables across: what every kind of run has in common.

A row is an event of the run, shown at the line whose execution led to it, with what that line wrote: the same
order and words as at the ends of lines in an editor. Rows are made when they are asked for; what the whole
table needs (columns, calls, how sure the model was) is worked out once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cwm_lsp.align.walk import Place
from cwm_lsp.features import display
from cwm_lsp.features.display import Fragment, State
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Value
from cwm_lsp.trace.statements import Head, heads, told_at

RANK = (
    State.DIFFERS,
    State.WITHHELD,
    State.PREDICTED,
    State.AGREES,
    State.COMPUTED,
    State.CUT,
    State.OBSERVED,
)
"""States of a step or of many: the first of these that is among them stands for all."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable at one step; the three kinds of value are kept apart. ``changed``: this step wrote it."""

    fragment: Fragment
    observed: str | None = None
    predicted: tuple[str, float] | None = None
    computed: str | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A value as text, "" naming a result. Only what is ``whole`` can be held against another run's.

    A value that is cut, that does not describe itself or that the model is not sure of is not whole.
    ``predicted`` says that nothing gave it but the model.
    """

    name: str
    text: str
    whole: bool = True
    predicted: bool = False


@dataclass(frozen=True, slots=True)
class CallSpan:
    """One call from its event to its last; ``end`` is inclusive."""

    function: str
    depth: int
    start: int
    end: int


class Table(ABC):
    """A run with ``events``, each with the ``places`` that led to it. Subclasses say what a step shows.

    ``first`` is the step of the first divergence, ``None`` where there is none; ``notes`` are sentences about
    the whole, such as why a recording was cut.
    """

    kind = "observed"
    threshold: float | None = None

    def __init__(
        self,
        title: str,
        files: Sequence[SourceFile],
        events: Sequence[Event],
        places: Sequence[Place],
        first: int | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.title = title
        self.files = files
        self.events = events
        self.places = places
        self.first = first
        self.notes = notes

    # --- what a kind of run says of a step ---

    @property
    @abstractmethod
    def summary(self) -> str:
        """The whole in one sentence."""

    @property
    def parting(self) -> str:
        """The sentence of the first divergence, "" where there is none."""
        return ""

    @abstractmethod
    def names(self, step: int) -> Iterator[str]:
        """The variables that have a place in a step's row."""

    @abstractmethod
    def values(self, step: int) -> tuple[Fragment, ...]:
        """What a step wrote."""

    @abstractmethod
    def outcome(self, step: int) -> tuple[Fragment, ...]:
        """Where a step went, if that differs, and what it returned or raised."""

    @abstractmethod
    def state(self, step: int) -> State:
        """The one state that stands for a step."""

    def probability(self, step: int) -> float | None:
        """How sure the model was where it was least sure, ``None`` where it said nothing."""
        return None

    @abstractmethod
    def variables(self, step: int) -> tuple[Variable, ...]:
        """Every variable of the frame at a step, in order of first assignment."""

    @abstractmethod
    def told(self, step: int) -> tuple[Told, ...]:
        """What a step wrote and gave, for search and for a comparison with another run."""

    # --- what all have in common ---

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The variables, in order of appearance."""
        found: dict[str, None] = {}
        for step in range(len(self.events)):
            found.update(dict.fromkeys(self.names(step)))
        return tuple(found)

    @cached_property
    def column(self) -> dict[str, int]:
        """The place of each variable among the columns."""
        return {name: index for index, name in enumerate(self.columns)}

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The state of every step."""
        return tuple(self.state(step) for step in range(len(self.events)))

    @cached_property
    def calls(self) -> tuple[CallSpan, ...]:
        """Every call, in order; a generator that is taken up again counts as called again."""
        spans: list[CallSpan] = []
        open_calls: list[int] = []
        last = len(self.events) - 1
        for step, event in enumerate(self.events):
            if event.kind is EventKind.CALL:
                while open_calls and spans[open_calls[-1]].depth >= event.depth:
                    _end(spans, open_calls.pop(), step - 1)
                open_calls.append(len(spans))
                spans.append(CallSpan(event.function, event.depth, step, last))
            elif event.kind is EventKind.RETURN and open_calls and spans[open_calls[-1]].depth == event.depth:
                _end(spans, open_calls.pop(), step)
        return tuple(spans)

    def line(self, step: int) -> int:
        """The line that a step is shown at: the one that ran, for a call the one that it enters."""
        event = self.events[step]
        line = event.line if event.kind is EventKind.CALL else self.places[step].line
        return told_at(line, self._heads[event.file])

    @cached_property
    def _heads(self) -> tuple[Mapping[int, Head], ...]:
        """The functions of every file, at whose ``def`` their calls are shown."""
        return tuple(heads(file.text) for file in self.files)

    @cached_property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The lines of every file."""
        return tuple(tuple(file.lines) if file.text else () for file in self.files)

    def text(self, step: int) -> str:
        """The source text of the line that a step is shown at, "" where that is not known."""
        lines, number = self.texts[self.events[step].file], self.line(step)
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    def said(self, step: int) -> Iterator[str]:
        """The texts of a step that a search looks at."""
        yield self.events[step].function
        yield self.text(step)
        for one in self.told(step):
            yield f"{one.name} = {one.text}" if one.name else one.text


def observed_variables(event: Event, written: frozenset[str]) -> tuple[Variable, ...]:
    """The locals of an event; ``written`` are those that it changed."""
    return tuple(
        Variable(display.observed(name, value), observed=display.value_text(value), changed=name in written)
        for name, value in event.locals.items()
        if display.shown(name, value)
    )


def observed_told(event: Event, written: Iterable[tuple[str, Value]]) -> tuple[Told, ...]:
    """What an event wrote and gave."""
    found = [(name, value) for name, value in written if display.shown(name, value)]
    if event.value is not None and not event.yielded:
        found.append(("", event.value))
    return tuple(Told(name, value.text, not (value.cut or value.opaque)) for name, value in found)


def given(name: str, value: Value) -> Variable:
    """A value that somebody put in."""
    return Variable(display.given(name, value), computed=display.value_text(value))


def worst(states: Sequence[State], otherwise: State = State.OBSERVED) -> State:
    """The state that stands for many."""
    return next((state for state in RANK if state in states), otherwise)


def _end(spans: list[CallSpan], index: int, step: int) -> None:
    span = spans[index]
    spans[index] = CallSpan(span.function, span.depth, span.start, step)
