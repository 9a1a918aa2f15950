"""The client on an adapter that is not what it should be."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cwm_lsp.record.client import DapClient

# Leaves a process behind that has a group of its own, as debugpy does when it ends before the program
# has begun.
ADAPTER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"],
                         stdout=subprocess.PIPE, process_group=0)
child.stdout.readline()
open(sys.argv[1], "w").write(str(child.pid))
sys.stdin.read()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
async def test_a_program_that_was_not_announced_ends_with_its_session(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    client = await DapClient.start(lambda event: None, [sys.executable, "-c", ADAPTER, str(told)])
    while not told.exists() or not told.read_text():
        await asyncio.sleep(0.01)
    pid = int(told.read_text())
    try:
        await client.close()
        async with asyncio.timeout(30):
            while runs(pid):
                await asyncio.sleep(0.01)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)


def runs(pid: int) -> bool:
    """Whether a process is there, and not only not yet waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
