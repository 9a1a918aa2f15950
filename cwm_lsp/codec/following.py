"""A run that follows from where it begins, without a model."""

from __future__ import annotations

from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.predicted import PredictedStep

MOST_STEPS = 2_000
"""Steps after which a run is given up."""


def follow(trace: Trace) -> tuple[PredictedStep, ...] | None:
    """The steps after those of a (normalised) ``trace`` to its end; ``None`` where one of them is open.

    Raises ``ContextExceeded`` where the format cannot hold the code in play.
    """
    decoder = CompactCodec().decoder(trace)
    steps: list[PredictedStep] = []
    while not decoder.done and len(steps) < MOST_STEPS:
        if decoder.exhausted:
            decoder.restart()
        decoder.accept()
        choices = decoder.choices
        if choices is None or len(choices) != 1:
            return None
        decoded = decoder.feed(tuple(choices), (0.0,))
        if decoded.problems:
            return None
        steps += decoded.steps
    return tuple(steps) if decoder.done else None
