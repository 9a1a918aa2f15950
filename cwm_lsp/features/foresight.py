"""What comes after a place where a program really stands, and, a step later, whether it came.

A :class:`Foresight` starts from observed state, one frame of it, and is only good until the program moves.
Its steps grow while the model writes: the first of them are worth showing before the last are there.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import lru_cache

from cwm_lsp.align.compare import tally
from cwm_lsp.align.judge import divergence, judge
from cwm_lsp.align.model import ComparedStep, Divergence, Tally
from cwm_lsp.align.values import same_value
from cwm_lsp.align.walk import News, Place
from cwm_lsp.codec.flow import flow_of
from cwm_lsp.features import display, states
from cwm_lsp.features.display import Fragment
from cwm_lsp.features.states import Placement
from cwm_lsp.predict import Predictor, certainty, weighted
from cwm_lsp.predict.standing import Standing, premise, settled
from cwm_lsp.trace.model import Event, EventKind, Trace, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep
from cwm_lsp.trace.statements import blocks, first_line, heads, parse

LOOK_AHEAD = 8
"""Events that are predicted beyond what the present line does."""

MOST_EVENTS = 60
"""Events that are predicted at most, those of called functions among them."""

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
    within, why, path = 0, "", 1.0
    async with aclosing(predictor.ahead(given.trace)) as ahead:
        async for step in ahead:
            steps.append(weighted(step, path))
            path *= certainty(step)
            within += step.depth == 0
            if step.depth == 0 and within == 1:
                yield replace(empty, steps=tuple(steps))
            if step.depth == 0 and step.line in given.unsure and step.kind is EventKind.LINE:
                why = f"Which pass of the loop at line {step.line} begins cannot be told from the values."
            if why or within > look_ahead or len(steps) >= MOST_EVENTS:
                break
    why = why or ("" if within else _UNREADABLE)
    if within != 1 or len(steps) > 1 or why:
        yield replace(empty, steps=tuple(steps), why=why)


async def foreseen(predictor: Predictor, standing: Standing, threshold: float) -> Foresight:
    """The last that :func:`foresee` has to say."""
    last = Foresight(standing, (), threshold, predictor.backend.info.model)
    async with aclosing(foresee(predictor, standing, threshold)) as growing:
        async for foresight in growing:
            last = foresight
    return last


# --- what came --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """What was expected of one statement beside what came. ``line`` is where it stands, 1-based."""

    line: int
    compared: ComparedStep
    divergence: Divergence | None

    @property
    def tally(self) -> Tally:
        """How many of its values were right."""
        result = self.compared.result
        said = [value.agreement for value in self.compared.values]
        return tally([*said, result.agreement] if result is not None else said)

    @property
    def as_foreseen(self) -> bool:
        """Whether the same frame is at the expected line, in the expected state, however sure that was."""
        flow = self.compared.flow
        same = (flow.kind, flow.line) == (flow.predicted_kind, flow.predicted_line)
        return (
            same
            and flow.kind is EventKind.LINE
            and all(
                one.observed is not None
                and one.predicted is not None
                and same_value(one.observed, one.predicted.text)
                for one in self.compared.values
            )
        )

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The same at the end of the line."""
        return (*display.compared_values(self.compared), *display.compared_outcome(self.compared))


def check(foresight: Foresight, came: Event) -> Checked | None:
    """What was foreseen, held against the event that came: of the same frame (depth 0), or a call (depth 1).

    ``None`` where the foresight does not reach so far.
    """
    step = foresight.entering if came.kind is EventKind.CALL else foresight.following
    if step is None or _is_ambiguous(foresight.standing, step, came):
        return None
    if came.kind in (EventKind.RETURN, EventKind.EXCEPTION):  # what was to be set then is not what went wrong
        step = replace(step, changed={}, removed=())
    before = foresight.standing.locals if came.kind is not EventKind.CALL else {}
    written = {name: value for name, value in came.locals.items() if before.get(name) != value}
    news = News(written, tuple(name for name in before if name not in came.locals), before)
    line = foresight.standing.statement
    named = heads(foresight.standing.source.text)
    compared = judge(0, came, Place(line, 1, 1), news, step, foresight.threshold, heads=named)
    return Checked(line, compared, divergence(compared, came, news, step, named))


def _is_ambiguous(standing: Standing, step: PredictedStep, came: Event) -> bool:
    """Whether the line that came, such as one of a ``finally``, comes after an exception and without one."""
    raises = step.kind is EventKind.EXCEPTION and came.kind is EventKind.LINE
    return raises and came.line in flow_of(standing.source.text).handlers(standing.statement)


# --- what is shown ----------------------------------------------------------------------------


def placements(foresight: Foresight | None, checked: Checked | None) -> tuple[Placement, ...]:
    """What the lines of the file show at a stop: what came of the last step, and what is expected."""
    lines: dict[int, list[Fragment]] = {}
    if checked is not None:
        lines[checked.line] = list(checked.fragments)
    if foresight is not None and foresight.steps:
        for line, fragments in _expected(foresight).items():
            lines[line] = [*lines.get(line, ()), *fragments]
    marked = checked.line if checked is not None and checked.divergence is not None else 0
    return tuple(
        Placement(line, 0, 1, 1, tuple(lines[line]), line == marked) for line in sorted(lines) if lines[line]
    )


def _expected(foresight: Foresight) -> Mapping[int, Sequence[Fragment]]:
    threshold = foresight.threshold
    here = Trace((foresight.standing.source,), (foresight.standing.event,), foresight.standing.function, "")
    lines: dict[int, list[Fragment]] = {}
    for placed in states.of_prediction(here, foresight.steps, threshold):
        fragments = [one for one in placed.fragments if _here_or_sure(placed.line, one, foresight)]
        lines[placed.line] = fragments
    following = foresight.following
    if following is not None and foresight.standing.statement in _choices(foresight.standing):
        lines.setdefault(foresight.standing.statement, []).append(display.expected(following, threshold))
    for line, probability in unrun(foresight).items():
        lines.setdefault(line, []).append(display.not_run(probability))
    return lines


def _here_or_sure(line: int, fragment: Fragment, foresight: Foresight) -> bool:
    """Doubt is worth its place at the present line alone."""
    return fragment.state is not display.State.WITHHELD or line == foresight.standing.statement


def unrun(foresight: Foresight) -> Mapping[int, float]:
    """Statements that the branches ahead pass over, each with the probability of that; sure ones alone."""
    choices = _choices(foresight.standing)
    at = foresight.standing.statement
    passed: dict[int, float] = {}
    run: set[int] = {at}
    for step in foresight.steps:
        if step.depth:
            continue
        run.add(step.line)
        if at in choices and step.kind is EventKind.LINE and step.probability >= foresight.threshold:
            for arm in choices[at]:
                if step.line not in arm:
                    passed |= {line: step.probability for line in arm if line not in passed}
        at = step.line
    return {line: probability for line, probability in passed.items() if line not in run}


def _choices(standing: Standing) -> Mapping[int, tuple[frozenset[int], ...]]:
    """The arms of every statement that chooses one, as first lines of the statements in them."""
    tree = parse(standing.source.text)
    found: dict[int, tuple[frozenset[int], ...]] = {}
    for node in blocks(tree) if tree is not None else ():
        if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
            arms = (_statements(node.body), _statements(node.orelse))
            found[node.lineno] = tuple(arm for arm in arms if arm)
    return found


def condition_at(standing: Standing) -> str:
    """The condition that decides where the run goes from here, "" where no ``if`` or ``while`` stands."""
    return _conditions(standing.source.text).get(standing.statement, "")


@lru_cache(maxsize=64)
def _conditions(source: str) -> Mapping[int, str]:
    tree = parse(source)
    nodes = (
        [node for node in blocks(tree) if isinstance(node, ast.If | ast.While)] if tree is not None else []
    )
    return {node.lineno: ast.unparse(node.test) for node in reversed(nodes)}


def _statements(body: Sequence[ast.stmt]) -> frozenset[int]:
    return frozenset(first_line(one) for node in body for one in blocks(node))


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
    shorter = min(len(base.steps), len(other.steps))
    return shorter if len(base.steps) != len(other.steps) else None


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
