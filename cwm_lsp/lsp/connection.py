"""One client: bytes in, messages to its server, and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

from cwm_lsp import transport
from cwm_lsp.lsp.protocol import Sink
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.wire.framing import BadHeader, Fed, Framer, frame

logger = logging.getLogger(__name__)


async def serve_frames(server: CwmServer, chunks: AsyncIterator[bytes], sink: transport.Sink) -> int:
    """Serve a stream of Content-Length frames until it ends; the exit code that the client earned."""
    return await serve_messages(server, _messages(chunks), _Frames(sink))


async def serve_messages(server: CwmServer, messages: AsyncIterator[Fed], sink: Sink) -> int:
    """Serve one client until it says ``exit``, breaks the framing or goes away.

    Whatever was running for it is cancelled then. The code is 0 after ``shutdown`` and ``exit``, else 1.
    """
    protocol = server.protocol
    protocol.sink = sink
    try:
        async for message in messages:
            protocol.receive(message)
            if protocol.exit_code is not None:
                break
            if isinstance(message, BadHeader):
                logger.error("The client sent a header that cannot be read: %s", message.reason)
                break
            # One turn of the loop: tasks started by this message get to run before the next one.
            await asyncio.sleep(0)
    finally:
        protocol.cancel_all()
        sink.close()
    return 1 if protocol.exit_code is None else protocol.exit_code


async def _messages(chunks: AsyncIterator[bytes]) -> AsyncIterator[Fed]:
    framer = Framer()
    async for chunk in chunks:
        for message in framer.feed(chunk):
            yield message


class _Frames:
    """Messages as frames."""

    def __init__(self, sink: transport.Sink) -> None:
        self._sink = sink

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one message."""
        self._sink.write(frame(message))

    def close(self) -> None:
        """Send what is queued, then close."""
        self._sink.close()
