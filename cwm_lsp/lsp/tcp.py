"""LSP over TCP: one server object for each connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from cwm_lsp.lsp.connection import serve_frames
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.transport import Sink, tcp
from cwm_lsp.wire.loopback import Listening


async def serve_tcp(
    factory: Callable[[], CwmServer],
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    listening: Listening | None = None,
) -> None:
    """Serve clients until cancelled; see ``transport.tcp.serve``."""

    async def session(chunks: AsyncIterator[bytes], sink: Sink) -> None:
        await serve_frames(factory(), chunks, sink)

    await tcp.serve(session, host, port, listening)
