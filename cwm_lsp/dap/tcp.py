"""Debug sessions over TCP: one for each connection."""

from __future__ import annotations

from collections.abc import AsyncIterator

from cwm_lsp.dap.session import Services, serve_session
from cwm_lsp.transport import Sink, tcp
from cwm_lsp.wire.loopback import Listening


async def serve_tcp(services: Services, host: str, port: int, listening: Listening) -> None:
    """Serve clients until cancelled; see ``transport.tcp.serve``."""

    async def session(chunks: AsyncIterator[bytes], sink: Sink) -> None:
        await serve_session(chunks, sink, services)

    await tcp.serve(session, host, port, listening)
