"""From logits to scores and tokens: the arithmetic that every in-process engine shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cwm_lsp.backend.protocol import Ids, Logs, Sampling, Scores

NOTHING = Scores(np.empty(0, np.float32), np.empty(0, np.int32), np.empty(0, np.float32))
"""The scores of no tokens."""


def score(logits: Logs, targets: Ids) -> Scores:
    """How the ``targets`` [R] do under ``logits`` [R, V]. Nothing of size V is kept."""
    best = logits.argmax(axis=1)
    rows = np.arange(len(targets))
    peak = logits[rows, best]
    spread = np.exp(logits - peak[:, None])
    best_logprob = -np.log(spread.sum(axis=1))
    logprob = logits[rows, targets] - peak + best_logprob
    return Scores(logprob.astype(np.float32), best.astype(np.int32), best_logprob.astype(np.float32))


def unpredicted(token: int) -> Scores:
    """The score of the first token of an empty prefix, which nothing predicts."""
    zero = np.zeros(1, np.float32)
    return Scores(zero, np.array([token], np.int32), zero)


def joined(parts: list[Scores]) -> Scores:
    """The scores of consecutive runs of tokens as those of one run."""
    if not parts:
        return NOTHING
    return Scores(
        np.concatenate([part.logprob for part in parts]),
        np.concatenate([part.best for part in parts]),
        np.concatenate([part.best_logprob for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class HostLogits:
    """A :class:`~cwm_lsp.backend.engine.Distribution` from ``logits`` [V] in numpy."""

    logits: Logs

    def choose(
        self, position: int, ids: npt.NDArray[np.integer[Any]] | None, sampling: Sampling
    ) -> tuple[int, float]:
        """The next token, and its log-probability at temperature 1."""
        logits = self._centred(ids)
        index = int(logits.argmax()) if sampling.temperature <= 0 else _draw(logits, position, sampling)
        return index if ids is None else int(ids[index]), float(logits[index] - np.log(np.exp(logits).sum()))

    def likelihood(self, token: int, ids: npt.NDArray[np.integer[Any]]) -> float:
        """The log-probability of ``token``, renormalised over ``ids``."""
        logits = self._centred(ids)
        return float(logits[np.searchsorted(ids, token)] - np.log(np.exp(logits).sum()))

    def score(self, token: int) -> Scores:
        """How ``token`` does."""
        return score(self.logits[None], np.array([token], np.int32))

    def _centred(self, ids: npt.NDArray[np.integer[Any]] | None) -> npt.NDArray[np.float64]:
        logits = (self.logits if ids is None else self.logits[ids]).astype(np.float64)
        peak: npt.NDArray[np.float64] = logits - logits.max()
        return peak


def share(position: int, sampling: Sampling) -> float:
    """Where in [0, 1) a draw falls: it depends on the seed and on ``position`` in the prefix alone.

    So writing in pieces gives what writing at once gives.
    """
    return float(np.random.default_rng((sampling.seed, position)).random())


def _draw(logits: npt.NDArray[np.float64], position: int, sampling: Sampling) -> int:
    weights = np.exp(logits / sampling.temperature).cumsum()
    point = share(position, sampling) * weights[-1]
    return min(int(np.searchsorted(weights, point, side="right")), len(weights) - 1)
