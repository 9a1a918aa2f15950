"""Calls of the user's own functions, cut out of recorded runs: what the model is adapted to and judged on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cwm_lsp.errors import UserError
from cwm_lsp.trace.model import Event, EventKind, Trace
from cwm_lsp.trace.normalise import EXPRESSION_FRAMES, simple_name

LONGEST = 300
"""Events beyond which a call is left out; the calls in it stand for it."""

PER_FUNCTION = 40
"""Different calls that are kept of one function."""


@dataclass(frozen=True, slots=True)
class OwnRun:
    """One call as a trace of its own. ``function`` is ``path::name``; ``uses`` are all that ran in it."""

    function: str
    uses: frozenset[str]
    trace: Trace


@dataclass(frozen=True, slots=True)
class Split:
    """Runs to learn from, in which no function of ``held_out`` ever ran, and runs to judge by."""

    train: tuple[OwnRun, ...]
    held_out: tuple[OwnRun, ...]


def own_runs(trace: Trace, entry: bool = True) -> Iterator[OwnRun]:
    """Each call in the normalised ``trace``; without ``entry``, only those under the entry (a test)."""
    entered: set[int] = set()
    for start, event in enumerate(trace.events):
        resumed = event.frame in entered
        entered.add(event.frame)
        if event.kind is not EventKind.CALL or resumed or simple_name(event.function) in _NO_FUNCTIONS:
            continue
        run = _cut_out(trace, start) if entry or start else None
        if run is not None:
            yield run


_NO_FUNCTIONS = EXPRESSION_FRAMES | {"<module>"}


def _cut_out(trace: Trace, start: int) -> OwnRun | None:
    """The call at ``start`` as depth 0, without what runs in other files; ``None`` if it does not end."""
    head = trace.events[start]
    events: list[Event] = []
    stack: list[int] = []
    ended = False
    for event in trace.events[start : start + 4 * LONGEST]:
        if event.file != head.file or event.thread != head.thread:
            continue
        if event.kind is EventKind.CALL and (stack or event.frame == head.frame):
            stack.append(event.frame)
        if event.frame not in stack:  # a generator that gave a value: what used it goes on
            return None
        depth = stack.index(event.frame)
        events.append(replace(event, depth=depth, file=0))
        if event.kind is EventKind.RETURN:
            del stack[depth:]
            ended = depth == 0 and not event.yielded
        if ended:
            break
    if not ended or not 2 <= len(events) <= LONGEST:
        return None
    file = trace.files[head.file]
    uses = frozenset(f"{file.path}::{one.function}" for one in events)
    whole = Trace((file,), tuple(events), head.function, trace.python, recorder=trace.recorder)
    return OwnRun(f"{file.path}::{head.function}", uses, whole)


def split(runs: Iterable[OwnRun], share: float = 0.25) -> Split:
    """Part ``runs`` by function, about ``share`` of the functions being held out.

    The choice is by a hash of the function's name, so it stays when the suite grows. Raises ``UserError``
    when either part would be empty.
    """
    kept = tuple(_distinct(runs))
    functions = sorted({run.function for run in kept}, key=_order)
    held = frozenset(functions[: max(1, round(share * len(functions)))])
    train = tuple(run for run in kept if not run.uses & held)
    held_out = tuple(run for run in kept if run.function in held)
    if not train or not held_out:
        raise UserError(
            f"Runs of {len(functions)} functions are too few to adapt to: some must be kept to measure by.",
            "Record more of the project's tests.",
        )
    return Split(train, held_out)


def _order(function: str) -> str:
    name = function.replace("\\", "/").rpartition("/")[2]
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _distinct(runs: Iterable[OwnRun]) -> Iterator[OwnRun]:
    """The runs that differ in what happened, at most :data:`PER_FUNCTION` of a function."""
    seen: set[tuple[str, Sequence[tuple[EventKind, int, tuple[tuple[str, str], ...]]]]] = set()
    counts: dict[str, int] = {}
    for run in runs:
        events = tuple(
            (event.kind, event.line, tuple((name, value.text) for name, value in event.locals.items()))
            for event in run.trace.events
        )
        key = (run.function, events)
        if key in seen or counts.get(run.function, 0) >= PER_FUNCTION:
            continue
        seen.add(key)
        counts[run.function] = counts.get(run.function, 0) + 1
        yield run
