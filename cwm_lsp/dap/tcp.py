"""Debug sessions over TCP: one for each connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from cwm_lsp.dap.session import Services, serve_session
from cwm_lsp.dap.stream import StreamSink
from cwm_lsp.errors import SettingsError

log = logging.getLogger(__name__)

CHUNK = 1 << 16
PREAMBLE = b"content-"
"""How every header of DAP begins, in any case."""


async def serve_tcp(services: Services, host: str, port: int, listening: Callable[[str, int], None]) -> None:
    """Serve clients until cancelled. ``listening`` is told the address, the port being chosen for 0.

    Raises ``SettingsError`` for a port that is taken. ``host`` must be this machine's own.
    """
    sessions: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            sessions.add(task)
            task.add_done_callback(sessions.discard)
        with suppress(asyncio.CancelledError):  # asyncio would report a cancelled client as a defect
            await serve_session(_chunks(reader), StreamSink(writer), services)

    try:
        server = await asyncio.start_server(accepted, host, port)
    except OSError as error:
        raise SettingsError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error
    try:
        listening(host, server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
        for task in sessions:
            task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What arrives. A stream that does not begin as ours do is not read on.

    A web page can make a browser send an HTTP request here, whose own Content-Length and body would pass
    for a frame; but it cannot choose how the request begins.
    """
    try:
        start = await reader.readexactly(len(PREAMBLE))
        if start.lower() != PREAMBLE:
            log.error("A client that does not speak DAP: %r", start)
            return
        yield start
        while chunk := await reader.read(CHUNK):
            yield chunk
    except (ConnectionError, asyncio.IncompleteReadError):
        return
