"""Runs and predictions for tests: real recordings, and predictions that are right but for given beliefs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from textwrap import dedent

from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import Comparison
from cwm_lsp.align.walk import news
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.trace.predicted import Guess, PredictedStep

THRESHOLD = 0.5
SURE = 0.98

Beliefs = Mapping[int, Mapping[str, tuple[str, float]]]
"""By event: a variable (or ``return``, ``line``) and what the model believes of it, with the probability."""


def run(source: str, call: str, path: str = "shop.py") -> Trace:
    """A real run of ``call``, at the grain of statements."""
    return normalise(trace_call(dedent(source).lstrip("\n"), call, Limits(), path=path))


def forced(trace: Trace, beliefs: Beliefs) -> tuple[PredictedStep, ...]:
    """One step for each event after the entry call: the truth, but for ``beliefs``."""
    changes = news(trace.events)
    steps = []
    for index, event in enumerate(trace.events[1:], 1):
        step = PredictedStep(
            event.kind,
            event.line,
            event.function,
            event.depth,
            SURE,
            changed={name: Guess(value.text, SURE) for name, value in changes[index].written.items()},
            value=Guess(event.value.text, SURE) if event.value is not None else None,
            frame=event.frame,
        )
        for name, (text, probability) in beliefs.get(index, {}).items():
            step = _believing(step, name, text, probability)
        steps.append(step)
    return tuple(steps)


def _believing(step: PredictedStep, name: str, text: str, probability: float) -> PredictedStep:
    if name == "line":
        return replace(step, line=int(text), probability=probability)
    if name == "return":
        return replace(step, value=Guess(text, probability))
    return replace(step, changed={**step.changed, name: Guess(text, probability)})


def compared(source: str, call: str, beliefs: Beliefs) -> Comparison:
    """A real run beside a model with ``beliefs``."""
    trace = run(source, call)
    return compare(trace, forced(trace, beliefs), threshold=THRESHOLD, model="beliefs")
