"""Where the kernels run: on the GPU where there is one, else under triton's interpreter."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def _has_gpu() -> bool:
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


GPU = _has_gpu()
DEVICE = "cuda" if GPU else "cpu"


@pytest.fixture(autouse=True)
def interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triton reads this when a kernel is defined, so tests import kernels inside.

    It is taken back, or the backends tested in the same process would be interpreted as well.
    """
    if not GPU:
        monkeypatch.setenv("TRITON_INTERPRET", "1")
