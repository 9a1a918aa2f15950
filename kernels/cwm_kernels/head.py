"""``verify_head``: from hidden states to the scores of tokens, without ``[T, V]`` logits ever standing.

The head is multiplied by the vendor's GEMM, some rows at a time, into one workspace that is used again
for each run of rows; ``verify_rows`` reads it while it is warm. On a GPU with triton that is the kernel,
anywhere else the reference: :func:`path` says which, and why.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor

from cwm_kernels.reference import Verified, verify_rows_ref

HOST_LIMIT = 64 << 20
DEVICE_LIMIT = 256 << 20
"""Bytes of logits that stand at a time, on a CPU and on a GPU that has as much to spare."""

_SHARE = 4
_COPIES = 4
"""How many arrays of the size of the logits the reference makes, in float32, beside the logits."""

VerifyRows = Callable[[Tensor, Tensor, int], Verified]


def path(device: torch.device) -> tuple[VerifyRows, str]:
    """What reads the logits on ``device``, and why that."""
    interpreted = os.environ.get("TRITON_INTERPRET") == "1"
    if device.type != "cuda" and not interpreted:
        return verify_rows_ref, f"torch: no kernel for {device.type}"
    if find_spec("triton") is None:
        return verify_rows_ref, "torch: triton is not installed"
    from cwm_kernels.rows import verify_rows

    return verify_rows, "triton, interpreted" if interpreted else "triton"


class Workspace:
    """Room for the logits of some rows under a head ``weight`` [V, d], kept between calls.

    ``limit`` is how many bytes they may take, with what the reference needs beside them; by default
    a fixed size, or a quarter of what the GPU has free where that is less. At least one row is held.
    """

    def __init__(self, weight: Tensor, limit: int | None = None) -> None:
        self.verify_rows, self.path = path(weight.device)
        each = weight.shape[0] * weight.element_size()
        if self.verify_rows is verify_rows_ref:
            each += weight.shape[0] * 4 * _COPIES
        self.rows = max(1, (_limit(weight.device) if limit is None else limit) // each)
        self._weight = weight
        self._logits = weight.new_empty(0, weight.shape[0])

    def logits(self, rows: int) -> Tensor:
        """Room for the logits [rows, V], ``rows`` being at most ``self.rows``."""
        if len(self._logits) < rows:
            self._logits = self._weight.new_empty(rows, self._weight.shape[0])
        return self._logits[:rows]

    def fits(self, weight: Tensor) -> bool:
        """Whether this was made for ``weight`` or one of its size, kind and place."""
        mine = self._weight
        return (mine.shape, mine.dtype, mine.device) == (weight.shape, weight.dtype, weight.device)


def _limit(device: torch.device) -> int:
    if device.type != "cuda":
        return HOST_LIMIT
    free, _ = torch.cuda.mem_get_info(device)
    return min(DEVICE_LIMIT, free // _SHARE)


def verify_head(
    hidden: Tensor, weight: Tensor, targets: Tensor, k: int = 0, workspace: Workspace | None = None
) -> Verified:
    """How ``targets`` [T] (absent where outside 0 to V - 1) do under ``hidden`` [T, d] and ``weight`` [V, d].

    Logits have the type of ``hidden`` and are read in float32. With a ``workspace`` that has grown to its
    size, nothing of the size of the logits is allocated, and nothing waits for a GPU.
    """
    if hidden.dim() != 2 or targets.shape != hidden.shape[:1]:
        raise ValueError(f"hidden is {tuple(hidden.shape)} and targets {tuple(targets.shape)}")
    workspace = workspace or Workspace(weight)
    if not workspace.fits(weight):
        raise ValueError("the workspace was made for another head")
    found = Verified.empty(len(hidden), k, hidden.device)
    for begin in range(0, len(hidden), workspace.rows):
        part = slice(begin, begin + workspace.rows)
        logits = workspace.logits(len(hidden[part]))
        with torch.no_grad():  # a head that could be trained refuses to be multiplied into given memory
            torch.mm(hidden[part], weight.t(), out=logits)
        found.rows(begin, part.stop).take(workspace.verify_rows(logits, targets[part], k))
    return found


def verify_head_ref(hidden: Tensor, weight: Tensor, targets: Tensor, k: int = 0) -> Verified:
    """The same with all logits at once."""
    return verify_rows_ref(hidden @ weight.t(), targets, k)
