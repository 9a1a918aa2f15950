"""A whole run against its prediction: forced, where each step was predicted from the real history, and free.

In a forced prediction step ``k`` belongs to event ``k + 1``, whatever it says. In a free one the model goes
its own way: steps are paired as long as kind and line are the same; after they part, pairing starts again at
the nearest place that both reach (same function, line, depth and visit), and what lies between is not
compared. Values after such a place still follow from the model's own past, so they are judged as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cwm_lsp.align.judge import SURPRISES, divergence, judge
from cwm_lsp.align.model import Agreement, ComparedStep, Comparison, Divergence, Tally
from cwm_lsp.align.pairs import pair_free
from cwm_lsp.align.walk import news, places
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.trace.statements import heads


def compare(
    trace: Trace, predicted: Sequence[PredictedStep | None], *, threshold: float, model: str
) -> Comparison:
    """A forced prediction of ``trace``, which is normalised, one step for each event after the entry call.

    Events without a step (``None``, or beyond the last) are not compared. ``threshold`` is the
    probability under which the model is held not to have said anything; ``model`` names it.
    """
    return _compared(trace, predicted, threshold, model, whole=False)


def compare_free(
    trace: Trace, predicted: Sequence[PredictedStep], *, threshold: float, model: str
) -> Comparison:
    """A free prediction that started from the entry call of ``trace``, which is normalised."""
    return _compared(trace, pair_free(trace.events[1:], predicted), threshold, model, whole=True)


def _compared(
    trace: Trace, predicted: Sequence[PredictedStep | None], threshold: float, model: str, *, whole: bool
) -> Comparison:
    """Each event after the entry call against its step, which may be missing."""
    where, changes = places(trace), news(trace.events)
    shown = heads(trace.source.text)
    steps: list[ComparedStep] = []
    first: Divergence | None = None
    for index in range(1, len(trace.events)):
        guess = predicted[index - 1] if index <= len(predicted) else None
        event, change = trace.events[index], changes[index]
        known = shown if event.file == 0 else {}
        step = judge(index, event, where[index], change, guess, threshold, whole=whole, heads=known)
        steps.append(step)
        first = first or divergence(step, event, change, guess, known)
    said = [value.agreement for step in steps for value in (*step.values, *filter(None, [step.result]))]
    return Comparison(
        trace=trace,
        steps=tuple(steps),
        divergence=first,
        values=tally(said),
        flow=tally(step.flow.agreement for step in steps),
        threshold=threshold,
        model=model,
    )


def tally(agreements: Iterable[Agreement]) -> Tally:
    """How many agree of those compared, and how many were withheld."""
    right = wrong = withheld = 0
    for agreement in agreements:
        right += agreement is Agreement.AGREES
        wrong += agreement in SURPRISES
        withheld += agreement is Agreement.WITHHELD
    return Tally(right, right + wrong, withheld)
