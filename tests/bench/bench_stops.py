"""A session that predicts: from a stop to its first predicted value, what a step costs, a search."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cwm_lsp.record import FunctionTarget, record
from cwm_lsp.record.client import DapClient, kill_group
from cwm_lsp.trace.model import EventKind
from cwm_lsp.wire.dap import Event
from tests.bench.registry import Row, benchmark
from tests.bench.stepping import STOCK, everything, snapshot, steps_a_second

PROXY = (sys.executable, "-m", "cwm_lsp", "dap")
STEPS = 50
FEW = 12
ROUNDS = 3
_PATIENCE = 60.0
_PROGRAM = """\
def total(xs, floor):
    result = 0
    count = 0
    for x in xs:
        if x > floor:
            result = result + x
            count = count + 1
    return result


print(total(list(range(16)), 3))
"""
_FIRST = 2


@benchmark("stops")
def stops() -> Iterator[Row]:
    """The proxy with the embedded model, stepped over a loop; the baseline is the proxy without it."""
    waits, stepped = asyncio.run(_stepped(predictions=True))
    _, plain = asyncio.run(_stepped(predictions=False))
    yield Row(
        "stop: to the first predicted value, median", statistics.median(waits) * 1000, "ms", better="lower"
    )
    slow = statistics.quantiles(waits, n=20)[-1]
    yield Row("stop: to the first predicted value, 95th percentile", slow * 1000, "ms", better="lower")
    yield Row(
        "stop: from a step to its stop, with predictions on, against off",
        stepped * 1000,
        "ms",
        plain * 1000,
        "lower",
    )


@benchmark("surprise")
def surprise() -> Iterator[Row]:
    """The search for a surprise beside stepping and recording; of several rounds the best of each counts.

    All take their turn in each round, so that a busy minute does not fall on one of them alone.
    """
    searched = plain = best = alone = 0.0
    for _ in range(ROUNDS):
        searched = max(searched, asyncio.run(_searched()))
        plain = max(plain, asyncio.run(steps_a_second(STOCK, everything, FEW)))
        best = max(best, asyncio.run(steps_a_second((), snapshot, STEPS)))
        alone = max(alone, _recorded())
    name = "search for a surprise: lines a second"
    yield Row(f"{name}, against stepping stock debugpy with stack and variables", searched, "lines/s", plain)
    yield Row(f"{name}, against the best that stepping can do", searched, "lines/s", best)
    yield Row(f"{name}, against recording alone", searched, "lines/s", alone)


def _recorded() -> float:
    """Line events a second of the recorder."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program.py")
        program.write_text(_PROGRAM.replace("\n\nprint", "\n\n# print"), encoding="utf-8")
        trace = asyncio.run(record(FunctionTarget(str(program), "total", "range(4000), 3")))
    return sum(event.kind is EventKind.LINE for event in trace.events) / trace.seconds


class _Session:
    """One launched program; ``states`` are answered to each stop when the model has something."""

    def __init__(self) -> None:
        self.stopped: asyncio.Queue[float] = asyncio.Queue()
        self.predicted: asyncio.Queue[float] = asyncio.Queue()
        self.initialized = asyncio.Event()
        self.terminated = asyncio.Event()
        self.pid: int | None = None
        self.thread = 0

    def heard(self, event: Event) -> None:
        now = time.perf_counter()
        match event.event:
            case "initialized":
                self.initialized.set()
            case "process":
                self.pid = event.body.get("systemProcessId")
            case "stopped":
                self.thread = event.body["threadId"]
                self.stopped.put_nowait(now)
            case "terminated":
                self.terminated.set()
            case "cwm/states" if event.body["stop"] and _says_something(event.body):
                self.predicted.put_nowait(now)


def _says_something(body: Mapping[str, Any]) -> bool:
    said = [one["state"] for line in body["lines"] for one in line["fragments"]]
    return bool({"predicted", "withheld"} & set(said))


async def _launched(
    session: _Session, client: DapClient, program: Path, filters: list[str], **keys: Any
) -> None:
    await client.request("initialize", {"adapterID": "bench", "pathFormat": "path"})
    arguments = {"program": str(program), "console": "internalConsole", "subProcess": False, **keys}
    launch = client.post("launch", {**arguments, "python": [sys.executable]})
    await asyncio.wait_for(session.initialized.wait(), _PATIENCE)
    points = {"source": {"path": str(program)}, "breakpoints": [{"line": _FIRST}]}
    await client.request("setBreakpoints", points)
    await client.request("setExceptionBreakpoints", {"filters": filters})
    await client.request("configurationDone")
    await asyncio.wait_for(launch, _PATIENCE)


async def _stepped(*, predictions: bool) -> tuple[list[float], float]:
    """Seconds from each stop to its first prediction, and the median from a step's request to its stop."""
    session, waits, costs = _Session(), [], []
    client = await DapClient.start(session.heard, PROXY)
    try:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "program.py")
            program.write_text(_PROGRAM, encoding="utf-8")
            await _launched(session, client, program, [], predictions=predictions, cwmStates=True)
            at = await asyncio.wait_for(session.stopped.get(), _PATIENCE)
            for _ in range(STEPS):
                if predictions:
                    waits.append(await asyncio.wait_for(session.predicted.get(), _PATIENCE) - at)
                start = time.perf_counter()
                await client.request("next", {"threadId": session.thread})
                at = await asyncio.wait_for(session.stopped.get(), _PATIENCE)
                costs.append(at - start)
                while not session.predicted.empty():
                    session.predicted.get_nowait()
    finally:
        await _end(session, client)
    return waits[1:], statistics.median(costs)


async def _searched() -> float:
    """Lines a second of the whole program with its end, none of which is a surprise."""
    session = _Session()
    client = await DapClient.start(session.heard, PROXY)
    try:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "program.py")
            program.write_text(_PROGRAM.replace("range(16)", f"range({_PASSES})"), encoding="utf-8")
            await _launched(session, client, program, ["cwm_diverged"])
            await asyncio.wait_for(session.stopped.get(), _PATIENCE)
            await client.request("setBreakpoints", {"source": {"path": str(program)}, "breakpoints": []})
            start = time.perf_counter()
            await client.request("continue", {"threadId": session.thread})
            await asyncio.wait_for(session.terminated.wait(), 4 * _PATIENCE)
            return _LINES / (time.perf_counter() - start)
    finally:
        await _end(session, client)


_PASSES = 400
_LINES = 5 + 2 * _PASSES + 2 * (_PASSES - 4)
"""Lines that run from the first one of the function on: two or four of each pass, the rest around them."""


async def _end(session: _Session, client: DapClient) -> None:
    if session.pid is not None:
        with suppress(ProcessLookupError):
            kill_group(session.pid)
    await client.close()
