"""The trace page with a run as long as recordings get: until it shows, and how long its frames take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from cwm_lsp.web.server import Pages
from tests.bench.registry import Row, benchmark
from tests.web import runs
from tests.web.chromium import Tab, browser

EVENTS = 100_000
FRAMES = 120
TIMES = """
new Promise((done) => {
  const times = [];
  let last = performance.now();
  let frame = 0;
  const next = (now) => {
    times.push(now - last);
    last = now;
    frame += 1;
    if (frame > FRAMES) { times.sort((one, other) => one - other); done(times); return; }
    MOVE;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})
"""
MOVES = {
    "standing still": "",
    "scrolling": "cwm.grids.left.scroll.scrollTop += 260",
    "scrubbing": "cwm.choose(Math.floor(cwm.total * frame / FRAMES))",
}


@benchmark("view")
def view() -> Iterator[Row]:
    """Frames while the page scrolls and scrubs, against those of the same page at rest."""
    ready, frames, work = asyncio.run(_measured())
    yield Row(
        f"view: {EVENTS:,} events, from the address to the first divergence", ready, "s", better="lower"
    )
    still = frames.pop("standing still")
    for name, times in frames.items():
        middle, late = (_share(times, share) for share in (0.5, 0.95))
        yield Row(
            f"view: {EVENTS:,} events, {name}, processor time of a frame", work[name], "ms", better="lower"
        )
        yield Row(f"view: {EVENTS:,} events, {name}, median frame", middle, "ms", _share(still, 0.5), "lower")
        yield Row(f"view: {EVENTS:,} events, {name}, 95th centile", late, "ms", _share(still, 0.95), "lower")


def _share(times: list[float], share: float) -> float:
    return times[int(len(times) * share)]


async def _measured() -> tuple[float, dict[str, list[float]], dict[str, float]]:
    """Seconds until the page shows; by move, milliseconds of each frame, and of work on the page's thread."""
    shown = await asyncio.to_thread(runs.long, EVENTS)
    pages = Pages()
    page = await pages.open("bench", "walk.py")
    page.show([shown])
    try:
        async with browser() as tab:
            await tab.size(1440, 900)
            start = time.perf_counter()
            await tab.open(pages.url(page))
            await tab.until("globalThis.cwm && cwm.shown && cwm.chosen === cwm.first")
            ready = time.perf_counter() - start
            await tab.send("Performance.enable", timeDomain="threadTicks")
            frames, work = {}, {}
            for name, move in MOVES.items():
                before = await _busy(tab)
                frames[name] = await _frames(tab, move)
                work[name] = (await _busy(tab) - before) * 1000 / FRAMES
            return ready, frames, work
    finally:
        await pages.close()


async def _busy(tab: Tab) -> float:
    """Seconds of processor time that the page's thread has taken, whatever else the machine does."""
    metrics = (await tab.send("Performance.getMetrics"))["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


async def _frames(tab: Tab, move: str) -> list[float]:
    """Milliseconds from frame to frame, in order of length."""
    found: Any = await tab.value(TIMES.replace("MOVE", move).replace("FRAMES", str(FRAMES)))
    return [float(one) for one in found]
