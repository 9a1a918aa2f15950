"""TCP on the loopback interface: one server object per connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from cwm_lsp.errors import SettingsError
from cwm_lsp.lsp.connection import serve_frames
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.wire.framing import frame
from cwm_lsp.wire.loopback import Listening, require_loopback

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
PREAMBLE = b"content-"
"""How every header of LSP begins, in any case."""

BACKLOG = 64 << 20
"""Bytes that may wait for a client that does not read; then it is dropped."""


async def serve_tcp(
    factory: Callable[[], CwmServer],
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    listening: Listening | None = None,
) -> None:
    """Serve clients until cancelled. ``listening`` is told the address, the port being chosen for 0.

    Raises :class:`SettingsError` for a host that other machines can reach or a port that is taken.
    """
    require_loopback(host)
    try:
        server = await asyncio.start_server(
            lambda reader, writer: _client(factory, reader, writer), host, port
        )
    except OSError as error:
        raise SettingsError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error
    async with server:
        if listening is not None:
            listening(host, server.sockets[0].getsockname()[1])
        await server.serve_forever()


async def _client(
    factory: Callable[[], CwmServer], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await serve_frames(factory(), _chunks(reader), StreamSink(writer))


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What arrives. A stream that does not begin as ours do is not read on.

    A web page can make a browser send an HTTP request here, whose own Content-Length and body would pass
    for a frame; but it cannot choose how the request begins.
    """
    try:
        start = await reader.readexactly(len(PREAMBLE))
        if start.lower() != PREAMBLE:
            logger.error("A client that does not speak LSP: %r", start)
            return
        yield start
        while chunk := await reader.read(CHUNK):
            yield chunk
    except (ConnectionError, asyncio.IncompleteReadError):
        return


class StreamSink:
    """Frames to a stream, buffered up to ``BACKLOG``."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one message; a client that has let too much pile up is dropped."""
        if self._writer.is_closing():
            return
        self._writer.write(frame(message))
        if self._writer.transport.get_write_buffer_size() > BACKLOG:
            self._writer.transport.abort()

    def close(self) -> None:
        """Send what is queued, then close."""
        self._writer.close()
