"""Values of a run with what the model said of them, as fragments: agreement, difference, doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cwm_lsp.align.model import Agreement, ComparedFlow, ComparedStep, ComparedValue
from cwm_lsp.features.display import (
    AGREE,
    DIFFER,
    NEXT,
    SEPARATOR,
    VALUES_PER_LINE,
    Fragment,
    Part,
    State,
    handed_out,
    observed,
    place,
    result_lead,
    shown,
    value_text,
)
from cwm_lsp.features.text import clean, parting, percent
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.predicted import Guess


def compared(value: ComparedValue, *, dimmed: bool = False) -> Fragment | None:
    """A value of the run with what the model said of it; ``None`` where there is nothing to show."""
    return _compared(f"{value.name} = ", value, dimmed)


def flow(step: ComparedFlow, *, yielded: bool = False, dimmed: bool = False) -> Fragment | None:
    """``→ next line 3 ✗ predicted line 5 · 64 %``; ``None`` unless the flow differs.

    ``yielded`` says that the observed event only suspends its frame.
    """
    if step.agreement is not Agreement.DIFFERS or step.predicted_kind is None or step.predicted_line is None:
        return None
    ran = "suspension" if yielded else place(step.kind, step.line, step.function)
    ran = f"{step.function} resumed" if step.resumed else ran
    expected = place(step.predicted_kind, step.predicted_line, step.predicted_function)
    at = percent(step.probability)
    lead = "next " if step.kind is EventKind.LINE else ""
    parts = (Part(f"{NEXT} {lead}{ran} {DIFFER} predicted {expected}{SEPARATOR}{at}"),)
    words = f"the run went to {ran}; the model expected {expected}, at {at}"
    return Fragment(parts, State.DIFFERS, words, dimmed=dimmed)


def result(
    kind: EventKind, value: ComparedValue, *, yielded: bool = False, dimmed: bool = False
) -> Fragment | None:
    """A returned, yielded or raised value with what the model said: ``← 5.0 ✗ predicted 6.67 · 58 %``."""
    if yielded and not _disagrees(value) and not (value.observed and handed_out(value.observed)):
        return None
    return _compared(result_lead(kind, yielded), value, dimmed)


def compared_values(
    step: ComparedStep, *, dimmed: bool = False, limit: int | None = VALUES_PER_LINE
) -> tuple[Fragment, ...]:
    """The values that a compared step wrote, or that the model expected it to write, ``limit`` at most."""
    values = [value for value in step.values if _is_news(value)]
    values = [value for value in values if shown(value.name, value.observed or value.predicted)]
    found = [compared(value, dimmed=dimmed) for value in _chosen(values, limit)]
    return tuple(fragment for fragment in found if fragment is not None)


def compared_outcome(
    step: ComparedStep, *, yielded: bool = False, dimmed: bool = False
) -> tuple[Fragment, ...]:
    """Where a compared step went, if that differs, and what it returned, ``yielded`` or raised."""
    found = [flow(step.flow, yielded=yielded, dimmed=dimmed)]
    if step.result is not None:
        found.append(result(step.flow.kind, step.result, yielded=yielded, dimmed=dimmed))
    return tuple(fragment for fragment in found if fragment is not None)


def _compared(lead: str, value: ComparedValue, dimmed: bool) -> Fragment | None:
    if value.observed is None:
        return _extra(value, dimmed)
    text = value_text(value.observed)
    parts: tuple[Part, ...] = (Part(lead), Part(text, elastic=True))
    match value.agreement:
        case Agreement.AGREES:
            sure = f" ({percent(value.predicted.probability)})" if value.predicted else ""
            words = f"observed {text}, as predicted{sure}"
            return Fragment((*parts, Part(f" {AGREE}")), State.AGREES, words, value.name)
        case Agreement.DIFFERS if value.predicted is not None:
            return _differing(parts, text, value.predicted, value.name, dimmed)
        case Agreement.DIFFERS | Agreement.MISSING | Agreement.EXTRA:
            words = f"observed {text}; the model expected no change"
            parts = (*parts, Part(f" {DIFFER} predicted no change"))
            return Fragment(parts, State.DIFFERS, words, value.name, dimmed)
        case Agreement.WITHHELD:
            words = f"observed {text}; the model was not sure enough to say"
            return Fragment(parts, State.WITHHELD, words, value.name)
        case Agreement.UNCOMPARED:
            return replace(observed(value.name, value.observed), parts=parts)


def _differing(parts: tuple[Part, ...], text: str, guess: Guess, name: str, dimmed: bool) -> Fragment:
    expected, at = clean(guess.text), percent(guess.probability)
    focus = parting(text, expected)
    head = (replace(part, focus=focus) if part.elastic else part for part in parts)
    tail = (Part(f" {DIFFER} predicted "), Part(expected, True, focus), Part(f"{SEPARATOR}{at}"))
    words = f"observed {text}; the model expected {expected}, at {at}"
    return Fragment((*head, *tail), State.DIFFERS, words, name, dimmed)


def _extra(value: ComparedValue, dimmed: bool) -> Fragment | None:
    """A name that the model expected and the run does not have."""
    if value.agreement in (Agreement.WITHHELD, Agreement.UNCOMPARED):
        return None
    if value.predicted is None:
        parts: tuple[Part, ...] = (Part(f"{value.name or 'nothing'} gone {DIFFER} not predicted"),)
        return Fragment(
            parts, State.DIFFERS, "gone in the run; the model expected it to stay", value.name, dimmed
        )
    expected, at = clean(value.predicted.text), percent(value.predicted.probability)
    subject = f"{value.name} not set" if value.name else "nothing"
    parts = (Part(f"{subject} {DIFFER} predicted "), Part(expected, elastic=True), Part(f"{SEPARATOR}{at}"))
    words = f"not set in the run; the model expected {expected}, at {at}"
    return Fragment(parts, State.DIFFERS, words, value.name, dimmed)


def _is_news(value: ComparedValue) -> bool:
    """Whether the step wrote it or was to: a value that stays is not worth showing for a doubt about it."""
    said = value.written or value.agreement is Agreement.AGREES
    return _disagrees(value) or (value.changed and said)


def _disagrees(value: ComparedValue) -> bool:
    return value.agreement in (Agreement.DIFFERS, Agreement.MISSING, Agreement.EXTRA)


def _chosen(values: Sequence[ComparedValue], limit: int | None) -> list[ComparedValue]:
    """At most ``limit`` values in their order, those that differ before those that agree."""
    ranked = sorted(range(len(values)), key=lambda index: (not _disagrees(values[index]), index))
    return [values[index] for index in sorted(ranked[:limit])]
