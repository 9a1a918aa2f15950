"""Where the kernels run: on the GPU where there is one, else under triton's interpreter."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

import pytest


def _has_gpu() -> bool:
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


GPU = _has_gpu()
DEVICE = "cuda" if GPU else "cpu"

if not GPU and find_spec("triton") is not None:
    # Triton's own library is made for the interpreter or not when it is first imported, by whatever test.
    os.environ["TRITON_INTERPRET"] = "1"
    import_module("triton.language")
    del os.environ["TRITON_INTERPRET"]


@pytest.fixture(autouse=True)
def interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triton reads this when a kernel is defined, so tests import kernels inside.

    It is taken back, or the backends tested in the same process would be interpreted as well.
    """
    if not GPU:
        monkeypatch.setenv("TRITON_INTERPRET", "1")
