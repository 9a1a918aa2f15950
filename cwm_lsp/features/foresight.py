"""What comes after a place where a program really stands, and, a step later, whether it came.

A :class:`Foresight` starts from observed state, one frame of it, and is only good until the program moves.
Its steps grow while the model writes: the first of them are worth showing before the last are there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from cwm_lsp.predict import Predictor, certainty, weighted
from cwm_lsp.predict.standing import Standing, premise, settled, unwinding
from cwm_lsp.trace.model import EventKind, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep
from cwm_lsp.trace.suspending import suspending

LOOK_AHEAD = 8
"""Events that are predicted beyond what the present line does."""

MOST_EVENTS = 60
"""Events that are predicted at most, those of called functions among them."""

_UNSURE = "The model is not sure of what follows."

_UNREADABLE = "What the model wrote of this line cannot be read to its end."

MOST_BRANCHES = 8
"""Changed futures that one what-if compares."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """``steps`` after ``standing``, each with the whole path's probability; ``why`` there are no more."""

    standing: Standing
    steps: tuple[PredictedStep, ...]
    threshold: float
    model: str
    why: str = ""

    @property
    def following(self) -> PredictedStep | None:
        """The first step back in this frame: what the present line did, calls that it makes included."""
        return next((step for step in self.steps if step.depth == 0), None)

    @property
    def entering(self) -> PredictedStep | None:
        """The call that the present line makes first, if it is expected to make one."""
        first = self.steps[0] if self.steps else None
        return first if first is not None and first.kind is EventKind.CALL else None

    @property
    def beyond(self) -> tuple[PredictedStep, ...]:
        """The steps of this frame after the following one."""
        return tuple(step for step in self.steps if step.depth == 0)[1:]


async def foresee(
    predictor: Predictor, standing: Standing, threshold: float, *, look_ahead: int = LOOK_AHEAD
) -> AsyncGenerator[Foresight]:
    """What comes after ``standing``: first as soon as the present line is predicted, then once more.

    Raises ``BackendError``.
    """
    given = premise(standing)
    empty = Foresight(standing, (), threshold, predictor.backend.info.model)
    if standing.statement in given.unsure:
        yield replace(empty, why="Which pass of this loop begins cannot be told from the values.")
        return
    if standing.unforeseen:
        yield replace(empty, why=standing.unforeseen)
        return
    steps: list[PredictedStep] = []
    within, why, path, at = 0, "", 1.0, standing.statement
    async with aclosing(predictor.ahead(given.trace)) as ahead:
        async for event in ahead:
            if waits(event, at, standing.source.text):
                why = f"What is awaited at line {at} is not foretold: other tasks may run meanwhile."
                break
            step = _handed_on(event, at, standing)
            steps.append(weighted(doubted(step), path))
            path *= certainty(step)
            if step.depth == 0:
                within, at = within + 1, step.line
            if step.depth == 0 and within == 1:
                yield replace(empty, steps=tuple(steps))
            if step.depth == 0 and step.line in given.unsure and step.kind is EventKind.LINE:
                why = f"Which pass of the loop at line {step.line} begins cannot be told from the values."
            elif within and steps[-1].probability < threshold:
                why = _UNSURE
            if why or step is not event or within > look_ahead or len(steps) >= MOST_EVENTS:
                break
    why = why or ("" if within else _UNREADABLE)
    if within != 1 or len(steps) > 1 or why:
        yield replace(empty, steps=tuple(steps), why=why)


def _handed_on(step: PredictedStep, at: int, standing: Standing) -> PredictedStep:
    """``step``, the next event of a frame that stands ``at`` a line; at the end of a ``finally`` that an
    exception runs, that exception, which the format has no event of its own for.
    """
    lines = unwinding(standing)
    ends = step.kind is EventKind.RETURN or (step.kind is EventKind.LINE and step.line not in lines)
    if step.depth or at not in lines or not ends or standing.handled is None:
        return step
    value = Guess(standing.handled.text, step.probability)
    return replace(step, kind=EventKind.EXCEPTION, line=at, value=value)


def waits(step: PredictedStep, at: int, source: str) -> bool:
    """Whether ``step``, the next event of a frame that stands ``at`` a line, may be its wait for something.

    A recorder sees that as a return; a debugger steps on to where the frame goes on. At the heads
    of ``async with`` and ``async for`` it is what was waited for that decides which line comes then.
    """
    shapes = suspending(source)
    left = step.kind is EventKind.RETURN or at in shapes.doors
    return step.depth == 0 and left and at in shapes.awaiting


def speakable(step: PredictedStep, threshold: float) -> PredictedStep:
    """``step``; where it is not sure that the frame is left, or how, without what it would be left with."""
    return step if step.probability >= threshold else replace(step, value=None)


def doubted(step: PredictedStep) -> PredictedStep:
    """``step``; an exception that the model cannot name is one that it does not expect any more than that.

    Of a call into code that it is not shown it is sure that something else than a value comes, and no more.
    """
    if step.kind is not EventKind.EXCEPTION or step.value is None:
        return step
    return replace(step, probability=min(step.probability, step.value.probability))


async def foreseen(predictor: Predictor, standing: Standing, threshold: float) -> Foresight:
    """The last that :func:`foresee` has to say."""
    last = Foresight(standing, (), threshold, predictor.backend.info.model)
    async with aclosing(foresee(predictor, standing, threshold)) as growing:
        async for foresight in growing:
            last = foresight
    return last


# --- what if ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Branch:
    """A future with some values changed. ``differs`` is the first step unlike the unchanged one, if any."""

    changes: Mapping[str, Value]
    foresight: Foresight
    differs: int | None


async def what_if(
    predictor: Predictor, standing: Standing, threshold: float, branches: Sequence[Mapping[str, Value]]
) -> tuple[Foresight, tuple[Branch, ...]]:
    """The future as it stands, and one for each set of changes, predicted in one batch; nothing is run.

    Raises ``BackendError``.
    """
    standing = settled(standing)
    changed = [replace(standing, locals={**standing.locals, **changes}) for changes in branches]
    base, *others = await asyncio.gather(
        *(foreseen(predictor, one, threshold) for one in (standing, *changed))
    )
    found = zip(branches, others, strict=True)
    return base, tuple(Branch(changes, one, _first_difference(base, one)) for changes, one in found)


def _first_difference(base: Foresight, other: Foresight) -> int | None:
    pairs = zip(base.steps, other.steps, strict=False)
    for place, (one, two) in enumerate(pairs):
        if _way(one) != _way(two) or _apart(_values(one), _values(two), base.threshold):
            return place
    shorter = min(base, other, key=lambda one: len(one.steps))
    ended = len(base.steps) != len(other.steps) and not shorter.why
    return len(shorter.steps) if ended else None


def _way(step: PredictedStep) -> object:
    """Where a step goes and which names it writes."""
    return step.kind, step.line, step.changed.keys(), step.removed, step.value is None


def _values(step: PredictedStep) -> Mapping[str, Guess]:
    return {**step.changed, **({"": step.value} if step.value is not None else {})}


def _apart(mine: Mapping[str, Guess], theirs: Mapping[str, Guess], threshold: float) -> bool:
    """Whether two steps say different values; what the model is not sure of says nothing."""
    return any(
        guess.text != theirs[name].text
        for name, guess in mine.items()
        if min(guess.probability, theirs[name].probability) >= threshold
    )
