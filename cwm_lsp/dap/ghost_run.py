"""A call that is predicted and never run, as moments that can be gone to and fro; no protocol in sight.

The model is asked for a few events at a time, when they are needed. Moments that stand are never asked
for again, so going back and forth shows the same history; a *what-if* drops what came after it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cwm_lsp.features import states
from cwm_lsp.features.states import Placement
from cwm_lsp.predict import Predictor, weighted
from cwm_lsp.trace.model import Event, EventKind, Trace, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep, fatal

CHUNK, MOST = 24, 1_024
"""Events asked for at once: more while they come quickly, as those do that follow from the state."""

_QUICK = 0.01
"""Seconds an event."""


class Ending(StrEnum):
    """Why nothing follows."""

    FINISHED = "finished"
    LIMIT = "limit"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Held:
    """A value of the predicted state. ``given`` ones come from the user; the others are guesses."""

    guess: Guess
    given: bool = False
    opaque: bool = False

    @classmethod
    def from_user(cls, value: Value) -> Held:
        """What the user wrote: an argument, or a what-if."""
        return cls(Guess(value.text, 1.0), given=True, opaque=value.opaque or value.cut)

    def at_most(self, probability: float) -> Held:
        """The same; a guess is no likelier than the ``probability`` of the path to it, touched or not."""
        if self.given or self.guess.probability <= probability:
            return self
        return replace(self, guess=Guess(self.guess.text, probability))


@dataclass(frozen=True, slots=True)
class GhostFrame:
    """One activation: ``line`` is about to run, ``locals`` hold before it."""

    identity: int
    function: str
    line: int
    locals: Mapping[str, Held] = field(default_factory=dict)

    def at_most(self, probability: float) -> GhostFrame:
        """The same where one stands with ``probability``."""
        return replace(self, locals={name: held.at_most(probability) for name, held in self.locals.items()})


@dataclass(frozen=True, slots=True)
class Moment:
    """The state at one predicted event, outermost frame first. ``probability`` is that of getting here.

    ``value`` is what a return gives back, or an exception raised.
    """

    kind: EventKind
    stack: tuple[GhostFrame, ...]
    probability: float = 1.0
    value: Held | None = None

    @property
    def top(self) -> GhostFrame:
        """The innermost frame."""
        return self.stack[-1]

    @property
    def last(self) -> bool:
        """Whether the entry function is left here."""
        return self.kind is EventKind.RETURN and len(self.stack) == 1


class GhostRun:
    """The predicted execution from the call in ``start`` (normalised) on, at most ``limit`` events long.

    ``steps`` are the predictions themselves; ``supposed`` says that a what-if has changed the call.
    """

    def __init__(self, predictor: Predictor, start: Trace, limit: int) -> None:
        self._predictor = predictor
        self._start = start
        self._limit = limit
        self._chunk = CHUNK
        self._events: list[Event] = []
        self._paths: list[float] = []
        self.moments: list[Moment] = []
        self.steps: list[PredictedStep] = []
        self.supposed = False
        self.ending: Ending | None = None
        self.why = ""
        for event in start.events:
            held = {name: Held.from_user(value) for name, value in event.locals.items()}
            frame = GhostFrame(event.frame, event.function, event.line, held)
            self._stand(Moment(event.kind, (frame,)), event, 1.0)

    async def reach(self, index: int) -> Moment | None:
        """The moment ``index``, predicted now if need be; ``None`` past the end. Raises ``BackendError``."""
        while index >= len(self.moments) and self.ending is None:
            await self._extend()
        return self.moments[index] if index < len(self.moments) else None

    def suppose(self, index: int, name: str, value: Value) -> None:
        """Let ``name`` of the innermost frame be ``value`` at the moment ``index``; the rest is dropped."""
        moment, event = self.moments[index], self._events[index]
        top = replace(moment.top, locals={**moment.top.locals, name: Held.from_user(value)})
        changed = replace(moment, stack=(*moment.stack[:-1], top))
        path = self._paths[index]
        for kept in (self.moments, self._events, self._paths):
            del kept[index:]
        self._stand(changed, replace(event, locals={**event.locals, name: value}), path)
        del self.steps[max(0, index + 1 - len(self._start.events)) :]
        self.ending, self.why = None, ""
        self.supposed = True

    def placements(self, index: int, threshold: float) -> tuple[Placement, ...]:
        """What the lines show at the moment ``index``: what was predicted on the way to it."""
        return states.of_prediction(
            self._start, self.steps[: max(0, index + 1 - len(self._start.events))], threshold
        )

    async def _extend(self) -> None:
        room = self._limit - len(self.moments)
        if room <= 0:
            self.ending, self.why = Ending.LIMIT, f"The prediction ends after {self._limit} events."
            return
        premise = replace(self._start, events=tuple(self._events))
        came: list[float] = []  # without the time that the premise takes, which grows with the run
        made = await self._predictor.run_ahead(
            premise, max_events=min(self._chunk, room), progress=lambda *_: came.append(time.monotonic())
        )
        quick = len(came) > 1 and (came[-1] - came[0]) / (len(came) - 1) < _QUICK
        self._chunk = min(MOST, 2 * self._chunk) if quick else max(CHUNK, self._chunk // 2)
        before = self._paths[-1]
        path = 1.0
        self.steps += [weighted(step, before) for step in made.steps]
        for step in made.steps:
            path = _path_after(step, path)
            self._predicted(step, before, before * path)
        if made.finished:
            self.ending, self.why = Ending.FINISHED, "The predicted call is over."
        elif (problem := fatal(made.problems)) is not None or not made.steps:
            reason = problem.message if problem is not None else "nothing"
            self.ending, self.why = Ending.PROBLEM, f"The model wrote {reason}; the prediction ends here."

    def _predicted(self, step: PredictedStep, before: float, path: float) -> None:
        """Add one event that was predicted from events reached with probability ``before``."""
        past = self.moments[-1]
        stack = past.stack[:-1] if past.kind is EventKind.RETURN else past.stack
        written = {name: Held(Guess(g.text, g.probability * before)) for name, g in step.changed.items()}
        if step.kind is EventKind.CALL:
            stack = (*stack, GhostFrame(step.frame, step.function, step.line, written))
        else:
            top = stack[-1]
            held = {name: one for name, one in top.locals.items() if name not in step.removed} | written
            stack = (*stack[:-1], replace(top, line=step.line, locals=held))
        value = Held(Guess(step.value.text, step.value.probability * before)) if step.value else None
        reached = step.probability * before
        moment = Moment(step.kind, tuple(frame.at_most(reached) for frame in stack), reached, value)
        self._stand(moment, _event(moment), path)

    def _stand(self, moment: Moment, event: Event, path: float) -> None:
        self.moments.append(moment)
        self._events.append(event)
        self._paths.append(path)


def _event(moment: Moment) -> Event:
    """A predicted moment as a premise for what follows."""
    top = moment.top
    return Event(
        moment.kind,
        top.line,
        top.function,
        len(moment.stack) - 1,
        {name: Value(held.guess.text, opaque=held.opaque) for name, held in top.locals.items()},
        Value(moment.value.guess.text) if moment.value is not None else None,
        frame=top.identity,
        unwinding=moment.kind is EventKind.RETURN and moment.value is None,
    )


def _path_after(step: PredictedStep, path: float) -> float:
    """The probability of all up to and with ``step``, whose own numbers already count ``path`` in."""
    if path <= 0.0:
        return 0.0
    said = [*step.changed.values(), *([step.value] if step.value is not None else [])]
    after = step.probability
    for guess in said:
        after *= guess.probability / path
    return after
