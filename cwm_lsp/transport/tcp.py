"""TCP on the loopback interface: clients are accepted, one session for each connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from cwm_lsp.transport import Sink
from cwm_lsp.wire.loopback import Listening, deaf, require_loopback

log = logging.getLogger(__name__)

CHUNK = 1 << 16
PREAMBLE = b"content-"
"""How every header of LSP and DAP begins, in any case."""

BACKLOG = 64 << 20
"""Bytes that may wait, beside one message, for a client that does not read; then it is dropped."""

Session = Callable[[AsyncIterator[bytes], Sink], Awaitable[object]]
"""Serves one client, from its bytes to its end."""


async def serve(session: Session, host: str, port: int, listening: Listening | None = None) -> None:
    """Serve clients until cancelled. ``listening`` is told the address, the port being chosen for 0.

    Raises ``SettingsError`` for a host that other machines can reach or a port that is taken.
    """
    require_loopback(host)
    sessions: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            sessions.add(task)
            task.add_done_callback(sessions.discard)
        with suppress(asyncio.CancelledError):  # asyncio would report a cancelled client as a defect
            await session(_chunks(reader), StreamSink(writer))

    try:
        server = await asyncio.start_server(accepted, host, port)
    except OSError as error:
        raise deaf(host, port, error) from error
    try:
        if listening is not None:
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
            log.error("A client that speaks another protocol: %r", start)
            return
        yield start
        while chunk := await reader.read(CHUNK):
            yield chunk
    except (ConnectionError, asyncio.IncompleteReadError):
        return


class StreamSink:
    """Bytes to a stream of asyncio's."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Queue bytes; a client that has let too much pile up is dropped."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > BACKLOG:
            self._writer.transport.abort()
            return
        self._writer.write(data)

    @property
    def idle(self) -> bool:
        """Whether nothing is queued."""
        return self._writer.transport.get_write_buffer_size() == 0

    async def drain(self) -> None:
        """Wait for who reads slowly; one that has gone is noticed by reading."""
        with suppress(ConnectionError):
            await self._writer.drain()

    def close(self) -> None:
        """Send what is queued, then hang up."""
        self._writer.close()
