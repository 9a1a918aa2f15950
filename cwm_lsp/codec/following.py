"""A run that follows from where it begins, without a model."""

from __future__ import annotations

from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.vocabulary import Special
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
        if not choices or (len(choices) > 1 and not decoder.awaits_names):
            return None
        one = min(choices)  # of names that all have to be told, any may come first
        tokens = [one, *([Special.STOP] if one == Special.TOLD else [])]
        decoded = decoder.feed(tokens, [0.0] * len(tokens))
        if decoded.problems:
            return None
        steps += decoded.steps
    return tuple(steps) if decoder.done else None
