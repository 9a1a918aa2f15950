"""stdio: the transport that editors use. Reading and writing happen on threads of their own."""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from cwm_lsp.lsp.connection import serve_frames
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.wire.framing import frame

CHUNK = 1 << 16
CLOSING_SECONDS = 2.0


def serve_stdio(
    factory: Callable[[], CwmServer], closing: Callable[[], Awaitable[None]] | None = None
) -> int:
    """Serve one client over standard input and output; the exit code of the process.

    ``print`` and anything else that writes to standard output goes to standard error meanwhile, so that it
    cannot break the protocol. ``closing`` is awaited at the end, in the same event loop.
    """
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (sys.stdin.fileno(), output):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return asyncio.run(_serve(factory, closing, sys.stdin.fileno(), output))


async def _serve(
    factory: Callable[[], CwmServer], closing: Callable[[], Awaitable[None]] | None, source: int, target: int
) -> int:
    writer = FileWriter(target)
    try:
        return await serve_frames(factory(), read_chunks(source), writer)
    finally:
        await asyncio.to_thread(writer.join)
        if closing is not None:
            await closing()


async def read_chunks(source: int) -> AsyncIterator[bytes]:
    """What arrives at a file descriptor, until its end. Blocks a daemon thread, never the loop.

    The descriptor is read directly: a thread that holds ``sys.stdin``'s lock would keep Python from ending.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(source, CHUNK)
            except OSError:
                chunk = b""
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            except RuntimeError:  # the loop has ended, and nobody reads any more
                return

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while chunk := await chunks.get():
        yield chunk


class FileWriter:
    """Frames to a file descriptor, written by a thread in the order in which they were sent."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="stdout", daemon=True)
        self._thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one message."""
        self._queue.put(frame(message))

    def close(self) -> None:
        """Write what is queued and end the thread."""
        self._queue.put(None)

    def join(self) -> None:
        """Wait for the thread, but not for a client that reads no more."""
        self._thread.join(CLOSING_SECONDS)

    def _write(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                while data:
                    data = data[os.write(self._target, data) :]
            except OSError:  # the client has gone; reading will say so, too
                return
