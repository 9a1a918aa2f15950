"""A process that serves one ghost session over stdio, with a model that knows the calls it is given."""

from __future__ import annotations

import asyncio
import sys

from cwm_lsp.dap.session import Services, serve_session
from cwm_lsp.transport.stdio import Chunks, FileSink, descriptors
from tests.dap.world import Knowing, truth


async def serve(source: int, target: int) -> None:
    world = Knowing([truth(call) for call in sys.argv[1:]])
    sink = FileSink(target)
    await serve_session(Chunks(source), sink, Services(lambda: world, ghost=True))
    await asyncio.to_thread(sink.join)


if __name__ == "__main__":
    asyncio.run(serve(*descriptors()))
