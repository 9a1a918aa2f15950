"""What the language server costs: time to its first answer, and memory while it waits."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from cwm_lsp.wire.framing import frame
from tests.bench.registry import Row, benchmark

ROUNDS = 5
_INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}


@benchmark("server")
def server() -> Iterator[Row]:
    """The server over stdio, against an interpreter that starts and imports pygls alone."""
    seconds, memory = zip(*(_started() for _ in range(ROUNDS)), strict=True)
    pygls = min(_imported() for _ in range(ROUNDS))
    yield Row(
        "server: start to the answer of initialize, against importing pygls",
        min(seconds),
        "s",
        pygls,
        "lower",
    )
    if memory[0]:
        yield Row("server: resident memory after initialize", min(memory), "MB", better="lower")


def _started() -> tuple[float, float]:
    """Seconds to the answer, and megabytes held then (0 where the system does not say)."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "cwm_lsp", "serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(frame(_INITIALIZE))
        child.stdin.flush()
        child.stdout.readline()
        seconds = time.perf_counter() - start
        memory = _resident(child.pid)
        child.kill()
    return seconds, memory


def _imported() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import pygls.lsp.server"], check=True)
    return time.perf_counter() - start


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
