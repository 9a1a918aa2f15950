"""LSP over stdio: one client, one server object."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cwm_lsp.lsp.connection import serve_frames
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.transport.stdio import Chunks, FileSink, descriptors


def serve_stdio(
    factory: Callable[[], CwmServer], closing: Callable[[], Awaitable[None]] | None = None
) -> int:
    """Serve one client over standard input and output; the exit code of the process.

    ``closing`` is awaited at the end, in the same event loop.
    """
    return asyncio.run(_serve(factory, closing, *descriptors()))


async def _serve(
    factory: Callable[[], CwmServer], closing: Callable[[], Awaitable[None]] | None, source: int, target: int
) -> int:
    sink = FileSink(target)
    try:
        return await serve_frames(factory(), Chunks(source), sink)
    finally:
        await asyncio.to_thread(sink.join)
        if closing is not None:
            await closing()
