"""What the local backend feeds to its engine, and what it spares it."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from cwm_lsp.backend.local import CacheLimits, LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs
from cwm_lsp.backend.replay import ReplayEngine, ReplayMemory, Script
from cwm_lsp.errors import BackendError

TRUTH = tuple(range(60))
NEVER: frozenset[int] = frozenset()


class Watched(ReplayEngine):
    """A replay engine that notes how many tokens each pass was given, and that can be held up."""

    def __init__(self) -> None:
        super().__init__([Script(TRUTH)], BackendInfo("replay", "watched", "compact", 100, 64))
        self.fed: list[int] = []
        self.failing = False
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def forward(self, memory: ReplayMemory, tokens: Ids, first_row: int) -> Logs:
        self.entered.set()
        self.go_on.wait()
        if self.failing:
            raise RuntimeError("out of memory")
        self.fed.append(len(tokens))
        return super().forward(memory, tokens, first_row)

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Let no pass end while this lasts."""
        self.entered.clear()
        self.go_on.clear()
        try:
            yield
        finally:
            self.go_on.set()

    def spent(self) -> list[int]:
        """What was fed since the last look."""
        fed, self.fed = self.fed, []
        return fed


async def opened(
    tokens: Sequence[int] = (), limits: CacheLimits | None = None
) -> tuple[Watched, LocalBackend[ReplayMemory]]:
    engine = Watched()
    backend = LocalBackend(engine, limits)
    await (await backend.open(tokens)).close()
    engine.spent()
    return engine, backend


async def test_scoring_after_opening_feeds_each_token_once() -> None:
    engine, backend = await opened()
    prefix = await backend.open(TRUTH[:10])
    await prefix.extend(TRUTH[10:20])
    await prefix.write(NEVER, 1)
    assert engine.spent() == [10, 10]


async def test_what_is_written_last_is_fed_with_what_follows() -> None:
    engine, backend = await opened()
    prefix = await backend.open(TRUTH[:10])
    await prefix.write(NEVER, 3)
    await prefix.extend(TRUTH[13:20])
    assert engine.spent() == [10, 1, 1, 8]


async def test_a_rewind_costs_one_token() -> None:
    engine, backend = await opened()
    prefix = await backend.open(TRUTH[:40])
    await prefix.rewind(20)
    engine.spent()
    await prefix.write(NEVER, 1)
    await prefix.extend(TRUTH[21:23])
    assert engine.spent() == [1, 3]


async def test_a_fork_costs_nothing() -> None:
    engine, backend = await opened()
    prefix = await backend.open(TRUTH[:40])
    engine.spent()
    fork = await prefix.fork()
    await fork.write(NEVER, 1)
    assert engine.spent() == []


async def test_long_runs_are_fed_in_chunks() -> None:
    engine, backend = await opened()
    await backend.open([1] * 100)
    assert engine.spent() == [engine.chunk, 100 - engine.chunk]


@pytest.mark.parametrize("closed", [True, False])
async def test_opening_begins_from_the_closest_prefix(closed: bool) -> None:
    engine, backend = await opened()
    prefixes = [await backend.open(TRUTH[:30]), await backend.open((*TRUTH[:20], 63))]
    if closed:
        for prefix in prefixes:
            await prefix.close()
    engine.spent()
    await backend.open((*TRUTH[:25], 62, 61))
    assert engine.spent() == [2]
    await backend.open(TRUTH[:30])
    assert engine.spent() == []


async def test_an_opened_prefix_again_knows_what_comes_next() -> None:
    engine, backend = await opened(TRUTH[:30])
    prefix = await backend.open(TRUTH[:30])
    assert (await prefix.write(NEVER, 1)).tokens == (30,)
    assert engine.spent() == []


async def test_the_least_recently_used_prefix_is_forgotten() -> None:
    engine, backend = await opened(limits=CacheLimits(count=2))
    for begin in (40, 41, 42):
        await (await backend.open([begin] * 10)).close()
        gc.collect()
        await (await backend.open([40] * 10)).close()
    engine.spent()
    await (await backend.open([42] * 10)).close()
    await (await backend.open([40] * 10)).close()
    assert engine.spent() == []
    await backend.open([41] * 10)
    assert engine.spent() == [10]


async def test_the_cache_is_limited_in_bytes() -> None:
    engine, backend = await opened(TRUTH[:30], CacheLimits(size=8 * 29))
    gc.collect()
    await backend.open(TRUTH[:30])
    assert engine.spent() == [30]


async def test_a_failing_engine_is_reported_and_changes_nothing() -> None:
    engine, backend = await opened()
    prefix = await backend.open(TRUTH[:10])
    engine.failing = True
    with pytest.raises(BackendError, match=r"watched failed: out of memory"):
        await prefix.extend(TRUTH[10:20])
    with pytest.raises(BackendError, match="out of memory"):
        await prefix.write(NEVER, 5)
    engine.failing = False
    assert prefix.tokens == TRUTH[:10]
    assert (await prefix.extend(TRUTH[10:12])).best.tolist() == [10, 11]


async def test_a_cancel_ends_between_two_chunks() -> None:
    engine, backend = await opened()
    prefix = await backend.open(TRUTH[:10])
    engine.spent()
    with engine.held_up():
        task = asyncio.ensure_future(prefix.extend([5] * 90))
        await asyncio.to_thread(engine.entered.wait)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
    await asyncio.wait([task])
    assert task.cancelled()
    assert engine.spent() == [engine.chunk]
    assert prefix.memory.length == len(prefix.tokens) == 10


async def test_the_event_loop_goes_on_while_the_model_computes() -> None:
    engine, backend = await opened()
    with engine.held_up():
        task = asyncio.ensure_future(backend.open(TRUTH))
        await asyncio.to_thread(engine.entered.wait)
    assert (await task).tokens == TRUTH


async def test_closing_the_backend_ends_what_waits() -> None:
    engine, backend = await opened()
    with engine.held_up():
        tasks = [asyncio.ensure_future(backend.open([token])) for token in (1, 2)]
        await asyncio.to_thread(engine.entered.wait)
        await backend.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[1], BackendError)
