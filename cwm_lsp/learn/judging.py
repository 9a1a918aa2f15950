"""One evaluated row: what a model said of a run, event by event and value by value, against what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cwm_lsp.align.judge import SURPRISES, judge
from cwm_lsp.align.model import Agreement, ComparedStep, ComparedValue
from cwm_lsp.align.values import same_value
from cwm_lsp.align.walk import News, news, places
from cwm_lsp.learn.kinds import statement_kinds
from cwm_lsp.predict import Prediction
from cwm_lsp.trace.model import Event, EventKind, Trace, Value
from cwm_lsp.trace.predicted import PredictedStep

_STATES = frozenset({EventKind.CALL, EventKind.LINE})


class Status(StrEnum):
    """Why a row was evaluated or not."""

    DONE = "done"
    FAILED = "failed"  # it could not be run: an error, a hang, a crash
    CUT = "cut"  # its run was longer than is recorded
    TOO_LONG = "too long"  # the source does not fit the model's context or format
    EMPTY = "empty"  # nothing of it was recorded, or nothing happened after the call


class Role(StrEnum):
    """What a claim is about."""

    CHANGED = "changed"  # the value of a local that the event shows changed
    EXTRA = "extra"  # a change that did not happen
    RESULT = "result"  # the value of a return or an exception


@dataclass(frozen=True, slots=True)
class Claim:
    """One value. ``probability`` is the model's, ``None`` where it said none; ``type`` is observed."""

    role: Role
    probability: float | None
    right: bool
    type: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One event after the entry call, predicted from the real history before it.

    ``right`` is about values (see :data:`~cwm_lsp.learn.metrics.FIGURES`), ``None`` where nothing that was
    observed can be compared. ``changed`` says that a comparable local changed. ``flow`` says that kind and
    line were right, ``flow_probability`` is what the model said of those it expected. ``statement`` is the
    kind of statement whose execution led here, ``line`` where it stands.
    """

    kind: EventKind
    depth: int
    statement: str
    right: bool | None
    changed: bool
    flow: bool
    claims: tuple[Claim, ...] = ()
    flow_probability: float = 0.0
    line: int = 0


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row with everything that figures are made of.

    ``events`` counts the normalised run's events after the entry call, also of a row that was not evaluated.
    ``returned`` and ``final`` are ``None`` where there is nothing to compare. ``free`` counts the events that
    the free run decoded, ``problems`` those that it did not.
    """

    name: str
    status: Status
    events: int = 0
    message: str = ""
    frames: tuple[Frame, ...] = ()
    returned: bool | None = None
    final: bool | None = None
    free: int = 0
    problems: int = 0


def judged_row(
    name: str, trace: Trace, steps: Sequence[PredictedStep | None], free: Prediction | None
) -> RowResult:
    """``steps`` are a forced prediction of the normalised ``trace``, ``free`` one from its entry call."""
    frames = tuple(_frames(trace, steps))
    return RowResult(
        name=name,
        status=Status.DONE,
        events=len(trace.events) - 1,
        frames=frames,
        returned=_returned(trace, steps),
        final=final_right(trace, free) if free is not None else None,
        free=len(free.steps) if free is not None else 0,
        problems=len(free.problems) if free is not None else 0,
    )


def _frames(trace: Trace, steps: Sequence[PredictedStep | None]) -> Iterator[Frame]:
    changes, where = news(trace.events), places(trace)
    kinds = statement_kinds(trace.source.text)
    for index, (event, step) in enumerate(zip(trace.events[1:], steps, strict=True), 1):
        if step is None:
            continue
        change = changes[index]
        compared = judge(index, event, where[index], change, step, 0.0)
        yield Frame(
            kind=event.kind,
            depth=event.depth,
            statement=kinds.get(where[index].line, "other"),
            right=_right(event, compared, step, change),
            changed=_changes(event, change),
            flow=compared.flow.agreement is Agreement.AGREES,
            claims=tuple(_claims(event, compared, change)),
            flow_probability=step.probability,
            line=where[index].line,
        )


def _changes(event: Event, change: News) -> bool:
    """Whether the event shows a change of locals that can be compared. Ends of frames show none."""
    return event.kind in _STATES and (bool(change.unbound) or any(map(_comparable, change.written.values())))


def _comparable(value: Value | None) -> bool:
    return value is not None and not value.opaque and not value.cut


def _right(event: Event, compared: ComparedStep, step: PredictedStep, change: News) -> bool | None:
    if step.kind is not event.kind:
        return False
    if event.kind not in _STATES:
        return _result_right(compared)
    if event.kind is EventKind.CALL and step.line != event.line:
        return False
    # At a threshold of 0 only what was left out is withheld, and whoever leaves a name out is not right.
    if any(
        value.agreement in SURPRISES or value.agreement is Agreement.WITHHELD for value in compared.values
    ):
        return False
    unknowable = change.written and not any(map(_comparable, change.written.values()))
    return None if unknowable and not change.unbound else True


def _result_right(compared: ComparedStep) -> bool | None:
    if compared.result is None:  # an exception passes: there is no value to be wrong about
        return True
    if compared.result.agreement is Agreement.UNCOMPARED:
        return None
    return compared.result.agreement is Agreement.AGREES


def _claims(event: Event, compared: ComparedStep, change: News) -> Iterator[Claim]:
    for value in compared.values if event.kind in _STATES else ():
        if value.name in change.written:
            if _comparable(value.observed):
                yield _claim(Role.CHANGED, value)
        elif value.predicted is not None and value.agreement in SURPRISES:
            yield _claim(Role.EXTRA, value)
    result = compared.result
    if result is not None and _comparable(result.observed):
        yield _claim(Role.RESULT, result)


def _claim(role: Role, value: ComparedValue) -> Claim:
    probability = value.predicted.probability if value.predicted is not None else None
    kind = value.observed.type if value.observed is not None else ""
    return Claim(role, probability, value.agreement is Agreement.AGREES, kind or "other")


def _returned(trace: Trace, steps: Sequence[PredictedStep | None]) -> bool | None:
    """Whether the entry's returned value was predicted; ``None`` where none can be compared."""
    event, step = trace.events[-1], steps[-1] if steps else None
    if event.kind is not EventKind.RETURN or event.unwinding or event.depth != 0:
        return None
    if event.value is None or not _comparable(event.value):
        return None
    if step is None or step.kind is not EventKind.RETURN or step.value is None:
        return False
    return bool(same_value(event.value, step.value.text))


def final_right(trace: Trace, free: Prediction) -> bool | None:
    """Whether a free run ended as the observed one did: the same value, or an exception of the same type.

    ``None`` where the observed end cannot be compared.
    """
    wanted = _raised(trace.events)
    if wanted is None:
        value = trace.events[-1].value
        if value is None or not _comparable(value):
            return None
        last = free.steps[-1] if free.steps else None
        if not free.finished or last is None or last.kind is not EventKind.RETURN or last.value is None:
            return False
        return bool(same_value(value, last.value.text))
    return free.finished and _raised(free.steps) == wanted


def _raised(events: Sequence[Event | PredictedStep]) -> str | None:
    """The type of the exception that left the entry frame; ``None`` where it ended otherwise."""
    last = events[-1] if events else None
    if last is None or last.kind is not EventKind.RETURN or last.depth != 0 or last.value is not None:
        return None
    if isinstance(last, Event) and not last.unwinding:  # a module's own frame gives nothing back
        return None
    for event in reversed(events):
        if event.kind is EventKind.EXCEPTION and event.value is not None:
            return event.value.text.partition("(")[0]
    return None
