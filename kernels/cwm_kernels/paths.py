"""What computes on a device: the Triton kernels on a GPU with triton, anywhere else the references."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

import torch
from torch import Tensor

from cwm_kernels.reference import Picked, Verified, masked_pick_ref, verify_rows_ref


class VerifyRows(Protocol):
    """``verify_rows``, by whatever path."""

    def __call__(self, logits: Tensor, targets: Tensor, k: int = 0, given: Tensor | None = None) -> Verified:
        """See :func:`~cwm_kernels.reference.verify_rows_ref`."""
        ...


class MaskedPick(Protocol):
    """``masked_pick``, by whatever path."""

    def __call__(
        self, logits: Tensor, bits: Tensor, temperature: float = 0.0, draws: Tensor | None = None
    ) -> Picked:
        """See :func:`~cwm_kernels.reference.masked_pick_ref`."""
        ...


@dataclass(frozen=True, slots=True)
class Path:
    """What computes, and ``why`` that."""

    verify_rows: VerifyRows
    masked_pick: MaskedPick
    why: str


def path(device: torch.device) -> Path:
    """What computes on ``device``."""
    interpreted = os.environ.get("TRITON_INTERPRET") == "1"
    if device.type != "cuda" and not interpreted:
        return Path(verify_rows_ref, masked_pick_ref, f"torch: no kernel for {device.type}")
    if find_spec("triton") is None:
        return Path(verify_rows_ref, masked_pick_ref, "torch: triton is not installed")
    from cwm_kernels.masked import masked_pick
    from cwm_kernels.rows import verify_rows

    return Path(verify_rows, masked_pick, "triton, interpreted" if interpreted else "triton")
