"""What a program costs whose lines are kept for going back, and one with a data breakpoint on a local."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from cwm_lsp.record.client import DapClient, kill_group
from cwm_lsp.wire.dap import Event
from tests.bench.registry import Row, benchmark

ADAPTER = (sys.executable, "-m", "cwm_lsp", "dap", "--backend", "off")
PASSES = 50_000
PROGRAM = f"""\
def loop(n):
    total = 0
    limit = -1
    for i in range(n):
        total = total + i
        if total == limit:
            total = 0
    return total


loop({PASSES})
"""
FIRST, LAST = 2, 8
LINES = 3 * PASSES + 3
_PATIENCE = 120.0


@benchmark("watching")
def watching() -> Iterator[Row]:
    """Lines a second from the first stop to the last; the baseline is the same session without either."""
    plain = asyncio.run(_lines_a_second(history=False, watched=""))
    kept = asyncio.run(_lines_a_second(history=True, watched=""))
    held = asyncio.run(_lines_a_second(history=False, watched="limit"))
    yield Row("debugging: lines a second that are kept to be gone back to", kept, "lines/s", plain)
    yield Row("debugging: lines a second with a data breakpoint on a local", held, "lines/s", plain)


class _Session:
    def __init__(self) -> None:
        self.stopped: asyncio.Queue[int] = asyncio.Queue()
        self.initialized = asyncio.Event()
        self.pid: int | None = None

    def heard(self, event: Event) -> None:
        match event.event:
            case "initialized":
                self.initialized.set()
            case "process":
                self.pid = event.body.get("systemProcessId")
            case "stopped":
                self.stopped.put_nowait(event.body["threadId"])


async def _lines_a_second(*, history: bool, watched: str) -> float:
    session = _Session()
    client = await DapClient.start(session.heard, ADAPTER)
    try:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "program.py")
            program.write_text(PROGRAM, encoding="utf-8")
            thread = await _stopped(session, client, program, history=history)
            if watched:
                await _watch(client, thread, watched)
            start = time.perf_counter()
            await client.request("continue", {"threadId": thread})
            await asyncio.wait_for(session.stopped.get(), _PATIENCE)
            return LINES / (time.perf_counter() - start)
    finally:
        if session.pid is not None:
            with suppress(ProcessLookupError):
                kill_group(session.pid)
        await client.close()


async def _stopped(session: _Session, client: DapClient, program: Path, **keys: Any) -> int:
    """The thread that stands at the first line of the function."""
    await client.request("initialize", {"adapterID": "bench", "pathFormat": "path"})
    arguments = {"program": str(program), "console": "internalConsole", "subProcess": False, **keys}
    launch = client.post("launch", {**arguments, "python": [sys.executable]})
    await asyncio.wait_for(session.initialized.wait(), _PATIENCE)
    points = {"source": {"path": str(program)}, "breakpoints": [{"line": FIRST}, {"line": LAST}]}
    await client.request("setBreakpoints", points)
    await client.request("configurationDone")
    await asyncio.wait_for(launch, _PATIENCE)
    return await asyncio.wait_for(session.stopped.get(), _PATIENCE)


async def _watch(client: DapClient, thread: int, name: str) -> None:
    stack = await client.request("stackTrace", {"threadId": thread, "levels": 1})
    frame = stack.body["stackFrames"][0]["id"]
    found = await client.request("dataBreakpointInfo", {"name": name, "frameId": frame})
    never = {"dataId": found.body["dataId"], "condition": f"{name} == 0"}
    await client.request("setDataBreakpoints", {"breakpoints": [never]})
