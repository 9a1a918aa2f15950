"""What every suite shares: ``FULL=1`` runs all there is, and lets nothing be left out in silence."""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

# Machines differ, and no test asserts a time. Whether a change passes is no matter of luck: examples are
# the same in every run, and `pytest --hypothesis-profile hunt` goes looking for others.
settings.register_profile(
    "cwm-lsp", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "hunt", deadline=None, max_examples=3000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("cwm-lsp")

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many processes test as there are cores: threads of torch would wait for each other behind those.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Some containers have Python forget what it compiled. Hundreds of processes start here, from the same code.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

FULL = os.environ.get("FULL") == "1"


def pytest_sessionstart() -> None:
    """Refuse a full run that would skip the tests of training and export."""
    if FULL and importlib.util.find_spec("torch") is None:
        raise pytest.UsageError("FULL=1 needs torch: run `make test FULL=1`, which installs it.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is marked ``full`` in a quick run."""
    if FULL:
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="needs FULL=1"))
