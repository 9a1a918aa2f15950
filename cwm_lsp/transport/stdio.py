"""stdio: the transport that editors use. Reading and writing happen on threads of their own."""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator

CHUNK = 1 << 16
CLOSING_SECONDS = 2.0


def descriptors() -> tuple[int, int]:
    """Where the protocol is read and written.

    ``print`` and anything else that writes to standard output goes to standard error from here on, so that
    it cannot break the protocol.
    """
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (sys.stdin.fileno(), output):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return sys.stdin.fileno(), output


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


class FileSink:
    """Bytes to a file descriptor, written by a thread in the order in which they were queued."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue bytes."""
        self._queue.put(data)

    async def drain(self) -> None:
        """Nothing to wait for: the queue is as long as it has to be."""

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
