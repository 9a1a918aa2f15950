"""Training by several processes at once, as ``torchrun`` starts them: one per GPU, or one per CPU core.

Every process draws programs of its own and computes its own gradients; they are averaged before each
update, so the weights stay equal everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of ``size`` processes this one is."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls) -> Ranks:
        """The processes that ``torchrun`` describes in the environment; alone where it describes none."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(dist.get_rank(), dist.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this process reports and writes checkpoints."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        if not torch.cuda.is_available():
            return torch.device("cpu")
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over all processes."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        start = 0
        for gradient in gradients:
            gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()

    def agree(self, *values: float) -> list[float]:
        """The sum of each value over all processes: what they decide from must be equal everywhere."""
        if self.size == 1:
            return list(values)
        total: Tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return total.tolist()

    def leave(self) -> None:
        """End the group."""
        if self.size > 1:
            dist.destroy_process_group()
