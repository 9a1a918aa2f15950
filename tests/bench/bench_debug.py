"""Debugging through the proxy, against stock debugpy where that stalls, and what the proxy adds where not.

Both sides run at the same time and are asked in turns, so that a busy moment of the machine falls on both.
Of what is asked in several sittings the median of the best sitting counts, for either side: what is left then
is the debugger and not the machine's other work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from statistics import median, quantiles

from cwm_lsp.record.client import DapClient, checked
from tests.bench.registry import Row, benchmark
from tests.bench.stepping import PROXY, STOCK, everything, innermost, stopped_workload

SITTINGS = 8
STEPS = 40
ROUNDS = 24
WATCHES = 8
MESSAGES = 2000
MEDIAN_ALLOWED, WORST_ALLOWED = 0.5, 2.0
"""Milliseconds that a question and its answer may take longer, at the median and the 99th percentile."""

Side = tuple[DapClient, int]
Asked = Callable[[Side], Awaitable[None]]


async def in_turns(
    adapters: tuple[tuple[str, ...], ...], queued: bool, asked: Asked, rounds: int
) -> list[list[float]]:
    """Milliseconds of each round of ``asked`` by adapter; ``queued`` makes each round a step as well."""
    async with AsyncExitStack() as stack:
        sides, stops = [], []
        for adapter in adapters:
            client, queue = await stack.enter_async_context(stopped_workload(adapter, rounds))
            sides.append((client, await queue.get()))
            stops.append(queue)
        taken: list[list[float]] = [[] for _ in adapters]
        for _ in range(rounds):
            for side, queue, times in zip(sides, stops, taken, strict=True):
                start = time.perf_counter()
                if queued:
                    await side[0].request("next", {"threadId": side[1]})
                    await queue.get()
                await asked(side)
                times.append(1e3 * (time.perf_counter() - start))
        return taken


def best(times: list[float]) -> float:
    """The median of the best sitting."""
    size = len(times) // SITTINGS
    return min(median(times[start : start + size]) for start in range(0, size * SITTINGS, size))


async def look(side: Side) -> None:
    """What an editor asks at each stop."""
    await everything(*side)


async def watches(side: Side) -> None:
    """What an editor evaluates at each stop, all of it sent at once."""
    client, thread = side
    frame = await innermost(client, thread)
    place = {"frameId": frame, "context": "watch"}
    answers = [client.post("evaluate", {"expression": f"n + {n}", **place}) for n in range(WATCHES)]
    for answer in answers:
        checked(await answer)


async def one_message(side: Side) -> None:
    """A question that debugpy answers without looking at the program."""
    await side[0].request("threads")


@benchmark("debug")
def debug() -> Iterator[Row]:
    """The proxy beside stock debugpy, and beside debugpy's adapter with its stalls mended."""
    stock, ours = asyncio.run(in_turns((STOCK, PROXY), True, look, STEPS))
    name = "debugging through the proxy"
    what = f"{name}: a step with threads, stack, scopes and variables, against stock debugpy"
    yield Row(what, best(ours), "ms", best(stock), "lower")
    stock, ours = asyncio.run(in_turns((STOCK, PROXY), False, watches, ROUNDS))
    what = f"{name}: {WATCHES} watches sent at once, against stock debugpy"
    yield Row(what, best(ours), "ms", best(stock), "lower")
    bare, ours = asyncio.run(in_turns(((), PROXY), False, one_message, MESSAGES))
    what = f"{name}: added to a question and its answer where debugpy does not stall"
    added = median(ours) - median(bare)
    yield Row(f"{what}, median, against what is allowed", added, "ms", MEDIAN_ALLOWED, "lower")
    added = quantiles(ours, n=100)[-1] - quantiles(bare, n=100)[-1]
    yield Row(f"{what}, 99th percentile, against what is allowed", added, "ms", WORST_ALLOWED, "lower")
