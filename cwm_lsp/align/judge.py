"""One observed event against one predicted step: values, flow and result, each with its agreement."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cwm_lsp.align.model import (
    Agreement,
    ComparedFlow,
    ComparedStep,
    ComparedValue,
    Divergence,
    DivergenceKind,
)
from cwm_lsp.align.values import in_other_words, same_value
from cwm_lsp.align.walk import News, Place
from cwm_lsp.trace.model import Event, EventKind, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep
from cwm_lsp.trace.statements import Head, told_at

SURPRISES = frozenset({Agreement.DIFFERS, Agreement.MISSING, Agreement.EXTRA})
"""Agreements that make a divergence."""

_NOTHING_SAID = {False: Agreement.WITHHELD, True: Agreement.UNCOMPARED}
_GIVES = frozenset({EventKind.RETURN, EventKind.EXCEPTION})
_NO_HEADS: Mapping[int, Head] = MappingProxyType({})


def judge(
    step: int,
    event: Event,
    place: Place,
    news: News,
    predicted: PredictedStep | None,
    threshold: float,
    *,
    whole: bool = False,
    heads: Mapping[int, Head] = _NO_HEADS,
) -> ComparedStep:
    """What ``predicted`` says of ``event``, number ``step`` of the run, against what was observed.

    ``heads`` are the functions of the source that was shown to the model, which names what it expected to
    be called.

    ``whole`` says that the step carries the model's own whole state (a free run), so that a value it did
    not write is the one it wrote before. Otherwise (a forced run) it expected no change.
    """
    values: tuple[ComparedValue, ...] = ()
    if predicted is None or not _same_scope(event, predicted):
        values = tuple(
            ComparedValue(name, value, None, Agreement.UNCOMPARED) for name, value in news.written.items()
        )
    else:
        values = _values(event, news, predicted, threshold, whole)
    return ComparedStep(
        step=step,
        wrote=told_at(place.line, heads),
        visit=place.visit,
        visits=place.visits,
        flow=_flow(event, predicted, threshold, heads),
        values=values,
        result=_result(event, predicted, threshold),
    )


def _same_scope(event: Event, predicted: PredictedStep) -> bool:
    """Whether both speak of the same frame, so that names in them mean the same variables."""
    calls = (event.kind is EventKind.CALL) == (predicted.kind is EventKind.CALL)
    entered = event.kind is not EventKind.CALL or event.line == predicted.line
    return calls and entered and event.depth == predicted.depth


def _values(
    event: Event, news: News, predicted: PredictedStep, threshold: float, whole: bool
) -> tuple[ComparedValue, ...]:
    guesses = dict(predicted.changed)
    if whole:
        guesses |= {name: predicted.locals[name] for name in news.written if name in predicted.locals}
    names = [*event.locals, *(name for name in guesses if name not in event.locals)]
    # A format may have no room for locals at a return: silence there says nothing.
    silent = event.kind in _GIVES and not predicted.changed
    found: list[ComparedValue] = []
    for name in names:
        if name in news.written or name in guesses:
            observed, guess = event.locals.get(name), guesses.get(name)
            if guess is None:
                left_out = name not in news.before
                agreement = (
                    Agreement.UNCOMPARED if silent else _unsaid(observed, predicted, threshold, left_out)
                )
            else:
                agreement = _agreement(observed, guess, threshold)
            found.append(ComparedValue(name, observed, guess, agreement, written=name in news.written))
    sure = predicted.probability >= threshold
    found += [
        ComparedValue(
            name, event.locals[name], None, _unsaid(event.locals[name], predicted, threshold), changed=False
        )
        for name in predicted.removed
        if name in event.locals and name not in news.written
    ]
    found += [
        ComparedValue(name, None, None, Agreement.EXTRA if sure else Agreement.WITHHELD)
        for name in news.unbound
        if name not in predicted.removed and name not in guesses and not silent
    ]
    return tuple(found)


def _unsaid(
    observed: Value | None, predicted: PredictedStep, threshold: float, left_out: bool = False
) -> Agreement:
    """A name that the step says nothing of: it stays as it was, which is as sure as the step itself.

    A name that comes into being is bound by the very line that ran. Whoever leaves it out (``left_out``) has
    not said what it holds, which is no claim that it does not exist.
    """
    if observed is not None and (observed.opaque or observed.cut):
        return Agreement.UNCOMPARED
    return Agreement.WITHHELD if left_out or predicted.probability < threshold else Agreement.MISSING


def _agreement(observed: Value | None, guess: Guess, threshold: float) -> Agreement:
    if observed is not None and (observed.opaque or observed.cut):
        return Agreement.UNCOMPARED
    if guess.probability < threshold:
        return Agreement.WITHHELD
    if observed is None:
        return Agreement.EXTRA
    if in_other_words(observed, guess.text):
        return Agreement.UNCOMPARED
    return Agreement.AGREES if same_value(observed, guess.text) else Agreement.DIFFERS


def _flow(
    event: Event, predicted: PredictedStep | None, threshold: float, heads: Mapping[int, Head]
) -> ComparedFlow:
    called = event.function.rpartition(".")[2] if event.kind is EventKind.CALL else ""
    if predicted is None:
        return ComparedFlow(event.kind, event.line, None, None, 0.0, Agreement.UNCOMPARED, called)
    if predicted.probability < threshold:
        agreement = Agreement.WITHHELD
    elif (predicted.kind, predicted.line) == (event.kind, event.line):
        agreement = Agreement.AGREES
    else:
        agreement = Agreement.DIFFERS
    head = heads.get(predicted.line) if predicted.kind is EventKind.CALL else None
    return ComparedFlow(
        event.kind,
        event.line,
        predicted.kind,
        predicted.line,
        predicted.probability,
        agreement,
        called,
        head.name if head is not None else "",
        bool(heads) and event.line not in heads and called.isidentifier(),
    )


def _result(event: Event, predicted: PredictedStep | None, threshold: float) -> ComparedValue | None:
    """The value of a return or an exception; ``None`` where the run gave none."""
    if event.value is None:
        return None
    if predicted is None or predicted.kind is not event.kind or not _same_scope(event, predicted):
        return ComparedValue("", event.value, None, Agreement.UNCOMPARED)
    if predicted.value is None:  # what the model wrote could not be read: it said nothing
        incomparable = event.value.opaque or event.value.cut
        return ComparedValue("", event.value, None, _NOTHING_SAID[incomparable])
    return ComparedValue(
        "", event.value, predicted.value, _agreement(event.value, predicted.value, threshold)
    )


# --- the first divergence ----------------------------------------------------------------------

_KINDS = {
    Agreement.DIFFERS: DivergenceKind.VALUE,
    Agreement.MISSING: DivergenceKind.MISSING,
    Agreement.EXTRA: DivergenceKind.EXTRA,
}


def divergence(
    step: ComparedStep,
    event: Event,
    news: News,
    predicted: PredictedStep | None,
    heads: Mapping[int, Head] = _NO_HEADS,
) -> Divergence | None:
    """The first surprise of ``step``: what its line wrote, then where it went, then what it gave."""
    if predicted is None:
        return None
    for value in step.values:
        if value.agreement in SURPRISES:
            entered = told_at(event.line, heads) if event.kind is EventKind.CALL else step.wrote
            return _value_divergence(step, value, entered, news, predicted)
    if step.flow.agreement in SURPRISES:
        return _flow_divergence(step, event, predicted)
    if step.result is not None and step.result.agreement in SURPRISES:
        return _result_divergence(step, event, step.result, predicted)
    return None


def _value_divergence(
    step: ComparedStep, value: ComparedValue, line: int, news: News, predicted: PredictedStep
) -> Divergence:
    guess = value.predicted
    unsaid = "no change" if value.name in news.before else "no such name"
    if value.name in predicted.removed:
        unsaid = "no such name"
    return Divergence(
        step=step.step,
        line=line,
        kind=_KINDS[value.agreement],
        name=value.name,
        observed="no such name" if value.observed is None else value.observed.text,
        predicted=unsaid if guess is None else guess.text,
        probability=predicted.probability if guess is None else guess.probability,
    )


def _flow_divergence(step: ComparedStep, event: Event, predicted: PredictedStep) -> Divergence:
    if EventKind.EXCEPTION in (event.kind, predicted.kind) and event.kind is not predicted.kind:
        kind = DivergenceKind.EXCEPTION
    elif event.kind is predicted.kind:
        kind = DivergenceKind.NEXT_LINE
    else:
        kind = DivergenceKind.EVENT
    flow = step.flow
    observed = _observed(event, flow)
    value = predicted.value.text if predicted.value else ""
    expected = _told(predicted.kind, predicted.line, flow.predicted_function, value)
    return Divergence(step.step, step.wrote, kind, "", observed, expected, predicted.probability)


def _result_divergence(
    step: ComparedStep, event: Event, result: ComparedValue, predicted: PredictedStep
) -> Divergence:
    kind = DivergenceKind.EXCEPTION if event.kind is EventKind.EXCEPTION else DivergenceKind.RETURN
    guess = result.predicted
    return Divergence(
        step=step.step,
        line=step.wrote,
        kind=kind,
        name="",
        observed=result.observed.text if result.observed is not None else "",
        predicted="nothing" if guess is None else guess.text,
        probability=predicted.probability if guess is None else guess.probability,
    )


def _observed(event: Event, flow: ComparedFlow) -> str:
    """What came, in a few words: a frame that only waits has returned nothing yet."""
    if event.yielded:
        return "suspension"
    if flow.resumed:
        return f"{flow.function} resumed at line {event.line}"
    return _told(event.kind, event.line, flow.function, event.value.text if event.value else "")


def _told(kind: EventKind, line: int, function: str, value: str) -> str:
    """An event in a few words."""
    match kind:
        case EventKind.CALL:
            return f"call of {function} at line {line}" if function else f"call at line {line}"
        case EventKind.LINE:
            return f"line {line}"
        case EventKind.RETURN:
            return f"return {value}".rstrip()
        case EventKind.EXCEPTION:
            return value or "exception"
