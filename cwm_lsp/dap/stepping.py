"""Where a step through a predicted run ends: steps of every kind, breakpoints and predicted exceptions.

A program that is stepped stands *before* a line. So it does here: what a step can end at is a line, an
exception that is being raised, or the very last return, where the result is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cwm_lsp.codec.pure import Undecided, compute, names_in
from cwm_lsp.dap.arguments import reason
from cwm_lsp.dap.ghost_run import Ending, GhostRun, Moment
from cwm_lsp.trace.model import EventKind


class Step(StrEnum):
    """What the user asks for."""

    INTO = "step in"
    OVER = "next"
    OUT = "step out"
    CONTINUE = "continue"
    BACK = "step back"
    REVERSE = "reverse continue"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a step ended. ``reason`` is one of DAP's words, ``text`` says more; ``over`` ends the session."""

    index: int
    reason: str
    text: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What stops a run. ``breakpoints`` maps lines to conditions ("" for none)."""

    threshold: float
    breakpoints: Mapping[int, str] = field(default_factory=dict)
    exceptions: bool = True


async def go(run: GhostRun, at: int, step: Step, rules: Rules) -> Stop:
    """Where ``step`` from the moment ``at`` ends. Raises ``BackendError``."""
    if step in (Step.BACK, Step.REVERSE):
        return _backwards(run, at, step, rules)
    depth = len(run.moments[at].stack)
    index = at
    while (moment := await run.reach(index := index + 1)) is not None:
        stop = _hit(moment, index, rules)
        if stop is None and _ends(moment, step, depth):
            stop = Stop(index, "step")
        if stop is not None:
            return stop
    return _at_end(run)


async def first(run: GhostRun) -> Stop:
    """The first place to stand at: the first line of the function."""
    stop = await go(run, 0, Step.INTO, Rules(0.0))
    return Stop(
        stop.index, "entry" if not stop.over and stop.reason == "step" else stop.reason, stop.text, stop.over
    )


def beginning(run: GhostRun, at: int, frame: int) -> int:
    """The first line of the activation ``frame``, which is on the stack of the moment ``at``."""
    lines = (
        index
        for index, moment in enumerate(run.moments[: at + 1])
        if moment.kind is EventKind.LINE and moment.top.identity == frame
    )
    return next(lines, at)


def latest(run: GhostRun, at: int) -> Stop:
    """Where a run that was paused stands: as far as it was predicted."""
    return Stop(max(at, _stand_before(run, len(run.moments))), "pause")


def _ends(moment: Moment, step: Step, depth: int) -> bool:
    if step is Step.CONTINUE:
        return False
    if moment.last:
        return True
    if moment.kind is not EventKind.LINE:
        return False
    return len(moment.stack) <= {Step.INTO: len(moment.stack), Step.OVER: depth, Step.OUT: depth - 1}[step]


def _hit(moment: Moment, index: int, rules: Rules) -> Stop | None:
    """A breakpoint or exception at a moment."""
    if moment.kind is EventKind.EXCEPTION and rules.exceptions and moment.probability >= rules.threshold:
        sure = moment.value is not None and moment.value.guess.probability >= rules.threshold
        return Stop(index, "exception", moment.value.guess.text if moment.value and sure else "")
    if moment.kind is not EventKind.LINE or moment.top.line not in rules.breakpoints:
        return None
    condition = rules.breakpoints[moment.top.line]
    if not condition:
        return Stop(index, "breakpoint")
    try:
        return Stop(index, "breakpoint") if decide(condition, moment, rules.threshold) else None
    except Undecided as why:
        return Stop(index, "breakpoint", f"The condition {condition} is undecided: {reason(why)}")


def decide(condition: str, moment: Moment, threshold: float) -> bool:
    """Whether a condition holds on the predicted state. Raises ``Undecided``, also for an unsure value."""
    state = moment.top.locals
    for name in names_in(condition):
        if name in state and state[name].guess.probability < threshold:
            raise Undecided(f"the model is not sure of {name}.")
    return bool(compute(condition, {name: held.guess.text for name, held in state.items()}))


def _backwards(run: GhostRun, at: int, step: Step, rules: Rules) -> Stop:
    depth = len(run.moments[at].stack)
    start = 0
    for index in range(at - 1, 0, -1):
        moment = run.moments[index]
        if moment.kind is not EventKind.LINE:
            continue
        start = index
        if step is Step.BACK and len(moment.stack) <= depth:
            return Stop(index, "step")
        if step is Step.REVERSE and (stop := _hit(moment, index, rules)) is not None:
            return stop
    return Stop(start or at, "entry", "This is the beginning.")


def _at_end(run: GhostRun) -> Stop:
    if run.ending is Ending.FINISHED:
        return Stop(len(run.moments) - 1, "step", run.why, over=True)
    return Stop(_stand_before(run, len(run.moments)), "pause", run.why)


def _stand_before(run: GhostRun, end: int) -> int:
    """The last line before the moment ``end``, the call itself if there is none."""
    lines = (index for index in range(end - 1, 0, -1) if run.moments[index].kind is EventKind.LINE)
    return next(lines, 0)
