"""The floating-point type that a device multiplies fastest in."""

from __future__ import annotations

import torch


def fast_type(device: torch.device) -> torch.dtype:
    """bfloat16, but float32 on a CPU without AVX-512: there bfloat16 is emulated, tens of times slower."""
    if device.type == "cpu" and not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        return torch.float32
    return torch.bfloat16
