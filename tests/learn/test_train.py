"""Training as its users start it: alone, by two processes, and on from a checkpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

SIZES = ("--hidden", "32", "--layers", "1", "--heads", "2", "--kv-heads", "1", "--inner", "32")
SHORT = ("--batch-tokens", "512", "--longest-start", "256")


def train(out: Path, *options: str, processes: int = 1) -> dict[str, Any]:
    """The checkpoint that ``cwm-lsp model train`` leaves in ``out``."""
    start = ["-m", "cwm_lsp"]
    if processes > 1:
        start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", *start]
    command = [sys.executable, *start, "model", "train", "--out", str(out), *SIZES, *SHORT, *options]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ended.returncode == 0, ended.stderr
    return dict(torch.load(out / "checkpoint.pt", weights_only=True))


@pytest.mark.full
def test_two_processes_share_a_run_and_another_stage_goes_on_from_it(tmp_path: Path) -> None:
    first = train(tmp_path / "first", "--tokens", "40000", processes=2)
    progress = first["progress"]
    assert progress["tokens"] >= 40000
    # Both count: a step of one process has at most 512 tokens, or one example.
    assert progress["tokens"] / progress["step"] > 512
    assert progress["curve"] == json.loads((tmp_path / "first" / "curve.json").read_text())

    second = train(
        tmp_path / "second", "--tokens", "3000", "--init", str(tmp_path / "first" / "checkpoint.pt")
    )
    went = second["progress"]
    assert went["stage_tokens"] == progress["tokens"]
    assert went["tokens"] >= progress["tokens"] + 3000
    assert any(not torch.equal(weight, first["model"][name]) for name, weight in second["model"].items())
