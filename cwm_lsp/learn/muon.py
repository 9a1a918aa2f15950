"""Muon whose orthogonalisation runs in the precision that the device is fast in.

``torch.optim.Muon`` multiplies in bfloat16 everywhere, which a CPU without bfloat16 instructions emulates:
one update of a small model then takes many times as long as its gradients. Here it is float32 there, and
matrices of one shape are multiplied as a batch. Coefficients and the rule of the update are those of
K. Jordan's Muon (https://kellerjordan.github.io/posts/muon/), as in torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cwm_lsp.learn.precision import fast_type

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_SMALLEST = 1e-7


def orthogonalised(matrices: Tensor) -> Tensor:
    """Newton-Schulz rounds on ``[N, A, B]``: singular values come near 1, singular vectors stay."""
    a, b, c = _COEFFICIENTS
    tall = matrices.size(1) > matrices.size(2)
    found = (matrices.mT if tall else matrices).to(fast_type(matrices.device))
    found = found / found.norm(dim=(1, 2), keepdim=True).clamp(min=_SMALLEST)
    for _ in range(_ROUNDS):
        gram = found @ found.mT
        found = torch.baddbmm(found, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    return (found.mT if tall else found).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised, for the matrices of a network's layers; its state is that of torch's Muon."""

    def __init__(
        self, matrices: Sequence[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update of every matrix that has a gradient."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    shapes.setdefault(matrix.shape, []).append(matrix)
            for shape, matrices in shapes.items():
                moved = orthogonalised(torch.stack([self._moved(one, group["momentum"]) for one in matrices]))
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for matrix, move in zip(matrices, moved, strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(move, alpha=-rate)

    def _moved(self, matrix: Tensor, momentum: float) -> Tensor:
        """Nesterov's momentum with the present gradient."""
        assert matrix.grad is not None
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(matrix.grad)
        state["momentum_buffer"].lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(state["momentum_buffer"], momentum)
