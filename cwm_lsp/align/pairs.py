"""Which step of a free prediction stands beside which observed event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cwm_lsp.trace.model import Event, EventKind
from cwm_lsp.trace.predicted import PredictedStep

_Step = Event | PredictedStep

_REACH = 2000
"""How many events of a run are searched for a place where it and the prediction meet again."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """What two runs share when they are at the same place: the ``visit`` counts within the frame."""

    kind: EventKind
    line: int
    depth: int
    activation: int
    visit: int


def pair_free(observed: Sequence[Event], predicted: Sequence[PredictedStep]) -> list[PredictedStep | None]:
    """For each observed event its predicted step, or ``None``.

    The step at which the two part stands beside the event that came instead, so that the difference
    can be told; where the run gets there later, beside that event too. Pairs keep the order of both runs.
    """
    return [None if index is None else predicted[index] for index in _paired(observed, predicted)]


def pair_runs(left: Sequence[Event], right: Sequence[Event]) -> list[tuple[int | None, int | None]]:
    """Two runs as one list of rows: what both did stands in one row, what only one did alone."""
    rows: list[tuple[int | None, int | None]] = []
    done = 0
    ours, theirs = _spots(left), _spots(right)
    for here, there in enumerate(_paired(left, right)):
        if there is None or there < done or not _same_event(ours[here], theirs[there]):
            rows.append((here, None))
            continue
        rows += [(None, index) for index in range(done, there)]
        rows.append((here, there))
        done = there + 1
    return rows + [(None, index) for index in range(done, len(right))]


def _paired(one: Sequence[_Step], other: Sequence[_Step]) -> list[int | None]:
    """For each step of ``one`` the index of the step of ``other`` that stands beside it."""
    left, right = _spots(one), _spots(other)
    pairs: list[int | None] = [None] * len(left)
    here, there = 0, 0
    while here < len(left) and there < len(right):
        pairs[here] = there
        if _same_event(left[here], right[there]):
            here, there = here + 1, there + 1
            continue
        meeting = _meeting(left, right, here, there)
        if meeting is None:
            break
        at_once = meeting[0] == here  # the step set against this event tells more than the one it meets
        here, there = (here + 1, meeting[1] + 1) if at_once else meeting
    return pairs


def _same_event(one: _Spot, other: _Spot) -> bool:
    return (one.kind, one.line, one.depth) == (other.kind, other.line, other.depth)


def _meeting(left: Sequence[_Spot], right: Sequence[_Spot], here: int, there: int) -> tuple[int, int] | None:
    """The nearest later places at which both runs are at the same spot, least far in sum."""
    ahead: dict[_Spot, int] = {}
    for index in range(min(len(right), there + _REACH) - 1, there - 1, -1):
        ahead[right[index]] = index
    best: tuple[int, int] | None = None
    for index in range(here, min(len(left), here + _REACH)):
        if best is not None and index >= sum(best) - there:
            break
        found = ahead.get(left[index])
        if found is not None and (best is None or index + found < sum(best)):
            best = (index, found)
    return best


def _spots(steps: Iterable[_Step]) -> list[_Spot]:
    """The spots of a run: activations counted per depth and function, visits per line of a frame."""
    entered: dict[tuple[int, int], int] = {}
    activations: list[int] = [0]
    visits: list[dict[tuple[EventKind, int], int]] = [{}]
    spots: list[_Spot] = []
    for step in steps:
        if step.kind is EventKind.CALL:
            del activations[step.depth :], visits[step.depth :]
            key = (step.depth, step.line)
            entered[key] = entered.get(key, 0) + 1
            activations += [0] * (step.depth - len(activations)) + [entered[key]]
            visits += [{} for _ in range(step.depth - len(visits) + 1)]
        else:
            del activations[step.depth + 1 :], visits[step.depth + 1 :]
            activations += [0] * (step.depth + 1 - len(activations))
            visits += [{} for _ in range(step.depth + 1 - len(visits))]
        seen = visits[step.depth]
        count = seen[step.kind, step.line] = seen.get((step.kind, step.line), 0) + 1
        spots.append(_Spot(step.kind, step.line, step.depth, activations[step.depth], count))
    return spots
