"""The bench says what it measured and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kernels.conftest import GPU

pytest.importorskip("torch", reason="the kernels need torch")

BENCH = Path(__file__).parents[2] / "kernels" / "bench"
SMALL = ("--device", "cpu", "--vocabulary", "300", "--repeat", "1")


def printed(script: str, *options: str) -> list[dict[str, Any]]:
    """The lines that a script prints."""
    start = [sys.executable, str(BENCH / script), *options]
    # Compiling takes longer than all the rest, and the interpreter is for tests.
    environment = {**os.environ, "TORCHDYNAMO_DISABLE": "1", "TRITON_INTERPRET": "0"}
    done = subprocess.run(start, capture_output=True, text=True, check=True, env=environment)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(GPU, reason="there is a GPU here")
@pytest.mark.parametrize("script", ["verify.py", "pick.py"])
def test_without_a_gpu_there_are_no_figures(script: str) -> None:
    lines = printed(script)
    assert [line["measured"] for line in lines] == [None]
    assert not any(character.isdigit() for character in json.dumps(lines))


@pytest.mark.full
def test_every_way_is_measured_or_says_why_not() -> None:
    """The whole script, on the path of the CPU."""
    machine, *ways, aims = printed("verify.py", "--rows", "9", "--width", "16", "--square", "64", *SMALL)
    assert machine["path"].startswith("torch: ")
    assert {"torch", "triton", "driver", "date", "tflop_s", "copy_gb_s"} <= set(machine)
    ours = [one for one in ways if one["way"].startswith(("gemm", "naive", "chunked: ", "verify_head"))]
    assert len(ours) == 7
    for one in ours:
        assert one["ms"] >= one["least_ms"] > 0
        assert one["of_gemm"] >= 0
    for one in ways:
        assert ("ms" in one) != ("why" in one)
    assert [value is None for value in aims.values()] == [False, False, False, True]


@pytest.mark.full
def test_picks_are_measured() -> None:
    machine, *ways = printed("pick.py", *SMALL)
    assert machine["vocabulary"] == 300
    assert {(one["rows"], one["way"]) for one in ways} == {
        (rows, way)
        for rows in (1, 16, 64)
        for way in ("naive", "reference", "masked_pick", "masked_pick, drawn")
    }
