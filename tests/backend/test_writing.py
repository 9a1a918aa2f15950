"""Which passes several writers share, and what becomes of those that leave, fail or find no row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from cwm_lsp.backend.local import LocalBackend, LocalPrefix
from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs
from cwm_lsp.backend.replay import ReplayEngine, ReplayMemory, ReplayRows, Script
from cwm_lsp.backend.scoring import HostLogits
from cwm_lsp.errors import BackendError

TRUTH = tuple(range(60))
NEVER: frozenset[int] = frozenset()


class WatchedRows(ReplayRows):
    """Rows that note how many tokens each pass was given, and that fail on demand."""

    def __init__(self, engine: WatchedEngine) -> None:
        super().__init__(engine)
        self.watched = engine

    def follow(self, tokens: Ids) -> list[HostLogits]:
        self.watched.passes.append(len(tokens))
        if self.watched.failing:
            raise RuntimeError("out of memory")
        return super().follow(tokens)


class WatchedEngine(ReplayEngine):
    """``passes`` counts the rows of each shared pass, ``alone`` the passes that were not shared."""

    def __init__(self) -> None:
        super().__init__([Script(TRUTH)], BackendInfo("replay", "watched", "compact", 100, 64))
        self.passes: list[int] = []
        self.alone = 0
        self.failing = False

    def rows(self) -> WatchedRows:
        return WatchedRows(self)

    def forward(self, memory: ReplayMemory, tokens: Ids, first_row: int) -> Logs:
        self.alone += 1
        return super().forward(memory, tokens, first_row)


async def begun(places: Sequence[int]) -> tuple[WatchedEngine, list[LocalPrefix[ReplayMemory]]]:
    """Forks of the truth at ``places``."""
    engine = WatchedEngine()
    trunk = await LocalBackend(engine).open(TRUTH)
    forks = [await trunk.fork(place) for place in places]
    engine.alone = 0
    return engine, forks


async def test_writers_share_each_pass() -> None:
    engine, forks = await begun([10, 20, 30, 40])
    written = await asyncio.gather(*(fork.write(NEVER, 6) for fork in forks))
    for place, more in zip((10, 20, 30, 40), written, strict=True):
        assert more.tokens == TRUTH[place : place + 6]
    assert engine.passes == [4] * 6
    assert engine.alone == 0


async def test_a_single_writer_has_no_row() -> None:
    engine, forks = await begun([10])
    await forks[0].write(NEVER, 6)
    assert engine.passes == []
    assert engine.alone == 6


async def test_a_row_that_is_done_goes_to_the_next() -> None:
    places = range(10, 22)
    engine, forks = await begun(places)
    sizes = [1 + place % 5 for place in places]
    written = await asyncio.gather(
        *(fork.write(NEVER, size) for fork, size in zip(forks, sizes, strict=True))
    )
    for place, size, more in zip(places, sizes, written, strict=True):
        assert more.tokens == TRUTH[place : place + size]
    assert max(engine.passes) == ReplayRows.most
    assert sum(engine.passes) + engine.alone == sum(sizes)


async def test_what_was_written_beside_others_is_not_fed_again() -> None:
    engine, forks = await begun([10, 20])
    await asyncio.gather(*(fork.write(NEVER, 6) for fork in forks))
    engine.passes.clear()
    assert (await forks[0].write(NEVER, 3)).tokens == TRUTH[16:19]
    assert engine.alone == 3
    assert forks[0].memory.tokens == TRUTH[:18]


async def test_a_failed_pass_fails_a_writer_and_the_others_go_on() -> None:
    engine, forks = await begun([10, 20, 30])
    engine.failing = True
    tasks = [asyncio.ensure_future(fork.write(NEVER, 6)) for fork in forks]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    engine.failing = False
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [one for one in results if isinstance(one, BaseException)]
    assert failed
    assert all(isinstance(one, BackendError) and "out of memory" in str(one) for one in failed)
    for fork, place, result in zip(forks, (10, 20, 30), results, strict=True):
        if isinstance(result, BaseException):
            assert fork.tokens == TRUTH[:place]
            assert (await fork.write(NEVER, 2)).tokens == TRUTH[place : place + 2]
        else:
            assert fork.tokens == TRUTH[: place + 6]


async def test_scores_after_a_shared_write_are_those_of_any_other() -> None:
    _, forks = await begun([10, 20])
    await asyncio.gather(*(fork.write(NEVER, 6) for fork in forks))
    scores = await forks[1].extend(TRUTH[26:40])
    np.testing.assert_array_equal(scores.best, TRUTH[26:40])


@pytest.mark.parametrize("length", [61, -1])
async def test_a_fork_of_what_is_not_held_is_refused(length: int) -> None:
    _, forks = await begun([60])
    with pytest.raises(BackendError, match=f"no first {length}"):
        await forks[0].fork(length)
