"""The workload stepped through debugpy over DAP, as an editor does it, and as fast as it can be done."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cwm_lsp.record.client import DapClient, kill_group
from cwm_lsp.wire.dap import Event

STOCK = (sys.executable, "-m", "debugpy.adapter")
PROXY = (sys.executable, "-m", "cwm_lsp", "dap")
SNAPSHOT = "repr((__import__('sys')._getframe().f_lineno, {k: repr(v) for k, v in locals().items()}))"
_PATIENCE = 30.0
_SOURCE = (Path(__file__).with_name("workload.py")).read_text(encoding="utf-8")
_FIRST = next(n for n, text in enumerate(_SOURCE.splitlines(), 1) if "total = 0" in text)

Look = Callable[[DapClient, int], Awaitable[None]]


async def everything(client: DapClient, thread: int) -> None:
    """What an editor asks at each stop: threads, stack, scopes, variables."""
    await client.request("threads")
    stack = await client.request("stackTrace", {"threadId": thread, "startFrame": 0, "levels": 20})
    scopes = await client.request("scopes", {"frameId": stack.body["stackFrames"][0]["id"]})
    reference = scopes.body["scopes"][0]["variablesReference"]
    await client.request("variables", {"variablesReference": reference})


async def snapshot(client: DapClient, thread: int) -> None:
    """All locals by one evaluation: the least that a stop can be asked for."""
    frame = await innermost(client, thread)
    await client.request("evaluate", {"expression": SNAPSHOT, "frameId": frame, "context": "clipboard"})


async def innermost(client: DapClient, thread: int) -> int:
    """The innermost frame of a stopped thread."""
    stack = await client.request("stackTrace", {"threadId": thread, "levels": 1})
    return int(stack.body["stackFrames"][0]["id"])


async def steps_a_second(adapter: tuple[str, ...], look: Look, steps: int) -> float:
    """Steps per second of the workload, looking at each stop. ``adapter`` is empty for ours."""
    async with stopped_workload(adapter, steps) as (client, stops):
        thread = await asyncio.wait_for(stops.get(), _PATIENCE)
        start = time.perf_counter()
        for _ in range(steps):
            await client.request("next", {"threadId": thread})
            thread = await asyncio.wait_for(stops.get(), _PATIENCE)
            await look(client, thread)
        return steps / (time.perf_counter() - start)


@asynccontextmanager
async def stopped_workload(
    adapter: tuple[str, ...], turns: int
) -> AsyncIterator[tuple[DapClient, asyncio.Queue[int]]]:
    """The workload under debugpy on its way to its first line, and the threads of its stops to come."""
    stops: asyncio.Queue[int] = asyncio.Queue()
    seen: dict[str, Any] = {"initialized": asyncio.Event(), "pid": None}

    def heard(event: Event) -> None:
        if event.event == "initialized":
            seen["initialized"].set()
        elif event.event == "process":
            seen["pid"] = event.body.get("systemProcessId")
        elif event.event == "stopped":
            stops.put_nowait(event.body["threadId"])

    client = await DapClient.start(heard, adapter)
    try:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "program.py")
            program.write_text(_SOURCE + f"\n\nloop({turns})\n", encoding="utf-8")
            await _launch(client, str(program), seen["initialized"])
            yield client, stops
    finally:
        if seen["pid"] is not None:
            with suppress(ProcessLookupError):
                kill_group(seen["pid"])
        await client.close()


async def _launch(client: DapClient, program: str, initialized: asyncio.Event) -> None:
    await client.request("initialize", {"adapterID": "bench", "pathFormat": "path"})
    arguments = {"program": program, "console": "internalConsole", "subProcess": False, "justMyCode": True}
    launch = client.post("launch", {**arguments, "python": [sys.executable]})
    await asyncio.wait_for(initialized.wait(), _PATIENCE)
    points = {"source": {"path": program}, "breakpoints": [{"line": _FIRST}]}
    await client.request("setBreakpoints", points)
    await client.request("configurationDone")
    await asyncio.wait_for(launch, _PATIENCE)
