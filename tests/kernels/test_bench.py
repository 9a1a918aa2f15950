"""The bench says what it measured and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernels.conftest import GPU

pytest.importorskip("torch", reason="the kernels need torch")

BENCH = Path(__file__).parents[2] / "kernels" / "bench" / "verify.py"


@pytest.mark.skipif(GPU, reason="there is a GPU here")
def test_without_a_gpu_there_are_no_figures() -> None:
    done = subprocess.run([sys.executable, str(BENCH)], capture_output=True, text=True, check=True)
    assert [json.loads(line)["measured"] for line in done.stdout.splitlines()] == [None]
    assert not any(character.isdigit() for character in done.stdout)
