"""Ghost sessions whose model knows the truth: scripts made from real runs, over a real connection."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Prefix
from cwm_lsp.backend.replay import ReplayMemory, Script, replay
from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.dap.really import Recorder
from cwm_lsp.dap.session import Services
from cwm_lsp.dap.tcp import serve_tcp
from cwm_lsp.predict import Predictor
from cwm_lsp.trace.model import Trace
from tests.dap.client import Client, connected, over_stdio
from tests.dap.programs import GHOST
from tests.features.world import run

CERTAINTY = 0.9999


def truth(call: str, source: str = GHOST) -> Trace:
    """A real run of a program without its impossible import."""
    return run(source.replace("import package_that_does_not_exist", "#"), call)


def as_source(trace: Trace, source: str = GHOST) -> Trace:
    """A run as if it had been one of ``source`` itself."""
    return replace(trace, files=(replace(trace.source, text=source),))


@dataclass
class HeldBackend:
    """A model that does not answer while ``gate`` is shut. ``opened`` are the prompts that it was given."""

    inner: LocalBackend[ReplayMemory]
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    opened: list[Sequence[int]] = field(default_factory=list)

    @property
    def info(self) -> BackendInfo:
        return self.inner.info

    async def open(self, tokens: Sequence[int] = ()) -> Prefix:
        self.asked.set()
        self.opened.append(tokens)
        await self.gate.wait()
        return await self.inner.open(tokens)

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class Knowing:
    """A model that believes in some runs, the first being by far the likeliest.

    Where it is ``aided`` it cannot be wrong about what is worked out.
    """

    runs: Sequence[Trace]
    threshold: float = 0.5
    held: bool = False
    source: str = GHOST
    aided: bool = True

    def __post_init__(self) -> None:
        codec = CompactCodec(aided=self.aided)
        scripts = [
            Script(codec.encode(as_source(one, self.source)).tokens, 1e-3**rank)
            for rank, one in enumerate(self.runs)
        ]
        self.backend = HeldBackend(replay(scripts, vocabulary=v.SIZE, certainty=CERTAINTY))
        if not self.held:
            self.backend.gate.set()
        self.predictor = Predictor(self.backend, codec)


@asynccontextmanager
async def haunted(world: Knowing, recorder: Recorder | None = None) -> AsyncIterator[Client]:
    """A client of a ghost-only adapter in this process."""
    where: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
    services = Services(lambda: world, ghost=True, recorder=recorder)
    serving = asyncio.create_task(
        serve_tcp(services, "127.0.0.1", 0, lambda host, port: where.set_result((host, port)))
    )
    try:
        async with connected(*await where) as client:
            yield client
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def knowing_over_stdio(*calls: str) -> AbstractAsyncContextManager[Client]:
    """A client of a process whose model knows ``calls``."""
    return over_stdio(*calls, command=(sys.executable, "-m", "tests.dap.ghost_process"))


def knowing_over_tcp(*calls: str) -> AbstractAsyncContextManager[Client]:
    """A client of a port, behind which the model knows ``calls``."""
    return haunted(Knowing([truth(call) for call in calls]))
