"""All visits of one line, for a hover: what the run gave, what the model said, how sure it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cwm_lsp.align.model import Agreement, ComparedFlow, ComparedStep, ComparedValue, Comparison
from cwm_lsp.trace.model import EventKind

_RESULTS = {EventKind.RETURN: "return", EventKind.EXCEPTION: "exception"}


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One thing that one visit of a line led to.

    ``subject`` is a variable, or ``return``, ``yield``, ``exception`` or ``next`` for what is none; ``step``
    indexes the events. ``observed`` and ``predicted`` are texts, ``None`` where there is nothing;
    ``probability`` is that of the prediction.
    """

    step: int
    visit: int
    visits: int
    subject: str
    observed: str | None
    predicted: str | None
    probability: float | None
    agreement: Agreement


def visits(comparison: Comparison, line: int, *, file: int = 0) -> tuple[VisitRow, ...]:
    """What each visit of ``line`` wrote and gave; where it went, if it wrote nothing or went astray."""
    events = comparison.trace.events
    return tuple(
        row
        for step in comparison.steps
        if step.wrote == line and events[step.step].file == file
        for row in step_rows(step, yielded=events[step.step].yielded)
    )


def step_rows(step: ComparedStep, *, yielded: bool = False) -> Iterator[VisitRow]:
    """What one step wrote, gave, and where it went."""
    for value in step.values:
        yield _value_row(step, value.name, value)
    if step.result is not None:
        yield _value_row(step, "yield" if yielded else _RESULTS[step.flow.kind], step.result)
    said = step.values or step.result is not None
    if not said or step.flow.agreement is not Agreement.AGREES:
        yield _flow_row(step, step.flow)


def _value_row(step: ComparedStep, subject: str, value: ComparedValue) -> VisitRow:
    observed, guess = value.observed, value.predicted
    return VisitRow(
        step.step,
        step.visit,
        step.visits,
        subject,
        observed.text if observed is not None else None,
        guess.text if guess is not None else None,
        guess.probability if guess is not None else None,
        value.agreement,
    )


def _flow_row(step: ComparedStep, flow: ComparedFlow) -> VisitRow:
    expected = None
    if flow.predicted_kind is not None and flow.predicted_line is not None:
        expected = _went(flow.predicted_kind, flow.predicted_line)
    return VisitRow(
        step.step,
        step.visit,
        step.visits,
        "next",
        _went(flow.kind, flow.line),
        expected,
        flow.probability if expected is not None else None,
        flow.agreement,
    )


def _went(kind: EventKind, line: int) -> str:
    match kind:
        case EventKind.LINE:
            return f"line {line}"
        case EventKind.CALL:
            return f"call at line {line}"
    return str(kind)
