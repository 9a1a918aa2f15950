"""What computes on a device: the Triton kernels on a GPU where triton works, anywhere else the references."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Protocol

import torch
from torch import Tensor

from cwm_kernels.reference import Picked, Verified, masked_pick_ref, verify_rows_ref

logger = logging.getLogger(__name__)


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
    if not interpreted and (said := trouble(device)):
        return Path(verify_rows_ref, masked_pick_ref, f"torch: triton does not work here: {said}")
    from cwm_kernels.masked import masked_pick
    from cwm_kernels.rows import verify_rows

    return Path(verify_rows, masked_pick, "triton, interpreted" if interpreted else "triton")


@cache
def trouble(device: torch.device) -> str:
    """Why the kernels do not run on ``device``, "" where they do. Waits for the GPU; not within a capture.

    Triton comes along with torch, but needs a C compiler and Python's headers, and not every GPU will do.
    """
    try:
        from cwm_kernels.rows import verify_rows

        found = verify_rows(torch.tensor([[0.0, 1.0]], device=device), torch.tensor([0], device=device))
        right = found.best.tolist() == [1]
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever a compiler or a driver that is not ours may raise
        logger.warning("the kernels do not run on %s", device, exc_info=True)
        return (str(error).splitlines() or [type(error).__name__])[0]
    return "" if right else "what it computes is wrong"
