"""How fast the embedded model learns on this machine: compiled and shared between processes, and plain."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.registry import Row, benchmark


@benchmark("train")
def train() -> Iterator[Row]:
    """Updates of a 2.15 M parameter model, on two cores."""
    plain = _tokens(threads=2, way="plain")
    yield Row("train: one process of two threads", plain, "tokens/s")
    yield Row("train: two processes of one thread", _tokens(1, "plain", processes=2), "tokens/s", plain)
    yield Row(
        "train: two processes of one thread, compiled", _tokens(1, "compiled", processes=2), "tokens/s", plain
    )


def _tokens(threads: int, way: str, processes: int = 1) -> float:
    start = ["-m", "tests.bench.training"]
    if processes > 1:
        start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", *start]
    ended = subprocess.run(
        [sys.executable, *start, str(threads), way],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": str(threads)},
    )
    return float(ended.stdout)
