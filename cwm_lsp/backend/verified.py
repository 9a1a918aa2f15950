"""Scores and choices of tokens where the hidden states are (``cwm_kernels``): logits stay there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cwm_kernels.head import Workspace, verify_head
from cwm_kernels.paths import Path
from cwm_kernels.reference import Verified, words
from cwm_lsp.backend.engine import Distribution
from cwm_lsp.backend.protocol import Ids, Sampling, Scores
from cwm_lsp.backend.scoring import HostLogits, share
from cwm_lsp.errors import BackendError


def head_scores(hidden: Tensor, weight: Tensor, targets: Ids, workspace: Workspace, model: str) -> Scores:
    """How ``targets`` [T] do under ``hidden`` [T, d] and the head ``weight`` [V, d] of ``model``.

    Raises ``BackendError`` where a row is no distribution.
    """
    given = torch.from_numpy(targets.astype(np.int64)).to(hidden.device)
    return _scores(verify_head(hidden, weight, given, workspace=workspace), model)


def ahead(logits: Tensor, path: Path, model: str) -> Distribution:
    """What ``logits`` [V] of ``model`` say, read where they are: by numpy on a CPU, else by ``path``."""
    if logits.device.type != "cpu":
        return DeviceLogits(logits, path, model)
    row = logits.float().numpy()
    if np.isnan(row).any():
        raise _damaged(model)
    return HostLogits(row)


@dataclass(frozen=True, slots=True)
class DeviceLogits:
    """A :class:`~cwm_lsp.backend.engine.Distribution` from ``logits`` [V] of ``model``, on any device."""

    logits: Tensor
    path: Path
    model: str

    def choose(
        self, position: int, ids: npt.NDArray[np.integer[Any]] | None, sampling: Sampling
    ) -> tuple[int, float]:
        """The next token, and its log-probability at temperature 1. Raises ``BackendError`` as scores do."""
        place = self.logits.device
        bits = torch.from_numpy(_bits(ids, len(self.logits))).to(place)
        temperature, draws = max(0.0, sampling.temperature), None
        if temperature > 0:
            draws = torch.tensor([share(position, sampling)], device=place)
        picked = self.path.masked_pick(self.logits[None], bits[None], temperature, draws)
        token = int(picked.token[0])
        if token < 0:
            raise _damaged(self.model)
        return token, float(picked.logprob[0])

    def likelihood(self, token: int, ids: npt.NDArray[np.integer[Any]]) -> float:
        """The log-probability of ``token``, renormalised over ``ids``."""
        return HostLogits(self.logits.float().cpu().numpy()).likelihood(token, ids)

    def score(self, token: int) -> Scores:
        """How ``token`` does."""
        given = torch.tensor([token], device=self.logits.device)
        return _scores(self.path.verify_rows(self.logits[None], given), self.model)


def _bits(ids: npt.NDArray[np.integer[Any]] | None, vocabulary: int) -> npt.NDArray[np.int32]:
    """``ids``, or everything, as the packed mask [ceil(V / 32)] of ``masked_pick``."""
    if ids is None:
        return np.full(words(vocabulary), -1, np.int32)
    allowed = np.zeros(words(vocabulary) * 32, np.bool_)
    allowed[ids] = True
    return np.packbits(allowed, bitorder="little").view("<i4")


def _scores(found: Verified, model: str) -> Scores:
    scores = Scores(
        found.logprob.cpu().numpy(),
        found.best.to(torch.int32).cpu().numpy(),
        found.best_logprob.cpu().numpy(),
    )
    if (scores.best < 0).any():
        raise _damaged(model)
    return scores


def _damaged(model: str) -> BackendError:
    return BackendError(f"{model} computed what is no number.", "Its weights are damaged.")
