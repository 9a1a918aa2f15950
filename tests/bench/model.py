"""How fast the embedded model reads and writes, in this process and through the model host."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from cwm_lsp.backend import registry
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.protocol import Backend, Prefix
from cwm_lsp.config import Settings

WRITTEN = 100
"""Tokens of one timed continuation."""

BRANCHES, BRANCH = 8, 32
"""How many branches of a prefix are written behind, and how many tokens each."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Tokens a second at one length of prefix: scoring given ones, and writing new ones."""

    context: int
    verify: float
    decode: float

    @property
    def ratio(self) -> float:
        """How many times faster it is to score a token than to write it."""
        return self.verify / self.decode


def rates(settings: Settings, contexts: tuple[int, ...] = (256, 1024), repeats: int = 3) -> list[Rates]:
    """The best of ``repeats`` at each of ``contexts``, in this process. Raises ``ModelUnavailable``."""

    async def measure() -> list[Rates]:
        backend = registry.create("embedded", settings)
        try:
            return [await rates_of(backend, context, repeats) for context in contexts]
        finally:
            await backend.close()

    return asyncio.run(measure())


def host_start(settings: Settings, repeats: int = 3) -> float:
    """Seconds, the best of ``repeats``, from nothing to the first answer of the model host."""

    async def measure() -> float:
        backend = HostedBackend("embedded", settings, registry.describe("embedded", settings))
        try:
            return await _seconds(lambda: backend.open([1]))
        finally:
            await backend.close()

    return min(asyncio.run(measure()) for _ in range(repeats))


async def rates_of(backend: Backend, context: int, repeats: int = 3) -> Rates:
    """The best of ``repeats`` with ``context`` tokens of prefix."""
    verify, decode = [], []
    for seed in range(repeats):
        # Tokens of its own each time: a prefix that is still in memory would cost nothing.
        tokens = np.random.default_rng(seed).integers(0, backend.info.vocabulary, context).tolist()
        prefix = await backend.open()
        verify.append(context / await _seconds(partial(prefix.extend, tokens)))
        decode.append(WRITTEN / await _seconds(partial(_write, prefix)))
        await prefix.close()
    return Rates(context, max(verify), max(decode))


async def branches(backend: Backend, context: int) -> tuple[float, float]:
    """Tokens a second that branches of one prefix write at once, and one after the other."""
    tokens = np.random.default_rng(11).integers(0, backend.info.vocabulary, context).tolist()
    trunk = await backend.open(tokens[:-BRANCHES])
    forks = [await trunk.fork() for _ in range(2 * BRANCHES)]
    for number, fork in enumerate(forks):
        await fork.extend([tokens[-1 - number % BRANCHES]])
    start = time.perf_counter()
    for fork in forks[:BRANCHES]:
        await fork.write(frozenset(), BRANCH)
    between = time.perf_counter()
    await asyncio.gather(*(fork.write(frozenset(), BRANCH) for fork in forks[BRANCHES:]))
    end = time.perf_counter()
    for fork in (*forks, trunk):
        await fork.close()
    total = BRANCHES * BRANCH
    return total / (end - between), total / (between - start)


async def _write(prefix: Prefix) -> None:
    written = await prefix.write(frozenset(), WRITTEN)
    if len(written.tokens) != WRITTEN:
        raise ValueError(f"The context has no room for {WRITTEN} more tokens.")


async def _seconds(call: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await call()
    return time.perf_counter() - start
