"""``verify_head``: from hidden states to the scores of tokens, without ``[T, V]`` logits ever standing.

The head is multiplied by the vendor's GEMM, some rows at a time, into one workspace that is used again
for each run of rows; ``verify_rows`` reads it while it is warm. On a GPU with triton that is the kernel,
anywhere else the reference: :func:`~cwm_kernels.paths.path` says which, and why.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cwm_kernels.paths import path
from cwm_kernels.reference import Verified, verify_rows_ref
from cwm_kernels.split import Partial

HOST_LIMIT = 64 << 20
DEVICE_LIMIT = 256 << 20
"""Bytes of logits that stand at a time, on a CPU and on a GPU that has as much to spare."""

_SHARE = 4
_COPIES = 4
"""How many arrays of the size of the logits the reference makes, in float32, beside the logits."""

FEW_ROWS = 128
"""Rows below which a matrix unit idles: a limit with room for fewer splits the vocabulary instead."""

_COLUMNS = 1024

_WIDE = 4
"""How many copies of a row of hidden states, in float32 at most, the target's own product takes."""


class Workspace:
    """Room for the logits of some rows under a head ``weight`` [V, d], kept between calls.

    ``limit`` is how many bytes they may take, with what the reference needs beside them; by default
    a fixed size, or a quarter of what the GPU has free where that is less. ``rows`` and ``columns`` are what
    stands at a time: all of the vocabulary, unless that leaves room for fewer than :data:`FEW_ROWS` rows.
    """

    def __init__(self, weight: Tensor, limit: int | None = None) -> None:
        self.path = path(weight.device)
        each = weight.element_size()
        if self.path.verify_rows is verify_rows_ref:
            each += 4 * _COPIES
        room = (_limit(weight.device) if limit is None else limit) // each
        vocabulary = weight.shape[0]
        self.columns = vocabulary
        if room < FEW_ROWS * vocabulary:
            self.columns = min(vocabulary, max(_COLUMNS, room // FEW_ROWS // _COLUMNS * _COLUMNS))
        beside = 4 * _WIDE * weight.shape[1] // each if self.columns < vocabulary else 0
        self.rows = max(1, room // (self.columns + beside))
        self._weight = weight
        self._logits = torch.empty(0, dtype=weight.dtype, device=weight.device)

    def logits(self, rows: int, columns: int) -> Tensor:
        """Room for logits [rows, columns], at most ``self.rows`` and ``self.columns`` of them."""
        if len(self._logits) < rows * columns:
            with torch.inference_mode(False):  # an array made within could not be written to outside
                self._logits = torch.empty(
                    rows * columns, dtype=self._weight.dtype, device=self._weight.device
                )
        return self._logits[: rows * columns].view(rows, columns)

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
    size, nothing of the size of the logits is allocated, and nothing waits for a GPU. Where the workspace
    splits the vocabulary, the target is ranked by a product apart, so its rank among logits that equal
    it up to rounding may differ.
    """
    if hidden.dim() != 2 or targets.shape != hidden.shape[:1]:
        raise ValueError(f"hidden is {tuple(hidden.shape)} and targets {tuple(targets.shape)}")
    workspace = workspace or Workspace(weight)
    if not workspace.fits(weight):
        raise ValueError("the workspace was made for another head")
    found = Verified.empty(len(hidden), k, hidden.device)
    for begin in range(0, len(hidden), workspace.rows):
        part = slice(begin, begin + workspace.rows)
        score = _whole if workspace.columns >= len(weight) else _split
        with torch.no_grad():  # a head that could be trained refuses to be multiplied into given memory
            scored = score(hidden[part], weight, targets[part], k, workspace)
        found.rows(begin, part.stop).take(scored)
    return found


def _whole(hidden: Tensor, weight: Tensor, targets: Tensor, k: int, workspace: Workspace) -> Verified:
    logits = workspace.logits(len(hidden), len(weight))
    torch.mm(hidden, weight.t(), out=logits)
    return workspace.path.verify_rows(logits, targets, k)


def _split(hidden: Tensor, weight: Tensor, targets: Tensor, k: int, workspace: Workspace) -> Verified:
    """Some of the vocabulary at a time, merged."""
    wanted = weight[targets.clamp(0, len(weight) - 1)]
    given = (hidden.float() * wanted.float()).sum(1).to(hidden.dtype)
    merged: Partial | None = None
    for first in range(0, len(weight), workspace.columns):
        some = weight[first : first + workspace.columns]
        logits = workspace.logits(len(hidden), len(some))
        torch.mm(hidden, some.t(), out=logits)
        found = workspace.path.verify_rows(logits, targets - first, k, given)
        part = Partial.of(found, logits, targets, given, first)
        merged = part if merged is None else merged.merge(part)
    assert merged is not None
    return merged.verified(targets, len(weight))


def verify_head_ref(hidden: Tensor, weight: Tensor, targets: Tensor, k: int = 0) -> Verified:
    """The same with all logits at once."""
    return verify_rows_ref(hidden @ weight.t(), targets, k)
