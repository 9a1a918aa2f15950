"""The scores of tokens from hidden states; logits never stand whole (``cwm_kernels.verify_head``)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cwm_kernels.head import Workspace, verify_head
from cwm_lsp.backend.protocol import Ids, Scores
from cwm_lsp.errors import BackendError


def head_scores(hidden: Tensor, weight: Tensor, targets: Ids, workspace: Workspace, model: str) -> Scores:
    """How ``targets`` [T] do under ``hidden`` [T, d] and the head ``weight`` [V, d] of ``model``.

    Raises ``BackendError`` where a row is no distribution.
    """
    given = torch.from_numpy(targets.astype(np.int64)).to(hidden.device)
    found = verify_head(hidden, weight, given, workspace=workspace)
    scores = Scores(
        found.logprob.cpu().numpy(),
        found.best.to(torch.int32).cpu().numpy(),
        found.best_logprob.cpu().numpy(),
    )
    if (scores.best < 0).any():
        raise BackendError(f"{model} computed what is no number.", "Its weights are damaged.")
    return scores
